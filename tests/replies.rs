//! What comes back is read leniently, and told truly where it cannot be read.

#![cfg(all(feature = "corbado", feature = "authsignal", feature = "dfns"))]

mod support;

use auth_challenge::{Challenge, ChallengeProviderExt, ChallengeStatus, Error, ErrorKind, SendState, authsignal, corbado, dfns};
use serde_json::{Value, json};
use support::{Server, Vendor};

async fn created(vendor: Vendor, status: u16, headers: &[(&str, &str)], body: &str) -> Result<Challenge, Error> {
    let server = Server::answering(status, headers, body).await;
    let challenge = vendor.provider(server.address).create(&vendor.request()).await;
    assert_eq!(server.requests().len(), 1);
    challenge
}

#[tokio::test]
async fn a_documented_reply_is_read_whole() {
    let corbado = created(Vendor::Corbado, 200, &[("x-request-id", "req-1")], &Vendor::Corbado.created().to_string()).await.expect("a challenge");
    assert_eq!((corbado.id(), corbado.status(), corbado.request_id()), (Some("cha-1"), &ChallengeStatus::Pending, Some("req-1")));
    assert_eq!(corbado.expires_at(), std::time::UNIX_EPOCH.checked_add(std::time::Duration::from_secs(1_900_000_000)));
    let reply: &corbado::types::Challenge = corbado.vendor().expect("the vendor's reply");
    assert_eq!(reply.value.as_ref().map(|value| value.expose()), Some("987654"));

    let authsignal = created(Vendor::Authsignal, 201, &[], &Vendor::Authsignal.created().to_string()).await.expect("a challenge");
    assert_eq!((authsignal.id(), authsignal.status()), (Some("0b7b2e6e"), &ChallengeStatus::Pending));
    assert!(authsignal.vendor::<authsignal::types::ChallengeResponse>().is_some());

    let dfns = created(Vendor::Dfns, 200, &[], &Vendor::Dfns.created().to_string()).await.expect("a challenge");
    assert_eq!(dfns.id(), None);
    let registration = dfns.registration().expect("a registration");
    assert_eq!((registration.challenge().expose(), registration.algorithms()), ("Y2gtNzloaHQtbXJlb2stOGFwOHFtMmVpZWZ0amxhZw", &[-7_i64][..]));
    assert!(matches!(dfns.vendor(), Some(dfns::types::CredentialChallenge::Key(_))));
}

#[tokio::test]
async fn what_a_vendor_adds_or_leaves_out_breaks_nothing() {
    let cases: [(Vendor, Value); 10] = [
        (Vendor::Corbado, json!({ "challengeID": "cha-1" })),
        (Vendor::Corbado, json!({ "challengeID": "cha-1", "type": "push", "status": "paused", "value": null, "expires": null, "new": { "a": [1] } })),
        (Vendor::Corbado, json!({ "challengeID": "cha-1", "expires": i64::MAX })),
        (Vendor::Corbado, json!({ "challengeID": "cha-1", "expires": -1 })),
        (Vendor::Authsignal, json!({ "challengeId": "c" })),
        (Vendor::Authsignal, json!({ "challengeId": "c", "expiresAt": 1_900_000_000.25, "channel": "RCS" })),
        (Vendor::Authsignal, json!({ "challengeId": "c", "expiresAt": 1e300 })),
        (Vendor::Dfns, json!({ "kind": "Key", "challengeIdentifier": "i", "challenge": "c" })),
        (Vendor::Dfns, json!({ "kind": "Key", "challengeIdentifier": "i", "challenge": "c", "pubKeyCredParams": null, "user": { "id": null } })),
        (
            Vendor::Dfns,
            json!({
                "kind": "Key", "challengeIdentifier": "i", "challenge": "c", "attestation": "quantum", "hints": ["x"], "rp": { "id": "a" },
                "user": { "id": "u", "avatar": 1 }, "pubKeyCredParams": [{ "type": "new", "alg": -8, "x": 1 }]
            }),
        ),
    ];
    for (vendor, body) in cases {
        created(vendor, 200, &[], &body.to_string()).await.unwrap_or_else(|error| panic!("{vendor:?} {body}: {error}"));
    }
}

