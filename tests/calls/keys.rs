//! Keys of one's own: the answer to Dfns' challenge has the documented form to the byte, and its signature holds.

use std::error::Error;

use auth_challenge::{
    Answer, ChallengeHandle, CredentialAnswer, CredentialKind, ErrorKind, Method, ProviderId, Registration, SendState,
    dfns::{answer_from_json, key::Key, types},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use p256::pkcs8::DecodePublicKey as _;
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

type Outcome = Result<(), Box<dyn Error>>;

/// Made for these tests with `openssl`, and used nowhere else.
const P256_SEC1: &str = "-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIDPmSNZ8clqZxDbS3YkAvg2/1Bpb5bTrTID7ReeSunr2oAoGCCqGSM49
AwEHoUQDQgAEx4IDqH2tnlBOVas/olPCMh05MWRP+z3u/NZuq7YVzJuHOGlaMgL7
WTW02zc1Q7Xa9CxjXQ2heMyUVUJqfFjcQA==
-----END EC PRIVATE KEY-----
";
const P256_PKCS8: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgM+ZI1nxyWpnENtLd
iQC+Db/UGlvltOtMgPtF55K6evahRANCAATHggOofa2eUE5Vqz+iU8IyHTkxZE/7
Pe781m6rthXMm4c4aVoyAvtZNbTbNzVDtdr0LGNdDaF4zJRVQmp8WNxA
-----END PRIVATE KEY-----
";
const P256_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEx4IDqH2tnlBOVas/olPCMh05MWRP
+z3u/NZuq7YVzJuHOGlaMgL7WTW02zc1Q7Xa9CxjXQ2heMyUVUJqfFjcQA==
-----END PUBLIC KEY-----
";
const ED25519_PKCS8: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINhxBRLgafzUeog7wGQB4KjvCC9LbbgGRHZeJy+gsTSG
-----END PRIVATE KEY-----
";
const ED25519_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJyBHncsFC5ad1TUtx3HSsVh/eVYJLIMTRlxeQu0Hvhc=
-----END PUBLIC KEY-----
";

/// Every form of a key that is read, with its public key.
const KEYS: [(&str, &str, &str); 3] =
    [("P-256 in SEC 1", P256_SEC1, P256_PUBLIC), ("P-256 in PKCS#8", P256_PKCS8, P256_PUBLIC), ("Ed25519 in PKCS#8", ED25519_PKCS8, ED25519_PUBLIC)];

/// The challenge for which the vendor's documents give a hash.
const CHALLENGE: &str = "Y2gtNzloaHQtbXJlb2stOGFwOHFtMmVpZWZ0amxhZw";
const CLIENT_DATA_HASH: &str = "cba00cc2224e76aa12e42cd0e30a1a73e5525ed0dccb7e29e709fee3a1e98dec";

fn registration(kind: CredentialKind) -> Registration {
    Registration::new(kind, CHALLENGE)
}

fn decoded(text: &str) -> Result<String, Box<dyn Error>> {
    Ok(String::from_utf8(URL_SAFE_NO_PAD.decode(text)?)?)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let pairs = (0..text.len()).step_by(2).map(|at| text.get(at..at + 2).ok_or("an odd number of digits"));
    pairs.map(|pair| Ok(u8::from_str_radix(pair?, 16)?)).collect()
}

/// Whether a signature holds: P-256 in ASN.1 DER over SHA-256, Ed25519 raw.
fn verify(public_pem: &str, message: &[u8], signature: &[u8]) -> Outcome {
    match p256::ecdsa::VerifyingKey::from_public_key_pem(public_pem) {
        Ok(key) => {
            use p256::ecdsa::signature::Verifier as _;
            key.verify(message, &p256::ecdsa::Signature::from_der(signature)?)?;
        }
        Err(_) => {
            let key = ed25519_dalek::VerifyingKey::from_public_key_pem(public_pem)?;
            key.verify_strict(message, &ed25519_dalek::Signature::from_slice(signature)?)?;
        }
    }
    Ok(())
}

/// Checks an answer against the documented form, step by step.
fn check(answer: &CredentialAnswer, challenge: &str, public_pem: &str) -> Outcome {
    let client_data = decoded(answer.client_data().expose())?;
    assert_eq!(client_data, format!(r#"{{"challenge":{},"type":"key.create"}}"#, json!(challenge)));

    let attestation = decoded(answer.attestation().expose())?;
    let members: Value = serde_json::from_str(&attestation)?;
    let signature = members["signature"].as_str().ok_or("no signature")?;
    assert_eq!(attestation, format!(r#"{{"publicKey":{},"signature":"{signature}"}}"#, json!(public_pem)));
    assert_eq!(signature, signature.to_ascii_lowercase());

    let hash = hex(&Sha256::digest(client_data.as_bytes()));
    let fingerprint = format!(r#"{{"clientDataHash":"{hash}","publicKey":{}}}"#, json!(public_pem));
    verify(public_pem, fingerprint.as_bytes(), &from_hex(signature)?)
}

#[test]
fn every_form_of_a_key_signs_a_challenge_as_documented() -> Outcome {
    for (form, private, public) in KEYS {
        let key = Key::from_pem(private)?;
        assert_eq!(key.public_pem(), public, "{form}: as openssl writes it");
        for kind in [CredentialKind::Key, CredentialKind::PasswordProtectedKey, CredentialKind::RecoveryKey] {
            let answer = key.answer(&registration(kind), "server key")?;
            assert_eq!((answer.kind(), answer.name()), (kind, "server key"), "{form}");
            assert!(answer.encrypted_private_key().is_none(), "{form}");
            check(&answer, CHALLENGE, public).map_err(|error| format!("{form}: {error}"))?;
        }
    }
    Ok(())
}

#[test]
fn client_data_hashes_to_the_documented_vector() -> Outcome {
    let answer = Key::from_pem(P256_PKCS8)?.answer(&registration(CredentialKind::Key), "key")?;
    let client_data = URL_SAFE_NO_PAD.decode(answer.client_data().expose())?;
    assert_eq!(hex(&Sha256::digest(client_data)), CLIENT_DATA_HASH);
    Ok(())
}

#[test]
fn a_tampered_answer_does_not_verify() -> Outcome {
    for (form, private, public) in KEYS {
        let answer = Key::from_pem(private)?.answer(&registration(CredentialKind::Key), "key")?;
        let members: Value = serde_json::from_str(&decoded(answer.attestation().expose())?)?;
        let signature = from_hex(members["signature"].as_str().ok_or("no signature")?)?;
        assert!(verify(public, b"something else", &signature).is_err(), "{form}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_challenge_is_signed_as_it_was_received(challenge in "\\PC{1,80}") {
        for (form, private, public) in KEYS {
            let key = Key::from_pem(private).expect("a readable key");
            let answer = key.answer(&Registration::new(CredentialKind::Key, challenge.as_str()), "key").expect("a challenge for a key");
            let checked = check(&answer, &challenge, public);
            prop_assert!(checked.is_ok(), "{form}: {checked:?}");
        }
    }
}

#[test]
fn each_answer_has_a_credential_id_of_its_own() -> Outcome {
    let key = Key::from_pem(ED25519_PKCS8)?;
    let ids = [key.answer(&registration(CredentialKind::Key), "one")?, key.answer(&registration(CredentialKind::Key), "two")?];
    for answer in &ids {
        assert_eq!(URL_SAFE_NO_PAD.decode(answer.credential_id())?.len(), 32);
    }
    assert_ne!(ids[0].credential_id(), ids[1].credential_id());
    Ok(())
}

#[test]
fn an_encrypted_private_key_is_passed_through() -> Outcome {
    let answer = Key::from_pem(ED25519_PKCS8)?.answer(&registration(CredentialKind::PasswordProtectedKey), "key")?.with_encrypted_private_key(" blob= ");
    assert_eq!(answer.encrypted_private_key().map(|key| key.expose()), Some(" blob= "));
    Ok(())
}

#[test]
fn a_process_that_never_saw_the_challenge_answers_from_its_handle() -> Outcome {
    let handle = ChallengeHandle::new(ProviderId::DFNS, Method::Credential(CredentialKind::RecoveryKey), "identifier").with_text_to_sign(CHALLENGE);
    let handle: ChallengeHandle = serde_json::from_str(&serde_json::to_string(&handle)?)?;
    let answer = Key::from_pem(P256_SEC1)?.answer_to(&handle, "key")?;
    assert_eq!(answer.kind(), CredentialKind::RecoveryKey);
    check(&answer, CHALLENGE, P256_PUBLIC)
}

#[test]
fn a_handle_that_is_not_of_a_challenge_for_a_key_is_refused() -> Outcome {
    let key = Key::from_pem(P256_SEC1)?;
    let kind = Method::Credential(CredentialKind::Key);
    for (what, handle, expected) in [
        ("a code", ChallengeHandle::new(ProviderId::CORBADO, Method::EmailOtp, "id").with_text_to_sign("text"), ErrorKind::Handle),
        ("nothing to sign", ChallengeHandle::new(ProviderId::DFNS, kind, "id"), ErrorKind::Handle),
        (
            "a passkey",
            ChallengeHandle::new(ProviderId::DFNS, Method::Credential(CredentialKind::Fido2), "id").with_text_to_sign("text"),
            ErrorKind::InvalidRequest,
        ),
    ] {
        let error = key.answer_to(&handle, "key").expect_err(what);
        assert_eq!((error.kind(), error.send_state()), (expected, SendState::NotSent), "{what}");
    }
    Ok(())
}

#[test]
fn a_challenge_for_a_passkey_is_refused() -> Outcome {
    let error = Key::from_pem(P256_SEC1)?.answer(&registration(CredentialKind::Fido2), "key").expect_err("a passkey is the browser's");
    assert_eq!((error.kind(), error.send_state()), (ErrorKind::InvalidRequest, SendState::NotSent));
    assert_eq!(error.violations()[0].name(), "kind");
    Ok(())
}

#[test]
fn a_key_is_read_from_a_file_with_other_blocks_before_it() -> Outcome {
    // As `openssl ecparam -genkey` writes it.
    let pem = format!("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{P256_SEC1}");
    assert_eq!(Key::from_pem(&pem)?.public_pem(), P256_PUBLIC);
    Ok(())
}

#[test]
fn a_key_with_line_breaks_of_windows_is_read() -> Outcome {
    for (form, private, public) in KEYS {
        let key = Key::from_pem(&private.replace('\n', "\r\n")).map_err(|error| format!("{form}: {error}"))?;
        assert_eq!(key.public_pem(), public, "{form}");
    }
    Ok(())
}

#[test]
fn an_unreadable_key_is_refused_without_a_word_of_it() {
    let body = "MHcCAQEEIDPmSNZ8clqZxDbS3YkAvg2";
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiBuQUj0ziY6AICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEMhNRADW6CaCbgttTZgqZXoEgZDy
hOqZYfYoIwl8qEiKBFGXLMjqx0KdcXz4+BG9EIjLPj0MtsvJ9E/PfZ8Wxj+cu5j7
WCPkLhV74dY3Hgx90rQVQbL7grx1uwPTBKECb2QVHUPn7qqPbZQBHspMGT+OZWzs
yiiDmBiG7bjC/588bDFHZ+XDcKw4BIOLG0aLbvqM+ivC/0WiKE5M1Rr+8BHHO7Q=
-----END ENCRYPTED PRIVATE KEY-----
";
    let p384 = "-----BEGIN EC PRIVATE KEY-----
MIGkAgEBBDDA4nC/qrZzo7mzqjiq/30Ed52th0R7cgrM9CPRxSI+Kr/ThPyOMC30
IHHI0CtKYFygBwYFK4EEACKhZANiAASbbiHP48kwY7A9FOAdZeGL0fmwfKXJEEKe
nv37UGg5YQ1qQS38MOTQSHb65f9bHaZAvVmf3kA74ZVSkf1nfc0+bxCCZP7x13pA
j8GviPU9Bq3SJhK+0Ib4OCGsUmZLLZ0=
-----END EC PRIVATE KEY-----
";
    let cut = &P256_SEC1[..100];
    let headless = P256_PKCS8.replace("-----BEGIN PRIVATE KEY-----\n", "");
    for (what, pem) in [
        ("nothing", ""),
        ("no PEM", body),
        ("a cut key", cut),
        ("a key without its first line", &headless),
        ("a public key", P256_PUBLIC),
        ("another curve", p384),
        ("an encrypted key", encrypted),
        ("not base64", "-----BEGIN PRIVATE KEY-----\nMHcCAQEEIDPmSNZ8clqZxDbS3YkAvg2!\n-----END PRIVATE KEY-----\n"),
        ("not a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
    ] {
        let error = Key::from_pem(pem).expect_err(what);
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::InvalidRequest, SendState::NotSent), "{what}");
        assert_eq!(error.violations()[0].name(), "key", "{what}");
        for text in [format!("{error}"), format!("{error:?}"), format!("{error:#?}")] {
            assert!(!text.contains(&body[..12]), "{what}: {text}");
        }
    }
}

/// A user action's challenge, with these credentials allowed to sign.
fn user_action(allowed: Value) -> Result<types::UserActionChallenge, serde_json::Error> {
    serde_json::from_value(json!({
        "challenge": CHALLENGE,
        "challengeIdentifier": "identifier",
        "supportedCredentialKinds": [],
        "userVerification": "required",
        "attestation": "none",
        "allowCredentials": { "key": allowed, "webauthn": [] },
        "externalAuthenticationUrl": "",
    }))
}

#[test]
fn a_user_action_is_signed_over_the_bytes_of_its_client_data() -> Outcome {
    for (form, private, public) in KEYS {
        let key = Key::from_pem(private)?;
        let signed = key.sign_user_action(&user_action(json!([{ "type": "public-key", "id": "cred-1" }]))?, "cred-1")?;
        let signed = serde_json::to_value(&signed)?;
        let assertion = &signed["firstFactor"]["credentialAssertion"];
        let client_data = assertion["clientData"].as_str().ok_or("no client data")?;
        let signature = assertion["signature"].as_str().ok_or("no signature")?;
        assert_eq!(decoded(client_data)?, format!(r#"{{"challenge":"{CHALLENGE}","type":"key.get"}}"#), "{form}");
        verify(public, &URL_SAFE_NO_PAD.decode(client_data)?, &URL_SAFE_NO_PAD.decode(signature)?).map_err(|error| format!("{form}: {error}"))?;
        let expected = json!({
            "challengeIdentifier": "identifier",
            "firstFactor": { "kind": "Key", "credentialAssertion": { "credId": "cred-1", "clientData": client_data, "signature": signature } },
        });
        assert_eq!(signed, expected, "{form}");
    }
    Ok(())
}

#[test]
fn a_user_action_is_signed_only_by_a_credential_that_the_vendor_allows() -> Outcome {
    let key = Key::from_pem(P256_SEC1)?;
    for (allowed, may_sign) in [
        (json!([]), true),
        (json!([{ "type": "public-key", "id": "cred-1" }, { "type": "public-key", "id": "cred-2" }]), true),
        (json!([{ "type": "public-key", "id": "cred-2" }]), false),
    ] {
        match key.sign_user_action(&user_action(allowed.clone())?, "cred-1") {
            Ok(_) => assert!(may_sign, "{allowed}"),
            Err(error) => {
                assert!(!may_sign, "{allowed}");
                assert_eq!((error.kind(), error.send_state()), (ErrorKind::InvalidRequest, SendState::NotSent));
                assert_eq!(error.violations()[0].name(), "credential_id");
            }
        }
    }
    Ok(())
}

#[test]
fn a_signed_answer_can_be_given_to_a_provider() -> Outcome {
    let credential = Key::from_pem(ED25519_PKCS8)?.answer(&registration(CredentialKind::Key), "key")?;
    let id = credential.credential_id().to_owned();
    let answer = Answer::credential(credential);
    assert_eq!(answer.as_credential().map(CredentialAnswer::credential_id), Some(id.as_str()));
    assert!(answer.as_code().is_none());
    Ok(())
}

/// An answer as Dfns' own SDKs write it.
fn own_form(kind: &str) -> Value {
    json!({
        "credentialKind": kind, "credentialName": "key",
        "credentialInfo": { "credId": "cred-1", "clientData": "Y2xpZW50", "attestationData": "YXR0ZXN0" }
    })
}

#[test]
fn an_answer_in_the_vendors_own_form_is_taken_as_it_is() -> Outcome {
    for kind in CredentialKind::ALL {
        for (key, expected) in [(None, None), (Some(json!(null)), None), (Some(json!(" blob= ")), Some(" blob= "))] {
            let mut json = own_form(kind.as_str());
            if let Some(key) = key {
                json["encryptedPrivateKey"] = key;
            }
            let answer = answer_from_json(&json.to_string())?;
            let credential = answer.as_credential().ok_or("a credential")?;
            assert_eq!((credential.kind(), credential.name(), credential.credential_id()), (kind, "key", "cred-1"), "{json}");
            assert_eq!((credential.client_data().expose(), credential.attestation().expose()), ("Y2xpZW50", "YXR0ZXN0"), "{json}");
            assert_eq!(credential.encrypted_private_key().map(|key| key.expose()), expected, "{json}");
        }
    }
    Ok(())
}

#[test]
fn what_is_missing_or_odd_in_the_vendors_own_form_is_named_all_at_once() {
    let [kind, name, id, client_data, attestation, key] = [
        ("answer", "credentialKind"),
        ("credential_name", "credentialName"),
        ("credential_id", "credentialInfo.credId"),
        ("client_data", "credentialInfo.clientData"),
        ("attestation", "credentialInfo.attestationData"),
        ("encrypted_private_key", "encryptedPrivateKey"),
    ];
    let with = |member: &str, value: Value| {
        let mut json = own_form("RecoveryKey");
        json[member] = value;
        json
    };
    for (json, expected) in [
        (own_form("Password"), vec![kind]),
        (with("credentialKind", json!(null)), vec![kind]),
        (with("credentialName", json!(1)), vec![name]),
        (with("credentialInfo", json!({ "clientData": "c", "attestationData": "a" })), vec![id]),
        (with("credentialInfo", json!({ "credId": "i", "attestationData": "a" })), vec![client_data]),
        (with("credentialInfo", json!({ "credId": "i", "clientData": "c", "attestationData": {} })), vec![attestation]),
        (with("encryptedPrivateKey", json!(5)), vec![key]),
        (json!({ "encryptedPrivateKey": [] }), vec![kind, name, id, client_data, attestation, key]),
        (json!([]), vec![kind, name, id, client_data, attestation]),
    ] {
        let error = answer_from_json(&json.to_string()).expect_err("something is missing");
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::InvalidRequest, SendState::NotSent), "{json}");
        let named = error.violations().iter().map(|violation| (violation.name(), violation.vendor_field().unwrap_or_default()));
        assert_eq!(named.collect::<Vec<_>>(), expected, "{json}");
    }
}

#[test]
fn an_answer_that_is_read_from_json_is_read_strictly() {
    let answer = |key: Value| {
        serde_json::from_value::<types::CodeVerifyRequest>(json!({
            "credentialKind": "RecoveryKey", "credentialName": "key", "challengeIdentifier": "i", "encryptedPrivateKey": key,
            "credentialInfo": { "credId": "c", "clientData": "d", "attestationData": "a" }
        }))
    };
    assert!(answer(json!("encrypted")).is_ok() && answer(json!(null)).is_ok());
    assert!(answer(json!(5)).is_err(), "a request is never less than what was asked for");
}
