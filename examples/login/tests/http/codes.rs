//! Signing up and in by codes, over HTTP.

use std::time::Duration;

use crate::support::{Page, Site, Visitor};
use serde_json::json;

#[tokio::test]
async fn somebody_signs_up_signs_out_and_signs_in_again() {
    let site = Site::start_with(&["--resend-after", "1"]).await;
    let jane = Visitor::of(&site);
    jane.signs_up("Jane", "Jane@doe.com").await;
    assert!(jane.get("/account").await.text.contains("Hello, Jane"));
    jane.post("/sign-out", &[]).await.assert_leads_to("/sign-in");
    jane.get("/account").await.assert_leads_to("/sign-in");

    let again = async || jane.post("/sign-in", &[("by", "email"), ("to", " jane@doe.com ")]).await;
    let mut page = again().await;
    while page.status == 429 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        page = again().await;
    }
    page.assert_leads_to("/code");
    let (_, code) = site.message("jane@doe.com").await;
    jane.post("/code", &[("code", &code)]).await.assert_leads_to("/account?notice=welcome");
    assert!(jane.get("/account").await.text.contains("Hello, Jane"));
}

#[tokio::test]
async fn who_signs_in_without_an_account_is_asked_for_a_name() {
    let site = Site::start().await;
    let sam = Visitor::of(&site);
    sam.post("/sign-in", &[("by", "sms"), ("to", "+64 (27) 000-0000")]).await.assert_leads_to("/code");
    let (_, code) = site.message("+64270000000").await;
    sam.post("/code", &[("code", &code)]).await.assert_leads_to("/welcome");
    sam.post("/welcome", &[("name", "  ")]).await.assert_told(422, "fix_input");
    sam.post("/welcome", &[("name", "Sam")]).await.assert_leads_to("/account?notice=created");
    let account = sam.get("/account").await.text;
    assert!(account.contains("Hello, Sam") && account.contains("+64270000000"), "{account}");
}

#[tokio::test]
async fn a_wrong_code_leaves_the_form_and_the_right_one_still_counts() {
    let site = Site::start().await;
    let jane = Visitor::of(&site);
    let (_, code) = jane.starts_to_sign_up("Jane", "jane@doe.com").await;
    let wrong = jane.post("/code", &[("code", "000000x")]).await;
    wrong.assert_told(422, "try_again");
    assert!(wrong.text.contains("You have 4 tries left.") && wrong.text.contains("<title>Error: "), "{}", wrong.text);
    jane.post("/code", &[("code", &code)]).await.assert_leads_to("/account?notice=created");
}

#[tokio::test]
async fn after_too_many_wrong_codes_a_new_one_alone_is_offered() {
    let site = Site::start().await;
    let jane = Visitor::of(&site);
    let (_, code) = jane.starts_to_sign_up("Jane", "jane@doe.com").await;
    for _ in 0..5 {
        jane.post("/code", &[("code", "wrong")]).await;
    }
    let page = jane.post("/code", &[("code", &code)]).await;
    page.assert_told(410, "ask_for_new");
    assert!(!page.text.contains("id=\"code\"") && page.text.contains("Send a new code"), "{}", page.text);
}

#[tokio::test]
async fn an_expired_code_is_told() {
    let site = Site::start().await;
    let jane = Visitor::of(&site);
    let (_, code) = jane.starts_to_sign_up("Jane", "jane@doe.com").await;
    site.advance(3600).await;
    jane.post("/code", &[("code", &code)]).await.assert_told(410, "ask_for_new");
}

#[tokio::test]
async fn a_second_message_has_to_wait_and_the_page_says_how_long() {
    let site = Site::start_with(&["--resend-after", "3000"]).await;
    let jane = Visitor::of(&site);
    jane.starts_to_sign_up("Jane", "jane@doe.com").await;
    assert!(jane.get("/code").await.text.contains("data-wait=\""));
    for page in [jane.post("/code/again", &[]).await, jane.post("/sign-in", &[("by", "email"), ("to", "jane@doe.com")]).await] {
        page.assert_told(429, "wait_then_retry");
        let seconds: u64 = page.header("retry-after").parse().expect("seconds");
        assert!((1..=3000).contains(&seconds), "{seconds}");
    }
}

