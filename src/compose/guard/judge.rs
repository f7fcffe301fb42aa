//! The rules of a guard, judged over a store, whichever it is.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use super::{
    Refusal, Sending,
    limits::{Limits, Rule},
    store::{Count, Key, Message, Sender, Store},
};
use crate::model::{Challenge, ChallengeHandle, Error, Field, Outlook, Reason, SendState, Verification, recipient};

/// Judges sends and answers by limits, over the counts of a store.
#[derive(Debug)]
pub(super) struct Judge<S> {
    limits: Limits,
    store: S,
}

/// Says whether something may go on, or that the store did not decide.
type Ruling<S> = Result<Result<(), Refusal>, <S as Store>::Outage>;

impl<S: Store> Judge<S> {
    pub(super) fn new(limits: Limits, store: S) -> Self {
        Self { limits, store }
    }

    pub(super) fn store(&self) -> &S {
        &self.store
    }

    #[cfg(feature = "redis")]
    pub(super) fn store_mut(&mut self) -> &mut S {
        &mut self.store
    }

    pub(super) async fn before_send(&self, sending: Sending<'_>) -> Ruling<S> {
        let recipient = sending.recipient().map(recipient::counted);
        if self.is_exempt(recipient.as_deref()) {
            tell("exempt", None);
            return Ok(Ok(()));
        }
        if sending.handle().is_none() && sending.recipient().is_some_and(|to| !self.limits.may_call(sending.method(), to)) {
            tell(if self.limits.is_observing() { "would refuse" } else { "refused" }, Some(("calling_codes", 0, 0, None)));
            let refusal = Refusal::new("expected a phone number with one of the allowed calling codes").with_field(Field::To);
            return Ok(if self.limits.is_observing() { Ok(()) } else { Err(refusal) });
        }
        let send = self.send(sending, recipient.as_deref());
        if self.limits.rates.iter().all(Option::is_none) {
            return Ok(Ok(()));
        }
        let counts = self.store.take(&send).await?;
        let Some(tightest) = self.tightest(&counts) else { return Ok(Ok(())) };
        let decision = match tightest.wait {
            None => "allowed",
            Some(_) if self.limits.is_observing() => "would refuse",
            Some(_) => "refused",
        };
        tell(decision, Some((tightest.rule.as_str(), tightest.taken, self.most(tightest.rule), tightest.wait)));
        Ok(match tightest.wait.filter(|_| !self.limits.is_observing()) {
            Some(wait) => Err(Refusal::new(tightest.rule.reason()).with_retry_after(wait)),
            None => Ok(()),
        })
    }

    pub(super) async fn after_send(&self, sending: Sending<'_>, outcome: Result<&Challenge, &Error>) -> Result<(), S::Outage> {
        let recipient = sending.recipient().map(recipient::counted);
        if self.limits.rates.iter().all(Option::is_none) || self.is_exempt(recipient.as_deref()) {
            return Ok(());
        }
        let send = self.send(sending, recipient.as_deref());
        match outcome {
            // Under the id that the message has now, which a resend may have changed.
            Ok(sent) => self.store.note(&send, self.challenge(sent.handle())).await,
            Err(error) if error.send_state() == SendState::NotSent => self.store.give_back(&send).await,
            Err(_) => Ok(()),
        }
    }

    pub(super) async fn before_verify(&self, handle: &ChallengeHandle) -> Ruling<S> {
        let Some(most) = self.limits.wrong_codes else { return Ok(Ok(())) };
        let taken = self.store.take_try(self.challenge(handle), most, !self.limits.is_observing()).await?;
        let decision = match taken < most {
            true => "allowed",
            false if self.limits.is_observing() => "would refuse",
            false => "refused",
        };
        tell(decision, Some(("wrong_codes", taken.into(), most.into(), None)));
        let refusal = || Refusal::new("too many wrong answers to this challenge").with_rejection(Reason::TooManyAttempts);
        Ok((taken < most || self.limits.is_observing()).then_some(()).ok_or_else(refusal))
    }

    pub(super) async fn after_verify(&self, handle: &ChallengeHandle, outcome: Result<&Verification, &Error>) -> Result<(), S::Outage> {
        match outcome {
            Ok(Verification::Verified(_)) => self.store.verified(self.challenge(handle)).await,
            Err(error) if self.limits.wrong_codes.is_some() && error.send_state() == SendState::NotSent => {
                self.store.give_try_back(self.challenge(handle)).await
            }
            Ok(Verification::Rejected(_)) | Err(_) => Ok(()),
        }
    }

    pub(super) async fn peek(&self, sending: Sending<'_>) -> Result<Outlook, S::Outage> {
        let recipient = sending.recipient().map(recipient::counted);
        let send = self.send(sending, recipient.as_deref());
        let (counts, taken) = self.store.peek(&send).await?;
        let is_limited = !self.limits.is_observing() && !self.is_exempt(recipient.as_deref());
        let wait = counts.iter().filter_map(|count| count.wait).max().filter(|_| is_limited);
        let tries = self.limits.wrong_codes.filter(|_| sending.handle().is_some() && !self.limits.is_observing());
        Ok(Outlook::new(wait, tries.map(|most| most.saturating_sub(taken))))
    }

    fn is_exempt(&self, counted: Option<&str>) -> bool {
        counted.is_some_and(|counted| self.limits.are_not_for(counted, |counted| self.store.hash(counted)))
    }

    fn send<'a>(&'a self, sending: Sending<'a>, counted: Option<&str>) -> Message<'a> {
        let code = counted.filter(|_| sending.method().is_to_phone()).and_then(recipient::calling_code);
        let sender = Sender {
            recipient: counted.map(|to| self.store.key("recipient", &[to])),
            client_ip: sending.client_ip().map(|ip| self.store.key("client_ip", &[&network(ip).to_string()])),
            calling_code: code.map(|code| self.store.key("calling_code", &[code])),
        };
        let challenge = sending.handle().map(|handle| self.challenge(handle));
        Message { id: sending.id(), sender, challenge, rates: &self.limits.rates, is_enforced: !self.limits.is_observing() }
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

/// Tells an operator of one decision: the rule, how much of its limit was taken before, and the limit.
fn tell(decision: &'static str, of: Option<(&'static str, u64, u64, Option<Duration>)>) {
    let Some((rule, count, limit, wait)) = of else {
        tracing::debug!(decision, "a guard decided");
        return;
    };
    let wait_s = wait.map(|wait| wait.as_secs_f64());
    match decision {
        "allowed" => tracing::debug!(decision, rule, count, limit, "a guard decided"),
        _ => tracing::info!(decision, rule, count, limit, wait_s, "a guard decided"),
    }
}

/// Gives what counts as one client: an IPv4 address, or the network of 64 bits that one subscriber has.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}
