//! Several providers behind one: a challenge is checked where it was made, a new one goes by method and by health.

use std::{
    borrow::Cow,
    collections::{BTreeMap, VecDeque, btree_map::Entry},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::Instant;

use super::{
    call_time::LEAST_TIME,
    health::{Health, may_fail_over},
};
use crate::{
    model::{
        Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, Error, ErrorKind, Field, Hop, Memory, Method, Outlook, ProviderHealth,
        ProviderId, SendState, Verification, Violation,
    },
    provider::ChallengeProvider,
    transport::{FAR, TIMEOUT},
};

/// Puts several providers behind one.
///
/// - A **new challenge** goes to the provider that its method is routed to, else to the current one if it has the method, else to the one
///   provider that has it. `user_id` is for the current provider alone; another one is told the id that
///   [`with_user_id_at`](ChallengeRequest::with_user_id_at) gives it, or none.
/// - If that one cannot be reached, or refuses for a reason of its own (401, 403, 429), the **failover** providers are asked in order,
///   never for credentials, and never where the limit is the recipient's. After a time-out, a reset or a 5xx nobody else is asked, unless
///   [`with_failover_when_unknown`](RouterBuilder::with_failover_when_unknown) allows it. A provider that the request does not suit is left out. Each hop is on
///   the challenge, in the error, and warned of in the log.
/// - A provider that **failed** so that another one is asked is passed over: for 30 s, or after a 429 for its `Retry-After` if that is shorter. Then one call
///   tries it again. Where all others fail too, it is asked all the same. A 403, and a 429 without an end, pass nobody over, since they may be about
///   one person. Of answers and resends, no connection and a 401 count as well. [`health`](ChallengeProvider::health) shows it; a new router starts with all well.
/// - An **answer** is checked by the provider that made the challenge, whichever is current now.
///
/// [`Config::build`](crate::Config::build) makes one of a config with several sections. `id` and `capabilities` are those of the current
/// provider.
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
    providers: BTreeMap<ProviderId, Arc<dyn ChallengeProvider>>,
    routes: BTreeMap<MethodName, ProviderId>,
    failover: Vec<ProviderId>,
    fails_over_when_unknown: bool,
    health: Health,
    timeout: Duration,
}

/// Collects the providers of a [`Router`], and who is asked for what.
#[derive(Debug)]
#[must_use = "a router is made by `build`"]
pub struct RouterBuilder {
    current: Arc<dyn ChallengeProvider>,
    others: Vec<Arc<dyn ChallengeProvider>>,
    routes: BTreeMap<MethodName, ProviderId>,
    failover: Vec<ProviderId>,
    fails_over_when_unknown: bool,
    timeout: Duration,
}

/// A provider that a create may ask. One that is passed over has a second chance after all others.
struct Candidate<'a> {
    provider: &'a Arc<dyn ChallengeProvider>,
    is_second_chance: bool,
}

/// Names a method without the kind of credential: all kinds go the same way.
type MethodName = &'static str;

impl RouterBuilder {
    /// Adds a provider: for its own challenges, for methods that the current one lacks, for routes and failover.
    pub fn with_provider(mut self, provider: Arc<dyn ChallengeProvider>) -> Self {
        self.others.push(provider);
        self
    }

    /// Sends a method to a provider; a credential of any kind.
    pub fn with_route(mut self, method: Method, provider: ProviderId) -> Self {
        self.routes.insert(method.as_str(), provider);
        self
    }

    /// Sets the providers that are asked, in this order, where the first cannot be reached or refuses for a reason of its own. One that needs a user id
    /// of its own, as Corbado does, is asked only where [`with_user_id_at`](ChallengeRequest::with_user_id_at) gives it.
    pub fn with_failover(mut self, providers: impl IntoIterator<Item = ProviderId>) -> Self {
        self.failover = providers.into_iter().collect();
        self
    }

    /// Lets every create ask the next provider even where the one before may have sent: **the person may get two messages**. Each then has
    /// an equal share of the time left, so that one that hangs leaves time for the others.
    pub fn with_failover_when_unknown(mut self) -> Self {
        self.fails_over_when_unknown = true;
        self
    }

