//! The faults that wait for their requests.

use std::{collections::VecDeque, fmt, sync::Mutex};

use super::{Chance, Fault};
use crate::testing::{Operation, locked};

/// How many faults wait at most; the oldest go.
const MOST: usize = 10_000;

/// The faults that are waiting.
#[derive(Default)]
pub(in crate::testing) struct Faults(Mutex<VecDeque<(Option<Operation>, Fault)>>);

impl Faults {
    pub(in crate::testing) fn add(&self, operation: Option<Operation>, fault: Fault) {
        let mut waiting = locked(&self.0);
        if fault.times != Some(0) {
            waiting.push_back((operation, fault));
        }
        if waiting.len() > MOST {
            waiting.pop_front();
        }
    }

    pub(in crate::testing) fn clear(&self) {
        locked(&self.0).clear();
    }

    /// Lists those that wait, the first first.
    pub(in crate::testing) fn waiting(&self) -> Vec<(Option<Operation>, Fault)> {
        locked(&self.0).iter().cloned().collect()
    }

    /// Gives the first fault that waits for this operation and hits it, used up by one.
    pub(in crate::testing) fn take(&self, operation: Option<Operation>) -> Option<Fault> {
        let mut waiting = locked(&self.0);
        let hits =
            |(wanted, fault): &mut (Option<Operation>, Fault)| (wanted.is_none() || *wanted == operation) && fault.chance.as_mut().is_none_or(Chance::hits);
        let index = waiting.iter_mut().position(hits)?;
        let (_, fault) = waiting.get_mut(index)?;
        let taken = fault.clone();
        if let Some(times) = &mut fault.times {
            *times -= 1;
            if *times == 0 {
                waiting.remove(index);
            }
        }
        Some(taken)
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").field("waiting", &locked(&self.0).len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_which_requests_a_probability_hits() {
        let hit = |probability: f64, seed: u64| -> Vec<bool> {
            let faults = Faults::default();
            faults.add(None, Fault::hang().with_probability(probability).with_seed(seed));
            (0..1_000).map(|_| faults.take(None).is_some()).collect()
        };
        assert_eq!(hit(0.1, 7), hit(0.1, 7));
        assert_ne!(hit(0.1, 7), hit(0.1, 8));
        let share = hit(0.1, 7).into_iter().filter(|hit| *hit).count();
        assert!((50..150).contains(&share), "{share} of 1000");
        assert!(hit(0.0, 7).into_iter().all(|hit| !hit) && hit(1.0, 7).into_iter().all(|hit| hit));
    }

    #[test]
    fn a_fault_that_misses_leaves_the_request_to_the_next_one() {
        let faults = Faults::default();
        faults.add(None, Fault::hang().with_probability(0.0));
        faults.add(None, Fault::garbage());
        assert_eq!(faults.take(None).map(|fault| fault.name()), Some("garbage"));
        assert_eq!(faults.waiting().len(), 1, "the one that missed waits on");
    }
}
