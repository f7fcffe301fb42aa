//! What a call costs, as `benches/calls` measures it.

use std::{path::Path, process::Command};

use figures::{Counts, First, Row};

use crate::{
    Done,
    run::{cargo, output},
};

/// Counts instructions and allocations.
pub(crate) fn counts(root: &Path, vendors: &[String]) -> Done<Counts> {
    // Said here, since it would be the last word of many otherwise.
    output(Command::new("valgrind").arg("--version"))
        .map_err(|error| format!("{error}: instructions are counted by valgrind (on Debian: apt-get install valgrind)"))?;
    let said = output(calls(root)?.arg("counts").args(vendors))?;
    Ok(serde_json::from_str(&said)?)
}

/// Measures time and memory.
pub(crate) fn times(root: &Path, rounds: u32, vendors: &[String]) -> Done<Vec<Row>> {
    let said = output(calls(root)?.arg("times").arg(rounds.to_string()).args(vendors))?;
    Ok(serde_json::from_str(&said)?)
}

/// Measures the first call over TLS, in so many processes of each kind.
pub(crate) fn first(root: &Path, rounds: u32) -> Done<First> {
    let said = output(calls(root)?.arg("first").arg(rounds.to_string()))?;
    Ok(serde_json::from_str(&said)?)
}

/// Builds the programs, and gives the one that measures.
fn calls(root: &Path) -> Done<Command> {
    let folder = root.join("benches/calls");
    output(&mut cargo(&folder, &["build", "--release", "--locked"]))?;
    Ok(cargo(&folder, &["run", "--quiet", "--release", "--locked", "--bin", "calls", "--"]))
}
