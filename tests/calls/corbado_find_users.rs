//! With `find_or_create_users` a create that names no user is for the recipient's own; and where that cannot be had, nothing was sent.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use auth_challenge::{
    Advice, Answer, CallOptions, ChallengeProvider, ChallengeProviderExt as _, ChallengeRequest, ClientContext, Config, ErrorKind, Field, Guarded, Limits,
    LocalGuard, Method, ProviderId, Router, SendState, Verification,
    corbado::{Corbado, CorbadoConfig},
    testing::{CorbadoDouble, Fault, Operation, Scripted},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::support::{Server, client, guards::rate, reply};

fn config(double: &CorbadoDouble) -> CorbadoConfig {
    CorbadoConfig::new("pro-1", "corbado1_secret").with_base_url(&double.base_url()).expect("a config").with_find_or_create_users(true)
}

fn provider(double: &CorbadoDouble) -> Corbado {
    Corbado::new(&config(double), client()).expect("a provider")
}

fn request(recipient: &str) -> ChallengeRequest {
    ChallengeRequest::email_otp(recipient).with_client(ClientContext::new([203, 0, 113, 7]).with_user_agent("Mozilla/5.0"))
}

#[tokio::test]
async fn a_person_without_a_user_gets_one_with_the_first_challenge_and_keeps_it() {
    let double = CorbadoDouble::start().await;
    let toml = format!(
        "provider = \"corbado\"\n[corbado]\nproject_id = \"pro-1\"\napi_secret = \"corbado1_secret\"\nbase_url = \"{}\"\nfind_or_create_users = true",
        double.base_url()
    );
    let auth = Config::from_toml_str(&toml).and_then(|config| config.build()).expect("a provider");
    let mut users = Vec::new();
    for recipient in ["jane@doe.com", " Jane@Doe.com "] {
        let challenge = auth.create(&request(recipient)).await.expect("a challenge");
        let answer = Answer::code(double.outbox().last().expect("a message").code());
        let Verification::Verified(proof) = auth.verify(challenge.handle(), &answer).await.expect("an answer") else { panic!("rejected") };
        users.push(proof.user_id().expect("a user").to_owned());
    }
    assert_eq!(users[0], users[1]);
    double.requests().of(Operation::USER_CREATE).assert_count(1);
    double.violations().assert_none();
}

#[tokio::test]
async fn a_user_that_the_request_names_is_the_one_and_nobody_is_looked_for() {
    let double = CorbadoDouble::start().await;
    let user = double.add_user("joe@doe.com");
    for named in [request("jane@doe.com").with_user_id(&*user), request("jane@doe.com").with_user_id_at(ProviderId::CORBADO, &*user)] {
        provider(&double).create(&named).await.expect("a challenge");
    }
    double.requests().of(Operation::CREATE).assert_count(2);
    let paths: Vec<_> = double.requests().iter().map(|seen| seen.path().to_owned()).collect();
    assert_eq!(paths, [(); 2].map(|()| format!("/v2/users/{user}/challenges")));
}

#[tokio::test]
async fn the_user_is_required_only_where_it_is_not_looked_for() {
    let double = CorbadoDouble::start().await;
    let (finding, plain) = (provider(&double), Corbado::new(&config(&double).with_find_or_create_users(false), client()).expect("a provider"));
    for method in [Method::EmailOtp, Method::EmailLink, Method::SmsOtp] {
        assert_eq!(finding.capabilities().required_fields(method), [Field::To, Field::Ip, Field::UserAgent]);
        assert_eq!(plain.capabilities().required_fields(method), [Field::To, Field::UserId, Field::Ip, Field::UserAgent]);
    }
    assert_eq!(finding.check(&request("jane@doe.com")).expect("a request that will do"), []);
    let error = plain.create(&request("jane@doe.com")).await.expect_err("no user");
    assert_eq!(error.violations().iter().map(|violation| violation.field()).collect::<Vec<_>>(), [Some(Field::UserId)]);
    // What is wrong with the request is told before anybody is looked for.
    for bad in [request(""), request("jane"), ChallengeRequest::email_otp("jane@doe.com"), request("jane@doe.com").with_user_id("../x")] {
        let error = finding.create(&bad).await.expect_err("a bad request");
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::InvalidRequest, SendState::NotSent));
    }
    assert!(double.requests().is_empty());
}

