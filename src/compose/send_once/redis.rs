//! Intents in Redis or Valkey, for all processes of a fleet.

use std::{sync::LazyLock, time::Duration};

use async_trait::async_trait;
use redis::{Cmd, FromRedisValue};

use super::store::{FoundIntent, IntentStore};
use crate::{
    compose::redis::{LEFT_ALONE, Link, Outage, PREFIX, Script, refused},
    model::{Error, ErrorKind, ProviderHealth, Secret, SendState},
};

/// Keeps intents **for all processes that share a Redis or Valkey server** (features `send-once` and `redis`).
///
/// Each step is one round trip, within 250 ms unless [told otherwise](Self::with_timeout). Where the server does not answer, nothing is sent; the log and
/// [`ChallengeProvider::health`](crate::ChallengeProvider::health), under the name `intents`, tell of it.
///
/// The promise is as good as the server's memory: give it an append-only file that is written always (`appendonly yes`, `appendfsync always`) and a policy
/// that evicts no keys (`maxmemory-policy noeviction`). A server that restarts without its data, a replica that takes over without the last writes, or a clock of the
/// server that jumps ahead, forgets, and the same intent would be sent again. Redis 6 or later.
///
/// The URL is that of [`RedisGuard`](crate::RedisGuard). Nothing connects before the first message.
///
/// ```
/// # #[cfg(feature = "testing")] {
/// use std::sync::Arc;
/// use auth_challenge::{RedisIntents, SendOnce, testing::Scripted};
///
/// let intents = RedisIntents::new("redis://127.0.0.1:6379")?;
/// let auth = SendOnce::new(Arc::new(Scripted::new()), Arc::new(intents), "a secret of 32 characters or more")?;
/// # }
/// # Ok::<(), auth_challenge::Error>(())
/// ```
#[derive(Debug)]
pub struct RedisIntents {
    link: Link,
}

static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("intents.lua")));

impl RedisIntents {
    /// Keeps intents at this server. Does not connect yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] at `redis_url` for what is no URL of Redis, or one with TLS without the feature `rustls`; it is not quoted.
    pub fn new(url: impl Into<Secret>) -> Result<Self, Error> {
        let link = Link::open(&url.into(), "intents").map_err(|mistake| refused(vec![mistake]))?;
        Ok(Self { link })
    }

    /// Sets the time for one step; 250 ms unless told otherwise.
    pub fn with_timeout(mut self, time: Duration) -> Self {
        self.link.time = time;
        self
    }

    async fn run<T: FromRedisValue>(&self, name: &str, operation: &str, reserved: &[u8], extra: &[u8]) -> Result<T, Error> {
        let tell = |call: &mut Cmd| {
            call.arg(operation).arg(reserved).arg(extra);
        };
        self.link.run(&SCRIPT, &format!("{PREFIX}intent:{name}"), tell).await.map_err(|Outage| {
            let error = Error::new(ErrorKind::Unavailable, SendState::NotSent);
            error.with_detail("the server of the intents does not answer").with_retry_after(LEFT_ALONE)
        })
    }
}

#[async_trait]
impl IntentStore for RedisIntents {
    async fn reserve(&self, name: &str, record: &[u8], time: Duration) -> Result<Option<FoundIntent>, Error> {
        let found: Option<(Vec<u8>, i64)> = self.run(name, "reserve", record, time.as_millis().max(1).to_string().as_bytes()).await?;
        Ok(found.map(|(record, left)| FoundIntent::new(record, Duration::from_millis(u64::try_from(left).unwrap_or_default()))))
    }

    async fn settle(&self, name: &str, reserved: &[u8], record: &[u8]) -> Result<(), Error> {
        self.run(name, "settle", reserved, record).await
    }

    async fn release(&self, name: &str, reserved: &[u8]) -> Result<(), Error> {
        self.run(name, "release", reserved, &[]).await
    }

    fn health(&self) -> Option<ProviderHealth> {
        self.link.health()
    }
}
