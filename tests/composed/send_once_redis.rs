//! Intents on a real Redis: what is kept there, and what holds while it is away.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use auth_challenge::{
    CallOptions, Challenge, ChallengeProvider, ChallengeRequest, Config, Error, ErrorKind, RedisIntents, SendOnce, SendState, testing::Scripted,
};
use tokio::time::Instant;

use crate::support::redis::Redis;

const KEY: &str = "a key of thirty-two characters, or a few more";

fn service(redis: &Redis) -> (Scripted, SendOnce) {
    let vendor = Scripted::new();
    let intents = RedisIntents::new(redis.url()).expect("a URL").with_timeout(Duration::from_secs(2));
    (vendor.clone(), SendOnce::new(Arc::new(vendor), Arc::new(intents), KEY).expect("a key"))
}

fn intent(key: &str) -> CallOptions {
    CallOptions::default().with_intent(key)
}

fn request() -> ChallengeRequest {
    ChallengeRequest::sms_otp("+64270000000")
}

#[tokio::test]
async fn nothing_that_is_kept_can_be_read_and_everything_ends() {
    let Some(redis) = Redis::start() else { return };
    let (_, service) = service(&redis);
    let made = service.create_with(&request(), &intent("session-7")).await.expect("a challenge");
    let (_, failing) = self::service(&redis);
    let failed = Scripted::new().create_fails(Error::new(ErrorKind::Timeout, SendState::Unknown));
    let failing_too =
        SendOnce::new(Arc::new(failed), Arc::new(RedisIntents::new(redis.url()).expect("a URL").with_timeout(Duration::from_secs(20))), KEY).expect("a key");
    failing_too.create_with(&request(), &intent("session-8")).await.expect_err("unknown");
    failing.create_with(&request(), &intent("session-8")).await.expect_err("unknown");
    let (keys, mut kept) = (redis.says(&["--scan"]), String::new());
    for key in keys.lines() {
        kept += &format!("{key} {}\n", redis.says(&["GET", key]));
        let left: u64 = redis.says(&["PTTL", key]).trim().parse().expect("an end");
        assert!((86_000_000..=86_400_000).contains(&left), "{left}");
        assert!(key.starts_with("{auth-challenge}:intent:"), "{key}");
    }
    assert_eq!(keys.lines().count(), 2);
    for personal in ["270000000", "session", "sms_otp", "scripted", made.handle().challenge_id().expose()] {
        assert!(!kept.contains(personal), "{personal} in {kept}");
    }
}

