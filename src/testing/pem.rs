//! PEM in the strict form of RFC 7468: lines of 64, no headers, and nothing after it.

use base64::{Engine as _, engine::general_purpose::STANDARD};

const WIDTH: usize = 64;

/// Writes bytes under a label, ending in a line break.
pub(super) fn encode(label: &str, bytes: &[u8]) -> String {
    let mut body = String::new();
    for (at, character) in STANDARD.encode(bytes).char_indices() {
        body.extend((at > 0 && at % WIDTH == 0).then_some('\n'));
        body.push(character);
    }
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

/// Reads the bytes under a label. What stands before the block is for people.
pub(super) fn decode(label: &str, text: &str) -> Option<Vec<u8>> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (before, block) = text.split_once("-----BEGIN ")?;
    let block = block.strip_suffix('\n').unwrap_or(block);
    let body = block.strip_prefix(&format!("{label}-----\n"))?.strip_suffix(&format!("\n-----END {label}-----"))?;
    // One blank line may stand before its end.
    let lines: Vec<&str> = body.strip_suffix('\n').unwrap_or(body).split('\n').collect();
    let (last, full) = lines.split_last()?;
    let is_alone = before.is_empty() || before.ends_with('\n');
    let is_wrapped = full.iter().all(|line| line.len() == WIDTH) && (1..=WIDTH).contains(&last.len());
    if is_alone && is_wrapped { STANDARD.decode(lines.concat()).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_wrapped_and_read_again() {
        for length in [1, 47, 48, 49, 96, 100] {
            let bytes = vec![7; length];
            let pem = encode("PUBLIC KEY", &bytes);
            assert!(pem.ends_with("\n-----END PUBLIC KEY-----\n") && pem.lines().all(|line| (1..=WIDTH).contains(&line.len())), "{pem}");
            assert_eq!(decode("PUBLIC KEY", &pem), Some(bytes));
        }
    }

    #[test]
    fn a_block_is_taken_in_its_strict_form_alone() {
        let wide = "A".repeat(WIDTH);
        let block = |body: &str| format!("-----BEGIN KEY-----\n{body}\n-----END KEY-----\n");
        for (what, text, taken) in [
            ("as it should be", block("AAAA"), true),
            ("two lines", block(&format!("{wide}\nAAAA")), true),
            ("no line break at its end", block("AAAA").trim_end().to_owned(), true),
            ("line breaks of Windows", block("AAAA").replace('\n', "\r\n"), true),
            ("line breaks of old", block("AAAA").replace('\n', "\r"), true),
            ("a blank line at its end", block("AAAA\n"), true),
            ("blank lines at its end", block("AAAA\n\n"), false),
            ("words before it", format!("a key:\n{}", block("AAAA")), true),
            ("words in its line", format!("a key: {}", block("AAAA")), false),
            ("another block before it", block("AAAA").replace("KEY", "PARAMETERS") + &block("AAAA"), false),
            ("another label", block("AAAA").replace("KEY", "PRIVATE KEY"), false),
            ("another label at its end", block("AAAA").replace("END KEY", "END OTHER"), false),
            ("words after it", block("AAAA") + "a key\n", false),
            ("a header", block("Version: 1\n\nAAAA"), false),
            ("a narrow line", block("AAAA\nAAAA"), false),
            ("a wide line", block(&format!("{wide}AAAA")), false),
            ("a space", block("AAAA "), false),
            ("no padding", block("AA"), false),
            ("padding within", block("AA==AAAA"), false),
            ("bits that are none", block("AB=="), false),
            ("nothing in it", block(""), false),
            ("no end", "-----BEGIN KEY-----\nAAAA\n".to_owned(), false),
            ("nothing", String::new(), false),
        ] {
            assert_eq!(decode("KEY", &text).is_some(), taken, "{what}: {text:?}");
        }
    }
}
