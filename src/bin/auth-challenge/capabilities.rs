//! `auth-challenge capabilities`.

use auth_challenge::{Error, authsignal, corbado, dfns};
use clap::Args;
use serde_json::{Map, json};

use crate::output::{Outcome, unusable};

/// Show what the providers can do.
#[derive(Args)]
pub(crate) struct Capabilities {
    /// One provider alone: corbado, authsignal or dfns.
    #[arg(long)]
    provider: Option<String>,
}

impl Capabilities {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let all = [("corbado", corbado::capabilities()), ("authsignal", authsignal::capabilities()), ("dfns", dfns::capabilities())];
        let shown: Map<_, _> = all
            .into_iter()
            .filter(|(name, _)| self.provider.as_deref().is_none_or(|wanted| wanted == *name))
            .map(|(name, capabilities)| (name.to_owned(), json!(capabilities)))
            .collect();
        if shown.is_empty() {
            return Err(unusable("provider", "expected one of corbado, authsignal, dfns"));
        }
        Ok(Outcome::done(shown.into()))
    }
}
