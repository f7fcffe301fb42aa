//! Forms of text that several vendors' doubles read or write.

use crate::model::recipient;

/// Gives one text for all spellings of a recipient. Addresses that differ in their `+tag` are several: tests have an inbox of its own for each.
pub(super) fn recipient(text: &str) -> String {
    let counted = recipient::counted(text);
    match text.rsplit_once('@').and_then(|(name, _)| name.rsplit('<').next()?.split_once('+')).zip(counted.split_once('@')) {
        Some(((_, tag), (name, domain))) => format!("{name}+{}@{domain}", tag.to_lowercase()),
        None => counted,
    }
}

/// Says whether a text has the form of an e-mail address, as far as vendors look.
pub(super) fn is_email_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty())
}

/// Says whether a text is a plus sign and digits, within bounds on how many.
pub(super) fn is_phone_number(text: &str, digits: impl std::ops::RangeBounds<usize>) -> bool {
    text.strip_prefix('+').is_some_and(|number| digits.contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()))
}

pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::digest::hex;

    #[test]
    fn spellings_of_a_recipient_are_one_and_tags_are_several() {
        for same in ["Jane+A@Doe.com", " jane+a@doe.com ", "Jane <jane+a@doe.com>", "A+B <jane+a@doe.com>"] {
            assert_eq!(recipient(same), "jane+a@doe.com", "{same}");
        }
        assert_eq!(recipient("A+B <jane@doe.com>"), recipient("JANE@doe.com"));
        assert_eq!(recipient("jane+a@münchen.de"), recipient("jane+a@xn--mnchen-3ya.de"));
        assert_eq!(recipient("+49 170 1234567"), recipient("+491701234567"));
        assert_ne!(recipient("jane+b@doe.com"), recipient("jane+a@doe.com"));
    }

    #[test]
    fn hex_is_read_as_it_is_written() {
        assert_eq!(from_hex(&hex(&[0, 15, 160, 255])), Some(vec![0, 15, 160, 255]));
        for bad in ["0", "0g", "é0"] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
    }

    #[test]
    fn addresses_are_told_from_other_text() {
        assert!(is_email_address("jane@doe.com") && !is_email_address("@doe.com") && !is_email_address("jane@"));
        assert!(is_phone_number("+64270000000", 7..=15) && !is_phone_number("64270000000", 7..=15) && !is_phone_number("+123", 7..=15));
    }
}
