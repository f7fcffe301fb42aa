//! Several providers behind one: who gets which request.

mod support;

use std::sync::Arc;

use auth_challenge::{
    ChallengeProvider, ChallengeProviderExt, ChallengeRequest, ClientContext, Config, ErrorKind, Field, Method, ProviderId, Router, SendState,
    testing::Scripted,
};
use serde_json::json;
use support::{
    Server,
    vendors::{self, Vendor},
};

fn id(name: &str) -> ProviderId {
    ProviderId::new(name)
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
