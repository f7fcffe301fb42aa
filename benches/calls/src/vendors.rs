//! What is asked of each vendor, and what it replies: the same bytes for every caller.

use figures::Outcome;

/// Replies to a create, as the vendors document them.
#[derive(Debug)]
pub struct Vendor {
    pub name: &'static str,
    success: &'static str,
    error: &'static str,
}

impl Vendor {
    pub fn reply(&self, outcome: Outcome) -> (u16, &'static str) {
        match outcome {
            Outcome::Success => (200, self.success),
            Outcome::Error => (400, self.error),
        }
    }
}

pub static VENDORS: [Vendor; 4] = [
    Vendor {
        name: "corbado",
        success: r#"{"challengeID":"cha-4693224802260150919","type":"email_otp","identifierValue":"jane@doe.com","value":"987654","created":"2026-11-29T12:00:00Z","createdMs":1795953600000,"expires":1795953900,"status":"pending"}"#,
        error: r#"{"httpStatusCode":400,"message":"Validation failed","requestData":{"requestID":"req-557...663","link":"https://app.example/requests/req-557"},"runtime":0.06167686,"error":{"type":"validation_error","validation":[{"field":"identifierValue","message":"is not a valid e-mail address"}],"links":["https://docs.example/api"]}}"#,
    },
    Vendor {
        name: "authsignal",
        success: r#"{"challengeId":"0b7b2e6e-0000-4a8e-9c0e-3f6d1d6f2b11","idempotencyKey":"key-1","expiresAt":1795953900,"verificationMethod":"EMAIL_OTP","action":"signIn"}"#,
        error: r#"{"error":"invalid_request","errorCode":"invalid_request","errorDescription":"The email is not valid"}"#,
    },
    Vendor {
        name: "dfns",
        success: r#"{"kind":"Fido2","user":{"id":"us-6b58p-r53sr-rlrd3l5cj3uc4ome","displayName":"jane@doe.com","name":"jane@doe.com"},"temporaryAuthenticationToken":"eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSJ9.e30.c2ln","challengeIdentifier":"eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSJ9.e30.c2ln","challenge":"Y2gtNzloaHQtbXJlb2stOGFwOHFtMmVpZWZ0amxhZw","rp":{"id":"dfns.io","name":"Dfns"},"supportedCredentialKinds":{"firstFactor":["Fido2","Key"],"secondFactor":["Fido2","Key"]},"authenticatorSelection":{"residentKey":"required","requireResidentKey":true,"userVerification":"required"},"attestation":"direct","pubKeyCredParams":[{"type":"public-key","alg":-7},{"type":"public-key","alg":-257}],"excludeCredentials":[],"otpUrl":""}"#,
        error: r#"{"error":{"message":"The code is not valid","name":"BadRequestError","context":{"requestId":"req-1"}}}"#,
    },
    Vendor {
        name: "twilio",
        success: r#"{"sid":"VE00000000000000000000000000000000","service_sid":"VA00000000000000000000000000000000","account_sid":"AC00000000000000000000000000000000","to":"+64270000000","channel":"sms","status":"pending","valid":false,"lookup":{},"amount":null,"payee":null,"send_code_attempts":[{"time":"2026-11-29T12:00:00.000Z","channel":"SMS","attempt_sid":"VL00000000000000000000000000000000"}],"date_created":"2026-11-29T12:00:00Z","date_updated":"2026-11-29T12:00:00Z","sna":null,"url":"https://verify.example/v2/Services/VA0/Verifications/VE0"}"#,
        error: r#"{"code":60200,"message":"Invalid parameter `To`: +64270000000","more_info":"https://www.example.com/docs/errors/60200","status":400}"#,
    },
];

pub fn named(name: &str) -> &'static Vendor {
    VENDORS.iter().find(|vendor| vendor.name == name).expect("a vendor")
}

/// Gives the vendors of these names, or all where there are none.
pub fn chosen(names: &[&str]) -> Vec<&'static Vendor> {
    if names.is_empty() { VENDORS.iter().collect() } else { names.iter().map(|name| named(name)).collect() }
}
