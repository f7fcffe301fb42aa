//! Providers that are made of providers: routes and failover, guards, replacement while calls run, what an application counts, at most one message for each intent.

mod call_time;
mod expiring;
mod guard;
mod guarded;
mod observed;
#[cfg(feature = "redis")]
mod redis;
mod reloadable;
mod router;
#[cfg(feature = "send-once")]
mod send_once;

pub(crate) use guard::LARGEST_RATE;
pub use guard::{Guard, Limits, LocalGuard, ParseRateError, Rate, Refusal, Sending};
#[cfg(feature = "redis")]
pub use guard::{OnOutage, RedisGuard};
pub use guarded::Guarded;
pub use observed::Observed;
#[cfg(feature = "redis")]
pub(crate) use redis::problem_of_url;
pub use reloadable::Reloadable;
pub use router::{Router, RouterBuilder};
#[cfg(feature = "send-once")]
pub(crate) use send_once::LONGEST_REMEMBERED;
#[cfg(all(feature = "send-once", feature = "redis"))]
pub use send_once::RedisIntents;
#[cfg(feature = "send-once")]
pub use send_once::{FoundIntent, IntentStore, LocalIntents, SendOnce};

/// Finds what is wrong with a key that hashes or seals.
#[cfg(any(feature = "redis", feature = "send-once"))]
pub(crate) fn problem_of_key(key: &crate::model::Secret) -> Option<&'static str> {
    (key.expose().chars().count() < 32).then_some("expected at least 32 characters")
}
