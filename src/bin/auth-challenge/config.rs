//! The config that `--config` names.

use std::path::Path;

use auth_challenge::{Config, Error, ErrorKind, SendState, Violation};

use crate::output::{LONGEST, text_of_file};

/// Reads the config. An error names the argument and not the file: a secret may have been given in its place.
pub(crate) fn read(path: &Path) -> Result<Config, Error> {
    let unreadable = |problem| Error::new(ErrorKind::Config, SendState::NotSent).with_violations(vec![Violation::at_key("config", problem)]);
    let text = text_of_file(path, LONGEST).map_err(|error| unreadable(format!("the file cannot be read: {error}")))?;
    Ok(Config::from_toml_str(&text)?.with_directory(path.parent().unwrap_or(Path::new(""))))
}
