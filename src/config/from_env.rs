//! A config from environment variables.

use std::env;

use serde_json::{Map, Value};

use super::Config;
use crate::vendors::Vendor;

impl Config {
    /// Reads a config from environment variables, and from nothing else; they are read only here.
    ///
    /// `AUTH_CHALLENGE_PROVIDER`, `CORBADO_PROJECT_ID`, `CORBADO_API_SECRET`, `CORBADO_BACKEND_API`, `AUTHSIGNAL_API_SECRET_KEY`,
    /// `AUTHSIGNAL_API_URL`, `DFNS_API_URL`, `DFNS_TOKEN`, `TWILIO_ACCOUNT_SID`, `TWILIO_AUTH_TOKEN`, `TWILIO_VERIFY_SERVICE_SID`; secrets also
    /// as `…_FILE`. An empty variable is as good as none. A vendor is present where any of its variables is; those of a vendor that is
    /// compiled out are passed over.
    pub fn from_env() -> Self {
        let value = |variable: &str| env::var(variable).ok().filter(|value| !value.is_empty());
        let mut members = Map::new();
        if let Some(provider) = value("AUTH_CHALLENGE_PROVIDER") {
            members.insert("provider".into(), provider.into());
        }
        for vendor in Vendor::all() {
            let variables = vendor.entry().map(|entry| entry.environment).unwrap_or_default();
            let section: Map<String, Value> = variables.iter().filter_map(|(variable, key)| Some(((*key).to_owned(), value(variable)?.into()))).collect();
            if !section.is_empty() {
                members.insert(vendor.name().into(), section.into());
            }
        }
        Self { members, ..Self::default() }
    }
}
