//! Shares limits between processes: run it several times at once, and all of them together let pass what the limits allow, and no more.
//!
//! `cargo run --example fleet --features redis -- redis://127.0.0.1:6379`

use std::{env, error::Error, sync::Arc, time::Duration};

use auth_challenge::{
    Answer, ChallengeHandle, ChallengeProvider, ChallengeProviderExt, ChallengeRequest, ClientContext, ErrorKind, Guarded, Limits, Method, OnOutage, Reason,
    RedisGuard, Rejected, Verification, testing::Scripted,
};
use tokio::task::JoinSet;

/// How many recipients, clients and challenges there are.
const EACH: u32 = 100;
/// How often each process asks for each.
const TRIES: u32 = 20;

/// Makes the request of a process to one of them, by number.
type Request = fn(process: u32, one: u32, number: u32) -> ChallengeRequest;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).unwrap_or_else(|| "redis://127.0.0.1:6379".to_owned());
    // In earnest the key is a secret of the fleet's, and the provider comes from a config with `store = "redis"` in its [guard].
    let limits = Limits::new()
        .with_per_recipient("5 per 10m".parse()?)
        .with_per_ip("7 per 10m".parse()?)
        .with_unverified_per_calling_code("50 per 10m".parse()?)
        .with_wrong_codes(3);
    let guard = RedisGuard::new(url, "an example's key, which is no secret", limits)?.with_on_outage(OnOutage::Refuse);
    // Far more than the 250 ms of a login: eight processes that start at once on a small machine are slow.
    let guard = guard.with_timeout(Duration::from_secs(10));
    // A vendor that takes every message and calls every code wrong.
    let vendor = (0..EACH * TRIES).fold(Scripted::new(), |vendor, _| vendor.verify_gives(Rejected::new(Reason::WrongOrExpiredCode)));
    let auth: Arc<dyn ChallengeProvider> = Arc::new(Guarded::new(Arc::new(vendor), Arc::new(guard)));

    let process = std::process::id();
    let each: [(&str, Request); 3] = [
        ("recipients", |_, one, _| ChallengeRequest::email_otp(format!("person{one}@example.org"))),
        ("clients", |process, one, number| {
            let client = ClientContext::new([203, 0, 113, u8::try_from(one).unwrap_or_default()]);
            ChallengeRequest::email_otp(format!("{process}.{one}.{number}@example.org")).with_client(client)
        }),
        ("one calling code", |process, one, number| ChallengeRequest::sms_otp(format!("+64{:05}{one:02}{number:02}", process % 100_000))),
    ];
    for (name, request) in each {
        let passes = move |auth: Arc<dyn ChallengeProvider>, one, number| async move {
            match auth.create(&request(process, one, number)).await {
                Ok(_) => true,
                Err(error) if error.kind() == ErrorKind::Throttled => false,
                Err(error) => panic!("{error}"),
            }
        };
        tell(name, &auth, passes).await?;
    }
    let is_handed_in = |auth: Arc<dyn ChallengeProvider>, one, _| async move {
        let handle = ChallengeHandle::new(auth.id(), Method::EmailOtp, format!("challenge {one}"));
        match auth.verify(&handle, &Answer::code("000000")).await {
            Ok(Verification::Rejected(rejected)) => rejected.reason() != Reason::TooManyAttempts,
            Err(error) if error.kind() == ErrorKind::Throttled => false,
            other => panic!("{other:?}"),
        }
    };
    tell("wrong codes", &auth, is_handed_in).await?;
    for away in auth.health() {
        println!("{} does not decide: {:?}", away.provider(), away.failure());
    }
    Ok(())
}

/// Asks for each so many times, and tells how often it passed.
async fn tell<F>(name: &str, auth: &Arc<dyn ChallengeProvider>, passes: impl Fn(Arc<dyn ChallengeProvider>, u32, u32) -> F) -> Result<(), Box<dyn Error>>
where
    F: Future<Output = bool> + Send + 'static,
{
    let mut calls = JoinSet::new();
    for (one, number) in (0..EACH).flat_map(|one| (0..TRIES).map(move |number| (one, number))) {
        calls.spawn(passes(Arc::clone(auth), one, number));
    }
    let passed = calls.join_all().await.into_iter().filter(|passed| *passed).count();
    println!("{name}: {passed} of {} passed", EACH * TRIES);
    Ok(())
}
