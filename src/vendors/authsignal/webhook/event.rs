//! The events in a body, each read for itself: what does not fit is not there.

use std::{fmt, time::SystemTime};

use serde_json::Value;

use crate::{
    model::{Kept, Personal, Secret},
    vendors::authsignal::types::VerificationMethod,
    wire::{is_word, tolerant},
};

/// Holds one thing that Authsignal tells of.
#[derive(Clone)]
#[non_exhaustive]
pub struct Event {
    /// The event's own id. The same event may come several times, under one id: what a handler knows by it, it leaves out.
    pub id: Option<String>,
    /// The vendor's name of the type, such as `challenge.log_created`; empty where there is none.
    pub event_type: String,
    /// When the event was made.
    pub time: Option<SystemTime>,
    /// The tenant that it is of.
    pub tenant_id: Option<String>,
    /// What it tells, by its type.
    pub kind: EventKind,
    /// All that came of it; what is in it is not shown by `Debug`.
    pub raw: Kept,
}

/// Says what an event tells.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EventKind {
    /// `challenge.log_created`: something became of a challenge.
    ChallengeLog(ChallengeLog),
    /// `email.created`: Authsignal waits for your answer, while you send an e-mail with a code or link.
    EmailCreated(MessageToSend),
    /// `sms.created`: Authsignal waits for your answer, while you send a text message with a code.
    SmsCreated(MessageToSend),
    /// Any other type, known to the vendor alone or to other releases: see [`Event::raw`].
    Other,
}

/// Says what became of a challenge, as the vendor logged it.
#[derive(Clone)]
#[non_exhaustive]
pub struct ChallengeLog {
    /// What happened, in the vendor's words: `SMS_DELIVERED`, `EMAIL_OTP_CODE_VALID` and many more; where a message is, tells [`delivery`](Self::delivery).
    pub log_type: Option<String>,
    /// When it happened.
    pub created_at: Option<SystemTime>,
    /// How the person was to be verified.
    pub verification_method: Option<VerificationMethod>,
    /// The key that groups challenges, as the create gave it ([`with_action_key`](crate::ChallengeRequest::with_action_key)) or as the vendor made it.
    pub idempotency_key: Option<String>,
    /// The action code.
    pub action: Option<String>,
    /// The user.
    pub user_id: Option<Personal>,
    /// The address that an e-mail went to.
    pub email: Option<Personal>,
    /// The number that a message went to.
    pub phone_number: Option<Personal>,
    /// What went wrong, in the vendor's words.
    pub error_description: Option<Personal>,
    /// The HTTP status of the service that the vendor sends by, where that refused a message.
    pub status_code: Option<String>,
}

/// Says where a message is. Authsignal documents delivery for text messages alone; of e-mails and WhatsApp it tells that they were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// It left the vendor.
    Sent,
    /// It reached the person's phone.
    Delivered,
    /// It did not, and the network said so.
    NotDelivered,
    /// The service that the vendor sends by did not take it.
    SendFailed,
    /// The entry is about something else, such as a code, or is of a type that this release does not know.
    Other,
}

impl ChallengeLog {
    /// Tells what the entry says of a message's way.
    pub fn delivery(&self) -> Delivery {
        match self.log_type.as_deref() {
            Some("SMS_SENT" | "WHATSAPP_SENT" | "EMAIL_OTP_SENT" | "EMAIL_MAGIC_LINK_SENT") => Delivery::Sent,
            Some("SMS_DELIVERED") => Delivery::Delivered,
            Some("SMS_NOT_DELIVERED") => Delivery::NotDelivered,
            Some(
                "SMS_SEND_DOWNSTREAM_FAILED"
                | "WHATSAPP_SEND_DOWNSTREAM_FAILED"
                | "EMAIL_OTP_SEND_DOWNSTREAM_FAILED"
                | "EMAIL_MAGIC_LINK_SEND_DOWNSTREAM_FAILED",
            ) => Delivery::SendFailed,
            _ => Delivery::Other,
        }
    }

    /// Gives the address or number that it is about.
    pub fn recipient(&self) -> Option<&str> {
        self.phone_number.as_ref().or(self.email.as_ref()).map(Personal::as_str)
    }

    fn read(of: &Value) -> Self {
        Self {
            log_type: text(of, "type").filter(|text| is_word(text)).map(str::to_owned),
            created_at: time(of, "createdAt"),
            verification_method: verification_method(of),
            idempotency_key: text(of, "idempotencyKey").map(str::to_owned),
            action: text(of, "actionCode").map(str::to_owned),
            user_id: text(of, "userId").map(Personal::new),
            email: text(of, "email").map(Personal::new),
            phone_number: text(of, "phoneNumber").map(Personal::new),
            error_description: text(of, "errorDescription").map(Personal::new),
            status_code: status_code(of),
        }
    }
}

