//! Providers that are made of providers: routes and failover, guards, replacement while calls run.

mod expiring;
mod guard;
mod guarded;
mod health;
mod reloadable;
mod router;

use std::time::Duration;

pub use guard::{Guard, Limits, LocalGuard, ParseRateError, Rate, Refusal, Sending};
#[cfg(feature = "redis")]
pub use guard::{OnOutage, RedisGuard};
pub use guarded::Guarded;
pub use reloadable::Reloadable;
pub use router::{Router, RouterBuilder};

/// Least time left before a provider is asked: with less, what is known to be not sent would turn into an unknown outcome.
const LEAST_TIME: Duration = Duration::from_millis(250);
