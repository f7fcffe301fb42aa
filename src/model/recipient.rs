//! Whom a message is for: which texts name one recipient, and which of them name the same one.

use url::Host;

use crate::model::{
    Method,
    letters::{IDEOGRAPHIC_STOP, composed, is_ignorable, is_letter},
};

/// Says what was expected, where a text does not name one recipient for this method. Nothing is sent to such a text: what one reader takes
/// for a name, a list or a comment, another takes for somebody else.
pub(crate) fn problem(method: Method, to: &str) -> Option<&'static str> {
    if method.is_to_phone() {
        (!is_phone_number(to)).then_some("expected one phone number in E.164 form: +, then 7 to 15 digits")
    } else if method.is_to_email() {
        (!is_email_address(to))
            .then_some("expected one bare e-mail address: letters, digits, signs and single dots, then one @, then a domain without a dot at its end")
    } else {
        None
    }
}

/// Gives one text for all spellings of a recipient, for counting and never for sending. It takes any text, since not every provider checks.
///
/// Forms for the same letter (NFKC), case, blanks and characters that are not seen make no difference, nor do comments, quotes and angle
/// brackets. Of an e-mail address the `+tag` goes, and the domain is its ASCII form; of a phone number the digits stay, without zeros
/// before them; `mailto:` and `tel:` go. All else counts as what is left of it.
pub(crate) fn counted(to: &str) -> String {
    usual(to).unwrap_or_else(|| of_any_spelling(to))
}

/// Gives the text for what nearly all recipients look like: an address of ASCII letters, digits and few signs, or a number in E.164 form.
fn usual(to: &str) -> Option<String> {
    if is_phone_number(to) {
        return Some(to.to_owned());
    }
    let (name, domain) = to.split_once('@')?;
    (is_usual_name(name) && is_usual_domain(domain)).then(|| to.to_ascii_lowercase())
}

fn of_any_spelling(to: &str) -> String {
    let visible: String = to.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !is_ignorable(*c)).collect();
    // Through upper case, since some letters have two in lower case; and composed once more, since some then come apart.
    let folded: String = composed(&visible).chars().flat_map(char::to_lowercase).flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
    let letters = composed(&folded);
    let letters = letters.chars().map(|c| if c == IDEOGRAPHIC_STOP { '.' } else { c });
    let folded: String = letters.filter(|c| c.is_ascii_graphic() || is_letter(*c)).collect();
    let folded = ["mailto:", "tel:"].iter().find_map(|scheme| folded.strip_prefix(scheme)).unwrap_or(&folded);
    let bare = without_comments(folded);
    let bare = bare.rsplit_once('<').map_or(&*bare, |(_, address)| address.split('>').next().unwrap_or_default());
    let Some((name, domain)) = bare.trim_matches([',', ';']).rsplit_once('@') else { return number(folded).unwrap_or_else(|| folded.to_owned()) };
    let name = name.split_once('+').map(|(before, _)| before).filter(|before| !before.is_empty()).unwrap_or(name);
    let domain = domain.trim_matches('.');
    let domain = Host::parse(domain).map_or_else(|_| domain.to_owned(), |host| host.to_string());
    format!("{}@{domain}", name.trim_matches('.'))
}

/// Says whether a recipient can begin so in the form in which it is [counted].
pub(crate) fn may_begin(prefix: &str) -> bool {
    match prefix.strip_prefix('+') {
        Some(digits) => !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()),
        None => !prefix.is_empty() && !prefix.starts_with('@') && !prefix.contains('+') && prefix.chars().all(|c| !c.is_whitespace() && !c.is_uppercase()),
    }
}

