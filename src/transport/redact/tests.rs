//! What a mask hides, in which spellings, and at what cost.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use icu_normalizer::DecomposingNormalizerBorrowed;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

use super::*;
use crate::model::Secret;

#[test]
fn an_empty_secret_is_looked_for_nowhere() {
    let secrets = std::sync::Arc::new(Secrets::new([Secret::new(""), Secret::new("a key")]));
    for before in [0, 2000] {
        let mut text = "y".repeat(before) + " a key";
        Mask::of(Some(secrets.clone())).apply([Told::words(&mut text).cut_to(usize::MAX)]);
        assert_eq!(text, "y".repeat(before) + " ***");
    }
    assert!(secrets.sought().spellings().all(|spelling| !spelling.is_empty()));
}

/// What is left of a sentence where these values are hidden.
fn masked(values: &[&str], text: &str) -> String {
    let mut mask = Mask::default();
    values.iter().for_each(|value| mask.hide(value));
    let mut text = text.to_owned();
    mask.apply([Told::words(&mut text)]);
    text
}

#[test]
fn every_form_of_a_value_is_masked() {
    let mut mask = Mask::default();
    mask.hide("jane+x@doe.com");
    let body = br#"{"outer":[{"value":"123456"}],"custom":{"any":["deep",7,-48]},"city":"Munich"}"#;
    mask.hide_members(&Submitted { body: body.to_vec().into(), is_form: false }, &["value", "custom"]);
    for (text, expected) in [
        ("jane+x@doe.com", "***"),
        ("it is -48 now", "it is *** now"),
        ("JANE+X@DOE.COM is blocked", "*** is blocked"),
        ("to=jane%2Bx%40doe.com;", "to=***;"),
        ("to=jane+x%40doe.com;", "to=***;"),
        ("jane%2bx%40doe%2ecom", "***"),
        ("amFuZSt4QGRvZS5jb20=", "***"),
        ("amFuZSt4QGRvZS5jb20 is", "*** is"),
        ("jane&#43;x&#x40;doe&period;com;", "***;"),
        ("jane&plus;x&commat;doe.com", "***"),
        ("jane&amp;#43;x&amp;#64;doe.com", "***"),
        ("jane&#0043;x&#x00040;doe.com;", "***;"),
        (r"jane\u{2b}x\u{00040}doe.com", "***"),
        (r"jane\u002bx\u0040doe.com", "***"),
        (r"jane\\\\u002Bx\\x40doe.com", "***"),
        ("jane%252Bx%25252540doe.com", "***"),
        ("jane%u002Bx@doe.com", "***"),
        ("ｊａｎｅ＋ｘ＠ｄｏｅ．ｃｏｍ", "***"),
        ("ja\u{200b}ne+x@d\u{ad}oe.com", "***"),
        ("code 123456 from Munich", "code *** from Munich"),
        ("code 123 456", "code ***"),
        ("code 123-456", "code ***"),
        ("deep 7", "*** ***"),
        ("line\nbreak\u{1b}[0m", "line break [0m"),
    ] {
        let mut told = text.to_owned();
        mask.apply([Told::words(&mut told)]);
        assert_eq!(told, expected, "{text}");
    }
}

#[test]
fn what_is_masked_is_masked_in_any_alphabet() {
    for (value, text, expected) in [
        ("jürgen@bücher.example", "JÜRGEN@BÜCHER.EXAMPLE", "***"),
        ("jürgen@bücher.example", "ju\u{308}rgen@bu\u{308}cher.example", "***"),
        ("jürgen@bücher.example", "jürgen@xn--bcher-kva.example is blocked", "*** is blocked"),
        ("jane@xn--bcher-kva.example", "jane@bücher.example", "***"),
        ("jane@xn--bcher-kva.example", "jane@XN--BCHER-KVA.example", "***"),
        ("jürgen@doe.com", "j%C3%BCrgen@doe.com j%FCrgen@doe.com j&#252;rgen@doe.com", "*** *** ***"),
        ("jürgen@doe.com", r"j\xc3\xbcrgen@doe.com j\xFCrgen@doe.com", "*** ***"),
        ("2001:db8::a1:7", "from 2001:DB8::A1:7, 2001:db8:0:0:0:0:a1:7 or 2001:0db8:0000:0000:0000:0000:00a1:0007", "from ***, *** or ***"),
        ("9f1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9", "user 9F1B2C3D4E5F60718293A4B5C6D7E8F9", "user ***"),
        ("+64270000777", "call 0270000777 or 027 000 0777", "call 02*** or 02***"),
        ("straße@doe.com", "STRASSE@DOE.COM", "***"),
        ("ΟΔΟΣ@doe.com", "οδος@doe.com", "***"),
        ("İstanbul", "istanbul ISTANBUL i̇stanbul", "*** *** ***"),
        ("KADIR", "kadır", "***"),
        ("😀🙈 secret", r"\ud83d\ude00\ud83d\ude48 secret", "***"),
        ("100%", "100%", "***"),
        ("100%", "100%41", "***41"),
        ("a%41b", "a%41b, aAb, a%2541b", "***, ***, ***"),
        (r"C:\new", r"C:\new C:\\new", "*** ***"),
        ("Jane Doe", r"is Jane\nDoe there", "is *** there"),
        ("abcdef", "abcdabcdefef", "abcd***ef"),
        ("+4915112345678", "to +49 151 1234-5678.", "to +***."),
        ("+4915112345678", "to 49 (151) 12345678", "to ***"),
        ("+4915112345678", "%2B49%20151%2012345678", "%2B***"),
        (" ", "a b", "a b"),
        ("+", "a+b", "a+b"),
    ] {
        assert_eq!(masked(&[value], text), expected, "{value} in {text}");
    }
}

