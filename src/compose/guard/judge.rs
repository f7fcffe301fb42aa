//! The rules of a guard, judged over a store, whichever it is.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use super::{
    Refusal, Sending,
    limits::{Limits, Rule},
    store::{Count, Key, Message, Store, Subject},
};
use crate::{
    model::{Challenge, ChallengeHandle, Error, Field, Method, Outlook, Reason, SendState, Verification, recipient},
    telemetry::{self, GuardDecision, Observers, Ruling},
};

/// Judges sends and answers by limits, over the counts of a store.
#[derive(Debug)]
pub(super) struct Judge<S> {
    limits: Limits,
    store: S,
    observers: Observers,
}

/// Says whether something may go on, or that the store did not decide.
type Ruled<S> = Result<Result<(), Refusal>, <S as Store>::Outage>;

impl<S: Store> Judge<S> {
    pub(super) fn new(limits: Limits, store: S) -> Self {
        Self { limits, store, observers: Observers::default() }
    }

    pub(super) fn with_observers(mut self, observers: &Observers) -> Self {
        self.observers.add_all(observers);
        self
    }

    pub(super) fn store(&self) -> &S {
        &self.store
    }

    #[cfg(feature = "redis")]
    pub(super) fn store_mut(&mut self) -> &mut S {
        &mut self.store
    }

    #[cfg(feature = "redis")]
    pub(super) fn is_observing(&self) -> bool {
        self.limits.is_observing()
    }

    pub(super) async fn before_send(&self, sending: Sending<'_>) -> Ruled<S> {
        let (asked, recipient) = (Asked::to_send(sending), sending.recipient().map(recipient::counted));
        if self.is_exempt(recipient.as_deref()) {
            return Ok(self.allow(asked.by("exempt")));
        }
        if sending.recipient().is_some_and(|to| !self.limits.may_call(sending.method(), to)) {
            let refusal = Refusal::new("expected a phone number with one of the allowed calling codes").with_field(Field::To);
            return Ok(self.refuse(asked.by("calling_codes"), refusal));
        }
        let counts = match self.has_rates() {
            true => self.store.take(&self.send(sending, recipient.as_deref())).await?,
            false => Vec::new(),
        };
        let Some(tightest) = self.tightest(&counts) else { return Ok(self.allow(asked.by("none"))) };
        let told = Told { count: Some(tightest.taken), limit: Some(self.most(tightest.rule)), wait: tightest.wait, ..asked.by(tightest.rule.as_str()) };
        Ok(match tightest.wait {
            Some(wait) => self.refuse(told, Refusal::new(tightest.rule.reason()).with_retry_after(wait)),
            None => self.allow(told),
        })
    }

    /// Says what holds while the store does not decide, as a policy for outages has it.
    #[cfg(feature = "redis")]
    pub(super) fn without_store(&self, asked: Asked, refusal: Option<Refusal>) -> Result<(), Refusal> {
        let told = asked.by("on_outage");
        match refusal {
            Some(refusal) => self.refuse(told, refusal),
            None => self.allow(told),
        }
    }

    fn allow(&self, told: Told) -> Result<(), Refusal> {
        self.tell(told, Ruling::Allowed);
        Ok(())
    }

    /// Refuses, unless that is only to be told.
    fn refuse(&self, told: Told, refusal: Refusal) -> Result<(), Refusal> {
        if self.limits.is_observing() {
            self.tell(told, Ruling::WouldRefuse);
            return Ok(());
        }
        self.tell(told, Ruling::Refused);
        Err(refusal)
    }

    fn tell(&self, told: Told, ruling: Ruling) {
        let Told { asked, rule, .. } = told;
        told.log(ruling);
        let decision = GuardDecision::new(asked.operation, asked.method, ruling, rule);
        self.observers.tell(|observer| observer.guard_decided(&decision));
    }

    /// Says whether a right answer changes a count.
    fn minds_answers(&self) -> bool {
        let rules = [Rule::UnverifiedPerCallingCode, Rule::CallingCodesPerIp];
        self.limits.wrong_codes.is_some() || rules.into_iter().any(|rule| self.limits.rate(rule).is_some())
    }

    fn has_rates(&self) -> bool {
        self.limits.rates.iter().any(Option::is_some)
    }

    pub(super) async fn after_send(&self, sending: Sending<'_>, outcome: Result<&Challenge, &Error>) -> Result<(), S::Outage> {
        let recipient = sending.recipient().map(recipient::counted);
        if !self.has_rates() {
            return Ok(());
        }
        if self.is_exempt(recipient.as_deref()) {
            return match outcome {
                // What is sent for it once more need not name the recipient.
                Ok(sent) => self.store.note_exempt(self.challenge(sent.handle())).await,
                Err(_) => Ok(()),
            };
        }
        let send = self.send(sending, recipient.as_deref());
        match outcome {
            // Under the id that the message has now, which a resend may have changed.
            Ok(sent) => self.store.note(&send, self.challenge(sent.handle())).await,
            // Who is asked for again and again, and each time made a user, is not free.
            Err(error) if error.left_nothing() => self.store.give_back(&send).await,
            Err(_) => Ok(()),
        }
    }

