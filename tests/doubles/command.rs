//! `auth-challenge doubles`: the first line, the event lines, the control port, the end.

use std::{
    io::{BufRead as _, BufReader, Lines},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::{LONG, Server, config::Folder, raw};

struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    first: Value,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_auth-challenge"));
        let mut child = command.arg("doubles").args(arguments).stdout(Stdio::piped()).spawn().expect("the command");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut running = Self { child, lines, first: Value::Null };
        running.first = running.line();
        running
    }

    fn line(&mut self) -> Value {
        let line = self.lines.next().expect("a line").expect("text");
        serde_json::from_str(&line).expect("JSON")
    }

    fn url(&self, name: &str, path: &str) -> String {
        format!("{}{path}", self.first[name]["base_url"].as_str().expect("a URL"))
    }

    fn end(&mut self, signal: &str) -> ExitStatus {
        Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill");
        let told = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return status;
            }
            // A second is promised; a busy machine gets more.
            assert!(told.elapsed() < Duration::from_secs(30), "no end after {signal}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Gone already where the test ended it.
        _ = self.child.kill();
    }
}

const CHALLENGE: &str = r#"{"verificationMethod":"EMAIL_OTP","action":"login","email":"jane@doe.com"}"#;

async fn post(url: String, password: Option<(&str, &str)>, body: &str) -> (u16, Value) {
    let mut request = reqwest::Client::new().post(url).header("content-type", "application/json").body(body.to_owned());
    if let Some((user, password)) = password {
        request = request.basic_auth(user, Some(password));
    }
    let reply = request.send().await.expect("a reply");
    (reply.status().as_u16(), reply.json().await.expect("JSON"))
}

#[tokio::test]
async fn the_first_line_is_all_that_a_client_needs() {
    let running = Running::start(&[]);
    let first = &running.first;
    assert_eq!((&first["corbado"]["project_id"], &first["corbado"]["api_secret"]), (&json!("pro-1"), &json!("corbado1_secret")));
    assert_eq!(first["corbado"]["user_id"], "usr-4693224802260150919");
    assert_eq!((&first["authsignal"]["secret_key"], &first["dfns"]["code"]), (&json!("as_secret"), &json!("ABCD-1234-EFGH")));
    let config = auth_challenge::Config::from_toml_str(first["config_toml"].as_str().expect("text")).expect("TOML");
    assert!(config.problems().is_empty(), "{:?}", config.problems());
}