/// Holds a message that is yours to send, while Authsignal waits.
#[derive(Clone)]
#[non_exhaustive]
pub struct MessageToSend {
    /// The address or number to send to.
    pub to: Option<Personal>,
    /// The code to send; none in an e-mail with a link.
    pub code: Option<Secret>,
    /// The link to send, in an e-mail without a code. It is as good as a code.
    pub url: Option<Secret>,
    /// How the person is to be verified; not in the vendor's list of members, and there all the same.
    pub verification_method: Option<VerificationMethod>,
    /// The key that groups challenges.
    pub idempotency_key: Option<String>,
    /// The action code.
    pub action: Option<String>,
    /// The user.
    pub user_id: Option<Personal>,
    /// The language that the person reads.
    pub locale: Option<String>,
    /// The user agent of who asked for it, where Authsignal knows it.
    pub user_agent: Option<String>,
    /// The time zone of who asked for it, where Authsignal knows it.
    pub timezone: Option<String>,
    /// The IP address of who asked for it, where Authsignal knows it.
    pub ip_address: Option<Personal>,
}

impl MessageToSend {
    fn read(of: &Value) -> Self {
        Self {
            to: text(of, "to").map(Personal::new),
            code: text(of, "code").map(Secret::new),
            url: text(of, "url").map(Secret::new),
            verification_method: verification_method(of),
            idempotency_key: text(of, "idempotencyKey").map(str::to_owned),
            action: text(of, "actionCode").map(str::to_owned),
            user_id: text(of, "userId").map(Personal::new),
            locale: text(of, "locale").map(str::to_owned),
            user_agent: text(of, "userAgent").map(str::to_owned),
            timezone: text(of, "timezone").map(str::to_owned),
            ip_address: text(of, "ipAddress").map(Personal::new),
        }
    }
}

impl Event {
    fn read(raw: Value) -> Self {
        let event_type = text(&raw, "type").unwrap_or_default().to_owned();
        // Log entries have a record, all other events data.
        let content = ["record", "data"].into_iter().filter_map(|name| raw.get(name)).find(|content| content.is_object()).unwrap_or(&Value::Null);
        let kind = match event_type.as_str() {
            "challenge.log_created" => EventKind::ChallengeLog(ChallengeLog::read(content)),
            "email.created" => EventKind::EmailCreated(MessageToSend::read(content)),
            "sms.created" => EventKind::SmsCreated(MessageToSend::read(content)),
            _ => EventKind::Other,
        };
        let (id, tenant_id) = (text(&raw, "id").map(str::to_owned), text(&raw, "tenantId").map(str::to_owned));
        Self { id, event_type, time: time(&raw, "time"), tenant_id, kind, raw: raw.into() }
    }
}

/// Shows ids and types of the usual form, and nothing that tells who somebody is.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("id", &self.id.as_deref().filter(is_plain))
            .field("event_type", &Some(self.event_type.as_str()).filter(is_plain))
            .field("time", &self.time)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Shows what names nobody.
impl fmt::Debug for ChallengeLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChallengeLog")
            .field("log_type", &self.log_type)
            .field("created_at", &self.created_at)
            .field("verification_method", &self.verification_method)
            .field("action", &self.action.as_deref().filter(is_plain))
            .field("status_code", &self.status_code)
            .finish_non_exhaustive()
    }
}

/// Shows what names nobody.
impl fmt::Debug for MessageToSend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageToSend")
            .field("verification_method", &self.verification_method)
            .field("action", &self.action.as_deref().filter(is_plain))
            .field("locale", &self.locale.as_deref().filter(is_plain))
            .finish_non_exhaustive()
    }
}

/// Says whether a text has the form of an id or a name that programs go by.
fn is_plain(text: &&str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// Reads all events of a body; none where it is no JSON object.
pub(super) fn read_all(body: &[u8]) -> Option<Vec<Event>> {
    let mut document = tolerant::value(body).filter(Value::is_object)?;
    match document.get_mut("records") {
        Some(Value::Array(records)) => Some(std::mem::take(records).into_iter().map(Event::read).collect()),
        _ => Some(vec![Event::read(document)]),
    }
}

fn text<'a>(of: &'a Value, name: &str) -> Option<&'a str> {
    of.get(name)?.as_str()
}

fn time(of: &Value, name: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(text(of, name)?).ok()
}

/// Reads a status of HTTP, written as a text or as a number.
fn status_code(of: &Value) -> Option<String> {
    let code = text(of, "statusCode").map(str::to_owned).or_else(|| of.get("statusCode")?.as_u64().map(|code| code.to_string()));
    code.filter(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit()))
}

fn verification_method(of: &Value) -> Option<VerificationMethod> {
    text(of, "verificationMethod").filter(|text| is_word(text)).map(VerificationMethod::from)
}
