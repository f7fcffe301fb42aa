//! Unions told apart by a tag: the tag alone decides, a known tag without an essential member is an error, an unknown tag is kept.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

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

/// Defines a union of structs told apart by a tag, with `Unknown` for all other tags. Once the tag is known, `read` reads the struct.
macro_rules! tagged_enum {
    ($(#[$meta:meta])* pub enum $name:ident by $tag:literal, read by $read:path { $($variant:ident($content:path) = $value:literal,)+ }) => {
        $(#[$meta])*
        ///
        /// Open: a variant that this release does not know arrives as `Unknown`.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!("`", $value, "`")] $variant($content),)+
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

        $(impl ::std::convert::From<$content> for $name {
            fn from(content: $content) -> Self {
                Self::$variant(content)
            }
        })+

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                #[derive(::serde::Serialize)]
                #[serde(tag = $tag)]
                enum Tagged<'a> {
                    $(#[serde(rename = $value)] $variant(&'a $content),)+
                }
                match self {
                    $(Self::$variant(content) => Tagged::$variant(content).serialize(serializer),)+
                    Self::Unknown(unknown) => unknown.serialize(serializer),
                }
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                use ::serde::de::Error as _;
                let mut members = ::serde_json::Map::<::std::string::String, ::serde_json::Value>::deserialize(deserializer)?;
                let tag = match members.get($tag) {
                    ::std::option::Option::Some(::serde_json::Value::String(tag)) if $crate::wire::is_word(tag) => tag.clone(),
                    _ => return ::std::result::Result::Err(D::Error::missing_field($tag)),
                };
                match tag.as_str() {
                    $($value => {
                        members.remove($tag);
                        $read(::serde_json::Value::Object(members)).map(Self::$variant).map_err(D::Error::custom)
                    })+
                    _ => ::std::result::Result::Ok(Self::Unknown($crate::wire::UnknownVariant::new(tag, members))),
                }
            }
        }
    };
}

pub(crate) use tagged_enum;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_variant_that_is_not_known_keeps_its_members_and_prints_its_tag_alone() {
        let json = json!({"kind": "new", "secret": "s3cr3t"});
        let unknown = UnknownVariant::new("new".to_owned(), json.as_object().cloned().unwrap_or_default());
        assert_eq!((unknown.tag(), unknown.members().len(), &unknown.members()["secret"]), ("new", 2, &json!("s3cr3t")));
        assert_eq!(serde_json::to_value(&unknown).expect("JSON"), json);
        assert_eq!(format!("{unknown:?}"), r#"UnknownVariant { tag: "new", .. }"#);
    }
}
