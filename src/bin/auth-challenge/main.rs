//! The command line of auth-challenge: for trying credentials, for scripts and for tests.
//!
//! The result, an error too, is one JSON object on standard output; messages and logs go to standard error.

mod capabilities;
mod challenge;
mod check;
mod config;
mod create;
mod doubles;
#[path = "../../../build/drift/mod.rs"]
#[allow(dead_code, reason = "each program uses some of it")]
mod drift;
mod handle;
mod lines;
mod manual;
mod output;
mod resend;
#[path = "../../../build/rewrites.rs"]
#[allow(dead_code, reason = "the build uses the rest")]
mod rewrites;
mod spec;
mod usage;
#[path = "../../../build/vendors/mod.rs"]
#[allow(dead_code, reason = "the build uses the rest")]
mod vendors;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

/// Asks a vendor to challenge a person, and checks the answer.
#[derive(Parser)]
#[command(version, after_help = "RUST_LOG=warn logs to standard error what goes wrong on the way, failovers too; RUST_LOG=debug every call.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Print the JSON over several lines.
    #[arg(long, global = true, display_order = 1000)]
    pretty: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Send a code or link, or ask for the challenge of a new credential.
    Create(Box<create::Create>),
    /// Check an answer.
    Verify(verify::Verify),
    /// Send an existing challenge once more, where the vendor can.
    Resend(resend::Resend),
    /// Show what the providers can do.
    Capabilities(capabilities::Capabilities),
    /// Show every mistake in a config, without network.
    Check(check::Check),
    /// Run the vendors' test doubles until SIGINT or SIGTERM.
    ///
    /// Piped, or with --json, the first line on stdout is a JSON object that tells where each is reached and with what credentials, and a config for all of them.
    /// Then comes a line for each message that was "sent" and for each place where a request was not as the vendor's document says. Lines that
    /// nobody reads in time are lost; a line counts them. The doubles end at the first line that cannot be written, since nobody reads any more.
    Doubles(doubles::Doubles),
    /// Look into the vendors' documents.
    Spec(spec::Spec),
    /// Print completions for a shell.
    Completions(manual::Completions),
    /// Print the manual pages, for man.
    Man,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage::finish(&error, &Arguments::command()),
    };
    log();
    let printer = output::Printer { pretty: arguments.pretty };
    match arguments.command {
        Command::Create(create) => printer.finish(create.run().await),
        Command::Verify(verify) => printer.finish(verify.run().await),
        Command::Resend(resend) => printer.finish(resend.run().await),
        Command::Capabilities(capabilities) => printer.finish(capabilities.run()),
        Command::Check(check) => printer.finish(check.run()),
        Command::Doubles(doubles) => doubles::run(doubles).await,
        Command::Spec(spec) => printer.finish(spec.run()),
        Command::Completions(completions) => completions.run(Arguments::command()),
        Command::Man => manual::man(Arguments::command()),
    }
}

/// Logs to standard error as `RUST_LOG` wants it. Where nobody reads that any more, the command goes on.
fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|error| {
        if std::env::var_os(EnvFilter::DEFAULT_ENV).is_some_and(|filter| !filter.is_empty()) {
            output::say(format_args!("RUST_LOG cannot be read: {error}"));
        }
        EnvFilter::default()
    });
    let colour = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour).log_internal_errors(false).init();
}
