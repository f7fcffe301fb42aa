//! A guard that counts in this process.

use std::{
    any::Any,
    fmt,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use tokio::time::Instant;

use super::{
    Guard, Rate, Refusal, Sending,
    counts::{Counts, Sender},
    rules::Rules,
};
use crate::model::{Challenge, ChallengeHandle, Error, Field, Reason, SendState, Verification, recipient::counted};

/// Limits sends and wrong answers, **in this process alone**: each process of a fleet counts for itself, and counts from nothing when it
/// starts. A fleet shares its counts by a [`Guard`] of its own. Within the process the counts outlive the guard: where
/// [`Reloadable`](crate::Reloadable) puts a provider with a new guard in the place of an old one, the new limits judge what was counted.
///
/// - **A send** takes a place under every limit that it falls under, or under none if one of them is full. Places are taken before the message
///   goes out, and given back only where nothing was sent ([`SendState::NotSent`](crate::SendState::NotSent)): what a vendor refused has
///   reached it, and a caller who gives up half-way leaves the place taken.
/// - **One recipient** is one whatever way it is written. Case (of any writing), forms for the same letter (NFKC: `ｘ` is `x`), blanks, and
///   characters that are not seen make no difference; comments, quotes, a name before `<…>` and dots at the ends are left out; so is the `+tag`
///   of an e-mail address; the domain counts in its ASCII form (`xn--…`). Of a phone number the digits count, without zeros in front.
///   Dots within the name of a mailbox do count, since they tell people apart at most providers. The message goes to what was given.
/// - **One client** is an IPv4 address, or the IPv6 network of 64 bits that one subscriber has.
/// - **A try** at a code is taken before the vendor is asked, and given back only where the vendor was not
///   ([`SendState::NotSent`](crate::SendState::NotSent)). So an outage, or a 401 for credentials of yours that are wrong, uses up tries as a
///   wrong code does; a vendor's refusals look too much like each other to let a guesser have them for nothing.
///
/// Recipients, IP addresses and challenges are kept as keyed hashes, and only as long as they count: sends for the period of their limit, wrong
/// answers for 24 hours after the last one. Memory is bounded: of more than 262,144 at once, what would have ended first may be forgotten, which
/// the log warns of. Time is that of `tokio::time`, so that a test can pause it and go on by hours.
///
/// ```
/// use auth_challenge::LocalGuard;
///
/// let guard = LocalGuard::new().with_per_recipient("5 per 10m".parse()?).with_per_ip("30 per 1h".parse()?).with_wrong_codes(5).with_calling_codes(["+49", "+64"]);
/// # Ok::<(), auth_challenge::ParseRateError>(())
/// ```
#[derive(Default)]
pub struct LocalGuard {
    rules: Rules,
    /// Shared with the guards before and after this one; the outer lock is for taking them over.
    counts: Mutex<Arc<Mutex<Counts>>>,
}

impl LocalGuard {
    /// Lets everything pass until limits are added.
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits the messages to one recipient, resends among them, whatever id the challenge has by then.
    pub fn with_per_recipient(mut self, rate: Rate) -> Self {
        self.rules.per_recipient = Some(rate);
        self
    }

    /// Limits the messages that one client asks for: an IPv4 address, or the IPv6 network of 64 bits that one subscriber has.
    pub fn with_per_ip(mut self, rate: Rate) -> Self {
        self.rules.per_ip = Some(rate);
        self
    }

    /// Limits the wrong answers to one challenge: after so many none is handed in any more, and each is rejected as
    /// [`Reason::TooManyAttempts`](crate::Reason::TooManyAttempts).
    pub fn with_wrong_codes(mut self, most: u32) -> Self {
        self.rules.wrong_codes = Some(most);
        self
    }

    /// Lets messages go to phone numbers with these calling codes alone, say `+49`.
    pub fn with_calling_codes<C: Into<String>>(mut self, codes: impl IntoIterator<Item = C>) -> Self {
        self.rules.calling_codes = codes.into_iter().map(Into::into).collect();
        self
    }

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

/// Finds whom a send counts for. One that is made once more counts for those of the first one, else for the recipient that the handle names,
/// else for the challenge.
fn sender(counts: &Counts, sending: Sending<'_>, now: Instant) -> Sender {
    let recipient = sending.recipient().map(|to| counts.key("recipient", counted(to)));
    let client_ip = sending.client_ip().map(|ip| counts.key("client_ip", network(ip)));
    let Some(handle) = sending.handle() else { return Sender { recipient, client_ip } };
    let challenge = challenge(counts, handle);
    let first = counts.sender(challenge, now).unwrap_or(Sender { recipient: recipient.or(Some(challenge)), client_ip: None });
    Sender { client_ip: client_ip.or(first.client_ip), ..first }
}

fn challenge(counts: &Counts, handle: &ChallengeHandle) -> u64 {
    counts.key("challenge", (handle.provider().as_str(), handle.challenge_id().expose()))
}

/// Gives what counts as one client: an IPv4 address, or the network of 64 bits that one subscriber has.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

#[async_trait]
impl Guard for LocalGuard {
    async fn before_send(&self, sending: Sending<'_>) -> Result<(), Refusal> {
        if sending.handle().is_none() && sending.recipient().is_some_and(|to| !self.rules.may_call(sending.method(), to)) {
            return Err(Refusal::new("expected a phone number with one of the allowed calling codes").with_field(Field::To));
        }
        let taken = self.count(|counts, now| counts.take(&self.rules.limits(sender(counts, sending, now)), sending.id(), now));
        taken.map_err(|full| Refusal::new(full.reason).with_retry_after(full.wait))
    }

    async fn after_send(&self, sending: Sending<'_>, outcome: Result<&Challenge, &Error>) {
        self.count(|counts, now| {
            let sender = sender(counts, sending, now);
            let limits = self.rules.limits(sender);
            match outcome {
                _ if limits.is_empty() => {}
                // Under the id that the message has now, which a resend may have changed.
                Ok(sent) => counts.note_sender(challenge(counts, sent.handle()), sender, now),
                Err(error) if error.send_state() == SendState::NotSent => counts.give_back(&limits, sending.id()),
                Err(_) => {}
            }
        });
    }

    async fn before_verify(&self, handle: &ChallengeHandle, _: Option<IpAddr>) -> Result<(), Refusal> {
        let Some(most) = self.rules.wrong_codes else { return Ok(()) };
        let may_try = self.count(|counts, now| counts.take_try(challenge(counts, handle), most, now));
        may_try.then_some(()).ok_or_else(|| Refusal::new("too many wrong answers to this challenge").with_rejection(Reason::TooManyAttempts))
    }

    async fn after_verify(&self, handle: &ChallengeHandle, outcome: Result<&Verification, &Error>) {
        self.count(|counts, _| match outcome {
            Ok(Verification::Verified(_)) => counts.forget_tries(challenge(counts, handle)),
            Err(error) if error.send_state() == SendState::NotSent => counts.give_try_back(challenge(counts, handle)),
            Ok(Verification::Rejected(_)) | Err(_) => {}
        });
    }

    fn memory(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        Some(self.shared())
    }

    fn recall(&self, memory: Arc<dyn Any + Send + Sync>) {
        if let Ok(counts) = memory.downcast::<Mutex<Counts>>() {
            *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = counts;
        }
    }
}

impl fmt::Debug for LocalGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalGuard").field("rules", &self.rules).finish_non_exhaustive()
    }
}
