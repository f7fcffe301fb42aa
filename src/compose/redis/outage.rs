//! Whether a server answers.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::Failed;
use crate::model::{ErrorKind, ProviderHealth, ProviderId};

/// Time for which a server that failed is not asked; then one call tries it.
pub(in crate::compose) const LEFT_ALONE: Duration = Duration::from_secs(1);

/// So many slow moments in a row are an outage. Calls that are under way together see one moment, however many they are.
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

/// Stands for when, and in which state, the server was asked. An outcome says nothing about any later one: of calls under way together, the last to be heard of
/// need not be the last that the server saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question {
    changes: u64,
    asked: Instant,
}

#[derive(Debug, Default)]
struct State {
    late: u32,
    /// When the last slow moment was noticed.
    noticed: Option<Instant>,
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
    pub(super) fn new(store: &'static str) -> Self {
        Self { store, state: Mutex::default() }
    }

    /// Lets a call ask the server; while it is away, one in so long.
    pub(super) fn may_ask(&self) -> Result<Question, Outage> {
        let (mut state, now) = (self.state(), Instant::now());
        match &mut state.away {
            Some(away) if now < away.until => return Err(Outage),
            Some(away) => away.until = now + LEFT_ALONE,
            None => {}
        }
        Ok(Question { changes: state.changes, asked: now })
    }

    /// Takes note that the server failed; says whether that is an outage, or one goes on.
    pub(super) fn begin(&self, question: Question, failed: Failed) -> bool {
        let Failed { kind: failure, code } = failed;
        let (mut state, now) = (self.state(), Instant::now());
        let is_of_a_known_moment = failure == ErrorKind::Timeout && state.noticed.is_some_and(|noticed| question.asked < noticed);
        if question.changes != state.changes || is_of_a_known_moment {
            return false;
        }
        (state.late, state.noticed) = (state.late.saturating_add(1), Some(now));
        if failure == ErrorKind::Timeout && state.late < LATE_IN_A_ROW && state.away.is_none() {
            return false;
        }
        if state.away.replace(Away { failure, until: now + LEFT_ALONE }).is_none() {
            state.changes += 1;
            tracing::warn!(store = self.store, failure = failure.as_str(), code, "a store does not decide; its policy for outages holds");
        }
        true
    }

    /// Takes note that the server answered.
    pub(super) fn end(&self, question: Question) {
        let mut state = self.state();
        if question.changes != state.changes {
            return;
        }
        state.late = 0;
        if state.away.take().is_some() {
            state.changes += 1;
            tracing::warn!(store = self.store, "a store decides again");
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

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(kind: ErrorKind) -> Failed {
        Failed { kind, code: None }
    }

    /// Lets calls ask until one fails for good.
    fn away() -> Outages {
        let outages = Outages::new("a test");
        assert!(outages.begin(outages.may_ask().expect("not away"), failed(ErrorKind::Connect)));
        outages
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_from_before_an_outage_does_not_end_it() {
        let outages = Outages::new("a test");
        let [answered, broken, also] = std::array::from_fn(|_| outages.may_ask().expect("not away"));
        assert!(outages.begin(broken, failed(ErrorKind::Connect)));
        outages.end(answered);
        assert!(outages.tell().is_some());
        assert!(!outages.begin(also, failed(ErrorKind::Connect)), "it is known, and the connection may be a new one");
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
        assert!(!outages.begin(slow, failed(ErrorKind::Connect)));
        assert!(outages.tell().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_from_before_an_outage_that_is_over_begins_none() {
        let outages = Outages::new("a test");
        let [old, broken] = std::array::from_fn(|_| outages.may_ask().expect("not away"));
        assert!(outages.begin(broken, failed(ErrorKind::Connect)));
        let left = || outages.tell().map(|health| health.passed_over_for());
        assert_eq!(left(), Some(Some(LEFT_ALONE)));
        tokio::time::advance(LEFT_ALONE).await;
        assert_eq!(left(), Some(None), "the next call tries it");
        outages.end(outages.may_ask().expect("the one that tries"));
        assert!(!outages.begin(old, failed(ErrorKind::Connect)));
        assert_eq!(left(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_a_second_tries_a_store_that_is_away() {
        let outages = away();
        for _ in 0..3 {
            assert!(outages.may_ask().is_err());
            tokio::time::advance(LEFT_ALONE).await;
            let question = outages.may_ask().expect("the one that tries");
            assert!(outages.may_ask().is_err());
            assert!(outages.begin(question, failed(ErrorKind::Timeout)), "it goes on");
        }
    }

    #[test]
    fn three_slow_moments_in_a_row_are_an_outage() {
        let outages = Outages::new("a test");
        let late = || outages.begin(outages.may_ask().expect("not away"), failed(ErrorKind::Timeout));
        assert_eq!([late(), late()], [false, false]);
        outages.end(outages.may_ask().expect("not away"));
        assert_eq!([late(), late(), late()], [false, false, true]);
    }

    #[tokio::test(start_paused = true)]
    async fn many_calls_that_are_late_together_are_one_slow_moment() {
        let outages = Outages::new("a test");
        for is_outage in [false, false, true] {
            let together: [_; 10] = std::array::from_fn(|_| outages.may_ask().expect("not away"));
            tokio::time::advance(Duration::from_millis(250)).await;
            let found = together.map(|question| outages.begin(question, failed(ErrorKind::Timeout)));
            assert_eq!(found, std::array::from_fn(|number| is_outage && number == 0));
        }
    }
}
