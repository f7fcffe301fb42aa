//! Neutral to Twilio Verify and back; no I/O.

use serde_json::{Map, Value};

use super::types;
use crate::{
    model::{
        Answer, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, ChallengeStatus, Error, ErrorKind, Field, Method, MethodSupport, Personal,
        ProviderId, Reason, Verification, Violation,
    },
    transport::{ErrorReply, Failure, Reply},
    vendors::{
        field_names::FieldNames,
        shared::{ANOTHER, NO_ID, proof, rejected, rejection, text},
    },
};

const REQUIRED: &[Field] = &[Field::To];
const OPTIONAL: &[Field] = &[Field::Ip, Field::Locale, Field::Metadata];

const METHODS: &[MethodSupport] = &[
    MethodSupport::of(Method::EmailOtp, REQUIRED, OPTIONAL),
    MethodSupport::of(Method::SmsOtp, REQUIRED, OPTIONAL),
    MethodSupport::of(Method::WhatsAppOtp, REQUIRED, OPTIONAL),
    MethodSupport::of(Method::VoiceOtp, REQUIRED, OPTIONAL),
];

pub(super) const CAPABILITIES: Capabilities = Capabilities::of(METHODS).with_resend(true);

const FIELDS: FieldNames = FieldNames(&[
    (Field::To, "To"),
    (Field::Method, "Channel"),
    (Field::Ip, "DeviceIp"),
    (Field::Locale, "Locale"),
    (Field::Metadata, "Tags"),
    (Field::Code, "Code"),
    (Field::ChallengeId, "VerificationSid"),
]);

/// Most tags that the vendor takes, and the longest name or value of one, in characters.
const MOST_TAGS: usize = 10;
const LONGEST_TAG: usize = 128;

/// Holds a create, ready to be sent.
pub(super) struct Create {
    pub(super) body: types::CreateVerificationRequest,
    pub(super) ignored: Vec<Field>,
}

pub(super) fn check(provider: &ProviderId, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
    let mut findings = CAPABILITIES.find(provider, request)?;
    if !are_tags(request.metadata()) {
        findings.violations.push(Violation::new(Field::Metadata, "expected at most 10 texts, names and texts of at most 128 characters"));
    }
    findings.name_fields(|field| FIELDS.vendors(field));
    findings.conclude()
}

pub(super) fn create(provider: &ProviderId, request: &ChallengeRequest) -> Result<Create, Error> {
    let ignored = check(provider, request)?;
    let tags = request.metadata();
    let channel = match request.method() {
        Method::SmsOtp => types::Channel::Sms,
        Method::WhatsAppOtp => types::Channel::Whatsapp,
        Method::VoiceOtp => types::Channel::Call,
        _ => types::Channel::Email,
    };
    let body = types::CreateVerificationRequest {
        to: Personal::new(request.recipient().unwrap_or_default()),
        channel,
        locale: request.locale().map(str::to_owned),
        device_ip: request.client().ip().map(|ip| Personal::new(ip.to_string())),
        // What is JSON always has a JSON form.
        tags: (!tags.is_empty()).then(|| Personal::new(serde_json::to_string(tags).unwrap_or_default())),
        amount: None,
        app_hash: None,
        channel_configuration: None,
        custom_code: None,
        custom_friendly_name: None,
        custom_message: None,
        enable_sna_client_token: None,
        payee: None,
        rate_limits: None,
        risk_check: None,
        send_digits: None,
        template_custom_substitutions: None,
        template_sid: None,
    };
    Ok(Create { body, ignored })
}

fn are_tags(metadata: &Map<String, Value>) -> bool {
    let fits = |text: &str| text.chars().count() <= LONGEST_TAG;
    metadata.len() <= MOST_TAGS && metadata.iter().all(|(name, value)| fits(name) && value.as_str().is_some_and(fits))
}

pub(super) fn challenge(
    provider: &ProviderId,
    method: Method,
    sent: types::CreateVerificationRequest,
    ignored: Vec<Field>,
    reply: Reply<types::Verification>,
) -> Result<Challenge, Error> {
    if reply.sid.is_empty() {
        return Err(reply.unusable(NO_ID));
    }
    let (reply, request_id) = reply.apart();
    let status = match &reply.status {
        None => ChallengeStatus::Pending,
        Some(types::VerificationStatus::Approved) => ChallengeStatus::Completed,
        Some(status) => ChallengeStatus::from(status.as_str()),
    };
    let mut handle = ChallengeHandle::new(provider.clone(), method, reply.sid.clone()).with_recipient(sent.to);
    if let Some(locale) = sent.locale {
        handle = handle.with_locale(locale);
    }
    Ok(Challenge::new(handle).with_status(status).with_vendors_request_id(request_id).with_ignored(ignored).with_vendor_reply(reply))
}

/// Asks for the message of a challenge once more: a create to the recipient of a pending one continues it.
pub(super) fn resend(provider: &ProviderId, handle: &ChallengeHandle) -> Result<types::CreateVerificationRequest, Error> {
    handle.require_issuer(provider)?;
    let to = handle.recipient().ok_or_else(|| Error::handle("the handle names no recipient"))?;
    let mut request = ChallengeRequest::new(handle.method()).with_recipient(to);
    if let Some(locale) = handle.locale() {
        request = request.with_locale(locale);
    }
    Ok(create(provider, &request)?.body)
}

