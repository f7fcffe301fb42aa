//! A config from environment variables.

use std::env;

use serde_json::{Map, Value};

use super::Config;
use crate::vendors::Vendor;

impl Config {
    /// Reads a config from environment variables, and from nothing else; they are read only here.
    ///
    /// `AUTH_CHALLENGE_PROVIDER` names the provider; the variables of each vendor stand in the
    /// documentation of its module, those of secrets also as `…_FILE`. An empty variable is as good as none. A vendor is present where any of
    /// its variables is; those of a vendor that is compiled out are passed over.
    ///
    /// There are none for `[http]`, `[route]`, `[guard]`, `[send_once]`, `failover`, regions, Twilio's API keys or several sections of one vendor: take a
    /// file, or merge sources as `examples/figment.rs` does.
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
