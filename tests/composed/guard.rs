//! Limits before sending and on guesses, at a provider of any kind.

use std::{net::IpAddr, sync::Arc, time::Duration};

use auth_challenge::{
    Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeProviderExt, ChallengeRequest, ClientContext, Config, Error,
    ErrorKind, Field, Guard, Guarded, Limits, LocalGuard, Method, ProviderId, Reason, Refusal, Rejected, SendState, Sending, Verification, Verified,
    testing::Scripted,
};
use serde_json::json;

use crate::support::{Server, guards::rate, vendors};

#[tokio::test]
async fn a_guard_limits_sends_by_recipient_client_and_calling_code() {
    let guard = || LocalGuard::new(Limits::new().with_per_recipient(rate("2 per 1h")).with_calling_codes(["+64"]));
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

    let guarded = Guarded::new(Arc::new(scripted.clone()), Arc::new(LocalGuard::new(Limits::new().with_per_ip(rate("1 per 1h")))));
    let from = |ip: [u8; 4], to: &str| ChallengeRequest::email_otp(to).with_client(ClientContext::new(ip));
    guarded.create(&from([203, 0, 113, 7], "a@doe.com")).await.expect("the first");
    assert_eq!(guarded.create(&from([203, 0, 113, 7], "b@doe.com")).await.expect_err("the second").kind(), ErrorKind::Throttled);
    guarded.create(&from([203, 0, 113, 8], "b@doe.com")).await.expect("another client");
}

