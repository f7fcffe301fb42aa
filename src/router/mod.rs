//! Several providers behind one.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;

use crate::{
    Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeRequest, Error, ErrorKind, Field, ProviderId, SendState,
    Verification,
};

/// The current provider for new challenges; every challenge is checked at the provider that made it, whichever is current now.
///
/// [`Config::build`](crate::Config::build) makes one of a config with several sections.
#[derive(Debug)]
pub struct Router {
    current: Arc<dyn ChallengeProvider>,
    issuers: BTreeMap<ProviderId, Arc<dyn ChallengeProvider>>,
}

impl Router {
    /// A router with this provider for new challenges.
    pub fn new(current: Arc<dyn ChallengeProvider>) -> Self {
        let issuers = BTreeMap::from([(current.id().clone(), Arc::clone(&current))]);
        Self { current, issuers }
    }

    /// With a further provider whose challenges are still checked.
    pub fn with_issuer(mut self, provider: Arc<dyn ChallengeProvider>) -> Self {
        self.issuers.entry(provider.id().clone()).or_insert(provider);
        self
    }

    /// The provider that made a challenge.
    fn issuer(&self, handle: &ChallengeHandle, operation: &'static str) -> Result<&Arc<dyn ChallengeProvider>, Error> {
        self.issuers.get(handle.provider()).ok_or_else(|| {
            let error = Error::new(ErrorKind::Handle, SendState::NotSent).with_operation(operation);
            error.with_detail("the provider that made the challenge is not configured")
        })
    }
}

#[async_trait]
impl ChallengeProvider for Router {
    fn id(&self) -> &ProviderId {
        self.current.id()
    }

    fn capabilities(&self) -> &Capabilities {
        self.current.capabilities()
    }

    fn check(&self, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
        self.current.check(request)
    }

    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        self.current.create_with(request, options).await
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        self.issuer(handle, "verify")?.verify_with(handle, answer, options).await
    }

    async fn resend_with(&self, handle: &ChallengeHandle, options: &CallOptions) -> Result<Challenge, Error> {
        self.issuer(handle, "resend")?.resend_with(handle, options).await
    }
}
