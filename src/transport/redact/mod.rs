//! Takes every value of a call out of text that a vendor wrote.

mod members;
mod occurrences;
mod reading;
#[cfg(test)]
mod tests;

use std::{cell::OnceCell, net::Ipv6Addr, ops::Range};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use bytes::Bytes;
use http::{HeaderValue, header::CONTENT_TYPE};
use serde::de::{DeserializeSeed as _, IgnoredAny};

use self::{
    members::Members,
    occurrences::Index,
    reading::{LAYERS, Letter, decoded, folded, plain_ascii, readings, unescaped},
};

const MASKED: &str = "***";
/// Stands for text that was cut or dropped.
const CUT: char = '…';
/// Longest text that is looked at, in bytes and in letters, and longest texts of one reply together: a longer one is dropped, whatever it says.
const LONGEST_TEXT: usize = 1 << 14;
const LONGEST_TEXTS: usize = 1 << 16;
/// Least digits of a number that is known with blanks and dashes in it.
const LEAST_DIGITS: usize = 6;

/// Holds a body as it was submitted.
#[derive(Default)]
pub(super) struct Submitted {
    pub(super) body: Bytes,
    pub(super) is_form: bool,
}

impl Submitted {
    pub(super) fn of(request: &reqwest::Request) -> Self {
        let body = request.body().and_then(reqwest::Body::as_bytes).map(Bytes::copy_from_slice).unwrap_or_default();
        let content_type = request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        Self { body, is_form: content_type.starts_with(b"application/x-www-form-urlencoded") }
    }
}

/// Hides the values that must not come back in an error, in every spelling in which a vendor may echo them.
#[derive(Default)]
pub(super) struct Mask {
    values: Vec<String>,
    sought: OnceCell<Sought>,
}

/// Holds what is looked for: every spelling of every value.
#[derive(Default)]
struct Sought {
    letters: Vec<char>,
    /// Where each spelling stands in the letters.
    spellings: Vec<Range<usize>>,
    /// And each number, to be found in a text without what stands between digits.
    numbers: Vec<Range<usize>>,
}

