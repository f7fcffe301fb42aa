//! Names in a config that look like secrets: whoever mistook a value's place must not find it in a log.

use serde_json::{Map, Value};

use crate::model::Violation;

/// What stands for such a name.
const HIDDEN: &str = "<a key>";
/// Longest name that is told, in bytes.
const LONGEST: usize = 64;
/// Least letters and digits in a row that look like a token or key, where there are both: names are made of words.
const RUN: usize = 16;
/// How a secret begins that may be shorter.
const PREFIXES: [&str; 1] = ["corbado1_"];

pub(super) fn looks_secret(name: &str) -> bool {
    let has = |run: &str, which: fn(&u8) -> bool| run.as_bytes().iter().any(which);
    let is_random = |run: &str| run.len() >= RUN && has(run, u8::is_ascii_digit) && has(run, u8::is_ascii_alphabetic);
    let runs = || name.split(|letter: char| !letter.is_ascii_alphanumeric());
    name.len() > LONGEST || PREFIXES.into_iter().any(|prefix| name.starts_with(prefix)) || runs().any(is_random)
}

/// Gives the name as it may be told.
pub(super) fn told(name: &str) -> &str {
    if looks_secret(name) { HIDDEN } else { name }
}

/// Takes the names of members that look like secrets out of what is told of them.
pub(super) fn hide(members: &Map<String, Value>, problems: Vec<Violation>) -> Vec<Violation> {
    let mut names = Vec::new();
    find(members, &mut names);
    if names.is_empty() {
        return problems;
    }
    let without = |text: &str| names.iter().fold(text.to_owned(), |text, name| text.replace(*name, HIDDEN));
    problems.into_iter().map(|problem| Violation::at_key(without(problem.key().unwrap_or_default()), without(problem.message()))).collect()
}

/// Finds the names that look like secrets, the longest first: one that another is a part of goes after it.
fn find<'a>(members: &'a Map<String, Value>, names: &mut Vec<&'a str>) {
    for (name, value) in members {
        if looks_secret(name) {
            let place = names.partition_point(|other| other.len() >= name.len());
            names.insert(place, name);
        }
        if let Value::Object(members) = value {
            find(members, names);
        }
    }
}
