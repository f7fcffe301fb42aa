//! Letters of any writing: which are forms of the same one, and what is not seen.

use std::borrow::Cow;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{CanonicalCombiningClass, DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup},
};

/// What divides the labels of a domain in East Asian writing.
pub(crate) const IDEOGRAPHIC_STOP: char = '\u{3002}';

/// Makes one of all forms of a letter (NFKC), with its accents.
pub(crate) fn composed(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfkc().normalize(text)
}

/// Gives the letters that a character is made of (NFKD), without accents and what is not seen.
#[cfg_attr(not(vendor), allow(dead_code, reason = "vendors' words alone are masked"))]
pub(crate) fn bare(letter: char) -> String {
    let mut bytes = [0; 4];
    let parts = DecomposingNormalizerBorrowed::new_nfkd().normalize(letter.encode_utf8(&mut bytes));
    parts.chars().filter(|part| !is_accent(*part) && !is_ignorable(*part)).collect()
}

fn is_accent(letter: char) -> bool {
    // An iota that is written below, and beside the letter in upper case.
    const IOTA: char = '\u{345}';
    letter != IOTA && CodePointMapData::<CanonicalCombiningClass>::new().get(letter) != CanonicalCombiningClass::NotReordered
}

/// Says whether a character is a letter, a digit, or a mark on one, of any writing, and can be seen.
pub(crate) fn is_letter(letter: char) -> bool {
    const LETTER: GeneralCategoryGroup = GeneralCategoryGroup::Letter.union(GeneralCategoryGroup::Mark).union(GeneralCategoryGroup::Number);
    let is_of_any_writing = || LETTER.contains(CodePointMapData::<GeneralCategory>::new().get(letter)) && !is_ignorable(letter);
    if letter.is_ascii() { letter.is_ascii_alphanumeric() } else { is_of_any_writing() }
}

/// Says whether a character is shown as nothing at all, as a zero-width space is.
pub(crate) fn is_ignorable(letter: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(letter)
}
