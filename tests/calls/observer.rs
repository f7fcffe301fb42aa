//! What an observer is told: each call, each attempt and each decision once, with nothing in it that names a person.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use crate::support::{
    Reserved, Server, Step,
    guards::rate,
    log::Log,
    reply,
    vendors::{self, Operation},
};
use auth_challenge::{
    Answer, AttemptEnd, CallEnd, CallOptions, ChallengeHandle, ChallengeProvider, ChallengeProviderExt as _, ChallengeRequest, Config, Error, ErrorKind, Guard,
    GuardDecision, Guarded, Limits, LocalGuard, LocalIntents, Method, Observed, Observer, OnOutage, ProviderId, Reason, RedisGuard, Refusal, Reloadable,
    Router, SendOnce, SendState, Sending, Verification,
    testing::{AuthsignalDouble, CorbadoDouble, DoubleEntry, Fault, Operation as DoublesOperation, Scripted},
};
use tracing::{Level, instrument::WithSubscriber as _};

/// Writes down what it is told, a line each.
#[derive(Debug, Default)]
struct Seen(Mutex<Vec<String>>);

impl Seen {
    fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The lines since the last time.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("lines"))
    }

    /// The lines of one sort since the last time.
    fn take_of(&self, sort: &str) -> Vec<String> {
        self.take().into_iter().filter_map(|line| line.strip_prefix(&format!("{sort}: ")).map(str::to_owned)).collect()
    }

    fn note(&self, line: String) {
        self.0.lock().expect("lines").push(line);
    }
}

impl Observer for Seen {
    fn call_ended(&self, call: &CallEnd<'_>) {
        let (outcome, code) = (call.outcome(), call.calling_code());
        let told = [
            call.operation(),
            call.method().as_str(),
            call.provider().map_or("-", ProviderId::as_str),
            outcome.as_str(),
            code.as_deref().unwrap_or("-"),
            outcome.send_state().map_or("-", SendState::as_str),
            if call.has_sent() { "sent" } else { "-" },
        ];
        self.note(format!("call: {} hops={}", told.join(" "), outcome.hops().len()));
        self.note(format!("shown: {call:?} {outcome:?}"));
    }

    fn attempt_ended(&self, attempt: &AttemptEnd<'_>) {
        let status = attempt.status().map_or("-".to_owned(), |status| status.to_string());
        let told = [attempt.provider().as_str(), attempt.http_method(), attempt.url_template(), &status, attempt.error_type().unwrap_or("-")];
        self.note(format!("attempt: {} again={}", told.join(" "), attempt.earlier_attempts()));
        self.note(format!("shown: {attempt:?}"));
    }

    fn guard_decided(&self, decision: &GuardDecision) {
        self.note(format!("guard: {} {} {} {}", decision.operation(), decision.method().as_str(), decision.ruling().as_str(), decision.rule()));
    }
}

#[tokio::test]
async fn a_config_tells_its_observer_of_the_guard_each_attempt_and_the_call_in_this_order() {
    let seen = Seen::new();
    let (corbado, authsignal) = (CorbadoDouble::start().await, AuthsignalDouble::start().await);
    let sections = corbado.config_section() + &authsignal.config_section() + "[guard]\nper_recipient = \"2 per 10m\"\nwrong_codes = 5\n";
    let config = Config::from_toml_str(&format!("provider = \"corbado\"\nfailover = [\"authsignal\"]\n{sections}")).expect("TOML");
    let auth = config.with_observer(Arc::<Seen>::clone(&seen)).build().expect("a config");
    corbado.fail(DoublesOperation::CREATE, Fault::status(401));
    let request = corbado.person("+64270000000").with_action("login");
    let challenge = auth.create(&request).await.expect("a challenge");
    let lines: Vec<String> = seen.take().into_iter().filter(|line| !line.starts_with("shown")).collect();
    assert_eq!(
        lines,
        [
            "guard: create sms_otp allowed per_recipient",
            "attempt: corbado POST /users/{userID}/challenges 401 authentication again=0",
            "attempt: authsignal POST /challenge 200 - again=0",
            "call: create sms_otp authsignal created +64 - sent hops=1",
        ]
    );

    _ = auth.verify(challenge.handle(), &authsignal.right_answer(&challenge)).await.expect("a right answer");
    assert_eq!(seen.take_of("call"), ["verify sms_otp authsignal verified +64 - - hops=0"]);
    auth.create(&request).await.expect("a second challenge");
    _ = seen.take();
    auth.create(&request).await.expect_err("a limit");
    assert_eq!(seen.take_of("call"), ["create sms_otp - failed +64 not_sent - hops=0"]);
}

