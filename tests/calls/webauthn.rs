//! Passkeys: what a browser takes and what it gives, on the way between the vendor and `PublicKeyCredential`.

use std::error::Error;

use auth_challenge::{Answer, CredentialKind, ErrorKind, Registration, RegistrationUser, RelyingParty, SendState};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use proptest::prelude::*;
use serde_json::{Value, json};

type Outcome = Result<(), Box<dyn Error>>;

fn passkey(challenge: &str) -> Registration {
    Registration::new(CredentialKind::Fido2, challenge)
}

fn with_options(options: Value) -> Registration {
    let Value::Object(options) = options else { panic!("options are an object") };
    passkey("AAAA").with_options(options)
}

fn creation_options(registration: &Registration, rp: Option<&RelyingParty>) -> Value {
    registration.to_webauthn_json(rp).expect("a passkey has creation options")
}

#[test]
fn a_challenge_comes_out_as_base64url_without_padding() {
    for (what, given, expected) in [
        ("base64url is taken as it is", "Y2gtNzloaHQtbXJlb2s", "Y2gtNzloaHQtbXJlb2s"),
        ("with the letters of base64url too", "-_-_", "-_-_"),
        ("padding goes", "-_8=", "-_8"),
        ("standard base64 is rewritten", "+/8", "-_8"),
        ("standard base64 with padding too", "+/8=", "-_8"),
        ("a plain text is encoded", "ch-79hht mreok", "Y2gtNzloaHQgbXJlb2s"),
        ("a text that base64 cannot have is encoded", "a", "YQ"),
        ("a text beyond ASCII is encoded", "ä", "w6Q"),
        ("a mixture of both alphabets is a text", "+_8", "K184"),
        ("a text with too much padding is a text", "-_8==", "LV84PT0"),
    ] {
        assert_eq!(creation_options(&passkey(given), None)["challenge"], expected, "{what}");
    }
}

#[test]
fn the_users_id_is_encoded_and_the_names_are_not() {
    let user = RegistrationUser { id: "us-1".into(), name: "jane@doe.com".into(), display_name: "Jane Ä".into() };
    let options = creation_options(&passkey("AAAA").with_user(user), None);
    assert_eq!(options["user"], json!({ "id": "dXMtMQ", "name": "jane@doe.com", "displayName": "Jane Ä" }));
}

#[test]
fn a_users_id_that_looks_like_base64_is_encoded_all_the_same() {
    let user = RegistrationUser { id: "AAAA".into(), name: "".into(), display_name: "".into() };
    assert_eq!(creation_options(&passkey("AAAA").with_user(user), None)["user"]["id"], "QUFBQQ");
}

#[test]
fn the_callers_relying_party_goes_before_the_registrations() {
    let (callers, registrations) = (RelyingParty::new("caller.example", "Caller"), RelyingParty::new("vendor.example", "Vendor"));
    let named = passkey("AAAA").with_relying_party(registrations);
    assert_eq!(creation_options(&named, None)["rp"], json!({ "id": "vendor.example", "name": "Vendor" }));
    assert_eq!(creation_options(&named, Some(&callers))["rp"], json!({ "id": "caller.example", "name": "Caller" }));
    assert_eq!(creation_options(&passkey("AAAA"), Some(&callers))["rp"], json!({ "id": "caller.example", "name": "Caller" }));
    assert_eq!(creation_options(&passkey("AAAA"), None).get("rp"), None, "there is nothing to say");
}

#[test]
fn members_that_this_release_does_not_know_are_kept_at_every_level() {
    let registration = with_options(json!({
        "hints": ["client-device"],
        "timeout": 60_000,
        "rp": { "id": "old.example", "icon": "i" },
        "user": { "id": "old", "icon": "u" },
        "authenticatorSelection": { "residentKey": "required", "later": true },
        "pubKeyCredParams": [{ "type": "public-key", "alg": -7, "later": 1 }],
        "excludeCredentials": [{ "type": "public-key", "id": "AAAA", "transports": ["usb"] }],
        "extensions": { "credProps": true },
    }))
    .with_user(RegistrationUser { id: "us-1".into(), name: "n".into(), display_name: "d".into() })
    .with_relying_party(RelyingParty::new("new.example", "New"))
    .with_algorithms(vec![-8]);
    let expected = json!({
        "challenge": "AAAA",
        "hints": ["client-device"],
        "timeout": 60_000,
        "rp": { "id": "new.example", "name": "New", "icon": "i" },
        "user": { "id": "dXMtMQ", "name": "n", "displayName": "d", "icon": "u" },
        "authenticatorSelection": { "residentKey": "required", "later": true },
        "pubKeyCredParams": [{ "type": "public-key", "alg": -7, "later": 1 }],
        "excludeCredentials": [{ "type": "public-key", "id": "AAAA", "transports": ["usb"] }],
        "extensions": { "credProps": true },
    });
    assert_eq!(creation_options(&registration, None), expected);
}

