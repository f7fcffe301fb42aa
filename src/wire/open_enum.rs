//! Enums that a new value from the vendor does not break: every one has `Unknown(String)`.

/// Says whether a text may be a value of an enum: a short word that begins with a letter. All else is no value of any, and may be what must not be shown.
pub(crate) fn is_word(text: &str) -> bool {
    let begins_well = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    begins_well && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-: ".contains(&byte))
}

/// Defines an enum over known strings, with `Unknown` for all others; one type for requests and replies.
macro_rules! open_enum {
    ($(#[$meta:meta])* pub enum $name:ident { $($variant:ident = $value:literal,)+ }) => {
        $(#[$meta])*
        ///
        /// Open: a value that this release does not know arrives as `Unknown`, if it is a short word.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!("`", $value, "`")] $variant,)+
            /// A value that this release does not know, as it came.
            Unknown(String),
        }

        impl $name {
            /// Lists the known values, as they stand on the wire.
            pub const KNOWN: &[&str] = &[$($value),+];

            /// Gives the value as it stands on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $value,)+
                    Self::Unknown(value) => value,
                }
            }

            /// Says whether this release knows the value.
            pub fn is_known(&self) -> bool {
                !matches!(self, Self::Unknown(_))
            }
        }

        impl ::std::convert::From<&str> for $name {
            fn from(value: &str) -> Self {
                match value {
                    $($value => Self::$variant,)+
                    _ => Self::Unknown(value.to_owned()),
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                struct Word;

                impl ::serde::de::Visitor<'_> for Word {
                    type Value = $name;

                    fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.write_str("a short word")
                    }

                    fn visit_str<E: ::serde::de::Error>(self, value: &str) -> ::std::result::Result<$name, E> {
                        match $name::from(value) {
                            $name::Unknown(_) if !$crate::wire::is_word(value) => ::std::result::Result::Err(E::custom("expected a short word")),
                            word => ::std::result::Result::Ok(word),
                        }
                    }
                }

                deserializer.deserialize_str(Word)
            }
        }
    };
}

pub(crate) use open_enum;

#[cfg(test)]
mod tests {
    use super::is_word;

    #[test]
    fn a_value_of_an_enum_is_a_short_word_that_begins_with_a_letter() {
        for good in ["a", "SMS", "email-otp", "user_locked", "ns:type", "two words", "v2", &"x".repeat(64)] {
            assert!(is_word(good), "{good}");
        }
        for bad in ["", "2fa", "_x", " x", "a@b", "x.y", "a/b", "jané", "a\n", "{", &"x".repeat(65)] {
            assert!(!is_word(bad), "{bad}");
        }
    }
}