/// Gives the calling code that a phone number begins with, say `+49`, as the ITU assigned them (E.164): `+1` and `+7` are one digit long, those
/// listed two, all others three. It takes a number in the form in which it is [counted].
pub(crate) fn calling_code(number: &str) -> Option<&str> {
    const TWO_DIGITS: [&str; 44] = [
        "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49", "51", "52", "53", "54", "55", "56", "57",
        "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
    ];
    let digits = number.strip_prefix('+').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    let length = match digits.get(..2)? {
        two if two.starts_with(['1', '7']) => 1,
        two if TWO_DIGITS.contains(&two) => 2,
        _ => 3,
    };
    number.get(..=length)
}

/// Says whether a text may stand in a list of calling codes: `+`, then 1 to 7 digits. No calling code is so long, but `+1684` is more exact than `+1`.
pub(crate) fn is_calling_code(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| (1..=7).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// Gives the digits of a text that is nothing but a number, behind a plus sign.
fn number(text: &str) -> Option<String> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_punctuation());
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    (is_number && !digits.is_empty()).then(|| format!("+{}", digits.trim_start_matches('0')))
}

/// The longest address that mail is delivered to, in bytes (RFC 5321, with the erratum on RFC 3696).
const LONGEST_ADDRESS: usize = 254;

