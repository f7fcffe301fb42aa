//! A provider whose sends and answers pass a guard.

use std::sync::Arc;

use async_trait::async_trait;

use super::guard::{Guard, Sending};
use crate::{
    model::{Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, Error, Field, ProviderId, Verification},
    provider::ChallengeProvider,
};

/// Asks a [`Guard`] before every send and every answer, and tells it what came of them.
///
/// A request that the provider refuses before sending is not shown to the guard, so that it uses up nobody's limit.
///
/// ```
/// # #[cfg(feature = "testing")] {
/// use std::sync::Arc;
/// use auth_challenge::{Guarded, LocalGuard, testing::Scripted};
///
/// let guard = LocalGuard::new().with_per_recipient("5 per 10m".parse()?);
/// let auth = Guarded::new(Arc::new(Scripted::new()), Arc::new(guard));
/// # }
/// # Ok::<(), auth_challenge::ParseRateError>(())
/// ```
#[derive(Debug)]
pub struct Guarded {
    provider: Arc<dyn ChallengeProvider>,
    guard: Arc<dyn Guard>,
}

impl Guarded {
    /// Puts a guard before a provider.
    pub fn new(provider: Arc<dyn ChallengeProvider>, guard: Arc<dyn Guard>) -> Self {
        Self { provider, guard }
    }
}

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
        self.check(request).map_err(|error| error.with_operation("create"))?;
        let sending = Sending::of(request);
        self.guard.before_send(sending).await.map_err(|refusal| refusal.into_error().at(&self.id(), "create"))?;
        let challenge = self.provider.create_with(request, options).await?;
        self.guard.after_send(sending, challenge.handle()).await;
        Ok(challenge)
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        self.guard.before_verify(handle, options.client_ip()).await.map_err(|refusal| refusal.into_error().at(handle.provider(), "verify"))?;
        let outcome = self.provider.verify_with(handle, answer, options).await;
        self.guard.after_verify(handle, outcome.as_ref()).await;
        outcome
    }

    async fn resend_with(&self, handle: &ChallengeHandle, options: &CallOptions) -> Result<Challenge, Error> {
        let sending = Sending::again(handle, options.client_ip());
        self.guard.before_send(sending).await.map_err(|refusal| refusal.into_error().at(handle.provider(), "resend"))?;
        let challenge = self.provider.resend_with(handle, options).await?;
        self.guard.after_send(sending, challenge.handle()).await;
        Ok(challenge)
    }
}
