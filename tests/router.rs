//! Several providers behind one: routes and failover.

mod support;

use std::sync::Arc;

use auth_challenge::{
    CallOptions, ChallengeProvider, ChallengeProviderExt, ChallengeRequest, ClientContext, Config, CredentialKind, Error, ErrorKind, Field, Method, ProviderId,
    Router, SendState, testing::Scripted,
};
use serde_json::json;
use support::{
    Server,
    vendors::{self, Vendor},
};

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
            Err(error) => assert_eq!((fails_over, error.kind(), error.send_state()), (false, kind, state)),
        }
    }
}

#[tokio::test]
async fn a_caller_may_ask_for_failover_after_an_unknown_outcome_and_the_error_stays_unknown() {
    let request = ChallengeRequest::email_otp("jane@doe.com");
    let first = Scripted::named("first").create_fails(error(ErrorKind::Timeout, SendState::Unknown));
    let second = Scripted::named("second").create_fails(error(ErrorKind::Connect, SendState::NotSent));
    let failed = pair(&first, &second).create_with(&request, &CallOptions::default().with_failover_when_unknown()).await.expect_err("both fail");
    assert_eq!((failed.kind(), failed.send_state(), failed.hops().len()), (ErrorKind::Connect, SendState::Unknown, 1));
    assert_eq!(second.created().len(), 1);
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
    assert!(router.create(&request).await.expect("a challenge").hops().iter().all(|hop| hop.was_skipped()));
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

/// A request for a method with all that any vendor needs, for the user `user-1` at this one.
fn complete(method: Method, vendor: &Vendor) -> ChallengeRequest {
    let to = if method.is_to_phone() { "+64270000000" } else { "jane@doe.com" };
    let client = ClientContext::new([127, 0, 0, 1]).with_user_agent("x");
    let request = ChallengeRequest::new(method).with_recipient(to).with_code("code").with_action("signIn").with_client(client);
    request.with_user_id("usr-1").with_user_id_at(ProviderId::new(vendor.name), "user-1")
}

#[tokio::test]
async fn a_method_goes_where_it_is_routed_or_to_the_one_provider_that_has_it() {
    for (current, other) in pairs() {
        let server = Server::answering(200, &[], &current.created().to_string()).await;
        for method in other.offers.iter().copied().filter(|method| method.credential_kind().is_none()) {
            let others = Server::answering(200, &[], &(other.create.reply)(method).to_string()).await;
            let config = |route: serde_json::Value| -> Config {
                serde_json::from_value(json!({
                    "provider": current.name,
                    current.name: current.named_section(&format!("http://{}", server.address)),
                    other.name: other.named_section(&format!("http://{}", others.address)),
                    "route": route,
                }))
                .expect("a config")
            };
            let request = complete(method, other);
            let (plain, routed) = (config(json!({})).build().expect("a provider"), config(json!({ method.as_str(): other.name })).build().expect("a provider"));
            let maker = if current.offers.contains(&method) { current.name } else { other.name };
            let context = format!("{method} at {current:?} or {other:?}");
            assert_eq!(plain.create(&request).await.expect("a challenge").provider().as_str(), maker, "{context}");
            assert_eq!(routed.create(&request).await.expect("a challenge").provider().as_str(), other.name, "{context}");
            assert_eq!((plain.id().as_str(), routed.id().as_str()), (current.name, current.name));
            // The current one's user id stays at home; where the other takes one, it is its own.
            let seen = others.requests().into_iter().last().expect("a request");
            let text = format!("{} {}", seen.path, String::from_utf8_lossy(&seen.body));
            let takes_a_user = !other.ignores(Field::UserId);
            assert_eq!((text.contains("usr-1"), text.contains("user-1")), (false, takes_a_user), "{context}: {text}");
        }
        for method in Method::ALL.into_iter().filter(|method| !current.offers.contains(method) && !other.offers.contains(method)) {
            let config = json!({ "provider": current.name, current.name: (current.section.credentials)(), other.name: (other.section.credentials)() });
            let plain = serde_json::from_value::<Config>(config).expect("a config").build().expect("a provider");
            let nobody = plain.create(&complete(method, other)).await.expect_err("nobody has it");
            assert_eq!(nobody.kind(), ErrorKind::Unsupported, "{method} at {current:?} or {other:?}");
        }
    }
}

/// Each vendor with each other one.
fn pairs() -> Vec<(&'static Vendor, &'static Vendor)> {
    vendors::all().into_iter().flat_map(|one| vendors::all().into_iter().filter(move |other| *other != one).map(move |other| (one, other))).collect()
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

#[test]
fn a_router_refuses_a_second_provider_of_an_id_and_a_route_to_an_unknown_one() {
    let one = || Arc::new(Scripted::named("one"));
    for (what, builder) in [
        ("second", Router::builder(one()).with_provider(one())),
        ("second", Router::builder(one()).with_provider(Arc::new(Scripted::named("two"))).with_provider(Arc::new(Scripted::named("two")))),
        ("route", Router::builder(one()).with_route(Method::SmsOtp, id("two"))),
        ("failover", Router::builder(one()).with_failover([id("two")])),
        ("failover twice", Router::builder(one()).with_provider(Arc::new(Scripted::named("two"))).with_failover([id("two"), id("two")])),
    ] {
        let error = builder.build().expect_err(what);
        assert_eq!((error.kind(), error.send_state(), error.violations().len()), (ErrorKind::Config, SendState::NotSent, 1), "{what}: {error}");
    }
    let fine = Router::builder(one()).with_provider(Arc::new(Scripted::named("two"))).with_route(Method::SmsOtp, id("two")).with_failover([id("two")]);
    assert_eq!(fine.build().expect("a router").id(), id("one"));
}
