//! Counts instructions and allocations.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use calls::vendors::chosen;
use figures::{Cost, Counts, Level, Outcome, Row, What};

use crate::{
    COUNTED,
    process::{Server, own, said},
};

/// Counts what a call costs with these vendors, or with all where none is named.
pub fn counts(server: &Server, vendors: &[&str]) -> Counts {
    let mut rows = Vec::new();
    for vendor in chosen(vendors) {
        for outcome in Outcome::ALL {
            let row = |what, values: Vec<f64>| {
                let bare = values[Level::Reqwest as usize];
                let levels = Level::ALL.into_iter().zip(values).map(|(level, value)| (level, Cost::new(value, value / bare))).collect();
                Row { what, in_flight: 1, vendor: vendor.name.to_owned(), outcome, levels }
            };
            rows.push(row(What::Instructions, instructions(server, vendor.name, outcome.name())));
            rows.push(row(What::Allocations, allocations(server, vendor.name, outcome.name())));
        }
    }
    let user_agent = counted(&own("callgrind-agent"), &["agent"]);
    Counts { rows, user_agent }
}

/// Counts by callgrind, a process for each level.
fn instructions(server: &Server, vendor: &str, outcome: &str) -> Vec<f64> {
    let out = own(&format!("callgrind-{vendor}-{outcome}"));
    Level::ALL.map(|level| counted(&out, &["one", &server.port, vendor, level.name(), outcome])).to_vec()
}

fn counted(out: &Path, arguments: &[&str]) -> f64 {
    callgrind(out, arguments);
    let text = fs::read_to_string(out).unwrap_or_else(|error| panic!("{}: {error}", out.display()));
    _ = fs::remove_file(out);
    let line = text.lines().find_map(|line| line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: "))).expect("a sum");
    line.trim().parse::<f64>().expect("a number") / COUNTED as f64
}

fn callgrind(out: &Path, arguments: &[&str]) {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--toggle-collect=*::measured*", &format!("--callgrind-out-file={}", out.display())]);
    command.arg(own("calls")).args(arguments);
    said(command);
}

/// Leaves the profile of one level beside this program, for `callgrind_annotate`.
pub fn profile(server: &Server, vendor: &str, level: &str, outcome: &str) -> PathBuf {
    let out = own(&format!("profile-{vendor}-{level}-{outcome}"));
    callgrind(&out, &["one", &server.port, vendor, level, outcome]);
    out
}

fn allocations(server: &Server, vendor: &str, outcome: &str) -> Vec<f64> {
    let mut command = Command::new(own("allocations"));
    command.args([&server.port, vendor, outcome]);
    said(command).lines().map(|line| line.rsplit('\t').next().unwrap_or_default().parse().expect("a number")).collect()
}
