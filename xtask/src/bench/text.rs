//! What was measured, as tables.

use figures::{Cost, Counts, First, Level, Outcome, Row, What};

use super::{
    build::{App, Built},
    results::{Conditions, Measured, Results, Took},
};
use crate::Done;

const BEGIN: &str = "<!-- what follows is written by `cargo xtask bench` -->\n";
const END: &str = "<!-- what was written by `cargo xtask bench` ends -->";

/// Puts the tables where a document has its place for them.
pub(crate) fn placed(document: &str, tables: &str) -> Done<String> {
    let places = document.split_once(BEGIN).and_then(|(head, rest)| Some((head, rest.split_once(END)?.1)));
    let (head, tail) = places.ok_or_else(|| format!("no place for the tables, which begins with {BEGIN}"))?;
    Ok(format!("{head}{BEGIN}{tables}\n{END}{tail}"))
}

/// Tells everything that was measured.
pub(crate) fn text(results: &Results) -> String {
    let mut text = String::new();
    if let Some(counts) = &results.counts {
        text += &headed("Instructions and allocations", &counts.conditions);
        text += &counted(&counts.figures);
    }
    if let Some(times) = &results.times {
        text += &headed("Time and memory", &times.conditions);
        text += &timed(times);
    }
    if let Some(first) = &results.first {
        text += &headed("The first call over TLS", &first.conditions);
        text += &firsts(&first.figures);
    }
    if let Some(build) = &results.build {
        text += &headed("Builds", &build.conditions);
        text += &built(&build.figures);
    }
    text
}

fn headed(title: &str, on: &Conditions) -> String {
    format!(
        "\n#### {title}\n\n{}: {}, {} cores, {}, Rust {}, reqwest {}; load average {} before and {} after.\n",
        on.date, on.cpu, on.cores, on.system, on.rustc, on.reqwest, on.load_before, on.load_after
    )
}

fn counted(counts: &Counts) -> String {
    let mut text = "\nInstructions a call; of reqwest in thousands, of all others their share of reqwest's:\n\n".to_owned();
    text += &levels(of(&counts.rows, What::Instructions, 1), |cost| format!("{:.1} k", cost.value / 1e3), |cost, _| format!("{:.3}", cost.share));
    text += "\nHeap allocations a call; of reqwest all, of all others how many more:\n\n";
    text += &levels(of(&counts.rows, What::Allocations, 1), |cost| format!("{:.0}", cost.value), |cost, bare| format!("{:+.0}", cost.value - bare.value));
    text + &format!("\nReading browser and system from a user agent: {:.0} instructions.\n", counts.user_agent)
}

fn timed(times: &Measured<Vec<Row>>) -> String {
    let rows = &times.figures;
    let share = |cost: &Cost, _: &Cost| format!("{:.2}", cost.share);
    let micros = |cost: &Cost| format!("{:.1}", cost.value);
    let mut in_flight: Vec<usize> = rows.iter().filter(|row| row.what == What::CpuMicros).map(|row| row.in_flight).collect();
    in_flight.sort_unstable();
    in_flight.dedup();
    let mut text = String::new();
    for number in in_flight {
        text += &format!("\nCPU time a call, {number} in flight; of reqwest in microseconds, of all others their share of reqwest's:\n\n");
        text += &levels(of(rows, What::CpuMicros, number), micros, share);
    }
    text += "\nWhat 99 of 100 calls are shorter than, one in flight; of reqwest in microseconds, of all others their share of reqwest's:\n\n";
    text += &levels(of(rows, What::P99Micros, 1), micros, share);
    text += "\nPeak memory of a process, 1,000 in flight; of reqwest in MiB, of all others their share of reqwest's:\n\n";
    text + &levels(of(rows, What::PeakKib, 1_000), |cost| format!("{:.1}", cost.value / 1024.0), share)
}

fn firsts(first: &First) -> String {
    let rows = [("the first call of a process", first.cold), ("the first call, after `warm_up`", first.warmed), ("later calls", first.later)];
    let rows = rows.map(|(what, micros)| vec![what.to_owned(), format!("{:.2}", micros / 1e3)]);
    format!("\nA create over HTTP/2 and TLS on loopback, medians:\n\n{}", table(&["", "ms"], rows.to_vec()))
}

fn of(rows: &[Row], what: What, in_flight: usize) -> impl Iterator<Item = &Row> {
    rows.iter().filter(move |row| row.what == what && row.in_flight == in_flight)
}

/// Makes a table with a column for each level.
fn levels<'a>(rows: impl Iterator<Item = &'a Row>, bare: impl Fn(&Cost) -> String, other: impl Fn(&Cost, &Cost) -> String) -> String {
    let cells = |row: &Row| {
        let name = match row.outcome {
            Outcome::Success => row.vendor.clone(),
            Outcome::Error => format!("{}, error", row.vendor),
        };
        let cell = |level: Level| match (level, row.levels.get(&level), row.levels.get(&Level::Reqwest)) {
            (Level::Reqwest, Some(cost), _) => bare(cost),
            (_, Some(cost), Some(reqwest)) => other(cost, reqwest),
            _ => String::new(),
        };
        std::iter::once(name).chain(Level::ALL.map(cell)).collect()
    };
    let head: Vec<&str> = std::iter::once("").chain(Level::ALL.map(Level::name)).collect();
    table(&head, rows.map(cells).collect())
}

fn built(built: &Built) -> String {
    let bare = built.size_of_bare();
    let cells = |app: &App| {
        let seconds = |seconds: f64| format!("{seconds:.1}");
        vec![
            app.name.clone(),
            app.crates.map(|crates| crates.to_string()).unwrap_or_default(),
            app.cold.map(|took| seconds(took.cpu)).unwrap_or_default(),
            app.cold.map(|took| seconds(took.wall)).unwrap_or_default(),
            app.release_bytes.map(|bytes| format!("{:.2}", bytes as f64 / 1024.0 / 1024.0)).unwrap_or_default(),
            app.release_bytes.zip(bare).map(|(bytes, bare)| format!("{:+.0}", (bytes as f64 - bare as f64) / 1024.0)).unwrap_or_default(),
        ]
    };
    let head = ["application with", "crates", "cold, CPU s", "cold, s", "size, MiB", "over reqwest's, KiB"];
    let mut text = format!("\n{}", table(&head, built.apps.iter().map(cells).collect()));
    if let Some(again) = &built.again {
        let row = |what: &str, took: Took| vec![what.to_owned(), format!("{:.1}", took.cpu), format!("{:.1}", took.wall)];
        let rows = vec![row("a document in specs/", again.spec), row("src/lib.rs", again.source)];
        text += &format!("\n{}", table(&["built again after a touch of", "CPU s", "s"], rows));
    }
    text
}

/// Makes a table: names on the left, figures on the right.
pub(crate) fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head: Vec<String> = head.iter().map(|&cell| cell.to_owned()).collect();
    let rule = format!("|---|{}\n", "---:|".repeat(head.len().saturating_sub(1)));
    line(&head) + &rule + &rows.iter().map(|row| line(row)).collect::<String>()
}
