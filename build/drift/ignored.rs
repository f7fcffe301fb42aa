//! The ignore file: findings that somebody has looked at.

use super::{
    findings::{Drift, Finding, Severity, Side},
    rules::{self, Rule},
};

/// An entry of an ignore file.
#[derive(Debug)]
struct Entry {
    line: usize,
    rule: Rule,
    /// None is any.
    pointer: Option<String>,
}

/// What an ignore file says: in each line a rule and a pointer, or `*` for any, and behind `#` why.
#[derive(Debug, Default)]
pub(crate) struct Ignored(Vec<Entry>);

impl Ignored {
    /// Reads an ignore file.
    ///
    /// # Errors
    ///
    /// A line that is no entry, by its number.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut entries = Vec::new();
        for (index, written) in text.lines().enumerate() {
            let line = index + 1;
            // A pointer may have a `#` in it, but none behind a space.
            let said = written.split_once(" #").map_or(written, |(said, _)| said).trim();
            if said.is_empty() || said.starts_with('#') {
                continue;
            }
            let [id, pointer] = said.split_whitespace().collect::<Vec<_>>()[..] else {
                return Err(format!("line {line}: expected a rule, and a pointer or *"));
            };
            let rule = rules::named(id).ok_or_else(|| format!("line {line}: there is no rule of this name"))?;
            let pointer = if pointer == WHOLE { "" } else { pointer };
            entries.push(Entry { line, rule, pointer: (pointer != "*").then(|| pointer.to_owned()) });
        }
        Ok(Self(entries))
    }

    /// Takes away what is ignored, and tells of the entries that match nothing.
    pub(crate) fn from(&self, drift: Drift) -> Drift {
        let found = drift.findings.len();
        let stale: Vec<Finding> = self.0.iter().filter(|entry| !drift.findings.iter().any(|finding| entry.matches(finding))).map(Entry::stale).collect();
        let mut findings = drift.findings;
        findings.retain(|finding| !self.0.iter().any(|entry| entry.matches(finding)));
        let ignored = drift.ignored + found - findings.len();
        findings.extend(stale);
        Drift { findings: super::findings::merged(findings), ignored, ..drift }
    }
}

/// How the pointer to a whole document, which is empty, is written.
const WHOLE: &str = "\"\"";

impl Entry {
    fn matches(&self, finding: &Finding) -> bool {
        self.rule == finding.rule && self.pointer.as_ref().is_none_or(|pointer| *pointer == finding.pointer)
    }

    fn stale(&self) -> Finding {
        let pointer = self.pointer.clone().unwrap_or_else(|| "*".to_owned());
        Finding {
            rule: rules::IGNORE_STALE,
            severity: Severity::Check,
            operations: Vec::new(),
            direction: None,
            side: Side::IgnoreFile,
            message: format!("line {}: `{} {pointer}` matches nothing", self.line, self.rule.id),
            pointer,
            touches: Vec::new(),
        }
    }
}
