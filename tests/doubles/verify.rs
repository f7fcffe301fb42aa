//! The doubles keep state: codes, expiry, wrong answers, tokens, one-time codes, signatures.

use std::time::Duration;

use auth_challenge::{
    Answer, Challenge, ChallengeProviderExt as _, ChallengeRequest, CredentialKind, Method, Reason, Verification,
    testing::{AuthsignalDouble, CorbadoDouble, DfnsDouble, Double, DoubleEntry},
};
use serde_json::{Value, json};

async fn challenge(double: &Double) -> Challenge {
    double.provider().create(&double.person("jane@doe.com")).await.expect("a challenge")
}

/// Why an answer was rejected; `None` where it was right.
async fn rejection(double: &Double, challenge: &Challenge, answer: &Answer) -> Option<Reason> {
    match double.provider().verify(challenge.handle(), answer).await.expect("a verification") {
        Verification::Verified(_) => None,
        Verification::Rejected(rejected) => Some(rejected.reason()),
    }
}

async fn a_wrong_answer_is_rejected_and_the_right_one_is_not(vendor: &str) {
    let double = Double::start(vendor).await;
    let challenge = challenge(&double).await;
    assert!(rejection(&double, &challenge, &double.wrong_answer(&challenge)).await.is_some(), "{}", double.name());
    assert_eq!(rejection(&double, &challenge, &double.right_answer(&challenge)).await, None, "{}", double.name());
    double.violations().assert_none();
}

#[tokio::test]
async fn a_wrong_answer_is_rejected_and_the_right_one_is_not_at_every_vendor() {
    for entry in DoubleEntry::ALL {
        a_wrong_answer_is_rejected_and_the_right_one_is_not(entry.name()).await;
    }
}

async fn an_answer_is_good_once(vendor: &str) {
    let double = Double::start(vendor).await;
    let challenge = challenge(&double).await;
    let answer = double.right_answer(&challenge);
    assert_eq!(rejection(&double, &challenge, &answer).await, None, "{}", double.name());
    assert!(rejection(&double, &challenge, &answer).await.is_some(), "{}", double.name());
}

#[tokio::test]
async fn an_answer_is_good_once_at_every_vendor() {
    for entry in DoubleEntry::ALL {
        an_answer_is_good_once(entry.name()).await;
    }
}

async fn a_right_answer_comes_too_late(vendor: &str) {
    let double = Double::start(vendor).await;
    let challenge = challenge(&double).await;
    double.clock().advance(Duration::from_secs(3600));
    assert!(rejection(&double, &challenge, &double.right_answer(&challenge)).await.is_some(), "{}", double.name());
}

#[tokio::test]
async fn a_right_answer_comes_too_late_at_every_vendor() {
    for entry in DoubleEntry::ALL {
        a_right_answer_comes_too_late(entry.name()).await;
    }
}

#[tokio::test]
async fn a_right_answer_after_too_many_wrong_ones_is_rejected_for_good_at_every_vendor_that_sends() {
    for entry in DoubleEntry::ALL {
        let double = entry.builder().with_max_attempts(2).start().await.expect("a double");
        let challenge = challenge(&double).await;
        if challenge.method().credential_kind().is_some() {
            continue;
        }
        for _ in 0..2 {
            let wrong = double.wrong_answer(&challenge);
            assert_eq!(rejection(&double, &challenge, &wrong).await, Some(Reason::WrongOrExpiredCode), "{}", double.name());
        }
        let reason = rejection(&double, &challenge, &double.right_answer(&challenge)).await;
        // Corbado says of such a challenge that it expired.
        assert!(matches!(reason, Some(Reason::TooManyAttempts | Reason::Expired)), "{}: {reason:?}", double.name());
    }
}

#[tokio::test]
async fn a_lifetime_is_honoured() {
    let corbado = CorbadoDouble::start().await;
    let request = corbado.person("jane@doe.com").with_lifetime(Duration::from_secs(30));
    let challenge = corbado.provider().create(&request).await.expect("a challenge");
    corbado.clock().advance(Duration::from_secs(31));
    assert_eq!(rejection(&corbado, &challenge, &corbado.right_answer(&challenge)).await, Some(Reason::Expired));
}

#[tokio::test]
async fn a_link_carries_the_answer() {
    let corbado = CorbadoDouble::start().await;
    let request = ChallengeRequest::email_link("jane@doe.com")
        .with_user_id(corbado.add_user("jane@doe.com"))
        .with_client(corbado.person("jane@doe.com").client().clone());
    let challenge = corbado.provider().create(&request).await.expect("a challenge");
    let outbox = corbado.outbox();
    let message = outbox.only();
    let (_, token) = message.link().and_then(|link| link.split_once("token=")).expect("a link with a token");
    assert_eq!((message.method(), message.code()), (Method::EmailLink, token));
    assert_eq!(rejection(&corbado, &challenge, &Answer::link(token)).await, None);
}

#[tokio::test]
async fn a_challenge_of_authsignal_is_sent_again_with_the_same_code() {
    let authsignal = AuthsignalDouble::start().await;
    let challenge = challenge(&authsignal).await;
    authsignal.provider().resend(challenge.handle()).await.expect("a message");
    let outbox = authsignal.outbox();
    outbox.assert_count(2);
    assert_eq!(outbox.first().map(|message| message.code()), outbox.last().map(|message| message.code()));
    authsignal.violations().assert_none();
}

