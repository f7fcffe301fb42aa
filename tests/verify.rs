//! What is a wrong answer, what is an error, and whom a right one proves.

#![cfg(all(feature = "corbado", feature = "authsignal", feature = "dfns"))]

mod support;

use auth_challenge::{Answer, ChallengeHandle, ChallengeProviderExt, Error, ErrorKind, Method, Reason, SendState, Verification};
use serde_json::{Value, json};
use support::{Server, Vendor};

async fn checked(vendor: Vendor, handle: &ChallengeHandle, status: u16, body: &Value) -> Result<Verification, Error> {
    let server = Server::answering(status, &[("x-request-id", "req-1")], &body.to_string()).await;
    let verification = vendor.provider(server.address).verify(handle, &vendor.answer()).await;
    assert_eq!(server.requests().len(), 1);
    verification
}

fn corbado_error(field: &str, message: &str) -> Value {
    json!({ "httpStatusCode": 400, "message": "x", "requestData": { "requestID": "req-2" }, "runtime": 0.1,
        "error": { "type": "validation_error", "validation": [{ "field": field, "message": message }] } })
}

/// A handle whose challenge has expired, or has not.
fn with_expiry(vendor: Vendor, expires_at: u64) -> ChallengeHandle {
    let mut json = serde_json::to_value(vendor.handle()).expect("a handle");
    json["expires_at"] = expires_at.into();
    serde_json::from_value(json).expect("a handle")
}

const PAST: u64 = 1_000_000_000;
const FUTURE: u64 = 4_000_000_000;

#[tokio::test]
async fn a_right_answer_proves_whom_the_reply_names() {
    // The reply names another address than the request did: the reply counts.
    let cases = [
        (
            Vendor::Corbado,
            json!({ "challengeID": "cha-1", "status": "completed", "identifierValue": "mallory@doe.com" }),
            Some("mallory@doe.com"),
            Some("usr-1"),
        ),
        (Vendor::Corbado, json!({ "challengeID": "cha-1", "status": "completed" }), None, Some("usr-1")),
        (Vendor::Authsignal, json!({ "isVerified": true, "phoneNumber": "+49151", "verificationMethod": "SMS" }), Some("+49151"), None),
        (Vendor::Authsignal, json!({ "isVerified": true, "email": "mallory@doe.com", "verificationMethod": "EMAIL_OTP" }), Some("mallory@doe.com"), None),
        (Vendor::Authsignal, json!({ "isVerified": true, "verificationMethod": "PIGEON" }), None, None),
        (Vendor::Authsignal, json!({ "isVerified": true, "email": "mallory@doe.com" }), Some("mallory@doe.com"), None),
        (Vendor::Authsignal, json!({ "isVerified": true, "email": "mallory@doe.com", "phoneNumber": "+49151" }), Some("+49151"), None),
    ];
    for (vendor, body, address, user_id) in cases {
        let Verification::Verified(proof) = checked(vendor, &vendor.handle(), 200, &body).await.expect("a verification") else { panic!("{body} is rejected") };
        assert_eq!((proof.address(), proof.user_id(), proof.request_id()), (address, user_id, Some("req-1")), "{body}");
    }
    let whatsapp = json!({ "isVerified": true, "phoneNumber": "+49151", "verificationMethod": "WHATSAPP" });
    let Verification::Verified(proof) = checked(Vendor::Authsignal, &Vendor::Authsignal.handle(), 200, &whatsapp).await.expect("a verification") else {
        panic!("rejected")
    };
    assert_eq!(proof.method(), Method::WhatsAppOtp);
}

#[tokio::test]
async fn a_new_credential_is_told_as_the_vendor_recorded_it() {
    let bare = json!({ "kind": "SessionKey", "credentialId": "cred-1" });
    for (body, vendor_id) in [(Vendor::Dfns.verified(), Some("cr-1")), (bare, None)] {
        let Verification::Verified(proof) = checked(Vendor::Dfns, &Vendor::Dfns.handle(), 200, &body).await.expect("a verification") else {
            panic!("rejected")
        };
        let credential = proof.credential().expect("a credential");
        assert_eq!((credential.kind(), credential.id(), credential.vendor_id()), (body["kind"].as_str().unwrap_or_default(), "cred-1", vendor_id));
        assert_eq!(proof.address(), None);
    }
}

