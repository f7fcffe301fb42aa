//! The operations of a document as calls name them: constants of the crate's own type, so that none is written by hand beside the document.

use std::fmt::{Error, Write};

use serde_json::Value;

use crate::paths;

/// Gives a constant for each operation, `CHALLENGE_CREATE` for `ChallengeCreate`.
pub(crate) fn render(spec: &Value) -> Result<String, Error> {
    let mut out = String::new();
    for (path, item) in spec["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let Some(name) = operation["operationId"].as_str() else { continue };
            let method = method.to_uppercase();
            writeln!(
                out,
                "pub(super) const {}: {route} = {route} {{ name: {name:?}, method: {method:?}, path: {path:?} }};",
                shouted(name),
                route = paths::ROUTE
            )?;
        }
    }
    Ok(out)
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
