//! What the control port shows as it happens, and what doubles know again after a reset or a restart.

#![cfg(feature = "cli")]

mod support;

use std::time::Duration;

use auth_challenge::{
    ChallengeProvider, ChallengeProviderExt as _, ErrorKind, Method, Verification,
    testing::{AuthsignalDouble, ChallengeState, Control, CorbadoDouble, Double, DoubleEntry, Fault, Operation, Seed, StateFile},
};
use serde_json::{Value, json};
use support::{LONG, config::Folder};

async fn control(doubles: &[Double]) -> Control {
    Control::start(([127, 0, 0, 1], 0).into(), doubles.to_vec()).await.expect("a port")
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(LONG * 2).build().expect("a client")
}

async fn get(control: &Control, target: &str) -> Value {
    client().get(control.base_url() + target).send().await.expect("a reply").json().await.expect("JSON")
}

async fn post(control: &Control, target: &str, body: &Value) -> (u16, Value) {
    let reply = client().post(control.base_url() + target).json(body).send().await.expect("a reply");
    (reply.status().as_u16(), reply.json().await.expect("JSON"))
}

/// Server-sent events, one after the other.
struct Events(reqwest::Response, String);

impl Events {
    async fn listen(control: &Control) -> Self {
        Self(client().get(control.base_url() + "/events").send().await.expect("a reply"), String::new())
    }

    async fn next(&mut self) -> (String, Value) {
        loop {
            if let Some((event, rest)) = self.1.split_once("\n\n").map(|(event, rest)| (event.to_owned(), rest.to_owned())) {
                self.1 = rest;
                let member = |name: &str| event.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).map(str::to_owned);
                if let (Some(name), Some(data)) = (member("event"), member("data")) {
                    return (name, serde_json::from_str(&data).expect("JSON"));
                }
                continue;
            }
            let chunk = self.0.chunk().await.expect("a stream").expect("more of it");
            self.1 += std::str::from_utf8(&chunk).expect("UTF-8");
        }
    }

    /// Passes over events until one of this name.
    async fn until(&mut self, wanted: &str) -> Value {
        loop {
            let (name, data) = self.next().await;
            if name == wanted {
                return data;
            }
        }
    }
}

#[tokio::test]
async fn whoever_waits_for_a_message_gets_it_when_it_is_sent() {
    let double = Double::start("authsignal").await;
    let control = control(std::slice::from_ref(&double)).await;
    double.provider().create(&double.person("joe@doe.com")).await.expect("a challenge");
    let url = control.base_url() + "/outbox?to=jane@doe.com&wait_s=60";
    let waiting = tokio::spawn(async move { client().get(url).send().await.expect("a reply").json::<Value>().await.expect("JSON") });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished(), "nothing was sent to her");
    double.provider().create(&double.person("jane@doe.com")).await.expect("a challenge");
    let messages = waiting.await.expect("no panic");
    assert_eq!((messages.as_array().map(Vec::len), &messages[0]["to"]), (Some(1), &json!("jane@doe.com")));
    let later = format!("/outbox?to=jane@doe.com&after={}", messages[0]["number"]);
    assert_eq!(get(&control, &later).await, json!([]));
}

