//! Configs: from files, JSON and the environment, good and bad.

#[path = "../support/mod.rs"]
mod support;

mod clients;
#[cfg(feature = "toml")]
mod environment;
#[cfg(feature = "toml")]
mod good;
#[cfg(feature = "toml")]
mod problems;
