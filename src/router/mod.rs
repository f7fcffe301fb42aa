//! Several providers behind one: each challenge is checked where it was made, new ones go by method, by health and past a guard.

mod guard;
mod health;
mod local_guard;
mod reload;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::time::Instant;

pub use guard::{Guard, Refusal, Sending};
use health::Health;
pub use local_guard::{LocalGuard, NotARate, Rate};
pub use reload::Reloadable;

use crate::{
    Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeRequest, Error, ErrorKind, Field, Hop, Method, ProviderId,
    SendState, Verification,
};

/// Several providers behind one.
///
/// - A **new challenge** goes to the provider that its method is routed to, else to the current one if it has the method, else to the one
///   provider that has it. `user_id` is for the current provider alone; another one is told the id that
///   [`user_id_at`](ChallengeRequest::user_id_at) gives it, or none.
/// - If that one cannot be reached, or refuses for a reason of its own (401, 403, 429), the **failover** providers are asked in order,
///   never for credentials. Each such hop is on the challenge, in the error, and warned of in the log. A provider that could not be reached
///   is passed over for half a minute while there is another.
/// - An **answer** is checked by the provider that made the challenge, whichever is current now.
/// - A [`Guard`] sees every send and every answer, and may refuse.
///
/// [`Config::build`](crate::Config::build) makes one of a config with several sections, and passes on what `id` and `capabilities` of the
/// current provider say.
///
/// ```
/// # #[cfg(feature = "testing")] {
/// use std::sync::Arc;
/// use auth_challenge::{ChallengeProvider, Method, ProviderId, Router, testing::Scripted};
///
/// let router = Router::new(Arc::new(Scripted::named("main")))
///     .with_provider(Arc::new(Scripted::named("spare")))
///     .with_route(Method::WhatsAppOtp, ProviderId::custom("spare"))
///     .with_failover([ProviderId::custom("spare")]);
/// assert_eq!(router.id().as_str(), "main");
/// # }
/// ```
#[derive(Debug)]
pub struct Router {
    current: Arc<dyn ChallengeProvider>,
    providers: BTreeMap<ProviderId, Arc<dyn ChallengeProvider>>,
    routes: BTreeMap<Route, ProviderId>,
    failover: Vec<ProviderId>,
    guard: Option<Arc<dyn Guard>>,
    health: Health,
    timeout: Duration,
}

/// A method without the kind of credential: all kinds go the same way.
type Route = &'static str;

impl Router {
    /// A router with this provider for new challenges.
    pub fn new(current: Arc<dyn ChallengeProvider>) -> Self {
        let providers = BTreeMap::from([(current.id().clone(), Arc::clone(&current))]);
        Self { current, providers, routes: BTreeMap::new(), failover: Vec::new(), guard: None, health: Health::default(), timeout: crate::http::TIMEOUT }
    }

    /// With a further provider: for its own challenges, for methods that the current one lacks, for routes and failover.
    pub fn with_provider(mut self, provider: Arc<dyn ChallengeProvider>) -> Self {
        self.providers.entry(provider.id().clone()).or_insert(provider);
        self
    }

    /// With a provider for a method; for a credential of any kind.
    pub fn with_route(mut self, method: Method, provider: ProviderId) -> Self {
        self.routes.insert(method.as_str(), provider);
        self
    }

    /// With the providers that are asked, in this order, where the first cannot be reached or refuses for a reason of its own.
    pub fn with_failover(mut self, providers: impl IntoIterator<Item = ProviderId>) -> Self {
        self.failover = providers.into_iter().collect();
        self
    }

    /// With a guard that sees every send and every answer.
    pub fn with_guard(mut self, guard: Arc<dyn Guard>) -> Self {
        self.guard = Some(guard);
        self
    }

    /// With another time for a whole call, all hops together; 10 s unless told otherwise.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The provider that a request goes to first.
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

    /// The providers that a request may go to, in order.
    fn candidates(&self, request: &ChallengeRequest) -> Vec<&Arc<dyn ChallengeProvider>> {
        let first = self.first(request);
        let mut candidates = vec![first];
        // A passkey or key belongs to one vendor.
        if request.method().credential_kind().is_none() {
            let others = self.failover.iter().filter(|id| *id != first.id()).filter_map(|id| self.providers.get(id));
            candidates.extend(others.filter(|provider| provider.check(&self.addressed(request, provider.id())).is_ok()));
        }
        candidates
    }

    /// The request as one provider may see it: without another provider's id of the user.
    fn addressed(&self, request: &ChallengeRequest, provider: &ProviderId) -> ChallengeRequest {
        if provider == self.current.id() { request.clone() } else { request.for_other_than_current(provider) }
    }

