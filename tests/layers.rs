//! A layer imports those below it alone, by the layer's name.

use std::{fs, path::Path};

/// Low to high; `bin` is a crate of its own.
const LAYERS: [&str; 8] = ["model", "wire", "transport", "provider", "vendors", "compose", "config", "testing"];

/// The paths that begin here, those of a group each.
fn paths(text: &str) -> Vec<String> {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(text.len());
    let (head, rest) = text.split_at(end);
    let Some(group) = rest.strip_prefix('{') else { return vec![head.to_owned()] };
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            ',' | '}' if depth == 0 => {
                found.extend(paths(group[start..at].trim()).into_iter().filter(|path| !path.is_empty()).map(|path| format!("{head}{path}")));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    found
}

/// What is wrong with a path in the crate, named by this file of `src/`.
fn wrong(file: &str, path: &str) -> Option<&'static str> {
    let rank = |layer: &str| LAYERS.iter().position(|known| *known == layer);
    let layer_of = |path: &str| rank(path.split(['/', '.', ':']).next().unwrap_or_default());
    let vendor = |path: &str, sign: &str| path.split_once(&format!("vendors{sign}")).and_then(|(_, rest)| rest.split(['/', ':']).next()).map(str::to_owned);
    let (Some(own), Some(other)) = (layer_of(file), layer_of(path)) else { return Some("names no layer") };
    let is_beside = LAYERS[own] == "provider" && LAYERS[other] != "model" && other != own;
    if other > own || is_beside {
        return Some("points up");
    }
    // Only a folder is a vendor; what stands beside the folders is for all of them.
    let own_vendor = vendor(file, "/").filter(|name| !name.contains('.'))?;
    let is_folder = |name: &str| Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/vendors")).join(name).is_dir() || SAMPLE_VENDORS.contains(&name);
    vendor(path, "::").filter(|name| *name != own_vendor && is_folder(name)).map(|_| "points across vendors")
}

/// What the samples below take for vendors.
const SAMPLE_VENDORS: [&str; 2] = ["corbado", "dfns"];

/// The imports of a file that are wrong, as file, line and what is wrong. Comments import nothing.
fn check(file: &str, source: &str) -> Vec<String> {
    let code: Vec<&str> =
        source.lines().map(|line| if line.trim_start().starts_with("#[doc") { "" } else { line.split("//").next().unwrap_or_default() }).collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for (at, found_at) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let line = code[..at].lines().count().max(1);
        for path in paths(&code[at + found_at.len()..]) {
            found.extend(wrong(file, &path).map(|what| format!("src/{file}:{line}: crate::{path} {what}")));
        }
    }
    found
}

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => files(&path, found),
            path => found.push(path),
        }
    }
}

#[test]
fn every_import_of_the_crate_points_down_and_names_a_layer() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
    let mut all = Vec::new();
    files(root, &mut all);
    let mut found = Vec::new();
    for path in all {
        let file = path.strip_prefix(root).expect("a file of src/").to_string_lossy().replace('\\', "/");
        if file.ends_with(".rs") && file != "lib.rs" && !file.starts_with("bin/") {
            found.extend(check(&file, &fs::read_to_string(&path).expect("a source file")));
        }
    }
    found.sort();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn the_check_tells_what_it_should() {
    for (file, source, expected) in [
        ("compose/router.rs", "use crate::model::Method;\nuse crate::{provider::ChallengeProvider, transport::Http};", &[][..]),
        ("wire/open_enum.rs", "use crate::wire::x;\ncrate::wire::open_enum! { }\nuse crate::model::Secret;", &[]),
        ("model/mod.rs", "// use crate::vendors::corbado;\n/// [`Error`](crate::Error)\n//! crate::testing\n#[doc = \"crate::config\"]\nmod id;", &[]),
        ("testing/mod.rs", "use crate::config::Config; use my_crate::Thing; use super::Thing;", &[]),
        ("vendors/corbado/client.rs", "use crate::vendors::section::Section;\nuse crate::vendors::corbado::types;", &[]),
        ("vendors/entry.rs", "use crate::vendors::{corbado, dfns};", &[]),
        ("testing/vendors/dfns/mod.rs", "use crate::{testing::vendors::dfns::Key, vendors::dfns::types};", &[]),
        ("model/id.rs", "\nuse crate::provider::ChallengeProvider;", &["src/model/id.rs:2: crate::provider::ChallengeProvider points up"]),
        ("transport/client.rs", "fn f() -> crate::config::Config { }", &["src/transport/client.rs:1: crate::config::Config points up"]),
        ("provider.rs", "use crate::transport::Http;", &["src/provider.rs:1: crate::transport::Http points up"]),
        ("wire/x.rs", "\n\n    $crate::transport::x!()", &["src/wire/x.rs:3: crate::transport::x points up"]),
        ("vendors/corbado/mod.rs", "use crate::Error;", &["src/vendors/corbado/mod.rs:1: crate::Error names no layer"]),
        ("vendors/corbado/mod.rs", "use crate::*;", &["src/vendors/corbado/mod.rs:1: crate:: names no layer"]),
        (
            "compose/mod.rs",
            "use crate::{\n    model::{Error, Method},\n    testing::Scripted,\n    Config,\n};",
            &["src/compose/mod.rs:1: crate::testing::Scripted points up", "src/compose/mod.rs:1: crate::Config names no layer"],
        ),
        (
            "vendors/corbado/convert.rs",
            "use crate::vendors::{dfns::types, section};",
            &["src/vendors/corbado/convert.rs:1: crate::vendors::dfns::types points across vendors"],
        ),
        (
            "testing/vendors/corbado/mod.rs",
            "use crate::vendors::dfns::types;\nuse crate::testing::vendors::dfns;",
            &[
                "src/testing/vendors/corbado/mod.rs:1: crate::vendors::dfns::types points across vendors",
                "src/testing/vendors/corbado/mod.rs:2: crate::testing::vendors::dfns points across vendors",
            ],
        ),
    ] {
        assert_eq!(check(file, source), expected, "{file}: {source}");
    }
}
