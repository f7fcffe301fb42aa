//! What stands in Markdown: blocks of code and rows of tables, in files of their own and in the documentation of modules.

use std::{fs, path::PathBuf};

/// The text of a file of the repository.
pub fn text_of(file: &str) -> String {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The documentation at the top of a source file.
pub fn documentation_of(file: &str) -> String {
    let source = text_of(file);
    let lines = source.lines().take_while(|line| line.starts_with("//!"));
    lines.map(|line| line.trim_start_matches("//!").trim_start_matches(' ').to_owned() + "\n").collect()
}

/// The pages of the guide, as files of the repository.
pub fn pages_of_the_guide() -> Vec<String> {
    let folder = fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/guide")).expect("the guide");
    let mut pages: Vec<String> = folder.map(|entry| format!("src/guide/{}", entry.expect("a page").file_name().to_string_lossy())).collect();
    pages.sort();
    pages
}

/// The blocks of code in a language, each with the line break at its end.
pub fn blocks(markdown: &str, language: &str) -> Vec<String> {
    let (mut blocks, mut open) = (Vec::new(), None::<(bool, String)>);
    for line in markdown.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => open = Some((info.split(',').next() == Some(language), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take().filter(|(is_wanted, _)| *is_wanted).map(|(_, block)| block)),
            (Some((_, block)), None) => *block += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block of code does not end");
    blocks
}

/// The rows of the table with this head, cell by cell; without the head and the line below it.
pub fn table(markdown: &str, head: &str) -> Vec<Vec<String>> {
    let mut lines = markdown.lines().skip_while(|line| *line != head);
    assert!(lines.next().is_some(), "expected a table with the head {head}");
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}