#[tokio::test]
async fn a_wrong_answer_is_a_value_whichever_way_the_vendor_says_it() {
    use Reason::*;
    use Vendor::*;
    let dfns = |message: &str| json!({ "error": { "id": "1", "message": message } });
    let cases = [
        (Corbado, 400, corbado_error("value", "is invalid"), WrongOrExpiredCode),
        (Corbado, 400, corbado_error("value", "has expired"), WrongOrExpiredCode),
        (Corbado, 200, json!({ "challengeID": "cha-1", "status": "pending" }), WrongOrExpiredCode),
        (Corbado, 200, json!({ "challengeID": "cha-1", "status": "expired" }), Expired),
        (Authsignal, 200, json!({ "isVerified": false, "failureReason": "CODE_INVALID_OR_EXPIRED" }), WrongOrExpiredCode),
        (Authsignal, 200, json!({ "isVerified": false, "failureReason": "MAX_ATTEMPTS_EXCEEDED" }), TooManyAttempts),
        (Authsignal, 200, json!({ "isVerified": false, "failureReason": "MOON_PHASE" }), Other),
        (Authsignal, 200, json!({ "isVerified": false }), WrongOrExpiredCode),
        (Dfns, 400, dfns("Unable to verify signature."), Other),
        (Dfns, 401, dfns("unable to verify signature"), Other),
    ];
    for (vendor, status, body, reason) in cases {
        let verification = checked(vendor, &vendor.handle(), status, &body).await.unwrap_or_else(|error| panic!("{body}: {error}"));
        let Verification::Rejected(no) = verification else { panic!("{body} is verified") };
        assert_eq!((no.reason(), no.may_try_again()), (reason, reason == WrongOrExpiredCode), "{body}");
        assert!(no.request_id().is_some());
    }
}

#[tokio::test]
async fn what_is_not_about_the_answer_is_an_error() {
    use Vendor::*;
    let cases = [
        (Corbado, 400, corbado_error("value", "cannot be blank"), ErrorKind::InvalidRequest, SendState::Refused),
        (Corbado, 400, corbado_error("other", "is invalid"), ErrorKind::InvalidRequest, SendState::Refused),
        (Corbado, 400, corbado_error("userID", "does not exist"), ErrorKind::NotFound, SendState::Refused),
        (Corbado, 400, corbado_error("challengeID", "does not exist"), ErrorKind::NotFound, SendState::Refused),
        (Corbado, 404, json!({}), ErrorKind::NotFound, SendState::Refused),
        (Corbado, 200, json!({ "challengeID": "cha-1", "status": "paused" }), ErrorKind::UnexpectedReply, SendState::Accepted),
        (Corbado, 200, json!({ "challengeID": "cha-1" }), ErrorKind::UnexpectedReply, SendState::Accepted),
        (Authsignal, 200, json!({}), ErrorKind::UnexpectedReply, SendState::Accepted),
        (Authsignal, 200, json!({ "isVerified": "yes" }), ErrorKind::UnexpectedReply, SendState::Accepted),
        (Authsignal, 429, json!({ "errorCode": "too_many_requests" }), ErrorKind::RateLimited, SendState::Refused),
        (Authsignal, 400, json!({ "errorCode": "invalid_request" }), ErrorKind::InvalidRequest, SendState::Refused),
        (Dfns, 400, json!({ "error": { "message": "Malformed" } }), ErrorKind::InvalidRequest, SendState::Refused),
        (Dfns, 403, json!({ "error": { "message": "Not allowed" } }), ErrorKind::Permission, SendState::Refused),
        (Dfns, 500, json!({ "error": { "message": "unable to verify signature" } }), ErrorKind::Unavailable, SendState::Unknown),
    ];
    for (vendor, status, body, kind, state) in cases {
        let error = checked(vendor, &vendor.handle(), status, &body).await.expect_err("an error");
        assert_eq!((error.kind(), error.send_state(), error.operation()), (kind, state, Some("verify")), "{vendor:?} {status} {body}");
    }
}

