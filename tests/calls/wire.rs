//! What goes over the wire, compared with what the vendors' official SDKs send for the same input.

use auth_challenge::{Answer, ChallengeProviderExt, ErrorKind, Verification};

use crate::support::{
    Seen, Server,
    vendors::{self, Sent},
};

/// Fails where a request is not as expected, or has what a plain one has not.
fn assert_sent(seen: &Seen, sent: &Sent, context: &str) {
    assert_eq!((seen.method.as_str(), seen.path.as_str()), (sent.method, sent.path.as_str()), "{context}");
    assert_eq!(seen.header("authorization"), sent.authorization, "{context}");
    assert_eq!(seen.header("content-type"), [sent.content_type], "{context}");
    assert_eq!(seen.content(), sent.body, "{context}");
    assert_eq!(seen.header("api-version"), Vec::<&str>::new(), "{context}");
    assert_eq!(seen.header("user-agent"), [concat!("auth-challenge/", env!("CARGO_PKG_VERSION"))], "{context}");
    assert_eq!(seen.header("accept"), ["application/json"], "{context}");
}

#[tokio::test]
async fn a_challenge_goes_out_as_the_official_sdk_sends_it_with_every_field_that_the_vendor_takes() {
    for vendor in vendors::all() {
        for row in (vendor.create.rows)() {
            let server = Server::answering(200, &[], &(vendor.create.reply)(row.request.method()).to_string()).await;
            vendor.provider(server.address).create(&row.request).await.expect("a challenge");
            assert_sent(&server.only_request(), &row.sent, &format!("{vendor:?} {:?}", row.request));
        }
    }
}

#[tokio::test]
async fn every_method_that_a_vendor_offers_is_sent_in_a_test() {
    for vendor in vendors::all() {
        for method in vendor.offers {
            assert!((vendor.create.rows)().iter().any(|row| row.request.method() == *method), "no row of {vendor:?} sends {method}");
        }
    }
}

#[tokio::test]
async fn an_answer_goes_out_as_the_official_sdk_sends_it() {
    for vendor in vendors::all() {
        let server = Server::answering(200, &[], &vendor.verified().to_string()).await;
        let verified = vendor.provider(server.address).verify(&vendor.handle(), &vendor.answer()).await.expect("a verification");
        assert!(matches!(verified, Verification::Verified(_)), "{vendor:?}");
        assert_sent(&server.only_request(), &(vendor.verify.sent)(), vendor.name);
    }
}

#[tokio::test]
async fn a_typed_code_loses_the_white_space_around_it() {
    for vendor in vendors::all_with_messages() {
        let server = Server::answering(200, &[], &vendor.verified().to_string()).await;
        let provider = vendor.provider(server.address);
        let _ = provider.verify(&vendor.handle(), &Answer::code(" 123456\n")).await.expect("a verification");
        assert_eq!(server.only_request().content(), (vendor.verify.sent)().body, "{vendor:?}");
    }
}

#[tokio::test]
async fn a_resend_names_the_challenge_alone() {
    for vendor in vendors::all() {
        let Some(resent) = vendor.verify.resent else { continue };
        let server = Server::answering(200, &[], &vendor.created().to_string()).await;
        let provider = vendor.provider(server.address);
        provider.send_again(&vendor.handle(), &vendor.request()).await.expect("a challenge");
        assert_sent(&server.only_request(), &resent(), vendor.name);
    }
}

#[tokio::test]
async fn a_resend_is_never_made_again_not_even_after_a_pause_that_the_vendor_asks_for() {
    for vendor in vendors::all().into_iter().filter(|vendor| vendor.can_resend) {
        let server = Server::answering(429, &[("retry-after", "0")], "{}").await;
        let error = vendor.provider(server.address).resend(&vendor.handle()).await.expect_err("limited");
        assert_eq!((error.kind(), server.requests().len()), (ErrorKind::RateLimited, 1), "{vendor:?}");
    }
}

#[tokio::test]
async fn where_a_vendor_cannot_resend_a_new_challenge_is_made() {
    for vendor in vendors::all() {
        assert_eq!(vendor.can_resend, vendor.verify.resent.is_some(), "{vendor:?}");
        if vendor.can_resend {
            continue;
        }
        let server = Server::answering(200, &[], &vendor.created().to_string()).await;
        let provider = vendor.provider(server.address);
        let error = provider.resend(&vendor.handle()).await.expect_err("no resend");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        provider.send_again(&vendor.handle(), &vendor.request()).await.expect("a challenge");
        assert_sent(&server.only_request(), &vendor.creation().sent, vendor.name);
    }
}
