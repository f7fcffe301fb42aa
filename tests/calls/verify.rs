//! What is a wrong answer, what is an error, and whom a right one proves.

use auth_challenge::{Answer, ChallengeHandle, ChallengeProviderExt, Error, ErrorKind, Http, Reason, SendState, Verification, Verified};
use serde_json::{Value, json};

use crate::support::{
    Server, client,
    vendors::{self, Vendor},
};

async fn answered(vendor: &Vendor, http: &Http, handle: &ChallengeHandle, answer: &Answer, status: u16, body: &Value) -> Result<Verification, Error> {
    let server = Server::answering(status, &[("x-request-id", "req-1")], &body.to_string()).await;
    let provider = vendor.config(server.address, "").with_http(http.clone()).build().expect("a provider");
    let verification = provider.verify(handle, answer).await;
    assert_eq!(server.requests().len(), 1);
    verification
}

async fn proven(vendor: &Vendor, http: &Http, body: &Value) -> Verified {
    match answered(vendor, http, &vendor.handle(), &vendor.answer(), 200, body).await {
        Ok(Verification::Verified(proof)) => proof,
        other => panic!("{vendor:?} {body}: {other:?}"),
    }
}

/// Handles of a challenge without an expiry, of one that has not expired, and of one that has.
fn handles(vendor: &Vendor) -> [ChallengeHandle; 3] {
    [vendor.handle(), vendor.handle_with("expires_at", 4_000_000_000_u64.into()), vendor.handle_with("expires_at", 1_000_000_000.into())]
}

/// What a person may type, in the words of vendors' replies.
const TYPED: [&str; 10] =
    ["e", "value", "l", "b", "blank", "challengeID", "is invalid", "cannot be blank", "unable to verify signature", "CODE_INVALID_OR_EXPIRED"];

#[tokio::test]
async fn a_right_answer_proves_whom_the_reply_names() {
    // A reply may name another address than the request did: the reply counts.
    let http = client();
    for vendor in vendors::all() {
        for row in (vendor.verify.proofs)() {
            let proof = proven(vendor, &http, &row.body).await;
            let context = format!("{vendor:?} {}", row.body);
            assert_eq!((proof.recipient(), proof.user_id(), proof.request_id()), (row.recipient, row.user_id, Some("req-1")), "{context}");
            assert_eq!(proof.method(), row.method, "{context}");
            let credential = proof.credential().map(|credential| (credential.kind(), credential.id(), credential.vendor_id()));
            assert_eq!(credential, row.credential, "{context}");
        }
    }
}

#[tokio::test]
async fn a_wrong_answer_is_a_value_whichever_way_the_vendor_says_it() {
    let http = client();
    for vendor in vendors::all() {
        for (status, body, reason) in (vendor.verify.rejections)() {
            let verification = answered(vendor, &http, &vendor.handle(), &vendor.answer(), status, &body).await;
            let Ok(Verification::Rejected(no)) = verification else { panic!("{body}: {verification:?}") };
            assert_eq!((no.reason(), no.may_try_again()), (reason, reason == Reason::WrongOrExpiredCode), "{body}");
            assert!(no.request_id().is_some());
        }
    }
}

