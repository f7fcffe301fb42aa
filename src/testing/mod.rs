//! Test doubles of the vendors: real HTTP on loopback, held against the vendors' own documents.
//!
//! | to test | take |
//! |---|---|
//! | a login from end to end | [`CorbadoDouble`], [`AuthsignalDouble`], [`DfnsDouble`] |
//! | one handler, without any I/O | [`Scripted`] |
//! | a provider of your own | [`conformance`] |
//!
//! A double checks every request against the vendor's document ([`Violations`]), answers as the vendor does, remembers what it "sent"
//! ([`Outbox`]), goes by a [`Clock`] that tests set, and goes wrong on demand ([`Fault`]). What the doubles have in common is [`Double`].

#![cfg_attr(
    not(all(feature = "corbado", feature = "authsignal", feature = "dfns")),
    allow(dead_code, unused_imports, unused_macros, reason = "what doubles are made of is there, but not every double")
)]

mod clock;
mod common;
pub mod conformance;
mod contract;
mod control;
mod double;
mod fault;
mod fresh;
mod front;
mod journal;
mod operation;
mod outbox;
mod received;
mod reply;
mod scripted;
mod server;
mod store;
mod wire;

#[cfg(feature = "authsignal")]
mod authsignal;
#[cfg(feature = "corbado")]
mod corbado;
#[cfg(feature = "dfns")]
mod dfns;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use clock::Clock;
pub use contract::{SpecViolation, Violations};
pub use control::Control;
pub use double::Double;
pub use fault::Fault;
pub use journal::Event;
pub use operation::{Operation, UnknownOperation};
pub use outbox::{Message, Outbox};
pub use received::{Received, Requests};
pub use scripted::Scripted;

#[cfg(feature = "authsignal")]
pub use authsignal::{AuthsignalDouble, AuthsignalDoubleBuilder};
#[cfg(feature = "corbado")]
pub use corbado::{CorbadoDouble, CorbadoDoubleBuilder};
#[cfg(feature = "dfns")]
pub use dfns::{DfnsDouble, DfnsDoubleBuilder};

/// Locks, whatever became of the thread that held the lock before.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
