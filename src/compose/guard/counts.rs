//! Counts in memory: every decision by a time that is given.

use std::{
    collections::VecDeque,
    hash::{BuildHasher, Hash, RandomState},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    Rate,
    limits::Rule,
    store::{Count, Key, Message, Subject},
};
use crate::compose::expiring::Expiring;

/// Holds what was sent to whom, and how often a challenge was answered wrongly. Recipients, IP addresses and challenges are there as keyed
/// hashes alone.
pub(super) struct Counts {
    hashers: [RandomState; 2],
    windows: Expiring<(Rule, Key), Window>,
    /// The sends to each recipient that count as unverified.
    unverified: Expiring<Key, VecDeque<(Instant, u64)>>,
    subjects: Expiring<Key, Subject>,
    tries: Expiring<Key, u32>,
}

/// Lists what still counts, the oldest first: when, and what.
#[derive(Default)]
struct Window(VecDeque<(Instant, Member)>);

/// What is counted: sends one by one, calling codes each once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    Send(u64),
    CallingCode(Key),
}

/// Time for which wrong answers and subjects count; no challenge lives longer.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
/// Who forgets, in the log, where there is too much.
const OWNER: &str = "a guard";
/// So many sends, subjects and challenges with wrong answers are always kept.
pub(super) const MOST: usize = 1 << 18;

impl Default for Counts {
    fn default() -> Self {
        Self {
            hashers: [RandomState::new(), RandomState::new()],
            windows: Expiring::new(OWNER, MOST, |window| window.0.len()),
            unverified: Expiring::new(OWNER, MOST, VecDeque::len),
            subjects: Expiring::new(OWNER, MOST, |_| 1),
            tries: Expiring::new(OWNER, MOST, |_| 1),
        }
    }
}

impl Member {
    /// Says whether it may be there already, and then counts once.
    fn is_once(self) -> bool {
        matches!(self, Self::CallingCode(_))
    }
}

impl Window {
    /// Counts what is younger than a period.
    fn count(&self, rate: Rate, now: Instant) -> usize {
        self.0.len() - self.0.partition_point(|(at, _)| is_over(*at, rate, now))
    }

    /// Says how long there is no place, if there is none: until the last but so many is a period old.
    fn wait(&self, member: Member, rate: Rate, now: Instant) -> Option<Duration> {
        if member.is_once() && self.0.iter().any(|(at, other)| *other == member && !is_over(*at, rate, now)) {
            return None;
        }
        let (at, _) = self.0.get(self.0.len().checked_sub(rate.times())?)?;
        let wait = rate.period().saturating_sub(now.saturating_duration_since(*at));
        (!wait.is_zero()).then_some(wait)
    }

    fn add(&mut self, member: Member, rate: Rate, now: Instant) {
        while self.0.front().is_some_and(|(at, _)| is_over(*at, rate, now)) {
            self.0.pop_front();
        }
        if member.is_once() {
            self.remove(member);
        }
        self.0.push_back((now, member));
    }

    fn remove(&mut self, member: Member) {
        if let Some(place) = self.0.iter().rposition(|(_, other)| *other == member) {
            self.0.remove(place);
        }
    }
}

fn is_over(at: Instant, rate: Rate, now: Instant) -> bool {
    now.saturating_duration_since(at) >= rate.period()
}

/// Names the place under one limit that a send needs.
struct Place {
    rule: Rule,
    window: Key,
    member: Member,
    rate: Rate,
}

impl Counts {
    /// Gives the key of a value; values of two sorts have different keys.
    pub(super) fn key(&self, sort: &'static str, value: impl Hash + Copy) -> Key {
        let [high, low] = self.hashers.each_ref().map(|hasher| u128::from(hasher.hash_one((sort, value))));
        Key(high << 64 | low)
    }

    fn subject(&self, send: &Message<'_>, now: Instant) -> Subject {
        match send.challenge {
            Some(challenge) => send.subject.again(self.subjects.get(&challenge, now).copied(), challenge),
            None => send.subject,
        }
    }

