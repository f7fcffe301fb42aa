//! The one binary-to-text form of WebAuthn: base64url without padding.

use base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::URL_SAFE_NO_PAD},
};

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true);
const URL_SAFE_LENIENT: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);
const STANDARD_LENIENT: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);

/// Writes bytes as base64url without padding.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads bytes of base64url or standard base64, padded or not: mobile wrappers write all of these.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_LENIENT.decode(text).or_else(|_| STANDARD_LENIENT.decode(text)).ok()
}

/// Writes the same bytes as base64url without padding; the text itself where it is that already.
pub(crate) fn normalise(text: &str) -> Option<String> {
    if URL_SAFE_LENIENT.decode(text).is_ok() && !text.ends_with('=') {
        return Some(text.to_owned());
    }
    decode(text).map(encode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_same_bytes_comes_out_as_one() {
        for text in ["-_8", "-_8=", "+/8", "+/8="] {
            assert_eq!(normalise(text).as_deref(), Some("-_8"), "{text}");
        }
        for text in ["a", "ä", "a b", "+_8", "-_8=="] {
            assert_eq!(normalise(text), None, "{text}");
        }
        assert_eq!(normalise("").as_deref(), Some(""));
    }
}
