//! Unions told apart by a tag: the tag alone decides, a known tag without an essential member is an error, an unknown tag is kept.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Serialize, Serializer,
    de::{DeserializeOwned, DeserializeSeed, Error as _, IntoDeserializer as _, MapAccess, value::BorrowedStrDeserializer},
};
use serde_json::{Map, Value};

use super::is_word;

/// Keeps a variant of a union that this release does not know; its members are not printed.
#[derive(Clone, PartialEq)]
pub struct UnknownVariant {
    tag: String,
    members: Map<String, Value>,
}

impl UnknownVariant {
    pub(crate) fn new(tag: String, members: Map<String, Value>) -> Self {
        Self { tag, members }
    }

    /// Gives the value of the tag.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Gives the members as they came, the tag among them.
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }
}

impl fmt::Debug for UnknownVariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnknownVariant").field("tag", &self.tag).finish_non_exhaustive()
    }
}

impl Serialize for UnknownVariant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.members.serialize(serializer)
    }
}

/// Holds the tag of a union, with its members: still to be read where the tag comes first, as vendors write it, and else read already.
pub(crate) enum Members<'a, A> {
    ToCome(String, Rest<'a, A>),
    Gathered(Map<String, Value>),
}

impl<'de, 'a, A: MapAccess<'de>> Members<'a, A> {
    pub(crate) fn of(map: &'a mut A, tag: &'static str) -> Result<Self, A::Error> {
        let mut members = Map::new();
        match map.next_key::<Name<'de>>()? {
            Some(Name(name)) if name == tag => {
                let value = word(map.next_value()?).ok_or_else(|| A::Error::missing_field(tag))?;
                return Ok(Self::ToCome(value, Rest::of(map, tag)));
            }
            Some(Name(name)) => drop(members.insert(name.into_owned(), map.next_value()?)),
            None => {}
        }
        while let Some((name, value)) = map.next_entry()? {
            members.insert(name, value);
        }
        let is_tagged = members.get(tag).and_then(Value::as_str).is_some_and(is_word);
        if is_tagged { Ok(Self::Gathered(members)) } else { Err(A::Error::missing_field(tag)) }
    }
}

fn word(value: Value) -> Option<String> {
    match value {
        Value::String(text) if is_word(&text) => Some(text),
        _ => None,
    }
}

/// Gives the members behind the tag. A second tag is an error: the last of several members of one name counts, and this one was read.
pub(crate) struct Rest<'a, A> {
    map: &'a mut A,
    tag: &'static str,
}

impl<'de, 'a, A: MapAccess<'de>> Rest<'a, A> {
    fn of(map: &'a mut A, tag: &'static str) -> Self {
        Self { map, tag }
    }

    /// Gives all members as they came.
    pub(crate) fn gathered(mut self, tag: &str) -> Result<Map<String, Value>, A::Error> {
        let mut members = Map::new();
        members.insert(self.tag.to_owned(), tag.into());
        while let Some((name, value)) = self.next_entry()? {
            members.insert(name, value);
        }
        Ok(members)
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Rest<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.map.next_key::<Name<'de>>()? {
            Some(Name(name)) if name == self.tag => Err(A::Error::duplicate_field(self.tag)),
            Some(Name(Cow::Borrowed(name))) => seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some),
            Some(Name(Cow::Owned(name))) => seed.deserialize(name.into_deserializer()).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

/// Holds the name of a member, where it can be without a copy. It reads as a text does: some readers know no other names.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Name<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// Reads a union in a request as it stands, whose members are at hand, since its tag stood behind others.
///
/// # Errors
///
/// Where a member does not fit.
pub(crate) fn exact_union<T: DeserializeOwned>(members: Map<String, Value>, tag: &'static str) -> Result<T, String> {
    // Without the place, which is one of a text that nobody sees.
    let told = |error: serde_json::Error| error.to_string().split(" at line ").next().unwrap_or_default().to_owned();
    serde_json::from_slice(&tag_first(&members, tag).map_err(told)?).map_err(told)
}

/// Writes an object with its tag before all other members.
pub(super) fn tag_first(members: &Map<String, Value>, tag: &str) -> serde_json::Result<Vec<u8>> {
    let others = members.iter().filter(|(name, _)| *name != tag);
    let mut text = Vec::new();
    serde_json::Serializer::new(&mut text).collect_map(members.get_key_value(tag).into_iter().chain(others))?;
    Ok(text)
}

/// Gives the type of a struct of a union: boxed in replies, which are moved from layer to layer, plain in requests, which callers write.
macro_rules! held {
    (boxed $content:path) => { ::std::boxed::Box<$content> };
    (plain $content:path) => { $content };
}

pub(crate) use held;

/// Lets what callers write be made of its content. In replies, which nobody makes, several variants may have one type.
macro_rules! from_content {
    (boxed $name:ident $variant:ident $content:path) => {};
    (plain $name:ident $variant:ident $content:path) => {
        impl ::std::convert::From<$content> for $name {
            fn from(content: $content) -> Self {
                Self::$variant(content)
            }
        }
    };
}

pub(crate) use from_content;

/// Defines a union of structs told apart by a tag, with `Unknown` for all other tags. Where the tag is not the first member, `read` reads the union of its members.
macro_rules! tagged_enum {
    ($(#[$meta:meta])* pub enum $name:ident by $tag:literal, read by $read:path, $held:ident { $($variant:ident($content:path) = $value:literal,)+ }) => {
        $(#[$meta])*
        ///
        /// Open: a variant that this release does not know arrives as `Unknown`.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!("`", $value, "`")] $variant($crate::wire::held!($held $content)),)+
            /// A variant that this release does not know.
            Unknown($crate::wire::UnknownVariant),
        }

        impl $name {
            /// Gives the value of the tag.
            pub fn tag(&self) -> &str {
                match self {
                    $(Self::$variant(_) => $value,)+
                    Self::Unknown(unknown) => unknown.tag(),
                }
            }
        }

        $($crate::wire::from_content! { $held $name $variant $content })+

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                #[derive(::serde::Serialize)]
                #[serde(tag = $tag)]
                enum Tagged<'a> {
                    $(#[serde(rename = $value)] $variant(&'a $crate::wire::held!($held $content)),)+
                }
                match self {
                    $(Self::$variant(content) => Tagged::$variant(content).serialize(serializer),)+
                    Self::Unknown(unknown) => unknown.serialize(serializer),
                }
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                struct ByTag;

                impl<'de> ::serde::de::Visitor<'de> for ByTag {
                    type Value = $name;

                    fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.write_str("an object with a tag")
                    }

                    fn visit_map<A: ::serde::de::MapAccess<'de>>(self, mut map: A) -> ::std::result::Result<$name, A::Error> {
                        use $crate::wire::{Members, UnknownVariant};
                        use ::serde::{Deserialize as _, de::{Error as _, value::MapAccessDeserializer}};

                        match Members::of(&mut map, $tag)? {
                            Members::ToCome(tag, rest) => match &*tag {
                                $($value => <$content>::deserialize(MapAccessDeserializer::new(rest)).map(|content| $name::$variant(content.into())),)+
                                _ => {
                                    let members = rest.gathered(&tag)?;
                                    ::std::result::Result::Ok($name::Unknown(UnknownVariant::new(tag, members)))
                                }
                            },
                            Members::Gathered(members) => $read(members, $tag).map_err(A::Error::custom),
                        }
                    }
                }

                deserializer.deserialize_map(ByTag)
            }
        }
    };
}

