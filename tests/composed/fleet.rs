//! Limits that processes share, on a real Redis: what they count, and what is kept of it.

#[cfg(feature = "toml")]
use std::sync::Arc;
use std::time::Duration;

use auth_challenge::{
    Answer, CallOptions, ChallengeProvider, ChallengeProviderExt, ErrorKind, Limits, OnOutage, Reason, Rejected, SendState, Verification, Verified,
};
#[cfg(feature = "toml")]
use auth_challenge::{Config, testing::Scripted};

#[cfg(feature = "toml")]
use crate::support::guards::HASH_KEY;
use crate::support::{
    guards::{message, process, rate},
    redis::Redis,
};

#[tokio::test]
async fn what_one_process_lets_pass_counts_in_all() {
    let Some(redis) = Redis::start() else { return };
    let limits = || Limits::new().with_per_recipient(rate("3 per 1h")).with_per_ip(rate("5 per 1h")).with_wrong_codes(2);
    let fleet: Vec<_> = (0..4).map(|_| process(&redis, limits(), OnOutage::Refuse)).collect();
    let mut challenge = None;
    for (_, one) in &fleet[..3] {
        challenge = Some(one.create(&message("+64270000000")).await.expect("within the limit"));
    }
    let throttled = fleet[3].1.create(&message("+64270000000")).await.expect_err("over the limit");
    assert_eq!((throttled.kind(), throttled.send_state()), (ErrorKind::Throttled, SendState::NotSent));
    assert!(throttled.retry_after().is_some_and(|pause| pause > Duration::from_secs(3500) && pause <= Duration::from_secs(3600)));
    // Two places are left under the limit of the client, which a refusal has not used up.
    for to in ["+64270000001", "+64270000002"] {
        fleet[3].1.create(&message(to)).await.expect("within the client's limit");
    }
    fleet[0].1.create(&message("+64270000003")).await.expect_err("over the client's limit");

    let handle = challenge.expect("a challenge").handle().clone();
    for (number, (scripted, one)) in fleet.iter().enumerate() {
        let scripted = scripted.clone().verify_gives(Rejected::new(Reason::WrongOrExpiredCode));
        let no = one.verify(&handle, &Answer::code("000000")).await.expect("an answer");
        let Verification::Rejected(no) = no else { panic!("{no:?}") };
        let expected = if number < 2 { Reason::WrongOrExpiredCode } else { Reason::TooManyAttempts };
        assert_eq!((no.reason(), scripted.answered().len()), (expected, usize::from(number < 2)), "{number}");
    }
    let outlook = fleet[2].1.peek(&handle, &CallOptions::default()).await;
    assert_eq!(outlook.tries_left(), Some(0));
    assert!(outlook.next_send_in().is_some_and(|wait| wait > Duration::from_secs(3500)));
}

