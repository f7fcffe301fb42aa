//! User actions: a call that is signed before it is made.

use std::time::{Duration, SystemTime};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    credential::Recorded,
    passkey,
    proof::{ClientData, UNVERIFIABLE},
};
use crate::testing::{
    store::Store,
    weight::{self, Weigh},
};

/// The call that a user action is for, and until when.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Action {
    pub(super) challenge: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) payload: String,
    pub(super) expires: SystemTime,
}

impl Weigh for Action {
    fn weight(&self) -> usize {
        weight::of_texts([&*self.challenge, &self.method, &self.path, &self.payload])
    }
}

impl Action {
    /// Says whether a call is the one that was signed, to the byte.
    pub(super) fn allows(&self, method: &str, path: &str, body: &[u8]) -> bool {
        self.method == method && self.path == path && self.payload.as_bytes() == body
    }

    /// Says whether a factor signs this action with a recorded credential.
    pub(super) fn check(&self, factor: &Value, credentials: &Store<Recorded>, rp_id: &str) -> Result<(), String> {
        let assertion = &factor["credentialAssertion"];
        let text = |name: &str| assertion[name].as_str().unwrap_or_default();
        let kind = factor["kind"].as_str().unwrap_or_default();
        let recorded = credentials.get(text("credId")).filter(|recorded| recorded.kind == kind).ok_or("no usable credential")?;
        let key = recorded.key.as_ref().ok_or("the double cannot check keys of this algorithm")?;
        let client_data = ClientData::read(text("clientData"))?;
        let signature = URL_SAFE_NO_PAD.decode(text("signature")).map_err(|_| "signature is not base64url without padding")?;
        if kind == "Fido2" {
            client_data.expect("webauthn.get", &self.challenge)?;
            let data = URL_SAFE_NO_PAD.decode(text("authenticatorData")).map_err(|_| "authenticatorData is not base64url without padding")?;
            return passkey::check_assertion(key, &client_data, &data, &signature, rp_id);
        }
        client_data.expect("key.get", &self.challenge)?;
        if key.verifies(&client_data.bytes, &signature) { Ok(()) } else { Err(UNVERIFIABLE.into()) }
    }
}

/// Gives the credentials that may sign, as the vendor lists them.
pub(super) fn allowed(credentials: &Store<Recorded>) -> Value {
    let of = |kind: &str| -> Vec<Value> {
        let one = |(id, recorded): (&String, &Recorded)| {
            let mut shown = json!({ "type": "public-key", "id": id });
            if let (Some(key), Some(members)) = (&recorded.encrypted_private_key, shown.as_object_mut()) {
                members.insert("encryptedPrivateKey".into(), key.as_str().into());
            }
            shown
        };
        credentials.newest_first().filter(|(_, recorded)| recorded.kind == kind).map(one).collect()
    };
    json!({ "key": of("Key"), "passwordProtectedKey": of("PasswordProtectedKey"), "webauthn": of("Fido2") })
}

/// When a code is to expire: a date and time in ISO 8601, or Unix seconds.
pub(super) fn expiration(given: &Value) -> Option<SystemTime> {
    match given {
        Value::String(text) => iso_8601(text),
        number => SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(number.as_u64()?)),
    }
}

/// Reads a date and time with `Z` or an offset.
fn iso_8601(text: &str) -> Option<SystemTime> {
    if let Ok(time) = humantime::parse_rfc3339(text) {
        return Some(time);
    }
    let (local, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let local = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let ahead = Duration::from_secs(hours.parse::<u64>().ok()? * 3600 + minutes.parse::<u64>().ok()? * 60);
    match offset.get(..1)? {
        "+" => local.checked_sub(ahead),
        "-" => local.checked_add(ahead),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiration_is_read_in_every_documented_form() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_893_456_000);
        for text in ["2030-01-01T00:00:00Z", "2030-01-01T00:00:00.000Z", "2030-01-01T02:30:00+02:30", "2029-12-31T19:00:00-05:00"] {
            assert_eq!(expiration(&json!(text)), Some(at), "{text}");
        }
        assert_eq!(expiration(&json!(1_893_456_000)), Some(at));
        for bad in [json!("soon"), json!(""), json!("é+01:00"), json!(-1), json!(true), json!(null)] {
            assert_eq!(expiration(&bad), None, "{bad}");
        }
    }
}