#[tokio::test]
async fn a_typed_client_of_a_config_tells_of_its_attempts_alone() {
    let (seen, corbado) = (Seen::new(), CorbadoDouble::start().await);
    let client = corbado.config().with_observer(Arc::<Seen>::clone(&seen)).corbado("corbado").expect("a client");
    client.user_get(&corbado.add_user("jane@doe.com")).await.expect("a user");
    let lines: Vec<String> = seen.take().into_iter().filter(|line| !line.starts_with("shown")).collect();
    assert_eq!(lines, ["attempt: corbado GET /users/{userID} 200 - again=0"]);
}

#[tokio::test]
async fn each_vendors_calls_are_told_once_with_their_attempts_and_name_nobody() {
    for entry in DoubleEntry::ALL {
        let double = entry.builder().start().await.expect("a double");
        let seen = Seen::new();
        let auth = double.config().with_observer(Arc::<Seen>::clone(&seen)).build().expect("a config");
        let name = if entry.name() == "dfns" { "jane@doe.com" } else { "+64270000000" };
        let code = if entry.name() == "dfns" { "-" } else { "+64" };
        let request = double.person(name).with_action("login");
        let challenge = auth.create(&request).await.unwrap_or_else(|error| panic!("{}: {error}", entry.name()));
        let answer = double.right_answer(&challenge);
        _ = auth.verify(challenge.handle(), &answer).await.expect("a right answer");
        let lines = seen.take();
        let calls: Vec<&String> = lines.iter().filter(|line| line.starts_with("call")).collect();
        let method = request.method().as_str();
        let vendor = entry.name();
        assert_eq!(
            calls,
            [&format!("call: create {method} {vendor} created {code} - sent hops=0"), &format!("call: verify {method} {vendor} verified {code} - - hops=0")]
        );
        assert_eq!(lines.iter().filter(|line| line.starts_with("attempt")).count(), 2, "{lines:#?}");
        // A time may have any digits.
        let shown: String = lines.iter().map(|line| line.split("elapsed").next().unwrap_or_default()).collect();
        let id = challenge.handle().challenge_id().expose();
        let answer = answer.as_code().map_or("no code", |code| code.expose());
        for private in ["jane", "270000000", id, answer] {
            assert!(!shown.contains(private), "{vendor}: {shown}");
        }
    }
}

#[tokio::test]
async fn each_attempt_is_told_with_how_many_there_were_before() {
    for vendor in vendors::all() {
        let seen = Seen::new();
        let again = reply(429, &[("Retry-After", "0")], "{}");
        let server = Server::start(vec![Step::AnswerAndClose(again), Step::Answer(reply(200, &[], &vendor.created().to_string()))]).await;
        let provider = vendor.config(server.address, "").with_observer(Arc::<Seen>::clone(&seen)).build().expect("a provider");
        Operation::Create.call(vendor, &*provider, &CallOptions::default()).await.unwrap_or_else(|error| panic!("{vendor:?}: {error}"));
        let ends: Vec<String> = seen.take_of("attempt").iter().map(|line| line.splitn(4, ' ').last().unwrap_or_default().to_owned()).collect();
        assert_eq!(ends, ["429 rate_limited again=0", "200 - again=1"], "{vendor:?}");
    }
}

