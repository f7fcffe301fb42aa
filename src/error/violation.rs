//! A field that is missing or wrong.

use std::{borrow::Cow, fmt};

/// One field that is missing or wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    field: Option<Cow<'static, str>>,
    vendor_field: Option<String>,
    message: String,
}

impl Violation {
    /// A violation of a neutral field, say `to`, with what was expected.
    pub fn new(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), vendor_field: None, message: message.into() }
    }

    /// A violation that the vendor found, by the vendor's field name and, where there is one, the neutral name.
    pub fn at_vendor(field: Option<&'static str>, vendor_field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.map(Cow::Borrowed), vendor_field: Some(vendor_field.into()), message: message.into() }
    }

    /// The neutral name of the field: `to`, `user_id`, `ip`, `user_agent`, `action`, `code` …, or a config key.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// The vendor's name of the field.
    pub fn vendor_field(&self) -> Option<&str> {
        self.vendor_field.as_deref()
    }

    /// What was expected, without the value that was given.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The violation with the vendor's words put through a mask.
    pub(crate) fn masked(self, mask: impl Fn(&str) -> String) -> Self {
        Self { field: self.field, vendor_field: self.vendor_field.as_deref().map(&mask), message: mask(&self.message) }
    }

    pub(crate) fn with_vendor_field(mut self, name: &str) -> Self {
        self.vendor_field = Some(name.to_owned());
        self
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field().or(self.vendor_field()).unwrap_or("?"), self.message)
    }
}
