//! Fresh ids and codes, of the vendors' shapes.

use std::iter::repeat_with;

/// Makes so many digits, the first of them not zero.
pub(super) fn digits(count: usize) -> String {
    let first = char::from(fastrand::u8(b'1'..=b'9'));
    let rest = repeat_with(|| char::from(fastrand::u8(b'0'..=b'9')));
    std::iter::once(first).chain(rest).take(count).collect()
}

/// Makes so many small letters and digits.
pub(super) fn alphanumeric(count: usize) -> String {
    repeat_with(fastrand::alphanumeric).take(count).map(|c| c.to_ascii_lowercase()).collect()
}

/// Makes a code of the same length and kind that is another one.
pub(super) fn other_than(code: &str) -> String {
    let next = |c: char| match c {
        '0'..='8' | 'a'..='y' | 'A'..='Y' => char::from_u32(u32::from(c) + 1).unwrap_or('0'),
        _ => '0',
    };
    let mut characters = code.chars();
    match characters.next_back() {
        Some(last) => format!("{}{}", characters.as_str(), next(last)),
        None => "0".to_owned(),
    }
}

/// Makes a random UUID.
pub(super) fn uuid() -> String {
    let n = (fastrand::u128(..) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{n:032x}");
    let parts: [&str; 5] = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)].map(|(from, to)| hex.get(from..to).unwrap_or_default());
    parts.join("-")
}

#[cfg(test)]
mod tests {
    #[test]
    fn fresh_ids_have_the_vendors_shapes() {
        assert_eq!(super::digits(6).len(), 6);
        assert!(super::alphanumeric(20).bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        for code in ["123456", "999999", "ab", "", "é", "0"] {
            assert!(super::other_than(code) != code, "{code}");
        }
        let uuid = super::uuid();
        assert_eq!((uuid.len(), uuid.as_bytes()[14]), (36, b'4'), "{uuid}");
        assert!(b"89ab".contains(&uuid.as_bytes()[19]), "{uuid}");
    }
}
