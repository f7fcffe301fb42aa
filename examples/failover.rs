//! A code goes by the second vendor while the first one is away, and is checked by the vendor that sent it.

use std::error::Error;

use auth_challenge::{
    ChallengeProviderExt as _, Config, Verification,
    testing::{AuthsignalDouble, CorbadoDouble, Fault, Operation},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (corbado, authsignal) = (CorbadoDouble::start().await, AuthsignalDouble::start().await);
    let sections = corbado.config_section() + &authsignal.config_section();
    let auth = Config::from_toml_str(&format!("provider = \"corbado\"\nfailover = [\"authsignal\"]\n{sections}"))?.build()?;
    let request = corbado.person("jane@doe.com").with_action("login");

    corbado.fail(Operation::CREATE, Fault::refuse_connections());
    for what in ["The first vendor is away", "It is back, and passed over for half a minute all the same"] {
        let challenge = auth.create(&request).await?;
        println!("{what}. Sent by {}", challenge.provider());
        for hop in challenge.hops() {
            let why = if hop.was_passed_over() { "passed over" } else { hop.send_state().as_str() };
            println!("  instead of {}: {}, {why}", hop.provider(), hop.kind().as_str());
        }
        for one in auth.health().iter().filter(|one| one.is_passed_over()) {
            println!("  {} is tried again in {:.0?}", one.provider(), one.passed_over_for().unwrap_or_default());
        }
        match auth.verify(challenge.handle(), &authsignal.right_answer(&challenge)).await? {
            Verification::Verified(proof) => println!("  verified {}", proof.recipient().unwrap_or_default()),
            Verification::Rejected(no) => return Err(no.advice().sentence().into()),
        }
    }
    Ok(())
}
