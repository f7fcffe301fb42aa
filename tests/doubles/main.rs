//! The vendors' doubles: they do as their vendors do, go wrong on demand, and survive whatever comes in.

#[path = "../support/mod.rs"]
mod support;

#[cfg(feature = "dfns-keys")]
mod actions;
#[cfg(all(feature = "cli", unix))]
mod command;
mod conformance;
#[cfg(feature = "cli")]
mod control;
#[cfg(all(feature = "corbado", feature = "authsignal", feature = "dfns"))]
mod create;
#[cfg(all(feature = "corbado", feature = "authsignal", feature = "twilio"))]
mod failover;
#[cfg(all(feature = "corbado", feature = "authsignal", feature = "dfns"))]
mod fault_sequences;
#[cfg(all(feature = "corbado", feature = "authsignal", feature = "dfns"))]
mod faults;
#[cfg(all(feature = "corbado", feature = "authsignal", feature = "dfns"))]
mod limits;
mod passkeys;
#[cfg(all(feature = "corbado", feature = "testing"))]
mod restart;
#[cfg(feature = "twilio")]
mod twilio;
#[cfg(all(feature = "corbado", feature = "testing"))]
mod users;
#[cfg(all(feature = "corbado", feature = "authsignal", feature = "dfns"))]
mod verify;
#[cfg(feature = "cli")]
mod watching;
#[cfg(all(feature = "testing", feature = "webhooks"))]
mod webhooks;
