//! The paths of the crate that generated code names. Whoever moves one of these items changes it here.

#![allow(dead_code, reason = "the tests use some of them")]

pub(crate) const SECRET: &str = "crate::model::Secret";
pub(crate) const PERSONAL: &str = "crate::model::Personal";
pub(crate) const KEPT: &str = "crate::model::Kept";
/// The inner type of every client.
pub(crate) const ATTEMPT: &str = "crate::transport::Attempt";
/// What a call says of its operation.
pub(crate) const ROUTE: &str = "crate::transport::Route";
/// How a struct of a reply is read.
pub(crate) const REPLY: &str = "crate::wire::reply";
pub(crate) const OPEN_ENUM: &str = "crate::wire::open_enum!";
pub(crate) const TAGGED_ENUM: &str = "crate::wire::tagged_enum!";
/// How a union is read whose tag stands behind other members: in replies what does not fit is passed over, in requests it is an error.
pub(crate) const READ_IN_REPLIES: &str = "crate::wire::tolerant::union";
pub(crate) const READ_IN_REQUESTS: &str = "crate::wire::exact_union";

/// Gives the module of a vendor's types.
pub(crate) fn types(vendor: &str) -> String {
    format!("crate::vendors::{vendor}::types")
}