#[tokio::test]
async fn events_tell_of_messages_requests_violations_faults_the_clock_and_a_reset() {
    let double = Double::start("authsignal").await;
    let control = control(std::slice::from_ref(&double)).await;
    let mut events = Events::listen(&control).await;
    assert_eq!(events.next().await.0, "hello");
    double.provider().create(&double.person("jane@doe.com")).await.expect("a challenge");
    let request = events.until("request").await;
    assert_eq!((&request["operation"], &request["status"]), (&json!("create"), &Value::Null));
    let sent = events.until("sent").await;
    assert_eq!((&sent["to"], &sent["code"]), (&json!("jane@doe.com"), &json!(double.outbox().last_code())));
    assert!(sent["expires_at"].is_string(), "{sent}");
    let answer = events.until("answer").await;
    assert_eq!((&answer["number"], &answer["status"]), (&request["number"], &json!(200)));
    assert_eq!(answer["headers"]["authorization"], "Basic …", "no secret is shown");

    let bad = client().post(double.base_url() + "/challenge").basic_auth("as_secret", Some("")).json(&json!({ "action": "login", "email": 7 }));
    assert_eq!(bad.send().await.expect("a reply").status(), 400);
    let violation = events.until("violation").await;
    let requests = get(&control, "/requests?limit=1").await;
    assert_eq!((&requests[0]["number"], &requests[0]["violations"][0]), (&violation["request"], &violation));

    double.fail(Operation::CREATE, Fault::hang().with_probability(0.0).with_seed(7));
    let waiting = events.until("faults").await["waiting"].clone();
    assert_eq!(waiting, json!([{ "provider": "authsignal", "operation": "create", "fault": "hang", "times": 0, "probability": 0.0, "seed": 7 }]));
    post(&control, "/clock", &json!({ "stop_at": "2030-01-01T00:00:00Z" })).await;
    assert_eq!(events.until("clock").await, json!({ "now": "2030-01-01T00:00:00.000Z", "stopped": true }));
    post(&control, "/reset", &json!({})).await;
    events.until("reset").await;
    assert_eq!((get(&control, "/outbox").await, get(&control, "/requests").await, get(&control, "/challenges").await), (json!([]), json!([]), json!([])));
}

#[tokio::test]
async fn every_challenge_is_shown_with_what_became_of_it() {
    for entry in DoubleEntry::ALL {
        let double = entry.builder().with_max_attempts(1).start().await.expect("a double");
        let auth = double.provider();
        let challenges: Vec<_> = [
            auth.create(&double.person("jane@doe.com")).await,
            auth.create(&double.person("joe@doe.com")).await,
            auth.create(&double.person("jim@doe.com")).await,
        ]
        .into_iter()
        .map(|challenge| challenge.expect("a challenge"))
        .collect();
        let _ = auth.verify(challenges[0].handle(), &double.right_answer(&challenges[0])).await.expect("an answer");
        // A passkey or key that is answered wrongly is pending still.
        let sends = !double.outbox().is_empty();
        if sends {
            let _ = auth.verify(challenges[1].handle(), &double.wrong_answer(&challenges[1])).await.expect("an answer");
        }
        let states = || double.challenges().iter().map(|known| known.state()).collect::<Vec<_>>();
        let second = if sends { ChallengeState::TooManyAttempts } else { ChallengeState::Pending };
        assert_eq!(states(), [ChallengeState::Verified, second, ChallengeState::Pending], "{double:?}");
        double.clock().advance(Duration::from_secs(24 * 60 * 60));
        assert_eq!(states().last(), Some(&ChallengeState::Expired), "{double:?}");
    }
}

