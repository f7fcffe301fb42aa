//! Finds the members of a body whose values must not come back.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::Number;

use super::Mask;
use crate::wire::Name;

/// Goes through a body as it is read, and hides what stands in the members that are so named, wherever they stand.
pub(super) struct Members<'a> {
    pub(super) mask: &'a mut Mask,
    pub(super) names: &'a [&'a str],
    /// Whether this stands in such a member.
    pub(super) is_hidden: bool,
}

impl Members<'_> {
    fn hide(self, value: &str) {
        if self.is_hidden {
            self.mask.hide(value);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.hide(&number.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.hide(&number.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        // As it is written in JSON.
        self.hide(&Number::from_f64(number).map(|number| number.to_string()).unwrap_or_default());
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.hide(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { mask, names, is_hidden } = self;
        while items.next_element_seed(Members { mask: &mut *mask, names, is_hidden })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { mask, names, is_hidden } = self;
        while let Some(Name(name)) = members.next_key::<Name<'de>>()? {
            if is_hidden {
                mask.hide(&name);
            }
            members.next_value_seed(Members { mask: &mut *mask, names, is_hidden: is_hidden || names.contains(&&*name) })?;
        }
        Ok(())
    }
}
