//! New keys and passkeys made in software, for the right and the wrong answer to a challenge.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ciborium::{Value as Cbor, cbor};
use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer as _},
    pkcs8::{EncodePublicKey as _, LineEnding},
};
use serde_json::json;

use super::proof::sha256;
use crate::{
    model::{Answer, CredentialAnswer, CredentialKind, Registration},
    testing::{fresh, text::to_hex},
};

/// What is signed, and whether the signature is that of what is sent.
struct Signed<'a> {
    challenge: &'a str,
    is_right: bool,
}

pub(super) fn answer(registration: &Registration, challenge: &str) -> Answer {
    sign(registration, &Signed { challenge, is_right: true })
}

/// For a key the signature of something else; for a passkey, whose attestation "none" has no signature, another challenge.
pub(super) fn wrong_answer(registration: &Registration) -> Answer {
    match registration.kind() {
        CredentialKind::Fido2 => answer(registration, &fresh::alphanumeric(32)),
        _ => sign(registration, &Signed { challenge: registration.challenge().expose(), is_right: false }),
    }
}

fn sign(registration: &Registration, signed: &Signed<'_>) -> Answer {
    let key = new_key();
    let id = fresh::alphanumeric(43);
    let answer = match registration.kind() {
        CredentialKind::Fido2 => passkey(registration, signed.challenge, &key, &id),
        kind => own_key(kind, signed, &key, &id),
    };
    Answer::credential(answer)
}

fn own_key(kind: CredentialKind, signed: &Signed<'_>, key: &SigningKey, id: &str) -> CredentialAnswer {
    // Keys of our own making have a PEM form.
    let pem = key.verifying_key().to_public_key_pem(LineEnding::LF).unwrap_or_default();
    let client_data = json!({ "challenge": signed.challenge, "type": "key.create" }).to_string();
    let what = if signed.is_right { client_data.as_str() } else { "something else" };
    let fingerprint = json!({ "clientDataHash": to_hex(&sha256(what.as_bytes())), "publicKey": pem }).to_string();
    let signature: Signature = key.sign(fingerprint.as_bytes());
    let attestation = json!({ "publicKey": pem, "signature": to_hex(signature.to_der().as_bytes()) }).to_string();
    let answer = CredentialAnswer::new(kind, "test key", id, URL_SAFE_NO_PAD.encode(client_data), URL_SAFE_NO_PAD.encode(attestation));
    if kind == CredentialKind::PasswordProtectedKey { answer.with_encrypted_private_key("an encrypted key") } else { answer }
}

fn passkey(registration: &Registration, challenge: &str, key: &SigningKey, id: &str) -> CredentialAnswer {
    let rp_id = registration.relying_party().map_or("localhost", |relying_party| relying_party.id.as_str());
    let client_data = json!({ "type": "webauthn.create", "challenge": challenge, "origin": format!("https://{rp_id}"), "crossOrigin": false }).to_string();
    let id_bytes = id.as_bytes();
    let length = u16::try_from(id_bytes.len()).unwrap_or_default().to_be_bytes();
    let point = key.verifying_key().to_sec1_point(false);
    let coordinate = |bytes: Option<&p256::FieldBytes>| Cbor::Bytes(bytes.map(|bytes| bytes.to_vec()).unwrap_or_default());
    let number = |number: i64| Cbor::Integer(number.into());
    let cose = Cbor::Map(vec![
        (number(1), number(2)),
        (number(3), number(-7)),
        (number(-1), number(1)),
        (number(-2), coordinate(point.x())),
        (number(-3), coordinate(point.y())),
    ]);
    // User present, user verified, credential included.
    let data = [sha256(rp_id.as_bytes()).as_slice(), &[0x45], &[0; 4], &[0; 16], &length, id_bytes, &encode(&cose)].concat();
    let attestation = cbor!({ "fmt" => "none", "attStmt" => {}, "authData" => Cbor::Bytes(data) }).unwrap_or(Cbor::Null);
    let id = URL_SAFE_NO_PAD.encode(id_bytes);
    CredentialAnswer::new(CredentialKind::Fido2, "test passkey", id, URL_SAFE_NO_PAD.encode(client_data), URL_SAFE_NO_PAD.encode(encode(&attestation)))
}

fn encode(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    _ = ciborium::into_writer(value, &mut bytes);
    bytes
}

/// Makes a key for one test; nothing depends on it being hard to guess.
fn new_key() -> SigningKey {
    loop {
        let bytes: [u8; 32] = std::array::from_fn(|_| fastrand::u8(..));
        if let Ok(key) = SigningKey::from_slice(&bytes) {
            return key;
        }
    }
}
