//! Intents in this process.

use std::{
    any::Any,
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::Instant;

use super::store::{FoundIntent, IntentStore};
use crate::model::{Error, ErrorKind, SendState};

/// Keeps intents in this process alone, for tests and for services of one process: against repetitions, not against crashes.
///
/// It keeps at most 262,144 at once, some hundred bytes each, and forgets none before its time: one more is refused, and its message not sent. With a day for each there is room for three messages a
/// second; [`SendOnce::with_remembered`](crate::SendOnce::with_remembered) sets a shorter time. Where [`Reloadable`](crate::Reloadable) puts a provider with a new store in the place of an old
/// one, the new one goes on with what was kept. Time is that of `tokio::time`.
#[derive(Default)]
pub struct LocalIntents {
    /// Shared with the stores before and after this one; the outer lock is for taking them over.
    entries: Mutex<Arc<Mutex<Entries>>>,
}

#[derive(Default)]
struct Entries {
    all: HashMap<String, Entry>,
    /// How many lead to the next tidying.
    tidy_at: usize,
    tidied: Option<Instant>,
}

struct Entry {
    record: Vec<u8>,
    since: Instant,
    time: Duration,
}

const MOST: usize = 262_144;
/// So many are kept before it is worth while to tidy.
const FEW: usize = 1024;
/// Time between two looks through a store that is full.
const PAUSE: Duration = Duration::from_secs(1);

impl Entry {
    fn left(&self, now: Instant) -> Duration {
        self.time.saturating_sub(now.saturating_duration_since(self.since))
    }
}

impl LocalIntents {
    /// Knows of no intent.
    pub fn new() -> Self {
        Self::default()
    }

    fn shared(&self) -> Arc<Mutex<Entries>> {
        Arc::clone(&self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn locked(entries: &Mutex<Entries>) -> MutexGuard<'_, Entries> {
    entries.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Entries {
    /// Adds an entry, and forgets what has had its time where there are many.
    fn add(&mut self, name: &str, entry: Entry, now: Instant) -> Result<(), Error> {
        let is_time = self.tidied.is_none_or(|tidied| now.saturating_duration_since(tidied) >= PAUSE);
        if self.all.len() >= self.tidy_at.max(FEW) && (self.all.len() < MOST || is_time) {
            self.all.retain(|_, entry| !entry.left(now).is_zero());
            (self.tidy_at, self.tidied) = ((2 * self.all.len()).min(MOST), Some(now));
        }
        if self.all.len() >= MOST {
            let error = Error::new(ErrorKind::Throttled, SendState::NotSent).with_detail("more intents than one process keeps");
            return Err(error.with_retry_after(PAUSE));
        }
        self.all.insert(name.to_owned(), entry);
        Ok(())
    }
}

#[async_trait]
impl IntentStore for LocalIntents {
    async fn reserve(&self, name: &str, record: &[u8], time: Duration) -> Result<Option<FoundIntent>, Error> {
        let (shared, now) = (self.shared(), Instant::now());
        let mut entries = locked(&shared);
        if let Some(old) = entries.all.get(name).filter(|old| !old.left(now).is_zero()) {
            return Ok(Some(FoundIntent::new(old.record.as_slice(), old.left(now))));
        }
        entries.add(name, Entry { record: record.to_vec(), since: now, time }, now).map(|()| None)
    }

    async fn settle(&self, name: &str, reserved: &[u8], record: &[u8]) -> Result<(), Error> {
        if let Some(entry) = locked(&self.shared()).all.get_mut(name).filter(|entry| entry.record == reserved) {
            entry.record = record.to_vec();
        }
        Ok(())
    }

    async fn release(&self, name: &str, reserved: &[u8]) -> Result<(), Error> {
        let shared = self.shared();
        let mut entries = locked(&shared);
        if entries.all.get(name).is_some_and(|entry| entry.record == reserved) {
            entries.all.remove(name);
        }
        Ok(())
    }

    fn memory(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        Some(self.shared())
    }

    fn recall(&self, memory: Arc<dyn Any + Send + Sync>) {
        if let Ok(entries) = memory.downcast::<Mutex<Entries>>() {
            *self.entries.lock().unwrap_or_else(PoisonError::into_inner) = entries;
        }
    }
}

impl fmt::Debug for LocalIntents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalIntents").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_has_had_its_time_is_forgotten_as_more_comes_however_fast() {
        let store = LocalIntents::new();
        for number in 0..4 * FEW {
            assert!(store.reserve(&number.to_string(), b"record", Duration::ZERO).await.is_ok_and(|found| found.is_none()), "{number}");
        }
        let kept = locked(&store.shared()).all.len();
        assert!(kept <= FEW, "{kept}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_store_forgets_nothing_before_its_time_and_takes_more_when_some_have_had_theirs() {
        let (store, minute) = (LocalIntents::new(), Duration::from_secs(60));
        for number in 0..MOST {
            let time = if number % 2 == 0 { minute } else { 3 * minute };
            assert!(store.reserve(&number.to_string(), b"record", time).await.is_ok_and(|found| found.is_none()), "{number}");
        }
        let error = store.reserve("more", b"record", minute).await.expect_err("full");
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Throttled, SendState::NotSent));
        assert!(store.reserve("0", b"other", minute).await.is_ok_and(|found| found.is_some()), "what is kept is found");
        tokio::time::advance(minute).await;
        assert!(store.reserve("more", b"record", minute).await.is_ok_and(|found| found.is_none()));
        assert!(store.reserve("0", b"other", minute).await.is_ok_and(|found| found.is_none()), "its time was over");
        assert!(store.reserve("1", b"other", minute).await.is_ok_and(|found| found.is_some()));
    }
}