#[test]
fn what_only_looks_like_a_form_of_a_value_stays() {
    for (value, text) in [("dead-beef", "deadbeef"), ("1234", "1 234 people"), ("ab-1234", "1234")] {
        assert_eq!(masked(&[value], text), text, "{value}");
    }
}

#[test]
fn values_that_overlap_are_masked_as_one() {
    assert_eq!(masked(&["abcd", "cdef"], "xabcdefx"), "x***x");
    assert_eq!(masked(&["ab", "abcd"], "abcd abc"), "*** ***c");
}

#[test]
fn values_within_base64_are_masked_where_their_letters_stand() {
    for (encoded, expected) in [
        ("abcjane@doe.comxyz", "YWJj***eHl6"),
        (r"abcjane\u0040doe.comxyz...", "YWJj***4eXouLi4="),
        ("abcJANE%40DOE.COMxyz", "YWJj***4eXo="),
        ("?>?jane@doe.comxyz", "Pz4_***eHl6"),
        // Its letters hold bits of what stands beside it.
        ("ab:jane@doe.com,x", "YWI6***LHg="),
        ("abjane@doe.com", "YW***="),
        ("abcd+4915112345678", "YWJjZ***"),
    ] {
        let encoded = URL_SAFE.encode(encoded);
        let text = masked(&["jane@doe.com", "+4915112345678"], &format!("in {encoded}!"));
        assert_eq!(text, format!("in {expected}!"), "{encoded}");
    }
}

#[test]
fn a_short_value_is_masked_in_base64_with_its_padding_and_without() {
    for value in ["a1b", "a1b2"] {
        let encoded = STANDARD.encode(value);
        for encoded in [encoded.as_str(), encoded.trim_end_matches('=')] {
            assert_eq!(masked(&[value], &format!("in {encoded} too")), "in *** too");
        }
    }
}

