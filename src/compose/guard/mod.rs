//! What may refuse a send or an answer before the vendor sees it.

mod counts;
mod judge;
mod limits;
mod local;
mod rate;
#[cfg(feature = "redis")]
mod redis;
mod store;
#[cfg(test)]
mod tests;

use std::{
    any::Any,
    borrow::Cow,
    fmt,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;

pub use limits::Limits;
pub(crate) use local::LARGEST_RATE;
pub use local::LocalGuard;
pub use rate::{ParseRateError, Rate};
#[cfg(feature = "redis")]
pub use redis::{OnOutage, RedisGuard};

use crate::model::{
    Challenge, ChallengeHandle, ChallengeRequest, Error, ErrorKind, Field, Method, Outlook, ProviderHealth, Reason, SendState, Verification, Violation,
};

/// Decides whether a message may be sent and an answer handed in: against people who have messages sent at your cost, or who guess codes. A failover is one
/// send.
///
/// [`LocalGuard`](crate::LocalGuard) counts in one process, `RedisGuard` (feature `redis`) in all processes of a fleet.
///
/// ```
/// use std::{collections::BTreeSet, sync::Mutex};
/// use auth_challenge::{Challenge, Error, Guard, Refusal, SendState, Sending};
///
/// /// Lets so many messages out in all.
/// #[derive(Debug)]
/// struct Budget(usize, Mutex<BTreeSet<u64>>);
///
/// #[auth_challenge::async_trait]
/// impl Guard for Budget {
///     async fn before_send(&self, sending: Sending<'_>) -> Result<(), Refusal> {
///         let mut sent = self.1.lock().expect("the budget");
///         if sent.len() >= self.0 {
///             return Err(Refusal::new("no message is left"));
///         }
///         sent.insert(sending.id());
///         Ok(())
///     }
///
///     async fn after_send(&self, sending: Sending<'_>, outcome: Result<&Challenge, &Error>) {
///         // What was not sent costs nothing.
///         if outcome.is_err_and(|error| error.send_state() == SendState::NotSent) {
///             self.1.lock().expect("the budget").remove(&sending.id());
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait Guard: fmt::Debug + Send + Sync + 'static {
    /// Is asked before a message is sent, or a credential challenge made.
    async fn before_send(&self, sending: Sending<'_>) -> Result<(), Refusal>;

    /// Is told what became of a send that it let pass: the challenge, whose handle may be that of a resend, or the error, whose
    /// [`send_state`](Error::send_state) says whether a message may be out. It may never be called: the caller may have given up, or the time been up before
    /// [`before_send`](Self::before_send) had answered. So take a place only as that answers.
    async fn after_send(&self, sending: Sending<'_>, outcome: Result<&Challenge, &Error>) {
        let _ = (sending, outcome);
    }

    /// Is asked before an answer is handed in; the client's IP address is there where
    /// [`CallOptions::with_client_ip`](crate::CallOptions::with_client_ip) gave it.
    async fn before_verify(&self, handle: &ChallengeHandle, client_ip: Option<IpAddr>) -> Result<(), Refusal> {
        let _ = (handle, client_ip);
        Ok(())
    }

    /// Is told after an answer was handed in, with what the vendor made of it, or the error. Not called where the caller gave up before.
    async fn after_verify(&self, handle: &ChallengeHandle, outcome: Result<&Verification, &Error>) {
        let _ = (handle, outcome);
    }

    /// Tells how long until this message may be sent, and, for one that is sent once more, how many tries at its challenge are left; uses up
    /// neither. A guard that does not count in this way leaves nothing to tell.
    async fn peek(&self, sending: Sending<'_>) -> Outlook {
        let _ = sending;
        Outlook::default()
    }

    /// Tells of the store that it counts in, where that does not answer. No I/O.
    fn health(&self) -> Option<ProviderHealth> {
        None
    }

    /// Gives what it counted, for the guard that takes its place; none where that is kept outside the process, or nowhere.
    fn memory(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        None
    }

    /// Goes on with what the guard before it counted, where it can read it.
    fn recall(&self, memory: Arc<dyn Any + Send + Sync>) {
        let _ = memory;
    }
}

/// Describes a send that a [`Guard`] is asked about.
#[derive(Clone, Copy)]
pub struct Sending<'a> {
    id: u64,
    method: Method,
    recipient: Option<&'a str>,
    client_ip: Option<IpAddr>,
    handle: Option<&'a ChallengeHandle>,
}

/// Numbers the sends of this process.
static SENDS: AtomicU64 = AtomicU64::new(0);

impl<'a> Sending<'a> {
    /// Describes a new message: for a look at a guard before there is a challenge, and for tests of a guard of your own.
    pub fn of(request: &'a ChallengeRequest) -> Self {
        Self {
            id: SENDS.fetch_add(1, Ordering::Relaxed),
            method: request.method(),
            recipient: request.recipient(),
            client_ip: request.client().ip(),
            handle: None,
        }
    }

    /// Describes a message that is sent once more, for a client where its address is known.
    pub fn again(handle: &'a ChallengeHandle, client_ip: Option<IpAddr>) -> Self {
        Self { id: SENDS.fetch_add(1, Ordering::Relaxed), method: handle.method(), recipient: handle.recipient(), client_ip, handle: Some(handle) }
    }

    /// Gives a number that tells this send from all others of the process, the same before and after: for giving back what it had taken.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Gives the method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Gives the recipient of the message; none for credentials, and for a resend none unless the handle names it.
    pub fn recipient(&self) -> Option<&'a str> {
        self.recipient
    }

    /// Gives the IP address of the person's client, where it was given.
    pub fn client_ip(&self) -> Option<IpAddr> {
        self.client_ip
    }

    /// Gives the handle of the challenge that is sent once more; none for a new one.
    pub fn handle(&self) -> Option<&'a ChallengeHandle> {
        self.handle
    }
}

impl fmt::Debug for Sending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending").field("method", &self.method).finish_non_exhaustive()
    }
}

/// Says no for a guard: nothing was sent, and the caller gets [`ErrorKind::Throttled`], or the rejection that stands in for it.
#[derive(Clone, Debug)]
pub struct Refusal {
    reason: Cow<'static, str>,
    field: Option<Field>,
    retry_after: Option<Duration>,
    rejection: Option<Reason>,
}

impl Refusal {
    /// Refuses, with a reason for your logs, in which nothing personal belongs.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: reason.into(), field: None, retry_after: None, rejection: None }
    }

    /// Adds the time after which it may be tried again. Without it the advice is not to wait: [`Advice::FixInput`](crate::Advice::FixInput) where
    /// [`with_field`](Self::with_field) names a field of the person's, else [`Advice::OurFault`](crate::Advice::OurFault), which wakes an operator.
    pub fn with_retry_after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(pause);
        self
    }

    /// Adds the field of the request that is to blame.
    pub fn with_field(mut self, field: Field) -> Self {
        self.field = Some(field);
        self
    }

    /// Makes it an answer instead of an error, where an answer is refused: that it is rejected, and why.
    pub fn with_rejection(mut self, reason: Reason) -> Self {
        self.rejection = Some(reason);
        self
    }

    pub(super) fn rejection(&self) -> Option<Reason> {
        self.rejection
    }

    pub(super) fn into_error(self) -> Error {
        let mut error = Error::new(ErrorKind::Throttled, SendState::NotSent).of_nobody_asked();
        error = match self.field {
            Some(field) => error.with_violations(vec![Violation::new(field, self.reason)]),
            None => error.with_detail(self.reason),
        };
        match self.retry_after {
            Some(pause) => error.with_retry_after(pause),
            None => error,
        }
    }
}
