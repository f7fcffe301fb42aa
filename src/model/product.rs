//! A browser or operating system.

use serde::Deserialize;

/// Names a browser or operating system, with its version.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    name: String,
    version: String,
}

impl Product {
    /// Names a product, with its version.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self { name: name.into(), version: version.into() }
    }

    /// Gives the name; `Unknown` where it could not be told.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives the version; `Unknown` where it could not be told.
    pub fn version(&self) -> &str {
        &self.version
    }

    pub(crate) fn unknown() -> Self {
        Self::new(UNKNOWN, UNKNOWN)
    }
}

/// Stands for a name or version that cannot be told.
pub(crate) const UNKNOWN: &str = "Unknown";