#[tokio::test]
async fn nothing_personal_is_in_the_store() {
    let Some(redis) = Redis::start() else { return };
    let limits = Limits::new()
        .with_per_recipient(rate("3 per 1h"))
        .with_per_ip(rate("5 per 1h"))
        .with_unverified_per_calling_code(rate("20 per 1h"))
        .with_unverified_calling_codes_per_ip(rate("3 per 1h"))
        .with_wrong_codes(2);
    let (_, guarded) = process(&redis, limits, OnOutage::Refuse);
    let challenge = guarded.create(&message("+64270000000")).await.expect("a challenge");
    let _ = guarded.verify(challenge.handle(), &Answer::code("000000")).await.expect("an answer");
    guarded.create(&message("+64270000000")).await.expect("another");
    let mut kept = String::new();
    for key in redis.says(&["--scan"]).lines() {
        let kind = redis.says(&["TYPE", key]);
        let value = match kind.trim() {
            "zset" => redis.says(&["ZRANGE", key, "0", "-1"]),
            "hash" => redis.says(&["HGETALL", key]),
            _ => redis.says(&["GET", key]),
        };
        kept += &format!("{key} {value}\n");
    }
    assert!(kept.lines().count() > 6, "{kept}");
    for personal in ["270000000", "+64", "203.0.113", challenge.handle().challenge_id().expose()] {
        assert!(!kept.contains(personal), "{personal} in {kept}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_that_are_flushed_all_the_time_are_there_for_every_decision() {
    let Some(redis) = Redis::start() else { return };
    let (_, guarded) = process(&redis, Limits::new().with_per_recipient(rate("3 per 1h")), OnOutage::Refuse);
    let flushes = redis.flush_scripts();
    for number in 0..100 {
        let sent = async || guarded.create(&message(&format!("+6427000{number:04}"))).await;
        for _ in 0..3 {
            sent().await.expect("within the limit");
        }
        sent().await.expect_err("over the limit");
        assert!(guarded.health().is_empty(), "no outage");
    }
    assert!(flushes.end() > 100);
}

#[tokio::test]
async fn a_decision_is_one_command_to_the_server() {
    let Some(redis) = Redis::start() else { return };
    let limits = Limits::new()
        .with_per_recipient(rate("2 per 1h"))
        .with_per_ip(rate("9 per 1h"))
        .with_unverified_per_calling_code(rate("9 per 1h"))
        .with_unverified_calling_codes_per_ip(rate("9 per 1h"))
        .with_wrong_codes(2);
    let (scripted, guarded) = process(&redis, limits, OnOutage::Refuse);
    // The first one connects, and brings the script along.
    guarded.create(&message("+64270000001")).await.expect("within the limit");
    let monitor = redis.monitor();
    // A place, and the challenge that has it.
    let challenge = guarded.create(&message("+64270000000")).await.expect("within the limit");
    guarded.resend(challenge.handle()).await.expect("within the limit");
    // No place; a try; a look; a try, and what is taken off the count.
    guarded.resend(challenge.handle()).await.expect_err("over the limit");
    let _ = scripted.clone().verify_gives(Rejected::new(Reason::WrongOrExpiredCode));
    let _ = guarded.verify(challenge.handle(), &Answer::code("000000")).await.expect("an answer");
    assert_eq!(guarded.peek(challenge.handle(), &CallOptions::default()).await.tries_left(), Some(1));
    let _ = guarded.verify(challenge.handle(), &Answer::code("123456")).await.expect("an answer");
    let commands = monitor.end();
    assert_eq!(commands, vec!["EVALSHA"; 2 + 2 + 1 + 1 + 1 + 2]);
}

#[tokio::test]
async fn a_right_code_takes_its_messages_off_the_count_of_unverified_ones() {
    let Some(redis) = Redis::start() else { return };
    let limits = || Limits::new().with_unverified_per_calling_code(rate("4 per 1h"));
    let (scripted, honest) = process(&redis, limits(), OnOutage::Refuse);
    let (_, pumping) = process(&redis, limits(), OnOutage::Refuse);
    for person in 0..20 {
        let challenge = honest.create(&message(&format!("+6427000{person:04}"))).await.expect("an honest one");
        let _ = scripted.clone().verify_gives(Verified::new(challenge.handle().method()));
        let answer = honest.verify(challenge.handle(), &Answer::code("123456")).await.expect("an answer");
        assert!(matches!(answer, Verification::Verified(_)));
    }
    let sent = async |code: &str| {
        let mut sent = 0;
        for number in 0..20 {
            sent += usize::from(pumping.create(&message(&format!("{code}9000{number:04}"))).await.is_ok());
        }
        sent
    };
    assert_eq!((sent("+64").await, sent("+49").await), (4, 4), "each calling code by itself");
    honest.create(&message("+64270009999")).await.expect_err("the calling code is full");
    honest.create(&message("+358400000000")).await.expect("another one is not");
}

#[cfg(feature = "toml")]
#[test]
fn a_config_asks_for_all_that_the_store_needs() {
    let problems = |guard: &str| {
        let config = format!("provider = \"mine\"\n[guard]\n{guard}");
        let config = Config::from_toml_str(&config).expect("TOML").with_provider(Arc::new(Scripted::named("mine")));
        config.problems().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let url = "redis_url = \"redis://127.0.0.1:1\"\n";
    let key = format!("hash_key = \"{HASH_KEY}\"\n");
    for good in [
        format!("store = \"redis\"\n{url}{key}on_outage = \"refuse\"\nmode = \"observe\"\nunverified_per_calling_code = \"20 per 1h\""),
        format!("store = \"redis\"\n{url}{key}per_recipient = \"65537 per 1d\""),
        "store = \"local\"\non_outage = \"local\"\nper_recipient = \"65536 per 1d\"".to_owned(),
        "on_outage = \"refuse\"".to_owned(),
    ] {
        assert_eq!(problems(&good), [""; 0], "{good}");
    }
    for (guard, expected) in [
        (format!("store = \"redis\"\n{key}"), "guard.redis_url: is required"),
        (format!("store = \"redis\"\n{url}"), "guard.hash_key: is required"),
        (format!("store = \"redis\"\n{url}hash_key = \"short\""), "guard.hash_key: expected at least 32 characters"),
        ("store = \"redis\"\nhash_key = \"short\"".to_owned(), "guard.hash_key: expected at least 32 characters"),
        (format!("store = \"redis\"\nredis_url = \"secret-host\"\n{key}"), "guard.redis_url: expected a URL"),
        (format!("store = \"redis\"\n{url}{key}on_outage = \"panic\""), "guard.on_outage: expected one of local, refuse, allow"),
        (format!("store = \"memcached\"\n{url}{key}"), "guard.store: expected one of local, redis"),
        (url.to_owned(), "guard.redis_url: is for store = \"redis\""),
        ("store = \"redis\"\nredis_url = \"secret-host\"".to_owned(), "guard.redis_url: expected a URL"),
        ("on_outage = \"panic\"".to_owned(), "guard.on_outage: expected one of local, refuse, allow"),
        ("per_recipient = \"65537 per 1d\"".to_owned(), "guard.per_recipient: expected 65536 at most"),
        ("mode = \"dream\"".to_owned(), "guard.mode: expected one of enforce, observe"),
        ("unverified_per_calling_code = \"20\"".to_owned(), "guard.unverified_per_calling_code: expected a rate"),
        ("exempt_hashes = [\"zz\"]".to_owned(), "guard.exempt_hashes: expected hashes"),
    ] {
        let problems = problems(&guard);
        assert!(problems.iter().any(|problem| problem.starts_with(expected)), "{guard}: {problems:?}");
        assert!(!problems.iter().any(|problem| problem.contains("secret-host") || problem.contains("short")), "{problems:?}");
    }
}

#[tokio::test]
async fn a_recipient_is_exempt_by_its_keyed_hash() {
    let Some(redis) = Redis::start() else { return };
    // printf %s +64270000000 | openssl dgst -sha256 -hmac "$HASH_KEY"
    let hash = "198fbaae182f516b6309f732828b1a3f2857803ffa70c502cf7533baa87bd970";
    let (_, guarded) = process(&redis, Limits::new().with_per_recipient(rate("1 per 1h")).with_exempt_hashes([hash]), OnOutage::Local);
    let (mut redis, others) = (redis, ["+64270000001", "+64270000002"]);
    for (number, other) in others.into_iter().enumerate() {
        for _ in 0..3 {
            let sent = guarded.create(&message("+64270000000")).await.expect("exempt");
            for _ in 0..2 {
                guarded.resend(sent.handle()).await.expect("exempt once more");
            }
        }
        guarded.create(&message(other)).await.expect("the first");
        guarded.create(&message(other)).await.expect_err("over the limit");
        if number == 0 {
            redis.kill();
        }
    }
}

#[cfg(feature = "toml")]
#[tokio::test]
async fn a_config_builds_the_guard_that_it_describes() {
    for (on_outage, sent) in [("local", 1), ("refuse", 0), ("allow", 3)] {
        let Some(mut redis) = Redis::start() else { return };
        let config = format!(
            "provider = \"mine\"\n[guard]\nstore = \"redis\"\nredis_url = \"{}\"\nhash_key = \"{HASH_KEY}\"\nper_recipient = \"1 per 1h\"\non_outage = \"{on_outage}\"",
            redis.url()
        );
        let vendor = Scripted::named("mine");
        let auth = Config::from_toml_str(&config).expect("TOML").with_provider(Arc::new(vendor.clone())).build().expect("a provider");
        redis.kill();
        for _ in 0..3 {
            let _ = auth.create(&message("+64270000000")).await;
        }
        assert_eq!(vendor.created().len(), sent, "{on_outage}");
        assert_eq!(auth.health().iter().filter_map(|one| one.failure()).collect::<Vec<_>>(), [ErrorKind::Connect], "{on_outage}");
    }
}

#[tokio::test]
async fn every_key_lives_as_long_as_it_counts() {
    let Some(redis) = Redis::start() else { return };
    let limits = Limits::new()
        .with_per_recipient(rate("9 per 1h"))
        .with_per_ip(rate("9 per 2h"))
        .with_unverified_per_calling_code(rate("9 per 3h"))
        .with_unverified_calling_codes_per_ip(rate("9 per 4h"))
        .with_wrong_codes(2);
    let (scripted, guarded) = process(&redis, limits, OnOutage::Refuse);
    let _ = scripted.verify_gives(Rejected::new(Reason::WrongOrExpiredCode));
    let challenge = guarded.create(&message("+64270000000")).await.expect("a challenge");
    let _ = guarded.verify(challenge.handle(), &Answer::code("000000")).await.expect("an answer");
    let expected = [("recipient", 1), ("client", 2), ("code", 3), ("codes", 4), ("unverified", 3), ("challenge", 24), ("tries", 24)];
    let keys = redis.says(&["--scan"]);
    assert_eq!(keys.lines().count(), expected.len(), "{keys}");
    for (kind, hours) in expected {
        let key = keys.lines().find(|key| key.starts_with(&format!("{{auth-challenge}}:{kind}:"))).unwrap_or_else(|| panic!("{kind} in {keys}"));
        let left: u64 = redis.says(&["PTTL", key]).trim().parse().expect("an end");
        assert!((hours * 3_600_000 - 600_000..=hours * 3_600_000).contains(&left), "{kind}: {left}");
    }
}
