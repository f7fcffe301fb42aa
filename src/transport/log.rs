//! One event a call and one a retry, with nothing in them that was submitted.

use tokio::time::Instant;

use super::{Failure, Operation, reply::Exchange, retry::Retry};
use crate::{
    model::{Error, ErrorKind, ProviderId, Violation},
    telemetry::is_fault,
};

/// Says whether a failure is the vendor's answer to a person's. That it knows no such challenge mostly means that the challenge has expired.
pub(super) fn is_answer(operation: &Operation, failure: &Failure) -> bool {
    failure.rejection.is_some() || operation.is_check && failure.error.kind() == ErrorKind::NotFound
}

/// Tells how a call ended. A vendor that rejects an answer has answered.
pub(super) fn finished(provider: &ProviderId, operation: &Operation, attempts: u32, begun: Instant, outcome: Result<&Exchange, &Failure>) {
    // Where nobody listens, the clock is not asked.
    let elapsed_ms = || u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let name = operation.route.name;
    match outcome {
        Ok(reply) => {
            tracing::debug!(%provider, operation = name, status = reply.status, request_id = reply.request_id(), attempts, elapsed_ms = elapsed_ms(), "vendor call done");
        }
        // What it means is told with the verification.
        Err(failure @ Failure { error, hint: None, .. }) if is_answer(operation, failure) => {
            tracing::debug!(%provider, operation = name, status = error.status(), request_id = error.request_id(), attempts, elapsed_ms = elapsed_ms(), "vendor call done");
        }
        Err(Failure { error, rejection: Some(reason), hint: Some(hint) }) => {
            let reason = reason.as_str();
            tracing::warn!(%provider, operation = name, status = error.status(), request_id = error.request_id(), reason, hint, "answer rejected by the vendor");
        }
        // What a person mistyped is no fault of anybody's.
        Err(Failure { error, .. }) if !is_fault(error) => {
            let fields: Vec<&str> = error.violations().iter().map(Violation::name).collect();
            tracing::info!(%provider, operation = name, status = error.status(), request_id = error.request_id(), ?fields, attempts, elapsed_ms = elapsed_ms(), "input refused by the vendor");
        }
        Err(Failure { error, .. }) => tracing::warn!(
            %provider,
            operation = name,
            status = error.status(),
            request_id = error.request_id(),
            kind = error.kind().as_str(),
            detail = error.detail(),
            send_state = error.send_state().as_str(),
            attempts,
            elapsed_ms = elapsed_ms(),
            "vendor call failed"
        ),
    }
}

/// Tells whether a connection was opened ahead of a call. That none was is no failure yet.
pub(super) fn warmed_up(provider: &ProviderId, outcome: &Result<(), Error>) {
    match outcome {
        Ok(()) => tracing::debug!(%provider, "connection opened"),
        Err(error) => tracing::debug!(%provider, kind = error.kind().as_str(), detail = error.detail(), "no connection opened"),
    }
}

/// Tells that a call is made once more. That a server closes connections now and then is nothing to warn of.
pub(super) fn retrying(provider: &ProviderId, operation: &Operation, retry: Retry, error: &Error) {
    let pause_ms = u64::try_from(retry.pause().as_millis()).unwrap_or(u64::MAX);
    let (operation, kind) = (operation.route.name, error.kind().as_str());
    match retry {
        Retry::Elsewhere(_) => tracing::debug!(%provider, operation, kind, pause_ms, "vendor call not processed, trying another connection"),
        Retry::After(_) => tracing::warn!(%provider, operation, kind, pause_ms, "vendor call not sent, trying once more"),
    }
}
