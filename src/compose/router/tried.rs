//! Memory of which providers were tried for whom, so that failover goes to the others first.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::health::is_of_transport;
use crate::{
    compose::expiring::Expiring,
    model::{Error, ProviderId, SendState, recipient},
};

/// Time for which a try is remembered: about as long as a code lives. Who asks again within it most likely got nothing by the first message; who comes
/// later has a login of its own.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);
/// So many tries are always kept.
const MOST: usize = 1 << 16;

/// Remembers the tries of this process, as keyed hashes of recipient and provider alone.
pub(super) struct Tried {
    hasher: RandomState,
    tries: Mutex<Expiring<u64, ()>>,
}

/// The tries for one recipient.
pub(super) struct Tries<'a> {
    tried: &'a Tried,
    /// In the form in which it counts; none where nothing is to be remembered.
    recipient: Option<String>,
}

/// One provider's try. It counts from its beginning on, so that calls beside this one know of it, and stays where the call is dropped: a message may be
/// under way.
#[must_use]
pub(super) struct Try<'a> {
    tried: &'a Tried,
    /// What to forget where it turns out to be no try; none where there was one before.
    new: Option<u64>,
}

impl Default for Tried {
    fn default() -> Self {
        Self { hasher: RandomState::new(), tries: Mutex::new(Expiring::new("a router", MOST, |()| 1)) }
    }
}

impl Tried {
    /// Gives the tries for a recipient, however it is spelt; none are there, or will be, where there is no recipient.
    pub(super) fn by(&self, recipient: Option<&str>) -> Tries<'_> {
        Tries { tried: self, recipient: recipient.map(recipient::counted) }
    }

    fn tries(&self) -> MutexGuard<'_, Expiring<u64, ()>> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Tries<'a> {
    /// Says whether a provider was tried a while ago.
    pub(super) fn has(&self, provider: &ProviderId) -> bool {
        self.key(provider).is_some_and(|key| self.tried.tries().get(&key, Instant::now()).is_some())
    }

    /// Begins a try at a provider.
    pub(super) fn begin(&self, provider: &ProviderId) -> Try<'a> {
        let key = self.key(provider).filter(|key| {
            let (mut tries, now) = (self.tried.tries(), Instant::now());
            let is_new = tries.get(key, now).is_none();
            tries.keep(*key, now, REMEMBERED);
            is_new
        });
        Try { tried: self.tried, new: key }
    }

    fn key(&self, provider: &ProviderId) -> Option<u64> {
        self.recipient.as_deref().map(|recipient| self.tried.hasher.hash_one((recipient, provider)))
    }
}

impl Try<'_> {
    /// Ends with what became of the create. What was refused before anything was sent, for what is in the request or by a guard, was no try.
    pub(super) fn end<T>(self, outcome: &Result<T, Error>) {
        let was_none = outcome.as_ref().is_err_and(|error| error.send_state() == SendState::NotSent && !is_of_transport(error));
        if let Some(key) = self.new.filter(|_| was_none) {
            self.tried.tries().remove(&key);
        }
    }
}

impl fmt::Debug for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tried").finish_non_exhaustive()
    }
}
