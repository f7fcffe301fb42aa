//! Reads replies whose members do not all fit: what does not is passed over, as if it had not come.

use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

use super::{
    parts::{Step, parts},
    place::way_to,
    tagged_enum::tag_first,
};

/// The most values that are passed over one by one; those that come then take the whole member of the reply with them.
const ONE_BY_ONE: usize = 16;
/// The most times that a document is read. A type has fewer members than that.
const ROUNDS: usize = 64;
/// The levels of a document that are searched for what can be read beside what cannot.
const LEVELS: usize = 8;

/// Reads a reply that could not be read as it came. The last of several members of one name counts.
///
/// Of the members that are named `decisive`, wherever they stand, nothing is passed over, nor an element of one that is a list: they may say no, so an
/// odd one is no reason to take them as absent. `None` where one is odd, or a member without which the type means nothing. An object below that lacks such a
/// member goes with all that it holds, and of a union nothing is decisive.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8], decisive: &[&str]) -> Option<T> {
    passing_over(value(body).filter(Value::is_object)?, decisive, None)
}

/// Reads a body without a type, such as that of an error; a byte order mark before it is no part of it.
pub(crate) fn value(body: &[u8]) -> Option<Value> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    serde_json::from_slice(body).ok().or_else(|| of_parts(text(body).as_bytes(), LEVELS).filter(Value::is_object))
}

/// Reads a union whose members are at hand, since its tag stood behind others.
///
/// # Errors
///
/// Where a member is odd without which the type means nothing.
pub(crate) fn union<T: DeserializeOwned>(members: Map<String, Value>, tag: &'static str) -> Result<T, &'static str> {
    passing_over(Value::Object(members), &[], Some(tag)).ok_or("a member does not fit")
}

fn passing_over<T: DeserializeOwned>(mut document: Value, decisive: &[&str], tag: Option<&str>) -> Option<T> {
    let mut whole = None;
    // From bytes, as a reply is read that fits, so that one reader of the type serves both.
    let read = &mut |text: &[u8]| serde_json::from_slice(text).map(|read| whole = Some(read));
    repair(&mut document, decisive, &mut Reader { tag, read })?;
    whole
}

/// Reads a document as a type.
struct Reader<'a> {
    /// The member that is to come first.
    tag: Option<&'a str>,
    read: &'a mut dyn FnMut(&[u8]) -> serde_json::Result<()>,
}

impl Reader<'_> {
    /// Gives the way to what does not fit; `None` where all does.
    fn misfit(&mut self, document: &Value) -> Option<Vec<Step>> {
        let text = match (self.tag, document) {
            (Some(tag), Value::Object(members)) => tag_first(members, tag),
            _ => serde_json::to_vec(document),
        };
        let text = text.unwrap_or_default();
        (self.read)(&text).err().map(|error| way_to(&text, error.column()))
    }
}

/// Takes out what does not fit until all does. What is missing is told by what it is missing in, so that an object without an essential member goes
/// as a whole, up to the root, which cannot go.
fn repair(document: &mut Value, decisive: &[&str], reader: &mut Reader<'_>) -> Option<()> {
    let mut passed_over = 0;
    for _ in 0..ROUNDS {
        let Some(mut way) = reader.misfit(document) else {
            if passed_over > 0 {
                tracing::debug!(passed_over, "members of a reply that do not fit were passed over");
            }
            return Some(());
        };
        let is_decisive = innermost_name(&way).is_some_and(|name| decisive.contains(&name));
        way.truncate(if passed_over < ONE_BY_ONE { way.len() } else { 1 });
        let (last, before) = way.split_last()?;
        let holder = before.iter().try_fold(&mut *document, child)?;
        if child(holder, last).is_some_and(|misfit| as_integer(misfit).is_some()) {
            // All at once: where one is written so, others are too, and each round reads the whole document.
            write_as_integers(document);
        } else if is_decisive {
            return None;
        } else {
            take_out(holder, last);
            passed_over += 1;
        }
    }
    None
}

/// Gives the name of what is at a place: its own, or that of the list that it is an element of.
fn innermost_name(way: &[Step]) -> Option<&str> {
    way.iter().rev().find_map(|step| match step {
        Step::Member(name) => Some(name.as_str()),
        Step::Element(_) => None,
    })
}

