//! Numbers by the `metrics` facade.

use metrics::{Label, Unit, counter, describe_counter, describe_histogram, histogram};

use super::{AttemptEnd, CallEnd, CallOutcome, GuardDecision, Observer};
use crate::model::ProviderId;

const CALL_DURATION: &str = "challenge.call.duration";
const ATTEMPT_DURATION: &str = "http.client.request.duration";
const SENT: &str = "challenge.sent";
const VERIFIED: &str = "challenge.verified";
const HOPS: &str = "challenge.hops";
const GUARD_DECISIONS: &str = "challenge.guard.decisions";

/// Counts by the `metrics` facade, whatever gathers its numbers; [the guide](crate::guide::observing) lists them.
///
/// ```
/// use std::sync::Arc;
/// use auth_challenge::{Config, MetricsObserver};
///
/// let config = Config::default().with_observer(Arc::new(MetricsObserver::new()));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MetricsObserver {}

impl MetricsObserver {
    /// Tells the recorder that is installed, so install it before, what the numbers are and their units.
    pub fn new() -> Self {
        describe_histogram!(CALL_DURATION, Unit::Seconds, "Time of a create, verify or resend, with its retries, failover and guards");
        describe_histogram!(ATTEMPT_DURATION, Unit::Seconds, "Time of one attempt to call a vendor");
        describe_counter!(SENT, Unit::Count, "Messages that went out, and credential challenges that were made");
        describe_counter!(VERIFIED, Unit::Count, "Answers that were right");
        describe_counter!(HOPS, Unit::Count, "Providers that a create asked in vain, or passed over, before another one");
        describe_counter!(GUARD_DECISIONS, Unit::Count, "Decisions of guards");
        Self {}
    }
}

impl Default for MetricsObserver {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for MetricsObserver {
    fn call_ended(&self, call: &CallEnd<'_>) {
        let outcome = call.outcome();
        let mut labels = Labels::of(call.operation(), call.method().as_str());
        labels.provider(call.provider());
        labels.add("challenge.outcome", outcome.as_str());
        match outcome {
            CallOutcome::Rejected(no) => labels.add("challenge.reason", no.reason().as_str()),
            CallOutcome::Failed(error) => labels.add("error.type", error.kind().as_str()),
            _ => {}
        }
        labels.maybe("challenge.send_state", outcome.send_state().map(|state| state.as_str()));
        histogram!(CALL_DURATION, labels.0).record(call.elapsed());

        let is_verified = matches!(outcome, CallOutcome::Verified(_));
        if call.has_sent() || is_verified {
            let mut labels = Labels::default();
            labels.provider(call.provider());
            labels.add("challenge.method", call.method().as_str());
            labels.0.extend(call.calling_code().map(|code| Label::new("challenge.calling_code", code)));
            // Both are there once one of them is, so that a conversion of none is a number too.
            counter!(SENT, labels.0.clone()).increment(u64::from(!is_verified));
            counter!(VERIFIED, labels.0).increment(u64::from(is_verified));
        }
        for hop in outcome.hops() {
            let mut labels = Labels::default();
            labels.provider(Some(hop.provider()));
            labels.add("error.type", hop.kind().as_str());
            labels.add("challenge.passed_over", if hop.was_passed_over() { "true" } else { "false" });
            counter!(HOPS, labels.0).increment(1);
        }
    }

    fn attempt_ended(&self, attempt: &AttemptEnd<'_>) {
        let mut labels = Labels::default();
        labels.provider(Some(attempt.provider()));
        labels.add("challenge.vendor_operation", attempt.vendor_operation());
        labels.add("http.request.method", attempt.http_method());
        labels.add("url.template", attempt.url_template());
        labels.0.push(Label::new("server.address", attempt.server_address().to_owned()));
        labels.0.extend(attempt.server_port().map(|port| Label::new("server.port", port.to_string())));
        labels.0.extend(attempt.status().map(|status| Label::new("http.response.status_code", status.to_string())));
        labels.maybe("error.type", attempt.error_type());
        histogram!(ATTEMPT_DURATION, labels.0).record(attempt.elapsed());
    }

    fn guard_decided(&self, decision: &GuardDecision) {
        let mut labels = Labels::of(decision.operation(), decision.method().as_str());
        labels.add("challenge.guard.ruling", decision.ruling().as_str());
        labels.add("challenge.guard.rule", decision.rule());
        counter!(GUARD_DECISIONS, labels.0).increment(1);
    }
}

/// Gathers the labels of one number.
#[derive(Default)]
struct Labels(Vec<Label>);

impl Labels {
    fn of(operation: &'static str, method: &'static str) -> Self {
        Self(vec![Label::from_static_parts("challenge.operation", operation), Label::from_static_parts("challenge.method", method)])
    }

    fn add(&mut self, name: &'static str, value: &'static str) {
        self.0.push(Label::from_static_parts(name, value));
    }

    fn maybe(&mut self, name: &'static str, value: Option<&'static str>) {
        self.0.extend(value.map(|value| Label::from_static_parts(name, value)));
    }

    fn provider(&mut self, provider: Option<&ProviderId>) {
        self.0.extend(provider.map(|provider| Label::new("challenge.provider", provider.as_str().to_owned())));
    }
}
