//! What a service logs of its challenges: `tracing` events, none of which names a person, a code or a secret.
//!
//! `RUST_LOG` chooses, say `auth_challenge=debug`; `auth_challenge::guard` tells each decision of the limits.

use std::error::Error;

use auth_challenge::{
    ChallengeProviderExt as _, Config,
    testing::{CorbadoDouble, Fault, Operation},
};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("auth_challenge=debug"));
    tracing_subscriber::fmt().with_env_filter(filter).init();

    let vendor = CorbadoDouble::start().await;
    let config = format!("provider = \"corbado\"\n[guard]\nper_recipient = \"2 per 10m\"\n{}", vendor.config_section());
    let auth = Config::from_toml_str(&config)?.build()?;
    let request = vendor.person("jane@doe.com");

    let challenge = auth.create(&request).await?;
    let _ = auth.verify(challenge.handle(), &vendor.wrong_answer(&challenge)).await?;
    let _ = auth.verify(challenge.handle(), &vendor.right_answer(&challenge)).await?;
    vendor.fail(Operation::CREATE, Fault::status(503));
    for _ in 0..2 {
        if let Err(error) = auth.create(&request).await {
            println!("{}: {}", error.advice().key(), error.advice().sentence());
        }
    }
    Ok(())
}
