//! New credentials, checked before they are recorded.

use std::time::SystemTime;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    passkey,
    proof::{self, ClientData},
    public_key::PublicKey,
};
use crate::testing::{
    digest::sha256,
    weight::{self, Weigh},
};

/// A challenge for a new credential.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct PendingCredential {
    pub(super) kind: String,
    pub(super) challenge: String,
    pub(super) created: SystemTime,
    pub(super) expires: SystemTime,
    pub(super) used: bool,
}

/// A credential that was recorded.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Recorded {
    pub(super) kind: String,
    pub(super) uuid: String,
    pub(super) encrypted_private_key: Option<String>,
    /// `None` where the double cannot check its signatures.
    pub(super) key: Option<PublicKey>,
    public_key: String,
    origin: String,
}

impl Weigh for PendingCredential {
    fn weight(&self) -> usize {
        weight::of_texts([&*self.kind, &self.challenge])
    }
}

impl Weigh for Recorded {
    fn weight(&self) -> usize {
        weight::of_texts([&*self.kind, &self.uuid, self.encrypted_private_key.as_deref().unwrap_or_default(), &self.public_key, &self.origin])
    }
}

/// The largest encrypted key that is kept.
const LARGEST: usize = 16 << 10;
/// The longest id or name.
const LONGEST: usize = 1024;

impl PendingCredential {
    /// Gives the credential in a request's body, once it is checked; what is wrong with it, if it is not right.
    pub(super) fn check(&self, body: &Value, rp_id: &str, uuid: String) -> Result<Recorded, String> {
        if body["credentialKind"].as_str() != Some(&self.kind) {
            return Err("credentialKind: the challenge is for another kind".into());
        }
        let info = &body["credentialInfo"];
        let text = |name: &str| info[name].as_str().unwrap_or_default();
        let id = text("credId");
        let encrypted_private_key = body["encryptedPrivateKey"].as_str().map(str::to_owned);
        if encrypted_private_key.as_ref().is_some_and(|key| key.len() > LARGEST)
            || id.len() > LONGEST
            || body["credentialName"].as_str().is_some_and(|name| name.len() > LONGEST)
        {
            return Err("the credential is too large".into());
        }
        let recorded = |key, public_key, origin| Recorded { kind: self.kind.clone(), uuid, encrypted_private_key, key, public_key, origin };
        match self.kind.as_str() {
            "Password" if text("password").is_empty() => Err("password: is empty".into()),
            "Totp" if text("otpCode").len() != 6 || !text("otpCode").bytes().all(|byte| byte.is_ascii_digit()) => Err("otpCode: expected six digits".into()),
            "Password" | "Totp" => Ok(recorded(None, String::new(), String::new())),
            _ if id.is_empty() => Err("credId: is empty".into()),
            "Fido2" => {
                let client_data = ClientData::read(text("clientData"))?;
                client_data.expect("webauthn.create", &self.challenge)?;
                let attestation = text("attestationData");
                let key = passkey::attested_key(&client_data, attestation, id, rp_id)?;
                let fingerprint = format!("SHA256:{}", STANDARD_NO_PAD.encode(sha256(attestation.as_bytes())));
                Ok(recorded(key, fingerprint, client_data.text("origin").to_owned()))
            }
            _ => {
                let client_data = ClientData::read(text("clientData"))?;
                client_data.expect("key.create", &self.challenge)?;
                let (key, pem) = proof::attested_key(&client_data, text("attestationData"))?;
                Ok(recorded(Some(key), pem, client_data.text("origin").to_owned()))
            }
        }
    }
}

impl Recorded {
    /// Gives the record as the vendor shows it.
    pub(super) fn shown(&self, id: &str, name: &str, now: SystemTime, rp_id: &str) -> Value {
        json!({
            "kind": self.kind,
            "credentialId": id,
            "credentialUuid": self.uuid,
            "dateCreated": humantime::format_rfc3339_millis(now).to_string(),
            "isActive": true,
            "name": name,
            "publicKey": self.public_key,
            "relyingPartyId": rp_id,
            "origin": self.origin,
        })
    }
}
