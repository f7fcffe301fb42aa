//! What a vendor's code names: members of requests and replies, values of enums.

use std::collections::BTreeSet;

use super::sources::Sources;

/// What stands in the code of one vendor.
#[derive(Debug)]
pub(crate) struct Words {
    /// The fields that the conversions read or fill, as letters and digits alone.
    fields: BTreeSet<String>,
    /// The variants and texts that the conversions name, likewise.
    values: BTreeSet<String>,
    fixtures: String,
}

impl Words {
    /// Reads a vendor's code.
    pub(crate) fn of(sources: &Sources) -> Self {
        let mut words = Self { fields: BTreeSet::new(), values: BTreeSet::new(), fixtures: String::new() };
        for (_, source) in sources.conversions {
            words.read(&code(source));
        }
        words.fixtures = sources.fixtures.iter().map(|(_, source)| code(source)).collect();
        words
    }

    fn read(&mut self, code: &str) {
        // Every second piece is a text, once the quotes that neither begin nor end one are gone.
        let code = code.replace("\\\"", "").replace("'\"'", "");
        for (index, piece) in code.split('"').enumerate() {
            if index % 2 == 1 {
                self.values.insert(bare(piece));
                continue;
            }
            for (at, name) in names(piece) {
                let (before, behind) = (piece.get(..at).unwrap_or_default(), piece.get(at + name.len()..).unwrap_or_default());
                if before.ends_with("::") && name.starts_with(|c: char| c.is_ascii_uppercase()) {
                    self.values.insert(bare(name));
                } else if is_field(before, name, behind) {
                    self.fields.insert(bare(name));
                }
            }
        }
    }

    /// Says whether the conversions read or fill a member of this name.
    pub(crate) fn convert(&self, member: &str) -> bool {
        self.fields.contains(&bare(member))
    }

    /// Says whether the conversions name a value.
    pub(crate) fn name(&self, value: &str) -> bool {
        self.values.contains(&bare(value))
    }

    /// Says whether the double or the fixture has a member of this name.
    pub(crate) fn show(&self, member: &str) -> bool {
        self.fixtures.contains(&format!("\"{member}\""))
    }
}

/// Gives a source without its comments and its tests.
fn code(source: &str) -> String {
    let tested = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines = tested.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

/// Gives the names in a piece of code, each with where it begins.
fn names(piece: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_in_name = |c: char| c.is_alphanumeric() || c == '_';
    piece.split(move |c| !is_in_name(c)).filter(|name| !name.is_empty()).map(|name| (name.as_ptr().addr() - piece.as_ptr().addr(), name))
}

/// Says whether a name in code is that of a field with something in it: neither a function nor a path, nor a field that is left empty.
fn is_field(before: &str, name: &str, behind: &str) -> bool {
    let is_called = behind.starts_with(['(', '!']) || behind.starts_with("::") || before.ends_with("::");
    let is_read = before.ends_with('.');
    let is_filled = behind.starts_with(": ") && !behind.starts_with(": None") || behind.starts_with([',', ' ', '}']);
    // Such members are called `type_` in the generated code.
    name != "type" && name.starts_with(|c: char| c.is_ascii_lowercase()) && !is_called && (is_read || is_filled)
}

/// Gives a name as letters and digits alone: `challengeID`, `challenge_id` and `ChallengeId` are one.
fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
}
