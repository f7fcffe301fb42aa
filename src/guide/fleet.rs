//! Fleet: limits and "at most one message" in many processes.
//!
//! A handle is checked on any instance, so nothing is needed for logins to work in a fleet. Two things are counted in each process by itself, unless they are shared
//! over Redis or Valkey: limits, and which messages were sent.
//!
//! # Limits
//!
//! Who asks for messages costs you money, and who guesses codes gets in. A guard stands before the vendor and refuses too much of either.
//!
//! ```toml
//! [guard]
//! per_recipient = "5 per 10m"
//! per_ip = "30 per 1h"                        # an IPv6 address counts as its /64
//! wrong_codes = 5                             # tries at one challenge
//! unverified_per_calling_code = "20 per 1h"   # messages whose code nobody gave
//! unverified_calling_codes_per_ip = "3 per 1h"
//! calling_codes = ["+49", "+64"]              # messages go nowhere else
//! exempt_prefixes = ["qa-"]                   # your own tests' recipients
//! mode = "observe"                            # decide and tell, refuse nothing; then "enforce"
//! store = "redis"                             # in all processes; without it in this one
//! redis_url_env = "REDIS_URL"
//! hash_key_env = "GUARD_HASH_KEY"             # at least 32 characters
//! on_outage = "local"                         # or "refuse", "allow"
//! ```
//!
//! What counts as one recipient, one client and one try is told at [`Limits`](crate::Limits). A refused message is [`ErrorKind::Throttled`](crate::ErrorKind::Throttled), `NotSent`; a refused
//! try is a rejected answer, [`Reason::TooManyAttempts`](crate::Reason::TooManyAttempts).
//!
//! `unverified_per_calling_code` is against people who earn by messages to expensive numbers ("SMS pumping"). They ask for codes that nobody gives; a right code takes the messages to its
//! recipient off the count. Whoever fills the limit turns everybody of that calling code away for the rest of the hour, so it has to be well above what honest people leave unanswered, and
//! `unverified_calling_codes_per_ip` beside it stops one client that tries country after country.
//!
//! **Begin with `mode = "observe"`**, and read what the limits would have refused. Every decision is one event of `auth_challenge::guard`: `decision` (`allowed`, `refused`, `would_refuse`) and `rule`, of
//! a limit with `count` (before this one) and `limit` too, and `wait_s` where there is no place for a while; refusals, real or would-be, at `info`, the rest at `debug`, and nothing personal in any. Where
//! several rules are full, it names the one that lasts the longest.
//!
//! **The store** holds keyed hashes, each with its end, and decides by one script in one round trip, by the server's clock: no process gets between another one's reading and writing. A decision
//! has 250 ms. Where the server does not answer in time, or says no, `on_outage` holds: `local` counts in each process, `refuse` sends nothing, `allow` lets all pass. The log tells once that an
//! outage began and once that it ended; meanwhile [`health`](crate::ChallengeProvider::health) lists `guard` with the failure: `Connect` or `Timeout` for a server that is away, `Authentication` for a wrong password. In a
//! cluster give the URL of the node that holds the slot of `{auth-challenge}`: redirects are not followed.
//!
//! `exempt_hashes` takes recipients out of the limits without naming them: see [`with_exempt_hashes`](crate::Limits::with_exempt_hashes). A guard of your own implements [`Guard`](crate::Guard).
//!
//! # One message for one intent
//!
//! A browser sends a form twice, a queue delivers a job again, a process is killed between the vendor's answer and the session: each may send a second message. [`SendOnce`](crate::SendOnce)
//! sends one.
//!
//! ```
//! use std::sync::Arc;
//! use auth_challenge::*;
//!
//! /// Once, into the application's state. In a fleet with RedisIntents::new(url)?, or a table of your database (IntentStore).
//! fn once(provider: Arc<dyn ChallengeProvider>, key: Secret) -> Result<SendOnce, Error> {
//!     SendOnce::new(provider, Arc::new(LocalIntents::new()), key)
//! }
//!
//! /// For each message: the intent is whose it is, the step, and the number of the try.
//! async fn start(auth: &SendOnce, session: &str, number: u32, request: &ChallengeRequest) -> Result<Challenge, Error> {
//!     let options = CallOptions::default().with_intent(format!("{session} login {number}"));
//!     auth.create_with(request, &options).await
//! }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! # let vendor = testing::AuthsignalDouble::start().await;
//! # let request = vendor.person("jane@doe.com");
//!
//! let auth = once(vendor.provider(), Secret::new("32 characters or more, kept as you keep passwords"))?;
//! let first = start(&auth, "session-7", 1, &request).await?;
//! let repeated = start(&auth, "session-7", 1, &request).await?;  // the form came twice
//! assert_eq!((first.id(), vendor.outbox().len()), (repeated.id(), 1));
//! start(&auth, "session-7", 2, &request).await?;                 // the person asked for another one
//! assert_eq!(vendor.outbox().len(), 2);
//! # Ok(()) }
//! ```
//!
//! Or in a config, around the provider and its guard:
//!
//! ```toml
//! [send_once]
//! store = "redis"
//! redis_url_env = "REDIS_URL"
//! key_env = "SEND_ONCE_KEY"                   # at least 32 characters
//! ```
//!
//! | the same intent again | gives |
//! |---|---|
//! | after a challenge was made | that challenge, from any process, for a day, also when it has expired or was answered. It uses up no limit |
//! | while the first call is under way | what becomes of that |
//! | with another request | [`Conflict`](crate::ErrorKind::Conflict) |
//! | after a process died with the message on its way | `Unknown`, from then on: nobody can know. Offer "send again", with the next number in the intent |
//! | after an error that says `NotSent` or `Refused` | a new try |
//!
//! - `NotSent` is said of this call, not of the intent. Repeat it with the **same** intent, for an earlier call may have sent.
//! - Where Redis is away nothing is sent: `Throttled`, `NotSent`.
//! - The promise needs a server that loses nothing: `appendonly yes`, `appendfsync always`, `maxmemory-policy noeviction`.
//! - A failover within one call is one send, unless `failover_when = "unknown"`, which a config refuses beside `[send_once]`.
//!
//! # Secrets that change
//!
//! With `api_secret_file` and its like, and [`Reloadable`](crate::Reloadable), every process reads its config again when it is told to (`examples/reload.rs`). The keys of guard and intents are
//! another matter: with a new `hash_key` all counts begin anew, and with a new `key` of `[send_once]` every intent is a new one. Change those when nothing is under way.
//!
//! `examples/fleet.rs` runs in several processes at once, and shows that they let pass what the limits allow.
