//! Twilio Verify.

#![cfg(feature = "twilio")]

use std::time::Duration;

use auth_challenge::{
    Answer, Challenge, ChallengeHandle, ChallengeRequest, ChallengeStatus, ClientContext, CredentialAnswer, CredentialKind, Error, ErrorKind, Field, Http,
    Method, ProviderId, Reason, SendState,
    twilio::{Twilio, TwilioConfig, types},
};
use serde_json::{Value, json};

use super::{Command, Create, Creation, Proof, Refusal, Secrecy, Section, Sent, Variable, Vendor, Verify};
use crate::support::{
    canaries::reads_silently,
    typed::{Called, Typed, as_read, body},
};

const ACCOUNT: &str = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const SERVICE: &str = "VAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const VERIFICATION: &str = "VEaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const AUTHORIZATION: &[&str] = &["Basic QUNhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYTp0d2lsaW9fdG9rZW4="];
const FORM: &str = "application/x-www-form-urlencoded";

pub static VENDOR: Vendor = Vendor {
    name: "twilio",
    offers: &[Method::EmailOtp, Method::SmsOtp, Method::WhatsAppOtp, Method::VoiceOtp],
    needs: &[Field::To],
    can_resend: true,
    section: Section {
        credentials: || json!({ "account_sid": ACCOUNT, "auth_token": "twilio_token", "service_sid": SERVICE }),
        canaries: || json!({ "account_sid": "ACcanary7account", "auth_token": "canary7token", "service_sid": "VA0service" }),
        required: &["account_sid", "auth_token", "service_sid"],
        secrets: &["auth_token"],
        odd_secret: ("key=é", &["Basic QUNhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYTprZXk9w6k="]),
        servers: &[
            ("", "https://verify.twilio.com/v2"),
            ("base_url = \"https://gate.example\"", "https://gate.example/v2"),
            ("base_url = \"https://gate.example/twilio/v2/\"", "https://gate.example/twilio/v2"),
            ("base_url = \"http://doubles:8080\"\n[http]\nallow_plain_http = [\"other\", \"DOUBLES\"]", "http://doubles:8080/v2"),
        ],
        mistakes: &[
            (
                "account_sid = \"canary\"\nservice_sid = \"canary\"\nbase_url = \"http://canary.example\"",
                &[("twilio.account_sid", "AC…"), ("twilio.auth_token", "is required"), ("twilio.base_url", "expected https"), ("twilio.service_sid", "VA…")],
            ),
            ("account_sid = \"AC1\"\nauth_token = \"canary\"\nservice_sid = \"VA1/canary\"", &[("twilio.service_sid", "VA…")]),
            (
                "account_sid = \"AC1\"\nauth_token = \"canary\"\napi_key_sid = \"SK1\"\napi_key_secret = \"canary\"\nservice_sid = \"VA1\"",
                &[("twilio.auth_token", "either this or api_key_sid with api_key_secret")],
            ),
            ("account_sid = \"AC1\"\napi_key_sid = \"SK1\"\nservice_sid = \"VA1\"", &[("twilio.api_key_secret", "is required")]),
            ("account_sid = \"AC1\"\napi_key_secret = \"canary\"\nservice_sid = \"VA1\"", &[("twilio.api_key_sid", "is required")]),
            ("account_sid = \"AC1\"\napi_key_sid = \"canary\"\napi_key_secret = \"canary\"\nservice_sid = \"VA1\"", &[("twilio.api_key_sid", "SK…")]),
        ],
        typed: |url| Ok(Box::new(TwilioConfig::new(ACCOUNT, "token", SERVICE).with_base_url(url)?)),
        client: |config, name| Ok(std::sync::Arc::new(config.twilio(name)?)),
        variables: &[
            Variable { name: "TWILIO_ACCOUNT_SID", value: ACCOUNT, is_secret: false },
            Variable { name: "TWILIO_AUTH_TOKEN", value: "canary-token", is_secret: true },
            Variable { name: "TWILIO_VERIFY_SERVICE_SID", value: SERVICE, is_secret: false },
        ],
        server_of_variables: "https://verify.twilio.com/v2",
        bad_variables: (&[("TWILIO_AUTH_TOKEN", "canary"), ("TWILIO_VERIFY_SERVICE_SID", "canary")], &["twilio.account_sid", "twilio.service_sid"]),
    },
    create: Create {
        rows: creations,
        numbered: |number| {
            let digits = format!("6427111{number:04}");
            (ChallengeRequest::sms_otp(format!("+{digits}")), digits)
        },
        reply: |method| {
            let (to, channel) = match method {
                Method::EmailOtp => ("jane@doe.com", "email"),
                Method::WhatsAppOtp => ("+64270000000", "whatsapp"),
                Method::VoiceOtp => ("+64270000000", "call"),
                _ => ("+64270000000", "sms"),
            };
            json!({
                "sid": VERIFICATION, "service_sid": SERVICE, "account_sid": ACCOUNT, "to": to, "channel": channel, "status": "pending", "valid": false,
                "lookup": { "carrier": null }, "amount": null, "payee": null, "sna": null,
                "send_code_attempts": [{ "time": "2026-01-30T20:00:00Z", "channel": "SMS", "attempt_sid": "VLaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }],
                "date_created": "2026-01-30T20:00:00Z", "date_updated": "Fri, 30 Jan 2026 20:00:00 +0000",
                "url": format!("https://verify.twilio.com/v2/Services/{SERVICE}/Verifications/{VERIFICATION}")
            })
        },
        told: (Some(VERIFICATION), None),
        check: |challenge: &Challenge| {
            let reply: &types::Verification = challenge.vendor_reply().expect("the vendor's reply");
            assert_eq!(reply.service_sid.as_deref(), Some(SERVICE));
        },
        essential: &["sid"],
        lenient: || {
            let odd =
                json!({ "sid": "VE1", "status": "paused", "channel": "pigeon", "to": null, "lookup": 5, "date_created": "tomorrow", "new": { "a": [1] } });
            vec![(json!({ "sid": "VE1" }), ChallengeStatus::Pending), (odd, ChallengeStatus::Unknown("paused".into()))]
        },
        unusable: || vec![(201, json!({ "sid": 5 })), (201, json!({ "sid": "" })), (201, json!({ "sid": null })), (201, json!({}))],
        refusals,
        incomplete: || {
            let tagged = |tags: Value| ChallengeRequest::sms_otp("+64270000000").with_metadata(tags.as_object().cloned().expect("an object"));
            vec![
                (ChallengeRequest::new(Method::SmsOtp), &[("to", "To")]),
                (ChallengeRequest::voice_otp("jane@doe.com"), &[("to", "To")]),
                (ChallengeRequest::whatsapp_otp("0641234"), &[("to", "To")]),
                (ChallengeRequest::email_otp("jane"), &[("to", "To")]),
                (tagged(json!({ "seats": 3 })), &[("metadata", "Tags")]),
                (tagged(json!({ "plan": "x".repeat(129) })), &[("metadata", "Tags")]),
                (tagged((0..11).map(|number| (number.to_string(), Value::from("x"))).collect()), &[("metadata", "Tags")]),
            ]
        },
    },
    verify: Verify {
        handle: || json!({ "v": 1, "provider": "twilio", "method": "sms_otp", "challenge_id": VERIFICATION, "to": "+64270000000", "locale": "de" }),
        longest_handle: || {
            (ChallengeHandle::new(ProviderId::TWILIO, Method::WhatsAppOtp, VERIFICATION).with_recipient("+123456789012345").with_locale("zh-CN"), 260)
        },
        answer: |text| Answer::code(text),
        misfits: || vec![Answer::code(" "), Answer::credential(CredentialAnswer::new(CredentialKind::Key, "key", "cred-1", "Y2xpZW50", "YXR0ZXN0"))],
        sent: || Sent {
            method: "POST",
            path: format!("/v2/Services/{SERVICE}/VerificationCheck"),
            authorization: AUTHORIZATION,
            content_type: FORM,
            body: json!({ "VerificationSid": VERIFICATION, "Code": "123456" }),
        },
        resent: Some(|| sent(json!({ "To": "+64270000000", "Channel": "sms", "Locale": "de" }))),
        proofs: || {
            let whole = json!({
                "sid": VERIFICATION, "service_sid": SERVICE, "account_sid": ACCOUNT, "to": "+64270000000", "channel": "sms", "status": "approved",
                "valid": true, "amount": null, "payee": null, "sna_attempts_error_codes": [], "date_created": "2026-01-30T20:00:00Z",
                "date_updated": "2026-01-30T20:01:00Z"
            });
            let proof = |body: Value, method, recipient| Proof { body, method, recipient, user_id: None, credential: None };
            let approved = |channel: &str, to: &str| json!({ "status": "approved", "channel": channel, "to": to });
            vec![
                proof(whole, Method::SmsOtp, Some("+64270000000")),
                proof(approved("email", "mallory@doe.com"), Method::EmailOtp, Some("mallory@doe.com")),
                proof(approved("whatsapp", "+49151"), Method::WhatsAppOtp, Some("+49151")),
                proof(approved("call", "+49151"), Method::VoiceOtp, Some("+49151")),
                // What was asked for by SMS may arrive by RCS.
                proof(approved("rcs", "+49151"), Method::SmsOtp, Some("+49151")),
                proof(approved("pigeon", ""), Method::SmsOtp, None),
                proof(json!({ "status": "approved" }), Method::SmsOtp, None),
            ]
        },
        essential: &["status"],
        decisive: &["sid", "valid"],
        rejections: || {
            vec![
                (200, json!({ "sid": VERIFICATION, "status": "pending", "valid": false }), Reason::WrongOrExpiredCode),
                (201, json!({ "status": "pending" }), Reason::WrongOrExpiredCode),
                (200, json!({ "status": "expired" }), Reason::Expired),
                (200, json!({ "status": "max_attempts_reached" }), Reason::TooManyAttempts),
                (200, json!({ "status": "canceled" }), Reason::Other),
                (429, refused(429, 60202, "Max check attempts reached"), Reason::TooManyAttempts),
                (404, refused(404, 20404, "The requested resource was not found"), Reason::Other),
                (404, json!({ "code": "20404", "message": "The requested resource was not found", "status": 404 }), Reason::Other),
            ]
        },
        errors: || {
            vec![
                (200, json!({}), ErrorKind::UnexpectedReply, SendState::Accepted),
                (200, json!({ "status": "paused" }), ErrorKind::UnexpectedReply, SendState::Accepted),
                (200, json!({ "valid": true }), ErrorKind::UnexpectedReply, SendState::Accepted),
                (200, json!({ "sid": "VE2", "status": "approved" }), ErrorKind::UnexpectedReply, SendState::Accepted),
                (200, json!({ "status": "approved", "valid": false }), ErrorKind::UnexpectedReply, SendState::Accepted),
                (200, json!({ "status": "pending", "valid": true }), ErrorKind::UnexpectedReply, SendState::Accepted),
                (200, json!({ "status": "canceled", "valid": true }), ErrorKind::UnexpectedReply, SendState::Accepted),
                (200, json!({ "status": "approved", "channel": "sna" }), ErrorKind::UnexpectedReply, SendState::Accepted),
                (429, refused(429, 20429, "Too many requests"), ErrorKind::RateLimited, SendState::Refused),
                (400, refused(400, 60200, "Invalid parameter `Code`: 1"), ErrorKind::InvalidRequest, SendState::Refused),
                (403, refused(403, 60410, "Blocked"), ErrorKind::Permission, SendState::Refused),
            ]
        },
        unknown: || vec![(404, json!({}))],
    },
    typed: &[
        Typed::of("Verification", &["sid"], |http, url| {
            let create = json!({ "To": "+64270000000", "Channel": "sms" });
            Box::pin(async move { typed(http, &url)?.create_verification(&body(create)).await.map(as_read) })
        }),
        Typed::of("Verification", &["sid"], |http, url| Box::pin(async move { typed(http, &url)?.fetch_verification(VERIFICATION).await.map(as_read) })),
        Typed::of("Verification", &["sid"], |http, url| {
            Box::pin(async move { typed(http, &url)?.update_verification(VERIFICATION, &body(json!({ "Status": "canceled" }))).await.map(as_read) })
        }),
        Typed {
            decisive: &["sid", "valid"],
            incomplete: &[(|http, url| check(http, url, json!({ "Code": "123456" })), &[("challenge_id", "VerificationSid")])],
            ..Typed::of("VerificationCheck", &["status"], |http, url| check(http, url, json!({ "VerificationSid": VERIFICATION, "Code": "123456" })))
        },
    ],
    secrecy: Secrecy {
        document: include_str!("../../../specs/twilio.json"),
        masked: include!(concat!(env!("OUT_DIR"), "/twilio_sensitive.rs")),
        harmless: &[],
        types: &[
            ("CreateVerificationRequest", reads_silently::<types::CreateVerificationRequest>),
            ("CreateVerificationCheckRequest", reads_silently::<types::CreateVerificationCheckRequest>),
            ("Verification", reads_silently::<types::Verification>),
            ("VerificationCheck", reads_silently::<types::VerificationCheck>),
        ],
        values: |http| {
            let config = TwilioConfig::from_api_key("SKcanary", "secret-canary", SERVICE);
            let client = Twilio::new(&config, http.clone()).expect("a client");
            vec![("TwilioConfig", Box::new(config)), ("Twilio", Box::new(client))]
        },
        request: || {
            ChallengeRequest::sms_otp("+64270000777")
                .with_user_id("usr-canary7user")
                .with_client(ClientContext::new([203, 0, 113, 7]).with_user_agent("Mozilla/5.0").with_device_id("device-canary"))
                .with_metadata(json!({ "city": "canary-metadata" }).as_object().cloned().expect("an object"))
        },
        created: || json!({ "sid": "VEcanary7challenge7id", "to": "+64270000777", "status": "pending", "lookup": { "carrier": "canary7carrier" } }),
        verified: || json!({ "sid": "canary7challenge_id", "to": "+64270000777", "channel": "sms", "status": "approved" }),
        echo: |text| json!({ "code": 60200, "message": text, "more_info": text, "status": text }),
    },
    command: Command {
        create: &["--method", "sms_otp", "--to", "+64270000000"],
        incomplete: &[
            (&["--method", "voice_otp"], &["to"]),
            (&["--method", "sms_otp", "--to", "0641234"], &["to"]),
            (&["--method", "email_link", "--to", "jane@doe.com"], &[]),
        ],
        answer: |text| text.to_owned(),
    },
};

fn typed(http: Http, url: &str) -> Result<Twilio, Error> {
    Twilio::new(&TwilioConfig::new(ACCOUNT, "twilio_token", SERVICE).with_base_url(url)?, http)
}

fn check(http: Http, url: String, request: Value) -> Called {
    Box::pin(async move { typed(http, &url)?.create_verification_check(&body(request)).await.map(as_read) })
}

fn sent(body: Value) -> Sent {
    Sent { method: "POST", path: format!("/v2/Services/{SERVICE}/Verifications"), authorization: AUTHORIZATION, content_type: FORM, body }
}

fn creations() -> Vec<Creation> {
    let plain = |request, to: &str, channel: &str| Creation { request, sent: sent(json!({ "To": to, "Channel": channel })), ignored: &[] };
    let phone = "+64270000000";
    vec![
        // As the official SDK sends it.
        plain(ChallengeRequest::sms_otp(phone), phone, "sms"),
        plain(ChallengeRequest::voice_otp(phone), phone, "call"),
        plain(ChallengeRequest::whatsapp_otp(phone), phone, "whatsapp"),
        plain(ChallengeRequest::email_otp("jane+x&y=ü@doe.com"), "jane+x&y=ü@doe.com", "email"),
        // With every field.
        Creation {
            request: ChallengeRequest::sms_otp(phone)
                .with_user_id("usr-1")
                .with_action("signIn")
                .with_action_key("k")
                .with_locale("en")
                .with_lifetime(Duration::from_secs(60))
                .with_metadata(json!({ "plan": "gold" }).as_object().cloned().expect("an object"))
                .with_client(ClientContext::new([203, 0, 113, 7]).with_user_agent("Mozilla/5.0").with_device_id("d")),
            sent: sent(json!({ "To": phone, "Channel": "sms", "Locale": "en", "DeviceIp": "203.0.113.7", "Tags": "{\"plan\":\"gold\"}" })),
            ignored: &[Field::UserId, Field::Action, Field::ActionKey, Field::UserAgent, Field::DeviceId, Field::Lifetime],
        },
    ]
}

fn refused(status: u16, code: u32, message: &str) -> Value {
    json!({ "code": code, "message": message, "more_info": format!("https://www.twilio.com/docs/errors/{code}"), "status": status })
}

fn refusals() -> Vec<Refusal> {
    type Told = &'static [(Option<&'static str>, Option<&'static str>, &'static str)];
    let refusal = |status, code: &'static str, message, kind, violations: Told, display| Refusal {
        status,
        body: refused(status, code.parse().expect("a number"), message),
        kind,
        code: Some(code),
        request_id: None,
        message: Some(message),
        violations,
        display,
    };
    let limit: Told = &[(Some("to"), Some("To"), "too many messages were sent to this recipient")];
    let at_once: Told = &[(Some("to"), Some("To"), "too many requests for this recipient at once")];
    let landline: Told = &[(Some("to"), Some("To"), "expected a phone number that takes text messages, not a landline's")];
    let blocked: Told = &[(Some("to"), Some("To"), "expected a number whose prefix is not blocked for fraud")];
    vec![
        refusal(401, "20003", "Authenticate", ErrorKind::Authentication, &[], "twilio create: credentials not accepted (HTTP 401, 20003)"),
        refusal(403, "60410", "Blocked by fraud guard", ErrorKind::Permission, blocked, "twilio create: not permitted (HTTP 403, 60410): to"),
        refusal(404, "20404", "No such service", ErrorKind::NotFound, &[], "twilio create: not found (HTTP 404, 20404)"),
        refusal(429, "20429", "Too many requests", ErrorKind::RateLimited, &[], "twilio create: rate limited (HTTP 429, 20429)"),
        refusal(429, "60203", "Max send attempts reached", ErrorKind::RateLimited, limit, "twilio create: rate limited (HTTP 429, 60203): to"),
        refusal(429, "60212", "Too many concurrent requests", ErrorKind::RateLimited, at_once, "twilio create: rate limited (HTTP 429, 60212): to"),
        refusal(400, "60205", "SMS is not supported by landlines", ErrorKind::InvalidRequest, landline, "twilio create: invalid request (HTTP 400, 60205): to"),
        refusal(
            400,
            "60200",
            "Invalid parameter `Locale`: xx",
            ErrorKind::InvalidRequest,
            &[(Some("locale"), Some("Locale"), "was not accepted")],
            "twilio create: invalid request (HTTP 400, 60200): locale",
        ),
        refusal(400, "60200", "Invalid parameter", ErrorKind::InvalidRequest, &[], "twilio create: invalid request (HTTP 400, 60200)"),
    ]
}
