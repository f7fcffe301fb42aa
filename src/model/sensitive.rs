//! Values that must not be seen by accident: secrets, personal data, and reply members of unknown form.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Holds a code, token, key, credential or challenge identifier: never printed, wiped from memory when dropped.
///
/// It serialises in clear, because a vendor's request has to carry it: keep it out of your own serialised types.
///
/// ```
/// let code = auth_challenge::Secret::new("123456");
/// assert_eq!(format!("{code:?}"), "Secret(***)");
/// assert_eq!(code.expose(), "123456");
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a value in.
    pub fn new(value: impl Into<String>) -> Self {
        Self(SecretString::from(value.into()))
    }

    /// Gives the value in clear.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self::new(value)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer).map(Self::new)
    }
}

/// Refuses what a visitor does not read, without quoting it as serde's own errors do.
macro_rules! refuse {
    ($words:literal: $($visit:ident $kind:ty),+) => {
        $(fn $visit<E: serde::de::Error>(self, _: $kind) -> Result<Self::Value, E> {
            Err(E::custom($words))
        })+
    };
}
pub(super) use refuse;

/// Reads a text; the error for anything else does not quote it.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    // A format for people knows what stands there, and would quote it where it is told what to expect.
    if deserializer.is_human_readable() { deserializer.deserialize_any(Unquoted) } else { deserializer.deserialize_string(Unquoted) }
}

struct Unquoted;

impl<'de> serde::de::Visitor<'de> for Unquoted {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<String, E> {
        Ok(text)
    }

    // To its end, so that a reader tells of the list and not of what is in it.
    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<String, A::Error> {
        while items.next_element::<serde::de::IgnoredAny>()?.is_some() {}
        Err(serde::de::Error::custom("expected a text"))
    }

    refuse!("expected a text": visit_bool bool, visit_i64 i64, visit_u64 u64, visit_i128 i128, visit_u128 u128, visit_f64 f64, visit_bytes &[u8]);
}

/// Holds an e-mail address, phone number, user id or anything else that tells who somebody is: not printed by `Debug`, and without
/// `Display`; [`as_str`](Self::as_str) gives it.
///
/// ```
/// let address = auth_challenge::Personal::new("jane@doe.com");
/// assert_eq!(format!("{address:?}"), "Personal(***)");
/// assert_eq!(address.as_str(), "jane@doe.com");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Personal(String);

impl<'de> Deserialize<'de> for Personal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer).map(Self)
    }
}

impl Personal {
    /// Takes a value in.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// Gives the value in clear.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(***)")
    }
}

impl From<&str> for Personal {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

impl From<String> for Personal {
    fn from(value: String) -> Self {
        Self(value)
    }
}

/// Holds a reply member for which the vendor's document tells no form, or several, as it came; its content is not printed by `Debug`.
///
/// ```
/// let kept: auth_challenge::Kept = serde_json::from_str(r#"{"hints":["client-device"]}"#)?;
/// assert_eq!(format!("{kept:?}"), "Kept(***)");
/// assert_eq!(kept.value()["hints"][0], "client-device");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Kept(Value);

impl Kept {
    /// Gives the value as it came.
    pub fn value(&self) -> &Value {
        &self.0
    }
}

impl From<Value> for Kept {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept(***)")
    }
}
