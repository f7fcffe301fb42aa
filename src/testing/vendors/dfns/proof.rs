//! What proves that somebody holds a key: signatures, and the client data that they are over.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value, json};
use url::Url;

use super::public_key::PublicKey;
use crate::{
    model::digest::hex,
    testing::{digest::sha256, text::from_hex},
};

/// What was signed, read: the bytes as they came, and the JSON in them.
pub(super) struct ClientData {
    pub(super) bytes: Vec<u8>,
    members: Members,
}

impl ClientData {
    pub(super) fn read(encoded: &str) -> Result<Self, String> {
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| "clientData is not base64url without padding")?;
        let members = serde_json::from_slice(&bytes).map_err(|_| "clientData is not a JSON object with each member once")?;
        Ok(Self { bytes, members })
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.members.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Says whether a page of the relying party's was asked: one at its domain or below, over TLS unless that is this machine.
    pub(super) fn expect_origin(&self, rp_id: &str) -> Result<(), String> {
        let given = self.text("origin");
        let fits = |origin: Url| {
            let host = origin.host_str().unwrap_or_default();
            let is_at = |domain: &str| host.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.'));
            let is_secure = origin.scheme() == "https" || origin.scheme() == "http" && is_at("localhost");
            is_secure && is_at(rp_id) && origin.origin().ascii_serialization() == given
        };
        if Url::parse(given).is_ok_and(fits) { Ok(()) } else { Err("clientData: the origin is not the relying party's".into()) }
    }

    /// Says whether it is for this purpose and challenge. Keys take the challenge as it is; of browsers, some encode it once more.
    pub(super) fn expect(&self, purpose: &str, challenge: &str) -> Result<(), String> {
        if self.text("type") != purpose {
            return Err(format!("clientData: expected type {purpose}"));
        }
        if !matches!(self.members.0.get("crossOrigin"), None | Some(Value::Bool(false))) {
            return Err("clientData: expected crossOrigin to be false".into());
        }
        let given = self.text("challenge");
        let is_encoded_again = purpose.starts_with("webauthn.") && given == URL_SAFE_NO_PAD.encode(challenge);
        if given == challenge || is_encoded_again { Ok(()) } else { Err("clientData: the challenge is another one".into()) }
    }
}

/// The members of an object that has none twice: what is signed may not be read in two ways.
struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Once;
        impl<'de> Visitor<'de> for Once {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut given: A) -> Result<Members, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = given.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a member is there twice"));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Once)
    }
}

/// Gives the public key of an attestation of a key, once its signature is verified.
pub(super) fn attested_key(client_data: &ClientData, attestation: &str) -> Result<(PublicKey, String), String> {
    let attestation = URL_SAFE_NO_PAD.decode(attestation).map_err(|_| "attestationData is not base64url without padding")?;
    let attestation: Value = serde_json::from_slice(&attestation).map_err(|_| "attestationData is not JSON")?;
    let pem = attestation["publicKey"].as_str().ok_or("attestationData: publicKey is missing")?;
    let key = PublicKey::from_pem(pem).ok_or("attestationData: expected a P-256 or Ed25519 public key in PEM form")?;
    let signature = attestation["signature"].as_str().and_then(from_hex).ok_or("attestationData: expected a signature in hex")?;
    // Alphabetical and compact, as the vendor's document wants it.
    let fingerprint = json!({ "clientDataHash": hex(&sha256(&client_data.bytes)), "publicKey": pem }).to_string();
    if key.verifies(fingerprint.as_bytes(), &signature) { Ok((key, pem.to_owned())) } else { Err(UNVERIFIABLE.into()) }
}

/// What the vendor says of a signature that does not fit.
pub(super) const UNVERIFIABLE: &str = "Unable to verify signature";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_taken_in_both_spellings_for_passkeys_alone() {
        let client_data =
            |purpose: &str, challenge: &str| ClientData::read(&URL_SAFE_NO_PAD.encode(json!({ "type": purpose, "challenge": challenge }).to_string())).unwrap();
        let again = URL_SAFE_NO_PAD.encode("Y2g");
        for (purpose, challenge, fits) in [
            ("key.create", "Y2g", true),
            ("key.create", again.as_str(), false),
            ("webauthn.create", "Y2g", true),
            ("webauthn.create", again.as_str(), true),
            ("webauthn.create", "Y2h", false),
        ] {
            assert_eq!(client_data(purpose, challenge).expect(purpose, "Y2g").is_ok(), fits, "{purpose} {challenge}");
        }
        assert!(client_data("key.get", "Y2g").expect("key.create", "Y2g").is_err());
    }
}
