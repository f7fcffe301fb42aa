//! The double of Twilio Verify keeps verifications as the vendor does.

use std::time::Duration;

use auth_challenge::{
    Answer, Challenge, ChallengeProviderExt as _, ChallengeRequest, ErrorKind, Field, Http, Reason, SendState, Verification,
    testing::{Operation, TwilioDouble},
    twilio::{Twilio, TwilioConfig, types},
};

const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const SERVICE: &str = "VAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const PHONE: &str = "+64270000000";

async fn created(double: &TwilioDouble) -> Challenge {
    double.provider().create(&ChallengeRequest::sms_otp(PHONE)).await.expect("a challenge")
}

/// Why an answer was rejected; `None` where it was right.
async fn rejection(double: &TwilioDouble, challenge: &Challenge, answer: &Answer) -> Option<Reason> {
    match double.provider().verify(challenge.handle(), answer).await.expect("a verification") {
        Verification::Verified(proof) => {
            assert_eq!(proof.recipient(), Some(PHONE));
            None
        }
        Verification::Rejected(rejected) => Some(rejected.reason()),
    }
}

fn client(double: &TwilioDouble, config: TwilioConfig) -> Twilio {
    let config = config.with_base_url(&double.base_url()).expect("a URL");
    Twilio::new(&config, Http::builder().build().expect("a client")).expect("a client")
}

fn typed(double: &TwilioDouble) -> Twilio {
    client(double, TwilioConfig::new(ACCOUNT, "twilio_token", SERVICE))
}

#[tokio::test]
async fn a_pending_verification_is_continued_by_the_next_create_and_by_a_resend() {
    let double = TwilioDouble::start().await;
    let first = created(&double).await;
    let again = created(&double).await;
    let resent = double.provider().resend(first.handle()).await.expect("once more");
    assert_eq!([first.id(), again.id()], [resent.id(), resent.id()]);
    let outbox = double.outbox().to(PHONE);
    outbox.assert_count(3);
    assert!(outbox.iter().all(|message| message.code() == outbox.last_code()));

    // To somebody else it is another one, and after an end as well.
    let other = double.provider().create(&ChallengeRequest::email_otp("jane@doe.com")).await.expect("a challenge");
    assert_ne!(other.id(), first.id());
    assert_eq!(rejection(&double, &first, &Answer::code(outbox.last_code())).await, None);
    assert_ne!(created(&double).await.id(), first.id());
    double.violations().assert_none();
}

#[tokio::test]
async fn a_resend_that_twilio_would_refuse_is_refused_before_it_is_sent() {
    let double = TwilioDouble::start().await;
    let handle = |method: &str, to: &str| {
        let json = serde_json::json!({ "v": 1, "provider": "twilio", "method": method, "challenge_id": "VE1", "to": to });
        serde_json::from_value::<auth_challenge::ChallengeHandle>(json).expect("a handle")
    };
    for (method, to, kind) in [
        ("email_link", "jane@doe.com", ErrorKind::Unsupported),
        ("sms_otp", "", ErrorKind::InvalidRequest),
        ("sms_otp", "jane@doe.com", ErrorKind::InvalidRequest),
        ("email_otp", "jane", ErrorKind::InvalidRequest),
    ] {
        let error = double.provider().resend(&handle(method, to)).await.expect_err("refused");
        assert_eq!((error.kind(), error.send_state(), error.operation()), (kind, SendState::NotSent, Some("resend")), "{method} to {to:?}: {error}");
    }
    let nobody = serde_json::from_value(serde_json::json!({ "v": 1, "provider": "twilio", "method": "sms_otp", "challenge_id": "VE1" })).expect("a handle");
    let error = double.provider().resend(&nobody).await.expect_err("refused");
    assert_eq!((error.kind(), error.send_state()), (ErrorKind::Handle, SendState::NotSent));
    double.requests().assert_count(0);
}