    /// Sets the time for a whole call, all hops together; 10 s unless told otherwise.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Makes the router.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] where two providers have the same id, since the one would be asked about the other's challenges, where a route or
    /// the failover names a provider that is not there, and where the failover names one twice, which would be asked twice. All such mistakes
    /// are told at once.
    pub fn build(self) -> Result<Router, Error> {
        let mut providers = BTreeMap::from([(self.current.id(), Arc::clone(&self.current))]);
        let mut mistakes = Vec::new();
        for provider in self.others {
            match providers.entry(provider.id()) {
                Entry::Vacant(place) => drop(place.insert(provider)),
                Entry::Occupied(place) => mistakes.push(Violation::at_key(place.key().as_str(), "expected one provider of this name, not several")),
            }
        }
        for (number, provider) in self.failover.iter().enumerate() {
            if self.failover.iter().take(number).any(|earlier| earlier == provider) {
                mistakes.push(Violation::at_key("failover", format!("expected {provider} once, not several times")));
            }
        }
        let known = || providers.keys().map(ProviderId::as_str).collect::<Vec<_>>().join(", ");
        let routes = self.routes.iter().map(|(method, provider)| (format!("route.{method}"), provider));
        let failover = self.failover.iter().map(|provider| ("failover".to_owned(), provider));
        for (key, provider) in routes.chain(failover).filter(|(_, provider)| !providers.contains_key(provider)) {
            mistakes.push(Violation::at_key(key, format!("expected one of {}, not {provider}", known())));
        }
        if !mistakes.is_empty() {
            return Err(Error::new(ErrorKind::Config, SendState::NotSent).with_violations(mistakes));
        }
        let Self { current, routes, failover, fails_over_when_unknown, timeout, .. } = self;
        Ok(Router { current, providers, routes, failover, fails_over_when_unknown, health: Health::default(), timeout })
    }
}

impl Router {
    /// Starts from the provider for new challenges.
    pub fn builder(current: Arc<dyn ChallengeProvider>) -> RouterBuilder {
        RouterBuilder { current, others: Vec::new(), routes: BTreeMap::new(), failover: Vec::new(), fails_over_when_unknown: false, timeout: TIMEOUT }
    }

    /// Finds the provider that a request goes to first.
    fn first(&self, request: &ChallengeRequest) -> &Arc<dyn ChallengeProvider> {
        let method = request.method();
        if let Some(routed) = self.routes.get(method.as_str()).and_then(|id| self.providers.get(id)) {
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
    fn candidates(&self, request: &ChallengeRequest) -> Vec<&Arc<dyn ChallengeProvider>> {
        let first = self.first(request);
        let mut candidates = vec![first];
        // A passkey or key belongs to one vendor.
        if request.method().credential_kind().is_none() {
            candidates.extend(self.others(request).filter(|provider| provider.check(&self.addressed(request, &***provider)).is_ok()));
        }
        candidates
    }

    /// Lists the providers for failover, whether the request suits them or not.
    fn others(&self, request: &ChallengeRequest) -> impl Iterator<Item = &Arc<dyn ChallengeProvider>> {
        let first = self.first(request).id();
        self.failover.iter().filter(move |id| **id != first).filter_map(|id| self.providers.get(id))
    }

    /// Tells an operator whom failover would have asked, had the request what they need.
    fn warn_of_those_left_out(&self, request: &ChallengeRequest) {
        for provider in self.others(request).filter(|provider| provider.capabilities().supports(request.method())) {
            if let Err(error) = provider.check(&self.addressed(request, &**provider)) {
                let fields: Vec<&str> = error.violations().iter().filter_map(Violation::field).map(Field::as_str).collect();
                tracing::warn!(provider = %provider.id(), ?fields, "not asked in failover, for want of these fields of the request");
            }
        }
    }

    /// Gives the request as one provider may see it: without another provider's id of the user.
    fn addressed<'a>(&self, request: &'a ChallengeRequest, provider: &dyn ChallengeProvider) -> Cow<'a, ChallengeRequest> {
        if request.user_id().is_none() || provider.id() == self.current.id() { Cow::Borrowed(request) } else { Cow::Owned(request.clone().without_user_id()) }
    }

