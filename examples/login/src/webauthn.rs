//! Signing in with a passkey that is there already. The vendor checks new ones; the application keeps their public keys, and asks the passkeys itself.

use std::fmt;

use auth_challenge::{CredentialAnswer, RelyingParty};
use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ciborium::Value as Cbor;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::store::{CHALLENGE, NewPasskey, StoredPasskey};

/// Says why a passkey proves nothing; in the log, for people are told the same in every case.
#[derive(Debug)]
pub struct Refused(&'static str);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Asks whatever passkey of this site the person has.
pub fn request_options(challenge: &str, site: &RelyingParty) -> Value {
    let timeout_ms = u64::try_from(CHALLENGE.as_millis()).unwrap_or_default();
    json!({ "challenge": challenge, "rpId": site.id, "allowCredentials": [], "userVerification": "required", "timeout": timeout_ms })
}

/// Takes the public key out of a new passkey that the vendor has checked.
pub fn new_passkey(answer: &CredentialAnswer) -> Result<NewPasskey, Refused> {
    let attestation = decoded(answer.attestation().expose())?;
    let attestation: Cbor = ciborium::from_reader(attestation.as_slice()).map_err(|_| Refused("the attestation is no CBOR"))?;
    let members = attestation.as_map().ok_or(Refused("the attestation is no map"))?;
    let data = members.iter().find(|(name, _)| name.as_text() == Some("authData")).and_then(|(_, data)| data.as_bytes());
    let data = AuthenticatorData::read(data.ok_or(Refused("the attestation has no authData"))?)?;
    let (id, key) = data.credential.ok_or(Refused("the attestation names no credential"))?;
    if URL_SAFE_NO_PAD.encode(id) != answer.credential_id() {
        return Err(Refused("the attestation names another credential"));
    }
    let key: Cbor = ciborium::from_reader(key).map_err(|_| Refused("the public key is no CBOR"))?;
    let mut bytes = Vec::new();
    ciborium::into_writer(&key, &mut bytes).map_err(|_| Refused("the public key cannot be written"))?;
    PublicKey::read(&bytes)?;
    Ok(NewPasskey { id: answer.credential_id().to_owned(), name: answer.name().to_owned(), key: bytes, counter: data.counter })
}

/// What `PublicKeyCredential.toJSON()` gives for a signature.
#[derive(Deserialize)]
pub struct Assertion {
    pub id: String,
    response: AssertionResponse,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssertionResponse {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    signature: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
}

impl Assertion {
    /// Checks the signature of a passkey; gives its new counter.
    pub fn check(&self, challenge: &str, origin: &str, site: &RelyingParty, passkey: &StoredPasskey) -> Result<u32, Refused> {
        let client_data = decoded(&self.response.client_data)?;
        let told: ClientData = serde_json::from_slice(&client_data).map_err(|_| Refused("the client data are not those of a browser"))?;
        let data = decoded(&self.response.authenticator_data)?;
        let read = AuthenticatorData::read(&data)?;
        for (is_so, otherwise) in [
            (self.id == passkey.id, "another passkey's"),
            (told.kind == "webauthn.get", "not made to sign in"),
            (told.challenge == challenge, "for another challenge"),
            (told.origin == origin && !told.cross_origin, "made on another site"),
            (read.site == digest(&SHA256, site.id.as_bytes()).as_ref(), "for another relying party"),
            (read.flags & AuthenticatorData::PRESENT != 0, "made with nobody there"),
            (read.flags & AuthenticatorData::VERIFIED != 0, "made without asking who it is"),
            // Two of one passkey, which cannot be, do not count together.
            (read.counter > passkey.counter || (read.counter, passkey.counter) == (0, 0), "made by a copy of the passkey"),
        ] {
            if !is_so {
                return Err(Refused(otherwise));
            }
        }
        let signed = [data.as_slice(), digest(&SHA256, &client_data).as_ref()].concat();
        PublicKey::read(&passkey.key)?.check(&signed, &decoded(&self.response.signature)?)?;
        Ok(read.counter)
    }
}

fn decoded(text: &str) -> Result<Vec<u8>, Refused> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| Refused("a member is not base64url"))
}

/// What an authenticator tells: WebAuthn, section 6.1.
struct AuthenticatorData<'a> {
    site: &'a [u8],
    flags: u8,
    counter: u32,
    /// The id of a new credential, and what begins with its public key.
    credential: Option<(&'a [u8], &'a [u8])>,
}

impl<'a> AuthenticatorData<'a> {
    const PRESENT: u8 = 0x01;
    const VERIFIED: u8 = 0x04;
    const HAS_CREDENTIAL: u8 = 0x40;

    fn read(bytes: &'a [u8]) -> Result<Self, Refused> {
        Self::split(bytes).ok_or(Refused("the authenticator's data are too short"))
    }

    fn split(bytes: &'a [u8]) -> Option<Self> {
        let (site, rest) = bytes.split_at_checked(32)?;
        let (&[flags], rest) = rest.split_first_chunk()?;
        let (counter, rest) = rest.split_first_chunk()?;
        let credential = if flags & Self::HAS_CREDENTIAL == 0 {
            None
        } else {
            let (_model, rest) = rest.split_at_checked(16)?;
            let (length, rest) = rest.split_first_chunk()?;
            Some(rest.split_at_checked(u16::from_be_bytes(*length).into())?)
        };
        Some(Self { site, flags, counter: u32::from_be_bytes(*counter), credential })
    }
}

/// A public key of one of the algorithms that passkeys have.
enum PublicKey {
    Es256(Vec<u8>),
    Ed25519(Vec<u8>),
    Rs256 { n: Vec<u8>, e: Vec<u8> },
}

impl PublicKey {
    /// Reads a COSE key: RFC 9053, sections 2 and 7, and RFC 8230.
    fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let key: Cbor = ciborium::from_reader(bytes).map_err(|_| Refused("the public key is no CBOR"))?;
        let members = key.as_map().ok_or(Refused("the public key is no map"))?;
        let member = |label: i64| members.iter().find(|(name, _)| *name == Cbor::from(label)).map(|(_, value)| value);
        let number = |label| member(label).and_then(Cbor::as_integer).and_then(|number| i64::try_from(number).ok());
        let bytes = |label| member(label).and_then(Cbor::as_bytes).cloned().ok_or(Refused("a part of the public key is missing"));
        match (number(1), number(3), number(-1)) {
            (Some(2), Some(-7), Some(1)) => Ok(Self::Es256([vec![4], bytes(-2)?, bytes(-3)?].concat())),
            (Some(1), Some(-8), Some(6)) => Ok(Self::Ed25519(bytes(-2)?)),
            (Some(3), Some(-257), _) => Ok(Self::Rs256 { n: bytes(-1)?, e: bytes(-2)? }),
            _ => Err(Refused("the public key is of an algorithm that is not known here")),
        }
    }

    fn check(&self, signed: &[u8], signature: &[u8]) -> Result<(), Refused> {
        let checked = match self {
            Self::Es256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(signed, signature),
            Self::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(signed, signature),
            Self::Rs256 { n, e } => RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature),
        };
        checked.map_err(|_| Refused("the signature is not the passkey's"))
    }
}
