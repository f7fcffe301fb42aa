//! Failover: when another provider is asked, who is passed over meanwhile, and how the time is shared.

use std::{sync::Arc, time::Duration};

use auth_challenge::{
    Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeProviderExt, ChallengeRequest, Config, CredentialKind, Error,
    ErrorKind, Field, Method, MethodSupport, ProviderHealth, ProviderId, Router, SendState, Verification, Violation, testing::Scripted,
};
use serde_json::json;
use tokio::time::Instant;

use crate::support::{Server, vendors};

fn id(name: &str) -> ProviderId {
    ProviderId::new(name)
}

fn error(kind: ErrorKind, state: SendState) -> Error {
    Error::new(kind, state)
}

/// A router over two scripted providers, the second one for failover.
fn pair(first: &Scripted, second: &Scripted) -> Router {
    Router::builder(Arc::new(first.clone())).with_provider(Arc::new(second.clone())).with_failover([id("second")]).build().expect("a router")
}

#[tokio::test]
async fn failover_happens_only_where_nothing_was_sent_for_a_reason_of_that_vendor() {
    use ErrorKind::*;
    use SendState::{Accepted, NotSent, Refused, Unknown};
    let cases = [
        (Connect, NotSent, true),
        (Unavailable, NotSent, true),
        (UnexpectedReply, NotSent, true),
        (Timeout, NotSent, false),
        (Authentication, Refused, true),
        (Permission, Refused, true),
        (RateLimited, Refused, true),
        (InvalidRequest, NotSent, false),
        (InvalidRequest, Refused, false),
        (NotFound, Refused, false),
        (Conflict, Refused, false),
        (Throttled, NotSent, false),
        (Timeout, Unknown, false),
        (Interrupted, Unknown, false),
        (Unavailable, Unknown, false),
        (UnexpectedReply, Accepted, false),
    ];
    let request = ChallengeRequest::email_otp("jane@doe.com");
    for (kind, state, fails_over) in cases {
        let (first, second) = (Scripted::named("first").create_fails(error(kind, state)), Scripted::named("second"));
        let outcome = pair(&first, &second).create(&request).await;
        assert_eq!((first.created().len(), second.created().len()), (1, usize::from(fails_over)), "{kind:?} {state:?}");
        match outcome {
            Ok(challenge) => {
                assert!(fails_over);
                assert_eq!(challenge.provider(), &id("second"));
                let hops: Vec<_> = challenge.hops().iter().map(|hop| (hop.provider().as_str(), hop.kind(), hop.send_state())).collect();
                assert_eq!(hops, [("first", kind, state)]);
            }
            Err(error) => assert_eq!((fails_over, error.kind(), error.send_state(), error.provider()), (false, kind, state, Some(&id("first")))),
        }
    }
}

#[tokio::test]
async fn a_caller_may_ask_for_failover_after_an_unknown_outcome_and_the_error_stays_unknown() {
    let request = ChallengeRequest::email_otp("jane@doe.com");
    // The time of a guard within may be up before anything is sent.
    for state in [SendState::Unknown, SendState::NotSent] {
        let first = Scripted::named("first").create_fails(error(ErrorKind::Timeout, state));
        let second = Scripted::named("second").create_fails(error(ErrorKind::Connect, SendState::NotSent));
        let failed = pair(&first, &second).create_with(&request, &CallOptions::default().with_failover_when_unknown()).await.expect_err("both fail");
        assert_eq!((failed.kind(), failed.send_state(), failed.hops().len()), (ErrorKind::Connect, state, 1));
        assert_eq!(second.created().len(), 1);
    }
}

#[tokio::test]
async fn a_credential_never_fails_over() {
    let first = Scripted::named("first").create_fails(error(ErrorKind::Connect, SendState::NotSent));
    let second = Scripted::named("second");
    let failed = pair(&first, &second).create(&ChallengeRequest::credential(CredentialKind::Key, "code")).await.expect_err("no failover");
    assert_eq!((failed.kind(), second.created().len()), (ErrorKind::Connect, 0));
}

