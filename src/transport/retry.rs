//! Decides when a call is made once more: only where nothing was processed, or the vendor says that it did not act.

use std::time::Duration;

use crate::model::{Error, ErrorKind, SendState};

/// Most times that a call is made once more after a failed connect, and most times after a 429.
const MOST: u32 = 2;
/// Most times that a call is made once more where the server vouches that it did not process it.
const MOST_UNPROCESSED: u32 = 10;
/// How many of these come at once, without a pause.
const AT_ONCE: u32 = 2;
/// Least time left before another attempt is made.
const LEAST_TO_RETRY: Duration = Duration::from_millis(500);
/// Pause before the first retry after a failed connect; it doubles.
const PAUSE: Duration = Duration::from_millis(200);
/// First pause where the server vouches that it did not process the call; it doubles.
const PAUSE_UNPROCESSED: Duration = Duration::from_millis(10);

/// Says for what a call may wait before it is made once more. Without any of it, it is made again only at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Whether it may wait for the network.
    pub(super) waits: bool,
    /// Whether it may come back after a 429.
    pub(super) waits_for_the_vendor: bool,
}

/// Counts how often a call was made once more, by reason.
#[derive(Debug, Default)]
pub(super) struct Retries {
    connects: u32,
    limits: u32,
    unprocessed: u32,
}

/// Says how a call is made once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// After a pause.
    After(Duration),
    /// On another connection, after a pause that may be none.
    Elsewhere(Duration),
}

impl Retry {
    pub(super) fn pause(self) -> Duration {
        match self {
            Self::After(pause) | Self::Elsewhere(pause) => pause,
        }
    }
}

impl Retries {
    /// Tells how many attempts were made before the present one.
    pub(super) fn count(&self) -> u32 {
        self.connects + self.limits + self.unprocessed
    }

    /// Decides whether the call that failed so is made once more, and counts it. `left` is what is left of its time, and connecting may
    /// take `connecting`.
    pub(super) fn next(&mut self, error: &Error, patience: Patience, left: Duration, connecting: Duration) -> Option<Retry> {
        // An attempt that has no time left to be answered would turn what is known into an unknown outcome.
        let in_time = |pause: &Duration| pause.saturating_add(connecting.min(LEAST_TO_RETRY)) < left;
        match (error.kind(), error.send_state()) {
            (ErrorKind::Interrupted, SendState::NotSent) => {
                let pause = match self.unprocessed.checked_sub(AT_ONCE) {
                    None => Some(Duration::ZERO),
                    Some(further) => patience.waits.then(|| jittered(PAUSE_UNPROCESSED * 2_u32.saturating_pow(further))),
                };
                counted(&mut self.unprocessed, MOST_UNPROCESSED, pause.filter(in_time)).map(Retry::Elsewhere)
            }
            (ErrorKind::Connect, SendState::NotSent) if patience.waits => {
                let pause = jittered(PAUSE * 2_u32.saturating_pow(self.connects));
                // Connecting again must be over before the time is up: a deadline that ends while connecting leaves the outcome unknown.
                counted(&mut self.connects, MOST, Some(pause).filter(|pause| pause.saturating_add(connecting) < left)).map(Retry::After)
            }
            (ErrorKind::RateLimited, SendState::Refused) if patience.waits_for_the_vendor => {
                let pause = error.retry_after().map(|pause| pause.max(PAUSE));
                counted(&mut self.limits, MOST, pause.filter(in_time)).map(Retry::After)
            }
            _ => None,
        }
    }
}

/// Takes one of so many retries, where there is one and `pause` says that it may come.
fn counted(taken: &mut u32, most: u32, pause: Option<Duration>) -> Option<Duration> {
    let pause = pause.filter(|_| *taken < most)?;
    *taken += 1;
    Some(pause)
}

