//! The operations of a document as calls name them: constants of the crate's own type, so that none is written by hand beside the document.

use std::fmt::{Error, Write};

use serde_json::Value;

use crate::paths;

/// Gives a constant for each operation, `CHALLENGE_CREATE` for `ChallengeCreate`, and `ALL` of them, each at its number.
pub(crate) fn render(spec: &Value) -> Result<String, Error> {
    let mut out = String::new();
    let mut all = Vec::new();
    for (path, item) in spec["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let Some(name) = operation["operationId"].as_str() else { continue };
            let constant = shouted(name);
            writeln!(
                out,
                "pub(super) const {constant}: {route} = {route} {{ number: {number}, name: {name:?}, method: {method:?}, path: {path:?}, beginning: &{beginning:?} }};",
                route = paths::ROUTE,
                number = all.len(),
                method = method.to_uppercase(),
                beginning = beginning(path),
            )?;
            all.push(constant);
        }
    }
    writeln!(out, "pub(super) const ALL: &[{}] = &[{}];", paths::ROUTE, all.join(", "))?;
    Ok(out)
}

/// Gives the segments of a path that are the same for all calls: those before the first id.
pub(crate) fn beginning(path: &str) -> Vec<&str> {
    path.trim_start_matches('/').split('/').take_while(|segment| !segment.contains('{')).collect()
}

/// `ChallengeCreate` and `credential_code_init` as Rust names constants.
fn shouted(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        out.push(if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' });
    }
    out
}
