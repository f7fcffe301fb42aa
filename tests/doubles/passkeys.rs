//! The doubles' passkey does what a browser does: over the crate, and over HTTP alone.

use std::error::Error;

use auth_challenge::testing::{Passkey, PasskeyError};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use minicbor::Encoder;
use p256::{
    ecdsa::{Signature, VerifyingKey, signature::Verifier as _},
    pkcs8::DecodePublicKey as _,
};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

type Outcome = Result<(), Box<dyn Error>>;

const ORIGIN: &str = "https://example.org";

/// What a page asks for a new passkey with.
fn creation() -> Value {
    json!({
        "rp": { "id": "example.org", "name": "Example" },
        "user": { "id": "dXMtMQ", "name": "jane@doe.com", "displayName": "Jane" },
        "challenge": "Y2gtNzloaHQ",
        "pubKeyCredParams": [{ "type": "public-key", "alg": -8 }, { "type": "public-key", "alg": -7 }],
    })
}

/// What a page asks for a login with.
fn request() -> Value {
    json!({ "challenge": "Y2gtNzloaHQ", "rpId": "example.org" })
}

/// The options with a member of a path changed; without it where there is no value.
fn with(mut options: Value, path: &str, value: Option<Value>) -> Value {
    let (parent, name) = path.rsplit_once('/').expect("a path");
    let members = options.pointer_mut(parent).and_then(Value::as_object_mut).expect("the parent is there");
    match value {
        Some(value) => drop(members.insert(name.to_owned(), value)),
        None => drop(members.remove(name)),
    }
    options
}

fn decoded(value: &Value) -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(URL_SAFE_NO_PAD.decode(value.as_str().ok_or("no text")?)?)
}

/// Authenticator data, taken apart.
struct Data {
    rp_id_hash: Vec<u8>,
    flags: u8,
    count: u32,
    rest: Vec<u8>,
}

fn data(answer: &Value) -> Result<Data, Box<dyn Error>> {
    let bytes = decoded(&answer["response"]["authenticatorData"])?;
    let (rp_id_hash, rest) = bytes.split_at_checked(32).ok_or("too short")?;
    let (flags, rest) = rest.split_first().ok_or("too short")?;
    let (count, rest) = rest.split_first_chunk::<4>().ok_or("too short")?;
    Ok(Data { rp_id_hash: rp_id_hash.to_vec(), flags: *flags, count: u32::from_be_bytes(*count), rest: rest.to_vec() })
}

fn public_key(answer: &Value) -> Result<VerifyingKey, Box<dyn Error>> {
    Ok(VerifyingKey::from_public_key_der(&decoded(&answer["response"]["publicKey"])?)?)
}

