//! How many crates a program is built of.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::{
    Done,
    run::{cargo, output},
};

const TREE: [&str; 8] = ["tree", "--edges", "no-dev", "--prefix", "none", "--target", "x86_64-unknown-linux-gnu", "--locked"];

/// Lists what the package in this folder is built of, itself and what its build scripts need among it.
pub(crate) fn listed(folder: &Path, features: &[&str]) -> Done<BTreeSet<String>> {
    let tree = output(cargo(folder, &TREE).args(features))?;
    // The path, `(proc-macro)` and `(*)` come after name and version.
    Ok(tree.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).filter(|crate_| !crate_.is_empty()).collect())
}

/// Counts the crates of this crate with each vendor alone, with those that are on by default, and with more.
pub(crate) fn counted(root: &Path) -> Done<BTreeMap<String, f64>> {
    let mut counts = BTreeMap::new();
    let count = |crates: &BTreeSet<String>| crates.len() as f64;
    for vendor in vendors(root)? {
        let crates = listed(root, &["--no-default-features", "--features", &format!("{vendor},rustls")])?;
        counts.insert(format!("{vendor} alone"), count(&crates));
    }
    let default = listed(root, &[])?;
    counts.insert("default".to_owned(), count(&default));
    counts.insert("default and twilio".to_owned(), count(&listed(root, &["--features", "twilio"])?));
    let with_testing = listed(root, &["--features", "testing"])?;
    counts.insert("more with testing".to_owned(), with_testing.difference(&default).count() as f64);
    Ok(counts)
}

/// Names the vendors, which are those that have a document.
pub(crate) fn vendors(root: &Path) -> Done<Vec<String>> {
    let mut vendors = Vec::new();
    for entry in fs::read_dir(root.join("specs"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            vendors.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    vendors.sort();
    Ok(vendors)
}
