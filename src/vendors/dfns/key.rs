//! Keys of your own: answers to Dfns' challenges, and signed user actions.
//!
//! ```
//! use auth_challenge::{CredentialKind, Registration, dfns::key::Key};
//!
//! let key = Key::from_pem("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n")?;
//! let answer = key.answer(&Registration::new(CredentialKind::Key, "Y2gtNzloaHQ"), "server key")?;
//! assert_eq!(answer.kind(), CredentialKind::Key);
//! # Ok::<(), auth_challenge::Error>(())
//! ```

use std::fmt;

use ed25519_dalek::{
    SigningKey as Ed25519Key,
    pkcs8::{DecodePrivateKey as _, spki::EncodePublicKey as _},
};
use p256::{
    SecretKey,
    ecdsa::{Signature, SigningKey as P256Key, signature::Signer as _},
    pkcs8::LineEnding,
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::types;
use crate::model::{
    ChallengeHandle, CredentialAnswer, CredentialKind, Error, ErrorKind, Field, Registration, Secret, SendState, Violation, base64url, digest::hex,
};

/// Signs with a private key: P-256 (ECDSA with SHA-256) or Ed25519. Wiped from memory when dropped, never printed.
pub struct Key {
    private: Private,
    public_pem: String,
}

enum Private {
    P256(P256Key),
    Ed25519(Ed25519Key),
}

/// Holds what a key signs, in the vendor's order of members: alphabetical, without white space.
#[derive(Serialize)]
struct ClientData<'a> {
    challenge: &'a str,
    #[serde(rename = "type")]
    purpose: &'static str,
}

#[derive(Serialize)]
struct Fingerprint<'a> {
    #[serde(rename = "clientDataHash")]
    client_data_hash: String,
    #[serde(rename = "publicKey")]
    public_key: &'a str,
}

#[derive(Serialize)]
struct Attestation<'a> {
    #[serde(rename = "publicKey")]
    public_key: &'a str,
    signature: String,
}

