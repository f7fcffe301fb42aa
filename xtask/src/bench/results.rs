//! What was measured, and on what machine: benches/results.json.

use std::{
    error::Error,
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, SystemTime},
};

use figures::{Counts, First, Row};
use serde::{Deserialize, Serialize};

use super::build::Built;
use crate::{
    Done,
    run::{cargo, output},
};

/// The last results of each kind; a run replaces those that it measured.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) counts: Option<Measured<Counts>>,
    pub(crate) times: Option<Measured<Vec<Row>>>,
    pub(crate) first: Option<Measured<First>>,
    pub(crate) build: Option<Measured<Built>>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Measured<T> {
    pub(crate) conditions: Conditions,
    pub(crate) figures: T,
}

/// The machine, and how quiet it was.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Conditions {
    pub(crate) date: String,
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) system: String,
    pub(crate) rustc: String,
    pub(crate) reqwest: String,
    /// Load average of the last minute.
    pub(crate) load_before: f64,
    pub(crate) load_after: f64,
}

/// Measures, and says on what machine.
pub(crate) fn measured<T>(root: &Path, measure: impl FnOnce() -> Done<T>) -> Done<Measured<T>> {
    let load_before = load()?;
    let figures = measure()?;
    let processors = fs::read_to_string("/proc/cpuinfo")?;
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let package = output(&mut cargo(&root.join("benches/calls"), &["pkgid", "--locked", "reqwest"]))?;
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let conditions = Conditions {
        date: now.split('T').next().unwrap_or_default().to_owned(),
        cpu: model.trim_start_matches([' ', '\t', ':']).to_owned(),
        cores: thread::available_parallelism()?.get(),
        system: format!("Linux {}", fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().split('-').next().unwrap_or_default()),
        rustc: rustc()?,
        reqwest: package.trim().rsplit('@').next().unwrap_or_default().to_owned(),
        load_before,
        load_after: load()?,
    };
    Ok(Measured { conditions, figures })
}

/// Gives the compiler's version.
pub(crate) fn rustc() -> Done<String> {
    Ok(output(Command::new("rustc").arg("--version"))?.split(' ').nth(1).unwrap_or_default().to_owned())
}

fn load() -> Done<f64> {
    Ok(fs::read_to_string("/proc/loadavg")?.split(' ').next().unwrap_or_default().parse()?)
}

/// Reads a file of JSON, or gives what is there before there is one.
pub(crate) fn read<T: Default + for<'de> Deserialize<'de>>(path: &Path) -> Done<T> {
    if !path.exists() {
        return Ok(T::default());
    }
    let say = |error: &dyn Error| format!("{}: {error}", path.display());
    let text = fs::read(path).map_err(|error| say(&error))?;
    Ok(serde_json::from_slice(&text).map_err(|error| say(&error))?)
}

/// Writes a file of JSON.
pub(crate) fn write(path: &Path, value: &impl Serialize) -> Done<()> {
    Ok(fs::write(path, serde_json::to_string_pretty(value)? + "\n")?)
}

/// CPU time and time of a build, in seconds.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Took {
    pub(crate) cpu: f64,
    pub(crate) wall: f64,
}

impl Took {
    pub(crate) fn new(cpu: Duration, wall: Duration) -> Self {
        let tenths = |time: Duration| (time.as_secs_f64() * 10.0).round() / 10.0;
        Self { cpu: tenths(cpu), wall: tenths(wall) }
    }
}
