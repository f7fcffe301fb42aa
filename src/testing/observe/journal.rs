//! What a double remembers: messages, requests, violations. Bounded, so that a double may run for ever.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex},
};

use super::{Message, Outbox, ReceivedRequest, Requests, SpecViolation, Violations};
use crate::testing::{
    locked,
    weight::{Scales, Weigh},
};

/// How many entries of each kind are kept.
const KEPT: usize = 10_000;
/// What a double remembers at most, in bytes. Each kind has a part of its own, so that a flood of one does not push out the others.
const BUDGET: usize = 24 << 20;

/// Something that happened at a double.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A message was "sent".
    Sent(Message),
    /// A request was not as the vendor's document says.
    Violated(SpecViolation),
}

pub(in crate::testing) type Listener = Arc<dyn Fn(&Event) + Send + Sync>;

pub(in crate::testing) struct Journal {
    messages: Mutex<Shelf<Message>>,
    requests: Mutex<Shelf<ReceivedRequest>>,
    violations: Mutex<Shelf<SpecViolation>>,
    listener: Option<Listener>,
}

impl Journal {
    pub(in crate::testing) fn new(listener: Option<Listener>) -> Self {
        let part = BUDGET / 6;
        Self {
            messages: Mutex::new(Shelf::of_at_most(part)),
            requests: Mutex::new(Shelf::of_at_most(4 * part)),
            violations: Mutex::new(Shelf::of_at_most(part)),
            listener,
        }
    }

    pub(in crate::testing) fn sent(&self, message: Message) {
        locked(&self.messages).push(message.clone());
        self.tell(&Event::Sent(message));
    }

    pub(in crate::testing) fn received(&self, request: ReceivedRequest) {
        locked(&self.requests).push(request);
    }

    pub(in crate::testing) fn violated(&self, violation: SpecViolation) {
        locked(&self.violations).push(violation.clone());
        self.tell(&Event::Violated(violation));
    }

    pub(in crate::testing) fn outbox(&self) -> Outbox {
        locked(&self.messages).entries.iter().cloned().collect()
    }

    pub(in crate::testing) fn requests(&self) -> Requests {
        locked(&self.requests).entries.iter().cloned().collect()
    }

    pub(in crate::testing) fn violations(&self) -> Violations {
        locked(&self.violations).entries.iter().cloned().collect()
    }

    fn tell(&self, event: &Event) {
        if let Some(listener) = &self.listener {
            listener(event);
        }
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").finish_non_exhaustive()
    }
}

/// Entries of one kind in the order in which they came; the oldest go when they are too many or too heavy.
struct Shelf<T> {
    entries: VecDeque<T>,
    scales: Scales,
}

impl<T: Weigh> Shelf<T> {
    fn of_at_most(bytes: usize) -> Self {
        Self { entries: VecDeque::new(), scales: Scales::of_at_most(bytes) }
    }

    fn push(&mut self, entry: T) {
        self.scales.put(entry.weight());
        self.entries.push_back(entry);
        while self.entries.len() > KEPT || self.scales.are_overloaded() {
            let Some(oldest) = self.entries.pop_front() else { return };
            self.scales.take(oldest.weight());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue};

    use super::*;
    use crate::model::Method;

    /// What the journal keeps of all kinds, in bytes.
    fn kept(journal: &Journal) -> usize {
        let weight = |entries: &[usize]| entries.iter().sum::<usize>();
        weight(&locked(&journal.requests).entries.iter().map(Weigh::weight).collect::<Vec<_>>())
            + weight(&locked(&journal.messages).entries.iter().map(Weigh::weight).collect::<Vec<_>>())
            + weight(&locked(&journal.violations).entries.iter().map(Weigh::weight).collect::<Vec<_>>())
    }

    fn request(header: usize, target: usize, body: usize) -> ReceivedRequest {
        let mut headers = HeaderMap::new();
        headers.insert("x-long", HeaderValue::from_bytes(&vec![b'x'; header]).expect("a header"));
        ReceivedRequest { operation: None, method: "GET".into(), target: "/".repeat(target), headers, body: Bytes::from(vec![0; body]) }
    }

    #[test]
    fn headers_targets_bodies_recipients_and_violations_count_against_one_budget() {
        const LONG: usize = 60 << 10;
        let journal = Journal::new(None);
        for number in 0..3_000 {
            journal.received(match number % 3 {
                0 => request(LONG, 1, 0),
                1 => request(1, LONG, 0),
                _ => request(1, 1, LONG),
            });
            let violation = SpecViolation { operation: "POST /".into(), pointer: "p".repeat(LONG / 2), message: "m".repeat(LONG / 2) };
            journal.violated(violation);
            let (to, code) = ("t".repeat(LONG).as_str().into(), "123456".into());
            let challenge_id = number.to_string();
            journal.sent(Message { method: Method::EmailOtp, to, code, link: None, sent_at: SystemTime::UNIX_EPOCH, challenge_id });
        }
        let (requests, messages, violations) = (journal.requests().len(), journal.outbox().len(), journal.violations().len());
        assert!(kept(&journal) <= BUDGET, "{} bytes", kept(&journal));
        // Full, and with the newest: what is kept is bounded by its weight and by nothing that is less.
        assert!(requests > 200 && messages > 50 && violations > 50, "{requests} requests, {messages} messages, {violations} violations");
        assert_eq!(journal.outbox().last().map(|message| message.challenge_id.clone()), Some("2999".to_owned()));
        for _ in 0..KEPT + 10 {
            journal.received(request(1, 1, 1));
        }
        assert_eq!(journal.requests().len(), KEPT);
        assert!(kept(&journal) <= BUDGET);
    }
}
