//! What is seen of a provider's calls from outside: one span each for an operator, whatever the provider is made of, and what an application counts.

mod call;
#[cfg(feature = "metrics")]
mod metrics;
mod observer;
mod observers;
mod outcome;
mod unended;

#[cfg(feature = "metrics")]
pub use self::metrics::MetricsObserver;
#[cfg_attr(not(vendor), allow(unused_imports, reason = "vendors alone make attempts"))]
pub(crate) use self::{
    call::{Call, guard_decided, is_fault},
    observers::Observers,
    outcome::Outcome,
    unended::Unended,
};
pub use self::{
    observer::{AttemptEnd, CallEnd, GuardDecision, Observer, Ruling},
    outcome::CallOutcome,
};
