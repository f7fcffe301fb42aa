//! Creates a challenge and verifies an answer by this crate.

use auth_challenge::{Answer, ChallengeProviderExt as _, ChallengeRequest, Config, Verification};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (config, to) = arguments.next().zip(arguments.next()).ok_or("expected: CONFIG TO")?;
    let config: Config = serde_json::from_str(&std::fs::read_to_string(config)?)?;
    let provider = config.build()?;
    let challenge = provider.create(&REQUEST).await?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    match provider.verify(challenge.handle(), &Answer::code(answer)).await? {
        Verification::Verified(proof) => println!("{:?}", proof.recipient()),
        Verification::Rejected(no) => println!("{:?}", no.advice()),
    }
    Ok(())
}
