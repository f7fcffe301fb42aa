//! Passkeys: attestation objects and authenticator data, as a relying party that asks for attestation "none" checks them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ciborium::Value;

use super::proof::{ClientData, PublicKey, UNVERIFIABLE};
use crate::testing::authenticator::sha256;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const MAY_BE_BACKED_UP: u8 = 0x08;
const IS_BACKED_UP: u8 = 0x10;
const HAS_CREDENTIAL: u8 = 0x40;
const HAS_EXTENSIONS: u8 = 0x80;

/// Gives the public key of a new passkey: `None` for an algorithm that the double cannot check later, say RSA.
pub(super) fn attested_key(client_data: &ClientData, attestation: &str, credential_id: &str, rp_id: &str) -> Result<Option<PublicKey>, String> {
    client_data.expect_origin(rp_id)?;
    let attestation = URL_SAFE_NO_PAD.decode(attestation).map_err(|_| "attestationData is not base64url without padding")?;
    let mut rest = attestation.as_slice();
    let attestation: Value = ciborium::from_reader(&mut rest).map_err(|_| "attestationData is not CBOR")?;
    if !rest.is_empty() {
        return Err("attestationData: something comes after the CBOR".into());
    }
    let format = member(&attestation, "fmt").and_then(Value::as_text).ok_or("attestationData: fmt is missing")?;
    let statement = member(&attestation, "attStmt").filter(|statement| statement.is_map()).ok_or("attestationData: attStmt is missing")?;
    let bytes = member(&attestation, "authData").and_then(Value::as_bytes).ok_or("attestationData: authData is missing")?;
    let data = AuthenticatorData::read(bytes)?;
    data.expect_relying_party(rp_id)?;
    let id = data.credential_id.ok_or("authData: holds no credential")?;
    let mut rest = data.rest;
    if URL_SAFE_NO_PAD.encode(id) != credential_id {
        return Err("credId is not the id in authData".into());
    }
    let key = CoseKey::read(&ciborium::from_reader(&mut rest).map_err(|_| "authData: the key is not CBOR")?)?;
    expect_end(data.flags, rest)?;
    match format {
        "none" if statement.as_map().is_some_and(Vec::is_empty) => Ok(key.key),
        "none" => Err("attestationData: expected an empty attStmt for fmt none".into()),
        "packed" => key.expect_self_attestation(statement, &[bytes, sha256(&client_data.bytes).as_slice()].concat()),
        _ => Err("attestationData: expected fmt none, or packed by the credential's own key".into()),
    }
}

/// Says whether an assertion is right.
pub(super) fn check_assertion(key: &PublicKey, client_data: &ClientData, data: &[u8], signature: &[u8], rp_id: &str) -> Result<(), String> {
    client_data.expect_origin(rp_id)?;
    let read = AuthenticatorData::read(data)?;
    read.expect_relying_party(rp_id)?;
    if read.credential_id.is_some() {
        return Err("authData: expected no credential in an assertion".into());
    }
    expect_end(read.flags, read.rest)?;
    let signed = [data, sha256(&client_data.bytes).as_slice()].concat();
    if key.verifies(&signed, signature) { Ok(()) } else { Err(UNVERIFIABLE.into()) }
}

/// Looks at what comes at the end of authenticator data: extensions, where the flags tell of them.
fn expect_end(flags: u8, mut rest: &[u8]) -> Result<(), String> {
    if flags & HAS_EXTENSIONS != 0 {
        let extensions: Value = ciborium::from_reader(&mut rest).map_err(|_| "authData: the extensions are not CBOR")?;
        extensions.as_map().ok_or("authData: the extensions are no map")?;
    }
    if rest.is_empty() { Ok(()) } else { Err("authData: something comes after what the flags tell of".into()) }
}

