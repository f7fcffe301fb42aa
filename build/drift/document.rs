//! Places in a document: what stands there, and the JSON pointer that leads to it.

use std::{borrow::Cow, collections::BTreeSet};

use serde_json::Value;

/// A part of a document, with where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Place<'a> {
    document: &'a Value,
    pub(crate) value: &'a Value,
    pub(crate) pointer: String,
}

impl<'a> Place<'a> {
    /// Gives the whole of a document.
    pub(crate) fn whole(document: &'a Value) -> Self {
        Self { document, value: document, pointer: String::new() }
    }

    /// Gives a member of an object.
    pub(crate) fn get(&self, name: &str) -> Option<Self> {
        let value = self.value.as_object()?.get(name)?;
        Some(self.below(name, value))
    }

    /// Gives the place that several names, one after the other, lead to.
    pub(crate) fn at(&self, names: &[&str]) -> Option<Self> {
        names.iter().try_fold(self.clone(), |place, name| place.get(name))
    }

    /// Gives the members of an object with their names.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&'a str, Self)> {
        let members = self.value.as_object().into_iter().flatten();
        members.map(|(name, value)| (name.as_str(), self.below(name, value)))
    }

    /// Gives the entries of a list.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Self> {
        let entries = self.value.as_array().into_iter().flatten().enumerate();
        entries.map(|(index, value)| self.below(&index.to_string(), value))
    }

    /// Gives the text of a member.
    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.value.get(name)?.as_str()
    }

    /// Says whether a member is `true`.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.value.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// Gives what a reference leads to, with the name of the schema if it is one.
    pub(crate) fn target(&self, reference: &str) -> Option<(Self, Option<String>)> {
        let pointer = reference.strip_prefix('#')?;
        let value = self.document.pointer(pointer)?;
        let name = pointer.strip_prefix("/components/schemas/").filter(|name| !name.contains('/'));
        Some((Self { document: self.document, value, pointer: pointer.to_owned() }, name.map(unescaped)))
    }

    /// Follows references, a chain of them too; one that leads nowhere stays.
    pub(crate) fn followed(self) -> Self {
        let mut place = self;
        for _ in 0..LONGEST_CHAIN {
            match place.text("$ref").and_then(|reference| place.target(reference)) {
                Some((target, _)) => place = target,
                None => break,
            }
        }
        place
    }

    /// Says whether a place of another document is written as this one is, whatever it refers to, too.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        self.is_as_behind(other, &mut BTreeSet::new())
    }

    fn is_as_behind(&self, other: &Self, passed: &mut BTreeSet<&'a str>) -> bool {
        let is_same = |reference: &'a str, passed: &mut BTreeSet<&'a str>| {
            let behind = || self.target(reference).zip(other.target(reference));
            !passed.insert(reference) || behind().is_some_and(|((one, _), (another, _))| one.is_as_behind(&another, passed))
        };
        self.value == other.value && references(self.value).into_iter().all(|reference| is_same(reference, passed))
    }

    fn below(&self, name: &str, value: &'a Value) -> Self {
        Self { document: self.document, value, pointer: format!("{}/{}", self.pointer, escaped(name)) }
    }
}

/// Gives all references within a value.
fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str);
            own.into_iter().chain(members.values().flat_map(references)).collect()
        }
        Value::Array(entries) => entries.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// More references than a document strings together; what is longer is a circle.
const LONGEST_CHAIN: usize = 16;

/// Writes a name as a JSON pointer has it.
pub(crate) fn escaped(name: &str) -> Cow<'_, str> {
    if name.contains('~') || name.contains('/') { name.replace('~', "~0").replace('/', "~1").into() } else { name.into() }
}

fn unescaped(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}
