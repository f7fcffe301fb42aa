//! An authenticator in software, with the browser around it: passkeys, and keys of one's own. It needs no vendor.

mod error;
mod key;
mod options;
mod passkey;
mod record;
mod signing_key;
mod site;

use serde_json::Value;

use crate::model::{CredentialKind, ParseCredentialKindError};

pub use error::PasskeyError;
pub(in crate::testing) use key::{answer as key_answer, wrong_answer as wrong_key_answer};
pub use passkey::Passkey;

/// Answers what a new credential has to sign, with a new one.
///
/// For the creation options of a passkey it gives the browser's `toJSON()` at this origin, which is required: to take it from `rp.id` would answer what a
/// browser refuses. For a key, which knows no origin, it takes the `registration` of the command line's `create` (`{"kind","challenge",…}`), and gives
/// the JSON that `verify` takes as the answer. All that `create` printed will do, too, and so will the vendor's own challenge; of a key's the answer is
/// what is sent to the vendor as it stands.
pub(in crate::testing) fn answer(options: &Value, origin: Option<&str>) -> Result<Value, String> {
    if !options.is_object() {
        return Err("options: expected an object".to_owned());
    }
    let options = options.get("registration").unwrap_or(options);
    let kind = match options.get("kind") {
        None => CredentialKind::Fido2,
        Some(name) => name.as_str().unwrap_or_default().parse().map_err(|error: ParseCredentialKindError| format!("kind: {error}"))?,
    };
    if kind != CredentialKind::Fido2 {
        let challenge = options.get("challenge").and_then(Value::as_str).filter(|challenge| !challenge.is_empty());
        let mut answer = key::to_json(&key_answer(kind, challenge.ok_or("challenge: expected the text to sign")?));
        if let (Some(identifier), Some(members)) = (options.get("challengeIdentifier").filter(|identifier| identifier.is_string()), answer.as_object_mut()) {
            members.insert("challengeIdentifier".into(), identifier.clone());
        }
        return Ok(answer);
    }
    let origin = origin.ok_or("origin: is required for a passkey: that of the page, say https://example.org")?;
    Passkey::new(origin).create(options::bare(options.get("webauthn").unwrap_or(options))).map_err(|error| error.to_string())
}

/// Makes an id; nothing depends on it being hard to guess.
fn random_bytes() -> [u8; 32] {
    std::array::from_fn(|_| fastrand::u8(..))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Answer, base64url};

    fn creation() -> Value {
        json!({
            "challenge": "Y2g", "rp": { "id": "example.org", "name": "Example" }, "pubKeyCredParams": [],
            "user": { "id": "dXMtMQ", "name": "jane@doe.com", "displayName": "Jane" },
        })
    }

    /// The origin in a passkey's client data.
    fn origin(answer: &Value) -> String {
        let client_data = answer["response"]["clientDataJSON"].as_str().and_then(base64url::decode).expect("client data");
        serde_json::from_slice::<Value>(&client_data).expect("JSON")["origin"].as_str().expect("an origin").to_owned()
    }

    #[test]
    fn every_form_of_a_passkeys_options_is_answered_with_a_new_passkey() {
        let registration = json!({ "kind": "Fido2", "challenge": "Y2g", "webauthn": creation() });
        let mut vendors_own = creation();
        vendors_own["kind"] = json!("fido2");
        for (what, options) in [
            ("bare", creation()),
            ("for the browser's call", json!({ "publicKey": creation() })),
            ("a registration", registration.clone()),
            ("all that create prints", json!({ "provider": "dfns", "registration": registration })),
            ("the vendor's own", vendors_own),
        ] {
            let answered = || answer(&options, Some("https://login.example.org")).unwrap_or_else(|error| panic!("{what}: {error}"));
            let given = answered();
            assert_eq!(origin(&given), "https://login.example.org", "{what}");
            assert!(Answer::from_webauthn_json(&given.to_string(), "test").is_ok(), "{what}");
            assert_ne!(given["id"], answered()["id"], "{what}");
        }
    }

    #[test]
    fn the_answer_to_a_vendors_own_challenge_for_a_key_can_be_sent_as_it_stands() {
        let challenge = json!({ "kind": "Key", "challenge": "Y2g", "challengeIdentifier": "id" });
        assert_eq!(answer(&challenge, None).expect("an answer")["challengeIdentifier"], "id");
        assert_eq!(answer(&json!({ "kind": "Key", "challenge": "Y2g" }), None).expect("an answer").get("challengeIdentifier"), None);
    }

    #[test]
    fn what_cannot_be_answered_is_told_by_its_name_and_not_echoed() {
        let request = json!({ "challenge": "canary", "rpId": "example.org" });
        for (options, origin, expected) in [
            (json!({ "kind": "canary" }), None, "kind: expected one of Fido2, Key, PasswordProtectedKey, RecoveryKey"),
            (json!({ "kind": 7 }), None, "kind: expected one of"),
            (json!({ "kind": "Key" }), None, "challenge: expected"),
            (json!({ "kind": "Key", "challenge": "" }), None, "challenge: expected"),
            (json!({ "kind": "Key", "challenge": ["canary"] }), None, "challenge: expected"),
            (creation(), None, "origin: is required"),
            (creation(), Some("canary"), "origin: expected"),
            (json!({}), None, "origin: is required"),
            (json!([]), Some("https://example.org"), "options: expected an object"),
            (request, Some("https://example.org"), "pubKeyCredParams: expected"),
            (creation(), Some("https://canary.example"), "rp.id: expected"),
        ] {
            let told = answer(&options, origin).expect_err(expected);
            assert!(told.contains(expected) && !told.contains("canary"), "{options}: {told}");
        }
    }

    #[cfg(feature = "dfns")]
    mod at_dfns {
        use super::*;
        use crate::{
            model::{ChallengeRequest, Verification},
            provider::ChallengeProviderExt as _,
            testing::DfnsDouble,
            vendors::dfns::answer_from_json,
        };

        #[tokio::test]
        async fn the_answer_for_a_key_of_each_kind_is_what_the_command_line_gives_to_the_vendor() {
            let dfns = DfnsDouble::start().await;
            for kind in CredentialKind::ALL.into_iter().filter(|kind| *kind != CredentialKind::Fido2) {
                let challenge = dfns.provider().create(&ChallengeRequest::credential(kind, dfns.issue_code())).await.expect("a challenge");
                let text = challenge.registration().expect("a registration").challenge().expose();
                let given = answer(&json!({ "kind": kind.as_str(), "challenge": text, "algorithms": [-7, -8] }), None).expect("an answer");
                let verified = dfns.provider().verify(challenge.handle(), &answer_from_json(&given.to_string()).expect("an answer")).await;
                assert!(matches!(verified, Ok(Verification::Verified(_))), "{kind}: {verified:?}");
            }
            dfns.violations().assert_none();
        }
    }
}
