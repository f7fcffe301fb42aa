//! Authsignal's double posts webhooks as the vendor does, and `webhook::verify` takes them.

use std::time::{Duration, Instant, SystemTime};

use auth_challenge::{
    ChallengeProviderExt as _, ChallengeRequest, Secret,
    authsignal::{
        types::VerificationMethod,
        webhook::{self, ChallengeLog, Event, EventKind, WebhookError},
    },
    testing::{AuthsignalDouble, Clock, DoubleEntry},
};

use crate::support::{self, LONG, Server, Step, reply};

/// The time that the double's clock stands at.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_168_800)
}

fn log(event: &Event) -> &ChallengeLog {
    match &event.kind {
        EventKind::ChallengeLog(log) => log,
        other => panic!("expected an entry of a log: {other:?}"),
    }
}

/// A receiver and a double that posts to it, with the clock that the double goes by.
async fn connected(script: Vec<Step>) -> (Server, AuthsignalDouble) {
    let receiver = Server::start(script).await;
    let double = AuthsignalDouble::builder()
        .with_clock(Clock::stopped_at(now()))
        .with_webhook(format!("http://{}/hooks?from=authsignal", receiver.address))
        .with_undeliverable("+64270000404")
        .start()
        .await
        .expect("a double");
    (receiver, double)
}

