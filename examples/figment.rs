//! A config out of several sources, merged by figment: a file for all stages, and what one stage changes in its environment.

use std::error::Error;

use auth_challenge::{ChallengeProviderExt as _, Config, testing::CorbadoDouble};
use figment::{
    Figment,
    providers::{Env, Format as _, Serialized, Toml},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let vendor = CorbadoDouble::start().await;
    let file = format!("provider = \"nobody\"\n[http]\ntimeout = \"10s\"\n{}", vendor.config_section());

    // AUTH_HTTP__TIMEOUT=5s sets `timeout` in [http]; Serialized stands in for a variable AUTH_PROVIDER here.
    let sources = Figment::new().merge(Toml::string(&file)).merge(Env::prefixed("AUTH_").split("__")).merge(Serialized::default("provider", "corbado"));
    let auth = sources.extract::<Config>()?.build()?;

    let challenge = auth.create(&vendor.person("jane@doe.com")).await?;
    println!("{} by {}", challenge.status(), challenge.provider());
    Ok(())
}
