//! What stands around every request.

use std::{fs, path::PathBuf};

use crate::support::{Page, Site, Visitor};
use auth_challenge::testing::Double;
use serde_json::json;

#[tokio::test]
async fn a_write_from_another_site_is_refused() {
    let site = Site::start().await;
    let visitor = Visitor::of(&site);
    for headers in [
        &[][..],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site"), ("origin", &site.origin)],
        &[("sec-fetch-site", "same-site"), ("origin", &site.origin)],
    ] {
        visitor.post_from("/sign-out", headers).await.assert_told(403, "other_site");
    }
    visitor.post_from("/sign-out", &[("sec-fetch-site", "same-origin")]).await.assert_leads_to("/sign-in");
    visitor.post_from("/sign-out", &[("origin", &site.origin)]).await.assert_leads_to("/sign-in");
}

#[tokio::test]
async fn pages_run_no_script_but_the_one_file_and_are_kept_by_nobody() {
    let site = Site::start().await;
    for path in ["/sign-in", "/sign-up?by=passkey", "/vendor", "/nowhere"] {
        let page = Visitor::of(&site).get(path).await;
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert_eq!((page.header("cache-control"), page.header("x-content-type-options")), ("no-store", "nosniff"), "{path}");
        for inline in ["style=", "onclick=", "<style", "<script>"] {
            assert!(!page.text.contains(inline), "{path}: {inline}");
        }
    }
}

#[tokio::test]
async fn what_a_browser_keeps_tells_nothing_and_no_script_reads_it() {
    let site = Site::start().await;
    let page = Visitor::of(&site).post("/sign-in", &[("by", "email"), ("to", "jane@doe.com")]).await;
    let cookie = page.header("set-cookie");
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=900"] {
        assert!(cookie.contains(attribute), "{attribute}: {cookie}");
    }
    assert!(cookie.starts_with("step=") && !cookie.contains("Secure") && !cookie.contains("jane") && !cookie.contains("corbado"), "{cookie}");
}

#[tokio::test]
async fn over_https_cookies_go_nowhere_else() {
    let site = Site::start_with(&["--origin", "https://localhost:8443"]).await;
    let page = Visitor::of(&site).post("/sign-in", &[("by", "email"), ("to", "jane@doe.com")]).await;
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with("__Host-step=") && cookie.contains("Secure"), "{cookie}");
    assert!(page.header("strict-transport-security").starts_with("max-age="));
}

#[tokio::test]
async fn a_step_of_another_browser_is_told_as_such() {
    let site = Site::start().await;
    let visitor = Visitor::of(&site);
    visitor.post("/code", &[("code", "123456")]).await.assert_told(410, "start_again");
    visitor.post("/code/again", &[]).await.assert_told(410, "start_again");
    visitor.post("/welcome", &[("name", "Eve")]).await.assert_told(410, "start_again");
    visitor.get("/code").await.assert_leads_to("/");
}

#[tokio::test]
async fn what_cannot_be_read_is_told_on_a_page_of_the_applications_own() {
    let site = Site::start().await;
    let jane = Visitor::of(&site);
    jane.signs_up("Jane", "jane@doe.com").await;
    for path in ["/sign-in?by=bogus", "/sign-up?by=bogus", "/account?notice=zz", "/assets/%ff"] {
        assert_own_page(&jane.get(path).await, 400, "not_readable");
    }
    for path in ["/sign-in", "/sign-up", "/code", "/code/again", "/welcome", "/vendor"] {
        assert_own_page(&jane.post_form(path, &[("x", "y")]).await, 422, "not_readable");
        assert_own_page(&jane.post_json(path, &json!({})).await, 415, "not_readable");
        assert_own_page(&jane.post_form(path, &[("x", &"y".repeat(1 << 17))]).await, 413, "too_long");
    }
    assert_own_page(&jane.get("/assets/nothing").await, 404, "not_found");
    let asked = jane.get("/sign-out").await;
    assert_own_page(&asked, 405, "method_not_allowed");
    assert_eq!(asked.header("allow"), "POST");
    assert_own_page(&jane.post("/account", &[]).await, 405, "method_not_allowed");
}

#[track_caller]
fn assert_own_page(page: &Page, status: u16, key: &str) {
    page.assert_told(status, key);
    assert!(page.header("content-type").starts_with("text/html") && page.text.contains(">Sign out<"), "{}", page.text);
}

#[tokio::test]
async fn what_cannot_be_read_is_told_to_the_script_as_all_else() {
    let site = Site::start().await;
    let pat = Visitor::of(&site);
    pat.may_make_a_passkey().await;
    let long = json!("y".repeat(1 << 17));
    for (page, status, key) in [
        (pat.post_form("/passkey/options", &[("code", "ABCD-1234-EFGH")]).await, 422, "not_readable"),
        (pat.post_json("/passkey/register", &long).await, 413, "too_long"),
        (pat.post_json("/passkey/sign-in", &json!({})).await, 422, "not_readable"),
        (pat.post_json("/passkey/sign-in", &long).await, 413, "too_long"),
    ] {
        assert_eq!((page.status.as_u16(), &page.json()["key"]), (status, &json!(key)), "{}", page.text);
        assert!(page.json()["error"].is_string(), "{}", page.text);
    }
}

