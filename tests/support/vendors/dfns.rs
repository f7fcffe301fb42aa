//! Dfns.

#![cfg(feature = "dfns")]

use std::time::Duration;

use auth_challenge::{
    Answer, Challenge, ChallengeHandle, ChallengeRequest, ChallengeStatus, ClientContext, CredentialAnswer, CredentialKind, Error, ErrorKind, Field, Http,
    Method, ProviderId, Reason, RelyingParty, Secret, SendState,
    dfns::{Dfns, DfnsConfig, types},
};
use serde_json::{Value, json};

use super::{Command, Create, Creation, Proof, Refusal, Secrecy, Section, Sent, Variable, Vendor, Verify};
use crate::support::{
    canaries::reads_silently,
    typed::{Called, Typed, as_read, body},
};

const KEY: Method = Method::Credential(CredentialKind::Key);

pub static VENDOR: Vendor = Vendor {
    name: "dfns",
    offers: &[
        Method::Credential(CredentialKind::Fido2),
        KEY,
        Method::Credential(CredentialKind::PasswordProtectedKey),
        Method::Credential(CredentialKind::RecoveryKey),
    ],
    needs: &[Field::Code],
    can_resend: false,
    section: Section {
        credentials: || json!({ "token": "dfns_token" }),
        canaries: || json!({ "token": "dfns7canary7token" }),
        required: &[],
        secrets: &["token"],
        // Neither operation needs credentials, so the token stays at home.
        odd_secret: ("dfns.token=", &[]),
        servers: &[
            ("", "https://api.dfns.io"),
            ("region = \"eu\"", "https://api.dfns.io"),
            ("region = \"uae\"", "https://api.uae.dfns.io"),
            ("base_url = \"https://api.digitalassets.ibm.com/prefix/\"\nrp_id = \"a.example\"\nrp_name = \"A\"", "https://api.digitalassets.ibm.com/prefix"),
            ("rp_id = \"a.example\"", "https://api.dfns.io"),
            ("base_url = \"http://doubles:8080\"\n[http]\nallow_plain_http = [\"other\", \"DOUBLES\"]", "http://doubles:8080"),
        ],
        mistakes: &[
            (
                "token_file = \"canary/none\"\nregion = \"us\"\nrp_name = \"canary\"",
                &[("dfns.region", "eu, uae"), ("dfns.rp_id", "is required beside rp_name"), ("dfns.token_file", "cannot be read")],
            ),
            ("region = \"us\"", &[("dfns.region", "eu, uae")]),
            ("region = \"uae\"\nbase_url = \"https://canary.example\"", &[("dfns.region", "dfns.base_url")]),
            ("rp_name = \"canary\"", &[("dfns.rp_id", "is required beside rp_name")]),
        ],
        typed: |url| Ok(Box::new(DfnsConfig::new().with_base_url(url)?)),
        client: |config, name| Ok(std::sync::Arc::new(config.dfns(name)?)),
        variables: &[
            Variable { name: "DFNS_API_URL", value: "https://dfns.example", is_secret: false },
            Variable { name: "DFNS_TOKEN", value: "canary-token", is_secret: true },
        ],
        server_of_variables: "https://dfns.example",
        bad_variables: (&[("DFNS_TOKEN", "canary"), ("DFNS_TOKEN_FILE", "canary")], &["dfns.token"]),
    },
    create: Create {
        rows: creations,
        numbered: |number| {
            let code = format!("ABCD-1234-{number:04}");
            (ChallengeRequest::credential(CredentialKind::Key, &*code), code)
        },
        reply: |method| {
            json!({
                "kind": method.credential_kind().map(CredentialKind::as_str), "user": { "id": "us-1", "displayName": "Jane", "name": "jane@doe.com" },
                "challengeIdentifier": "eyJ.identifier", "challenge": "Y2gtNzloaHQtbXJlb2stOGFwOHFtMmVpZWZ0amxhZw", "rp": { "id": "dfns.io", "name": "Dfns" },
                "attestation": "direct", "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }], "temporaryAuthenticationToken": "eyJ.identifier"
            })
        },
        told: (None, None),
        check: |challenge: &Challenge| {
            let registration = challenge.registration().expect("a registration");
            assert_eq!((registration.challenge().expose(), registration.algorithms()), ("Y2gtNzloaHQtbXJlb2stOGFwOHFtMmVpZWZ0amxhZw", &[-7_i64][..]));
            assert_eq!(challenge.handle().text_to_sign().map(Secret::expose), Some("Y2gtNzloaHQtbXJlb2stOGFwOHFtMmVpZWZ0amxhZw"));
            assert!(matches!(challenge.vendor_reply(), Some(types::CredentialChallenge::Key(_))));
        },
        essential: &["kind", "challengeIdentifier", "challenge"],
        lenient: || {
            let odd = json!({
                "kind": "Key", "challengeIdentifier": "i", "challenge": "c", "attestation": "quantum", "hints": ["x"], "rp": { "id": "a" },
                "user": { "id": "u", "avatar": 1 }, "pubKeyCredParams": [{ "type": "new", "alg": -8, "x": 1 }]
            });
            let null = json!({ "kind": "Key", "challengeIdentifier": "i", "challenge": "c", "pubKeyCredParams": null, "user": { "id": null } });
            vec![
                (json!({ "kind": "Key", "challengeIdentifier": "i", "challenge": "c" }), ChallengeStatus::Pending),
                (null, ChallengeStatus::Pending),
                (odd, ChallengeStatus::Pending),
            ]
        },
        // Of another kind, without an id, or under review.
        unusable: || {
            vec![
                (200, json!({ "kind": "Quantum", "challengeIdentifier": "i", "challenge": "c" })),
                (200, json!({ "kind": "Fido2", "challengeIdentifier": "i", "challenge": "c" })),
                (200, json!({ "kind": "Totp", "challengeIdentifier": "i", "otpUrl": "otpauth://x" })),
                (200, json!({ "kind": "Key", "challengeIdentifier": 5, "challenge": "c" })),
                (202, (VENDOR.create.reply)(KEY)),
            ]
        },
        refusals,
        incomplete: || {
            vec![
                (ChallengeRequest::new(KEY), &[("code", "code")]),
                (ChallengeRequest::credential(CredentialKind::Key, ""), &[("code", "code")]),
                (ChallengeRequest::credential(CredentialKind::Key, "c").with_scope("add:authenticators"), &[("scope", "")]),
            ]
        },
    },
    verify: Verify {
        handle: || json!({ "v": 1, "provider": "dfns", "method": "credential", "kind": "Key", "challenge_id": "eyJ.identifier", "to_sign": "Y2gt" }),
        longest_handle: || {
            let method = Method::Credential(CredentialKind::PasswordProtectedKey);
            let handle = ChallengeHandle::new(ProviderId::DFNS, method, "x".repeat(1000));
            (handle.with_text_to_sign("Y2gtNzloaHQtbXJlb2stOGFwOHFtMmVpZWZ0amxhZw"), 1600)
        },
        answer: |text| Answer::credential(CredentialAnswer::new(CredentialKind::Key, "key", "cred-1", text, format!("{text}-attested"))),
        misfits: || {
            let credential = |kind| CredentialAnswer::new(kind, "key", "cred-1", "Y2xpZW50", "YXR0ZXN0");
            let of_another_kind = Answer::credential(credential(CredentialKind::Fido2));
            let with_a_key_inside = Answer::credential(credential(CredentialKind::Key).with_encrypted_private_key("key"));
            vec![Answer::code("123456"), Answer::code(""), of_another_kind, with_a_key_inside]
        },
        sent: || Sent {
            method: "POST",
            path: "/auth/credentials/code/verify".into(),
            authorization: &[],
            content_type: "application/json",
            body: json!({
                "credentialKind": "Key", "credentialName": "key", "challengeIdentifier": "eyJ.identifier",
                "credentialInfo": { "credId": "cred-1", "clientData": "123456", "attestationData": "123456-attested" }
            }),
        },
        resent: None,
        proofs: || {
            let whole = json!({
                "kind": "Key", "credentialId": "cred-1", "credentialUuid": "cr-1", "dateCreated": "2026-01-01T00:00:00Z", "isActive": true, "name": "key",
                "publicKey": "SHA256:x", "relyingPartyId": "dfns.io", "origin": "https://app.dfns.io"
            });
            let proof = |body, credential| Proof { body, method: KEY, recipient: None, user_id: None, credential: Some(credential) };
            vec![proof(whole, ("Key", "cred-1", Some("cr-1"))), proof(json!({ "kind": "Key", "credentialId": "cred-1" }), ("Key", "cred-1", None))]
        },
        essential: &["kind", "credentialId"],
        decisive: &["isActive"],
        rejections: || vec![(400, says("Unable to verify signature."), Reason::Other), (401, says("unable to verify signature"), Reason::Other)],
        errors: || {
            vec![
                (400, json!({ "error": { "message": "Malformed" } }), ErrorKind::InvalidRequest, SendState::Refused),
                (403, json!({ "error": { "message": "Not allowed" } }), ErrorKind::Permission, SendState::Refused),
                (500, json!({ "error": { "message": "unable to verify signature" } }), ErrorKind::Unavailable, SendState::Unknown),
                (200, json!({ "kind": "SessionKey", "credentialId": "cred-1" }), ErrorKind::UnexpectedReply, SendState::Accepted),
                (200, json!({ "kind": "Key", "credentialId": "cred-2" }), ErrorKind::UnexpectedReply, SendState::Accepted),
                (200, json!({ "kind": "Key", "credentialId": "" }), ErrorKind::UnexpectedReply, SendState::Accepted),
                (200, json!({ "kind": "Key", "credentialId": "cred-1", "isActive": false }), ErrorKind::UnexpectedReply, SendState::Accepted),
            ]
        },
        unknown: || vec![(404, json!({ "error": { "message": "Not found" } }))],
    },
    typed: &[
        Typed { of_elements: OF_CREDENTIALS, ..Typed::of("Fido2Challenge", TO_SIGN, init) },
        Typed { of_elements: OF_CREDENTIALS, ..Typed::of("KeyChallenge", TO_SIGN, init) },
        Typed { of_elements: OF_CREDENTIALS, ..Typed::of("PasswordProtectedKeyChallenge", TO_SIGN, init) },
        Typed { of_elements: OF_CREDENTIALS, ..Typed::of("RecoveryKeyChallenge", TO_SIGN, init) },
        Typed::of("PasswordChallenge", &["kind", "challengeIdentifier"], init),
        Typed::of("TotpChallenge", &["kind", "challengeIdentifier"], init),
        Typed {
            decisive: &["isActive"],
            ..Typed::of("Credential", &["kind", "credentialId"], |http, url| {
                let answer = (VENDOR.verify.sent)().body;
                Box::pin(async move { typed(http, &url)?.credential_code_verify(&body(answer)).await.map(as_read) })
            })
        },
        Typed::of("CredentialCode", &["code"], |http, url| {
            let request = json!({ "expiration": "2030-01-01T00:00:00Z" });
            Box::pin(async move { typed(http, &url)?.credential_code_create(&"a".into(), &body(request)).await.map(as_read) })
        }),
        Typed {
            of_elements: &["kind"],
            ..Typed::of("UserActionChallenge", &["challengeIdentifier", "challenge"], |http, url| {
                let request = json!({ "userActionPayload": "{}", "userActionHttpMethod": "POST", "userActionHttpPath": "/auth/credentials/code" });
                Box::pin(async move { typed(http, &url)?.user_action_init(&body(request)).await.map(as_read) })
            })
        },
        Typed::of("UserActionResponse", &["userAction"], |http, url| {
            let factor = json!({ "kind": "Password", "password": "p" });
            let request = json!({ "challengeIdentifier": "i", "firstFactor": factor });
            Box::pin(async move { typed(http, &url)?.user_action_sign(&body(request)).await.map(as_read) })
        }),
    ],
    secrecy: Secrecy {
        document: include_str!("../../../specs/dfns.json"),
        masked: include!(concat!(env!("OUT_DIR"), "/dfns_sensitive.rs")),
        harmless: &[
            ("RelyingParty", "id"),
            ("RelyingParty", "name"),
            ("PublicKeyCredentialDescriptor", "id"),
            ("AllowCredential", "id"),
            ("AllowPasswordProtectedKey", "id"),
            ("Credential", "name"),
            ("ApiError", "id"),
        ],
        types: &[
            ("CodeInitRequest", reads_silently::<types::CodeInitRequest>),
            ("CredentialChallenge", reads_silently::<types::CredentialChallenge>),
            ("Fido2Challenge", reads_silently::<types::CredentialChallenge>),
            ("KeyChallenge", reads_silently::<types::CredentialChallenge>),
            ("PasswordProtectedKeyChallenge", reads_silently::<types::CredentialChallenge>),
            ("RecoveryKeyChallenge", reads_silently::<types::CredentialChallenge>),
            ("PasswordChallenge", reads_silently::<types::CredentialChallenge>),
            ("TotpChallenge", reads_silently::<types::CredentialChallenge>),
            ("ChallengeUser", reads_silently::<types::ChallengeUser>),
            ("CodeVerifyRequest", reads_silently::<types::CodeVerifyRequest>),
            ("Fido2Credential", reads_silently::<types::CodeVerifyRequest>),
            ("KeyCredential", reads_silently::<types::CodeVerifyRequest>),
            ("PasswordProtectedKeyCredential", reads_silently::<types::CodeVerifyRequest>),
            ("RecoveryKeyCredential", reads_silently::<types::CodeVerifyRequest>),
            ("PasswordCredential", reads_silently::<types::CodeVerifyRequest>),
            ("TotpCredential", reads_silently::<types::CodeVerifyRequest>),
            ("AttestedCredentialInfo", reads_silently::<types::AttestedCredentialInfo>),
            ("PasswordCredentialInfo", reads_silently::<types::PasswordCredentialInfo>),
            ("TotpCredentialInfo", reads_silently::<types::TotpCredentialInfo>),
            ("CredentialCode", reads_silently::<types::CredentialCode>),
            ("UserActionInitRequest", reads_silently::<types::UserActionInitRequest>),
            ("UserActionChallenge", reads_silently::<types::UserActionChallenge>),
            ("AllowCredentials", reads_silently::<types::AllowCredentials>),
            ("AllowPasswordProtectedKey", reads_silently::<types::AllowPasswordProtectedKey>),
            ("UserActionRequest", reads_silently::<types::UserActionRequest>),
            ("FirstFactor", reads_silently::<types::FirstFactor>),
            ("SecondFactor", reads_silently::<types::SecondFactor>),
            ("Fido2Assertion", reads_silently::<types::FirstFactor>),
            ("KeyAssertion", reads_silently::<types::FirstFactor>),
            ("PasswordProtectedKeyAssertion", reads_silently::<types::SecondFactor>),
            ("PasswordFactor", reads_silently::<types::FirstFactor>),
            ("TotpFactor", reads_silently::<types::SecondFactor>),
            ("Fido2AssertionInfo", reads_silently::<types::Fido2AssertionInfo>),
            ("KeyAssertionInfo", reads_silently::<types::KeyAssertionInfo>),
            ("UserActionResponse", reads_silently::<types::UserActionResponse>),
        ],
        values: |http| {
            let config = DfnsConfig::new().with_token("token-canary").with_relying_party(RelyingParty::new("a.example", "A"));
            let client = Dfns::new(&config, http.clone()).expect("a client");
            vec![("DfnsConfig", Box::new(config)), ("Dfns", Box::new(client))]
        },
        request: || ChallengeRequest::credential(CredentialKind::Key, "canary7code"),
        created: || {
            json!({
                "kind": "Key", "challengeIdentifier": "canary7identifier", "challenge": "canary7text7to7sign",
                "temporaryAuthenticationToken": "canary7identifier",
                "user": { "id": "usr-canary7user", "name": "canary7mail@doe.com", "displayName": "canary7mail@doe.com", "more": "canary7value" }
            })
        },
        verified: || json!({ "kind": "Key", "credentialId": "cred-1" }),
        echo: |text| json!({ "message": text, "error": { "message": text, "id": text, "code": text } }),
    },
    command: Command {
        create: &["--method", "credential", "--kind", "Key", "--code", "ABCD-1234-EFGH"],
        incomplete: &[
            (&["--method", "credential", "--kind", "Fido2"], &["code"]),
            (&["--method", "credential", "--code", "c"], &["kind"]),
            (&["--method", "credential", "--kind", "Key", "--code", "c", "--scope", "add:authenticators"], &["scope"]),
        ],
        answer: |text| {
            let info = json!({ "credId": "cred-1", "clientData": text, "attestationData": format!("{text}-attested") });
            json!({ "credentialKind": "Key", "credentialName": "key", "credentialInfo": info }).to_string()
        },
    },
};

