//! Replies in which one member is odd, and what is read of them all the same.

use auth_challenge::{ErrorKind, SendState};
use serde_json::{Value, json};

use super::{
    Told,
    canaries::Examples,
    typed::{Member, Typed},
    vendors::Vendor,
};

/// What may stand in a member, as it is written; two of them are made by [`odd_values`].
const ODD: [&str; 16] =
    ["null", "true", "-1", "1.5", "7.0", "1e300", "1e400", r#""""#, r#""x""#, r#""\ud800""#, "[]", "[1]", "[null]", "{}", r#"{"a":{}}"#, r#"{"\udc00":1}"#];

/// What may stand in a member, as it is written.
pub fn odd_values() -> Vec<String> {
    let long = format!("{:?}", "x".repeat(10_000));
    let deep = "[".repeat(1_000) + &"]".repeat(1_000);
    ODD.iter().map(|odd| (*odd).to_owned()).chain([long, deep]).collect()
}

/// How a member is odd.
#[derive(Clone, Copy, Debug)]
pub enum Oddity<'a> {
    Missing,
    /// Something else stands there.
    Odd(&'a str),
    /// Something else stands there, and then it comes again, as it should.
    OddThenGood(&'a str),
    /// It comes as it should, and then again as something else.
    GoodThenOdd(&'a str),
}

impl<'a> Oddity<'a> {
    /// All ways in which a member may be odd with a value.
    pub fn all(odd: &'a str) -> [Self; 3] {
        [Self::Odd(odd), Self::OddThenGood(odd), Self::GoodThenOdd(odd)]
    }

    /// The value that counts, where it is not the good one and a program can hold it.
    fn last(self) -> Option<Value> {
        match self {
            Self::Odd(odd) | Self::GoodThenOdd(odd) => serde_json::from_str(odd).ok(),
            Self::Missing | Self::OddThenGood(_) => None,
        }
    }

    /// Whether what counts is a list, of whatever.
    fn is_list(self) -> bool {
        matches!(self, Self::Odd(odd) | Self::GoodThenOdd(odd) if odd.starts_with('['))
    }

    /// Whether what counts is as good as this value.
    pub fn is_good_as(self, good: &Value) -> bool {
        matches!(self, Self::OddThenGood(_)) || self.last().as_ref() == Some(good)
    }

    /// Whether nothing is there.
    pub fn is_absence(self) -> bool {
        matches!(self, Self::Missing) || self.last() == Some(Value::Null)
    }
}

/// Every place in a document, as JSON pointers: its members, theirs, and the elements of arrays.
pub fn places(document: &Value) -> Vec<String> {
    let below = |name: &str, value: &Value| {
        let name = name.replace('~', "~0").replace('/', "~1");
        let deeper = places(value).into_iter().map(|place| format!("/{name}{place}")).collect::<Vec<_>>();
        [vec![format!("/{name}")], deeper].concat()
    };
    match document {
        Value::Object(members) => members.iter().flat_map(|(name, value)| below(name, value)).collect(),
        Value::Array(items) => items.iter().enumerate().flat_map(|(index, value)| below(&index.to_string(), value)).collect(),
        _ => Vec::new(),
    }
}

/// A document with one odd member, as text.
pub fn bent(document: &Value, place: &str, oddity: Oddity) -> String {
    const HERE: &str = "what is odd stands here";
    let mut document = document.clone();
    let Oddity::Odd(odd) = oddity else {
        let (name, is_member) = (place.rsplit('/').next().unwrap_or_default().to_owned(), is_member(&document, place));
        let good = document.pointer(place).expect("a place of the document").to_string();
        let (first, second) = match oddity {
            Oddity::OddThenGood(odd) => (odd, &*good),
            Oddity::GoodThenOdd(odd) => (&*good, odd),
            _ => {
                remove(&mut document, place);
                return document.to_string();
            }
        };
        // An element has no name under which it could come twice.
        let twice = if is_member { format!("{first},\"{name}\":{second}") } else { second.to_owned() };
        return bent(&document, place, Oddity::Odd(&twice));
    };
    *document.pointer_mut(place).expect("a place of the document") = HERE.into();
    document.to_string().replace(&format!("{HERE:?}"), odd)
}

fn is_member(document: &Value, place: &str) -> bool {
    place.rsplit_once('/').and_then(|(holder, _)| document.pointer(holder)).is_some_and(Value::is_object)
}

fn remove(document: &mut Value, place: &str) {
    let Some((holder, name)) = place.rsplit_once('/') else { return };
    match document.pointer_mut(holder) {
        Some(Value::Object(members)) => drop(members.remove(name)),
        Some(Value::Array(items)) => drop(name.parse().ok().filter(|index| *index < items.len()).map(|index: usize| items.remove(index))),
        _ => {}
    }
}

/// A document without a place, and without what holds nothing.
fn without(document: &Value, place: &str) -> Value {
    fn tidied(value: Value) -> Option<Value> {
        match value {
            Value::Object(members) => {
                let members: serde_json::Map<_, _> = members.into_iter().filter_map(|(name, value)| Some((name, tidied(value)?))).collect();
                (!members.is_empty()).then_some(Value::Object(members))
            }
            Value::Array(items) if items.is_empty() => None,
            Value::Null => None,
            value => Some(value),
        }
    }
    let mut document = document.clone();
    remove(&mut document, place);
    tidied(document).unwrap_or_default()
}

/// The element of an array that a place stands in.
fn element<'a>(document: &Value, place: &'a str) -> Option<&'a str> {
    let mut ends = place.match_indices('/').map(|(end, _)| &place[..end]).chain([place]);
    ends.rfind(|end| !end.is_empty() && !is_member(document, end))
}

/// A whole reply, and what is read of it.
pub struct Good {
    pub document: Value,
    read: Value,
}

impl Typed {
    /// Reads a reply as the vendor's client does, and fails where more is lost than the odd member.
    pub async fn assert_read(&self, told: &Told, good: &Good, place: &str, oddity: Oddity<'_>) {
        let Good { document: good, read: whole } = good;
        let context = format!("{} {place} {oddity:.80?}", self.reply);
        let read = self.read(told, &bent(good, place, oddity)).await;
        let what = self.member(place);
        match read {
            Ok(read) if matches!(oddity, Oddity::OddThenGood(_)) && is_member(good, place) => assert_eq!(read, *whole, "{context}"),
            Ok(read) => {
                let gone = [Some(place), element(good, place).filter(|_| what == Member::OfElement)];
                let others = |read: &Value| {
                    gone.iter().flatten().any(|place| without(whole, place) == without(read, "") || without(whole, place) == without(read, place))
                };
                assert!(others(&read), "{context}: {read}");
                // Of a list, elements that are odd go.
                let is_left = || oddity.is_list() && read.pointer(place).is_some_and(Value::is_array);
                let is_there = || oddity.last().is_some_and(|odd| read.pointer(place) == Some(&odd)) || is_left();
                match what {
                    Member::Essential => assert!(is_there(), "{context}: {read}"),
                    Member::Decisive => assert!(oddity.is_absence() || is_there(), "{context}: {read}"),
                    Member::OfElement | Member::Other => {}
                }
            }
            Err(error) => {
                assert!(what == Member::Essential || what == Member::Decisive && !oddity.is_absence(), "{context}: {error}");
                assert_eq!((error.kind(), error.send_state()), (ErrorKind::UnexpectedReply, SendState::Accepted), "{context}");
            }
        }
    }

    /// A whole reply: every member, two elements in each array, and a member that nobody knows.
    pub async fn good(&self, told: &Told, vendor: &'static Vendor) -> Good {
        fn doubled(value: Value) -> Value {
            match value {
                Value::Array(items) => [items.clone(), items].concat().into_iter().map(doubled).collect(),
                Value::Object(members) => members.into_iter().map(|(name, value)| (name, doubled(value))).collect(),
                value => value,
            }
        }
        let mut document = doubled(Examples::of(vendor).example(self.reply));
        document["brandNew"] = json!({ "list": [1] });
        let read = self.read(told, &document.to_string()).await.expect("a whole reply is read");
        Good { document, read }
    }

    async fn read(&self, told: &Told, body: &str) -> Result<Value, auth_challenge::Error> {
        told.answer(200, body);
        (self.call)(told.http.clone(), format!("http://{}", told.address)).await
    }
}
