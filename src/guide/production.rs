//! Production: a checklist.
//!
//! # Who is logged in
//!
//! - [ ] The address that is logged in is [`Verified::recipient`](crate::Verified::recipient), never the form's.
//! - [ ] The handle is in a server-side session or an encrypted, authenticated cookie, never in the page ([`login`](super::login#the-handle)).
//! - [ ] The session gets a new id when the code was right.
//! - [ ] A scope ([`with_scope`](crate::ChallengeRequest::with_scope)) is given to users who are logged in only.
//! - [ ] An address that nobody has gets what one gets that somebody has: a message, or a decoy with the same page, cookie, time and end ([`login`](super::login#an-address-that-nobody-has)).
//!
//! # Messages and money
//!
//! - [ ] `[guard]` is there, first with `mode = "observe"`, and its events were read ([`fleet`](super::fleet#limits)). With several processes it has `store = "redis"`.
//! - [ ] `on_outage` is a choice: what holds when the store is away.
//! - [ ] The client's IP address is the connection's, or what your own proxy says of it; [`with_client_ip`](crate::CallOptions::with_client_ip) gives it on resends.
//! - [ ] `calling_codes` lists the countries that your users come from.
//! - [ ] Forms that come twice and jobs that are delivered again send once: [`SendOnce`](crate::SendOnce), or a guard of your own before the call.
//! - [ ] Nothing calls create again by itself after `Unknown` or `Accepted`, neither a job queue nor a retrying layer around the provider.
//!
//! # Failures
//!
//! - [ ] Every page shows [`advice()`](crate::Error::advice), in your own words by its `key()` ([`failures`](super::failures)).
//! - [ ] [`OurFault`](crate::Advice::OurFault) wakes somebody.
//! - [ ] "Send again" is on the page of the code, with the countdown of [`peek`](crate::ChallengeProvider::peek).
//! - [ ] A second vendor stands in `failover`, or it was decided that none does. Its user ids and fields are given ([`switching`](super::switching#a-vendor-that-is-away)).
//! - [ ] The tests make the vendor hang, refuse, break and answer late ([`testing`](super::testing)).
//!
//! # Config and secrets
//!
//! - [ ] `auth-challenge check --config auth.toml`, or [`Config::problems`](crate::Config::problems) at the start, finds nothing, and [`Config::build`](crate::Config::build) succeeds.
//! - [ ] Secrets come from `…_env` or `…_file`, not from the file in the repository.
//! - [ ] Rotating a secret was tried: new file, reload, and the old one withdrawn at the vendor.
//! - [ ] `timeout` in `[http]` fits the page that waits for it: 10 s is long for a person. `connect_timeout` is less.
//! - [ ] [`warm_up`](crate::ChallengeProvider::warm_up) is called at the start: the first call then does not wait for the start of the cryptography, nor, within 15 s over HTTP/2, for a handshake; and a process that may not read the system's certificates later (a chroot, a sandbox) has read them.
//! - [ ] A proxy, where there is one, stands in `http.proxy`: none is taken from the environment.
//!
//! # What is seen
//!
//! - [ ] Spans and events of `auth_challenge` reach the traces and the log ([`observing`](super::observing)). None holds a code, a recipient or a secret; those of the layers below (SECURITY.md in the repository tells which) are off or looked through.
//! - [ ] [`request_id`](crate::Error::request_id) and [`vendor_message`](crate::Error::vendor_message) of errors are kept, for the vendor's support.
//! - [ ] [`health`](crate::ChallengeProvider::health) is on a dashboard: which provider is passed over, and whether the guard's store is away.
//! - [ ] Conversion by provider and calling code is on a dashboard, and somebody is woken where it falls ([`observing`](super::observing#numbers)).
//! - [ ] Authsignal's webhooks, where they are used, tell which messages did not arrive: [`authsignal::webhook`](crate::authsignal::webhook).
//! - [ ] Wire types ([`corbado::types`](crate::corbado::types) and the others) are not logged as JSON: serialising shows everything.
//!
//! # What this crate does not do
//!
//! It keeps no sessions and no users, shows no pages, and decides nothing about risk. It does not sign people in with the passkeys that they made at Dfns. It writes no messages: their text
//! and sender are set at the vendor. It keeps nothing between calls but connections, counts, intents, who failed a moment ago, and who was tried for a recipient, as keyed hashes.
