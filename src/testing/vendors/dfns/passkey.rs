//! Passkeys: attestation objects and authenticator data, as a relying party that asks for attestation "none" checks them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    cbor::Value,
    cose_key::CoseKey,
    proof::{ClientData, UNVERIFIABLE},
    public_key::PublicKey,
};
use crate::testing::digest::sha256;

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
    let attestation = Value::read(&mut rest).ok_or("attestationData is not CBOR")?;
    if !rest.is_empty() {
        return Err("attestationData: something comes after the CBOR".into());
    }
    let format = attestation.member("fmt").and_then(Value::as_text).ok_or("attestationData: fmt is missing")?;
    let statement = attestation.member("attStmt").filter(|statement| statement.as_map().is_some()).ok_or("attestationData: attStmt is missing")?;
    let bytes = attestation.member("authData").and_then(Value::as_bytes).ok_or("attestationData: authData is missing")?;
    let data = AuthenticatorData::read(bytes)?;
    data.expect_relying_party(rp_id)?;
    let id = data.credential_id.ok_or("authData: holds no credential")?;
    let mut rest = data.rest;
    if URL_SAFE_NO_PAD.encode(id) != credential_id {
        return Err("credId is not the id in authData".into());
    }
    let key = CoseKey::read(&Value::read(&mut rest).ok_or("authData: the key is not CBOR")?)?;
    expect_end(data.flags, rest)?;
    match format {
        "none" if statement.as_map().is_some_and(<[_]>::is_empty) => Ok(key.key),
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
        let extensions = Value::read(&mut rest).ok_or("authData: the extensions are not CBOR")?;
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

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _},
    };
    use minicbor::{Encode, bytes::ByteSlice};
    use serde_json::json;

    use super::*;

    /// A member of a map, whose value is encoded.
    type Member<'a> = (&'a str, Vec<u8>);

    /// A new passkey, and what is to be odd about it.
    struct Passkey {
        rp_id: &'static str,
        hashed: &'static str,
        client_data: String,
        flags: u8,
        format: &'static str,
        /// Makes the statement of a good signature.
        statement: fn(Vec<u8>) -> Vec<u8>,
        /// Makes the key of its coordinates.
        key: fn(&[u8], &[u8]) -> Vec<u8>,
        /// Makes the attestation object of its members.
        whole: fn(&[Member<'_>]) -> Vec<u8>,
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
            statement: |_| map::<&str>(&[]),
            key: cose,
            whole: |members| map(members),
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

    fn packed(statement: fn(Vec<u8>) -> Vec<u8>) -> Passkey {
        Passkey { format: "packed", statement, ..passkey() }
    }

    fn keyed(key: fn(&[u8], &[u8]) -> Vec<u8>) -> Passkey {
        Passkey { key, ..passkey() }
    }

    fn statement(alg: i32, sig: &[u8]) -> Vec<u8> {
        map(&[("alg", cbor(alg)), ("sig", bytes(sig))])
    }

    fn cose(x: &[u8], y: &[u8]) -> Vec<u8> {
        map(&[(1, cbor(2)), (3, cbor(-7)), (-1, cbor(1)), (-2, bytes(x)), (-3, bytes(y))])
    }

    /// An Ed25519 key of those bytes.
    fn okp(key: &[u8]) -> Vec<u8> {
        map(&[(1, cbor(1)), (3, cbor(-8)), (-1, cbor(6)), (-2, bytes(key))])
    }

    fn cbor(value: impl Encode<()>) -> Vec<u8> {
        minicbor::to_vec(value).expect("memory")
    }

    fn bytes(bytes: &[u8]) -> Vec<u8> {
        cbor(<&ByteSlice>::from(bytes))
    }

    /// A map of members whose values are encoded.
    fn map<K: Encode<()>>(members: &[(K, Vec<u8>)]) -> Vec<u8> {
        let length = 0xa0 | u8::try_from(members.len()).expect("a few");
        members.iter().fold(vec![length], |map, (name, value)| [map, cbor(name), value.clone()].concat())
    }

    /// The same map, with a sign at its end in the place of its length.
    fn indefinite(map: Vec<u8>) -> Vec<u8> {
        [&[0xbf], map.get(1..).expect("a map"), &[0xff]].concat()
    }

    fn cut(mut map: Vec<u8>) -> Vec<u8> {
        map.pop();
        map
    }

    /// A key whose coordinates are written in two pieces each.
    fn pieces(x: &[u8], y: &[u8]) -> Vec<u8> {
        let halves = |of: &[u8]| [&[0x5f], bytes(&of[..16]).as_slice(), &bytes(&of[16..]), &[0xff]].concat();
        map(&[(1, cbor(2)), (3, cbor(-7)), (-1, cbor(1)), (-2, halves(x)), (-3, halves(y))])
    }

    /// Lists in lists, as the value of an extension.
    static DEEP: [u8; 100_003] = {
        let mut bytes = [0x81; 100_003];
        (bytes[0], bytes[1], bytes[2]) = (0xa1, 0x61, b'a');
        bytes
    };

    fn signature(key: &EcdsaKeyPair, data: &[u8], client_data: &[u8]) -> Vec<u8> {
        key.sign(&SystemRandom::new(), &[data, &sha256(client_data)].concat()).expect("a signature").as_ref().to_vec()
    }

    impl Passkey {
        /// Makes it, and gives what the double has against it.
        fn problem(&self) -> Result<(), String> {
            let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
            let (x, y) = key.public_key().as_ref().get(1..).expect("a point").split_at(32);
            let cose = (self.key)(x, y);
            let data = [&sha256(self.hashed.as_bytes())[..], &[self.flags], &[0; 20], &[0, 2], b"id", &cose, self.after_key].concat();
            let statement = (self.statement)(signature(&key, &data, self.client_data.as_bytes()));
            let whole = (self.whole)(&[("fmt", cbor(self.format)), ("attStmt", statement), ("authData", bytes(&data))]);
            let attestation = URL_SAFE_NO_PAD.encode([&whole, self.after_all].concat());
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
            ("signed by its own key", packed(|sig| statement(-7, &sig)), Ok(())),
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
            ("a statement of nothing", Passkey { statement: |sig| statement(-7, &sig), ..passkey() }, Err("empty attStmt")),
            ("packed garbage", packed(|_| map(&[("garbage", cbor(true))])), Err("alg and sig")),
            ("packed nothing", packed(|_| map::<&str>(&[])), Err("alg and sig")),
            ("another algorithm", packed(|sig| statement(-8, &sig)), Err("alg is not")),
            ("another signature", packed(|sig| statement(-7, &[&sig[..sig.len() - 1], &[!sig[sig.len() - 1]]].concat())), Err("signature")),
            ("a signature of nothing", packed(|_| statement(-7, &[])), Err("signature")),
            ("a certificate", packed(|sig| map(&[("alg", cbor(-7)), ("sig", bytes(&sig)), ("x5c", vec![0x80])])), Err("alg and sig")),
            ("another format", Passkey { format: "fido-u2f", ..packed(|sig| statement(-7, &sig)) }, Err("expected fmt")),
            ("no format", Passkey { format: "", ..passkey() }, Err("expected fmt")),
            ("an object of indefinite length", Passkey { whole: |members| indefinite(map(members)), ..passkey() }, Ok(())),
            ("a member that nobody knows", Passkey { whole: |members| map(&[members, &[("later", cbor(true))]].concat()), ..passkey() }, Ok(())),
            ("a member again", Passkey { whole: |members| map(&[members, &[("fmt", cbor("packed"))]].concat()), ..passkey() }, Ok(())),
            ("a member before", Passkey { whole: |members| map(&[&[("fmt", cbor("packed"))], members].concat()), ..passkey() }, Err("alg and sig")),
            ("an object that is cut", Passkey { whole: |members| cut(map(members)), ..passkey() }, Err("not CBOR")),
            ("a list of members", Passkey { whole: |_| vec![0x80], ..passkey() }, Err("fmt is missing")),
            ("a statement of indefinite length", packed(|sig| indefinite(statement(-7, &sig))), Ok(())),
            ("a signature twice", packed(|sig| map(&[("alg", cbor(-7)), ("sig", bytes(&sig)), ("sig", bytes(&sig))])), Err("alg and sig")),
            ("a key of indefinite length", keyed(|x, y| indefinite(cose(x, y))), Ok(())),
            ("a key in pieces", keyed(pieces), Ok(())),
            (
                "a key with a member again",
                keyed(|x, y| map(&[(1, cbor(2)), (3, cbor(-7)), (-1, cbor(1)), (-2, bytes(x)), (-3, bytes(y)), (3, cbor(-8))])),
                Ok(()),
            ),
            ("a key with more", keyed(|x, y| map(&[(1, cbor(2)), (3, cbor(-7)), (-1, cbor(1)), (-2, bytes(x)), (-3, bytes(y)), (4, vec![0x80])])), Ok(())),
            ("no key", keyed(|_, _| Vec::new()), Err("the key is not CBOR")),
            ("a key that is cut", keyed(|x, y| cut(cose(x, y))), Err("the key is not CBOR")),
            ("a key without an algorithm", keyed(|_, _| map(&[(1, cbor(2))])), Err("names no algorithm")),
            ("a point that is on no curve", keyed(|x, _| cose(x, x)), Err("not on P-256")),
            ("half a point", keyed(|x, _| cose(x, &[])), Err("not on P-256")),
            ("a compressed point", keyed(|x, _| map(&[(1, cbor(2)), (3, cbor(-7)), (-1, cbor(1)), (-2, bytes(x)), (-3, cbor(true))])), Err("not on P-256")),
            ("a key of another curve", keyed(|x, y| map(&[(1, cbor(2)), (3, cbor(-7)), (-1, cbor(2)), (-2, bytes(x)), (-3, bytes(y))])), Err("not offered")),
            ("RSA", keyed(|_, _| map(&[(1, cbor(3)), (3, cbor(-257)), (-1, bytes(&[0xff; 256])), (-2, bytes(&[1, 0, 1]))])), Ok(())),
            ("Ed25519", keyed(|_, _| okp(Ed25519KeyPair::generate().expect("a key").public_key().as_ref())), Ok(())),
            ("half of an Ed25519 key", keyed(|_, _| okp(&[1; 16])), Err("not an Ed25519 key")),
            ("an Ed25519 key that is too long", keyed(|_, _| okp(&[1; 33])), Err("not an Ed25519 key")),
            ("extensions of indefinite length", Passkey { flags: 0xc5, after_key: b"\xbf\x61a\x9f\x01\xff\xff", ..passkey() }, Ok(())),
            ("extensions twice", Passkey { flags: 0xc5, after_key: b"\xa2\x61a\x01\x61a\x02", ..passkey() }, Ok(())),
            ("extensions that are cut", Passkey { flags: 0xc5, after_key: b"\xa1\x61a", ..passkey() }, Err("not CBOR")),
            ("more after extensions", Passkey { flags: 0xc5, after_key: b"\xa0\x00", ..passkey() }, Err("comes after")),
            ("deep extensions", Passkey { flags: 0xc5, after_key: &DEEP, ..passkey() }, Err("not CBOR")),
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
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
        let public = PublicKey::p256(key.public_key().as_ref()).expect("a public key");
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
            let found = check_assertion(&public, &client_data, &data, &signature(&key, &data, &client_data.bytes), "example.org");
            match (found, expected) {
                (Ok(()), Ok(())) => {}
                (Err(told), Err(expected)) => assert!(told.contains(expected), "{what}: {told}"),
                (found, _) => panic!("{what}: {found:?}"),
            }
        }
    }
}
