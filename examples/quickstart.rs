//! Challenges a person at each vendor that is on by default, gives a wrong answer and then the right one.
//!
//! The vendors are the built-in doubles, so no account is needed and no message is sent. With `AUTH_CHALLENGE_CONFIG=file.toml` it asks the
//! provider of that config instead, once, and reads the answer from the terminal.

use std::{env, error::Error, io::Write};

use auth_challenge::{
    Answer, Challenge, ChallengeProvider, ChallengeProviderExt, ChallengeRequest, ClientContext, Config, CredentialKind, Method, ProviderId, Verification,
    dfns::key::Key,
    testing::{AuthsignalDouble, CorbadoDouble, DfnsDouble, Double},
};

/// The user, the address and the code that the vendors' reference pages take for their examples.
const CORBADO_USER: &str = "usr-4693224802260150919";
const PHONE: &str = "+64270000000";
const CODE: &str = "ABCD-1234-EFGH";
const USER_AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/104.0.0.0 Safari/537.36";

/// A key pair of the application's own; a real one is generated once and kept safe.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    if let Ok(path) = env::var("AUTH_CHALLENGE_CONFIG") {
        return with_config(&path).await;
    }
    let corbado = CorbadoDouble::builder().with_user(CORBADO_USER).start().await?;
    let authsignal = AuthsignalDouble::start().await;
    let dfns = DfnsDouble::builder().with_registration_code(CODE).start().await?;
    // The right answer to a challenge is what the double "sent", or what a new passkey signs.
    let by_double = |double: &Double, challenge: &Challenge| (double.wrong_answer(challenge), double.right_answer(challenge));

    // The three programs differ in their config alone: the provider, and its section.
    let config = |name: &str, section: String| format!("provider = \"{name}\"\n\n{section}");
    let provider = load("Corbado", &config("corbado", corbado.config_section()))?;
    let challenge = create(&*provider, &email_code()).await?;
    let (wrong, right) = by_double(&corbado, &challenge);
    answer(&*provider, &challenge, &wrong).await?;
    answer(&*provider, &challenge, &right).await?;

    let provider = load("Authsignal", &config("authsignal", authsignal.config_section()))?;
    let challenge = create(&*provider, &sms()).await?;
    let (wrong, right) = by_double(&authsignal, &challenge);
    answer(&*provider, &challenge, &wrong).await?;
    answer(&*provider, &challenge, &right).await?;

    let provider = load("Dfns", &config("dfns", dfns.config_section()))?;
    // Dfns checks its one-time code when the challenge is made, so a wrong one is an error there.
    if let Err(error) = provider.create(&ChallengeRequest::credential(CredentialKind::Fido2, "WRONG-CODE")).await {
        println!("a wrong one-time code: {error}");
    }
    let challenge = create(&*provider, &ChallengeRequest::credential(CredentialKind::Fido2, CODE)).await?;
    answer(&*provider, &challenge, &dfns.right_answer(&challenge)).await?;

    let challenge = create(&*provider, &ChallengeRequest::credential(CredentialKind::Key, dfns.issue_code())).await?;
    let signed = Key::from_pem(KEY)?.answer_to(challenge.handle(), "server key")?;
    answer(&*provider, &challenge, &Answer::credential(signed)).await?;
    Ok(())
}

fn email_code() -> ChallengeRequest {
    let client = ClientContext::new([203, 0, 113, 7]).with_user_agent(USER_AGENT);
    ChallengeRequest::email_otp("jane@doe.com").with_user_id_at(ProviderId::CORBADO, CORBADO_USER).with_client(client)
}

fn sms() -> ChallengeRequest {
    ChallengeRequest::sms_otp(PHONE).with_action("signInWithSms").with_locale("en")
}

fn load(vendor: &str, toml: &str) -> Result<std::sync::Arc<dyn ChallengeProvider>, Box<dyn Error>> {
    println!("=== {vendor} ===");
    Ok(Config::from_toml_str(toml)?.build()?)
}

async fn create(provider: &dyn ChallengeProvider, request: &ChallengeRequest) -> Result<Challenge, Box<dyn Error>> {
    let challenge = provider.create(request).await?;
    println!("{} at {}: {}", challenge.method(), challenge.provider(), challenge.status());
    if let Some(id) = challenge.id() {
        println!("  challenge  {id}");
    }
    if let Some(at) = challenge.expires_at() {
        println!("  expires    in {} s", at.duration_since(std::time::SystemTime::now()).unwrap_or_default().as_secs());
    }
    if let Some(options) = challenge.registration().and_then(|registration| registration.to_webauthn_json(None)) {
        println!("  a browser  takes {} members: {}", options.as_object().map_or(0, serde_json::Map::len), names(&options));
    }
    println!("  to keep    a handle of {} bytes", serde_json::to_string(challenge.handle())?.len());
    Ok(challenge)
}

async fn answer(provider: &dyn ChallengeProvider, challenge: &Challenge, answer: &Answer) -> Result<(), Box<dyn Error>> {
    match provider.verify(challenge.handle(), answer).await? {
        Verification::Verified(proof) => match (proof.recipient(), proof.credential()) {
            (Some(address), _) => println!("  verified   {address}\n"),
            (None, Some(credential)) => println!("  verified   a new credential of kind {}\n", credential.kind()),
            (None, None) => println!("  verified\n"),
        },
        Verification::Rejected(no) => println!("  rejected   {} (may try again: {})", no.reason().as_str(), no.may_try_again()),
    }
    Ok(())
}

fn names(object: &serde_json::Value) -> String {
    object.as_object().map(|members| members.keys().map(String::as_str).collect::<Vec<_>>().join(", ")).unwrap_or_default()
}

/// The documented example that the provider of a config offers. This sends a message, if the config is a real one.
async fn with_config(path: &str) -> Result<(), Box<dyn Error>> {
    let provider = Config::from_toml_file(path)?.build()?;
    println!("=== {} ===", provider.id());
    let examples = [email_code(), sms(), ChallengeRequest::credential(CredentialKind::Key, CODE)];
    let Some(request) = examples.iter().find(|request| provider.check(request).is_ok()) else {
        return Err("the provider takes none of the documented examples".into());
    };
    let challenge = create(&*provider, request).await?;
    if let Method::Credential(_) = challenge.method() {
        return answer(&*provider, &challenge, &Answer::credential(Key::from_pem(KEY)?.answer_to(challenge.handle(), "server key")?)).await;
    }
    print!("  the code?  ");
    std::io::stdout().flush()?;
    let mut code = String::new();
    std::io::stdin().read_line(&mut code)?;
    if code.trim().is_empty() {
        return Ok(());
    }
    answer(&*provider, &challenge, &Answer::code(code)).await
}
