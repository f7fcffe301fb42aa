//! The command line: one JSON object on standard output, and an exit status that tells what happened.

#![cfg(feature = "cli")]

mod support;

use std::{path::PathBuf, process::Stdio};

use serde_json::{Value, json};
use support::{Server, Step, Vendor, reply};
use tokio::{io::AsyncWriteExt, net::TcpListener, process::Command};

const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/104.0.0.0 Safari/537.36";

/// A config file of its own for one test, gone with it.
struct ConfigFile(PathBuf);

impl ConfigFile {
    fn new(name: &str, toml: &str) -> Self {
        let path = std::env::temp_dir().join(format!("auth-challenge-{}-{name}.toml", std::process::id()));
        std::fs::write(&path, toml).expect("a file");
        Self(path)
    }

    fn for_vendor(vendor: Vendor, name: &str, address: std::net::SocketAddr) -> Self {
        let section = match vendor {
            Vendor::Corbado => "project_id = \"pro-1\"\napi_secret = \"corbado1_secret\"",
            Vendor::Authsignal => "secret_key = \"as_secret\"",
            Vendor::Dfns => "token = \"dfns_token\"",
        };
        let toml = format!(
            "provider = \"{0}\"\n[{0}]\n{section}\nbase_url = \"http://{address}\"\n[http]\ntimeout = \"2s\"\nconnect_timeout = \"500ms\"\n",
            vendor.name()
        );
        Self::new(&format!("{name}-{}", vendor.name()), &toml)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a path in UTF-8")
    }
}

impl Drop for ConfigFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn run(arguments: &[&str], input: &str) -> (i32, Value) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_auth-challenge"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut stdin = child.stdin.take().expect("standard input");
    // A command that does not read it may be gone already.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = child.wait_with_output().await.expect("the command ends");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let json = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or_else(|_| panic!("one JSON object: {text}")) };
    (output.status.code().expect("an exit status"), json)
}

fn create(vendor: Vendor) -> Vec<&'static str> {
    match vendor {
        Vendor::Corbado => vec!["--method", "email_otp", "--to", "jane@doe.com", "--user-id", "usr-1", "--ip", "203.0.113.7", "--user-agent", AGENT],
        Vendor::Authsignal => vec!["--method", "sms_otp", "--to", "+64270000000", "--action", "signIn"],
        Vendor::Dfns => vec!["--method", "credential", "--kind", "Key", "--code", "ABCD-1234-EFGH"],
    }
}

async fn created(vendor: Vendor, config: &ConfigFile, more: &[&str]) -> (i32, Value) {
    let arguments = [&["create", "--config", config.path()], &create(vendor)[..], more].concat();
    run(&arguments, "").await
}

#[tokio::test]
async fn a_challenge_is_told_with_its_handle() {
    for vendor in Vendor::ALL {
        let server = Server::answering(200, &[], &vendor.created().to_string()).await;
        let config = ConfigFile::for_vendor(vendor, "told", server.address);
        let (exit, json) = created(vendor, &config, &["--locale", "en", "--lifetime", "300s"]).await;
        assert_eq!((exit, &json["provider"], &json["status"]), (0, &json!(vendor.name()), &json!("pending")), "{json}");
        assert_eq!(json["handle"]["provider"], vendor.name());
        let (id, ignored, expires_at) = match vendor {
            Vendor::Corbado => (json!("cha-1"), json!(["locale"]), json!("2030-03-17T17:46:40Z")),
            Vendor::Authsignal => (json!("0b7b2e6e"), json!(["lifetime"]), json!("2030-03-17T17:46:40Z")),
            Vendor::Dfns => (Value::Null, json!(["locale", "lifetime"]), Value::Null),
        };
        assert_eq!((&json["challenge_id"], &json["ignored"], &json["expires_at"]), (&id, &ignored, &expires_at));
        assert_eq!(json.get("value"), None);
        assert_eq!(json["registration"]["challenge"].is_string(), vendor == Vendor::Dfns);
    }
}

#[tokio::test]
async fn the_code_in_corbados_reply_is_shown_only_when_asked_for() {
    let server = Server::answering(200, &[], &Vendor::Corbado.created().to_string()).await;
    let config = ConfigFile::for_vendor(Vendor::Corbado, "reveal", server.address);
    assert_eq!(created(Vendor::Corbado, &config, &["--reveal"]).await.1["value"], "987654");
    assert!(!created(Vendor::Corbado, &config, &[]).await.1.to_string().contains("987654"));
}

#[tokio::test]
async fn a_passkeys_challenge_comes_in_the_browsers_form() {
    let mut body = Vendor::Dfns.created();
    body["kind"] = "Fido2".into();
    let server = Server::answering(200, &[], &body.to_string()).await;
    let config = ConfigFile::for_vendor(Vendor::Dfns, "passkey", server.address);
    let (exit, json) = run(&["create", "--config", config.path(), "--method", "credential", "--kind", "Fido2", "--code", "-"], "ABCD-1234-EFGH\n").await;
    let options = &json["registration"]["webauthn"];
    assert_eq!((exit, &options["challenge"], &options["user"]["id"]), (0, &body["challenge"], &json!("dXMtMQ")), "{json}");
    assert_eq!(server.only_request().json()["code"], "ABCD-1234-EFGH");
}

