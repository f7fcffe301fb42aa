//! The numbers of a `MetricsObserver`, as a recorder of the `metrics` facade gets them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::support::markdown;
use auth_challenge::{
    Answer, ChallengeProviderExt as _, Config, MetricsObserver,
    testing::{AuthsignalDouble, CorbadoDouble, Fault, Operation},
};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

/// What is recorded while a runtime of this thread runs.
fn recorded(work: impl AsyncFnOnce()) -> Snapshotter {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    metrics::with_local_recorder(&recorder, || runtime.block_on(work()));
    snapshotter
}

/// A number with its labels, as one text, and how often it was counted.
fn counts(snapshotter: &Snapshotter) -> BTreeMap<String, u64> {
    let numbers = snapshotter.snapshot().into_vec().into_iter().map(|(key, _, _, value)| {
        let (name, labels) = key.key().clone().into_parts();
        let labels: BTreeSet<String> = labels.iter().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let times = match value {
            DebugValue::Counter(count) => count,
            DebugValue::Histogram(values) => values.len() as u64,
            DebugValue::Gauge(_) => 0,
        };
        let labels: Vec<String> = labels.into_iter().filter(|label| !label.starts_with("server.port")).collect();
        (format!("{} {}", name.as_str(), labels.join(" ")), times)
    });
    numbers.collect()
}

/// A login that fails over, with a wrong and a right answer, one that the guard refuses, and one that a vendor is too slow for.
async fn logins() {
    let (corbado, authsignal) = (CorbadoDouble::start().await, AuthsignalDouble::start().await);
    let sections = corbado.config_section() + &authsignal.config_section() + "[guard]\nper_recipient = \"3 per 10m\"\nwrong_codes = 5\n";
    let config = Config::from_toml_str(&format!("provider = \"corbado\"\nfailover = [\"authsignal\"]\n{sections}")).expect("TOML");
    let auth = config.with_observer(Arc::new(MetricsObserver::new())).build().expect("a config");
    let request = corbado.person("+64270000000").with_action("login");
    corbado.fail(Operation::CREATE, Fault::status(401));
    let challenge = auth.create(&request).await.expect("a challenge");
    for answer in [Answer::code("000000"), authsignal.right_answer(&challenge)] {
        _ = auth.verify(challenge.handle(), &answer).await.expect("an answer");
    }
    auth.create(&request).await.expect("a challenge of the one that is asked first now");
    authsignal.fail(Operation::CREATE, Fault::status(503));
    auth.create(&request).await.expect_err("an outage");
    auth.create(&request).await.expect_err("a limit");
}

#[test]
fn each_number_counts_what_happened_by_its_labels() {
    let call = "challenge.call.duration challenge.method=sms_otp challenge.operation";
    let decision = "challenge.guard.decisions challenge.guard.rule";
    let attempt = "http.client.request.duration challenge.provider";
    let post = "http.request.method=POST http.response.status_code";
    let of_it = "challenge.calling_code=+64 challenge.method=sms_otp challenge.provider=authsignal";
    let expected = [
        (format!("{call}=create challenge.outcome=created challenge.provider=authsignal"), 2),
        (format!("{call}=create challenge.outcome=failed challenge.provider=authsignal challenge.send_state=unknown error.type=unavailable"), 1),
        (format!("{call}=create challenge.outcome=failed challenge.send_state=not_sent error.type=throttled"), 1),
        (format!("{call}=verify challenge.outcome=rejected challenge.provider=authsignal challenge.reason=wrong_or_expired_code"), 1),
        (format!("{call}=verify challenge.outcome=verified challenge.provider=authsignal"), 1),
        (format!("challenge.sent {of_it}"), 2),
        (format!("challenge.verified {of_it}"), 1),
        ("challenge.hops challenge.passed_over=false challenge.provider=corbado error.type=authentication".to_owned(), 1),
        ("challenge.hops challenge.passed_over=true challenge.provider=corbado error.type=authentication".to_owned(), 2),
        (format!("{decision}=per_recipient challenge.guard.ruling=allowed challenge.method=sms_otp challenge.operation=create"), 3),
        (format!("{decision}=per_recipient challenge.guard.ruling=refused challenge.method=sms_otp challenge.operation=create"), 1),
        (format!("{decision}=wrong_codes challenge.guard.ruling=allowed challenge.method=sms_otp challenge.operation=verify"), 2),
        (format!("{attempt}=authsignal challenge.vendor_operation=challenge {post}=200 server.address=127.0.0.1 url.template=/challenge"), 2),
        (
            format!(
                "{attempt}=authsignal challenge.vendor_operation=challenge error.type=unavailable {post}=503 server.address=127.0.0.1 url.template=/challenge"
            ),
            1,
        ),
        (format!("{attempt}=authsignal challenge.vendor_operation=verify {post}=200 server.address=127.0.0.1 url.template=/verify"), 2),
        (
            format!(
                "{attempt}=corbado challenge.vendor_operation=ChallengeCreate error.type=authentication {post}=401 server.address=127.0.0.1 url.template=/users/{{userID}}/challenges"
            ),
            1,
        ),
    ];
    assert_eq!(counts(&recorded(logins)), BTreeMap::from(expected));
}

#[test]
fn the_guide_lists_each_number_with_its_labels() {
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (key, unit, description, _) in recorded(logins).snapshot().into_vec() {
        assert!(unit.is_some() && description.is_some(), "{key:?}");
        let labels = key.key().labels().map(|label| label.key().to_owned());
        seen.entry(key.key().name().to_owned()).or_default().extend(labels);
    }
    let guide = markdown::documentation_of("src/guide/observing.rs");
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    let listed = markdown::table(&guide, "| number | what it is | labels, each where there is such a thing |").into_iter().map(|row| {
        let [number, what, labels] = &row[..] else { panic!("{row:?}") };
        assert!(what.starts_with("histogram, in seconds: ") || what.starts_with("counter: "), "{what}");
        (number.trim_matches('`').to_owned(), names(labels))
    });
    assert_eq!(seen, listed.collect());
}
