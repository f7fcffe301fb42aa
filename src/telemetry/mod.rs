//! What an operator sees of a provider's calls: one span each, whatever the provider is made of.

mod call;
mod unended;

#[cfg_attr(not(vendor), allow(unused_imports, reason = "vendors alone make attempts"))]
pub(crate) use self::{
    call::{Call, Outcome, guard_decided, is_fault},
    unended::Unended,
};
