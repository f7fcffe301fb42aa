//! What is found: one finding for each place and rule, however many operations use it.

use serde_json::{Value, json};

use super::rules::Rule;

/// How bad a finding is for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// Good to know.
    Note,
    /// Somebody has to look.
    Check,
    /// Calls, or the build, fail.
    Breaks,
}

impl Severity {
    /// The severities, worst first.
    pub(crate) const ALL: [Self; 3] = [Self::Breaks, Self::Check, Self::Note];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Breaks => "breaks",
            Self::Check => "check",
            Self::Note => "note",
        }
    }

    /// Gives the severity of a name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == name)
    }
}

/// Which way what differs goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Direction {
    Request,
    Reply,
    /// Errors are read leniently: nothing in them breaks.
    ErrorReply,
}

impl Direction {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Reply => "reply",
            Self::ErrorReply => "error_reply",
        }
    }
}

/// Where a finding's pointer leads into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Old,
    New,
    /// The document that the build reads, where it is not the old one.
    Packed,
    IgnoreFile,
}

impl Side {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Old => "old",
            Self::New => "new",
            Self::Packed => "packed",
            Self::IgnoreFile => "ignore_file",
        }
    }
}

/// What of this crate stands on the place of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Rewrite,
    Masked,
    Essential,
    Conversion,
    Fixture,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Rewrite => "rewrite",
            Self::Masked => "masked",
            Self::Essential => "essential",
            Self::Conversion => "conversion",
            Self::Fixture => "fixture",
        }
    }
}

/// One thing of this crate that a finding touches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Touch {
    pub(crate) kind: Kind,
    pub(crate) name: String,
}

/// A difference that a client sees.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) rule: Rule,
    pub(crate) severity: Severity,
    /// The operations whose requests or replies have it.
    pub(crate) operations: Vec<String>,
    pub(crate) direction: Option<Direction>,
    pub(crate) side: Side,
    pub(crate) pointer: String,
    pub(crate) touches: Vec<Touch>,
    pub(crate) message: String,
}

impl Finding {
    fn is_like(&self, other: &Self) -> bool {
        let is_of_one_place = (self.side, &self.pointer, self.direction) == (other.side, &other.pointer, other.direction);
        is_of_one_place && (self.rule, &self.message) == (other.rule, &other.message)
    }

    /// Takes over what another finding of the same place knows.
    fn take(&mut self, other: Self) {
        self.severity = self.severity.max(other.severity);
        let operations: Vec<_> = other.operations.into_iter().filter(|name| !self.operations.contains(name)).collect();
        self.operations.extend(operations);
        self.touches.extend(other.touches);
        self.touches.sort();
        self.touches.dedup();
    }

    /// Gives the finding as JSON.
    pub(crate) fn json(&self) -> Value {
        let touches: Vec<Value> = self.touches.iter().map(|touch| json!({ "kind": touch.kind.as_str(), "name": touch.name })).collect();
        json!({
            "rule": self.rule.id,
            "severity": self.severity.as_str(),
            "operations": self.operations,
            "direction": self.direction.map(Direction::as_str),
            "in": self.side.as_str(),
            "pointer": self.pointer,
            "touches": touches,
            "message": self.message,
        })
    }

    /// Gives the finding as a line for people.
    pub(crate) fn line(&self) -> String {
        let operations = match self.operations.as_slice() {
            [] => String::new(),
            [one] => format!(" [{one}]"),
            [first, rest @ ..] => format!(" [{first} and {} more]", rest.len()),
        };
        let touches: Vec<String> = self.touches.iter().map(|touch| format!("{} {}", touch.kind.as_str(), touch.name)).collect();
        let touches = if touches.is_empty() { String::new() } else { format!("; touches {}", touches.join(", ")) };
        let direction = self.direction.map(|direction| format!(" ({})", direction.as_str())).unwrap_or_default();
        format!("{} {} {}:{direction} {}{touches}{operations}", self.rule.id, self.side.as_str(), self.pointer, self.message)
    }
}

/// Makes one of the findings that are of the same place and say the same, and puts the worst first.
pub(crate) fn merged(findings: Vec<Finding>) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for finding in findings {
        match found.iter_mut().find(|known| known.is_like(&finding)) {
            Some(known) => known.take(finding),
            None => found.push(finding),
        }
    }
    found.sort_by(|one, other| {
        let worst_first = other.severity.cmp(&one.severity);
        worst_first.then_with(|| (&one.pointer, one.rule, one.direction, &one.message).cmp(&(&other.pointer, other.rule, other.direction, &other.message)))
    });
    found
}

/// All that was found for a vendor.
#[derive(Debug)]
pub(crate) struct Drift {
    pub(crate) vendor: &'static str,
    pub(crate) findings: Vec<Finding>,
    /// How many findings the ignore file took away.
    pub(crate) ignored: usize,
}

impl Drift {
    fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Says whether there is a finding of this severity or a worse one.
    pub(crate) fn reaches(&self, severity: Severity) -> bool {
        self.findings.iter().any(|finding| finding.severity >= severity)
    }

    /// Gives it as JSON.
    pub(crate) fn json(&self) -> Value {
        json!({
            "vendor": self.vendor,
            "findings": self.findings.iter().map(Finding::json).collect::<Vec<_>>(),
            "summary": { "breaks": self.count(Severity::Breaks), "check": self.count(Severity::Check), "note": self.count(Severity::Note) },
            "ignored": self.ignored,
        })
    }

    /// Gives it as text for people, a line for each finding, by severity.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for severity in Severity::ALL.into_iter().filter(|severity| self.count(*severity) > 0) {
            let lines: String = self.findings.iter().filter(|finding| finding.severity == severity).map(|finding| format!("  {}\n", finding.line())).collect();
            text += &format!("{}: {}\n{lines}", severity.as_str(), self.count(severity));
        }
        let counts = Severity::ALL.map(|severity| format!("{} {}", self.count(severity), severity.as_str()));
        text + &format!("{}: {}; {} ignored\n", self.vendor, counts.join(", "), self.ignored)
    }
}