fn is_phone_number(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else { return false };
    (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

fn is_email_address(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@').filter(|_| text.len() <= LONGEST_ADDRESS) else { return false };
    let is_atom = |atom: &str| !atom.is_empty() && atom.chars().all(|c| is_letter(c) || "#$&'*+-/=?^_`{|}~".contains(c));
    // Encoded words, and routes through other hosts, which some programs still follow.
    let is_name = || !name.contains("=?") && name.split('.').all(is_atom);
    (is_usual_name(name) || is_name()) && is_domain(domain)
}

/// Says whether what stands before the @ is of ASCII letters, digits, hyphens and underscores, with single dots between them.
fn is_usual_name(text: &str) -> bool {
    let is_usual = |atom: &[u8]| !atom.is_empty() && atom.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    text.as_bytes().split(|b| *b == b'.').all(is_usual)
}

/// Says whether a domain is of ASCII letters, digits and hyphens, and nothing reads it as an address of the network or as an encoded name.
fn is_usual_domain(text: &str) -> bool {
    let is_usual = |label: &[u8]| is_label(label) && !label.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case(b"xn--"));
    let mut labels = text.as_bytes().split(|b| *b == b'.');
    let ends_well = labels.clone().next_back().and_then(<[u8]>::first).is_some_and(u8::is_ascii_alphabetic);
    ends_well && labels.all(is_usual)
}

fn is_label(text: &[u8]) -> bool {
    let is_bounded = |end: Option<&u8>| end.is_some_and(u8::is_ascii_alphanumeric);
    is_bounded(text.first()) && is_bounded(text.last()) && text.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
}

fn is_domain(text: &str) -> bool {
    if is_usual_domain(text) {
        return true;
    }
    let is_plain = text.chars().all(|c| is_letter(c) || c == '-' || c == '.');
    is_plain && matches!(Host::parse(text), Ok(Host::Domain(ascii)) if ascii.as_bytes().split(|b| *b == b'.').all(is_label))
}

/// Takes out what stands in round brackets, which mail programs pass over, and quotes and backslashes, which mean no other mailbox.
fn without_comments(text: &str) -> String {
    let mut depth = 0_usize;
    text.chars()
        .filter(|c| {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => return depth == 0 && !matches!(c, '"' | '\\'),
            }
            false
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CredentialKind;

    #[test]
    fn a_calling_code_is_as_long_as_the_itu_says() {
        for (number, code) in
            [("+4915112345678", "+49"), ("+12025550123", "+1"), ("+79261234567", "+7"), ("+3581234567", "+358"), ("+982112345", "+98"), ("+64", "+64")]
        {
            assert_eq!(calling_code(number), Some(code), "{number}");
        }
        for none in ["", "+", "+4", "+35", "jane@doe.com", "+é12"] {
            assert_eq!(calling_code(none), None, "{none}");
        }
    }

    #[test]
    fn a_listed_calling_code_is_a_plus_sign_and_one_to_seven_digits() {
        for good in ["+1", "+49", "+358", "+1684", "+1234567"] {
            assert!(is_calling_code(good), "{good}");
        }
        for bad in ["", "+", "49", "*", "+12345678", "+4 9", " +49", "+49 ", "++49", "+4a", "+４９", "0049"] {
            assert!(!is_calling_code(bad), "{bad:?}");
        }
    }

    #[test]
    fn phone_numbers_are_e164() {
        for good in ["+64270000000", "+4915112345678", "+2904123", "+123456789012345"] {
            assert_eq!(problem(Method::SmsOtp, good), None, "{good}");
        }
        for bad in [
            "",
            "+",
            "64270000000",
            "+064270000000",
            "+123456",
            "+1234567890123456",
            "+64 27 000 0000",
            "+6427000000a",
            "++64270000000",
            "+６４２７００００００００",
            "+64270000000,+64270000001",
            "+64270000000;ext=1",
            "+6427000\u{200b}0000",
            "tel:+64270000000",
        ] {
            assert!(problem(Method::VoiceOtp, bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn an_e_mail_address_is_one_bare_mailbox() {
        let longest = format!("{}@doe.com", "j".repeat(246));
        for good in [
            "jane@doe.com",
            "a@b",
            "o'brien+tag@doe.co.nz",
            "j.a.n.e@doe.com",
            "jürgen@münchen.de",
            "ju\u{308}rgen@xn--mnchen-3ya.de",
            "用户@例子.广告",
            "डाटा@मेल.भारत",
            "jane@ｄｏｅ.com",
            "+6427@sms.example",
            &longest,
        ] {
            assert_eq!(problem(Method::EmailOtp, good), None, "{good}");
        }
        for bad in [
            "",
            "jane",
            "@doe.com",
            "jane@",
            "@",
            "jane@doe.com\n",
            "jane @doe.com",
            "jane@doe.com\0",
            "a@x.com,b@y.com",
            "a@x.com;b@y.com",
            "a@x.com b@y.com",
            "a@x@y.com",
            "a,b@y.com",
            "jane@doe.com,",
            "jane(1)@doe.com",
            "jane@doe.com(1)",
            "jane@(1)doe.com",
            "<jane@doe.com>",
            "Jane <jane@doe.com>",
            "\"jane\"@doe.com",
            "\"a@b\"@c.d",
            "ja\\ne@doe.com",
            "jane@doe.com.",
            "jane@doe..com",
            "jane@.doe.com",
            ".jane@doe.com",
            "jane.@doe.com",
            "ja..ne@doe.com",
            "mailto:jane@doe.com",
            "ja\u{200b}ne@doe.com",
            "jane@d\u{200b}oe.com",
            "jane@d\u{ad}oe.com",
            "ja\u{feff}ne@doe.com",
            "ja\u{202e}ne@doe.com",
            "ja\u{3164}ne@doe.com",
            "ja\u{34f}ne@doe.com",
            "ja\u{fe0f}ne@doe.com",
            "ja\u{e0061}ne@doe.com",
            "ja\u{2800}ne@doe.com",
            "jane\u{a0}@doe.com",
            "jane\u{ff20}doe.com",
            "jane@doe\u{3002}com",
            "jane@doe%2ecom",
            "jane%doe.com@x.com",
            "doe.com!jane@x.com",
            "=?utf-8?q?jane?=@doe.com",
            "jane@doe_x.com",
            "jane@-doe.com",
            "jane@xn--a.com",
            "jane@127.0.0.1",
            "jane@[127.0.0.1]",
            "jane@[::1]",
            &format!("j{longest}"),
        ] {
            assert!(problem(Method::EmailLink, bad).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn what_was_expected_holds_nothing_of_what_was_given() {
        for method in [Method::SmsOtp, Method::EmailOtp] {
            assert!(!problem(method, "mallory").expect("a problem").contains("mallory"));
        }
        assert_eq!(problem(Method::Credential(CredentialKind::Key), "anything"), None);
    }

    #[test]
    fn all_spellings_of_a_recipient_count_as_one() {
        let rows: [(&str, &[&str]); 7] = [
            (
                "victim@x.com",
                &[
                    "victim@x.com",
                    "Victim@X.COM",
                    "victim+1@x.com",
                    "victim+a+b@x.com",
                    "victim@x.com.",
                    "\"victim\"@x.com",
                    "victim(1)@x.com",
                    "victim@(a(b)c)x.com",
                    "<victim@x.com>",
                    "Somebody Else <victim@x.com>",
                    "vic\u{200b}tim@x.com",
                    "victim@x\u{200d}.com",
                    "\u{feff}victim@x.com",
                    "vic\u{34f}tim@x.com",
                    "vic\u{2800}tim@x.com",
                    " victim@x.com\r\n",
                    "victim@x.com,",
                    "mailto:Victim@x.com",
                    "victim@ｘ.ｃｏｍ",
                    "ｖｉｃｔｉｍ＠x.com",
                    "𝐯𝐢𝐜𝐭𝐢𝐦@x.com",
                    "victim@x\u{3002}com",
                    "vict\\im@x.com",
                ],
            ),
            ("jürgen@xn--mnchen-3ya.de", &["jürgen@münchen.de", "JÜRGEN@MÜNCHEN.DE", "ju\u{308}rgen@mu\u{308}nchen.de", "jürgen+x@xn--mnchen-3ya.de"]),
            ("strasse@x.com", &["STRASSE@x.com", "straße@x.com", "STRAẞE@x.com"]),
            ("οδοσ@x.com", &["ΟΔΟΣ@x.com", "οδος@x.com", "οδοσ@x.com"]),
            ("ǰ@x.com", &["ǰ@x.com", "J\u{30c}@x.com"]),
            ("+1@sms.example", &["+1@sms.example"]),
            (
                "+64270000000",
                &["+64270000000", "+64 27 000-0000", "0064 27 000 0000", "+６４270000000", "+64\u{200b}270000000", "64270000000", "tel:+64-27-000-0000"],
            ),
        ];
        for (counts_as, spellings) in rows {
            for spelling in spellings {
                assert_eq!(counted(spelling), counts_as, "{spelling:?}");
            }
        }
        for (usual_one, counts_as) in [("Jane.Doe-1_x@Mail.DOE-1.Com", "jane.doe-1_x@mail.doe-1.com"), ("+64270000000", "+64270000000")] {
            assert_eq!((usual(usual_one).as_deref(), &*of_any_spelling(usual_one)), (Some(counts_as), counts_as));
        }
        for (one, other) in [("a@x.com", "b@x.com"), ("a@x.com", "a@y.com"), ("a@x.com", "a.b@x.com"), ("+64270000000", "+64270000001")] {
            assert_ne!(counted(one), counted(other));
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_not_seen_makes_no_difference_in_any_text(text in ".*") {
            let unseen: String = text.chars().flat_map(|c| [c, '\u{200b}', ' ']).collect();
            proptest::prop_assert_eq!(counted(&unseen), counted(&text));
        }

        #[test]
        fn a_recipient_that_looks_as_usual_counts_as_it_does_by_all_rules(text in "\\+?[a-cA-CxN0-2_-]{1,3}(\\.?[a-cA-CxN0-2_-]{1,4}){0,3}(@[a-cA-CxN0-2-]{1,5}(\\.[a-cA-CxN0-2-]{1,80}){0,3})?") {
            let as_usual = usual(&text);
            proptest::prop_assert!(as_usual.is_none_or(|usual| usual == of_any_spelling(&text)));
        }

        #[test]
        fn texts_of_the_signs_that_mean_something_count_as_something(text in "[a-cＡ@+.()<>\"\\\\,;%0-2。\u{200b} -]{0,24}") {
            let _ = counted(&text);
        }
    }
}
