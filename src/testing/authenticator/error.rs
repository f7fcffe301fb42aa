//! Why a passkey does not answer.

use std::{error, fmt};

/// Says why a browser would not answer: the name of its exception, the members, and what was expected, never what was given.
///
/// ```
/// use auth_challenge::testing::Passkey;
/// use serde_json::json;
///
/// let error = Passkey::new("https://example.org").answer(&json!({ "challenge": "Y2g", "rpId": "example.com" })).expect_err("another site");
/// assert_eq!(error.name(), "SecurityError");
/// assert_eq!(error.to_string(), "SecurityError: rpId: expected the host of the passkey's origin, or a domain above it that is not a top-level one");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyError {
    name: &'static str,
    expected: String,
}

impl PasskeyError {
    pub(super) fn new(name: &'static str, expected: impl Into<String>) -> Self {
        Self { name, expected: expected.into() }
    }

    /// Gives the name of the exception that `navigator.credentials` throws: `TypeError`, `SecurityError`, `NotSupportedError`,
    /// `InvalidStateError` or `NotAllowedError`.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl fmt::Display for PasskeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.expected)
    }
}

impl error::Error for PasskeyError {}
