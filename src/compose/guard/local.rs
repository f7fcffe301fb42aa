//! A guard that counts in this process.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasher, Hash, RandomState},
    net::{IpAddr, Ipv6Addr},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use governor::{DefaultKeyedRateLimiter, RateLimiter, clock::Clock as _};

use super::{Guard, Rate, Refusal, Sending};
use crate::model::{ChallengeHandle, Error, Field, Method, Reason, Verification};

/// Limits sends and wrong answers, **in this process alone**: each process of a fleet counts for itself, and counts from nothing when it
/// starts. A fleet shares its counts by a [`Guard`] of its own.
///
/// Recipients and IP addresses are kept as keyed hashes, and only as long as they count.
///
/// ```
/// use auth_challenge::LocalGuard;
///
/// let guard = LocalGuard::new().with_per_recipient("5 per 10m".parse()?).with_per_ip("30 per 1h".parse()?).with_wrong_codes(5).with_calling_codes(["+49", "+64"]);
/// # Ok::<(), auth_challenge::ParseRateError>(())
/// ```
#[derive(Default)]
pub struct LocalGuard {
    per_recipient: Option<Limit>,
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

/// Says for whom a challenge was made, as keyed hashes.
#[derive(Clone, Copy)]
struct Sender {
    recipient: Option<u64>,
    client_ip: Option<u64>,
    since: Instant,
}

/// Time for which wrong answers and senders count; no challenge lives longer.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
/// Number of checks after which what counts no longer is thrown out.
const TIDY_EVERY: u32 = 1024;

impl LocalGuard {
    /// Lets everything pass until limits are added.
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits the messages to one recipient, resends among them, whatever id the challenge has by then.
    pub fn with_per_recipient(mut self, rate: Rate) -> Self {
        self.per_recipient = Limit::new(rate);
        self
    }

    /// Limits the messages that one client asks for: an IPv4 address, or the IPv6 network of 64 bits that one subscriber has.
    pub fn with_per_ip(mut self, rate: Rate) -> Self {
        self.per_ip = Limit::new(rate);
        self
    }

    /// Limits the wrong answers to one challenge: after so many none is handed in any more, and each is rejected as
    /// [`Reason::TooManyAttempts`](crate::Reason::TooManyAttempts).
    pub fn with_wrong_codes(mut self, most: u32) -> Self {
        self.wrong_codes = Some(most);
        self
    }

    /// Lets messages go to phone numbers with these calling codes alone, say `+49`.
    pub fn with_calling_codes<C: Into<String>>(mut self, codes: impl IntoIterator<Item = C>) -> Self {
        self.calling_codes = codes.into_iter().map(Into::into).collect();
        self
    }

    fn key(&self, value: impl Hash) -> u64 {
        self.hasher.hash_one(value)
    }

    fn sender(&self, sending: Sending<'_>) -> Sender {
        Sender {
            recipient: sending.recipient().map(|recipient| self.key(recipient.to_lowercase())),
            client_ip: sending.client_ip().map(|ip| self.key(network(ip))),
            since: Instant::now(),
        }
    }

    /// Finds whom a message that is sent once more counts for: those of the first one, else the recipient that the handle names, else the
    /// challenge.
    fn sender_again(&self, sending: Sending<'_>, handle: &ChallengeHandle) -> Sender {
        let challenge = self.key(handle.challenge_id().expose());
        let named = || Sender {
            recipient: Some(handle.recipient().map_or(challenge, |recipient| self.key(recipient.to_lowercase()))),
            client_ip: None,
            since: Instant::now(),
        };
        let first = locked(&self.sent).get(&challenge).copied().unwrap_or_else(named);
        Sender { client_ip: self.sender(sending).client_ip.or(first.client_ip), ..first }
    }

    fn may_call(&self, method: Method, number: &str) -> bool {
        !method.is_to_phone() || self.calling_codes.is_empty() || self.calling_codes.iter().any(|code| number.starts_with(code.as_str()))
    }
}

/// Gives what counts as one client: an IPv4 address, or the network of 64 bits that one subscriber has.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
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
        let sender = match (sending.handle(), sending.recipient()) {
            (Some(handle), _) => self.sender_again(sending, handle),
            (None, Some(recipient)) if !self.may_call(sending.method(), recipient) => {
                return Err(Refusal::new("expected a phone number with one of the allowed calling codes").with_field(Field::To));
            }
            (None, _) => self.sender(sending),
        };
        // The client first: who is over its limit does not use up the recipient's.
        if let (Some(ip), Some(limit)) = (sender.client_ip, &self.per_ip) {
            limit.check(ip, "too many messages asked for from this client IP address")?;
        }
        match (sender.recipient, &self.per_recipient) {
            (Some(recipient), Some(limit)) => limit.check(recipient, "too many messages to this recipient"),
            _ => Ok(()),
        }
    }

    async fn after_send(&self, sending: Sending<'_>, handle: &ChallengeHandle) {
        if self.per_recipient.is_none() && self.per_ip.is_none() {
            return;
        }
        // Under the id that the message has now, which a resend may have changed.
        let sender = sending.handle().map_or_else(|| self.sender(sending), |first| self.sender_again(sending, first));
        let mut sent = locked(&self.sent);
        tidy(&mut sent, |sender| sender.since);
        sent.insert(self.key(handle.challenge_id().expose()), Sender { since: Instant::now(), ..sender });
    }

    async fn before_verify(&self, handle: &ChallengeHandle, _: Option<IpAddr>) -> Result<(), Refusal> {
        let Some(most) = self.wrong_codes else { return Ok(()) };
        let mut all = locked(&self.wrong);
        tidy(&mut all, |wrong| wrong.since);
        let wrong = all.entry(self.key(handle.challenge_id().expose())).or_insert(Wrong { codes: 0, since: Instant::now() });
        if wrong.codes >= most {
            return Err(Refusal::new("too many wrong answers to this challenge").with_rejection(Reason::TooManyAttempts));
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
            .field("per_recipient", &self.per_recipient.is_some())
            .field("per_ip", &self.per_ip.is_some())
            .field("wrong_codes", &self.wrong_codes)
            .field("calling_codes", &self.calling_codes)
            .finish_non_exhaustive()
    }
}