    pub(super) async fn before_verify(&self, handle: &ChallengeHandle) -> Ruled<S> {
        let Some(most) = self.limits.wrong_codes else { return Ok(Ok(())) };
        // In observation every try is taken, so that one is there to be given back.
        let places = if self.limits.is_observing() { u32::MAX } else { most };
        let taken = self.store.take_try(self.challenge(handle), places).await?;
        let told = Told { count: Some(taken.into()), limit: Some(most.into()), ..Asked::to_verify(handle).by("wrong_codes") };
        Ok(match taken < most {
            true => self.allow(told),
            false => self.refuse(told, Refusal::new("too many wrong answers to this challenge").with_rejection(Reason::TooManyAttempts)),
        })
    }

    pub(super) async fn after_verify(&self, handle: &ChallengeHandle, outcome: Result<&Verification, &Error>) -> Result<(), S::Outage> {
        match outcome {
            Ok(Verification::Verified(_)) if !self.minds_answers() => Ok(()),
            Ok(Verification::Verified(_)) => self.store.verified(self.challenge(handle)).await,
            Err(error) if self.limits.wrong_codes.is_some() && error.send_state() == SendState::NotSent => {
                self.store.give_try_back(self.challenge(handle)).await
            }
            Ok(Verification::Rejected(_)) | Err(_) => Ok(()),
        }
    }

    pub(super) async fn peek(&self, sending: Sending<'_>) -> Result<Outlook, S::Outage> {
        if !self.has_rates() && self.limits.wrong_codes.is_none() {
            return Ok(Outlook::default());
        }
        let recipient = sending.recipient().map(recipient::counted);
        let send = self.send(sending, recipient.as_deref());
        let (counts, taken) = self.store.peek(&send).await?;
        let is_limited = !self.limits.is_observing() && !self.is_exempt(recipient.as_deref());
        let wait = counts.iter().filter_map(|count| count.wait).max().filter(|_| is_limited);
        let tries = self.limits.wrong_codes.filter(|_| sending.handle().is_some() && !self.limits.is_observing());
        Ok(Outlook::new(wait, tries.map(|most| most.saturating_sub(taken))))
    }

    fn is_exempt(&self, counted: Option<&str>) -> bool {
        counted.is_some_and(|counted| self.limits.exempts(counted, |counted| self.store.hash(counted)))
    }

    fn send<'a>(&'a self, sending: Sending<'a>, counted: Option<&str>) -> Message<'a> {
        let code = counted.filter(|_| sending.method().is_to_phone()).and_then(recipient::calling_code);
        let subject = Subject {
            recipient: counted.map(|to| self.store.key("recipient", &[to])),
            client_ip: sending.client_ip().map(|ip| self.store.key("client_ip", &[&network(ip).to_string()])),
            calling_code: code.map(|code| self.store.key("calling_code", &[code])),
            is_exempt: false,
        };
        let challenge = sending.handle().map(|handle| self.challenge(handle));
        Message { id: sending.id(), subject, challenge, rates: &self.limits.rates }
    }

    fn challenge(&self, handle: &ChallengeHandle) -> Key {
        self.store.key("challenge", &[handle.provider().as_str(), handle.challenge_id().expose()])
    }

    /// Finds the limit that stands in the way the longest, else the one with the least room.
    fn tightest<'a>(&self, counts: &'a [Count]) -> Option<&'a Count> {
        counts.iter().max_by_key(|count| (count.wait, std::cmp::Reverse(self.most(count.rule).saturating_sub(count.taken))))
    }

    fn most(&self, rule: Rule) -> u64 {
        self.limits.rate(rule).map_or(0, |rate| rate.times() as u64)
    }
}

/// What the events of decisions go by, wherever their code stands.
const TARGET: &str = "auth_challenge::guard";

/// What a guard was asked about.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    operation: &'static str,
    method: Method,
}

impl Asked {
    pub(super) fn to_send(sending: Sending<'_>) -> Self {
        Self { operation: if sending.handle().is_none() { "create" } else { "resend" }, method: sending.method() }
    }

    pub(super) fn to_verify(handle: &ChallengeHandle) -> Self {
        Self { operation: "verify", method: handle.method() }
    }

    /// Tells of a rule that counts nothing.
    fn by(self, rule: &'static str) -> Told {
        Told { asked: self, rule, count: None, limit: None, wait: None }
    }
}

/// What is told of one decision: the rule, how much of its limit was taken before, and the limit.
#[derive(Clone, Copy)]
struct Told {
    asked: Asked,
    rule: &'static str,
    count: Option<u64>,
    limit: Option<u64>,
    wait: Option<Duration>,
}

impl Told {
    fn log(self, ruling: Ruling) {
        let Self { asked: _, rule, count, limit, wait } = self;
        let decision = ruling.as_str();
        // A refusal is noted where it ends the call.
        if ruling != Ruling::Refused {
            telemetry::guard_decided(ruling);
        }
        match ruling {
            Ruling::Allowed => tracing::debug!(target: TARGET, decision, rule, count, limit, "a guard decided"),
            _ => tracing::info!(target: TARGET, decision, rule, count, limit, wait_s = wait.map(|wait| wait.as_secs_f64()), "a guard decided"),
        }
    }
}

/// Gives what counts as one client: an IPv4 address, or the network of 64 bits that one subscriber has.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}
