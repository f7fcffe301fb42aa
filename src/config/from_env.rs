//! A config from environment variables.

use std::env;

use serde_json::{Map, Value};

use super::Config;

impl Config {
    /// A config from environment variables, and from nothing else; they are read only here.
    ///
    /// `AUTH_CHALLENGE_PROVIDER`, `CORBADO_PROJECT_ID`, `CORBADO_API_SECRET`, `CORBADO_BACKEND_API`, `AUTHSIGNAL_API_SECRET_KEY`,
    /// `AUTHSIGNAL_API_URL`, `DFNS_API_URL`, `DFNS_TOKEN`; secrets also as `…_FILE`. A vendor is present where any of its variables is.
    pub fn from_env() -> Self {
        const VARIABLES: [(&str, &str, &str); 10] = [
            ("CORBADO_PROJECT_ID", "corbado", "project_id"),
            ("CORBADO_API_SECRET", "corbado", "api_secret"),
            ("CORBADO_API_SECRET_FILE", "corbado", "api_secret_file"),
            ("CORBADO_BACKEND_API", "corbado", "base_url"),
            ("AUTHSIGNAL_API_SECRET_KEY", "authsignal", "secret_key"),
            ("AUTHSIGNAL_API_SECRET_KEY_FILE", "authsignal", "secret_key_file"),
            ("AUTHSIGNAL_API_URL", "authsignal", "base_url"),
            ("DFNS_API_URL", "dfns", "base_url"),
            ("DFNS_TOKEN", "dfns", "token"),
            ("DFNS_TOKEN_FILE", "dfns", "token_file"),
        ];
        let mut members = Map::new();
        if let Ok(provider) = env::var("AUTH_CHALLENGE_PROVIDER") {
            members.insert("provider".into(), provider.into());
        }
        for (variable, vendor, key) in VARIABLES {
            if let Ok(value) = env::var(variable)
                && let Some(section) = members.entry(vendor).or_insert_with(|| Value::Object(Map::new())).as_object_mut()
            {
                section.insert(key.into(), value.into());
            }
        }
        Self { members, ..Self::default() }
    }
}
