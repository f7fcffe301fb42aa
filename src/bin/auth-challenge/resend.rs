//! `auth-challenge resend`.

use std::path::PathBuf;

use auth_challenge::{CallOptions, ChallengeProvider as _};
use clap::Args;

use crate::{
    challenge::describe,
    config,
    create::options,
    handle::HandleArguments,
    output::{Failed, Outcome},
};

/// Send an existing challenge once more, where the vendor can.
#[derive(Args)]
pub(crate) struct Resend {
    /// The config file; the handle's provider must be in it.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    #[command(flatten)]
    handle: HandleArguments,
    /// The key of the one message that is to be sent, for a config with [send_once] and a store that all processes share.
    #[arg(long, value_name = "KEY")]
    intent: Option<String>,
    /// Show the code that the vendor's reply holds (Corbado).
    #[arg(long)]
    reveal: bool,
}

impl Resend {
    pub(crate) async fn run(self) -> Result<Outcome, Failed> {
        let config = config::read(&self.config)?;
        let options: CallOptions = options(&config, self.intent.as_deref())?;
        let handle = self.handle.read("resend")?;
        let challenge = config.build()?.resend_with(&handle, &options).await?;
        Ok(Outcome::done(describe(&challenge, self.reveal)?))
    }
}
