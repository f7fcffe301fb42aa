//! What a config says of limits.

use crate::{
    compose::{LocalGuard, Rate},
    vendors::Section,
};

/// Reads the section `[guard]`.
pub(super) fn read(section: &mut Section<'_>) -> LocalGuard {
    let mut guard = LocalGuard::new();
    if let Some(rate) = rate(section, "per_recipient") {
        guard = guard.with_per_recipient(rate);
    }
    if let Some(rate) = rate(section, "per_ip") {
        guard = guard.with_per_ip(rate);
    }
    if let Some(most) = section.number("wrong_codes", 1..=1000) {
        guard = guard.with_wrong_codes(u32::try_from(most).unwrap_or(u32::MAX));
    }
    let codes = section.texts("calling_codes");
    let is_code = |code: &String| code.strip_prefix('+').is_some_and(|digits| (1..=7).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()));
    if !codes.iter().all(is_code) {
        section.problem("calling_codes", "expected calling codes such as \"+49\"");
    }
    guard.with_calling_codes(codes)
}

fn rate(section: &mut Section<'_>, key: &str) -> Option<Rate> {
    match section.text(key)?.parse() {
        Ok(rate) => Some(rate),
        Err(error) => {
            section.problem(key, &format!("{error}"));
            None
        }
    }
}
