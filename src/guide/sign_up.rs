//! Sign-up: what each vendor wants before its first challenge, and what it can do after it.
//!
//! | vendor | before the first challenge | afterwards |
//! |---|---|---|
//! | [Corbado](#corbado) | a user there, with the address or number | keep its id with your user, or have it found each time |
//! | [Authsignal](#authsignal) | nothing | it can be told whose challenge it was |
//! | [Twilio](#twilio) | nothing | nothing |
//! | [Dfns](#dfns) | a one-time code, from somebody who is logged in | keep the credential's id |
//!
//! The typed clients on this page come from the same config as the provider: [`Config::corbado`](crate::Config::corbado),
//! [`Config::authsignal`](crate::Config::authsignal), [`Config::dfns`](crate::Config::dfns), each with the name of a section. Make each once, as the provider.
//!
//! # Corbado
//!
//! Corbado sends to users that it knows, by its own ids (`usr-…`). [`user_for`](crate::corbado::Corbado::user_for) finds the user that has an address or number as a login
//! identifier, or makes both. It is safe to call twice, and at the same time; all calls for one person give the same id. It proves nothing: log nobody in before a
//! challenge is verified, and limit such calls as you limit messages.
//!
//! ```
//! use auth_challenge::{*, corbado::Corbado};
//!
//! struct User {
//!     email: String,
//!     corbado_id: Option<Personal>,
//! }
//!
//! /// When somebody signs up, and for those who were there before you came to Corbado. Keep the id with your user.
//! async fn know_at_corbado(corbado: &Corbado, user: &mut User) -> Result<(), Error> {
//!     if user.corbado_id.is_none() {
//!         user.corbado_id = Some(corbado.user_for(user.email.as_str()).await?);
//!     }
//!     Ok(())
//! }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! # let vendor = testing::CorbadoDouble::start().await;
//!
//! let config = vendor.config();                                  // Config::from_toml_file("auth.toml")?
//! let (auth, corbado) = (config.build()?, config.corbado("corbado")?);
//! let mut user = User { email: "jane@doe.com".into(), corbado_id: None };
//! know_at_corbado(&corbado, &mut user).await?;
//!
//! let client = ClientContext::new([203, 0, 113, 7]).with_user_agent("Mozilla/5.0");
//! let corbado_id = user.corbado_id.clone().expect("the id");
//! let request = ChallengeRequest::email_otp(user.email.as_str()).with_user_id_at(ProviderId::CORBADO, corbado_id).with_client(client);
//! let challenge = auth.create(&request).await?;
//! # let code = vendor.outbox().last_code().to_owned();
//! assert!(matches!(auth.verify(challenge.handle(), &Answer::code(code)).await?, Verification::Verified(_)));
//!
//! // When your user goes, so does Corbado's.
//! corbado.user_delete(user.corbado_id.expect("the id").as_str()).await?;
//! # vendor.violations().assert_none();
//! # Ok(()) }
//! ```
//!
//! Or leave it to the provider: with `find_or_create_users = true` in Corbado's section a request names no user, and each create finds or makes the recipient's own. As a
//! rule that is a call more for each message, and for a new person three; one more where the address has capital letters and is not found in small ones. The program then has no
//! line of Corbado's. With `failover` in the config a new person, too, can be sent to [another vendor](super::switching#a-vendor-that-is-away) while Corbado is away; after a time-out that
//! takes `failover_when = "unknown"` beside it.
//!
//! ```
//! # use auth_challenge::*;
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! # let vendor = testing::CorbadoDouble::start().await;
//! # let text = format!("provider = \"corbado\"\n{}\nfind_or_create_users = true", vendor.config_section());
//! let auth = Config::from_toml_str(&text)?.build()?;             // the file with find_or_create_users = true
//! let client = ClientContext::new([203, 0, 113, 7]).with_user_agent("Mozilla/5.0");
//! let challenge = auth.create(&ChallengeRequest::email_otp("jane@doe.com").with_client(client)).await?;
//! # assert_eq!(vendor.outbox().only().recipient(), "jane@doe.com");
//! # vendor.violations().assert_none();
//! # Ok(()) }
//! ```
//!
//! A new user is `active` there and its login identifier `pending`, since nobody has proven it yet.
//! [`identifier_update`](crate::corbado::Corbado::identifier_update) says that it is `verified`, [`identifier_list`](crate::corbado::Corbado::identifier_list) finds its id.
//!
//! # Authsignal
//!
//! Authsignal sends to anybody. Its challenge begins without a user: whoever signs in for the first time has no account with you yet, and the code proves
//! the address alone. That is enough for a login.
//!
//! Two further operations are for tenants that look at their users in Authsignal's portal or write rules about them:
//!
//! 1. **Claim**: when the code was right you know the address, and find or make your user of it. [`claim`](crate::authsignal::Authsignal::claim) tells
//!    Authsignal that this challenge was that user's, by your own id. It gives a token.
//! 2. **Validate**: [`validate`](crate::authsignal::Authsignal::validate) says what a token stands for: whose it is, for which action, and whether the
//!    challenge succeeded. It is for a service that did not see the code being checked, say one that makes a payment: the first service hands it the
//!    token, and the second asks Authsignal itself instead of believing. Whoever checked the code just now knows all that.
//!
//! ```
//! use auth_challenge::{*, authsignal::{Authsignal, types}};
//!
//! /// The service that checks the code. Gives the token for the other one.
//! async fn check(auth: &dyn ChallengeProvider, authsignal: &Authsignal, handle: &ChallengeHandle, code: &str) -> Result<Option<Secret>, Error> {
//!     let Verification::Verified(proof) = auth.verify(handle, &Answer::code(code)).await? else { return Ok(None) };
//!     let user_id = my_user_of(proof.recipient());
//!     let claim = types::ClaimRequest { challenge_id: handle.challenge_id().clone(), user_id: user_id.into(), skip_verification_check: false };
//!     Ok(Some(authsignal.claim(&claim).await?.into_inner().token))
//! }
//!
//! /// The service that pays. The token is good for a short time, for this user and this action.
//! async fn may_pay(authsignal: &Authsignal, token: Secret, user_id: &str) -> Result<bool, Error> {
//!     let question = types::ValidateRequest { token, user_id: Some(user_id.into()), action: Some("pay".into()) };
//!     Ok(authsignal.validate(&question).await?.is_valid)
//! }
//! # fn my_user_of(_: Option<&str>) -> &'static str { "user-7" }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! # let vendor = testing::AuthsignalDouble::start().await;
//!
//! let config = vendor.config();                                  // Config::from_toml_file("auth.toml")?
//! let (auth, authsignal) = (config.build()?, config.authsignal("authsignal")?);
//! let challenge = auth.create(&ChallengeRequest::sms_otp("+64270000000").with_action("pay")).await?;
//! # let code = vendor.outbox().last_code().to_owned();
//! let token = check(&*auth, &authsignal, challenge.handle(), &code).await?.expect("the right code");
//! assert!(may_pay(&authsignal, token.clone(), "user-7").await?);
//! assert!(!may_pay(&authsignal, token, "user-8").await?);
//! # vendor.violations().assert_none();
//! # Ok(()) }
//! ```
//!
//! Claim only what was verified. With `skip_verification_check` Authsignal claims a challenge whose code nobody gave, which it calls a risk itself.
//!
//! A request may name your user at once, by [`with_user_id`](crate::ChallengeRequest::with_user_id), where you know who is asking: Authsignal wants that
//! where a user who is logged in adds or changes an address, with the right to do so in [`with_scope`](crate::ChallengeRequest::with_scope)
//! (`add:authenticators`). Give a scope to users who are logged in only.
//!
//! # Twilio
//!
//! Twilio Verify knows recipients alone. There is nothing to sign up for.
//!
//! # Dfns
//!
//! Dfns registers new credentials, passkeys and keys, for users that it knows. The new device is not logged in, so it brings a **one-time code** instead:
//!
//! 1. **Somebody who is logged in issues the code.** The token of `[dfns]` in the config has to be that of an organisation's user or of an end user
//!    in whose name your application acts; personal access tokens and service accounts issue no codes. The call is signed as well, with a
//!    key that this user registered before. The new credential will be that same user's.
//! 2. **The code reaches the person.** Dfns sends it to nobody. It lives a minute at most, so the usual way is from screen to keyboard: it is shown on the
//!    device that is logged in, and typed on the new one.
//! 3. **The new device trades it for a challenge**, which needs no token, and answers with its new credential.
//!
//! ```
//! use std::time::Duration;
//! use auth_challenge::{*, dfns::{Dfns, key::Key}, testing::Passkey};
//!
//! /// On the device that is logged in: a code to be shown. The key is one that the user registered before, under this id.
//! async fn code_for_new_device(dfns: &Dfns, key: &Key, credential_id: &str) -> Result<Secret, Error> {
//!     // A little less than the minute that Dfns allows, since the clocks of two machines differ.
//!     Ok(dfns.issue_credential_code(Duration::from_secs(50), key, credential_id).await?.into_inner().code)
//! }
//!
//! /// On the new device, with the code that was typed there.
//! async fn new_device(auth: &dyn ChallengeProvider, typed: &str) -> Result<Challenge, Error> {
//!     auth.create(&ChallengeRequest::credential(CredentialKind::Fido2, typed)).await
//! }
//! # const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let vendor = testing::DfnsDouble::start().await;
//!
//! let config = vendor.config();                                  // Config::from_toml_file("auth.toml")?
//! let (auth, dfns) = (config.build()?, config.dfns("dfns")?);
//!
//! // The first credential, a key, by a code from Dfns' dashboard. Keep its id: it names the key from now on.
//! # let first_code = vendor.issue_code();
//! let key = Key::from_pem(PEM)?;
//! let challenge = auth.create(&ChallengeRequest::credential(CredentialKind::Key, first_code)).await?;
//! let answer = Answer::credential(key.answer_to(challenge.handle(), "server key")?);
//! let Verification::Verified(proof) = auth.verify(challenge.handle(), &answer).await? else { return Err("rejected".into()) };
//! let credential_id = proof.credential().expect("the new credential").id().to_owned();
//!
//! // Any further one by a code of your own.
//! let code = code_for_new_device(&dfns, &key, &credential_id).await?;
//! let challenge = new_device(&*auth, code.expose()).await?;
//! # let options = challenge.registration().and_then(|registration| registration.to_webauthn_json(None)).expect("a passkey");
//! # let given = Passkey::new("http://localhost").answer(&options)?;
//! # let answer = Answer::from_webauthn_json(&given.to_string(), "laptop")?;
//! # assert!(matches!(auth.verify(challenge.handle(), &answer).await?, Verification::Verified(_)));
//! # vendor.violations().assert_none();
//! # Ok(()) }
//! ```
//!
//! Of a credential two ids are known. [`Credential::id`](crate::Credential::id) is its own, the one that
//! signs; [`Credential::vendor_id`](crate::Credential::vendor_id) is Dfns' (`cr-…`), by which its dashboard and API name it. `issue_credential_code` wants
//! the first.
//!
//! A code is good for one challenge, and a challenge for one credential. What a browser does between the two is told at [`passkeys`](super::passkeys).
