//! Ids that become a segment of a path.

use crate::model::{Error, Field, Violation};

/// Refuses ids that would not stay one segment of a path each: (field, the vendor's name of it, id).
pub(crate) fn path_ids(ids: &[(Option<Field>, &'static str, &str)]) -> Result<(), Error> {
    let wrong = |(field, vendor_field, id): &(Option<Field>, &'static str, &str)| Some(Violation::at_vendor(*field, *vendor_field, path_problem(id)?));
    let violations: Vec<Violation> = ids.iter().filter_map(wrong).collect();
    if violations.is_empty() { Ok(()) } else { Err(Error::invalid(violations)) }
}

/// Says why an id cannot be a segment of a path: nothing and dots climb, URLs take a backslash for a slash, and a gateway may undo the encoding
/// of a slash or a line break. All else is percent-encoded.
pub(crate) fn path_problem(id: &str) -> Option<&'static str> {
    // What nearly all ids are made of.
    if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
        return None;
    }
    match id {
        "." | ".." => Some("expected an id, not a dotted path segment"),
        _ if id.trim().is_empty() => Some("expected an id, not an empty path segment"),
        _ if id.contains(['/', '\\']) => Some("expected an id without slashes and backslashes"),
        _ if id.contains(char::is_control) => Some("expected an id without control characters"),
        _ => None,
    }
}