#[tokio::test]
async fn a_sample_and_every_command_to_paste_challenge_somebody() {
    for entry in DoubleEntry::ALL {
        let double = Double::start(entry.name()).await;
        let control = control(std::slice::from_ref(&double)).await;
        let (status, told) = post(&control, "/sample", &json!({ "provider": entry.name(), "to": "jane@doe.com" })).await;
        assert_eq!((status, &told["error"]), (200, &Value::Null), "{told}");
        let commands = double.sample_commands();
        assert_eq!(commands.len(), 3);
        for (title, command) in commands {
            // Twilio goes on with a verification that waits for the same person.
            let all = || double.challenges().len() + double.outbox().len();
            let before = all();
            // As a shell reads it: words in quotes.
            let words: Vec<&str> = command.split('\'').collect();
            let quoted: Vec<&str> = words.iter().skip(1).step_by(2).copied().collect();
            let (user, rest) = if command.contains(" -u ") { (quoted[0].split_once(':'), &quoted[1..]) } else { (None, &quoted[..]) };
            let [header, body, url] = rest else { panic!("{command}") };
            let mut request = client().post(*url).header("content-type", header.trim_start_matches("content-type: ")).body((*body).to_owned());
            if let Some((name, password)) = user {
                request = request.basic_auth(name, Some(password));
            }
            let reply = request.send().await.expect("a reply");
            let status = reply.status();
            assert!(status.is_success(), "{title}: {command}: {status} {}", reply.text().await.expect("a text"));
            assert!(all() > before, "{title}");
        }
        double.violations().assert_none();
    }
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere_and_runs_nothing_but_its_own() {
    let control = control(&[Double::start("authsignal").await]).await;
    let reply = client().get(control.base_url()).send().await.expect("a reply");
    let policy = reply.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    let page = reply.text().await.expect("a page");
    for outside in ["http://", "https://", "//cdn", " src=", "@import", " style=", " onclick=", "innerHTML"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[tokio::test]
async fn a_seed_gives_users_codes_and_faults_and_a_reset_gives_them_again() {
    let seed: Seed = serde_json::from_value(json!({
        "codes": { "jane@doe.com": "424242" },
        "users": [{ "provider": "corbado", "id": "usr-7", "name": "jane@doe.com" }],
        "faults": [{ "provider": "corbado", "operation": "create", "fault": "status", "status": 503 }],
    }))
    .expect("a seed");
    let double = CorbadoDouble::start().await;
    seed.apply(&[Double::clone(&double)]).expect("a seed for this double");
    for _ in 0..2 {
        let jane = double.person("jane@doe.com");
        assert_eq!(double.add_user("jane@doe.com"), "usr-7");
        assert_eq!(double.provider().create(&jane).await.expect_err("the fault").kind(), ErrorKind::Unavailable);
        double.provider().create(&jane).await.expect("a challenge");
        assert_eq!(double.outbox().last_code(), "424242");
        double.reset();
        double.outbox().assert_empty();
    }
    for (bad, expected) in [
        (json!({ "users": [{ "provider": "corbado" }] }), "users[0]: expected an id or a name"),
        (json!({ "users": [{ "provider": "nobody", "id": "1" }] }), "users[0]: provider: expected one of corbado"),
        (json!({ "faults": [{ "fault": "hang" }, { "fault": "earthquake" }] }), "faults[1]: fault: expected one of status"),
    ] {
        let seed: Seed = serde_json::from_value(bad).expect("a seed");
        let told = seed.apply(&[Double::clone(&double)]).expect_err("a mistake").to_string();
        assert!(told.starts_with(expected), "{told}");
        assert!(!format!("{seed:?}").contains("nobody"));
    }
}

#[tokio::test]
async fn what_doubles_learned_survives_a_restart() {
    let folder = Folder::new().expect("a folder");
    for entry in DoubleEntry::ALL {
        let path = folder.write(entry.name(), "").expect("a file");
        std::fs::remove_file(&path).expect("gone");
        let start = async || entry.builder().start().await.expect("a double");
        let before = start().await;
        let file = StateFile::open(&path, std::slice::from_ref(&before)).expect("a file");
        before.clock().advance(Duration::from_secs(30));
        let challenge = before.provider().create(&before.person("jane@doe.com")).await.expect("a challenge");
        before.fail(Operation::CREATE, Fault::rate_limited().with_times(2));
        file.write().expect("written");
        let (messages, state) = (before.outbox().len(), before.challenges().len());
        drop((file, before));

        let after = start().await;
        let file = StateFile::open(&path, std::slice::from_ref(&after)).expect("the file");
        assert_eq!((after.outbox().len(), after.challenges().len()), (messages, state));
        let request = after.person("joe@doe.com");
        for _ in 0..2 {
            assert_eq!(
                after.provider().create_with(&request, &auth_challenge::CallOptions::default().with_single_attempt()).await.expect_err("the fault").kind(),
                ErrorKind::RateLimited
            );
        }
        let right = after.provider().verify(challenge.handle(), &after.right_answer(&challenge)).await.expect("an answer");
        assert!(matches!(right, Verification::Verified(_)), "{entry:?}");
        // Written by itself, soon after.
        let end = std::time::Instant::now() + LONG;
        while !std::fs::read_to_string(&path).expect("the file").contains("\"faults\":[]") {
            assert!(std::time::Instant::now() < end, "not written");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        drop(file);
    }
    let late = r#"{"version":1,"doubles":{"authsignal":{"vendor":{"challenges":[],"tokens":[]},"messages":[{"method":"sms_otp","to":"canary","code":"canary",
        "link":null,"sent_at":{"secs_since_epoch":253402300800,"nanos_since_epoch":0},"challenge_id":"canary"}],"faults":[]}}}"#;
    for bad in ["", "{}", late, r#"{"version":2}"#, r#"{"version":1,"doubles":{"authsignal":{"vendor":7,"messages":[],"faults":[]}}}"#] {
        let path = folder.write("bad", bad).expect("a file");
        let double = Double::start("authsignal").await;
        let told = StateFile::open(&path, &[double]).expect_err("no state").to_string();
        assert!(told.starts_with("the state of doubles: ") && !told.contains("canary"), "{told}");
        assert_eq!(std::fs::read_to_string(&path).expect("the file"), bad, "what cannot be read is left as it is");
    }
}

