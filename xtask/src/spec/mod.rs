//! The vendors' documents.

mod diff;
mod pack;
mod report;

use std::{fs, path::Path, process::ExitCode};

use clap::Subcommand;
use serde_json::Value;

use crate::{Done, drift};

#[derive(Subcommand)]
pub(crate) enum Spec {
    /// Writes each specs/<vendor>.yaml as JSON beside it, which is what the build reads
    Pack,
    /// Tells what a newer document means for the operations that are used here; status 1 where a finding is as bad as --fail-on
    Diff(diff::Diff),
    /// Tells what each rewrite does to the documents, place by place
    Report {
        /// This vendor's alone
        #[arg(value_parser = vendor())]
        vendor: Option<String>,
    },
    /// Lists the rules that findings are of, each with what it means
    Rules,
}

pub(crate) fn spec(root: &Path, spec: Spec) -> Done<ExitCode> {
    match spec {
        Spec::Pack => pack::pack(&root.join("specs"))?,
        Spec::Diff(diff) => return diff.run(),
        Spec::Report { vendor } => report::report(vendor.as_deref())?,
        Spec::Rules => drift::rules::ALL.iter().for_each(|rule| println!("{:28} {}", rule.id, rule.meaning)),
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes a vendor's name.
fn vendor() -> clap::builder::PossibleValuesParser {
    drift::names().into()
}

/// Reads a document, in YAML or in JSON.
fn read(path: &Path) -> Done<Value> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| told(&error))?;
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    let document = match is_json {
        true => serde_json::from_str(&text).map_err(|error| told(&error))?,
        false => serde_saphyr::from_str(&text).map_err(|error| told(&error))?,
    };
    if drift::is_document(&document) { Ok(document) } else { Err(told(&"expected an OpenAPI document of version 3, with `paths`").into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_in_yaml_and_in_json_and_nothing_else_is_one() -> Done<()> {
        let folder = tempfile::tempdir()?;
        let file = |name: &str, text: &str| -> Done<std::path::PathBuf> {
            let path = folder.path().join(name);
            fs::write(&path, text)?;
            Ok(path)
        };
        let yaml = read(&file("a.yaml", "openapi: 3.0.3\npaths: {}\n")?)?;
        assert_eq!(yaml, read(&file("a.json", r#"{"openapi":"3.0.3","paths":{}}"#)?)?);
        for (name, text) in [("list.json", "[]"), ("old.yaml", "swagger: '2.0'\npaths: {}\n"), ("cut.json", "{"), ("bare.yaml", "openapi: 3.1.0\n")] {
            let problem = read(&file(name, text)?).err().ok_or(name)?.to_string();
            assert!(problem.contains(name), "{problem}");
        }
        Ok(())
    }
}