const TO_SIGN: &[&str] = &["kind", "challengeIdentifier", "challenge"];
const OF_CREDENTIALS: &[&str] = &["alg", "type", "id"];

fn init(http: Http, url: String) -> Called {
    Box::pin(async move { typed(http, &url)?.credential_code_init(&body(json!({ "credentialKind": "Key", "code": "c" }))).await.map(as_read) })
}

fn typed(http: Http, url: &str) -> Result<Dfns, Error> {
    Dfns::new(&DfnsConfig::new().with_token("dfns_token").with_base_url(url)?, http)
}

fn sent(kind: CredentialKind, code: &str) -> Sent {
    Sent {
        method: "POST",
        path: "/auth/credentials/code/init".into(),
        authorization: &[],
        content_type: "application/json",
        body: json!({ "credentialKind": kind.as_str(), "code": code }),
    }
}

fn creations() -> Vec<Creation> {
    // As the official SDK sends it.
    let of_kind = |kind| Creation { request: ChallengeRequest::credential(kind, "ABCD-1234-EFGH"), sent: sent(kind, "ABCD-1234-EFGH"), ignored: &[] };
    let mut rows = vec![of_kind(CredentialKind::Key)];
    rows.extend(CredentialKind::ALL.into_iter().filter(|kind| *kind != CredentialKind::Key).map(of_kind));
    // With every field.
    rows.push(Creation {
        request: ChallengeRequest::credential(CredentialKind::Key, "c")
            .with_user_id("usr-1")
            .with_action("signIn")
            .with_action_key("k")
            .with_locale("en")
            .with_lifetime(Duration::from_secs(60))
            .with_client(ClientContext::new([203, 0, 113, 7]).with_user_agent("Mozilla/5.0").with_device_id("d")),
        sent: sent(CredentialKind::Key, "c"),
        ignored: &[Field::UserId, Field::Action, Field::ActionKey, Field::Ip, Field::UserAgent, Field::DeviceId, Field::Locale, Field::Lifetime],
    });
    rows
}

