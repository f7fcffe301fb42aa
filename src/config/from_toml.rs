//! A config from TOML.

use std::{fmt, path::Path};

use super::Config;
use crate::{model::Error, transport::file};

/// Longest config that is read, in bytes.
const LONGEST: usize = 1 << 20;

impl Config {
    /// Reads a config from TOML text. Relative paths in it start at the working directory.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the text is not TOML, with the place but not the text.
    pub fn from_toml_str(text: &str) -> Result<Self, Error> {
        parse(text).map_err(Error::unusable_config)
    }

    /// Reads a config from a TOML file. Relative paths in it start at the file's folder.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the file cannot be read or is not TOML.
    pub fn from_toml_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let unreadable = |why: &dyn fmt::Display| Error::unusable_config(format!("{} cannot be read: {why}", name_of(path)));
        let bytes = file::read(path, LONGEST).map_err(|error| unreadable(&error).with_source(error))?;
        let text = String::from_utf8(bytes).map_err(|_| unreadable(&"not UTF-8"))?;
        let config = parse(&text).map_err(|place| Error::unusable_config(format!("{}: {place}", path.display())))?;
        Ok(config.with_directory(path.parent().unwrap_or(Path::new(""))))
    }
}

/// Gives the name of a file; a config that was given in its place is not shown.
fn name_of(path: &Path) -> String {
    let name = path.display().to_string();
    let is_config = name.contains(|c: char| c.is_control() || matches!(c, '=' | '"' | '\'' | '{'));
    if is_config { "the file".to_owned() } else { name }
}

/// Gives the config in a text, or the place where the text is no TOML; the parser's own words quote the text.
fn parse(text: &str) -> Result<Config, String> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        format!("not TOML at line {}", before.matches('\n').count() + 1)
    })
}
