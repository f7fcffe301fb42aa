//! Prints what was measured.

use calls::callers::Level;

use crate::measure::{Counts, IN_FLIGHT, Rows, Times};

/// Prints counts alone.
pub fn counts(counts: &Counts) {
    let bare = Level::Reqwest as usize;
    head("instructions a call (reqwest: thousands; all others: share of reqwest's)");
    for ((vendor, outcome), levels) in &counts.instructions {
        let cells = levels.iter().enumerate().map(|(level, figure)| match level == bare {
            true => format!("{:.1} k", figure / 1e3),
            false => format!("{:.3}", figure / levels[bare]),
        });
        row(vendor, outcome, cells);
    }
    head("heap allocations a call (reqwest: all; all others: more than reqwest)");
    for ((vendor, outcome), levels) in &counts.allocations {
        let cells = levels.iter().enumerate().map(|(level, figure)| match level == bare {
            true => format!("{figure:.0}"),
            false => format!("{:+.0}", figure - levels[bare]),
        });
        row(vendor, outcome, cells);
    }
    println!("\nreading browser and system from a user agent: {:.0} instructions", counts.agent);
}

/// Prints everything.
pub fn whole(counted: &Counts, times: &Times, memory: &Rows<f64>) {
    counts(counted);
    for (rows, in_flight) in times.cpu.iter().zip(IN_FLIGHT) {
        head(&format!("CPU time a call, {in_flight} in flight (reqwest: microseconds; all others: share)"));
        shares(rows);
    }
    head("p99 at one in flight (reqwest: microseconds; all others: share)");
    shares(&times.p99);
    head("peak memory at 1,000 in flight (reqwest: MiB; all others: share)");
    let bare = Level::Reqwest as usize;
    for ((vendor, outcome), levels) in memory {
        let cells = levels.iter().enumerate().map(|(level, kib)| match level == bare {
            true => format!("{:.1}", kib / 1024.0),
            false => format!("{:.2}", kib / levels[bare]),
        });
        row(vendor, outcome, cells);
    }
}

fn shares(rows: &Rows<(f64, f64)>) {
    for ((vendor, outcome), levels) in rows {
        let cells = levels.iter().enumerate().map(|(level, (figure, share))| match level == Level::Reqwest as usize {
            true => format!("{figure:.1}"),
            false => format!("{share:.2}"),
        });
        row(vendor, outcome, cells);
    }
}

fn head(title: &str) {
    println!("\n{title}\n\n| | {} |", Level::ALL.map(Level::name).join(" | "));
    println!("|---|{}", "---:|".repeat(Level::ALL.len()));
}

fn row(vendor: &str, outcome: &str, cells: impl Iterator<Item = String>) {
    let outcome = if outcome == "error" { ", error" } else { "" };
    println!("| {vendor}{outcome} | {} |", cells.collect::<Vec<_>>().join(" | "));
}
