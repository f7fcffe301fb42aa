//! Several providers behind one: a challenge is checked where it was made, a new one goes by method, calling code and health.

mod addressed;
mod at_once;
mod builder;
mod health;
mod routes;
mod tried;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::time::Instant;

use crate::{
    model::{
        Answer, ById, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, Error, ErrorKind, Field, Hop, Memory, Outlook, ProviderHealth,
        ProviderId, SendState, Verification, Violation,
    },
    provider::ChallengeProvider,
    telemetry::Call,
    transport::{FAR, LEAST_TO_ASK},
};
use addressed::Addressed;
pub use builder::RouterBuilder;
use health::{Health, may_fail_over};
use routes::Routes;
use tried::{Tried, Tries};

/// Puts several providers behind one.
///
/// - A **new challenge** goes to the provider that its method is routed to, by the recipient's calling code where there is a route for it, else to the
///   selected one if it has the method, else to the one provider that has it. `user_id` is for the selected provider alone; another one is told the id that
///   [`with_user_id_at`](ChallengeRequest::with_user_id_at) gives it, or none.
/// - If that one cannot be reached, or refuses for a reason of its own (401, 403, 429), the **failover** providers are asked in order,
///   never for credentials, and never where the limit is the recipient's. After a time-out, a reset or a 5xx of the call that sends nobody else is asked, unless
///   [`with_failover_when_unknown`](RouterBuilder::with_failover_when_unknown) allows it; an outage before that call, which sent nothing, is like no connection. A provider that the request does not suit is left out. Each provider
///   that was asked in vain is a [`Hop`] on the challenge or the error, and warned of in the log.
/// - Of the failover providers **those not yet tried for this recipient** come first, each group in its order. A try is one that was handed a create in
///   the last ten minutes, whether it sent or failed: whoever asks again may not have got the message. This is remembered in this process alone, by keyed
///   hashes, and within bounds; a new router starts without.
/// - A provider that **failed** so that another one is asked is passed over: for 30 s, or after a 429 for its `Retry-After` if that is shorter. Then one call
///   tries it again. Where all others fail too, it is asked all the same. A 403, and a 429 without an end, pass nobody over, since they may be about
///   one person. Of answers and resends, no connection and a 401 count as well. [`health`](ChallengeProvider::health) shows it; a new router starts with all well.
/// - An **answer** is checked by the provider that made the challenge, whichever is selected now.
///
/// [`Config::build`](crate::Config::build) makes one of a config with several sections. The selected provider is the one that `provider`
/// names there, or that [`builder`](Self::builder) is given; `id` and `capabilities` are its own.
///
/// ```
/// # #[cfg(feature = "testing")] {
/// use std::sync::Arc;
/// use auth_challenge::{ChallengeProvider, Method, ProviderId, Router, testing::Scripted};
///
/// let router = Router::builder(Arc::new(Scripted::named("main")))
///     .with_provider(Arc::new(Scripted::named("spare")))
///     .with_route(Method::WhatsAppOtp, ProviderId::new("spare"))
///     .with_failover([ProviderId::new("spare")])
///     .build()?;
/// assert_eq!(router.id().as_str(), "main");
/// # }
/// # Ok::<(), auth_challenge::Error>(())
/// ```
#[derive(Debug)]
pub struct Router {
    current: Arc<dyn ChallengeProvider>,
    providers: ById<Arc<dyn ChallengeProvider>>,
    routes: Routes,
    failover: Vec<ProviderId>,
    fails_over_when_unknown: bool,
    health: Health,
    tried: Tried,
    timeout: Duration,
}

/// A provider that a create may ask. One that is passed over has a second chance after all others.
struct Candidate<'a> {
    provider: &'a Arc<dyn ChallengeProvider>,
    is_second_chance: bool,
}

impl Router {
    /// Starts from the provider for new challenges.
    pub fn builder(current: Arc<dyn ChallengeProvider>) -> RouterBuilder {
        RouterBuilder::new(current)
    }

