//! What is known of a provider among several.

use std::time::Duration;

use crate::model::{ErrorKind, ProviderId};

/// Tells how a provider among several fared lately: whether it is passed over, for how long, and why.
///
/// [`ChallengeProvider::health`](crate::ChallengeProvider::health) gives one for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderHealth {
    provider: ProviderId,
    failure: Option<ErrorKind>,
    passed_over_for: Option<Duration>,
}

impl ProviderHealth {
    /// Tells of one that answers.
    pub fn good(provider: ProviderId) -> Self {
        Self { provider, failure: None, passed_over_for: None }
    }

    /// Tells of one that failed; `passed_over_for` is none where the next call tries it again.
    pub fn failed(provider: ProviderId, failure: ErrorKind, passed_over_for: Option<Duration>) -> Self {
        Self { provider, failure: Some(failure), passed_over_for }
    }

    /// Gives the provider.
    pub fn provider(&self) -> &ProviderId {
        &self.provider
    }

    /// Says whether calls go to another provider, where there is one.
    pub fn is_passed_over(&self) -> bool {
        self.passed_over_for.is_some()
    }

    /// Gives the time after which one call tries it again, while it is passed over.
    pub fn passed_over_for(&self) -> Option<Duration> {
        self.passed_over_for
    }

    /// Says how it failed the last time; nothing once it has answered again.
    pub fn failure(&self) -> Option<ErrorKind> {
        self.failure
    }
}
