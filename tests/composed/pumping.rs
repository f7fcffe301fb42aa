//! A pumping trace replayed, with honest people of two countries beside it, on both stores: what `unverified_per_calling_code` stops, and what it does not.

use std::time::Duration;

use auth_challenge::{Answer, ChallengeProviderExt, ChallengeRequest, ClientContext, ErrorKind, Guarded, Limits, SendState, Verification};
use tracing::{Level, instrument::WithSubscriber as _};

use crate::support::{
    guards::{guarded, rate},
    log::Log,
};

/// The messages to one calling code that nobody may have answered.
const MOST: usize = 50;
/// The pump's numbers, of which it answers each fiftieth, to look like people.
const PUMPED: usize = 400;

/// How many of whom got a message.
#[derive(Debug, PartialEq)]
struct Sent {
    /// Of 60 people each of the pump's country and of another one, before it begins.
    before: usize,
    abroad: usize,
    pumped: usize,
    /// Of 400 people of the other country, while it pumps.
    abroad_meanwhile: usize,
    /// Of 20 people of the pump's country, at its end.
    after: usize,
}

/// One person, who asks from an address of their own; says whether a message was sent.
async fn ask(auth: &Guarded, to: &str, does_answer: bool) -> bool {
    let digits: u32 = to[to.len() - 8..].parse().expect("a number");
    let [_, a, b, c] = digits.to_be_bytes();
    match auth.create(&ChallengeRequest::sms_otp(to).with_client(ClientContext::new([10, a, b, c]))).await {
        Ok(challenge) => {
            if does_answer {
                let answer = auth.verify(challenge.handle(), &Answer::code("123456")).await.expect("an answer");
                assert!(matches!(answer, Verification::Verified(_)));
            }
            true
        }
        Err(error) => {
            assert_eq!((error.kind(), error.send_state()), (ErrorKind::Throttled, SendState::NotSent), "{to}");
            assert!(error.retry_after().is_some_and(|wait| wait <= Duration::from_secs(60 * 60)), "{to}: {:?}", error.retry_after());
            false
        }
    }
}

/// Replays the trace. Of honest people one in ten, or abroad one in twenty, does not answer.
async fn replay(auth: &Guarded) -> Sent {
    let mut sent = Sent { before: 0, abroad: 0, pumped: 0, abroad_meanwhile: 0, after: 0 };
    for number in 0..60 {
        sent.before += usize::from(ask(auth, &format!("+23324400{number:04}"), number % 10 != 0).await);
        sent.abroad += usize::from(ask(auth, &format!("+6427100{number:04}"), number % 10 != 0).await);
    }
    for number in 0..PUMPED {
        sent.pumped += usize::from(ask(auth, &format!("+23355501{number:04}"), number % 50 == 0).await);
        sent.abroad_meanwhile += usize::from(ask(auth, &format!("+6427200{number:04}"), number % 20 != 0).await);
    }
    for number in 0..20 {
        sent.after += usize::from(ask(auth, &format!("+23324500{number:04}"), true).await);
    }
    sent
}

fn limits() -> Limits {
    Limits::new().with_per_recipient(rate("5 per 10m")).with_per_ip(rate("30 per 1h")).with_unverified_per_calling_code(rate("50 per 1h"))
}

/// The pump gets what honest people of its country left of the limit, and its own first number, which it answers. Until the hour is over they share its lot.
const STOPPED: Sent = Sent { before: 60, abroad: 60, pumped: MOST - 6 + 1, abroad_meanwhile: PUMPED, after: 0 };

/// In observation all are sent.
const OBSERVED: Sent = Sent { before: 60, abroad: 60, pumped: PUMPED, abroad_meanwhile: PUMPED, after: 20 };

async fn assert_observed(auth: &Guarded) {
    let log = Log::default();
    let told = log.hears(Level::INFO);
    assert_eq!(replay(auth).with_subscriber(told).await, OBSERVED);
    let log = log.take();
    let lines: Vec<&str> = log.lines().collect();
    // All that would have been refused, those of the pump's country among them; nobody abroad.
    assert_eq!(lines.len(), PUMPED - STOPPED.pumped + 20, "{log}");
    for line in lines {
        assert!(line.contains(r#"decision="would_refuse" rule="unverified_per_calling_code""#) && line.contains("limit=50"), "{line}");
        assert!(!["+233", "23355501", "23324500"].iter().any(|personal| line.contains(personal)), "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pump_is_stopped_at_the_limit_and_its_country_is_free_again_after_the_period() {
    let (scripted, auth) = guarded(limits());
    assert_eq!(replay(&auth).await, STOPPED);
    let sent = scripted.created().iter().filter(|request| request.recipient().is_some_and(|to| to.starts_with("+23355501"))).count();
    assert_eq!(sent, STOPPED.pumped, "what was refused was not sent");
    tokio::time::advance(Duration::from_secs(60 * 60)).await;
    for number in 0..200 {
        assert!(ask(&auth, &format!("+23324600{number:04}"), number % 10 != 0).await, "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pump_all_day_long_gets_the_limit_an_hour_and_an_honest_country_beside_it_all() {
    let (_, auth) = guarded(limits());
    let mut pumped = 0;
    for number in 0..24 * 120 {
        pumped += usize::from(ask(&auth, &format!("+2335550{number:05}"), false).await);
        assert!(ask(&auth, &format!("+642720{number:05}"), number % 20 != 0).await, "{number}");
        tokio::time::advance(Duration::from_secs(30)).await;
    }
    assert_eq!(pumped, 24 * MOST);
}

#[tokio::test]
async fn observation_lets_the_pump_pass_and_tells_what_would_be_refused() {
    assert_observed(&guarded(limits().with_observation()).1).await;
}

#[cfg(feature = "redis")]
mod shared {
    use auth_challenge::OnOutage;

    use super::*;
    use crate::support::{guards::process, redis::Redis};

    #[tokio::test]
    async fn a_pump_that_goes_through_several_processes_is_stopped_at_the_limit() {
        let Some(redis) = Redis::start() else { return };
        let (_, first) = process(&redis, limits(), OnOutage::Refuse);
        assert_eq!(replay(&first).await, STOPPED);
        let (scripted, second) = process(&redis, limits(), OnOutage::Refuse);
        assert!(!ask(&second, "+233555019999", false).await, "another process");
        assert!(ask(&second, "+64272009999", true).await, "another country");
        assert_eq!(scripted.created().len(), 1);
    }

    #[tokio::test]
    async fn observation_in_a_fleet_tells_the_same() {
        let Some(redis) = Redis::start() else { return };
        assert_observed(&process(&redis, limits().with_observation(), OnOutage::Refuse).1).await;
    }
}