/// The vendor's error with a message.
fn says(message: &str) -> Value {
    json!({ "error": { "id": "1", "message": message } })
}

fn refusals() -> Vec<Refusal> {
    let refusal = |status, body, kind, request_id, message, display| Refusal {
        status,
        body,
        kind,
        code: None,
        request_id,
        message: Some(message),
        violations: &[],
        display,
    };
    let unauthorized =
        |body, request_id| refusal(401, body, ErrorKind::Authentication, request_id, "Not Authorized.", "dfns create: credentials not accepted (HTTP 401)");
    let other = |status, kind, message, display| refusal(status, json!({ "error": { "message": message } }), kind, None, message, display);
    // It has no error codes: a code that it does not accept shows in the message alone.
    let bad_code = |status: u16, message, display| {
        let body = json!({ "error": { "id": "1", "status": status, "message": message } });
        let violations: &[_] = &[(Some("code"), Some("code"), "was not accepted: wrong, used or too old")];
        Refusal { violations, ..refusal(status, body, ErrorKind::InvalidRequest, Some("1"), message, display) }
    };
    vec![
        unauthorized(json!({ "error": { "id": "2038", "status": 401, "message": "Not Authorized.", "details": {} } }), Some("2038")),
        unauthorized(json!({ "error": { "message": "Not Authorized." } }), None),
        unauthorized(json!({ "message": "Not Authorized." }), None),
        bad_code(403, "Invalid code", "dfns create: invalid request (HTTP 403): code"),
        bad_code(400, "Registration code expired", "dfns create: invalid request (HTTP 400): code"),
        bad_code(400, "The code was already used", "dfns create: invalid request (HTTP 400): code"),
        other(403, ErrorKind::Permission, "Missing permission", "dfns create: not permitted (HTTP 403)"),
        other(403, ErrorKind::Permission, "Session expired", "dfns create: not permitted (HTTP 403)"),
        other(400, ErrorKind::InvalidRequest, "The code is too long", "dfns create: invalid request (HTTP 400)"),
        other(403, ErrorKind::Permission, "Access refused, error code 1020", "dfns create: not permitted (HTTP 403)"),
        other(400, ErrorKind::InvalidRequest, "Invalid request: could not decode body", "dfns create: invalid request (HTTP 400)"),
        other(400, ErrorKind::InvalidRequest, "[{\"code\":\"invalid_type\"}]", "dfns create: invalid request (HTTP 400)"),
    ]
}