fn names(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// The members that WebAuthn level 3 requires in `RegistrationResponseJSON` and `AuthenticationResponseJSON`, and those that browsers give beside them.
const CREDENTIAL: [&str; 6] = ["authenticatorAttachment", "clientExtensionResults", "id", "rawId", "response", "type"];
const ATTESTATION: [&str; 6] = ["attestationObject", "authenticatorData", "clientDataJSON", "publicKey", "publicKeyAlgorithm", "transports"];
const ASSERTION: [&str; 4] = ["authenticatorData", "clientDataJSON", "signature", "userHandle"];

#[test]
fn an_answer_has_the_members_of_a_browsers_json_and_no_others() -> Outcome {
    let passkey = Passkey::new(ORIGIN);
    let (created, signed_in) = (passkey.answer(&creation())?, passkey.answer(&request())?);
    for (answer, response) in [(&created, &ATTESTATION[..]), (&signed_in, &ASSERTION)] {
        assert_eq!(names(answer), CREDENTIAL);
        assert_eq!(names(&answer["response"]), response);
        assert_eq!((&answer["id"], &answer["type"]), (&answer["rawId"], &json!("public-key")));
        assert_eq!(decoded(&answer["id"])?.len(), 32);
    }
    assert_eq!(created["clientExtensionResults"], json!({}));
    assert_eq!((&created["response"]["publicKeyAlgorithm"], &created["response"]["transports"]), (&json!(-7), &json!(["internal"])));
    let asked = passkey.answer(&with(creation(), "/extensions", Some(json!({ "credProps": true }))))?;
    assert_eq!(asked["clientExtensionResults"], json!({ "credProps": { "rk": true } }));
    Ok(())
}

#[test]
fn client_data_is_written_as_browsers_write_it() -> Outcome {
    let passkey = Passkey::new(ORIGIN);
    for (options, purpose) in [(creation(), "webauthn.create"), (request(), "webauthn.get")] {
        let client_data = String::from_utf8(decoded(&passkey.answer(&options)?["response"]["clientDataJSON"])?)?;
        assert_eq!(client_data, format!(r#"{{"type":"{purpose}","challenge":"Y2gtNzloaHQ","origin":"https://example.org","crossOrigin":false}}"#));
    }
    Ok(())
}

#[test]
fn a_new_passkey_is_attested_by_nobody_and_shows_one_key_in_all_its_forms() -> Outcome {
    let answer = Passkey::new(ORIGIN).answer(&creation())?;
    let authenticator_data = decoded(&answer["response"]["authenticatorData"])?;
    let mut expected = Encoder::new(Vec::new());
    expected.map(3)?.str("fmt")?.str("none")?.str("attStmt")?.map(0)?.str("authData")?.bytes(&authenticator_data)?;
    assert_eq!(decoded(&answer["response"]["attestationObject"])?, expected.into_writer());

    let data = data(&answer)?;
    assert_eq!(data.rp_id_hash, Sha256::digest("example.org").to_vec());
    assert_eq!(data.flags, 0b0100_0101, "present, verified, with a credential");
    let (model_and_length, rest) = data.rest.split_at_checked(18).ok_or("too short")?;
    assert_eq!(model_and_length, [&[0; 16][..], &[0, 32]].concat());
    let (id, key) = rest.split_at_checked(32).ok_or("too short")?;
    assert_eq!(id, decoded(&answer["id"])?);
    let point = public_key(&answer)?.to_sec1_point(false);
    let (x, y) = (point.x().ok_or("no x")?.to_vec(), point.y().ok_or("no y")?.to_vec());
    let mut expected = Encoder::new(Vec::new());
    expected.map(5)?.i8(1)?.i8(2)?.i8(3)?.i8(-7)?.i8(-1)?.i8(1)?.i8(-2)?.bytes(&x)?.i8(-3)?.bytes(&y)?;
    assert_eq!(key, expected.into_writer());
    Ok(())
}

#[test]
fn options_are_taken_bare_and_as_the_browser_is_called_with_them() -> Outcome {
    let passkey = Passkey::new(ORIGIN);
    for options in [creation(), request()] {
        let (bare, wrapped) = (passkey.answer(&options)?, passkey.answer(&json!({ "publicKey": options, "mediation": "optional" }))?);
        assert_eq!(bare["response"]["clientDataJSON"], wrapped["response"]["clientDataJSON"]);
    }
    Ok(())
}

#[test]
fn a_passkey_speaks_for_its_host_and_the_domains_above_it_alone() {
    for (origin, rp_id, hashed) in [
        ("https://example.org", Some("example.org"), Some("example.org")),
        ("https://example.org", None, Some("example.org")),
        ("https://login.example.org:8443", Some("example.org"), Some("example.org")),
        ("https://login.example.org:8443", None, Some("login.example.org")),
        ("https://Example.org/login?next=%2F", Some("example.org"), Some("example.org")),
        ("https://bücher.example", Some("xn--bcher-kva.example"), Some("xn--bcher-kva.example")),
        ("http://localhost:5173", Some("localhost"), Some("localhost")),
        ("http://app.localhost", Some("app.localhost"), Some("app.localhost")),
        ("https://example.org", Some("login.example.org"), None),
        ("https://example.org", Some("org"), None),
        ("https://example.org", Some(""), None),
        ("https://example.org", Some(".org"), None),
        ("https://example.org", Some("https://example.org"), None),
        ("https://evilexample.org", Some("example.org"), None),
        ("https://example.org.evil.example", Some("example.org"), None),
        ("http://app.localhost", Some("localhost"), None),
        ("http://example.org", Some("example.org"), None),
        ("http://127.0.0.1:5173", None, None),
        ("https://[::1]", Some("localhost"), None),
        ("ftp://example.org", Some("example.org"), None),
        ("data:text/plain,x", None, None),
        ("example.org", Some("example.org"), None),
        ("", None, None),
    ] {
        let passkey = Passkey::new(origin);
        let rp_id = rp_id.map(Value::from);
        let created = passkey.answer(&with(creation(), "/rp/id", rp_id.clone()));
        let signed_in = passkey.answer(&with(request(), "/rpId", rp_id.clone()));
        let Some(hashed) = hashed else {
            for refused in [created, signed_in] {
                let refused = refused.expect_err(origin);
                assert_eq!(refused.name(), "SecurityError", "{origin} {rp_id:?}: {refused}");
            }
            continue;
        };
        for answer in [created, signed_in] {
            let data = answer.map_err(Box::from).and_then(|answer| data(&answer)).unwrap_or_else(|error| panic!("{origin} {rp_id:?}: {error}"));
            assert_eq!(data.rp_id_hash, Sha256::digest(hashed).to_vec(), "{origin} {rp_id:?}");
        }
    }
}

#[test]
fn members_that_are_missing_or_odd_are_named_all_at_once() {
    let (challenge, user_id) = ("challenge: expected base64url without padding", "user.id: expected 1 to 64 bytes as base64url without padding");
    let parameters = r#"pubKeyCredParams: expected a list of {"type","alg"}"#;
    let (excluded, allowed) = ("excludeCredentials[1].id: expected base64url without padding", r#"allowCredentials: expected a list of {"type","id"}"#);
    let user = format!("{user_id}; user.name: expected text; user.displayName: expected text");
    for (base, path, value, expected) in [
        (creation(), "/challenge", None, challenge),
        (creation(), "/challenge", Some(json!("")), challenge),
        (creation(), "/challenge", Some(json!("Y2g=")), challenge),
        (creation(), "/challenge", Some(json!("+/8")), challenge),
        (creation(), "/challenge", Some(json!([1, 2])), challenge),
        (creation(), "/rp", None, "rp.name: expected text"),
        (creation(), "/rp/name", None, "rp.name: expected text"),
        (creation(), "/rp/id", Some(json!(null)), "rp.id: expected text"),
        (creation(), "/user", None, &user),
        (creation(), "/user", Some(json!("jane")), &user),
        (creation(), "/user/id", None, user_id),
        (creation(), "/user/id", Some(json!("")), user_id),
        (creation(), "/user/id", Some(json!("A".repeat(88))), user_id),
        (creation(), "/user/id", Some(json!("jane@doe.com")), user_id),
        (creation(), "/user/name", None, "user.name: expected text"),
        (creation(), "/user/displayName", Some(json!(7)), "user.displayName: expected text"),
        (creation(), "/pubKeyCredParams", None, parameters),
        (creation(), "/pubKeyCredParams", Some(json!([-7])), parameters),
        (creation(), "/pubKeyCredParams", Some(json!([{ "alg": -7 }])), parameters),
        (creation(), "/excludeCredentials", Some(json!([{ "type": "public-key", "id": "AAAA" }, { "type": "public-key" }])), excluded),
        (creation(), "/excludeCredentials", Some(json!([{ "id": "AAAA" }])), "excludeCredentials[0].type: expected text, say public-key"),
        (request(), "/challenge", None, challenge),
        (request(), "/challenge", Some(json!("Y 2g")), challenge),
        (request(), "/rpId", Some(json!({})), "rpId: expected text"),
        (request(), "/allowCredentials", Some(json!({ "id": "AAAA" })), allowed),
    ] {
        let options = with(base, path, value);
        let error = Passkey::new(ORIGIN).answer(&options).expect_err(expected);
        assert_eq!((error.name(), error.to_string()), ("TypeError", format!("TypeError: {expected}")), "{options}");
    }
    for nothing in [json!({}), json!(null), json!([]), json!("options"), json!({ "publicKey": null })] {
        assert_eq!(Passkey::new(ORIGIN).answer(&nothing).expect_err("nothing").to_string(), format!("TypeError: {challenge}"), "{nothing}");
    }
    let all = Passkey::new(ORIGIN).answer(&json!({ "rp": {} })).expect_err("nearly nothing").to_string();
    for name in ["challenge", "rp.name", "user.id", "user.name", "user.displayName", "pubKeyCredParams"] {
        assert!(all.contains(&format!("{name}: expected ")), "{name} in {all}");
    }
}

#[test]
fn what_browsers_read_is_read() {
    for (path, value) in [
        ("/user/id", json!("A".repeat(86))),
        ("/user/name", json!("")),
        ("/challenge", json!("QR")),
        ("/excludeCredentials", json!([])),
        ("/attestation", json!("direct")),
        ("/timeout", json!(60_000)),
        ("/hints", json!(["client-device"])),
        ("/authenticatorSelection", json!({ "authenticatorAttachment": "cross-platform", "userVerification": "discouraged" })),
    ] {
        let answer = Passkey::new(ORIGIN).answer(&with(creation(), path, Some(value.clone())));
        assert!(answer.is_ok(), "{path} {value}: {answer:?}");
    }
}

#[test]
fn es256_is_offered_by_name_or_by_an_empty_list() {
    let one = |kind: &str, alg: i64| json!({ "type": kind, "alg": alg });
    for (offered, takes) in [
        (json!([]), true),
        (json!([one("public-key", -257), one("public-key", -7)]), true),
        (json!([one("public-key", -257), one("public-key", -8)]), false),
        (json!([one("later", -7)]), false),
    ] {
        let answer = Passkey::new(ORIGIN).answer(&with(creation(), "/pubKeyCredParams", Some(offered.clone())));
        assert_eq!(answer.err().map(|error| error.name()), (!takes).then_some("NotSupportedError"), "{offered}");
    }
}

#[test]
fn a_passkey_that_is_excluded_is_not_made_again() -> Outcome {
    let passkey = Passkey::new(ORIGIN);
    let id = passkey.answer(&creation())?["id"].clone();
    let excluding = |ids: &[&Value]| {
        let list: Vec<Value> = ids.iter().map(|id| json!({ "type": "public-key", "id": id })).collect();
        with(creation(), "/excludeCredentials", Some(list.into()))
    };
    assert_eq!(passkey.answer(&excluding(&[&json!("AAAA"), &id])).expect_err("excluded").name(), "InvalidStateError");
    passkey.answer(&excluding(&[&json!("AAAA")]))?;
    Passkey::new(ORIGIN).answer(&excluding(&[&id]))?;
    // A type that a browser does not know excludes nothing.
    passkey.answer(&with(creation(), "/excludeCredentials", Some(json!([{ "type": "later", "id": id }]))))?;
    Ok(())
}

#[test]
fn two_answers_of_one_passkey_have_one_key_and_one_id_and_a_counter_that_grows() -> Outcome {
    let passkey = Passkey::new(ORIGIN);
    let (first, second, third) = (passkey.answer(&creation())?, passkey.answer(&creation())?, passkey.answer(&request())?);
    assert_eq!((&first["id"], &first["response"]["publicKey"]), (&second["id"], &second["response"]["publicKey"]));
    assert_eq!(first["id"], third["id"]);
    let counts = [data(&first)?.count, data(&second)?.count, data(&third)?.count];
    assert!(counts.is_sorted_by(|before, after| before < after), "{counts:?}");

    let another = Passkey::new(ORIGIN).answer(&creation())?;
    assert_ne!(first["id"], another["id"]);
    assert_ne!(first["response"]["publicKey"], another["response"]["publicKey"]);
    Ok(())
}

#[test]
fn a_passkey_signs_in_where_it_was_created_and_as_whom() -> Outcome {
    let passkey = Passkey::new("https://login.example.org");
    let created = passkey.answer(&creation())?;
    for allowed in [None, Some(json!([])), Some(json!([{ "type": "public-key", "id": "AAAA" }, { "type": "public-key", "id": created["id"] }]))] {
        let signed_in = passkey.answer(&with(request(), "/allowCredentials", allowed))?;
        let response = &signed_in["response"];
        let (client_data, signed) = (decoded(&response["clientDataJSON"])?, decoded(&response["authenticatorData"])?);
        let signature = Signature::from_der(&decoded(&response["signature"])?)?;
        public_key(&created)?.verify(&[signed, Sha256::digest(client_data).to_vec()].concat(), &signature)?;
        let data = data(&signed_in)?;
        assert_eq!((data.flags, data.rest.len()), (0b0000_0101, 0), "present, verified, and nothing else");
        assert_eq!((&signed_in["id"], &response["userHandle"]), (&created["id"], &json!("dXMtMQ")));
    }
    Ok(())
}

#[test]
fn a_passkey_signs_in_nowhere_else() -> Outcome {
    let passkey = Passkey::new("https://login.example.org");
    let refusal = |options: Value| -> Option<&'static str> { passkey.answer(&options).err().as_ref().map(PasskeyError::name) };
    assert_eq!(refusal(request()), Some("NotAllowedError"), "it was not created");
    passkey.answer(&creation())?;
    assert_eq!(refusal(request()), None);
    assert_eq!(refusal(with(request(), "/rpId", None)), Some("NotAllowedError"), "it was created for the parent alone");
    for kind in ["public-key", "later"] {
        let allowed = json!([{ "type": kind, "id": "AAAA" }]);
        assert_eq!(refusal(with(request(), "/allowCredentials", Some(allowed))), Some("NotAllowedError"), "{kind}");
    }
    Ok(())
}

#[test]
fn nothing_of_the_options_or_the_key_is_shown() {
    let passkey = Passkey::new(format!("{ORIGIN}/canary?canary"));
    assert_eq!(format!("{passkey:?}"), r#"Passkey { origin: "https://example.org", .. }"#);
    for path in ["/challenge", "/rp/id", "/user/id", "/pubKeyCredParams", "/excludeCredentials"] {
        for canary in [json!("canary!"), json!(["canary"]), json!([{ "id": "canary!" }]), json!({ "canary": "canary" })] {
            let error = passkey.answer(&with(creation(), path, Some(canary))).expect_err(path);
            for text in [format!("{error}"), format!("{error:?}"), format!("{error:#?}")] {
                assert!(!text.contains("canary"), "{text}");
            }
        }
    }
}

#[cfg(feature = "dfns")]
mod at_dfns {
    use auth_challenge::{
        Answer, Challenge, ChallengeProviderExt as _, ChallengeRequest, CredentialKind, ErrorKind, RelyingParty, SendState, Verification, testing::DfnsDouble,
    };

    use super::*;

    async fn double() -> DfnsDouble {
        DfnsDouble::builder().with_relying_party(RelyingParty::new("example.org", "Example")).start().await.expect("a free port")
    }

    async fn challenge(dfns: &DfnsDouble) -> Result<Challenge, Box<dyn Error>> {
        Ok(dfns.provider().create(&ChallengeRequest::credential(CredentialKind::Fido2, dfns.issue_code())).await?)
    }

    /// What the application's page gets.
    fn options(challenge: &Challenge) -> Result<Value, Box<dyn Error>> {
        Ok(challenge.registration().and_then(|registration| registration.to_webauthn_json(None)).ok_or("no options")?)
    }

    #[tokio::test]
    async fn a_passkey_made_at_the_site_or_below_it_is_verified() -> Outcome {
        let dfns = double().await;
        for origin in ["https://example.org", "https://login.example.org:8443"] {
            let challenge = challenge(&dfns).await?;
            let given = Passkey::new(origin).answer(&options(&challenge)?)?;
            let answer = Answer::from_webauthn_json(&given.to_string(), "laptop")?;
            let Verification::Verified(proof) = dfns.provider().verify(challenge.handle(), &answer).await? else { panic!("{origin}: expected a proof") };
            assert_eq!(proof.credential().map(|credential| credential.id()), given["id"].as_str(), "{origin}");
        }
        dfns.violations().assert_none();
        Ok(())
    }

    #[tokio::test]
    async fn another_sites_passkey_is_refused_by_the_browser_and_by_the_vendor() -> Outcome {
        let dfns = double().await;
        let challenge = challenge(&dfns).await?;
        let mut options = options(&challenge)?;
        let evil = Passkey::new("https://evil.example");
        assert_eq!(evil.answer(&options).expect_err("another site").name(), "SecurityError");
        options["rp"]["id"] = json!("evil.example");
        let answer = Answer::from_webauthn_json(&evil.answer(&options)?.to_string(), "laptop")?;
        let error = dfns.provider().verify(challenge.handle(), &answer).await.expect_err("a relay");
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::InvalidRequest, SendState::Refused));
        Ok(())
    }

    async fn post(dfns: &DfnsDouble, path: &str, body: Value) -> Result<Value, Box<dyn Error>> {
        let request = reqwest::Client::new().post(dfns.base_url() + path).bearer_auth("dfns_token").header("user-agent", "test");
        let reply = request.json(&body).send().await?;
        let (status, json) = (reply.status(), reply.json::<Value>().await?);
        if status.is_success() { Ok(json) } else { Err(format!("{path}: {status} {json}").into()) }
    }

    /// A passkey that the vendor knows, made by nothing but HTTP.
    async fn registered(dfns: &DfnsDouble) -> Result<Passkey, Box<dyn Error>> {
        let passkey = Passkey::new("https://login.example.org");
        let challenge = post(dfns, "/auth/credentials/code/init", json!({ "credentialKind": "Fido2", "code": dfns.issue_code() })).await?;
        // The vendor's challenge has all the members of creation options, and its ids read as base64url.
        let given = passkey.answer(&challenge)?;
        let credential = json!({
            "credentialKind": "Fido2",
            "credentialName": "laptop",
            "credentialInfo": {
                "credId": given["id"],
                "clientData": given["response"]["clientDataJSON"],
                "attestationData": given["response"]["attestationObject"],
            },
            "challengeIdentifier": challenge["challengeIdentifier"],
        });
        let recorded = post(dfns, "/auth/credentials/code/verify", credential).await?;
        assert_eq!((&recorded["credentialId"], &recorded["origin"]), (&given["id"], &json!("https://login.example.org")));
        Ok(passkey)
    }

    #[tokio::test]
    async fn a_passkey_is_registered_over_http_alone() -> Outcome {
        let dfns = double().await;
        registered(&dfns).await?;
        dfns.violations().assert_none();
        Ok(())
    }

    #[tokio::test]
    async fn the_passkey_that_was_registered_signs_a_user_action() -> Outcome {
        let dfns = double().await;
        let passkey = registered(&dfns).await?;
        let call = json!({ "userActionHttpMethod": "POST", "userActionHttpPath": "/auth/credentials/code", "userActionPayload": "{}" });
        for is_its_own in [true, false] {
            let challenge = post(&dfns, "/auth/action/init", call.clone()).await?;
            let request = json!({
                "challenge": if is_its_own { challenge["challenge"].clone() } else { json!("YW5vdGhlcg") },
                "rpId": challenge["rp"]["id"],
                "allowCredentials": challenge["allowCredentials"]["webauthn"],
                "userVerification": challenge["userVerification"],
            });
            let given = passkey.answer(&request)?;
            let response = &given["response"];
            let assertion = json!({
                "credId": given["id"], "clientData": response["clientDataJSON"], "authenticatorData": response["authenticatorData"],
                "signature": response["signature"], "userHandle": response["userHandle"],
            });
            let factor = json!({ "kind": "Fido2", "credentialAssertion": assertion });
            let signed = post(&dfns, "/auth/action", json!({ "challengeIdentifier": challenge["challengeIdentifier"], "firstFactor": factor })).await;
            assert_eq!(signed.is_ok_and(|signed| signed["userAction"].is_string()), is_its_own);
        }
        dfns.violations().assert_none();
        Ok(())
    }
}