#[tokio::test]
async fn who_is_signed_in_is_so_on_every_page() {
    let site = Site::start().await;
    let jane = Visitor::of(&site);
    jane.signs_up("Jane", "jane@doe.com").await;
    let other = |to| [("by", "email"), ("to", to)];
    let wrong_address = jane.post("/sign-in", &other("jane")).await;
    let nowhere = jane.get("/nowhere").await;
    let foreign = jane.post_from("/sign-out", &[("origin", "https://evil.example")]).await;
    jane.post("/sign-in", &other("other@doe.com")).await.assert_leads_to("/code");
    let (code_page, wrong_code) = (jane.get("/code").await, jane.post("/code", &[("code", "wrong")]).await);
    let (_, code) = site.message("other@doe.com").await;
    jane.post("/code", &[("code", &code)]).await.assert_leads_to("/welcome");
    let (welcome, no_name) = (jane.get("/welcome").await, jane.post("/welcome", &[("name", " ")]).await);
    for page in [wrong_address, nowhere, foreign, code_page, wrong_code, welcome, no_name] {
        assert!(page.text.contains(">Sign out<") && page.text.contains(">Jane<"), "{}", page.text);
    }
    let nobody = Visitor::of(&site).get("/nowhere").await;
    nobody.assert_told(404, "not_found");
    assert!(!nobody.text.contains(">Sign out<"), "{}", nobody.text);
}

#[tokio::test]
async fn a_client_can_write_so_often_a_minute() {
    let site = Site::start_with(&["--client-ip-header", "x-forwarded-for"]).await;
    let visitor = Visitor::of(&site);
    let from = async |ip: &str| visitor.post_from("/sign-out", &[("origin", &site.origin), ("x-forwarded-for", ip)]).await;
    let mut refused = 0;
    for _ in 0..200 {
        // What stands in front, the client wrote itself.
        refused += u32::from(from("198.51.100.1, 203.0.113.7").await.status == 429);
    }
    assert!((1..=80).contains(&refused), "{refused}");
    from("203.0.113.8").await.assert_leads_to("/sign-in");
}

/// Starts the application on these vendors, without a guard in the config.
async fn site_on(name: &str, vendors: &[&Double], arguments: &[&str]) -> Site {
    let sections: String = vendors.iter().map(|double| double.config_section()).collect();
    let config = format!("provider = \"{}\"\n{sections}", vendors[0].name());
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("login-{name}-{}.toml", std::process::id()));
    fs::write(&file, config).expect("a file");
    let site = Site::start_with(&[&["--config", file.to_str().expect("a path")], arguments].concat()).await;
    fs::remove_file(&file).expect("the file");
    site
}

fn code(vendor: &Double, to: &str) -> String {
    let code = vendor.outbox().iter().rfind(|message| message.recipient() == to).map(|message| message.code().to_owned());
    code.expect("a message")
}

#[tokio::test]
async fn without_a_guard_in_the_config_a_code_still_has_five_tries() {
    let vendor = Double::start("authsignal").await;
    let site = site_on("tries", &[&vendor], &[]).await;
    let jane = Visitor::of(&site);
    jane.post("/sign-in", &[("by", "email"), ("to", "jane@doe.com")]).await.assert_leads_to("/code");
    let wrong = jane.post("/code", &[("code", "000000x")]).await;
    assert!(wrong.text.contains("You have 4 tries left."), "{}", wrong.text);
    for _ in 1..5 {
        jane.post("/code", &[("code", "000000x")]).await;
    }
    jane.post("/code", &[("code", &code(&vendor, "jane@doe.com"))]).await.assert_told(410, "ask_for_new");
}

#[tokio::test]
async fn without_a_guard_in_the_config_a_client_still_has_so_many_messages() {
    let vendor = Double::start("authsignal").await;
    let site = site_on("messages", &[&vendor], &["--client-ip-header", "x-forwarded-for"]).await;
    let (eve, jane) = (Visitor::from(&site, "203.0.113.7"), Visitor::from(&site, "203.0.113.8"));
    for number in 0..60 {
        eve.post("/sign-in", &[("by", "email"), ("to", &format!("p{number}@doe.com"))]).await.assert_leads_to("/code");
    }
    eve.post("/sign-in", &[("by", "email"), ("to", "p60@doe.com")]).await.assert_told(429, "wait_then_retry");
    jane.post("/sign-in", &[("by", "email"), ("to", "jane@doe.com")]).await.assert_leads_to("/code");
}

#[tokio::test]
async fn with_real_vendors_operators_alone_switch_them_however_their_address_is_written() {
    let (authsignal, twilio) = (Double::start("authsignal").await, Double::start("twilio").await);
    let site = site_on("operators", &[&authsignal, &twilio], &["--operator", "Op@Doe.com "]).await;
    for (name, to, status) in [("Jane", "jane@doe.com", 404), ("Op", "op@doe.com", 200)] {
        let visitor = Visitor::of(&site);
        visitor.get("/vendor").await.assert_told(404, "not_found");
        visitor.post("/sign-up", &[("by", "email"), ("name", name), ("to", to)]).await.assert_leads_to("/code");
        visitor.post("/code", &[("code", &code(&authsignal, to))]).await.assert_leads_to("/account?notice=created");
        assert_eq!(visitor.get("/vendor").await.status, status, "{to}");
        assert_eq!(visitor.post("/vendor", &[("name", "twilio")]).await.status, status, "{to}");
    }
}
