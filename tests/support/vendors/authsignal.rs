//! Authsignal.

#![cfg(feature = "authsignal")]

use std::time::Duration;

use auth_challenge::{
    Answer, Challenge, ChallengeHandle, ChallengeRequest, ChallengeStatus, ClientContext, CredentialAnswer, CredentialKind, Error, ErrorKind, Field, Http,
    Method, ProviderId, Reason, SendState,
    authsignal::{Authsignal, AuthsignalConfig, ChallengeQuery, types},
};
use serde_json::{Value, json};

use super::{Command, Create, Creation, Proof, Refusal, Secrecy, Section, Sent, Variable, Vendor, Verify};
use crate::support::{
    canaries::reads_silently,
    typed::{Called, Fields, Typed, as_read, body},
};

const AUTHORIZATION: &[&str] = &["Basic YXNfc2VjcmV0Og=="];

pub static VENDOR: Vendor = Vendor {
    name: "authsignal",
    offers: &[Method::EmailOtp, Method::SmsOtp, Method::WhatsAppOtp],
    needs: &[Field::To, Field::Action],
    can_resend: true,
    section: Section {
        credentials: || json!({ "secret_key": "as_secret" }),
        canaries: || json!({ "secret_key": "as7canary7key" }),
        required: &["secret_key"],
        secrets: &["secret_key"],
        odd_secret: ("key=é", &["Basic a2V5PcOpOg=="]),
        servers: &[
            ("", "https://api.authsignal.com/v1"),
            ("region = \"us\"", "https://api.authsignal.com/v1"),
            ("region = \"au\"", "https://au.api.authsignal.com/v1"),
            ("region = \"eu\"", "https://eu.api.authsignal.com/v1"),
            ("region = \"ca\"", "https://ca.api.authsignal.com/v1"),
            ("base_url = \"http://127.0.0.1:8080/\"", "http://127.0.0.1:8080/v1"),
            ("base_url = \"http://doubles:8080\"\n[http]\nallow_plain_http = [\"other\", \"DOUBLES\"]", "http://doubles:8080/v1"),
        ],
        mistakes: &[
            (
                "region = \"canary\"\nbase_url = \"https://canary.example?a\"",
                &[
                    ("authsignal.base_url", "no query"),
                    ("authsignal.region", "authsignal.base_url"),
                    ("authsignal.region", "us, au, eu, ca"),
                    ("authsignal.secret_key", "is required"),
                ],
            ),
            ("secret_key = \"canary\"\nregion = \"canary\"", &[("authsignal.region", "us, au, eu, ca")]),
            ("secret_key = \"canary\"\nregion = \"US\"", &[("authsignal.region", "us, au, eu, ca")]),
            ("secret_key = \"canary\"\nregion = 1", &[("authsignal.region", "text in quotes")]),
            ("secret_key = \"canary\"\nregion = \"eu\"\nbase_url = \"https://canary.example\"", &[("authsignal.region", "authsignal.base_url")]),
            ("secret_key = \"corbado1_canary\"", &[("authsignal.secret_key", "looks like Corbado's")]),
            ("secret_key = \"pro-canary\"", &[("authsignal.secret_key", "looks like Corbado's")]),
            ("secret_key = \"canary:key\"", &[("authsignal.secret_key", "no colon")]),
        ],
        typed: |url| Ok(Box::new(AuthsignalConfig::new("key").with_base_url(url)?)),
        client: |config, name| Ok(std::sync::Arc::new(config.authsignal(name)?)),
        variables: &[
            Variable { name: "AUTHSIGNAL_API_SECRET_KEY", value: "canary-key", is_secret: true },
            Variable { name: "AUTHSIGNAL_API_URL", value: "https://authsignal.example", is_secret: false },
        ],
        server_of_variables: "https://authsignal.example/v1",
        bad_variables: (&[("AUTHSIGNAL_API_SECRET_KEY", "canary"), ("AUTHSIGNAL_API_SECRET_KEY_FILE", "canary")], &["authsignal.secret_key"]),
    },
    create: Create {
        rows: creations,
        numbered: |number| {
            let to = format!("+6427111{number:04}");
            (ChallengeRequest::sms_otp(&*to).with_action("signIn"), to)
        },
        reply: |_| json!({ "challengeId": "0b7b2e6e", "idempotencyKey": "key-1", "expiresAt": 1_900_000_000 }),
        told: (Some("0b7b2e6e"), Some(1_900_000_000)),
        check: |challenge: &Challenge| assert!(challenge.vendor_reply::<types::ChallengeResponse>().is_some()),
        essential: &["challengeId"],
        lenient: || {
            vec![
                (json!({ "challengeId": "c" }), ChallengeStatus::Pending),
                (json!({ "challengeId": "c", "expiresAt": 1_900_000_000.25, "channel": "RCS" }), ChallengeStatus::Pending),
                (json!({ "challengeId": "c", "expiresAt": 1e300 }), ChallengeStatus::Pending),
            ]
        },
        unusable: || vec![(200, json!({ "challengeId": 5 })), (200, json!({ "challengeId": "" }))],
        refusals,
        incomplete,
    },
    verify: Verify {
        handle: || json!({ "v": 1, "provider": "authsignal", "method": "sms_otp", "challenge_id": "0b7b2e6e" }),
        longest_handle: || (ChallengeHandle::new(ProviderId::AUTHSIGNAL, Method::WhatsAppOtp, "0b7b2e6e-3f0e-4f6e-9f0c-3d3b4d0a7e11"), 200),
        answer: |text| Answer::code(text),
        misfits: || vec![Answer::code(" "), Answer::credential(CredentialAnswer::new(CredentialKind::Key, "key", "cred-1", "Y2xpZW50", "YXR0ZXN0"))],
        sent: || Sent {
            method: "POST",
            path: "/v1/verify".into(),
            authorization: AUTHORIZATION,
            content_type: "application/json",
            body: json!({ "challengeId": "0b7b2e6e", "verificationCode": "123456" }),
        },
        resent: Some(|| sent(json!({ "challengeId": "0b7b2e6e" }))),
        proofs: || {
            let proof = |body: Value, method, recipient| Proof { body, method, recipient, user_id: None, credential: None };
            let (email, sms) = (Method::EmailOtp, Method::SmsOtp);
            vec![
                proof(json!({ "isVerified": true, "phoneNumber": "+64270000000", "verificationMethod": "SMS" }), sms, Some("+64270000000")),
                proof(json!({ "isVerified": true, "phoneNumber": "+49151", "verificationMethod": "SMS" }), sms, Some("+49151")),
                proof(json!({ "isVerified": true, "email": "mallory@doe.com", "verificationMethod": "EMAIL_OTP" }), email, Some("mallory@doe.com")),
                proof(json!({ "isVerified": true, "verificationMethod": "PIGEON" }), sms, None),
                // The recipient stands in the method's own member, or nowhere.
                proof(json!({ "isVerified": true, "email": "mallory@doe.com" }), sms, None),
                proof(json!({ "isVerified": true, "phoneNumber": "+49151", "email": "", "verificationMethod": "EMAIL_OTP" }), email, None),
                proof(json!({ "isVerified": true, "email": "mallory@doe.com", "phoneNumber": "+49151" }), sms, Some("+49151")),
                proof(json!({ "isVerified": true, "phoneNumber": "+49151", "verificationMethod": "WHATSAPP" }), Method::WhatsAppOtp, Some("+49151")),
            ]
        },
        essential: &["isVerified"],
        decisive: &[],
        rejections: || {
            vec![
                (200, json!({ "isVerified": false, "failureReason": "CODE_INVALID_OR_EXPIRED" }), Reason::WrongOrExpiredCode),
                (200, json!({ "isVerified": false, "failureReason": "MAX_ATTEMPTS_EXCEEDED" }), Reason::TooManyAttempts),
                (200, json!({ "isVerified": false, "failureReason": "MOON_PHASE" }), Reason::Other),
                (200, json!({ "isVerified": false }), Reason::WrongOrExpiredCode),
            ]
        },
        errors: || {
            vec![
                (200, json!({}), ErrorKind::UnexpectedReply, SendState::Accepted),
                (200, json!({ "isVerified": "yes" }), ErrorKind::UnexpectedReply, SendState::Accepted),
                (200, json!({ "isVerified": true, "verificationMethod": "PASSKEY" }), ErrorKind::UnexpectedReply, SendState::Accepted),
                (200, json!({ "isVerified": true, "failureReason": "MAX_ATTEMPTS_EXCEEDED" }), ErrorKind::UnexpectedReply, SendState::Accepted),
                (429, json!({ "errorCode": "too_many_requests" }), ErrorKind::RateLimited, SendState::Refused),
                (400, json!({ "errorCode": "invalid_request" }), ErrorKind::InvalidRequest, SendState::Refused),
            ]
        },
        unknown: || vec![(404, json!({ "errorCode": "not_found" }))],
    },
    typed: &[
        Typed {
            incomplete: &[
                (|http, url| challenge(http, url, json!({})), &[("method", "verificationMethod"), ("action", "action")]),
                (|http, url| challenge(http, url, json!({ "action": "signIn" })), &[("method", "verificationMethod")]),
                (|http, url| challenge(http, url, json!({ "verificationMethod": "SMS" })), &[("action", "action")]),
            ],
            ..Typed::of("ChallengeResponse", &["challengeId"], |http, url| challenge(http, url, json!({ "challengeId": "c" })))
        },
        Typed::of("VerifyResponse", &["isVerified"], |http, url| {
            let answer = json!({ "challengeId": "c", "verificationCode": "123456" });
            Box::pin(async move { typed(http, &url)?.verify(&body(answer)).await.map(as_read) })
        }),
        Typed::of("ClaimResponse", &["token"], |http, url| {
            Box::pin(async move { typed(http, &url)?.claim(&body(json!({ "challengeId": "c", "userId": "u" }))).await.map(as_read) })
        }),
        Typed::of("ValidateResponse", &["isValid"], |http, url| {
            Box::pin(async move { typed(http, &url)?.validate(&body(json!({ "token": "t" }))).await.map(as_read) })
        }),
        Typed::of("ActiveChallenge", &[], |http, url| Box::pin(async move { typed(http, &url)?.get_challenge(&ChallengeQuery::default()).await.map(as_read) })),
    ],
    secrecy: Secrecy {
        document: include_str!("../../../specs/authsignal.json"),
        masked: include!(concat!(env!("OUT_DIR"), "/authsignal_sensitive.rs")),
        harmless: &[],
        types: &[
            ("ChallengeRequest", reads_silently::<types::ChallengeRequest>),
            ("ChallengeResponse", reads_silently::<types::ChallengeResponse>),
            ("VerifyRequest", reads_silently::<types::VerifyRequest>),
            ("VerifyResponse", reads_silently::<types::VerifyResponse>),
            ("ClaimRequest", reads_silently::<types::ClaimRequest>),
            ("ClaimResponse", reads_silently::<types::ClaimResponse>),
            ("ValidateRequest", reads_silently::<types::ValidateRequest>),
            ("ValidateResponse", reads_silently::<types::ValidateResponse>),
            ("ActiveChallenge", reads_silently::<types::ActiveChallenge>),
        ],
        values: |http| {
            let config = AuthsignalConfig::new("key-canary");
            let client = Authsignal::new(&config, http.clone()).expect("a client");
            let query = ChallengeQuery { challenge_id: Some("canary".into()), user_id: Some("canary".into()), ..ChallengeQuery::default() };
            vec![("AuthsignalConfig", Box::new(config)), ("Authsignal", Box::new(client)), ("ChallengeQuery", Box::new(query))]
        },
        request: || {
            ChallengeRequest::sms_otp("+64270000777")
                .with_user_id("usr-canary7user")
                .with_action("signIn")
                .with_client(ClientContext::new([203, 0, 113, 7]).with_user_agent("Mozilla/5.0").with_device_id("device-canary"))
                .with_metadata(json!({ "city": "canary-metadata" }).as_object().cloned().expect("an object"))
        },
        created: || json!({ "challengeId": "canary7challenge7id", "expiresAt": 1_900_000_000 }),
        verified: || json!({ "isVerified": true, "phoneNumber": "+64270000777", "email": "canary7mail@doe.com" }),
        echo: |text| json!({ "error": text, "errorCode": text, "errorDescription": text }),
    },
    command: Command {
        create: &["--method", "sms_otp", "--to", "+64270000000", "--action", "signIn"],
        incomplete: &[(&["--method", "sms_otp", "--to", "0641234"], &["action", "to"]), (&["--method", "email_link", "--to", "jane@doe.com"], &[])],
        answer: |text| text.to_owned(),
    },
};