#[tokio::test]
async fn every_exit_status_has_its_meaning() {
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("its address");
    for vendor in Vendor::ALL {
        let mut cases = vec![
            (4, "refused", Step::Answer(reply(401, &[], "{}"))),
            (4, "refused", Step::Answer(reply(400, &[], "<html>"))),
            (5, "unknown", Step::Answer(reply(503, &[], "{}"))),
            (5, "unknown", Step::ReadAndReset),
            (5, "unknown", Step::ReadAndHang),
            (5, "accepted", Step::Answer(reply(200, &[], "<html>"))),
        ];
        for (status, state, step) in cases.drain(..) {
            let server = Server::start(vec![step.clone()]).await;
            let config = ConfigFile::for_vendor(vendor, "exit", server.address);
            let (exit, json) = created(vendor, &config, &[]).await;
            assert_eq!((exit, &json["error"]["send_state"]), (status, &json!(state)), "{step:?} {json}");
            assert_eq!(server.requests().len(), 1);
        }
        let config = ConfigFile::for_vendor(vendor, "closed", closed);
        let (exit, json) = created(vendor, &config, &[]).await;
        assert_eq!((exit, &json["error"]["kind"], &json["error"]["send_state"]), (6, &json!("connect"), &json!("not_sent")));
    }
}

#[tokio::test]
async fn an_error_has_every_key() {
    let body = json!({ "message": "no", "requestData": { "requestID": "req-1" }, "error": { "type": "validation_error", "validation": [{ "field": "userID", "message": "does not exist" }] } });
    let server = Server::answering(400, &[("retry-after", "7")], &body.to_string()).await;
    let config = ConfigFile::for_vendor(Vendor::Corbado, "keys", server.address);
    let (exit, json) = created(Vendor::Corbado, &config, &[]).await;
    let expected = json!({
        "kind": "not_found", "provider": "corbado", "operation": "create", "status": 400, "request_id": "req-1", "vendor_code": "validation_error",
        "violations": [{ "field": "user_id", "vendor_field": "userID", "message": "does not exist" }], "retry_after_s": 7, "send_state": "refused",
        "message": "corbado create: not found (HTTP 400, validation_error): user_id: no"
    });
    assert_eq!((exit, &json["error"]), (4, &expected));

    let (exit, json) = run(&["create", "--config", "/no/such/file.toml", "--method", "email_otp"], "").await;
    let keys: Vec<&String> = json["error"].as_object().expect("an object").keys().collect();
    let mut all: Vec<&String> = expected.as_object().expect("an object").keys().collect();
    all.sort();
    assert_eq!((exit, keys), (2, all));
}

