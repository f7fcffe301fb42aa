//! What goes over the wire, compared with what the vendors' official SDKs send for the same input.

#![cfg(all(feature = "corbado", feature = "authsignal", feature = "dfns"))]

mod support;

use auth_challenge::{Answer, ChallengeProviderExt, ChallengeRequest, ClientContext, CredentialKind};
use serde_json::{Value, json};
use support::{Received, Server, Vendor};

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/104.0.0.0 Safari/537.36";

async fn created(vendor: Vendor, request: &ChallengeRequest) -> Received {
    let mut reply = vendor.created();
    if let Some(kind) = request.method().credential_kind() {
        reply["kind"] = kind.as_str().into();
    }
    let server = Server::answering(200, &[], &reply.to_string()).await;
    vendor.provider(server.address).create(request).await.expect("a challenge");
    server.only_request()
}

fn is_plain(request: &Received) {
    assert_eq!(request.header("api-version"), Vec::<&str>::new());
    assert_eq!(request.header("user-agent"), [concat!("auth-challenge/", env!("CARGO_PKG_VERSION"))]);
    assert_eq!(request.header("content-type"), ["application/json"]);
    assert_eq!(request.header("accept"), ["application/json"]);
}

#[tokio::test]
async fn a_corbado_challenge_goes_out_as_the_official_sdk_sends_it() {
    let signals = json!({
        "ip": "::ffff:172.18.0.1", "user_agent": CHROME, "platform_authenticator": true, "conditional_mediation": true,
        "capabilities": {
            "conditional_create": true, "conditional_mediation": true, "hybrid_transport": false,
            "passkey_platform_authenticator": true, "user_verifying_platform_authenticator": true
        }
    });
    let client: ClientContext = serde_json::from_value(signals).expect("a client");
    let request = created(Vendor::Corbado, &ChallengeRequest::email_otp("jane@doe.com").user_id("usr-4693224802260150919").client(client)).await;
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v2/users/usr-4693224802260150919/challenges"));
    assert_eq!(request.header("authorization"), ["Basic cHJvLTE6Y29yYmFkbzFfc2VjcmV0"]);
    is_plain(&request);
    let expected = json!({
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
            "parsedDeviceInfo": { "browserName": "Chrome", "browserVersion": "104.0.0.0", "osName": "Windows", "osVersion": "10" }
        }
    });
    assert_eq!(request.json(), expected);
}

#[tokio::test]
async fn a_client_that_said_nothing_of_its_abilities_has_none() {
    let request = ChallengeRequest::email_link("jane@doe.com")
        .user_id("usr-1")
        .lifetime(std::time::Duration::from_secs(300))
        .metadata(json!({ "city": "Munich" }).as_object().cloned().expect("an object"))
        .client(ClientContext::new([203, 0, 113, 7]).user_agent(CHROME));
    let body = created(Vendor::Corbado, &request).await.json();
    assert_eq!(body["challengeType"], "email_link");
    assert_eq!(body["lifetimeSeconds"], 300);
    assert_eq!(body["challengeMetadata"], json!({ "city": "Munich" }));
    assert_eq!(body["clientInformation"]["clientCapabilities"], json!({}));
    assert_eq!(body["clientInformation"]["userVerifyingPlatformAuthenticatorAvailable"], false);
    assert_eq!(body["clientInformation"]["conditionalMediationAvailable"], false);
}

#[tokio::test]
async fn every_id_arrives_as_one_segment_of_the_path() {
    for (id, segment) in [("usr-1/ä ?x=%41", "usr-1%2F%C3%A4%20%3Fx=%2541"), ("../../admin", "..%2F..%2Fadmin"), ("usr-1#a", "usr-1%23a"), ("...", "...")] {
        let request = created(Vendor::Corbado, &Vendor::Corbado.request().user_id(id)).await;
        assert_eq!(request.path, format!("/v2/users/{segment}/challenges"), "{id}");
    }
}

#[tokio::test]
async fn an_authsignal_challenge_goes_out_as_the_official_sdk_sends_it() {
    let request = created(Vendor::Authsignal, &ChallengeRequest::sms_otp("+64270000000").action("signInWithSms").locale("en")).await;
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/challenge"));
    assert_eq!(request.header("authorization"), ["Basic YXNfc2VjcmV0Og=="]);
    is_plain(&request);
    let expected = json!({ "verificationMethod": "SMS", "action": "signInWithSms", "phoneNumber": "+64270000000", "locale": "en" });
    assert_eq!(request.json(), expected);
}

