//! The command line: one JSON object on standard output, and an exit status that tells what happened.

#![cfg(feature = "cli")]

mod support;

use std::{net::SocketAddr, path::PathBuf, process::Stdio};

use auth_challenge::{CredentialKind, ErrorKind, Field, Method, Reason};
use serde_json::{Value, json};
use support::{
    Reserved, Server, Step,
    config::Folder,
    reply,
    vendors::{self, Vendor},
};
use tokio::{io::AsyncWriteExt, process::Command};

/// A config file of its own for one test, gone with it.
struct Config {
    path: PathBuf,
    _folder: Folder,
}

impl Config {
    fn new(toml: &str) -> Self {
        let folder = Folder::new().expect("a folder");
        Self { path: folder.write("auth.toml", toml).expect("a file"), _folder: folder }
    }

    fn of(vendor: &Vendor, address: SocketAddr) -> Self {
        Self::within(vendor, address, "timeout = \"60s\"\nconnect_timeout = \"50s\"")
    }

    /// With a time for a call.
    fn within(vendor: &Vendor, address: SocketAddr, http: &str) -> Self {
        let (name, keys) = (vendor.name, vendor.toml());
        Self::new(&format!("provider = \"{name}\"\n[{name}]\n{keys}base_url = \"http://{address}\"\n[http]\n{http}\n"))
    }

