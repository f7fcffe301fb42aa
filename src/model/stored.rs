//! The stored form of a handle, in any format of serde's: a map with its members by name, whose errors quote nothing.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
    ser::SerializeMap,
};

use crate::model::{Personal, Secret, sensitive::refuse};

/// Holds the members. Members may be added, none may change its sense: releases read each other's handles.
pub(super) struct Stored {
    pub(super) version: u64,
    pub(super) provider: String,
    pub(super) method: String,
    pub(super) kind: Option<String>,
    pub(super) challenge_id: Secret,
    pub(super) user_id: Option<Personal>,
    pub(super) recipient: Option<Personal>,
    pub(super) locale: Option<Personal>,
    /// Unix seconds.
    pub(super) expires_at: Option<u64>,
    pub(super) to_sign: Option<Secret>,
}

impl Stored {
    fn empty() -> Self {
        let (provider, method, challenge_id) = (String::new(), String::new(), Secret::new(""));
        Self { version: 0, provider, method, kind: None, challenge_id, user_id: None, recipient: None, locale: None, expires_at: None, to_sign: None }
    }
}

impl Serialize for Stored {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let given =
            [self.kind.is_some(), self.user_id.is_some(), self.recipient.is_some(), self.locale.is_some(), self.expires_at.is_some(), self.to_sign.is_some()];
        // A format that writes how many there are is told how many there are.
        let mut map = serializer.serialize_map(Some(4 + given.iter().filter(|is_given| **is_given).count()))?;
        map.serialize_entry("v", &self.version)?;
        map.serialize_entry("provider", &self.provider)?;
        map.serialize_entry("method", &self.method)?;
        entry(&mut map, "kind", &self.kind)?;
        map.serialize_entry("challenge_id", &self.challenge_id)?;
        entry(&mut map, "user_id", &self.user_id)?;
        entry(&mut map, "to", &self.recipient)?;
        entry(&mut map, "locale", &self.locale)?;
        entry(&mut map, "expires_at", &self.expires_at)?;
        entry(&mut map, "to_sign", &self.to_sign)?;
        map.end()
    }
}

/// Writes a member that is there.
fn entry<M: SerializeMap, T: Serialize>(map: &mut M, name: &'static str, value: &Option<T>) -> Result<(), M::Error> {
    if value.is_some() { map.serialize_entry(name, value) } else { Ok(()) }
}

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A format for people knows what stands there, and would quote it where it is told what to expect.
        if deserializer.is_human_readable() { deserializer.deserialize_any(Members) } else { deserializer.deserialize_map(Members) }
    }
}

/// Reads the members by name, each once.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Stored;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a handle")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Stored, M::Error> {
        let mut stored = Stored::empty();
        let mut seen: Vec<String> = Vec::new();
        while let Some(name) = map.next_key::<Personal>()? {
            let name = name.as_str().to_owned();
            match name.as_str() {
                "v" => stored.version = map.next_value::<Number>()?.0,
                "provider" => stored.provider = text(&mut map)?,
                "method" => stored.method = text(&mut map)?,
                "kind" => stored.kind = map.next_value::<Option<Personal>>()?.map(|kind| kind.as_str().to_owned()),
                "challenge_id" => stored.challenge_id = map.next_value()?,
                "user_id" => stored.user_id = map.next_value()?,
                "to" => stored.recipient = map.next_value()?,
                "locale" => stored.locale = map.next_value()?,
                "expires_at" => stored.expires_at = map.next_value::<Option<Number>>()?.map(|number| number.0),
                "to_sign" => stored.to_sign = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            }
            if seen.contains(&name) {
                return Err(M::Error::custom("a member of a handle is named twice"));
            }
            seen.push(name);
        }
        let missing = ["v", "provider", "method", "challenge_id"].into_iter().find(|name| !seen.iter().any(|seen| seen == name));
        missing.map_or(Ok(stored), |name| Err(M::Error::missing_field(name)))
    }

    refuse!("expected a handle": visit_bool bool, visit_i64 i64, visit_u64 u64, visit_i128 i128, visit_u128 u128, visit_f64 f64, visit_str &str, visit_bytes &[u8]);
}

fn text<'de, M: MapAccess<'de>>(map: &mut M) -> Result<String, M::Error> {
    Ok(map.next_value::<Personal>()?.as_str().to_owned())
}

/// Reads a whole number that is not negative; the error for anything else does not quote it.
struct Number(u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = if deserializer.is_human_readable() { deserializer.deserialize_any(Whole) } else { deserializer.deserialize_u64(Whole) };
        number.map(Self)
    }
}

struct Whole;

impl Visitor<'_> for Whole {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
        Ok(number)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<u64, E> {
        u64::try_from(number).map_err(|_| E::custom("expected a whole number"))
    }

    refuse!("expected a whole number": visit_bool bool, visit_i128 i128, visit_u128 u128, visit_f64 f64, visit_str &str, visit_bytes &[u8]);
}