#[tokio::test]
async fn a_message_and_a_violation_are_a_line_each() {
    let mut running = Running::start(&["--authsignal-secret", "other", "--code", "123456"]);
    let (status, _) = post(running.url("authsignal", "/challenge"), Some(("other", "")), CHALLENGE).await;
    assert_eq!(status, 200);
    let sent = json!({ "event": "sent", "provider": "authsignal", "method": "email_otp", "to": "jane@doe.com", "code": "123456" });
    assert_eq!(running.line(), sent);
    post(running.url("authsignal", "/challenge"), Some(("other", "")), r#"{"action":"login","email":7}"#).await;
    let violation = running.line();
    assert_eq!((&violation["event"], &violation["provider"]), (&json!("violation"), &json!("authsignal")));
    assert!(violation["pointer"].as_str().is_some_and(|pointer| pointer.starts_with("/body/")), "{violation}");
}

#[tokio::test]
async fn the_control_port_shows_messages_and_takes_faults_and_the_time() {
    let running = Running::start(&["--control", "127.0.0.1:0", "--code", "123456"]);
    let key = Some(("as_secret", ""));
    let (_, challenge) = post(running.url("authsignal", "/challenge"), key, CHALLENGE).await;
    let outbox = async |to: &str| -> Value {
        let reply = reqwest::get(running.url("control", &format!("/outbox?to={to}"))).await.expect("a reply");
        reply.json().await.expect("JSON")
    };
    assert_eq!(outbox("jane%40doe.com").await[0]["code"], "123456");
    assert_eq!(outbox("nobody").await, json!([]));

    let fault = r#"{"provider":"authsignal","operation":"create","fault":"status","status":503}"#;
    assert_eq!(post(running.url("control", "/faults"), None, fault).await.0, 200);
    assert_eq!(post(running.url("authsignal", "/challenge"), key, CHALLENGE).await.0, 503);
    for bad in [r#"{"fault":"none"}"#, r#"{"fault":"status"}"#, r#"{"fault":"hang","provider":"x"}"#, r#"{"fault":"hang","operation":"x"}"#, "[]", ""] {
        assert_eq!(post(running.url("control", "/faults"), None, bad).await.0, 400, "{bad}");
    }

    for (bad, listed) in [
        (r#"{"fault":"earthquake"}"#, "huge_body"),
        (r#"{"fault":"hang","operation":"x"}"#, "issue_code"),
        (r#"{"fault":"hang","operation":"claim","provider":"corbado"}"#, "create, verify"),
        (r#"{"fault":"hang","provider":"x"}"#, "authsignal"),
    ] {
        let (_, told) = post(running.url("control", "/faults"), None, bad).await;
        assert!(told["error"].as_str().is_some_and(|told| told.contains(listed)), "{told}");
    }

    assert_eq!(post(running.url("control", "/clock"), None, r#"{"advance_s":3600}"#).await.0, 200);
    let answer = json!({ "challengeId": challenge["challengeId"], "verificationCode": "123456" });
    let (_, late) = post(running.url("authsignal", "/verify"), key, &answer.to_string()).await;
    assert_eq!(late["isVerified"], false);
    assert_eq!(post(running.url("control", "/clock"), None, r#"{"advance_s":-1}"#).await.0, 400);
}

#[tokio::test]
async fn numbers_go_on_after_a_restart_also_when_all_was_forgotten() {
    let folder = Folder::new().expect("a folder");
    let state = folder.write("state", "").expect("a file");
    std::fs::remove_file(&state).expect("gone");
    let arguments = ["--state", state.to_str().expect("text")];
    let newest = async |running: &Running| -> u64 {
        post(running.url("authsignal", "/challenge"), Some(("as_secret", "")), CHALLENGE).await;
        let outbox: Value = reqwest::get(running.url("control", "/outbox")).await.expect("a reply").json().await.expect("JSON");
        outbox.as_array().and_then(|all| all.last()).and_then(|last| last["number"].as_u64()).expect("a number")
    };
    let mut running = Running::start(&arguments);
    let (mut last, mut seen) = (0, Vec::new());
    for _ in 0..3 {
        last = newest(&running).await;
    }
    for forgets in [false, true] {
        seen.push(last);
        if forgets {
            post(running.url("control", "/reset"), None, "{}").await;
        }
        assert!(running.end("-TERM").success());
        running = Running::start(&arguments);
        last = newest(&running).await;
    }
    seen.push(last);
    assert!(seen.is_sorted_by(|before, after| before < after), "{seen:?}");
}

#[tokio::test]
async fn webhooks_go_where_they_are_told_to_and_nowhere_else() {
    let receiver = Server::answering(200, &[], "").await;
    let url = format!("http://{}/hooks", receiver.address);
    let running = Running::start(&["--authsignal-webhook", &url, "--authsignal-undeliverable", "+64270000001, +64270000002"]);
    let text = r#"{"verificationMethod":"SMS","action":"login","phoneNumber":"+64270000002"}"#;
    assert_eq!(post(running.url("authsignal", "/challenge"), Some(("as_secret", "")), text).await.0, 200);
    let began = Instant::now();
    while !receiver.requests().iter().any(|seen| String::from_utf8_lossy(&seen.body).contains("SMS_NOT_DELIVERED")) {
        assert!(began.elapsed() < LONG, "no webhook");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let refused =
        Command::new(env!("CARGO_BIN_EXE_auth-challenge")).args(["doubles", "--authsignal-webhook", "http://example.com"]).output().expect("the command");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("expected an http URL on loopback"), "{refused:?}");
}

#[tokio::test]
async fn every_user_id_of_corbados_form_is_known_to_the_server_but_one() {
    let running = Running::start(&["--corbado-credentials", "pro-2:corbado1_x"]);
    for (user, words) in [("usr-0", "userID"), ("usr-jane", "userID"), ("jane", "userID"), ("usr-7", "challengeType")] {
        let path = format!("/users/{user}/challenges");
        let (_, refused) = post(running.url("corbado", &path), Some(("pro-2", "corbado1_x")), "{}").await;
        let fields: Vec<&Value> = refused["error"]["validation"].as_array().into_iter().flatten().map(|violation| &violation["field"]).collect();
        assert!(fields.contains(&&json!(words)), "{user}: {fields:?}");
        assert_eq!(fields.contains(&&json!("userID")), user != "usr-7");
    }
}

#[tokio::test]
async fn a_user_of_the_seed_is_known_whatever_the_form_of_its_id() {
    let folder = Folder::new().expect("a folder");
    let seed = folder.write("seed.toml", "users = [{ provider = \"corbado\", id = \"jane-1\", name = \"jane@doe.com\" }]\n").expect("a file");
    let running = Running::start(&["--corbado-credentials", "pro-2:corbado1_x", "--seed", seed.to_str().expect("a path in UTF-8")]);
    let (_, refused) = post(running.url("corbado", "/users/jane-1/challenges"), Some(("pro-2", "corbado1_x")), "{}").await;
    assert!(refused["error"]["validation"].to_string().contains("challengeType"), "{refused}");
    assert!(!refused.to_string().contains("userID"), "{refused}");
}

#[test]
fn it_ends_well_when_told_to() {
    for signal in ["-INT", "-TERM"] {
        let status = Running::start(&[]).end(signal);
        assert_eq!(status.code(), Some(0), "{signal}");
    }
}

/// Lets so many lines be printed, of which nobody reads any; a pipe takes some hundred.
async fn print_lines(running: &Running, count: usize) {
    let many: Value = (0..200).map(|number| (format!("unknown_member_{number}"), Value::Null)).collect();
    let client = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().expect("a client");
    for _ in 0..count / 100 {
        let reply = client.post(running.url("dfns", "/auth/credentials/code/init")).json(&many).send().await.expect("a reply");
        assert_eq!(reply.status().as_u16(), 400);
    }
}

#[tokio::test]
async fn it_works_on_and_ends_well_when_nobody_reads_what_it_prints() {
    for signal in ["-INT", "-TERM"] {
        let mut running = Running::start(&["--control", "0"]);
        print_lines(&running, 2_000).await;
        assert_eq!(post(running.url("authsignal", "/challenge"), Some(("as_secret", "")), CHALLENGE).await.0, 200);
        assert_eq!(running.end(signal).code(), Some(0), "{signal}");
    }
}

#[tokio::test]
async fn a_reader_that_was_slow_is_told_how_much_was_lost() {
    let mut running = Running::start(&[]);
    print_lines(&running, 40_000).await;
    let mut lines = std::iter::repeat_with(|| running.line()).take(40_000);
    let lost = lines.find(|line| line["event"] == "lost").expect("a line that tells");
    assert!(lost["lines"].as_u64().is_some_and(|lines| lines > 0), "{lost}");
}

/// What a process has in memory, in mebibytes.
#[cfg(target_os = "linux")]
fn mebibytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_comes_in_does_not_stay_in_memory() {
    let running = Running::start(&[]);
    let before = mebibytes(running.child.id());
    let (header, body) = ("x".repeat(55_000), format!("{{\"{}\":0}}", "n".repeat(1_000_000)));
    let headers = format!("GET /nowhere HTTP/1.1\r\nx-long: {header}\r\n\r\n").repeat(50);
    let head = "POST /auth/credentials/code/init HTTP/1.1\r\ncontent-type: application/json";
    let names = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).repeat(5);
    for (requests, answer) in [(&headers, "HTTP/1.1 404"), (&names, "HTTP/1.1 400")] {
        for _ in 0..60 {
            assert!(raw::say(&running.url("dfns", ""), requests.as_bytes()).await.contains(answer));
        }
    }
    // More than 400 came.
    let grown = mebibytes(running.child.id()).saturating_sub(before);
    assert!(grown < 150, "{grown} MiB more");
}

#[test]
fn what_it_cannot_do_is_an_error_and_status_2_and_not_echoed() {
    for arguments in [
        ["--corbado", "192.0.2.1:0"],
        ["--control", "0.0.0.0:0"],
        ["--control-name", ""],
        ["--dfns", "nowhere"],
        ["--corbado-credentials", "canary"],
        ["--authsignal-webhook", "http://canary:canary@192.0.2.1/"],
        ["--code-for", "=canary"],
        ["--dfns-rp-id", "https://x"],
        ["--state", "/dev/zero"],
        ["--seed", "/dev/zero"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_auth-challenge")).arg("doubles").args(arguments).output().expect("the command");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(!told.contains("canary"), "{arguments:?}: {told}");
    }
}

#[test]
fn a_seed_file_that_cannot_be_used_is_told_with_the_line_and_not_quoted() {
    let folder = Folder::new().expect("a folder");
    for (name, text) in [
        ("seed.json", "{\n\"codes\": {\"jane@doe.com\": 7654321 }}"),
        ("seed.toml", "users = []\ncodes = \"7654321\""),
        ("seed.JSON", "{\n\"coeds\": \"7654321\"}"),
    ] {
        let path = folder.write(name, text).expect("a file");
        let output = Command::new(env!("CARGO_BIN_EXE_auth-challenge")).arg("doubles").arg("--seed").arg(&path).output().expect("the command");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains("--seed: ") && told.contains("breaks at line 2") && !told.contains("7654321"), "{told}");
    }
}

#[tokio::test]
async fn a_config_is_written_anew_but_never_over_one_that_is_somebodys_own() {
    let folder = Folder::new().expect("a folder");
    let path = folder.path().join("auth.toml");
    let path = path.to_str().expect("text");
    let ports = ["--corbado", "127.0.0.1:0", "--control", "127.0.0.1:0", "--write-config", path];
    for _ in 0..2 {
        let _running = Running::start(&ports);
        let written = std::fs::read_to_string(path).expect("a config");
        assert!(written.contains("find_or_create_users = true"), "{written}");
        assert!(auth_challenge::Config::from_toml_file(path).expect("a config").problems().is_empty());
    }
    let own = "provider = \"corbado\"\n# keep\n";
    std::fs::write(path, own).expect("a config");
    let output = Command::new(env!("CARGO_BIN_EXE_auth-challenge")).arg("doubles").args(ports).output().expect("the command");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stdout).contains("was not written by doubles"), "{output:?}");
    assert_eq!(std::fs::read_to_string(path).expect("the config"), own);

    let output = Command::new(env!("CARGO_BIN_EXE_auth-challenge")).args(["doubles", "--corbado", "127.0.0.1:0", "--write-config", "/dev/zero"]).output();
    assert_eq!(output.expect("the command").status.code(), Some(2));
}
