//! Finds what in a document does not fit, by the byte at which a reader of it stopped.

use super::parts::{Step, parts};

/// How many levels a way goes down at most; each reads the text once more.
const LEVELS: usize = 8;

/// Gives the way to the innermost value that a reader was at when it had read so many bytes of a text in JSON.
///
/// A reader stops behind a text, a number or a truth value that does not fit, and before or within an object or a list; where a member is missing, behind the object.
/// What lies deeper than types of replies go is told by the member that it lies in.
pub(super) fn way_to(text: &[u8], read: usize) -> Vec<Step> {
    let (mut way, mut text, mut read) = (Vec::new(), text, read);
    while way.len() < LEVELS {
        // A part lies in the text that it was read from.
        let start = |part: &[u8]| part.as_ptr().addr().saturating_sub(text.as_ptr().addr());
        let Some((step, part)) = parts(text).unwrap_or_default().into_iter().find(|(_, part)| is_at(part, start(part), read)) else {
            return way;
        };
        way.push(step);
        (text, read) = (part, read - start(part));
    }
    let innermost = way.iter().rposition(|step| matches!(step, Step::Member(_)));
    way.truncate(innermost.map_or(0, |last| last + 1));
    way
}

fn is_at(part: &[u8], start: usize, read: usize) -> bool {
    (start + 1..=start + part.len()).contains(&read) || start == read && matches!(part.first(), Some(b'{' | b'['))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Secret;

    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Plain,
    }

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "they are read, and that is all")]
    struct Part {
        id: u8,
        name: Option<String>,
    }

    #[derive(Default, Deserialize)]
    #[serde(default)]
    #[allow(dead_code, reason = "they are read, and that is all")]
    struct Whole {
        kind: Option<Kind>,
        number: Option<i64>,
        text: Option<String>,
        sure: Option<bool>,
        secret: Option<Secret>,
        part: Option<Part>,
        parts: Vec<Part>,
        texts: Vec<String>,
        named: BTreeMap<String, Part>,
    }

    fn misfit(text: &str) -> Vec<Step> {
        let Err(error) = serde_json::from_str::<Whole>(text) else { panic!("{text} is read") };
        way_to(text.as_bytes(), error.column())
    }

    #[test]
    fn the_place_of_what_does_not_fit_is_found() {
        let member = |name: &str| Step::Member(name.to_owned());
        let odd: [(&str, &[Value]); 6] = [
            ("kind", &[json!("odd"), json!(7), json!([])]),
            ("number", &[json!(0.5), json!("1"), json!(true), json!({ "number": 1 }), json!([1])]),
            ("text", &[json!(7), json!(-1.5e300), json!(false), json!({ "a": { "text": [] } }), json!([["text"]])]),
            ("sure", &[json!("true"), json!(0), json!({}), json!([true])]),
            ("secret", &[json!(7), json!(true), json!({}), json!([]), json!(["x"]), json!([{}, 1]), json!([[1]]), json!({ "a": [] })]),
            ("parts", &[json!("x"), json!({}), json!({ "id": 1 }), json!(7)]),
        ];
        for (name, values) in odd {
            for value in values {
                for document in [json!({ name: value }), json!({ "a": [{}], name: value, "z": { name: [value] } })] {
                    assert_eq!(misfit(&document.to_string()), [member(name)], "{document}");
                }
            }
        }
        for (document, place) in [
            (json!({ "part": { "id": 256 } }), vec![member("part"), member("id")]),
            (json!({ "part": { "id": 1, "name": {} } }), vec![member("part"), member("name")]),
            (json!({ "part": { "name": "n" } }), vec![member("part")]),
            (json!({ "part": {} }), vec![member("part")]),
            (json!({ "parts": [{ "id": 1 }, { "id": -1 }] }), vec![member("parts"), Step::Element(1), member("id")]),
            (json!({ "parts": [{ "id": 1 }, {}, { "id": 2 }] }), vec![member("parts"), Step::Element(1)]),
            (json!({ "parts": [7, { "id": 2 }] }), vec![member("parts"), Step::Element(0)]),
            (json!({ "texts": [{ "id": 2 }, "b"] }), vec![member("texts"), Step::Element(0)]),
            (json!({ "texts": ["a", [], "b"] }), vec![member("texts"), Step::Element(1)]),
            (json!({ "named": { "\"é\n\"": { "id": "1" } } }), vec![member("named"), member("\"é\n\""), member("id")]),
            (json!(7), vec![]),
        ] {
            assert_eq!(misfit(&document.to_string()), place, "{document}");
        }
    }

    #[test]
    fn a_way_has_an_end() {
        let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(20), "]".repeat(20));
        assert_eq!(way_to(deep.as_bytes(), 26), [Step::Member("a".to_owned())]);
    }

    #[test]
    fn where_nobody_was_the_way_ends_before_it() {
        for (text, read) in [("", 0), ("{}", 7), (r#"{"a":1}"#, 0), (r#"{"a":1}"#, 100), ("[", 1), ("7", 1)] {
            assert_eq!(way_to(text.as_bytes(), read), [], "{text} {read}");
        }
    }
}
