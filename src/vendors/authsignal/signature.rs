//! How Authsignal signs its webhooks: HMAC-SHA256 over the time, a dot and the body, keyed with the API secret. Who makes the HMAC is left open.

use std::time::SystemTime;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

/// Names the header that carries the signature.
pub(crate) const HEADER: &str = "x-signature-v2";

/// Writes a value of [`HEADER`] for a body at a time.
pub(crate) fn sign<M: AsRef<[u8]>>(body: &[u8], at: SystemTime, hmac: impl FnOnce([&[u8]; 3]) -> M) -> String {
    let seconds = at.duration_since(SystemTime::UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default().to_string();
    let signature = STANDARD_NO_PAD.encode(hmac(signed(&seconds, body)));
    format!("t={seconds},v2={signature}")
}

/// Gives what is signed, piece by piece; the time is the text that stands in the header.
pub(super) fn signed<'a>(time: &'a str, body: &'a [u8]) -> [&'a [u8]; 3] {
    [time.as_bytes(), b".", body]
}
