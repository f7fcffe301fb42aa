//! Reads a text in the one form that all spellings of it have in common, and knows of each letter where it stood.

use std::ops::Range;

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use crate::model::letters::{IDEOGRAPHIC_STOP, bare};

/// Layers of escapes that are undone, one around the other.
pub(super) const LAYERS: usize = 4;
/// The entities that may stand for a character of an address, a number or a name.
const ENTITIES: [(&str, char); 16] = [
    ("AMP", '&'),
    ("APOS", '\''),
    ("BSOL", '\\'),
    ("COLON", ':'),
    ("COMMAT", '@'),
    ("EQUALS", '='),
    ("GT", '>'),
    ("HYPHEN", '-'),
    ("LOWBAR", '_'),
    ("LT", '<'),
    ("NBSP", ' '),
    ("NUM", '#'),
    ("PERCNT", '%'),
    ("PERIOD", '.'),
    ("PLUS", '+'),
    ("QUOT", '"'),
];
/// Longest name of an entity, and most digits of a number in one.
const ENTITY: usize = 8;
/// Least letters of base64 that are read as such: less is there by chance.
const BLOB: usize = 8;
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true));
/// Longest label of a domain, without the prefix that says that it is encoded.
const LABEL: usize = 59;

/// Is a letter as it is compared, and the bytes of the text that it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) letter: char,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Reads a text without regard to case, accents, width and what is not seen; blanks, plus signs and control characters are one.
pub(super) fn folded(text: &str) -> Vec<Letter> {
    if text.is_ascii() {
        return text.bytes().enumerate().map(|(start, byte)| Letter { letter: plain_ascii(byte.into()), start, end: start + 1 }).collect();
    }
    let mut letters = Vec::with_capacity(text.len());
    for (start, letter) in text.char_indices() {
        push(&mut letters, letter, start, start + letter.len_utf8());
    }
    letters
}