#[tokio::test]
async fn a_wrong_code_leaves_it_pending_until_there_were_too_many() {
    let double = TwilioDouble::builder().with_max_attempts(2).start().await.expect("a double");
    let challenge = created(&double).await;
    for _ in 0..2 {
        assert_eq!(rejection(&double, &challenge, &double.wrong_answer(&challenge)).await, Some(Reason::WrongOrExpiredCode));
    }
    for answer in [double.right_answer(&challenge), double.wrong_answer(&challenge)] {
        assert_eq!(rejection(&double, &challenge, &answer).await, Some(Reason::TooManyAttempts));
    }
    let sid = challenge.handle().challenge_id().clone();
    let check = types::CreateVerificationCheckRequest { verification_sid: Some(sid), code: Some("123456".into()), ..Default::default() };
    let error = typed(&double).create_verification_check(&check).await.expect_err("too many");
    let told: Vec<_> = error.violations().iter().map(|violation| (violation.field(), violation.vendor_field())).collect();
    assert_eq!((error.kind(), error.vendor_code(), told), (ErrorKind::RateLimited, Some("60202"), vec![(Some(Field::To), Some("To"))]));
    let fetched = typed(&double).fetch_verification(challenge.id().expect("an id")).await.expect("a verification");
    assert_eq!(fetched.status, Some(types::VerificationStatus::MaxAttemptsReached));
    // The person may ask for a new one.
    let next = created(&double).await;
    assert_eq!(rejection(&double, &next, &double.right_answer(&next)).await, None);
}

#[tokio::test]
async fn what_expired_was_approved_or_cancelled_is_not_found() {
    let double = TwilioDouble::start().await;
    let challenge = created(&double).await;
    let right = double.right_answer(&challenge);
    assert_eq!(rejection(&double, &challenge, &right).await, None);
    assert_eq!(rejection(&double, &challenge, &right).await, Some(Reason::Other), "approved");

    let challenge = created(&double).await;
    double.clock().advance(Duration::from_secs(600));
    assert_eq!(rejection(&double, &challenge, &double.right_answer(&challenge)).await, Some(Reason::Other), "expired");

    let challenge = created(&double).await;
    let twilio = typed(&double);
    let sid = challenge.id().expect("an id");
    let body = types::UpdateVerificationRequest { status: types::VerificationUpdate::Canceled };
    let cancelled = twilio.update_verification(sid, &body).await.expect("a verification");
    assert_eq!(cancelled.status, Some(types::VerificationStatus::Canceled));
    assert_eq!(rejection(&double, &challenge, &double.right_answer(&challenge)).await, Some(Reason::Other), "cancelled");
    let error = twilio.update_verification(sid, &body).await.expect_err("it is over");
    assert_eq!((error.kind(), error.vendor_code()), (ErrorKind::NotFound, Some("20404")));
    double.requests().of(Operation::UPDATE).assert_count(2);
    double.violations().assert_none();
}

#[tokio::test]
async fn credentials_are_those_of_the_account_or_an_api_key() {
    let double = TwilioDouble::builder().with_api_key("SK1", "secret").start().await.expect("a double");
    let sms = with("To", PHONE);
    client(&double, TwilioConfig::from_api_key("SK1", "secret", SERVICE)).create_verification(&sms).await.expect("a verification");
    let error = client(&double, TwilioConfig::new(ACCOUNT, "wrong", SERVICE)).create_verification(&sms).await.expect_err("wrong credentials");
    assert_eq!((error.kind(), error.vendor_code()), (ErrorKind::Authentication, Some("20003")));
    let elsewhere = SERVICE.replace('a', "b");
    let error = client(&double, TwilioConfig::new(ACCOUNT, "twilio_token", elsewhere)).create_verification(&sms).await.expect_err("another service");
    assert_eq!((error.kind(), error.vendor_code()), (ErrorKind::NotFound, Some("20404")));
}

/// A request for a text message, with one member more or another one.
fn with(member: &str, value: &str) -> types::CreateVerificationRequest {
    let mut json = serde_json::json!({ "To": PHONE, "Channel": "sms" });
    json[member] = value.into();
    serde_json::from_value(json).expect("a request")
}

#[tokio::test]
async fn what_the_vendor_would_refuse_is_refused_in_its_form() {
    let double = TwilioDouble::start().await;
    let twilio = typed(&double);
    for (request, field) in [(with("To", "0641234"), "To"), (with("Channel", "sna"), "Channel"), (with("CustomCode", "1"), "CustomCode")] {
        let error = twilio.create_verification(&request).await.expect_err(field);
        assert_eq!((error.kind(), error.vendor_code()), (ErrorKind::InvalidRequest, Some("60200")), "{field}");
        assert!(error.vendor_message().is_some_and(|message| message.contains(field)), "{error:?}");
    }
    double.outbox().assert_empty();
    twilio.create_verification(&with("CustomCode", "4711")).await.expect("a verification");
    assert_eq!(double.outbox().only().code(), "4711");
}