#[test]
fn ids_of_excluded_credentials_come_out_as_base64url() {
    for (given, expected) in [("AAAA", "AAAA"), ("+/8=", "-_8"), ("-_8=", "-_8"), ("not base64!", "bm90IGJhc2U2NCE")] {
        let registration = with_options(json!({ "excludeCredentials": [{ "type": "public-key", "id": given }] }));
        assert_eq!(creation_options(&registration, None)["excludeCredentials"], json!([{ "type": "public-key", "id": expected }]), "{given}");
    }
    for odd in [json!(null), json!([1, null, { "id": 7 }, {}]), json!("none")] {
        let registration = with_options(json!({ "excludeCredentials": odd.clone() }));
        assert_eq!(creation_options(&registration, None)["excludeCredentials"], odd, "what is no credential is handed on");
    }
}

#[test]
fn the_algorithms_stand_in_where_the_vendor_wrote_no_parameters() {
    let registration = passkey("AAAA").with_algorithms(vec![-7, -257]);
    let expected = json!([{ "type": "public-key", "alg": -7 }, { "type": "public-key", "alg": -257 }]);
    assert_eq!(creation_options(&registration, None)["pubKeyCredParams"], expected);
    assert_eq!(creation_options(&passkey("AAAA"), None)["pubKeyCredParams"], json!([]), "the browser insists on the member");
}

#[test]
fn keys_have_no_creation_options() {
    for kind in CredentialKind::ALL.into_iter().filter(|kind| *kind != CredentialKind::Fido2) {
        assert_eq!(Registration::new(kind, "AAAA").to_webauthn_json(None), None, "{kind}");
    }
}

/// The four spellings of the same bytes.
fn spellings(bytes: &[u8]) -> [String; 4] {
    [URL_SAFE_NO_PAD.encode(bytes), URL_SAFE.encode(bytes), STANDARD.encode(bytes), STANDARD_NO_PAD.encode(bytes)]
}

/// What a browser gives for a new passkey.
fn credential(id: &str, client_data: &str, attestation: &str) -> Value {
    json!({
        "id": id,
        "rawId": id,
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "clientExtensionResults": {},
        "response": { "clientDataJSON": client_data, "attestationObject": attestation, "transports": ["internal"], "publicKeyAlgorithm": -7 },
    })
}

fn read(json: &Value) -> Result<[String; 3], Box<dyn Error>> {
    let answer = Answer::from_webauthn_json(&json.to_string(), "laptop")?;
    let credential = answer.as_credential().ok_or("a passkey is a credential")?;
    assert_eq!((credential.kind(), credential.name()), (CredentialKind::Fido2, "laptop"));
    assert!(credential.encrypted_private_key().is_none() && answer.as_code().is_none());
    Ok([credential.credential_id(), credential.client_data().expose(), credential.attestation().expose()].map(str::to_owned))
}

#[test]
fn what_a_browser_gives_is_taken_as_it_is() -> Outcome {
    assert_eq!(read(&credential("-_8", "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0", "o2NmbXQ"))?, ["-_8", "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0", "o2NmbXQ"]);
    Ok(())
}

#[test]
fn what_a_phones_wrapper_gives_is_normalised() -> Outcome {
    for spelling in ["-_8", "-_8=", "+/8", "+/8="] {
        assert_eq!(read(&credential(spelling, spelling, spelling))?, ["-_8"; 3], "{spelling}");
    }
    Ok(())
}

#[test]
fn what_is_missing_in_an_answer_is_named_all_at_once() {
    let whole = credential("AAAA", "BBBB", "CCCC");
    let without = |pointers: &[(&str, &str)]| {
        let mut json = whole.clone();
        for (parent, member) in pointers {
            json.pointer_mut(parent).and_then(Value::as_object_mut).expect("the parent is there").remove(*member);
        }
        json
    };
    let (id, client_data, attestation) = ("credential_id", "client_data", "attestation");
    for (json, expected) in [
        (without(&[("", "id")]), vec![id]),
        (without(&[("/response", "clientDataJSON")]), vec![client_data]),
        (without(&[("/response", "attestationObject")]), vec![attestation]),
        (without(&[("", "id"), ("/response", "clientDataJSON")]), vec![id, client_data]),
        (without(&[("", "response")]), vec![client_data, attestation]),
        (json!({}), vec![id, client_data, attestation]),
        (json!([]), vec![id, client_data, attestation]),
        (json!(null), vec![id, client_data, attestation]),
        (credential("", "BBBB", "CCCC"), vec![id]),
        (credential("AAAA", "B B", "ä"), vec![client_data, attestation]),
        (json!({ "id": 1, "response": { "clientDataJSON": [], "attestationObject": {} } }), vec![id, client_data, attestation]),
    ] {
        let error = Answer::from_webauthn_json(&json.to_string(), "laptop").expect_err("something is missing");
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::InvalidRequest, SendState::NotSent), "{json}");
        let fields: Vec<&str> = error.violations().iter().filter_map(|violation| violation.field()).map(auth_challenge::Field::as_str).collect();
        assert_eq!(fields, expected, "{json}");
    }
}

