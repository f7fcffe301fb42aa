//! A vendor is everywhere or nowhere: each thing that one lacks is told by name.

use std::{collections::BTreeSet, fs, path::PathBuf};

use crate::support::{self, canaries::Examples, vendors};

fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// The text of a file; none where it is not there.
fn text(file: &str) -> String {
    fs::read_to_string(path(file)).unwrap_or_default()
}

/// The files with this ending in a folder, without the ending, or its folders.
fn names_in(folder: &str, ending: Option<&str>) -> BTreeSet<String> {
    let entries = fs::read_dir(path(folder)).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        match ending {
            Some(ending) => Some(name.strip_suffix(ending)?.to_owned()).filter(|name| name != "mod"),
            None => entry.path().is_dir().then_some(name),
        }
    });
    names.collect()
}

/// What stands between two texts in each line that has both.
fn between(text: &str, before: &str, after: &str) -> BTreeSet<String> {
    let parts = text.lines().filter_map(|line| line.trim().strip_prefix(before)?.split_once(after));
    parts.map(|(name, _)| name.to_owned()).collect()
}

/// The vendors in the list of a file: rows that begin with the name in quotes.
fn rows_of_list(file: &str) -> BTreeSet<String> {
    let text = text(file);
    let rows = text.split_once("\nlist! {").and_then(|(_, rest)| rest.split_once('}')).map(|(rows, _)| rows.to_owned()).unwrap_or_default();
    between(&rows, "\"", "\" ")
}

/// The vendors that the guide's page on signing up has a section of.
fn sections_of_sign_up() -> BTreeSet<String> {
    let page = support::markdown::documentation_of("src/guide/sign_up.rs");
    // What else begins so is a hidden line of a program.
    let headings = page.lines().filter_map(|line| line.strip_prefix("# ")).filter(|heading| heading.chars().all(char::is_alphabetic));
    headings.map(str::to_lowercase).collect()
}

/// The places where a vendor must be: what it lacks that is not there, and the names that are.
fn places() -> Vec<(String, BTreeSet<String>)> {
    let (readme, features) = (text("README.md"), text(".ci/features"));
    let rows = |text: &str| -> BTreeSet<String> {
        let rows = text.lines().skip_while(|line| !line.starts_with("| | EmailOtp")).skip(2).take_while(|line| line.starts_with('|'));
        rows.filter_map(|row| row.split('|').nth(1)).map(|cell| cell.trim().to_owned()).collect()
    };
    let checked = features.lines().filter_map(|line| line.trim().strip_prefix("for vendor in ")?.strip_suffix("; do"));
    let checked: BTreeSet<String> = checked.flat_map(str::split_whitespace).map(str::to_owned).collect();
    let mut places = vec![
        ("document in specs/".to_owned(), names_in("specs", Some(".yaml"))),
        ("document packed as JSON in specs/, by `cargo xtask spec pack`".to_owned(), names_in("specs", Some(".json"))),
        ("section in specs/README.md".to_owned(), between(&text("specs/README.md"), "## `", ".yaml`")),
        ("row in the README's table of vendors".to_owned(), rows(&readme)),
        ("row in the table of vendors on the first page, src/lib.rs".to_owned(), rows(&support::markdown::documentation_of("src/lib.rs"))),
        ("section on the guide's page sign_up".to_owned(), sections_of_sign_up()),
        ("row in .ci/features, to be checked alone".to_owned(), checked),
        ("file in build/vendors/".to_owned(), names_in("build/vendors", Some(".rs"))),
        ("folder in src/vendors/".to_owned(), names_in("src/vendors", None)),
        ("folder in src/testing/vendors/, for its double".to_owned(), names_in("src/testing/vendors", None)),
        ("fixture in tests/support/vendors/".to_owned(), names_in("tests/support/vendors", Some(".rs"))),
        ("row in the list of fixtures, tests/support/vendors/mod.rs".to_owned(), rows_of_list("tests/support/vendors/mod.rs")),
        ("row in the list of vendors, src/vendors/mod.rs".to_owned(), rows_of_list("src/vendors/mod.rs")),
        ("row in the list of typed clients, src/config/clients.rs".to_owned(), rows_of_list("src/config/clients.rs")),
        ("row in the list of doubles, src/testing/vendors/mod.rs".to_owned(), rows_of_list("src/testing/vendors/mod.rs")),
    ];
    let folders = names_in("src/vendors", None);
    for file in ["mod", "config", "client", "convert"] {
        let having = folders.iter().filter(|name| path(&format!("src/vendors/{name}/{file}.rs")).exists()).cloned();
        places.push((format!("{file}.rs in its folder in src/vendors/"), having.collect()));
    }
    places
}