/// Shortens a pause at random, by half at the most, so that many clients do not come back at once.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);
    const CONNECTING: Duration = Duration::from_secs(3);
    const ALL: Patience = Patience { waits: true, waits_for_the_vendor: true };
    const NONE: Patience = Patience { waits: false, waits_for_the_vendor: false };

    fn connect() -> Error {
        Error::new(ErrorKind::Connect, SendState::NotSent)
    }

    fn unprocessed() -> Error {
        Error::new(ErrorKind::Interrupted, SendState::NotSent)
    }

    fn limited(seconds: u64) -> Error {
        Error::new(ErrorKind::RateLimited, SendState::Refused).with_retry_after(Duration::from_secs(seconds))
    }

    fn first(error: &Error, patience: Patience, left: Duration) -> Option<Retry> {
        Retries::default().next(error, patience, left, CONNECTING)
    }

    #[test]
    fn only_what_was_not_processed_or_refused_for_a_while_is_made_again() {
        assert!(matches!(first(&connect(), ALL, LONG), Some(Retry::After(_))));
        assert_eq!(first(&unprocessed(), ALL, LONG), Some(Retry::Elsewhere(Duration::ZERO)));
        assert_eq!(first(&limited(7), ALL, LONG), Some(Retry::After(Duration::from_secs(7))));
        assert_eq!(first(&limited(0), ALL, LONG), Some(Retry::After(PAUSE)));
        for (kind, state) in [
            (ErrorKind::RateLimited, SendState::Refused),
            (ErrorKind::InvalidRequest, SendState::NotSent),
            (ErrorKind::Timeout, SendState::NotSent),
            (ErrorKind::Timeout, SendState::Unknown),
            (ErrorKind::Interrupted, SendState::Unknown),
            (ErrorKind::Unavailable, SendState::Unknown),
            (ErrorKind::UnexpectedReply, SendState::Accepted),
            (ErrorKind::Authentication, SendState::Refused),
        ] {
            assert_eq!(first(&Error::new(kind, state), ALL, LONG), None, "{kind:?}");
        }
        let outage = Error::new(ErrorKind::Unavailable, SendState::Unknown).with_retry_after(Duration::from_secs(1));
        assert_eq!(first(&outage, ALL, LONG), None);
    }

    #[test]
    fn without_patience_only_what_the_server_vouches_for_is_made_again_and_only_at_once() {
        assert_eq!(first(&connect(), NONE, LONG), None);
        assert_eq!(first(&limited(1), NONE, LONG), None);
        let mut retries = Retries::default();
        let at_once = std::iter::from_fn(|| retries.next(&unprocessed(), NONE, LONG, CONNECTING)).collect::<Vec<_>>();
        assert_eq!(at_once, [Retry::Elsewhere(Duration::ZERO); 2]);
    }

    #[test]
    fn a_failed_connect_and_a_limit_have_two_retries_each_with_a_pause() {
        let mut retries = Retries::default();
        for error in [connect(), limited(1)] {
            for _ in 0..2 {
                assert!(retries.next(&error, ALL, LONG, CONNECTING).is_some_and(|retry| retry.pause() >= PAUSE / 2));
            }
            assert_eq!(retries.next(&error, ALL, LONG, CONNECTING), None);
        }
        assert_eq!(retries.count(), 4);
    }

    #[test]
    fn what_was_not_processed_has_ten_retries_two_of_them_at_once_the_others_after_growing_pauses() {
        let mut retries = Retries::default();
        let pauses: Vec<_> = std::iter::from_fn(|| retries.next(&unprocessed(), ALL, LONG, CONNECTING)).map(Retry::pause).collect();
        assert_eq!(pauses.len(), 10);
        assert_eq!(pauses[..2], [Duration::ZERO; 2]);
        for (number, pause) in pauses[2..].iter().enumerate() {
            let longest = PAUSE_UNPROCESSED * 2_u32.pow(u32::try_from(number).expect("a small number"));
            assert!(*pause >= longest / 2 && *pause <= longest, "{number}: {pause:?}");
        }
    }

    #[test]
    fn a_retry_that_could_not_be_answered_in_time_is_not_made() {
        assert_eq!(first(&limited(10), ALL, Duration::from_secs(10)), None);
        assert_eq!(first(&connect(), ALL, CONNECTING), None);
        assert_eq!(Retries::default().next(&connect(), ALL, LONG, Duration::MAX), None);
        assert_eq!(first(&unprocessed(), ALL, LEAST_TO_RETRY), None);
        assert!(first(&unprocessed(), ALL, LEAST_TO_RETRY + Duration::from_millis(1)).is_some());
    }
}
