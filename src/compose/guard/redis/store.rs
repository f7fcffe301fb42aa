//! Counts in Redis or Valkey: one script, one round trip a decision.

use std::{
    fmt,
    hash::{BuildHasher as _, RandomState},
    sync::LazyLock,
    time::Duration,
};

use async_trait::async_trait;
use hmac::Mac as _;
use redis::{Cmd, FromRedisValue};

use crate::{
    compose::{
        guard::{
            limits::Rule,
            store::{Count, Key, Message, Store, Subject},
        },
        redis::{Link, Outage, PREFIX, Script},
    },
    model::{
        Secret,
        digest::{hex, hmac},
    },
};

/// Keeps counts in Redis, by its clock.
pub(in crate::compose::guard) struct RedisStore {
    pub(in crate::compose::guard) link: Link,
    hash_key: Secret,
    /// Tells the sends of this process from those of all others.
    instance: u64,
    /// The time that tests set, in µs.
    #[cfg(test)]
    pub(in crate::compose::guard) clock: Option<std::sync::Arc<std::sync::atomic::AtomicU64>>,
}

static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("guard.lua")));

impl RedisStore {
    pub(in crate::compose::guard) fn new(link: Link, hash_key: Secret) -> Self {
        Self {
            link,
            hash_key,
            // Of the system's randomness: two machines may not share it.
            instance: RandomState::new().hash_one(()),
            #[cfg(test)]
            clock: None,
        }
    }

    /// Runs one operation.
    async fn run<T: FromRedisValue>(&self, operation: &str, asked: Asked<'_>, extra: &str) -> Result<T, Outage> {
        let tell = |call: &mut Cmd| {
            let Subject { recipient, client_ip, calling_code, is_exempt } = asked.subject;
            call.arg(operation).arg(self.now()).arg(asked.send.map(|id| format!("{:x}-{id:x}", self.instance)).unwrap_or_default());
            for key in [recipient, client_ip, calling_code, asked.challenge] {
                call.arg(key.map(text).unwrap_or_default());
            }
            call.arg(u8::from(is_exempt)).arg(extra);
            for rate in asked.message.map(|message| message.rates).into_iter().flatten() {
                call.arg(rate.map_or(0, |rate| rate.times())).arg(rate.map_or(0, |rate| micros(rate.period())));
            }
        };
        match operation {
            // Twice would be one try too many.
            "give_try_back" => self.link.run_once(&SCRIPT, PREFIX, tell).await,
            _ => self.link.run(&SCRIPT, PREFIX, tell).await,
        }
    }

    /// Gives the time that a test set; nothing for the server's own.
    fn now(&self) -> String {
        #[cfg(test)]
        if let Some(clock) = &self.clock {
            return clock.load(std::sync::atomic::Ordering::Relaxed).to_string();
        }
        String::new()
    }
}

/// Gives the hash that lists name a recipient by.
pub(in crate::compose::guard) fn hash(key: &Secret, recipient: &str) -> String {
    hex(&hmac(key.expose().as_bytes()).chain_update(recipient).finalize().into_bytes())
}

/// What an operation is asked about.
#[derive(Clone, Copy, Default)]
struct Asked<'a> {
    message: Option<&'a Message<'a>>,
    send: Option<u64>,
    subject: Subject,
    challenge: Option<Key>,
}

impl<'a> Asked<'a> {
    fn message(message: &'a Message<'a>) -> Self {
        let Message { id, subject, challenge, .. } = *message;
        Self { message: Some(message), send: Some(id), subject, challenge }
    }

    fn challenge(challenge: Key) -> Self {
        Self { challenge: Some(challenge), ..Self::default() }
    }
}

fn text(key: Key) -> String {
    format!("{:032x}", key.0)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Reads the counts of an answer: rule, places taken, and µs to wait, of each.
fn counts(answer: &[i64]) -> Vec<Count> {
    let count = |of: &[i64]| {
        let &[rule, taken, wait] = of else { return None };
        let rule = Rule::ALL.into_iter().nth(usize::try_from(rule).ok()?.checked_sub(1)?)?;
        let wait = u64::try_from(wait).ok().filter(|wait| *wait > 0).map(Duration::from_micros);
        Some(Count { rule, taken: u64::try_from(taken).unwrap_or_default(), wait })
    };
    answer.chunks_exact(3).filter_map(count).collect()
}

#[async_trait]
impl Store for RedisStore {
    type Outage = Outage;

    fn key(&self, sort: &'static str, value: &[&str]) -> Key {
        let mut mac = hmac(self.hash_key.expose().as_bytes());
        for part in [sort].iter().chain(value) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        let bytes: [u8; 32] = mac.finalize().into_bytes().into();
        Key(bytes.iter().take(16).fold(0, |key, byte| key << 8 | u128::from(*byte)))
    }

    fn hash(&self, recipient: &str) -> Option<String> {
        Some(hash(&self.hash_key, recipient))
    }

    async fn take(&self, message: &Message<'_>) -> Result<Vec<Count>, Outage> {
        let answer: Vec<i64> = self.run("take", Asked::message(message), "").await?;
        Ok(counts(&answer))
    }

    async fn note(&self, message: &Message<'_>, challenge: Key) -> Result<(), Outage> {
        self.run("note", Asked::message(message), &text(challenge)).await
    }

    async fn note_exempt(&self, challenge: Key) -> Result<(), Outage> {
        let subject = Subject { is_exempt: true, ..Subject::default() };
        self.run("note", Asked { subject, ..Asked::default() }, &text(challenge)).await
    }

    async fn give_back(&self, message: &Message<'_>) -> Result<(), Outage> {
        self.run("give_back", Asked::message(message), "").await
    }

    async fn take_try(&self, challenge: Key, most: u32) -> Result<u32, Outage> {
        self.run("take_try", Asked::challenge(challenge), &most.to_string()).await
    }

    async fn give_try_back(&self, challenge: Key) -> Result<(), Outage> {
        self.run("give_try_back", Asked::challenge(challenge), "").await
    }

    async fn verified(&self, challenge: Key) -> Result<(), Outage> {
        self.run("verified", Asked::challenge(challenge), "").await
    }

    async fn peek(&self, message: &Message<'_>) -> Result<(Vec<Count>, u32), Outage> {
        let answer: Vec<i64> = self.run("peek", Asked::message(message), "").await?;
        let tries = answer.last().and_then(|tries| u32::try_from(*tries).ok()).unwrap_or_default();
        Ok((counts(&answer), tries))
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("link", &self.link).finish_non_exhaustive()
    }
}
