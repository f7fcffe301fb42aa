//! Keys of one's own, in the form of Dfns: the one vendor that takes them.

use serde_json::{Value, json};

use super::{random_bytes, signing_key::SigningKey};
use crate::{
    model::{CredentialAnswer, CredentialKind, base64url, digest::hex},
    testing::{digest::sha256, pem},
};

/// Answers a challenge with a new key.
pub(in crate::testing) fn answer(kind: CredentialKind, challenge: &str) -> CredentialAnswer {
    sign(kind, challenge, true)
}

/// Answers with a new key and the signature of something else.
pub(in crate::testing) fn wrong_answer(kind: CredentialKind, challenge: &str) -> CredentialAnswer {
    sign(kind, challenge, false)
}

fn sign(kind: CredentialKind, challenge: &str, is_right: bool) -> CredentialAnswer {
    let key = SigningKey::new();
    let pem = pem::encode("PUBLIC KEY", &key.public_der());
    let client_data = json!({ "challenge": challenge, "type": "key.create" }).to_string();
    let what = if is_right { client_data.as_str() } else { "something else" };
    let fingerprint = json!({ "clientDataHash": hex(&sha256(what.as_bytes())), "publicKey": pem }).to_string();
    let attestation = json!({ "publicKey": pem, "signature": hex(&key.sign(fingerprint.as_bytes())) }).to_string();
    let id = base64url::encode(random_bytes());
    let answer = CredentialAnswer::new(kind, "test key", id, base64url::encode(client_data), base64url::encode(attestation));
    if kind == CredentialKind::PasswordProtectedKey { answer.with_encrypted_private_key("an encrypted key") } else { answer }
}

/// Gives an answer as it is sent, but for the identifier of the challenge.
pub(super) fn to_json(answer: &CredentialAnswer) -> Value {
    let mut json = json!({
        "credentialKind": answer.kind().as_str(),
        "credentialName": answer.name(),
        "credentialInfo": {
            "credId": answer.credential_id(),
            "clientData": answer.client_data().expose(),
            "attestationData": answer.attestation().expose(),
        },
    });
    if let (Some(key), Some(members)) = (answer.encrypted_private_key(), json.as_object_mut()) {
        members.insert("encryptedPrivateKey".into(), key.expose().into());
    }
    json
}
