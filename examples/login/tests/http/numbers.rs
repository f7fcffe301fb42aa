//! What is served for Prometheus.

use crate::support::{Site, Visitor};

#[tokio::test]
async fn a_sign_up_by_text_message_is_counted_with_its_calling_code_and_names_nobody() {
    let site = Site::start_with(&["--numbers", "127.0.0.1:0"]).await;
    let sam = Visitor::of(&site);
    sam.post("/sign-in", &[("by", "sms"), ("to", "+298270000")]).await.assert_leads_to("/code");
    let (provider, code) = site.message("+298270000").await;
    sam.post("/code", &[("code", "wrong")]).await.assert_told(422, "try_again");
    sam.post("/code", &[("code", &code)]).await.assert_leads_to("/welcome");

    let numbers = site.numbers().await;
    // Other tests of this process are counted too, but none of them goes to the Faroes.
    let labels = format!("{{challenge_provider=\"{provider}\",challenge_method=\"sms_otp\",challenge_calling_code=\"+298\"}} 1");
    for line in [format!("challenge_sent_total{labels}"), format!("challenge_verified_total{labels}")] {
        assert!(numbers.lines().any(|told| told == line), "expected {line} in {numbers}");
    }
    for name in ["challenge_call_duration_seconds", "http_client_request_duration_seconds"] {
        assert!(numbers.contains(&format!("# TYPE {name} histogram")) && numbers.contains(&format!("{name}_bucket{{")), "expected {name} in {numbers}");
    }
    assert!(numbers.contains("challenge_guard_decisions_total{"), "{numbers}");
    // A sum of seconds may have any digits.
    for line in numbers.lines().filter(|line| !line.contains("_sum{")) {
        assert!(!line.contains("298270000") && !line.contains(&code), "{line}");
    }
}
