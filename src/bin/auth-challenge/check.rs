//! `auth-challenge check`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::{
    config,
    output::{Failed, Outcome, describe_violation},
};

/// Show every mistake in a config, without network.
#[derive(Args)]
pub(crate) struct Check {
    /// The config file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

impl Check {
    pub(crate) fn run(self) -> Result<Outcome, Failed> {
        let config = config::read(&self.config)?;
        let mut problems: Vec<_> = config.problems().iter().map(describe_violation).collect();
        if problems.is_empty() {
            // What only building shows, say a certificate that is none.
            problems.extend(config.build().err().map(|error| json!({ "field": null, "vendor_field": null, "message": error.to_string() })));
        }
        let exit = if problems.is_empty() { 0 } else { 2 };
        Ok(Outcome { json: json!({ "problems": problems }), exit })
    }
}
