//! Asks a vendor to challenge a person, and checks the answer: one-time codes and links by Corbado, one-time codes by Authsignal and Twilio Verify, new passkeys
//! and keys by Dfns. One trait stands over all of them, and which vendor it is, is a line of config.
//!
//! ```
//! use auth_challenge::*;
//!
//! # #[cfg(all(feature = "testing", feature = "corbado"))]
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! # let double = testing::CorbadoDouble::start().await;
//! # let corbado_id = double.add_user("jane@doe.com");
//! # let config = double.config();
//! // Once:             Config::from_toml_file("auth.toml")?
//! let auth = config.build()?;
//!
//! // The request that asks for a code. The handle goes into the session.
//! let client = ClientContext::new([203, 0, 113, 7]).with_user_agent("Mozilla/5.0");
//! let request = ChallengeRequest::email_otp("jane@doe.com")
//!     .with_user_id_at(ProviderId::CORBADO, corbado_id)          // Corbado's own id of the user
//!     .with_action("login")
//!     .with_client(client);
//! let handle = auth.create(&request).await?.handle().clone();
//! # let code = double.outbox().last_code().to_owned();
//!
//! // The request that brings the code.
//! let page = match auth.verify(&handle, &Answer::code(code)).await {
//!     Ok(Verification::Verified(proof)) => proof.recipient().map_or(Advice::OurFault.sentence().to_owned(), |email| format!("Welcome, {email}")),
//!     Ok(Verification::Rejected(no)) => no.advice().sentence().to_owned(),
//!     Err(error) => error.advice().sentence().to_owned(),
//! };
//! assert_eq!(page, "Welcome, jane@doe.com");
//! # Ok(()) }
//! # #[cfg(not(all(feature = "testing", feature = "corbado")))] fn main() {}
//! ```
//!
//! **[The guide](guide)** goes on from here: [a login](guide::login), [sign-up](guide::sign_up), [passkeys](guide::passkeys), [failures](guide::failures),
//! [several vendors](guide::switching), [tests](guide::testing), [many processes](guide::fleet), [traces, logs and numbers](guide::observing), [a checklist for production](guide::production),
//! [a provider of your own](guide::adding_a_vendor), and [what the words mean](guide#words).
//!
//! # What is promised
//!
//! - **At most one message.** Nothing is sent twice behind your back, and every error says whether something may have been sent ([`SendState`]).
//! - **A wrong code is an answer, an outage is an error.** They come back in different places ([`Verification`], [`Error`]).
//! - **Nothing secret is printed.** Not by `Debug`, not in errors, not in logs at the finest level ([`Secret`], [`Personal`]).
//! - **Every call ends in time**: guards, connecting, retries and failover share one deadline ([`CallOptions`]). Where you put a guard before a provider
//!   yourself, [`Guarded::with_timeout`] sets it.
//! - **Testable offline** ([`testing`]).
//!
//! # What to use when
//!
//! | you want to | take |
//! |---|---|
//! | read a config and make the provider | [`Config`] |
//! | send a challenge, check an answer, send again | [`ChallengeProvider`] and its short forms, [`ChallengeProviderExt`]; for one call [`CallOptions`] |
//! | say what is to be sent, by which way and for whom | [`ChallengeRequest`], [`Method`], [`CredentialKind`] |
//! | say who is asking | [`ClientContext`], [`ClientHints`], [`Product`], [`HeaderMap`] |
//! | keep something between the two requests | [`ChallengeHandle`], out of a [`Challenge`] with its [`ChallengeStatus`] |
//! | judge an answer | [`Answer`], [`Verification`]: [`Verified`] with its [`Credential`], or [`Rejected`] with a [`Reason`] |
//! | fail well | [`Error`], [`Advice`], [`SendState`], [`ErrorKind`], [`Violation`], [`Field`] |
//! | register passkeys and keys | [`Registration`], [`RegistrationUser`], [`RelyingParty`], [`CredentialAnswer`], `dfns::key` |
//! | have several vendors, or change them at run time | [`Router`], [`RouterBuilder`], [`Hop`], [`ProviderHealth`], [`Reloadable`] |
//! | limit messages and guesses | [`LocalGuard`], [`RedisGuard`], [`Limits`], [`Rate`], [`OnOutage`]; for a page [`Outlook`] |
//! | send one message for one intent | [`SendOnce`], [`LocalIntents`], [`RedisIntents`] |
//! | call a vendor's own operations | [`corbado::Corbado`], [`authsignal::Authsignal`], [`dfns::Dfns`], [`twilio::Twilio`], with [`Reply`] and [`UnknownVariant`] |
//! | receive Authsignal's webhooks | [`authsignal::webhook`] |
//! | set time-outs, proxies, certificates | [`Http`], [`HttpBuilder`]; with a client of your own [`reqwest`] |
//! | count what happens | [`Observer`], [`Observed`], told by [`CallEnd`] with a [`CallOutcome`], [`AttemptEnd`], [`GuardDecision`] with a [`Ruling`]; ready made [`MetricsObserver`] |
//! | know what a provider can do | [`Capabilities`], [`MethodSupport`], [`ProviderId`], [`Vendor`] |
//! | write a provider, a guard or a store of your own | [`ChallengeProvider`], [`Memory`]; [`Guard`], [`Guarded`], [`Sending`], [`Refusal`]; [`IntentStore`], [`FoundIntent`]; [`macro@async_trait`] |
//! | hold what must not be shown | [`Secret`], [`Personal`], [`Kept`] |
//! | read names and rates from text | [`ParseMethodError`], [`ParseCredentialKindError`], [`ParseRateError`] |
//! | test | [`testing`] |
//!
//! # Vendors
//!
//! What each offers, and the fields that it needs. Any other field is passed on if the vendor takes it; if not, it is [ignored](Challenge::ignored), but a scope is refused.
//!
//! | | EmailOtp | EmailLink | SmsOtp | WhatsAppOtp | VoiceOtp | Credential | needs | send once more |
//! |---|---|---|---|---|---|---|---|---|
//! | corbado | yes | yes | yes | – | – | – | to, user_id, ip, user_agent | – |
//! | authsignal | yes | – | yes | yes | – | – | to, action | yes |
//! | dfns | – | – | – | – | – | yes | code | – |
//! | twilio | yes | – | yes | yes | yes | – | to | yes |
//!
//! With `find_or_create_users` Corbado needs no user id. Beside these fields Corbado takes the client's signals, lifetime and metadata; Authsignal user id, action
//! key, the client's address, agent and device, locale, scope and metadata; Twilio IP address, locale and metadata.
//!
//! # Features
//!
//! | feature | default | gives |
//! |---|---|---|
//! | `corbado` `authsignal` `dfns` | yes | the vendors; each is generated and compiled only where it is asked for |
//! | `twilio` | | Twilio Verify |
//! | `rustls` | yes | TLS by rustls; `rustls-no-provider` and `native-tls` are there too. Where several are on, rustls is used |
//! | `toml` | yes | [`Config::from_toml_str`], [`Config::from_toml_file`] |
//! | `dfns-keys` | | [`dfns::key`]: signing with keys of your own, issuing codes; brings `dfns` |
//! | `redis` | | [`RedisGuard`]: limits that all processes share, in Redis or Valkey |
//! | `send-once` | | [`SendOnce`]; with `redis` for a fleet |
//! | `metrics` | | [`MetricsObserver`]: [numbers](guide::observing) for whatever gathers those of the `metrics` facade |
//! | `webhooks` | | [`authsignal::webhook`]; brings `authsignal` |
//! | `testing` | | the [doubles](testing), and a passkey without a browser; for `[dev-dependencies]` |
//! | `cli` | | the command line `auth-challenge`; brings every vendor, `dfns-keys`, `redis`, `send-once`, `testing`, `toml` and `webhooks` |
//!
//! Names of vendors and keys of a config are known in every build: a section of a vendor that is compiled out is an error that names the feature.

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(docsrs, doc(auto_cfg(hide(vendor, every_vendor))))]
#![cfg_attr(not(feature = "cli"), allow(rustdoc::broken_intra_doc_links, reason = "the first page and the guide tell of what features bring"))]

