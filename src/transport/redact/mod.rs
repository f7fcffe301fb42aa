//! Takes every value of a call out of text that a vendor wrote.

mod occurrences;
mod reading;
#[cfg(test)]
mod tests;

use std::{net::Ipv6Addr, ops::Range};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use http::{HeaderValue, header::CONTENT_TYPE};
use serde_json::Value;

use self::{
    occurrences::Index,
    reading::{LAYERS, Letter, decoded, folded, readings, unescaped},
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
    pub(super) body: Vec<u8>,
    pub(super) is_form: bool,
}

impl Submitted {
    pub(super) fn of(request: &reqwest::Request) -> Self {
        let body = request.body().and_then(reqwest::Body::as_bytes).map(<[u8]>::to_vec).unwrap_or_default();
        let content_type = request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        Self { body, is_form: content_type.starts_with(b"application/x-www-form-urlencoded") }
    }
}

/// Hides the values that must not come back in an error, in every spelling in which a vendor may echo them.
#[derive(Default)]
pub(super) struct Mask(Vec<String>);

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
            self.0.push(value.to_owned());
        }
    }

    /// Adds the values of the members so named in what was submitted, wherever they stand.
    pub(super) fn hide_members(&mut self, submitted: &Submitted, names: &[&str]) {
        if submitted.is_form {
            for (_, value) in url::form_urlencoded::parse(&submitted.body).filter(|(name, _)| names.contains(&name.as_ref())) {
                self.hide(&value);
                // A field of a form may hold JSON.
                if let Ok(json @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(&value) {
                    self.walk(&json, names, true);
                }
            }
        } else if let Ok(value) = serde_json::from_slice(&submitted.body) {
            self.walk(&value, names, false);
        }
    }

    fn walk(&mut self, value: &Value, names: &[&str], hidden: bool) {
        match value {
            Value::String(text) if hidden => self.hide(text),
            Value::Number(number) if hidden => self.hide(&number.to_string()),
            Value::Array(items) => items.iter().for_each(|item| self.walk(item, names, hidden)),
            Value::Object(members) => {
                for (name, member) in members {
                    if hidden {
                        self.hide(name);
                    }
                    self.walk(member, names, hidden || names.contains(&name.as_str()));
                }
            }
            _ => {}
        }
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
        for _ in 0..=LAYERS {
            seek(scans, |index| self.0.iter().for_each(|value| spellings(value, |spelling| index.find(spelling))), |_| true);
            if scans.iter_mut().filter_map(Scan::unescape).count() == 0 {
                break;
            }
        }
        let numbers = |value: &String| other_forms(value).iter().chain([value]).filter_map(|form| number(form)).collect::<Vec<_>>();
        seek(scans, |index| self.0.iter().flat_map(numbers).for_each(|number| index.find(&number)), |letter| !is_between_digits(letter));
    }
}

/// Gives what a value may be in a reading of a text: with its own escapes undone, without what stands around it, and in base64.
fn spellings(value: &str, mut each: impl FnMut(&[char])) {
    for letters in other_forms(value).iter().map(String::as_str).chain([value]).flat_map(readings) {
        let letters: Vec<char> = letters.into_iter().map(|letter| letter.letter).collect();
        let bare = trimmed(&letters);
        if !bare.is_empty() {
            each(&letters);
            // A phone number may come back without its plus sign, which reads as a blank.
            each(bare);
        }
    }
    let encoded = STANDARD.encode(value);
    let in_urls = encoded.contains(['+', '/']).then(|| URL_SAFE.encode(value));
    for encoded in [Some(encoded), in_urls].into_iter().flatten() {
        let letters: Vec<char> = folded(&encoded).into_iter().map(|letter| letter.letter).collect();
        each(&letters);
        // Without its padding, a short one stands in words by chance.
        let bare = encoded.trim_end_matches('=').len();
        if value.len() > 3 {
            each(letters.get(..bare).unwrap_or_default());
        }
    }
}

/// Lists forms of a value that no rule of spelling covers: an IPv6 address in full and as it is shortened, a UUID without dashes, and of a phone number
/// what stays in its national form.
fn other_forms(value: &str) -> Vec<String> {
    const TAIL: usize = 8;
    let groups = |ip: Ipv6Addr, group: fn(u16) -> String| ip.segments().map(group).join(":");
    if let Ok(ip) = value.parse::<Ipv6Addr>() {
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

/// Gives a value that is a number, as its digits alone.
fn number(value: &str) -> Option<Vec<char>> {
    let letters: Vec<char> = value.chars().filter(|letter| *letter != '+' && !is_between_digits(*letter)).collect();
    (letters.len() >= LEAST_DIGITS && letters.iter().all(char::is_ascii_digit)).then_some(letters)
}

/// Says whether people write this between the digits of a number.
fn is_between_digits(letter: char) -> bool {
    matches!(letter, ' ' | '-' | '.' | '(' | ')' | '/' | '\u{2010}'..='\u{2015}')
}

/// Looks values up in all texts at once, of which the letters that are `kept` are read.
fn seek(scans: &mut [Scan<'_>], values: impl FnOnce(&mut Index), kept: impl Fn(char) -> bool) {
    let mut text = Vec::new();
    let mut places = Vec::new();
    for (number, scan) in scans.iter().enumerate() {
        for letter in scan.letters.iter().filter(|letter| kept(letter.letter)) {
            text.push(letter.letter);
            places.push((number, letter.start, letter.end));
        }
        // No value holds this, so none reaches from one text into the next.
        text.push('\0');
        places.push((number, 0, 0));
    }
    let mut index = Index::of(text);
    values(&mut index);
    for Range { start, end } in index.places() {
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
    /// How far what begins at a byte is hidden.
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
        Some(Self { told, letters, reach: vec![0; length] })
    }

    /// Undoes one layer of escapes; `None` where there is none.
    fn unescape(&mut self) -> Option<()> {
        self.letters = unescaped(&self.letters)?;
        Some(())
    }

    fn hide(&mut self, length: usize, from: usize, to: usize) {
        if let Some(reach) = self.reach.get_mut(from).filter(|_| length >= self.told.shortest) {
            *reach = to.max(*reach);
        }
    }

    /// Writes the text as it may be seen.
    fn write(self) {
        let Told { text, longest, .. } = self.told;
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