#[tokio::test]
async fn an_unknown_status_is_kept_as_it_came() {
    let challenge = created(Vendor::Corbado, 200, &[], r#"{"challengeID":"cha-1","status":"paused"}"#).await.expect("a challenge");
    assert_eq!(challenge.status(), &ChallengeStatus::Unknown("paused".into()));
}

#[tokio::test]
async fn the_content_type_does_not_matter() {
    for content_type in ["application/json; charset=utf-8", "text/plain", "text/html", "application/problem+json", ""] {
        for vendor in Vendor::ALL {
            let reply = created(vendor, 200, &[("content-type", content_type)], &vendor.created().to_string()).await;
            assert!(reply.is_ok(), "{vendor:?} {content_type}: {reply:?}");
        }
    }
}

#[tokio::test]
async fn a_success_that_cannot_be_read_was_accepted() {
    for vendor in Vendor::ALL {
        for body in [
            "",
            "{}",
            "[]",
            "null",
            "{",
            "\"text\"",
            "<html>",
            "\u{feff}{}",
            &"[".repeat(100_000),
            r#"{"challengeID":5,"challengeId":5}"#,
            r#"{"challengeID":"","challengeId":""}"#,
        ] {
            let error = created(vendor, 200, &[("x-request-id", "req-1")], body).await.expect_err("unreadable");
            assert_eq!((error.kind(), error.send_state(), error.status()), (ErrorKind::UnexpectedReply, SendState::Accepted, Some(200)), "{vendor:?} {error}");
            assert_eq!(error.request_id(), Some("req-1"));
        }
    }
}

#[tokio::test]
async fn a_dfns_reply_of_another_kind_or_under_review_is_no_challenge() {
    for (status, body) in [
        (200, json!({ "kind": "Quantum", "challengeIdentifier": "i", "challenge": "c" })),
        (200, json!({ "kind": "Fido2", "challengeIdentifier": "i", "challenge": "c" })),
        (200, json!({ "kind": "Totp", "challengeIdentifier": "i", "otpUrl": "otpauth://x" })),
        (202, Vendor::Dfns.created()),
    ] {
        let error = created(Vendor::Dfns, status, &[], &body.to_string()).await.expect_err("not a challenge");
        assert_eq!((error.kind(), error.send_state(), error.status()), (ErrorKind::UnexpectedReply, SendState::Accepted, Some(status)), "{body}");
        assert_eq!(error.operation(), Some("create"));
    }
}

#[tokio::test]
async fn every_status_has_its_kind_and_send_state() {
    use ErrorKind::*;
    use SendState::{Refused, Unknown};
    let cases = [
        (300, UnexpectedReply, Unknown),
        (302, UnexpectedReply, Unknown),
        (400, InvalidRequest, Refused),
        (401, Authentication, Refused),
        (402, Permission, Refused),
        (403, Permission, Refused),
        (404, NotFound, Refused),
        (405, InvalidRequest, Refused),
        (408, Timeout, Unknown),
        (409, Conflict, Refused),
        (418, InvalidRequest, Refused),
        (422, InvalidRequest, Refused),
        (429, RateLimited, Refused),
        (500, Unavailable, Unknown),
        (502, Unavailable, Unknown),
        (503, Unavailable, Unknown),
        (599, Unavailable, Unknown),
        (600, UnexpectedReply, Unknown),
    ];
    for (status, kind, state) in cases {
        for vendor in Vendor::ALL {
            for body in ["", "<html>busy</html>", "{}", "[1]", r#"{"error":"x"}"#] {
                let error = created(vendor, status, &[], body).await.expect_err("an error status");
                assert_eq!((error.kind(), error.send_state(), error.status()), (kind, state, Some(status)), "{vendor:?} {status} {body}: {error:?}");
                assert_eq!(error.provider().map(|provider| provider.as_str()), Some(vendor.name()));
                assert_eq!(error.operation(), Some("create"));
            }
        }
    }
}

#[tokio::test]
async fn an_error_says_what_the_vendor_said() {
    let body = json!({
        "httpStatusCode": 400, "message": "Validation failed", "requestData": { "requestID": "req-557" }, "runtime": 0.06,
        "error": { "type": "validation_error", "details": "see below", "validation": [
            { "field": "identifierValue", "message": "cannot be blank" }, { "field": "clientInformation.userAgent", "message": "the length must be between 3 and 255" },
            { "field": "novel", "message": "is odd" }
        ] }
    });
    let error = created(Vendor::Corbado, 400, &[], &body.to_string()).await.expect_err("a validation error");
    assert_eq!(
        (error.vendor_code(), error.request_id(), error.vendor_message()),
        (Some("validation_error"), Some("req-557"), Some("Validation failed: see below"))
    );
    let fields: Vec<_> = error.violations().iter().map(|violation| (violation.field(), violation.vendor_field())).collect();
    assert_eq!(fields, [(Some("to"), Some("identifierValue")), (Some("user_agent"), Some("clientInformation.userAgent")), (None, Some("novel"))]);
    assert_eq!(error.to_string(), "corbado create: invalid request (HTTP 400, validation_error): to, user_agent, novel");

    for body in [
        json!({ "error": "unauthorized", "errorCode": "unauthorized", "errorDescription": "Check your key." }),
        json!({ "error": "unauthorized", "errorDescription": "Check your key." }),
        json!({ "errorCode": "unauthorized", "errorDescription": "Check your key." }),
    ] {
        let error = created(Vendor::Authsignal, 401, &[], &body.to_string()).await.expect_err("a wrong key");
        assert_eq!((error.vendor_code(), error.vendor_message()), (Some("unauthorized"), Some("Check your key.")));
    }

    for body in [
        json!({ "error": { "id": "2038", "status": 401, "message": "Not Authorized.", "details": {} } }),
        json!({ "error": { "message": "Not Authorized." } }),
        json!({ "message": "Not Authorized." }),
    ] {
        let error = created(Vendor::Dfns, 401, &[], &body.to_string()).await.expect_err("not authorized");
        assert_eq!(error.vendor_message(), Some("Not Authorized."));
        assert_eq!(error.request_id(), body["error"]["id"].as_str());
    }
}

#[tokio::test]
async fn an_unknown_user_is_not_found_however_corbado_says_it() {
    let body = json!({ "httpStatusCode": 400, "message": "x", "error": { "type": "validation_error", "validation": [{ "field": "userID", "message": "does not exist" }] } });
    let error = created(Vendor::Corbado, 400, &[], &body.to_string()).await.expect_err("an unknown user");
    assert_eq!((error.kind(), error.send_state(), error.status()), (ErrorKind::NotFound, SendState::Refused, Some(400)));
    assert_eq!(error.violations().first().and_then(|violation| violation.field()), Some("user_id"));
}

#[tokio::test]
async fn a_code_that_dfns_does_not_accept_is_a_violation_on_code() {
    for (status, message) in [(403, "Invalid code"), (400, "Registration code expired"), (400, "The code was already used")] {
        let body = json!({ "error": { "id": "1", "status": status, "message": message } });
        let error = created(Vendor::Dfns, status, &[], &body.to_string()).await.expect_err("a bad code");
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::InvalidRequest, SendState::Refused), "{message}");
        assert_eq!(error.violations().iter().filter_map(|violation| violation.field()).collect::<Vec<_>>(), ["code"]);
    }
    let forbidden = created(Vendor::Dfns, 403, &[], r#"{"error":{"message":"Missing permission"}}"#).await.expect_err("no permission");
    assert_eq!(forbidden.kind(), ErrorKind::Permission);
}

