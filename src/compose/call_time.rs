//! The time of one call, for what is asked before the provider is.

use std::{borrow::Cow, time::Duration};

use tokio::time::Instant;

use crate::{
    model::{CallOptions, Error, ErrorKind, SendState},
    transport::{FAR, LEAST_TO_ASK, TIMEOUT},
};

/// Keeps the time of one call.
pub(super) struct CallTime {
    deadline: Instant,
    /// The least that is left to the provider; none where the provider has a time of its own.
    least: Option<Duration>,
}

impl CallTime {
    /// Starts now, with this time for the whole call; without one the provider has its own, and what is asked before it the usual time beside it.
    pub(super) fn of(whole: Option<Duration>) -> Self {
        Self { deadline: Instant::now() + whole.unwrap_or(TIMEOUT).min(FAR), least: whole.map(|whole| LEAST_TO_ASK.min(whole / 2)) }
    }

    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Says whether the provider shares this time.
    pub(super) fn is_shared(&self) -> bool {
        self.least.is_some()
    }

    /// Gives the options for the provider, with what is left of the time; the error is that it is too little to ask with.
    pub(super) fn left<'a>(&self, options: &'a CallOptions, too_late: &'static str) -> Result<Cow<'a, CallOptions>, Error> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        match self.least {
            Some(least) if left < least => Err(late(too_late)),
            Some(_) => Ok(Cow::Owned(options.clone().with_timeout(left))),
            None => Ok(Cow::Borrowed(options)),
        }
    }
}

/// Says that the time was up before anything was sent.
pub(super) fn late(detail: &'static str) -> Error {
    Error::new(ErrorKind::Timeout, SendState::NotSent).with_detail(detail).of_nobody_asked()
}
