//! The doubles answer the create call as their vendors do, and hold each request against the vendor's document.

use auth_challenge::{
    ChallengeProviderExt as _, ErrorKind, Method, ProviderId,
    testing::{AuthsignalDouble, CorbadoDouble, DfnsDouble, Double, DoubleEntry, Operation},
};
use serde_json::{Value, json};

async fn a_person_is_challenged(vendor: &str) {
    let double = Double::start(vendor).await;
    let challenge = double.provider().create(&double.person("jane@doe.com")).await.expect("a challenge");
    assert_eq!(challenge.provider().as_str(), double.name());
    double.requests().of(Operation::CREATE).assert_count(1);
    double.violations().assert_none();
}

#[tokio::test]
async fn a_person_is_challenged_at_every_vendor() {
    for entry in DoubleEntry::ALL {
        a_person_is_challenged(entry.name()).await;
    }
}

async fn the_message_is_in_the_outbox(vendor: &str) {
    let double = Double::start(vendor).await;
    for (address, method) in [("jane@doe.com", Method::EmailOtp), ("+64270000000", Method::SmsOtp)] {
        double.provider().create(&double.person(address)).await.expect("a challenge");
        let outbox = double.outbox().to(address);
        assert_eq!(outbox.only().method(), method);
        assert_eq!(outbox.last_code().len(), 6);
    }
    double.outbox().assert_count(2);
    double.violations().assert_none();
}

#[tokio::test]
async fn the_message_is_in_the_outbox_of_the_vendors_that_send() {
    for entry in DoubleEntry::ALL {
        // Who makes credentials sends nothing.
        if entry.builder().start().await.expect("a double").person("jane@doe.com").method().credential_kind().is_none() {
            the_message_is_in_the_outbox(entry.name()).await;
        }
    }
}

#[tokio::test]
async fn a_user_that_corbado_does_not_know_is_a_validation_error() {
    let corbado = CorbadoDouble::start().await;
    let request = corbado.person("jane@doe.com").with_user_id_at(ProviderId::CORBADO, "usr-0");
    let error = corbado.provider().create(&request).await.expect_err("nobody");
    assert_eq!((error.kind(), error.status(), error.vendor_code()), (ErrorKind::NotFound, Some(400), Some("validation_error")));
    corbado.outbox().assert_empty();
    corbado.violations().assert_none();
}

#[tokio::test]
async fn a_code_of_dfns_is_good_for_one_challenge() {
    let dfns = DfnsDouble::start().await;
    let request = dfns.person("jane");
    dfns.provider().create(&request).await.expect("a challenge");
    let error = dfns.provider().create(&request).await.expect_err("a used code");
    assert_eq!((error.kind(), error.status()), (ErrorKind::InvalidRequest, Some(403)));
}

#[cfg(feature = "toml")]
#[tokio::test]
async fn a_config_section_is_all_that_a_program_needs() {
    let double = AuthsignalDouble::start().await;
    let text = format!("provider = \"authsignal\"\n{}", double.config_section());
    let config = auth_challenge::Config::from_toml_str(&text).expect("TOML");
    config.build().expect("a provider").create(&double.person("jane@doe.com")).await.expect("a challenge");
}

