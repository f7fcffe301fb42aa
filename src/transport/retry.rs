//! Decides when a call is made once more: only where nothing was sent or the vendor says that it did not act, after a pause.

use std::time::Duration;

use crate::model::{Error, ErrorKind, SendState};

/// Most times that a create is made once more.
const MOST: u32 = 2;
/// Least time left before another attempt is made.
const LEAST_TIME: Duration = Duration::from_millis(500);
/// Pause before the first retry after a failed connect; it doubles.
const PAUSE: Duration = Duration::from_millis(200);

/// Gives the pause after which a failed create may be made once more; none where it may not.
///
/// `attempts` were made, `left` is what is left of the call's time, and connecting may take `connecting`.
pub(super) fn pause(error: &Error, attempts: u32, left: Duration, connecting: Duration) -> Option<Duration> {
    if attempts > MOST {
        return None;
    }
    match (error.kind(), error.send_state()) {
        // Connecting again must be over before the time is up: else what is known not to be sent would become unknown.
        (ErrorKind::Connect, SendState::NotSent) => {
            let pause = jittered(PAUSE * 2_u32.saturating_pow(attempts.saturating_sub(1)));
            (pause + connecting < left).then_some(pause)
        }
        // An attempt that has no time left to be answered would turn a plain refusal into an unknown outcome.
        (ErrorKind::RateLimited, SendState::Refused) => {
            error.retry_after().map(|pause| pause.max(PAUSE)).filter(|pause| *pause + connecting.min(LEAST_TIME) < left)
        }
        _ => None,
    }
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

    fn connect() -> Error {
        Error::new(ErrorKind::Connect, SendState::NotSent)
    }

    fn limited(seconds: u64) -> Error {
        Error::new(ErrorKind::RateLimited, SendState::Refused).with_retry_after(Duration::from_secs(seconds))
    }

    #[test]
    fn only_what_was_not_sent_or_refused_for_a_while_is_retried() {
        assert!(pause(&connect(), 1, LONG, CONNECTING).is_some());
        assert_eq!(pause(&limited(7), 1, LONG, CONNECTING), Some(Duration::from_secs(7)));
        assert_eq!(pause(&limited(0), 1, LONG, CONNECTING), Some(PAUSE));
        for (kind, state) in [
            (ErrorKind::RateLimited, SendState::Refused),
            (ErrorKind::InvalidRequest, SendState::NotSent),
            (ErrorKind::Timeout, SendState::Unknown),
            (ErrorKind::Interrupted, SendState::Unknown),
            (ErrorKind::Unavailable, SendState::Unknown),
            (ErrorKind::UnexpectedReply, SendState::Accepted),
            (ErrorKind::Authentication, SendState::Refused),
        ] {
            assert_eq!(pause(&Error::new(kind, state), 1, LONG, CONNECTING), None, "{kind:?}");
        }
        let outage = Error::new(ErrorKind::Unavailable, SendState::Unknown).with_retry_after(Duration::from_secs(1));
        assert_eq!(pause(&outage, 1, LONG, CONNECTING), None);
    }

    #[test]
    fn a_retry_comes_at_most_twice_after_a_pause_and_within_the_time() {
        for error in [connect(), limited(1)] {
            for attempts in 1..=2 {
                assert!(pause(&error, attempts, LONG, CONNECTING).is_some_and(|pause| pause >= PAUSE / 2));
            }
            assert_eq!(pause(&error, 3, LONG, CONNECTING), None);
        }
        assert_eq!(pause(&limited(10), 1, Duration::from_secs(10), CONNECTING), None);
        assert_eq!(pause(&connect(), 1, CONNECTING, CONNECTING), None);
    }
}
