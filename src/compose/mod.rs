//! Providers that are made of providers: routes and failover, guards, replacement while calls run.

mod guard;
mod guarded;
mod health;
mod reloadable;
mod router;

pub use guard::{Guard, LocalGuard, ParseRateError, Rate, Refusal, Sending};
pub use guarded::Guarded;
pub use reloadable::Reloadable;
pub use router::{Router, RouterBuilder};
