//! A provider that was asked before another one.

use super::{Error, ErrorKind, SendState};
use crate::model::ProviderId;

/// Tells of a provider that a call did not get through to before another one was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    provider: ProviderId,
    kind: ErrorKind,
    send_state: SendState,
    skipped: bool,
}

impl Hop {
    pub(crate) fn of(provider: ProviderId, error: &Error) -> Self {
        Self { provider, kind: error.kind(), send_state: error.send_state(), skipped: false }
    }

    pub(crate) fn skipped(provider: ProviderId, failure: ErrorKind) -> Self {
        Self { provider, kind: failure, send_state: SendState::NotSent, skipped: true }
    }

    /// Gives the provider.
    pub fn provider(&self) -> &ProviderId {
        &self.provider
    }

    /// Says what went wrong there, or lately, where it was passed over.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Says whether that provider may have sent something.
    pub fn send_state(&self) -> SendState {
        self.send_state
    }

    /// Says whether it was passed over, because it failed a moment ago.
    pub fn was_skipped(&self) -> bool {
        self.skipped
    }
}