#[tokio::test]
async fn every_field_that_authsignal_takes_is_passed_on() {
    let request = ChallengeRequest::email_otp("jane@doe.com")
        .action("signIn")
        .action_key("key-1")
        .user_id("user-1")
        .scope("add:authenticators update:authenticators")
        .metadata(json!({ "plan": "gold", "seats": 3 }).as_object().cloned().expect("an object"))
        .client(ClientContext::new([203, 0, 113, 7]).user_agent(CHROME).device_id("device-1"));
    let expected = json!({
        "verificationMethod": "EMAIL_OTP", "action": "signIn", "idempotencyKey": "key-1", "email": "jane@doe.com", "userId": "user-1",
        "scope": "add:authenticators update:authenticators", "ipAddress": "203.0.113.7", "userAgent": CHROME, "deviceId": "device-1",
        "custom": { "plan": "gold", "seats": 3 }
    });
    assert_eq!(created(Vendor::Authsignal, &request).await.json(), expected);
    let whatsapp = created(Vendor::Authsignal, &ChallengeRequest::whatsapp_otp("+64270000000").action("signIn")).await.json();
    assert_eq!(whatsapp, json!({ "verificationMethod": "WHATSAPP", "action": "signIn", "phoneNumber": "+64270000000" }));
}

#[tokio::test]
async fn a_dfns_challenge_goes_out_as_the_official_sdk_sends_it() {
    for kind in CredentialKind::ALL {
        let request = created(Vendor::Dfns, &ChallengeRequest::credential(kind, "ABCD-1234-EFGH")).await;
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/auth/credentials/code/init"));
        // The operation needs no credentials, so the token stays at home.
        assert_eq!(request.header("authorization"), Vec::<&str>::new());
        is_plain(&request);
        assert_eq!(request.json(), json!({ "credentialKind": kind.as_str(), "code": "ABCD-1234-EFGH" }));
    }
}

#[tokio::test]
async fn answers_go_out_as_the_official_sdks_send_them() {
    let credential = json!({
        "credentialKind": "Key", "credentialName": "key", "challengeIdentifier": "eyJ.identifier",
        "credentialInfo": { "credId": "cred-1", "clientData": "Y2xpZW50", "attestationData": "YXR0ZXN0" }
    });
    let cases: [(Vendor, &str, &str, &[&str], Value); 3] = [
        (Vendor::Corbado, "PATCH", "/v2/users/usr-1/challenges/cha-1", &["Basic cHJvLTE6Y29yYmFkbzFfc2VjcmV0"], json!({ "value": "123456" })),
        (Vendor::Authsignal, "POST", "/v1/verify", &["Basic YXNfc2VjcmV0Og=="], json!({ "challengeId": "0b7b2e6e", "verificationCode": "123456" })),
        (Vendor::Dfns, "POST", "/auth/credentials/code/verify", &[], credential),
    ];
    for (vendor, method, path, authorization, body) in cases {
        let server = Server::answering(200, &[], &vendor.verified().to_string()).await;
        let verified = vendor.provider(server.address).verify(&vendor.handle(), &vendor.answer()).await.expect("a verification");
        assert!(matches!(verified, auth_challenge::Verification::Verified(_)), "{vendor:?}");
        let request = server.only_request();
        assert_eq!((request.method.as_str(), request.path.as_str()), (method, path));
        assert_eq!(request.header("authorization"), authorization);
        is_plain(&request);
        assert_eq!(request.json(), body);
    }
}

#[tokio::test]
async fn a_typed_code_loses_the_white_space_around_it() {
    let server = Server::answering(200, &[], &Vendor::Authsignal.verified().to_string()).await;
    let provider = Vendor::Authsignal.provider(server.address);
    let _ = provider.verify(&Vendor::Authsignal.handle(), &Answer::code(" 123456\n")).await.expect("a verification");
    assert_eq!(server.only_request().json()["verificationCode"], "123456");
}

#[tokio::test]
async fn a_resend_names_the_challenge_alone() {
    let server = Server::answering(200, &[], &Vendor::Authsignal.created().to_string()).await;
    let provider = Vendor::Authsignal.provider(server.address);
    provider.send_again(&Vendor::Authsignal.handle(), &Vendor::Authsignal.request()).await.expect("a challenge");
    assert_eq!(server.only_request().json(), json!({ "challengeId": "0b7b2e6e" }));
}

#[tokio::test]
async fn where_a_vendor_cannot_resend_a_new_challenge_is_made() {
    let server = Server::answering(200, &[], &Vendor::Corbado.created().to_string()).await;
    let provider = Vendor::Corbado.provider(server.address);
    let error = provider.resend(&Vendor::Corbado.handle()).await.expect_err("no resend");
    assert_eq!(error.kind(), auth_challenge::ErrorKind::Unsupported);
    provider.send_again(&Vendor::Corbado.handle(), &Vendor::Corbado.request()).await.expect("a challenge");
    assert_eq!(server.only_request().path, "/v2/users/usr-4693224802260150919/challenges");
}
