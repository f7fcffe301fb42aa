//! What a double remembers: messages, requests, violations. Bounded, so that a double may run for ever.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex},
};

use super::{Message, Outbox, ReceivedRequest, Requests, SpecViolation, Violations};
use crate::testing::locked;

/// How many entries of each kind are kept.
const KEPT: usize = 10_000;
/// How many bytes of bodies are kept.
const KEPT_BYTES: usize = 16 << 20;

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

#[derive(Default)]
pub(in crate::testing) struct Journal {
    messages: Mutex<VecDeque<Message>>,
    requests: Mutex<(VecDeque<ReceivedRequest>, usize)>,
    violations: Mutex<VecDeque<SpecViolation>>,
    listener: Option<Listener>,
}

impl Journal {
    pub(in crate::testing) fn new(listener: Option<Listener>) -> Self {
        Self { listener, ..Self::default() }
    }

    pub(in crate::testing) fn sent(&self, message: Message) {
        push(&mut locked(&self.messages), message.clone());
        self.tell(&Event::Sent(message));
    }

    pub(in crate::testing) fn received(&self, request: ReceivedRequest) {
        let mut kept = locked(&self.requests);
        kept.1 += request.body.len();
        kept.0.push_back(request);
        while kept.0.len() > KEPT || kept.1 > KEPT_BYTES {
            let Some(oldest) = kept.0.pop_front() else { break };
            kept.1 = kept.1.saturating_sub(oldest.body.len());
        }
    }

    pub(in crate::testing) fn violated(&self, violation: SpecViolation) {
        push(&mut locked(&self.violations), violation.clone());
        self.tell(&Event::Violated(violation));
    }

    pub(in crate::testing) fn outbox(&self) -> Outbox {
        locked(&self.messages).iter().cloned().collect()
    }

    pub(in crate::testing) fn requests(&self) -> Requests {
        locked(&self.requests).0.iter().cloned().collect()
    }

    pub(in crate::testing) fn violations(&self) -> Violations {
        locked(&self.violations).iter().cloned().collect()
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

fn push<T>(entries: &mut VecDeque<T>, entry: T) {
    if entries.len() >= KEPT {
        entries.pop_front();
    }
    entries.push_back(entry);
}
