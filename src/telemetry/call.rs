//! The span of one call of a provider: what was asked for, and what came of it.

use std::future::Future;

use tracing::{Instrument as _, Level, Span, field::Empty};

use super::Unended;
use crate::model::{Advice, Challenge, ChallengeHandle, ChallengeRequest, Error, ErrorKind, Method, ProviderId, SendState, Verification};

/// What all spans of calls are named, and known by.
const NAME: &str = "challenge";
const TARGET: &str = "auth_challenge";

/// Names a call: what it does, by which method, and to the challenge of which provider, where there is one.
#[derive(Clone, Copy, Debug)]
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

    #[cfg_attr(not(vendor), allow(dead_code, reason = "vendors alone stamp what they make"))]
    pub(crate) fn operation(&self) -> &'static str {
        self.operation
    }

    /// Makes the call within a span of its own, unless it is a part of one: of providers within each other the outermost has the span.
    pub(crate) async fn observe<T: Outcome, F: Future<Output = Result<T, Error>> + Send>(self, work: impl FnOnce() -> F) -> Result<T, Error> {
        if is_observed() && !is_within_a_call() {
            // By itself, so that a call that nobody listens to has no room for it.
            Box::pin(self.observed(work())).await
        } else {
            work().await
        }
    }

    async fn observed<T: Outcome>(self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let Self { operation, method, issuer } = self;
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
            challenge.guard = Empty,
            error.type = Empty,
        );
        let unended = Unended::new(&span, |span| {
            span.record("challenge.outcome", "dropped").record("challenge.send_state", SendState::Unknown.as_str());
        });
        let outcome = work.instrument(span.clone()).await;
        unended.end();
        match &outcome {
            Ok(done) => done.note(&span, issuer),
            Err(error) => failed(&span, error, issuer),
        }
        outcome
    }
}

/// Says whether an error is a fault of somebody's: not what a person mistyped, asked for too often, or came with that is no handle.
pub(crate) fn is_fault(error: &Error) -> bool {
    !matches!(error.kind(), ErrorKind::Throttled | ErrorKind::Handle) && error.advice() != Advice::FixInput
}

/// Notes at the call what its guard decided.
pub(crate) fn guard_decided(decision: &'static str) {
    if is_observed() && is_within_a_call() {
        Span::current().record("challenge.guard", decision);
    }
}

fn is_observed() -> bool {
    tracing::span_enabled!(target: TARGET, Level::INFO)
}

fn is_within_a_call() -> bool {
    Span::current().metadata().is_some_and(|span| span.name() == NAME && span.target() == TARGET)
}

fn failed(span: &Span, error: &Error, issuer: Option<&ProviderId>) {
    span.record("challenge.outcome", "failed").record("error.type", error.kind().as_str()).record("challenge.send_state", error.send_state().as_str());
    if issuer.is_none() {
        note_hops(span, error.hops().len());
    }
    // What is no handle of anybody's here may name anything.
    if let Some(provider) = error.provider().filter(|_| error.kind() != ErrorKind::Handle) {
        span.record("challenge.provider", provider.as_str());
    }
    if is_fault(error) {
        span.record("otel.status_code", "ERROR");
    }
}

fn note_hops(span: &Span, hops: usize) {
    span.record("challenge.hops", i64::try_from(hops).unwrap_or(i64::MAX));
}

/// What a call gives where it does not fail.
pub(crate) trait Outcome {
    /// Notes at the call's span what came of it.
    fn note(&self, span: &Span, issuer: Option<&ProviderId>);
}

impl Outcome for Challenge {
    fn note(&self, span: &Span, issuer: Option<&ProviderId>) {
        span.record("challenge.outcome", if issuer.is_none() { "created" } else { "resent" }).record("challenge.provider", self.handle().provider().as_str());
        if issuer.is_none() {
            note_hops(span, self.hops().len());
        }
    }
}

impl Outcome for Verification {
    fn note(&self, span: &Span, issuer: Option<&ProviderId>) {
        match self {
            Self::Verified(_) => span.record("challenge.outcome", "verified"),
            Self::Rejected(no) => span.record("challenge.outcome", "rejected").record("challenge.reason", no.reason().as_str()),
        };
        if let Some(issuer) = issuer {
            span.record("challenge.provider", issuer.as_str());
        }
    }
}
