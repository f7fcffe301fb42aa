//! A field that is missing or wrong.

use std::{borrow::Cow, fmt};

use crate::model::Field;

/// Tells of one field, or one key of a config, that is missing or wrong.
///
/// ```
/// use auth_challenge::{Field, Violation};
///
/// let violation = Violation::new(Field::To, "expected a phone number in E.164 form");
/// assert_eq!(violation.field(), Some(Field::To));
/// assert_eq!(violation.to_string(), "to: expected a phone number in E.164 form");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    place: Place,
    vendor_field: Option<Cow<'static, str>>,
    message: Cow<'static, str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Field(Field),
    Key(String),
    /// Known by the vendor's name alone.
    Unknown,
}

impl Violation {
    /// Names a field, with what was expected.
    pub fn new(field: Field, message: impl Into<Cow<'static, str>>) -> Self {
        Self { place: Place::Field(field), vendor_field: None, message: message.into() }
    }

    /// Names a field by the vendor's name and, where there is one, this crate's own.
    pub fn at_vendor(field: Option<Field>, vendor_field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        let place = field.map_or(Place::Unknown, Place::Field);
        Self { place, vendor_field: Some(vendor_field.into()), message: message.into() }
    }

    /// Names a key of a config, say `corbado.api_secret`.
    pub fn at_key(key: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { place: Place::Key(key.into()), vendor_field: None, message: message.into() }
    }

    /// Gives the field; `None` for a key of a config, and where only the vendor has a name for it.
    pub fn field(&self) -> Option<Field> {
        match self.place {
            Place::Field(field) => Some(field),
            _ => None,
        }
    }

    /// Says whether the field is one that the person fills in, not the application: see [`Field::is_input`].
    pub fn is_input(&self) -> bool {
        self.field().is_some_and(Field::is_input)
    }

    /// Gives the key of the config; `None` for a field.
    pub fn key(&self) -> Option<&str> {
        match &self.place {
            Place::Key(key) => Some(key),
            _ => None,
        }
    }

    /// Gives the vendor's name of the field.
    pub fn vendor_field(&self) -> Option<&str> {
        self.vendor_field.as_deref()
    }

    /// Gives this crate's own name of the field, else the key, else the vendor's name.
    pub fn name(&self) -> &str {
        match &self.place {
            Place::Field(field) => field.as_str(),
            Place::Key(key) => key,
            Place::Unknown => self.vendor_field().unwrap_or("?"),
        }
    }

    /// Says what was expected, without the value that was given.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Gives the vendor's words, for masking; those that this crate has of its own hold nothing of a call.
    #[cfg(vendor)]
    pub(crate) fn vendors_words(&mut self) -> impl Iterator<Item = &mut String> {
        let words = [self.vendor_field.as_mut(), Some(&mut self.message)];
        words.into_iter().flatten().filter_map(|words| match words {
            Cow::Owned(words) => Some(words),
            Cow::Borrowed(_) => None,
        })
    }

    /// Adds the vendor's name of the field.
    #[cfg(vendor)]
    pub(crate) fn with_vendor_field(mut self, name: &'static str) -> Self {
        self.vendor_field = Some(name.into());
        self
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.message)
    }
}
