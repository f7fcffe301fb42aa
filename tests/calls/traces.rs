//! What an operator sees of a call in a trace: one span, and below it one for each attempt, in the names of OpenTelemetry.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::support::{
    Reserved, Server, Step,
    guards::rate,
    log::Log,
    reply,
    vendors::{self, Operation},
};
use auth_challenge::{
    Advice, Answer, CallOptions, ChallengeHandle, ChallengeProvider, ChallengeProviderExt as _, ChallengeRequest, Config, ErrorKind, Guarded, Limits,
    LocalGuard, LocalIntents, Method, ProviderId, Reloadable, Router, SendOnce, Verification,
    testing::{AuthsignalDouble, CorbadoDouble, Fault, Operation as DoublesOperation, Scripted},
};
use opentelemetry::{
    Value,
    trace::{SpanContext, SpanKind, Status, TraceContextExt as _, TracerProvider as _},
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing::{Dispatch, Level, Span, instrument::WithSubscriber as _};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{Layer as _, filter::Targets, layer::SubscriberExt as _};

/// Gathers what a program exports.
struct Traces {
    exporter: InMemorySpanExporter,
    provider: SdkTracerProvider,
}

impl Traces {
    fn new() -> Self {
        // Beside one subscriber alone, a span that a thread without any reaches first is taken for one that nobody wants, for all threads.
        static SECOND: OnceLock<Dispatch> = OnceLock::new();
        SECOND.get_or_init(|| Log::default().hears(Level::ERROR));
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        Self { exporter, provider }
    }

    fn subscriber(&self) -> Dispatch {
        let layer = tracing_opentelemetry::layer().with_tracer(self.provider.tracer("test"));
        tracing_subscriber::registry().with(layer.with_filter(Targets::new().with_target("auth_challenge", Level::INFO))).into()
    }

    /// What was exported since the last time, the first to begin first.
    fn take(&self) -> Vec<SpanData> {
        let mut spans = self.exporter.get_finished_spans().expect("spans");
        self.exporter.reset();
        spans.sort_by_key(|span| span.start_time);
        spans
    }

    /// The one call, and the attempts below it.
    fn call(&self) -> (SpanData, Vec<SpanData>) {
        let (mut calls, attempts): (Vec<_>, Vec<_>) = self.take().into_iter().partition(|span| span.span_kind == SpanKind::Internal);
        assert_eq!(calls.len(), 1, "{calls:#?}");
        let call = calls.remove(0);
        for attempt in &attempts {
            assert_eq!((&attempt.span_kind, attempt.parent_span_id), (&SpanKind::Client, call.span_context.span_id()), "{attempt:#?}");
        }
        (call, attempts)
    }
}

/// What is a number to those who read it.
const NUMBERS: [&str; 4] = ["challenge.hops", "http.request.resend_count", "http.response.status_code", "server.port"];

/// What a span says of itself; "" where it says nothing of that.
fn attribute(span: &SpanData, name: &str) -> String {
    let mut values = span.attributes.iter().filter(|attribute| attribute.key.as_str() == name);
    let value = values.next().map(|attribute| attribute.value.to_string()).unwrap_or_default();
    assert!(values.next().is_none(), "{name} twice: {span:#?}");
    let is_number = span.attributes.iter().any(|attribute| attribute.key.as_str() == name && matches!(attribute.value, Value::I64(_)));
    assert_eq!(is_number, NUMBERS.contains(&name) && !value.is_empty(), "{name}: {span:#?}");
    value
}

fn events(span: &SpanData) -> Vec<&str> {
    span.events.iter().map(|event| event.name.as_ref()).collect()
}

fn attributes<const N: usize>(span: &SpanData, names: [&str; N]) -> [String; N] {
    names.map(|name| attribute(span, name))
}

const OF_A_CALL: [&str; 5] = ["challenge.operation", "challenge.method", "challenge.provider", "challenge.outcome", "challenge.hops"];
const OF_AN_ATTEMPT: [&str; 5] = ["challenge.provider", "http.request.method", "url.template", "http.response.status_code", "error.type"];

#[tokio::test]
async fn a_failover_is_one_call_with_an_attempt_at_each_vendor() {
    let traces = Traces::new();
    let (corbado, authsignal) = (CorbadoDouble::start().await, AuthsignalDouble::start().await);
    let sections = corbado.config_section() + &authsignal.config_section();
    let auth = Config::from_toml_str(&format!("provider = \"corbado\"\nfailover = [\"authsignal\"]\n{sections}")).expect("TOML").build().expect("a config");
    corbado.fail(DoublesOperation::CREATE, Fault::status(401));
    let request = corbado.person("jane@doe.com").with_action("login");
    let challenge = auth.create(&request).with_subscriber(traces.subscriber()).await.expect("a challenge");

    let (call, attempts) = traces.call();
    assert_eq!(call.name, "create email_otp");
    assert_eq!(attributes(&call, OF_A_CALL), ["create", "email_otp", "authsignal", "created", "1"]);
    assert_eq!(call.status, Status::Unset);
    let [first, second] = &attempts[..] else { panic!("{attempts:#?}") };
    assert_eq!(first.name, "POST /users/{userID}/challenges");
    assert_eq!(attributes(first, OF_AN_ATTEMPT), ["corbado", "POST", "/users/{userID}/challenges", "401", "authentication"]);
    assert!(matches!(first.status, Status::Error { .. }), "{first:#?}");
    assert_eq!(attributes(second, OF_AN_ATTEMPT), ["authsignal", "POST", "/challenge", "200", ""]);
    assert_eq!(second.status, Status::Unset);
    for attempt in &attempts {
        assert_eq!(attributes(attempt, ["server.address", "url.full", "http.request.resend_count"]), ["127.0.0.1", "", ""]);
        assert!(!attribute(attempt, "server.port").is_empty(), "{attempt:#?}");
    }
    assert_eq!(events(&call), ["vendor call failed", "failing over"]);

    let user = request.user_id_for(&auth.id()).expect("a user of the double's");
    let told = format!("{call:?} {attempts:?}");
    assert!(["jane", user, challenge.handle().challenge_id().expose()].iter().all(|private| !told.contains(private)), "{told}");

    // For a while the first vendor is not asked at all, which is told too.
    auth.create(&request).with_subscriber(traces.subscriber()).await.expect("a challenge");
    let (call, attempts) = traces.call();
    assert_eq!((attributes(&call, OF_A_CALL), attempts.len()), (["create", "email_otp", "authsignal", "created", "1"].map(str::to_owned), 1));
    assert_eq!(events(&call), ["passed over, since it failed a moment ago"]);
    let [event] = &call.events.events[..] else { panic!("{call:#?}") };
    assert!(event.attributes.iter().any(|named| named.key.as_str() == "provider" && named.value.as_str() == "corbado"), "{call:#?}");
}

#[tokio::test]
async fn a_retry_is_a_second_attempt_of_the_same_call() {
    for vendor in vendors::all() {
        let traces = Traces::new();
        let again = reply(429, &[("Retry-After", "0")], "{}");
        let server = Server::start(vec![Step::AnswerAndClose(again), Step::Answer(reply(200, &[], &vendor.created().to_string()))]).await;
        let provider = vendor.provider(server.address);
        let outcome = Operation::Create.call(vendor, &*provider, &CallOptions::default()).with_subscriber(traces.subscriber()).await;
        outcome.unwrap_or_else(|error| panic!("{vendor:?}: {error}"));
        let (call, attempts) = traces.call();
        assert_eq!(attributes(&call, ["challenge.outcome", "challenge.hops", "error.type"]), ["created", "0", ""], "{vendor:?}");
        let told: Vec<_> = attempts.iter().map(|span| attributes(span, ["http.response.status_code", "error.type", "http.request.resend_count"])).collect();
        assert_eq!(told, [["429", "rate_limited", ""], ["200", "", "1"]], "{vendor:?}");
        for seen in server.requests() {
            assert_eq!(seen.header("traceparent").len() + seen.header("tracestate").len() + seen.header("baggage").len(), 0, "{vendor:?}");
        }
    }
}

#[tokio::test]
async fn a_vendor_is_told_the_place_of_each_attempt_in_a_trace_where_that_is_asked_for() {
    for vendor in vendors::all() {
        let traces = Traces::new();
        let again = reply(429, &[("Retry-After", "0")], "{}");
        let server = Server::start(vec![Step::AnswerAndClose(again), Step::Answer(reply(200, &[], &vendor.created().to_string()))]).await;
        let place = |of: &SpanContext| format!("00-{}-{}-01", of.trace_id(), of.span_id());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let of_attempt = move || {
            count.fetch_add(1, Ordering::Relaxed);
            Some(place(Span::current().context().span().span_context()))
        };
        let provider = vendor.config(server.address, "").with_traceparent(of_attempt).build().expect("a provider");
        let outcome = Operation::Create.call(vendor, &*provider, &CallOptions::default()).with_subscriber(traces.subscriber()).await;
        outcome.unwrap_or_else(|error| panic!("{vendor:?}: {error}"));
        let (_, attempts) = traces.call();
        let told: Vec<_> = server.requests().iter().flat_map(|seen| seen.header("traceparent")).map(|place| place.to_string()).collect();
        assert_eq!(told, attempts.iter().map(|span| place(&span.span_context)).collect::<Vec<_>>(), "{vendor:?}");
        assert_eq!((told.len(), asked.load(Ordering::Relaxed)), (2, 2), "{vendor:?}");
    }
}

#[tokio::test]
async fn each_attempt_to_connect_is_told_with_how_many_there_were_before() {
    for vendor in vendors::all() {
        let traces = Traces::new();
        let nobody = Reserved::new();
        let provider = vendor.provider(nobody.address());
        let outcome = Operation::Create.call(vendor, &*provider, &CallOptions::default()).with_subscriber(traces.subscriber()).await;
        assert_eq!(outcome.expect_err("nobody listens").kind(), ErrorKind::Connect, "{vendor:?}");
        let (call, attempts) = traces.call();
        let again = "vendor call not sent, trying once more";
        assert_eq!(events(&call), [again, again, "vendor call failed"], "{vendor:?}");
        let told: Vec<_> = attempts.iter().map(|span| attributes(span, ["http.request.resend_count", "error.type", "http.response.status_code"])).collect();
        assert_eq!(told, [["", "connect", ""], ["1", "connect", ""], ["2", "connect", ""]], "{vendor:?}");
    }
}

#[tokio::test]
async fn an_attempt_names_the_operation_that_is_on_the_wire() {
    for vendor in vendors::all() {
        for operation in Operation::ALL {
            let traces = Traces::new();
            let server = Server::answering(503, &[], "{}").await;
            let provider = vendor.provider(server.address);
            let outcome = operation.call(vendor, &*provider, &CallOptions::default()).with_subscriber(traces.subscriber()).await;
            let seen = server.only_request();
            let (call, attempts) = traces.call();
            let [attempt] = &attempts[..] else { panic!("{vendor:?} {operation:?}: {attempts:#?}") };
            assert_eq!(attribute(attempt, "http.request.method"), seen.method, "{vendor:?} {operation:?}");
            let template = attribute(attempt, "url.template");
            let named: Vec<&str> = template.trim_start_matches('/').split('/').collect();
            let path: Vec<&str> = seen.path.split('/').collect();
            let path = path.get(path.len() - named.len()..).expect("a path as long as its template");
            assert!(
                named.iter().zip(path).all(|(named, is)| !named.is_empty() && (named.starts_with('{') || named == is)),
                "{vendor:?} {operation:?}: {seen:?}"
            );
            let error = outcome.expect_err("an outage");
            assert_eq!(
                attributes(&call, ["challenge.provider", "challenge.outcome", "error.type", "challenge.send_state"]),
                [vendor.name, "failed", error.kind().as_str(), error.send_state().as_str()],
                "{vendor:?} {operation:?}"
            );
            assert!(matches!(call.status, Status::Error { .. }) && matches!(attempt.status, Status::Error { .. }), "{call:#?}");
        }
    }
}

#[tokio::test]
async fn what_a_person_mistyped_is_no_fault() {
    for vendor in vendors::all() {
        for row in (vendor.create.refusals)() {
            let traces = Traces::new();
            let server = Server::answering(row.status, &[], &row.body.to_string()).await;
            let provider = vendor.provider(server.address);
            let options = CallOptions::default().with_single_attempt();
            let create = Operation::Create.call(vendor, &*provider, &options);
            let error = create.with_subscriber(traces.subscriber()).await.expect_err("a refusal");
            let (call, attempts) = traces.call();
            for span in attempts.iter().chain([&call]) {
                assert_eq!(attribute(span, "error.type"), error.kind().as_str(), "{vendor:?} {}", row.body);
                assert_eq!(span.status == Status::Unset, error.advice() == Advice::FixInput, "{vendor:?} {}: {span:#?}", row.body);
            }
        }
    }
}

#[tokio::test]
async fn an_answer_to_a_challenge_that_is_over_is_no_error_anywhere() {
    for vendor in vendors::all() {
        for (status, body) in (vendor.verify.unknown)() {
            let (traces, log) = (Traces::new(), Log::default());
            let server = Server::answering(status, &[], &body.to_string()).await;
            let provider = vendor.provider(server.address);
            let past = vendor.handle_with("expires_at", 1.into());
            let check = async || provider.verify(&past, &vendor.answer()).await.expect("a rejection");
            _ = check().with_subscriber(traces.subscriber()).await;
            let (call, attempts) = traces.call();
            assert_eq!(attributes(&call, ["challenge.outcome", "challenge.reason"]), ["rejected", "expired"], "{vendor:?}");
            for span in attempts.iter().chain([&call]) {
                assert_eq!((&span.status, attribute(span, "error.type").as_str()), (&Status::Unset, ""), "{vendor:?} {body}");
            }
            _ = check().with_subscriber(log.hears(Level::WARN)).await;
            let warned = log.take();
            assert!(!warned.contains("failed") && !warned.contains("does not know"), "{vendor:?} {body}: {warned}");
            // One that may not be over has another cause, which is warned of once.
            let (handle, answer) = (vendor.handle(), vendor.answer());
            let check = provider.verify(&handle, &answer).with_subscriber(log.hears(Level::WARN));
            assert_eq!(check.await.expect_err("an unknown challenge").kind(), ErrorKind::NotFound, "{vendor:?} {body}");
            let warned = log.take();
            let told = (warned.matches("WARN").count(), warned.contains("the vendor does not know the challenge of an answer"));
            assert_eq!(told, (1, true), "{vendor:?} {body}: {warned}");
        }
    }
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_is_told_as_dropped() {
    for vendor in vendors::all() {
        let traces = Traces::new();
        let server = Server::start(vec![Step::ReadAndHang]).await;
        let provider = vendor.provider(server.address);
        let options = CallOptions::default();
        let create = Operation::Create.call(vendor, &*provider, &options).with_subscriber(traces.subscriber());
        let waited = tokio::select! { outcome = create => Some(outcome), () = arrives(&server) => None };
        assert!(waited.is_none(), "{waited:?}");
        let (call, attempts) = traces.call();
        assert_eq!(attributes(&call, ["challenge.outcome", "challenge.send_state", "error.type"]), ["dropped", "unknown", ""], "{vendor:?}");
        assert_eq!(attempts.iter().map(|attempt| attribute(attempt, "error.type")).collect::<Vec<_>>(), ["dropped"], "{vendor:?}");
    }
}

async fn arrives(server: &Server) {
    while server.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_handle_of_somebody_elses_puts_no_text_of_its_own_into_a_trace() {
    let traces = Traces::new();
    let router = Router::builder(Arc::new(Scripted::new())).build().expect("a router");
    let foreign = ChallengeHandle::new(ProviderId::new("jane@doe.com"), Method::EmailOtp, "1");
    let error = router.verify(&foreign, &Answer::code("123456")).with_subscriber(traces.subscriber()).await.expect_err("no handle of its own");
    let (call, _) = traces.call();
    assert_eq!(attributes(&call, ["challenge.provider", "challenge.outcome", "error.type"]), ["", "failed", error.kind().as_str()]);
    assert!(call.status == Status::Unset && !format!("{call:?}").contains("jane"), "{call:#?}");
}

#[tokio::test]
async fn a_challenge_that_an_intent_has_already_is_told_as_repeated() {
    let traces = Traces::new();
    let auth = SendOnce::new(Arc::new(Scripted::new()), Arc::new(LocalIntents::new()), "k".repeat(32)).expect("a key");
    let options = CallOptions::default().with_intent("login-1");
    for outcome in ["created", "repeated"] {
        auth.create_with(&ChallengeRequest::email_otp("jane@doe.com"), &options).with_subscriber(traces.subscriber()).await.expect("a challenge");
        let (call, _) = traces.call();
        assert_eq!(attributes(&call, ["challenge.provider", "challenge.outcome"]), ["scripted", outcome]);
    }
}

#[tokio::test]
async fn an_answer_is_told_as_what_it_was_and_a_wrong_one_is_no_error() {
    for vendor in vendors::all() {
        let proofs = (vendor.verify.proofs)().into_iter().map(|proof| (200, proof.body, "verified", ""));
        let rejections = (vendor.verify.rejections)().into_iter().map(|(status, body, reason)| (status, body, "rejected", reason.as_str()));
        for (status, body, outcome, reason) in proofs.chain(rejections) {
            let traces = Traces::new();
            let server = Server::answering(status, &[], &body.to_string()).await;
            let provider = vendor.provider(server.address);
            _ = Operation::Verify.call(vendor, &*provider, &CallOptions::default()).with_subscriber(traces.subscriber()).await;
            let (call, attempts) = traces.call();
            assert_eq!(
                attributes(&call, ["challenge.operation", "challenge.provider", "challenge.outcome", "challenge.reason", "challenge.hops"]),
                ["verify", vendor.name, outcome, reason, ""],
                "{vendor:?} {body}"
            );
            assert_eq!(call.status, Status::Unset);
            assert!(attempts.iter().all(|attempt| attempt.status == Status::Unset && attribute(attempt, "error.type").is_empty()), "{attempts:#?}");
        }
    }
}

#[tokio::test]
async fn providers_within_each_other_make_one_call_that_tells_what_the_guard_decided() {
    let limits = || Limits::new().with_per_recipient(rate("1 per 10m"));
    for (limits, second) in [(limits(), "refused"), (limits().with_observation(), "would_refuse")] {
        let traces = Traces::new();
        let router: Arc<dyn ChallengeProvider> = Arc::new(Router::builder(Arc::new(Scripted::new())).build().expect("a router"));
        let auth = Reloadable::new(Arc::new(Guarded::new(router, Arc::new(LocalGuard::new(limits)))));
        let request = ChallengeRequest::email_otp("jane@doe.com");
        let mut challenge = None;
        for decision in ["allowed", second] {
            let sent = auth.create(&request).with_subscriber(traces.subscriber()).await;
            let (call, _) = traces.call();
            let (outcome, kind) = if sent.is_ok() { ("created", "") } else { ("failed", "throttled") };
            assert_eq!(attributes(&call, ["challenge.guard.ruling", "challenge.outcome", "error.type"]), [decision, outcome, kind]);
            assert_eq!(call.status, Status::Unset);
            challenge = sent.ok().or(challenge);
        }
        let handle = challenge.expect("a challenge").handle().clone();
        let verified = auth.verify(&handle, &Answer::code("123456")).with_subscriber(traces.subscriber()).await.expect("an answer");
        assert!(matches!(verified, Verification::Verified(_)));
        let (call, _) = traces.call();
        assert_eq!(attributes(&call, ["challenge.operation", "challenge.provider", "challenge.outcome"]), ["verify", "scripted", "verified"]);
        _ = auth.resend(&handle).with_subscriber(traces.subscriber()).await;
        assert_eq!(attribute(&traces.call().0, "challenge.operation"), "resend");
    }
}
