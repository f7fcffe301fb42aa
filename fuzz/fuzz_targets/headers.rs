//! The headers of a person's request: one a line, name and value parted by a colon.

#![no_main]

use auth_challenge::ClientContext;
use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n').take(100) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(&line[..colon]), HeaderValue::from_bytes(line[colon + 1..].trim_ascii())) {
            headers.append(name, value);
        }
    }
    let context = ClientContext::new([203, 0, 113, 7]).with_headers(&headers);
    assert_eq!(context.ip(), Some([203, 0, 113, 7].into()), "the address is never taken from a header");
    let _ = format!("{context:?}");
});
