//! What a double remembers and shows: messages, requests, violations, challenges.

mod challenge;
mod journal;
mod message;
mod request;
mod violation;

use std::slice;

pub use challenge::{ChallengeState, Challenges, KnownChallenge};
pub use journal::Event;
pub(super) use journal::{Journal, Listener, Notice, Strayed};
pub use message::{Message, Outbox};
pub use request::{ReceivedRequest, Requests};
pub use violation::{SpecViolation, Violations};

/// Lists what a double kept until it was asked, the oldest first: its [`Outbox`], [`Requests`] or [`Violations`].
///
/// What comes in later is not in it. Its `Debug` shows no address, code or value.
///
/// ```
/// use auth_challenge::testing::Violations;
///
/// let violations = Violations::default();
/// for violation in &violations {
///     println!("{} at {}", violation.operation(), violation.pointer());
/// }
/// assert!(violations.is_empty() && violations.first().is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entries<T>(Vec<T>);

impl<T> Entries<T> {
    /// Goes through them, the oldest first.
    pub fn iter(&self) -> slice::Iter<'_, T> {
        self.0.iter()
    }

    /// Counts them.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Says whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives the oldest.
    pub fn first(&self) -> Option<&T> {
        self.0.first()
    }

    /// Gives the newest.
    pub fn last(&self) -> Option<&T> {
        self.0.last()
    }
}

impl<T: Clone> Entries<T> {
    fn those(&self, fits: impl Fn(&T) -> bool) -> Self {
        self.iter().filter(|entry| fits(entry)).cloned().collect()
    }
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> FromIterator<T> for Entries<T> {
    fn from_iter<I: IntoIterator<Item = T>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl<'a, T> IntoIterator for &'a Entries<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
