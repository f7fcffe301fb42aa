//! Several providers behind one: routes, failover, guard, reload.

mod support;

use std::{sync::Arc, time::Duration};

use auth_challenge::{
    Answer, CallOptions, ChallengeHandle, ChallengeProvider, ChallengeProviderExt, ChallengeRequest, ClientContext, Config, CredentialKind, Error, ErrorKind,
    Field, Guard, LocalGuard, Method, ProviderId, Reason, Refusal, Rejected, Reloadable, Router, SendState, Sending, Verified, testing::Scripted,
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
    Router::new(Arc::new(first.clone())).with_provider(Arc::new(second.clone())).with_failover([id("second")])
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
    request.user_id("usr-1").with_user_id_at(ProviderId::new(vendor.name), "user-1")
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
        let lacking = [Method::EmailLink, Method::WhatsAppOtp, Method::Credential(CredentialKind::Key)].into_iter();
        for method in lacking.filter(|method| !current.offers.contains(method) && !other.offers.contains(method)) {
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

#[tokio::test]
async fn a_guard_limits_sends_by_address_client_and_calling_code() {
    let guard = || LocalGuard::new().with_per_recipient("2 per 1h".parse().expect("a rate")).with_calling_codes(["+64"]);
    let scripted = Scripted::named("first");
    let router = Router::new(Arc::new(scripted.clone())).with_guard(Arc::new(guard()));
    let request = ChallengeRequest::sms_otp("+64270000000");
    for _ in 0..2 {
        router.create(&request).await.expect("within the limit");
    }
    let throttled = router.create(&request).await.expect_err("over the limit");
    assert_eq!((throttled.kind(), throttled.send_state(), throttled.operation()), (ErrorKind::Throttled, SendState::NotSent, Some("create")));
    assert!(throttled.retry_after().is_some_and(|pause| pause > Duration::from_secs(60)));
    router.create(&ChallengeRequest::sms_otp("+64270000001")).await.expect("another address");
    let abroad = router.create(&ChallengeRequest::sms_otp("+4915112345678")).await.expect_err("another country");
    assert_eq!(abroad.violations().first().and_then(|violation| violation.field()), Some("to"));
    assert_eq!(scripted.created().len(), 3);

    let router = Router::new(Arc::new(scripted.clone())).with_guard(Arc::new(LocalGuard::new().with_per_ip("1 per 1h".parse().expect("a rate"))));
    let from = |ip: [u8; 4], to: &str| ChallengeRequest::email_otp(to).with_client(ClientContext::new(ip));
    router.create(&from([203, 0, 113, 7], "a@doe.com")).await.expect("the first");
    assert_eq!(router.create(&from([203, 0, 113, 7], "b@doe.com")).await.expect_err("the second").kind(), ErrorKind::Throttled);
    router.create(&from([203, 0, 113, 8], "b@doe.com")).await.expect("another client");
}

#[tokio::test]
async fn a_message_that_is_sent_again_counts_for_whom_the_first_one_did() {
    let scripted = Scripted::named("first");
    let guard = LocalGuard::new().with_per_recipient("2 per 1h".parse().expect("a rate"));
    let router = Router::new(Arc::new(scripted.clone())).with_guard(Arc::new(guard));
    let request = ChallengeRequest::sms_otp("+64270000000");
    let challenge = router.create(&request).await.expect("the first");
    router.resend(challenge.handle()).await.expect("the second");
    for throttled in [router.resend(challenge.handle()).await, router.create(&request).await] {
        assert_eq!(throttled.expect_err("the third").kind(), ErrorKind::Throttled);
    }
    assert_eq!((scripted.created().len(), scripted.resent().len()), (1, 1));
}

#[tokio::test]
async fn a_guard_ends_the_guessing_of_codes() {
    let wrong = || Rejected::new(Reason::WrongOrExpiredCode);
    let scripted = Scripted::named("first").verify_gives(wrong()).verify_gives(wrong()).verify_gives(Verified::new(Method::SmsOtp));
    let router = Router::new(Arc::new(scripted.clone())).with_guard(Arc::new(LocalGuard::new().with_wrong_codes(2)));
    let challenge = router.create(&ChallengeRequest::sms_otp("+64270000000")).await.expect("a challenge");
    for _ in 0..2 {
        let _ = router.verify(challenge.handle(), &Answer::code("1")).await.expect("an answer");
    }
    let throttled = router.verify(challenge.handle(), &Answer::code("2")).await.expect_err("enough");
    assert_eq!((throttled.kind(), throttled.send_state()), (ErrorKind::Throttled, SendState::NotSent));
    assert_eq!(scripted.answered().len(), 2);
    let other = router.create(&ChallengeRequest::sms_otp("+64270000000")).await.expect("a challenge");
    let _ = router.verify(other.handle(), &Answer::code("3")).await.expect("another challenge may be answered");
}

#[tokio::test]
async fn a_guard_in_the_config_guards_a_single_vendor_too() {
    for vendor in vendors::all_with_messages() {
        let server = Server::answering(200, &[], &vendor.created().to_string()).await;
        let config: Config = serde_json::from_value(json!({
            "provider": vendor.name, vendor.name: vendor.named_section(&format!("http://{}", server.address)),
            "guard": { "per_recipient": "1 per 1h", "per_ip": "5 per 1m", "wrong_codes": 3, "calling_codes": ["+64"] },
        }))
        .expect("a config");
        let provider = config.build().expect("a provider");
        provider.create(&vendor.request()).await.expect("the first");
        assert_eq!(provider.create(&vendor.request()).await.expect_err("the second").kind(), ErrorKind::Throttled, "{vendor:?}");
        assert_eq!(server.requests().len(), 1, "{vendor:?}");
    }
}

#[tokio::test]
async fn a_new_config_takes_over_and_old_handles_still_verify() {
    let (old, new) = (Scripted::named("old"), Scripted::named("new"));
    let reloadable = Reloadable::from_provider(Arc::new(old.clone()));
    let before = reloadable.id();
    let challenge = reloadable.create(&ChallengeRequest::email_otp("jane@doe.com")).await.expect("a challenge");
    reloadable.replace(Arc::new(Router::new(Arc::new(new.clone())).with_provider(Arc::new(old.clone()))));
    assert_eq!((before.as_str(), reloadable.id().as_str()), ("old", "new"));
    let _ = reloadable.verify(challenge.handle(), &Answer::code("1")).await.expect("an answer");
    reloadable.create(&ChallengeRequest::email_otp("jane@doe.com")).await.expect("a challenge");
    assert_eq!((old.created().len(), old.answered().len(), new.created().len()), (1, 1, 1));

    let broken: Config = serde_json::from_value(json!({ "provider": "nobody" })).expect("a config");
    assert_eq!(reloadable.reload(&broken).expect_err("a mistake").kind(), ErrorKind::Config);
    assert_eq!(reloadable.id().as_str(), "new");
}

/// A guard that writes down which client it was shown.
#[derive(Debug, Default)]
struct Watch(std::sync::Mutex<Vec<(&'static str, Option<std::net::IpAddr>)>>);

#[auth_challenge::async_trait]
impl Guard for Watch {
    async fn before_send(&self, sending: Sending<'_>) -> Result<(), Refusal> {
        let what = if sending.handle().is_some() { "resend" } else { "create" };
        self.0.lock().expect("the list").push((what, sending.ip()));
        Ok(())
    }

    async fn before_verify(&self, _: &ChallengeHandle, client_ip: Option<std::net::IpAddr>) -> Result<(), Refusal> {
        self.0.lock().expect("the list").push(("verify", client_ip));
        Err(Refusal::new("seen enough"))
    }
}

#[tokio::test]
async fn a_guard_sees_the_client_of_every_send_and_answer() {
    let watch = Arc::new(Watch::default());
    let scripted = Scripted::named("first");
    let router = Router::new(Arc::new(scripted.clone())).with_guard(watch.clone());
    let ip = std::net::IpAddr::from([203, 0, 113, 7]);
    let options = CallOptions::default().with_client_ip(ip);
    let challenge = router.create(&ChallengeRequest::email_otp("jane@doe.com").with_client(ClientContext::new(ip))).await.expect("a challenge");
    router.resend_with(challenge.handle(), &options).await.expect("once more");
    let throttled = router.verify_with(challenge.handle(), &Answer::code("1"), &options).await.expect_err("refused by the guard");
    assert_eq!((throttled.kind(), scripted.answered().len()), (ErrorKind::Throttled, 0));
    assert_eq!(*watch.0.lock().expect("the list"), [("create", Some(ip)), ("resend", Some(ip)), ("verify", Some(ip))]);
    assert!(!format!("{options:?}").contains("203.0.113.7"));
}