    /// Finds the provider that a request goes to first.
    fn first(&self, request: &ChallengeRequest) -> &Arc<dyn ChallengeProvider> {
        let method = request.method();
        if let Some(routed) = self.routes.of(request).and_then(|id| self.providers.get(id)) {
            return routed;
        }
        if self.current.capabilities().supports(method) {
            return &self.current;
        }
        let mut able = self.providers.values().filter(|provider| provider.capabilities().supports(method));
        match (able.next(), able.next()) {
            (Some(only), None) => only,
            // None has it, or it is not for us to choose: the current one says that it lacks the method.
            _ => &self.current,
        }
    }

    /// Lists the providers that a request may go to, in order.
    fn candidates<'a>(&'a self, addressed: &Addressed<'_>, tries: &Tries<'_>) -> VecDeque<Candidate<'a>> {
        let first = self.first(addressed.request());
        let mut candidates = VecDeque::with_capacity(1 + self.failover.len());
        candidates.push_back(Candidate { provider: first, is_second_chance: false });
        // A passkey or key belongs to one vendor.
        if addressed.request().method().credential_kind().is_none() {
            let fitting = self.others(first).filter(|provider| provider.check(addressed.to(&***provider)).is_ok());
            let mut untried = 0;
            for provider in fitting {
                let candidate = Candidate { provider, is_second_chance: false };
                if tries.has(&provider.id()) {
                    candidates.push_back(candidate);
                } else {
                    untried += 1;
                    candidates.insert(untried, candidate);
                }
            }
        }
        candidates
    }

    /// Gives the tries for the recipient of a request.
    fn tries(&self, request: &ChallengeRequest) -> Tries<'_> {
        // One provider alone is the next one anyway.
        self.tried.by(request.recipient().filter(|_| self.failover.len() > 1))
    }

    /// Lists the providers for failover from the first one, whether the request suits them or not.
    fn others(&self, first: &Arc<dyn ChallengeProvider>) -> impl Iterator<Item = &Arc<dyn ChallengeProvider>> {
        let first = first.id();
        self.failover.iter().filter(move |id| **id != first).filter_map(|id| self.providers.get(id))
    }

    /// Tells an operator whom failover would have asked, had the request what they need.
    fn warn_of_those_left_out(&self, addressed: &Addressed<'_>) {
        let request = addressed.request();
        for provider in self.others(self.first(request)).filter(|provider| provider.capabilities().supports(request.method())) {
            if let Err(error) = provider.check(addressed.to(&**provider)) {
                let fields: Vec<&str> = error.violations().iter().filter_map(Violation::field).map(Field::as_str).collect();
                tracing::warn!(provider = %provider.id(), ?fields, "not asked in failover, for want of these fields of the request");
            }
        }
    }

    fn addressed<'a>(&self, request: &'a ChallengeRequest) -> Addressed<'a> {
        Addressed::new(request, self.current.id())
    }

    /// Finds the provider that made a challenge.
    fn issuer(&self, handle: &ChallengeHandle, operation: &'static str) -> Result<&Arc<dyn ChallengeProvider>, Error> {
        let issuer = self.providers.get(handle.provider());
        issuer.ok_or_else(|| Error::handle("the provider that made the challenge is not configured").with_operation(operation))
    }

    /// Asks one provider after the other, until one has made a challenge.
    async fn create_in_turn(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        let mut now = Instant::now();
        let deadline = now + options.timeout().unwrap_or(self.timeout).min(FAR);
        let even_if_unknown = self.fails_over_when_unknown || options.fails_over_when_unknown();
        let mut hops = Vec::new();
        let tries = self.tries(request);
        let addressed = self.addressed(request);
        let mut queue = self.candidates(&addressed, &tries);
        while let Some(Candidate { provider, is_second_chance }) = queue.pop_front() {
            let id = provider.id();
            let turn = self.health.turn(id.clone());
            if let (false, false, Some(failure)) = (is_second_chance, queue.is_empty(), turn.passed_over()) {
                tracing::warn!(provider = %id, kind = failure.as_str(), "passed over, since it failed a moment ago");
                hops.push(Hop::passed_over(id, failure));
                queue.push_back(Candidate { provider, is_second_chance: true });
                continue;
            }
            let others = queue.iter().filter(|other| !other.is_second_chance || is_second_chance).count();
            let left = deadline.saturating_duration_since(now);
            // Who may be left without an answer has a share of the time, so that the others have one too.
            let sharers = u32::try_from(others).unwrap_or(u32::MAX).saturating_add(1);
            let mut hop_options = options.clone().with_timeout(if even_if_unknown { left / sharers } else { left });
            if others > 0 {
                // Waiting is for the last one alone: where there is another, it is asked at once.
                hop_options = hop_options.with_single_attempt();
            }
            let this_try = tries.begin(&id);
            let outcome = provider.create_with(addressed.to(&**provider), &hop_options).await;
            this_try.end(&outcome);
            turn.end(&outcome, even_if_unknown);
            let error = match outcome {
                Ok(challenge) => {
                    // Those of a router within come after our own.
                    hops.extend_from_slice(challenge.hops());
                    return Ok(challenge.with_hops(hops));
                }
                Err(error) => error.or_provider(&id),
            };
            let fails_over = may_fail_over(&error, even_if_unknown);
            // Asked with no time to answer, the next one would turn what is known into an unknown outcome.
            now = Instant::now();
            let is_late = deadline.saturating_duration_since(now) < LEAST_TO_ASK;
            if queue.is_empty() || is_late || !fails_over {
                if fails_over {
                    self.warn_of_those_left_out(&addressed);
                }
                hops.extend_from_slice(error.hops());
                return Err(error.with_hops(hops));
            }
            tracing::warn!(provider = %id, kind = error.kind().as_str(), send_state = error.send_state().as_str(), "failing over");
            hops.push(Hop::of(id, &error));
        }
        // There is always a first candidate, and the last one returns.
        Err(Error::new(ErrorKind::Unsupported, SendState::NotSent).with_operation("create").with_hops(hops))
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl ChallengeProvider for Router {
    fn id(&self) -> ProviderId {
        self.current.id()
    }

    fn capabilities(&self) -> Capabilities {
        self.current.capabilities()
    }

    fn check(&self, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
        let first = self.first(request);
        first.check(self.addressed(request).to(&**first))
    }

    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        Call::create(request).observe(|| self.create_in_turn(request, options)).await
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        let verified = async || {
            let outcome = self.issuer(handle, "verify")?.verify_with(handle, answer, options).await.map_err(|error| error.or_provider(handle.provider()));
            self.health.note_other(handle.provider(), &outcome);
            outcome
        };
        Call::verify(handle).observe(verified).await
    }

    fn check_resend(&self, handle: &ChallengeHandle) -> Result<(), Error> {
        self.issuer(handle, "resend")?.check_resend(handle)
    }

    async fn resend_with(&self, handle: &ChallengeHandle, options: &CallOptions) -> Result<Challenge, Error> {
        let resent = async || {
            let outcome = self.issuer(handle, "resend")?.resend_with(handle, options).await.map_err(|error| error.or_provider(handle.provider()));
            self.health.note_other(handle.provider(), &outcome);
            outcome
        };
        Call::resend(handle).observe(resent).await
    }

    fn health(&self) -> Vec<ProviderHealth> {
        // What providers within tell of their stores.
        let within = self.providers.values().flat_map(|provider| provider.health());
        self.health.tell(self.providers.ids()).into_iter().chain(within).collect()
    }

    async fn peek(&self, handle: &ChallengeHandle, options: &CallOptions) -> Outlook {
        match self.providers.get(handle.provider()) {
            Some(issuer) => issuer.peek(handle, options).await,
            None => Outlook::default(),
        }
    }

    async fn warm_up(&self, options: &CallOptions) -> Result<(), Error> {
        let warmed = self.providers.iter().map(async |(id, provider)| provider.warm_up(options).await.map_err(|error| error.or_provider(id)));
        at_once::all(warmed).await.into_iter().collect()
    }

    fn memory(&self) -> Memory {
        Memory::of_parts(self.providers.iter().map(|(id, provider)| (id.clone(), provider.memory())))
    }

    fn recall(&self, memory: Memory) {
        for (id, provider) in self.providers.iter() {
            provider.recall(memory.part(id));
        }
    }
}
