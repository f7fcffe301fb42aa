//! A fleet's limits under load while its Redis is killed and restarted, stopped and continued, or loses its scripts.
//! `FLEET_LOAD=full` is ten seconds of 32 callers, as `.ci/fleet` runs it; without it one second of four, for machines with other work.
#![cfg(feature = "redis")]

mod support;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use auth_challenge::{ChallengeProvider, ChallengeProviderExt, Error, ErrorKind, Guarded, Limits, OnOutage, SendState, testing::Scripted};
use support::{
    guards::{from, process_within, rate},
    log::Log,
    redis::Redis,
};
use tokio::{task::JoinSet, time::sleep};
use tracing::{Dispatch, Level, instrument::WithSubscriber as _};

/// Messages to one recipient.
const MOST: usize = 5;
/// Each caller's pause between calls: some thousand calls a second of all of them, rather than a machine that does nothing else.
const PAUSE: Duration = Duration::from_millis(10);
const SECOND: Duration = Duration::from_secs(1);

/// How much there is of it.
struct Load {
    callers: u32,
    away: Duration,
    /// Time of a decision, where the server ends it or is to answer, and where it is stopped and answers nothing.
    decision: Duration,
    while_stopped: Duration,
    /// Time of a whole call, and what a machine with other work may add to it.
    call: Duration,
    noise: Duration,
}

fn load() -> Load {
    match std::env::var("FLEET_LOAD").as_deref() {
        Ok("full") => Load { callers: 32, away: SECOND * 10, decision: SECOND, while_stopped: SECOND, call: SECOND * 4, noise: SECOND * 2 },
        _ => Load { callers: 4, away: SECOND, decision: SECOND * 30, while_stopped: SECOND * 3, call: SECOND * 60, noise: SECOND * 60 },
    }
}

/// A process of the fleet by its policy, with callers that never rest.
struct Process {
    on_outage: OnOutage,
    /// What its numbers begin with, so that no process counts for another one.
    prefix: &'static str,
    scripted: Scripted,
    auth: Arc<Guarded>,
    log: Log,
    told: Dispatch,
    is_over: Arc<AtomicBool>,
    crowd: JoinSet<Seen>,
}

/// What calls saw.
#[derive(Default)]
struct Seen {
    sent: BTreeMap<String, usize>,
    refused: usize,
    slowest: Duration,
}

impl Seen {
    fn take(&mut self, to: String, took: Duration, outcome: Result<(), Error>) {
        match outcome {
            Ok(()) => *self.sent.entry(to).or_default() += 1,
            Err(error) => {
                assert_eq!((error.kind(), error.send_state()), (ErrorKind::Throttled, SendState::NotSent), "{error}");
                assert!(error.retry_after().is_some());
                self.refused += 1;
            }
        }
        self.slowest = self.slowest.max(took);
    }

    fn add(&mut self, other: Self) {
        for (to, sent) in other.sent {
            *self.sent.entry(to).or_default() += sent;
        }
        self.refused += other.refused;
        self.slowest = self.slowest.max(other.slowest);
    }

    fn all(&self) -> usize {
        self.sent.values().sum()
    }
}

async fn call(auth: &Guarded, to: String, seen: &mut Seen) {
    let start = Instant::now();
    let outcome = auth.create(&from(7, &to)).await.map(drop);
    seen.take(to, start.elapsed(), outcome);
}

impl Process {
    fn start(redis: &Redis, decision: Duration, on_outage: OnOutage, prefix: &'static str) -> Self {
        let (scripted, auth) = process_within(decision, redis, Limits::new().with_per_recipient(rate("5 per 1h")), on_outage);
        let log = Log::default();
        let told = log.hears(Level::WARN);
        let auth = Arc::new(auth.with_timeout(load().call));
        Self { on_outage, prefix, scripted, auth, log, told, is_over: Arc::default(), crowd: JoinSet::new() }
    }

    /// Lets callers begin, who ask for twelve messages to one after the other.
    fn crowd(&mut self) {
        let number = Arc::new(AtomicU32::new(0));
        for _ in 0..load().callers {
            let (auth, number, is_over, prefix) = (Arc::clone(&self.auth), Arc::clone(&number), Arc::clone(&self.is_over), self.prefix);
            let calls = async move {
                let mut seen = Seen::default();
                while !is_over.load(Ordering::Relaxed) {
                    call(&auth, format!("{prefix}1{:06}", number.fetch_add(1, Ordering::Relaxed) / 12), &mut seen).await;
                    sleep(PAUSE).await;
                }
                seen
            };
            self.crowd.spawn(calls.with_subscriber(self.told.clone()));
        }
    }

    /// Asks for so many messages to each of ten people, all at once.
    async fn burst(&self, kind: &str, times: usize) -> Seen {
        let mut calls = JoinSet::new();
        for number in (0..10).flat_map(|number| std::iter::repeat_n(number, times)) {
            let (auth, to) = (Arc::clone(&self.auth), format!("{}{kind}{number:06}", self.prefix));
            let one = async move {
                let mut seen = Seen::default();
                call(&auth, to, &mut seen).await;
                seen
            };
            calls.spawn(one.with_subscriber(self.told.clone()));
        }
        gather(calls).await
    }

    fn is_away(&self) -> bool {
        self.failure().is_some()
    }

    /// Why the store is away, if it is.
    fn failure(&self) -> Option<ErrorKind> {
        self.auth.health().iter().find(|one| one.provider().as_str() == "guard")?.failure()
    }