/// Waits for so many requests at a receiver, and gives the events of each.
async fn received(receiver: &Server, double: &AuthsignalDouble, enough: impl Fn(&[Vec<Event>]) -> bool) -> Vec<Vec<Event>> {
    let began = Instant::now();
    loop {
        let read = |seen: &support::Seen| {
            assert_eq!((seen.method.as_str(), seen.path.as_str(), seen.header("content-type")), ("POST", "/hooks?from=authsignal", vec!["application/json"]));
            let signature = seen.header(webhook::SIGNATURE_HEADER);
            webhook::verify(signature[0], &seen.body, [&Secret::new("as_secret")], double.clock().now()).expect("events that are signed now")
        };
        let deliveries: Vec<_> = receiver.requests().iter().map(read).collect();
        if enough(&deliveries) {
            return deliveries;
        }
        assert!(began.elapsed() < LONG, "only these came: {deliveries:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What the events of all deliveries tell: whom, how, and in which words.
fn told(deliveries: &[Vec<Event>]) -> Vec<(String, String)> {
    let logs = deliveries.iter().flatten().map(log);
    logs.map(|log| (log.recipient().unwrap_or_default().to_owned(), log.log_type.clone().unwrap_or_default())).collect()
}

#[tokio::test]
async fn the_double_tells_what_became_of_each_message_in_order() {
    let (receiver, double) = connected(vec![Step::Answer(reply(200, &[], ""))]).await;
    let auth = double.provider();
    let text = auth.create(&ChallengeRequest::sms_otp("+64270000001").with_action("login").with_action_key("key-1")).await.expect("a challenge");
    for request in [ChallengeRequest::sms_otp("+64270000404"), ChallengeRequest::email_otp("jane@doe.com"), ChallengeRequest::whatsapp_otp("+64270000404")] {
        auth.create(&request.with_action("login")).await.expect("a challenge");
    }
    auth.resend(text.handle()).await.expect("once more");
    let deliveries = received(&receiver, &double, |deliveries| told(deliveries).len() >= 8).await;
    let expected = [
        ("+64270000001", "SMS_SENT"),
        ("+64270000001", "SMS_DELIVERED"),
        ("+64270000404", "SMS_SENT"),
        ("+64270000404", "SMS_NOT_DELIVERED"),
        ("jane@doe.com", "EMAIL_OTP_SENT"),
        ("+64270000404", "WHATSAPP_SENT"),
        ("+64270000001", "SMS_SENT"),
        ("+64270000001", "SMS_DELIVERED"),
    ];
    assert_eq!(told(&deliveries), expected.map(|(to, what)| (to.to_owned(), what.to_owned())));

    let events: Vec<&Event> = deliveries.iter().flatten().collect();
    let ids: std::collections::BTreeSet<_> = events.iter().map(|event| event.id.clone().expect("an id")).collect();
    assert_eq!(ids.len(), 8, "each has an id of its own");
    assert!(events.iter().all(|event| event.time == Some(now()) && log(event).created_at == Some(now())), "by the double's clock");
    let first = log(events[0]);
    assert_eq!((first.idempotency_key.as_deref(), first.action.as_deref()), (Some("key-1"), Some("login")));
    assert_eq!(first.verification_method, Some(VerificationMethod::Sms));
    double.outbox().assert_count(5);
    double.violations().assert_none();
}

#[tokio::test]
async fn what_is_not_taken_comes_again_under_the_same_ids_and_signed_anew() {
    let (receiver, double) = connected(vec![
        Step::Answer(reply(503, &[], "")),
        Step::ReadAndReset,
        Step::Answer(reply(302, &[("location", "/")], "")),
        Step::Answer(reply(204, &[], "")),
    ])
    .await;
    double.provider().create(&double.person("+64270000001")).await.expect("a challenge");
    let deliveries = received(&receiver, &double, |deliveries| deliveries.len() >= 4).await;
    let ids = |events: &[Event]| events.iter().map(|event| event.id.clone()).collect::<Vec<_>>();
    assert!(deliveries[..4].iter().all(|delivery| ids(delivery) == ids(&deliveries[0])), "{deliveries:?}");
    double.clock().advance(Duration::from_secs(3600));
    double.provider().create(&double.person("jane@doe.com")).await.expect("a challenge");
    let began = Instant::now();
    // The earlier requests are too old by now, and the new one is not.
    while receiver.requests().last().is_none_or(|seen| !String::from_utf8_lossy(&seen.body).contains("EMAIL_OTP_SENT")) {
        assert!(began.elapsed() < LONG, "no further webhook");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let verdicts: Vec<_> = receiver
        .requests()
        .iter()
        .map(|seen| {
            let signature = seen.header(webhook::SIGNATURE_HEADER);
            webhook::verify(signature[0], &seen.body, [&Secret::new("as_secret")], double.clock().now()).err()
        })
        .collect();
    assert_eq!((verdicts.first(), verdicts.last()), (Some(&Some(WebhookError::TooOld)), Some(&None)));
}

#[tokio::test]
async fn what_waits_when_all_is_forgotten_is_not_told_any_more() {
    // The first one waits for its answer until it would be posted again, which is seconds later.
    let (receiver, double) = connected(vec![Step::ReadAndHang, Step::Answer(reply(204, &[], ""))]).await;
    double.provider().create(&double.person("before@doe.com")).await.expect("a challenge");
    received(&receiver, &double, |deliveries| !deliveries.is_empty()).await;
    double.reset();
    double.provider().create(&double.person("after@doe.com")).await.expect("a challenge");
    let to_whom = |deliveries: &[Vec<Event>]| told(deliveries).into_iter().map(|(to, _)| to).collect::<Vec<_>>();
    let deliveries = received(&receiver, &double, |deliveries| to_whom(deliveries).contains(&"after@doe.com".to_owned())).await;
    assert_eq!(to_whom(&deliveries), ["before@doe.com", "after@doe.com"]);
}

#[tokio::test]
async fn a_receiver_that_hangs_or_is_not_there_holds_up_no_reply() {
    let (_receiver, hung) = connected(vec![Step::ReadAndHang]).await;
    let gone = AuthsignalDouble::builder().with_webhook("http://127.0.0.1:9/hooks").start().await.expect("a double");
    // At the receiver that hangs more entries come than may wait.
    for (double, messages) in [(&hung, 600), (&gone, 10)] {
        let provider = double.provider();
        for number in 0..messages {
            provider.create(&double.person("+64270000001")).await.unwrap_or_else(|error| panic!("{number}: {error}"));
        }
        double.outbox().assert_count(messages);
    }
}

#[tokio::test]
async fn webhooks_go_to_plain_http_on_loopback_alone() {
    for url in [
        "https://127.0.0.1:1/",
        "http://example.com/",
        "http://127.0.0.1.example/",
        "http://jane:x@127.0.0.1/",
        "http://10.0.0.1/",
        "ftp://127.0.0.1/",
        "/hooks",
    ] {
        let error = AuthsignalDouble::builder().with_webhook(url).start().await.expect_err(url);
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{url}");
        let named = DoubleEntry::find("authsignal").expect("its double").builder().with_setting("authsignal-webhook", url).start().await.expect_err(url);
        for text in [error.to_string(), named.to_string()] {
            assert!(text.contains("webhook: expected an http URL on loopback") && !text.contains("jane"), "{text}");
        }
    }
    for url in ["", "http://localhost:3000", "http://127.9.9.9/hooks?token=canary", "http://[::1]:3000/"] {
        let builder = AuthsignalDouble::builder().with_webhook(url).with_undeliverable("+canary");
        assert!(!format!("{builder:?}").contains("canary"));
        builder.start().await.expect(url);
    }
}