fn child<'a>(value: &'a mut Value, step: &Step) -> Option<&'a mut Value> {
    match step {
        Step::Member(name) => value.get_mut(name),
        Step::Element(index) => value.get_mut(*index),
    }
}

fn take_out(holder: &mut Value, step: &Step) {
    match (holder, step) {
        (Value::Array(items), Step::Element(index)) if *index < items.len() => drop(items.remove(*index)),
        (Value::Object(members), Step::Member(name)) => drop(members.remove(name)),
        _ => {}
    }
}

fn write_as_integers(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(write_as_integers),
        Value::Object(members) => members.values_mut().for_each(write_as_integers),
        number => {
            if let Some(integer) = as_integer(number) {
                *number = integer;
            }
        }
    }
}

/// Gives a number without a fraction as the integer that it is: to JSON `7.0` and `7` are one.
fn as_integer(value: &Value) -> Option<Value> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let number = value.as_f64().filter(|number| value.is_f64() && number.fract() == 0.0 && number.abs() <= EXACT)?;
    Some(Number::from(number as i64).into())
}

/// Reads a document of which some values are no JSON that a program can hold: a number beyond all bounds, half of a pair of surrogates,
/// arrays in arrays without end. In their place stands what no text, number or list is, and what says nothing where an object is meant.
fn document(text: &[u8], levels: usize) -> Value {
    serde_json::from_slice(text).ok().or_else(|| of_parts(text, levels)).unwrap_or_else(|| Value::Object(Map::new()))
}

/// Reads such a document part by part.
fn of_parts(text: &[u8], levels: usize) -> Option<Value> {
    let levels = levels.checked_sub(1)?;
    let (mut members, mut elements) = (Map::new(), Vec::new());
    for (step, part) in parts(text)? {
        let value = document(part, levels);
        match step {
            Step::Member(name) => drop(members.insert(name, value)),
            Step::Element(_) => elements.push(value),
        }
    }
    Some(if elements.is_empty() { Value::Object(members) } else { Value::Array(elements) })
}