struct AuthenticatorData<'a> {
    relying_party: &'a [u8],
    flags: u8,
    credential_id: Option<&'a [u8]>,
    /// The credential's key, where there is one, and extensions.
    rest: &'a [u8],
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
        if flags & USER_VERIFIED == 0 {
            return Err("authData: expected the user to be verified".into());
        }
        if flags & (MAY_BE_BACKED_UP | IS_BACKED_UP) == IS_BACKED_UP {
            return Err("authData: tells of a backup of what cannot be backed up".into());
        }
        if flags & HAS_CREDENTIAL == 0 {
            return Ok(Self { relying_party, flags: *flags, credential_id: None, rest });
        }
        let (_model, rest) = rest.split_at_checked(16).ok_or(short)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(short)?;
        let (id, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into()).ok_or(short)?;
        Ok(Self { relying_party, flags: *flags, credential_id: Some(id), rest })
    }

    fn expect_relying_party(&self, rp_id: &str) -> Result<(), String> {
        if sha256(rp_id.as_bytes()) == self.relying_party { Ok(()) } else { Err("authData: expected the hash of the relying party's id".into()) }
    }
}

fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.as_map()?.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value)
}

/// A public key with its COSE algorithm.
struct CoseKey {
    algorithm: i128,
    /// `None` where the double cannot check signatures.
    key: Option<PublicKey>,
}