fn typed(http: Http, url: &str) -> Result<Authsignal, Error> {
    Authsignal::new(&AuthsignalConfig::new("as_secret").with_base_url(url)?, http)
}

fn challenge(http: Http, url: String, request: Value) -> Called {
    Box::pin(async move { typed(http, &url)?.challenge(&body(request)).await.map(as_read) })
}

fn sent(body: Value) -> Sent {
    Sent { method: "POST", path: "/v1/challenge".into(), authorization: AUTHORIZATION, content_type: "application/json", body }
}

fn request() -> ChallengeRequest {
    ChallengeRequest::sms_otp("+64270000000").with_action("signInWithSms").with_locale("en")
}

fn creations() -> Vec<Creation> {
    let client = || ClientContext::new([203, 0, 113, 7]).with_user_agent("Mozilla/5.0").with_device_id("device-1");
    let sms = json!({ "verificationMethod": "SMS", "action": "signInWithSms", "phoneNumber": "+64270000000", "locale": "en" });
    let whole = ChallengeRequest::email_otp("jane@doe.com")
        .with_action("signIn")
        .with_action_key("key-1")
        .with_user_id("user-1")
        .with_scope("add:authenticators update:authenticators")
        .with_metadata(json!({ "plan": "gold", "seats": 3 }).as_object().cloned().expect("an object"))
        .with_client(client());
    let expected = json!({
        "verificationMethod": "EMAIL_OTP", "action": "signIn", "idempotencyKey": "key-1", "email": "jane@doe.com", "userId": "user-1",
        "scope": "add:authenticators update:authenticators", "ipAddress": "203.0.113.7", "userAgent": "Mozilla/5.0", "deviceId": "device-1",
        "custom": { "plan": "gold", "seats": 3 }
    });
    let every_field = json!({
        "verificationMethod": "SMS", "action": "signInWithSms", "idempotencyKey": "k", "phoneNumber": "+64270000000", "userId": "usr-1", "locale": "en",
        "ipAddress": "203.0.113.7", "userAgent": "Mozilla/5.0", "deviceId": "device-1"
    });
    vec![
        // As the official SDK sends it.
        Creation { request: request(), sent: sent(sms.clone()), ignored: &[] },
        Creation { request: whole, sent: sent(expected), ignored: &[] },
        Creation {
            request: ChallengeRequest::whatsapp_otp("+64270000000").with_action("signIn"),
            sent: sent(json!({ "verificationMethod": "WHATSAPP", "action": "signIn", "phoneNumber": "+64270000000" })),
            ignored: &[],
        },
        // With every field.
        Creation {
            request: request().with_user_id("usr-1").with_action_key("k").with_lifetime(Duration::from_secs(60)).with_client(client()),
            sent: sent(every_field),
            ignored: &[Field::Lifetime],
        },
        // What it does not take may be malformed.
        Creation {
            request: request().with_lifetime(Duration::from_millis(1500)).with_client(ClientContext::default().with_user_agent("")),
            sent: sent(sms),
            ignored: &[Field::Lifetime],
        },
    ]
}

