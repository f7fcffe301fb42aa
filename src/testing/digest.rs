//! Hashes.

use aws_lc_rs::digest::{SHA256, digest};

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    // A hash by SHA-256 is that long.
    digest(&SHA256, bytes).as_ref().try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::model::digest::hex;

    #[test]
    fn a_hash_is_the_one_of_the_standard() {
        assert_eq!(hex(&super::sha256(b"abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
