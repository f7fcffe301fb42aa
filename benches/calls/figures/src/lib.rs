//! What is measured of a call: the types in which `calls` writes it and `cargo xtask bench` reads it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Names what is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Instructions,
    Allocations,
    /// CPU time of a call, in microseconds.
    CpuMicros,
    /// What all calls but one in a hundred are shorter than, in microseconds.
    P99Micros,
    /// The peak memory of a process, in KiB.
    PeakKib,
}

/// Names a way to make a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    #[serde(rename = "hyper")]
    Hyper,
    #[serde(rename = "reqwest")]
    Reqwest,
    #[serde(rename = "client")]
    Client,
    #[serde(rename = "trait")]
    Trait,
    #[serde(rename = "router")]
    Router,
    #[serde(rename = "guarded router")]
    Guarded,
}

impl Level {
    pub const ALL: [Self; 6] = [Self::Hyper, Self::Reqwest, Self::Client, Self::Trait, Self::Router, Self::Guarded];

    pub fn name(self) -> &'static str {
        match self {
            Self::Hyper => "hyper",
            Self::Reqwest => "reqwest",
            Self::Client => "client",
            Self::Trait => "trait",
            Self::Router => "router",
            Self::Guarded => "guarded router",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// How the vendor answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Success,
    /// A 400 in the vendor's form.
    Error,
}

impl Outcome {
    pub const ALL: [Self; 2] = [Self::Success, Self::Error];

    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// What one call cost at each level.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    pub what: What,
    /// How many calls were made at a time.
    pub in_flight: usize,
    pub vendor: String,
    pub outcome: Outcome,
    pub levels: BTreeMap<Level, Cost>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Cost {
    pub value: f64,
    /// Of what reqwest cost. Of times it is the median of the shares in each round, and so not the share of the medians.
    pub share: f64,
}

impl Cost {
    /// Leaves out the digits that mean nothing.
    pub fn new(value: f64, share: f64) -> Self {
        Self { value: (value * 1e2).round() / 1e2, share: (share * 1e4).round() / 1e4 }
    }
}

/// How long calls over TLS took, in microseconds: medians of processes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct First {
    /// The first call of a process.
    pub cold: f64,
    /// The first call, after `warm_up`.
    pub warmed: f64,
    /// Calls after the first.
    pub later: f64,
}

impl First {
    pub fn new(cold: f64, warmed: f64, later: f64) -> Self {
        Self { cold: cold.round(), warmed: warmed.round(), later: later.round() }
    }
}

/// What a busy machine does not change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Counts {
    pub rows: Vec<Row>,
    /// Instructions to read browser and system from a user agent.
    pub user_agent: f64,
}
