//! A provider of your own; a vendor for this crate.
//!
//! # A provider of your own
//!
//! Whatever implements [`ChallengeProvider`](crate::ChallengeProvider) stands beside the vendors: in a config's `provider`, `failover` and `[route]`, behind a guard, in a
//! [`Reloadable`](crate::Reloadable). Four methods have no default: its name, what it can do, create and verify.
//!
//! ```
//! use std::{collections::HashMap, sync::{Arc, Mutex, atomic::{AtomicU64, Ordering}}};
//! use auth_challenge::{*, testing::conformance::Subject};
//!
//! /// Codes by a letter on paper.
//! #[derive(Default)]
//! struct Post {
//!     /// The recipient and the code of each challenge that waits.
//!     open: Mutex<HashMap<String, (String, Secret)>>,
//!     /// Numbers the letters: no number comes twice, so that no handle names another person's letter.
//!     count: AtomicU64,
//! }
//!
//! impl std::fmt::Debug for Post {
//!     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
//!         f.write_str("Post")                                    // no recipient, no code
//!     }
//! }
//!
//! #[auth_challenge::async_trait]
//! impl ChallengeProvider for Post {
//!     fn id(&self) -> ProviderId {
//!         ProviderId::new("post")
//!     }
//!
//!     fn capabilities(&self) -> Capabilities {
//!         Capabilities::new(vec![MethodSupport::new(Method::EmailOtp, vec![Field::To], vec![])])
//!     }
//!
//!     async fn create_with(&self, request: &ChallengeRequest, _: &CallOptions) -> Result<Challenge, Error> {
//!         let ignored = self.check(request)?;                    // all that is missing or wrong, before anything is sent
//!         let mut open = self.open.lock().map_err(|_| Error::new(ErrorKind::Unavailable, SendState::NotSent).with_operation("create"))?;
//!         let id = format!("letter-{}", self.count.fetch_add(1, Ordering::Relaxed));
//!         # let code = "123456";
//!         // Here the letter is posted, with a code that nobody can guess. Where that may have happened in spite of an error, the error says
//!         // SendState::Unknown; only what surely did not happen is NotSent.
//!         open.insert(id.clone(), (request.recipient().unwrap_or_default().to_owned(), Secret::new(code)));
//!         Ok(Challenge::new(ChallengeHandle::new(self.id(), request.method(), id)).with_ignored(ignored))
//!     }
//!
//!     async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, _: &CallOptions) -> Result<Verification, Error> {
//!         handle.require_issuer(&self.id())?;                    // another provider's handle, before anything is looked up
//!         let mut open = self.open.lock().map_err(|_| Error::new(ErrorKind::Unavailable, SendState::NotSent).with_operation("verify"))?;
//!         let id = handle.challenge_id().expose();
//!         let Some((recipient, code)) = open.get(id) else { return Ok(Rejected::new(Reason::AlreadyUsed).into()) };
//!         if answer.as_code().map(Secret::expose) != Some(code.expose()) {
//!             return Ok(Rejected::new(Reason::WrongOrExpiredCode).into());
//!         }
//!         let proof = Verified::new(handle.method()).with_recipient(recipient.as_str());
//!         open.remove(id);
//!         Ok(proof.into())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! // In your tests: what every provider must do.
//! Subject::new(Post::default(), || ChallengeRequest::email_otp("jane@doe.com"))
//!     .with_answers(|_| Answer::code("123456"), |_| Answer::code("000000"))
//!     .check()
//!     .await
//!     .assert_passed();
//!
//! // In a config, by its name.
//! # let vendor = testing::AuthsignalDouble::start().await;
//! let config = Config::from_toml_str(&format!("provider = \"post\"\nfailover = [\"authsignal\"]\n{}", vendor.config_section()))?;
//! let auth = config.with_provider(Arc::new(Post::default())).build()?;
//! assert_eq!(auth.create(&ChallengeRequest::email_otp("jane@doe.com")).await?.provider().as_str(), "post");
//! # Ok(()) }
//! ```
//!
//! What the trait asks for:
//!
//! - **A create sends once.** It does not try again where the message may be out, and every error says by its [`SendState`](crate::SendState) whether it may.
//! - **A wrong answer is a value**, [`Rejected`](crate::Rejected), and an outage an error. A status that you do not know is an error, since it may be a success.
//! - **A proof says what is proven**: the recipient that the code went to, as your side knows it, not as the handle or the form says.
//! - **Errors name the operation** ([`with_operation`](crate::Error::with_operation)), for the advice goes by it. The short forms of
//!   [`ChallengeProviderExt`](crate::ChallengeProviderExt) name it where you did not.
//! - **Nothing secret is shown** by `Debug`, nor in an error.
//! - A provider that is made of others denies `clippy::missing_trait_methods`, so that a method that the trait gains is passed on.
//!
//! [`conformance`](crate::testing::conformance) checks these, without knowing the provider. `examples/own_provider.rs` in the repository is a whole one, with codes by a mail
//! server of your own, expiry and a limit of tries. The one above counts no tries: put a guard with `wrong_codes` before it.
//!
//! # A vendor for this crate
//!
//! A vendor is one folder: typed operations that are generated from its document, and a thin conversion between them and the trait. Beside it stand a double and a fixture, over which all
//! tests run; `tests/project/completeness.rs` names whatever is missing. CONTRIBUTING.md in the repository goes through it step by step, as it was done for Twilio.
