//! Where a request strays from the vendor's document.

use std::fmt;

use super::Entries;
use crate::testing::weight::{self, Weigh};

/// Names one place where a request, or a double's own reply, is not as the vendor's document says. It never holds a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecViolation {
    pub(in crate::testing) operation: String,
    pub(in crate::testing) pointer: String,
    pub(in crate::testing) message: String,
}

impl SpecViolation {
    /// Gives the operation as the document has it, say `POST /users/{userID}/challenges`.
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// Gives the place as a JSON pointer that starts at the request: `/body/clientInformation/remoteAddress`, `/headers/authorization`,
    /// `/query/action`, `/path/userID`; or at the double's own reply: `/reply/…`.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Says what was expected.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl Weigh for SpecViolation {
    fn weight(&self) -> usize {
        weight::of_texts([self.operation(), self.pointer(), self.message()])
    }
}

impl fmt::Display for SpecViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.operation, self.pointer, self.message)
    }
}

/// The violations until now, the oldest first: empty in a good test.
pub type Violations = Entries<SpecViolation>;

impl Violations {
    /// Asserts that there is none.
    ///
    /// # Panics
    ///
    /// Where there is one; the message shows all of them.
    #[track_caller]
    pub fn assert_none(&self) {
        assert!(self.is_empty(), "expected every request to be as the vendor's document says, but:\n{self}");
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.iter().enumerate() {
            write!(f, "{}{violation}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}
