//! What the control port shows as it happens.

use std::time::Duration;

use auth_challenge::{
    ChallengeProviderExt as _, Method,
    testing::{AuthsignalDouble, ChallengeState, Clock, Control, Double, DoubleEntry, Fault, Operation},
};
use serde_json::{Value, json};

use crate::support::LONG;

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
    // What is asked for without a value is not asked for.
    assert_eq!(get(&control, "/outbox?to=&after=&wait_s=").await.as_array().map(Vec::len), Some(2));
    assert_eq!(get(&control, "/requests?limit=").await.as_array().map(Vec::len), Some(2));
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
async fn a_recipient_may_have_a_code_of_its_own() {
    let double = AuthsignalDouble::builder().with_code("111111").with_code_for("+49 170 1234567", "222222").start().await.expect("a double");
    for (to, code) in [("+491701234567", "222222"), ("+64270000000", "111111")] {
        let challenge = double.provider().create(&double.person(to)).await.expect("a challenge");
        assert_eq!((challenge.method(), double.outbox().last_code()), (Method::SmsOtp, code));
    }
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

#[tokio::test]
async fn a_recipient_is_asked_for_in_any_spelling_and_a_tag_is_an_inbox_of_its_own() {
    let double = Double::start("authsignal").await;
    let control = control(std::slice::from_ref(&double)).await;
    for to in ["Jane+a@doe.com", "jane+b@doe.com", "jane@doe.com", "+64270000001"] {
        double.provider().create(&double.person(to)).await.expect("a challenge");
    }
    for (asked, found) in [
        ("jane%2Ba@DOE.com", vec!["Jane+a@doe.com"]),
        // As whoever forgets to encode it writes it.
        ("jane+b@doe.com", vec!["jane+b@doe.com"]),
        ("jane@doe.com", vec!["jane@doe.com"]),
        ("+64270000001", vec!["+64270000001"]),
        ("%2B64%2027%200000001", vec!["+64270000001"]),
        ("jane@doe.com%20", vec!["jane@doe.com"]),
        ("jane+c@doe.com", vec![]),
    ] {
        let outbox = get(&control, &format!("/outbox?to={asked}")).await;
        let to: Vec<&str> = outbox.as_array().expect("a list").iter().filter_map(|message| message["to"].as_str()).collect();
        assert_eq!(to, found, "{asked}");
    }
}

#[tokio::test]
async fn the_newest_challenges_are_those_of_all_doubles() {
    let clock = Clock::default();
    let start = async |name: &str| DoubleEntry::find(name).expect("its double").builder().with_clock(clock.clone()).start().await.expect("a double");
    let doubles = [start("authsignal").await, start("corbado").await];
    let control = control(&doubles).await;
    for (index, to) in [(1, "one@doe.com"), (0, "two@doe.com"), (1, "three@doe.com"), (0, "four@doe.com")] {
        let double: &Double = &doubles[index];
        double.provider().create(&double.person(to)).await.expect("a challenge");
        clock.advance(Duration::from_secs(1));
    }
    let people = async |target: &str| -> Vec<String> {
        let told = get(&control, target).await;
        told.as_array().expect("a list").iter().map(|one| one["to"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(people("/challenges").await, ["one@doe.com", "two@doe.com", "three@doe.com", "four@doe.com"]);
    assert_eq!(people("/challenges?limit=2").await, ["three@doe.com", "four@doe.com"]);
    // Also where the clock goes back.
    clock.reset();
    doubles[0].provider().create(&doubles[0].person("five@doe.com")).await.expect("a challenge");
    assert_eq!(people("/challenges").await.last().map(String::as_str), Some("five@doe.com"));
}

#[tokio::test]
async fn credentials_in_headers_are_not_shown() {
    let double = Double::start("authsignal").await;
    let control = control(std::slice::from_ref(&double)).await;
    let request = client().get(double.base_url() + "/nothing").header("cookie", "canary=canary; other=canary").header("authorization", "Basic canary");
    request.header("proxy-authorization", "canary").send().await.expect("a reply");
    let shown = get(&control, "/requests").await[0]["headers"].clone();
    assert_eq!((&shown["cookie"], &shown["authorization"], &shown["proxy-authorization"]), (&json!("…"), &json!("Basic …"), &json!(" …")));
}

#[tokio::test]
async fn doubles_at_every_address_are_told_of_where_this_machine_reaches_them() {
    let double = DoubleEntry::find("corbado").expect("its double").builder().with_address(([0, 0, 0, 0], 0).into()).start().await.expect("a double");
    let control = Control::start(([0, 0, 0, 0], 0).into(), vec![double.clone()]).await.expect("a port");
    for url in [double.base_url(), control.base_url()] {
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    }
    let (status, told) = post(&control, "/sample", &json!({ "provider": "corbado" })).await;
    assert_eq!((status, &told["error"]), (200, &Value::Null), "{told}");
}

#[tokio::test]
async fn a_sample_that_cannot_be_is_told_and_breaks_nothing() {
    // No config takes such a key.
    let double = AuthsignalDouble::builder().with_secret_key("with\na line").start().await.expect("a double");
    let control = control(&[Double::clone(&double)]).await;
    let (status, told) = post(&control, "/sample", &json!({ "provider": "authsignal" })).await;
    assert!(status == 400 && told["error"].as_str().is_some_and(|error| error.contains("secret") && !error.contains("a line")), "{status} {told}");
    let (status, told) = post(&control, "/sample", &json!({ "provider": "authsignal", "to": "x".repeat(321) })).await;
    assert_eq!((status, &told["error"]), (400, &json!("to: expected 320 bytes at most")));
    let reply = client().post(double.base_url() + "/challenge").basic_auth("with\na line", Some(""));
    let reply = reply.json(&json!({ "action": "login", "email": "jane@doe.com", "verificationMethod": "EMAIL_OTP" })).send().await.expect("a reply");
    assert_eq!(reply.status(), 200);
}
