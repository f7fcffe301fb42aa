//! Signing in with a passkey that is there already: the application keeps the public keys, and asks the passkeys itself. A new one is checked by the vendor; that it
//! was made here, for this site, is checked before.

use std::fmt;

use auth_challenge::{CredentialAnswer, RelyingParty};
use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use minicbor::{Decode, Decoder, data::Type, decode::Error};
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

/// Takes the public key out of a new passkey, where it was made on this site with the person there. The challenge and the attestation are the vendor's to check.
pub fn new_passkey(answer: &CredentialAnswer, origin: &str, site: &RelyingParty) -> Result<NewPasskey, Refused> {
    let client_data = ClientData::read(&decoded(answer.client_data().expose())?)?;
    let attestation = decoded(answer.attestation().expose())?;
    let members = Cbor::map(&mut Decoder::new(&attestation)).map_err(|_| Refused("the attestation is no map in CBOR"))?;
    let data = members.iter().find(|(name, _)| *name == Cbor::Text("authData")).and_then(|(_, data)| data.as_bytes());
    let data = AuthenticatorData::read(data.ok_or(Refused("the attestation has no authData"))?)?;
    check_ours(&client_data, "webauthn.create", &data, origin, site)?;
    let (id, key) = data.credential.ok_or(Refused("the attestation names no credential"))?;
    if URL_SAFE_NO_PAD.encode(id) != answer.credential_id() {
        return Err(Refused("the attestation names another credential"));
    }
    let mut decoder = Decoder::new(key);
    PublicKey::read(&mut decoder)?;
    // What comes after it are extensions.
    let key = key.get(..decoder.position()).unwrap_or(key).to_vec();
    Ok(NewPasskey { id: answer.credential_id().to_owned(), name: answer.name().to_owned(), key, counter: data.counter })
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

impl ClientData {
    fn read(json: &[u8]) -> Result<Self, Refused> {
        serde_json::from_slice(json).map_err(|_| Refused("the client data are not those of a browser"))
    }
}

impl Assertion {
    /// Checks the signature of a passkey; gives its new counter.
    pub fn check(&self, challenge: &str, origin: &str, site: &RelyingParty, passkey: &StoredPasskey) -> Result<u32, Refused> {
        let client_data = decoded(&self.response.client_data)?;
        let told = ClientData::read(&client_data)?;
        let data = decoded(&self.response.authenticator_data)?;
        let read = AuthenticatorData::read(&data)?;
        check_ours(&told, "webauthn.get", &read, origin, site)?;
        check_all([
            (self.id == passkey.id, "another passkey's"),
            (told.challenge == challenge, "for another challenge"),
            // Two of one passkey, which cannot be, do not count together.
            (read.counter > passkey.counter || (read.counter, passkey.counter) == (0, 0), "made by a copy of the passkey"),
        ])?;
        let signed = [data.as_slice(), digest(&SHA256, &client_data).as_ref()].concat();
        PublicKey::read(&mut Decoder::new(&passkey.key))?.check(&signed, &decoded(&self.response.signature)?)?;
        Ok(read.counter)
    }
}

/// Checks what a new passkey and a signature have to show alike.
fn check_ours(told: &ClientData, kind: &str, read: &AuthenticatorData<'_>, origin: &str, site: &RelyingParty) -> Result<(), Refused> {
    check_all([
        (told.kind == kind, "made for another purpose"),
        // The same domain at another port, or below it, is another origin: browsers offer the passkey there too.
        (told.origin == origin && !told.cross_origin, "made on another site"),
        (read.site == digest(&SHA256, site.id.as_bytes()).as_ref(), "for another relying party"),
        (read.flags & AuthenticatorData::PRESENT != 0, "made with nobody there"),
        (read.flags & AuthenticatorData::VERIFIED != 0, "made without asking who it is"),
    ])
}

fn check_all(checks: impl IntoIterator<Item = (bool, &'static str)>) -> Result<(), Refused> {
    checks.into_iter().find(|(is_so, _)| !is_so).map_or(Ok(()), |(_, otherwise)| Err(Refused(otherwise)))
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

/// What stands in the maps of a passkey, as far as it is looked at.
#[derive(PartialEq)]
enum Cbor<'a> {
    Number(i128),
    Bytes(&'a [u8]),
    Text(&'a str),
    Other,
}

impl<'a> Cbor<'a> {
    fn map(decoder: &mut Decoder<'a>) -> Result<Vec<(Self, Self)>, Error> {
        decoder.map_iter()?.collect()
    }

    fn as_bytes(&self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }
}

impl<'a, C> Decode<'a, C> for Cbor<'a> {
    fn decode(decoder: &mut Decoder<'a>, _: &mut C) -> Result<Self, Error> {
        Ok(match decoder.datatype()? {
            Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => Self::Number(decoder.int()?.into()),
            Type::Bytes => Self::Bytes(decoder.bytes()?),
            Type::String => Self::Text(decoder.str()?),
            // However deep it is, it is passed over without going down.
            _ => {
                decoder.skip()?;
                Self::Other
            }
        })
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
    fn read(decoder: &mut Decoder<'_>) -> Result<Self, Refused> {
        let members = Cbor::map(decoder).map_err(|_| Refused("the public key is no map in CBOR"))?;
        let member = |label| members.iter().find(|(name, _)| *name == Cbor::Number(label)).map(|(_, value)| value);
        let number = |label| if let Some(Cbor::Number(number)) = member(label) { Some(*number) } else { None };
        let bytes = |label| member(label).and_then(Cbor::as_bytes).map(<[u8]>::to_vec).ok_or(Refused("a part of the public key is missing"));
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may")]
mod tests {
    use auth_challenge::{Answer, CredentialKind};
    use aws_lc_rs::{
        rand::SystemRandom,
        rsa::{KeyPair as RsaKeyPair, KeySize},
        signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256},
    };
    use minicbor::{Encode, bytes::ByteSlice};

    use super::*;
    use crate::store::Account;

    const ORIGIN: &str = "https://login.example.org";

    fn site() -> RelyingParty {
        RelyingParty::new("example.org", "Example")
    }

    fn encoded(bytes: impl AsRef<[u8]>) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn data(domain: &str, flags: u8, counter: u32, rest: &[u8]) -> Vec<u8> {
        [digest(&SHA256, domain.as_bytes()).as_ref(), &[flags], &counter.to_be_bytes(), rest].concat()
    }

    type Signs = Box<dyn Fn(&[u8]) -> Vec<u8>>;

    fn cbor(value: impl Encode<()>) -> Vec<u8> {
        minicbor::to_vec(value).unwrap()
    }

    fn bytes(bytes: &[u8]) -> Vec<u8> {
        cbor(<&ByteSlice>::from(bytes))
    }

    /// A map of members whose values are encoded.
    fn map<K: Encode<()>>(members: &[(K, Vec<u8>)]) -> Vec<u8> {
        let length = 0xa0 | u8::try_from(members.len()).unwrap();
        members.iter().fold(vec![length], |map, (name, value)| [map, cbor(name), value.clone()].concat())
    }

    /// A key of each algorithm: what COSE writes of it, and how it signs.
    fn keys() -> Vec<(&'static str, Vec<u8>, Signs)> {
        let random = SystemRandom::new();

        let es256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let (x, y) = es256.public_key().as_ref().strip_prefix(&[4]).unwrap().split_at(32);
        let es256_cose = map(&[(1, cbor(2)), (3, cbor(-7)), (-1, cbor(1)), (-2, bytes(x)), (-3, bytes(y))]);
        let ed25519 = Ed25519KeyPair::generate().unwrap();
        let ed25519_cose = map(&[(1, cbor(1)), (3, cbor(-8)), (-1, cbor(6)), (-2, bytes(ed25519.public_key().as_ref()))]);
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let (n, e) = (rsa.public_key().modulus().big_endian_without_leading_zero(), rsa.public_key().exponent().big_endian_without_leading_zero());
        let rsa_cose = map(&[(1, cbor(3)), (3, cbor(-257)), (-1, bytes(n)), (-2, bytes(e))]);
        let rsa_signs = move |signed: &[u8]| {
            let mut signature = vec![0; rsa.public_modulus_len()];
            rsa.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed, &mut signature).unwrap();
            signature
        };
        vec![
            ("ES256", es256_cose, Box::new(move |signed| es256.sign(&random, signed).unwrap().as_ref().to_vec())),
            ("Ed25519", ed25519_cose, Box::new(move |signed| ed25519.sign(signed).as_ref().to_vec())),
            ("RS256", rsa_cose, Box::new(rsa_signs)),
        ]
    }

    /// A new passkey under this id whose attestation has this one, made as it has to be.
    fn registered(id: &str, attested: &str, key: &[u8]) -> Result<NewPasskey, Refused> {
        made(id, attested, key, &client("webauthn.create", "c", ORIGIN, false), "example.org", 0xc5)
    }

    fn made(id: &str, attested: &str, key: &[u8], client: &Value, domain: &str, flags: u8) -> Result<NewPasskey, Refused> {
        // Extensions may follow the key.
        let credential = [&[0; 16][..], &u16::try_from(attested.len()).unwrap().to_be_bytes(), attested.as_bytes(), key, &[0xa0]].concat();
        let data = data(domain, flags, 0, &credential);
        let attestation = map(&[("fmt", cbor("none")), ("attStmt", vec![0xa0]), ("authData", bytes(&data))]);
        let answer = Answer::credential(CredentialAnswer::new(CredentialKind::Fido2, "laptop", encoded(id), encoded(client.to_string()), encoded(attestation)));
        new_passkey(answer.as_credential().unwrap(), ORIGIN, &site())
    }

    fn stored(new: NewPasskey, counter: u32) -> StoredPasskey {
        StoredPasskey { id: new.id, account: Account { id: 1, name: "Jane".into() }, key: new.key, counter }
    }

    fn assertion(id: &str, client: &Value, data: &[u8], sign: &dyn Fn(&[u8]) -> Vec<u8>) -> Assertion {
        let client = client.to_string();
        let signature = sign(&[data, digest(&SHA256, client.as_bytes()).as_ref()].concat());
        let response = AssertionResponse { client_data: encoded(client), authenticator_data: encoded(data), signature: encoded(signature) };
        Assertion { id: encoded(id), response }
    }

    fn client(kind: &str, challenge: &str, origin: &str, is_cross: bool) -> Value {
        json!({ "type": kind, "challenge": challenge, "origin": origin, "crossOrigin": is_cross })
    }

    #[test]
    fn a_passkey_of_each_algorithm_signs_in() {
        for (algorithm, key, sign) in keys() {
            let passkey = stored(registered("id", "id", &key).unwrap(), 6);
            let given = assertion("id", &client("webauthn.get", "c", ORIGIN, false), &data("example.org", 5, 7, &[]), &sign);
            assert_eq!(given.check("c", ORIGIN, &site(), &passkey).unwrap(), 7, "{algorithm}");
            let forged = assertion("id", &client("webauthn.get", "c", ORIGIN, false), &data("example.org", 5, 7, &[]), &|signed| {
                let mut signature = sign(signed);
                *signature.last_mut().unwrap() ^= 1;
                signature
            });
            assert!(forged.check("c", ORIGIN, &site(), &passkey).is_err(), "{algorithm}");
        }
    }

    #[test]
    fn what_is_signed_for_anything_else_is_refused() {
        let (_, key, sign) = keys().remove(1);
        let right = || client("webauthn.get", "c", ORIGIN, false);
        for (expected, id, client, data) in [
            ("another passkey's", "other", right(), data("example.org", 5, 7, &[])),
            ("made for another purpose", "id", client("webauthn.create", "c", ORIGIN, false), data("example.org", 5, 7, &[])),
            ("for another challenge", "id", client("webauthn.get", "d", ORIGIN, false), data("example.org", 5, 7, &[])),
            ("made on another site", "id", client("webauthn.get", "c", "https://evil.example", false), data("example.org", 5, 7, &[])),
            ("made on another site", "id", client("webauthn.get", "c", ORIGIN, true), data("example.org", 5, 7, &[])),
            ("for another relying party", "id", right(), data("example.com", 5, 7, &[])),
            ("made with nobody there", "id", right(), data("example.org", 4, 7, &[])),
            ("made without asking who it is", "id", right(), data("example.org", 1, 7, &[])),
            ("made by a copy of the passkey", "id", right(), data("example.org", 5, 6, &[])),
            ("made by a copy of the passkey", "id", right(), data("example.org", 5, 0, &[])),
            ("the authenticator's data are too short", "id", right(), vec![0; 36]),
        ] {
            let passkey = stored(registered("id", "id", &key).unwrap(), 6);
            let refused = assertion(id, &client, &data, &sign).check("c", ORIGIN, &site(), &passkey).unwrap_err();
            assert_eq!(refused.to_string(), expected);
        }
    }

    #[test]
    fn a_passkey_that_does_not_count_signs_in_again_and_again() {
        let (_, key, sign) = keys().remove(1);
        let passkey = stored(registered("id", "id", &key).unwrap(), 0);
        let given = assertion("id", &client("webauthn.get", "c", ORIGIN, false), &data("example.org", 5, 0, &[]), &sign);
        assert_eq!(given.check("c", ORIGIN, &site(), &passkey).unwrap(), 0);
    }

    #[test]
    fn a_new_passkey_that_was_made_elsewhere_or_with_nobody_there_is_refused() {
        let (_, key, _) = keys().remove(1);
        let right = || client("webauthn.create", "c", ORIGIN, false);
        for (expected, client, domain, flags) in [
            ("the client data are not those of a browser", json!({}), "example.org", 0xc5),
            ("made for another purpose", client("webauthn.get", "c", ORIGIN, false), "example.org", 0xc5),
            ("made on another site", client("webauthn.create", "c", "https://example.org", false), "example.org", 0xc5),
            ("made on another site", client("webauthn.create", "c", ORIGIN, true), "example.org", 0xc5),
            ("for another relying party", right(), "example.com", 0xc5),
            ("made with nobody there", right(), "example.org", 0xc4),
            ("made without asking who it is", right(), "example.org", 0xc1),
        ] {
            let refused = made("id", "id", &key, &client, domain, flags).err().unwrap();
            assert_eq!(refused.to_string(), expected);
        }
    }

    #[test]
    fn a_new_passkey_is_taken_under_its_own_id_and_with_a_key_that_is_known_alone() {
        let (_, key, _) = keys().remove(1);
        assert!(registered("id", "other", &key).is_err());
        let unknown = map(&[(1, cbor(2)), (3, cbor(-7)), (-1, cbor(2))]);
        assert!(registered("id", "id", &unknown).is_err());
    }
}
