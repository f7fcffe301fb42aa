//! Passkeys, over HTTP, with a passkey in software.

use crate::support::{Page, Site, Visitor};
use auth_challenge::testing::Passkey;
use serde_json::{Value, json};

async fn asked(visitor: &Visitor<'_>) -> Value {
    visitor.post("/passkey/challenge", &[]).await.json()
}

fn assert_refused(page: &Page, status: u16, key: &str) {
    assert_eq!((page.status.as_u16(), &page.json()["key"]), (status, &json!(key)), "{}", page.text);
}

#[tokio::test]
async fn a_new_passkey_opens_an_account_and_signs_in_to_it() {
    let site = Site::start().await;
    let passkey = Passkey::new(&site.origin);
    let pat = Visitor::of(&site);
    assert_eq!(pat.makes(&passkey).await.json(), json!({ "location": "/account?notice=created" }));
    assert!(pat.get("/account").await.text.contains("laptop"));

    let elsewhere = Visitor::of(&site);
    let answer = passkey.answer(&asked(&elsewhere).await).expect("a signature");
    assert_eq!(elsewhere.post_json("/passkey/sign-in", &answer).await.json(), json!({ "location": "/account?notice=welcome" }));
    assert!(elsewhere.get("/account").await.text.contains("Hello, Pat"));
}

#[tokio::test]
async fn who_is_signed_in_adds_a_passkey_to_the_account() {
    let site = Site::start().await;
    let jane = Visitor::of(&site);
    jane.signs_up("Jane", "jane@doe.com").await;
    assert_eq!(jane.makes(&Passkey::new(&site.origin)).await.json(), json!({ "location": "/account?notice=passkey_added" }));
    let account = jane.get("/account").await.text;
    assert!(account.contains("Hello, Jane") && account.contains("jane@doe.com") && account.contains("laptop"), "{account}");
}

#[tokio::test]
async fn a_wrong_one_time_code_is_the_persons_to_mend() {
    let site = Site::start().await;
    let page = Visitor::of(&site).post("/passkey/options", &[("code", "WRONG"), ("label", "laptop"), ("name", "Pat")]).await;
    assert_refused(&page, 422, "fix_input");
}

#[tokio::test]
async fn a_signature_counts_once_for_its_challenge_at_this_site_by_this_passkey() {
    let site = Site::start().await;
    let passkey = Passkey::new(&site.origin);
    Visitor::of(&site).makes(&passkey).await;
    let eve = Visitor::of(&site);

    let answer = passkey.answer(&asked(&eve).await).expect("a signature");
    asked(&eve).await;
    assert_refused(&eve.post_json("/passkey/sign-in", &answer).await, 422, "passkey_refused");
    assert_refused(&eve.post_json("/passkey/sign-in", &answer).await, 410, "start_again");

    let stranger = Passkey::new(&site.origin);
    let mut options = asked(&eve).await;
    let creation = json!({
        "challenge": options["challenge"], "rp": { "id": "localhost", "name": "x" }, "user": { "id": "eA", "name": "x", "displayName": "x" },
        "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }],
    });
    stranger.answer(&creation).expect("a passkey that nobody handed in");
    let answer = stranger.answer(&options).expect("a signature");
    assert_refused(&eve.post_json("/passkey/sign-in", &answer).await, 422, "passkey_unknown");

    options = asked(&eve).await;
    let mut answer = passkey.answer(&options).expect("a signature");
    let signature = answer["response"]["signature"].as_str().unwrap_or_default().to_owned();
    answer["response"]["signature"] = signature.chars().rev().collect::<String>().into();
    assert_refused(&eve.post_json("/passkey/sign-in", &answer).await, 422, "passkey_refused");
    assert!(eve.get("/account").await.location() == "/sign-in");
}

#[tokio::test]
async fn a_passkey_of_another_origin_is_refused_before_the_one_time_code_is_spent() {
    let site = Site::start().await;
    let pat = Visitor::of(&site);
    let options = pat.may_make_a_passkey().await;
    // The same domain at another port: browsers make it there too, and the vendor would take it.
    let foreign = Passkey::new("http://localhost:1").answer(&options).expect("a passkey");
    assert_refused(&pat.post_json("/passkey/register", &foreign).await, 422, "passkey_refused");
    let own = Passkey::new(&site.origin).answer(&options).expect("a passkey");
    assert_eq!(pat.post_json("/passkey/register", &own).await.json(), json!({ "location": "/account?notice=created" }));
}
