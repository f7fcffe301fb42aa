//! Public keys as passkeys write them.

use super::{cbor::Value, proof::UNVERIFIABLE, public_key::PublicKey};

/// A public key with its COSE algorithm.
pub(super) struct CoseKey {
    algorithm: i128,
    /// `None` where the double cannot check signatures.
    pub(super) key: Option<PublicKey>,
}

impl CoseKey {
    /// Reads a key in COSE form: 1 is its type, 3 the algorithm, -1 the curve, -2 and -3 the coordinates.
    pub(super) fn read(key: &Value) -> Result<Self, String> {
        let entry = |label: i128| key.as_map().into_iter().flatten().find(|(name, _)| name.as_integer() == Some(label)).map(|(_, value)| value);
        let number = |label: i128| entry(label).and_then(Value::as_integer);
        let bytes = |label: i128| entry(label).and_then(Value::as_bytes).unwrap_or_default();
        let algorithm = number(3).ok_or("authData: the key names no algorithm")?;
        let key = match (algorithm, number(1), number(-1)) {
            (-7, Some(2), Some(1)) => {
                let point = [&[4], bytes(-2), bytes(-3)].concat();
                Some(PublicKey::p256(&point).ok_or("authData: the key is not on P-256")?)
            }
            (-8, Some(1), Some(6)) => Some(PublicKey::ed25519(bytes(-2)).ok_or("authData: the key is not an Ed25519 key")?),
            (-257, Some(3), _) => None,
            _ => return Err("authData: the key is of an algorithm that was not offered".into()),
        };
        Ok(Self { algorithm, key })
    }

    /// Gives the key where it signed its own attestation. Of an attestation by a certificate the double cannot know whom to trust.
    pub(super) fn expect_self_attestation(self, statement: &Value, signed: &[u8]) -> Result<Option<PublicKey>, String> {
        let algorithm = statement.member("alg").and_then(Value::as_integer);
        let signature = statement.member("sig").and_then(Value::as_bytes);
        let is_alone = statement.as_map().is_some_and(|members| members.len() == 2);
        let (Some(algorithm), Some(signature), true) = (algorithm, signature, is_alone) else {
            return Err("attestationData: expected an attStmt of alg and sig alone for fmt packed".into());
        };
        if algorithm != self.algorithm {
            return Err("attestationData: alg is not that of the key".into());
        }
        match self.key {
            Some(key) if key.verifies(signed, signature) => Ok(Some(key)),
            Some(_) => Err(UNVERIFIABLE.into()),
            None => Err("attestationData: the double cannot check attestations of this algorithm".into()),
        }
    }
}
