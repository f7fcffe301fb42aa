//! The vendors' test doubles, in this process, and their page.

use std::{io, net::SocketAddr};

use auth_challenge::{
    Config, Error,
    testing::{Clock, Control, Double, DoubleEntry},
};
use serde_json::Value;

use crate::app::Demo;

/// Who is asked, and what is allowed, beside the sections of the doubles.
const CONFIG: &str = r#"
provider = "corbado"
failover = ["authsignal", "twilio"]

[guard]
per_recipient = "6 per 10m"
per_ip = "200 per 1h"
wrong_codes = 5
"#;

/// The doubles while they run.
pub struct Doubles {
    doubles: Vec<Double>,
    control: Control,
}

impl Doubles {
    /// Starts a double of every vendor, all by one clock; passkeys are for this domain.
    pub async fn start(page: SocketAddr, domain: &str) -> io::Result<Self> {
        let clock = Clock::default();
        let mut doubles = Vec::new();
        for entry in DoubleEntry::ALL {
            let builder = entry.builder().with_clock(clock.clone());
            let builder = if entry.name() == "dfns" { builder.with_setting("dfns-rp-id", domain) } else { builder };
            doubles.push(builder.start().await?);
        }
        let control = Control::start(page, doubles.clone()).await;
        let control = control.map_err(|error| io::Error::new(error.kind(), format!("--doubles {page}: {error}")))?;
        Ok(Self { doubles, control })
    }

    /// Tells where their page is.
    pub fn page(&self) -> String {
        format!("{}/", self.control.base_url())
    }

    /// Gives the config that has them for vendors.
    pub fn config(&self) -> Result<Config, Error> {
        let sections: Vec<String> = self.doubles.iter().map(Double::sign_up_section).collect();
        Config::from_toml_str(&format!("{CONFIG}\n{}", sections.join("\n")))
    }

    /// Tells what the pages say of them.
    pub fn demo(&self) -> Demo {
        let code = self.doubles.iter().find_map(|double| double.access().get("code").and_then(Value::as_str).map(str::to_owned));
        Demo { messages: self.page(), passkey_code: code }
    }
}
