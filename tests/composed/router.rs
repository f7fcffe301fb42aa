//! Several providers behind one: who gets which request.

use std::sync::Arc;

use auth_challenge::{
    Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeProviderExt, ChallengeRequest, ClientContext, Config, Error,
    ErrorKind, Field, Method, ProviderId, Router, SendState, Verification, testing::Scripted,
};
use serde_json::json;

use crate::support::{
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

/// A provider that takes a recipient however it is spelt.
#[derive(Debug)]
struct Lenient(&'static str);

#[auth_challenge::async_trait]
impl ChallengeProvider for Lenient {
    fn id(&self) -> ProviderId {
        id(self.0)
    }

    fn capabilities(&self) -> Capabilities {
        Scripted::new().capabilities()
    }

    async fn create_with(&self, request: &ChallengeRequest, _: &CallOptions) -> Result<Challenge, Error> {
        Ok(Challenge::new(ChallengeHandle::new(self.id(), request.method(), "challenge-1")))
    }

    async fn verify_with(&self, _: &ChallengeHandle, _: &Answer, _: &CallOptions) -> Result<Verification, Error> {
        Err(Error::new(ErrorKind::Unsupported, SendState::NotSent))
    }
}

#[tokio::test]
async fn a_message_goes_by_the_longest_calling_code_that_its_number_begins_with_else_as_the_rest() {
    let names = ["german", "american", "samoan", "rest", "calls"];
    let builder = || {
        let builder = names.into_iter().fold(Router::builder(Arc::new(Lenient("current"))), |builder, name| builder.with_provider(Arc::new(Lenient(name))));
        let codes = [("+1684", "samoan"), ("+1", "american"), ("+49", "german"), ("+9999999", "german")];
        let builder = codes.into_iter().fold(builder, |builder, (code, name)| builder.with_calling_code_route(Method::SmsOtp, code, id(name)));
        builder.with_route(Method::VoiceOtp, id("calls"))
    };
    let (with_rest, without) = (builder().with_route(Method::SmsOtp, id("rest")).build().expect("a router"), builder().build().expect("a router"));
    for (to, by_code) in [
        ("+4915112345678", Some("german")),
        ("+12025550123", Some("american")),
        ("+16846331234", Some("samoan")),
        ("+16836331234", Some("american")),
        ("+99999991", Some("german")),
        ("+99999981", None),
        ("+64270000000", None),
        ("+4", None),
        // As a recipient counts, whoever checks its spelling later.
        ("+49 151 1234-5678", Some("german")),
        ("0049 151 12345678", Some("german")),
        ("tel:+1-684-633-1234", Some("samoan")),
        ("+４９15112345678", Some("german")),
        ("jane@doe.com", None),
        ("é+49", None),
        ("", None),
    ] {
        let request = ChallengeRequest::sms_otp(to);
        for (router, rest) in [(&with_rest, "rest"), (&without, "current")] {
            assert_eq!(router.create(&request).await.expect("a challenge").provider().as_str(), by_code.unwrap_or(rest), "{to}");
        }
        // Another method has routes of its own, or none.
        for (request, expected) in [(ChallengeRequest::voice_otp(to), "calls"), (ChallengeRequest::whatsapp_otp(to), "current")] {
            assert_eq!(with_rest.create(&request).await.expect("a challenge").provider().as_str(), expected, "{request:?} {to}");
        }
    }
    let to_nobody = with_rest.create(&ChallengeRequest::new(Method::SmsOtp)).await.expect("a challenge");
    assert_eq!(to_nobody.provider(), &id("rest"));
    let refused = builder().with_provider(Arc::new(Scripted::named("strict"))).with_calling_code_route(Method::SmsOtp, "+49", id("strict"));
    let refused = refused.build().expect("a router").check(&ChallengeRequest::sms_otp("+49 151 12345678")).expect_err("by the provider that it is routed to");
    assert_eq!(refused.provider(), Some(&id("strict")));
}

#[test]
fn a_route_by_a_calling_code_that_is_none_or_of_a_method_to_no_phone_or_to_nobody_is_told_by_key_all_at_once() {
    let (code, phone, provider) = ("+ and 1 to 7 digits", "a phone number", "expected one of one, two, not nobody");
    let cases = [
        (Method::SmsOtp, "+49", "one", vec![]),
        (Method::WhatsAppOtp, "+1234567", "two", vec![]),
        (Method::SmsOtp, "49", "one", vec![("route.sms_otp.49", code)]),
        (Method::SmsOtp, "+", "one", vec![("route.sms_otp.+", code)]),
        (Method::SmsOtp, "", "one", vec![("route.sms_otp.", code)]),
        (Method::SmsOtp, "*", "one", vec![("route.sms_otp.*", code)]),
        (Method::SmsOtp, "+12345678", "one", vec![("route.sms_otp.+12345678", code)]),
        (Method::VoiceOtp, "+4 9", "nobody", vec![("route.voice_otp.+4 9", code), ("route.voice_otp.+4 9", provider)]),
        (Method::EmailOtp, "+49", "one", vec![("route.email_otp.+49", phone)]),
        (Method::Credential(auth_challenge::CredentialKind::Key), "+49", "one", vec![("route.credential.+49", phone)]),
        (Method::EmailLink, "49", "one", vec![("route.email_link.49", phone), ("route.email_link.49", code)]),
        (Method::SmsOtp, "+64", "nobody", vec![("route.sms_otp.+64", provider)]),
    ];
    let start = || Router::builder(Arc::new(Scripted::named("one"))).with_provider(Arc::new(Scripted::named("two")));
    for (method, calling_code, to, expected) in &cases {
        let outcome = start().with_calling_code_route(*method, *calling_code, id(to)).build();
        let violations = outcome.map_or_else(|error| error.violations().to_vec(), |_| Vec::new());
        assert_eq!(violations.iter().filter_map(|told| told.key()).collect::<Vec<_>>(), expected.iter().map(|(key, _)| *key).collect::<Vec<_>>());
        assert!(violations.iter().zip(expected).all(|(told, (_, words))| told.message().contains(words)), "{violations:?}");
    }
    let all = cases.iter().fold(start(), |builder, (method, code, to, _)| builder.with_calling_code_route(*method, *code, id(to)));
    let all = all.with_route(Method::SmsOtp, id("nobody")).build().expect_err("mistakes");
    assert_eq!(all.violations().len(), 1 + cases.iter().map(|(.., expected)| expected.len()).sum::<usize>(), "{all}");
}

#[tokio::test]
async fn an_error_names_the_provider_that_was_asked_though_one_of_the_applications_own_did_not() {
    let fails = || Error::new(ErrorKind::Unavailable, SendState::Unknown);
    let scripted = Scripted::named("own").create_fails(fails()).verify_fails(fails());
    let auth = Router::builder(Arc::new(Scripted::named("other"))).with_provider(Arc::new(scripted)).with_route(Method::SmsOtp, id("own"));
    let auth = auth.build().expect("a router");
    let created = auth.create(&ChallengeRequest::sms_otp("+64270000000")).await.expect_err("a failure");
    let handle = ChallengeHandle::new(id("own"), Method::SmsOtp, "challenge");
    let verified = auth.verify(&handle, &Answer::code("123456")).await.expect_err("a failure");
    assert_eq!([created.provider(), verified.provider()], [Some(&id("own")); 2]);
}