impl Sought {
    fn of(values: &[String]) -> Self {
        let mut sought = Self::default();
        let mut encoded = String::new();
        for value in values {
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
                sought.add_encoded(value, &URL_SAFE.encode(value));
            }
        }
        sought
    }

    /// Adds a value as it stands, with its own escapes undone, and without what stands around it.
    fn add_readings(&mut self, value: &str) {
        if is_plain(value) {
            let start = self.letters.len();
            self.letters.extend(value.chars().map(plain_ascii));
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
        self.letters.extend(encoded.chars().map(plain_ascii));
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

/// Is a text to mask, and how.
pub(super) struct Told<'a> {
    text: &'a mut String,
    /// Letters that a value must have to be masked.
    shortest: usize,
    /// Characters after which the text is cut, once it is masked: half a secret would not be known for one.
    longest: usize,
}

impl<'a> Told<'a> {
    /// Takes a sentence: every value in it is masked, and it is cut to 512 characters.
    pub(super) fn words(text: &'a mut String) -> Self {
        Self { text, shortest: 1, longest: 512 }
    }

    /// Takes an id or code that somebody has to find again: values of three characters at the most stay, since they stand in such a text by
    /// chance.
    pub(super) fn name(text: &'a mut String) -> Self {
        Self { shortest: 4, ..Self::words(text) }
    }

    pub(super) fn cut_to(self, longest: usize) -> Self {
        Self { longest, ..self }
    }
}

impl Mask {
    /// Adds a value.
    pub(super) fn hide(&mut self, value: &str) {
        if !value.is_empty() {
            self.sought.take();
            self.values.push(value.to_owned());
        }
    }

    /// Adds the values of the members so named in what was submitted, wherever they stand.
    pub(super) fn hide_members(&mut self, submitted: &Submitted, names: &[&str]) {
        if submitted.is_form {
            for (_, value) in url::form_urlencoded::parse(&submitted.body).filter(|(name, _)| names.contains(&name.as_ref())) {
                self.hide(&value);
                // A field of a form may hold JSON.
                if value.trim_start().starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(&value).is_ok() {
                    self.hide_in(value.as_bytes(), names, true);
                }
            }
        } else {
            self.hide_in(&submitted.body, names, false);
        }
    }

    fn hide_in(&mut self, json: &[u8], names: &[&str], is_hidden: bool) {
        // A body is one that this crate wrote.
        _ = Members { mask: self, names, is_hidden }.deserialize(&mut serde_json::Deserializer::from_slice(json));
    }

    /// Says whether a text holds a value that would be masked in a name.
    pub(super) fn hides(&self, text: &str) -> bool {
        let mut masked = text.to_owned();
        self.apply([Told::name(&mut masked).cut_to(usize::MAX)]);
        masked != text
    }

    /// Masks the texts of a reply, all at once: every hidden value in them, control characters, and what is too long.
    ///
    /// The texts are put in order, and the values looked up in them one by one, so that the work grows with the size of both and not with
    /// their product.
    pub(super) fn apply<'a>(&self, texts: impl IntoIterator<Item = Told<'a>>) {
        let mut room = LONGEST_TEXTS;
        let mut scans: Vec<Scan<'a>> = texts.into_iter().filter(|told| !told.text.is_empty()).filter_map(|told| Scan::of(told, &mut room)).collect();
        self.seek_in(&mut scans);
        // Most texts hold no base64, and have no second reading.
        scans.iter_mut().for_each(|scan| scan.letters = decoded(scan.told.text).unwrap_or_default());
        self.seek_in(&mut scans);
        scans.into_iter().for_each(Scan::write);
    }

    /// Looks the values up in the letters of texts, layer after layer of escapes.
    fn seek_in(&self, scans: &mut [Scan<'_>]) {
        if scans.iter().all(|scan| scan.letters.is_empty()) {
            return;
        }
        let sought = self.sought.get_or_init(|| Sought::of(&self.values));
        for _ in 0..=LAYERS {
            seek(scans, sought, &sought.spellings, |_| true);
            if scans.iter_mut().filter_map(Scan::unescape).count() == 0 {
                break;
            }
        }
        if !sought.numbers.is_empty() {
            seek(scans, sought, &sought.numbers, |letter| !is_between_digits(letter));
        }
    }
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
fn is_between_digits(letter: char) -> bool {
    matches!(letter, ' ' | '-' | '.' | '(' | ')' | '/' | '\u{2010}'..='\u{2015}')
}

/// Looks values up in all texts at once, of which the letters that are `kept` are read.
fn seek(scans: &mut [Scan<'_>], sought: &Sought, values: &[Range<usize>], kept: impl Fn(char) -> bool) {
    let mut text = Vec::with_capacity(scans.iter().map(|scan| scan.letters.len() + 1).sum());
    for scan in scans.iter() {
        text.extend(scan.letters.iter().map(|letter| letter.letter).filter(|letter| kept(*letter)));
        // No value holds this, so none reaches from one text into the next.
        text.push('\0');
    }
    let mut index = Index::of(text, values.len());
    values.iter().filter_map(|range| sought.letters.get(range.clone())).for_each(|value| index.find(value));
    let found = index.places();
    if found.is_empty() {
        return;
    }
    let places: Vec<(usize, usize, usize)> = scans.iter().enumerate().flat_map(|(number, scan)| scan.places(number, &kept)).collect();
    for Range { start, end } in found {
        let (first, last) = (places.get(start), end.checked_sub(1).and_then(|last| places.get(last)));
        if let (Some((number, from, _)), Some((_, _, to))) = (first, last)
            && let Some(scan) = scans.get_mut(*number)
        {
            scan.hide(end - start, *from, *to);
        }
    }
}

/// Is a text on its way through the mask.
struct Scan<'a> {
    told: Told<'a>,
    letters: Vec<Letter>,
    /// How far what begins at a byte is hidden; empty where nothing is.
    reach: Vec<usize>,
}

impl<'a> Scan<'a> {
    /// Reads a text; `None` where it is too long, or there is no `room` left for it, and is dropped.
    fn of(told: Told<'a>, room: &mut usize) -> Option<Self> {
        let length = told.text.len();
        let letters = if length <= LONGEST_TEXT.min(*room) { folded(told.text) } else { Vec::new() };
        if letters.is_empty() || letters.len() > LONGEST_TEXT.min(*room) {
            *told.text = CUT.into();
            return None;
        }
        *room -= length.max(letters.len()).min(*room);
        Some(Self { told, letters, reach: Vec::new() })
    }

    /// Undoes one layer of escapes; `None` where there is none.
    fn unescape(&mut self) -> Option<()> {
        self.letters = unescaped(&self.letters)?;
        Some(())
    }

    /// Lists where the letters that are kept come from, and what stands behind a text.
    fn places(&self, number: usize, kept: impl Fn(char) -> bool) -> impl Iterator<Item = (usize, usize, usize)> {
        let letters = self.letters.iter().filter(move |letter| kept(letter.letter));
        letters.map(move |letter| (number, letter.start, letter.end)).chain([(number, 0, 0)])
    }

    fn hide(&mut self, length: usize, from: usize, to: usize) {
        if length >= self.told.shortest {
            self.reach.resize(self.told.text.len(), 0);
        }
        if let Some(reach) = self.reach.get_mut(from).filter(|_| length >= self.told.shortest) {
            *reach = to.max(*reach);
        }
    }

    /// Writes the text as it may be seen.
    fn write(self) {
        let Told { text, longest, .. } = self.told;
        if self.reach.is_empty() && text.len() <= longest && !text.contains(char::is_control) {
            return;
        }
        let (mut out, mut hidden, mut length) = (String::with_capacity(text.len()), 0, 0);
        for (at, letter) in text.char_indices() {
            hidden = hidden.max(self.reach.get(at).copied().unwrap_or_default());
            let is_hidden = at < hidden;
            if is_hidden && out.ends_with(MASKED) {
                continue;
            }
            if length == longest {
                out.push(CUT);
                break;
            }
            match is_hidden {
                true => out.push_str(MASKED),
                false => out.push(if letter.is_control() { ' ' } else { letter }),
            }
            length += 1;
        }
        *text = out;
    }
}
