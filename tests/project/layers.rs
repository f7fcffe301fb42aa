//! A layer uses those below it alone, by their names, and no vendor another one. The guide is no layer: it has no code.

use std::{fs, path::Path};

/// Low to high. `telemetry` and `provider` stand beside `model`; `bin` is a crate of its own.
const LAYERS: [&str; 9] = ["model", "telemetry", "wire", "transport", "provider", "vendors", "compose", "config", "testing"];
const VENDORS: [&str; 2] = ["src/vendors/", "src/testing/vendors/"];
const SRC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");

/// The text up to the first character that is in no name.
fn name(text: &str) -> &str {
    text.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// What the paths begin with that stand behind `crate::`: one, or those of a group.
fn beginnings(behind: &str) -> Vec<&str> {
    let Some(group) = behind.strip_prefix('{') else { return vec![name(behind)] };
    let (mut depth, mut found) = (1, Vec::new());
    for piece in group.split_inclusive(['{', '}', ',']) {
        found.extend(Some(name(piece)).filter(|name| depth == 1 && !name.is_empty()));
        depth = if piece.ends_with('{') { depth + 1 } else { depth - i32::from(piece.ends_with('}')) };
        if depth == 0 {
            break;
        }
    }
    found
}

/// What is wrong with the paths in a file, each with its line.
fn wrong(file: &str, source: &str, vendors: &[String]) -> Vec<String> {
    let code: Vec<&str> = source.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = code.join("\n");
    let rank = |layer: &str| LAYERS.iter().position(|known| *known == layer);
    let own = rank(name(file.trim_start_matches("src/"))).unwrap_or_default();
    let mut found = Vec::new();
    let mut tell = |at: usize, what: String| found.push(format!("{file}:{}: {what}", code[..at].matches('\n').count() + 1));
    for (at, prefix) in code.match_indices("crate::").filter(|(at, _)| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_')) {
        // A link in documentation that a macro puts together.
        if code[at + prefix.len()..].starts_with('"') {
            continue;
        }
        for layer in beginnings(&code[at + prefix.len()..]) {
            match rank(layer) {
                None => tell(at, format!("`{layer}` is no layer")),
                Some(other) if other > own || LAYERS[own] == "provider" && !["model", "provider"].contains(&layer) => {
                    tell(at, format!("points up to `{layer}`"))
                }
                Some(_) => {}
            }
        }
    }
    let vendor = VENDORS.iter().find_map(|folder| file.strip_prefix(folder)?.split_once('/')).map(|(vendor, _)| vendor);
    for other in vendors.iter().filter(|other| vendor.is_some_and(|vendor| vendor != *other)) {
        // A segment of a path, alone or in a group.
        let is_path = |at: usize| code[..at].ends_with("::") || in_a_use(&code[..at]) && code[..at].ends_with(['{', ' ']);
        let ends = |at: usize| name(&code[at..]) == other;
        code.match_indices(other.as_str()).filter(|(at, _)| is_path(*at) && ends(*at)).for_each(|(at, _)| tell(at, format!("points across to `{other}`")));
    }
    // In a file of the first level the name above is the root's, as far as it stands in no module within.
    let is_first = !file.trim_start_matches("src/").trim_end_matches("/mod.rs").contains('/');
    let climbs = |at: &usize| is_first && (*at == 0 || code[..*at].ends_with('\n'));
    ["use super::", "pub use super::", "pub(crate) use super::", "pub(super) use super::"].iter().for_each(|climb| {
        code.match_indices(climb).filter(|(at, _)| climbs(at)).for_each(|(at, _)| tell(at, "climbs instead of naming a layer".into()));
    });
    // What is no vendor's own holds for whichever there are: it is compiled for all, and speaks of none.
    if file.starts_with("src/compose/") || own < rank("vendors").unwrap_or_default() {
        let mut starts = source.lines().scan(0, |next, line| Some(std::mem::replace(next, *next + line.split("//").next().unwrap_or_default().len() + 1)));
        let mut is_example = false;
        for line in source.lines() {
            let at = starts.next().unwrap_or_default();
            let words = line.trim_start().strip_prefix("//").unwrap_or_default().trim_start_matches(['/', '!']).trim_start();
            is_example ^= words.starts_with("```");
            let prose = words.split('`').step_by(2).flat_map(|prose| prose.split(|c: char| !c.is_alphanumeric()));
            for word in prose.filter(|_| !is_example).map(str::to_lowercase).filter(|word| vendors.contains(word)) {
                tell(at, format!("speaks of `{word}`"));
            }
        }
        for vendor in vendors {
            code.match_indices(&format!("feature = \"{vendor}")).for_each(|(at, _)| tell(at, format!("is compiled for `{vendor}`")));
        }
    }
    // Whoever climbs may come out in another layer; a name says which.
    code.match_indices("super::super").for_each(|(at, _)| tell(at, "climbs instead of naming a layer".into()));
    found
}

/// The lines of a page of the guide that are no documentation, nor name another page.
fn beside_documentation(page: &str) -> Vec<String> {
    let is_page = |line: &str| line.strip_prefix("pub mod ").and_then(|name| name.strip_suffix(';')).is_some_and(|rest| name(rest) == rest);
    let others = page.lines().filter(|line| !line.is_empty() && !line.starts_with("//!") && !is_page(line));
    others.map(|line| format!("src/guide: `{line}` is no documentation")).collect()
}

/// Whether a text ends within an import.
fn in_a_use(text: &str) -> bool {
    text.rsplit(';').next().is_some_and(|statement| statement.lines().any(|line| line.trim_start().trim_start_matches("pub ").starts_with("use ")))
}

fn entries(folder: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
}

fn vendors() -> Vec<String> {
    let folders = entries(&Path::new(SRC).join("vendors")).into_iter().filter(|path| path.is_dir());
    folders.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect()
}

#[test]
fn every_import_of_the_crate_points_down_and_names_a_layer() {
    let (mut rest, mut found) = (entries(Path::new(SRC)), Vec::new());
    while let Some(path) = rest.pop() {
        let file = format!("src{}", path.to_string_lossy().trim_start_matches(SRC)).replace('\\', "/");
        if file == "src/guide" {
            found.extend(entries(&path).iter().flat_map(|page| beside_documentation(&fs::read_to_string(page).expect("a page"))));
        } else if path.is_dir() {
            rest.extend(entries(&path));
        } else if file.ends_with(".rs") && file != "src/lib.rs" && !file.starts_with("src/bin/") {
            found.extend(wrong(&file, &fs::read_to_string(&path).expect("a source file"), &vendors()));
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn an_import_that_points_up_or_across_or_at_no_layer_is_told_with_its_file_and_line() {
    for (file, source, expected) in [
        ("src/config/x.rs", "#[doc = concat!(\"[it](crate::\", $name, \")\")]", &[][..]),
        ("src/compose/guarded.rs", "use crate::model::Method;\nuse crate::{provider::ChallengeProvider, transport::{Http, Reply}};", &[]),
        ("src/model/id.rs", "// crate::config\n/// [`Error`](crate::Error)\nuse my_crate::Thing;", &[]),
        ("src/vendors/dfns/client.rs", "use crate::vendors::{Section, shared};\nuse super::types;", &[]),
        ("src/model/id.rs", "\nuse crate::provider::ChallengeProvider;", &["src/model/id.rs:2: points up to `provider`"]),
        ("src/provider.rs", "use crate::transport::Http;", &["src/provider.rs:1: points up to `transport`"]),
        ("src/wire/x.rs", "\n\n    $crate::transport::x!()", &["src/wire/x.rs:3: points up to `transport`"]),
        ("src/vendors/dfns/mod.rs", "use crate::Error;", &["src/vendors/dfns/mod.rs:1: `Error` is no layer"]),
        (
            "src/compose/mod.rs",
            "use crate::{\n    model::{Error, Method},\n    testing::Scripted,\n    Config,\n};",
            &["src/compose/mod.rs:1: points up to `testing`", "src/compose/mod.rs:1: `Config` is no layer"],
        ),
        ("src/vendors/dfns/mod.rs", "\nuse crate::vendors::corbado::types;", &["src/vendors/dfns/mod.rs:2: points across to `corbado`"]),
        (
            "src/vendors/dfns/mod.rs",
            "use crate::{\n    model::Error,\n    vendors::{corbado::types, shared},\n};",
            &["src/vendors/dfns/mod.rs:3: points across to `corbado`"],
        ),
        ("src/vendors/dfns/config.rs", "problem(\"looks like corbado\"); let corbado = 1; corbado1()", &[]),
        ("src/model/error/mod.rs", "use super::super::transport::Http;", &["src/model/error/mod.rs:1: climbs instead of naming a layer"]),
        ("src/model/mod.rs", "use super::transport::Http;\nmod tests {\n    use super::*;\n}", &["src/model/mod.rs:1: climbs instead of naming a layer"]),
        ("src/provider.rs", "\nuse super::config::Config;", &["src/provider.rs:2: climbs instead of naming a layer"]),
        ("src/model/id.rs", "use super::error::Error;", &[]),
        ("src/wire/x.rs", "#[cfg(feature = \"dfns-keys\")]\nfn x() {}", &["src/wire/x.rs:1: is compiled for `dfns`"]),
        ("src/model/mod.rs", "pub(crate) use super::config::Config;", &["src/model/mod.rs:1: climbs instead of naming a layer"]),
        ("src/model/x.rs", "let x = 1;\n    /// Is Corbado's, as here: `dfns`\n", &["src/model/x.rs:2: speaks of `corbado`"]),
        ("src/compose/x.rs", "/// Like this:\n///\n/// ```\n/// // Corbado's id\n/// ```\n", &[]),
        ("src/vendors/dfns/x.rs", "/// Is unlike Corbado's.", &[]),
        ("src/testing/vendors/dfns/mod.rs", "use super::corbado::X;", &["src/testing/vendors/dfns/mod.rs:1: points across to `corbado`"]),
    ] {
        assert_eq!(wrong(file, source, &["corbado".to_owned(), "dfns".to_owned()]), expected, "{file}: {source}");
    }
}

#[test]
fn what_stands_in_the_guide_beside_documentation_is_told() {
    assert_eq!(beside_documentation("//! A page.\n\npub mod login;\n"), Vec::<String>::new());
    let code = "//! A page.\nuse crate::model::Error;\npub mod x { }";
    assert_eq!(beside_documentation(code), ["src/guide: `use crate::model::Error;` is no documentation", "src/guide: `pub mod x { }` is no documentation"]);
}
