//! What a double remembers: messages, requests, violations. Bounded, so that a double may run for ever.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
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

/// Tells what happened at a double.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A message was "sent".
    Sent(Message),
    /// A request was answered, or a fault kept its answer back.
    Answered(ReceivedRequest),
    /// A request was not as the vendor's document says.
    Violated(SpecViolation),
}

pub(in crate::testing) type Listener = Arc<dyn Fn(&Event) + Send + Sync>;

/// Tells those who watch a double what changed; the entry is found by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::testing) enum Notice {
    Sent(u64),
    Received(u64),
    Answered(u64),
    Violated(u64),
    Faults,
    Clock,
    Forgotten,
}

/// Hears of what changes, until it says that nobody listens any more.
pub(in crate::testing) type Watcher = Box<dyn Fn(Notice) -> bool + Send + Sync>;

pub(in crate::testing) struct Journal {
    messages: Mutex<Shelf<Message>>,
    requests: Mutex<Shelf<ReceivedRequest>>,
    violations: Mutex<Shelf<Strayed>>,
    listener: Option<Listener>,
    watchers: Mutex<Vec<Watcher>>,
}

/// A violation, and the number of the request that it is in.
#[derive(Clone, Debug)]
pub(in crate::testing) struct Strayed {
    pub(in crate::testing) request: u64,
    pub(in crate::testing) violation: SpecViolation,
}

impl Weigh for Strayed {
    fn weight(&self) -> usize {
        self.violation.weight()
    }
}

impl Journal {
    pub(in crate::testing) fn new(listener: Option<Listener>) -> Self {
        let part = BUDGET / 6;
        Self {
            messages: Mutex::new(Shelf::of_at_most(part)),
            requests: Mutex::new(Shelf::of_at_most(4 * part)),
            violations: Mutex::new(Shelf::of_at_most(part)),
            listener,
            watchers: Mutex::default(),
        }
    }

    pub(in crate::testing) fn sent(&self, message: Message) {
        let number = locked(&self.messages).push(message.clone());
        self.tell(|| Event::Sent(message));
        self.notify(Notice::Sent(number));
    }

    /// Gives the last number that anything got.
    pub(in crate::testing) fn last_number() -> u64 {
        LAST.load(Ordering::Relaxed)
    }

    /// Gives higher numbers than this one from now on.
    pub(in crate::testing) fn go_on_from(number: u64) {
        LAST.fetch_max(number, Ordering::Relaxed);
    }

    /// Leaves the messages, for those that were sent before.
    pub(in crate::testing) fn forget_messages(&self) {
        locked(&self.messages).clear();
    }

    /// Keeps a message that was sent before, with its number then, if no later one is there.
    pub(in crate::testing) fn restore(&self, number: u64, message: Message) {
        locked(&self.messages).put_back(number, message);
    }

    /// Keeps a request; gives its number.
    pub(in crate::testing) fn received(&self, request: ReceivedRequest) -> u64 {
        let number = locked(&self.requests).push(request);
        self.notify(Notice::Received(number));
        number
    }

    /// Notes what became of a request: the status of its answer, if it gets one.
    pub(in crate::testing) fn answered(&self, number: u64, status: Option<u16>) {
        let answered = locked(&self.requests).get_mut(number).map(|request| {
            request.status = status;
            request.clone()
        });
        if let Some(request) = answered {
            self.tell(|| Event::Answered(request));
            self.notify(Notice::Answered(number));
        }
    }

    pub(in crate::testing) fn violated(&self, request: u64, violation: SpecViolation) {
        let number = locked(&self.violations).push(Strayed { request, violation: violation.clone() });
        self.tell(|| Event::Violated(violation));
        self.notify(Notice::Violated(number));
    }

    pub(in crate::testing) fn forget(&self) {
        locked(&self.messages).clear();
        locked(&self.requests).clear();
        locked(&self.violations).clear();
        self.notify(Notice::Forgotten);
    }

    pub(in crate::testing) fn outbox(&self) -> Outbox {
        self.messages().into_iter().map(|(_, message)| message).collect()
    }

    pub(in crate::testing) fn requests(&self) -> Requests {
        self.numbered_requests().into_iter().map(|(_, request)| request).collect()
    }

    pub(in crate::testing) fn violations(&self) -> Violations {
        self.strayed().into_iter().map(|(_, strayed)| strayed.violation).collect()
    }

    pub(in crate::testing) fn messages(&self) -> Vec<(u64, Message)> {
        locked(&self.messages).entries.iter().cloned().collect()
    }

    pub(in crate::testing) fn numbered_requests(&self) -> Vec<(u64, ReceivedRequest)> {
        locked(&self.requests).entries.iter().cloned().collect()
    }

    pub(in crate::testing) fn strayed(&self) -> Vec<(u64, Strayed)> {
        locked(&self.violations).entries.iter().cloned().collect()
    }

    pub(in crate::testing) fn message(&self, number: u64) -> Option<Message> {
        locked(&self.messages).get_mut(number).cloned()
    }

