//! Whether a server answers.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::model::{ErrorKind, ProviderHealth, ProviderId};

/// Time for which a server that failed is not asked; then one call tries it.
pub(in crate::compose) const LEFT_ALONE: Duration = Duration::from_secs(1);

/// So many answers in a row that came too late are an outage; one alone is a slow moment.
const LATE_IN_A_ROW: u32 = 3;

/// Says that a server did not answer.
#[derive(Clone, Copy, Debug)]
pub(in crate::compose) struct Outage;

/// Remembers whether the server is away, and when one call tries it next.
#[derive(Debug)]
pub(super) struct Outages {
    store: &'static str,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    late: u32,
    away: Option<Away>,
}

#[derive(Debug)]
struct Away {
    failure: ErrorKind,
    until: Instant,
}

impl Outages {
    pub(super) fn new(store: &'static str) -> Self {
        Self { store, state: Mutex::default() }
    }

    /// Lets a call ask the server; while it is away, one in so long.
    pub(super) fn may_ask(&self) -> Result<(), Outage> {
        let (mut state, now) = (self.state(), Instant::now());
        match &mut state.away {
            Some(away) if now < away.until => Err(Outage),
            Some(away) => {
                away.until = now + LEFT_ALONE;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Takes note that the server failed; says whether it is away.
    pub(super) fn begin(&self, failure: ErrorKind) -> bool {
        let mut state = self.state();
        state.late = state.late.saturating_add(1);
        if failure == ErrorKind::Timeout && state.late < LATE_IN_A_ROW && state.away.is_none() {
            return false;
        }
        if state.away.replace(Away { failure, until: Instant::now() + LEFT_ALONE }).is_none() {
            tracing::warn!(store = self.store, failure = failure.as_str(), "a store does not answer; its policy for outages holds");
        }
        true
    }

    /// Takes note that the server answered.
    pub(super) fn end(&self) {
        let mut state = self.state();
        state.late = 0;
        if state.away.take().is_some() {
            tracing::warn!(store = self.store, "a store answers again");
        }
    }

    /// Tells of an outage, while there is one.
    pub(super) fn tell(&self) -> Option<ProviderHealth> {
        let state = self.state();
        let away = state.away.as_ref()?;
        let left = away.until.saturating_duration_since(Instant::now());
        Some(ProviderHealth::failed(ProviderId::new(self.store), away.failure, (!left.is_zero()).then_some(left)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
