//! Switching: another vendor, several vendors, a vendor that is away.
//!
//! # Another vendor
//!
//! It is one line of the config. The program stays.
//!
//! ```toml
//! provider = "authsignal"                     # was "corbado"
//!
//! [corbado]                                   # stays, for the challenges that it made
//! project_id = "pro-1"
//! api_secret_env = "CORBADO_API_SECRET"
//!
//! [authsignal]
//! secret_key_file = "authsignal.key"
//! region = "eu"
//! ```
//!
//! Three things make that work:
//!
//! - **A handle names its provider.** Codes that are under way at the old vendor are checked there, for as long as its section stays in the config.
//! - **Fields are the same everywhere.** What one vendor needs another one ignores: Corbado wants `user_id`, `ip` and `user_agent`, Authsignal an `action`. A program that gives them
//!   all runs at each.
//! - **Ids of users are named by provider**, by [`with_user_id_at`](crate::ChallengeRequest::with_user_id_at): an id that Corbado gave means nothing elsewhere.
//!
//! ```
//! use auth_challenge::{*, testing::{AuthsignalDouble, CorbadoDouble}};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let (corbado, authsignal) = (CorbadoDouble::start().await, AuthsignalDouble::start().await);
//! let sections = corbado.config_section() + &authsignal.config_section();
//! let with = |provider: &str| Config::from_toml_str(&sections).map(|config| config.select(provider));
//!
//! let client = ClientContext::new([203, 0, 113, 7]).with_user_agent("Mozilla/5.0");
//! let request = ChallengeRequest::email_otp("jane@doe.com")
//!     .with_action("login")
//!     .with_user_id_at(ProviderId::CORBADO, corbado.add_user("jane@doe.com"))
//!     .with_client(client);
//!
//! let auth = Reloadable::new(with("corbado")?.build()?);
//! let old = auth.create(&request).await?;
//! auth.replace(with("authsignal")?.build()?);                    // without a restart; calls under way end where they began
//! let new = auth.create(&request).await?;
//! assert_eq!((old.provider().as_str(), new.provider().as_str()), ("corbado", "authsignal"));
//!
//! for (challenge, answer) in [(&old, corbado.right_answer(&old)), (&new, authsignal.right_answer(&new))] {
//!     assert!(matches!(auth.verify(challenge.handle(), &answer).await?, Verification::Verified(_)));
//! }
//! # Ok(()) }
//! ```
//!
//! [`Reloadable`](crate::Reloadable) puts the new provider in place while calls run, and the counts of the guard go on. `examples/reload.rs` in the repository does it on `SIGHUP`.
//! Before you switch, ask [`check`](crate::ChallengeProvider::check) with a request as your program makes it: it names what the new vendor would miss, and sends nothing.
//!
//! # Several vendors
//!
//! ```toml
//! provider = "corbado"
//! failover = ["twilio", "authsignal"]         # who is asked next, in order
//! # failover_when = "unknown"                 # see below
//!
//! [route]
//! whatsapp_otp = "authsignal"
//! sms_otp = { "+49" = "authsignal", "+1684" = "corbado", "*" = "twilio" }
//! ```
//!
//! `[route]` sends a method to a provider of its own. For methods to a phone it may do so by calling code: the longest one counts that the number begins with, and `"*"` is
//! the rest; without `"*"` the rest goes as if there were no route. A method that the selected provider lacks goes to the one
//! provider that has it, also without a route; where several have it, a route has to say which.
//!
//! A section with another name than a vendor's says whose it is, so that there may be two of one vendor:
//!
//! ```toml
//! provider = "corbado"
//!
//! [corbado]
//! project_id = "pro-1"
//! api_secret_env = "CORBADO_API_SECRET"
//!
//! [corbado-staging]
//! vendor = "corbado"
//! project_id = "pro-2"
//! api_secret_file = "staging.secret"
//! ```
//!
//! # A vendor that is away
//!
//! With `failover` the next provider is asked where it can do no harm:
//!
//! | the first provider | what happens |
//! |---|---|
//! | could not be reached, or vouches that it did not look at the request | the next one is asked |
//! | had an outage before the message was asked for: where Corbado's user is looked for | the next one is asked |
//! | refused for a reason of its own: 401, 403, 429 | the next one is asked |
//! | refused for the recipient's sake: a limit of that recipient's, a field that is wrong | the error |
//! | may have sent: a time-out, a reset, a 5xx | the error, with [`Advice::OfferAgain`](crate::Advice::OfferAgain): the person decides |
//! | the same, with `failover_when = "unknown"` | the next one is asked. **The person may get two messages**; each provider has an equal share of the time |
//!
//! Only creates fail over, and not those of credentials: a code for a new passkey is good at one vendor. Who was asked in vain is told by [`Challenge::hops`](crate::Challenge::hops)
//! or [`Error::hops`](crate::Error::hops), and logged. A provider that failed is passed over for half a minute, then one call tries it; [`health`](crate::ChallengeProvider::health) shows that.
//! Where a person asks again within ten minutes, the providers that were not yet tried for that recipient, by this process, come first: what came by the first one probably
//! did not arrive. A provider that lacks a field, as Corbado does without its id of the user, is left out.
//!
//! `examples/failover.rs` in the repository plays it.
