//! What the rewrites do to a document, one after the other, as the build applies them.

use serde_json::Value;

use super::{
    document::escaped,
    findings::{Finding, Kind, Severity, Side, Touch},
    rules,
};
use crate::vendors::Vendor;

/// What one rewrite changed.
#[derive(Debug)]
pub(crate) struct Changes {
    pub(crate) name: &'static str,
    /// How many places it says that it changed; none means that it does not match any more.
    pub(crate) count: usize,
    /// Where the document differs since: a place that was put in or is other than before, or one that was taken out.
    pub(crate) places: Vec<String>,
}

/// Applies each rewrite of a vendor to a document, whether those before it matched or not, and gives what each changed.
pub(crate) fn applied(vendor: &Vendor, document: &Value) -> Vec<Changes> {
    let mut after = document.clone();
    let apply = |(name, rewrite): &(&'static str, crate::vendors::Rewrite)| {
        let before = after.clone();
        let count = rewrite(vendor, &mut after);
        let mut places = Vec::new();
        differing("", &before, &after, &mut places);
        Changes { name, count, places }
    };
    vendor.rewrites.iter().map(apply).collect()
}

/// Gives the places in which a document is not as it was.
fn differing(pointer: &str, before: &Value, after: &Value, places: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(one), Value::Object(other)) => {
            for (name, value) in one {
                let pointer = format!("{pointer}/{}", escaped(name));
                match other.get(name) {
                    Some(now) => differing(&pointer, value, now, places),
                    None => places.push(pointer),
                }
            }
            let put_in = other.keys().filter(|name| !one.contains_key(*name));
            places.extend(put_in.map(|name| format!("{pointer}/{}", escaped(name))));
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (value, now)) in one.iter().zip(other).enumerate() {
                differing(&format!("{pointer}/{index}"), value, now, places);
            }
        }
        (one, other) if one != other => places.push(pointer.to_owned()),
        _ => {}
    }
}

/// Finds the rewrites that do not match the new document.
pub(super) fn stale(vendor: &Vendor, new: &Value, known: &[Changes]) -> Vec<Finding> {
    let stale = applied(vendor, new).into_iter().filter(|changes| changes.count == 0);
    stale.map(|changes| told(&changes, new, known.iter().find(|known| known.name == changes.name))).collect()
}

/// Tells of a rewrite, with the first place that it changes in the packed document and not in the new one.
fn told(changes: &Changes, new: &Value, known: Option<&Changes>) -> Finding {
    let missed: Vec<&str> = known.iter().flat_map(|known| &known.places).filter(|place| !changes.places.contains(place)).map(|place| above(place)).collect();
    let gone: Vec<&str> = missed.iter().copied().filter(|place| new.pointer(place).is_none()).collect();
    let name = changes.name;
    let (side, pointer, message) = match (gone.as_slice(), missed.as_slice()) {
        ([first, ..], _) => (Side::Packed, *first, format!("what `{name}` changes is not there (places: {})", gone.len())),
        ([], [first, ..]) => (Side::New, *first, format!("`{name}` finds nothing to change here, or not all that it lists")),
        ([], []) => (Side::New, "", format!("`{name}` finds nothing to change")),
    };
    let touches = vec![Touch { kind: Kind::Rewrite, name: name.to_owned() }];
    let pointer = pointer.to_owned();
    Finding { rule: rules::REWRITE_STALE, severity: Severity::Breaks, operations: Vec::new(), direction: None, side, pointer, touches, message }
}

fn above(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(above, _)| above)
}
