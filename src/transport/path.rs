//! Paths of requests, and the ids that become segments of them.

use url::Url;

use crate::model::{Error, Field, Violation};

/// Gives a URL with further segments, each percent-encoded.
pub(super) fn below(url: &Url, segments: &[&str]) -> Url {
    let mut url = url.clone();
    if !segments.is_empty()
        && let Ok(mut path) = url.path_segments_mut()
    {
        path.pop_if_empty().extend(segments);
    }
    url
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_encoded_each_for_itself_and_nothing_else_changes() {
        for (base, segments, expected) in [
            ("https://vendor.example", &["users"][..], "https://vendor.example/users"),
            ("https://vendor.example/v2", &["users", "a b"], "https://vendor.example/v2/users/a%20b"),
            ("https://vendor.example/v2", &["\u{fc}?#%/x"], "https://vendor.example/v2/%C3%BC%3F%23%25%2Fx"),
            ("https://vendor.example/v2/users/", &["%2e%2e", "a"], "https://vendor.example/v2/users/%252e%252e/a"),
            ("https://vendor.example/v2", &[], "https://vendor.example/v2"),
        ] {
            let url = Url::parse(base).expect("a URL");
            assert_eq!(below(&url, segments).as_str(), expected);
        }
    }
}
