//! What a guard's decisions cost: how many a second, in one process and on a real Redis, and that each is one command to the server.

#[path = "../tests/support/redis.rs"]
#[allow(dead_code, unreachable_pub, missing_docs, reason = "the tests use the rest")]
mod redis;

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use auth_challenge::{
    Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeProviderExt, ChallengeRequest, ClientContext, Error, ErrorKind,
    Field, Guard, Guarded, Limits, LocalGuard, Method, MethodSupport, OnOutage, ProviderId, Rate, Reason, RedisGuard, Rejected, Verification,
};
use redis::Redis;

const IN_FLIGHT: [usize; 3] = [1, 16, 256];
const TIME: Duration = Duration::from_secs(2);

/// What the server runs; the commands in it are counted as if they had been sent.
const SCRIPT: &str = include_str!("../src/compose/guard/redis/guard.lua");

/// Takes every message and no code, without work of its own.
#[derive(Debug)]
struct Nobody(AtomicU64);

#[auth_challenge::async_trait]
impl ChallengeProvider for Nobody {
    fn id(&self) -> ProviderId {
        ProviderId::new("nobody")
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new(vec![MethodSupport::new(Method::SmsOtp, vec![Field::To], vec![Field::Ip])])
    }

    async fn create_with(&self, request: &ChallengeRequest, _: &CallOptions) -> Result<Challenge, Error> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Challenge::new(ChallengeHandle::new(self.id(), request.method(), number.to_string())))
    }

    async fn verify_with(&self, _: &ChallengeHandle, _: &Answer, _: &CallOptions) -> Result<Verification, Error> {
        Ok(Rejected::new(Reason::WrongOrExpiredCode).into())
    }
}

/// Calls that differ in what a guard has to do.
#[derive(Clone, Copy, Debug)]
enum Call {
    /// A message to somebody new: a place under three limits is taken, then the challenge noted.
    Sent,
    /// A message to somebody who had too many.
    Refused,
    /// A wrong code.
    WrongCode,
}

impl Call {
    const ALL: [Self; 3] = [Self::Sent, Self::Refused, Self::WrongCode];

    fn decisions(self) -> u64 {
        match self {
            Self::Sent => 2,
            Self::Refused | Self::WrongCode => 1,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::WrongCode => "wrong code",
        }
    }

    async fn make(self, auth: &Guarded, number: u64) {
        match self {
            Self::Sent => drop(auth.create(&message(number)).await.expect("within the limits")),
            Self::Refused => {
                let error = auth.create(&message(0)).await.expect_err("over the limit");
                assert_eq!(error.kind(), ErrorKind::Throttled, "{error}");
            }
            Self::WrongCode => {
                let handle = ChallengeHandle::new(auth.id(), Method::SmsOtp, format!("challenge-{number}"));
                let answer = auth.verify(&handle, &Answer::code("000000")).await.expect("an answer");
                assert!(matches!(answer, Verification::Rejected(_)));
            }
        }
    }
}

/// A message to the person of this number, each with an address of their own; the calling codes are all from +30 to +49 that there are.
fn message(number: u64) -> ChallengeRequest {
    let [.., a, b, c] = number.to_be_bytes();
    ChallengeRequest::sms_otp(format!("+{}27{number:08}", 30 + number % 20)).with_client(ClientContext::new([10, a, b, c]))
}

fn limits() -> Limits {
    let an_hour = |times| Rate::new(times, Duration::from_secs(60 * 60)).expect("a rate");
    Limits::new().with_per_recipient(an_hour(1)).with_per_ip(an_hour(30)).with_unverified_per_calling_code(an_hour(u32::MAX)).with_wrong_codes(5)
}

/// What so many in flight did in their time.
struct Measured {
    calls: u64,
    took: Duration,
    /// Of each call, in order.
    latencies: Vec<Duration>,
}

async fn measure(auth: &Arc<Guarded>, call: Call, in_flight: usize) -> Measured {
    let (start, numbers) = (Instant::now(), Arc::new(AtomicU64::new(1)));
    let callers: Vec<_> = (0..in_flight)
        .map(|_| {
            let (auth, numbers) = (Arc::clone(auth), Arc::clone(&numbers));
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while start.elapsed() < TIME {
                    let begun = Instant::now();
                    call.make(&auth, numbers.fetch_add(1, Ordering::Relaxed)).await;
                    latencies.push(begun.elapsed());
                    // A guard in memory never waits, and would let nobody else run.
                    tokio::task::consume_budget().await;
                }
                latencies
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for caller in callers {
        latencies.extend(caller.await.expect("a caller"));
    }
    let took = start.elapsed();
    latencies.sort_unstable();
    Measured { calls: latencies.len() as u64, took, latencies }
}

/// Fails unless the server was sent so many scripts, and nothing else.
fn assert_commands(redis: &Redis, decisions: u64) {
    let of_script: BTreeSet<String> = SCRIPT.split("redis.call('").skip(1).filter_map(|rest| Some(rest.split_once('\'')?.0.to_lowercase())).collect();
    let said = redis.says(&["INFO", "commandstats"]);
    let mut scripts = 0;
    for line in said.lines().filter_map(|line| line.strip_prefix("cmdstat_")) {
        let (name, rest) = line.split_once(":calls=").expect("a count");
        match name {
            "evalsha" => scripts = rest.split_once(',').and_then(|(calls, _)| calls.parse().ok()).expect("a number"),
            // Of this bench.
            "info" | "config|resetstat" => {}
            other => assert!(of_script.contains(other), "{other} was sent: {said}"),
        }
    }
    assert_eq!(scripts, decisions, "scripts and decisions: {said}");
}

/// Measures every call with so many in flight, each from nothing.
async fn run<G: Guard>(name: &str, guard: impl Fn() -> G, redis: Option<&Redis>) {
    for call in Call::ALL {
        for in_flight in IN_FLIGHT {
            if let Some(redis) = redis {
                redis.says(&["FLUSHALL"]);
            }
            let auth = Arc::new(Guarded::new(Arc::new(Nobody(AtomicU64::new(0))), Arc::new(guard())));
            // On Redis it connects, and brings the script along.
            auth.create(&message(0)).await.expect("the only one to the first person");
            if let Some(redis) = redis {
                redis.says(&["CONFIG", "RESETSTAT"]);
            }
            let Measured { calls, took, latencies } = measure(&auth, call, in_flight).await;
            let decisions = calls * call.decisions();
            if let Some(redis) = redis {
                assert_commands(redis, decisions);
            }
            let per_second = decisions as f64 / took.as_secs_f64();
            let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
            let (half, most) = (at(0.5), at(0.99));
            println!("| {name:<5} | {:<10} | {in_flight:>9} | {decisions:>9} | {per_second:>8.0} | {half:>10.0} | {most:>8.0} |", call.as_str());
        }
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    println!("| guard | call       | in flight | decisions | a second | median, µs | 99 %, µs |");
    println!("|-------|------------|----------:|----------:|---------:|-----------:|---------:|");
    run("local", || LocalGuard::new(limits()), None).await;
    let Some(redis) = Redis::start() else { return };
    // Longer than any call here takes, so that every decision is the server's.
    let guard = || RedisGuard::new(redis.url(), "a bench's key, which is no secret", limits()).expect("a guard").with_timeout(Duration::from_secs(10));
    run("redis", || guard().with_on_outage(OnOutage::Refuse), Some(&redis)).await;
    println!("\nEvery decision on Redis was one EVALSHA, and nothing else was sent.");
}