impl Key {
    /// Reads a key from PEM: PKCS#8 (`PRIVATE KEY`) for both, SEC 1 (`EC PRIVATE KEY`) for P-256.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with a violation on [`Field::Key`].
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        let unreadable = || Error::invalid(vec![Violation::new(Field::Key, "expected an unencrypted P-256 or Ed25519 private key in PEM form")]);
        if let Ok(key) = Ed25519Key::from_pkcs8_pem(pem) {
            let public_pem = key.verifying_key().to_public_key_pem(LineEnding::LF).map_err(|_| unreadable())?;
            return Ok(Self { private: Private::Ed25519(key), public_pem });
        }
        // `openssl ecparam -genkey` writes a block of parameters before the key.
        let sec1 = || SecretKey::from_sec1_pem(pem.get(pem.find("-----BEGIN EC PRIVATE KEY-----")?..)?).ok();
        let key = SecretKey::from_pkcs8_pem(pem).ok().or_else(sec1).ok_or_else(unreadable)?;
        let key = P256Key::from(key);
        let public_pem = key.verifying_key().to_public_key_pem(LineEnding::LF).map_err(|_| unreadable())?;
        Ok(Self { private: Private::P256(key), public_pem })
    }

    /// Gives the public key in PEM form (`PUBLIC KEY`), ending in a line break.
    pub fn public_pem(&self) -> &str {
        &self.public_pem
    }

    /// Answers a challenge for a new key, under a name for people to read.
    ///
    /// For a key that is stored encrypted, add the blob by
    /// [`with_encrypted_private_key`](CredentialAnswer::with_encrypted_private_key): how it is encrypted is yours to choose.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for a challenge that wants a passkey.
    pub fn answer(&self, registration: &Registration, name: impl Into<String>) -> Result<CredentialAnswer, Error> {
        self.sign_registration(registration.kind(), registration.challenge(), name.into())
    }

    /// Answers as [`answer`](Self::answer) does, from the handle of the challenge: in a process that never saw the challenge itself.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Handle`](crate::ErrorKind::Handle) for a handle without a text to sign.
    pub fn answer_to(&self, handle: &ChallengeHandle, name: impl Into<String>) -> Result<CredentialAnswer, Error> {
        match (handle.method().credential_kind(), handle.text_to_sign()) {
            (Some(kind), Some(text)) => self.sign_registration(kind, text, name.into()),
            _ => Err(Error::handle("the handle is not of a challenge for a key")),
        }
    }

    /// Signs a user action's challenge, with this key as the first factor. `credential_id` is the id under which the key was registered, as
    /// [`Credential::id`](crate::Credential::id) tells it; not Dfns' own `cr-…`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) where the vendor names the credentials that may sign and this one is not among them.
    pub fn sign_user_action(&self, challenge: &types::UserActionChallenge, credential_id: &str) -> Result<types::UserActionRequest, Error> {
        let allowed = challenge.allow_credentials.as_ref().map(|allowed| &allowed.key[..]).unwrap_or_default();
        if !allowed.is_empty() && !allowed.iter().any(|credential| credential.id.as_deref() == Some(credential_id)) {
            return Err(Error::invalid(vec![Violation::new(Field::CredentialId, "expected one of the credentials that the vendor allows to sign")]));
        }
        let client_data = json(&ClientData { challenge: challenge.challenge.expose(), purpose: "key.get" })?;
        let credential_assertion = types::KeyAssertionInfo {
            cred_id: credential_id.to_owned(),
            signature: base64url::encode(self.sign(client_data.as_bytes())).into(),
            client_data: base64url::encode(client_data).into(),
            algorithm: None,
        };
        Ok(types::UserActionRequest {
            challenge_identifier: challenge.challenge_identifier.clone(),
            first_factor: types::KeyAssertion { credential_assertion }.into(),
            second_factor: None,
        })
    }

    fn sign_registration(&self, kind: CredentialKind, challenge: &Secret, name: String) -> Result<CredentialAnswer, Error> {
        if kind == CredentialKind::Fido2 {
            return Err(Error::invalid(vec![Violation::new(Field::Kind, "expected a challenge for a key, not for a passkey")]));
        }
        let client_data = json(&ClientData { challenge: challenge.expose(), purpose: "key.create" })?;
        let fingerprint = json(&Fingerprint { client_data_hash: hex(&Sha256::digest(client_data.as_bytes())), public_key: &self.public_pem })?;
        let attestation = json(&Attestation { public_key: &self.public_pem, signature: hex(&self.sign(fingerprint.as_bytes())) })?;
        Ok(CredentialAnswer::new(kind, name, credential_id()?, base64url::encode(client_data), base64url::encode(attestation)))
    }

    /// Signs: ECDSA in ASN.1 DER, Ed25519 raw.
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.private {
            Private::P256(key) => {
                let signature: Signature = key.sign(message);
                signature.to_der().as_bytes().to_vec()
            }
            Private::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let curve = match self.private {
            Private::P256(_) => "P-256",
            Private::Ed25519(_) => "Ed25519",
        };
        f.debug_struct("Key").field("curve", &curve).finish_non_exhaustive()
    }
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|_| Error::new(ErrorKind::InvalidRequest, SendState::NotSent).with_detail("what is to be signed has no JSON form"))
}

/// Makes a text that no other credential has: 32 random bytes.
fn credential_id() -> Result<String, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| Error::new(ErrorKind::Config, SendState::NotSent).with_detail("the system has no random numbers to give"))?;
    Ok(base64url::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The one challenge for which the vendor's documents give hashes of the client data.
    const CHALLENGE: &str = "Y2gtNzloaHQtbXJlb2stOGFwOHFtMmVpZWZ0amxhZw";

    #[test]
    fn client_data_hashes_to_the_documented_vectors() -> Result<(), Error> {
        let client_data = json(&ClientData { challenge: CHALLENGE, purpose: "key.create" })?;
        assert_eq!(client_data, format!(r#"{{"challenge":"{CHALLENGE}","type":"key.create"}}"#));
        assert_eq!(hex(&Sha256::digest(&client_data)), "cba00cc2224e76aa12e42cd0e30a1a73e5525ed0dccb7e29e709fee3a1e98dec");

        // The older form of four members, whose hash shows that the digest is taken as the documents mean it.
        let older = format!(r#"{{"challenge":"{CHALLENGE}","crossOrigin":false,"origin":"https://app.dfns.ninja","type":"key.create"}}"#);
        assert_eq!(hex(&Sha256::digest(&older)), "db3828fcdf1782726a7c0c3977679be5fa5a69efa87b295a31b3579a0149edf3");
        Ok(())
    }
}