    /// Finds the provider that made a challenge.
    fn issuer(&self, handle: &ChallengeHandle, operation: &'static str) -> Result<&Arc<dyn ChallengeProvider>, Error> {
        let issuer = self.providers.get(handle.provider());
        issuer.ok_or_else(|| Error::handle("the provider that made the challenge is not configured").with_operation(operation))
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
        first.check(&self.addressed(request, &**first))
    }

    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        let deadline = Instant::now() + options.timeout().unwrap_or(self.timeout).min(FAR);
        let even_if_unknown = self.fails_over_when_unknown || options.fails_over_when_unknown();
        let mut hops = Vec::new();
        let mut queue: VecDeque<Candidate<'_>> = self.candidates(request).into_iter().map(|provider| Candidate { provider, is_second_chance: false }).collect();
        while let Some(Candidate { provider, is_second_chance }) = queue.pop_front() {
            let id = provider.id();
            let turn = self.health.turn(id.clone());
            if let (false, false, Some(failure)) = (is_second_chance, queue.is_empty(), turn.passed_over()) {
                hops.push(Hop::skipped(id, failure));
                queue.push_back(Candidate { provider, is_second_chance: true });
                continue;
            }
            let others = queue.iter().filter(|other| !other.is_second_chance || is_second_chance).count();
            let left = deadline.saturating_duration_since(Instant::now());
            // Who may be left without an answer has a share of the time, so that the others have one too.
            let sharers = u32::try_from(others).unwrap_or(u32::MAX).saturating_add(1);
            let mut hop_options = options.clone().with_timeout(if even_if_unknown { left / sharers } else { left });
            if others > 0 {
                // Waiting is for the last one alone: where there is another, it is asked at once.
                hop_options = hop_options.with_single_attempt();
            }
            let outcome = provider.create_with(&self.addressed(request, &**provider), &hop_options).await;
            turn.end(&outcome, even_if_unknown);
            let error = match outcome {
                Ok(challenge) => return Ok(challenge.with_hops(hops)),
                Err(error) => error,
            };
            let fails_over = may_fail_over(&error, even_if_unknown);
            // Asked with no time to answer, the next one would turn what is known into an unknown outcome.
            let is_late = deadline.saturating_duration_since(Instant::now()) < LEAST_TIME;
            if queue.is_empty() || is_late || !fails_over {
                if fails_over {
                    self.warn_of_those_left_out(request);
                }
                return Err(error.with_hops(hops));
            }
            tracing::warn!(provider = %id, kind = error.kind().as_str(), send_state = error.send_state().as_str(), "failing over");
            hops.push(Hop::of(id, &error));
        }
        // There is always a first candidate, and the last one returns.
        Err(Error::new(ErrorKind::Unsupported, SendState::NotSent).with_operation("create").with_hops(hops))
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        let outcome = self.issuer(handle, "verify")?.verify_with(handle, answer, options).await;
        self.health.note_other(handle.provider(), &outcome);
        outcome
    }

    async fn resend_with(&self, handle: &ChallengeHandle, options: &CallOptions) -> Result<Challenge, Error> {
        let outcome = self.issuer(handle, "resend")?.resend_with(handle, options).await;
        self.health.note_other(handle.provider(), &outcome);
        outcome
    }

    fn health(&self) -> Vec<ProviderHealth> {
        self.health.tell(self.providers.keys())
    }

    async fn peek(&self, handle: &ChallengeHandle, options: &CallOptions) -> Outlook {
        match self.providers.get(handle.provider()) {
            Some(issuer) => issuer.peek(handle, options).await,
            None => Outlook::default(),
        }
    }

    fn memory(&self) -> Memory {
        Memory::of_parts(self.providers.iter().map(|(id, provider)| (id.clone(), provider.memory())))
    }

    fn recall(&self, memory: Memory) {
        for (id, provider) in &self.providers {
            provider.recall(memory.part(id));
        }
    }
}
