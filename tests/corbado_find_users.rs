//! With `find_or_create_users` a create that names no user is for the recipient's own; and where that cannot be had, nothing was sent.

#![cfg(all(feature = "corbado", feature = "testing", feature = "toml"))]

mod support;

use std::{sync::Arc, time::Duration};

use auth_challenge::{
    Answer, CallOptions, ChallengeProvider, ChallengeProviderExt as _, ChallengeRequest, ClientContext, Config, ErrorKind, Field, Method, ProviderId, Router,
    SendState, Verification,
    corbado::{Corbado, CorbadoConfig},
    testing::{CorbadoDouble, Fault, Operation, Scripted},
};
use support::client;

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

async fn failing(operation: &Operation, fault: &Fault) -> CorbadoDouble {
    let double = CorbadoDouble::start().await;
    double.fail(operation.clone(), fault.clone().with_times(100));
    double
}

#[tokio::test]
async fn where_no_user_can_be_had_nothing_was_sent_and_another_provider_is_asked() {
    let lookups = [Operation::IDENTIFIER_LIST, Operation::USER_CREATE, Operation::IDENTIFIER_CREATE];
    let faults: [(Fault, ErrorKind); 4] = [
        (Fault::status(503), ErrorKind::Unavailable),
        (Fault::status(401), ErrorKind::Authentication),
        (Fault::reset_before_read(), ErrorKind::Interrupted),
        (Fault::hang(), ErrorKind::Timeout),
    ];
    for operation in lookups {
        for (fault, kind) in &faults {
            let double = failing(&operation, fault).await;
            let time = Duration::from_secs(if *kind == ErrorKind::Timeout { 1 } else { 10 });
            let options = CallOptions::default().with_timeout(time);
            let error = provider(&double).create_with(&request("jane@doe.com"), &options).await.expect_err("no user");
            assert_eq!((error.kind(), error.operation()), (*kind, Some("create")), "{operation} {fault:?}");
            assert!(!error.send_state().may_have_acted(), "{operation} {fault:?}: {:?}", error.send_state());
            assert_ne!(error.advice().key(), "offer_again", "{operation} {fault:?}");

            // A reply that was lost may have made the login identifier, by which the user would be found now.
            let (double, other) = (failing(&operation, fault).await, Scripted::named("other"));
            let auth = Router::builder(Arc::new(provider(&double)))
                .with_provider(Arc::new(other.clone()))
                .with_failover([ProviderId::new("other")])
                .with_failover_when_unknown()
                .build()
                .expect("a router");
            let options = CallOptions::default().with_timeout(2 * time);
            let challenge = auth.create_with(&request("jane@doe.com"), &options).await.expect("a challenge of the other");
            assert_eq!((challenge.provider().as_str(), other.created().len()), ("other", 1), "{operation} {fault:?}");
            assert!(double.outbox().is_empty(), "{operation} {fault:?}");
            double.requests().of(Operation::CREATE).assert_count(0);
        }
    }
}

#[test]
fn the_key_of_the_config_takes_yes_and_no_alone() {
    let toml = "provider = \"corbado\"\n[corbado]\nproject_id = \"pro-1\"\napi_secret = \"corbado1_secret\"\nfind_or_create_users = \"yes\"";
    let problems = Config::from_toml_str(toml).expect("a config").problems();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("corbado.find_or_create_users") && told[0].contains("expected true or false"), "{told:?}");
}
