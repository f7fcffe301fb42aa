//! A guard that counts in this process.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasher, Hash, RandomState},
    net::IpAddr,
    num::NonZeroU32,
    str::FromStr,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};

use super::guard::{Guard, Refusal, Sending};
use crate::{ChallengeHandle, Error, Method, Verification};

/// So many times in so long, say 5 in 10 minutes.
///
/// ```
/// use std::time::Duration;
/// use auth_challenge::Rate;
///
/// let rate: Rate = "5 per 10m".parse()?;
/// assert_eq!(rate, Rate::new(5, Duration::from_secs(600)).expect("a rate"));
/// assert!("0 per 1s".parse::<Rate>().is_err());
/// # Ok::<(), auth_challenge::NotARate>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    times: NonZeroU32,
    period: Duration,
}

/// A text that is no [`Rate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotARate;

impl fmt::Display for NotARate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a rate such as \"5 per 10m\"")
    }
}

impl std::error::Error for NotARate {}

impl Rate {
    /// So many times in so long; none of these may be nothing.
    pub fn new(times: u32, period: Duration) -> Option<Self> {
        let times = NonZeroU32::new(times)?;
        // The limiter counts in nanoseconds between two times.
        (!(period / times.get()).is_zero()).then_some(Self { times, period })
    }

    fn quota(self) -> Option<Quota> {
        Some(Quota::with_period(self.period / self.times.get())?.allow_burst(self.times))
    }
}

impl FromStr for Rate {
    type Err = NotARate;

    fn from_str(text: &str) -> Result<Self, NotARate> {
        let (times, period) = text.split_once(" per ").ok_or(NotARate)?;
        let times = times.trim().parse().map_err(|_| NotARate)?;
        let period = humantime::parse_duration(period.trim()).map_err(|_| NotARate)?;
        Self::new(times, period).ok_or(NotARate)
    }
}

/// Limits sends and wrong answers, **in this process alone**: each process of a fleet counts for itself, and counts from nothing when it
/// starts. A fleet shares its counts by a [`Guard`] of its own.
///
/// Addresses are kept as keyed hashes, and only as long as they count.
///
/// ```
/// use auth_challenge::LocalGuard;
///
/// let guard = LocalGuard::new().per_address("5 per 10m".parse()?).per_ip("30 per 1h".parse()?).wrong_codes(5).calling_codes(["+49", "+64"]);
/// # Ok::<(), auth_challenge::NotARate>(())
/// ```
#[derive(Default)]
pub struct LocalGuard {
    per_address: Option<Limit>,
    per_ip: Option<Limit>,
    wrong_codes: Option<u32>,
    calling_codes: Vec<String>,
    hasher: RandomState,
    wrong: Mutex<HashMap<u64, Wrong>>,
    sent: Mutex<HashMap<u64, Sender>>,
}

struct Limit {
    limiter: DefaultKeyedRateLimiter<u64>,
    checks: AtomicU32,
}

struct Wrong {
    codes: u32,
    since: Instant,
}

/// For whom a challenge was made, as keyed hashes.
#[derive(Clone, Copy)]
struct Sender {
    address: Option<u64>,
    ip: Option<u64>,
    since: Instant,
}

/// How long wrong answers and senders count; no challenge lives longer.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
/// After how many checks what counts no longer is thrown out.
const TIDY_EVERY: u32 = 1024;

impl LocalGuard {
    /// A guard that lets everything pass.
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits the messages to one address.
    pub fn per_address(mut self, rate: Rate) -> Self {
        self.per_address = Limit::new(rate);
        self
    }

    /// Limits the sends that one client address asks for.
    pub fn per_ip(mut self, rate: Rate) -> Self {
        self.per_ip = Limit::new(rate);
        self
    }

    /// Limits the wrong answers to one challenge: after so many, none is handed in any more.
    pub fn wrong_codes(mut self, most: u32) -> Self {
        self.wrong_codes = Some(most);
        self
    }

    /// Lets messages go to phone numbers with these calling codes alone, say `+49`.
    pub fn calling_codes<C: Into<String>>(mut self, codes: impl IntoIterator<Item = C>) -> Self {
        self.calling_codes = codes.into_iter().map(Into::into).collect();
        self
    }

    fn key(&self, value: impl Hash) -> u64 {
        self.hasher.hash_one(value)
    }

