//! What is seen of one attempt: a span for an operator, and what an observer is told.

use tokio::time::Instant;
use tracing::{Span, field::Empty};

use super::{Failure, Operation, Route, endpoint::Server, log::is_answer, reply::Exchange};
use crate::{
    model::{Error, ProviderId},
    telemetry::{AttemptEnd, Observers, is_fault},
};

/// Watches one attempt. Dropped before its end, it tells that nobody waited for that.
pub(super) struct Watch<'a> {
    provider: &'a ProviderId,
    operation: &'a Operation,
    server: &'a Server,
    earlier: u32,
    span: Span,
    observers: &'a Observers,
    begun: Option<Instant>,
    is_over: bool,
}

impl<'a> Watch<'a> {
    /// Begins a span, in the names that OpenTelemetry has for HTTP clients; `earlier` attempts were made before this one.
    pub(super) fn begin(provider: &'a ProviderId, operation: &'a Operation, server: &'a Server, earlier: u32, observers: &'a Observers) -> Self {
        let Route { name, method, path, .. } = operation.route;
        let span = tracing::info_span!(
            "vendor call",
            otel.kind = "client",
            otel.name = %format_args!("{method} {path}"),
            otel.status_code = Empty,
            challenge.provider = %provider,
            challenge.vendor_operation = name,
            http.request.method = method,
            http.request.resend_count = (earlier > 0).then_some(i64::from(earlier)),
            http.response.status_code = Empty,
            server.address = server.address,
            server.port = server.port.map(i64::from),
            url.template = path,
            error.type = Empty,
        );
        Self { provider, operation, server, earlier, span, observers, begun: (!observers.is_empty()).then(Instant::now), is_over: false }
    }

    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// Tells how it ended. A rejected answer is no error.
    pub(super) fn ended(mut self, outcome: Result<&Exchange, &Failure>) {
        self.is_over = true;
        let (status, error) = match outcome {
            Ok(reply) => (Some(reply.status), None),
            Err(failure) => (failure.error.status(), Some(&failure.error).filter(|_| !is_answer(self.operation, failure))),
        };
        if let Some(error) = error {
            self.span.record("error.type", error.kind().as_str());
            if is_fault(error) {
                self.span.record("otel.status_code", "ERROR");
            }
        }
        if let Some(status) = status {
            self.span.record("http.response.status_code", i64::from(status));
        }
        self.tell(status, error, false);
    }

    fn tell(&self, status: Option<u16>, error: Option<&Error>, was_dropped: bool) {
        let Some(begun) = self.begun else { return };
        let Route { name, method, path, .. } = self.operation.route;
        let end = AttemptEnd {
            provider: self.provider,
            vendor_operation: name,
            http_method: method,
            url_template: path,
            server_address: &self.server.address,
            server_port: self.server.port,
            earlier_attempts: self.earlier,
            status,
            error,
            was_dropped,
            elapsed: begun.elapsed(),
        };
        self.observers.tell(|observer| observer.attempt_ended(&end));
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.span.record("error.type", "dropped");
            self.tell(None, None, true);
        }
    }
}