/// Gives the text of a body. What is not UTF-8 becomes half of a pair of surrogates, so that only the text that it stands in cannot be read.
fn text(body: &[u8]) -> String {
    let chunks = body.utf8_chunks().flat_map(|chunk| [chunk.valid(), if chunk.invalid().is_empty() { "" } else { r"\ud800" }]);
    chunks.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;
    use crate::model::{Kept, Secret};

    /// A type with one of everything that types of replies are made of.
    #[derive(Serialize)]
    struct Reply {
        id: Secret,
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        sure: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        either: Option<Either>,
        #[serde(skip_serializing_if = "Option::is_none")]
        part: Option<Part>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        parts: Vec<Part>,
        #[serde(skip_serializing_if = "Map::is_empty")]
        map: Map<String, Value>,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        counts: BTreeMap<String, u8>,
    }

    crate::wire::reply! { Reply {
        id = essential("id"),
        at = optional("at"),
        text = optional("text"),
        sure = optional("sure"),
        either = optional("either"),
        part = optional("part"),
        parts = optional("parts"),
        map = optional("map"),
        counts = optional("counts"),
    } }

    /// With an essential member, and room for those that nobody knows.
    #[derive(Serialize)]
    struct Part {
        id: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(flatten)]
        extra: BTreeMap<String, Kept>,
    }

    crate::wire::reply! { Part { id = essential("id"), name = optional("name"), } others in extra }

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Number(f64),
    }

    fn read_as_json(body: impl AsRef<[u8]>) -> Option<Value> {
        let reply: Reply = read(body.as_ref(), &["sure"])?;
        Some(serde_json::to_value(reply).expect("JSON"))
    }

    #[test]
    fn what_does_not_fit_is_not_there_and_all_else_is() {
        let rows = [
            (r#"{"id":"i","at":"soon","text":"t"}"#, json!({ "id": "i", "text": "t" })),
            (r#"{"id":"i","at":{"a":{}},"text":["t"]}"#, json!({ "id": "i" })),
            (r#"{"id":"i","at":1.5,"either":true}"#, json!({ "id": "i" })),
            (r#"{"id":"i","part":7,"parts":{"0":{}},"map":[1],"counts":"none"}"#, json!({ "id": "i" })),
            (r#"{"id":"i","part":null,"parts":null,"map":null,"counts":null}"#, json!({ "id": "i" })),
            (r#"{"id":"i","part":{"id":1,"name":2,"x":[null]}}"#, json!({ "id": "i", "part": { "id": 1, "x": [null] } })),
            (r#"{"id":"i","part":{"id":"1","name":"n"},"at":1}"#, json!({ "id": "i", "at": 1 })),
            (r#"{"id":"i","parts":[{"id":1},2,{"name":"n"},null,{"id":3,"name":[]}]}"#, json!({ "id": "i", "parts": [{ "id": 1 }, { "id": 3 }] })),
            (r#"{"id":"i","counts":{"a":1,"b":-1,"c":300}}"#, json!({ "id": "i", "counts": { "a": 1 } })),
            (r#"{"unknown":{"deep":1e400},"id":"i","at":1}"#, json!({ "id": "i", "at": 1 })),
        ];
        for (body, expected) in rows {
            assert_eq!(read_as_json(body), Some(expected), "{body}");
        }
    }

    #[test]
    fn any_number_of_integers_written_with_a_fraction_is_read_beside_what_does_not_fit() {
        let parts: Vec<String> = (0..100).map(|number| format!(r#"{{"id":{number}.0}}"#)).collect();
        let read = read_as_json(format!(r#"{{"id":"i","parts":[{},{{"id":"x"}}],"at":"soon","text":7.0}}"#, parts.join(","))).expect("a reply");
        assert_eq!(read["parts"].as_array().map(Vec::len), Some(100));
        assert_eq!(read["parts"][99], json!({ "id": 99 }));
        assert_eq!((read.get("at"), read.get("text")), (None, None));
    }

    #[test]
    fn without_an_essential_member_there_is_no_reply() {
        for body in ["", "{", "[]", "null", r#""canary""#, r#"["canary"]"#, "{}", r#"{"id":null}"#, r#"{"id":["canary"]}"#, r#"{"id":5,"text":"canary"}"#] {
            assert!(read::<Reply>(body.as_bytes(), &[]).is_none(), "{body}");
        }
    }

    #[test]
    fn a_decisive_member_may_be_missing_but_not_odd() {
        for body in [r#"{"id":"i","at":[]}"#, r#"{"id":"i","at":[],"sure":null}"#, r#"{"id":"i","at":[],"sure":true}"#, r#"{"id":"i","sure":0,"sure":true}"#] {
            assert!(read_as_json(body).is_some(), "{body}");
        }
        for odd in ["0", "1.0", r#""true""#, "[]", "{}", "1e400", "true,\"sure\":1"] {
            assert_eq!(read_as_json(format!(r#"{{"id":"i","sure":{odd}}}"#)), None, "{odd}");
        }
    }

    #[test]
    fn a_member_of_no_form_that_is_known_goes_alone_where_another_comes_behind_it_and_not_if_it_is_decisive() {
        let body = |odd: &str| format!(r#"{{"id":"i","at":[],"either":{odd},"text":"t"}}"#);
        for odd in ["true", "null", "[]", r#"{"a":1}"#] {
            assert_eq!(read_as_json(body(odd)), Some(json!({ "id": "i", "text": "t" })), "{odd}");
        }
        assert!(read::<Reply>(body("true").as_bytes(), &["either"]).is_none());
    }

    #[test]
    fn no_element_of_a_decisive_list_goes_and_what_is_beside_does() {
        let read = |body: &str| read::<Reply>(body.as_bytes(), &["parts", "name"]).is_some();
        for body in [r#"{"id":"i","at":[],"parts":[{"id":1}]}"#, r#"{"id":"i","at":[]}"#, r#"{"id":"i","part":{"name":"n"}}"#] {
            assert!(read(body), "{body}");
        }
        for odd in ["7", "[7]", r#"[{"name":"n"}]"#, r#"[{"id":1,"name":7}]"#, r#"[{"id":"1"}]"#] {
            assert!(!read(&format!(r#"{{"id":"i","parts":{odd}}}"#)), "{odd}");
        }
        assert!(!read(r#"{"id":"i","part":{"id":1,"name":7}}"#));
        let odd: Vec<String> = (0..=ONE_BY_ONE).map(|number| format!(r#""{number}":"x""#)).collect();
        assert!(!read(&format!(r#"{{"id":"i","counts":{{{}}},"part":{{"id":1,"name":7}}}}"#, odd.join(","))));
    }

    #[test]
    fn the_last_of_several_members_of_one_name_counts_whatever_it_is() {
        let rows = [
            (r#"{"id":"a","id":"b"}"#, json!({ "id": "b" })),
            (r#"{"id":5,"id":"b"}"#, json!({ "id": "b" })),
            (r#"{"id":"i","at":1,"at":2}"#, json!({ "id": "i", "at": 2 })),
            (r#"{"id":"i","at":"soon","at":2}"#, json!({ "id": "i", "at": 2 })),
            (r#"{"id":"i","at":1,"at":"soon"}"#, json!({ "id": "i" })),
            (r#"{"id":"i","at":1,"at":null}"#, json!({ "id": "i" })),
            (r#"{"id":"i","at":1,"at":1e400}"#, json!({ "id": "i" })),
            (r#"{"id":"i","part":{"id":1,"id":2,"x":1,"x":2}}"#, json!({ "id": "i", "part": { "id": 2, "x": 2 } })),
        ];
        for (body, expected) in rows {
            assert_eq!(read_as_json(body), Some(expected), "{body}");
        }
        assert_eq!(read_as_json(r#"{"id":"a","id":5}"#), None);
    }

    #[test]
    fn a_number_without_a_fraction_is_an_integer() {
        for (number, expected) in [("1900000000.0", Some(1_900_000_000)), ("1.9e9", Some(1_900_000_000)), ("-0.0", Some(0)), ("1e300", None), ("0.5", None)] {
            let body = format!(r#"{{"id":"i","at":{number}}}"#);
            assert_eq!(read_as_json(&body).expect("a reply")["at"].as_i64(), expected, "{number}");
        }
    }

    #[test]
    fn what_no_program_can_hold_is_not_there_and_all_beside_it_is() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let deeper = "{\"a\":".repeat(100_000) + "1" + &"}".repeat(100_000);
        for odd in ["1e400", "-1e999", r#""\ud800""#, r#""\udc00\ud800""#, &deep, &deeper] {
            for body in [
                format!(r#"{{"id":"i","text":{odd},"at":1,"part":{{"id":2,"name":{odd}}},"parts":[{{"id":3}},{odd}]}}"#),
                format!(r#"{{"id":"i","text":{odd},"at":1,"part":{{"id":2}},"parts":[{odd},{{"id":3,"name":{odd}}}]}}"#),
            ] {
                let expected = json!({ "id": "i", "at": 1, "part": { "id": 2 }, "parts": [{ "id": 3 }] });
                assert_eq!(read_as_json(body), Some(expected), "{odd:.20}");
            }
            assert_eq!(read_as_json(format!(r#"{{"id":{odd}}}"#)), None, "{odd:.20}");
        }
        let named = read_as_json(r#"{"id":"i","\ud800":1,"part":{"id":2,"\ud800":1}}"#).expect("a reply");
        assert_eq!((&named["id"], &named["part"]["id"]), (&json!("i"), &json!(2)));
        assert_eq!(read_as_json(b"{\"id\":\"i\",\"text\":\"J\xfcrgen\",\"at\":1}"), Some(json!({ "id": "i", "at": 1 })));
        assert_eq!(read_as_json(b"{\"id\":\"J\xfcrgen\"}"), None);
    }

    #[test]
    fn a_hundred_thousand_odd_values_end_soon_and_lose_no_more_than_their_member() {
        let list = format!("[{}]", vec!["7"; 100_000].join(","));
        let map = (0..100_000).map(|index| format!("\"{index}\":[]")).collect::<Vec<_>>().join(",");
        let body = format!(r#"{{"id":"i","at":1,"parts":{list},"counts":{{{map}}},"text":{list},"part":{{"id":2}}}}"#);
        assert_eq!(read_as_json(body), Some(json!({ "id": "i", "at": 1, "part": { "id": 2 } })));
    }

    #[test]
    fn a_few_odd_elements_leave_the_others_and_one_more_takes_them_along() {
        for (odd, left) in [(ONE_BY_ONE, Some(ONE_BY_ONE)), (ONE_BY_ONE + 1, None)] {
            let parts = (0..2 * odd).map(|index| if index % 2 == 0 { json!({ "id": index }) } else { json!(index) });
            let body = json!({ "id": "i", "parts": parts.collect::<Value>() }).to_string();
            assert_eq!(read_as_json(body).expect("a reply")["parts"].as_array().map(Vec::len), left, "{odd}");
        }
    }
}
