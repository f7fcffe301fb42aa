//! Limits before sending and on guesses, at a provider of any kind.

mod support;

use std::{sync::Arc, time::Duration};

use auth_challenge::{
    Answer, CallOptions, ChallengeHandle, ChallengeProvider, ChallengeProviderExt, ChallengeRequest, ClientContext, Config, ErrorKind, Field, Guard, Guarded,
    LocalGuard, Method, Reason, Refusal, Rejected, SendState, Sending, Verified, testing::Scripted,
};
use serde_json::json;
use support::{Server, vendors};

#[tokio::test]
async fn a_guard_limits_sends_by_recipient_client_and_calling_code() {
    let guard = || LocalGuard::new().with_per_recipient("2 per 1h".parse().expect("a rate")).with_calling_codes(["+64"]);
    let scripted = Scripted::named("first");
    let guarded = Guarded::new(Arc::new(scripted.clone()), Arc::new(guard()));
    let request = ChallengeRequest::sms_otp("+64270000000");
    for _ in 0..2 {
        guarded.create(&request).await.expect("within the limit");
    }
    let throttled = guarded.create(&request).await.expect_err("over the limit");
    assert_eq!((throttled.kind(), throttled.send_state(), throttled.operation()), (ErrorKind::Throttled, SendState::NotSent, Some("create")));
    assert!(throttled.retry_after().is_some_and(|pause| pause > Duration::from_secs(60)));
    guarded.create(&ChallengeRequest::sms_otp("+64270000001")).await.expect("another recipient");
    let abroad = guarded.create(&ChallengeRequest::sms_otp("+4915112345678")).await.expect_err("another country");
    assert_eq!(abroad.violations().first().and_then(|violation| violation.field()), Some(Field::To));
    assert_eq!(scripted.created().len(), 3);

    let guarded = Guarded::new(Arc::new(scripted.clone()), Arc::new(LocalGuard::new().with_per_ip("1 per 1h".parse().expect("a rate"))));
    let from = |ip: [u8; 4], to: &str| ChallengeRequest::email_otp(to).with_client(ClientContext::new(ip));
    guarded.create(&from([203, 0, 113, 7], "a@doe.com")).await.expect("the first");
    assert_eq!(guarded.create(&from([203, 0, 113, 7], "b@doe.com")).await.expect_err("the second").kind(), ErrorKind::Throttled);
    guarded.create(&from([203, 0, 113, 8], "b@doe.com")).await.expect("another client");
}

#[tokio::test]
async fn a_message_that_is_sent_again_counts_for_whom_the_first_one_did() {
    let scripted = Scripted::named("first");
    let guard = LocalGuard::new().with_per_recipient("2 per 1h".parse().expect("a rate"));
    let guarded = Guarded::new(Arc::new(scripted.clone()), Arc::new(guard));
    let request = ChallengeRequest::sms_otp("+64270000000");
    let challenge = guarded.create(&request).await.expect("the first");
    guarded.resend(challenge.handle()).await.expect("the second");
    for throttled in [guarded.resend(challenge.handle()).await, guarded.create(&request).await] {
        assert_eq!(throttled.expect_err("the third").kind(), ErrorKind::Throttled);
    }
    assert_eq!((scripted.created().len(), scripted.resent().len()), (1, 1));
}

#[tokio::test]
async fn a_guard_ends_the_guessing_of_codes() {
    let wrong = || Rejected::new(Reason::WrongOrExpiredCode);
    let scripted = Scripted::named("first").verify_gives(wrong()).verify_gives(wrong()).verify_gives(Verified::new(Method::SmsOtp));
    let guarded = Guarded::new(Arc::new(scripted.clone()), Arc::new(LocalGuard::new().with_wrong_codes(2)));
    let challenge = guarded.create(&ChallengeRequest::sms_otp("+64270000000")).await.expect("a challenge");
    for _ in 0..2 {
        let _ = guarded.verify(challenge.handle(), &Answer::code("1")).await.expect("an answer");
    }
    let throttled = guarded.verify(challenge.handle(), &Answer::code("2")).await.expect_err("enough");
    assert_eq!((throttled.kind(), throttled.send_state()), (ErrorKind::Throttled, SendState::NotSent));
    assert_eq!(scripted.answered().len(), 2);
    let other = guarded.create(&ChallengeRequest::sms_otp("+64270000000")).await.expect("a challenge");
    let _ = guarded.verify(other.handle(), &Answer::code("3")).await.expect("another challenge may be answered");
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

/// A guard that writes down which client it was shown.
#[derive(Debug, Default)]
struct Watch(std::sync::Mutex<Vec<(&'static str, Option<std::net::IpAddr>)>>);

#[auth_challenge::async_trait]
impl Guard for Watch {
    async fn before_send(&self, sending: Sending<'_>) -> Result<(), Refusal> {
        let what = if sending.handle().is_some() { "resend" } else { "create" };
        self.0.lock().expect("the list").push((what, sending.client_ip()));
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
    let guarded = Guarded::new(Arc::new(scripted.clone()), watch.clone());
    let ip = std::net::IpAddr::from([203, 0, 113, 7]);
    let options = CallOptions::default().with_client_ip(ip);
    let challenge = guarded.create(&ChallengeRequest::email_otp("jane@doe.com").with_client(ClientContext::new(ip))).await.expect("a challenge");
    guarded.resend_with(challenge.handle(), &options).await.expect("once more");
    let throttled = guarded.verify_with(challenge.handle(), &Answer::code("1"), &options).await.expect_err("refused by the guard");
    assert_eq!((throttled.kind(), scripted.answered().len()), (ErrorKind::Throttled, 0));
    assert_eq!(*watch.0.lock().expect("the list"), [("create", Some(ip)), ("resend", Some(ip)), ("verify", Some(ip))]);
    assert!(!format!("{options:?}").contains("203.0.113.7"));
}
