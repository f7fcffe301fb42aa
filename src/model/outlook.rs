//! What a page may tell a person before they ask.

use std::time::Duration;

/// Tells what limits leave: how long until the next message may be sent, and how many tries at a code there are.
///
/// [`ChallengeProvider::peek`](crate::ChallengeProvider::peek) gives it. It is a look, and no promise: another call may come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    next_send_in: Option<Duration>,
    tries_left: Option<u32>,
}

impl Outlook {
    /// Tells of the time until the next send, none where there may be one now, and of the tries left, none where nobody counts them.
    pub fn new(next_send_in: Option<Duration>, tries_left: Option<u32>) -> Self {
        Self { next_send_in, tries_left }
    }

    /// Joins what two guards leave: the longer wait, and the fewer tries.
    pub(crate) fn and(self, other: Self) -> Self {
        let tries_left = [self.tries_left, other.tries_left].into_iter().flatten().min();
        Self { next_send_in: self.next_send_in.max(other.next_send_in), tries_left }
    }

    /// Says how long no message can be sent; nothing where one can be sent now.
    pub fn next_send_in(&self) -> Option<Duration> {
        self.next_send_in
    }

    /// Says how many answers may still be handed in; nothing where no guard counts them.
    pub fn tries_left(&self) -> Option<u32> {
        self.tries_left
    }
}
