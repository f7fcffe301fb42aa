//! What goes wrong on demand.

use std::{collections::VecDeque, fmt, sync::Mutex, time::Duration};

use serde_json::{Map, Value, json};

use super::{Operation, locked, reply::Reply};

/// Something that goes wrong, once unless told otherwise.
///
/// Some faults come before the vendor acted, some after: after those of the second kind a message is in the outbox, or a code is used up.
///
/// | before it acted | after it acted |
/// |---|---|
/// | [`status`](Self::status), [`rate_limited`](Self::rate_limited), [`gateway_html`](Self::gateway_html), [`reset_before_read`](Self::reset_before_read) | all others |
///
/// ```
/// use std::time::Duration;
/// use auth_challenge::testing::Fault;
///
/// let fault = Fault::rate_limited().retry_after(Duration::from_secs(2)).times(3);
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    pub(super) kind: Kind,
    times: Option<u32>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Status(u16, Option<Duration>),
    GatewayHtml(u16),
    ResetBeforeRead,
    ResetAfterRead,
    Slow(Duration),
    Hang,
    CutBody,
    Garbage,
    NotHttp,
    WrongContentType,
    UnknownFields,
    UnknownEnumValues,
    MissingField(String),
    MissingFields,
    HugeBody(usize),
}

impl Fault {
    fn once(kind: Kind) -> Self {
        Self { kind, times: Some(1) }
    }

    /// An error status, with the body that the vendor gives with it.
    pub fn status(status: u16) -> Self {
        Self::once(Kind::Status(status, None))
    }

    /// Status 429 in the vendor's form, without `Retry-After`; see [`retry_after`](Self::retry_after).
    pub fn rate_limited() -> Self {
        Self::status(429)
    }

    /// A gateway's HTML page with status 502.
    pub fn gateway_html() -> Self {
        Self::once(Kind::GatewayHtml(502))
    }

    /// The connection is reset when the request's head has come, before the rest is read.
    pub fn reset_before_read() -> Self {
        Self::once(Kind::ResetBeforeRead)
    }

    /// The connection is reset after the request was read and acted on.
    pub fn reset_after_read() -> Self {
        Self::once(Kind::ResetAfterRead)
    }

    /// The reply comes after a pause, in real time.
    pub fn slow(pause: Duration) -> Self {
        Self::once(Kind::Slow(pause))
    }

    /// No reply comes, and the connection stays open until the client closes it.
    pub fn hang() -> Self {
        Self::once(Kind::Hang)
    }

    /// The connection ends in the middle of the reply's body.
    pub fn cut_body() -> Self {
        Self::once(Kind::CutBody)
    }

    /// Success, with a body that is not JSON.
    pub fn garbage() -> Self {
        Self::once(Kind::Garbage)
    }

    /// Bytes that are not HTTP.
    pub fn not_http() -> Self {
        Self::once(Kind::NotHttp)
    }

    /// The right reply, called `text/plain`.
    pub fn wrong_content_type() -> Self {
        Self::once(Kind::WrongContentType)
    }

    /// The right reply, with fields that the document does not know.
    pub fn unknown_fields() -> Self {
        Self::once(Kind::UnknownFields)
    }

    /// The right reply, with values in its enumerations that the document does not know.
    pub fn unknown_enum_values() -> Self {
        Self::once(Kind::UnknownEnumValues)
    }

    /// The right reply without one field, by the vendor's name of it.
    pub fn missing_field(name: impl Into<String>) -> Self {
        Self::once(Kind::MissingField(name.into()))
    }

    /// Success with an empty object.
    pub fn missing_fields() -> Self {
        Self::once(Kind::MissingFields)
    }

    /// The right reply with a field of so many bytes more, at most a GiB.
    pub fn huge_body(bytes: usize) -> Self {
        Self::once(Kind::HugeBody(bytes.min(1 << 30)))
    }

    /// Adds `Retry-After` to a [`status`](Self::status); nothing to other faults.
    pub fn retry_after(mut self, pause: Duration) -> Self {
        if let Kind::Status(_, retry_after) = &mut self.kind {
            *retry_after = Some(pause);
        }
        self
    }

    /// Goes wrong so many times.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Goes wrong until [cleared](super::Double::clear_faults).
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }
}

/// The faults that are waiting.
#[derive(Default)]
pub(super) struct Faults(Mutex<VecDeque<(Option<Operation>, Fault)>>);

impl Faults {
    pub(super) fn add(&self, operation: Option<Operation>, fault: Fault) {
        if fault.times != Some(0) {
            locked(&self.0).push_back((operation, fault));
        }
    }

    pub(super) fn clear(&self) {
        locked(&self.0).clear();
    }

    /// The first fault that waits for this operation, used up by one.
    pub(super) fn take(&self, operation: Option<Operation>) -> Option<Kind> {
        let mut waiting = locked(&self.0);
        let index = waiting.iter().position(|(wanted, _)| wanted.is_none() || *wanted == operation)?;
        let (_, fault) = waiting.get_mut(index)?;
        let kind = fault.kind.clone();
        if let Some(times) = &mut fault.times {
            *times -= 1;
            if *times == 0 {
                waiting.remove(index);
            }
        }
        Some(kind)
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").field("waiting", &locked(&self.0).len()).finish()
    }
}

/// The members of replies that are enumerations in the vendors' documents.
const ENUMERATIONS: [&str; 11] = [
    "status",
    "type",
    "verificationMethod",
    "failureReason",
    "state",
    "smsChannel",
    "attestation",
    "residentKey",
    "userVerification",
    "authenticatorAttachment",
    "factor",
];

impl Kind {
    /// A reply as this fault bends it; the same reply for faults of the connection.
    pub(super) fn bend(&self, reply: Reply) -> Reply {
        match self {
            Self::Garbage => reply.with_body(b"\x00\xff{]garbage".to_vec()),
            Self::WrongContentType => reply.with_header("content-type", "text/plain"),
            Self::UnknownFields => {
                bent(reply, |body| each_object(body, &|members| drop(members.insert("brandNew".into(), json!({ "list": [1, "two", null] })))))
            }
            Self::UnknownEnumValues => bent(reply, |body| each_object(body, &unknown_values)),
            Self::MissingField(name) => bent(reply, |body| each_object(body, &|members| drop(members.remove(name)))),
            Self::MissingFields => bent(reply, |body| *body = json!({})),
            _ => reply,
        }
    }
}

fn bent(reply: Reply, bend: impl FnOnce(&mut Value)) -> Reply {
    match serde_json::from_slice(&reply.body) {
        Ok(mut body) => {
            bend(&mut body);
            let body = body.to_string().into_bytes();
            reply.with_body(body)
        }
        Err(_) => reply,
    }
}

fn each_object(value: &mut Value, change: &dyn Fn(&mut Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(|member| each_object(member, change));
            change(members);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_object(item, change)),
        _ => {}
    }
}

fn unknown_values(members: &mut Map<String, Value>) {
    for (_, value) in members.iter_mut().filter(|(name, value)| ENUMERATIONS.contains(&name.as_str()) && value.is_string()) {
        *value = "brand_new".into();
    }
}
