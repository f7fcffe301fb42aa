//! Providers made of others: routers, guards alone and in a fleet, intents.

#[path = "../support/mod.rs"]
mod support;

mod failover;
#[cfg(feature = "redis")]
mod fleet;
#[cfg(feature = "redis")]
mod fleet_outages;
mod guard;
mod guard_deadline;
mod guard_limits;
mod guard_outcomes;
mod pumping;
mod reloadable;
mod router;
#[cfg(feature = "send-once")]
mod send_once;
#[cfg(all(feature = "send-once", feature = "redis", feature = "toml"))]
mod send_once_redis;
#[cfg(feature = "send-once")]
mod send_once_stores;
