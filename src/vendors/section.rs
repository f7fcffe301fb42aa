//! One section of a config, read key by key; every mistake is noted, none ends the reading.

use std::{
    borrow::Cow,
    env,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Map, Value};
use url::Url;

use crate::{
    model::{ProviderId, Secret, Violation},
    transport::{PlainHost, base_url, file},
};

/// Shortest time that a call gets anywhere in.
const SHORTEST: Duration = Duration::from_millis(10);

/// Longest secret file that is read, in bytes.
const LONGEST_SECRET_FILE: usize = 64 << 10;

/// Holds what reading needs beside the section itself.
#[derive(Debug)]
pub(crate) struct Surroundings {
    /// Where relative paths start: the folder of the config file.
    pub(crate) directory: Option<PathBuf>,
    pub(crate) allow_plain_http: Vec<PlainHost>,
}

/// Reads a section key by key, and notes the mistakes found so far.
pub(crate) struct Section<'a> {
    name: Cow<'a, str>,
    members: &'a Map<String, Value>,
    surroundings: &'a Surroundings,
    known: Vec<String>,
    problems: Vec<Violation>,
}

impl<'a> Section<'a> {
    pub(crate) fn new(name: impl Into<Cow<'a, str>>, members: &'a Map<String, Value>, surroundings: &'a Surroundings) -> Self {
        Self { name: name.into(), members, surroundings, known: Vec::new(), problems: Vec::new() }
    }

    /// Gives the name of the instance that the section configures.
    pub(crate) fn id(&self) -> ProviderId {
        ProviderId::new(&*self.name)
    }

    /// Notes a mistake at a key.
    pub(crate) fn problem(&mut self, key: &str, expected: &str) {
        self.problems.push(Violation::at_key(self.path(key), expected.to_owned()));
    }

    /// Notes a mistake at a value that was read, where `check` finds one.
    pub(crate) fn check<T>(&mut self, key: &str, value: &Option<T>, check: impl FnOnce(&T) -> Option<&'static str>) {
        if let Some(problem) = value.as_ref().and_then(check) {
            self.problem(key, problem);
        }
    }

    /// Notes a mistake where two keys that exclude each other are given.
    pub(crate) fn either(&mut self, one: &str, other: &str) {
        if self.members.contains_key(one) && self.members.contains_key(other) {
            self.problem(one, &format!("expected either this or {}", self.path(other)));
        }
    }

