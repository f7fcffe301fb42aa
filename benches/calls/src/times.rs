//! Measures time and memory, which want a quiet machine.

use std::{fs, process::Command, time::Duration};

use calls::{
    vendors::{Vendor, chosen},
    work::{Case, Prepared},
};
use cpu_time::ProcessTime;
use figures::{Cost, Level, Outcome, Row, What};

use crate::process::{Server, own, said};

const IN_FLIGHT: [usize; 4] = [1, 16, 256, 1_000];
/// Of how many parts a round is.
const PARTS: usize = 20;

/// Measures, in so many rounds, what a call takes with these vendors, or with all where none is named.
pub fn times(server: &Server, rounds: usize, vendors: &[&str]) -> Vec<Row> {
    let port = server.port.parse().expect("a port");
    let mut rows = Vec::new();
    for vendor in chosen(vendors) {
        for outcome in Outcome::ALL {
            let prepared: Vec<Prepared> = Level::ALL.into_iter().map(|level| Case { vendor, outcome, level }.prepared(port)).collect();
            for in_flight in IN_FLIGHT {
                let (cpu, p99) = timed(&prepared, rounds, in_flight);
                rows.push(row(What::CpuMicros, in_flight, vendor, outcome, &cpu));
                if in_flight == 1 {
                    rows.push(row(What::P99Micros, in_flight, vendor, outcome, &p99));
                }
            }
        }
        let in_flight = 1_000;
        // The least: what a program needs. An allocator now and then keeps 20 MiB more, of any of them.
        let least = |level| (0..rounds).map(|_| peak(server, vendor, level, in_flight)).min_by(f64::total_cmp).unwrap_or_default();
        let peaks: Vec<_> = Level::ALL.into_iter().map(|level| vec![least(level)]).collect();
        rows.push(row(What::PeakKib, in_flight, vendor, Outcome::Success, &peaks));
    }
    rows
}

/// The figures of each level, one of each round.
type Rounds = Vec<Vec<f64>>;

/// Makes a row of medians: of the figures, and of their shares of reqwest's in the same round.
fn row(what: What, in_flight: usize, vendor: &Vendor, outcome: Outcome, rounds: &Rounds) -> Row {
    let bare = &rounds[Level::Reqwest as usize];
    let cost = |figures: &Vec<f64>| {
        let share = median(figures.iter().zip(bare).map(|(figure, bare)| figure / bare).collect());
        Cost::new(median(figures.clone()), share)
    };
    let levels = Level::ALL.into_iter().zip(rounds.iter().map(cost)).collect();
    Row { what, in_flight, vendor: vendor.name.to_owned(), outcome, levels }
}

pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Gives CPU time of a call and p99, in microseconds. Each round goes to and fro between the levels in small parts, so that what slows the machine
/// for a while slows all of them.
fn timed(levels: &[Prepared], rounds: usize, in_flight: usize) -> (Rounds, Rounds) {
    let calls = in_flight.max(200);
    let mut cpu = vec![Vec::new(); levels.len()];
    let mut p99 = vec![Vec::new(); levels.len()];
    levels.iter().for_each(|level| drop(level.make(2 * in_flight, in_flight)));
    for _ in 0..rounds {
        let mut used = vec![Duration::ZERO; levels.len()];
        let mut took = vec![Vec::new(); levels.len()];
        for part in 0..PARTS {
            let mut order: Vec<_> = levels.iter().zip(&mut used).zip(&mut took).collect();
            if part % 2 == 1 {
                order.reverse();
            }
            for ((level, used), took) in order {
                let begun = ProcessTime::now();
                took.append(&mut level.make(calls, in_flight));
                *used += begun.elapsed();
            }
        }
        for ((cpu, p99), (used, mut took)) in cpu.iter_mut().zip(&mut p99).zip(used.into_iter().zip(took)) {
            cpu.push(used.as_secs_f64() * 1e6 / (PARTS * calls) as f64);
            took.sort_unstable();
            p99.push(took.get(took.len() * 99 / 100).map_or(0.0, Duration::as_secs_f64) * 1e6);
        }
    }
    (cpu, p99)
}

/// Measures the peak memory of a process with so many calls in flight, in KiB.
fn peak(server: &Server, vendor: &Vendor, level: Level, in_flight: usize) -> f64 {
    let mut command = Command::new(own("calls"));
    command.args(["hold", &server.port, vendor.name, level.name(), &in_flight.to_string()]);
    said(command).trim().parse().expect("a number")
}

pub fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
