//! Takes a text in JSON apart, one level deep: whether a program can hold what stands within is not asked.

use std::borrow::Cow;

use serde::{Deserialize, de::IgnoredAny};

/// A step from a value to one within it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Member(String),
    Element(usize),
}

/// Lists the members of an object, or the elements of a list, each with the text of its value; `None` where the text is neither.
pub(super) fn parts(text: &[u8]) -> Option<Vec<(Step, &[u8])>> {
    let text = trimmed(text);
    let is_object = text.starts_with(b"{");
    let (open, close): (&[u8], &[u8]) = if is_object { (b"{", b"}") } else { (b"[", b"]") };
    let mut rest = text.strip_prefix(open)?.strip_suffix(close).map(trimmed)?;
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let step = if is_object {
            let (name, behind) = first_value(rest)?;
            rest = behind.strip_prefix(b":")?;
            Step::Member(self::name(name)?)
        } else {
            Step::Element(parts.len())
        };
        let (value, behind) = first_value(rest)?;
        parts.push((step, value));
        rest = match behind.strip_prefix(b",") {
            Some([]) => return None,
            Some(next) => next,
            None if behind.is_empty() => behind,
            None => return None,
        };
    }
    Some(parts)
}

/// Divides a text into the value that it begins with, and what is behind it.
fn first_value(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = trimmed_start(text);
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    let (value, behind) = text.split_at_checked(values.byte_offset())?;
    Some((value, trimmed_start(behind)))
}

/// Leaves out what JSON has for blanks around a text.
fn trimmed(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| !is_blank(*byte)).map_or(0, |last| last + 1);
    trimmed_start(text.get(..end).unwrap_or_default())
}

fn trimmed_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !is_blank(*byte)).unwrap_or(text.len());
    text.get(start..).unwrap_or_default()
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Reads the name of a member as bytes: no text holds everything that JSON can write.
fn name(text: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Name<'a>(#[serde(borrow)] Cow<'a, [u8]>);

    let Name(name) = serde_json::from_slice(text).ok()?;
    Some(String::from_utf8_lossy(&name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        let shown = parts(text.as_bytes())?.into_iter().map(|(step, value)| format!("{step:?} {}", String::from_utf8_lossy(value)));
        Some(shown.collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn members_and_elements_are_listed_as_they_stand() {
        for (text, expected) in [
            ("{}", ""),
            (" [ ] ", ""),
            ("[1]", "Element(0) 1"),
            (" [ 1e400 , \"],\" ,[ {\"a\" : [] } ] , null ]\n", "Element(0) 1e400; Element(1) \"],\"; Element(2) [ {\"a\" : [] } ]; Element(3) null"),
            (r#"{"a":1,"b" : {"a":2} ,"a":"}"}"#, r#"Member("a") 1; Member("b") {"a":2}; Member("a") "}""#),
            (r#"{"\u00e9\"\ud800":"\ud800"}"#, r#"Member("é\"���") "\ud800""#),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_neither_an_object_nor_a_list_has_no_parts() {
        let none = [
            "",
            " ",
            "\x0c[]",
            "[\x0c]",
            "[1\x0c]",
            "{\"a\":\x0c1}",
            "7",
            "\"a\"",
            "null",
            "[",
            "{",
            "[}",
            "{]",
            "[1",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[1]]",
            "[1],[2]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{7:1}",
            "{[]:1}",
        ];
        for text in none {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