#[tokio::test]
async fn what_was_submitted_is_masked_in_what_the_vendor_wrote() {
    let body = json!({
        "message": "jane@doe.com (JANE%40doe.com) of usr-4693224802260150919 with cHJvLTE6 and corbado1_secret at 203.0.113.7",
        "requestData": { "requestID": "req-jane@doe.com" },
        "error": { "type": "blocked-jane@doe.com", "validation": [{ "field": "identifierValue", "message": "jane@doe.com is blocked" }] }
    });
    let error = created(Vendor::Corbado, 400, &[], &body.to_string()).await.expect_err("an error");
    let shown = format!("{error} {error:?} {error:#?} {:?} {:?}", error.vendor_message(), error.violations());
    for secret in ["jane", "JANE", "usr-4693224802260150919", "corbado1_secret", "203.0.113.7"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert_eq!(error.violations().first().map(|violation| violation.message()), Some("*** is blocked"));
}

#[tokio::test]
async fn a_pause_that_the_vendor_asks_for_is_told() {
    for (header, seconds) in [("7", Some(7)), ("0", Some(0)), ("999999999", None), ("soon", None), ("Wed, 21 Oct 2015 07:28:00 GMT", None), ("-1", None)] {
        let error = created(Vendor::Authsignal, 503, &[("retry-after", header)], "").await.expect_err("an outage");
        assert_eq!(error.retry_after().map(|pause| pause.as_secs()), seconds, "{header}");
    }
}