#[tokio::test]
async fn what_a_vendor_took_and_answered_oddly_has_been_sent_and_an_outage_has_not() {
    for vendor in vendors::all() {
        for (status, state, sent) in [(200, "accepted", "sent"), (503, "unknown", "-"), (400, "refused", "-")] {
            let seen = Seen::new();
            let server = Server::answering(status, &[], "{}").await;
            let provider = vendor.config(server.address, "").with_observer(Arc::<Seen>::clone(&seen)).build().expect("a provider");
            Operation::Create.call(vendor, &*provider, &CallOptions::default()).await.expect_err("an odd reply");
            Operation::Verify.call(vendor, &*provider, &CallOptions::default()).await.expect_err("an odd reply");
            let calls = seen.take_of("call");
            let [create, verify] = &calls[..] else { panic!("{vendor:?}: {calls:#?}") };
            // A credential challenge that nobody has is none.
            let sent = if vendor.request().method().credential_kind().is_some() { "-" } else { sent };
            assert!(create.ends_with(&format!("{state} {sent} hops=0")), "{vendor:?} {status}: {create}");
            assert!(verify.ends_with(&format!("{state} - hops=0")), "{vendor:?} {status}: {verify}");
        }
    }
}

#[tokio::test]
async fn an_answer_is_told_as_what_it_was_and_a_wrong_one_is_no_error_of_the_attempt() {
    for vendor in vendors::all() {
        for (status, body, reason) in (vendor.verify.rejections)() {
            let seen = Seen::new();
            let server = Server::answering(status, &[], &body.to_string()).await;
            let provider = vendor.config(server.address, "").with_observer(Arc::<Seen>::clone(&seen)).build().expect("a provider");
            Operation::Verify.call(vendor, &*provider, &CallOptions::default()).await.expect("a rejection");
            let lines = seen.take();
            assert!(lines.iter().any(|line| line.starts_with("call: verify") && line.contains(" rejected ")), "{vendor:?} {reason:?}: {lines:#?}");
            let attempt = lines.iter().find(|line| line.starts_with("attempt")).expect("an attempt");
            assert!(attempt.ends_with(&format!(" {status} - again=0")), "{vendor:?} {reason:?}: {attempt}");
        }
    }
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_is_told_as_dropped_and_so_is_its_attempt() {
    for vendor in vendors::all() {
        let seen = Seen::new();
        let server = Server::start(vec![Step::ReadAndHang]).await;
        let provider = vendor.config(server.address, "").with_observer(Arc::<Seen>::clone(&seen)).build().expect("a provider");
        let options = CallOptions::default();
        let arrived = async {
            while server.requests().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::select! { outcome = Operation::Create.call(vendor, &*provider, &options) => Some(outcome), () = arrived => None };
        assert!(waited.is_none(), "{waited:?}");
        let lines = seen.take();
        assert!(lines.iter().any(|line| line.starts_with("attempt") && line.ends_with(" - dropped again=0")), "{vendor:?}: {lines:#?}");
        let call = lines.iter().find(|line| line.starts_with("call")).expect("a call");
        assert!(call.contains(" - dropped ") && call.ends_with(" unknown - hops=0"), "{vendor:?}: {call}");
    }
}

#[tokio::test]
async fn an_attempt_that_runs_out_of_time_is_told_with_its_time() {
    #[derive(Debug, Default)]
    struct Times {
        attempts: Mutex<Vec<Duration>>,
        calls: Mutex<Vec<Duration>>,
    }
    impl Observer for Times {
        fn call_ended(&self, call: &CallEnd<'_>) {
            self.calls.lock().expect("times").push(call.elapsed());
        }
        fn attempt_ended(&self, attempt: &AttemptEnd<'_>) {
            self.attempts.lock().expect("times").push(attempt.elapsed());
        }
    }
    let vendor = vendors::get("corbado");
    let times = Arc::new(Times::default());
    let server = Server::start(vec![Step::ReadAndHang]).await;
    let provider = vendor.config(server.address, "").with_observer(Arc::<Times>::clone(&times)).build().expect("a provider");
    let options = CallOptions::default().with_timeout(Duration::from_secs(1));
    // The attempt begins before its request arrives, and does not end before the call's time is up.
    let (earliest_end, mut arrived) = (Instant::now() + Duration::from_secs(1), None);
    let arrival = async {
        while server.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        arrived = Some(Instant::now());
        std::future::pending::<()>().await;
    };
    tokio::select! {
        outcome = Operation::Create.call(vendor, &*provider, &options) => drop(outcome.expect_err("no reply")),
        () = arrival => unreachable!("it waits without an end"),
    }
    let least = arrived.map_or(Duration::ZERO, |arrived| earliest_end.saturating_duration_since(arrived));
    let (attempts, calls) = (times.attempts.lock().expect("times"), times.calls.lock().expect("times"));
    assert!(matches!(attempts[..], [elapsed] if elapsed >= least), "{attempts:?}, at least {least:?}");
    assert!(matches!(calls[..], [elapsed] if elapsed >= Duration::from_secs(1)), "{calls:?}");
}

#[tokio::test]
async fn a_message_that_an_intent_has_already_is_not_told_as_sent_again() {
    let seen = Seen::new();
    let once = SendOnce::new(Arc::new(Scripted::new()), Arc::new(LocalIntents::new()), "k".repeat(32)).expect("a key");
    let auth = Observed::new(Arc::new(once), Arc::<Seen>::clone(&seen));
    let options = CallOptions::default().with_intent("login-1");
    let mut repeated = Vec::new();
    for _ in 0..2 {
        repeated.push(auth.create_with(&ChallengeRequest::email_otp("jane@doe.com"), &options).await.expect("a challenge").is_repeated());
    }
    assert_eq!(repeated, [false, true]);
    assert_eq!(seen.take_of("call"), ["create email_otp scripted created - - sent hops=0", "create email_otp scripted repeated - - - hops=0"]);
}

#[tokio::test]
async fn a_repeated_challenge_within_a_router_keeps_that_routers_hops() {
    let seen = Seen::new();
    let away = Scripted::named("away").create_fails(Error::new(ErrorKind::Connect, SendState::NotSent));
    let once = SendOnce::new(Arc::new(Scripted::named("spare")), Arc::new(LocalIntents::new()), "k".repeat(32)).expect("a key");
    let router = Router::builder(Arc::new(away)).with_provider(Arc::new(once)).with_failover([ProviderId::new("spare")]).build().expect("a router");
    let guarded = Guarded::new(Arc::new(router), Arc::new(LocalGuard::new(Limits::new())));
    let auth = Observed::new(Arc::new(guarded), Arc::<Seen>::clone(&seen));
    let options = CallOptions::default().with_intent("login-1");
    for outcome in ["created - - sent", "repeated - - -"] {
        auth.create_with(&ChallengeRequest::email_otp("jane@doe.com"), &options).await.expect("a challenge");
        assert_eq!(seen.take_of("call"), [format!("create email_otp spare {outcome} hops=1")]);
    }
}

/// A guard that lets no answer pass.
#[derive(Debug)]
struct Strict;

#[auth_challenge::async_trait]
impl Guard for Strict {
    async fn before_send(&self, _: Sending<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    async fn before_verify(&self, _: &ChallengeHandle, _: Option<std::net::IpAddr>) -> Result<(), Refusal> {
        Err(Refusal::new("no answer passes").with_rejection(Reason::TooManyAttempts))
    }
}

#[tokio::test]
async fn a_handle_of_somebody_elses_is_told_without_a_text_of_its_own() {
    let foreign = ChallengeHandle::new(ProviderId::new("jane@doe.com"), Method::EmailOtp, "1");
    let router = || Arc::new(Router::builder(Arc::new(Scripted::new())).build().expect("a router"));
    let limits = || Limits::new().with_per_ip(rate("1 per 10m")).with_wrong_codes(1);
    let guarded = || Arc::new(Guarded::new(router(), Arc::new(LocalGuard::new(limits()))));
    let options = CallOptions::default().with_client_ip([203, 0, 113, 7]);
    let strict = Arc::new(Guarded::new(router(), Arc::new(Strict)));
    let providers: [Arc<dyn ChallengeProvider>; 4] = [router(), guarded(), Arc::new(Reloadable::new(guarded())), strict];
    for provider in providers {
        let seen = Seen::new();
        let auth = Observed::new(provider, Arc::<Seen>::clone(&seen));
        for _ in 0..3 {
            _ = auth.verify_with(&foreign, &Answer::code("123456"), &options).await.expect_err("no handle of its own");
            _ = auth.resend_with(&foreign, &options).await.expect_err("no handle of its own");
        }
        let lines = seen.take();
        assert_eq!(lines.iter().filter(|line| line.starts_with("call") && line.contains(" email_otp - failed - not_sent ")).count(), 6, "{lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("jane")), "{lines:#?}");
    }
}

#[tokio::test]
async fn a_resend_is_told_as_sent_and_one_that_a_guard_refuses_is_nobodys() {
    let (seen, double) = (Seen::new(), AuthsignalDouble::start().await);
    let config = Config::from_toml_str(&format!("provider = \"authsignal\"\n{}[guard]\nper_ip = \"1 per 10m\"\n", double.config_section())).expect("TOML");
    let auth = config.with_observer(Arc::<Seen>::clone(&seen)).build().expect("a config");
    let challenge = auth.create(&double.person("jane@doe.com").with_action("login")).await.expect("a challenge");
    let options = CallOptions::default().with_client_ip([203, 0, 113, 7]);
    auth.resend_with(challenge.handle(), &options).await.expect("the first of this client");
    auth.resend_with(challenge.handle(), &options).await.expect_err("a limit");
    let calls = seen.take_of("call");
    assert_eq!(calls[1..], ["resend email_otp authsignal resent - - sent hops=0", "resend email_otp - failed - not_sent - hops=0"]);
}

/// A guard that never decides.
#[derive(Debug)]
struct Hanging;

#[auth_challenge::async_trait]
impl Guard for Hanging {
    async fn before_send(&self, _: Sending<'_>) -> Result<(), Refusal> {
        std::future::pending().await
    }

    async fn before_verify(&self, _: &ChallengeHandle, _: Option<std::net::IpAddr>) -> Result<(), Refusal> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_a_late_guard_or_another_intent_ended_is_nobodys() {
    let guarded = Guarded::new(Arc::new(Scripted::new()), Arc::new(Hanging)).with_timeout(Duration::from_secs(5));
    let handle = ChallengeHandle::new(guarded.id(), Method::EmailOtp, "1");
    let seen = Seen::new();
    let auth = Observed::new(Arc::new(guarded), Arc::<Seen>::clone(&seen));
    auth.create(&ChallengeRequest::email_otp("jane@doe.com")).await.expect_err("late");
    auth.verify(&handle, &Answer::code("1")).await.expect_err("late");
    let once = SendOnce::new(Arc::new(Scripted::new()), Arc::new(LocalIntents::new()), "k".repeat(32)).expect("a key");
    let auth = Observed::new(Arc::new(once), Arc::<Seen>::clone(&seen));
    for to in ["jane@doe.com", "mary@doe.com"] {
        _ = auth.create_with(&ChallengeRequest::email_otp(to), &CallOptions::default().with_intent("login-1")).await;
    }
    assert_eq!(
        seen.take_of("call"),
        [
            "create email_otp - failed - not_sent - hops=0",
            "verify email_otp - failed - not_sent - hops=0",
            "create email_otp scripted created - - sent hops=0",
            "create email_otp - failed - not_sent - hops=0",
        ]
    );
}

#[tokio::test]
async fn of_observed_providers_within_each_other_the_outermost_tells_an_observer() {
    let (one, other) = (Seen::new(), Seen::new());
    let within = Observed::new(Arc::new(Scripted::named("within")), Arc::<Seen>::clone(&one));
    let between = Observed::new(Arc::new(Reloadable::new(Arc::new(within))), Arc::<Seen>::clone(&other));
    let auth = Arc::new(Observed::new(Arc::new(between), Arc::<Seen>::clone(&one)));
    for _ in 0..2 {
        auth.create(&ChallengeRequest::email_otp("jane@doe.com")).await.expect("a challenge");
        assert_eq!((one.take_of("call").len(), other.take_of("call").len()), (1, 1));
    }

    // Calls side by side on one thread are no parts of each other.
    let request = ChallengeRequest::email_otp("jane@doe.com");
    let (a, b) = tokio::join!(auth.create(&request), auth.create(&request));
    assert!(a.is_ok() && b.is_ok());
    assert_eq!((one.take_of("call").len(), other.take_of("call").len()), (2, 2));
}

#[tokio::test]
async fn an_observer_that_is_given_twice_is_told_once() {
    let (seen, corbado) = (Seen::new(), CorbadoDouble::start().await);
    let http = auth_challenge::Http::builder().build().expect("a client").with_observer(Arc::<Seen>::clone(&seen));
    let config = corbado.config().with_http(http).with_observer(Arc::<Seen>::clone(&seen)).with_observer(Arc::<Seen>::clone(&seen));
    config.build().expect("a config").create(&corbado.person("jane@doe.com")).await.expect("a challenge");
    let lines: Vec<String> = seen.take().into_iter().filter(|line| !line.starts_with("shown")).collect();
    assert_eq!(lines.len(), 2, "{lines:#?}");

    // And several are told each.
    let (one, other) = (Seen::new(), Seen::new());
    let config = corbado.config().with_observer(Arc::<Seen>::clone(&one)).with_observer(Arc::<Seen>::clone(&other));
    config.build().expect("a config").create(&corbado.person("jane@doe.com")).await.expect("a challenge");
    for seen in [one, other] {
        let lines = seen.take();
        assert_eq!(lines.iter().filter(|line| !line.starts_with("shown")).count(), 2, "{lines:#?}");
    }
}

#[tokio::test]
async fn an_observer_that_panics_takes_nothing_from_the_call() {
    #[derive(Debug)]
    struct Broken;
    impl Observer for Broken {
        fn call_ended(&self, _: &CallEnd<'_>) {
            panic!("broken");
        }
        fn attempt_ended(&self, _: &AttemptEnd<'_>) {
            panic!("broken");
        }
        fn guard_decided(&self, _: &GuardDecision) {
            panic!("broken");
        }
    }
    let (seen, double) = (Seen::new(), AuthsignalDouble::start().await);
    let config = Config::from_toml_str(&format!("provider = \"authsignal\"\n{}[guard]\nwrong_codes = 3\n", double.config_section())).expect("TOML");
    let auth = config.with_observer(Arc::new(Broken)).with_observer(Arc::<Seen>::clone(&seen)).build().expect("a config");
    let (log, request) = (Log::default(), double.person("jane@doe.com").with_action("login"));
    let challenge = auth.create(&request).with_subscriber(log.hears(Level::WARN)).await.expect("a challenge");
    // The attempt's, and the call's: this guard lets sends pass without a decision of a rule, which is told too.
    assert_eq!(log.take().matches("an observer panicked").count(), 3);
    let verified = auth.verify(challenge.handle(), &double.right_answer(&challenge)).await.expect("an answer");
    assert!(matches!(verified, Verification::Verified(_)));
    assert_eq!(seen.take_of("call").len(), 2);
}

#[tokio::test]
async fn neither_a_look_nor_a_connection_opened_ahead_is_told() {
    let (seen, double) = (Seen::new(), AuthsignalDouble::start().await);
    let auth = double.config().with_observer(Arc::<Seen>::clone(&seen)).build().expect("a config");
    auth.warm_up(&CallOptions::default()).await.expect("a connection");
    auth.peek(&ChallengeHandle::new(auth.id(), Method::EmailOtp, "1"), &CallOptions::default()).await;
    assert_eq!(seen.take(), Vec::<String>::new());
}

#[tokio::test]
async fn a_guard_tells_the_rule_by_which_it_decided() {
    let limits = || {
        let limits = Limits::new().with_per_recipient(rate("1 per 10m")).with_wrong_codes(1);
        limits.with_calling_codes(["+64".to_owned()]).with_exempt_prefixes(["+6421".to_owned()])
    };
    for (limits, over) in [(limits(), "refused"), (limits().with_observation(), "would_refuse")] {
        let seen = Seen::new();
        let guard = LocalGuard::new(limits).with_observer(Arc::<Seen>::clone(&seen));
        let handle = ChallengeHandle::new(ProviderId::new("scripted"), Method::SmsOtp, "1");
        for to in ["+64270000000", "+64270000000", "+49300000000", "+64210000000"] {
            _ = guard.before_send(Sending::of(&ChallengeRequest::sms_otp(to))).await;
        }
        for _ in 0..2 {
            _ = guard.before_verify(&handle, None).await;
        }
        assert_eq!(
            seen.take_of("guard"),
            [
                "create sms_otp allowed per_recipient".to_owned(),
                format!("create sms_otp {over} per_recipient"),
                format!("create sms_otp {over} calling_codes"),
                "create sms_otp allowed exempt".to_owned(),
                "verify sms_otp allowed wrong_codes".to_owned(),
                format!("verify sms_otp {over} wrong_codes"),
            ]
        );
    }
}

#[tokio::test]
async fn a_guard_whose_store_is_away_tells_what_it_goes_by() {
    for (on_outage, told) in [(OnOutage::Local, "allowed per_recipient"), (OnOutage::Refuse, "refused on_outage"), (OnOutage::Allow, "allowed on_outage")] {
        let seen = Seen::new();
        let nobody = Reserved::new();
        let limits = Limits::new().with_per_recipient(rate("1 per 10m"));
        let guard = RedisGuard::new(format!("redis://{}", nobody.address()), "k".repeat(32), limits).expect("a guard");
        let guard = guard.with_on_outage(on_outage).with_observer(Arc::<Seen>::clone(&seen));
        let asked: Result<(), Refusal> = guard.before_send(Sending::of(&ChallengeRequest::sms_otp("+64270000000"))).await;
        assert_eq!(asked.is_err(), on_outage == OnOutage::Refuse);
        assert_eq!(seen.take_of("guard"), [format!("create sms_otp {told}")]);
    }
}

#[tokio::test]
async fn an_answer_that_a_guard_rejects_is_told_as_rejected() {
    let (seen, double) = (Seen::new(), AuthsignalDouble::start().await);
    let config = Config::from_toml_str(&format!("provider = \"authsignal\"\n{}[guard]\nwrong_codes = 1\n", double.config_section())).expect("TOML");
    let auth = config.with_observer(Arc::<Seen>::clone(&seen)).build().expect("a config");
    let challenge = auth.create(&double.person("jane@doe.com").with_action("login")).await.expect("a challenge");
    for _ in 0..2 {
        _ = auth.verify(challenge.handle(), &Answer::code("000000")).await.expect("a rejection");
    }
    let lines = seen.take();
    let verified: Vec<&String> = lines.iter().filter(|line| !line.starts_with("shown") && line.contains("verif")).collect();
    assert_eq!(
        verified,
        [
            "guard: verify email_otp allowed wrong_codes",
            "attempt: authsignal POST /verify 200 - again=0",
            "call: verify email_otp authsignal rejected - - - hops=0",
            "guard: verify email_otp refused wrong_codes",
            "call: verify email_otp authsignal rejected - - - hops=0",
        ]
    );
}

/// An own client's attempts, and a provider of one's own.
#[tokio::test]
async fn an_observer_goes_with_an_http_client_and_around_any_provider() {
    let (seen, corbado) = (Seen::new(), CorbadoDouble::start().await);
    let http = auth_challenge::Http::builder().build().expect("a client").with_observer(Arc::<Seen>::clone(&seen));
    let auth = corbado.config().with_http(http).build().expect("a config");
    auth.create(&corbado.person("jane@doe.com")).await.expect("a challenge");
    assert_eq!(seen.take_of("attempt"), ["corbado POST /users/{userID}/challenges 200 - again=0"]);

    let observed = Observed::new(Arc::new(Scripted::new()), Arc::<Seen>::clone(&seen));
    observed.create(&ChallengeRequest::sms_otp("+1 684 000 0000")).await.expect_err("no number as vendors write it");
    observed.create(&ChallengeRequest::sms_otp("+16840000000")).await.expect("a challenge");
    let calls = seen.take_of("call");
    assert!(calls[0].contains("failed +1 not_sent") && calls[1].contains("created +1 "), "{calls:#?}");
}