pub(super) fn verify(provider: &ProviderId, handle: &ChallengeHandle, answer: &Answer) -> Result<types::CreateVerificationCheckRequest, Error> {
    handle.require_issuer(provider)?;
    let code = answer.require_code("Code")?.clone();
    Ok(types::CreateVerificationCheckRequest { code: Some(code), verification_sid: Some(handle.challenge_id().clone()), ..Default::default() })
}

/// Refuses a check that names no verification.
pub(super) fn complete(body: &types::CreateVerificationCheckRequest) -> Result<(), Error> {
    let names_one = body.to.is_some() || body.verification_sid.is_some();
    let missing = || Violation::at_vendor(Some(Field::ChallengeId), "VerificationSid", "is required, or To");
    if names_one { Ok(()) } else { Err(Error::invalid(vec![missing()])) }
}

pub(super) fn verification(handle: &ChallengeHandle, outcome: Result<Reply<types::VerificationCheck>, Failure>) -> Result<Verification, Error> {
    use types::{VerificationChannel as Channel, VerificationStatus as Status};

    let reply = match outcome {
        Ok(reply) => reply,
        Err(failure) => return rejection(failure, handle, |error| error.kind() == ErrorKind::NotFound),
    };
    if reply.sid.as_ref().is_some_and(|sid| sid.expose() != handle.challenge_id().expose()) {
        return Err(reply.unusable(ANOTHER));
    }
    let rejected = |reason| Ok(rejected(handle, reason, reply.request_id()));
    match &reply.status {
        Status::Approved if reply.valid == Some(false) => return Err(reply.unusable("the verification is approved, and yet not valid")),
        Status::Approved => {}
        _ if reply.valid == Some(true) => return Err(reply.unusable("the verification is valid, and yet not approved")),
        Status::Pending => return rejected(Reason::WrongOrExpiredCode),
        Status::Expired => return rejected(Reason::Expired),
        Status::MaxAttemptsReached => return rejected(Reason::TooManyAttempts),
        Status::Canceled | Status::Deleted | Status::Failed => return rejected(Reason::Other),
        Status::Unknown(_) => return Err(reply.unusable("the verification has a status that this release does not know")),
    }
    let method = match &reply.channel {
        Some(Channel::Email) => Method::EmailOtp,
        // The vendor may send by RCS what was asked for by SMS.
        Some(Channel::Sms | Channel::Rcs) => Method::SmsOtp,
        Some(Channel::Whatsapp) => Method::WhatsAppOtp,
        Some(Channel::Call) => Method::VoiceOtp,
        Some(Channel::Unknown(_)) | None => handle.method(),
        // The network vouched for a device: no code was given.
        Some(Channel::Sna) => return Err(reply.unusable(ANOTHER)),
    };
    let (reply, request_id) = reply.apart();
    Ok(proof(method, reply.to.as_ref(), request_id).with_vendor_reply(reply).into())
}

/// Says what an operator should know where the vendor does not tell four things apart.
const GONE: &str = "the vendor has no pending verification of this id: it expired, was answered or was cancelled, or service_sid is another service's";

/// Reads the number of an error, also where it is written as a text.
fn code(body: &Value) -> Option<u64> {
    let code = &body["code"];
    code.as_u64().or_else(|| code.as_str()?.parse().ok())
}

/// Reads an error: a number, and words.
pub(super) fn error(_: u16, body: &Value) -> ErrorReply {
    let code = code(body);
    let at = |field: Field, message: &'static str| Violation::at_vendor(Some(field), FIELDS.vendors(field).unwrap_or_default(), message);
    let message = text(&body["message"]);
    let (kind, violations) = match code {
        Some(60200) => (Some(ErrorKind::InvalidRequest), message.as_deref().and_then(named_parameter).into_iter().collect()),
        // Limits of the recipient's, so that nobody gets around them by another vendor.
        Some(60202) => (Some(ErrorKind::RateLimited), vec![at(Field::To, "too many codes were checked for this recipient")]),
        Some(60203) => (Some(ErrorKind::RateLimited), vec![at(Field::To, "too many messages were sent to this recipient")]),
        Some(60212) => (Some(ErrorKind::RateLimited), vec![at(Field::To, "too many requests for this recipient at once")]),
        Some(60205) => (Some(ErrorKind::InvalidRequest), vec![at(Field::To, "expected a phone number that takes text messages, not a landline's")]),
        // As a calling code that a guard does not allow.
        Some(60410) => (Some(ErrorKind::Permission), vec![at(Field::To, "expected a number whose prefix is not blocked for fraud")]),
        _ => (None, Vec::new()),
    };
    ErrorReply { kind, code: code.map(|code| code.to_string()), message, violations, ..ErrorReply::default() }
}

/// Names the parameter that the vendor's words call invalid.
fn named_parameter(message: &str) -> Option<Violation> {
    let mut words = message.split(|c: char| !c.is_ascii_alphanumeric()).skip_while(|word| !word.eq_ignore_ascii_case("parameter")).skip(1);
    let name = words.find(|word| !word.is_empty())?;
    let field = FIELDS.neutral(name)?;
    Some(Violation::at_vendor(Some(field), FIELDS.vendors(field)?, "was not accepted"))
}

/// Reads an error of a check: that the verification is gone, or had too many wrong codes, is an answer.
pub(super) fn check_error(status: u16, body: &Value) -> ErrorReply {
    let said = error(status, body);
    match (status, code(body)) {
        (404, Some(20404)) => ErrorReply { rejection: Some(Reason::Other), hint: Some(GONE), ..said },
        (400..=499, Some(60202)) => ErrorReply { rejection: Some(Reason::TooManyAttempts), ..said },
        _ => said,
    }
}
