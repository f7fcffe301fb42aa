//! What an authenticator and a browser write: client data, authenticator data, attestation objects.

use std::convert::Infallible;

use minicbor::{Encoder, encode::Error};
use serde::Serialize;
use serde_json::{Value, json};

use super::signing_key::SigningKey;
use crate::{model::base64url, testing::digest::sha256};

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const HAS_CREDENTIAL: u8 = 0x40;

/// Where and how often a passkey signed.
pub(super) struct Context<'a> {
    pub(super) origin: &'a str,
    pub(super) rp_id: &'a str,
    pub(super) challenge: &'a str,
    pub(super) count: u32,
}

/// In the order in which browsers write it: a relying party may compare the beginning of the text.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClientData<'a> {
    #[serde(rename = "type")]
    purpose: &'static str,
    challenge: &'a str,
    origin: &'a str,
    cross_origin: bool,
}

impl Context<'_> {
    fn client_data(&self, purpose: &'static str) -> Vec<u8> {
        let client_data = ClientData { purpose, challenge: self.challenge, origin: self.origin, cross_origin: false };
        // Texts and a boolean have a JSON form.
        serde_json::to_vec(&client_data).unwrap_or_default()
    }

    fn authenticator_data(&self, flags: u8, credential: &[u8]) -> Vec<u8> {
        let flags = USER_PRESENT | USER_VERIFIED | flags;
        [sha256(self.rp_id.as_bytes()).as_slice(), &[flags], &self.count.to_be_bytes(), credential].concat()
    }
}

/// A passkey that was made, attested by nobody; in base64url.
pub(in crate::testing) struct Registered {
    pub(in crate::testing) id: String,
    pub(in crate::testing) client_data: String,
    pub(in crate::testing) attestation: String,
    authenticator_data: String,
    public_key: String,
}

impl Registered {
    pub(super) fn new(key: &SigningKey, id: &[u8; 32], context: &Context<'_>) -> Self {
        // 16 zeros stand for the authenticator's model, which is nobody's business; 32 is the length of the id.
        let credential = [&[0; 16], &[0, 32][..], id, &cose(key)].concat();
        let data = context.authenticator_data(HAS_CREDENTIAL, &credential);
        Self {
            id: base64url::encode(id),
            client_data: base64url::encode(context.client_data("webauthn.create")),
            attestation: base64url::encode(unattested(&data)),
            authenticator_data: base64url::encode(data),
            public_key: base64url::encode(key.public_der()),
        }
    }

    /// Gives it as `PublicKeyCredential.toJSON()` does.
    pub(super) fn to_json(&self, wants_properties: bool) -> Value {
        let response = json!({
            "clientDataJSON": self.client_data,
            "attestationObject": self.attestation,
            "authenticatorData": self.authenticator_data,
            "publicKey": self.public_key,
            "publicKeyAlgorithm": -7,
            "transports": ["internal"],
        });
        let results = if wants_properties { json!({ "credProps": { "rk": true } }) } else { json!({}) };
        credential(&self.id, response, results)
    }
}

/// Signs in, and gives it as `PublicKeyCredential.toJSON()` does.
pub(super) fn assertion(key: &SigningKey, id: &[u8; 32], context: &Context<'_>, user: &[u8]) -> Value {
    let client_data = context.client_data("webauthn.get");
    let data = context.authenticator_data(0, &[]);
    let signature = key.sign(&[data.as_slice(), &sha256(&client_data)].concat());
    let response = json!({
        "clientDataJSON": base64url::encode(client_data),
        "authenticatorData": base64url::encode(data),
        "signature": base64url::encode(signature),
        "userHandle": base64url::encode(user),
    });
    credential(&base64url::encode(id), response, json!({}))
}

fn credential(id: &str, response: Value, results: Value) -> Value {
    json!({ "id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "platform", "response": response, "clientExtensionResults": results })
}

/// An attestation object of nobody's.
fn unattested(authenticator_data: &[u8]) -> Vec<u8> {
    encoded(|cbor| cbor.map(3)?.str("fmt")?.str("none")?.str("attStmt")?.map(0)?.str("authData")?.bytes(authenticator_data).map(drop))
}

/// A public key in COSE form: 1 is its type, 3 the algorithm, -1 the curve, -2 and -3 the coordinates.
fn cose(key: &SigningKey) -> Vec<u8> {
    let (x, y) = key.coordinates();
    encoded(|cbor| cbor.map(5)?.i8(1)?.i8(2)?.i8(3)?.i8(-7)?.i8(-1)?.i8(1)?.i8(-2)?.bytes(x)?.i8(-3)?.bytes(y).map(drop))
}

fn encoded(write: impl FnOnce(&mut Encoder<Vec<u8>>) -> Result<(), Error<Infallible>>) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    // Writing to memory does not fail.
    _ = write(&mut encoder);
    encoder.into_writer()
}
