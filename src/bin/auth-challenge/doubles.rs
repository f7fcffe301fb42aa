//! `auth-challenge doubles`.

use std::process::ExitCode;

/// Run the vendors' test doubles.
#[derive(clap::Args)]
pub(crate) struct Doubles {}

pub(crate) async fn run(_: Doubles) -> ExitCode {
    ExitCode::from(2)
}
