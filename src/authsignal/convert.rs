//! Neutral to Authsignal and back; no I/O.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::types;
use crate::{
    Capabilities, Challenge, ChallengeHandle, ChallengeRequest, Error, Field, Method, MethodSupport, Personal, ProviderId, Reply, Violation, http::Fault,
};

const REQUIRED: &[Field] = &[Field::To, Field::Action];
const OPTIONAL: &[Field] = &[Field::UserId, Field::ActionKey, Field::Ip, Field::UserAgent, Field::DeviceId, Field::Locale, Field::Scope, Field::Metadata];

const METHODS: &[MethodSupport] = &[
    MethodSupport::of(Method::EmailOtp, REQUIRED, OPTIONAL),
    MethodSupport::of(Method::SmsOtp, REQUIRED, OPTIONAL),
    MethodSupport::of(Method::WhatsAppOtp, REQUIRED, OPTIONAL),
];

pub(super) static CAPABILITIES: Capabilities = Capabilities::of(METHODS, true);

/// The vendor's names of the neutral fields; `to` has another one for phones.
const FIELDS: &[(&str, &str)] = &[
    ("to", "email"),
    ("user_id", "userId"),
    ("action", "action"),
    ("action_key", "idempotencyKey"),
    ("ip", "ipAddress"),
    ("user_agent", "userAgent"),
    ("device_id", "deviceId"),
    ("locale", "locale"),
    ("scope", "scope"),
    ("metadata", "custom"),
];

/// A create call, ready to be sent.
pub(super) struct Create {
    pub(super) body: types::ChallengeRequest,
    pub(super) ignored: Vec<Field>,
}

pub(super) fn create(provider: &ProviderId, request: &ChallengeRequest) -> Result<Create, Error> {
    let mut findings = CAPABILITIES.examine(provider, request)?;
    let scope = request.granted_scope().map(types::ChallengeScope::from);
    if scope.as_ref().is_some_and(|scope| !scope.is_known()) {
        findings.violations.push(Violation::new("scope", format!("expected one of: {}", types::ChallengeScope::KNOWN.join(", "))));
    }
    let is_to_phone = request.method().is_to_phone();
    if is_to_phone {
        findings.name_fields(&[("to", "phoneNumber")]);
    }
    findings.name_fields(&FIELDS[usize::from(is_to_phone)..]);
    let ignored = findings.conclude(provider)?;
    let verification_method = match request.method() {
        Method::SmsOtp => types::ChallengeMethod::Sms,
        Method::WhatsAppOtp => types::ChallengeMethod::Whatsapp,
        _ => types::ChallengeMethod::EmailOtp,
    };
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let client = request.client_context();
    let to = request.address().map(Personal::new);
    let (phone_number, email) = if is_to_phone { (to, None) } else { (None, to) };
    let body = types::ChallengeRequest {
        verification_method: Some(verification_method),
        action: owned(request.action_name()),
        idempotency_key: owned(request.action_group()),
        phone_number,
        email,
        user_id: request.user_id_for(provider).map(Personal::new),
        scope,
        locale: owned(request.message_locale()),
        ip_address: client.ip().map(|ip| Personal::new(ip.to_string())),
        user_agent: owned(client.agent()),
        device_id: client.device().map(Personal::new),
        custom: request.own_metadata().clone(),
        challenge_id: None,
        sms_channel: None,
    };
    Ok(Create { body, ignored })
}

/// A request is for a new challenge or for the replay of an old one.
pub(super) fn complete(body: &types::ChallengeRequest) -> Result<(), Error> {
    let missing = [("method", "verificationMethod", body.verification_method.is_none()), ("action", "action", body.action.is_none())];
    if body.challenge_id.is_some() || missing.iter().all(|(.., missing)| !missing) {
        return Ok(());
    }
    let violations = missing.iter().filter(|(.., missing)| *missing).map(|(field, vendor, _)| Violation::at_vendor(Some(field), *vendor, "is required"));
    Err(Error::invalid(violations.collect()))
}

pub(super) fn challenge(create: Create, provider: &ProviderId, method: Method, reply: Reply<types::ChallengeResponse>) -> Challenge {
    let mut handle = ChallengeHandle::new(provider.clone(), method, reply.challenge_id.clone());
    if let Some(at) = reply.expires_at.and_then(expiry) {
        handle = handle.with_expiry(at);
    }
    let request_id = reply.request_id().map(str::to_owned);
    Challenge::new(handle).with_request_id(request_id).with_ignored(create.ignored).with_vendor(reply.into_inner())
}

/// Unix seconds, which may have a fraction.
pub(super) fn expiry(seconds: f64) -> Option<SystemTime> {
    let since = Duration::try_from_secs_f64(seconds).ok().filter(|since| !since.is_zero())?;
    SystemTime::UNIX_EPOCH.checked_add(since)
}

/// Reads an error: `errorCode`, or in older replies `error`, with `errorDescription`.
pub(super) fn fault(_: u16, body: &Value) -> Fault {
    let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    Fault { code: text("errorCode").or_else(|| text("error")), message: text("errorDescription"), ..Fault::default() }
}
