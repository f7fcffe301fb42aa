//! What an operator reads in the log of a call.

mod support;

use auth_challenge::ChallengeProviderExt as _;
use support::{
    Server,
    log::Log,
    vendors::{self, Vendor},
};
use tracing::{Level, instrument::WithSubscriber as _};
use tracing_subscriber::fmt::Subscriber;

/// What is logged at WARN and above while a vendor answers a check of a code like this.
async fn warned(vendor: &Vendor, status: u16, body: &str) -> String {
    let log = Log::default();
    let subscriber = Subscriber::builder().with_max_level(Level::WARN).with_writer(log.clone()).with_ansi(false).finish();
    let server = Server::answering(status, &[], body).await;
    let provider = vendor.provider(server.address);
    // What came of it is another test's.
    _ = provider.verify(&vendor.handle(), &vendor.answer()).with_subscriber(subscriber).await;
    log.take()
}

#[tokio::test]
async fn a_rejected_answer_is_no_warning_unless_it_may_have_another_cause() {
    for vendor in vendors::all() {
        for (status, body, _) in (vendor.verify.rejections)() {
            let warned = warned(vendor, status, &body.to_string()).await;
            assert!(warned.is_empty() || warned.contains("answer rejected by the vendor") && warned.contains(" or "), "{vendor:?} {body}: {warned}");
        }
    }
}

#[tokio::test]
async fn what_the_vendor_does_not_tell_apart_is_all_named() {
    for vendor in vendors::all().into_iter().filter(|vendor| vendor.name == "twilio") {
        let warned = warned(vendor, 404, r#"{"code":20404}"#).await;
        for cause in ["expired", "was answered", "was cancelled", "service_sid"] {
            assert!(warned.contains(cause), "{cause} in {warned}");
        }
        assert_eq!(warned.matches("WARN").count(), 1, "{warned}");
    }
}

#[tokio::test]
async fn a_vendor_that_fails_is_warned_of_once() {
    for vendor in vendors::all() {
        let warned = warned(vendor, 503, "{}").await;
        assert_eq!((warned.matches("WARN").count(), warned.contains("vendor call failed")), (1, true), "{vendor:?}: {warned}");
    }
}
