//! CBOR, read as far as passkeys are written in it.

use minicbor::{Decoder, data::Type, decode::Error};

/// How many values may lie in each other.
const DEEPEST: usize = 256;

/// A value, complete and of the form of CBOR.
pub(super) enum Value {
    Integer(i128),
    Bytes(Vec<u8>),
    Text(String),
    /// Its members as they came: a key may be there twice.
    Map(Vec<(Self, Self)>),
    /// A list, a number with a point, a value with a tag and the like: in a passkey nobody looks into them.
    Other,
}

impl Value {
    /// Reads the value at the beginning of bytes, which are left with what comes after it.
    pub(super) fn read(bytes: &mut &[u8]) -> Option<Self> {
        let mut decoder = Decoder::new(bytes);
        let value = Self::next(&mut decoder, DEEPEST).ok()?;
        *bytes = bytes.get(decoder.position()..)?;
        Some(value)
    }

    fn next(decoder: &mut Decoder<'_>, depth: usize) -> Result<Self, Error> {
        let kind = decoder.datatype()?;
        let is_nest = matches!(kind, Type::Array | Type::ArrayIndef | Type::Map | Type::MapIndef | Type::Tag);
        let within = if is_nest { depth.checked_sub(1).ok_or_else(|| Error::message("too deep"))? } else { depth };
        Ok(match kind {
            Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => Self::Integer(decoder.int()?.into()),
            Type::Bytes | Type::BytesIndef => Self::Bytes(decoder.bytes_iter()?.collect::<Result<Vec<_>, _>>()?.concat()),
            Type::String | Type::StringIndef => Self::Text(decoder.str_iter()?.collect::<Result<_, _>>()?),
            Type::Array | Type::ArrayIndef => {
                let mut left = decoder.array()?;
                while has_next(decoder, &mut left)? {
                    Self::next(decoder, within)?;
                }
                Self::Other
            }
            Type::Map | Type::MapIndef => {
                let (mut left, mut members) = (decoder.map()?, Vec::new());
                while has_next(decoder, &mut left)? {
                    members.push((Self::next(decoder, within)?, Self::next(decoder, within)?));
                }
                Self::Map(members)
            }
            Type::Tag => {
                decoder.tag()?;
                Self::next(decoder, within)?;
                Self::Other
            }
            Type::Bool | Type::Null | Type::Undefined | Type::F16 | Type::F32 | Type::F64 => {
                decoder.skip()?;
                Self::Other
            }
            Type::Simple | Type::Break | Type::Unknown(_) => return Err(Error::message("no value")),
        })
    }

    /// Gives the member of a map by its name; of several, the first.
    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        self.as_map()?.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value)
    }

    pub(super) fn as_integer(&self) -> Option<i128> {
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }

    pub(super) fn as_bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn as_map(&self) -> Option<&[(Self, Self)]> {
        if let Self::Map(members) = self { Some(members) } else { None }
    }
}

/// Says whether a list or map goes on: it tells how many come, or ends with a sign of its own.
fn has_next(decoder: &mut Decoder<'_>, left: &mut Option<u64>) -> Result<bool, Error> {
    match left {
        Some(0) => Ok(false),
        Some(count) => {
            *count -= 1;
            Ok(true)
        }
        None if decoder.datatype()? == Type::Break => {
            decoder.set_position(decoder.position() + 1);
            Ok(false)
        }
        None => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of bytes, in words, and how much is left.
    fn read(mut bytes: &[u8]) -> Option<(String, usize)> {
        Value::read(&mut bytes).map(|value| (told(&value), bytes.len()))
    }

    fn told(value: &Value) -> String {
        match value {
            Value::Integer(number) => number.to_string(),
            Value::Bytes(bytes) => format!("{bytes:?}"),
            Value::Text(text) => text.clone(),
            Value::Map(members) => members.iter().map(|(key, value)| format!("{{{}: {}}}", told(key), told(value))).collect(),
            Value::Other => "other".to_owned(),
        }
    }

    #[test]
    fn values_are_read_in_each_of_their_forms_and_the_rest_is_left() {
        for (bytes, expected, left) in [
            (&b"\x07"[..], "7", 0),
            (b"\x18\x07", "7", 0),
            (b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615", 0),
            (b"\x26", "-7", 0),
            (b"\x39\x01\x00", "-257", 0),
            (b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff", "-18446744073709551616", 0),
            (b"\x42\x01\x02\xff", "[1, 2]", 1),
            (b"\x5f\x41\x01\x41\x02\xff", "[1, 2]", 0),
            (b"\x5f\xff\x00", "[]", 1),
            (b"\x62ab", "ab", 0),
            (b"\x7f\x61a\x61b\xff", "ab", 0),
            (b"\xa0\xa0", "", 1),
            (b"\xa2\x01\x02\x01\x03", "{1: 2}{1: 3}", 0),
            (b"\xbf\x01\x02\x61a\xbf\xff\xff\x00", "{1: 2}{a: }", 1),
            (b"\xa1\x80\x9f\x01\x82\x02\x03\xff", "{other: other}", 0),
            (b"\xc2\x41\x01", "other", 0),
            (b"\xf4", "other", 0),
            (b"\xf6\xf6", "other", 1),
            (b"\xf9\x3c\x00", "other", 0),
            (b"\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00", "other", 0),
        ] {
            assert_eq!(read(bytes), Some((expected.to_owned(), left)), "{bytes:x?}");
        }
    }

    #[test]
    fn what_is_no_value_is_none() {
        for bytes in [
            &b""[..],
            b"\x18",
            b"\x42\x01",
            b"\x5f\x61a\xff",
            b"\x5f\x41\x01",
            b"\x61\xff",
            b"\x7f\x61\xc3\x61\xa9\xff",
            b"\x82\x01",
            b"\x82\x01\xff",
            b"\x9f\x01",
            b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01",
            b"\xa1\x01",
            b"\xa1\xff\xff",
            b"\xbf\x01\xff",
            b"\xbf\x01\x02",
            b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\xc2",
            b"\xe0",
            b"\xf8\x20",
            b"\x1c",
            b"\xfc",
            b"\xff",
            b"\xfb\x3f",
        ] {
            assert_eq!(read(bytes), None, "{bytes:x?}");
        }
    }

    #[test]
    fn no_depth_is_too_much_for_the_stack() {
        let nested = |opening: &[u8], closing: &[u8], times: usize| [opening.repeat(times), vec![0x01], closing.repeat(times)].concat();
        for (opening, closing) in [(&b"\x81"[..], &b""[..]), (b"\x9f", b"\xff"), (b"\xa1\x01", b""), (b"\xbf\x01", b"\xff"), (b"\xc1", b"")] {
            for (times, is_value) in [(DEEPEST, true), (DEEPEST + 1, false), (100_000, false)] {
                assert_eq!(read(&nested(opening, closing, times)).is_some(), is_value, "{opening:x?} {times}");
            }
        }
    }
}
