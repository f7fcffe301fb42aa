//! The names of operations.

use std::fmt;

/// Says what a request asks for, by a name that is the same at every vendor.
///
/// Every vendor has [`CREATE`](Self::CREATE) and [`VERIFY`](Self::VERIFY); the other constants are operations of one vendor.
/// [`Double::operations`](super::Double::operations) lists those of a double, [`Double::operation`](super::Double::operation) finds one by
/// its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Operation(&'static str);

impl Operation {
    /// Challenges a person, also once more: a resend is the same operation at the vendors that have one.
    pub const CREATE: Self = Self::named("create");
    /// Checks an answer.
    pub const VERIFY: Self = Self::named("verify");

    /// Names an operation, in snake_case.
    pub(in crate::testing) const fn named(name: &'static str) -> Self {
        Self(name)
    }

    /// Gives the name in snake_case.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// Finds an operation by its name among those that there are; the same may be there several times.
    pub(in crate::testing) fn find(name: &str, known: impl IntoIterator<Item = Self>) -> Result<Self, UnknownOperation> {
        let mut all: Vec<Self> = Vec::new();
        for operation in known {
            if operation.as_str() == name {
                return Ok(operation);
            }
            if !all.contains(&operation) {
                all.push(operation);
            }
        }
        Err(UnknownOperation { known: all })
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

/// Holds the name of an operation that no double in question has; the message lists those that there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownOperation {
    known: Vec<Operation>,
}

impl fmt::Display for UnknownOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.known.iter().map(|operation| operation.as_str()).collect();
        write!(f, "operation: expected one of {}", names.join(", "))
    }
}

impl std::error::Error for UnknownOperation {}
