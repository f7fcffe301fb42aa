//! A private key on P-256.

use aws_lc_rs::{
    encoding::AsDer as _,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};

/// Signs by ECDSA with SHA-256 (ES256).
pub(super) struct SigningKey(EcdsaKeyPair);

impl SigningKey {
    /// Makes a new one.
    pub(super) fn new() -> Self {
        loop {
            if let Ok(key) = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING) {
                return Self(key);
            }
        }
    }

    /// Signs, and gives the signature in ASN.1 DER.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        // It fails where the system has no random numbers, which made the key.
        self.0.sign(&SystemRandom::new(), message).map(|signature| signature.as_ref().to_vec()).unwrap_or_default()
    }

    /// Gives the public key in DER form (SubjectPublicKeyInfo).
    pub(super) fn public_der(&self) -> Vec<u8> {
        // Keys of our own making have such a form.
        self.0.public_key().as_der().map(|der| der.as_ref().to_vec()).unwrap_or_default()
    }

    /// Gives the coordinates of the public key, 32 bytes each.
    pub(super) fn coordinates(&self) -> (&[u8], &[u8]) {
        // They stand behind a byte that says that both are there.
        let point = self.0.public_key().as_ref();
        point.get(1..).and_then(|point| point.split_at_checked(32)).unwrap_or_default()
    }
}
