//! One event a call, with nothing in it that was submitted.

use std::time::Duration;

use super::Reply;
use crate::{Error, ProviderId};

pub(super) fn finished<T>(provider: &ProviderId, operation: &'static str, elapsed: Duration, outcome: &Result<Reply<T>, Error>) {
    let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    match outcome {
        Ok(reply) => tracing::debug!(%provider, operation, status = reply.http_status(), request_id = reply.request_id(), elapsed_ms, "vendor call done"),
        Err(error) => tracing::warn!(
            %provider,
            operation,
            status = error.status(),
            request_id = error.request_id(),
            kind = error.kind().as_str(),
            send_state = error.send_state().as_str(),
            elapsed_ms,
            "vendor call failed"
        ),
    }
}
