//! Corbado.

#![cfg(feature = "corbado")]

use std::{net::IpAddr, time::Duration};

use auth_challenge::{
    Answer, Challenge, ChallengeHandle, ChallengeRequest, ChallengeStatus, ClientContext, CredentialAnswer, CredentialKind, Error, ErrorKind, Field, Http,
    Method, ProviderId, Reason, SendState,
    corbado::{Corbado, CorbadoConfig, Filter, ListQuery, types},
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::{Command, Create, Creation, Proof, Refusal, Secrecy, Section, Sent, Variable, Vendor, Verify};
use crate::support::{
    canaries::reads_silently,
    typed::{Fields, Typed, as_read, body},
};

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/104.0.0.0 Safari/537.36";
pub const AUTHORIZATION: &[&str] = &["Basic cHJvLTE6Y29yYmFkbzFfc2VjcmV0"];

pub static VENDOR: Vendor = Vendor {
    name: "corbado",
    offers: &[Method::EmailOtp, Method::EmailLink, Method::SmsOtp],
    needs: &[Field::To, Field::UserId, Field::Ip, Field::UserAgent],
    can_resend: false,
    section: Section {
        credentials: || json!({ "project_id": "pro-1", "api_secret": "corbado1_secret" }),
        canaries: || json!({ "project_id": "pro-canary", "api_secret": "corbado1_canary7credential" }),
        required: &["api_secret", "project_id"],
        secrets: &["api_secret"],
        odd_secret: ("corbado1_key=é", &["Basic cHJvLTE6Y29yYmFkbzFfa2V5PcOp"]),
        servers: &[
            ("", "https://backendapi.cloud.corbado.io/v2"),
            ("base_url = \"https://gate.example/v2\"", "https://gate.example/v2"),
            ("base_url = \"https://gate.example\"", "https://gate.example/v2"),
            ("base_url = \"https://gate.example/corbado/v2/\"", "https://gate.example/corbado/v2"),
            ("base_url = \"http://doubles:8080\"\n[http]\nallow_plain_http = [\"other\", \"DOUBLES\"]", "http://doubles:8080/v2"),
        ],
        mistakes: &[
            (
                "project_id = \"\"\napi_secret = \"canary\"\nbase_url = \"http://canary.example\"",
                &[("corbado.api_secret", "corbado1_"), ("corbado.base_url", "expected https"), ("corbado.project_id", "is empty")],
            ),
            ("project_id = \"pro-1\"\napi_secrt = \"canary\"", &[("corbado.api_secret", "is required"), ("corbado.api_secrt", "did you mean api_secret?")]),
            ("project_id = \"pro-1\"\napi_secret = \"corbado1_a\"\nbase-url = \"canary\"", &[("corbado.base-url", "did you mean base_url?")]),
            ("project_id = \"pro-1\"\napi_secret = \"corbado1_a\"\nsecret_key = \"canary\"", &[("corbado.secret_key", "is not a key here")]),
            ("project_id = \"pro-1\"\napi_secret = \"corbado1_a\"\nregion = \"canary\"", &[("corbado.region", "expected vendor, project_id, api_secret")]),
            ("project_id = \"canary\"\napi_secret = \"sk_canary\"", &[("corbado.api_secret", "corbado1_"), ("corbado.project_id", "pro-")]),
            (
                "project_id = \" \"\napi_secret = \"x\"\napi_secret_env = \"Y\"\nregion = \"eu\"",
                &[("corbado.api_secret", "not several"), ("corbado.project_id", "is empty"), ("corbado.region", "is not a key here")],
            ),
        ],
        typed: |url| Ok(Box::new(CorbadoConfig::new("pro-1", "corbado1_a").with_base_url(url)?)),
        client: |config, name| Ok(std::sync::Arc::new(config.corbado(name)?)),
        variables: &[
            Variable { name: "CORBADO_PROJECT_ID", value: "pro-1", is_secret: false },
            Variable { name: "CORBADO_API_SECRET", value: "corbado1_canary", is_secret: true },
            Variable { name: "CORBADO_BACKEND_API", value: "https://corbado.example", is_secret: false },
        ],
        server_of_variables: "https://corbado.example/v2",
        bad_variables: (&[("CORBADO_API_SECRET", "canary")], &["corbado.api_secret", "corbado.project_id"]),
    },
    create: Create {
        rows: creations,
        numbered: |number| {
            let to = format!("jane-{number:04}@doe.com");
            (complete(ChallengeRequest::email_otp(&*to)), to)
        },
        reply: |method| {
            let to = if method.is_to_phone() { "+64270000000" } else { "jane@doe.com" };
            json!({ "challengeID": "cha-1", "type": method.as_str(), "identifierValue": to, "value": "987654", "expires": 1_900_000_000, "status": "pending" })
        },
        told: (Some("cha-1"), Some(1_900_000_000)),
        check: |challenge: &Challenge| {
            let reply: &types::Challenge = challenge.vendor_reply().expect("the vendor's reply");
            assert_eq!(reply.value.as_ref().map(|value| value.expose()), Some("987654"));
        },
        essential: &["challengeID"],
        lenient: || {
            let odd = json!({ "challengeID": "cha-1", "type": "push", "status": "paused", "value": null, "expires": null, "new": { "a": [1] } });
            vec![
                (json!({ "challengeID": "cha-1" }), ChallengeStatus::Pending),
                (odd, ChallengeStatus::Unknown("paused".into())),
                (json!({ "challengeID": "cha-1", "expires": i64::MAX }), ChallengeStatus::Pending),
                (json!({ "challengeID": "cha-1", "expires": -1 }), ChallengeStatus::Pending),
            ]
        },
        unusable: || vec![(200, json!({ "challengeID": 5 })), (200, json!({ "challengeID": "" }))],
        refusals,
        incomplete,
    },
    verify: Verify {
        handle: || json!({ "v": 1, "provider": "corbado", "method": "email_otp", "challenge_id": "cha-1", "user_id": "usr-1" }),
        longest_handle: || {
            let handle = ChallengeHandle::new(ProviderId::CORBADO, Method::EmailLink, "cha-4693224802260150919").with_user_id("usr-4693224802260150919");
            (handle, 240)
        },
        answer: |text| Answer::code(text),
        misfits: || vec![Answer::code(" "), Answer::credential(CredentialAnswer::new(CredentialKind::Key, "key", "cred-1", "Y2xpZW50", "YXR0ZXN0"))],
        sent: || Sent {
            method: "PATCH",
            path: "/v2/users/usr-1/challenges/cha-1".into(),
            authorization: AUTHORIZATION,
            content_type: "application/json",
            body: json!({ "value": "123456" }),
        },
        resent: None,
        proofs: || {
            let whole = json!({
                "challengeID": "cha-1", "type": "email_otp", "identifierValue": "jane@doe.com", "value": "123456", "expires": 1_900_000_000, "status": "completed"
            });
            let proof = |body: Value, recipient| Proof { body, method: Method::EmailOtp, recipient, user_id: Some("usr-1"), credential: None };
            vec![
                proof(whole, Some("jane@doe.com")),
                proof(json!({ "challengeID": "cha-1", "status": "completed", "identifierValue": "mallory@doe.com" }), Some("mallory@doe.com")),
                proof(json!({ "challengeID": "cha-1", "status": "completed" }), None),
                proof(json!({ "challengeID": "cha-1", "status": "completed", "identifierValue": "", "type": "push" }), None),
            ]
        },
        essential: &["challengeID", "status"],
        decisive: &[],
        rejections: || {
            vec![
                (400, about("value", "is invalid"), Reason::WrongOrExpiredCode),
                (400, about("value", "has expired"), Reason::WrongOrExpiredCode),
                (200, json!({ "challengeID": "cha-1", "status": "pending" }), Reason::WrongOrExpiredCode),
                (200, json!({ "challengeID": "cha-1", "status": "expired" }), Reason::Expired),
            ]
        },
        errors: || {
            vec![
                (400, about("value", "cannot be blank"), ErrorKind::InvalidRequest, SendState::Refused),
                (400, about("other", "is invalid"), ErrorKind::InvalidRequest, SendState::Refused),
                (400, about("other", "does not exist"), ErrorKind::InvalidRequest, SendState::Refused),
                (400, about("challengeID", "is invalid"), ErrorKind::InvalidRequest, SendState::Refused),
                (400, json!({ "error": { "type": "validation_error" } }), ErrorKind::InvalidRequest, SendState::Refused),
                (422, about("value", "is invalid"), ErrorKind::InvalidRequest, SendState::Refused),
                (400, about("userID", "does not exist"), ErrorKind::NotFound, SendState::Refused),
                (200, json!({ "challengeID": "cha-1", "status": "paused" }), ErrorKind::UnexpectedReply, SendState::Accepted),
                (200, json!({ "challengeID": "cha-1" }), ErrorKind::UnexpectedReply, SendState::Accepted),
                (200, json!({ "challengeID": "cha-2", "status": "completed" }), ErrorKind::UnexpectedReply, SendState::Accepted),
                (200, json!({ "challengeID": "cha-1", "status": "completed", "type": "sms_otp" }), ErrorKind::UnexpectedReply, SendState::Accepted),
            ]
        },
        unknown: || vec![(400, about("challengeID", "does not exist")), (404, json!({ "error": { "type": "not_found" } })), (404, json!({}))],
    },
    typed: &[
        Typed::of("challenge", &["challengeID"], |http, url| {
            let create = (VENDOR.create.rows)().swap_remove(0).sent.body;
            Box::pin(async move { typed(http, &url)?.challenge_create("usr-1", &body(create)).await.map(as_read) })
        }),
        Typed::of("challenge", &["challengeID"], |http, url| {
            Box::pin(async move { typed(http, &url)?.challenge_update("usr-1", "cha-1", &body(json!({ "value": "123456" }))).await.map(as_read) })
        }),
        Typed::of("user", &["userID"], |http, url| {
            Box::pin(async move { typed(http, &url)?.user_create(&body(json!({ "status": "active", "fullName": "Jane Doe" }))).await.map(as_read) })
        }),
        Typed {
            of_elements: &["userID", "identifierID"],
            ..Typed::of("userList", &["users"], |http, url| Box::pin(async move { typed(http, &url)?.user_list(&ListQuery::default()).await.map(as_read) }))
        },
        Typed::of("user", &["userID"], |http, url| Box::pin(async move { typed(http, &url)?.user_get("usr-1").await.map(as_read) })),
        Typed::of("user", &["userID"], |http, url| {
            Box::pin(async move { typed(http, &url)?.user_update("usr-1", &body(json!({ "status": "disabled" }))).await.map(as_read) })
        }),
        Typed::of("genericRsp", &[], |http, url| Box::pin(async move { typed(http, &url)?.user_delete("usr-1").await.map(as_read) })),
        Typed::of("identifier", &["identifierID", "userID"], |http, url| {
            let create = json!({ "identifierType": "email", "identifierValue": "jane@doe.com", "status": "pending" });
            Box::pin(async move { typed(http, &url)?.identifier_create("usr-1", &body(create)).await.map(as_read) })
        }),
        Typed::of("identifier", &["identifierID", "userID"], |http, url| {
            Box::pin(async move { typed(http, &url)?.identifier_update("usr-1", "ide-1", &body(json!({ "status": "verified" }))).await.map(as_read) })
        }),
        Typed::of("genericRsp", &[], |http, url| Box::pin(async move { typed(http, &url)?.identifier_delete("usr-1", "ide-1").await.map(as_read) })),
        Typed {
            of_elements: &["userID", "identifierID"],
            ..Typed::of("identifierList", &["identifiers"], |http, url| {
                Box::pin(async move { typed(http, &url)?.identifier_list(&ListQuery::default()).await.map(as_read) })
            })
        },
    ],
    secrecy: Secrecy {
        document: include_str!("../../../specs/corbado.json"),
        masked: include!(concat!(env!("OUT_DIR"), "/corbado_sensitive.rs")),
        harmless: &[],
        types: &[
            ("challengeCreateReq", reads_silently::<types::ChallengeCreateReq>),
            ("challengeUpdateReq", reads_silently::<types::ChallengeUpdateReq>),
            ("challenge", reads_silently::<types::Challenge>),
            ("clientInformation", reads_silently::<types::ClientInformation>),
            ("errorRsp", reads_silently::<types::ErrorRsp>),
            ("userCreateReq", reads_silently::<types::UserCreateReq>),
            ("userUpdateReq", reads_silently::<types::UserUpdateReq>),
            ("user", reads_silently::<types::User>),
            ("userAggregate", reads_silently::<types::UserAggregate>),
            ("userList", reads_silently::<types::UserList>),
            ("socialAccount", reads_silently::<types::SocialAccount>),
            ("identifierCreateReq", reads_silently::<types::IdentifierCreateReq>),
            ("identifier", reads_silently::<types::Identifier>),
            ("identifierList", reads_silently::<types::IdentifierList>),
        ],
        values: |http| {
            let config = CorbadoConfig::new("pro-1", "corbado1_canary");
            let client = Corbado::new(&config, http.clone()).expect("a client");
            let query = ListQuery { filter: vec![Filter::equal("identifierValue", "canary@doe.com")], ..ListQuery::default() };
            vec![("CorbadoConfig", Box::new(config)), ("Corbado", Box::new(client)), ("ListQuery", Box::new(query))]
        },
        request: || {
            ChallengeRequest::email_otp("canary7mail@doe.com")
                .with_user_id("usr-canary7user")
                .with_client(ClientContext::new([203, 0, 113, 7]).with_user_agent("Mozilla/5.0").with_device_id("device-canary"))
                .with_metadata(json!({ "city": "canary-metadata" }).as_object().cloned().expect("an object"))
        },
        created: || json!({ "challengeID": "canary7challenge7id", "value": "canary7value", "identifierValue": "canary7mail@doe.com", "status": "pending" }),
        verified: || json!({ "challengeID": "canary7challenge_id", "value": "canary7code", "identifierValue": "canary7mail@doe.com", "status": "completed" }),
        echo: |text| {
            json!({
                "message": text, "requestData": { "requestID": text },
                "error": { "type": text, "details": text, "validation": [{ "field": text, "message": text }] },
            })
        },
    },
    command: Command {
        create: &["--method", "email_otp", "--to", "jane@doe.com", "--user-id", "usr-1", "--ip", "203.0.113.7", "--user-agent", CHROME],
        incomplete: &[(&["--method", "email_otp"], &["to", "user_id", "ip", "user_agent"])],
        answer: |text| text.to_owned(),
    },
};

/// The vendor's own client at a base URL.
pub fn typed(http: Http, url: &str) -> Result<Corbado, Error> {
    Corbado::new(&CorbadoConfig::new("pro-1", "corbado1_secret").with_base_url(url)?, http)
}

fn client() -> ClientContext {
    ClientContext::new([203, 0, 113, 7]).with_user_agent(CHROME)
}

fn complete(request: ChallengeRequest) -> ChallengeRequest {
    request.with_user_id("usr-1").with_client(client())
}

fn creations() -> Vec<Creation> {
    let sent = |user: &str, body| Sent {
        method: "POST",
        path: format!("/v2/users/{user}/challenges"),
        authorization: AUTHORIZATION,
        content_type: "application/json",
        body,
    };
    let device = json!({ "browserName": "Chrome", "browserVersion": "104.0.0.0", "osName": "Windows", "osVersion": "10" });
    // A client that said nothing of its abilities has none.
    let plain = json!({
        "remoteAddress": "203.0.113.7", "userAgent": CHROME, "clientCapabilities": {}, "userVerifyingPlatformAuthenticatorAvailable": false,
        "conditionalMediationAvailable": false, "parsedDeviceInfo": device,
    });
    let told: ClientContext = serde_json::from_value(json!({
        "user_agent": CHROME, "platform_authenticator": true, "conditional_mediation": true,
        "capabilities": {
            "conditional_create": true, "conditional_mediation": true, "hybrid_transport": false,
            "passkey_platform_authenticator": true, "user_verifying_platform_authenticator": true
        }
    }))
    .expect("a client");
    let told = told.with_ip("::ffff:172.18.0.1".parse::<IpAddr>().expect("an address"));
    let metadata = || json!({ "city": "Munich" }).as_object().cloned().expect("an object");
    vec![
        Creation {
            request: ChallengeRequest::email_otp("jane@doe.com").with_user_id("usr-4693224802260150919").with_client(client()),
            sent: sent("usr-4693224802260150919", json!({ "challengeType": "email_otp", "identifierValue": "jane@doe.com", "clientInformation": plain })),
            ignored: &[],
        },
        // As the official SDK sends it.
        Creation {
            request: ChallengeRequest::email_otp("jane@doe.com").with_user_id("usr-4693224802260150919").with_client(told),
            sent: sent(
                "usr-4693224802260150919",
                json!({
                    "challengeType": "email_otp",
                    "identifierValue": "jane@doe.com",
                    "clientInformation": {
                        "remoteAddress": "::ffff:172.18.0.1",
                        "userAgent": CHROME,
                        "userVerifyingPlatformAuthenticatorAvailable": true,
                        "conditionalMediationAvailable": true,
                        "clientCapabilities": {
                            "conditionalCreate": true, "conditionalMediation": true, "hybridTransport": false,
                            "passkeyPlatformAuthenticator": true, "userVerifyingPlatformAuthenticator": true
                        },
                        "parsedDeviceInfo": device
                    }
                }),
            ),
            ignored: &[],
        },
        Creation {
            request: complete(ChallengeRequest::email_link("jane@doe.com")).with_lifetime(Duration::from_secs(300)).with_metadata(metadata()),
            sent: sent(
                "usr-1",
                json!({
                    "challengeType": "email_link", "identifierValue": "jane@doe.com", "lifetimeSeconds": 300, "challengeMetadata": { "city": "Munich" },
                    "clientInformation": plain
                }),
            ),
            ignored: &[],
        },
        // What an app or a script on the page has found out.
        Creation {
            request: complete(ChallengeRequest::email_otp("jane@doe.com")).with_client(
                client().with_signals(
                    json!({
                        "platform_authenticator": true, "bluetooth": true, "password_manager": false, "private_mode": false,
                        "fingerprint": "f-1", "environment": "e-1",
                        "high_entropy": { "platform": "Android", "platform_version": "15", "mobile": true },
                        "device": { "browser_name": "App", "browser_version": "1.2", "os_name": "Android", "os_version": "15" },
                        "native": {
                            "build": "77", "device_owner_auth": "biometrics", "platform_authenticator_api": true, "bluetooth_available": true, "bluetooth_on": false,
                            "google_play_services": true, "device_secure": true, "brand": "Fairphone", "model": "FP5"
                        }
                    })
                    .as_object()
                    .cloned()
                    .expect("an object"),
                ),
            ),
            sent: sent(
                "usr-1",
                json!({
                    "challengeType": "email_otp",
                    "identifierValue": "jane@doe.com",
                    "clientInformation": {
                        "remoteAddress": "203.0.113.7", "userAgent": CHROME, "clientCapabilities": {},
                        "userVerifyingPlatformAuthenticatorAvailable": true, "conditionalMediationAvailable": false,
                        "bluetoothAvailable": true, "passwordManagerAvailable": false, "privateMode": false,
                        "javascriptFingerprint": "f-1", "clientEnvHandle": "e-1",
                        "javaScriptHighEntropy": { "platform": "Android", "platformVersion": "15", "mobile": true },
                        "parsedDeviceInfo": { "browserName": "App", "browserVersion": "1.2", "osName": "Android", "osVersion": "15" },
                        "nativeMeta": {
                            "build": "77", "deviceOwnerAuth": "biometrics", "isPlatformAuthenticatorAPISupported": true, "isBluetoothAvailable": true,
                            "isBluetoothOn": false, "googlePlayServices": true, "deviceSecure": true, "brand": "Fairphone", "model": "FP5"
                        }
                    }
                }),
            ),
            ignored: &[],
        },
        // By client hints, which say more than the user agent does.
        Creation {
            request: complete(ChallengeRequest::email_otp("jane@doe.com")).with_client(client().with_headers(&hints())),
            sent: sent(
                "usr-1",
                json!({
                    "challengeType": "email_otp",
                    "identifierValue": "jane@doe.com",
                    "clientInformation": {
                        "remoteAddress": "203.0.113.7", "userAgent": CHROME, "clientCapabilities": {},
                        "userVerifyingPlatformAuthenticatorAvailable": false, "conditionalMediationAvailable": false,
                        "javaScriptHighEntropy": { "platform": "Windows", "platformVersion": "15.0.0", "mobile": false },
                        "parsedDeviceInfo": { "browserName": "Chrome", "browserVersion": "104.0.5112.81", "osName": "Windows", "osVersion": "11" }
                    }
                }),
            ),
            ignored: &[],
        },
        // With every field.
        Creation {
            request: complete(ChallengeRequest::sms_otp("+64270000000"))
                .with_action("signIn")
                .with_action_key("k")
                .with_locale("en")
                .with_lifetime(Duration::from_secs(60))
                .with_client(client().with_device_id("d")),
            sent: sent("usr-1", json!({ "challengeType": "sms_otp", "identifierValue": "+64270000000", "lifetimeSeconds": 60, "clientInformation": plain })),
            ignored: &[Field::Action, Field::ActionKey, Field::DeviceId, Field::Locale],
        },
    ]
}

/// The headers of a browser that was asked for all of its hints.
fn hints() -> HeaderMap {
    let headers = [
        ("user-agent", CHROME),
        ("sec-ch-ua-full-version-list", "\"Not;A=Brand\";v=\"99.0.0.0\", \"Google Chrome\";v=\"104.0.5112.81\""),
        ("sec-ch-ua-platform", "\"Windows\""),
        ("sec-ch-ua-platform-version", "\"15.0.0\""),
        ("sec-ch-ua-mobile", "?0"),
    ];
    headers.into_iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

fn incomplete() -> Vec<(ChallengeRequest, Fields)> {
    let request = || complete(ChallengeRequest::email_otp("jane@doe.com"));
    let odd_signals = client().with_signals(json!({ "native": "yes" }).as_object().cloned().expect("an object"));
    vec![
        (
            ChallengeRequest::email_otp("jane@doe.com"),
            &[("user_id", "userID"), ("ip", "clientInformation.remoteAddress"), ("user_agent", "clientInformation.userAgent")],
        ),
        (
            ChallengeRequest::new(Method::SmsOtp),
            &[("to", "identifierValue"), ("user_id", "userID"), ("ip", "clientInformation.remoteAddress"), ("user_agent", "clientInformation.userAgent")],
        ),
        (
            ChallengeRequest::email_otp("jane").with_client(ClientContext::new([127, 0, 0, 1])),
            &[("user_id", "userID"), ("user_agent", "clientInformation.userAgent"), ("to", "identifierValue")],
        ),
        (request().with_recipient("@doe.com"), &[("to", "identifierValue")]),
        (request().with_user_id(""), &[("user_id", "userID")]),
        (request().with_user_id("."), &[("user_id", "userID")]),
        (request().with_user_id(".."), &[("user_id", "userID")]),
        (request().with_user_id("a\\b"), &[("user_id", "userID")]),
        (request().with_lifetime(Duration::ZERO), &[("lifetime", "lifetimeSeconds")]),
        (request().with_lifetime(Duration::from_millis(1500)), &[("lifetime", "lifetimeSeconds")]),
        (request().with_lifetime(Duration::MAX), &[("lifetime", "lifetimeSeconds")]),
        (request().with_scope("add:authenticators"), &[("scope", "")]),
        (request().with_client(client().with_user_agent("")), &[("user_agent", "clientInformation.userAgent")]),
        (request().with_client(client_of(r#"{"user_agent":""}"#)), &[("user_agent", "clientInformation.userAgent")]),
        (request().with_client(odd_signals), &[("client", "clientInformation")]),
    ]
}

/// A client as a front end tells of it, with its address.
fn client_of(json: &str) -> ClientContext {
    serde_json::from_str::<ClientContext>(json).expect("a client").with_ip([203, 0, 113, 7])
}

/// The vendor's error about one field.
pub fn about(field: &str, message: &str) -> Value {
    json!({
        "httpStatusCode": 400, "message": "x", "requestData": { "requestID": "req-2" }, "runtime": 0.1,
        "error": { "type": "validation_error", "validation": [{ "field": field, "message": message }] }
    })
}

fn refusals() -> Vec<Refusal> {
    let several = json!({
        "httpStatusCode": 400, "message": "Validation failed", "requestData": { "requestID": "req-557" }, "runtime": 0.06,
        "error": { "type": "validation_error", "details": "see below", "validation": [
            { "field": "identifierValue", "message": "cannot be blank" },
            { "field": "clientInformation.userAgent", "message": "the length must be between 3 and 255" },
            { "field": "novel", "message": "is odd" }
        ] }
    });
    vec![
        Refusal {
            status: 400,
            body: several,
            kind: ErrorKind::InvalidRequest,
            code: Some("validation_error"),
            request_id: Some("req-557"),
            message: Some("Validation failed: see below"),
            violations: &[
                (Some("to"), Some("identifierValue"), "cannot be blank"),
                (Some("user_agent"), Some("clientInformation.userAgent"), "the length must be between 3 and 255"),
                (None, Some("novel"), "is odd"),
            ],
            display: "corbado create: invalid request (HTTP 400, validation_error): to, user_agent, novel",
        },
        // An unknown user is not found, however Corbado says it.
        Refusal {
            status: 400,
            body: about("userID", "does not exist"),
            kind: ErrorKind::NotFound,
            code: Some("validation_error"),
            request_id: Some("req-2"),
            message: Some("x"),
            violations: &[(Some("user_id"), Some("userID"), "does not exist")],
            display: "corbado create: not found (HTTP 400, validation_error): user_id",
        },
    ]
}