    /// Reads a text that may be left out.
    pub(crate) fn text(&mut self, key: &str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
            Value::String(_) => self.none(key, "is empty"),
            _ => self.none(key, "expected a text in quotes"),
        }
    }

    /// Reads a yes or no, which is no where it is left out.
    pub(crate) fn flag(&mut self, key: &str) -> bool {
        match self.take(key) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => self.none(key, "expected true or false").unwrap_or_default(),
        }
    }

    /// Reads a table as a section of its own, with its mistakes; nothing where none is there.
    pub(crate) fn table(&mut self, key: &str, read: impl FnOnce(&mut Self)) {
        let Some(members) = self.take(key).and_then(Value::as_object) else { return };
        let mut table = Section::new(self.path(key), members, self.surroundings);
        read(&mut table);
        self.problems.extend(table.finish());
    }

    /// Lists the keys that are there.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.members.keys().map(String::as_str)
    }

    /// Reads a text that must be there.
    pub(crate) fn required_text(&mut self, key: &str) -> Option<String> {
        if !self.members.contains_key(key) {
            self.note(key);
            return self.none(key, "is required");
        }
        self.text(key)
    }

    /// Reads a secret that must be given: itself, or as `…_env` or `…_file`.
    pub(crate) fn required_secret(&mut self, key: &str) -> Option<Secret> {
        if self.given_secrets(key).is_empty() {
            return self.none(key, &format!("is required: one of {key}, {key}_env and {key}_file"));
        }
        self.secret(key)
    }

    /// Reads a secret that may be left out.
    pub(crate) fn secret(&mut self, key: &str) -> Option<Secret> {
        let given = self.given_secrets(key);
        let [source] = given.as_slice() else {
            return if given.is_empty() { None } else { self.none(key, &format!("expected one of {}, not several", given.join(", "))) };
        };
        let text = self.text(source)?;
        let secret = match source.strip_prefix(key) {
            Some("_env") => match env::var(&text) {
                Ok(secret) => secret,
                Err(_) => return self.none(source, "names an environment variable that is not set, or is not text"),
            },
            Some("_file") => match file::read(&self.file(&text), LONGEST_SECRET_FILE).map(String::from_utf8) {
                Ok(Ok(secret)) => secret_of(&secret).to_owned(),
                Ok(Err(_)) => return self.none(source, "names a file that cannot be read (not text in UTF-8)"),
                Err(error) => return self.none(source, &format!("names a file that cannot be read ({error})")),
            },
            _ => text,
        };
        if secret.trim().is_empty() {
            return self.none(source, "is empty");
        }
        if secret.trim() != secret || secret.chars().any(char::is_control) {
            return self.none(source, "expected a secret without white space around it and control characters in it");
        }
        Some(Secret::new(secret))
    }

    /// Reads one of several names.
    pub(crate) fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        match choices.iter().find(|(name, _)| *name == text) {
            Some((_, choice)) => Some(*choice),
            None => {
                let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                let meant = nearest(&text, names.iter().copied()).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                self.none(key, &format!("expected one of {}{meant}", names.join(", ")))
            }
        }
    }

    /// Reads a vendor's base URL.
    pub(crate) fn base_url(&mut self, key: &str, version: &str) -> Option<Url> {
        let text = self.text(key)?;
        match base_url(&text, version, &self.surroundings.allow_plain_http) {
            Ok(url) => Some(url),
            Err(problem) => self.none(key, problem),
        }
    }

    /// Reads any other URL.
    pub(crate) fn url(&mut self, key: &str) -> Option<Url> {
        let text = self.text(key)?;
        match Url::parse(&text) {
            Ok(url) if url.has_host() => Some(url),
            _ => self.none(key, "expected an absolute URL"),
        }
    }

    /// Reads a duration such as `3s` or `500ms`, at least 10 ms and at most `longest`.
    pub(crate) fn duration(&mut self, key: &str, longest: Duration) -> Option<Duration> {
        let text = self.text(key)?;
        match humantime::parse_duration(&text) {
            Ok(duration) if duration < SHORTEST => self.none(key, "expected at least 10ms"),
            Ok(duration) if duration > longest => self.none(key, &format!("expected at most {}", humantime::format_duration(longest))),
            Ok(duration) => Some(duration),
            Err(_) => self.none(key, "expected a duration such as \"3s\" or \"500ms\""),
        }
    }

    /// Reads a whole number within bounds.
    pub(crate) fn number(&mut self, key: &str, bounds: std::ops::RangeInclusive<u64>) -> Option<u64> {
        match self.take(key)?.as_u64() {
            Some(number) if bounds.contains(&number) => Some(number),
            _ => self.none(key, &format!("expected a whole number from {} to {}", bounds.start(), bounds.end())),
        }
    }

    /// Reads a list of texts; none where it is left out.
    pub(crate) fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let texts = value.as_array().and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect());
        texts.unwrap_or_else(|| {
            self.problem(key, "expected a list of texts in quotes");
            Vec::new()
        })
    }

    /// Notes a mistake for each text of a list that cannot be used, by its place where there are several: who wrote it finds it, and it is not quoted.
    pub(crate) fn check_each(&mut self, key: &str, texts: &[String], check: impl Fn(&str) -> Option<Cow<'static, str>>) {
        for (index, text) in texts.iter().enumerate() {
            match check(text) {
                Some(expected) if texts.len() > 1 => self.problem(key, &format!("entry {}: {expected}", index + 1)),
                Some(expected) => self.problem(key, &expected),
                None => {}
            }
        }
    }

    /// Reads a file's path, relative to the config file.
    pub(crate) fn path_to_file(&mut self, key: &str) -> Option<PathBuf> {
        let text = self.text(key)?;
        Some(self.file(&text))
    }

    /// Gives every mistake, with the keys that were not asked for among them.
    pub(crate) fn finish(mut self) -> Vec<Violation> {
        let unknown: Vec<&String> = self.members.keys().filter(|key| !self.known.contains(key)).collect();
        for key in unknown {
            let expected = match nearest(key, self.known.iter().map(String::as_str)) {
                Some(near) => format!("is not a key here; did you mean {near}?"),
                None => format!("is not a key here; expected {}", self.known.join(", ")),
            };
            self.problem(key, &expected);
        }
        self.problems
    }

    /// Gives the mistakes found, for a section whose other keys are somebody else's.
    pub(crate) fn into_problems(self) -> Vec<Violation> {
        self.problems
    }

    /// Says whether a key is given, which is known from then on.
    pub(crate) fn has(&mut self, key: &str) -> bool {
        self.take(key).is_some()
    }

    /// Says whether a secret is given in any of its ways, which are known from then on.
    pub(crate) fn has_secret(&mut self, key: &str) -> bool {
        !self.given_secrets(key).is_empty()
    }

    /// Notes a mistake where a secret is given that excludes others.
    pub(crate) fn neither_secret(&mut self, key: &str, expected: &str) {
        if let Some(given) = self.given_secrets(key).first() {
            self.problem(&given.clone(), expected);
        }
    }

    /// Takes all other keys as known: nobody is there to read them.
    pub(crate) fn skip_rest(&mut self) {
        self.known.extend(self.members.keys().cloned());
    }

    /// Gives a value of any form, whose key is known from then on.
    pub(crate) fn take(&mut self, key: &str) -> Option<&'a Value> {
        self.note(key);
        self.members.get(key)
    }

    fn note(&mut self, key: &str) {
        if !self.known.iter().any(|known| known == key) {
            self.known.push(key.to_owned());
        }
    }

    fn none<T>(&mut self, key: &str, expected: &str) -> Option<T> {
        self.problem(key, expected);
        None
    }

    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn given_secrets(&mut self, key: &str) -> Vec<String> {
        let ways = ["", "_env", "_file"].map(|way| format!("{key}{way}"));
        ways.iter().for_each(|way| self.note(way));
        ways.into_iter().filter(|way| self.members.contains_key(way)).collect()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.surroundings.directory.as_deref().unwrap_or(Path::new("")).join(name)
    }
}

/// Gives the secret in a file's text: without the byte order mark and the last line break that editors and `echo` add.
fn secret_of(text: &str) -> &str {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let line = text.strip_suffix('\n').unwrap_or(text);
    line.strip_suffix('\r').filter(|_| line.len() < text.len()).unwrap_or(line)
}

/// Finds the known name that was most likely meant, in whatever case.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    known
        .map(|known| (strsim::jaro_winkler(&name, &known.to_lowercase()), known))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}
