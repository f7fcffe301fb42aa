//! Reads a type from a document at hand. Where something does not fit, the error is its place, and nothing of what it says.
//!
//! It reads what generated types are made of, a struct from an object alone; not members by names that are no text, nor raw values.

use std::{fmt, slice};

use serde::{
    Deserializer,
    de::{
        self, DeserializeOwned, DeserializeSeed, IntoDeserializer as _, MapAccess, SeqAccess, Visitor,
        value::{BorrowedStrDeserializer, MapAccessDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Value, map};

/// A step from a value to one within it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Member(String),
    Element(usize),
}

/// Tells where a value stands that does not fit: the steps to it, the last one first. What is missing does not fit at what it is missing in.
#[derive(Debug, Default)]
pub(crate) struct Misfit(pub(super) Vec<Step>);

impl Misfit {
    fn at(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value does not fit")
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::default()
    }
}

/// Reads a type from members at hand; `None` where one does not fit.
#[cfg_attr(not(every_vendor), allow(dead_code, reason = "a vendor that is compiled out needs it"))]
pub(crate) fn read_members<T: DeserializeOwned>(members: &Map<String, Value>) -> Option<T> {
    T::deserialize(MapAccessDeserializer::new(PlacedMembers::of(members))).ok()
}

/// Reads a value of a document.
#[derive(Clone, Copy)]
pub(super) struct Placed<'de>(pub(super) &'de Value);

impl<'de> Deserializer<'de> for Placed<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(is_so) => visitor.visit_bool(*is_so),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), _, _) => visitor.visit_u64(number),
                (_, Some(number), _) => visitor.visit_i64(number),
                (_, _, Some(number)) => visitor.visit_f64(number),
                _ => Err(Misfit::default()),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(_) => self.deserialize_seq(visitor),
            Value::Object(members) => visitor.visit_map(PlacedMembers::of(members)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(name.as_str().into_deserializer()),
            Value::Object(members) => visitor.visit_enum(MapAccessDeserializer::new(PlacedMembers::of(members))),
            _ => Err(Misfit::default()),
        }
    }

    // serde's own readers take a list for a struct too; nobody knows what stands where in one.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_map(PlacedMembers::of(self.0.as_object().ok_or_else(Misfit::default)?))
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_map(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let mut elements = Elements { items: self.0.as_array().ok_or_else(Misfit::default)?.iter(), index: 0 };
        let read = visitor.visit_seq(&mut elements)?;
        if elements.items.len() == 0 { Ok(read) } else { Err(Misfit::default()) }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_borrowed_str(self.0.as_str().ok_or_else(Misfit::default)?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier }
}

struct Elements<'de> {
    items: slice::Iter<'de, Value>,
    index: usize,
}

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        seed.deserialize(Placed(item)).map(Some).map_err(|misfit| misfit.at(Step::Element(index)))
    }
}

/// Reads the members of an object.
pub(super) struct PlacedMembers<'de> {
    members: map::Iter<'de>,
    /// The member whose name was read.
    named: Option<(&'de str, &'de Value)>,
}

impl<'de> PlacedMembers<'de> {
    pub(super) fn of(members: &'de Map<String, Value>) -> Self {
        Self { members: members.iter(), named: None }
    }
}

impl<'de> MapAccess<'de> for PlacedMembers<'de> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some((name, value)) = self.members.next() else { return Ok(None) };
        self.named = Some((name, value));
        seed.deserialize(BorrowedStrDeserializer::<Misfit>::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let (name, value) = self.named.take().ok_or_else(Misfit::default)?;
        seed.deserialize(Placed(value)).map_err(|misfit| misfit.at(Step::Member(name.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Plain,
        Of(Part),
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Number(i64);

    #[derive(Debug, PartialEq, Deserialize)]
    struct Part {
        id: u8,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Whole {
        kind: Option<Kind>,
        number: Option<Number>,
        ratio: Option<f64>,
        text: Option<String>,
        parts: Vec<Part>,
        named: BTreeMap<String, Part>,
        pair: Option<(bool, char)>,
        any: Option<Value>,
    }

    #[test]
    fn what_fits_is_read_as_it_is_from_text() {
        for document in [
            json!({ "kind": "plain", "number": -1, "ratio": 7, "text": "t", "parts": [{ "id": 255, "unknown": [1] }], "named": { "a": { "id": 1 } } }),
            json!({ "kind": { "of": { "id": 1 } }, "number": i64::MAX, "ratio": 0.5, "pair": [true, "x"], "unknown": {} }),
            json!({ "any": { "a": [null, 1.5, u64::MAX] } }),
            json!({ "kind": null, "number": null, "any": null }),
        ] {
            let expected: Whole = serde_json::from_str(&document.to_string()).expect("it fits");
            assert_eq!(Whole::deserialize(Placed(&document)).expect("it fits"), expected, "{document}");
        }
    }

    #[test]
    fn the_place_of_what_does_not_fit_is_told() {
        let member = |name: &str| Step::Member(name.to_owned());
        for (document, place) in [
            (json!({ "text": 7 }), vec![member("text")]),
            (json!({ "number": 0.5 }), vec![member("number")]),
            (json!({ "kind": "odd" }), vec![member("kind")]),
            (json!({ "kind": { "of": { "id": 256 } } }), vec![member("kind"), member("of"), member("id")]),
            (json!({ "parts": {} }), vec![member("parts")]),
            (json!({ "parts": [{ "id": 1 }, { "id": -1 }] }), vec![member("parts"), Step::Element(1), member("id")]),
            (json!({ "parts": [{ "id": 1 }, {}] }), vec![member("parts"), Step::Element(1)]),
            (json!({ "parts": [[1]] }), vec![member("parts"), Step::Element(0)]),
            (json!({ "named": { "a": { "id": "1" } } }), vec![member("named"), member("a"), member("id")]),
            (json!({ "pair": [true] }), vec![member("pair")]),
            (json!({ "pair": [true, "x", "y"] }), vec![member("pair")]),
            (json!([]), vec![]),
        ] {
            let Err(Misfit(mut way)) = Whole::deserialize(Placed(&document)) else { panic!("{document} is read") };
            way.reverse();
            assert_eq!(way, place, "{document}");
        }
    }
}