async fn failing(operation: Operation, fault: &Fault) -> CorbadoDouble {
    let double = CorbadoDouble::start().await;
    double.fail(operation, fault.clone().with_times(100));
    double
}

#[tokio::test]
async fn where_no_user_can_be_had_nothing_was_sent_and_another_provider_is_asked() {
    let lookups = [Operation::IDENTIFIER_LIST, Operation::USER_CREATE, Operation::IDENTIFIER_CREATE];
    // What comes of it, and whether the router asks another one without being told to go on in doubt.
    let faults = [
        (Fault::status(503), ErrorKind::Unavailable, Advice::WaitThenRetry, true),
        (Fault::garbage(), ErrorKind::UnexpectedReply, Advice::OurFault, true),
        (Fault::status(401), ErrorKind::Authentication, Advice::OurFault, true),
        (Fault::reset_before_read(), ErrorKind::Interrupted, Advice::WaitThenRetry, true),
        (Fault::hang(), ErrorKind::Timeout, Advice::WaitThenRetry, false),
    ];
    for operation in lookups {
        for (fault, kind, advice, is_passed_on) in &faults {
            // Whoever cannot read that the login identifier was made finds it there.
            if *kind == ErrorKind::UnexpectedReply && operation == Operation::IDENTIFIER_CREATE {
                continue;
            }
            let double = failing(operation, fault).await;
            let time = Duration::from_secs(if *kind == ErrorKind::Timeout { 1 } else { 10 });
            let options = CallOptions::default().with_timeout(time);
            let error = provider(&double).create_with(&request("jane@doe.com"), &options).await.expect_err("no user");
            assert_eq!((error.kind(), error.operation()), (*kind, Some("create")), "{operation} {fault:?}");
            assert!(!error.send_state().may_have_acted(), "{operation} {fault:?}: {:?}", error.send_state());
            assert_eq!(error.advice(), *advice, "{operation} {fault:?}");

            for even_if_unknown in [false, true] {
                // A reply that was lost may have made the login identifier, by which the user would be found now.
                let (double, other) = (failing(operation, fault).await, Scripted::named("other"));
                let auth = Router::builder(Arc::new(provider(&double))).with_provider(Arc::new(other.clone())).with_failover([ProviderId::new("other")]);
                let auth = if even_if_unknown { auth.with_failover_when_unknown() } else { auth };
                let options = CallOptions::default().with_timeout(2 * time);
                let outcome = auth.build().expect("a router").create_with(&request("jane@doe.com"), &options).await;
                let is_passed_on = even_if_unknown || *is_passed_on;
                assert_eq!((outcome.is_ok(), other.created().len()), (is_passed_on, usize::from(is_passed_on)), "{operation} {fault:?}");
                assert!(double.outbox().is_empty(), "{operation} {fault:?}");
                double.requests().of(Operation::CREATE).assert_count(0);
            }
        }
    }
}

#[tokio::test]
async fn a_create_waits_where_the_vendor_wants_a_pause_before_it_tells_of_the_user() {
    for operation in [Operation::IDENTIFIER_LIST, Operation::USER_CREATE, Operation::IDENTIFIER_CREATE] {
        let limited = Fault::status(429).with_retry_after(Duration::from_secs(1));
        let double = CorbadoDouble::start().await;
        double.fail(operation, limited.clone());
        let options = CallOptions::default().with_timeout(Duration::from_secs(60));
        provider(&double).create_with(&request("jane@doe.com"), &options).await.unwrap_or_else(|error| panic!("{operation}: {error}"));
        assert_eq!((double.outbox().len(), double.requests().of(operation).len()), (1, 2), "{operation}");

        let double = CorbadoDouble::start().await;
        double.fail(operation, limited);
        let single = CallOptions::default().with_single_attempt();
        let error = provider(&double).create_with(&request("jane@doe.com"), &single).await.expect_err("somebody else is asked");
        assert_eq!((error.kind(), double.requests().of(operation).len()), (ErrorKind::RateLimited, 1), "{operation}");
    }
    // Nobody waits for what is cleared away.
    let double = CorbadoDouble::start().await;
    double.fail(Operation::IDENTIFIER_CREATE, Fault::status(403));
    double.fail(Operation::USER_DELETE, Fault::status(429).with_retry_after(Duration::from_secs(1)).with_times(100));
    let error = provider(&double).create(&request("jane@doe.com")).await.expect_err("no user");
    assert_eq!((error.kind(), double.requests().of(Operation::USER_DELETE).len()), (ErrorKind::Permission, 1));
    // By itself it is no create.
    let double = failing(Operation::IDENTIFIER_LIST, &Fault::status(429).with_retry_after(Duration::from_secs(1))).await;
    assert_eq!(provider(&double).user_for("jane@doe.com").await.expect_err("a limit").kind(), ErrorKind::RateLimited);
    double.requests().of(Operation::IDENTIFIER_LIST).assert_count(1);
}

