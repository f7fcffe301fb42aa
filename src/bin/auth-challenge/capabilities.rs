//! `auth-challenge capabilities`.

use auth_challenge::Error;
use clap::Args;
use serde_json::{Map, json};

use crate::{
    output::{Outcome, unusable},
    vendors,
};

/// Show what the providers can do.
#[derive(Args)]
pub(crate) struct Capabilities {
    /// One provider alone, by its vendor's name.
    #[arg(long)]
    provider: Option<String>,
}

impl Capabilities {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let wanted = |name: &str| self.provider.as_deref().is_none_or(|wanted| wanted == name);
        let shown: Map<_, _> =
            vendors::ALL.into_iter().filter(|(name, _)| wanted(name)).map(|(name, capabilities)| (name.to_owned(), json!(capabilities()))).collect();
        if shown.is_empty() {
            return Err(unusable("provider", format!("expected one of {}", vendors::ALL.map(|(name, _)| name).join(", "))));
        }
        Ok(Outcome::done(shown.into()))
    }
}