#[tokio::test]
async fn a_provider_that_could_not_be_reached_is_passed_over_for_a_while() {
    let request = ChallengeRequest::email_otp("jane@doe.com");
    let first = Scripted::named("first").create_fails(error(ErrorKind::Connect, SendState::NotSent));
    let second = Scripted::named("second");
    let router = pair(&first, &second);
    for _ in 0..3 {
        assert_eq!(router.create(&request).await.expect("a challenge").provider(), &id("second"));
    }
    assert_eq!((first.created().len(), second.created().len()), (1, 3));
    assert!(router.create(&request).await.expect("a challenge").hops().iter().all(|hop| hop.was_passed_over()));
}

#[tokio::test]
async fn a_limited_vendor_is_left_at_once_where_there_is_another() {
    for vendor in vendors::all_with_messages() {
        let limited = Server::answering(429, &[("retry-after", "1")], "{}").await;
        let other = Server::answering(200, &[], &vendor.created().to_string()).await;
        let config: Config = serde_json::from_value(json!({
            "provider": "one", "failover": ["two"],
            "one": vendor.named_section(&format!("http://{}", limited.address)),
            "two": vendor.named_section(&format!("http://{}", other.address)),
        }))
        .expect("a config");
        // The second one has a user id of its own.
        let request = vendor.request().with_user_id_at(id("two"), "usr-2");
        let challenge = config.build().expect("a provider").create(&request).await.expect("a challenge");
        assert_eq!((challenge.provider().as_str(), limited.requests().len(), other.requests().len()), ("two", 1, 1), "{vendor:?}");
    }
}

#[tokio::test]
async fn another_provider_never_sees_the_current_ones_user_id() {
    let request = ChallengeRequest::email_otp("jane@doe.com").with_user_id("id-at-first");
    let first = || Scripted::named("first").create_fails(error(ErrorKind::Connect, SendState::NotSent));
    let second = Scripted::named("second");
    pair(&first(), &second).create(&request).await.expect("a challenge");
    pair(&first(), &second).create(&request.clone().with_user_id_at(id("second"), "id-at-second")).await.expect("a challenge");
    let seen: Vec<_> = second.created().iter().map(|request| request.user_id_for(&id("second")).map(str::to_owned)).collect();
    assert_eq!(seen, [None, Some("id-at-second".to_owned())]);
}

