//! What a vendor's newer document means for this crate: differences of the operations that are used, judged as a client. No I/O.
//!
//! It is no part of the build: `cargo xtask spec`, the command line and the tests include it.

mod bodies;
mod constraints;
mod document;
mod findings;
mod forms;
mod ignored;
mod operations;
mod parameters;
mod rewritten;
pub(crate) mod rules;
mod schema;
pub(crate) mod smells;
pub(crate) mod sources;
mod touches;
mod view;
mod walk;
mod words;

use std::collections::BTreeSet;

use serde_json::Value;

pub(crate) use findings::{Direction, Drift, Finding, Severity};
pub(crate) use ignored::Ignored;
pub(crate) use rewritten::{Changes, applied};

use crate::vendors::{self, Vendor};
use touches::{Index, Touchable};
use walk::Walk;
use words::Words;

/// A vendor with its packed document and the code that stands on it: what documents are compared for.
pub(crate) struct Used {
    pub(crate) vendor: &'static Vendor,
    pub(crate) document: Value,
    touchable: Touchable,
}

impl Used {
    /// Gives a vendor by its name.
    ///
    /// # Errors
    ///
    /// A name that is no vendor's.
    pub(crate) fn of(name: &str) -> Result<Self, String> {
        let vendor = vendors::ALL.iter().copied().find(|vendor| vendor.name == name);
        let sources = sources::ALL.iter().find(|sources| sources.vendor == name);
        let (vendor, sources) = vendor.zip(sources).ok_or_else(|| format!("expected one of {}", names().join(", ")))?;
        let document: Value = serde_json::from_str(sources.document).map_err(|error| format!("specs/{name}.json: {error}"))?;
        let index = Index::of(&operations::all(&document));
        let changes = applied(vendor, &document);
        Ok(Self { vendor, touchable: Touchable { index, words: Words::of(sources), changes }, document })
    }

    /// Gives the vendor most of whose operations a document has.
    ///
    /// # Errors
    ///
    /// A document that has no vendor's operations, or as many of one as of another.
    pub(crate) fn told_by(document: &Value) -> Result<Self, String> {
        let theirs = operations::all(document);
        let mut met = Vec::new();
        for name in names() {
            let used = Self::of(name)?;
            let count = operations::all(&used.document).iter().filter(|ours| ours.among(&theirs).is_some()).count();
            met.push((count, used));
        }
        met.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let mut best = met.into_iter();
        match (best.next(), best.next()) {
            (Some((count, used)), second) if count > second.as_ref().map_or(0, |(count, _)| *count) => Ok(used),
            _ => Err(format!("no telling whose document it is: say --vendor, one of {}", names().join(", "))),
        }
    }

    /// Compares two documents.
    pub(crate) fn drift(&self, old: &Value, new: &Value) -> Drift {
        let mut found = rewritten::stale(self.vendor, new, &self.touchable.changes);
        found.extend(self.differences(old, new));
        Drift { vendor: self.vendor.name, findings: findings::merged(found), ignored: 0 }
    }

    /// Compares the operations of two documents, without the rewrites.
    pub(crate) fn differences(&self, old: &Value, new: &Value) -> Vec<Finding> {
        let (olds, news) = (operations::all(old), operations::all(new));
        let mut found = Vec::new();
        for ours in operations::all(&self.document) {
            let mut walk = Walk {
                vendor: self.vendor,
                touchable: &self.touchable,
                operation: ours.name.clone(),
                direction: Direction::Request,
                passed: BTreeSet::new(),
                found: Vec::new(),
                olds: &olds,
                news: &news,
            };
            walk.operation(&ours);
            found.append(&mut walk.found);
        }
        findings::merged(found)
    }

    /// Gives what each rewrite does to the packed document.
    pub(crate) fn changes(&self) -> &[Changes] {
        &self.touchable.changes
    }
}

/// Says whether this is a document that can be compared: OpenAPI 3, with operations.
pub(crate) fn is_document(value: &Value) -> bool {
    let is_version_3 = value.get("openapi").and_then(Value::as_str).is_some_and(|version| version.starts_with("3."));
    is_version_3 && value.get("paths").is_some_and(Value::is_object)
}

/// Gives the names of all vendors.
pub(crate) fn names() -> Vec<&'static str> {
    vendors::ALL.iter().map(|vendor| vendor.name).collect()
}
