//! One call of a provider: what was asked for, and the span that tells what came of it.

use std::{future::Future, pin::Pin};

use tracing::{Instrument as _, Level, Span, field::Empty};

use super::{CallOutcome, Ruling, Unended, outcome::Outcome};
use crate::model::{Advice, ChallengeHandle, ChallengeRequest, Error, ErrorKind, Method, ProviderId};

/// What all spans of calls are named, and known by.
const NAME: &str = "challenge";
const TARGET: &str = "auth_challenge";

/// Names a call: what it does, by which method, and to the challenge of which provider, where there is one.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    operation: &'static str,
    method: Method,
    issuer: Option<&'a ProviderId>,
}

impl<'a> Call<'a> {
    pub(crate) fn create(request: &ChallengeRequest) -> Self {
        Self { operation: "create", method: request.method(), issuer: None }
    }

    pub(crate) fn verify(handle: &'a ChallengeHandle) -> Self {
        Self { operation: "verify", method: handle.method(), issuer: Some(handle.provider()) }
    }

    pub(crate) fn resend(handle: &'a ChallengeHandle) -> Self {
        Self { operation: "resend", method: handle.method(), issuer: Some(handle.provider()) }
    }

    pub(crate) fn operation(&self) -> &'static str {
        self.operation
    }

    pub(crate) fn method(&self) -> Method {
        self.method
    }

    /// Tells what became of it.
    pub(crate) fn outcome<'o>(&self, ended: &'o impl Outcome) -> CallOutcome<'o> {
        ended.outcome(self.issuer.is_some())
    }

    /// Finds whose challenge it is, or who failed last; none where nobody was asked. What is no handle of anybody's here may name anything, and so may the handle of a call that was dropped.
    pub(super) fn provider<'o>(&self, outcome: &CallOutcome<'o>) -> Option<&'o ProviderId>
    where
        'a: 'o,
    {
        match outcome {
            CallOutcome::Created(challenge) | CallOutcome::Repeated(challenge) | CallOutcome::Resent(challenge) => Some(challenge.provider()),
            CallOutcome::Verified(_) | CallOutcome::Rejected(_) => self.issuer,
            CallOutcome::Failed(error) => error.provider().filter(|_| !error.is_of_nobody_asked()),
            CallOutcome::Dropped => None,
        }
    }

    /// Makes the call within a span of its own, unless it is a part of one: of providers within each other the outermost has the span.
    pub(crate) async fn observe<T, F>(self, work: impl FnOnce() -> F) -> Result<T, Error>
    where
        Result<T, Error>: Outcome,
        F: Future<Output = Result<T, Error>> + Send,
    {
        if is_observed() && !is_within_a_call() {
            // By itself, so that a call that nobody listens to has no room for it.
            Box::pin(self.observed(Box::pin(work()))).await
        } else {
            work().await
        }
    }

    /// Makes the call within a span. Compiled once for all calls that give the same.
    async fn observed<T>(self, work: Pin<Box<dyn Future<Output = Result<T, Error>> + Send + '_>>) -> Result<T, Error>
    where
        Result<T, Error>: Outcome,
    {
        let Self { operation, method, issuer: _ } = self;
        let span = tracing::info_span!(
            target: TARGET,
            NAME,
            otel.name = %format_args!("{operation} {}", method.as_str()),
            otel.status_code = Empty,
            challenge.operation = operation,
            challenge.method = method.as_str(),
            challenge.kind = method.credential_kind().map(|kind| kind.as_str()),
            challenge.provider = Empty,
            challenge.outcome = Empty,
            challenge.reason = Empty,
            challenge.send_state = Empty,
            challenge.hops = Empty,
            challenge.guard.ruling = Empty,
            error.type = Empty,
        );
        let unended = Unended::new(|| self.note(&span, CallOutcome::Dropped));
        let ended = work.instrument(span.clone()).await;
        unended.end();
        self.note(&span, self.outcome(&ended));
        ended
    }

    /// Notes at the call's span what came of it.
    fn note(&self, span: &Span, outcome: CallOutcome<'_>) {
        span.record("challenge.outcome", outcome.as_str());
        if let Some(provider) = self.provider(&outcome) {
            span.record("challenge.provider", provider.as_str());
        }
        if let Some(state) = outcome.send_state() {
            span.record("challenge.send_state", state.as_str());
        }
        match outcome {
            CallOutcome::Rejected(no) => _ = span.record("challenge.reason", no.reason().as_str()),
            CallOutcome::Failed(error) => {
                span.record("error.type", error.kind().as_str());
                if is_fault(error) {
                    span.record("otel.status_code", "ERROR");
                }
            }
            _ => {}
        }
        if let (None, CallOutcome::Created(_) | CallOutcome::Repeated(_) | CallOutcome::Failed(_)) = (self.issuer, outcome) {
            span.record("challenge.hops", i64::try_from(outcome.hops().len()).unwrap_or(i64::MAX));
        }
    }
}

/// Says whether an error is a fault of somebody's: not what a person mistyped, asked for too often, or came with that is no handle.
pub(crate) fn is_fault(error: &Error) -> bool {
    !matches!(error.kind(), ErrorKind::Throttled | ErrorKind::Handle) && error.advice() != Advice::FixInput
}

/// Notes at the call what its guard decided.
pub(crate) fn guard_decided(ruling: Ruling) {
    if is_observed() && is_within_a_call() {
        Span::current().record("challenge.guard.ruling", ruling.as_str());
    }
}

fn is_observed() -> bool {
    tracing::span_enabled!(target: TARGET, Level::INFO)
}

fn is_within_a_call() -> bool {
    Span::current().metadata().is_some_and(|span| span.name() == NAME && span.target() == TARGET)
}