#[test]
fn a_missing_member_is_told_by_the_browsers_name_and_apart_from_an_odd_one() {
    let error = Answer::from_webauthn_json(r#"{"id":"a b","response":{"clientDataJSON":""}}"#, "laptop").expect_err("something is missing");
    let told: Vec<_> = error.violations().iter().map(ToString::to_string).collect();
    let expected = [
        "credential_id: expected id in base64url",
        "client_data: is required: response.clientDataJSON in base64url",
        "attestation: is required: response.attestationObject in base64url",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_passkey_without_a_name_is_refused() {
    let error = Answer::from_webauthn_json(&credential("AAAA", "BBBB", "CCCC").to_string(), "").expect_err("the vendor wants a name");
    assert_eq!(error.violations().iter().filter_map(|violation| violation.field()).map(auth_challenge::Field::as_str).collect::<Vec<_>>(), ["credential_name"]);
}

#[test]
fn the_content_of_an_answer_is_never_echoed() {
    for json in [
        "canary".to_owned(),
        r#"{"id":"canary"#.to_owned(),
        r#"{"canary":canary}"#.to_owned(),
        credential("canary!", "canary!", "canary!").to_string(),
        json!({ "id": ["canary"], "response": "canary" }).to_string(),
    ] {
        let error = Answer::from_webauthn_json(&json, "canary").expect_err("it is no answer");
        for text in [format!("{error}"), format!("{error:?}"), format!("{error:#?}")] {
            assert!(!text.contains("canary"), "{text}");
        }
        assert!(std::error::Error::source(&error).is_none(), "the reader's own error quotes what it read");
    }
}

proptest! {
    #[test]
    fn every_spelling_of_the_same_bytes_is_the_same_answer(bytes in prop::collection::vec(any::<u8>(), 1..200)) {
        let plain = URL_SAFE_NO_PAD.encode(&bytes);
        for spelling in spellings(&bytes) {
            let read = read(&credential(&spelling, &spelling, &spelling));
            prop_assert_eq!(read.map_err(|error| TestCaseError::fail(error.to_string()))?, [plain.as_str(); 3], "{}", spelling);
        }
    }

    #[test]
    fn every_spelling_of_a_challenge_is_the_same_challenge(bytes in prop::collection::vec(any::<u8>(), 1..200)) {
        let plain = URL_SAFE_NO_PAD.encode(&bytes);
        for spelling in spellings(&bytes) {
            prop_assert_eq!(&creation_options(&passkey(&spelling), None)["challenge"], &plain, "{}", spelling);
        }
    }

    #[test]
    fn any_users_id_comes_back_from_the_browser(id in any::<String>()) {
        let user = RegistrationUser { id: id.as_str().into(), name: "".into(), display_name: "".into() };
        let options = creation_options(&passkey("AAAA").with_user(user), None);
        let encoded = options["user"]["id"].as_str().unwrap_or_default();
        prop_assert_eq!(URL_SAFE_NO_PAD.decode(encoded).ok(), Some(id.into_bytes()));
    }

    #[test]
    fn any_challenge_comes_out_as_base64url(challenge in any::<String>()) {
        let options = creation_options(&passkey(&challenge), None);
        let encoded = options["challenge"].as_str().unwrap_or_default();
        prop_assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{}", encoded);
    }

    #[test]
    fn no_text_makes_reading_an_answer_panic(text in any::<String>(), id in any::<String>()) {
        let _ = Answer::from_webauthn_json(&text, "laptop");
        let _ = Answer::from_webauthn_json(&credential(&id, &text, &text).to_string(), "laptop");
    }
}

#[cfg(feature = "dfns")]
mod through_the_vendor {
    use auth_challenge::{
        ChallengeProviderExt as _, ChallengeRequest, Http,
        dfns::{Dfns, DfnsConfig},
    };
    use serde_json::Map;
    use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

    use super::*;

    fn reply() -> Value {
        json!({
            "kind": "Fido2",
            "user": { "id": "us-1", "name": "jane@doe.com", "displayName": "Jane", "icon": "u" },
            "temporaryAuthenticationToken": "canary-token",
            "challengeIdentifier": "canary-identifier",
            "challenge": "Y2gtNzloaHQtbXJlb2s",
            "rp": { "id": "vendor.example", "name": "Vendor", "icon": "r" },
            "authenticatorSelection": {
                "authenticatorAttachment": "levitating", "residentKey": "required", "requireResidentKey": true, "userVerification": "required", "later": 1,
            },
            "attestation": "direct",
            "pubKeyCredParams": [{ "type": "public-key", "alg": -7, "later": "p" }, { "type": "public-key", "alg": -257 }],
            "excludeCredentials": [{ "type": "public-key", "id": "cr-6uunn-bm6ja-f6rmod5kqrk5rbel", "transports": ["usb"] }],
            "hints": ["client-device"],
            "timeout": 60_000,
        })
    }

    async fn registration(reply: Value, config: DfnsConfig) -> Result<Registration, Box<dyn Error>> {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_json(reply)).expect(1).mount(&server).await;
        let dfns = Dfns::new(&config.with_base_url(&server.uri())?, Http::builder().build()?)?;
        let challenge = dfns.create(&ChallengeRequest::credential(CredentialKind::Fido2, "A7U-KY6-9PT")).await?;
        assert!(challenge.handle().text_to_sign().is_none(), "a browser signs, in the session that has the challenge");
        Ok(challenge.registration().ok_or("no registration")?.clone())
    }

    #[tokio::test]
    async fn a_vendors_challenge_becomes_a_browsers_creation_options() -> Outcome {
        let registration = registration(reply(), DfnsConfig::new()).await?;
        let expected = json!({
            "challenge": "Y2gtNzloaHQtbXJlb2s",
            "user": { "id": "dXMtMQ", "name": "jane@doe.com", "displayName": "Jane", "icon": "u" },
            "rp": { "id": "vendor.example", "name": "Vendor", "icon": "r" },
            "authenticatorSelection": {
                "authenticatorAttachment": "levitating", "residentKey": "required", "requireResidentKey": true, "userVerification": "required", "later": 1,
            },
            "attestation": "direct",
            "pubKeyCredParams": [{ "type": "public-key", "alg": -7, "later": "p" }, { "type": "public-key", "alg": -257 }],
            "excludeCredentials": [{ "type": "public-key", "id": "cr-6uunn-bm6ja-f6rmod5kqrk5rbel", "transports": ["usb"] }],
            "hints": ["client-device"],
            "timeout": 60_000,
        });
        assert_eq!(creation_options(&registration, None), expected);
        assert_eq!(registration.algorithms(), [-7, -257]);
        assert!(!format!("{expected}").contains("canary"), "the vendor's own business stays out of the browser");
        Ok(())
    }

    #[tokio::test]
    async fn the_relying_party_is_the_callers_then_the_configs_then_that_of_the_reply() -> Outcome {
        let without = |member: &str| {
            let mut reply = reply();
            reply.as_object_mut().map(|members: &mut Map<String, Value>| members.remove(member));
            reply
        };
        let configured = || DfnsConfig::new().with_relying_party(RelyingParty::new("config.example", "Config"));
        let caller = RelyingParty::new("caller.example", "Caller");
        for (reply, config, rp, expected) in [
            (reply(), DfnsConfig::new(), None, Some("vendor.example")),
            (reply(), configured(), None, Some("config.example")),
            (reply(), configured(), Some(&caller), Some("caller.example")),
            (without("rp"), configured(), None, Some("config.example")),
            (without("rp"), DfnsConfig::new(), Some(&caller), Some("caller.example")),
            (without("rp"), DfnsConfig::new(), None, None),
        ] {
            let registration = registration(reply, config).await?;
            assert_eq!(creation_options(&registration, rp)["rp"]["id"].as_str(), expected);
        }
        Ok(())
    }

    #[tokio::test]
    async fn a_challenge_of_few_members_still_has_what_a_browser_insists_on() -> Outcome {
        let bare = json!({ "kind": "Fido2", "challengeIdentifier": "identifier", "challenge": "AAAA" });
        let registration = registration(bare, DfnsConfig::new()).await?;
        assert_eq!(creation_options(&registration, None), json!({ "challenge": "AAAA", "pubKeyCredParams": [] }));
        Ok(())
    }
}
