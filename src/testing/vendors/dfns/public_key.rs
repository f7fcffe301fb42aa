//! Public keys of the kinds that the double can check signatures of.

use aws_lc_rs::{
    encoding::AsDer as _,
    signature::{ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey},
};
use serde::{Deserialize, Serialize};

use crate::testing::pem;

const LABEL: &str = "PUBLIC KEY";
/// What stands before the key itself in its one DER form (SubjectPublicKeyInfo; RFC 5480 and RFC 8410): the algorithm, and how much comes.
const P256: &[u8] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
const P256_COMPRESSED: &[u8] = b"\x30\x39\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x22\x00";
const ED25519_KEY: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

/// A public key; written as PEM.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct PublicKey(ParsedPublicKey);

impl PublicKey {
    pub(super) fn from_pem(text: &str) -> Option<Self> {
        let der = pem::decode(LABEL, text)?;
        match (der.strip_prefix(P256).or_else(|| der.strip_prefix(P256_COMPRESSED)), der.strip_prefix(ED25519_KEY)) {
            (Some(point), _) => Self::p256(point),
            (_, Some(key)) => Self::ed25519(key),
            _ => None,
        }
    }

    /// Takes a point of the curve P-256 in the form of SEC 1: both of its coordinates behind 4, or one behind 2 or 3.
    pub(super) fn p256(point: &[u8]) -> Option<Self> {
        // The library reads further forms.
        let is_known = matches!((point.first(), point.len()), (Some(4), 65) | (Some(2 | 3), 33));
        ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, is_known.then_some(point)?).map(Self).ok()
    }

    /// Takes the 32 bytes of an Ed25519 key. The library takes any: to those that are no point of the curve, no signature fits.
    pub(super) fn ed25519(key: &[u8]) -> Option<Self> {
        ParsedPublicKey::new(&ED25519, (key.len() == 32).then_some(key)?).map(Self).ok()
    }

    fn to_pem(&self) -> String {
        // Keys that were read have such a form.
        self.0.as_der().map(|der| pem::encode(LABEL, der.as_ref())).unwrap_or_default()
    }

    /// ECDSA in ASN.1 DER, Ed25519 raw.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_pem()
    }
}

impl TryFrom<String> for PublicKey {
    type Error = &'static str;

    fn try_from(pem: String) -> Result<Self, &'static str> {
        Self::from_pem(&pem).ok_or("expected a P-256 or Ed25519 public key in PEM form")
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;

    /// The generator of P-256, and the same with its other coordinate left out.
    const POINT: &str = "04 6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296 4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
    const COMPRESSED: &str = "03 6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";

    fn hex(text: &str) -> Vec<u8> {
        crate::testing::text::from_hex(&text.replace(' ', "")).expect("hex")
    }

    fn changed(mut bytes: Vec<u8>, at: usize) -> Vec<u8> {
        bytes[at] ^= 1;
        bytes
    }

    #[test]
    fn a_key_is_taken_in_its_one_form_alone() {
        let ed25519 = Ed25519KeyPair::generate().expect("a key").public_key().as_ref().to_vec();
        let der = |before: &[u8], key: &[u8]| [before, key].concat();
        let (point, compressed) = (hex(POINT), hex(COMPRESSED));
        let hybrid = [&[7], &point[1..]].concat();
        for (what, label, der, taken) in [
            ("P-256", LABEL, der(P256, &point), true),
            ("P-256, compressed", LABEL, der(P256_COMPRESSED, &compressed), true),
            ("Ed25519", LABEL, der(ED25519_KEY, &ed25519), true),
            ("a private key's label", "PRIVATE KEY", der(P256, &point), false),
            ("a point alone", LABEL, point.clone(), false),
            ("an Ed25519 key alone", LABEL, ed25519.clone(), false),
            ("another curve", LABEL, der(&changed(P256.to_vec(), 22), &point), false),
            ("another algorithm", LABEL, der(&changed(ED25519_KEY.to_vec(), 8), &ed25519), false),
            ("a point on no curve", LABEL, der(P256, &changed(point.clone(), 64)), false),
            ("both coordinates and a sign", LABEL, der(P256, &hybrid), false),
            ("a point that is short", LABEL, der(P256, &point[..64]), false),
            ("more than a point", LABEL, der(P256, &[&point[..], &[0]].concat()), false),
            ("an Ed25519 key that is short", LABEL, der(ED25519_KEY, &ed25519[..31]), false),
            ("more than an Ed25519 key", LABEL, der(ED25519_KEY, &[&ed25519[..], &[0]].concat()), false),
            ("nothing", LABEL, Vec::new(), false),
        ] {
            let key = PublicKey::from_pem(&pem::encode(label, &der));
            assert_eq!(key.is_some(), taken, "{what}");
            if let Some(key) = key {
                let again = PublicKey::from_pem(&key.to_pem()).map(|key| key.to_pem());
                assert_eq!(again, Some(key.to_pem()), "{what}");
            }
        }
    }

    #[test]
    fn a_key_is_kept_as_it_was_given() {
        for (before, key) in [(P256, hex(POINT)), (ED25519_KEY, hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))] {
            let pem = pem::encode(LABEL, &[before, &key].concat());
            assert_eq!(PublicKey::from_pem(&pem).map(String::from), Some(pem));
        }
    }

    #[test]
    fn a_signature_by_ed25519_fits_its_key_and_its_message_alone() {
        let pair = Ed25519KeyPair::generate().expect("a key");
        let key = PublicKey::ed25519(pair.public_key().as_ref()).expect("a public key");
        let signature = pair.sign(b"message").as_ref().to_vec();
        assert!(key.verifies(b"message", &signature));
        assert!(!key.verifies(b"another", &signature));
        assert!(!key.verifies(b"message", &signature[..63]) && !key.verifies(b"message", &[]));
        assert!(!key.verifies(b"message", &changed(signature, 63)));
    }
}