#[tokio::test]
async fn an_unknown_challenge_is_expired_only_where_the_handle_says_so() {
    let cases = [
        (Vendor::Corbado, 400, corbado_error("challengeID", "does not exist")),
        (Vendor::Corbado, 404, json!({ "error": { "type": "not_found" } })),
        (Vendor::Authsignal, 404, json!({ "errorCode": "not_found" })),
        (Vendor::Dfns, 404, json!({ "error": { "message": "Not found" } })),
    ];
    for (vendor, status, body) in cases {
        let past = checked(vendor, &with_expiry(vendor, PAST), status, &body).await.expect("a rejection");
        assert!(matches!(&past, Verification::Rejected(no) if no.reason() == Reason::Expired), "{vendor:?} {past:?}");
        let future = checked(vendor, &with_expiry(vendor, FUTURE), status, &body).await.expect_err("an error");
        assert_eq!((future.kind(), future.send_state()), (ErrorKind::NotFound, SendState::Refused));
    }
    // An unknown user is no expired challenge.
    let error = checked(Vendor::Corbado, &with_expiry(Vendor::Corbado, PAST), 400, &corbado_error("userID", "does not exist")).await.expect_err("an error");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_challenge_is_checked_at_its_issuer_whichever_provider_is_current() {
    let (old, new) = (Server::answering(200, &[], &Vendor::Authsignal.verified().to_string()).await, Server::answering(200, &[], "").await);
    let config = |current: &str| -> auth_challenge::Config {
        serde_json::from_value(json!({
            "provider": current,
            "old": { "vendor": "authsignal", "secret_key": "old_secret", "base_url": format!("http://{}", old.address) },
            "new": { "vendor": "authsignal", "secret_key": "new_secret", "base_url": format!("http://{}", new.address) },
        }))
        .expect("a config")
    };
    let handle: ChallengeHandle = serde_json::from_value(json!({ "v": 1, "provider": "old", "method": "sms_otp", "challenge_id": "c-1" })).expect("a handle");
    for current in ["old", "new"] {
        let provider = config(current).build().expect("a provider");
        assert_eq!(provider.id().as_str(), current);
        let verification = provider.verify(&handle, &Answer::code("123456")).await.expect("a verification");
        assert!(matches!(verification, Verification::Verified(_)));
    }
    assert_eq!((old.requests().len(), new.requests().len()), (2, 0));
    assert_eq!(old.requests().iter().flat_map(|request| request.header("authorization")).collect::<Vec<_>>(), ["Basic b2xkX3NlY3JldDo="; 2]);

    let stranger: ChallengeHandle =
        serde_json::from_value(json!({ "v": 1, "provider": "gone", "method": "sms_otp", "challenge_id": "c-1" })).expect("a handle");
    let error = config("new").build().expect("a provider").verify(&stranger, &Answer::code("123456")).await.expect_err("not configured");
    assert_eq!((error.kind(), error.send_state()), (ErrorKind::Handle, SendState::NotSent));
}

#[tokio::test]
async fn what_another_vendor_answers_to_is_refused_before_sending() {
    let server = Server::answering(200, &[], "{}").await;
    for (vendor, other) in [(Vendor::Corbado, Vendor::Authsignal), (Vendor::Authsignal, Vendor::Dfns), (Vendor::Dfns, Vendor::Corbado)] {
        let error = vendor.provider(server.address).verify(&other.handle(), &vendor.answer()).await.expect_err("another's handle");
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Handle, SendState::NotSent), "{vendor:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn what_the_person_typed_does_not_change_how_the_vendors_words_are_read() {
    // The vendor's words are masked of what was submitted before anybody sees them; they are judged before that.
    for code in ["e", "value", "l", "blank", "challengeID", "is invalid", "unable to verify signature"] {
        let cases = [
            (corbado_error("value", "is invalid"), FUTURE, Reason::WrongOrExpiredCode),
            (corbado_error("challengeID", "does not exist"), PAST, Reason::Expired),
        ];
        for (body, expires_at, reason) in cases {
            let server = Server::answering(400, &[], &body.to_string()).await;
            let provider = Vendor::Corbado.provider(server.address);
            let verification = provider.verify(&with_expiry(Vendor::Corbado, expires_at), &Answer::code(code)).await;
            assert!(matches!(&verification, Ok(Verification::Rejected(no)) if no.reason() == reason), "{code}: {verification:?}");
        }
    }
}

#[tokio::test]
async fn a_blank_value_is_an_error_whatever_was_typed() {
    for code in ["b", "blank", "cannot be blank"] {
        let server = Server::answering(400, &[], &corbado_error("value", "cannot be blank").to_string()).await;
        let error = Vendor::Corbado.provider(server.address).verify(&Vendor::Corbado.handle(), &Answer::code(code)).await.expect_err("an error");
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::InvalidRequest, SendState::Refused));
    }
}
