//! A provider that tells of its calls.

use std::{future::Future, pin::pin, sync::Arc};

use async_trait::async_trait;
use tokio::time::Instant;

use crate::{
    model::{
        Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, Error, Field, Memory, Outlook, ProviderHealth, ProviderId,
        Verification,
    },
    provider::ChallengeProvider,
    telemetry::{Call, CallEnd, CallOutcome, Observer, Observers, Outcome, Unended},
};

/// Tells an [`Observer`] how each call ended; put it around all else, so that a failover is one call, and what a guard refuses is seen. Of several within each other the outermost tells an observer
/// (the same `Arc`), and the others do not.
///
/// ```
/// # #[cfg(feature = "testing")] {
/// use std::sync::Arc;
/// use auth_challenge::{CallEnd, Observed, Observer, testing::Scripted};
///
/// #[derive(Debug)]
/// struct Printed;
///
/// impl Observer for Printed {
///     fn call_ended(&self, call: &CallEnd<'_>) {
///         println!("{} {}: {} in {:?}", call.operation(), call.method(), call.outcome().as_str(), call.elapsed());
///     }
/// }
///
/// let auth = Observed::new(Arc::new(Scripted::new()), Arc::new(Printed));
/// # }
/// ```
#[derive(Debug)]
pub struct Observed {
    provider: Arc<dyn ChallengeProvider>,
    observers: Observers,
}

impl Observed {
    /// Tells the observer of the calls of a provider.
    pub fn new(provider: Arc<dyn ChallengeProvider>, observer: Arc<dyn Observer>) -> Self {
        Self::by_all(provider, Observers::of(observer))
    }

    pub(crate) fn by_all(provider: Arc<dyn ChallengeProvider>, observers: Observers) -> Self {
        Self { provider, observers }
    }

    /// Makes a call, and tells how it ended; `recipient` is who it is for, as far as that is known before.
    async fn observe<T>(&self, call: Call<'_>, recipient: Option<&str>, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error>
    where
        Result<T, Error>: Outcome,
    {
        let (begun, observers) = (Instant::now(), self.observers.not_told_yet());
        let tell = |outcome: CallOutcome<'_>| {
            let end = CallEnd::new(call, recipient, outcome, begun.elapsed());
            observers.tell(|observer| observer.call_ended(&end));
        };
        let unended = Unended::new(|| tell(CallOutcome::Dropped));
        let ended = observers.within(pin!(work)).await;
        unended.end();
        tell(call.outcome(&ended));
        ended
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl ChallengeProvider for Observed {
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
        self.observe(Call::create(request), request.recipient(), self.provider.create_with(request, options)).await
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        self.observe(Call::verify(handle), handle.recipient(), self.provider.verify_with(handle, answer, options)).await
    }

    fn check_resend(&self, handle: &ChallengeHandle) -> Result<(), Error> {
        self.provider.check_resend(handle)
    }

    async fn resend_with(&self, handle: &ChallengeHandle, options: &CallOptions) -> Result<Challenge, Error> {
        self.observe(Call::resend(handle), handle.recipient(), self.provider.resend_with(handle, options)).await
    }

    fn health(&self) -> Vec<ProviderHealth> {
        self.provider.health()
    }

    async fn peek(&self, handle: &ChallengeHandle, options: &CallOptions) -> Outlook {
        self.provider.peek(handle, options).await
    }

    async fn warm_up(&self, options: &CallOptions) -> Result<(), Error> {
        self.provider.warm_up(options).await
    }

    fn memory(&self) -> Memory {
        self.provider.memory()
    }

    fn recall(&self, memory: Memory) {
        self.provider.recall(memory);
    }
}
