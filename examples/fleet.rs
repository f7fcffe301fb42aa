//! Shares limits between processes: run it several times at once, and all of them together send no more than the limits allow.
//!
//! `cargo run --example fleet --features redis -- redis://127.0.0.1:6379`

use std::{env, error::Error, sync::Arc, time::Duration};

use auth_challenge::{ChallengeProvider, ChallengeProviderExt, ChallengeRequest, ErrorKind, Guarded, Limits, OnOutage, RedisGuard, testing::Scripted};

const RECIPIENTS: u32 = 100;
const TRIES: u32 = 20;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).unwrap_or_else(|| "redis://127.0.0.1:6379".to_owned());
    // In earnest the key is a secret of the fleet's, and the provider comes from a config with `store = "redis"` in its [guard].
    let limits = Limits::new().with_per_recipient("5 per 10m".parse()?).with_wrong_codes(5);
    let guard = RedisGuard::new(url, "an example's key, which is no secret", limits)?.with_on_outage(OnOutage::Refuse);
    // Far more than the 250 ms of a login: eight processes that start at once on a small machine are slow.
    let guard = guard.with_timeout(Duration::from_secs(10));
    let auth: Arc<dyn ChallengeProvider> = Arc::new(Guarded::new(Arc::new(Scripted::new()), Arc::new(guard)));

    let mut calls = tokio::task::JoinSet::new();
    for recipient in 0..RECIPIENTS {
        let auth = Arc::clone(&auth);
        calls.spawn(async move {
            let (mut sent, mut over_limit) = (0, 0);
            for _ in 0..TRIES {
                match auth.create(&ChallengeRequest::sms_otp(format!("+6427{recipient:07}"))).await {
                    Ok(_) => sent += 1,
                    Err(error) if error.kind() == ErrorKind::Throttled => over_limit += 1,
                    Err(error) => eprintln!("{error}"),
                }
            }
            (sent, over_limit)
        });
    }
    let (mut sent, mut over_limit) = (0, 0);
    while let Some(counts) = calls.join_next().await {
        let (more_sent, more_over_limit) = counts?;
        sent += more_sent;
        over_limit += more_over_limit;
    }
    println!("sent {sent}, over the limit {over_limit}");
    for away in auth.health() {
        println!("{} does not answer: {:?}", away.provider(), away.failure());
    }
    Ok(())
}
