//! Many calls at a time, and what became of them.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use auth_challenge::SendState;
use tokio::task::JoinSet;

use crate::{
    Failed,
    caller::{Broken, Caller},
    upstream::Upstream,
};

/// Calls at a time.
const IN_FLIGHT: u64 = 64;

/// What became of a number of calls.
#[derive(Default)]
pub struct Outcome {
    first: u64,
    calls: u64,
    broken: Vec<(u64, Broken)>,
}

/// Counts what the callers were told, and what the upstream saw.
#[derive(Debug)]
pub struct Tally {
    pub calls: u64,
    pub failed: u64,
    pub failed_by: BTreeMap<String, u64>,
    pub arrived: u64,
    pub arrived_twice: u64,
    /// Calls that are said not to have been sent, or to have been refused, though the upstream saw them.
    pub told_too_safe: u64,
    /// Calls that succeeded and did not arrive, which cannot be.
    pub unseen: u64,
}

/// Makes so many calls, with the marks from `first` on.
pub async fn run(caller: &Caller, first: u64, calls: u64) -> Result<Outcome, Failed> {
    let next = Arc::new(AtomicU64::new(0));
    let mut callers = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (caller, next) = (caller.clone(), Arc::clone(&next));
        callers.spawn(async move {
            let mut broken = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::SeqCst);
                if number >= calls {
                    return broken;
                }
                if let Err(error) = caller.call(first + number).await {
                    broken.push((first + number, error));
                }
            }
        });
    }
    let mut outcome = Outcome { first, calls, broken: Vec::new() };
    while let Some(broken) = callers.join_next().await {
        outcome.broken.extend(broken?);
    }
    Ok(outcome)
}

impl Outcome {
    /// Holds what was told against what arrived, when no more can arrive.
    pub fn tally(&self, upstream: &Upstream) -> Tally {
        let arrivals = (self.first..self.first + self.calls).map(|mark| upstream.arrived(mark));
        let (mut arrived, mut arrived_twice) = (0, 0);
        for count in arrivals {
            arrived += u64::from(count > 0);
            arrived_twice += u64::from(count > 1);
        }
        let mut failed_by = BTreeMap::new();
        for (_, broken) in &self.broken {
            *failed_by.entry(broken.what.clone()).or_default() += 1;
        }
        let is_safe = |broken: &Broken| matches!(broken.state, Some(SendState::NotSent | SendState::Refused));
        let told_too_safe = self.broken.iter().filter(|(mark, broken)| is_safe(broken) && upstream.arrived(*mark) > 0).count() as u64;
        let failed: HashSet<u64> = self.broken.iter().map(|(mark, _)| *mark).collect();
        let unseen = (self.first..self.first + self.calls).filter(|mark| !failed.contains(mark) && upstream.arrived(*mark) == 0).count() as u64;
        Tally { calls: self.calls, failed: self.broken.len() as u64, failed_by, arrived, arrived_twice, told_too_safe, unseen }
    }
}
