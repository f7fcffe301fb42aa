//! How Authsignal signs its webhooks: HMAC-SHA256 over the time, a dot and the body, keyed with the API secret.

use std::time::SystemTime;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::model::Secret;

/// Names the header that carries the signature.
pub(crate) const HEADER: &str = "x-signature-v2";

/// Signs a body at a time, as a value of [`HEADER`].
pub(crate) fn sign(key: &Secret, body: &[u8], at: SystemTime) -> String {
    let seconds = at.duration_since(SystemTime::UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default().to_string();
    let signature = mac(key, &seconds, body).finalize().into_bytes();
    format!("t={seconds},v2={}", STANDARD_NO_PAD.encode(signature))
}

/// Reads what is signed; the time is the text that stands in the header.
pub(super) fn mac(key: &Secret, time: &str, body: &[u8]) -> Hmac<Sha256> {
    // Keys of any length are good for HMAC.
    let mut mac = Hmac::new_from_slice(key.expose().as_bytes()).unwrap_or_else(|_| Hmac::new(&Default::default()));
    for part in [time.as_bytes(), b".", body] {
        mac.update(part);
    }
    mac
}