pub(crate) use tagged_enum;

#[cfg(test)]
mod tests {
    use serde::de::value::{BorrowedStrDeserializer, Error};
    use serde_json::json;

    use super::*;

    #[allow(unreachable_pub, reason = "the macro makes what generated code offers")]
    mod shapes {
        use serde::{Deserialize, Serialize};

        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub struct Circle {
            pub radius: u32,
        }

        crate::wire::tagged_enum! {
            /// Shapes.
            pub enum Shape by "kind", read by crate::wire::tolerant::union, boxed { Circle(Circle) = "Circle", }
        }
    }
    use shapes::Shape;

    #[test]
    fn a_union_is_read_wherever_its_tag_stands_and_a_second_tag_is_an_error() {
        for json in [r#"{"kind":"Circle","radius":7}"#, r#"{"radius":7,"kind":"Circle"}"#] {
            let Ok(Shape::Circle(circle)) = serde_json::from_str(json) else { panic!("{json} is not read") };
            assert_eq!(circle.radius, 7);
        }
        for odd in [
            r#"{"kind":"Circle","kind":"Circle","radius":7}"#,
            r#"{"kind":7,"radius":7}"#,
            r#"{"kind":"<word>","radius":7}"#,
            r#"{"radius":7,"kind":"<word>"}"#,
            r#"{"radius":7}"#,
            "{}",
            "[]",
        ] {
            assert!(serde_json::from_str::<Shape>(odd).is_err(), "{odd}");
        }
        let unknown: Shape = serde_json::from_str(r#"{"kind":"Square","side":1}"#).expect("it is kept");
        assert_eq!((unknown.tag(), serde_json::to_value(&unknown).expect("JSON")), ("Square", json!({ "kind": "Square", "side": 1 })));
    }

    #[test]
    fn an_error_of_a_union_in_a_request_has_one_place() {
        let members = json!({ "radius": "wide", "kind": "Circle" }).as_object().cloned().unwrap_or_default();
        let told = exact_union::<Shape>(members, "kind").expect_err("a misfit");
        assert!(told.starts_with("invalid type") && !told.contains(" line "), "{told}");
    }

    #[test]
    fn a_name_is_read_by_a_reader_that_has_texts_alone() {
        let name = Name::deserialize(BorrowedStrDeserializer::<Error>::new("name")).expect("a name");
        assert!(matches!(name.0, Cow::Borrowed("name")));
    }

    #[test]
    fn a_variant_that_is_not_known_keeps_its_members_and_prints_its_tag_alone() {
        let json = json!({"kind": "new", "secret": "s3cr3t"});
        let unknown = UnknownVariant::new("new".to_owned(), json.as_object().cloned().unwrap_or_default());
        assert_eq!((unknown.tag(), unknown.members().len(), &unknown.members()["secret"]), ("new", 2, &json!("s3cr3t")));
        assert_eq!(serde_json::to_value(&unknown).expect("JSON"), json);
        assert_eq!(format!("{unknown:?}"), r#"UnknownVariant { tag: "new", .. }"#);
    }
}