fn incomplete() -> Vec<(ChallengeRequest, Fields)> {
    let request = || ChallengeRequest::sms_otp("+64270000000").with_action("signIn");
    vec![
        (ChallengeRequest::sms_otp("0641234"), &[("action", "action"), ("to", "phoneNumber")]),
        (request().with_recipient("jane@doe.com"), &[("to", "phoneNumber")]),
        (request().with_recipient(""), &[("to", "phoneNumber")]),
        (ChallengeRequest::email_otp("jane").with_action("signIn"), &[("to", "email")]),
        (request().with_action(""), &[("action", "action")]),
        (request().with_scope("remove:everything"), &[("scope", "scope")]),
        (request().with_user_id(""), &[("user_id", "userId")]),
        (request().with_client(ClientContext::default().with_device_id("")), &[("device_id", "deviceId")]),
    ]
}

fn refusals() -> Vec<Refusal> {
    let bodies = [
        json!({ "error": "unauthorized", "errorCode": "unauthorized", "errorDescription": "Check your key." }),
        json!({ "error": "unauthorized", "errorDescription": "Check your key." }),
        json!({ "errorCode": "unauthorized", "errorDescription": "Check your key." }),
    ];
    let refusal = |body| Refusal {
        status: 401,
        body,
        kind: ErrorKind::Authentication,
        code: Some("unauthorized"),
        request_id: None,
        message: Some("Check your key."),
        violations: &[],
        display: "authsignal create: credentials not accepted (HTTP 401, unauthorized)",
    };
    bodies.map(refusal).into()
}
