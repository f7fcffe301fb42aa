//! A challenge, as the command line shows it.

use std::{fmt::Write as _, time::SystemTime};

use auth_challenge::{Challenge, corbado};
use serde_json::{Value, json};

use crate::output::{Failed, unusable};

/// Tells of a challenge.
pub(crate) fn describe(challenge: &Challenge, reveal: bool) -> Result<Value, Failed> {
    let handle = serde_json::to_value(challenge.handle()).map_err(|_| unusable("handle", "expected a handle that has a JSON form"))?;
    let mut json = json!({
        "provider": challenge.provider().as_str(),
        "method": challenge.method().as_str(),
        "challenge_id": challenge.id(),
        "status": challenge.status().as_str(),
        "expires_at": challenge.expires_at().and_then(rfc3339),
        "handle": handle,
        "ignored": challenge.ignored(),
        "request_id": challenge.request_id(),
        "hops": challenge.hops().iter().map(|hop| json!({
            "provider": hop.provider().as_str(),
            "kind": hop.kind().as_str(),
            "send_state": hop.send_state().as_str(),
            "passed_over": hop.was_passed_over(),
        })).collect::<Vec<_>>(),
    });
    if let Some(registration) = challenge.registration() {
        json["registration"] = json!({
            "kind": registration.kind().as_str(),
            "challenge": registration.challenge().expose(),
            "user": registration.user().map(|user| json!({
                "id": user.id.as_str(), "name": user.name.as_str(), "display_name": user.display_name.as_str(),
            })),
            "relying_party": registration.relying_party(),
            "algorithms": registration.algorithms(),
        });
        if let Some(options) = registration.to_webauthn_json(None) {
            json["registration"]["webauthn"] = options;
        }
    }
    if let (true, Some(reply)) = (reveal, challenge.vendor_reply::<corbado::types::Challenge>()) {
        json["value"] = json!(reply.value);
    }
    Ok(json)
}

/// RFC 3339 in UTC; none for a time that has no such form.
fn rfc3339(at: SystemTime) -> Option<String> {
    let mut text = String::new();
    write!(text, "{}", humantime::format_rfc3339_seconds(at)).ok()?;
    Some(text)
}
