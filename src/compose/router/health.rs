//! Memory of the providers that failed a moment ago.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::model::{ById, Error, ErrorKind, Field, ProviderHealth, ProviderId, SendState};

/// Longest time for which a provider that failed is passed over.
const PASSED_OVER: Duration = Duration::from_secs(30);

/// Remembers which providers failed, how, and until when they are passed over.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<ById<Outage>>);

#[derive(Debug)]
struct Outage {
    failure: ErrorKind,
    until: Instant,
}

/// One call's turn at a provider. Where it ends without a word about the provider, dropped or refused before sending, the next call has it.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    health: &'a Health,
    provider: ProviderId,
    passed_over: Option<ErrorKind>,
    /// Whether the others wait for what becomes of this one.
    is_trial: bool,
}

impl Health {
    /// Gives a turn at a provider. After the time for which it is passed over, one call has the turn to try it, and the others wait for what
    /// becomes of that.
    pub(super) fn turn(&self, provider: ProviderId) -> Turn<'_> {
        let (mut passed_over, mut is_trial) = (None, false);
        if let Some(outage) = self.outages().get_mut(&provider) {
            let now = Instant::now();
            if now < outage.until {
                passed_over = Some(outage.failure);
            } else {
                outage.until = now + PASSED_OVER;
                is_trial = true;
            }
        }
        Turn { health: self, provider, passed_over, is_trial }
    }

    /// Takes note of what became of an answer or a resend. Of their failures none but those of the transport, and credentials that are not accepted,
    /// say anything of a create: their limits are one person's.
    pub(super) fn note_other<T>(&self, provider: &ProviderId, outcome: &Result<T, Error>) {
        let is_down = |error: &Error| is_of_transport(error) && may_fail_over(error, false) || error.kind() == ErrorKind::Authentication;
        // The pause that the vendor wants of creates is not ended by another call, nor is what comes after it by one that the vendor took.
        let limited = self.outages().get(provider).filter(|outage| outage.failure == ErrorKind::RateLimited).map(|outage| outage.until);
        if limited.is_some_and(|until| Instant::now() < until || !outcome.as_ref().is_err_and(is_down)) {
            return;
        }
        self.note(provider, outcome, false, |error| is_down(error).then_some(PASSED_OVER));
    }

    /// Takes note of what became of a call; false where that says nothing about the provider. An answer that is an error does not end the pause that a
    /// vendor wants, but for that of a trial, for which it was begun again.
    fn note<T>(&self, provider: &ProviderId, outcome: &Result<T, Error>, is_trial: bool, pause: impl FnOnce(&Error) -> Option<Duration>) -> bool {
        let failure = match outcome {
            Ok(_) => None,
            Err(error) => match pause(error) {
                Some(pause) => Some(Outage { failure: error.kind(), until: Instant::now() + pause }),
                None if error.status().is_some() => None,
                None => return false,
            },
        };
        let mut outages = self.outages();
        let is_wanted = |outage: &Outage| outage.failure == ErrorKind::RateLimited && Instant::now() < outage.until;
        match failure {
            Some(outage) => drop(outages.insert(provider.clone(), outage)),
            None if outcome.is_err() && !is_trial && outages.get(provider).is_some_and(is_wanted) => {}
            None => drop(outages.remove(provider)),
        }
        true
    }

    /// Tells of each of these providers how it fared.
    pub(super) fn tell<'a>(&self, providers: impl Iterator<Item = &'a ProviderId>) -> Vec<ProviderHealth> {
        let (outages, now) = (self.outages(), Instant::now());
        let told = |provider: &ProviderId| match outages.get(provider) {
            None => ProviderHealth::good(provider.clone()),
            Some(outage) => {
                let left = outage.until.saturating_duration_since(now);
                ProviderHealth::failed(provider.clone(), outage.failure, (!left.is_zero()).then_some(left))
            }
        };
        providers.map(told).collect()
    }

    fn outages(&self) -> MutexGuard<'_, ById<Outage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// Says why the provider is to be passed over, if it is.
    pub(super) fn passed_over(&self) -> Option<ErrorKind> {
        self.passed_over
    }

    /// Ends with what became of the create. What may have been sent is a failure only where it makes calls fail over.
    pub(super) fn end<T>(mut self, outcome: &Result<T, Error>, even_if_unknown: bool) {
        self.is_trial &= !self.health.note(&self.provider, outcome, self.is_trial, |error| pause(error, even_if_unknown));
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.is_trial
            && let Some(outage) = self.health.outages().get_mut(&self.provider)
        {
            outage.until = Instant::now();
        }
    }
}

/// Says whether another provider may be asked after this error: nothing was sent, for want of a connection or for a reason of that vendor's.
pub(super) fn may_fail_over(error: &Error, even_if_unknown: bool) -> bool {
    match error.send_state() {
        SendState::NotSent => match error.kind() {
            // Of what a provider asks before it sends: no message is on its way.
            ErrorKind::Unavailable | ErrorKind::UnexpectedReply => true,
            // Also of a guard within, which nobody may get around who does not go on in doubt anyway.
            ErrorKind::Timeout => even_if_unknown,
            _ => is_of_transport(error),
        },
        SendState::Refused => match error.kind() {
            ErrorKind::Authentication => true,
            // 402: a plan lacks the feature, which an operator has to know.
            ErrorKind::Permission => error.status() != Some(402),
            // A limit of the recipient's is none of the vendor's, and another vendor would be used to get around it.
            ErrorKind::RateLimited => !error.violations().iter().any(|violation| violation.field() == Some(Field::To)),
            // No connection, after an attempt that was refused.
            _ => is_of_transport(error),
        },
        SendState::Unknown => even_if_unknown,
        SendState::Accepted => false,
    }
}

/// Gives the time for which a provider is passed over after this error. One that refuses a single person or asks for a pause without an end
/// goes on being asked: else anybody could turn everybody else away from it.
fn pause(error: &Error, even_if_unknown: bool) -> Option<Duration> {
    match error.kind() {
        _ if !may_fail_over(error, even_if_unknown) => None,
        ErrorKind::RateLimited => error.retry_after().map(|pause| pause.min(PASSED_OVER)),
        ErrorKind::Permission => None,
        // What is odd before a message is asked for may be one person's record.
        ErrorKind::UnexpectedReply if error.send_state() == SendState::NotSent => None,
        _ => Some(PASSED_OVER),
    }
}

/// Says whether a call failed on its way to the vendor.
pub(super) fn is_of_transport(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Connect | ErrorKind::Interrupted)
}
