//! `auth-challenge spec`: the vendors' documents.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, builder::PossibleValuesParser};
use serde_json::Value;

use crate::{
    drift::{self, Ignored, Severity, Used},
    output::{Failed, Outcome, text_of, text_of_file, unusable},
};

/// Look into the vendors' documents.
#[derive(Args)]
pub(crate) struct Spec {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show what a vendor's newer document means for the operations that this program uses.
    ///
    /// It is held against the document that this program was built from. Each finding has a rule, a severity (breaks, check or note), a JSON pointer, and what it
    /// touches here. The exit status is 1 where a finding is as bad as --fail-on, and 0 where none is.
    Diff(Diff),
}

#[derive(Args)]
struct Diff {
    /// The newer document, in JSON.
    new: PathBuf,
    /// Whose document it is.
    #[arg(long, value_parser = PossibleValuesParser::new(drift::names()))]
    vendor: String,
    /// From which severity on a finding makes the exit status 1.
    #[arg(long, value_name = "SEVERITY", default_value = "breaks", value_parser = PossibleValuesParser::new(Severity::ALL.map(Severity::as_str)))]
    fail_on: String,
    /// A file of findings to leave out: in each line a rule, and a pointer or *, and behind # why.
    #[arg(long, value_name = "FILE")]
    ignore: Option<PathBuf>,
}

impl Spec {
    pub(crate) fn run(self) -> Result<Outcome, Failed> {
        match self.command {
            Command::Diff(diff) => diff.run(),
        }
    }
}

impl Diff {
    fn run(self) -> Result<Outcome, Failed> {
        let new = document(&self.new)?;
        let used = Used::of(&self.vendor).map_err(|problem| unusable("vendor", problem))?;
        let ignored = match text_of("ignore", None, self.ignore.as_deref())? {
            Some(text) => Ignored::read(&text).map_err(|problem| unusable("ignore", problem))?,
            None => Ignored::default(),
        };
        let drift = ignored.from(used.drift(&used.document, &new));
        let fails = Severity::named(&self.fail_on).is_some_and(|severity| drift.reaches(severity));
        Ok(Outcome { json: drift.json(), exit: u8::from(fails) })
    }
}

/// Longest document that is read, in bytes: some have several MiB.
const LONGEST: u64 = 64 << 20;

/// Reads a document.
fn document(path: &Path) -> Result<Value, Failed> {
    let text = text_of_file(path, LONGEST).map_err(|error| unusable("new", format!("the file cannot be read: {error}")))?;
    let expected = "expected JSON; in a checkout `cargo xtask spec diff` reads YAML, too";
    let document: Value = serde_json::from_str(&text).map_err(|_| unusable("new", expected))?;
    // Any other would be told as a document that lacks everything.
    if drift::is_document(&document) { Ok(document) } else { Err(unusable("new", "expected an OpenAPI document of version 3, with `paths`")) }
}
