//! One call over HTTP: a deadline, one attempt at a time, no redirect, bounded replies, masked errors.

#[cfg(vendor)]
mod attempt;
#[cfg(vendor)]
#[cfg_attr(not(every_vendor), allow(dead_code, reason = "a vendor that is compiled out needs it"))]
mod authorization;
mod base_url;
#[cfg(vendor)]
mod calling;
mod client;
#[cfg(vendor)]
mod endpoint;
pub(crate) mod file;
#[cfg(vendor)]
mod hidden;
#[cfg(vendor)]
mod log;
#[cfg(vendor)]
mod outcome;
#[cfg(vendor)]
#[cfg_attr(not(every_vendor), allow(dead_code, reason = "a vendor that is compiled out needs it"))]
pub(crate) mod path;
#[cfg(vendor)]
mod redact;
#[cfg(vendor)]
mod reply;
#[cfg(vendor)]
mod retry;
#[cfg(all(test, vendor))]
mod tests;
#[cfg_attr(not(vendor), allow(dead_code, reason = "vendors alone make calls"))]
mod trace_context;
#[cfg(vendor)]
mod unprocessed;
#[cfg(vendor)]
mod watch;

#[cfg(vendor)]
pub(crate) use self::{
    attempt::Attempt,
    authorization::Authorization,
    endpoint::Endpoint,
    outcome::{ErrorReply, Failure, Operation, Route},
};
#[cfg(feature = "testing")]
#[cfg_attr(not(every_vendor), allow(unused_imports, reason = "a vendor that is compiled out needs it"))]
pub(crate) use base_url::is_loopback;
pub(crate) use base_url::{PlainHost, base_url};
pub(crate) use client::{FAR, LEAST_TO_ASK, TIMEOUT, is_proxy, problem_of_authorities};
pub use client::{Http, HttpBuilder};
#[cfg(vendor)]
pub use reply::Reply;
pub(crate) use trace_context::TraceContext;
