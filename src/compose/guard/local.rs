//! A guard that counts in this process.

use std::{
    any::Any,
    convert::Infallible,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use tokio::time::Instant;

use super::{
    Guard, Limits, Refusal, Sending,
    counts::{Counts, MOST},
    judge::Judge,
    store::{Count, Key, Message, Store},
};
#[cfg(feature = "redis")]
use crate::model::Secret;
use crate::{
    model::{Challenge, ChallengeHandle, Error, Outlook, Verification},
    telemetry::{Observer, Observers},
};

/// Largest number of a rate that a config may have counted in one process: a quarter of what is always kept, since all rates share that.
pub(crate) const LARGEST_RATE: usize = MOST / 4;

/// Limits sends and wrong answers, **in this process alone**: each process of a fleet counts for itself, and counts from nothing when it
/// starts. Within the process the counts outlive the guard: where [`Reloadable`](crate::Reloadable) puts a provider with a new guard in the place of
/// an old one, the new limits judge what was counted. A fleet shares its counts by `RedisGuard` (feature `redis`), or a [`Guard`] of its own.
///
/// Recipients, IP addresses and challenges are kept as keyed hashes, and only as long as they count. Memory is bounded: of more than 262,144 at
/// once, what would have ended first may be forgotten, which the log warns of; a config with `store = "local"` refuses a rate of more than 65,536. Time is that of `tokio::time`, so that a test can pause it and go
/// on by hours.
///
/// ```
/// use auth_challenge::{Limits, LocalGuard};
///
/// let guard = LocalGuard::new(Limits::new().with_per_recipient("5 per 10m".parse()?).with_wrong_codes(5));
/// # Ok::<(), auth_challenge::ParseRateError>(())
/// ```
#[derive(Debug)]
pub struct LocalGuard(Judge<LocalStore>);

/// Keeps counts in memory, everything under one lock.
#[derive(Default)]
pub(super) struct LocalStore {
    /// Shared with the guards before and after this one; the outer lock is for taking them over.
    counts: Mutex<Arc<Mutex<Counts>>>,
    /// What lists name recipients by hash with, where there is such a key.
    #[cfg(feature = "redis")]
    hash_key: Option<Secret>,
}

impl LocalGuard {
    /// Counts from nothing.
    pub fn new(limits: Limits) -> Self {
        Self(Judge::new(limits, LocalStore::default()))
    }

    /// Adds an [`Observer`], which is told of each decision.
    pub fn with_observer(self, observer: Arc<dyn Observer>) -> Self {
        self.with_observers(&Observers::of(observer))
    }

    pub(crate) fn with_observers(self, observers: &Observers) -> Self {
        Self(self.0.with_observers(observers))
    }

    /// Counts from nothing, and knows the recipients that lists name by hash.
    #[cfg(feature = "redis")]
    pub(super) fn with_hash_key(limits: Limits, hash_key: Secret) -> Self {
        Self(Judge::new(limits, LocalStore { hash_key: Some(hash_key), ..LocalStore::default() }))
    }
}

impl LocalStore {
    fn shared(&self) -> Arc<Mutex<Counts>> {
        Arc::clone(&self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Decides or notes something, under the one lock and at one time.
    fn count<T>(&self, decide: impl FnOnce(&mut Counts, Instant) -> T) -> T {
        let shared = self.shared();
        let mut counts = shared.lock().unwrap_or_else(PoisonError::into_inner);
        decide(&mut counts, Instant::now())
    }
}

#[async_trait]
impl Store for LocalStore {
    type Outage = Infallible;

    fn key(&self, sort: &'static str, value: &[&str]) -> Key {
        self.count(|counts, _| counts.key(sort, value))
    }

    #[cfg(feature = "redis")]
    fn hash(&self, recipient: &str) -> Option<String> {
        self.hash_key.as_ref().map(|key| super::redis::store::hash(key, recipient))
    }

    #[cfg(not(feature = "redis"))]
    fn hash(&self, _: &str) -> Option<String> {
        None
    }

    async fn take(&self, send: &Message<'_>) -> Result<Vec<Count>, Infallible> {
        Ok(self.count(|counts, now| counts.take(send, now)))
    }

    async fn note(&self, send: &Message<'_>, challenge: Key) -> Result<(), Infallible> {
        self.count(|counts, now| counts.note(send, challenge, now));
        Ok(())
    }

    async fn note_exempt(&self, challenge: Key) -> Result<(), Infallible> {
        self.count(|counts, now| counts.note_exempt(challenge, now));
        Ok(())
    }

    async fn give_back(&self, send: &Message<'_>) -> Result<(), Infallible> {
        self.count(|counts, now| counts.give_back(send, now));
        Ok(())
    }

    async fn take_try(&self, challenge: Key, most: u32) -> Result<u32, Infallible> {
        Ok(self.count(|counts, now| counts.take_try(challenge, most, now)))
    }

    async fn give_try_back(&self, challenge: Key) -> Result<(), Infallible> {
        self.count(|counts, _| counts.give_try_back(challenge));
        Ok(())
    }

    async fn verified(&self, challenge: Key) -> Result<(), Infallible> {
        self.count(|counts, now| counts.verified(challenge, now));
        Ok(())
    }

    async fn peek(&self, send: &Message<'_>) -> Result<(Vec<Count>, u32), Infallible> {
        Ok(self.count(|counts, now| (counts.count(send, now), send.challenge.map_or(0, |challenge| counts.tries(challenge, now)))))
    }
}

impl fmt::Debug for LocalStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl Guard for LocalGuard {
    async fn before_send(&self, sending: Sending<'_>) -> Result<(), Refusal> {
        let Ok(ruling) = self.0.before_send(sending).await;
        ruling
    }

    async fn after_send(&self, sending: Sending<'_>, outcome: Result<&Challenge, &Error>) {
        let Ok(()) = self.0.after_send(sending, outcome).await;
    }

    async fn before_verify(&self, handle: &ChallengeHandle, _: Option<IpAddr>) -> Result<(), Refusal> {
        let Ok(ruling) = self.0.before_verify(handle).await;
        ruling
    }

    async fn after_verify(&self, handle: &ChallengeHandle, outcome: Result<&Verification, &Error>) {
        let Ok(()) = self.0.after_verify(handle, outcome).await;
    }

    async fn peek(&self, sending: Sending<'_>) -> Outlook {
        let Ok(outlook) = self.0.peek(sending).await;
        outlook
    }

    fn memory(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        Some(self.0.store().shared())
    }

    fn recall(&self, memory: Arc<dyn Any + Send + Sync>) {
        if let Ok(counts) = memory.downcast::<Mutex<Counts>>() {
            *self.0.store().counts.lock().unwrap_or_else(PoisonError::into_inner) = counts;
        }
    }
}
