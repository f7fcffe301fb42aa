//! A provider that can be replaced while calls run.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;

use crate::{
    model::{
        Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, Error, Field, Memory, Outlook, ProviderHealth, ProviderId,
        Verification,
    },
    provider::ChallengeProvider,
};

/// Lets a provider be replaced while calls run: for rotated secrets, or another vendor.
///
/// A call that has begun ends at the provider it began with; the next one sees the new provider whole. Challenges that were made before are
/// checked as long as their provider is part of the new one. What was counted goes on: the limits of a new [`LocalGuard`](crate::LocalGuard)
/// judge the counts of the old one. A new [`Router`](crate::Router) starts with all its providers well.
///
/// ```no_run
/// # #[cfg(feature = "toml")] {
/// use auth_challenge::{Config, Reloadable};
///
/// let auth = Reloadable::new(Config::from_toml_file("auth.toml")?.build()?);
/// // Secret files were replaced: read them again. A config with mistakes changes nothing.
/// auth.replace(Config::from_toml_file("auth.toml")?.build()?);
/// # }
/// # Ok::<(), auth_challenge::Error>(())
/// ```
#[derive(Debug)]
pub struct Reloadable {
    current: RwLock<Arc<dyn ChallengeProvider>>,
}

impl Reloadable {
    /// Starts with this provider.
    pub fn new(provider: Arc<dyn ChallengeProvider>) -> Self {
        Self { current: RwLock::new(provider) }
    }

    /// Puts another provider in the place of the current one, whose [memory](ChallengeProvider::memory) it is given.
    pub fn replace(&self, provider: Arc<dyn ChallengeProvider>) {
        provider.recall(self.current().memory());
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = provider;
    }

    /// Gives the provider as it is now, for several calls to the same one.
    pub fn current(&self) -> Arc<dyn ChallengeProvider> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl ChallengeProvider for Reloadable {
    fn id(&self) -> ProviderId {
        self.current().id()
    }

    fn capabilities(&self) -> Capabilities {
        self.current().capabilities()
    }

    fn check(&self, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
        self.current().check(request)
    }

    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        self.current().create_with(request, options).await
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        self.current().verify_with(handle, answer, options).await
    }

    fn check_resend(&self, handle: &ChallengeHandle) -> Result<(), Error> {
        self.current().check_resend(handle)
    }

    async fn resend_with(&self, handle: &ChallengeHandle, options: &CallOptions) -> Result<Challenge, Error> {
        self.current().resend_with(handle, options).await
    }

    fn health(&self) -> Vec<ProviderHealth> {
        self.current().health()
    }

    async fn peek(&self, handle: &ChallengeHandle, options: &CallOptions) -> Outlook {
        self.current().peek(handle, options).await
    }

    async fn warm_up(&self, options: &CallOptions) -> Result<(), Error> {
        self.current().warm_up(options).await
    }

    fn memory(&self) -> Memory {
        self.current().memory()
    }

    fn recall(&self, memory: Memory) {
        self.current().recall(memory);
    }
}
