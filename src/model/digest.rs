//! Keyed hashes, and bytes as hexadecimal digits.

#[cfg(any(feature = "redis", feature = "send-once", feature = "webhooks"))]
use hmac::{Hmac, KeyInit as _};
#[cfg(any(feature = "redis", feature = "send-once", feature = "webhooks"))]
use sha2::Sha256;

/// Begins an HMAC-SHA256.
#[cfg(any(feature = "redis", feature = "send-once", feature = "webhooks"))]
pub(crate) fn hmac(key: &[u8]) -> Hmac<Sha256> {
    // Keys of any length are good for HMAC.
    Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()))
}

/// Writes bytes as hexadecimal digits in lower case.
#[allow(dead_code, reason = "guards, intents, keys and doubles need it, each behind a feature")]
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|digit| DIGITS.get(usize::from(digit))).collect()
}
