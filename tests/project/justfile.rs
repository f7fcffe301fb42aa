//! The justfile has the commands that CONTRIBUTING names, and no others.

use std::collections::BTreeSet;

use crate::support::markdown;

/// A command without what is given to it.
fn bare(command: &str) -> String {
    let is_given = |word: &&str| !(word.starts_with("{{") || word.chars().all(|c| c.is_ascii_digit()) || *word == "wire");
    command.split_whitespace().filter(is_given).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_command_of_contributing_has_a_recipe() {
    let listed: BTreeSet<String> = markdown::table(&markdown::text_of("CONTRIBUTING.md"), "| what | command |")
        .into_iter()
        // One concern is the tests with arguments.
        .filter(|row| !row[0].starts_with("one concern"))
        .map(|row| bare(row[1].split('`').nth(1).expect("a command")))
        .collect();
    let justfile = markdown::text_of("justfile");
    let recipes: BTreeSet<String> = justfile.lines().filter_map(|line| line.strip_prefix("    ")).filter(|line| !line.starts_with('@')).map(bare).collect();
    assert_eq!(recipes, listed);
}
