//! Failures: what every error and every rejected answer means, and what a page says.
//!
//! Two questions have an answer in every case. *What do I tell the person?* is answered by `advice()`, on an [`Error`](crate::Error) and on a
//! [`Rejected`](crate::Rejected) answer. *May a message be on its way, or a code be used up?* is answered by
//! [`Error::send_state`](crate::Error::send_state).
//!
//! # Advice
//!
//! | advice | the page | beside it |
//! |---|---|---|
//! | `try_again` | shows the form again: the code is not right | "Send again" |
//! | `fix_input` | shows the form again, with the fields of [`violations`](crate::Error::violations) marked | |
//! | `wait_then_retry` | asks for a moment, [`retry_after`](crate::Error::retry_after) where it is known | |
//! | `offer_again` | tells that a message may be on its way | "Send again" |
//! | `ask_for_new` | tells that this challenge is over | "Send a new code" |
//! | `our_fault` | is sorry; an operator is woken | |
//!
//! [`Advice::key`](crate::Advice::key) gives these words, which never change, for translations and front ends;
//! [`Advice::sentence`](crate::Advice::sentence) an English sentence to begin with.
//!
//! ```
//! use auth_challenge::*;
//!
//! /// What becomes of an attempt, for a page.
//! #[derive(Debug, PartialEq)]
//! struct Page {
//!     /// A key of your translations.
//!     text: &'static str,
//!     /// The fields to be marked.
//!     wrong: Vec<Field>,
//!     wait_s: Option<u64>,
//!     offers_again: bool,
//! }
//!
//! fn page(error: &Error) -> Page {
//!     let advice = error.advice();
//!     if advice == Advice::OurFault {
//!         eprintln!("{error}");                                  // wakes an operator; it holds no code, recipient or secret
//!     }
//!     Page {
//!         text: advice.key(),
//!         wrong: error.violations().iter().filter(|violation| violation.is_input()).filter_map(Violation::field).collect(),
//!         wait_s: error.retry_after().map(|pause| pause.as_secs() + 1),
//!         offers_again: matches!(advice, Advice::OfferAgain | Advice::AskForNew),
//!     }
//! }
//! # use auth_challenge::testing::{CorbadoDouble, Fault, Operation};
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! # let vendor = CorbadoDouble::start().await;
//! # let auth = vendor.provider();
//! # let request = vendor.person("jane@doe.com");
//!
//! // The vendor answers a create with 503. Nobody knows whether it has sent.
//! vendor.fail(Operation::CREATE, Fault::status(503));
//! let error = auth.create(&request).await.expect_err("an outage");
//! assert_eq!((error.send_state(), page(&error).text, page(&error).offers_again), (SendState::Unknown, "offer_again", true));
//!
//! // A typing mistake: nothing is sent.
//! let error = auth.create(&request.clone().with_recipient("jane@")).await.expect_err("no address");
//! assert_eq!((error.send_state(), page(&error).text, page(&error).wrong), (SendState::NotSent, "fix_input", vec![Field::To]));
//! # Ok(()) }
//! ```
//!
//! # Rejected answers
//!
//! | reason | what happened | advice |
//! |---|---|---|
//! | `wrong_or_expired_code` | the code is wrong, or right and too old: the vendors do not tell which | `try_again` |
//! | `expired` | the challenge is too old | `ask_for_new` |
//! | `too_many_attempts` | there were too many wrong answers, as the vendor or your guard counts | `ask_for_new` |
//! | `already_used` | the challenge was answered before | `ask_for_new` |
//! | `other` | all else that the vendor counts as a wrong answer; at Twilio also an expired or used-up challenge | `ask_for_new` |
//!
//! # May something have been sent?
//!
//! | send state | means | advice on create | advice on resend | advice on verify |
//! |---|---|---|---|---|
//! | `not_sent` | no message was asked for, and no answer used: refused before sending, no connection, the server vouches that it did not look at the request, or what comes before the message failed | by kind, below | by kind, below | by kind, below |
//! | `refused` | the vendor answered that it did not act (4xx but 408) | by kind, below | by kind, below | by kind, below |
//! | `unknown` | a time-out, a broken connection, a status of 408, 3xx or 5xx: it may have acted | `offer_again` | `offer_again` | `ask_for_new` |
//! | `accepted` | it acted, a 2xx says, but its reply cannot be used | `offer_again` | `offer_again` | `ask_for_new` |
//!
//! After `unknown` and `accepted` the crate never calls again by itself, and your application should not either: the person decides, who knows whether
//! a message came. For queues and repeated forms there is [`SendOnce`](super::fleet#one-message-for-one-intent).
//!
//! # Kinds
//!
//! Where nothing was sent or the vendor refused, the advice goes by [`Error::kind`](crate::Error::kind):
//!
//! | kind | what happened | create | resend | verify |
//! |---|---|---|---|---|
//! | `config` | the config cannot be used | `our_fault` | `our_fault` | `our_fault` |
//! | `handle` | the handle cannot be read, or its provider is not configured any more | `ask_for_new` | `ask_for_new` | `ask_for_new` |
//! | `unsupported` | the provider does not do this | `our_fault` | `our_fault` | `our_fault` |
//! | `invalid_request` | a field is missing or wrong: before sending, or by the vendor's 400, 422 and other 4xx | `our_fault` | `our_fault` | `our_fault` |
//! | `authentication` | 401: the credentials of your config | `our_fault` | `our_fault` | `our_fault` |
//! | `permission` | 402, 403: what they allow | `our_fault` | `our_fault` | `our_fault` |
//! | `not_found` | the vendor does not know the user, or the challenge | `our_fault` | `ask_for_new` | `ask_for_new` |
//! | `conflict` | 409; or another request under the same intent | `our_fault` | `our_fault` | `our_fault` |
//! | `rate_limited` | 429 | `wait_then_retry` | `wait_then_retry` | `wait_then_retry` |
//! | `throttled` | your guard, or a store of intents that does not answer | `wait_then_retry` | `wait_then_retry` | `wait_then_retry` |
//! | `connect` | no connection | `wait_then_retry` | `wait_then_retry` | `wait_then_retry` |
//! | `timeout` | the time was up before anything was sent | `wait_then_retry` | `wait_then_retry` | `wait_then_retry` |
//! | `interrupted` | the connection ended, and the server vouches that it did not look at the request | `wait_then_retry` | `wait_then_retry` | `wait_then_retry` |
//! | `unavailable` | an outage before a message was asked for: where Corbado's user is looked for, or in a provider of your own | `wait_then_retry` | `wait_then_retry` | `wait_then_retry` |
//! | `unexpected_reply` | a reply of no use, there as well | `our_fault` | `our_fault` | `our_fault` |
//!
//! Two things stand above the table:
//!
//! - Where it says `our_fault`, and **all** the fields at fault are the person's own (recipient, code, answer: [`Violation::is_input`](crate::Violation::is_input)),
//!   it is `fix_input`.
//! - `throttled` without an end is not worth waiting for. It is `fix_input` for a calling code that is not allowed, else `our_fault`.
//!
//! # What an operator reads
//!
//! `Display` of an error names provider, operation, kind, status, the vendor's code and the fields concerned, and never a value; where there was no connection, also why, if
//! the system says so (`refused`, `no answer in time`, `the host's name is not found`, `TLS failed`), and its [`source`](std::error::Error::source) has the rest. Beside it stand
//! [`request_id`](crate::Error::request_id) for the vendor's support and [`vendor_message`](crate::Error::vendor_message) with every value of the call masked,
//! and, after a failover, [`hops`](crate::Error::hops). The same is logged by `tracing` as events of `auth_challenge`; `examples/tracing.rs` in the
//! repository shows them.
//!
//! # Time
//!
//! Every call ends by its time: `timeout` in `[http]`, 10 s unless told otherwise, or [`CallOptions::with_timeout`](crate::CallOptions::with_timeout). Guards,
//! connecting, retries and failover are within it. The crate makes a call again only where it provably was not processed, and a create also after a 429
//! whose `Retry-After` fits the time.
