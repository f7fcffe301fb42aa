//! What an operator sees of a provider's calls: one span each, whatever the provider is made of.

mod call;
mod unended;

#[cfg(feature = "send-once")]
pub(crate) use self::call::Outcome;
#[cfg_attr(not(vendor), allow(unused_imports, reason = "vendors alone make attempts"))]
pub(crate) use self::{
    call::{Call, guard_decided, is_fault},
    unended::Unended,
};
