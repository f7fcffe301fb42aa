//! `auth-challenge capabilities`.

use auth_challenge::Vendor;
use clap::Args;
use serde_json::{Map, json};

use crate::output::{Failed, Outcome, unusable};

/// Show what the providers can do.
#[derive(Args)]
pub(crate) struct Capabilities {
    /// One provider alone, by its vendor's name.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
}

impl Capabilities {
    pub(crate) fn run(self) -> Result<Outcome, Failed> {
        let wanted = |vendor: &&Vendor| self.provider.as_deref().is_none_or(|wanted| wanted == vendor.name());
        let shown: Map<_, _> = Vendor::all().iter().filter(wanted).map(|vendor| (vendor.name().to_owned(), json!(vendor.capabilities()))).collect();
        if shown.is_empty() {
            let names: Vec<&str> = Vendor::all().iter().map(Vendor::name).collect();
            return Err(unusable("provider", format!("expected one of {}", names.join(", "))));
        }
        Ok(Outcome::done(shown.into()))
    }
}
