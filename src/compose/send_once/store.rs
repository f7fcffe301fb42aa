//! Where intents are kept: what every store can do.

use std::{any::Any, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::model::{Error, ProviderHealth};

/// Keeps the intents of a [`SendOnce`](crate::SendOnce): [`LocalIntents`](crate::LocalIntents) in one process, `RedisIntents` (feature `redis`) for a fleet, or
/// one of your own, say a table of your database.
///
/// A name is 64 hexadecimal digits, a record at most a few thousand bytes. Without the key they tell nothing but when a message went out, and how long its handle is. Where `reserve` fails,
/// nothing is sent. A store that forgets a name before its time lets its message be sent once more.
///
/// In SQL, with `ends_at` by the server's clock: `reserve` deletes the row if its time is over, then runs `INSERT … ON CONFLICT DO NOTHING`; where
/// nothing was inserted it reads the row, and begins again where that is gone by then; `settle` is `UPDATE … SET record = ? WHERE name = ? AND record = ?`, `release` a `DELETE` with the same condition.
#[async_trait]
pub trait IntentStore: fmt::Debug + Send + Sync + 'static {
    /// Keeps a record under a name for a time, unless one is kept there: gives that one then, and changes nothing.
    ///
    /// This is one step: of many calls at once a single one gets `None`. It must not return before the record outlives a crash of this process.
    async fn reserve(&self, name: &str, record: &[u8], time: Duration) -> Result<Option<FoundIntent>, Error>;

    /// Puts a record in the place of the one that was reserved, for the rest of its time; does nothing where that one is not kept any more.
    async fn settle(&self, name: &str, reserved: &[u8], record: &[u8]) -> Result<(), Error>;

    /// Forgets the record that was reserved; does nothing where that one is not kept any more.
    async fn release(&self, name: &str, reserved: &[u8]) -> Result<(), Error>;

    /// Tells of the store while it does not answer. No I/O.
    fn health(&self) -> Option<ProviderHealth> {
        None
    }

    /// Gives what it keeps, for the store that takes its place; none where that is kept outside the process.
    fn memory(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        None
    }

    /// Goes on with what the store before it kept, where it can read it.
    fn recall(&self, memory: Arc<dyn Any + Send + Sync>) {
        let _ = memory;
    }
}

/// Holds what a store has under a name.
#[derive(Clone)]
pub struct FoundIntent {
    record: Vec<u8>,
    left: Duration,
}

impl FoundIntent {
    /// Gives a record, and for how long it will still be kept, by the clock of the store.
    pub fn new(record: impl Into<Vec<u8>>, left: Duration) -> Self {
        Self { record: record.into(), left }
    }

    /// Gives the record.
    pub fn record(&self) -> &[u8] {
        &self.record
    }

    /// Says for how long it will still be kept.
    pub fn left(&self) -> Duration {
        self.left
    }
}

impl fmt::Debug for FoundIntent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FoundIntent").field("left", &self.left).finish_non_exhaustive()
    }
}