#[tokio::test]
async fn while_the_server_is_away_nothing_is_sent_and_what_it_kept_holds_when_it_is_back() {
    for is_paused in [false, true] {
        let Some(mut redis) = Redis::start() else { return };
        let (vendor, service) = service(&redis);
        let first = service.create_with(&request(), &intent("first")).await.expect("a challenge");
        assert!(service.health().is_empty());
        if is_paused {
            redis.pause();
        } else {
            redis.kill();
        }
        for number in 0..5 {
            let start = Instant::now();
            let error = service.create_with(&request(), &intent("second")).await.expect_err("the server is away");
            assert_eq!((error.kind(), error.send_state()), (ErrorKind::Throttled, SendState::NotSent), "{is_paused} {number}");
            assert!(error.retry_after().is_some());
            // The store's own time, and some for a machine under load; never the call's 10 s.
            assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
        }
        assert_eq!(vendor.created().len(), 1);
        assert_eq!(service.health().iter().map(|one| one.provider().as_str()).collect::<Vec<_>>(), ["intents"]);

        let redis = if is_paused {
            redis.resume();
            redis
        } else {
            redis.restart()
        };
        let end = Instant::now() + Duration::from_secs(60);
        let again = loop {
            match service.create_with(&request(), &intent("first")).await {
                Ok(challenge) => break challenge,
                Err(error) => assert!(error.kind() == ErrorKind::Throttled && Instant::now() < end, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        assert_eq!(again.handle().to_compact(), first.handle().to_compact());
        assert_eq!((vendor.created().len(), service.health().len()), (1, 0));
        redis.says(&["SCRIPT", "FLUSH"]);
        service.create_with(&request(), &intent("third")).await.expect("its script is loaded again");
        assert_eq!(vendor.created().len(), 2);
    }
}

/// Callers that never rest, each with intents of its own: every one is asked for until it has its challenge, or nobody knows.
async fn crowd(service: Arc<SendOnce>, number: usize, is_over: Arc<AtomicBool>) -> (Vec<(String, Option<String>)>, Duration) {
    let (mut seen, mut slowest) = (Vec::new(), Duration::ZERO);
    for round in 0.. {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let key = format!("{number}-{round}");
        let id = loop {
            let start = Instant::now();
            let outcome = service.create_with(&request().with_action(&key), &intent(&key).with_timeout(Duration::from_secs(5))).await;
            slowest = slowest.max(start.elapsed());
            match outcome {
                Ok(challenge) => break Some(challenge.handle().challenge_id().expose().to_owned()),
                Err(error) if error.send_state() == SendState::NotSent => {
                    assert!(matches!(error.kind(), ErrorKind::Throttled | ErrorKind::Timeout), "{error}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(error) => {
                    assert_eq!(error.send_state(), SendState::Unknown, "{error}");
                    break None;
                }
            }
        };
        seen.push((key, id));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    (seen, slowest)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_stopped_and_flushed_under_load_makes_no_intent_send_twice_and_leaves_none_unknown_that_was_not_sent() {
    let Some(mut redis) = Redis::start() else { return };
    let (vendor, service) = service(&redis);
    let (service, is_over) = (Arc::new(service), Arc::new(AtomicBool::new(false)));
    let callers: Vec<_> = (0..8).map(|number| tokio::spawn(crowd(Arc::clone(&service), number, Arc::clone(&is_over)))).collect();
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        redis.pause();
        tokio::time::sleep(Duration::from_secs(3)).await;
        redis.resume();
        tokio::time::sleep(Duration::from_millis(1500)).await;
        redis.says(&["SCRIPT", "FLUSH"]);
        tokio::time::sleep(Duration::from_millis(300)).await;
        redis.kill();
        tokio::time::sleep(Duration::from_millis(300)).await;
        redis = redis.restart();
        tokio::time::sleep(Duration::from_millis(1500)).await;
    }
    is_over.store(true, Ordering::Relaxed);
    let (mut sent, mut known, mut unknown) = (BTreeMap::<String, usize>::new(), BTreeMap::new(), Vec::new());
    for request in vendor.created() {
        *sent.entry(request.action().unwrap_or_default().to_owned()).or_default() += 1;
    }
    for caller in callers {
        let (seen, slowest) = caller.await.expect("calls as they have to be");
        // Its time, and a good deal for a machine with other work.
        assert!(slowest < Duration::from_secs(60), "{slowest:?}");
        for (key, id) in seen {
            match id {
                Some(id) => drop(known.insert(key, id)),
                None => unknown.push(key),
            }
        }
    }
    // What the last calls sent is counted above, or here.
    for request in vendor.created().iter().skip(sent.values().sum()) {
        *sent.entry(request.action().unwrap_or_default().to_owned()).or_default() += 1;
    }
    assert!(sent.values().all(|times| *times == 1), "{:?}", sent.iter().filter(|(_, times)| **times > 1).collect::<Vec<_>>());
    assert!(unknown.iter().all(|key| sent.contains_key(key)), "unknown, and yet never sent: {unknown:?}");
    for (key, id) in &known {
        let again = service.create_with(&request().with_action(key), &intent(key)).await;
        assert!(
            again.as_ref().is_ok_and(|again| again.handle().challenge_id().expose() == id)
                || again.is_err_and(|error| error.send_state() == SendState::Unknown),
            "{key}"
        );
    }
    assert!(known.len() > 20, "{}", known.len());
}

/// Asks again where the store was too slow for the time that a config gives it.
async fn decided(auth: &dyn ChallengeProvider, options: &CallOptions) -> Result<Challenge, Error> {
    loop {
        let outcome = auth.create_with(&request(), options).await;
        if !outcome.as_ref().is_err_and(|error| error.to_string().contains("the store of intents does not decide")) {
            return outcome;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_config_puts_it_around_the_provider_and_its_guard() {
    let Some(redis) = Redis::start() else { return };
    let vendor = Scripted::named("mine");
    let config = format!(
        "provider = \"mine\"\n[guard]\nper_recipient = \"1 per 1h\"\n[send_once]\nstore = \"redis\"\nredis_url = \"{}\"\nkey = \"{KEY}\"\nremembered = \"10m\"",
        redis.url()
    );
    let auth = Config::from_toml_str(&config).expect("TOML").with_provider(Arc::new(vendor.clone())).build().expect("a provider");
    for _ in 0..3 {
        decided(&*auth, &intent("first")).await.expect("its challenge, and no place under the limit taken");
    }
    assert_eq!(decided(&*auth, &intent("second")).await.expect_err("over the limit").kind(), ErrorKind::Throttled);
    assert_eq!(auth.create_with(&request(), &CallOptions::default()).await.expect_err("no intent").kind(), ErrorKind::InvalidRequest);
    assert_eq!(vendor.created().len(), 1);
    let keys = redis.says(&["--scan"]);
    assert_eq!(keys.lines().count(), 1, "what was refused is free again");
    let left: u64 = redis.says(&["PTTL", keys.trim()]).trim().parse().expect("an end");
    assert!((500_000..=600_000).contains(&left), "{left}");
}

#[test]
fn a_config_tells_what_is_wrong_with_its_section() {
    let problems = |section: &str| {
        let config = format!("provider = \"mine\"\n[send_once]\n{section}");
        let config = Config::from_toml_str(&config).expect("TOML").with_provider(Arc::new(Scripted::named("mine")));
        config.problems().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let (url, key) = ("redis_url = \"redis://127.0.0.1:1\"\n", format!("key = \"{KEY}\"\n"));
    assert_eq!(problems(&format!("store = \"redis\"\n{url}{key}remembered = \"1h\"")), [""; 0]);
    assert_eq!(problems(&key), [""; 0]);
    for (section, expected) in [
        (format!("store = \"redis\"\n{key}"), "send_once.redis_url: is required"),
        (format!("store = \"redis\"\n{url}"), "send_once.key: is required"),
        ("key = \"short-secret\"".to_owned(), "send_once.key: expected at least 32 characters"),
        (format!("store = \"redis\"\nredis_url = \"secret-host\"\n{key}"), "send_once.redis_url: expected a URL"),
        (format!("store = \"disk\"\n{key}"), "send_once.store: expected one of local, redis"),
        (format!("{url}{key}"), "send_once.redis_url: is for store = \"redis\""),
        (format!("{key}remembered = \"for ever\""), "send_once.remembered: expected a duration"),
        (format!("{key}remembered = \"500d\""), "send_once.remembered: expected at most"),
        (format!("{key}rememberd = \"1h\""), "send_once.rememberd: is not a key here; did you mean remembered?"),
    ] {
        let problems = problems(&section);
        assert_eq!(problems.len(), 1, "{section}: {problems:?}");
        assert!(problems[0].starts_with(expected), "{section}: {problems:?}");
        assert!(!problems[0].contains("secret"), "{problems:?}");
    }
    let mut both = problems("store = \"redis\"\nredis_url = \"secret-host\"");
    both.sort_unstable();
    assert!(
        matches!(&*both, [key, url] if key.starts_with("send_once.key: is required") && url.starts_with("send_once.redis_url: expected a URL")),
        "{both:?}"
    );
}

#[test]
fn a_config_that_may_send_twice_for_one_intent_is_told() {
    let problems = |top: &str, section: &str| {
        let config = format!("provider = \"mine\"\nfailover = [\"other\"]\n{top}\n{section}");
        let config = Config::from_toml_str(&config).expect("TOML").with_provider(Arc::new(Scripted::named("mine")));
        config.with_provider(Arc::new(Scripted::named("other"))).problems().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let (unknown, once) = ("failover_when = \"unknown\"", format!("[send_once]\nkey = \"{KEY}\""));
    assert_eq!((problems(unknown, ""), problems("", &once)), (Vec::new(), Vec::new()));
    let told = problems(unknown, &once);
    assert!(matches!(&*told, [one] if one.starts_with("failover_when: \"unknown\" may send two messages for one intent")), "{told:?}");
    assert!(problems(unknown, "[send_once]").contains(&told[0]), "beside other mistakes too");
}
