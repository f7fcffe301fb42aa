//! What holds while the Redis of a shared guard is away or does not do its part.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use auth_challenge::{
    Answer, CallOptions, ChallengeProvider, ChallengeProviderExt, ErrorKind, Guarded, Limits, OnOutage, Outlook, RedisGuard, Reloadable, Router, SendState,
    testing::Scripted,
};
use tracing::{Level, instrument::WithSubscriber as _};

use crate::support::{
    LONG,
    guards::{HASH_KEY, message, process, process_within, rate},
    log::Log,
    redis::Redis,
};

#[tokio::test]
async fn while_the_server_is_away_its_policy_holds_and_ends_by_itself() {
    for on_outage in [OnOutage::Local, OnOutage::Refuse, OnOutage::Allow] {
        for is_paused in [false, true] {
            let Some(mut redis) = Redis::start() else { return };
            let time = Duration::from_secs(if is_paused { 3 } else { 20 });
            let (_, guarded) = process_within(time, &redis, Limits::new().with_per_recipient(rate("2 per 1h")), on_outage);
            guarded.create(&message("+64270000000")).await.expect("the first");
            assert!(guarded.health().is_empty());
            if is_paused {
                redis.pause()
            } else {
                redis.kill()
            }

            let mut sent = 0;
            for number in 0..20 {
                let start = Instant::now();
                match guarded.create(&message("+64270000000")).await {
                    Ok(_) => sent += 1,
                    Err(error) => {
                        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Throttled, SendState::NotSent));
                        assert!(error.retry_after().is_some());
                    }
                }
                // Its own time, and some for a machine under load.
                assert!(start.elapsed() < LONG, "{number}: {:?}", start.elapsed());
            }
            let expected = match on_outage {
                OnOutage::Local => 2,
                OnOutage::Refuse => 0,
                _ => 20,
            };
            assert_eq!(sent, expected, "{on_outage:?}, paused: {is_paused}");
            let health = guarded.health();
            assert_eq!(health.iter().map(|one| one.provider().as_str()).collect::<Vec<_>>(), ["guard"]);
            assert!(health[0].failure().is_some());

            let redis = if is_paused {
                redis.resume();
                redis
            } else {
                redis.restart()
            };
            let end = Instant::now() + Duration::from_secs(30);
            while !guarded.health().is_empty() {
                assert!(Instant::now() < end, "{on_outage:?}, paused: {is_paused}: still away");
                tokio::time::sleep(Duration::from_millis(100)).await;
                let _ = guarded.create(&message("+64270000099")).await;
            }
            // What was counted before is still there; a paused server may have counted one that came too late.
            let again = guarded.create(&message("+64270000000")).await;
            assert!(again.is_ok() || is_paused, "{on_outage:?}, paused: {is_paused}: {again:?}");
            guarded.create(&message("+64270000000")).await.expect_err("over the limit");
            drop(redis);
        }
    }
}

#[tokio::test]
async fn one_late_answer_is_a_slow_moment_and_three_in_a_row_are_an_outage() {
    let Some(redis) = Redis::start() else { return };
    let (_, guarded) = process_within(Duration::from_secs(3), &redis, Limits::new().with_per_recipient(rate("5 per 1h")), OnOutage::Refuse);
    guarded.create(&message("+64270000000")).await.expect("the first");
    redis.pause();
    for is_away in [false, false, true] {
        guarded.create(&message("+64270000000")).await.expect_err("nobody decides");
        let failures: Vec<_> = guarded.health().iter().map(|one| one.failure()).collect();
        assert_eq!(failures, vec![Some(ErrorKind::Timeout); usize::from(is_away)]);
    }
    redis.resume();
}

#[tokio::test]
async fn an_outage_is_told_once_at_its_beginning_and_once_at_its_end() {
    let Some(mut redis) = Redis::start() else { return };
    let (_, guarded) = process(&redis, Limits::new().with_per_recipient(rate("5 per 1h")), OnOutage::Local);
    let log = Log::default();
    let told = log.hears(Level::WARN);
    async {
        redis.kill();
        for _ in 0..10 {
            let _ = guarded.create(&message("+64270000000")).await;
        }
        let redis = redis.restart();
        let end = Instant::now() + Duration::from_secs(30);
        while !guarded.health().is_empty() && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let _ = guarded.create(&message("+64270000001")).await;
        }
        drop(redis);
    }
    .with_subscriber(told)
    .await;
    let log = log.take();
    let times = |text: &str| log.matches(text).count();
    assert_eq!((times("does not decide"), times("decides again")), (1, 1), "{log}");
    assert!(!log.contains("270000"), "{log}");
}

