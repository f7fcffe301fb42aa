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
        deserializer.deserialize_any(Unquoted).map(Self::new)
    }
}

/// Reads a text; the error for anything else does not quote it, as serde's own does.
struct Unquoted;

impl Unquoted {
    fn refuse<E: serde::de::Error>() -> Result<String, E> {
        Err(E::custom("expected a text"))
    }
}

impl serde::de::Visitor<'_> for Unquoted {
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

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<String, E> {
        Self::refuse()
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<String, E> {
        Self::refuse()
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<String, E> {
        Self::refuse()
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<String, E> {
        Self::refuse()
    }
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
        deserializer.deserialize_any(Unquoted).map(Self)
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

/// Holds a reply member whose form the vendor's document does not tell, as it came; its content is not printed by `Debug`.
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