    fn path(&self) -> &str {
        self.path.to_str().expect("a path in UTF-8")
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

async fn created(vendor: &Vendor, config: &Config, more: &[&str]) -> (i32, Value) {
    let arguments = [&["create", "--config", config.path()], vendor.command.create, more].concat();
    run(&arguments, "").await
}

/// Another vendor than this one.
fn other_than(vendor: &Vendor) -> &'static Vendor {
    vendors::all().into_iter().find(|other| *other != vendor).expect("the command line brings every vendor")
}

#[tokio::test]
async fn a_client_may_be_given_as_json_with_its_ip_address() {
    let vendor = vendors::get("corbado");
    let server = Server::answering(200, &[], &vendor.created().to_string()).await;
    let config = Config::of(vendor, server.address);
    let create = ["create", "--config", config.path(), "--method", "email_otp", "--to", "jane@doe.com", "--user-id", "usr-1", "--client"];
    let told = r#"{"ip":"203.0.113.9","user_agent":"Mozilla/5.0","bluetooth":true}"#;
    let (exit, json) = run(&[&create[..], &[told]].concat(), "").await;
    assert_eq!(exit, 0, "{json}");
    let (exit, json) = run(&[&create[..], &[told, "--ip", "203.0.113.7"]].concat(), "").await;
    assert_eq!(exit, 0, "{json}");
    let told: Vec<Value> = server.requests().iter().map(|request| request.content()["clientInformation"].clone()).collect();
    assert_eq!(told.iter().map(|told| &told["remoteAddress"]).collect::<Vec<_>>(), ["203.0.113.9", "203.0.113.7"]);
    assert!(told.iter().all(|told| told["userAgent"] == "Mozilla/5.0" && told["bluetoothAvailable"] == true), "{told:?}");
    for bad in [r#"{"ip":"canary"}"#, r#"{"ip":7}"#, "[]", r#"{"user_agent":7}"#, "canary"] {
        let (exit, json) = run(&[&create[..], &[bad]].concat(), "").await;
        assert_eq!((exit, &json["error"]["violations"][0]["field"]), (2, &json!("client")), "{bad}: {json}");
        assert!(!json.to_string().contains("canary"), "{bad}: {json}");
    }
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_challenge_is_told_with_its_handle() {
    for vendor in vendors::all() {
        let server = Server::answering(200, &[], &vendor.created().to_string()).await;
        let config = Config::of(vendor, server.address);
        let (exit, json) = created(vendor, &config, &["--locale", "en", "--lifetime", "300s"]).await;
        assert_eq!((exit, &json["provider"], &json["status"]), (0, &json!(vendor.name), &json!("pending")), "{json}");
        assert_eq!(json["handle"]["provider"], vendor.name);
        let (id, expires_at) = vendor.create.told;
        let expires_at = expires_at.map(rfc_3339);
        let ignored: Vec<Field> = [Field::Locale, Field::Lifetime].into_iter().filter(|field| vendor.ignores(*field)).collect();
        assert_eq!((&json["challenge_id"], &json["ignored"], &json["expires_at"]), (&json!(id), &json!(ignored), &json!(expires_at)), "{vendor:?}");
        assert_eq!(json.get("value"), None);
        assert_eq!(json["registration"]["challenge"].is_string(), vendor.request().method().credential_kind().is_some());
    }
}

/// A time as RFC 3339 writes it.
fn rfc_3339(seconds: u64) -> &'static str {
    assert_eq!(seconds, 1_900_000_000, "the one time that fixtures use");
    "2030-03-17T17:46:40Z"
}

#[tokio::test]
async fn the_code_in_corbados_reply_is_shown_only_when_asked_for() {
    let corbado = vendors::get("corbado");
    let server = Server::answering(200, &[], &corbado.created().to_string()).await;
    let config = Config::of(corbado, server.address);
    assert_eq!(created(corbado, &config, &["--reveal"]).await.1["value"], "987654");
    assert!(!created(corbado, &config, &[]).await.1.to_string().contains("987654"));
}

#[tokio::test]
async fn a_passkeys_challenge_comes_in_the_browsers_form() {
    let dfns = vendors::get("dfns");
    let body = (dfns.create.reply)(Method::Credential(CredentialKind::Fido2));
    let server = Server::answering(200, &[], &body.to_string()).await;
    let config = Config::of(dfns, server.address);
    let (exit, json) = run(&["create", "--config", config.path(), "--method", "credential", "--kind", "Fido2", "--code", "-"], "ABCD-1234-EFGH\n").await;
    let options = &json["registration"]["webauthn"];
    assert_eq!((exit, &options["challenge"], &options["user"]["id"]), (0, &body["challenge"], &json!("dXMtMQ")), "{json}");
    assert_eq!(server.only_request().content()["code"], "ABCD-1234-EFGH");
}

#[tokio::test]
async fn every_exit_status_has_its_meaning() {
    let nobody = Reserved::new();
    for vendor in vendors::all() {
        let cases = [
            (4, "refused", Step::Answer(reply(401, &[], "{}"))),
            (4, "refused", Step::Answer(reply(400, &[], "<html>"))),
            (5, "unknown", Step::Answer(reply(503, &[], "{}"))),
            (5, "unknown", Step::ReadAndReset),
            (5, "accepted", Step::Answer(reply(200, &[], "<html>"))),
        ];
        for (status, state, step) in cases {
            let server = Server::start(vec![step.clone()]).await;
            let (exit, json) = created(vendor, &Config::of(vendor, server.address), &[]).await;
            assert_eq!((exit, &json["error"]["send_state"]), (status, &json!(state)), "{step:?} {json}");
            assert_eq!(server.requests().len(), 1);
        }
        let hanging = Server::start(vec![Step::ReadAndHang]).await;
        let config = Config::within(vendor, hanging.address, "timeout = \"2s\"\nconnect_timeout = \"1900ms\"");
        let (exit, json) = created(vendor, &config, &[]).await;
        assert_eq!((exit, &json["error"]["send_state"]), (5, &json!("unknown")), "{json}");
        assert!(hanging.requests().len() <= 1);

        let (exit, json) = created(vendor, &Config::of(vendor, nobody.address()), &[]).await;
        assert_eq!((exit, &json["error"]["kind"], &json["error"]["send_state"]), (6, &json!("connect"), &json!("not_sent")));
    }
    // What is asked before a message is, cannot be had.
    let (corbado, away) = (vendors::get("corbado"), Server::answering(503, &[], "{}").await);
    let config = Config::new(&format!("provider = \"corbado\"\n{}find_or_create_users = true\n", section(corbado, away.address)));
    let create = ["create", "--config", config.path(), "--method", "email_otp", "--to", "jane@doe.com", "--ip", "203.0.113.7", "--user-agent", "x"];
    let (exit, json) = run(&create, "").await;
    assert_eq!((exit, &json["error"]["kind"], &json["error"]["send_state"]), (6, &json!("unavailable"), &json!("not_sent")), "{json}");
    let odd = Server::answering(200, &[], "not JSON").await;
    let config = Config::new(&format!("provider = \"corbado\"\n{}find_or_create_users = true\n", section(corbado, odd.address)));
    let (exit, json) = run(&[&["create", "--config", config.path()], &create[3..]].concat(), "").await;
    assert_eq!((exit, &json["error"]["kind"], &json["error"]["send_state"]), (6, &json!("unexpected_reply"), &json!("not_sent")), "{json}");
}

#[tokio::test]
async fn an_error_has_every_key() {
    for vendor in vendors::all() {
        for row in (vendor.create.refusals)() {
            let server = Server::answering(row.status, &[("retry-after", "70")], &row.body.to_string()).await;
            let (exit, json) = created(vendor, &Config::of(vendor, server.address), &[]).await;
            let violations =
                row.violations.iter().map(|(field, vendor_field, message)| json!({ "field": field, "vendor_field": vendor_field, "message": message }));
            let message = row.message.map_or(row.display.to_owned(), |message| format!("{}: {message}", row.display));
            let is_of_the_person = |(field, ..): &(_, _, _)| matches!(field, Some("to" | "code"));
            let advice = match row.kind {
                ErrorKind::RateLimited => "wait_then_retry",
                _ if !row.violations.is_empty() && row.violations.iter().all(is_of_the_person) => "fix_input",
                _ => "our_fault",
            };
            let expected = json!({
                "kind": row.kind.as_str(), "provider": vendor.name, "operation": "create", "status": row.status, "request_id": row.request_id,
                "vendor_code": row.code, "violations": violations.collect::<Vec<_>>(), "retry_after_s": 70, "send_state": "refused",
                "advice": advice, "message": message
            });
            assert_eq!((exit, &json["error"]), (4, &expected), "{vendor:?}");

            let (exit, json) = run(&["create", "--config", "/no/such/file.toml", "--method", "email_otp"], "").await;
            let keys: Vec<&String> = json["error"].as_object().expect("an object").keys().collect();
            let mut all: Vec<&String> = expected.as_object().expect("an object").keys().collect();
            all.sort();
            assert_eq!((exit, keys), (2, all));
        }
    }
}

#[tokio::test]
async fn what_the_vendor_needs_is_named_and_nothing_is_sent() {
    let server = Server::answering(200, &[], "{}").await;
    for vendor in vendors::all() {
        let config = Config::of(vendor, server.address);
        for (arguments, fields) in vendor.command.incomplete {
            let (exit, json) = run(&[&["create", "--config", config.path()], *arguments].concat(), "").await;
            let violations = json["error"]["violations"].as_array().into_iter().flatten();
            let named: Vec<&str> = violations.filter_map(|violation| violation["field"].as_str()).collect();
            assert_eq!((exit, named, &json["error"]["send_state"]), (3, fields.to_vec(), &json!("not_sent")), "{vendor:?} {json}");
        }
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn usage_config_and_handles_that_cannot_be_read_exit_with_two() {
    let server = Server::answering(200, &[], "{}").await;
    let bad = Config::new("provider = \"nobody\"\nsecret_kei = \"canary\"");
    let garbage = Config::new("api_secret = \"canary");
    for vendor in vendors::all() {
        let good = Config::of(vendor, server.address);
        let other = other_than(vendor);
        let stranger = json!({ "v": 1, "provider": other.name, "method": "sms_otp", "challenge_id": "c" }).to_string();
        let cases: [&[&str]; 8] = [
            &["create"],
            &["no-such-command"],
            &["create", "--config", good.path(), "--method", "pigeon"],
            &[&["create", "--config", bad.path()], vendor.command.create].concat(),
            &[&["create", "--config", garbage.path()], vendor.command.create].concat(),
            &["verify", "--config", good.path(), "--handle", "canary", "--answer", "1"],
            &["verify", "--config", good.path(), "--handle", &stranger, "--answer", "1"],
            &[&["create", "--config", good.path(), "--provider", other.name], vendor.command.create].concat(),
        ];
        for arguments in cases {
            let (exit, json) = run(arguments, "").await;
            assert_eq!((exit, &json["error"]["send_state"]), (2, &json!("not_sent")), "{arguments:?} {json}");
            assert!(!json.to_string().contains("canary"), "{json}");
        }
    }
    assert_eq!(server.connections(), 0);
}

/// The handle of a challenge for a key.
const KEY_HANDLE: &str = r#"{"v":1,"provider":"dfns","method":"credential","kind":"Key","challenge_id":"eyJ.identifier","to_sign":"Y2gt"}"#;

#[tokio::test]
async fn a_usage_mistake_says_what_is_wrong_and_quotes_no_value() {
    let nobody = Reserved::new();
    let config = Config::of(vendors::all()[0], nobody.address());
    let verify = ["verify", "--config", config.path()];
    let create = ["create", "--config", config.path(), "--method", "email_otp", "--to", "jane@doe.com"];
    for (arguments, expected) in [
        (vec!["create"], "required: --config <FILE>, --method <METHOD>"),
        (vec![], "expected a command: create, verify, resend"),
        (vec!["canary"], "expected a command: create, verify, resend, capabilities, check, doubles, spec, completions, man"),
        ([&verify[..], &["--handle", "{}", "--answer", "1", "canary"]].concat(), "a word is no argument of this command"),
        ([&verify[..], &["--handle", "{}", "--answr", "canary"]].concat(), "--answr is no argument of this command; did you mean --answer?"),
        ([&verify[..], &["--handle", "{}", "--no-such=canary"]].concat(), "--no-such is no argument of this command"),
        ([&verify[..], &["--answer", "canary"]].concat(), "required: "),
        ([&verify[..], &["--handle", "{}", "--handle-file", "canary"]].concat(), "cannot be given together with"),
        ([&verify[..], &["--handle-file", "/no/such/file"]].concat(), "handle_file: the file cannot be read: No such file"),
        ([&verify[..], &["--handle", KEY_HANDLE, "--key", "/no/such/key"]].concat(), "key: the file cannot be read: No such file"),
        ([&verify[..], &["--handle", KEY_HANDLE, "--answer-file", "/no/such/answer"]].concat(), "answer_file: the file cannot be read"),
        ([&verify[..], &["--handle", "-", "--answer", "-"]].concat(), "answer: expected another source"),
        ([&create[..], &["--ip", "canary"]].concat(), "--ip"),
        ([&create[..], &["--lifetime", "5canary"]].concat(), "--lifetime <TIME>: expected a time, say 300s"),
        ([&create[..], &["--reveal=canary"]].concat(), "--reveal takes no value"),
        ([&create[..], &["--to", "canary"]].concat(), "--to <ADDRESS> is given more than once"),
        ([&create[..], &["--code-file", "-----BEGIN canary-----\ncanary"]].concat(), "argument of this command"),
        ([&create[..], &["--code-file=-----BEGIN canary-----\ncanary"]].concat(), "code_file: the file cannot be read"),
        ([&verify[..], &["--handle-file", r#"{"v":1,"canary":1}"#, "--answer", "1"]].concat(), "handle_file: the file cannot be read"),
        ([&verify[..], &["--handle-file", "canary-7654321", "--answer", "1"]].concat(), "handle_file: the file cannot be read"),
        ([&verify[..], &["--handle", "{}", "--answer", "-canary"]].concat(), "a value that begins with a dash is given as --option=VALUE"),
        (vec!["create", "--config", "", "--method", "email_otp"], "--config <FILE>: expected a value"),
        (vec!["crate"], "did you mean create?"),
        ([&create[..], &["--metadata", "canary"]].concat(), "metadata: expected a JSON object"),
        (vec!["create", "--config", config.path(), "--method", "canary"], "--method <METHOD>: expected"),
        (vec!["capabilities", "--provider", "canary"], "provider: expected one of"),
        (vec!["completions", "canary"], "<SHELL>: expected bash"),
        (vec!["doubles", "--code-for", "canary"], "--code-for <ADDRESS=CODE>: expected ADDRESS=CODE"),
        (vec!["doubles", "--code", ""], "--code <CODE>: "),
        (vec!["doubles", "--seed", "codes = { canary = 1 }"], "--seed: No such file"),
        (vec!["doubles", "--state", "/canary/state"], "--state: "),
        (vec!["doubles", "--write-config", "/canary/auth.toml"], "--write-config: the file cannot be written"),
        (vec!["doubles", "--control", "192.0.2.1:0"], "192.0.2.1:0 is not a loopback address"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_auth-challenge")).args(&arguments).output().await.expect("the command");
        let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let error = &json["error"];
        assert_eq!((output.status.code(), &error["kind"], &error["advice"]), (Some(2), &json!("usage"), &json!("our_fault")), "{arguments:?}: {json}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(expected)), "{arguments:?}: {json}");
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(!told.contains("canary"), "{arguments:?}: {told}");
    }
}

#[tokio::test]
async fn a_config_given_in_place_of_its_name_is_not_quoted() {
    for content in ["[corbado]\napi_secret = \"canary\"", "api_secret=canary", "{canary}", "corbado1_canary"] {
        let (exit, json) = run(&["check", "--config", content], "").await;
        assert_eq!((exit, &json["error"]["kind"]), (2, &json!("config")));
        assert_eq!(json["error"]["violations"][0]["field"], "config");
        assert!(json["error"]["message"].as_str().is_some_and(|message| message.contains("config: the file cannot be read")), "{json}");
        assert!(!json.to_string().contains("canary"), "{json}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_without_an_end_is_not_read_to_it() {
    let nobody = Reserved::new();
    let config = Config::of(vendors::all()[0], nobody.address());
    let (exit, json) = run(&["verify", "--config", config.path(), "--handle-file", "/dev/zero", "--answer", "1"], "").await;
    assert_eq!((exit, &json["error"]["message"]), (2, &json!("handle_file: the file cannot be read: longer than 1048576 bytes")));
    // Its end falls into a letter.
    let longer = "x".repeat(1 << 20) + "ü";
    let (exit, json) = run(&["verify", "--config", config.path(), "--handle", "-", "--answer", "1"], &longer).await;
    assert_eq!((exit, &json["error"]["message"]), (2, &json!("handle: standard input cannot be read: longer than 1048576 bytes")));
}

#[tokio::test]
async fn a_provider_that_is_named_is_asked_or_says_that_it_lacks_the_method() {
    let server = Server::answering(200, &[], "{}").await;
    let sections = vendors::all().into_iter().map(|vendor| format!("[{}]\n{}base_url = \"http://{}\"\n", vendor.name, vendor.toml(), server.address));
    let config = Config::new(&format!("provider = \"twilio\"\n{}", sections.collect::<String>()));
    // Each of them is what one provider alone has.
    for (provider, method) in [("authsignal", "email_link"), ("corbado", "voice_otp"), ("twilio", "credential"), ("dfns", "voice_otp")] {
        let kind = if method == "credential" { &["--kind", "Key"][..] } else { &[] };
        let arguments = ["create", "--config", config.path(), "--provider", provider, "--method", method, "--to", "+64270000000", "--user-id", "usr-1"];
        let (exit, json) = run(&[&arguments[..], kind].concat(), "").await;
        let error = &json["error"];
        assert_eq!((exit, &error["kind"], &error["provider"], &error["operation"]), (3, &json!("unsupported"), &json!(provider), &json!("create")), "{json}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_provider_that_is_named_is_asked_first_whatever_the_routes_say() {
    let (authsignal, corbado) = (vendors::get("authsignal"), vendors::get("corbado"));
    let server = Server::answering(200, &[], &authsignal.created().to_string()).await;
    let nobody = Reserved::new();
    let sections = section(authsignal, server.address) + &section(corbado, nobody.address());
    for route in ["sms_otp = \"corbado\"", "sms_otp = { \"+64\" = \"corbado\" }"] {
        let config = Config::new(&format!("provider = \"corbado\"\n[route]\n{route}\n{sections}"));
        let create = ["create", "--config", config.path(), "--method", "sms_otp", "--to", "+64270000000", "--action", "login"];
        let (exit, json) = run(&[&create[..], &["--provider", "authsignal"]].concat(), "").await;
        assert_eq!((exit, &json["provider"]), (0, &json!("authsignal")), "{route}: {json}");
    }
    let config = Config::new(&format!("provider = \"corbado\"\n[route]\nsms_otp = \"nobody\"\n{sections}"));
    let create = ["create", "--config", config.path(), "--method", "sms_otp", "--to", "+64270000000", "--provider", "authsignal"];
    let (exit, json) = run(&create, "").await;
    assert_eq!((exit, &json["error"]["violations"][0]["field"]), (2, &json!("route.sms_otp")), "a mistake is one all the same: {json}");
}

/// A vendor's section.
fn section(vendor: &Vendor, address: SocketAddr) -> String {
    format!("[{}]\n{}base_url = \"http://{address}\"\n", vendor.name, vendor.toml())
}

#[tokio::test]
async fn the_users_id_is_for_the_provider_that_is_asked_first() {
    let corbado = vendors::get("corbado");
    let server = Server::answering(200, &[], &corbado.created().to_string()).await;
    let nobody = Reserved::new();
    let own_name = format!("[second]\nvendor = \"corbado\"\n{}base_url = \"http://{}\"\n", corbado.toml(), server.address);
    let (by_vendor, authsignal) = (section(corbado, server.address), section(vendors::get("authsignal"), nobody.address()));
    let asked = async |before: &str, section: &str, users: &[&str]| {
        let config = Config::new(&format!("provider = \"authsignal\"\n{before}{section}{authsignal}"));
        let create = ["create", "--config", config.path(), "--method", "email_otp", "--to", "jane@doe.com", "--action", "login"];
        let client = ["--ip", "203.0.113.7", "--user-agent", "Mozilla/5.0"];
        run(&[&create[..], &client, users].concat(), "").await
    };
    let (own, at) = (["--user-id", "usr-1"], ["--user-id", "mine-7", "--user-id-at", "second=usr-1"]);
    for (before, section, users, provider) in [
        ("[route]\nemail_otp = \"corbado\"\n", &by_vendor, &own[..], "corbado"),
        ("[route]\nemail_otp = \"second\"\n", &own_name, &own, "second"),
        ("[route]\nemail_otp = \"second\"\n", &own_name, &at, "second"),
        ("failover = [\"second\"]\n", &own_name, &at, "second"),
    ] {
        let (exit, json) = asked(before, section, users).await;
        assert_eq!((exit, &json["provider"]), (0, &json!(provider)), "{before} {json}");
        let hop = json!({ "provider": "authsignal", "kind": "connect", "send_state": "not_sent", "passed_over": false });
        let hops = if before.starts_with("failover") { vec![hop] } else { vec![] };
        assert_eq!(json["hops"], json!(hops), "{before} {json}");
    }
    assert!(server.requests().iter().all(|request| request.path.contains("/users/usr-1/")), "{:?}", server.requests());
    // The id at one provider says nothing of another, who is left out without one of its own.
    let (exit, json) = asked("failover = [\"second\"]\n", &own_name, &own).await;
    assert_eq!((exit, &json["error"]["provider"], server.requests().len()), (6, &json!("authsignal"), 4), "{json}");
    for users in [&["--user-id-at", "canary"][..], &["--user-id-at", "nobody=canary"]] {
        let (exit, json) = asked("", &own_name, users).await;
        assert_eq!((exit, json.to_string().contains("expected NAME=ID"), json.to_string().contains("canary")), (2, true, false), "{json}");
    }
    let (exit, json) = asked("", &own_name, &["--user-id-at", "second=usr-1", "--user-id-at", "second=usr-2"]).await;
    assert_eq!((exit, &json["error"]["message"]), (2, &json!("user_id_at: expected one id at second")), "{json}");
    // One that is none is not put right by the id at another.
    let bad = ["--user-id", "mine-7", "--user-id-at", "second=a/b"];
    let (exit, json) = asked("[route]\nemail_otp = \"second\"\n", &own_name, &bad).await;
    assert_eq!((exit, &json["error"]["violations"][0]["field"], server.requests().len()), (3, &json!("user_id"), 4), "{json}");
}

#[tokio::test]
async fn a_challenge_is_sent_once_more_by_the_handle_of_a_file() {
    for vendor in vendors::all() {
        let server = Server::answering(200, &[], &vendor.created().to_string()).await;
        let config = Config::of(vendor, server.address);
        let (_, first) = created(vendor, &config, &[]).await;
        let file = Config::new(&first.to_string());
        let (exit, again) = run(&["resend", "--config", config.path(), "--handle-file", file.path()], "").await;
        if vendor.can_resend {
            assert_eq!((exit, &again["provider"], again["handle"].is_object()), (0, &json!(vendor.name), true), "{again}");
        } else {
            let error = &again["error"];
            assert_eq!((exit, &error["kind"], &error["operation"], &error["advice"]), (3, &json!("unsupported"), &json!("resend"), &json!("our_fault")));
        }
        let (exit, piped) = run(&["resend", "--config", config.path(), "--handle", "-"], &first["handle"].to_string()).await;
        assert_eq!((exit, piped.get("error").is_some()), (if vendor.can_resend { 0 } else { 3 }, !vendor.can_resend), "{piped}");
    }
}

#[tokio::test]
async fn completions_and_manual_pages_name_every_command() {
    let printed = async |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_auth-challenge")).args(arguments).output().await.expect("the command");
        assert!(output.status.success());
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = printed(&["completions", shell]).await;
        for command in ["create", "verify", "resend", "capabilities", "check", "doubles"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    let man = printed(&["man"]).await;
    for part in [".TH", "auth\\-challenge\\-create", "handle\\-file", "authsignal\\-webhook", "completions"] {
        assert!(man.contains(part), "{part}");
    }
}

#[tokio::test]
async fn an_answer_is_judged_in_another_process_by_another_config() {
    for vendor in vendors::all() {
        let replies = [vendor.created(), vendor.verified()].map(|body| Step::Answer(reply(200, &[], &body.to_string())));
        let server = Server::start(replies.into()).await;
        let first = Config::of(vendor, server.address);
        let (_, json) = created(vendor, &first, &[]).await;
        // Another vendor is current now; the old section is still there.
        let other = other_than(vendor);
        let toml = std::fs::read_to_string(first.path()).expect("the file").replacen(vendor.name, other.name, 1);
        let switched = Config::new(&format!("{toml}[{}]\n{}", other.name, other.toml()));
        let (handle, answer) = (json["handle"].to_string(), (vendor.command.answer)("123456"));
        let (exit, json) = run(&["verify", "--config", switched.path(), "--handle", "-", "--answer", &answer], &handle).await;
        assert_eq!((exit, &json["outcome"], &json["provider"]), (0, &json!("verified"), &json!(vendor.name)), "{json}");
        assert_eq!(json["address"], json!((vendor.verify.proofs)()[0].recipient));
    }
}

#[tokio::test]
async fn a_wrong_answer_exits_with_one() {
    for vendor in vendors::all() {
        for (status, body, reason) in (vendor.verify.rejections)() {
            let server = Server::answering(status, &[], &body.to_string()).await;
            let config = Config::of(vendor, server.address);
            let (handle, answer) = ((vendor.verify.handle)().to_string(), (vendor.command.answer)("123456") + "\n");
            let (exit, json) = run(&["verify", "--config", config.path(), "--handle", &handle, "--answer", "-"], &answer).await;
            assert_eq!((exit, &json["outcome"], &json["reason"]), (1, &json!("rejected"), &json!(name(reason))), "{json}");
            let advice = if reason == Reason::WrongOrExpiredCode { "try_again" } else { "ask_for_new" };
            assert_eq!(json["advice"], advice, "{json}");
            assert_eq!(server.only_request().content(), (vendor.verify.sent)().body, "{vendor:?}");
        }
    }
}

/// The name of a reason in the command line's JSON.
fn name(reason: Reason) -> &'static str {
    match reason {
        Reason::WrongOrExpiredCode => "wrong_or_expired_code",
        Reason::Expired => "expired",
        Reason::TooManyAttempts => "too_many_attempts",
        Reason::AlreadyUsed => "already_used",
        _ => "other",
    }
}

#[tokio::test]
async fn a_config_is_checked_without_network() {
    let nobody = Reserved::new();
    for vendor in vendors::all() {
        let good = Config::of(vendor, nobody.address());
        assert_eq!(run(&["check", "--config", good.path()], "").await, (0, json!({ "problems": [] })));
        for (lines, expected) in vendor.section.mistakes {
            let bad = Config::new(&format!("provider = \"{0}\"\n[{0}]\n{lines}\n[http]\ntimeout = \"0s\"\n", vendor.name));
            let (exit, json) = run(&["check", "--config", bad.path()], "").await;
            let mut fields: Vec<&str> = json["problems"].as_array().into_iter().flatten().filter_map(|problem| problem["field"].as_str()).collect();
            fields.sort_unstable();
            let mut expected: Vec<&str> = expected.iter().map(|(key, _)| *key).chain(["http.timeout"]).collect();
            expected.sort_unstable();
            assert_eq!((exit, fields), (2, expected), "{lines}");
        }
    }
    let certificate = Config::new("-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n");
    let vendor = vendors::all()[0];
    let bad = Config::within(vendor, nobody.address(), &format!("ca_file = '{}'", certificate.path()));
    let (exit, json) = run(&["check", "--config", bad.path()], "").await;
    assert_eq!((exit, &json["problems"][0]["field"], &json["problems"][1]), (2, &json!("http.ca_file"), &Value::Null), "{json}");
}

#[tokio::test]
async fn capabilities_are_told_without_a_config() {
    let (exit, all) = run(&["capabilities"], "").await;
    assert_eq!((exit, all.as_object().map(serde_json::Map::len)), (0, Some(vendors::all().len())));
    for vendor in vendors::all() {
        let (exit, json) = run(&["capabilities", "--provider", vendor.name], "").await;
        assert_eq!((exit, &json[vendor.name]), (0, &all[vendor.name]));
        let methods = json[vendor.name]["methods"].as_array().expect("methods");
        assert_eq!(methods.len(), vendor.offers.len(), "{vendor:?}");
        for (told, method) in methods.iter().zip(vendor.offers) {
            assert_eq!((&told["method"], &told["required_fields"]), (&json!(method.as_str()), &json!(vendor.needs)), "{vendor:?}");
        }
    }
    assert_eq!(run(&["capabilities", "--provider", "nobody"], "").await.0, 2);
    assert_eq!(
        all["authsignal"]["methods"][1],
        json!({
            "method": "sms_otp", "required_fields": ["to", "action"],
            "optional_fields": ["user_id", "action_key", "ip", "user_agent", "device_id", "locale", "scope", "metadata"], "lifetime": false
        })
    );
}

#[tokio::test]
async fn an_intent_sends_once_from_any_process_and_one_that_is_missing_sends_nothing() {
    let Some(redis) = support::redis::Redis::start() else { return };
    let vendor = vendors::all()[0];
    let server = Server::answering(200, &[], &vendor.created().to_string()).await;
    let (name, keys, address, url) = (vendor.name, vendor.toml(), server.address, redis.url());
    let once = "[send_once]\nstore = \"redis\"\nkey = \"a key of thirty-two characters!!\"";
    let config = Config::new(&format!("provider = \"{name}\"\n[{name}]\n{keys}base_url = \"http://{address}\"\n{once}\nredis_url = \"{url}\"\n"));
    let create = async |intent: &[&str]| {
        let arguments = ["create", "--config", config.path(), "--method", "email_otp", "--to", "jane@doe.com", "--user-id", "usr-1", "--action", "login"];
        let client = ["--ip", "203.0.113.7", "--user-agent", "Mozilla/5.0"];
        loop {
            let (status, told) = run(&[&arguments[..], &client, intent].concat(), "").await;
            // Where a busy machine's store took longer than a config gives it, nothing was sent.
            if told["error"]["kind"] != "throttled" {
                return (status, told);
            }
        }
    };
    let without = Config::of(vendor, address);
    let (status, told) = run(&["create", "--config", without.path(), "--method", "email_otp", "--to", "jane@doe.com", "--intent", "session 7"], "").await;
    assert_eq!((status, server.requests().len()), (2, 0), "{told}");
    let (first, again) = (create(&["--intent", "session 7"]).await, create(&["--intent", "session 7"]).await);
    assert_eq!((first.0, &first.1["handle"]), (0, &again.1["handle"]), "{first:?} {again:?}");
    let (status, told) = create(&[]).await;
    assert_eq!((status, &told["error"]["violations"][0]["field"]), (3, &json!("intent")), "{told}");
    assert_eq!(server.requests().len(), 1);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_result_that_cannot_be_written_is_no_success() {
    let vendor = vendors::get("corbado");
    let server = Server::answering(200, &[], &vendor.created().to_string()).await;
    let config = Config::of(vendor, server.address);
    let full = || std::fs::File::options().write(true).open("/dev/full").expect("a device without room");
    // A pipe whose reader is gone.
    let (unread, broken) = std::io::pipe().expect("a pipe");
    drop(unread);
    for (number, out) in [Stdio::from(full()), Stdio::from(broken)].into_iter().enumerate() {
        let mut command = Command::new(env!("CARGO_BIN_EXE_auth-challenge"));
        command.args([&["create", "--config", config.path()], vendor.command.create].concat()).stdin(Stdio::null()).stdout(out).stderr(Stdio::piped());
        let untold = command.spawn().expect("the command").wait_with_output().await.expect("its end");
        let said = String::from_utf8_lossy(&untold.stderr);
        assert_eq!((untold.status.code(), server.requests().len()), (Some(5), number + 1), "{said}");
        assert!(said.contains("standard output cannot be written"), "{said}");
    }
    // Logs that cannot be written are no reason not to tell the result.
    for log in ["trace", "a=b=c"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_auth-challenge"));
        command.args([&["create", "--config", config.path()], vendor.command.create].concat()).env("RUST_LOG", log).stdin(Stdio::null());
        let told = command.stdout(Stdio::piped()).stderr(full()).spawn().expect("the command").wait_with_output().await.expect("its end");
        assert_eq!((told.status.code(), told.stdout.starts_with(b"{")), (Some(0), true), "{log}");
    }
    for arguments in [&["--help"][..], &["--version"], &["completions", "bash"], &["man"], &["doubles"]] {
        // Standard error may be as full.
        for (error, is_read) in [(Stdio::piped(), true), (Stdio::from(full()), false)] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_auth-challenge"));
            let untold = command.args(arguments).stdin(Stdio::null()).stdout(full()).stderr(error).spawn().expect("the command");
            let untold = untold.wait_with_output().await.expect("its end");
            assert_eq!(untold.status.code(), Some(5), "{arguments:?}");
            assert_eq!(String::from_utf8_lossy(&untold.stderr).contains("standard output cannot be written"), is_read, "{arguments:?}");
        }
    }
}
