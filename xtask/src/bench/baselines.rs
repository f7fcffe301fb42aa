//! What must not grow: benches/baselines.json, and what was counted now beside it.

use std::collections::{BTreeMap, BTreeSet};

use figures::{Counts, Level, What};
use serde::{Deserialize, Serialize};

use super::text::table;

/// Figures that no machine changes, by kind and name.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Baselines {
    /// The compiler that they were counted with, which alone may change some of them.
    rustc: String,
    figures: BTreeMap<Kind, BTreeMap<String, f64>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// Instructions as a share of reqwest's in the same run.
    InstructionsShare,
    /// Allocations over reqwest's.
    AllocationsMore,
    Crates,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::InstructionsShare => "instructions, share of reqwest's",
            Self::AllocationsMore => "allocations more than reqwest's",
            Self::Crates => "crates",
        }
    }

    /// What a figure may grow by. Shares differ by up to 0.008 from run to run, and a reply that comes in two pieces may cost an allocation.
    fn tolerance(self) -> f64 {
        match self {
            Self::InstructionsShare => 0.02,
            Self::AllocationsMore => 1.0,
            Self::Crates => 0.0,
        }
    }

    fn written(self, figure: Option<f64>) -> String {
        match (self, figure) {
            (_, None) => "–".to_owned(),
            (Self::InstructionsShare, Some(figure)) => format!("{figure:.3}"),
            (Self::AllocationsMore, Some(figure)) => format!("{figure:+.0}"),
            (Self::Crates, Some(figure)) => format!("{figure:.0}"),
        }
    }
}

impl Baselines {
    pub(crate) fn new(rustc: String, counts: &Counts, crates: BTreeMap<String, f64>) -> Self {
        let mut figures = BTreeMap::from([(Kind::Crates, crates)]);
        for row in &counts.rows {
            let Some(bare) = row.levels.get(&Level::Reqwest) else { continue };
            for level in [Level::Client, Level::Trait, Level::Router, Level::Guarded] {
                let Some(cost) = row.levels.get(&level) else { continue };
                let (kind, figure) = match row.what {
                    What::Instructions => (Kind::InstructionsShare, (cost.share * 1e3).round() / 1e3),
                    What::Allocations => (Kind::AllocationsMore, (cost.value - bare.value).round()),
                    What::CpuMicros | What::P99Micros | What::PeakKib => continue,
                };
                let name = format!("{}, {}, {}", row.vendor, row.outcome.name(), level.name());
                figures.entry(kind).or_default().insert(name, figure);
            }
        }
        Self { rustc, figures }
    }

    /// Compares what is counted `now` with these.
    pub(crate) fn compared(&self, now: &Self) -> Comparison {
        let none = BTreeMap::new();
        let mut differences = Vec::new();
        let kinds: BTreeSet<Kind> = self.figures.keys().chain(now.figures.keys()).copied().collect();
        for kind in kinds {
            let [before, now] = [self, now].map(|baselines| baselines.figures.get(&kind).unwrap_or(&none));
            let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
            differences.extend(names.into_iter().map(|name| Difference {
                kind,
                name: name.clone(),
                before: before.get(name).copied(),
                now: now.get(name).copied(),
            }));
        }
        let compilers = (!self.rustc.is_empty() && self.rustc != now.rustc)
            .then(|| format!("The baselines were counted with Rust {}, this with {}.", self.rustc, now.rustc));
        Comparison { differences, compilers }
    }
}

/// What is now, beside what was.
pub(crate) struct Comparison {
    differences: Vec<Difference>,
    compilers: Option<String>,
}

struct Difference {
    kind: Kind,
    name: String,
    before: Option<f64>,
    now: Option<f64>,
}

/// How a figure is now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Now {
    Same,
    Less,
    More,
    /// Has no baseline, or has nothing but one.
    Unmatched,
}

impl Difference {
    fn now(&self) -> Now {
        let (Some(before), Some(now)) = (self.before, self.now) else { return Now::Unmatched };
        // Figures of three digits, whose differences have more.
        let tolerance = self.kind.tolerance() + 1e-9;
        match now - before {
            difference if difference > tolerance => Now::More,
            difference if difference < -tolerance => Now::Less,
            _ => Now::Same,
        }
    }

    fn cells(&self) -> Vec<String> {
        let written = |figure| self.kind.written(figure);
        vec![format!("{}: {}", self.kind.name(), self.name), written(self.before), written(self.now), self.kind.tolerance().to_string()]
    }
}

impl Comparison {
    /// Whether nothing grew, and everything has a baseline.
    pub(crate) fn holds(&self) -> bool {
        self.differences.iter().all(|difference| matches!(difference.now(), Now::Same | Now::Less))
    }

    /// Tells what grew, what has no baseline, and what became less.
    pub(crate) fn told(&self) -> String {
        let listed = |now: Now| -> Vec<&Difference> { self.differences.iter().filter(|difference| difference.now() == now).collect() };
        let mut text = String::new();
        for (title, now) in [
            ("More than the baseline", Now::More),
            ("Without a baseline, or not counted any more", Now::Unmatched),
            ("Less than the baseline, which can be renewed", Now::Less),
        ] {
            let found = listed(now);
            if !found.is_empty() {
                let rows = found.into_iter().map(Difference::cells).collect();
                text += &format!("{title}:\n\n{}\n", table(&["figure", "baseline", "now", "tolerance"], rows));
            }
        }
        if !text.is_empty() {
            text += &self.compilers.iter().map(|compilers| format!("{compilers}\n")).collect::<String>();
        }
        text + &format!("{} of {} figures are as they were, within the tolerance.\n", listed(Now::Same).len(), self.differences.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baselines(share: f64, allocations: f64, vendor: &str) -> Baselines {
        let one = |figure| BTreeMap::from([(vendor.to_owned(), figure)]);
        let figures = BTreeMap::from([(Kind::InstructionsShare, one(share)), (Kind::AllocationsMore, one(allocations))]);
        Baselines { rustc: "1".to_owned(), figures }
    }

    #[test]
    fn what_grows_by_more_than_its_tolerance_fails_and_is_named() {
        let before = baselines(1.05, 2.0, "corbado");
        let cases = [
            ((1.07, 3.0), true, "2 of 2"),
            ((1.071, 2.0), false, "| instructions, share of reqwest's: corbado | 1.050 | 1.071 | 0.02 |"),
            ((1.05, 4.0), false, "| allocations more than reqwest's: corbado | +2 | +4 | 1 |"),
            ((1.02, -1.0), true, "Less than the baseline"),
        ];
        for ((share, allocations), holds, told) in cases {
            let comparison = before.compared(&baselines(share, allocations, "corbado"));
            assert_eq!(comparison.holds(), holds, "{share}, {allocations}");
            assert!(comparison.told().contains(told), "{share}, {allocations}: {}", comparison.told());
        }
    }

    #[test]
    fn a_figure_without_a_baseline_fails_and_so_does_a_baseline_without_a_figure() {
        let comparison = baselines(1.05, 2.0, "corbado").compared(&baselines(1.05, 2.0, "twilio"));
        assert!(!comparison.holds());
        assert_eq!(comparison.told().matches(" – ").count(), 4, "{}", comparison.told());
    }
}