/// Reads a text with all in it undone that is base64, of either alphabet, of something longer; `None` where there is none.
pub(super) fn decoded(text: &str) -> Option<Vec<Letter>> {
    let mut letters = Vec::new();
    let (mut rest, mut at, mut written) = (text, 0, 0);
    while !rest.is_empty() {
        let is_encoding = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
        let length = rest.bytes().position(|byte| !is_encoding(&byte)).unwrap_or(rest.len());
        let (run, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let mut undo = |start: usize, piece: &str, meant: String| {
            as_it_stands(&mut letters, text, written..start);
            // A byte begins and ends within letters of six bits.
            let bits = |byte: usize| 8 * byte;
            let places = meant.char_indices().map(|(byte, letter)| (letter, bits(byte) / 6, bits(byte + letter.len_utf8()).div_ceil(6)));
            places.for_each(|(letter, from, to)| push(&mut letters, letter, start + from, start + to));
            written = start + piece.len();
        };
        match blob(run) {
            Some(meant) => undo(at, run, meant),
            // A path or a name before it may be written in letters of the encoding.
            None if run.len() >= BLOB => {
                let mut start = at;
                for piece in run.split_inclusive(['/', '_', '-', '+']) {
                    if let Some(meant) = blob(piece.strip_suffix(['/', '_', '-', '+']).unwrap_or(piece)).or_else(|| blob(piece)) {
                        undo(start, piece, meant);
                    }
                    start += piece.len();
                }
            }
            None => {}
        }
        let others = after.bytes().position(|byte| is_encoding(&byte)).unwrap_or(after.len());
        at += run.len() + others;
        rest = after.get(others..).unwrap_or_default();
    }
    if written == 0 {
        return None;
    }
    as_it_stands(&mut letters, text, written..text.len());
    Some(letters)
}

fn as_it_stands(letters: &mut Vec<Letter>, text: &str, range: Range<usize>) {
    let start = range.start;
    let between = text.get(range).unwrap_or_default();
    between.char_indices().for_each(|(from, letter)| push(letters, letter, start + from, start + from + letter.len_utf8()));
}

/// Gives the text in base64, if there is one and it is long enough not to be there by chance.
fn blob(run: &str) -> Option<String> {
    // A single letter over holds no byte, and with one of these no text begins.
    let begins_none = |run: &&str| matches!(run.bytes().next(), Some(b'g'..=b'v'));
    let run = run.get(..run.len() - usize::from(run.len() % 4 == 1)).filter(|run| run.len() >= BLOB && !begins_none(run))?;
    let bytes = match run.contains(['-', '_']) {
        true => LENIENT.decode(run.replace('-', "+").replace('_', "/")),
        false if !may_begin(run) => return None,
        false => LENIENT.decode(run),
    };
    String::from_utf8(bytes.ok()?).ok()
}

/// Says whether what a run begins with can be the beginning of a text, as that of most words cannot.
fn may_begin(run: &str) -> bool {
    let mut bytes = [0; BLOB / 4 * 3];
    let head = run.get(..BLOB).unwrap_or_default();
    let read = LENIENT.decode_slice(head, &mut bytes).ok().and_then(|length| bytes.get(..length));
    read.is_some_and(|read| std::str::from_utf8(read).map_or_else(|error| error.error_len().is_none(), |_| true))
}

/// Gives every reading of a text: as it stands, and with one layer of escapes after the other undone.
pub(super) fn readings(text: &str) -> impl Iterator<Item = Vec<Letter>> {
    std::iter::successors(Some(folded(text)), |letters| unescaped(letters)).take(LAYERS + 1)
}

/// Undoes one layer of escapes; `None` where there is none.
pub(super) fn unescaped(letters: &[Letter]) -> Option<Vec<Letter>> {
    if !letters.iter().any(|letter| matches!(letter.letter, '%' | '&' | '\\' | 'X')) {
        return None;
    }
    let mut out = Vec::with_capacity(letters.len());
    let (mut rest, mut is_changed) = (letters, false);
    while let Some((first, others)) = rest.split_first() {
        let Some((meant, length)) = escape(rest) else {
            out.push(*first);
            rest = others;
            continue;
        };
        let (escaped, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        let end = escaped.last().map_or(first.end, |last| last.end);
        meant.chars().for_each(|letter| push(&mut out, letter, first.start, end));
        (rest, is_changed) = (after, true);
    }
    is_changed.then_some(out)
}

/// Adds a character in the form in which letters are compared.
fn push(out: &mut Vec<Letter>, letter: char, start: usize, end: usize) {
    if letter.is_ascii() {
        return out.push(Letter { letter: plain_ascii(letter), start, end });
    }
    let before = out.len();
    // Through lower case: the capital ẞ is one letter, and the small one is two in upper case.
    let folded = bare(letter);
    let letters = folded.chars().flat_map(char::to_lowercase).flat_map(char::to_uppercase);
    out.extend(letters.map(|letter| Letter { letter: if letter == IDEOGRAPHIC_STOP { '.' } else { plain(letter) }, start, end }));
    // An accent, or what is not seen, belongs to the letter before.
    if let (true, Some(last)) = (out.len() == before, out.last_mut()) {
        last.end = end;
    }
}

/// Gives an ASCII letter as it is compared.
pub(super) fn plain_ascii(letter: char) -> char {
    plain(letter.to_ascii_uppercase())
}

/// Makes one of what forms and people write for a blank.
fn plain(letter: char) -> char {
    if letter == '+' || letter.is_control() { ' ' } else { letter }
}

/// Reads the escape that letters begin with: what it stands for, and its length.
fn escape(letters: &[Letter]) -> Option<(String, usize)> {
    match letters.first()?.letter {
        '%' => percent(letters),
        '&' => entity(letters),
        '\\' => backslash(letters),
        'X' => punycode(letters),
        _ => None,
    }
}

fn at(letters: &[Letter], index: usize) -> Option<char> {
    letters.get(index).map(|letter| letter.letter)
}

/// Gives the letters from a place on that fit, so many at most.
fn word(letters: &[Letter], from: usize, most: usize, fits: impl Fn(&char) -> bool) -> String {
    letters.iter().skip(from).map(|letter| letter.letter).take(most).take_while(fits).collect()
}

/// Reads a number of exactly so many hexadecimal digits.
fn hex(letters: &[Letter], from: usize, digits: usize) -> Option<u32> {
    let word = word(letters, from, digits, char::is_ascii_hexdigit);
    u32::from_str_radix(&word, 16).ok().filter(|_| word.len() == digits)
}

/// Reads `%40`, several for a character of several bytes, and `%u0040`.
fn percent(letters: &[Letter]) -> Option<(String, usize)> {
    if at(letters, 1) == Some('U') {
        return Some((char::from_u32(hex(letters, 2, 4)?)?.into(), 6));
    }
    bytes(letters, "%")
}

/// Reads bytes in hexadecimal digits, each behind the same mark: one, or all those of one character.
fn bytes(letters: &[Letter], mark: &str) -> Option<(String, usize)> {
    let length = mark.len() + 2;
    let byte = |index: usize| {
        let start = length * index;
        (word(letters, start, mark.len(), |_| true) == mark).then(|| u8::try_from(hex(letters, start + mark.len(), 2)?).ok()).flatten()
    };
    let first = byte(0)?;
    let bytes: Vec<u8> = (0..4).map_while(byte).take(usize::max(1, first.leading_ones() as usize)).collect();
    match std::str::from_utf8(&bytes) {
        Ok(text) => Some((text.to_owned(), length * bytes.len())),
        // An older alphabet, of one byte a character.
        Err(_) => Some((char::from(first).into(), length)),
    }
}

/// Reads `&#64;`, `&#x40;` and `&commat;`.
fn entity(letters: &[Letter]) -> Option<(String, usize)> {
    let end = |length: usize| length + usize::from(at(letters, length) == Some(';'));
    if at(letters, 1) != Some('#') {
        let name = word(letters, 1, ENTITY, char::is_ascii_alphabetic);
        let (_, letter) = ENTITIES.iter().find(|(known, _)| *known == name)?;
        return Some(((*letter).into(), end(1 + name.len())));
    }
    let (from, radix) = if at(letters, 2) == Some('X') { (3, 16) } else { (2, 10) };
    let digits = word(letters, from, ENTITY, |digit| digit.is_digit(radix));
    let letter = char::from_u32(u32::from_str_radix(&digits, radix).ok()?)?;
    Some((letter.into(), end(from + digits.len())))
}

/// Reads the escapes of JSON and of languages like it.
fn backslash(letters: &[Letter]) -> Option<(String, usize)> {
    let next = at(letters, 1)?;
    match next {
        'U' if at(letters, 2) == Some('{') => {
            let digits = word(letters, 3, 6, char::is_ascii_hexdigit);
            let letter = char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?;
            (at(letters, 3 + digits.len()) == Some('}')).then(|| (letter.into(), 4 + digits.len()))
        }
        'U' => {
            let unit = |from: usize| u16::try_from(hex(letters, from, 4)?).ok();
            let first = unit(2)?;
            let second = (at(letters, 6) == Some('\\') && at(letters, 7) == Some('U')).then(|| unit(8)).flatten();
            match (char::from_u32(first.into()), second) {
                (Some(letter), _) => Some((letter.into(), 6)),
                (None, Some(second)) => Some((String::from_utf16(&[first, second]).ok()?, 12)),
                (None, None) => None,
            }
        }
        'X' => bytes(letters, "\\X"),
        'B' | 'F' | 'N' | 'R' | 'T' => Some((" ".to_owned(), 2)),
        '"' | '\'' | '/' | '\\' => Some((next.into(), 2)),
        _ => None,
    }
}

/// Reads a label of a domain in the form that the DNS takes: `xn--bcher-kva`.
fn punycode(letters: &[Letter]) -> Option<(String, usize)> {
    if word(letters, 0, 4, |_| true) != "XN--" {
        return None;
    }
    let label = word(letters, 4, LABEL, |letter| letter.is_ascii_alphanumeric() || *letter == '-');
    let meant = idna::punycode::decode_to_string(&label).filter(|meant| !meant.is_empty())?;
    Some((meant, 4 + label.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(letters: &[Letter]) -> String {
        letters.iter().map(|letter| letter.letter).collect()
    }

    #[test]
    fn an_accent_belongs_to_the_letter_before_it() {
        let letters = folded("e\u{301}x");
        assert_eq!(letters.iter().map(|letter| (letter.letter, letter.start, letter.end)).collect::<Vec<_>>(), [('E', 0, 3), ('X', 3, 4)]);
    }

    #[test]
    fn what_is_one_letter_in_any_form_is_read_alike() {
        for (form, letters) in [
            ("ｊ\u{200d}\u{ad}Ｄ", "JD"),
            ("ﬁß\u{1e9e}", "FISSSS"),
            ("ᾳ", "ΑΙ"),
            ("α\u{345}", "ΑΙ"),
            ("ﾊﾟ", "ハ"),
            ("各", "各"),
            ("a\u{3002}b\u{ff61}c", "A.B.C"),
            ("\u{a0}\u{3000}", "  "),
            ("ς\u{130}\u{131}ſ\u{212a}", "ΣIISK"),
        ] {
            assert_eq!(shown(&folded(form)), letters, "{form}");
        }
    }

    #[test]
    fn every_layer_of_escapes_is_undone_and_no_more() {
        let layered = |layers: usize| format!("%{}40", "25".repeat(layers - 1));
        let read = |layers: usize| readings(&layered(layers)).any(|letters| shown(&letters) == "@");
        assert_eq!([1, LAYERS, LAYERS + 1].map(read), [true, true, false]);
    }

    #[test]
    fn what_stands_around_base64_keeps_its_place_and_a_letter_over_holds_nothing() {
        // "jane@doe.com", with a letter over.
        let text = "\u{e4}b: amFuZUBkb2UuY29tx \u{f6}c";
        let letters = decoded(text).expect("base64");
        assert_eq!(shown(&letters), "AB: JANE@DOE.COM OC");
        let places: Vec<_> = letters.iter().map(|letter| (letter.start, letter.end)).collect();
        assert_eq!(places[..4], [(0, 2), (2, 3), (3, 4), (4, 5)]);
        assert_eq!(places[places.len() - 3..], [(22, 23), (23, 25), (25, 26)]);
        assert_eq!(decoded("ab cd"), None);
    }
}
