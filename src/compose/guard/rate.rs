//! How often something may happen.

use std::{fmt, num::NonZeroU32, str::FromStr, time::Duration};

/// Allows so many times in so long, say 5 in 10 minutes: no more than 5 in *any* 10 minutes, all at once or one by one.
///
/// ```
/// use std::time::Duration;
/// use auth_challenge::Rate;
///
/// let rate: Rate = "5 per 10m".parse()?;
/// assert_eq!(rate, Rate::new(5, Duration::from_secs(600)).expect("a rate"));
/// assert!("0 per 1s".parse::<Rate>().is_err());
/// # Ok::<(), auth_challenge::ParseRateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    times: NonZeroU32,
    period: Duration,
}

/// Says that a text is no [`Rate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseRateError;

impl fmt::Display for ParseRateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a rate such as \"5 per 10m\"")
    }
}

impl std::error::Error for ParseRateError {}

impl Rate {
    /// Allows so many times in so long; neither may be zero.
    pub fn new(times: u32, period: Duration) -> Option<Self> {
        Some(Self { times: NonZeroU32::new(times)?, period: (!period.is_zero()).then_some(period)? })
    }

    pub(crate) fn times(self) -> usize {
        usize::try_from(self.times.get()).unwrap_or(usize::MAX)
    }

    pub(super) fn period(self) -> Duration {
        self.period
    }
}

impl FromStr for Rate {
    type Err = ParseRateError;

    /// Reads `TIMES per PERIOD`: a whole number, and a time such as `30s`, `10m` or `1h 30m`.
    ///
    /// # Errors
    ///
    /// [`ParseRateError`] for anything else, and where one of them is zero.
    fn from_str(text: &str) -> Result<Self, ParseRateError> {
        let (times, period) = text.split_once(" per ").ok_or(ParseRateError)?;
        let times = times.trim().parse().map_err(|_| ParseRateError)?;
        let period = humantime::parse_duration(period.trim()).map_err(|_| ParseRateError)?;
        Self::new(times, period).ok_or(ParseRateError)
    }
}
