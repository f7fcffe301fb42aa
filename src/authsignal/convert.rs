//! Neutral to Authsignal and back; no I/O.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::types;
use crate::{
    Answer, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, Error, ErrorKind, Field, Method, MethodSupport, Personal, ProviderId, Reason, Rejected,
    Reply, Verification, Verified, Violation,
    handle::since_epoch,
    http::{Fault, NO_ID},
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

pub(super) fn challenge(provider: &ProviderId, method: Method, ignored: Vec<Field>, reply: Reply<types::ChallengeResponse>) -> Result<Challenge, Error> {
    if reply.challenge_id.is_empty() {
        return Err(reply.unexpected(provider, NO_ID));
    }
    let mut handle = ChallengeHandle::new(provider.clone(), method, reply.challenge_id.clone());
    if let Some(at) = reply.expires_at.and_then(expiry) {
        handle = handle.with_expiry(at);
    }
    let request_id = reply.request_id().map(str::to_owned);
    Ok(Challenge::new(handle).with_request_id(request_id).with_ignored(ignored).with_vendor(reply.into_inner()))
}

/// The message of a challenge once more: its id says all.
pub(super) fn replay(provider: &ProviderId, handle: &ChallengeHandle) -> Result<types::ChallengeRequest, Error> {
    handle.require_issuer(provider)?;
    Ok(types::ChallengeRequest { challenge_id: Some(handle.challenge_id().clone()), ..Default::default() })
}

pub(super) fn verify(provider: &ProviderId, handle: &ChallengeHandle, answer: &Answer) -> Result<types::VerifyRequest, Error> {
    handle.require_issuer(provider)?;
    let verification_code = answer.require_code("verificationCode").map_err(|error| error.with_provider(provider.clone()))?.clone();
    Ok(types::VerifyRequest { challenge_id: handle.challenge_id().clone(), verification_code })
}

pub(super) fn verification(handle: &ChallengeHandle, reply: Result<Reply<types::VerifyResponse>, Error>) -> Result<Verification, Error> {
    let reply = match reply {
        Ok(reply) => reply,
        Err(error) if error.kind() == ErrorKind::NotFound => return handle.unknown_to_vendor(error),
        Err(error) => return Err(error),
    };
    let request_id = reply.request_id().map(str::to_owned);
    if !reply.is_verified {
        let reason = match &reply.failure_reason {
            None | Some(types::FailureReason::CodeInvalidOrExpired) => Reason::WrongOrExpiredCode,
            Some(types::FailureReason::MaxAttemptsExceeded) => Reason::TooManyAttempts,
            Some(_) => Reason::Other,
        };
        return Ok(Rejected::new(reason).with_request_id(request_id).into());
    }
    let method = match &reply.verification_method {
        Some(types::VerificationMethod::EmailOtp) => Method::EmailOtp,
        Some(types::VerificationMethod::Sms) => Method::SmsOtp,
        Some(types::VerificationMethod::Whatsapp) => Method::WhatsAppOtp,
        _ => handle.method(),
    };
    let mut verified = Verified::new(method).with_request_id(request_id);
    // Whatever the reply names was proven; the method tells only which one is meant where there are two.
    let (phone, email) = (reply.phone_number.as_ref(), reply.email.as_ref());
    let address = if method.is_to_phone() { phone.or(email) } else { email.or(phone) };
    if let Some(address) = address {
        verified = verified.with_address(address.clone());
    }
    Ok(verified.with_vendor(reply.into_inner()).into())
}

/// Unix seconds, which may have a fraction.
pub(super) fn expiry(seconds: f64) -> Option<SystemTime> {
    since_epoch(Duration::try_from_secs_f64(seconds).ok()?)
}

/// Reads an error: `errorCode`, or in older replies `error`, with `errorDescription`.
pub(super) fn fault(_: &str, _: u16, body: &Value) -> Fault {
    let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    Fault { code: text("errorCode").or_else(|| text("error")), message: text("errorDescription"), ..Fault::default() }
}
