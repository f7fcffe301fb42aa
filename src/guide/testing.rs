//! Testing: your application, without a vendor and without waiting.
//!
//! ```toml
//! [dev-dependencies]
//! auth-challenge = { version = "0.1", features = ["testing"] }
//! ```
//!
//! | to test | take |
//! |---|---|
//! | a login from end to end | a vendor's double: [`CorbadoDouble`](crate::testing::CorbadoDouble) and so on |
//! | the same at every vendor | [`Double::start`](crate::testing::Double::start) for each of [`DoubleEntry::ALL`](crate::testing::DoubleEntry) |
//! | one handler, without network | [`Scripted`](crate::testing::Scripted) |
//! | a passkey without a browser | [`Passkey`](crate::testing::Passkey) |
//! | an application in another language, or by hand | the command line: `auth-challenge doubles` |
//!
//! # A double
//!
//! It is a server on loopback that behaves as the vendor does: it checks every request against the vendor's document, knows users, codes, expiry and limits of wrong codes,
//! and shows what it "sent". A double gives a ready provider, a [`Config`](crate::Config) or the text of its section, so that your program's own way to read a config is tested too.
//!
//! ```
//! use std::time::Duration;
//! use auth_challenge::{*, testing::{CorbadoDouble, Fault, Operation}};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let vendor = CorbadoDouble::start().await;
//! let auth = vendor.provider();                                  // or Config::from_toml_str(&format!("provider = \"corbado\"\n{}", vendor.config_section()))
//!
//! // The person: one that the vendor knows, with all that it needs.
//! let request = vendor.person("jane@doe.com");
//! let challenge = auth.create(&request).await?;
//! assert_eq!(vendor.outbox().only().recipient(), "jane@doe.com");
//!
//! // Time is set, not slept.
//! vendor.clock().advance(Duration::from_secs(600));
//! let late = auth.verify(challenge.handle(), &vendor.right_answer(&challenge)).await?;
//! assert!(matches!(late, Verification::Rejected(no) if no.advice() == Advice::AskForNew));
//!
//! // What goes wrong is asked for: here the vendor sends, and its answer is lost.
//! vendor.fail(Operation::CREATE, Fault::reset_after_read());
//! let error = auth.create(&request).await.expect_err("a broken connection");
//! assert_eq!((error.advice(), vendor.outbox().len()), (Advice::OfferAgain, 2));
//!
//! vendor.violations().assert_none();                             // every request kept to the vendor's document
//! # Ok(()) }
//! ```
//!
//! [`Fault`](crate::testing::Fault) lists all that can go wrong, before the vendor acted and after it. A share of the calls goes wrong by
//! [`with_probability`](crate::testing::Fault::with_probability), the same ones in each run by [`with_seed`](crate::testing::Fault::with_seed).
//!
//! # One handler
//!
//! [`Scripted`](crate::testing::Scripted) is a provider without I/O. Its results are queued, also through a clone while the test runs; when none is left, creates and resends succeed, and
//! any answer is right. `created`, `answered` and `resent` list what it was asked.
//!
//! ```
//! use auth_challenge::{*, testing::Scripted};
//!
//! /// The handler to be tested.
//! async fn greet(auth: &dyn ChallengeProvider, handle: &ChallengeHandle, code: &str) -> String {
//!     match auth.verify(handle, &Answer::code(code)).await {
//!         Ok(Verification::Verified(proof)) => format!("Welcome, {}.", proof.recipient().unwrap_or("somebody")),
//!         Ok(Verification::Rejected(no)) => no.advice().sentence().to_owned(),
//!         Err(error) => error.advice().sentence().to_owned(),
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let auth = Scripted::new().verify_gives(Rejected::new(Reason::TooManyAttempts)).verify_fails(Error::new(ErrorKind::Unavailable, SendState::Unknown));
//! let challenge = auth.create(&ChallengeRequest::email_otp("jane@doe.com")).await?;
//! for _ in 0..2 {
//!     assert_eq!(greet(&auth, challenge.handle(), "123456").await, "This cannot be used any more. Please ask for a new one.");
//! }
//! assert_eq!(greet(&auth, challenge.handle(), "123456").await, "Welcome, jane@doe.com.");
//! # Ok(()) }
//! ```
//!
//! An [`Observer`](crate::Observer) of yours is tested around it: `Observed::new(Arc::new(script.clone()), seen.clone())`. Let it write down what it is told, and assert on that: a panic in an observer is caught, so an
//! `assert!` in one fails no test. Attempts are told of with a double: `double.config().with_observer(seen)`.
//!
//! [`ErrorKind::ALL`](crate::ErrorKind::ALL) and [`Reason::ALL`](crate::Reason::ALL) list what a page may have to answer for: `Error::new(kind, state).with_operation("create")`, since without the operation there is no advice
//! on what may have been sent.
//!
//! # In a browser, or in another language
//!
//! `auth-challenge doubles --write-config auth.toml` starts all doubles and writes a config for them. It has a page that shows messages, requests and where these
//! stray from the vendor's document; the page, and a port for programs, sets faults, moves the clock and forgets all. For an end-to-end test, `GET /outbox?to=jane@doe.com&wait_s=10` waits
//! for the code. The README of the repository has the commands, and how to run it as a container.
