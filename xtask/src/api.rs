//! The crate's public interface, kept as text: nobody changes it without seeing so.

use std::{collections::BTreeSet, env, fs, path::Path, process::ExitCode};

use clap::Subcommand;
use public_api::{Builder, PublicItem};

use crate::{
    Done,
    run::{cargo, output},
};

#[derive(Subcommand)]
pub(crate) enum Api {
    /// Holds the public interface against xtask/api.txt, and fails where it is another one or names a type of a crate that it may not
    Check,
    /// Writes xtask/api.txt; prints what is other than before
    Renew,
}

const KEPT: &str = "xtask/api.txt";
/// Whose types and traits may stand in the interface: a new major version of any other crate must break no user.
const MAY_BE_NAMED: [&str; 9] = ["alloc", "auth_challenge", "bytes", "core", "http", "serde_core", "serde_json", "std", "url"];
/// The one type of another crate, and the only place where it may stand.
const EXCEPTION: (&str, &str) = ("reqwest::async_impl::client::ClientBuilder", "auth_challenge::Http::from_builder(");

pub(crate) fn api(root: &Path, command: &Api) -> Done<ExitCode> {
    let lines = lines(root)?;
    let foreign: Vec<&String> = lines.iter().filter(|line| names_a_stranger(line)).collect();
    for line in &foreign {
        println!("of another crate: {line}");
    }
    let path = root.join(KEPT);
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let kept: BTreeSet<String> = kept.lines().map(str::to_owned).collect();
    kept.difference(&lines).for_each(|line| println!("- {line}"));
    lines.difference(&kept).for_each(|line| println!("+ {line}"));
    let is_other = kept != lines;
    if matches!(command, Api::Renew) {
        fs::write(&path, lines.iter().map(|line| format!("{line}\n")).collect::<String>())?;
    } else if is_other {
        println!("the public interface is not what {KEPT} says; if that is meant, run `cargo xtask api renew` and tell of it in CHANGELOG.md");
    }
    let fails = !foreign.is_empty() || is_other && matches!(command, Api::Check);
    Ok(if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Lists the items of the interface with all features, a line each.
fn lines(root: &Path) -> Done<BTreeSet<String>> {
    let mut rustdoc = cargo(root, &["rustdoc", "--quiet", "--locked", "--lib", "--all-features", "--", "-Zunstable-options", "--output-format", "json"]);
    // Its JSON is not stable; nothing else is built otherwise for it.
    output(rustdoc.env("RUSTDOC", root.join("xtask/unstable-rustdoc")))?;
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let api = Builder::from_rustdoc_json(target.join("doc/auth_challenge.json")).omit_blanket_impls(true).omit_auto_trait_impls(true).build()?;
    Ok(api.items().map(PublicItem::to_string).collect())
}

/// Says whether a path in a line begins with a crate that may not be named there.
fn names_a_stranger(line: &str) -> bool {
    let line = if line.contains(EXCEPTION.1) { line.replace(EXCEPTION.0, "") } else { line.to_owned() };
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let paths = line.split(|c: char| !is_name(c)).filter_map(|word| word.split_once("::"));
    paths.map(|(first, _)| first).any(|first| !first.is_empty() && first.starts_with(char::is_lowercase) && !MAY_BE_NAMED.contains(&first))
}

#[cfg(test)]
mod tests {
    use super::names_a_stranger;

    #[test]
    fn a_type_of_another_crate_is_told_wherever_it_stands() {
        for (line, expected) in [
            ("pub fn auth_challenge::Error::kind(&self) -> auth_challenge::ErrorKind", false),
            ("pub fn auth_challenge::ClientContext::with_headers(self, &http::header::map::HeaderMap) -> Self", false),
            ("impl<T: serde_core::ser::Serialize> core::fmt::Debug for auth_challenge::Reply<T>", false),
            ("pub fn auth_challenge::Http::from_builder(reqwest::async_impl::client::ClientBuilder) -> Self", false),
            ("pub fn auth_challenge::Http::new(reqwest::async_impl::client::ClientBuilder) -> Self", true),
            ("pub fn auth_challenge::Http::client(&self) -> &reqwest::async_impl::client::Client", true),
            ("pub fn auth_challenge::x(core::option::Option<progenitor_client::Error>)", true),
        ] {
            assert_eq!(names_a_stranger(line), expected, "{line}");
        }
    }
}