    fn places(&self, send: &Message<'_>, now: Instant) -> Vec<Place> {
        let subject = self.subject(send, now);
        let place = |(rule, rate): (Rule, Option<Rate>)| {
            let (window, member) = subject.place(rule, Member::Send(send.id), Member::CallingCode)?;
            Some(Place { rule, window, member, rate: rate? })
        };
        Rule::ALL.into_iter().zip(*send.rates).filter_map(place).collect()
    }

    /// Counts under every limit of a send, without taking a place.
    pub(super) fn count(&self, send: &Message<'_>, now: Instant) -> Vec<Count> {
        let count = |place: Place| {
            let window = self.windows.get(&(place.rule, place.window), now);
            Count {
                rule: place.rule,
                taken: window.map_or(0, |window| window.count(place.rate, now)) as u64,
                wait: window.and_then(|window| window.wait(place.member, place.rate, now)),
            }
        };
        self.places(send, now).into_iter().map(count).collect()
    }

    /// Takes a place under every limit of a send; none, where one of them is full.
    pub(super) fn take(&mut self, send: &Message<'_>, now: Instant) -> Vec<Count> {
        let counts = self.count(send, now);
        if counts.iter().any(|count| count.wait.is_some()) {
            return counts;
        }
        for place in self.places(send, now) {
            self.windows.keep((place.rule, place.window), now, place.rate.period()).add(place.member, place.rate, now);
            if let (Rule::UnverifiedPerCallingCode, Some(recipient)) = (place.rule, self.subject(send, now).recipient) {
                let sends = self.unverified.keep(recipient, now, place.rate.period());
                sends.retain(|(at, _)| !is_over(*at, place.rate, now));
                sends.push_back((now, send.id));
            }
        }
        counts
    }

    /// Notes that a message is out, under the challenge that it has now.
    pub(super) fn note(&mut self, send: &Message<'_>, challenge: Key, now: Instant) {
        *self.subjects.keep(challenge, now, REMEMBERED) = self.subject(send, now);
    }

    /// Notes that a challenge was made for a recipient who is under no limit.
    pub(super) fn note_exempt(&mut self, challenge: Key, now: Instant) {
        *self.subjects.keep(challenge, now, REMEMBERED) = Subject { is_exempt: true, ..Subject::default() };
    }

    /// Gives the places of a send back.
    pub(super) fn give_back(&mut self, send: &Message<'_>, now: Instant) {
        for place in self.places(send, now) {
            if let (Member::Send(_), Some(window)) = (place.member, self.windows.get_mut(&(place.rule, place.window))) {
                window.remove(place.member);
            }
        }
        if let Some(sends) = self.subject(send, now).recipient.and_then(|recipient| self.unverified.get_mut(&recipient)) {
            sends.retain(|(_, other)| *other != send.id);
        }
    }

    /// Takes a try at a challenge; none, where so many are taken. Gives how many were taken before.
    pub(super) fn take_try(&mut self, challenge: Key, most: u32, now: Instant) -> u32 {
        let taken = self.tries(challenge, now);
        if taken < most {
            *self.tries.keep(challenge, now, REMEMBERED) += 1;
        }
        taken
    }

    /// Gives one try back.
    pub(super) fn give_try_back(&mut self, challenge: Key) {
        if let Some(taken) = self.tries.get_mut(&challenge) {
            *taken = taken.saturating_sub(1);
        }
    }

    /// Tells how many tries at a challenge were taken.
    pub(super) fn tries(&self, challenge: Key, now: Instant) -> u32 {
        self.tries.get(&challenge, now).copied().unwrap_or_default()
    }

    /// Notes that a challenge was answered.
    pub(super) fn verified(&mut self, challenge: Key, now: Instant) {
        self.tries.remove(&challenge);
        let Some(Subject { recipient: Some(recipient), client_ip, calling_code: Some(code), .. }) = self.subjects.get(&challenge, now).copied() else { return };
        let sends = self.unverified.remove(&recipient).unwrap_or_default();
        if let Some(window) = self.windows.get_mut(&(Rule::UnverifiedPerCallingCode, code)) {
            sends.into_iter().for_each(|(_, send)| window.remove(Member::Send(send)));
        }
        if let Some(window) = client_ip.and_then(|ip| self.windows.get_mut(&(Rule::CallingCodesPerIp, ip))) {
            window.remove(Member::CallingCode(code));
        }
    }
}
