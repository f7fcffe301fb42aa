//! Reservations that a store was asked for and has not confirmed: nothing is ever sent for them.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::record::Token;
use crate::compose::expiring::Expiring;

/// So many are always kept; one that is forgotten is told as unknown, never sent.
const MOST: usize = 1 << 16;

/// Remembers the tokens of such reservations, for as long as the store may keep them.
pub(super) struct Unconfirmed(Mutex<Expiring<Token, ()>>);

/// A reservation that is being asked for. Where its call ends or is dropped without a word of the store, it is remembered.
#[must_use]
pub(super) struct Asked<'a> {
    all: &'a Unconfirmed,
    token: Token,
    remembered: Duration,
    is_confirmed: bool,
}

impl Default for Unconfirmed {
    fn default() -> Self {
        Self(Mutex::new(Expiring::new("the intents", MOST, |()| 1)))
    }
}

impl Unconfirmed {
    /// Begins to ask. Until the end of it nobody may take the reservation back: its call may still send.
    pub(super) fn ask(&self, token: Token, remembered: Duration) -> Asked<'_> {
        Asked { all: self, token, remembered, is_confirmed: false }
    }

    pub(super) fn has(&self, token: Token) -> bool {
        self.all().get(&token, Instant::now()).is_some()
    }

    fn all(&self) -> MutexGuard<'_, Expiring<Token, ()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked<'_> {
    /// Ends with the word of the store.
    pub(super) fn confirm(mut self) {
        self.is_confirmed = true;
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if !self.is_confirmed {
            self.all.all().keep(self.token, Instant::now(), self.remembered);
        }
    }
}