#[tokio::test]
async fn a_message_that_is_sent_again_counts_for_whom_the_first_one_did() {
    let scripted = Scripted::named("first");
    let guard = LocalGuard::new(Limits::new().with_per_recipient(rate("2 per 1h")));
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
async fn a_calling_code_that_is_not_allowed_any_more_gets_no_message_again() {
    let scripted = Scripted::named("first");
    let handle = ChallengeHandle::new(ProviderId::new("first"), Method::SmsOtp, "a");
    let guard = LocalGuard::new(Limits::new().with_calling_codes(["+64"]));
    let guarded = Guarded::new(Arc::new(scripted.clone()), Arc::new(guard));
    let refused = guarded.resend(&handle.clone().with_recipient("+447911123456")).await.expect_err("another calling code");
    assert_eq!((refused.kind(), refused.send_state(), refused.violations()[0].field()), (ErrorKind::Throttled, SendState::NotSent, Some(Field::To)));
    guarded.resend(&handle.clone().with_recipient("+64270000000")).await.expect("allowed");
    guarded.resend(&handle).await.expect("whose it is, nobody says");
    assert_eq!(scripted.resent().len(), 2);
}

#[tokio::test]
async fn a_resend_under_a_new_id_counts_for_the_same_recipient() {
    let named = |id: &str| ChallengeHandle::new(ProviderId::new("first"), Method::SmsOtp, id).with_recipient("+64270000000");
    for handles in [["a", "a", "a"], ["a", "b", "c"]] {
        let scripted = handles.iter().fold(Scripted::named("first"), |scripted, id| scripted.create_gives(Challenge::new(named(id))));
        let guard = LocalGuard::new(Limits::new().with_per_recipient(rate("3 per 1h")));
        let guarded = Guarded::new(Arc::new(Renaming(scripted)), Arc::new(guard));
        let mut handle = guarded.create(&ChallengeRequest::sms_otp("+64270000000")).await.expect("the first").handle().clone();
        for _ in 0..2 {
            handle = guarded.resend(&handle).await.expect("within the limit").handle().clone();
        }
        assert_eq!(guarded.resend(&handle).await.expect_err("over the limit").kind(), ErrorKind::Throttled, "{handles:?}");
    }
    // A guard that never saw the first one, in another process, goes by the recipient of the handle.
    let scripted = Scripted::named("first");
    let guarded = Guarded::new(Arc::new(scripted.clone()), Arc::new(LocalGuard::new(Limits::new().with_per_recipient(rate("1 per 1h")))));
    guarded.resend(&named("x")).await.expect("the first");
    assert_eq!(guarded.resend(&named("y")).await.expect_err("the second").kind(), ErrorKind::Throttled);
}

/// A provider whose resends come as the creates that are queued, under ids of their own.
#[derive(Debug)]
struct Renaming(Scripted);

#[auth_challenge::async_trait]
impl ChallengeProvider for Renaming {
    fn id(&self) -> ProviderId {
        self.0.id()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        self.0.create_with(request, options).await
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        self.0.verify_with(handle, answer, options).await
    }

    async fn resend_with(&self, handle: &ChallengeHandle, options: &CallOptions) -> Result<Challenge, Error> {
        self.0.create_with(&ChallengeRequest::new(handle.method()).with_recipient("+64270000000"), options).await
    }
}

#[tokio::test]
async fn an_ipv6_client_counts_as_its_network() {
    let guarded = Guarded::new(Arc::new(Scripted::named("first")), Arc::new(LocalGuard::new(Limits::new().with_per_ip(rate("2 per 1h")))));
    let from = |ip: &str, to: &str| ChallengeRequest::email_otp(to).with_client(ClientContext::new(ip.parse::<IpAddr>().expect("an address")));
    guarded.create(&from("2001:db8:1:2::1", "a@doe.com")).await.expect("the first");
    guarded.create(&from("2001:db8:1:2:ffff::2", "b@doe.com")).await.expect("the second");
    assert_eq!(guarded.create(&from("2001:db8:1:2:1:2:3:4", "c@doe.com")).await.expect_err("the third").kind(), ErrorKind::Throttled);
    guarded.create(&from("2001:db8:1:3::1", "c@doe.com")).await.expect("another network");
    // Written as IPv6, an IPv4 address is itself.
    for ip in ["::ffff:203.0.113.7", "203.0.113.7"] {
        guarded.create(&from(ip, "d@doe.com")).await.expect("within the limit");
    }
    guarded.create(&from("::ffff:203.0.113.8", "d@doe.com")).await.expect("another client");
    assert_eq!(guarded.create(&from("203.0.113.7", "d@doe.com")).await.expect_err("the third").kind(), ErrorKind::Throttled);
}

#[tokio::test]
async fn a_guard_ends_the_guessing_of_codes() {
    let wrong = || Rejected::new(Reason::WrongOrExpiredCode);
    let scripted = Scripted::named("first").verify_gives(wrong()).verify_gives(wrong()).verify_gives(Verified::new(Method::SmsOtp));
    let guarded = Guarded::new(Arc::new(scripted.clone()), Arc::new(LocalGuard::new(Limits::new().with_wrong_codes(2))));
    let challenge = guarded.create(&ChallengeRequest::sms_otp("+64270000000")).await.expect("a challenge");
    for _ in 0..2 {
        let _ = guarded.verify(challenge.handle(), &Answer::code("1")).await.expect("an answer");
    }
    // It is an answer, as the vendor's own limit is one.
    let enough = guarded.verify(challenge.handle(), &Answer::code("2")).await.expect("an answer");
    assert!(matches!(&enough, Verification::Rejected(no) if no.reason() == Reason::TooManyAttempts && !no.may_try_again()), "{enough:?}");
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
struct Watch(std::sync::Mutex<Vec<(&'static str, Option<IpAddr>)>>);

#[auth_challenge::async_trait]
impl Guard for Watch {
    async fn before_send(&self, sending: Sending<'_>) -> Result<(), Refusal> {
        let what = if sending.handle().is_some() { "resend" } else { "create" };
        self.0.lock().expect("the list").push((what, sending.client_ip()));
        Ok(())
    }

    async fn before_verify(&self, _: &ChallengeHandle, client_ip: Option<IpAddr>) -> Result<(), Refusal> {
        self.0.lock().expect("the list").push(("verify", client_ip));
        Err(Refusal::new("seen enough"))
    }
}

#[tokio::test]
async fn a_guard_sees_the_client_of_every_send_and_answer() {
    let watch = Arc::new(Watch::default());
    let scripted = Scripted::named("first");
    let guarded = Guarded::new(Arc::new(scripted.clone()), watch.clone());
    let ip = IpAddr::from([203, 0, 113, 7]);
    let options = CallOptions::default().with_client_ip(ip);
    let challenge = guarded.create(&ChallengeRequest::email_otp("jane@doe.com").with_client(ClientContext::new(ip))).await.expect("a challenge");
    guarded.resend_with(challenge.handle(), &options).await.expect("once more");
    let throttled = guarded.verify_with(challenge.handle(), &Answer::code("1"), &options).await.expect_err("refused by the guard");
    assert_eq!((throttled.kind(), scripted.answered().len()), (ErrorKind::Throttled, 0));
    assert_eq!(*watch.0.lock().expect("the list"), [("create", Some(ip)), ("resend", Some(ip)), ("verify", Some(ip))]);
    assert!(!format!("{options:?}").contains("203.0.113.7"));
}
