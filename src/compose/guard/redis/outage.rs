//! Whether a guard's store answers.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::model::{ErrorKind, ProviderHealth, ProviderId};

/// Time for which a store that failed is not asked; then one call tries it.
pub(super) const LEFT_ALONE: Duration = Duration::from_secs(1);

/// So many decisions in a row that came too late are an outage; one alone is a slow moment.
const LATE_IN_A_ROW: u32 = 3;

/// Says that a store did not decide.
#[derive(Clone, Copy, Debug)]
pub(in crate::compose::guard) struct Outage;

/// Remembers whether the store is away, and when one call tries it next.
#[derive(Debug, Default)]
pub(in crate::compose::guard) struct Outages(Mutex<State>);

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
    /// Lets a call ask the store; while it is away, one in so long.
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

    /// Takes note that the store failed; says whether it is away.
    pub(super) fn begin(&self, failure: ErrorKind) -> bool {
        let mut state = self.state();
        state.late = state.late.saturating_add(1);
        if failure == ErrorKind::Timeout && state.late < LATE_IN_A_ROW && state.away.is_none() {
            return false;
        }
        if state.away.replace(Away { failure, until: Instant::now() + LEFT_ALONE }).is_none() {
            tracing::warn!(failure = failure.as_str(), "the store of a guard does not answer; its policy for outages holds");
        }
        true
    }

    /// Takes note that the store answered.
    pub(super) fn end(&self) {
        let mut state = self.state();
        state.late = 0;
        if state.away.take().is_some() {
            tracing::warn!("the store of a guard answers again");
        }
    }

    /// Tells of an outage, while there is one.
    pub(super) fn tell(&self) -> Option<ProviderHealth> {
        let state = self.state();
        let away = state.away.as_ref()?;
        let left = away.until.saturating_duration_since(Instant::now());
        Some(ProviderHealth::failed(ProviderId::new("guard"), away.failure, (!left.is_zero()).then_some(left)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