impl CoseKey {
    /// Reads a key in COSE form: 1 is its type, 3 the algorithm, -1 the curve, -2 and -3 the coordinates.
    fn read(key: &Value) -> Result<Self, String> {
        let entry = |label: i64| key.as_map().into_iter().flatten().find(|(name, _)| name.as_integer() == Some(label.into())).map(|(_, value)| value);
        let number = |label: i64| entry(label).and_then(Value::as_integer).map(i128::from);
        let bytes = |label: i64| entry(label).and_then(Value::as_bytes).map(Vec::as_slice).unwrap_or_default();
        let algorithm = number(3).ok_or("authData: the key names no algorithm")?;
        let key = match (algorithm, number(1), number(-1)) {
            (-7, Some(2), Some(1)) => {
                let point = [&[4], bytes(-2), bytes(-3)].concat();
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).map_err(|_| "authData: the key is not on P-256")?;
                Some(PublicKey::P256(key))
            }
            (-8, Some(1), Some(6)) => {
                let key = bytes(-2).try_into().ok().and_then(|bytes| ed25519_dalek::VerifyingKey::from_bytes(bytes).ok());
                Some(PublicKey::Ed25519(key.ok_or("authData: the key is not an Ed25519 key")?))
            }
            (-257, Some(3), _) => None,
            _ => return Err("authData: the key is of an algorithm that was not offered".into()),
        };
        Ok(Self { algorithm, key })
    }

    /// Gives the key where it signed its own attestation. Of an attestation by a certificate the double cannot know whom to trust.
    fn expect_self_attestation(self, statement: &Value, signed: &[u8]) -> Result<Option<PublicKey>, String> {
        let algorithm = member(statement, "alg").and_then(Value::as_integer).map(i128::from);
        let signature = member(statement, "sig").and_then(Value::as_bytes);
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

#[cfg(test)]
mod tests {
    use ciborium::cbor;
    use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
    use serde_json::json;

    use super::*;

    /// A new passkey, and what is to be odd about it.
    struct Passkey {
        rp_id: &'static str,
        hashed: &'static str,
        client_data: String,
        flags: u8,
        format: &'static str,
        /// Makes the statement of a good signature.
        statement: fn(Vec<u8>) -> Value,
        /// What comes after the key, and after the whole.
        after_key: &'static [u8],
        after_all: &'static [u8],
    }

    fn client_data(origin: &str) -> String {
        json!({ "type": "webauthn.create", "challenge": "Y2g", "origin": origin, "crossOrigin": false }).to_string()
    }

    fn passkey() -> Passkey {
        Passkey {
            rp_id: "example.org",
            hashed: "example.org",
            client_data: client_data("https://example.org"),
            flags: 0x45,
            format: "none",
            statement: |_| Value::Map(Vec::new()),
            after_key: &[],
            after_all: &[],
        }
    }

    fn at(origin: &str) -> Passkey {
        Passkey { client_data: client_data(origin), ..passkey() }
    }

    fn local(origin: &str) -> Passkey {
        Passkey { rp_id: "localhost", hashed: "localhost", ..at(origin) }
    }

    fn saying(client_data: &str) -> Passkey {
        Passkey { client_data: client_data.to_owned(), ..passkey() }
    }

    fn packed(statement: fn(Vec<u8>) -> Value) -> Passkey {
        Passkey { format: "packed", statement, ..passkey() }
    }

    fn statement(alg: i32, sig: Vec<u8>) -> Value {
        Value::Map(vec![("alg".into(), alg.into()), ("sig".into(), Value::Bytes(sig))])
    }

    fn encode(value: &Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        ciborium::into_writer(value, &mut bytes).expect("memory");
        bytes
    }

    impl Passkey {
        /// Makes it, and gives what the double has against it.
        fn problem(&self) -> Result<(), String> {
            let key = SigningKey::from_slice(&[7; 32]).expect("a key");
            let point = key.verifying_key().to_sec1_point(false);
            let (x, y) = (Value::Bytes(point.x().expect("x").to_vec()), Value::Bytes(point.y().expect("y").to_vec()));
            let cose = cbor!({ 1 => 2, 3 => -7, -1 => 1, -2 => x, -3 => y }).expect("CBOR");
            let data = [&sha256(self.hashed.as_bytes())[..], &[self.flags], &[0; 20], &[0, 2], b"id", &encode(&cose), self.after_key].concat();
            let signature: Signature = key.sign(&[&data[..], &sha256(self.client_data.as_bytes())].concat());
            let statement = (self.statement)(signature.to_der().as_bytes().to_vec());
            let whole = Value::Map(vec![("fmt".into(), self.format.into()), ("attStmt".into(), statement), ("authData".into(), Value::Bytes(data))]);
            let attestation = URL_SAFE_NO_PAD.encode([encode(&whole), self.after_all.to_vec()].concat());
            let client_data = ClientData::read(&URL_SAFE_NO_PAD.encode(&self.client_data))?;
            client_data.expect("webauthn.create", "Y2g")?;
            attested_key(&client_data, &attestation, &URL_SAFE_NO_PAD.encode("id"), self.rp_id).map(drop)
        }
    }

    #[test]
    fn a_passkey_is_taken_for_its_relying_party_and_with_an_attestation_that_can_be_checked() {
        for (what, made, expected) in [
            ("as it should be", passkey(), Ok(())),
            ("a subdomain, a port", at("https://login.example.org:8443"), Ok(())),
            ("localhost over http", local("http://localhost:5173"), Ok(())),
            ("localhost over https", local("https://localhost"), Ok(())),
            ("no word on frames", saying(r#"{"type":"webauthn.create","challenge":"Y2g","origin":"https://example.org"}"#), Ok(())),
            ("signed by its own key", packed(|sig| statement(-7, sig)), Ok(())),
            ("extensions", Passkey { flags: 0xc5, after_key: b"\xa0", ..passkey() }, Ok(())),
            ("another site", at("https://evil.example"), Err("origin")),
            ("another site for localhost", local("https://evil.example"), Err("origin")),
            ("a name that ends alike", at("https://evilexample.org"), Err("origin")),
            ("a parent", at("https://org"), Err("origin")),
            ("no TLS", at("http://example.org"), Err("origin")),
            ("a path", at("https://example.org/login"), Err("origin")),
            ("a user", at("https://x@example.org"), Err("origin")),
            ("another scheme", at("ftp://example.org"), Err("origin")),
            ("no origin", at(""), Err("origin")),
            ("another site's hash", Passkey { hashed: "evil.example", ..passkey() }, Err("hash")),
            ("a hash of nothing", Passkey { hashed: "", ..passkey() }, Err("hash")),
            ("a subdomain's hash", Passkey { hashed: "login.example.org", ..at("https://login.example.org") }, Err("hash")),
            ("in a frame", saying(&client_data("https://example.org").replace("false", "true")), Err("crossOrigin")),
            ("in a frame or not", saying(&client_data("https://example.org").replace("false", "\"false\"")), Err("crossOrigin")),
            ("two challenges", saying(&client_data("https://example.org").replace('{', r#"{"challenge":"Y2h","#)), Err("each member once")),
            ("another challenge", saying(&client_data("https://example.org").replace("Y2g", "Y2h")), Err("challenge")),
            ("a login", saying(&client_data("https://example.org").replace("create", "get")), Err("type")),
            ("no object", saying("[]"), Err("object")),
            ("no user verified", Passkey { flags: 0x41, ..passkey() }, Err("verified")),
            ("backed up", Passkey { flags: 0x5d, ..passkey() }, Ok(())),
            ("backed up and not to be", Passkey { flags: 0x55, ..passkey() }, Err("backup")),
            ("more after the key", Passkey { after_key: b"x", ..passkey() }, Err("comes after")),
            ("extensions that are none", Passkey { flags: 0xc5, after_key: b"\x01", ..passkey() }, Err("extensions")),
            ("more after the whole", Passkey { after_all: b"x", ..passkey() }, Err("comes after")),
            ("a statement of nothing", Passkey { statement: |sig| statement(-7, sig), ..passkey() }, Err("empty attStmt")),
            ("packed garbage", packed(|_| cbor!({ "garbage" => true }).expect("CBOR")), Err("alg and sig")),
            ("packed nothing", packed(|_| Value::Map(Vec::new())), Err("alg and sig")),
            ("another algorithm", packed(|sig| statement(-8, sig)), Err("alg is not")),
            ("another signature", packed(|sig| statement(-7, [&sig[..sig.len() - 1], &[0]].concat())), Err("signature")),
            ("a signature of nothing", packed(|_| statement(-7, Vec::new())), Err("signature")),
            ("a certificate", packed(|sig| cbor!({ "alg" => -7, "sig" => Value::Bytes(sig), "x5c" => [] }).expect("CBOR")), Err("alg and sig")),
            ("another format", Passkey { format: "fido-u2f", ..packed(|sig| statement(-7, sig)) }, Err("expected fmt")),
            ("no format", Passkey { format: "", ..passkey() }, Err("expected fmt")),
        ] {
            match (made.problem(), expected) {
                (Ok(()), Ok(())) => {}
                (Err(told), Err(expected)) => assert!(told.contains(expected), "{what}: {told}"),
                (found, _) => panic!("{what}: {found:?}"),
            }
        }
    }
    #[test]
    fn an_assertion_is_taken_of_a_verified_user_and_with_nothing_but_itself() {
        let key = SigningKey::from_slice(&[7; 32]).expect("a key");
        let public = PublicKey::P256(*key.verifying_key());
        let client_data = json!({ "type": "webauthn.get", "challenge": "Y2g", "origin": "https://example.org" }).to_string();
        let client_data = ClientData::read(&URL_SAFE_NO_PAD.encode(client_data)).expect("client data");
        for (what, rp_id, flags, after, expected) in [
            ("as it should be", "example.org", 0x05_u8, &b""[..], Ok(())),
            ("backed up", "example.org", 0x1d, b"", Ok(())),
            ("extensions", "example.org", 0x85, b"\xa0", Ok(())),
            ("another site's hash", "evil.example", 0x05, b"", Err("hash")),
            ("nobody present", "example.org", 0x04, b"", Err("present")),
            ("no user verified", "example.org", 0x01, b"", Err("verified")),
            ("backed up and not to be", "example.org", 0x15, b"", Err("backup")),
            ("more than itself", "example.org", 0x05, b"x", Err("comes after")),
            ("a credential", "example.org", 0x45, &[0; 20], Err("no credential")),
        ] {
            let data = [&sha256(rp_id.as_bytes())[..], &[flags], &[0; 4], after].concat();
            let signature: Signature = key.sign(&[&data[..], &sha256(&client_data.bytes)].concat());
            let found = check_assertion(&public, &client_data, &data, signature.to_der().as_bytes(), "example.org");
            match (found, expected) {
                (Ok(()), Ok(())) => {}
                (Err(told), Err(expected)) => assert!(told.contains(expected), "{what}: {told}"),
                (found, _) => panic!("{what}: {found:?}"),
            }
        }
    }
}