#[tokio::test]
async fn dfns_takes_a_credential_of_every_kind() {
    let dfns = DfnsDouble::start().await;
    for kind in CredentialKind::ALL {
        let challenge = dfns.provider().create(&ChallengeRequest::credential(kind, format!(" {}\n", dfns.issue_code()))).await.expect("a challenge");
        match dfns.provider().verify(challenge.handle(), &dfns.wrong_answer(&challenge)).await {
            Ok(Verification::Verified(_)) => panic!("a wrong {kind} was taken"),
            Ok(Verification::Rejected(rejected)) => assert_eq!(rejected.reason(), Reason::Other, "{kind}"),
            Err(error) => assert_eq!((kind, error.status()), (CredentialKind::Fido2, Some(400))),
        }
        assert_eq!(rejection(&dfns, &challenge, &dfns.right_answer(&challenge)).await, None, "{kind}");
    }
    dfns.violations().assert_none();
}

async fn post(double: &Double, path: &str, user: (&str, &str), body: Value) -> (u16, Value) {
    let request = reqwest::Client::new().post(double.base_url() + path).basic_auth(user.0, Some(user.1)).json(&body);
    let reply = request.send().await.expect("a reply");
    (reply.status().as_u16(), reply.json().await.expect("JSON"))
}

#[tokio::test]
async fn a_claim_needs_a_verified_challenge_and_gives_a_token_to_validate() {
    let authsignal = AuthsignalDouble::start().await;
    let key = ("as_secret", "");
    let challenge = challenge(&authsignal).await;
    let id = challenge.id().expect("an id");
    let claim = json!({ "challengeId": id, "userId": "jane" });

    let (status, refused) = post(&authsignal, "/claim", key, claim.clone()).await;
    assert_eq!((status, &refused["errorCode"]), (400, &json!("invalid_request")));

    let (_, unchecked) = post(&authsignal, "/claim", key, json!({ "challengeId": id, "userId": "jane", "skipVerificationCheck": true })).await;
    let (_, unfinished) = post(&authsignal, "/validate", key, json!({ "token": unchecked["token"] })).await;
    assert_eq!((&unfinished["isValid"], &unfinished["state"]), (&json!(false), &json!("CHALLENGE_REQUIRED")));

    assert_eq!(rejection(&authsignal, &challenge, &authsignal.right_answer(&challenge)).await, None);
    let (_, claimed) = post(&authsignal, "/claim", key, claim).await;
    for (question, is_valid) in [
        (json!({ "token": claimed["token"] }), true),
        (json!({ "token": claimed["token"], "userId": "jane", "action": "login" }), true),
        (json!({ "token": claimed["token"], "userId": "joe" }), false),
        (json!({ "token": claimed["token"], "action": "pay" }), false),
        (json!({ "token": "another" }), false),
    ] {
        let (status, validated) = post(&authsignal, "/validate", key, question.clone()).await;
        assert_eq!((status, &validated["isValid"]), (200, &json!(is_valid)), "{question}");
    }
    authsignal.clock().advance(Duration::from_secs(3600));
    let (_, late) = post(&authsignal, "/validate", key, json!({ "token": claimed["token"] })).await;
    assert_eq!(late["error"], "expired_token");
    authsignal.violations().assert_none();
}

#[tokio::test]
async fn the_active_challenge_is_shown_until_it_is_answered() {
    let authsignal = AuthsignalDouble::start().await;
    let active = async |query: &str| -> Value {
        let request = reqwest::Client::new().get(authsignal.base_url() + "/challenges" + query).basic_auth("as_secret", Some(""));
        request.send().await.expect("a reply").json().await.expect("JSON")
    };
    assert_eq!(active("").await, json!({}));
    let challenge = challenge(&authsignal).await;
    let shown = active("?action=login&verificationMethod=EMAIL_OTP").await;
    assert_eq!((shown["challengeId"].as_str(), &shown["email"]), (challenge.id(), &json!("jane@doe.com")));
    assert_eq!(active("?action=pay").await, json!({}));
    assert_eq!(rejection(&authsignal, &challenge, &authsignal.right_answer(&challenge)).await, None);
    assert_eq!(active("").await, json!({}));
    authsignal.violations().assert_none();
}

#[tokio::test]
async fn a_code_of_dfns_expires() {
    let dfns = DfnsDouble::start().await;
    let request = dfns.person("jane");
    dfns.clock().advance(Duration::from_secs(61));
    let error = dfns.provider().create(&request).await.expect_err("an expired code");
    assert_eq!(error.status(), Some(400));
}

#[tokio::test]
async fn a_lasting_code_of_dfns_is_never_used_up() {
    let dfns = DfnsDouble::builder().with_lasting_code("ABCD-1234-EFGH").start().await.expect("a port");
    for _ in 0..2 {
        dfns.provider().create(&ChallengeRequest::credential(CredentialKind::Key, "ABCD-1234-EFGH")).await.expect("a challenge");
    }
}
