//! Replies in Corbado's form.

use serde_json::{Value, json};

use crate::testing::{contract::Finding, fresh, server::HttpReply};

/// A field that Corbado does not accept, and why.
pub(super) type Complaint = (String, String);

/// Tells what the document has against a request, as Corbado words it.
pub(super) fn complaints(findings: &[Finding]) -> Vec<Complaint> {
    let word = |finding: &Finding| {
        let message = if finding.message == "is required" { "cannot be blank" } else { finding.message.as_str() };
        (finding.field(), message.to_owned())
    };
    findings.iter().map(word).collect()
}

pub(super) fn validation_error(complaints: &[Complaint]) -> HttpReply {
    refusal(400, "validation_error", complaints)
}

/// Says that another user has what nobody else may have.
pub(super) fn already_exists(field: &str) -> HttpReply {
    refusal(409, "already_exists", &[(field.into(), "already exists".into())])
}

fn refusal(status: u16, kind: &str, complaints: &[Complaint]) -> HttpReply {
    let validation: Vec<Value> = complaints.iter().map(|(field, message)| json!({ "field": field, "message": message })).collect();
    error(status, json!({ "type": kind, "validation": validation }))
}

pub(super) fn error(status: u16, error: Value) -> HttpReply {
    let mut body = envelope(status);
    body["error"] = error;
    HttpReply::json(status, &body)
}

/// Says that it is done, where there is nothing else to say.
pub(super) fn done() -> HttpReply {
    HttpReply::json(200, &envelope(200))
}

fn envelope(status: u16) -> Value {
    json!({
        "httpStatusCode": status,
        "message": http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error"),
        "requestData": { "requestID": format!("req-{}", fresh::digits(19)), "link": "" },
        "runtime": 0.0625,
    })
}

/// What is wrong with the value of a login identifier, which is an `email`, a `phone` or a `username`.
pub(super) fn identifier_problem(kind: &str, value: &str) -> Option<&'static str> {
    use crate::testing::text::{is_email_address, is_phone_number};
    match (value.chars().count(), kind) {
        (0, _) => Some("cannot be blank"),
        (1 | 2 | 256.., _) => Some("the length must be between 3 and 255"),
        (_, "phone") if !is_phone_number(value, 5..) => Some("must be a valid phone number"),
        (_, "email") if !is_email_address(value) => Some("must be a valid email address"),
        _ => None,
    }
}
