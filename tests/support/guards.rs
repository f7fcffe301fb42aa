//! Guards before a provider with queued results: alone, or those of processes that share a Redis.

use std::sync::Arc;
#[cfg(feature = "redis")]
use std::time::Duration;

use auth_challenge::{ChallengeRequest, ClientContext, Guard, Guarded, Limits, LocalGuard, Rate, testing::Scripted};
#[cfg(feature = "redis")]
use auth_challenge::{OnOutage, RedisGuard};

#[cfg(feature = "redis")]
use super::redis::Redis;

pub const HASH_KEY: &str = "a key of thirty-two characters!!";

pub fn rate(text: &str) -> Rate {
    text.parse().expect("a rate")
}

/// A text message that this client asks for.
pub fn from(client: u8, to: &str) -> ChallengeRequest {
    ChallengeRequest::sms_otp(to).with_client(ClientContext::new([203, 0, 113, client]))
}

/// A text message that one and the same client asks for.
pub fn message(to: &str) -> ChallengeRequest {
    from(7, to)
}

pub fn guarded(limits: Limits) -> (Scripted, Guarded) {
    behind(LocalGuard::new(limits))
}

/// One of the processes that share a server, which has long enough for a machine under load.
#[cfg(feature = "redis")]
pub fn process(redis: &Redis, limits: Limits, on_outage: OnOutage) -> (Scripted, Guarded) {
    process_within(Duration::from_secs(20), redis, limits, on_outage)
}

#[cfg(feature = "redis")]
pub fn process_within(time: Duration, redis: &Redis, limits: Limits, on_outage: OnOutage) -> (Scripted, Guarded) {
    behind(RedisGuard::new(redis.url(), HASH_KEY, limits).expect("a guard").with_on_outage(on_outage).with_timeout(time))
}

fn behind(guard: impl Guard) -> (Scripted, Guarded) {
    let scripted = Scripted::named("first");
    (scripted.clone(), Guarded::new(Arc::new(scripted), Arc::new(guard)))
}