/// A provider that never comes back, until its time is up.
#[derive(Debug)]
struct Hanging(&'static str);

#[auth_challenge::async_trait]
impl ChallengeProvider for Hanging {
    fn id(&self) -> ProviderId {
        ProviderId::new(self.0)
    }

    fn capabilities(&self) -> Capabilities {
        Scripted::new().capabilities()
    }

    async fn create_with(&self, _: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        tokio::time::sleep(options.timeout().expect("a time")).await;
        Err(error(ErrorKind::Timeout, SendState::Unknown))
    }

    async fn verify_with(&self, _: &ChallengeHandle, _: &Answer, _: &CallOptions) -> Result<Verification, Error> {
        Err(error(ErrorKind::Unsupported, SendState::NotSent))
    }
}

#[tokio::test(start_paused = true)]
async fn after_an_unknown_outcome_each_provider_has_its_share_of_the_time() {
    let request = ChallengeRequest::email_otp("jane@doe.com");
    let last = Scripted::named("last");
    let router = Router::builder(Arc::new(Hanging("first")))
        .with_provider(Arc::new(Hanging("second")))
        .with_provider(Arc::new(last.clone()))
        .with_failover([id("second"), id("last")])
        .with_failover_when_unknown()
        .with_timeout(Duration::from_secs(9))
        .build()
        .expect("a router");
    let started = Instant::now();
    let challenge = router.create(&request).await.expect("a challenge of the last one");
    let hops: Vec<_> = challenge.hops().iter().map(|hop| (hop.provider().as_str(), hop.send_state())).collect();
    assert_eq!((challenge.provider(), hops), (&id("last"), vec![("first", SendState::Unknown), ("second", SendState::Unknown)]));
    assert!((Duration::from_secs(6)..Duration::from_millis(6100)).contains(&started.elapsed()), "{:?}", started.elapsed());

    // Without leave for it, the first one has all the time, and nobody else is asked.
    let first = Router::builder(Arc::new(Hanging("first"))).with_provider(Arc::new(last.clone())).with_failover([id("last")]).build().expect("a router");
    let started = Instant::now();
    let failed = first.create(&request).await.expect_err("no answer");
    assert_eq!((failed.send_state(), failed.hops().len(), last.created().len()), (SendState::Unknown, 0, 1));
    assert!(started.elapsed() >= Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_failed_is_tried_again_by_one_call_and_not_by_all() {
    let request = ChallengeRequest::email_otp("jane@doe.com");
    let connect = || error(ErrorKind::Connect, SendState::NotSent);
    let first = Scripted::named("first").create_fails(connect()).create_fails(connect());
    let second = Scripted::named("second");
    let router = pair(&first, &second);
    // It answers at the third try, and has every call again.
    for asked in [1, 2, 7] {
        for _ in 0..5 {
            router.create(&request).await.expect("a challenge");
        }
        assert_eq!(first.created().len(), asked);
        tokio::time::advance(Duration::from_secs(60)).await;
    }
    assert_eq!(second.created().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_ends_before_it_has_tried_a_provider_again_leaves_that_to_the_next_one() {
    let request = ChallengeRequest::email_otp("jane@doe.com");
    let unsent = |kind| error(kind, SendState::NotSent);
    for (what, kind) in [("a request that is refused before sending", ErrorKind::InvalidRequest), ("a guard within", ErrorKind::Throttled)] {
        let first = Scripted::named("first").create_fails(unsent(ErrorKind::Connect)).create_fails(unsent(kind));
        let router = pair(&first, &Scripted::named("second"));
        router.create(&request).await.expect("a challenge of the second one");
        tokio::time::advance(Duration::from_secs(31)).await;
        assert_eq!(router.create(&request).await.expect_err(what).kind(), kind);
        assert_eq!(router.create(&request).await.expect("a challenge").provider(), &id("first"), "{what}");
    }

    let router = Router::builder(Arc::new(Hanging("first")))
        .with_provider(Arc::new(Scripted::named("second")))
        .with_failover([id("second")])
        .with_failover_when_unknown()
        .build()
        .expect("a router");
    router.create(&request).await.expect("a challenge of the second one");
    tokio::time::advance(Duration::from_secs(31)).await;
    tokio::select! {
        biased;
        outcome = router.create(&request) => panic!("ended with {outcome:?}"),
        () = tokio::time::sleep(Duration::from_secs(1)) => {}
    }
    assert!(!router.health()[0].is_passed_over(), "the call was dropped");
    assert!(!router.create(&request).await.expect("a challenge of the second one").hops()[0].was_passed_over());
}

#[tokio::test]
async fn a_provider_that_is_passed_over_is_asked_where_all_others_fail() {
    let request = ChallengeRequest::email_otp("jane@doe.com");
    let connect = || error(ErrorKind::Connect, SendState::NotSent);
    let first = Scripted::named("first").create_fails(connect());
    let second = Scripted::named("second").create_fails(connect()).create_fails(connect());
    let router = pair(&first, &second);
    router.create(&request).await.expect_err("both are away");
    let challenge = router.create(&request).await.expect("the first one is back");
    let hops: Vec<_> = challenge.hops().iter().map(|hop| (hop.provider().as_str(), hop.was_passed_over())).collect();
    assert_eq!((challenge.provider(), hops), (&id("first"), vec![("first", true), ("second", true)]));

    let first = Scripted::named("first").create_fails(connect());
    let sent = Challenge::new(ChallengeHandle::new(id("second"), Method::EmailOtp, "challenge-1"));
    let second = Scripted::named("second").create_gives(sent).create_fails(error(ErrorKind::Authentication, SendState::Refused));
    let router = pair(&first, &second);
    assert_eq!(router.create(&request).await.expect("a challenge").provider(), &id("second"));
    let challenge = router.create(&request).await.expect("the first one is back, and the second one is not");
    let hops: Vec<_> = challenge.hops().iter().map(|hop| (hop.provider().as_str(), hop.was_passed_over(), hop.send_state())).collect();
    assert_eq!(hops, [("first", true, SendState::NotSent), ("second", false, SendState::Refused)]);
    assert_eq!(challenge.provider(), &id("first"));
}

#[tokio::test]
async fn the_hops_of_a_router_within_come_after_those_of_the_router_around_it() {
    let connect = || error(ErrorKind::Connect, SendState::NotSent);
    let (outer, inner) = (Scripted::named("outer").create_fails(connect()), Scripted::named("inner").create_fails(connect()));
    let (last, request) = (Scripted::named("last").create_fails(connect()), ChallengeRequest::email_otp("jane@doe.com"));
    let within = Router::builder(Arc::new(inner)).with_provider(Arc::new(last)).with_failover([id("last")]).build().expect("a router");
    let around = Router::builder(Arc::new(outer)).with_provider(Arc::new(within)).with_failover([id("inner")]).build().expect("a router");
    let hops = |hops: &[auth_challenge::Hop]| hops.iter().map(|hop| hop.provider().to_string()).collect::<Vec<_>>();
    assert_eq!(hops(around.create(&request).await.expect_err("all are away").hops()), ["outer", "inner"]);
    assert_eq!(hops(around.create(&request).await.expect("one is back").hops())[..1], ["outer"]);
}

#[tokio::test(start_paused = true)]
async fn while_one_call_tries_a_provider_again_the_others_go_elsewhere() {
    let second = Scripted::named("second");
    let router = Router::builder(Arc::new(Hanging("first")))
        .with_provider(Arc::new(second.clone()))
        .with_failover([id("second")])
        .with_failover_when_unknown()
        .with_timeout(Duration::from_secs(10))
        .build()
        .expect("a router");
    let request = ChallengeRequest::email_otp("jane@doe.com");
    let (router, started) = (Arc::new(router), Instant::now());
    router.create(&request).await.expect("a challenge");
    tokio::time::advance(Duration::from_secs(40)).await;
    let again = tokio::spawn({
        let (router, request) = (Arc::clone(&router), request.clone());
        async move { router.create(&request).await }
    });
    tokio::task::yield_now().await;
    for _ in 0..5 {
        assert!(router.create(&request).await.expect("a challenge").hops()[0].was_passed_over());
    }
    assert!(started.elapsed() < Duration::from_secs(46), "none of these waited");
    assert!(!again.await.expect("a call that ends").expect("a challenge").hops()[0].was_passed_over());
}

#[tokio::test(start_paused = true)]
async fn who_is_passed_over_depends_on_whose_the_failure_is() {
    let request = ChallengeRequest::email_otp("jane@doe.com");
    let limited = || error(ErrorKind::RateLimited, SendState::Refused);
    let (half, most) = (Some(Duration::from_secs(15)), Some(Duration::from_secs(30)));
    for (what, failure, unknown, expected) in [
        ("no connection", error(ErrorKind::Connect, SendState::NotSent), false, most),
        ("handed back by the server all the time", error(ErrorKind::Interrupted, SendState::NotSent), false, most),
        ("credentials", error(ErrorKind::Authentication, SendState::Refused), false, most),
        ("a person that is refused", error(ErrorKind::Permission, SendState::Refused), false, None),
        ("a limit without an end", limited(), false, None),
        ("a limit with an end", limited().with_retry_after(Duration::from_secs(15)), false, half),
        ("a limit that ends late", limited().with_retry_after(Duration::from_secs(900)), false, most),
        ("a limit of the recipient's", limited().with_retry_after(Duration::from_secs(15)).with_violations(vec![Violation::new(Field::To, "x")]), false, None),
        ("an outage", error(ErrorKind::Unavailable, SendState::Unknown), false, None),
        ("an outage, with failover after it", error(ErrorKind::Unavailable, SendState::Unknown), true, most),
        ("an answer that cannot be read", error(ErrorKind::UnexpectedReply, SendState::Accepted), true, None),
        ("a status that means nothing, with failover after it", error(ErrorKind::UnexpectedReply, SendState::Unknown), true, most),
        ("a bad request", error(ErrorKind::InvalidRequest, SendState::Refused), true, None),
    ] {
        let kind = failure.kind();
        let first = Scripted::named("first").create_fails(failure);
        let builder = Router::builder(Arc::new(first)).with_provider(Arc::new(Scripted::named("second"))).with_failover([id("second")]);
        let router = if unknown { builder.with_failover_when_unknown() } else { builder }.build().expect("a router");
        let _ = router.create(&request).await;
        let health = router.health();
        let seen: Vec<_> = health.iter().map(|one| (one.provider().as_str(), one.passed_over_for())).collect();
        assert_eq!(seen, [("first", expected), ("second", None)], "{what}");
        assert_eq!(health.first().and_then(ProviderHealth::failure), expected.map(|_| kind), "{what}");
    }
}

#[tokio::test]
async fn an_answer_at_any_operation_ends_the_passing_over() {
    let first = Scripted::named("first").create_fails(error(ErrorKind::Connect, SendState::NotSent));
    let router = pair(&first, &Scripted::named("second"));
    router.create(&ChallengeRequest::email_otp("jane@doe.com")).await.expect("a challenge of the second one");
    assert!(router.health()[0].is_passed_over());
    let handle = ChallengeHandle::new(id("first"), Method::EmailOtp, "challenge-1");
    let _ = router.verify(&handle, &Answer::code("1")).await.expect("an answer");
    assert!(!router.health()[0].is_passed_over());
}

#[tokio::test(start_paused = true)]
async fn an_answer_does_not_end_the_pause_that_a_vendor_wants_of_creates() {
    let limited = error(ErrorKind::RateLimited, SendState::Refused).with_retry_after(Duration::from_secs(20));
    let (first, second) = (Scripted::named("first").create_fails(limited), Scripted::named("second"));
    let router = pair(&first, &second);
    router.create(&ChallengeRequest::email_otp("jane@doe.com")).await.expect("a challenge of the second one");
    let handle = ChallengeHandle::new(id("first"), Method::EmailOtp, "challenge-1");
    let _ = router.verify(&handle, &Answer::code("1")).await.expect("an answer");
    assert_eq!((router.health()[0].is_passed_over(), router.health()[0].failure()), (true, Some(ErrorKind::RateLimited)));
    // Asked again since all others failed, it says nothing of a pause.
    for refusal in [
        error(ErrorKind::RateLimited, SendState::Refused),
        error(ErrorKind::InvalidRequest, SendState::Refused),
        error(ErrorKind::Permission, SendState::Refused),
    ] {
        second.clone().create_fails(error(ErrorKind::Connect, SendState::NotSent));
        first.clone().create_fails(refusal.with_status(403));
        router.create(&ChallengeRequest::email_otp("jane@doe.com")).await.expect_err("as scripted");
        assert_eq!((router.health()[0].is_passed_over(), router.health()[0].failure()), (true, Some(ErrorKind::RateLimited)));
    }
    first.clone().verify_fails(error(ErrorKind::Connect, SendState::NotSent)).verify_fails(error(ErrorKind::Connect, SendState::NotSent));
    router.verify(&handle, &Answer::code("1")).await.expect_err("as scripted");
    assert_eq!(router.health()[0].failure(), Some(ErrorKind::RateLimited), "the pause is there as before");
    tokio::time::advance(Duration::from_secs(20)).await;
    router.verify(&handle, &Answer::code("1")).await.expect_err("as scripted");
    assert_eq!((router.health()[0].is_passed_over(), router.health()[0].failure()), (true, Some(ErrorKind::Connect)), "after it, what is worse counts");
}

#[tokio::test]
async fn an_answer_that_is_limited_turns_nobody_else_away() {
    for (failure, is_passed_over) in [
        (error(ErrorKind::RateLimited, SendState::Refused).with_retry_after(Duration::from_secs(60)), false),
        (error(ErrorKind::Unavailable, SendState::Unknown), false),
        (error(ErrorKind::InvalidRequest, SendState::NotSent), false),
        (error(ErrorKind::Connect, SendState::NotSent), true),
        (error(ErrorKind::Authentication, SendState::Refused), true),
    ] {
        let kind = failure.kind();
        let first = Scripted::named("first").verify_fails(failure);
        let router = Router::builder(Arc::new(first))
            .with_provider(Arc::new(Scripted::named("second")))
            .with_failover([id("second")])
            .with_failover_when_unknown()
            .build()
            .expect("a router");
        let handle = ChallengeHandle::new(id("first"), Method::EmailOtp, "challenge-1");
        router.verify(&handle, &Answer::code("1")).await.expect_err("as scripted");
        assert_eq!(router.health()[0].is_passed_over(), is_passed_over, "{kind:?}");
    }
}

#[tokio::test]
async fn a_config_says_when_failover_happens() {
    for vendor in vendors::all_with_messages() {
        for (when, expected) in [(None, "one"), (Some("unsent"), "one"), (Some("unknown"), "two")] {
            let broken = Server::answering(503, &[], "{}").await;
            let other = Server::answering(200, &[], &vendor.created().to_string()).await;
            let mut config = json!({
                "provider": "one", "failover": ["two"],
                "one": vendor.named_section(&format!("http://{}", broken.address)),
                "two": vendor.named_section(&format!("http://{}", other.address)),
            });
            if let Some(when) = when {
                config["failover_when"] = json!(when);
            }
            let config: Config = serde_json::from_value(config).expect("a config");
            let auth = config.build().expect("a provider");
            let outcome = auth.create(&vendor.request().with_user_id_at(id("two"), "usr-2")).await;
            assert_eq!(outcome.map_or("one".to_owned(), |challenge| challenge.provider().to_string()), expected, "{vendor:?} {when:?}");
            assert_eq!((broken.requests().len(), other.requests().len()), (1, usize::from(expected == "two")), "{vendor:?} {when:?}");
            assert_eq!(auth.health().len(), 2, "a config's provider tells of both");
        }
    }
    let wrong: Config = serde_json::from_value(json!({ "provider": "one", "failover_when": "always" })).expect("a config");
    let problems: Vec<_> = wrong.problems().iter().map(ToString::to_string).collect();
    assert!(problems.iter().any(|problem| ["failover_when", "unsent", "unknown"].iter().all(|word| problem.contains(word))), "{problems:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reply_of_any_status_ends_an_outage_and_a_refusal_before_sending_does_not() {
    let request = ChallengeRequest::email_otp("jane@doe.com");
    let refused = || error(ErrorKind::InvalidRequest, SendState::Refused).with_status(400);
    for (second_error, is_well) in [(refused(), true), (error(ErrorKind::InvalidRequest, SendState::NotSent), false)] {
        let first = Scripted::named("first").create_fails(error(ErrorKind::Connect, SendState::NotSent)).create_fails(second_error);
        let router = pair(&first, &Scripted::named("second"));
        router.create(&request).await.expect("the second one");
        tokio::time::advance(Duration::from_secs(31)).await;
        router.create(&request).await.expect_err("refused");
        assert_eq!(router.health()[0].failure().is_none(), is_well);
    }
}

/// A provider that refuses so many creates for a reason of its own, by which nobody is passed over later.
fn limited(name: &str, times: usize) -> Scripted {
    (0..times).fold(Scripted::named(name), |scripted, _| scripted.create_fails(error(ErrorKind::RateLimited, SendState::Refused)))
}

/// A router over a first provider, and all others for failover in this order.
fn in_order(first: &Scripted, others: &[&Scripted]) -> Router {
    let builder = others.iter().fold(Router::builder(Arc::new(first.clone())), |builder, other| builder.with_provider(Arc::new(Scripted::clone(other))));
    builder.with_failover(others.iter().map(|other| other.id())).build().expect("a router")
}

/// Who sends to this recipient.
async fn sender(router: &Router, to: &str) -> String {
    router.create(&ChallengeRequest::email_otp(to)).await.expect("a challenge").provider().to_string()
}

#[tokio::test(start_paused = true)]
async fn failover_goes_first_to_the_providers_that_were_not_tried_for_this_recipient() {
    let first = limited("first", 100);
    let (b, c, d) = (Scripted::named("b"), Scripted::named("c"), Scripted::named("d"));
    let router = in_order(&first, &[&b, &c, &d]);
    // Each row a minute after the one before; all spellings are one recipient.
    for (to, expected) in
        [("jane@doe.com", "b"), ("Jane+again@DOE.com", "c"), ("joe@doe.com", "b"), ("jane@doe.com", "d"), ("jane@doe.com", "b"), ("joe@doe.com", "c")]
    {
        assert_eq!(sender(&router, to).await, expected, "{to}");
        tokio::time::advance(Duration::from_secs(60)).await;
    }
    assert_eq!(first.created().len(), 6, "it stays the first");
    let shown = format!("{router:?}");
    assert!(shown.contains("Tried") && !shown.contains("jane"), "{shown}");
    // The first one of a call without failover was tried as well.
    let router = Router::builder(Arc::new(limited("first", 1)))
        .with_provider(Arc::new(b.clone()))
        .with_provider(Arc::new(c.clone()))
        .with_route(Method::SmsOtp, id("b"))
        .with_failover([id("b"), id("c")])
        .build()
        .expect("a router");
    let number = "+64270000000";
    assert_eq!(router.create(&ChallengeRequest::sms_otp(number)).await.expect("a challenge").provider(), &id("b"));
    assert_eq!(router.create(&ChallengeRequest::voice_otp(number)).await.expect("a challenge").provider(), &id("c"));
}

#[tokio::test(start_paused = true)]
async fn a_try_is_forgotten_after_ten_minutes() {
    for (later, expected) in [(Duration::from_millis(599_999), "c"), (Duration::from_secs(600), "b")] {
        let router = in_order(&limited("first", 2), &[&Scripted::named("b"), &Scripted::named("c")]);
        assert_eq!(sender(&router, "jane@doe.com").await, "b");
        tokio::time::advance(later).await;
        assert_eq!(sender(&router, "jane@doe.com").await, expected, "{later:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_was_handed_the_create_was_tried_whatever_became_of_it() {
    use ErrorKind::*;
    use SendState::{Accepted, NotSent, Refused, Unknown};
    // Where the one that failed was tried, the next call goes to one that was not: to `c`, or where failover went there at once, to `d`.
    for (kind, state, next) in [
        (Connect, NotSent, "d"),
        (Interrupted, NotSent, "d"),
        (Authentication, Refused, "d"),
        (RateLimited, Refused, "d"),
        (InvalidRequest, Refused, "c"),
        (Timeout, Unknown, "c"),
        (Unavailable, Unknown, "c"),
        (UnexpectedReply, Accepted, "c"),
        // Refused before anything was sent, by what is in the request or by a guard within.
        (InvalidRequest, NotSent, "b"),
        (Unsupported, NotSent, "b"),
        (Throttled, NotSent, "b"),
        (Timeout, NotSent, "b"),
    ] {
        let b = Scripted::named("b").create_fails(error(kind, state));
        let router = in_order(&limited("first", 2), &[&b, &Scripted::named("c"), &Scripted::named("d")]);
        let _ = router.create(&ChallengeRequest::email_otp("jane@doe.com")).await;
        // Nobody is passed over any more.
        tokio::time::advance(Duration::from_secs(31)).await;
        assert_eq!(sender(&router, "jane@doe.com").await, next, "{kind:?} {state:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_try_stays_one_where_a_later_create_is_refused_before_sending() {
    let sent = || Challenge::new(ChallengeHandle::new(id("c"), Method::EmailOtp, "challenge-1"));
    let b = Scripted::named("b").create_gives(sent()).create_fails(error(ErrorKind::RateLimited, SendState::Refused));
    let c = Scripted::named("c").create_gives(sent()).create_fails(error(ErrorKind::Throttled, SendState::NotSent));
    let router = in_order(&limited("first", 4), &[&b, &c]);
    let request = ChallengeRequest::email_otp("jane@doe.com");
    for _ in 0..2 {
        router.create(&request).await.expect("a challenge");
    }
    assert_eq!(router.create(&request).await.expect_err("c refuses").kind(), ErrorKind::Throttled);
    assert_eq!(sender(&router, "jane@doe.com").await, "b", "both were tried");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_under_way_or_was_dropped_is_a_try() {
    let request = ChallengeRequest::email_otp("jane@doe.com");
    let router = Router::builder(Arc::new(limited("first", 2)))
        .with_provider(Arc::new(Hanging("b")))
        .with_provider(Arc::new(Scripted::named("c")))
        .with_failover([id("b"), id("c")])
        .build()
        .expect("a router");
    {
        let mut hanging = std::pin::pin!(router.create(&request));
        assert!(tokio::time::timeout(Duration::from_secs(1), &mut hanging).await.is_err());
        assert_eq!(sender(&router, "jane@doe.com").await, "c", "while the other call waits for b");
    }
    let router = Router::builder(Arc::new(limited("first", 2)))
        .with_provider(Arc::new(Hanging("b")))
        .with_provider(Arc::new(Scripted::named("c")))
        .with_failover([id("b"), id("c")])
        .build()
        .expect("a router");
    assert!(tokio::time::timeout(Duration::from_secs(1), router.create(&request)).await.is_err());
    assert_eq!(sender(&router, "jane@doe.com").await, "c", "after the other call was dropped");
}

#[tokio::test]
async fn a_provider_that_is_passed_over_is_so_whether_it_was_tried_for_the_recipient_or_not() {
    let connect = || error(ErrorKind::Connect, SendState::NotSent);
    let c = Scripted::named("c").create_fails(connect());
    let router = in_order(&limited("first", 3), &[&limited("b", 1), &c, &Scripted::named("d")]);
    assert_eq!(sender(&router, "jane@doe.com").await, "d");
    // For Joe none was tried, and c is passed over; with b tried, d is next.
    assert_eq!(sender(&router, "joe@doe.com").await, "b");
    let challenge = router.create(&ChallengeRequest::email_otp("joe@doe.com")).await.expect("a challenge");
    let hops: Vec<_> = challenge.hops().iter().map(|hop| (hop.provider().as_str(), hop.was_passed_over())).collect();
    assert_eq!((challenge.provider(), hops), (&id("d"), vec![("first", false), ("c", true)]));
}

#[tokio::test]
async fn one_persons_odd_record_at_a_provider_turns_nobody_else_away_from_it() {
    let first = Scripted::named("first").create_fails(error(ErrorKind::UnexpectedReply, SendState::NotSent));
    let auth = pair(&first, &Scripted::named("second"));
    let asked = [auth.create(&ChallengeRequest::email_otp("eve@x.com")).await, auth.create(&ChallengeRequest::email_otp("jane@doe.com")).await];
    let asked: Vec<_> = asked.iter().map(|challenge| challenge.as_ref().expect("a challenge").provider().as_str()).collect();
    assert_eq!(asked, ["second", "first"]);
}

/// A provider that offers one method.
#[derive(Debug)]
struct Offering(Scripted, Capabilities);

#[auth_challenge::async_trait]
impl ChallengeProvider for Offering {
    fn id(&self) -> ProviderId {
        self.0.id()
    }
    fn capabilities(&self) -> Capabilities {
        self.1.clone()
    }
    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        self.0.create_with(request, options).await
    }
    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        self.0.verify_with(handle, answer, options).await
    }
}

#[tokio::test]
async fn a_router_within_a_router_takes_over_with_what_any_of_its_providers_has() {
    let (by_email, by_phone) = (Scripted::named("by_email"), Scripted::named("by_phone"));
    let offering =
        |scripted: &Scripted, method| Arc::new(Offering(scripted.clone(), Capabilities::new(vec![MethodSupport::new(method, vec![Field::To], vec![])])));
    let within = Router::builder(offering(&by_email, Method::EmailOtp)).with_provider(offering(&by_phone, Method::SmsOtp)).build().expect("a router");
    let away = Scripted::named("away").create_fails(error(ErrorKind::Connect, SendState::NotSent));
    let router = Router::builder(Arc::new(away)).with_provider(Arc::new(within)).with_failover([id("by_email")]).build().expect("a router");
    router.create(&ChallengeRequest::sms_otp("+64270000000")).await.expect("the one that has it");
    assert_eq!((by_email.created().len(), by_phone.created().len()), (0, 1));
}