    pub(in crate::testing) fn request(&self, number: u64) -> Option<ReceivedRequest> {
        locked(&self.requests).get_mut(number).cloned()
    }

    pub(in crate::testing) fn violation(&self, number: u64) -> Option<Strayed> {
        locked(&self.violations).get_mut(number).cloned()
    }

    /// Lets somebody watch.
    pub(in crate::testing) fn watch(&self, watcher: Watcher) {
        locked(&self.watchers).push(watcher);
    }

    pub(in crate::testing) fn notify(&self, notice: Notice) {
        locked(&self.watchers).retain(|watcher| watcher(notice));
    }

    fn tell(&self, event: impl FnOnce() -> Event) {
        if let Some(listener) = &self.listener {
            listener(&event());
        }
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").finish_non_exhaustive()
    }
}

/// The last number that an entry got.
static LAST: AtomicU64 = AtomicU64::new(0);

/// Entries of one kind with their numbers, in the order in which they came; the oldest go when they are too many or too heavy.
struct Shelf<T> {
    entries: VecDeque<(u64, T)>,
    scales: Scales,
}

impl<T: Weigh> Shelf<T> {
    fn of_at_most(bytes: usize) -> Self {
        Self { entries: VecDeque::new(), scales: Scales::of_at_most(bytes) }
    }

    /// Puts an entry at the end; gives its number, which is higher than all before at the doubles of this process.
    fn push(&mut self, entry: T) -> u64 {
        let number = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        self.put(number, entry);
        number
    }

    /// Puts an entry at the end that has a number already; a new one where that is not the highest here.
    fn put_back(&mut self, number: u64, entry: T) {
        Journal::go_on_from(number);
        if self.entries.back().is_none_or(|(last, _)| *last < number) {
            self.put(number, entry);
        } else {
            self.push(entry);
        }
    }

    fn put(&mut self, number: u64, entry: T) {
        self.scales.put(entry.weight());
        self.entries.push_back((number, entry));
        while self.entries.len() > KEPT || self.scales.are_overloaded() {
            let Some((_, oldest)) = self.entries.pop_front() else { break };
            self.scales.take(oldest.weight());
        }
    }

    fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let index = self.entries.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        self.entries.get_mut(index).map(|(_, entry)| entry)
    }

    fn clear(&mut self) {
        for (_, entry) in self.entries.drain(..) {
            self.scales.take(entry.weight());
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
        fn weight<T: Weigh>(shelf: &Mutex<Shelf<T>>) -> usize {
            locked(shelf).entries.iter().map(|(_, entry)| entry.weight()).sum()
        }
        weight(&journal.requests) + weight(&journal.messages) + weight(&journal.violations)
    }

    fn request(header: usize, target: usize, body: usize) -> ReceivedRequest {
        let mut headers = HeaderMap::new();
        headers.insert("x-long", HeaderValue::from_bytes(&vec![b'x'; header]).expect("a header"));
        let (target, body, received_at) = ("/".repeat(target), Bytes::from(vec![0; body]), SystemTime::UNIX_EPOCH);
        ReceivedRequest { operation: None, method: "GET".into(), target, headers, body, received_at, status: None, fault: None }
    }

    #[test]
    fn headers_targets_bodies_recipients_and_violations_count_against_one_budget() {
        const LONG: usize = 60 << 10;
        let journal = Journal::new(None);
        for number in 0..3_000 {
            let request = journal.received(match number % 3 {
                0 => request(LONG, 1, 0),
                1 => request(1, LONG, 0),
                _ => request(1, 1, LONG),
            });
            journal.violated(request, SpecViolation { operation: "POST /".into(), pointer: "p".repeat(LONG / 2), message: "m".repeat(LONG / 2) });
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
        journal.forget();
        assert_eq!(kept(&journal), 0);
        assert_eq!(locked(&journal.requests).scales, Scales::of_at_most(4 * (BUDGET / 6)), "what is gone has no weight");
    }

    #[test]
    fn an_entry_is_found_by_its_number_until_it_is_forgotten() {
        let journal = Journal::new(None);
        let numbers: Vec<u64> = (0..3).map(|_| journal.received(request(1, 1, 1))).collect();
        assert!(numbers.is_sorted() && numbers.iter().all(|number| journal.request(*number).is_some()));
        journal.answered(numbers[1], Some(200));
        assert_eq!(journal.requests().iter().map(ReceivedRequest::status).collect::<Vec<_>>(), [None, Some(200), None]);
        journal.forget();
        assert!(journal.request(numbers[1]).is_none());
    }

    #[test]
    fn a_watcher_hears_of_all_until_it_wants_no_more() {
        let journal = Journal::new(None);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&heard);
        journal.watch(Box::new(move |notice| {
            locked(&notes).push(notice);
            notice != Notice::Forgotten
        }));
        let number = journal.received(request(1, 1, 1));
        journal.answered(number, None);
        journal.forget();
        journal.notify(Notice::Faults);
        assert_eq!(*locked(&heard), [Notice::Received(number), Notice::Answered(number), Notice::Forgotten]);
    }
}