mod compose;
mod config;
// Nothing but documentation. Its programs need every vendor.
#[cfg(all(doc, any(not(doctest), feature = "cli")))]
pub mod guide;
mod model;
mod provider;
mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
mod transport;
mod vendors;
#[cfg(vendor)]
#[cfg_attr(not(every_vendor), allow(dead_code, unused_imports, unused_macros, reason = "a vendor that is compiled out needs it"))]
mod wire;

pub use async_trait::async_trait;
#[cfg(all(feature = "send-once", feature = "redis"))]
pub use compose::RedisIntents;
#[cfg(feature = "send-once")]
pub use compose::{FoundIntent, IntentStore, LocalIntents, SendOnce};
pub use compose::{Guard, Guarded, Limits, LocalGuard, Observed, ParseRateError, Rate, Refusal, Reloadable, Router, RouterBuilder, Sending};
#[cfg(feature = "redis")]
pub use compose::{OnOutage, RedisGuard};
pub use config::Config;
pub use http::HeaderMap;
pub use model::{
    Advice, Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, ChallengeStatus, ClientContext, ClientHints, Credential,
    CredentialAnswer, CredentialKind, Error, ErrorKind, Field, Hop, Kept, Memory, Method, MethodSupport, Outlook, ParseCredentialKindError, ParseMethodError,
    Personal, Product, ProviderHealth, ProviderId, Reason, Registration, RegistrationUser, Rejected, RelyingParty, Secret, SendState, Verification, Verified,
    Violation,
};
pub use provider::{ChallengeProvider, ChallengeProviderExt};
/// The HTTP client whose builder [`Http::from_builder`] takes.
pub use reqwest;
#[cfg(feature = "metrics")]
pub use telemetry::MetricsObserver;
pub use telemetry::{AttemptEnd, CallEnd, CallOutcome, GuardDecision, Observer, Ruling};
#[cfg(vendor)]
pub use transport::Reply;
pub use transport::{Http, HttpBuilder};
#[doc(inline)]
pub use vendors::*;
#[cfg(vendor)]
pub use wire::UnknownVariant;
