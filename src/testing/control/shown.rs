//! How the control port shows things, as JSON.

use std::{collections::HashMap, time::SystemTime};

use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use serde_json::{Map, Value, json};

use crate::testing::{Clock, Double, KnownChallenge, Message, ReceivedRequest, observe::Strayed};

/// The longest body that is shown.
const LONGEST_BODY: usize = 16 << 10;

/// When challenges expire, by their ids.
pub(super) struct Ends(HashMap<String, SystemTime>);

impl Ends {
    pub(super) fn of(double: &Double) -> Self {
        Self(double.challenges().iter().map(|known| (known.id().to_owned(), known.expires_at())).collect())
    }
}

pub(super) fn message(double: &Double, ends: &Ends, number: u64, message: &Message) -> Value {
    json!({
        "number": number,
        "provider": double.name(),
        "method": message.method().as_str(),
        "to": message.recipient(),
        "code": message.code(),
        "link": message.link(),
        "sent_at": time(message.sent_at()),
        "expires_at": ends.0.get(&message.challenge_id).copied().map(time),
    })
}

/// Shows a request with what it strayed in. The scheme alone is shown of credentials, for they may be real ones.
pub(super) fn request(double: &Double, number: u64, request: &ReceivedRequest, strayed: &[&Strayed]) -> Value {
    let mut headers = Map::new();
    for (name, value) in request.headers() {
        let text = String::from_utf8_lossy(value.as_bytes());
        let shown = match *name {
            COOKIE => "…".to_owned(),
            AUTHORIZATION | PROXY_AUTHORIZATION => format!("{} …", text.split(' ').next().filter(|scheme| scheme.len() < text.len()).unwrap_or_default()),
            _ => text.into_owned(),
        };
        headers.insert(name.as_str().to_owned(), shown.into());
    }
    let body = request.body();
    let shown_body = body.get(..LONGEST_BODY).unwrap_or(body);
    json!({
        "number": number,
        "provider": double.name(),
        "operation": request.operation().map(|operation| operation.as_str()),
        "method": request.method(),
        "path": request.path(),
        "query": request.query(),
        "headers": headers,
        "body": String::from_utf8_lossy(shown_body),
        "body_bytes": body.len(),
        "received_at": time(request.received_at()),
        "status": request.status(),
        "fault": request.fault(),
        "violations": strayed.iter().map(|strayed| violation(double, strayed)).collect::<Vec<_>>(),
    })
}

pub(super) fn violation(double: &Double, strayed: &Strayed) -> Value {
    let violation = &strayed.violation;
    json!({
        "provider": double.name(),
        "request": strayed.request,
        "operation": violation.operation(),
        "pointer": violation.pointer(),
        "message": violation.message(),
    })
}

pub(super) fn challenge(double: &Double, challenge: &KnownChallenge) -> Value {
    json!({
        "provider": double.name(),
        "id": challenge.id(),
        "method": challenge.method().map(|method| method.as_str()),
        "to": challenge.recipient(),
        "state": challenge.state().as_str(),
        "wrong_answers": challenge.wrong_answers(),
        "created_at": time(challenge.created_at()),
        "expires_at": time(challenge.expires_at()),
    })
}

pub(super) fn clock(clock: &Clock) -> Value {
    json!({ "now": time(clock.now()), "stopped": clock.is_stopped() })
}

pub(super) fn double(double: &Double) -> Value {
    json!({
        "provider": double.name(),
        "base_url": double.base_url(),
        "operations": double.operations().iter().map(|operation| operation.as_str()).collect::<Vec<_>>(),
        "access": double.access(),
    })
}

fn time(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}