/// What a vendor lacks, beside a place of its own: being named where all are.
fn unnamed(vendor: &str) -> Vec<&'static str> {
    let manifest = text("Cargo.toml");
    let cli = manifest.split_once("\ncli = [").and_then(|(_, rest)| rest.split_once(']')).map(|(list, _)| list.to_owned()).unwrap_or_default();
    let is_in_list = |file: &str| text(file).lines().any(|line| line.trim_start_matches("pub ").trim_start_matches("pub(crate) ") == format!("mod {vendor};"));
    let readme = text("README.md");
    let gives = readme.lines().filter(|line| line.starts_with("| `")).any(|line| line.contains(&format!("`{vendor}`")));
    let named = [
        ("feature in Cargo.toml", manifest.lines().any(|line| line.starts_with(&format!("{vendor} = [")))),
        ("place in the feature cli of Cargo.toml, which brings every vendor", cli.contains(&format!("\"{vendor}\""))),
        ("row in the README's table of features", gives),
        ("feature in fuzz/Cargo.toml", text("fuzz/Cargo.toml").lines().any(|line| line.starts_with(&format!("{vendor} = [")))),
        ("place in the default features of fuzz/Cargo.toml", text("fuzz/Cargo.toml").lines().any(|line| line.starts_with("default") && line.contains(vendor))),
        ("line in CHANGELOG.md", text("CHANGELOG.md").contains(&format!("`{vendor}`")) || text("CHANGELOG.md").contains(&format!("`{vendor}::"))),
        ("module in src/vendors/mod.rs", is_in_list("src/vendors/mod.rs")),
        ("module in src/testing/vendors/mod.rs", is_in_list("src/testing/vendors/mod.rs")),
        ("module in build/vendors/mod.rs", is_in_list("build/vendors/mod.rs")),
        ("place in ALL of build/vendors/mod.rs", text("build/vendors/mod.rs").contains(&format!("&{vendor}::{}", vendor.to_uppercase()))),
        ("module in tests/support/vendors/mod.rs", is_in_list("tests/support/vendors/mod.rs")),
    ];
    named.into_iter().filter(|(_, is_there)| !is_there).map(|(what, _)| what).collect()
}

#[test]
fn every_vendor_that_is_anywhere_is_everywhere() {
    let places = places();
    let all: BTreeSet<&String> = places.iter().flat_map(|(_, names)| names).collect();
    assert!(!all.is_empty(), "there are vendors");
    let mut missing = Vec::new();
    for vendor in all {
        missing.extend(places.iter().filter(|(_, names)| !names.contains(vendor)).map(|(what, _)| format!("{vendor} has no {what}")));
        missing.extend(unnamed(vendor).into_iter().map(|what| format!("{vendor} has no {what}")));
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn every_schema_with_a_masked_member_is_checked() {
    let mut missing = Vec::new();
    for vendor in vendors::all() {
        let examples = Examples::of(vendor);
        let unchecked = examples.masked_schemas().into_iter().filter(|schema| vendor.secrecy.types.iter().all(|(checked, _)| checked != schema));
        missing.extend(unchecked.map(|schema| format!("{vendor:?} has no check of its schema {schema}, which holds what is masked")));
        for (schema, member) in vendor.secrecy.harmless {
            if !vendor.secrecy.masked.contains(member) {
                missing.push(format!("{vendor:?} excuses {schema}.{member}, which nothing masks"));
            }
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn every_fixture_has_a_row_in_each_of_its_tables() {
    let mut missing = Vec::new();
    for vendor in vendors::all() {
        let rows = [
            ("complete requests", (vendor.create.rows)().len()),
            ("requests that are refused before they are sent", (vendor.create.incomplete)().len()),
            ("lenient replies", (vendor.create.lenient)().len()),
            ("replies that make no challenge", (vendor.create.unusable)().len()),
            ("refused creates", (vendor.create.refusals)().len()),
            ("proofs", (vendor.verify.proofs)().len()),
            ("rejections", (vendor.verify.rejections)().len()),
            ("errors of a verify", (vendor.verify.errors)().len()),
            ("replies about an unknown challenge", (vendor.verify.unknown)().len()),
            ("answers that cannot be right", (vendor.verify.misfits)().len()),
            ("masked types", vendor.secrecy.types.len()),
            ("servers", vendor.section.servers.len()),
            ("mistakes in its section", vendor.section.mistakes.len()),
            ("environment variables", vendor.section.variables.len()),
            ("incomplete arguments of the command line", vendor.command.incomplete.len()),
        ];
        missing.extend(rows.into_iter().filter(|(_, count)| *count == 0).map(|(what, _)| format!("{vendor:?} has no {what}")));
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}
