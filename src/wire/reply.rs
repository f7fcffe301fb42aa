//! Reads the structs of replies.

/// Defines how a struct of a reply is read: from an object alone, whose members may come in any order. The last of several of one name counts, each of which must fit.
/// It is an error if an essential one is missing; the field behind `others in` takes those that have no field.
macro_rules! reply {
    ($name:ident { $($field:ident = $how:ident($member:literal),)* } $(others in $others:ident)?) => {
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                struct Members;

                impl<'de> ::serde::de::Visitor<'de> for Members {
                    type Value = $name;

                    fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: ::serde::de::MapAccess<'de>>(self, mut map: A) -> ::std::result::Result<$name, A::Error> {
                        $(let mut $field = ::std::option::Option::None;)*
                        $(let mut $others = ::std::collections::BTreeMap::new();)?
                        while let ::std::option::Option::Some($crate::wire::Name(name)) = map.next_key()? {
                            match &*name {
                                $($member => $field = ::std::option::Option::Some(map.next_value()?),)*
                                _ => $crate::wire::other_member!(map, name $(, $others)?),
                            }
                        }
                        ::std::result::Result::Ok($name { $($field: $crate::wire::member!($how, $field, $member),)* $($others)? })
                    }
                }

                deserializer.deserialize_map(Members)
            }
        }
    };
}

pub(crate) use reply;

/// Gives a field what came for it.
macro_rules! member {
    (essential, $field:ident, $member:literal) => {
        match $field {
            ::std::option::Option::Some(value) => value,
            ::std::option::Option::None => return ::std::result::Result::Err(::serde::de::Error::missing_field($member)),
        }
    };
    (optional, $field:ident, $member:literal) => {
        $field.unwrap_or_default()
    };
}

pub(crate) use member;

/// Passes a member over that has no field, or keeps it.
macro_rules! other_member {
    ($map:ident, $name:ident) => {{
        $map.next_value::<::serde::de::IgnoredAny>()?;
    }};
    ($map:ident, $name:ident, $others:ident) => {{
        $others.insert($name.into_owned(), $map.next_value()?);
    }};
}

pub(crate) use other_member;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq)]
    struct Plain {
        id: String,
        name: Option<String>,
        map: Vec<u8>,
    }

    crate::wire::reply! { Plain { id = essential("Id"), name = optional("name"), map = optional("map"), } }

    #[derive(Debug, PartialEq)]
    struct Growing {
        id: u8,
        extra: BTreeMap<String, i64>,
    }

    crate::wire::reply! { Growing { id = essential("id"), } others in extra }

    fn read(json: &str) -> Result<Plain, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn members_are_read_in_any_order_and_what_is_not_essential_may_be_missing() {
        let whole = Plain { id: "i".to_owned(), name: Some("n".to_owned()), map: vec![1] };
        assert_eq!(read(r#"{"map":[1],"other":{"a":[]},"name":"n","\u0049d":"i"}"#), Ok(whole));
        assert_eq!(read(r#"{"Id":"i","name":null}"#), Ok(Plain { id: "i".to_owned(), name: None, map: vec![] }));
        assert_eq!(read(r#"{"Id":"a","name":"n","Id":"b","name":null}"#), Ok(Plain { id: "b".to_owned(), name: None, map: vec![] }));
    }

    #[test]
    fn what_is_essential_must_be_there_and_nothing_but_an_object_is_read() {
        for (json, expected) in
            [(r#"{"name":"n"}"#, "missing field `Id`"), ("{}", "missing field `Id`"), (r#"["i","n",[]]"#, "expected an object"), ("7", "expected an object")]
        {
            let error = read(json).expect_err(json);
            assert!(error.contains(expected), "{json}: {error}");
        }
    }

    #[test]
    fn members_without_a_field_are_kept_where_there_is_one_for_them() {
        let growing: Growing = serde_json::from_str(r#"{"a":1,"id":7,"\u00e9":2,"a":3}"#).expect("it is read");
        assert_eq!(growing, Growing { id: 7, extra: BTreeMap::from([("a".to_owned(), 3), ("é".to_owned(), 2)]) });
    }
}
