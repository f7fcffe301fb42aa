//! The paths of the crate that generated code names. Whoever moves one of these items changes it here.

#![allow(dead_code, reason = "the tests use some of them")]

pub(crate) const SECRET: &str = "crate::model::Secret";
pub(crate) const PERSONAL: &str = "crate::model::Personal";
pub(crate) const KEPT: &str = "crate::model::Kept";
/// The inner type of every client.
pub(crate) const ATTEMPT: &str = "crate::transport::Attempt";
/// What a call says of its operation.
pub(crate) const ROUTE: &str = "crate::transport::Route";
pub(crate) const OPEN_ENUM: &str = "crate::wire::open_enum!";
pub(crate) const TAGGED_ENUM: &str = "crate::wire::tagged_enum!";
/// How the content of a union is read: in replies what does not fit is passed over, in requests it is an error.
pub(crate) const READ_IN_REPLIES: &str = "crate::wire::tolerant::content";
pub(crate) const READ_IN_REQUESTS: &str = "crate::wire::exact_content";

/// Gives the module of a vendor's types.
pub(crate) fn types(vendor: &str) -> String {
    format!("crate::vendors::{vendor}::types")
}