#[tokio::test]
async fn a_recipient_may_have_a_code_of_its_own() {
    let double = AuthsignalDouble::builder().with_code("111111").with_code_for("+49 170 1234567", "222222").start().await.expect("a double");
    for (to, code) in [("+491701234567", "222222"), ("+64270000000", "111111")] {
        let challenge = double.provider().create(&double.person(to)).await.expect("a challenge");
        assert_eq!((challenge.method(), double.outbox().last_code()), (Method::SmsOtp, code));
    }
}

#[tokio::test]
async fn a_state_file_behind_a_link_is_written_where_the_link_leads() {
    let folder = Folder::new().expect("a folder");
    let target = folder.write("target", "").expect("a file");
    let double = Double::start("authsignal").await;
    std::fs::remove_file(&target).expect("gone");
    StateFile::open(&target, std::slice::from_ref(&double)).expect("a file").write().expect("written");
    let link = target.with_file_name("link");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&target, &link).expect("a link");
        let file = StateFile::open(&link, std::slice::from_ref(&double)).expect("the file");
        double.provider().create(&double.person("jane@doe.com")).await.expect("a challenge");
        file.write().expect("written");
        assert!(link.is_symlink());
        assert!(std::fs::read_to_string(&target).expect("the file").contains("jane@doe.com"));
    }
    let told = StateFile::open("/dev/zero", &[double]).expect_err("no file").to_string();
    assert!(told.starts_with("expected a file of") || cfg!(not(unix)), "{told}");
}

#[tokio::test]
async fn who_waits_leaves_places_for_who_does_not_and_whoever_goes_leaves_their_own() {
    let control = control(&[Double::start("authsignal").await]).await;
    let ready = async || client().get(control.base_url() + "/readyz").send().await.expect("a reply").status().as_u16();
    let mut pages = Vec::new();
    for _ in 0..24 {
        pages.push(Events::listen(&control).await);
    }
    let mut polls = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let url = control.base_url() + "/outbox?to=nobody@doe.com&wait_s=120";
        polls.spawn(async move { client().get(url).send().await.expect("a reply").status().as_u16() });
    }
    // Those for whom there is no place are told so; the others wait.
    for _ in 0..16 {
        assert_eq!(polls.join_next().await.expect("a poll").expect("no panic"), 503);
    }
    assert_eq!(ready().await, 200);
    polls.abort_all();
    drop(pages);
    let end = std::time::Instant::now() + LONG;
    while client().get(control.base_url() + "/outbox?wait_s=0.01").send().await.expect("a reply").status() != 200 {
        assert!(std::time::Instant::now() < end, "no place gets free");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_command_that_strays_from_the_document_does_nothing() {
    let double = Double::start("authsignal").await;
    let control = control(std::slice::from_ref(&double)).await;
    for (target, body, expected) in [
        ("/clock", json!([5, null, false, false]), "expected a JSON object"),
        ("/clock", json!({ "advance_s": null }), "advance_s: expected a value"),
        ("/clock", json!({ "stop_at": "2030-01-01T00:00:00+02:00" }), "stop_at: expected a time as in RFC 3339, in UTC"),
        ("/faults", json!(["authsignal", "create", "hang"]), "expected a JSON object"),
        ("/faults", json!({ "fault": "hang", "operation": null }), "operation: expected a value"),
        ("/faults", json!({ "fault": "hang", "status": 503 }), "status: hang takes none"),
        ("/reset", json!({ "all": true }), "all: unknown field"),
        ("/reset", json!("all"), "expected a JSON object"),
        ("/answer", json!({ "options": [] }), "options: expected an object"),
    ] {
        let (status, told) = post(&control, target, &body).await;
        assert!(status == 400 && told["error"].as_str().is_some_and(|told| told.starts_with(expected)), "{target} {body}: {told}");
    }
    assert_eq!(get(&control, "/faults").await["waiting"], json!([]));
}
