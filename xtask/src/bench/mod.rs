//! What a call and a build cost: measured, told, drawn, and held against what they cost before.

mod baselines;
mod build;
mod calls;
mod chart;
mod crates;
mod results;
mod text;

use std::{fs, path::Path, process::ExitCode};

use baselines::Baselines;
use clap::{Args, Subcommand};
use figures::Counts;
use results::{Results, measured};

use crate::Done;

#[derive(Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    command: Option<Command>,
    /// Prints what was measured as JSON, not as text
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Measures what a call costs beside bare reqwest; writes benches/results.json, the chart, and the tables of benches/README.md
    Calls {
        /// Counts instructions and allocations only, which a busy machine does not change
        #[arg(long)]
        counts: bool,
        /// In how many rounds times are measured
        #[arg(long, default_value_t = ROUNDS)]
        rounds: u32,
        /// Only this vendor's, and writes nothing; may be given again
        #[arg(long)]
        vendor: Vec<String>,
    },
    /// Measures the first call over TLS, cold and warmed up; writes the same files
    First,
    /// Measures what a build costs: crates, a cold build, a build after a change, size; writes the same files
    Build {
        /// Only this part, and writes nothing; may be given again
        #[arg(long)]
        part: Vec<build::Part>,
    },
    /// Holds instructions, allocations and crates against benches/baselines.json, and fails where one grew
    Check,
    /// Counts the same and writes benches/baselines.json, and all that `calls --counts` writes; prints what is other than before
    Renew,
    /// Measures nothing; draws the chart and writes the tables of what was measured last
    Tell,
}

const ROUNDS: u32 = 7;
/// In how many processes of each kind the first call is measured.
const PROCESSES: u32 = 25;

pub(crate) fn bench(root: &Path, bench: Bench) -> Done<ExitCode> {
    let mut new = Results::default();
    let counted_now = |counts: &Counts| Done::Ok(Baselines::new(results::rustc()?, counts, crates::counted(root)?));
    match bench.command {
        None => {
            // Kept one by one: what fails late costs nothing that was measured before.
            let counts = Some(measured(root, || calls::counts(root, &[]))?);
            keep(root, Results { counts, ..Results::default() })?;
            let times = Some(measured(root, || calls::times(root, ROUNDS, &[]))?);
            keep(root, Results { times, ..Results::default() })?;
            let first = Some(measured(root, || calls::first(root, PROCESSES))?);
            keep(root, Results { first, ..Results::default() })?;
            let build = Some(measured(root, || build::built(root, &[]))?);
            new = keep(root, Results { build, ..Results::default() })?;
        }
        Some(Command::Calls { counts, rounds, vendor }) => {
            new.counts = Some(measured(root, || calls::counts(root, &vendor))?);
            if !counts {
                new.times = Some(measured(root, || calls::times(root, rounds, &vendor))?);
                new.first = Some(measured(root, || calls::first(root, PROCESSES))?);
            }
            if vendor.is_empty() {
                keep(root, new.clone())?;
            }
        }
        Some(Command::First) => {
            new.first = Some(measured(root, || calls::first(root, PROCESSES))?);
            keep(root, new.clone())?;
        }
        Some(Command::Build { part }) => {
            new.build = Some(measured(root, || build::built(root, &part))?);
            if part.is_empty() {
                keep(root, new.clone())?;
            }
        }
        Some(Command::Check) => {
            let counts = calls::counts(root, &[])?;
            let now = counted_now(&counts)?;
            let comparison = results::read::<Baselines>(&root.join(BASELINES))?.compared(&now);
            print!("{}", comparison.told());
            if comparison.holds() {
                return Ok(ExitCode::SUCCESS);
            }
            println!("Where that is meant: cargo xtask bench renew");
            return Ok(ExitCode::FAILURE);
        }
        Some(Command::Renew) => {
            let counts = measured(root, || calls::counts(root, &[]))?;
            let now = counted_now(&counts.figures)?;
            print!("{}", results::read::<Baselines>(&root.join(BASELINES))?.compared(&now).told());
            results::write(&root.join(BASELINES), &now)?;
            new.counts = Some(counts);
            keep(root, new)?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Command::Tell) => new = keep(root, new)?,
    }
    print(&new, bench.json)?;
    Ok(ExitCode::SUCCESS)
}

const BASELINES: &str = "benches/baselines.json";

fn print(results: &Results, as_json: bool) -> Done<()> {
    match as_json {
        true => println!("{}", serde_json::to_string_pretty(results)?),
        false => print!("{}", text::text(results)),
    }
    Ok(())
}

/// Writes what was measured beside what was not measured now, and what is drawn and told of it; gives all of it.
fn keep(root: &Path, new: Results) -> Done<Results> {
    let path = root.join("benches/results.json");
    let old: Results = results::read(&path)?;
    let results = Results { counts: new.counts.or(old.counts), times: new.times.or(old.times), first: new.first.or(old.first), build: new.build.or(old.build) };
    results::write(&path, &results)?;
    if let Some(counts) = &results.counts {
        chart::draw(&root.join("benches/calls.svg"), &counts.figures)?;
    }
    let readme = root.join("benches/README.md");
    let told = text::placed(&fs::read_to_string(&readme)?, &text::text(&results))?;
    fs::write(readme, told)?;
    Ok(results)
}
