//! Test doubles of the vendors: real HTTP on loopback, held against the vendors' own documents.
//!
//! | to test | take |
//! |---|---|
//! | a login from end to end | the vendor's double, one of the structs `…Double` below |
//! | the same at every vendor | [`Double::start`] for each of [`DoubleEntry::ALL`] |
//! | one handler, without any I/O | [`Scripted`] |
//! | a provider of your own | [`conformance`] |
//! | what a browser does with a passkey | [`Passkey`] |
//!
//! A double checks every request against the vendor's document ([`Violations`]), answers as the vendor does, remembers what it "sent"
//! ([`Outbox`]), goes by a [`Clock`] that tests set, and goes wrong on demand ([`Fault`]). What the doubles have in common is [`Double`].
//!
//! The `HEAD` by which [`warm_up`](crate::ChallengeProvider::warm_up) opens a connection is among a double's [`Requests`], but no call: it is no violation, and no fault is used up by it.

#![cfg_attr(
    not(all(every_vendor, feature = "cli")),
    allow(dead_code, unused_imports, reason = "a vendor or the control port, which are compiled out, need it")
)]

mod authenticator;
mod builder;
mod clock;
mod codes;
pub mod conformance;
mod contract;
#[cfg(feature = "cli")]
mod control;
mod digest;
mod double;
mod faults;
mod fresh;
mod observe;
mod operation;
mod pem;
mod scripted;
mod seed;
mod server;
mod state_file;
mod store;
mod text;
mod vendors;
mod weight;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use authenticator::{Passkey, PasskeyError};
pub use builder::DoubleBuilder;
pub use clock::Clock;
#[cfg(feature = "cli")]
pub use control::Control;
pub use double::Double;
pub use faults::Fault;
pub use observe::{ChallengeState, Challenges, Entries, Event, KnownChallenge, Message, Outbox, ReceivedRequest, Requests, SpecViolation, Violations};
pub use operation::{Operation, UnknownOperation};
pub use scripted::Scripted;
pub use seed::Seed;
pub use state_file::StateFile;
pub use vendors::*;

/// Locks, whatever became of the thread that held the lock before.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
