//! Takes every value of a call out of text that a vendor wrote.

mod members;
mod occurrences;
mod reading;
mod sought;
#[cfg(test)]
mod tests;

use std::{
    cell::OnceCell,
    ops::Range,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderValue, header::CONTENT_TYPE};
use hyper::body::Body as _;
use serde::de::{DeserializeSeed as _, IgnoredAny};

use self::{
    members::Members,
    occurrences::Index,
    reading::{LAYERS, Letter, decoded, folded, unescaped},
    sought::{Sought, is_between_digits},
};
pub(super) use sought::Secrets;

const MASKED: &str = "***";
/// Stands for text that was cut or dropped.
const CUT: char = '…';
/// Longest text that is looked at, in bytes and in letters, and longest texts of one reply together: a longer one is dropped, whatever it says.
const LONGEST_TEXT: usize = 1 << 14;
const LONGEST_TEXTS: usize = 1 << 16;

/// Holds a body as it was submitted.
#[derive(Default)]
pub(super) struct Submitted {
    pub(super) body: Bytes,
    pub(super) is_form: bool,
}

impl Submitted {
    /// Shares the body of a request, which is sent as it is.
    pub(super) fn of(request: &mut reqwest::Request) -> Self {
        let body = request.body_mut().as_mut().and_then(shared).unwrap_or_default();
        let content_type = request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        Self { body, is_form: content_type.starts_with(b"application/x-www-form-urlencoded") }
    }
}

/// Shares the bytes of a body that is here whole. reqwest lends them as a slice alone, so they are taken out, which is in one piece, and put back.
fn shared(body: &mut reqwest::Body) -> Option<Bytes> {
    body.as_bytes()?;
    let mut context = Context::from_waker(Waker::noop());
    let mut whole = Bytes::new();
    while let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut *body).poll_frame(&mut context) {
        let piece = frame.into_data().unwrap_or_default();
        whole = if whole.is_empty() { piece } else { [whole, piece].concat().into() };
    }
    *body = whole.clone().into();
    Some(whole)
}

/// Hides the values that must not come back in an error, in every spelling in which a vendor may echo them.
#[derive(Default)]
pub(super) struct Mask {
    secrets: Option<Arc<Secrets>>,
    values: Vec<String>,
    sought: OnceCell<Sought>,
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
    /// Starts from the secrets that are the same for every call.
    pub(super) fn of(secrets: Option<Arc<Secrets>>) -> Self {
        Self { secrets, ..Self::default() }
    }

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
                if value.trim_start().starts_with(['{', '[']) && serde_json::from_slice::<IgnoredAny>(value.as_bytes()).is_ok() {
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
        let of_call = self.sought.get_or_init(|| Sought::of(self.values.iter().map(String::as_str)));
        let sought: Vec<&Sought> = self.secrets.iter().map(|secrets| secrets.sought()).chain([of_call]).collect();
        let spellings: Vec<&[char]> = sought.iter().flat_map(|sought| sought.spellings()).collect();
        for _ in 0..=LAYERS {
            seek(scans, &spellings, |_| true);
            if scans.iter_mut().filter_map(Scan::unescape).count() == 0 {
                break;
            }
        }
        let numbers: Vec<&[char]> = sought.iter().flat_map(|sought| sought.numbers()).collect();
        let shortest = numbers.iter().map(|number| number.len()).min();
        if shortest.is_some_and(|shortest| scans.iter().any(|scan| scan.has_number(shortest))) {
            seek(scans, &numbers, |letter| !is_between_digits(letter));
        }
    }
}

/// Looks values up in all texts at once, of which the letters that are `kept` are read.
fn seek(scans: &mut [Scan<'_>], values: &[&[char]], kept: impl Fn(char) -> bool) {
    let mut text = Vec::with_capacity(scans.iter().map(|scan| scan.letters.len() + 1).sum());
    for scan in scans.iter() {
        text.extend(scan.letters.iter().map(|letter| letter.letter).filter(|letter| kept(*letter)));
        // No value holds this, so none reaches from one text into the next.
        text.push('\0');
    }
    let mut index = Index::of(text, values.len());
    values.iter().for_each(|value| index.find(value));
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

    /// Says whether there is a number of at least so many digits.
    fn has_number(&self, digits: usize) -> bool {
        let mut run = 0;
        self.letters.iter().filter(|letter| !is_between_digits(letter.letter)).any(|letter| {
            run = if letter.letter.is_ascii_digit() { run + 1 } else { 0 };
            run >= digits
        })
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
        let may_have_controls = text.bytes().any(|byte| !matches!(byte, b' '..=b'~'));
        if self.reach.is_empty() && text.len() <= longest && !(may_have_controls && text.contains(char::is_control)) {
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