#[tokio::test]
async fn a_wrong_code_past_the_handles_own_expiry_is_expired_and_no_other_reason_is() {
    let http = client();
    for vendor in vendors::all() {
        let [_, future, past] = handles(vendor);
        for (status, body, reason) in (vendor.verify.rejections)() {
            let expired = if reason == Reason::WrongOrExpiredCode { Reason::Expired } else { reason };
            for (handle, expected) in [(&future, reason), (&past, expired)] {
                let verification = answered(vendor, &http, handle, &vendor.answer(), status, &body).await;
                assert!(matches!(&verification, Ok(Verification::Rejected(no)) if no.reason() == expected), "{vendor:?} {body}: {verification:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_not_about_the_answer_is_an_error_whether_the_challenge_has_expired_or_not() {
    let http = client();
    for vendor in vendors::all() {
        for (status, body, kind, state) in (vendor.verify.errors)() {
            for handle in handles(vendor) {
                let error = answered(vendor, &http, &handle, &vendor.answer(), status, &body).await.expect_err("an error");
                assert_eq!((error.kind(), error.send_state(), error.operation()), (kind, state, Some("verify")), "{vendor:?} {status} {body}");
            }
        }
    }
}

#[tokio::test]
async fn an_unknown_challenge_is_expired_only_where_the_handle_says_so() {
    let http = client();
    for vendor in vendors::all() {
        let [without, future, past] = handles(vendor);
        for (status, body) in (vendor.verify.unknown)() {
            let expired = answered(vendor, &http, &past, &vendor.answer(), status, &body).await.expect("a rejection");
            assert!(matches!(&expired, Verification::Rejected(no) if no.reason() == Reason::Expired), "{vendor:?} {body} {expired:?}");
            for handle in [&without, &future] {
                let error = answered(vendor, &http, handle, &vendor.answer(), status, &body).await.expect_err("an error");
                let told = (error.kind(), error.send_state(), error.operation());
                assert_eq!(told, (ErrorKind::NotFound, SendState::Refused, Some("verify")), "{vendor:?} {body}");
            }
        }
    }
}

#[tokio::test]
async fn what_the_person_typed_does_not_change_how_the_vendors_words_are_read() {
    // The vendor's words are masked of what was submitted before anybody sees them; they are judged before that.
    let http = client();
    for vendor in vendors::all() {
        let [handle, _, past] = handles(vendor);
        for typed in TYPED {
            let answer = (vendor.verify.answer)(typed);
            for (status, body, reason) in (vendor.verify.rejections)() {
                let verification = answered(vendor, &http, &handle, &answer, status, &body).await;
                assert!(matches!(&verification, Ok(Verification::Rejected(no)) if no.reason() == reason), "{typed}: {verification:?}");
            }
            for (status, body, kind, state) in (vendor.verify.errors)() {
                let error = answered(vendor, &http, &handle, &answer, status, &body).await.expect_err("an error");
                assert_eq!((error.kind(), error.send_state()), (kind, state), "{typed}: {error:?}");
            }
            for (status, body) in (vendor.verify.unknown)() {
                let expired = answered(vendor, &http, &past, &answer, status, &body).await;
                assert!(matches!(&expired, Ok(Verification::Rejected(no)) if no.reason() == Reason::Expired), "{typed}: {expired:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_challenge_is_checked_at_its_issuer_whichever_provider_is_current() {
    for vendor in vendors::all() {
        let verified = vendor.verified().to_string();
        let (old, new) = (Server::answering(200, &[], &verified).await, Server::answering(200, &[], "").await);
        let config = |current: &str| -> auth_challenge::Config {
            let mut other = (vendor.section.canaries)();
            (other["vendor"], other["base_url"]) = (vendor.name.into(), format!("http://{}", new.address).into());
            let sections = json!({ "provider": current, "old": vendor.named_section(&format!("http://{}", old.address)), "new": other });
            serde_json::from_value(sections).expect("a config")
        };
        let handle = vendor.handle_with("provider", "old".into());
        for current in ["old", "new"] {
            let provider = config(current).build().expect("a provider");
            assert_eq!(provider.id().as_str(), current);
            let verification = provider.verify(&handle, &vendor.answer()).await.expect("a verification");
            assert!(matches!(verification, Verification::Verified(_)), "{vendor:?}");
        }
        assert_eq!((old.requests().len(), new.requests().len()), (2, 0), "{vendor:?}");
        for request in old.requests() {
            assert_eq!(request.header("authorization"), (vendor.verify.sent)().authorization, "{vendor:?}: with its own credentials");
        }

        let stranger = vendor.handle_with("provider", "gone".into());
        let error = config("new").build().expect("a provider").verify(&stranger, &vendor.answer()).await.expect_err("not configured");
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Handle, SendState::NotSent), "{vendor:?}");
    }
}

#[tokio::test]
async fn what_another_vendor_answers_to_is_refused_before_sending() {
    let server = Server::answering(200, &[], "{}").await;
    for vendor in vendors::all() {
        for other in vendors::all().into_iter().filter(|other| *other != vendor) {
            let error = vendor.provider(server.address).verify(&other.handle(), &vendor.answer()).await.expect_err("another's handle");
            assert_eq!((error.kind(), error.send_state()), (ErrorKind::Handle, SendState::NotSent), "{vendor:?} {other:?}");
        }
    }
    assert_eq!(server.connections(), 0);
}
