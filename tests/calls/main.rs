//! Single calls: what goes over the wire, what comes back of it, and what is told, printed and logged of both.

#[path = "../support/mod.rs"]
mod support;

#[cfg(feature = "testing")]
mod advice;
#[cfg(all(feature = "corbado", feature = "testing", feature = "toml"))]
mod corbado_find_users;
#[cfg(all(feature = "corbado", feature = "testing"))]
mod corbado_user_for;
#[cfg(feature = "corbado")]
mod corbado_users;
mod echoes;
mod handles;
#[cfg(feature = "dfns-keys")]
mod keys;
mod logs;
mod masking;
#[cfg(all(feature = "cli", feature = "metrics"))]
mod metrics;
#[cfg(feature = "cli")]
mod observer;
mod paths;
mod recipients;
mod refusals;
mod replies;
mod tolerant;
#[cfg(all(feature = "authsignal", feature = "corbado", feature = "send-once", feature = "testing", feature = "toml"))]
mod traces;
mod user_agents;
mod verify;
mod webauthn;
#[cfg(feature = "webhooks")]
mod webhooks;
mod wire;
mod wrappers;