#[test]
fn base64_behind_a_name_or_a_path_is_read() {
    let encoded = STANDARD.encode(r#"{"to":"jane@doe.com"}"#);
    for before in ["req_", "https://v.example/verify/", "a-b-", "/_/"] {
        let text = masked(&["jane@doe.com"], &format!("{before}{encoded}"));
        assert_eq!(text, format!("{before}eyJ0byI6I***J9"), "{before}");
    }
}

#[test]
fn what_stands_around_a_value_does_not_hide_it() {
    for (value, text, expected) in [(" jane@doe.com\n", "to jane@doe.com.", "to ***."), ("\tjane@doe.com", "<jane@doe.com>", "<***>")] {
        assert_eq!(masked(&[value], text), expected, "{value:?} in {text}");
    }
}

#[test]
fn the_fields_of_a_form_are_masked() {
    let mut mask = Mask::default();
    let body = b"To=%2B15017122661&Channel=sms&Tags=%7B%22city%22%3A%22Ghent%22%7D";
    mask.hide_members(&Submitted { body: body.to_vec().into(), is_form: true }, &["To", "Tags"]);
    for (text, expected) in [("+15017122661 by sms", "*** by sms"), ("15017122661", "***"), ("To=%2B15017122661", "To=***"), ("from Ghent", "from ***")] {
        let mut told = text.to_owned();
        mask.apply([Told::words(&mut told)]);
        assert_eq!(told, expected, "{text}");
    }
}

#[test]
fn short_values_stay_in_names_alone_and_no_value_reaches_from_one_text_into_the_next() {
    let mut mask = Mask::default();
    ["7ab", "7abc", "idcode"].iter().for_each(|value| mask.hide(value));
    let (mut id, mut code, mut message) = ("7ab-7abc-id".to_owned(), "code".to_owned(), "7ab".to_owned());
    mask.apply([Told::name(&mut id), Told::name(&mut code), Told::words(&mut message)]);
    assert_eq!([id, code, message], ["7ab-***-id", "code", "***"]);
}

#[test]
fn a_long_message_is_cut_and_one_that_is_too_long_is_not_looked_at() {
    let text = masked(&[], &"ü".repeat(2000));
    assert_eq!((text.chars().count(), text.ends_with(CUT)), (513, true));
    for text in ["x".repeat(LONGEST_TEXT + 1), "ﷺ".repeat(LONGEST_TEXT / 4)] {
        assert_eq!(masked(&[], &text), CUT.to_string());
    }
    let mut texts = vec!["x".repeat(LONGEST_TEXT); 6];
    Mask::default().apply(texts.iter_mut().map(Told::words));
    assert!(texts[3].starts_with('x') && texts[4..].iter().all(|text| *text == CUT.to_string()));
}

/// Values by the tens of thousands, and a reply of the longest texts that are looked at: minutes where each value is sought in each text. The
/// limit is far from what it takes, and from what that would.
#[test]
fn many_values_and_many_texts_are_masked_in_time() {
    let started = std::time::Instant::now();
    let members: serde_json::Map<String, serde_json::Value> =
        (0..40_000).map(|number| (format!("member-{number}"), format!("value {number}").into())).collect();
    let mut mask = Mask::default();
    let body = serde_json::json!({ "custom": members, "more": ["a".repeat(100_000)] }).to_string();
    mask.hide_members(&Submitted { body: body.into_bytes().into(), is_form: false }, &["custom", "more"]);
    let mut texts = vec!["value 39999 ".repeat(1000), "%2525".repeat(3000), "a".repeat(LONGEST_TEXT), "a".repeat(LONGEST_TEXT)];
    texts.extend(vec!["value 17".to_owned(); 10_000]);
    mask.apply(texts.iter_mut().map(Told::words));
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    assert!(!texts.iter().any(|text| text.contains("value")));
}

/// The ways in which a vendor may spell what it was sent.
fn respelt(text: &str, way: u8) -> String {
    let each = |form: &dyn Fn(char) -> String| text.chars().map(form).collect::<String>();
    match way {
        0 => text.to_uppercase(),
        1 => text.to_lowercase(),
        2 => utf8_percent_encode(text, NON_ALPHANUMERIC).to_string(),
        3 => url::form_urlencoded::byte_serialize(text.as_bytes()).collect(),
        4 => each(&|letter| format!("&#{};", u32::from(letter))),
        5 => each(&|letter| if letter.is_alphanumeric() { letter.to_string() } else { format!("&#X{:x};", u32::from(letter)) }),
        6 => each(&|letter| letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()),
        7 => serde_json::to_string(text).ok().and_then(|json| Some(json.strip_prefix('"')?.strip_suffix('"')?.to_owned())).expect("JSON"),
        8 => DecomposingNormalizerBorrowed::new_nfd().normalize(text).into_owned(),
        9 => each(&|letter| char::from_u32(u32::from(letter) + 0xfee0).filter(|_| letter.is_ascii_graphic()).unwrap_or(letter).to_string()),
        _ => match text.rsplit_once('@').and_then(|(name, domain)| Some((name, idna::domain_to_ascii(domain).ok()?))) {
            Some((name, domain)) => format!("{name}@{domain}"),
            None => text.to_owned(),
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_piece_of_a_value_shows_however_it_is_spelt(
        value in "[a-z0-9.+äöüßçéñøåœλσςωжяю]{1,12}@[a-zäöü]{2,8}\\.(com|example|münchen)|\\+[1-9][0-9]{7,13}|[0-9]{6}|[A-Za-z0-9+/_%\\\\\"&;# -]{6,24}",
        is_base64 in any::<bool>(),
        ways in proptest::collection::vec(0..=10u8, 0..4),
    ) {
        let first = if is_base64 { STANDARD.encode(&value) } else { value.clone() };
        // What is encoded is not spelt by people.
        let ways: Vec<u8> = if is_base64 { ways.into_iter().filter(|way| (2..8).contains(way)).collect() } else { ways };
        let text = ways.iter().fold(first, |text, way| respelt(&text, *way));
        prop_assert_eq!(masked(&[&value], &format!("({text})")), "(***)", "{} as {}", value, text);
    }
}

#[test]
fn a_number_that_is_not_hidden_stays() {
    let mut mask = Mask::default();
    mask.hide_members(&Submitted { body: br#"{"attempts":12345,"code":67890}"#[..].into(), is_form: false }, &["code"]);
    let mut told = "12345 attempts with 67890".to_owned();
    mask.apply([Told::words(&mut told)]);
    assert_eq!(told, "12345 attempts with ***");
}

#[test]
fn a_name_keeps_what_is_too_short_to_be_a_value_in_it() {
    let mut mask = Mask::default();
    mask.hide("7");
    mask.hide("123456");
    for (name, told) in [("error_7", "error_7"), ("request-17-7", "request-17-7"), ("req-123456", "req-***")] {
        let mut text = name.to_owned();
        mask.apply([Told::name(&mut text)]);
        assert_eq!(text, told);
    }
}

#[test]
fn many_values_and_a_short_text_that_they_all_begin_like_are_done_in_time() {
    let mut mask = Mask::default();
    (0..40_000).for_each(|number| mask.hide(&format!("value {number}")));
    for letter in ["V", "D"] {
        let mut text = letter.repeat(500);
        mask.apply([Told::words(&mut text)]);
        assert_eq!(text, letter.repeat(500));
    }
}

#[test]
fn numbers_and_what_stands_behind_them_are_hidden_whatever_their_form() {
    let mut mask = Mask::default();
    let body = br#"{"custom":{"score":7.5,"count":-3,"big":1e300,"deep":[[0.25]]},"code":"s3cret-code"}"#;
    mask.hide_members(&Submitted { body: body[..].into(), is_form: false }, &["code", "custom"]);
    let mut text = "s3cret-code at 7.5, 0.25 and 1e+300".to_owned();
    mask.apply([Told::words(&mut text)]);
    assert_eq!(text, "*** at ***, *** and ***");
}

#[test]
fn a_number_with_dashes_in_it_is_found_up_to_the_end_of_a_text_and_not_across_two() {
    let mut mask = Mask::default();
    mask.hide("123456");
    let (mut first, mut second, mut third) = ("at 12-34".to_owned(), "56 or so".to_owned(), "of 12-34-56".to_owned());
    mask.apply([&mut first, &mut second, &mut third].map(Told::words));
    assert_eq!([first, second, third], ["at 12-34", "56 or so", "of ***"]);
}

#[test]
fn a_body_is_shared_and_sent_as_it_is() {
    for body in [Bytes::from(b"To=%2B1".to_vec()), Bytes::from(vec![b'1'; 1 << 20]), Bytes::new()] {
        let mut request = request(body.clone().into(), "application/json");
        let submitted = Submitted::of(&mut request).body;
        assert_eq!((submitted.as_ptr(), submitted.len()), (body.as_ptr(), body.len()));
        let sent = request.body().and_then(reqwest::Body::as_bytes).expect("a body at hand");
        assert_eq!((sent.as_ptr(), sent.len()), (body.as_ptr(), body.len()));
    }
}

#[test]
fn a_body_that_is_not_here_whole_is_left_alone() {
    let mut request = request(reqwest::Body::wrap(reqwest::Body::from("text")), "application/json");
    assert!(Submitted::of(&mut request).body.is_empty());
    let body = request.body_mut().as_mut().expect("a body");
    let Poll::Ready(Some(Ok(frame))) = Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop())) else { panic!("expected a frame") };
    assert_eq!(frame.into_data().expect("data"), "text");
}

#[test]
fn a_form_is_known_by_its_content_type() {
    for (content_type, is_form) in
        [("application/json", false), ("application/x-www-form-urlencoded", true), ("application/x-www-form-urlencoded; charset=utf-8", true)]
    {
        assert_eq!(Submitted::of(&mut request("To=%2B1".into(), content_type)).is_form, is_form, "{content_type}");
    }
}

fn request(body: reqwest::Body, content_type: &'static str) -> reqwest::Request {
    let mut request = reqwest::Request::new(reqwest::Method::POST, "https://vendor.example".parse().expect("a URL"));
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    *request.body_mut() = Some(body);
    request
}
