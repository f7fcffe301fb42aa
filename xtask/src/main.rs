//! What maintainers do to the repository: `cargo xtask --help`.

mod spec;

use std::{error::Error, path::Path};

use clap::{Parser, Subcommand};

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
}

#[derive(Subcommand)]
enum Spec {
    /// Writes each specs/<vendor>.yaml as JSON beside it, which is what the build reads
    Pack,
}

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the crate's folder")?;
    match Arguments::parse().command {
        Command::Spec(Spec::Pack) => spec::pack(&root.join("specs")),
    }
}
