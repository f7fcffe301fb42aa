//! What became of a document.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, builder::PossibleValuesParser};
use serde_json::Value;

use crate::{
    Done,
    drift::{Ignored, Severity, Used},
};

#[derive(Args)]
pub(crate) struct Diff {
    /// The document as it was, in YAML or JSON
    old: PathBuf,
    /// The document as it is
    new: PathBuf,
    /// Whose it is; where not given, the document's operations tell
    #[arg(long, value_parser = super::vendor())]
    vendor: Option<String>,
    /// From which severity on findings fail: breaks, check or note
    #[arg(long, default_value = "breaks", value_parser = PossibleValuesParser::new(Severity::ALL.map(Severity::as_str)))]
    fail_on: String,
    /// A file of findings that somebody has looked at: in each line a rule, and a pointer or *, and behind # why
    #[arg(long)]
    ignore: Option<PathBuf>,
    /// Prints the findings as JSON, not as text
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(crate) fn run(self) -> Done<ExitCode> {
        let (old, new) = (super::read(&self.old)?, super::read(&self.new)?);
        let used = match &self.vendor {
            Some(vendor) => Used::of(vendor)?,
            None => told_by(&old, &new)?,
        };
        let drift = ignored(self.ignore.as_deref())?.from(used.drift(&old, &new));
        match self.json {
            true => println!("{}", serde_json::to_string_pretty(&drift.json())?),
            false => print!("{}", drift.text()),
        }
        let fails = Severity::named(&self.fail_on).is_some_and(|severity| drift.reaches(severity));
        Ok(if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// Gives the vendor that either of two documents tells, and both if both do.
fn told_by(old: &Value, new: &Value) -> Done<Used> {
    match (Used::told_by(old), Used::told_by(new)) {
        (Ok(old), Ok(new)) if old.vendor.name != new.vendor.name => Err(format!("one is of {}, and the other of {}", old.vendor.name, new.vendor.name).into()),
        (old, new) => Ok(new.or(old)?),
    }
}

fn ignored(path: Option<&Path>) -> Done<Ignored> {
    let Some(path) = path else { return Ok(Ignored::default()) };
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| told(&error))?;
    Ok(Ignored::read(&text).map_err(|error| told(&error))?)
}
