//! A clock that tests set, so that none of them sleeps.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use super::locked;

/// Tells the time that a double goes by: the machine's, until it is moved or stopped. Clones are the same clock.
///
/// ```
/// use std::time::Duration;
/// use auth_challenge::testing::Clock;
///
/// let clock = Clock::default();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(600));
/// assert!(clock.now() >= before + Duration::from_secs(600));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<Mutex<ClockSetting>>);

/// How a clock was set.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(super) struct ClockSetting {
    stopped_at: Option<SystemTime>,
    ahead: Duration,
}

impl Clock {
    /// Makes a clock that stands still at a time until it is moved.
    pub fn stopped_at(time: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(ClockSetting { stopped_at: Some(time), ahead: Duration::ZERO })))
    }

    /// Tells the time.
    pub fn now(&self) -> SystemTime {
        let setting = locked(&self.0);
        let base = setting.stopped_at.unwrap_or_else(SystemTime::now);
        base.checked_add(setting.ahead).filter(|time| unix_seconds(*time) <= LAST).unwrap_or_else(last)
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let mut setting = locked(&self.0);
        setting.ahead = setting.ahead.checked_add(by).unwrap_or(setting.ahead);
    }

    /// Stops the clock at a time.
    pub fn stop_at(&self, time: SystemTime) {
        *locked(&self.0) = ClockSetting { stopped_at: Some(time.min(last())), ahead: Duration::ZERO };
    }

    /// Lets the clock show the machine's time again.
    pub fn reset(&self) {
        *locked(&self.0) = ClockSetting::default();
    }

    /// Says whether it stands still.
    pub fn is_stopped(&self) -> bool {
        locked(&self.0).stopped_at.is_some()
    }

    pub(super) fn setting(&self) -> ClockSetting {
        *locked(&self.0)
    }

    pub(super) fn set(&self, setting: ClockSetting) {
        *locked(&self.0) = setting;
    }

    /// Says whether it is a clone of the other.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The year 9000: later times would soon have no RFC 3339 form.
const LAST: u64 = 221_845_392_000;
/// The year 9900: what begins by the last time of a clock is over by then.
pub(super) const LATEST_END: u64 = 250_246_627_200;

fn last() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(LAST)
}

/// Whole seconds since 1970.
pub(super) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_clock_moves_only_when_told() {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let clock = Clock::stopped_at(start);
        assert_eq!(clock.now(), start);
        clock.advance(Duration::from_secs(5));
        assert_eq!(clock.clone().now(), start + Duration::from_secs(5));
    }

    #[test]
    fn a_clock_cannot_be_moved_beyond_time() {
        let clock = Clock::default();
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), last());
        clock.stop_at(last() + Duration::from_secs(1));
        assert_eq!(clock.now(), last());
        // What is made then has an end that can be shown: Corbado's lifetimes are the longest.
        assert!(LAST + u64::from(u32::MAX) <= LATEST_END);
        assert!(humantime::format_rfc3339(SystemTime::UNIX_EPOCH + Duration::from_secs(LATEST_END)).to_string().starts_with("9900-"));
    }
}
