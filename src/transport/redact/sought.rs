//! What the mask looks for: every spelling of every value.

use std::{net::Ipv6Addr, ops::Range, sync::OnceLock};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use secrecy::zeroize::{Zeroize as _, Zeroizing};

use super::reading::{plain_ascii, readings};
use crate::model::Secret;

/// Least digits of a number that is known with blanks and dashes in it.
const LEAST_DIGITS: usize = 6;

/// Room for the spellings of a value, in its own lengths and beside them: most values find it enough.
const LETTERS: usize = 4;
const LETTERS_BESIDE: usize = 64;

/// Holds secrets that are the same for every call, and their spellings once somebody looked for them; what it holds is wiped from memory when dropped.
pub(in crate::transport) struct Secrets {
    values: Box<[Secret]>,
    sought: OnceLock<Sought>,
}

impl Secrets {
    pub(in crate::transport) fn new(values: impl Into<Box<[Secret]>>) -> Self {
        Self { values: values.into(), sought: OnceLock::new() }
    }

    pub(super) fn sought(&self) -> &Sought {
        self.sought.get_or_init(|| Sought::of(self.values.iter().map(Secret::expose)))
    }
}

impl Drop for Secrets {
    fn drop(&mut self) {
        if let Some(sought) = self.sought.get_mut() {
            sought.letters.zeroize();
        }
    }
}

/// Holds what is looked for: every spelling of every value.
#[derive(Default)]
pub(super) struct Sought {
    letters: Vec<char>,
    /// Where each spelling stands in the letters.
    spellings: Vec<Range<usize>>,
    /// And where each number stands.
    numbers: Vec<Range<usize>>,
}

impl Sought {
    pub(super) fn of<'a>(values: impl Iterator<Item = &'a str> + Clone) -> Self {
        let length: usize = values.clone().map(str::len).sum();
        let mut sought = Self { letters: Vec::with_capacity(LETTERS * length + LETTERS_BESIDE), ..Self::default() };
        let mut encoded = Zeroizing::new(String::new());
        // Nothing stands everywhere.
        for value in values.filter(|value| !value.is_empty()) {
            sought.add_readings(value);
            sought.add_number(value);
            for form in other_forms(value) {
                sought.add_readings(&form);
                sought.add_number(&form);
            }
            encoded.clear();
            STANDARD.encode_string(value, &mut encoded);
            sought.add_encoded(value, &encoded);
            if encoded.contains(['+', '/']) {
                sought.add_encoded(value, &Zeroizing::new(URL_SAFE.encode(value)));
            }
        }
        sought
    }

    /// Lists every spelling.
    pub(super) fn spellings(&self) -> impl Iterator<Item = &[char]> {
        self.spellings.iter().filter_map(|range| self.letters.get(range.clone()))
    }

    /// Lists every number, to be found in a text without what stands between digits.
    pub(super) fn numbers(&self) -> impl Iterator<Item = &[char]> {
        self.numbers.iter().filter_map(|range| self.letters.get(range.clone()))
    }

    /// Adds a value as it stands, with its own escapes undone, and without what stands around it.
    fn add_readings(&mut self, value: &str) {
        if is_plain(value) {
            let start = self.letters.len();
            self.letters.extend(value.bytes().map(|byte| plain_ascii(byte.into())));
            return self.add(start);
        }
        for reading in readings(value) {
            let start = self.letters.len();
            self.letters.extend(reading.into_iter().map(|letter| letter.letter));
            self.add(start);
        }
    }

    /// Adds the letters from a place on as a spelling. A phone number may come back without its plus sign, which reads as a blank.
    fn add(&mut self, start: usize) {
        let letters = self.letters.get(start..).unwrap_or_default();
        let blanks = letters.iter().take_while(|letter| **letter == ' ').count();
        let bare = start + blanks..start + trimmed(letters).len() + blanks;
        if !bare.is_empty() {
            let whole = start..self.letters.len();
            self.spellings.extend([Some(whole.clone()), Some(bare).filter(|bare| *bare != whole)].into_iter().flatten());
        }
    }

    /// Adds a value in base64, with its padding and, where it is not so short that it stands in words by chance, without.
    fn add_encoded(&mut self, value: &str, encoded: &str) {
        let start = self.letters.len();
        self.letters.extend(encoded.bytes().map(|byte| plain_ascii(byte.into())));
        let bare = start + encoded.trim_end_matches('=').len();
        if bare < self.letters.len() || value.len() <= 3 {
            self.spellings.push(start..self.letters.len());
        }
        if value.len() > 3 {
            self.spellings.push(start..bare);
        }
    }

    /// Adds a value that is a number, as its digits alone.
    fn add_number(&mut self, value: &str) {
        let digits = || value.chars().filter(|letter| *letter != '+' && !is_between_digits(*letter));
        if digits().all(|letter| letter.is_ascii_digit()) && digits().count() >= LEAST_DIGITS {
            let start = self.letters.len();
            self.letters.extend(digits());
            self.numbers.push(start..self.letters.len());
        }
    }
}

/// Says whether a value has one reading alone: ASCII, and nothing that an escape begins with.
fn is_plain(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii() && !matches!(byte, b'%' | b'&' | b'\\' | b'X' | b'x'))
}

/// Lists forms of a value that no rule of spelling covers: an IPv6 address in full and as it is shortened, a UUID without dashes, and of a phone number
/// what stays in its national form.
fn other_forms(value: &str) -> Vec<String> {
    const TAIL: usize = 8;
    let groups = |ip: Ipv6Addr, group: fn(u16) -> String| ip.segments().map(group).join(":");
    if value.contains(':')
        && let Ok(ip) = value.parse::<Ipv6Addr>()
    {
        return vec![ip.to_string(), groups(ip, |group| format!("{group:x}")), groups(ip, |group| format!("{group:04x}"))];
    }
    let digits = |text: &str| text.chars().filter(|letter| *letter != '-').collect::<String>();
    if value.len() == 36 && value.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
        return vec![digits(value)];
    }
    let number = value.strip_prefix('+').filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    number.and_then(|number| number.len().checked_sub(TAIL)).and_then(|start| value.get(start + 1..)).map(str::to_owned).into_iter().collect()
}

/// Gives what stands between blanks.
fn trimmed(letters: &[char]) -> &[char] {
    match (letters.iter().position(|letter| *letter != ' '), letters.iter().rposition(|letter| *letter != ' ')) {
        (Some(first), Some(last)) => letters.get(first..=last).unwrap_or_default(),
        _ => &[],
    }
}

/// Says whether people write this between the digits of a number.
pub(super) fn is_between_digits(letter: char) -> bool {
    matches!(letter, ' ' | '-' | '.' | '(' | ')' | '/' | '\u{2010}'..='\u{2015}')
}
