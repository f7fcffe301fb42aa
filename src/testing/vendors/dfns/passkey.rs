//! Passkeys: attestation objects and authenticator data, as far as attestation "none" lets them be checked.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ciborium::Value;
use url::Url;

use super::proof::{ClientData, PublicKey, sha256};

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const HAS_CREDENTIAL: u8 = 0x40;

/// Gives the public key of a new passkey: `None` for an algorithm that the double cannot check later, say RSA.
pub(super) fn attested_key(client_data: &ClientData, attestation: &str, credential_id: &str, rp_id: &str) -> Result<Option<PublicKey>, String> {
    let attestation = URL_SAFE_NO_PAD.decode(attestation).map_err(|_| "attestationData is not base64url without padding")?;
    let attestation: Value = ciborium::from_reader(attestation.as_slice()).map_err(|_| "attestationData is not CBOR")?;
    let format = member(&attestation, "fmt").and_then(Value::as_text).ok_or("attestationData: fmt is missing")?;
    let statement = member(&attestation, "attStmt").and_then(Value::as_map).ok_or("attestationData: attStmt is missing")?;
    if format == "none" && !statement.is_empty() {
        return Err("attestationData: expected an empty attStmt for fmt none".into());
    }
    let data = member(&attestation, "authData").and_then(Value::as_bytes).ok_or("attestationData: authData is missing")?;
    let data = AuthenticatorData::read(data)?;
    data.expect_relying_party(client_data, rp_id)?;
    if data.flags & USER_VERIFIED == 0 {
        return Err("authData: expected the user to be verified".into());
    }
    let (id, key) = data.credential.ok_or("authData: holds no credential")?;
    if URL_SAFE_NO_PAD.encode(id) != credential_id {
        return Err("credId is not the id in authData".into());
    }
    let key: Value = ciborium::from_reader(key).map_err(|_| "authData: the key is not CBOR")?;
    cose_key(&key)
}

/// Says whether an assertion is right.
pub(super) fn check_assertion(key: &PublicKey, client_data: &ClientData, data: &[u8], signature: &[u8], rp_id: &str) -> Result<(), String> {
    AuthenticatorData::read(data)?.expect_relying_party(client_data, rp_id)?;
    let signed = [data, sha256(&client_data.bytes).as_slice()].concat();
    if key.verifies(&signed, signature) { Ok(()) } else { Err(super::proof::UNVERIFIABLE.into()) }
}

struct AuthenticatorData<'a> {
    relying_party: &'a [u8],
    flags: u8,
    /// The credential's id, and what begins with its key.
    credential: Option<(&'a [u8], &'a [u8])>,
}

impl<'a> AuthenticatorData<'a> {
    fn read(data: &'a [u8]) -> Result<Self, String> {
        let short = "authData is too short";
        let (relying_party, rest) = data.split_at_checked(32).ok_or(short)?;
        let (flags, rest) = rest.split_first().ok_or(short)?;
        let (_counter, rest) = rest.split_at_checked(4).ok_or(short)?;
        if flags & USER_PRESENT == 0 {
            return Err("authData: expected the user to be present".into());
        }
        let credential = if flags & HAS_CREDENTIAL == 0 {
            None
        } else {
            let (_model, rest) = rest.split_at_checked(16).ok_or(short)?;
            let (length, rest) = rest.split_first_chunk::<2>().ok_or(short)?;
            Some(rest.split_at_checked(u16::from_be_bytes(*length).into()).ok_or(short)?)
        };
        Ok(Self { relying_party, flags: *flags, credential })
    }

    /// Says whether the relying party is the double's, or any that the page's origin may speak for: applications choose their own.
    fn expect_relying_party(&self, client_data: &ClientData, rp_id: &str) -> Result<(), String> {
        let host = Url::parse(client_data.text("origin")).ok().and_then(|origin| origin.host_str().map(str::to_owned)).unwrap_or_default();
        let parents = host.match_indices('.').filter_map(|(at, _)| host.get(at + 1..));
        let fits = [rp_id, host.as_str()].into_iter().chain(parents).any(|id| sha256(id.as_bytes()) == self.relying_party);
        if fits { Ok(()) } else { Err("authData: is for another relying party than the origin's".into()) }
    }
}

fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.as_map()?.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value)
}

/// Reads a key in COSE form: 1 is its type, 3 the algorithm, -1 the curve, -2 and -3 the coordinates.
fn cose_key(key: &Value) -> Result<Option<PublicKey>, String> {
    let entry = |label: i64| key.as_map().into_iter().flatten().find(|(name, _)| name.as_integer() == Some(label.into())).map(|(_, value)| value);
    let number = |label: i64| entry(label).and_then(Value::as_integer).map(i128::from);
    let bytes = |label: i64| entry(label).and_then(Value::as_bytes).map(Vec::as_slice).unwrap_or_default();
    match number(3).ok_or("authData: the key names no algorithm")? {
        -7 => {
            let point = [&[4], bytes(-2), bytes(-3)].concat();
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).map_err(|_| "authData: the key is not on P-256")?;
            Ok(Some(PublicKey::P256(key)))
        }
        -8 => {
            let key = bytes(-2).try_into().ok().and_then(|bytes| ed25519_dalek::VerifyingKey::from_bytes(bytes).ok());
            key.map(|key| Some(PublicKey::Ed25519(key))).ok_or_else(|| "authData: the key is not an Ed25519 key".into())
        }
        -257 if number(1) == Some(3) => Ok(None),
        _ => Err("authData: the key is of an algorithm that was not offered".into()),
    }
}