#[tokio::test]
async fn what_an_outage_says_of_the_user_is_not_told_as_the_persons_mistake() {
    let says = json!({ "httpStatusCode": 500, "message": "canary", "error": { "type": "server_error", "validation": [{ "field": "identifierValue", "message": "canary" }] } });
    let server = Server::answering(500, &[("content-type", "application/json")], &says.to_string()).await;
    let config = CorbadoConfig::new("pro-1", "corbado1_secret").with_base_url(&format!("http://{}", server.address)).expect("a config");
    let auth = Corbado::new(&config.with_find_or_create_users(true), client()).expect("a provider");
    let error = auth.create(&request("jane@doe.com")).await.expect_err("an outage");
    assert_eq!((error.kind(), error.send_state(), error.advice()), (ErrorKind::Unavailable, SendState::NotSent, Advice::WaitThenRetry));
    assert_eq!(error.violations(), []);
    assert!(!error.to_string().contains("canary"), "{error}");
}

#[tokio::test]
async fn who_may_have_been_made_a_user_counts_for_the_guard_though_no_message_was_sent() {
    let double = failing(Operation::USER_CREATE, &Fault::reset_after_read()).await;
    let limits = Limits::new().with_per_recipient(rate("1 per 1h"));
    let auth = Guarded::new(Arc::new(provider(&double)), Arc::new(LocalGuard::new(limits)));
    let states = [auth.create(&request("jane@doe.com")).await, auth.create(&request("jane@doe.com")).await].map(|outcome| {
        let error = outcome.expect_err("no user");
        (error.kind(), error.send_state())
    });
    assert_eq!(states, [(ErrorKind::Interrupted, SendState::NotSent), (ErrorKind::Throttled, SendState::NotSent)]);
    double.requests().of(Operation::USER_CREATE).assert_count(1);
}

#[tokio::test]
async fn a_user_that_was_made_in_vain_and_stays_changes_neither_failover_nor_the_guards_count() {
    let double = CorbadoDouble::start().await;
    let outage = Fault::status(503).with_times(100);
    double.fail(Operation::IDENTIFIER_CREATE, Fault::status(403).with_times(100));
    double.fail(Operation::USER_DELETE, outage.clone());
    let error = provider(&double).create(&request("jane@doe.com")).await.expect_err("no user");
    assert_eq!((error.kind(), error.send_state()), (ErrorKind::Permission, SendState::Refused));
    let other = Scripted::named("other");
    let auth = Router::builder(Arc::new(provider(&double))).with_provider(Arc::new(other.clone())).with_failover([ProviderId::new("other")]);
    auth.build().expect("a router").create(&request("jane@doe.com")).await.expect("the other's challenge");
    assert_eq!(other.created().len(), 1);

    // What fails once a user was made is no more than NotSent, and counts all the same.
    double.clear_faults();
    double.fail(Operation::IDENTIFIER_CREATE, Fault::slow(Duration::from_millis(1_950)));
    let limits = Limits::new().with_per_recipient(rate("1 per 1h"));
    let guarded = Guarded::new(Arc::new(provider(&double)), Arc::new(LocalGuard::new(limits)));
    let options = CallOptions::default().with_timeout(Duration::from_secs(2));
    let error = guarded.create_with(&request("new@doe.com"), &options).await.expect_err("too late");
    assert_eq!((error.kind(), error.send_state()), (ErrorKind::Timeout, SendState::NotSent));
    let error = guarded.create(&request("new@doe.com")).await.expect_err("counted");
    assert_eq!(error.kind(), ErrorKind::Throttled);
    double.requests().of(Operation::CREATE).assert_count(0);
}

