//! What a guard counts, in memory: everything under one lock, and every decision by a time that is given.

use std::{
    collections::VecDeque,
    hash::{BuildHasher, Hash, RandomState},
    time::Duration,
};

use tokio::time::Instant;

use super::{Rate, expiring::Expiring};

/// Holds what was sent to whom, and how often a challenge was answered wrongly. Recipients, IP addresses and challenges are there as keyed
/// hashes alone.
pub(super) struct Counts {
    hasher: RandomState,
    sends: Expiring<Window>,
    senders: Expiring<Sender>,
    wrong: Expiring<u32>,
}

/// Says for whom a challenge was made.
#[derive(Clone, Copy, Default)]
pub(super) struct Sender {
    pub(super) recipient: Option<u64>,
    pub(super) client_ip: Option<u64>,
}

/// Allows so many sends in so long to one recipient, or from one client.
pub(super) struct Limit {
    pub(super) of: u64,
    pub(super) rate: Rate,
    pub(super) reason: &'static str,
}

/// Tells of the limit that stands in the way the longest, and for how long.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full {
    pub(super) reason: &'static str,
    pub(super) wait: Duration,
}

/// Lists the sends of one recipient or client that still count, the oldest first: when, and which.
#[derive(Default)]
struct Window(VecDeque<(Instant, u64)>);

/// Time for which wrong answers and senders count; no challenge lives longer.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
/// So many sends, senders and challenges with wrong answers are always kept.
const MOST: usize = 1 << 18;

impl Default for Counts {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            sends: Expiring::new(MOST, |window| window.0.len()),
            senders: Expiring::new(MOST, |_| 1),
            wrong: Expiring::new(MOST, |_| 1),
        }
    }
}

impl Window {
    /// Says how long there is no place for another send, if there is none: until the last but so many is a period old.
    fn wait(&self, rate: Rate, now: Instant) -> Option<Duration> {
        let (at, _) = self.0.get(self.0.len().checked_sub(rate.times())?)?;
        let wait = rate.period().saturating_sub(now.saturating_duration_since(*at));
        (!wait.is_zero()).then_some(wait)
    }

    fn add(&mut self, send: u64, rate: Rate, now: Instant) {
        while self.0.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) >= rate.period()) {
            self.0.pop_front();
        }
        self.0.push_back((now, send));
    }

    fn remove(&mut self, send: u64) {
        if let Some(place) = self.0.iter().rposition(|(_, other)| *other == send) {
            self.0.remove(place);
        }
    }
}

impl Counts {
    /// Gives the key of a value; values of two sorts have different keys.
    pub(super) fn key(&self, sort: &'static str, value: impl Hash) -> u64 {
        self.hasher.hash_one((sort, value))
    }

    /// Finds the limit that stands in the way of one more send, without taking any.
    pub(super) fn full(&self, limits: &[Limit], now: Instant) -> Option<Full> {
        let waits = limits.iter().filter_map(|limit| Some(Full { reason: limit.reason, wait: self.sends.get(limit.of, now)?.wait(limit.rate, now)? }));
        waits.max_by_key(|full| full.wait)
    }

    /// Takes a place under every limit for this send, or none at all.
    pub(super) fn take(&mut self, limits: &[Limit], send: u64, now: Instant) -> Result<(), Full> {
        if let Some(full) = self.full(limits, now) {
            return Err(full);
        }
        for limit in limits {
            self.sends.keep(limit.of, now, limit.rate.period()).add(send, limit.rate, now);
        }
        Ok(())
    }

    /// Gives the places of this send back.
    pub(super) fn give_back(&mut self, limits: &[Limit], send: u64) {
        for limit in limits {
            if let Some(window) = self.sends.get_mut(limit.of) {
                window.remove(send);
            }
        }
    }

    /// Finds for whom a challenge was made.
    pub(super) fn sender(&self, challenge: u64, now: Instant) -> Option<Sender> {
        self.senders.get(challenge, now).copied()
    }

    /// Notes for whom a challenge was made.
    pub(super) fn note_sender(&mut self, challenge: u64, sender: Sender, now: Instant) {
        *self.senders.keep(challenge, now, REMEMBERED) = sender;
    }

    /// Takes a try at a challenge, unless so many are taken. It counts as wrong until told otherwise, so that many at once are not let through.
    pub(super) fn take_try(&mut self, challenge: u64, most: u32, now: Instant) -> bool {
        if self.wrong.get(challenge, now).is_some_and(|taken| *taken >= most) {
            return false;
        }
        *self.wrong.keep(challenge, now, REMEMBERED) += 1;
        true
    }

