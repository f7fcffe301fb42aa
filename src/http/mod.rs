//! Between the generated clients and the wire: one deadline, one attempt at a time, no redirect, bounded replies, masked errors.

mod base_url;
mod call;
mod client;
mod endpoint;
mod mask;
mod reply;
mod retry;
#[cfg(test)]
mod scripted_transport;
mod trace;

pub(crate) use base_url::base_url;
pub(crate) use call::Call;
pub(crate) use call::hooks;
pub(crate) use client::TIMEOUT;
pub use client::{Http, HttpBuilder};
pub use endpoint::Reply;
pub(crate) use endpoint::{CallSettings, Endpoint, FAR, path_id, path_problem};
pub(crate) use reply::{Dialect, Fault, NO_ID};
