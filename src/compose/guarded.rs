//! A provider whose sends and answers pass a guard.

use std::{future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::time::{Instant, timeout_at};

use super::{
    call_time::{CallTime, late},
    guard::{Guard, Refusal, Sending},
};
use crate::{
    model::{
        Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, Error, ErrorKind, Field, Memory, Outlook, ProviderHealth, ProviderId,
        Rejected, Verification,
    },
    provider::ChallengeProvider,
    telemetry::{self, Call, Ruling},
    transport::TIMEOUT,
};

/// Asks a [`Guard`] before every send and every answer, and tells it what came of them.
///
/// A request that the provider refuses before sending is not shown to the guard, so that it uses up nobody's limit; neither is a handle of a challenge that no provider here has made.
///
/// The guard shares the call's time. Where it has not answered by the deadline, or leaves the provider less than 250 ms (in a call shorter than 500 ms:
/// less than half), the call fails with [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) and [`SendState::NotSent`](crate::SendState::NotSent). One that hangs
/// after the call delays what came of it until the deadline, and never loses it.
///
/// ```
/// # #[cfg(feature = "testing")] {
/// use std::sync::Arc;
/// use auth_challenge::{Guarded, Limits, LocalGuard, testing::Scripted};
///
/// let guard = LocalGuard::new(Limits::new().with_per_recipient("5 per 10m".parse()?));
/// let auth = Guarded::new(Arc::new(Scripted::new()), Arc::new(guard));
/// # }
/// # Ok::<(), auth_challenge::ParseRateError>(())
/// ```
#[derive(Debug)]
pub struct Guarded {
    provider: Arc<dyn ChallengeProvider>,
    guard: Arc<dyn Guard>,
    timeout: Option<Duration>,
}

impl Guarded {
    /// Puts a guard before a provider. Unless [`with_timeout`](Self::with_timeout) or the call's options set one time for all, the guard has 10 s to decide, the
    /// provider then its own time, and the guard 10 s more to take note.
    pub fn new(provider: Arc<dyn ChallengeProvider>, guard: Arc<dyn Guard>) -> Self {
        Self { provider, guard, timeout: None }
    }

    /// Sets the time for a whole call, the guard's included.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    async fn create_if_allowed(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        self.check(request).map_err(|error| error.with_operation("create"))?;
        let (time, sending) = (CallTime::of(options.timeout().or(self.timeout)), Sending::of(request));
        let at = |error: Error| error.at(&self.id(), "create");
        may_send(&time, self.guard.before_send(sending)).await.map_err(at)?;
        let outcome = match time.left(options, "the guard answered too late to ask the provider") {
            Ok(options) => self.provider.create_with(request, &options).await,
            Err(late) => Err(at(late)),
        };
        tell(&time, self.guard.after_send(sending, outcome.as_ref())).await;
        outcome
    }

    async fn verify_if_allowed(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        // A handle that is nobody's here is for no guard to count.
        if let Err(error) = self.check_resend(handle)
            && error.kind() == ErrorKind::Handle
        {
            return Err(error.with_operation("verify"));
        }
        let time = CallTime::of(options.timeout().or(self.timeout));
        let at = |error: Error| error.at(handle.provider(), "verify");
        if let Err(refusal) = ask(&time, self.guard.before_verify(handle, options.client_ip())).await.map_err(at)? {
            return match refusal.rejection() {
                Some(reason) => Ok(Rejected::new(reason).into()),
                None => Err(at(refusal.into_error())),
            };
        }
        let outcome = match time.left(options, "the guard answered too late to ask the provider") {
            Ok(options) => self.provider.verify_with(handle, answer, &options).await,
            Err(late) => Err(at(late)),
        };
        tell(&time, self.guard.after_verify(handle, outcome.as_ref())).await;
        outcome
    }

    async fn resend_if_allowed(&self, handle: &ChallengeHandle, options: &CallOptions) -> Result<Challenge, Error> {
        self.check_resend(handle)?;
        let (time, sending) = (CallTime::of(options.timeout().or(self.timeout)), Sending::again(handle, options.client_ip()));
        let at = |error: Error| error.at(handle.provider(), "resend");
        may_send(&time, self.guard.before_send(sending)).await.map_err(at)?;
        let outcome = match time.left(options, "the guard answered too late to ask the provider") {
            Ok(options) => self.provider.resend_with(handle, &options).await,
            Err(late) => Err(at(late)),
        };
        tell(&time, self.guard.after_send(sending, outcome.as_ref())).await;
        outcome
    }
}

/// Asks the guard before anything is sent; the error is that it has not answered in time.
async fn ask(time: &CallTime, asked: impl Future<Output = Result<(), Refusal>>) -> Result<Result<(), Refusal>, Error> {
    let ruling = timeout_at(time.deadline(), asked).await.map_err(|_| late("the time was up before the guard had answered"))?;
    if ruling.is_err() {
        telemetry::guard_decided(Ruling::Refused);
    }
    Ok(ruling)
}

/// Asks the guard whether a message may go out.
async fn may_send(time: &CallTime, asked: impl Future<Output = Result<(), Refusal>>) -> Result<(), Error> {
    ask(time, asked).await?.map_err(Refusal::into_error)
}

/// Tells the guard what came of it, for as long as there is time; a call whose provider has a time of its own may have outlived the guard's.
async fn tell(time: &CallTime, told: impl Future<Output = ()>) {
    let deadline = if time.is_shared() { time.deadline() } else { Instant::now() + TIMEOUT };
    if timeout_at(deadline, told).await.is_err() {
        tracing::warn!("the time was up before the guard had taken note");
    }
}

/// What its memory goes by.
const WRAPPER: &str = "guard";

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl ChallengeProvider for Guarded {
    fn id(&self) -> ProviderId {
        self.provider.id()
    }

    fn capabilities(&self) -> Capabilities {
        self.provider.capabilities()
    }

    fn check(&self, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
        self.provider.check(request)
    }

    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        Call::create(request).observe(|| self.create_if_allowed(request, options)).await
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        Call::verify(handle).observe(|| self.verify_if_allowed(handle, answer, options)).await
    }

    fn check_resend(&self, handle: &ChallengeHandle) -> Result<(), Error> {
        self.provider.check_resend(handle)
    }

    async fn resend_with(&self, handle: &ChallengeHandle, options: &CallOptions) -> Result<Challenge, Error> {
        Call::resend(handle).observe(|| self.resend_if_allowed(handle, options)).await
    }

    fn health(&self) -> Vec<ProviderHealth> {
        self.provider.health().into_iter().chain(self.guard.health()).collect()
    }

    async fn peek(&self, handle: &ChallengeHandle, options: &CallOptions) -> Outlook {
        let deadline = CallTime::of(options.timeout().or(self.timeout)).deadline();
        let within = timeout_at(deadline, self.provider.peek(handle, options)).await.unwrap_or_default();
        let looked = timeout_at(deadline, self.guard.peek(Sending::again(handle, options.client_ip()))).await;
        looked.unwrap_or_default().and(within)
    }

    async fn warm_up(&self, options: &CallOptions) -> Result<(), Error> {
        self.provider.warm_up(options).await
    }

    fn memory(&self) -> Memory {
        self.provider.memory().within(WRAPPER, self.guard.memory())
    }

    fn recall(&self, memory: Memory) {
        let (own, rest) = memory.unwrapped(WRAPPER);
        if let Some(own) = own {
            self.guard.recall(own);
        }
        self.provider.recall(rest);
    }
}
