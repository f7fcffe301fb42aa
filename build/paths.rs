//! The paths of the crate that generated code names. Whoever moves one of these items changes it here.

#![allow(dead_code, reason = "the tests use some of them")]

pub(crate) const SECRET: &str = "crate::Secret";
pub(crate) const PERSONAL: &str = "crate::Personal";
pub(crate) const KEPT: &str = "crate::secret::Kept";
/// The inner type of every client.
pub(crate) const ATTEMPT: &str = "crate::http::Call";
pub(crate) const OPEN_ENUM: &str = "crate::open_enum::open_enum!";
pub(crate) const TAGGED_ENUM: &str = "crate::tagged_enum::tagged_enum!";

/// The module of a vendor's types.
pub(crate) fn types(vendor: &str) -> String {
    format!("crate::{vendor}::types")
}