#[tokio::test]
async fn a_form_that_comes_twice_sends_one_message() {
    let site = Site::start_with(&["--resend-after", "1"]).await;
    let jane = Visitor::of(&site);
    let form = [("by", "email"), ("to", "jane@doe.com"), ("form", "token-of-the-page")];
    let (first, second) = tokio::join!(jane.post_form("/sign-in", &form), jane.post_form("/sign-in", &form));
    first.assert_leads_to("/code");
    second.assert_leads_to("/code");
    assert_eq!(site.count_messages().await, 1);
    let (_, code) = site.message("jane@doe.com").await;
    jane.post("/code", &[("code", &code)]).await.assert_leads_to("/welcome");
}

#[tokio::test]
async fn what_was_typed_wrongly_is_told_at_its_field() {
    let site = Site::start().await;
    let visitor = Visitor::of(&site);
    for (by, to) in [("email", "jane"), ("sms", "0270000000"), ("sms", "+64")] {
        let page = visitor.post("/sign-in", &[("by", by), ("to", to)]).await;
        page.assert_told(422, "fix_input");
        assert!(page.text.contains("aria-invalid=\"true\"") && page.text.contains(&format!("value=\"{to}\"")), "{to}: {}", page.text);
    }
}

#[tokio::test]
async fn a_name_that_is_missing_is_told_at_its_field_alone() {
    let site = Site::start().await;
    let sam = Visitor::of(&site);
    let marked = "aria-describedby=\"error\" aria-invalid=\"true\" autofocus>";
    let assert_marked = |page: &Page| {
        page.assert_told(422, "fix_input");
        let (_, name) = page.text.split_once("<input id=\"name\"").expect("a field");
        assert!(name.split_inclusive('>').next().is_some_and(|tag| tag.ends_with(marked)), "{name}");
        assert_eq!((page.text.matches("aria-invalid").count(), page.text.matches("autofocus").count()), (1, 1), "{}", page.text);
    };
    assert_marked(&sam.post("/sign-up", &[("by", "email"), ("name", " "), ("to", "sam@doe.com")]).await);

    sam.post("/sign-in", &[("by", "email"), ("to", "sam@doe.com")]).await.assert_leads_to("/code");
    let (_, code) = site.message("sam@doe.com").await;
    sam.post("/code", &[("code", &code)]).await.assert_leads_to("/welcome");
    assert_marked(&sam.post("/welcome", &[("name", " ")]).await);
}

#[tokio::test]
async fn what_became_of_a_message_is_told_as_far_as_it_is_known() {
    let site = Site::start().await;
    for (fault, status, key) in [
        (json!({ "fault": "status", "status": 503 }), 502, "offer_again"),
        (json!({ "fault": "status", "status": 400 }), 500, "our_fault"),
        (json!({ "fault": "refuse_connections" }), 503, "wait_then_retry"),
    ] {
        site.fail(fault).await;
        let page = Visitor::of(&site).post("/sign-in", &[("by", "email"), ("to", &format!("{key}@doe.com"))]).await;
        page.assert_told(status, key);
    }
}

#[tokio::test]
async fn where_one_vendor_cannot_be_reached_another_one_sends() {
    let site = Site::start().await;
    site.fail(json!({ "provider": "corbado", "fault": "refuse_connections" })).await;
    let jane = Visitor::of(&site);
    let (provider, code) = jane.starts_to_sign_up("Jane", "jane@doe.com").await;
    assert_eq!(provider, "authsignal");
    jane.post("/code", &[("code", &code)]).await.assert_leads_to("/account?notice=created");
}

#[tokio::test]
async fn a_code_under_way_outlives_a_switch_of_the_vendor_and_so_do_the_limits() {
    let site = Site::start_with(&["--resend-after", "3000"]).await;
    let (jane, operator) = (Visitor::of(&site), Visitor::of(&site));
    let (provider, code) = jane.starts_to_sign_up("Jane", "jane@doe.com").await;
    assert_eq!(provider, "corbado");
    let switched = operator.post("/vendor", &[("name", "twilio")]).await;
    assert!(switched.status.is_success() && switched.text.contains("value=\"twilio\" checked"), "{}", switched.text);
    jane.post("/code/again", &[]).await.assert_told(429, "wait_then_retry");
    jane.post("/code", &[("code", &code)]).await.assert_leads_to("/account?notice=created");
    assert_eq!(Visitor::of(&site).starts_to_sign_up("Mary", "mary@doe.com").await.0, "twilio");
    operator.post("/vendor", &[("name", "nobody")]).await.assert_told(422, "fix_input");
}