    fn sender(&self, sending: Sending<'_>) -> Sender {
        Sender {
            address: sending.address().map(|address| self.key(address.to_lowercase())),
            ip: sending.ip().map(|ip| self.key(ip.to_canonical())),
            since: Instant::now(),
        }
    }

    fn may_call(&self, method: Method, number: &str) -> bool {
        !method.is_to_phone() || self.calling_codes.is_empty() || self.calling_codes.iter().any(|code| number.starts_with(code.as_str()))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Throws out now and then what counts no longer.
fn tidy<T>(all: &mut HashMap<u64, T>, since: impl Fn(&T) -> Instant) {
    if all.len() % TIDY_EVERY as usize == TIDY_EVERY as usize - 1 {
        all.retain(|_, one| since(one).elapsed() < REMEMBERED);
    }
}

impl Limit {
    fn new(rate: Rate) -> Option<Self> {
        Some(Self { limiter: RateLimiter::keyed(rate.quota()?), checks: AtomicU32::new(0) })
    }

    fn check(&self, key: u64, reason: &'static str) -> Result<(), Refusal> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&key).map_err(|until| Refusal::new(reason).with_retry_after(until.wait_time_from(self.limiter.clock().now())))
    }
}

#[async_trait]
impl Guard for LocalGuard {
    async fn before_send(&self, sending: Sending<'_>) -> Result<(), Refusal> {
        let sender = match (sending.handle(), sending.address()) {
            // A message that is sent once more counts for whom the first one did.
            (Some(handle), _) => {
                let challenge = self.key(handle.challenge_id().expose());
                let first = locked(&self.sent).get(&challenge).copied();
                let first = first.unwrap_or(Sender { address: Some(challenge), ip: None, since: Instant::now() });
                Sender { ip: self.sender(sending).ip.or(first.ip), ..first }
            }
            (None, Some(address)) if !self.may_call(sending.method(), address) => {
                return Err(Refusal::new("expected a phone number with one of the allowed calling codes").with_field("to"));
            }
            (None, _) => self.sender(sending),
        };
        // The client first: who is over its limit does not use up the address's.
        if let (Some(ip), Some(limit)) = (sender.ip, &self.per_ip) {
            limit.check(ip, "too many messages asked for from this client address")?;
        }
        match (sender.address, &self.per_address) {
            (Some(address), Some(limit)) => limit.check(address, "too many messages to this address"),
            _ => Ok(()),
        }
    }

    async fn after_send(&self, sending: Sending<'_>, handle: &ChallengeHandle) {
        if sending.handle().is_some() || (self.per_address.is_none() && self.per_ip.is_none()) {
            return;
        }
        let mut sent = locked(&self.sent);
        tidy(&mut sent, |sender| sender.since);
        sent.insert(self.key(handle.challenge_id().expose()), self.sender(sending));
    }

    async fn before_verify(&self, handle: &ChallengeHandle, _: Option<IpAddr>) -> Result<(), Refusal> {
        let Some(most) = self.wrong_codes else { return Ok(()) };
        let mut all = locked(&self.wrong);
        tidy(&mut all, |wrong| wrong.since);
        let wrong = all.entry(self.key(handle.challenge_id().expose())).or_insert(Wrong { codes: 0, since: Instant::now() });
        if wrong.codes >= most {
            return Err(Refusal::new("too many wrong answers to this challenge"));
        }
        // Counted as wrong until the vendor says otherwise, so that many at once are not let through.
        wrong.codes += 1;
        Ok(())
    }

    async fn after_verify(&self, handle: &ChallengeHandle, outcome: Result<&Verification, &Error>) {
        let key = self.key(handle.challenge_id().expose());
        let mut all = locked(&self.wrong);
        match outcome {
            Ok(Verification::Verified(_)) => drop(all.remove(&key)),
            Ok(Verification::Rejected(_)) => {}
            // The vendor did not look at the answer.
            Err(error) if !error.send_state().may_have_acted() => {
                if let Some(wrong) = all.get_mut(&key) {
                    wrong.codes = wrong.codes.saturating_sub(1);
                }
            }
            Err(_) => {}
        }
    }
}

impl fmt::Debug for LocalGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalGuard")
            .field("per_address", &self.per_address.is_some())
            .field("per_ip", &self.per_ip.is_some())
            .field("wrong_codes", &self.wrong_codes)
            .field("calling_codes", &self.calling_codes)
            .finish_non_exhaustive()
    }
}
