//! What comes back is read leniently, and told truly where it cannot be read.

mod support;

use std::time::{Duration, UNIX_EPOCH};

use auth_challenge::{Challenge, ChallengeProviderExt, ChallengeStatus, Error, ErrorKind, Field, Http, SendState};
use support::{
    Server, client,
    vendors::{self, Vendor},
};

async fn created(vendor: &Vendor, http: &Http, status: u16, headers: &[(&str, &str)], body: &str) -> Result<Challenge, Error> {
    let server = Server::answering(status, headers, body).await;
    let provider = vendor.config(server.address, "").with_http(http.clone()).build().expect("a provider");
    let challenge = provider.create(&vendor.request()).await;
    assert_eq!(server.requests().len(), 1);
    challenge
}

#[tokio::test]
async fn a_documented_reply_is_read_whole() {
    for vendor in vendors::all() {
        for status in [200, 201] {
            let challenge = created(vendor, &client(), status, &[("x-request-id", "req-1")], &vendor.created().to_string()).await.expect("a challenge");
            let (id, expires_at) = vendor.create.told;
            assert_eq!((challenge.id(), challenge.status(), challenge.request_id()), (id, &ChallengeStatus::Pending, Some("req-1")), "{vendor:?}");
            assert_eq!(challenge.expires_at(), expires_at.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds)), "{vendor:?}");
            (vendor.create.check)(&challenge);
        }
    }
}

#[tokio::test]
async fn what_a_vendor_adds_or_leaves_out_breaks_nothing_and_an_unknown_status_is_kept_as_it_came() {
    for vendor in vendors::all() {
        for (body, status) in (vendor.create.lenient)() {
            let challenge = created(vendor, &client(), 200, &[], &body.to_string()).await;
            let challenge = challenge.unwrap_or_else(|error| panic!("{vendor:?} {body}: {error}"));
            assert_eq!(challenge.status(), &status, "{vendor:?} {body}");
        }
    }
}

#[tokio::test]
async fn the_content_type_does_not_matter() {
    let http = client();
    for content_type in ["application/json; charset=utf-8", "text/plain", "text/html", "application/problem+json", ""] {
        for vendor in vendors::all() {
            let reply = created(vendor, &http, 200, &[("content-type", content_type)], &vendor.created().to_string()).await;
            assert!(reply.is_ok(), "{vendor:?} {content_type}: {reply:?}");
        }
    }
}

#[tokio::test]
async fn a_success_that_cannot_be_read_was_accepted() {
    let http = client();
    let deep = "[".repeat(100_000);
    for vendor in vendors::all() {
        let texts = ["", "{}", "[]", "null", "{", "\"text\"", "<html>", "\u{feff}{}", &deep].map(|text| (200, text.to_owned()));
        let unusable = (vendor.create.unusable)().into_iter().map(|(status, body)| (status, body.to_string()));
        for (status, body) in texts.into_iter().chain(unusable) {
            let error = created(vendor, &http, status, &[("x-request-id", "req-1")], &body).await.expect_err("unreadable");
            let told = (error.kind(), error.send_state(), error.status());
            assert_eq!(told, (ErrorKind::UnexpectedReply, SendState::Accepted, Some(status)), "{vendor:?} {body:.100} {error}");
            assert_eq!((error.operation(), error.request_id()), (Some("create"), Some("req-1")));
        }
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
    let http = client();
    for (status, kind, state) in cases {
        for vendor in vendors::all() {
            for body in ["", "<html>busy</html>", "{}", "[1]", r#"{"error":"x"}"#] {
                let error = created(vendor, &http, status, &[], body).await.expect_err("an error status");
                assert_eq!((error.kind(), error.send_state(), error.status()), (kind, state, Some(status)), "{vendor:?} {status} {body}: {error:?}");
                assert_eq!(error.provider().map(|provider| provider.as_str()), Some(vendor.name));
                assert_eq!(error.operation(), Some("create"));
            }
        }
    }
}

#[tokio::test]
async fn an_error_says_what_the_vendor_said() {
    for vendor in vendors::all() {
        for row in (vendor.create.refusals)() {
            let error = created(vendor, &client(), row.status, &[], &row.body.to_string()).await.expect_err("a refusal");
            let context = format!("{vendor:?} {} {error:?}", row.body);
            assert_eq!((error.kind(), error.send_state(), error.status()), (row.kind, SendState::Refused, Some(row.status)), "{context}");
            assert_eq!((error.vendor_code(), error.request_id(), error.vendor_message()), (row.code, row.request_id, row.message), "{context}");
            let violations = error.violations().iter().map(|violation| (violation.field().map(Field::as_str), violation.vendor_field(), violation.message()));
            assert_eq!(violations.collect::<Vec<_>>(), row.violations, "{context}");
            assert_eq!(error.to_string(), row.display, "{context}");
        }
    }
}

#[tokio::test]
async fn a_pause_that_the_vendor_asks_for_is_told() {
    let http = client();
    for vendor in vendors::all() {
        for (header, seconds) in [("7", Some(7)), ("0", Some(0)), ("999999999", None), ("soon", None), ("Wed, 21 Oct 2015 07:28:00 GMT", None), ("-1", None)] {
            let error = created(vendor, &http, 503, &[("retry-after", header)], "").await.expect_err("an outage");
            assert_eq!(error.retry_after().map(|pause| pause.as_secs()), seconds, "{vendor:?} {header}");
        }
    }
}
