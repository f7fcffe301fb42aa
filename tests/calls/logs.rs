//! What an operator reads in the log of a call.

use auth_challenge::{CallOptions, ErrorKind};
use tracing::{Level, instrument::WithSubscriber as _};

use crate::support::{
    Server,
    log::Log,
    oddities::{Oddity, bent, places},
    vendors::{self, Operation, Vendor},
};

/// What is logged at a level and above while a vendor answers a call like this. What came of it is another test's.
async fn logged(level: Level, operation: Operation, vendor: &Vendor, status: u16, body: &str) -> String {
    let log = Log::default();
    let told = log.hears(level);
    let server = Server::answering(status, &[], body).await;
    let provider = vendor.provider(server.address);
    _ = operation.call(vendor, &*provider, &CallOptions::default()).with_subscriber(told).await;
    log.take()
}

async fn warned(vendor: &Vendor, status: u16, body: &str) -> String {
    logged(Level::WARN, Operation::Verify, vendor, status, body).await
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
async fn the_outcome_of_a_verification_is_told_once() {
    for vendor in vendors::all() {
        let rejections = (vendor.verify.rejections)()
            .into_iter()
            .map(|(status, body, reason)| (status, body, format!("answer rejected provider={} reason=\"{}\"", vendor.name, reason.as_str())));
        let proofs =
            (vendor.verify.proofs)().into_iter().map(|proof| (200, proof.body, format!("answer verified provider={} method={}", vendor.name, proof.method)));
        for (status, body, told) in rejections.chain(proofs) {
            let logged = logged(Level::INFO, Operation::Verify, vendor, status, &body.to_string()).await;
            let outcomes: Vec<&str> = logged.lines().filter(|line| line.contains("INFO")).collect();
            assert!(matches!(outcomes[..], [outcome] if outcome.contains(&told)), "{vendor:?} {body}: {logged}, expected {told}");
        }
    }
}

#[tokio::test]
async fn what_a_person_mistyped_is_no_warning() {
    for vendor in vendors::all() {
        for row in (vendor.create.refusals)() {
            let is_of_the_person = |(field, ..): &(_, _, _)| matches!(field, Some("to" | "code"));
            let logged = logged(Level::INFO, Operation::Create, vendor, row.status, &row.body.to_string()).await;
            if row.kind != ErrorKind::RateLimited && !row.violations.is_empty() && row.violations.iter().all(is_of_the_person) {
                assert!(logged.contains("INFO") && logged.contains("input refused by the vendor") && !logged.contains("WARN"), "{vendor:?}: {logged}");
            } else {
                assert!(logged.contains("WARN") && logged.contains("vendor call failed"), "{vendor:?}: {logged}");
            }
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
        assert_eq!(
            (warned.matches("WARN").count(), warned.contains("vendor call failed"), warned.contains("attempts=1 ")),
            (1, true, true),
            "{vendor:?}: {warned}"
        );
    }
}

#[tokio::test]
async fn members_that_were_passed_over_are_counted_and_not_quoted() {
    for vendor in vendors::all() {
        let place =
            places(&vendor.created()).into_iter().find(|place| !vendor.create.essential.contains(&&place[1..])).expect("a member that is not essential");
        let body = bent(&vendor.created(), &place, Oddity::Odd(r#"[["canary"]]"#));
        let logged = logged(Level::DEBUG, Operation::Create, vendor, 200, &body).await;
        let line = logged.lines().find(|line| line.contains("passed over")).unwrap_or_else(|| panic!("{vendor:?}: {logged}"));
        let named = [format!("challenge.provider={}", vendor.name), "challenge.vendor_operation=".to_owned(), "passed_over=1".to_owned()];
        assert!(named.iter().all(|part| line.contains(part)), "{vendor:?}: {line}");
        assert!(!logged.contains("canary"), "{vendor:?}: {logged}");
        let whole = self::logged(Level::DEBUG, Operation::Create, vendor, 200, &vendor.created().to_string()).await;
        assert!(!whole.contains("passed over"), "{vendor:?}: {whole}");
    }
}