#[tokio::test]
async fn what_the_vendor_needs_is_named_and_nothing_is_sent() {
    let server = Server::answering(200, &[], "{}").await;
    let cases: [(Vendor, &[&str], &[&str]); 6] = [
        (Vendor::Corbado, &["--method", "email_otp"], &["to", "user_id", "ip", "user_agent"]),
        (Vendor::Authsignal, &["--method", "sms_otp", "--to", "0641234"], &["action", "to"]),
        (Vendor::Authsignal, &["--method", "email_link", "--to", "jane@doe.com"], &[]),
        (Vendor::Dfns, &["--method", "credential", "--kind", "Fido2"], &["code"]),
        (Vendor::Dfns, &["--method", "credential", "--code", "c"], &["kind"]),
        (Vendor::Dfns, &["--method", "credential", "--kind", "Key", "--code", "c", "--scope", "add:authenticators"], &["scope"]),
    ];
    for (vendor, arguments, fields) in cases {
        let config = ConfigFile::for_vendor(vendor, "needs", server.address);
        let (exit, json) = run(&[&["create", "--config", config.path()], arguments].concat(), "").await;
        let named: Vec<&str> = json["error"]["violations"].as_array().into_iter().flatten().filter_map(|violation| violation["field"].as_str()).collect();
        assert_eq!((exit, named, &json["error"]["send_state"]), (3, fields.to_vec(), &json!("not_sent")), "{json}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn usage_config_and_handles_that_cannot_be_read_exit_with_two() {
    let server = Server::answering(200, &[], "{}").await;
    let good = ConfigFile::for_vendor(Vendor::Authsignal, "two", server.address);
    let bad = ConfigFile::new("bad", "provider = \"nobody\"\nsecret_kei = \"canary\"");
    let garbage = ConfigFile::new("garbage", "api_secret = \"canary");
    let stranger = r#"{"v":1,"provider":"corbado","method":"sms_otp","challenge_id":"c"}"#;
    let cases: [&[&str]; 8] = [
        &["create"],
        &["no-such-command"],
        &["create", "--config", good.path(), "--method", "pigeon"],
        &["create", "--config", bad.path(), "--method", "sms_otp"],
        &["create", "--config", garbage.path(), "--method", "sms_otp"],
        &["verify", "--config", good.path(), "--handle", "canary", "--answer", "1"],
        &["verify", "--config", good.path(), "--handle", stranger, "--answer", "1"],
        &["create", "--config", good.path(), "--provider", "corbado", "--method", "sms_otp"],
    ];
    for arguments in cases {
        let (exit, json) = run(arguments, "").await;
        assert_eq!((exit, &json["error"]["send_state"]), (2, &json!("not_sent")), "{arguments:?} {json}");
        assert!(!json.to_string().contains("canary"), "{json}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn an_answer_is_judged_in_another_process_by_another_config() {
    for vendor in Vendor::ALL {
        let server =
            Server::start(vec![Step::Answer(reply(200, &[], &vendor.created().to_string())), Step::Answer(reply(200, &[], &vendor.verified().to_string()))])
                .await;
        let (_, json) = created(vendor, &ConfigFile::for_vendor(vendor, "first", server.address), &[]).await;
        // Another vendor is current now; the old section is still there.
        let other = if vendor == Vendor::Authsignal { "dfns" } else { "authsignal" };
        let second = ConfigFile::for_vendor(vendor, "second", server.address);
        let toml = std::fs::read_to_string(&second.0).expect("the file").replacen(vendor.name(), other, 1);
        let section = if other == "dfns" { "[dfns]\n" } else { "[authsignal]\nsecret_key = \"other\"\n" };
        let switched = ConfigFile::new(&format!("switched-{}", vendor.name()), &format!("{toml}{section}"));
        let answer = match vendor {
            Vendor::Dfns => json!({ "credentialKind": "Key", "credentialName": "key", "credentialInfo": { "credId": "cred-1", "clientData": "Yw", "attestationData": "YQ" } }).to_string(),
            _ => "123456".to_owned(),
        };
        let handle = json["handle"].to_string();
        let (exit, json) = run(&["verify", "--config", switched.path(), "--handle", "-", "--answer", &answer], &handle).await;
        assert_eq!((exit, &json["outcome"], &json["provider"]), (0, &json!("verified"), &json!(vendor.name())), "{json}");
        let address = match vendor {
            Vendor::Corbado => json!("jane@doe.com"),
            Vendor::Authsignal => json!("+64270000000"),
            Vendor::Dfns => Value::Null,
        };
        assert_eq!(json["address"], address);
    }
}

#[tokio::test]
async fn a_wrong_answer_exits_with_one() {
    let server = Server::answering(200, &[], r#"{"isVerified":false,"failureReason":"MAX_ATTEMPTS_EXCEEDED"}"#).await;
    let config = ConfigFile::for_vendor(Vendor::Authsignal, "wrong", server.address);
    let handle = r#"{"v":1,"provider":"authsignal","method":"sms_otp","challenge_id":"c"}"#;
    let (exit, json) = run(&["verify", "--config", config.path(), "--handle", handle, "--answer", "-"], "123456\n").await;
    assert_eq!((exit, &json["outcome"], &json["reason"]), (1, &json!("rejected"), &json!("too_many_attempts")));
    assert_eq!(server.only_request().json()["verificationCode"], "123456");
}

#[tokio::test]
async fn a_config_is_checked_without_network() {
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("its address");
    let good = ConfigFile::for_vendor(Vendor::Corbado, "checked", closed);
    assert_eq!(run(&["check", "--config", good.path()], "").await, (0, json!({ "problems": [] })));
    let bad = ConfigFile::new(
        "many",
        "provider = \"corbado\"\n[corbado]\nproject_id = \" \"\napi_secret = \"x\"\napi_secret_env = \"Y\"\nregion = \"eu\"\n[http]\ntimeout = \"0s\"\n",
    );
    let (exit, json) = run(&["check", "--config", bad.path()], "").await;
    let mut fields: Vec<&str> = json["problems"].as_array().into_iter().flatten().filter_map(|problem| problem["field"].as_str()).collect();
    fields.sort_unstable();
    assert_eq!((exit, fields), (2, vec!["corbado.api_secret", "corbado.project_id", "corbado.region", "http.timeout"]));
}

#[tokio::test]
async fn capabilities_are_told_without_a_config() {
    let (exit, json) = run(&["capabilities"], "").await;
    assert_eq!((exit, json.as_object().map(serde_json::Map::len)), (0, Some(3)));
    let (exit, json) = run(&["capabilities", "--provider", "authsignal"], "").await;
    assert_eq!(
        (exit, &json["authsignal"]["methods"][1]),
        (
            0,
            &json!({
                "method": "sms_otp", "required_fields": ["to", "action"],
                "optional_fields": ["user_id", "action_key", "ip", "user_agent", "device_id", "locale", "scope", "metadata"], "lifetime": false
            })
        )
    );
    assert_eq!(run(&["capabilities", "--provider", "nobody"], "").await.0, 2);
}