#[tokio::test]
async fn observation_refuses_nothing_while_the_server_is_away_either_and_tells_each_decision() {
    for (on_outage, decision) in [(OnOutage::Refuse, "would_refuse"), (OnOutage::Allow, "allowed")] {
        let Some(mut redis) = Redis::start() else { return };
        let limits = Limits::new().with_per_recipient(rate("1 per 1h")).with_wrong_codes(1).with_observation();
        let (scripted, guarded) = process(&redis, limits, on_outage);
        redis.kill();
        let log = Log::default();
        let told = log.hears(Level::DEBUG);
        async {
            let challenge = guarded.create(&message("+64270000000")).await.expect("nothing is refused");
            let _ = guarded.verify(challenge.handle(), &Answer::code("000000")).await.expect("an answer");
            assert_eq!(guarded.peek(challenge.handle(), &CallOptions::default()).await, Outlook::default());
        }
        .with_subscriber(told)
        .await;
        assert_eq!((scripted.created().len(), scripted.answered().len()), (1, 1));
        let log = log.take();
        assert_eq!(log.matches(&format!(r#"decision="{decision}" rule="on_outage""#)).count(), 2, "{log}");
    }
}

#[tokio::test]
async fn a_look_while_nothing_may_be_sent_tells_of_the_next_try() {
    let Some(mut redis) = Redis::start() else { return };
    let (_, guarded) = process(&redis, Limits::new().with_per_recipient(rate("1 per 1h")), OnOutage::Refuse);
    let challenge = guarded.create(&message("+64270000000")).await.expect("the first");
    redis.kill();
    guarded.create(&message("+64270000001")).await.expect_err("nothing is sent");
    assert!(guarded.peek(challenge.handle(), &CallOptions::default()).await.next_send_in().is_some());
}

#[tokio::test]
async fn a_server_that_says_no_is_told_by_what_it_says() {
    let no_replicas = ["CONFIG", "SET", "min-replicas-to-write", "1"];
    let password = ["CONFIG", "SET", "requirepass", "another"];
    let no_scripts = ["ACL", "SETUSER", "default", "-@scripting"];
    for (setting, user, failure, code) in [
        (no_scripts, "", ErrorKind::Permission, "NOPERM"),
        (no_replicas, "", ErrorKind::Unavailable, "NOREPLICAS"),
        (password, "", ErrorKind::Authentication, "ERR"),
        (password, ":secret@", ErrorKind::Authentication, "authentication"),
    ] {
        let Some(redis) = Redis::start() else { return };
        assert!(redis.says(&setting).contains("OK"));
        let limits = Limits::new().with_per_recipient(rate("1 per 1h"));
        let guard = RedisGuard::new(redis.url().replace("//", &format!("//{user}")), HASH_KEY, limits).expect("a guard");
        let guard = guard.with_on_outage(OnOutage::Refuse).with_timeout(LONG);
        let guarded = Guarded::new(Arc::new(Scripted::new()), Arc::new(guard)).with_timeout(LONG);
        let log = Log::default();
        let told = log.hears(Level::WARN);
        guarded.create(&message("+64270000000")).with_subscriber(told).await.expect_err("no decision");
        let log = log.take();
        assert_eq!(guarded.health().iter().map(|one| one.failure()).collect::<Vec<_>>(), [Some(failure)], "{log}");
        assert!(log.contains(code) && !log.contains("secret"), "{code}: {log}");
    }
}

#[tokio::test]
async fn a_script_that_fails_is_not_run_twice() {
    let Some(redis) = Redis::start() else { return };
    let (_, guarded) = process(&redis, Limits::new().with_per_recipient(rate("1 per 1h")), OnOutage::Refuse);
    guarded.create(&message("+64270000000")).await.expect("the first");
    for key in redis.says(&["--scan"]).lines() {
        redis.says(&["SET", key, "of another type"]);
    }
    let runs = || redis.says(&["INFO", "commandstats"]).lines().filter(|line| line.starts_with("cmdstat_eval")).map(str::to_owned).collect::<Vec<_>>();
    assert!(redis.says(&["CONFIG", "RESETSTAT"]).contains("OK"));
    guarded.create(&message("+64270000000")).await.expect_err("no decision");
    assert!(matches!(&*runs(), [one] if one.starts_with("cmdstat_evalsha:calls=1,")), "{:?}", runs());
}

#[tokio::test]
async fn a_router_tells_of_the_stores_within() {
    let Some(mut redis) = Redis::start() else { return };
    let (_, guarded) = process(&redis, Limits::new().with_per_recipient(rate("1 per 1h")), OnOutage::Local);
    let router = Router::builder(Arc::new(guarded)).with_provider(Arc::new(Scripted::named("second"))).build().expect("a router");
    redis.kill();
    router.create(&message("+64270000000")).await.expect("the process counts");
    let health = router.health();
    assert_eq!(health.iter().map(|one| (one.provider().as_str(), one.failure())).collect::<Vec<_>>().last(), Some(&("guard", Some(ErrorKind::Connect))));
}

#[tokio::test]
async fn a_connection_that_the_server_ends_is_no_outage_and_costs_nobody_a_place() {
    let Some(redis) = Redis::start() else { return };
    let (_, guarded) = process(&redis, Limits::new().with_per_recipient(rate("5 per 1h")), OnOutage::Refuse);
    let log = Log::default();
    let told = log.hears(Level::WARN);
    async {
        for number in 0..5 {
            guarded.create(&message("+64270000000")).await.unwrap_or_else(|error| panic!("{number}: {error}"));
            assert!(redis.says(&["CLIENT", "KILL", "TYPE", "normal"]).trim().parse::<u32>().is_ok_and(|ended| ended > 0));
        }
        guarded.create(&message("+64270000000")).await.expect_err("over the limit");
    }
    .with_subscriber(told)
    .await;
    assert_eq!((log.take().as_str(), guarded.health().len()), ("", 0));
}

#[tokio::test]
async fn a_reload_during_an_outage_goes_on_with_what_the_process_counted() {
    let Some(mut redis) = Redis::start() else { return };
    let url = redis.url();
    redis.kill();
    let new = || -> Arc<dyn ChallengeProvider> {
        let guard = RedisGuard::new(url.as_str(), HASH_KEY, Limits::new().with_per_recipient(rate("1 per 1h"))).expect("a guard");
        Arc::new(Guarded::new(Arc::new(Scripted::named("first")), Arc::new(guard)))
    };
    let auth = Reloadable::new(new());
    auth.create(&message("+64270000000")).await.expect("the first");
    auth.replace(new());
    auth.create(&message("+64270000000")).await.expect_err("over the limit");
}

/// Stands before a server, and passes nothing on any more over the connections that it has, when it is told so.
async fn relay(redis: &Redis) -> (String, tokio::sync::watch::Sender<()>) {
    let address = redis.url().trim_start_matches("redis://").to_owned();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("redis://{}", listener.local_addr().expect("its address"));
    let (freeze, frozen) = tokio::sync::watch::channel(());
    tokio::spawn(async move {
        while let Ok((mut one, _)) = listener.accept().await {
            let (address, mut frozen) = (address.clone(), frozen.clone());
            frozen.mark_unchanged();
            tokio::spawn(async move {
                let mut other = tokio::net::TcpStream::connect(address).await.expect("the server");
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut one, &mut other) => {}
                    _ = frozen.changed() => std::future::pending().await,
                }
            });
        }
    });
    (url, freeze)
}

#[tokio::test]
async fn a_connection_that_does_not_answer_any_more_is_left_for_a_new_one() {
    let Some(redis) = Redis::start() else { return };
    let (url, freeze) = relay(&redis).await;
    let guard = RedisGuard::new(url, HASH_KEY, Limits::new().with_per_recipient(rate("5 per 1h"))).expect("a guard");
    let guard = guard.with_on_outage(OnOutage::Refuse).with_timeout(Duration::from_secs(3));
    let guarded = Guarded::new(Arc::new(Scripted::new()), Arc::new(guard)).with_timeout(LONG);
    guarded.create(&message("+64270000000")).await.expect("the first");
    freeze.send(()).expect("a connection");
    guarded.create(&message("+64270000000")).await.expect_err("nobody decides");
    let end = Instant::now() + Duration::from_secs(30);
    while guarded.create(&message("+64270000000")).await.is_err() {
        assert!(Instant::now() < end, "it is asked on a connection that does not answer");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