struct Bad {
    why: &'static str,
    method: &'static str,
    path: &'static str,
    credentials: Option<(&'static str, &'static str)>,
    body: &'static str,
    status: u16,
    /// A member of the reply and its value.
    says: (&'static str, Value),
    /// Where the violation is.
    pointer: &'static str,
}

const CORBADO: Option<(&str, &str)> = Some(("pro-1", "corbado1_secret"));
const AUTHSIGNAL: Option<(&str, &str)> = Some(("as_secret", ""));

#[tokio::test]
async fn what_corbado_refuses_is_answered_in_its_form() {
    let corbado = CorbadoDouble::builder().with_user("usr-1").start().await.expect("a port");
    let path = "/users/usr-1/challenges";
    let bad = |why, credentials, body, status, says, pointer| Bad { why, method: "POST", path, credentials, body, status, says, pointer };
    let kind = |kind: &str| ("/error/type", json!(kind));
    let blank = ("/error/validation/0", json!({ "field": "challengeType", "message": "cannot be blank" }));
    for case in [
        bad("no credentials", None, "{}", 401, kind("login_error"), "/headers/authorization"),
        bad("a wrong secret", Some(("pro-1", "corbado1_x")), "{}", 401, kind("login_error"), "/headers/authorization"),
        bad("no JSON", CORBADO, "{", 400, kind("invalid_json"), "/body"),
        bad("nothing", CORBADO, "", 400, kind("invalid_json"), "/body"),
        bad("no fields", CORBADO, "{}", 400, blank, "/body/challengeType"),
        bad("no object", CORBADO, "[]", 400, kind("validation_error"), "/body"),
        Bad { path: "/nowhere", ..bad("an unknown path", CORBADO, "{}", 404, kind("not_found"), "/path") },
        Bad { method: "PUT", ..bad("another method", CORBADO, "{}", 405, kind("method_not_allowed"), "/method") },
    ] {
        refused(&corbado, case).await;
    }
    corbado.outbox().assert_empty();
}

#[tokio::test]
async fn what_authsignal_refuses_is_answered_in_its_form() {
    let authsignal = AuthsignalDouble::start().await;
    let path = "/challenge";
    let bad = |why, credentials, body, status, code, pointer| {
        let says = ("/errorCode", json!(code));
        Bad { why, method: "POST", path, credentials, body, status, says, pointer }
    };
    let pigeon = r#"{"verificationMethod":"PIGEON","action":"a"}"#;
    for case in [
        bad("no credentials", None, "{}", 401, "unauthorized", "/headers/authorization"),
        bad("a wrong key", Some(("as_x", "")), "{}", 401, "unauthorized", "/headers/authorization"),
        bad("no JSON", AUTHSIGNAL, "no", 400, "invalid_request", "/body"),
        bad("no fields", AUTHSIGNAL, "{}", 400, "invalid_request", "/body/verificationMethod"),
        bad("an unknown method", AUTHSIGNAL, pigeon, 400, "invalid_request", "/body/verificationMethod"),
        Bad { path: "/nowhere", ..bad("an unknown path", AUTHSIGNAL, "{}", 404, "invalid_request", "/path") },
        Bad { method: "GET", ..bad("another method", AUTHSIGNAL, "{}", 405, "invalid_request", "/method") },
    ] {
        refused(&authsignal, case).await;
    }
    authsignal.outbox().assert_empty();
}

#[tokio::test]
async fn what_dfns_refuses_is_answered_in_its_form() {
    let dfns = DfnsDouble::start().await;
    let path = "/auth/credentials/code/init";
    let bad = |why, body, status, pointer| {
        let says = ("/error/status", json!(status));
        Bad { why, method: "POST", path, credentials: None, body, status, says, pointer }
    };
    for case in [
        bad("no JSON", "no", 400, "/body"),
        bad("no fields", "{}", 400, "/body/code"),
        bad("an empty code", r#"{"credentialKind":"Key","code":""}"#, 400, "/body/code"),
        bad("an unknown field", r#"{"credentialKind":"Key","code":"x","kind":"Key"}"#, 400, "/body/kind"),
        Bad { path: "/nowhere", ..bad("an unknown path", "{}", 404, "/path") },
        Bad { method: "DELETE", ..bad("another method", "{}", 405, "/method") },
        Bad { path: "/auth/action", ..bad("no token", "{}", 401, "/headers/authorization") },
    ] {
        refused(&dfns, case).await;
    }
}

async fn refused(double: &Double, case: Bad) {
    let before = double.violations().len();
    let method = case.method.parse().expect("a method");
    let mut request = reqwest::Client::new().request(method, double.base_url() + case.path).header("content-type", "application/json").body(case.body);
    if let Some((user, password)) = case.credentials {
        request = request.basic_auth(user, Some(password));
    }
    let reply = request.send().await.expect("a reply");
    assert_eq!(reply.status().as_u16(), case.status, "{}", case.why);
    let body: Value = reply.json().await.expect("JSON");
    assert_eq!(body.pointer(case.says.0), Some(&case.says.1), "{}: {body}", case.why);
    let all = double.violations();
    let new: Vec<_> = all.iter().skip(before).collect();
    assert!(new.iter().any(|violation| violation.pointer() == case.pointer), "{}: {new:?}", case.why);
    assert!(!new.iter().any(|violation| violation.pointer().starts_with("/reply")), "{}: {new:?}", case.why);
}

#[tokio::test]
async fn neither_violations_nor_debug_show_what_was_submitted() {
    let dfns = DfnsDouble::start().await;
    let authsignal = AuthsignalDouble::start().await;
    let dfns_body = r#"{"credentialKind":"SECRET-1","code":["SECRET-2"]}"#;
    let authsignal_body = r#"{"verificationMethod":"SECRET-3","action":{"a":"SECRET-4"},"email":"SECRET-5@doe.com"}"#;
    let client = reqwest::Client::new();
    let json = "application/json";
    client.post(dfns.base_url() + "/auth/credentials/code/init").header("content-type", json).body(dfns_body).send().await.expect("a reply");
    let request = client.post(authsignal.base_url() + "/challenge").basic_auth("as_secret", Some("")).header("content-type", json);
    request.body(authsignal_body).send().await.expect("a reply");
    client.post(authsignal.base_url() + "/verify").basic_auth("SECRET-6", Some("")).send().await.expect("a reply");
    for double in [Double::clone(&dfns), Double::clone(&authsignal)] {
        assert!(!double.violations().is_empty(), "{}", double.name());
        let shown = format!("{0} {0:?} {1:?} {2:?} {double:?}", double.violations(), double.requests(), double.outbox());
        assert!(!shown.contains("SECRET"), "{shown}");
    }
}
