//! Counts instructions and allocations, and measures time and memory.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use calls::{
    callers::Level,
    vendors::{Outcome, VENDORS},
    work::{Case, Prepared},
};
use cpu_time::ProcessTime;

use crate::{COUNTED, Server};

/// A vendor, an outcome, and a figure of each level.
pub type Rows<T> = BTreeMap<(&'static str, &'static str), Vec<T>>;

/// Figures that a busy machine does not change.
pub struct Counts {
    pub instructions: Rows<f64>,
    pub allocations: Rows<f64>,
    /// Instructions to read a user agent.
    pub agent: f64,
}

pub fn counts(server: &Server) -> Counts {
    let out = own("callgrind-agent");
    callgrind(&out, &["agent"]);
    let mut counts = Counts { instructions: Rows::new(), allocations: Rows::new(), agent: total(&out) / COUNTED as f64 };
    _ = fs::remove_file(&out);
    for vendor in &VENDORS {
        for outcome in Outcome::ALL {
            let key = (vendor.name, outcome.name());
            counts.instructions.insert(key, instructions(server, vendor.name, outcome.name()));
            counts.allocations.insert(key, allocations(server, vendor.name, outcome.name()));
        }
    }
    counts
}

fn said(mut command: Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn own(name: &str) -> std::path::PathBuf {
    std::env::current_exe().expect("this program").with_file_name(name)
}

/// Counts by callgrind, a process for each level.
fn instructions(server: &Server, vendor: &str, outcome: &str) -> Vec<f64> {
    let out = own(&format!("callgrind-{vendor}-{outcome}"));
    let figures = Level::ALL.map(|level| {
        callgrind(&out, &["one", &server.port, vendor, level.name(), outcome]);
        total(&out) / COUNTED as f64
    });
    _ = fs::remove_file(&out);
    figures.to_vec()
}

fn callgrind(out: &Path, arguments: &[&str]) {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--toggle-collect=*::measured*", &format!("--callgrind-out-file={}", out.display())]);
    command.arg(own("calls")).args(arguments);
    said(command);
}

fn total(path: &Path) -> f64 {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let line = text.lines().find_map(|line| line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: "))).expect("a sum");
    line.trim().parse().expect("a number")
}

/// Leaves the profile of one level in the folder of this program, for `callgrind_annotate`.
pub fn profile(server: &Server, vendor: &str, level: &str, outcome: &str) {
    let out = own(&format!("profile-{vendor}-{level}-{outcome}"));
    callgrind(&out, &["one", &server.port, vendor, level, outcome]);
    println!("callgrind_annotate {}", out.display());
}

fn allocations(server: &Server, vendor: &str, outcome: &str) -> Vec<f64> {
    let mut command = Command::new(own("allocations"));
    command.args([&server.port, vendor, outcome]);
    let output = said(command);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(|line| line.rsplit('\t').next().unwrap_or_default().parse().expect("a number")).collect()
}

pub const IN_FLIGHT: [usize; 4] = [1, 16, 256, 1_000];
const ROUNDS: usize = 7;

/// What each level took, beside reqwest in the same round.
pub struct Times {
    /// For each number in flight, CPU time of a call, in microseconds; and its share of reqwest's, the median of the rounds.
    pub cpu: Vec<Rows<(f64, f64)>>,
    /// The longest of a hundred calls, one in flight, and its share.
    pub p99: Rows<(f64, f64)>,
}

pub fn times(server: &Server) -> Times {
    let port = server.port.parse().expect("a port");
    let mut times = Times { cpu: vec![Rows::new(); IN_FLIGHT.len()], p99: Rows::new() };
    for vendor in &VENDORS {
        for outcome in Outcome::ALL {
            let levels: Vec<Prepared> = Level::ALL.into_iter().map(|level| Case { vendor, outcome, level }.prepared(port)).collect();
            let key = (vendor.name, outcome.name());
            for (rows, in_flight) in times.cpu.iter_mut().zip(IN_FLIGHT) {
                let (cpu, p99) = rounds(&levels, in_flight);
                rows.insert(key, cpu);
                if in_flight == 1 {
                    times.p99.insert(key, p99);
                }
            }
        }
    }
    times
}

/// A figure of each level, with its share of reqwest's.
type Shares = Vec<(f64, f64)>;

fn rounds(levels: &[Prepared], in_flight: usize) -> (Shares, Shares) {
    let calls = (4 * in_flight).max(4_000);
    let mut cpu = vec![Vec::new(); levels.len()];
    let mut p99 = vec![Vec::new(); levels.len()];
    for _ in 0..ROUNDS {
        for (level, prepared) in levels.iter().enumerate() {
            prepared.make(2 * in_flight, in_flight);
            let begun = ProcessTime::now();
            let mut took = prepared.make(calls, in_flight);
            cpu[level].push(begun.elapsed().as_secs_f64() * 1e6 / calls as f64);
            took.sort_unstable();
            p99[level].push(took.get(took.len() * 99 / 100).map_or(0.0, Duration::as_secs_f64) * 1e6);
        }
    }
    (shares(&cpu), shares(&p99))
}

fn shares(figures: &[Vec<f64>]) -> Shares {
    let bare = &figures[Level::Reqwest as usize];
    let share = |figures: &Vec<f64>| median(figures.iter().zip(bare).map(|(figure, bare)| figure / bare).collect());
    figures.iter().map(|figures| (median(figures.clone()), share(figures))).collect()
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Measures the peak memory of a process with a thousand calls in flight, in KiB.
pub fn memory(server: &Server) -> Rows<f64> {
    let peak = |vendor: &str, level: Level| {
        let mut command = Command::new(own("calls"));
        command.args(["hold", &server.port, vendor, level.name(), "1000"]);
        let output = said(command);
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
    };
    VENDORS.iter().map(|vendor| ((vendor.name, "success"), Level::ALL.map(|level| peak(vendor.name, level)).to_vec())).collect()
}

pub fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
