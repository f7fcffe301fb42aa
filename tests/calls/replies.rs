//! What comes back is read leniently, and told truly where it cannot be read.

use std::time::{Duration, UNIX_EPOCH};

use auth_challenge::{Challenge, ChallengeProviderExt, ChallengeStatus, Error, ErrorKind, Field, Http, SendState, Verification};
use serde_json::{Value, json};

use crate::support::{
    Server, Step, Told, client,
    oddities::{Oddity, bent, odd_values, places},
    reply,
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
async fn a_header_that_is_no_text_names_no_request_and_hides_none_that_does() {
    for vendor in vendors::all() {
        let headers = [("x-request-id", "é"), ("cf-ray", "ray-1")];
        let challenge = created(vendor, &client(), 200, &headers, &vendor.created().to_string()).await.expect("a challenge");
        assert_eq!(challenge.request_id(), Some("ray-1"), "{vendor:?}");
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

/// Calls with a reply in which each place is odd in every way, with the member's name, where it is one of the reply's own.
async fn with_each_oddity(whole: &Value, told: &Told, mut call: impl AsyncFnMut(&str, Oddity<'_>, &str)) {
    let odd_values = odd_values();
    for place in places(whole) {
        for oddity in odd_values.iter().flat_map(|odd| Oddity::all(odd)).chain([Oddity::Missing]) {
            let body = bent(whole, &place, oddity);
            told.answer(200, &body);
            call(&place[1..], oddity, &body).await;
        }
    }
}

fn assert_accepted(error: &Error, context: &str) {
    assert_eq!((error.kind(), error.send_state()), (ErrorKind::UnexpectedReply, SendState::Accepted), "{context:.300}");
}

#[tokio::test]
async fn no_challenge_is_lost_over_a_member_that_is_not_essential() {
    let told = Told::start().await;
    for vendor in vendors::all() {
        let provider = vendor.config(told.address, "").with_http(told.http.clone()).build().expect("a provider");
        let mut reply = vendor.created();
        reply["brandNew"] = json!({ "list": [1] });
        told.answer(200, reply.to_string());
        let whole = provider.create(&vendor.request()).await.expect("a challenge");
        let texts = |challenge: &Challenge| {
            let to_sign = challenge.registration().map(|registration| registration.challenge().expose().to_owned());
            (challenge.handle().challenge_id().expose().to_owned(), to_sign)
        };
        with_each_oddity(&reply, &told, async |member, _, body| {
            let is_essential = vendor.create.essential.contains(&member);
            let mut challenges = vec![provider.create(&vendor.request()).await];
            if vendor.can_resend {
                challenges.push(provider.resend(&vendor.handle()).await);
            }
            for challenge in challenges {
                match challenge {
                    Ok(challenge) if is_essential => assert_ne!(texts(&challenge).0, "", "{vendor:?} {body:.300}"),
                    Ok(challenge) => {
                        assert_eq!(texts(&challenge), texts(&whole), "{vendor:?} {body:.300}");
                        let mut options = challenge.registration().into_iter().flat_map(|registration| registration.options().values());
                        assert!(options.all(|option| !option.is_null()), "a browser would take null for a value: {body:.300}");
                    }
                    Err(error) => {
                        assert!(is_essential, "{vendor:?} {body:.300}: {error}");
                        assert_accepted(&error, body);
                    }
                }
            }
        })
        .await;
    }
}

#[tokio::test]
async fn no_right_answer_is_lost_over_a_member_that_is_not_essential_and_none_is_right_that_is_not_said_to_be() {
    let told = Told::start().await;
    for vendor in vendors::all() {
        let provider = vendor.config(told.address, "").with_http(told.http.clone()).build().expect("a provider");
        let whole = vendor.verified();
        with_each_oddity(&whole, &told, async |member, oddity, body| {
            let (is_essential, is_decisive) = (vendor.verify.essential.contains(&member), vendor.verify.decisive.contains(&member));
            match provider.verify(&vendor.handle(), &vendor.answer()).await {
                Ok(Verification::Verified(_)) if is_essential => assert!(oddity.is_good_as(&whole[member]), "{vendor:?} {body:.300}"),
                Ok(Verification::Verified(_)) if is_decisive => {
                    assert!(oddity.is_good_as(&whole[member]) || oddity.is_absence(), "{vendor:?} {body:.300}");
                }
                Ok(Verification::Verified(_)) => {}
                Ok(Verification::Rejected(_)) => assert!(is_essential, "{vendor:?} {body:.300}"),
                Err(error) => {
                    assert!(is_essential || is_decisive, "{vendor:?} {body:.300}: {error}");
                    assert_accepted(&error, body);
                }
            }
        })
        .await;
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
async fn a_byte_order_mark_loses_no_challenge() {
    let http = client();
    for vendor in vendors::all() {
        let reply = created(vendor, &http, 200, &[], &format!("\u{feff}{}", vendor.created())).await;
        assert!(reply.is_ok(), "{vendor:?}: {reply:?}");
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
            // Beside a number that no program can hold, too.
            let odd = row.body.to_string().replacen('{', r#"{"brandNew":1e400,"#, 1);
            let error = created(vendor, &client(), row.status, &[], &odd).await.expect_err("a refusal");
            assert_eq!((error.vendor_code(), error.vendor_message()), (row.code, row.message), "{vendor:?} {odd}");
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

#[tokio::test]
async fn a_reply_of_just_the_allowed_length_is_read_and_what_cannot_be_is_told_by_its_form() {
    for vendor in vendors::all() {
        let body = vendor.created().to_string();
        let most = |bytes: usize| client().with_max_response_bytes(bytes);
        created(vendor, &most(body.len()), 200, &[], &body).await.expect("just as long as allowed");
        for (http, body, expected) in [
            (most(body.len() - 1), &*body, format!("the reply is longer than {} bytes", body.len() - 1)),
            (client(), "[17]", "is not what the vendor's document says (application/json, 4 bytes)".to_owned()),
            (client(), "", "is not what the vendor's document says (application/json, empty)".to_owned()),
        ] {
            let error = created(vendor, &http, 200, &[], body).await.expect_err("no challenge");
            assert_eq!((error.kind(), error.send_state()), (ErrorKind::UnexpectedReply, SendState::Accepted), "{vendor:?}");
            assert!(error.to_string().contains(&expected), "{vendor:?}: {error}");
        }
    }
}

/// The body in pieces, whose length nobody is told before.
fn in_pieces(status: u16, body: &str) -> Step {
    let (first, second) = body.split_at(body.len() / 2);
    let pieces: String = [first, second, ""].map(|piece| format!("{:x}\r\n{piece}\r\n", piece.len())).concat();
    Step::Answer(format!("HTTP/1.1 {status} Reason\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{pieces}").into_bytes())
}

#[tokio::test]
async fn a_reply_is_read_up_to_the_limit_whether_it_tells_its_length_or_not() {
    for vendor in vendors::all() {
        for status in [200, 400, 500] {
            let body = if status == 200 { vendor.created().to_string() } else { json!({ "message": "m" }).to_string() };
            for answer in [Step::Answer(reply(status, &[], &body)), in_pieces(status, &body)] {
                for limit in [body.len(), body.len() - 1] {
                    let server = Server::start(vec![answer.clone()]).await;
                    let config = vendor.config(server.address, &json!({ "max_response_bytes": limit }).to_string());
                    let outcome = config.build().expect("a provider").create(&vendor.request()).await;
                    let is_whole = limit == body.len();
                    assert_eq!(outcome.is_ok(), is_whole && status == 200, "{vendor:?} {status} {limit}");
                    if let Err(error) = outcome {
                        assert_eq!((error.status(), error.to_string().contains("the reply is longer than")), (Some(status), !is_whole), "{vendor:?}: {error}");
                    }
                }
            }
        }
    }
}
