use std::io;

use auth_challenge::*;

/// The page that asks for a code. IP address and user agent are those of the person's request. The handle goes into the session.
async fn start(auth: &dyn ChallengeProvider, email: &str) -> Result<ChallengeHandle, Error> {
    let client = ClientContext::new([203, 0, 113, 7]).with_user_agent("Mozilla/5.0");
    let request = ChallengeRequest::email_otp(email).with_action("login").with_client(client);
    Ok(auth.create(&request).await?.handle().clone())
}

/// The page that the code comes to. Gives what it says, and whether the person is done.
async fn check(auth: &dyn ChallengeProvider, handle: &ChallengeHandle, code: &str) -> (String, bool) {
    match auth.verify(handle, &Answer::code(code)).await {
        // Log in whom the vendor names, never the address of the form; a proof that names nobody logs nobody in.
        Ok(Verification::Verified(proof)) => (proof.recipient().map_or(Advice::OurFault.sentence().to_owned(), |email| format!("Welcome, {email}.")), true),
        Ok(Verification::Rejected(no)) => (no.advice().sentence().to_owned(), !no.may_try_again()),
        // Some errors leave the challenge as it was.
        Err(error) => (error.advice().sentence().to_owned(), !matches!(error.advice(), Advice::FixInput | Advice::WaitThenRetry)),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Once, into the state of your application.
    let auth = Config::from_toml_file("auth.toml")?.build()?;

    let email = "jane@doe.com";
    let handle = start(&*auth, email).await?;
    println!("A code is on its way to {email}. What is it?");
    for typed in io::stdin().lines() {
        let (page, is_done) = check(&*auth, &handle, &typed?).await;
        println!("{page}");
        if is_done {
            break;
        }
    }
    Ok(())
}
