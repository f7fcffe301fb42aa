//! The vendors that are compiled in, each with its document and what the build made of it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::vendors::{self, Vendor};

/// The names of the vendors whose features are on.
const COMPILED: &[&str] = include!(concat!(env!("OUT_DIR"), "/compiled.rs"));

/// A vendor with its document and what the build made of it.
pub(crate) struct Built {
    pub(crate) vendor: &'static Vendor,
    pub(crate) spec: Value,
    /// The generated client.
    pub(crate) source: String,
    /// The enums that stand in the place of the generator's.
    pub(crate) enums: String,
    /// The names that are masked, as Rust writes them.
    pub(crate) sensitive: String,
}

/// The vendors that are compiled in.
pub(crate) fn all() -> Vec<Built> {
    let text = |path: PathBuf| fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let read = |file: String| text(Path::new(env!("OUT_DIR")).join(file));
    let document = |vendor: &str| text(Path::new(env!("CARGO_MANIFEST_DIR")).join("specs").join(vendor).with_extension("json"));
    let compiled = vendors::ALL.iter().copied().filter(|vendor| COMPILED.contains(&vendor.name));
    compiled
        .map(|vendor| Built {
            vendor,
            spec: serde_json::from_str(&document(vendor.name)).expect("a document packed as JSON"),
            source: read(format!("{}.rs", vendor.name)),
            enums: read(format!("{}_enums.rs", vendor.name)),
            sensitive: read(format!("{}_sensitive.rs", vendor.name)),
        })
        .collect()
}
