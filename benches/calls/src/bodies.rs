//! What goes out, and how somebody would read by hand what comes back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Names a vendor.
#[derive(Debug)]
pub struct Corbado;
#[derive(Debug)]
pub struct Authsignal;
#[derive(Debug)]
pub struct Dfns;
#[derive(Debug)]
pub struct Twilio;

pub const TWILIO_ACCOUNT: &str = "AC00000000000000000000000000000000";
pub const TWILIO_SERVICE: &str = "VA00000000000000000000000000000000";

pub const CORBADO: &str = r#"{"challengeType":"email_otp","identifierValue":"jane@doe.com","clientInformation":{"remoteAddress":"203.0.113.7","userAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36","clientCapabilities":{},"userVerifyingPlatformAuthenticatorAvailable":false,"conditionalMediationAvailable":false,"parsedDeviceInfo":{"browserName":"Chrome","browserVersion":"140.0.0.0","osName":"Windows","osVersion":"10"}}}"#;
pub const AUTHSIGNAL: &str = r#"{"verificationMethod":"EMAIL_OTP","action":"signIn","email":"jane@doe.com","ipAddress":"203.0.113.7","userAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"}"#;
pub const DFNS: &str = r#"{"code":"ABCD-1234-EFGH","credentialKind":"Fido2"}"#;
pub const TWILIO: &str = r#"{"To":"+64270000000","Channel":"sms"}"#;

/// Writes a form by the shortest way that serde has to it.
pub fn form(body: &impl Serialize) -> Vec<u8> {
    let members: BTreeMap<String, String> = serde_json::to_value(body).and_then(serde_json::from_value).expect("texts");
    let pairs = members.iter().map(|(name, value)| format!("{name}={}", value.replace('+', "%2B")));
    pairs.collect::<Vec<_>>().join("&").into_bytes()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "what is read and not used costs as much")]
pub struct CorbadoChallenge {
    #[serde(rename = "challengeID")]
    challenge_id: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    identifier_value: Option<String>,
    value: Option<String>,
    created: Option<String>,
    created_ms: Option<i64>,
    expires: Option<i64>,
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "what is read and not used costs as much")]
pub struct AuthsignalChallenge {
    challenge_id: String,
    idempotency_key: Option<String>,
    expires_at: Option<i64>,
    verification_method: Option<String>,
    action: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "what is read and not used costs as much")]
pub struct DfnsChallenge {
    kind: String,
    user: DfnsUser,
    temporary_authentication_token: Option<String>,
    challenge_identifier: String,
    challenge: String,
    rp: DfnsRelyingParty,
    supported_credential_kinds: DfnsKinds,
    authenticator_selection: DfnsSelection,
    attestation: Option<String>,
    pub_key_cred_params: Vec<DfnsParameter>,
    exclude_credentials: Vec<DfnsParameter>,
    otp_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "what is read and not used costs as much")]
struct DfnsUser {
    id: String,
    display_name: String,
    name: String,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "what is read and not used costs as much")]
struct DfnsRelyingParty {
    id: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "what is read and not used costs as much")]
struct DfnsKinds {
    first_factor: Vec<String>,
    second_factor: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "what is read and not used costs as much")]
struct DfnsSelection {
    resident_key: String,
    require_resident_key: bool,
    user_verification: String,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "what is read and not used costs as much")]
struct DfnsParameter {
    #[serde(rename = "type")]
    kind: String,
    alg: i64,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "what is read and not used costs as much")]
pub struct TwilioVerification {
    sid: String,
    service_sid: Option<String>,
    account_sid: Option<String>,
    to: Option<String>,
    channel: Option<String>,
    status: Option<String>,
    valid: Option<bool>,
    lookup: Option<serde_json::Value>,
    amount: Option<String>,
    payee: Option<String>,
    send_code_attempts: Vec<serde_json::Value>,
    date_created: Option<String>,
    date_updated: Option<String>,
    sna: Option<serde_json::Value>,
    url: Option<String>,
}
