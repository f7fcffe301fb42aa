//! Configs on disk, and what is told of them.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use auth_challenge::{Config, ErrorKind, SendState};

use super::{
    canaries::{assert_silent, assert_silent_error},
    vendors,
};

pub type Outcome = Result<(), Box<dyn Error>>;

/// A folder of its own for one test; gone when dropped.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> std::io::Result<Self> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("auth-challenge-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, text: &str) -> std::io::Result<PathBuf> {
        let path = self.0.join(name);
        fs::write(&path, text)?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The problems of a config as (key, message), sorted by key; none of them may quote a value.
pub fn problems(config: &Config) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = config.problems().iter().map(|problem| (problem.name().to_owned(), problem.message().to_owned())).collect();
    found.sort();
    let built = config.build();
    assert_eq!(built.is_ok(), found.is_empty(), "what builds has no problems, and the other way round: {found:?}");
    assert_silent("a config", config);
    if let Err(error) = &built {
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Config, SendState::NotSent));
        assert_eq!(error.violations(), config.problems(), "the error names all problems");
        assert_silent_error("a bad config", error);
    }
    found
}

/// The keys of a config's problems, sorted.
pub fn bad_keys(config: &Config) -> Vec<String> {
    problems(config).into_iter().map(|(key, _)| key).collect()
}

/// What the parent process asks of a test that runs in a process of its own; none in the parent.
pub fn asked() -> Option<String> {
    std::env::var("AUTH_CHALLENGE_TEST_CHILD").ok()
}

/// Runs one test of this program in a process of its own, with these environment variables and none of the vendors' else.
pub fn in_child(test: &str, ask: &str, variables: &[(&str, &str)]) -> Outcome {
    let prefixes: Vec<String> = vendors::all().iter().map(|vendor| vendor.name).chain(["auth_challenge"]).map(|name| name.to_uppercase() + "_").collect();
    let mut child = Command::new(std::env::current_exe()?);
    for (variable, _) in std::env::vars_os() {
        if prefixes.iter().any(|prefix| variable.to_string_lossy().starts_with(prefix)) {
            child.env_remove(&variable);
        }
    }
    child.args(["--exact", test]).env("AUTH_CHALLENGE_TEST_CHILD", ask).envs(variables.iter().copied());
    let output = child.output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{test} in a child: {text}");
    Ok(())
}
