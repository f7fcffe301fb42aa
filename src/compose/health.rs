//! Memory of the providers that could not be reached a moment ago.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::model::{Error, ErrorKind, ProviderId};

/// Time for which a provider that could not be reached is passed over.
const PASSED_OVER: Duration = Duration::from_secs(30);

/// Remembers which providers could not be reached, and since when.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<BTreeMap<ProviderId, Instant>>);

impl Health {
    /// Says whether the provider could not be reached a moment ago.
    pub(super) fn is_unreachable(&self, provider: &ProviderId) -> bool {
        self.since().get(provider).is_some_and(|since| since.elapsed() < PASSED_OVER)
    }

    /// Takes note of an error: a failed connect makes a provider unreachable, an answer of any kind makes it reachable.
    pub(super) fn note(&self, provider: &ProviderId, error: &Error) {
        if error.kind() == ErrorKind::Connect {
            self.since().insert(provider.clone(), Instant::now());
        } else if error.status().is_some() {
            self.reached(provider);
        }
    }

    /// Takes note of an answer.
    pub(super) fn reached(&self, provider: &ProviderId) {
        self.since().remove(provider);
    }

    fn since(&self) -> MutexGuard<'_, BTreeMap<ProviderId, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
