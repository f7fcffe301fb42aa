//! Dfns' double issues a one-time code for a user action that was signed over the very bytes of the call.

use std::time::{Duration, SystemTime};

use auth_challenge::{
    Answer, ChallengeProviderExt as _, ChallengeRequest, CredentialKind, ErrorKind, Field, SendState, Verification, Violation,
    dfns::{key::Key, types},
    testing::DfnsDouble,
};
use serde_json::{Value, json};

const ED25519: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";

async fn post(dfns: &DfnsDouble, path: &str, user_action: &str, body: &str) -> (u16, Value) {
    let mut request = reqwest::Client::new().post(dfns.base_url() + path).bearer_auth("dfns_token");
    if !user_action.is_empty() {
        request = request.header("x-dfns-useraction", user_action);
    }
    let request = request.header("content-type", "application/json").header("user-agent", "test").body(body.to_owned());
    let reply = request.send().await.expect("a reply");
    (reply.status().as_u16(), reply.json().await.expect("JSON"))
}

/// A key that the double knows, and the id of its credential.
async fn known_key(dfns: &DfnsDouble) -> (Key, String) {
    let key = Key::from_pem(ED25519).expect("a key");
    let challenge = dfns.provider().create(&ChallengeRequest::credential(CredentialKind::Key, dfns.issue_code())).await.expect("a challenge");
    let answer = key.answer_to(challenge.handle(), "test").expect("an answer");
    let id = answer.credential_id().to_owned();
    let verified = dfns.provider().verify(challenge.handle(), &Answer::credential(answer)).await.expect("a verification");
    assert!(matches!(verified, Verification::Verified(_)));
    (key, id)
}

/// The token of a signed user action for a call.
async fn user_action(dfns: &DfnsDouble, key: &Key, id: &str, payload: &str) -> String {
    let call = json!({ "userActionHttpMethod": "POST", "userActionHttpPath": "/auth/credentials/code", "userActionPayload": payload });
    let (status, challenge) = post(dfns, "/auth/action/init", "", &call.to_string()).await;
    assert_eq!(status, 200, "{challenge}");
    let challenge: types::UserActionChallenge = serde_json::from_value(challenge).expect("a challenge");
    let signed = key.sign_user_action(&challenge, id).expect("a signature");
    let (status, action) = post(dfns, "/auth/action", "", &serde_json::to_string(&signed).expect("JSON")).await;
    assert_eq!(status, 200, "{action}");
    action["userAction"].as_str().expect("a token").to_owned()
}

fn expiring(in_seconds: u64) -> String {
    let at = SystemTime::now() + Duration::from_secs(in_seconds);
    json!({ "expiration": humantime::format_rfc3339_seconds(at).to_string() }).to_string()
}

#[tokio::test]
async fn a_signed_user_action_issues_a_code_once() {
    let dfns = DfnsDouble::start().await;
    let (key, id) = known_key(&dfns).await;
    let body = expiring(30);
    let token = user_action(&dfns, &key, &id, &body).await;
    let (status, issued) = post(&dfns, "/auth/credentials/code", &token, &body).await;
    assert_eq!(status, 200, "{issued}");
    let code = issued["code"].as_str().expect("a code");
    dfns.provider().create(&ChallengeRequest::credential(CredentialKind::Key, code)).await.expect("a challenge");
    assert_eq!(post(&dfns, "/auth/credentials/code", &token, &body).await.0, 403, "a second use");
    dfns.violations().assert_none();
}

#[tokio::test]
async fn the_client_issues_a_code_that_is_good_for_as_long_as_it_was_asked_for() {
    let dfns = DfnsDouble::start().await;
    let (key, id) = known_key(&dfns).await;
    let client = dfns.config().dfns("dfns").expect("a client");
    for lifetime in [1, 60].map(Duration::from_secs) {
        let before = SystemTime::now();
        let issued = client.issue_credential_code(lifetime, &key, &id).await.expect("a code");
        let end = humantime::parse_rfc3339(issued.expiration.as_deref().expect("an end")).expect("a date and time");
        // The document knows milliseconds.
        assert!((before + lifetime - Duration::from_millis(1)..=SystemTime::now() + lifetime).contains(&end), "{:?}", issued.expiration);
    }
    let issued = client.issue_credential_code(Duration::from_secs(50), &key, &id).await.expect("a code");
    dfns.provider().create(&ChallengeRequest::credential(CredentialKind::Key, issued.code.expose())).await.expect("a challenge");
    dfns.violations().assert_none();
}

#[tokio::test]
async fn a_lifetime_that_the_vendor_would_refuse_sends_nothing() {
    let dfns = DfnsDouble::start().await;
    let (key, id) = known_key(&dfns).await;
    let client = dfns.config().dfns("dfns").expect("a client");
    let before = dfns.requests().len();
    for lifetime in [Duration::ZERO, Duration::from_millis(999), Duration::from_millis(60_001), Duration::MAX] {
        let error = client.issue_credential_code(lifetime, &key, &id).await.expect_err("out of range");
        assert_eq!((error.kind(), error.send_state(), error.operation()), (ErrorKind::InvalidRequest, SendState::NotSent, Some("credential_code_create")));
        assert_eq!(error.violations().iter().map(Violation::field).collect::<Vec<_>>(), [Some(Field::Lifetime)]);
    }
    assert_eq!(dfns.requests().len(), before);
}

#[tokio::test]
async fn a_user_action_is_bound_to_the_bytes_that_were_signed() {
    let dfns = DfnsDouble::start().await;
    let (key, id) = known_key(&dfns).await;
    let body = expiring(30);
    let token = user_action(&dfns, &key, &id, &body).await;
    let same_json = body.replace(':', ": ");
    assert_eq!(post(&dfns, "/auth/credentials/code", &token, &same_json).await.0, 403);
}

#[tokio::test]
async fn a_code_lives_a_minute_at_most() {
    let dfns = DfnsDouble::start().await;
    let (key, id) = known_key(&dfns).await;
    for (in_seconds, status) in [(0, 400), (30, 200), (120, 400)] {
        let body = expiring(in_seconds);
        let token = user_action(&dfns, &key, &id, &body).await;
        assert_eq!(post(&dfns, "/auth/credentials/code", &token, &body).await.0, status, "{in_seconds} s");
    }
}

#[tokio::test]
async fn a_call_without_a_user_action_is_a_violation() {
    let dfns = DfnsDouble::start().await;
    assert_eq!(post(&dfns, "/auth/credentials/code", "", &expiring(30)).await.0, 400);
    let violations = dfns.violations();
    assert_eq!(violations.first().map(|violation| violation.pointer()), Some("/headers/x-dfns-useraction"));
}

#[tokio::test]
async fn an_unknown_key_signs_nothing() {
    let dfns = DfnsDouble::start().await;
    let key = Key::from_pem(ED25519).expect("a key");
    let call = json!({ "userActionHttpMethod": "POST", "userActionHttpPath": "/auth/credentials/code", "userActionPayload": "{}" });
    let (_, challenge) = post(&dfns, "/auth/action/init", "", &call.to_string()).await;
    let challenge: types::UserActionChallenge = serde_json::from_value(challenge).expect("a challenge");
    let signed = key.sign_user_action(&challenge, "nobody's").expect("a signature");
    let (status, refused) = post(&dfns, "/auth/action", "", &serde_json::to_string(&signed).expect("JSON")).await;
    assert_eq!((status, &refused["error"]["status"]), (401, &json!(401)));
}
