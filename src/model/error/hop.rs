//! A provider that was asked in vain, or passed over, before another one.

use super::{Error, ErrorKind, SendState};
use crate::model::ProviderId;

/// Tells of a provider that a call asked in vain, or passed over, before another one was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    provider: ProviderId,
    kind: ErrorKind,
    send_state: SendState,
    has_prepared: bool,
    was_passed_over: bool,
}

impl Hop {
    /// Tells of a provider that failed with this error.
    pub fn of(provider: ProviderId, error: &Error) -> Self {
        Self { provider, kind: error.kind(), send_state: error.send_state(), has_prepared: error.has_prepared(), was_passed_over: false }
    }

    /// Tells of a provider that was not asked, since it had failed so a moment before.
    pub fn passed_over(provider: ProviderId, failure: ErrorKind) -> Self {
        Self { provider, kind: failure, send_state: SendState::NotSent, has_prepared: false, was_passed_over: true }
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

    /// Says whether that provider may have done something else than send.
    pub(super) fn has_prepared(&self) -> bool {
        self.has_prepared
    }

    /// Says whether it was passed over, because it failed a moment ago.
    pub fn was_passed_over(&self) -> bool {
        self.was_passed_over
    }
}

#[cfg(all(test, vendor))]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_did_before_it_failed_stays_done_when_another_one_is_asked() {
        let unsent = || Error::new(ErrorKind::Unavailable, SendState::NotSent);
        let failed_after = |first: Error| unsent().with_hops(vec![Hop::of(ProviderId::new("first"), &first)]);
        assert!(failed_after(unsent()).left_nothing());
        assert!(!failed_after(unsent().having_prepared()).left_nothing());
    }

    #[test]
    fn somebody_was_asked_where_one_before_was() {
        let refused = || Error::new(ErrorKind::Throttled, SendState::NotSent).of_nobody_asked();
        let (first, failed) = (ProviderId::new("first"), Error::new(ErrorKind::Connect, SendState::NotSent));
        for (hops, is_nobody) in [
            (vec![], true),
            (vec![Hop::passed_over(first.clone(), ErrorKind::Connect)], true),
            (vec![Hop::passed_over(first.clone(), ErrorKind::Connect), Hop::of(first, &failed)], false),
        ] {
            assert_eq!(refused().with_hops(hops).is_of_nobody_asked(), is_nobody);
        }
    }
}
