//! A login on `auth-challenge`: people sign up and sign in by e-mail code, text message or passkey.
//!
//! README.md tells what it shows, and what stands where.

mod app;
mod cookies;
#[cfg(feature = "doubles")]
mod doubles;
mod handlers;
mod numbers;
mod pages;
mod security;
mod settings;
mod store;
mod taken;
mod told;
mod vendors;
mod webauthn;

pub use app::{Failed, Running, start};
pub use settings::Settings;
