//! A request as each provider may see it: without another provider's id of the user.

use std::sync::OnceLock;

use crate::{
    model::{ChallengeRequest, ProviderId},
    provider::ChallengeProvider,
};

/// Addresses one request to several providers.
pub(super) struct Addressed<'a> {
    request: &'a ChallengeRequest,
    /// The provider that the user's id is for.
    selected: ProviderId,
    /// The request for all others, once one of them is to see it.
    for_others: OnceLock<ChallengeRequest>,
}

impl<'a> Addressed<'a> {
    pub(super) fn new(request: &'a ChallengeRequest, selected: ProviderId) -> Self {
        Self { request, selected, for_others: OnceLock::new() }
    }

    /// Gives the request as it was made.
    pub(super) fn request(&self) -> &'a ChallengeRequest {
        self.request
    }

    /// Gives the request as a provider may see it.
    pub(super) fn to(&self, provider: &dyn ChallengeProvider) -> &ChallengeRequest {
        if self.request.user_id().is_none() || provider.id() == self.selected {
            return self.request;
        }
        self.for_others.get_or_init(|| self.request.without_user_id())
    }
}
