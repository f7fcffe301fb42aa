//! `auth-challenge check`.

use std::path::PathBuf;

use auth_challenge::Config;
use clap::Args;
use serde_json::json;

use crate::output::{Failed, Outcome, describe_violation};

/// Show every mistake in a config, without network.
#[derive(Args)]
pub(crate) struct Check {
    /// The config file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

impl Check {
    pub(crate) fn run(self) -> Result<Outcome, Failed> {
        let config = Config::from_toml_file(&self.config)?;
        let problems = config.problems();
        if problems.is_empty() {
            // What only building shows, say certificates that cannot be read.
            config.build()?;
            return Ok(Outcome::done(json!({ "problems": [] })));
        }
        Ok(Outcome { json: json!({ "problems": problems.iter().map(describe_violation).collect::<Vec<_>>() }), exit: 2 })
    }
}
