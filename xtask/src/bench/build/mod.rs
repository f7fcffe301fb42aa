//! What a build costs: small applications, each built as its author would.

mod apps;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant, SystemTime},
};

use clap::ValueEnum;
use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeValLike as _,
};
use serde::{Deserialize, Serialize};

use super::{crates, results::Took};
use crate::{
    Done,
    run::{cargo, output},
};

/// What can be measured by itself.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// How many crates an application is built of
    Crates,
    /// A debug build from nothing
    Cold,
    /// A debug build after a document or a source file was touched
    Again,
    /// The size of a release build
    Size,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Built {
    pub(crate) apps: Vec<App>,
    pub(crate) again: Option<Again>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) crates: Option<usize>,
    pub(crate) cold: Option<Took>,
    /// Of the program, stripped.
    pub(crate) release_bytes: Option<u64>,
}

/// Building the application of all vendors that are on by default once more.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Again {
    pub(crate) spec: Took,
    pub(crate) source: Took,
}

impl Built {
    /// Gives the size of the application with reqwest alone, as this crate wants it.
    pub(crate) fn size_of_bare(&self) -> Option<u64> {
        self.apps.iter().find(|app| app.name == apps::REQWEST_AS_HERE)?.release_bytes
    }
}

/// Builds each application; without `parts`, for all of them.
pub(crate) fn built(root: &Path, parts: &[Part]) -> Done<Built> {
    let wanted = |part| parts.is_empty() || parts.contains(&part);
    // The builds themselves do without a network.
    output(&mut cargo(root, &["fetch", "--locked"]))?;
    let folder = tempfile::tempdir()?;
    let crate_ = folder.path().join("crate");
    let app = |index: usize| folder.path().join(format!("app-{index}"));
    copy_package(root, &crate_)?;

    let mut built = Built { apps: Vec::new(), again: None };
    let sources = apps::all(root)?;
    // First what fails early where an application does not compile.
    for (index, source) in sources.iter().enumerate() {
        eprintln!("crates and size of an application with {}", source.name);
        let app = app(index);
        source.write(&app, &root.join("Cargo.lock"))?;
        // Takes out of the lock file what the application does not need.
        output(&mut cargo(&app, &["metadata", "--offline", "--format-version", "1"]))?;
        let mut figures = App { name: source.name.clone(), crates: None, cold: None, release_bytes: None };
        if wanted(Part::Crates) {
            // All but itself.
            figures.crates = Some(crates::listed(&app, &["--offline"])?.len() - 1);
        }
        if wanted(Part::Size) {
            // Into one folder, in which what several have in common is built once.
            let target = folder.path().join("release");
            output(build(&app, &target, false).arg("--release"))?;
            figures.release_bytes = Some(fs::metadata(target.join("release/app"))?.len());
        }
        built.apps.push(figures);
    }
    let target = folder.path().join("debug");
    for (index, figures) in built.apps.iter_mut().enumerate() {
        if wanted(Part::Cold) {
            eprintln!("a build from nothing of an application with {}", figures.name);
            // As a crate of a registry, which is never built incrementally.
            figures.cold = Some(took(&mut build(&app(index), &target, false))?);
        }
        if wanted(Part::Again) && figures.name == apps::DEFAULT {
            built.again = Some(again(&app(index), &target, &crate_)?);
        }
        _ = fs::remove_dir_all(&target);
    }
    Ok(built)
}

/// Copies what a user gets of the crate, so that nothing is touched that somebody works on.
fn copy_package(root: &Path, to: &Path) -> Done<()> {
    let listed = output(&mut cargo(root, &["package", "--list", "--allow-dirty", "--locked", "--offline"]))?;
    for path in listed.lines() {
        let (from, to) = (root.join(path), to.join(path));
        // Some are made only as the package is.
        if from.is_file() {
            fs::create_dir_all(to.parent().ok_or("a file's folder")?)?;
            fs::copy(from, to)?;
        }
    }
    Ok(())
}

fn build(app: &Path, target: &Path, is_incremental: bool) -> Command {
    let mut command = cargo(app, &["build", "--quiet", "--locked", "--offline", "--target-dir"]);
    command.arg(target).env("CARGO_INCREMENTAL", if is_incremental { "1" } else { "0" });
    command
}

/// Runs a command, and gives how long it took, and the processor on it and all that it started.
fn took(command: &mut Command) -> Done<Took> {
    let (cpu, begun) = (cpu_of_children()?, Instant::now());
    output(command)?;
    Ok(Took::new(cpu_of_children()?.saturating_sub(cpu), begun.elapsed()))
}

fn cpu_of_children() -> Done<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(micros.try_into()?))
}

const ROUNDS: usize = 3;

/// Builds once more after a file of the crate was touched: the build of median CPU time.
fn again(app: &Path, target: &Path, crate_: &Path) -> Done<Again> {
    output(&mut build(app, target, true))?;
    let after = |path: PathBuf| {
        let mut all = Vec::new();
        for _ in 0..ROUNDS {
            fs::File::options().append(true).open(&path)?.set_modified(SystemTime::now())?;
            all.push(took(&mut build(app, target, true))?);
        }
        all.sort_by(|one, other| one.cpu.total_cmp(&other.cpu));
        Done::Ok(all[ROUNDS / 2])
    };
    Ok(Again { spec: after(crate_.join("specs/corbado.json"))?, source: after(crate_.join("src/lib.rs"))? })
}
