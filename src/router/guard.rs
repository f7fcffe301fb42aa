//! Who may refuse a send or an answer before the vendor sees it.

use std::{borrow::Cow, fmt, net::IpAddr, time::Duration};

use async_trait::async_trait;

use crate::{ChallengeHandle, ChallengeRequest, Error, ErrorKind, Method, SendState, Verification, Violation};

/// Sees every send and every answer, and may refuse: against people who let your service send messages at your cost, or who guess codes.
///
/// [`LocalGuard`](crate::LocalGuard) counts in one process. A fleet implements this over a store that its processes share.
///
/// ```
/// use auth_challenge::{Guard, Refusal, Sending};
///
/// #[derive(Debug)]
/// struct OfficeHours;
///
/// #[async_trait::async_trait]
/// impl Guard for OfficeHours {
///     async fn before_send(&self, sending: Sending<'_>) -> Result<(), Refusal> {
///         match sending.ip() {
///             Some(ip) if ip.is_loopback() => Ok(()),
///             _ => Err(Refusal::new("only from here")),
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait Guard: fmt::Debug + Send + Sync + 'static {
    /// Before a message is sent, or a credential challenge made.
    async fn before_send(&self, sending: Sending<'_>) -> Result<(), Refusal>;

    /// After a message was sent, with the handle by which it may be sent again. A resend names the handle alone.
    async fn after_send(&self, sending: Sending<'_>, handle: &ChallengeHandle) {
        let _ = (sending, handle);
    }

    /// Before an answer is handed in; the client's address is there where [`CallOptions::client_ip`](crate::CallOptions::client_ip) gave it.
    async fn before_verify(&self, handle: &ChallengeHandle, client_ip: Option<IpAddr>) -> Result<(), Refusal> {
        let _ = (handle, client_ip);
        Ok(())
    }

    /// After an answer was handed in: with what the vendor made of it, or the error. Not called where the caller gave up before.
    async fn after_verify(&self, handle: &ChallengeHandle, outcome: Result<&Verification, &Error>) {
        let _ = (handle, outcome);
    }
}

/// A send that a [`Guard`] is asked about.
#[derive(Clone, Copy)]
pub struct Sending<'a> {
    method: Method,
    address: Option<&'a str>,
    ip: Option<IpAddr>,
    handle: Option<&'a ChallengeHandle>,
}

impl<'a> Sending<'a> {
    pub(super) fn of(request: &'a ChallengeRequest) -> Self {
        Self { method: request.method(), address: request.address(), ip: request.client_context().ip(), handle: None }
    }

    pub(super) fn again(handle: &'a ChallengeHandle, ip: Option<IpAddr>) -> Self {
        Self { method: handle.method(), address: None, ip, handle: Some(handle) }
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The address that the message goes to; none for credentials and for a resend.
    pub fn address(&self) -> Option<&'a str> {
        self.address
    }

    /// The address of the person's client, where it was given.
    pub fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// The challenge that is sent once more; none for a new one.
    pub fn handle(&self) -> Option<&'a ChallengeHandle> {
        self.handle
    }
}

impl fmt::Debug for Sending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending").field("method", &self.method).finish_non_exhaustive()
    }
}

/// A guard's no: the caller gets [`ErrorKind::Throttled`], with nothing sent.
#[derive(Clone, Debug)]
pub struct Refusal {
    reason: Cow<'static, str>,
    field: Option<&'static str>,
    retry_after: Option<Duration>,
}

impl Refusal {
    /// A refusal with a reason for your logs, in which nothing personal belongs.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: reason.into(), field: None, retry_after: None }
    }

    /// With the time after which it may be tried again.
    pub fn with_retry_after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(pause);
        self
    }

    /// With the field of the request that is to blame, by its neutral name.
    pub fn with_field(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    pub(super) fn into_error(self, operation: &'static str) -> Error {
        let mut error = Error::new(ErrorKind::Throttled, SendState::NotSent).with_operation(operation);
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