    async fn past_guard(&self, sending: Sending<'_>, operation: &'static str) -> Result<(), Error> {
        match &self.guard {
            Some(guard) => guard.before_send(sending).await.map_err(|refusal| refusal.into_error(operation)),
            None => Ok(()),
        }
    }

    async fn sent(&self, sending: Sending<'_>, challenge: &Challenge) {
        if let Some(guard) = &self.guard {
            guard.after_send(sending, challenge.handle()).await;
        }
    }

    /// The provider that made a challenge.
    fn issuer(&self, handle: &ChallengeHandle, operation: &'static str) -> Result<&Arc<dyn ChallengeProvider>, Error> {
        self.providers.get(handle.provider()).ok_or_else(|| {
            let error = Error::new(ErrorKind::Handle, SendState::NotSent).with_operation(operation);
            error.with_detail("the provider that made the challenge is not configured")
        })
    }
}

/// What a provider must have to be worth asking.
const LEAST_TIME: Duration = Duration::from_millis(250);

/// Whether another provider may be asked after this error: nothing was sent, for want of a connection or for a reason of that vendor's.
fn may_fail_over(error: &Error, even_if_unknown: bool) -> bool {
    match error.send_state() {
        SendState::NotSent => error.kind() == ErrorKind::Connect,
        // No connection, after an attempt that was refused.
        SendState::Refused => {
            matches!(error.kind(), ErrorKind::Connect | ErrorKind::Authentication | ErrorKind::Permission | ErrorKind::RateLimited)
                && error.status() != Some(402)
        }
        SendState::Unknown => even_if_unknown,
        SendState::Accepted => false,
    }
}

#[async_trait]
impl ChallengeProvider for Router {
    fn id(&self) -> &ProviderId {
        self.current.id()
    }

    fn capabilities(&self) -> &Capabilities {
        self.current.capabilities()
    }

    fn check(&self, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
        let first = self.first(request);
        first.check(&self.addressed(request, first.id()))
    }

    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        // A request that is refused anyway is not counted by the guard.
        self.check(request).map_err(|error| error.with_operation("create"))?;
        self.past_guard(Sending::of(request), "create").await?;
        let mut left = options.call_timeout().unwrap_or(self.timeout).min(crate::http::FAR);
        let deadline = Instant::now() + left;
        let mut hops = Vec::new();
        let mut candidates = self.candidates(request).into_iter().peekable();
        while let Some(provider) = candidates.next() {
            let is_last = candidates.peek().is_none();
            if !is_last && self.health.is_unreachable(provider.id()) {
                hops.push(Hop::skipped(provider.id().clone()));
                continue;
            }
            // Waiting is for the last one alone: where there is another, it is asked at once.
            let options = options.clone().timeout(left).once(!is_last);
            let error = match provider.create_with(&self.addressed(request, provider.id()), &options).await {
                Ok(challenge) => {
                    self.health.reached(provider.id());
                    self.sent(Sending::of(request), &challenge).await;
                    return Ok(challenge.with_hops(hops));
                }
                Err(error) => error,
            };
            self.health.note(provider.id(), &error);
            left = deadline.saturating_duration_since(Instant::now());
            // Asked with no time to answer, the next one would turn what is known into an unknown outcome.
            if is_last || left < LEAST_TIME || !may_fail_over(&error, options.fails_over_when_unknown()) {
                return Err(error.with_hops(hops));
            }
            tracing::warn!(provider = %provider.id(), kind = error.kind().as_str(), send_state = error.send_state().as_str(), "failing over");
            hops.push(Hop::of(provider.id().clone(), &error));
        }
        // There is always a first candidate, and the last one returns.
        Err(Error::new(ErrorKind::Unsupported, SendState::NotSent).with_operation("create").with_hops(hops))
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        let issuer = self.issuer(handle, "verify")?;
        let Some(guard) = &self.guard else { return issuer.verify_with(handle, answer, options).await };
        guard.before_verify(handle, options.client_address()).await.map_err(|refusal| refusal.into_error("verify"))?;
        let outcome = issuer.verify_with(handle, answer, options).await;
        guard.after_verify(handle, outcome.as_ref()).await;
        outcome
    }

    async fn resend_with(&self, handle: &ChallengeHandle, options: &CallOptions) -> Result<Challenge, Error> {
        let issuer = self.issuer(handle, "resend")?;
        // What the issuer cannot do is not counted by the guard.
        if issuer.capabilities().resend() {
            self.past_guard(Sending::again(handle, options.client_address()), "resend").await?;
        }
        let challenge = issuer.resend_with(handle, options).await?;
        self.sent(Sending::again(handle, options.client_address()), &challenge).await;
        Ok(challenge)
    }
}
