//! What maintainers do to the repository: `cargo xtask --help`.

mod api;
mod bench;
#[path = "../../build/drift/mod.rs"]
#[allow(dead_code, reason = "each program uses some of it")]
mod drift;
#[path = "../../build/rewrites.rs"]
#[allow(dead_code, reason = "the build uses the rest")]
mod rewrites;
mod run;
mod spec;
#[path = "../../build/vendors/mod.rs"]
#[allow(dead_code, reason = "the build uses the rest")]
mod vendors;

use std::{error::Error, path::Path, process::ExitCode};

use clap::{Parser, Subcommand};

/// What comes of a step, or why it did not.
type Done<T> = Result<T, Box<dyn Error>>;

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "What maintainers do to the repository")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The vendors' documents
    #[command(subcommand)]
    Spec(spec::Spec),
    /// The public interface
    #[command(subcommand)]
    Api(api::Api),
    /// What a call and a build cost; without a command all of it
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    match act() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn act() -> Done<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the crate's folder")?;
    match Arguments::parse().command {
        Command::Spec(spec) => spec::spec(root, spec),
        Command::Api(command) => api::api(root, &command),
        Command::Bench(bench) => bench::bench(root, bench),
    }
}
