//! An HTTP client of one's own under a provider: here with a DNS entry that is written down instead of asked for.
//!
//! The builder is that of the reqwest which this crate uses, re-exported as `auth_challenge::reqwest`: two releases of it do not mix.

use std::{error::Error, time::Duration};

use auth_challenge::{ChallengeProviderExt as _, Config, Http, reqwest, testing::CorbadoDouble};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let vendor = CorbadoDouble::start().await;
    let url = reqwest::Url::parse(&vendor.base_url())?;
    let address = (std::net::Ipv4Addr::LOCALHOST, url.port().unwrap_or_default()).into();

    let client = reqwest::Client::builder().resolve("vendor.internal", address).tcp_keepalive(Duration::from_secs(30)).no_proxy();
    let http = Http::from_builder(client)?.with_timeout(Duration::from_secs(5));

    let section = vendor.config_section().replace("127.0.0.1", "vendor.internal");
    let config = format!("provider = \"corbado\"\n[http]\nallow_plain_http = [\"vendor.internal\"]\n{section}");
    let auth = Config::from_toml_str(&config)?.with_http(http).build()?;
    let challenge = auth.create(&vendor.person("jane@doe.com")).await?;
    println!("{} by {}", challenge.status(), challenge.provider());
    Ok(())
}