    /// Gives one try back.
    pub(super) fn give_try_back(&mut self, challenge: u64) {
        if let Some(taken) = self.wrong.get_mut(challenge) {
            *taken = taken.saturating_sub(1);
        }
    }

    /// Forgets the tries at a challenge, which was answered.
    pub(super) fn forget_tries(&mut self, challenge: u64) {
        self.wrong.remove(challenge);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(of: u64, times: u32, seconds: u64, reason: &'static str) -> Limit {
        Limit { of, rate: Rate::new(times, Duration::from_secs(seconds)).expect("a rate"), reason }
    }

    #[test]
    fn no_more_than_so_many_pass_in_any_period_and_as_many_as_may() {
        // Ten in two seconds, asked for ever so often: burst and refill would let nineteen through.
        for pause in [1, 7, 100, 199, 200, 201, 1999] {
            let (mut counts, start) = (Counts::default(), Instant::now());
            let limits = [limit(1, 10, 2, "")];
            let mut passed: Vec<u64> = Vec::new();
            for (send, at) in (0..10_000).step_by(pause).enumerate() {
                let at = u64::try_from(at).expect("a time");
                let before = passed.iter().filter(|time| at - **time < 2000).count();
                match counts.take(&limits, send.try_into().expect("a number"), start + Duration::from_millis(at)) {
                    Ok(()) => passed.push(at),
                    Err(full) => {
                        assert_eq!(before, 10, "{pause}: refused at {at}");
                        let oldest = passed[passed.len() - 10];
                        assert_eq!(full.wait, Duration::from_millis(2000 - (at - oldest)));
                    }
                }
                assert!(passed.iter().filter(|time| at - **time < 2000).count() <= 10, "{pause}: at {at}");
            }
        }
    }

    #[test]
    fn a_send_takes_a_place_under_every_limit_or_none() {
        let (mut counts, now) = (Counts::default(), Instant::now());
        let to = |recipient| [limit(recipient, 1, 60, "recipient"), limit(99, 2, 600, "client")];
        assert_eq!(counts.take(&to(1), 1, now), Ok(()));
        for send in 2..20 {
            assert_eq!(counts.take(&to(1), send, now), Err(Full { reason: "recipient", wait: Duration::from_secs(60) }));
        }
        assert_eq!(counts.take(&to(2), 20, now), Ok(()), "the client's limit was not used up");
        assert_eq!(counts.take(&to(3), 21, now), Err(Full { reason: "client", wait: Duration::from_secs(600) }));
        assert_eq!(counts.full(&to(3)[..1], now), None, "the recipient's limit was not used up");
        assert_eq!(counts.take(&to(2), 22, now), Err(Full { reason: "client", wait: Duration::from_secs(600) }), "the longer wait is told");
    }

    #[test]
    fn a_place_that_is_given_back_is_the_sends_own() {
        let (mut counts, start) = (Counts::default(), Instant::now());
        let limits = [limit(1, 2, 60, "")];
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!((counts.take(&limits, 1, at(0)), counts.take(&limits, 2, at(50))), (Ok(()), Ok(())));
        counts.give_back(&limits, 1);
        counts.give_back(&limits, 1);
        assert_eq!(counts.take(&limits, 3, at(51)), Ok(()));
        assert_eq!(counts.take(&limits, 4, at(61)).map_err(|full| full.wait), Err(Duration::from_secs(49)));
    }

    #[test]
    fn a_new_rate_judges_what_was_counted_under_the_old_one() {
        let (mut counts, now) = (Counts::default(), Instant::now());
        for send in 0..5 {
            assert_eq!(counts.take(&[limit(1, 5, 600, "")], send, now), Ok(()));
        }
        assert!(counts.take(&[limit(1, 3, 600, "")], 6, now).is_err());
        assert!(counts.take(&[limit(1, 6, 600, "")], 7, now).is_ok());
    }

    #[test]
    fn tries_are_counted_for_each_challenge() {
        let (mut counts, now) = (Counts::default(), Instant::now());
        assert!(counts.take_try(1, 2, now) && counts.take_try(1, 2, now) && !counts.take_try(1, 2, now));
        assert!(counts.take_try(2, 2, now));
        counts.give_try_back(1);
        assert!(counts.take_try(1, 2, now) && !counts.take_try(1, 2, now));
        counts.forget_tries(1);
        assert!(counts.take_try(1, 2, now));
    }

    #[test]
    fn a_key_tells_sorts_apart() {
        let counts = Counts::default();
        assert_eq!(counts.key("to", "1"), counts.key("to", "1"));
        assert_ne!(counts.key("to", "1"), counts.key("ip", "1"));
        assert_ne!(counts.key("to", "1"), Counts::default().key("to", "1"), "keyed for each");
    }
}