    /// What ten people get of twenty messages each while the server is away.
    fn sent_while_away(&self) -> usize {
        match self.on_outage {
            OnOutage::Local => 10 * MOST,
            OnOutage::Refuse => 0,
            _ => 10 * 20,
        }
    }

    /// Ends the callers, and judges what they saw: `outages` were told.
    async fn end(mut self, outages: usize, mut seen: Seen) -> String {
        self.is_over.store(true, Ordering::Relaxed);
        let of_crowd = gather(std::mem::take(&mut self.crowd)).await;
        let most = of_crowd.sent.values().copied().max().unwrap_or_default();
        // The server counts, and each process for itself while it is away.
        let allowed = match self.on_outage {
            OnOutage::Refuse => MOST,
            OnOutage::Local => MOST * (1 + outages),
            _ if outages == 0 => MOST,
            _ => 12,
        };
        assert!(most <= allowed, "{:?}: {most} messages to one", self.on_outage);
        seen.add(of_crowd);
        assert!(seen.slowest < load().call + load().noise, "{:?}: a call took {:?}", self.on_outage, seen.slowest);
        assert_eq!(self.scripted.created().len(), seen.all(), "{:?}: what was refused was not sent, and all else was", self.on_outage);
        let log = self.log.take();
        let times = |text: &str| log.matches(text).count();
        assert_eq!((times("does not decide"), times("decides again")), (outages, outages), "{:?}: {log}", self.on_outage);
        assert!(!self.is_away());
        format!("{:?}: {} sent, {} refused, {most} at most to one, the slowest call {:?}", self.on_outage, seen.all(), seen.refused, seen.slowest)
    }
}

async fn gather(mut calls: JoinSet<Seen>) -> Seen {
    let mut all = Seen::default();
    while let Some(seen) = calls.join_next().await {
        all.add(seen.expect("calls as they have to be"));
    }
    all
}

fn fleet(redis: &Redis, decision: Duration) -> [Process; 3] {
    [(OnOutage::Local, "+64271"), (OnOutage::Refuse, "+64272"), (OnOutage::Allow, "+64273")]
        .map(|(policy, prefix)| Process::start(redis, decision, policy, prefix))
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "not {what}");
        sleep(Duration::from_millis(20)).await;
    }
    start.elapsed()
}

/// Takes the server away from a fleet under load for a while.
async fn take_away(name: &str, failure: ErrorKind, mut redis: Redis, away: impl FnOnce(&mut Redis), back: impl FnOnce(Redis) -> Redis) {
    let decision = if failure == ErrorKind::Timeout { load().while_stopped } else { load().decision };
    let mut fleet = fleet(&redis, decision);
    let mut seen = [const { Vec::new() }; 3];
    for (process, seen) in fleet.iter_mut().zip(&mut seen) {
        let before = process.burst("2", 3).await;
        assert_eq!(before.all(), 30);
        seen.push(before);
        process.crowd();
    }
    sleep(Duration::from_secs(1)).await;
    assert!(fleet.iter().all(|process| !process.is_away()), "nobody is away yet");

    let start = Instant::now();
    away(&mut redis);
    let noticed = until("away", || fleet.iter().all(Process::is_away)).await;
    for (process, seen) in fleet.iter().zip(&mut seen) {
        let meanwhile = process.burst("3", 20).await;
        assert_eq!(meanwhile.all(), process.sent_while_away(), "{name}, {:?}: while it is away", process.on_outage);
        seen.push(meanwhile);
    }
    sleep(load().away.saturating_sub(start.elapsed())).await;
    assert_eq!(fleet.each_ref().map(Process::failure), [Some(failure); 3], "away all the time");

    let redis = back(redis);
    let again = until("back", || !fleet.iter().any(Process::is_away)).await;
    for (process, seen) in fleet.iter().zip(&mut seen) {
        let after = [process.burst("4", 20).await, process.burst("2", 20).await];
        assert_eq!(
            after.each_ref().map(Seen::all),
            [10 * MOST, 10 * (MOST - 3)],
            "{name}, {:?}: new people, and those who had three before",
            process.on_outage
        );
        seen.extend(after);
    }
    println!("{name}: away after {noticed:?}, back after {again:?}");
    for (process, seen) in fleet.into_iter().zip(seen) {
        let seen = seen.into_iter().fold(Seen::default(), |mut all, one| {
            all.add(one);
            all
        });
        println!("{name}: {}", process.end(1, seen).await);
    }
    drop(redis);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_and_restarted_under_load_costs_no_count() {
    let Some(redis) = Redis::start() else { return };
    take_away("killed", ErrorKind::Connect, redis, Redis::kill, Redis::restart).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_stopped_and_continued_under_load_costs_no_count() {
    let Some(redis) = Redis::start() else { return };
    let back = |redis: Redis| {
        redis.resume();
        redis
    };
    take_away("stopped", ErrorKind::Timeout, redis, |redis| redis.pause(), back).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_loses_its_scripts_again_and_again_decides_all_the_same() {
    let Some(redis) = Redis::start() else { return };
    let mut fleet = fleet(&redis, load().decision);
    fleet.iter_mut().for_each(Process::crowd);
    let flushes = redis.flush_scripts();
    sleep(load().away).await;
    let mut bursts = Vec::new();
    for process in &fleet {
        let seen = process.burst("2", 20).await;
        assert_eq!(seen.all(), 10 * MOST, "{:?}", process.on_outage);
        bursts.push(seen);
    }
    println!("flushed: {} times", flushes.end());
    for (process, seen) in fleet.into_iter().zip(bursts) {
        println!("flushed: {}", process.end(0, seen).await);
    }
}
