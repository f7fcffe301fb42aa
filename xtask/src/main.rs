//! What maintainers do to the repository: `cargo xtask --help`.

mod bench;
mod run;
mod spec;

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
    Spec(Spec),
    /// What a call and a build cost; without a command all of it
    Bench(bench::Bench),
}

#[derive(Subcommand)]
enum Spec {
    /// Writes each specs/<vendor>.yaml as JSON beside it, which is what the build reads
    Pack,
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
        Command::Spec(Spec::Pack) => spec::pack(&root.join("specs")).map(|()| ExitCode::SUCCESS),
        Command::Bench(bench) => bench::bench(root, bench),
    }
}
