//! The application over HTTP, on its test doubles; the trial in a browser stands in trials/login.
#![cfg(feature = "doubles")]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may")]

mod codes;
mod numbers;
mod passkeys;
mod security;
mod support;