/// A vendor that answers so, on a connection each, and is gone before the last answer is read.
async fn vanishing(answers: Vec<Value>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (mut listener, count) = (Some(listener), answers.len());
        for (number, answer) in answers.into_iter().enumerate() {
            let (mut stream, _) = listener.as_ref().expect("it listens").accept().await.expect("a connection");
            let read = stream.read(&mut [0; 8192]).await.expect("a request");
            assert!(read > 0);
            if number + 1 == count {
                listener = None;
            }
            stream.write_all(&reply(200, &[("connection", "close")], &answer.to_string())).await.expect("an answer");
        }
    });
    address
}

#[tokio::test]
async fn a_message_that_could_not_be_asked_for_counts_for_the_guard_where_a_user_was_made_for_it() {
    let identifier = json!({ "identifierID": "ide-1", "type": "email", "value": "jane@doe.com", "userID": "usr-1" });
    let nobody = json!({ "identifiers": [], "paging": { "totalPages": 0 } });
    let known = vec![json!({ "identifiers": [identifier], "paging": { "totalPages": 1 } })];
    for (answers, second) in [(vec![nobody, json!({ "userID": "usr-1" }), identifier], ErrorKind::Throttled), (known, ErrorKind::Connect)] {
        let config = CorbadoConfig::new("pro-1", "corbado1_secret").with_base_url(&format!("http://{}", vanishing(answers).await)).expect("a config");
        let corbado = Corbado::new(&config.with_find_or_create_users(true), client()).expect("a provider");
        let limits = Limits::new().with_per_recipient(rate("1 per 1h"));
        let auth = Guarded::new(Arc::new(corbado), Arc::new(LocalGuard::new(limits)));
        let error = auth.create(&request("jane@doe.com")).await.expect_err("no connection");
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Connect, SendState::NotSent));
        assert_eq!(auth.create(&request("jane@doe.com")).await.expect_err("no message").kind(), second);
    }
}

#[tokio::test]
async fn the_challenge_is_asked_for_in_the_spelling_that_corbado_has() {
    let double = CorbadoDouble::start().await;
    double.add_user("Joe@doe.com");
    for (typed, sent) in [("JANE@doe.com", "jane@doe.com"), ("joe@DOE.com", "Joe@doe.com")] {
        provider(&double).create(&request(typed)).await.expect("a challenge");
        assert_eq!(double.requests().of(Operation::CREATE).last().expect("a create").json()["identifierValue"], sent);
    }
    double.violations().assert_none();
}

#[tokio::test]
async fn the_challenge_has_what_is_left_of_the_calls_time_and_is_not_asked_for_with_next_to_nothing() {
    let double = CorbadoDouble::start().await;
    double.fail(Operation::IDENTIFIER_LIST, Fault::slow(Duration::from_millis(1_900)));
    let options = CallOptions::default().with_timeout(Duration::from_secs(2));
    let error = provider(&double).create_with(&request("jane@doe.com"), &options).await.expect_err("too late");
    assert_eq!((error.kind(), error.send_state()), (ErrorKind::Timeout, SendState::NotSent));
    double.requests().of(Operation::CREATE).assert_count(0);

    double.clear_faults();
    double.fail(Operation::IDENTIFIER_LIST, Fault::slow(Duration::from_millis(2_500)));
    double.fail(Operation::CREATE, Fault::hang());
    let options = CallOptions::default().with_timeout(Duration::from_secs(4));
    let began = Instant::now();
    let error = provider(&double).create_with(&request("jane@doe.com"), &options).await.expect_err("no answer");
    assert_eq!((error.kind(), error.send_state()), (ErrorKind::Timeout, SendState::Unknown));
    // With the whole time anew it would be six and a half seconds.
    assert!(began.elapsed() < Duration::from_millis(6_300), "{:?}", began.elapsed());
}

#[test]
fn the_key_of_the_config_takes_yes_and_no_alone() {
    let toml = "provider = \"corbado\"\n[corbado]\nproject_id = \"pro-1\"\napi_secret = \"corbado1_secret\"\nfind_or_create_users = \"yes\"";
    let problems = Config::from_toml_str(toml).expect("a config").problems();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("corbado.find_or_create_users") && told[0].contains("expected true or false"), "{told:?}");
}
