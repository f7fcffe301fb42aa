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

/// Stands for the state in which the store was asked. An outcome says nothing about any later one: of calls under way together, the last to be heard of
/// need not be the last that the server saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question(u64);

#[derive(Debug, Default)]
struct State {
    late: u32,
    away: Option<Away>,
    /// How often an outage began or ended.
    changes: u64,
}

#[derive(Debug)]
struct Away {
    failure: ErrorKind,
    until: Instant,
}

impl Outages {
    /// Lets a call ask the store; while it is away, one in so long.
    pub(super) fn may_ask(&self) -> Result<Question, Outage> {
        let (mut state, now) = (self.state(), Instant::now());
        match &mut state.away {
            Some(away) if now < away.until => return Err(Outage),
            Some(away) => away.until = now + LEFT_ALONE,
            None => {}
        }
        Ok(Question(state.changes))
    }

    /// Takes note that the store failed; says whether that is an outage, or one goes on.
    pub(super) fn begin(&self, question: Question, failure: ErrorKind) -> bool {
        let mut state = self.state();
        if question != Question(state.changes) {
            return false;
        }
        state.late = state.late.saturating_add(1);
        if failure == ErrorKind::Timeout && state.late < LATE_IN_A_ROW && state.away.is_none() {
            return false;
        }
        if state.away.replace(Away { failure, until: Instant::now() + LEFT_ALONE }).is_none() {
            state.changes += 1;
            tracing::warn!(failure = failure.as_str(), "the store of a guard does not answer; its policy for outages holds");
        }
        true
    }

    /// Takes note that the store answered.
    pub(super) fn end(&self, question: Question) {
        let mut state = self.state();
        if question != Question(state.changes) {
            return;
        }
        state.late = 0;
        if state.away.take().is_some() {
            state.changes += 1;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets calls ask until one fails for good.
    fn away() -> Outages {
        let outages = Outages::default();
        assert!(outages.begin(outages.may_ask().expect("not away"), ErrorKind::Connect));
        outages
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_from_before_an_outage_does_not_end_it() {
        let outages = Outages::default();
        let [answered, failed, also] = std::array::from_fn(|_| outages.may_ask().expect("not away"));
        assert!(outages.begin(failed, ErrorKind::Connect));
        outages.end(answered);
        assert!(outages.tell().is_some());
        assert!(!outages.begin(also, ErrorKind::Connect), "it is known, and the connection may be a new one");
        tokio::time::advance(LEFT_ALONE).await;
        outages.end(outages.may_ask().expect("the one that tries"));
        assert!(outages.tell().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_from_before_the_end_of_an_outage_begins_none() {
        let outages = away();
        tokio::time::advance(LEFT_ALONE).await;
        let slow = outages.may_ask().expect("the one that tries");
        tokio::time::advance(LEFT_ALONE).await;
        outages.end(outages.may_ask().expect("another one"));
        assert!(!outages.begin(slow, ErrorKind::Connect));
        assert!(outages.tell().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_a_second_tries_a_store_that_is_away() {
        let outages = away();
        for _ in 0..3 {
            assert!(outages.may_ask().is_err());
            tokio::time::advance(LEFT_ALONE).await;
            let question = outages.may_ask().expect("the one that tries");
            assert!(outages.may_ask().is_err());
            assert!(outages.begin(question, ErrorKind::Timeout), "it goes on");
        }
    }

    #[test]
    fn three_late_answers_in_a_row_are_an_outage() {
        let outages = Outages::default();
        let late = || outages.begin(outages.may_ask().expect("not away"), ErrorKind::Timeout);
        assert_eq!([late(), late()], [false, false]);
        outages.end(outages.may_ask().expect("not away"));
        assert_eq!([late(), late(), late()], [false, false, true]);
    }
}
