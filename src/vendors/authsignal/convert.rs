//! Neutral to Authsignal and back; no I/O.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::types;
use crate::{
    model::{
        Answer, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, Error, ErrorKind, Field, Method, MethodSupport, Personal, ProviderId, Reason,
        Verification, Violation, handle::since_epoch,
    },
    transport::{ErrorReply, Failure, Reply},
    vendors::{
        field_names::FieldNames,
        shared::{ANOTHER, NO_ID, proof, rejected, rejection, text},
    },
};

const REQUIRED: &[Field] = &[Field::To, Field::Action];
const OPTIONAL: &[Field] = &[Field::UserId, Field::ActionKey, Field::Ip, Field::UserAgent, Field::DeviceId, Field::Locale, Field::Scope, Field::Metadata];

const METHODS: &[MethodSupport] = &[
    MethodSupport::of(Method::EmailOtp, REQUIRED, OPTIONAL),
    MethodSupport::of(Method::SmsOtp, REQUIRED, OPTIONAL),
    MethodSupport::of(Method::WhatsAppOtp, REQUIRED, OPTIONAL),
];

pub(super) const CAPABILITIES: Capabilities = Capabilities::of(METHODS).with_resend(true);

/// The recipient has another name for phones.
const FIELDS: FieldNames = FieldNames(&[
    (Field::To, "email"),
    (Field::UserId, "userId"),
    (Field::Action, "action"),
    (Field::ActionKey, "idempotencyKey"),
    (Field::Ip, "ipAddress"),
    (Field::UserAgent, "userAgent"),
    (Field::DeviceId, "deviceId"),
    (Field::Locale, "locale"),
    (Field::Scope, "scope"),
    (Field::Metadata, "custom"),
]);

/// Holds a create, ready to be sent.
pub(super) struct Create {
    pub(super) body: types::ChallengeRequest,
    pub(super) ignored: Vec<Field>,
}

pub(super) fn check(provider: &ProviderId, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
    let mut findings = CAPABILITIES.find(provider, request)?;
    if request.scope().is_some_and(|scope| !types::ChallengeScope::from(scope).is_known()) {
        findings.violations.push(Violation::new(Field::Scope, format!("expected one of: {}", types::ChallengeScope::KNOWN.join(", "))));
    }
    let is_to_phone = request.method().is_to_phone();
    findings.name_fields(|field| if field == Field::To && is_to_phone { Some("phoneNumber") } else { FIELDS.vendors(field) });
    findings.conclude()
}

pub(super) fn create(provider: &ProviderId, request: &ChallengeRequest) -> Result<Create, Error> {
    let ignored = check(provider, request)?;
    let verification_method = match request.method() {
        Method::SmsOtp => types::ChallengeMethod::Sms,
        Method::WhatsAppOtp => types::ChallengeMethod::Whatsapp,
        _ => types::ChallengeMethod::EmailOtp,
    };
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let client = request.client();
    let to = request.recipient().map(Personal::new);
    let (phone_number, email) = if request.method().is_to_phone() { (to, None) } else { (None, to) };
    let body = types::ChallengeRequest {
        verification_method: Some(verification_method),
        action: owned(request.action()),
        idempotency_key: owned(request.action_key()),
        phone_number,
        email,
        user_id: request.user_id_for(provider).map(Personal::new),
        scope: request.scope().map(types::ChallengeScope::from),
        locale: owned(request.locale()),
        ip_address: client.ip().map(|ip| Personal::new(ip.to_string())),
        user_agent: owned(client.user_agent()),
        device_id: client.device_id().map(Personal::new),
        custom: request.metadata().clone(),
        challenge_id: None,
        sms_channel: None,
    };
    Ok(Create { body, ignored })
}

/// Refuses a request that is neither for a new challenge nor to send an old one once more.
pub(super) fn complete(body: &types::ChallengeRequest) -> Result<(), Error> {
    let missing = [(Field::Method, "verificationMethod", body.verification_method.is_none()), (Field::Action, "action", body.action.is_none())];
    if body.challenge_id.is_some() || missing.iter().all(|(.., missing)| !missing) {
        return Ok(());
    }
    let violations = missing.iter().filter(|(.., missing)| *missing).map(|(field, vendor, _)| Violation::at_vendor(Some(*field), *vendor, "is required"));
    Err(Error::invalid(violations.collect()))
}

pub(super) fn challenge(provider: &ProviderId, method: Method, ignored: Vec<Field>, reply: Reply<types::ChallengeResponse>) -> Result<Challenge, Error> {
    if reply.challenge_id.is_empty() {
        return Err(reply.unusable(NO_ID));
    }
    let (reply, request_id) = reply.apart();
    let mut handle = ChallengeHandle::new(provider.clone(), method, reply.challenge_id.clone());
    if let Some(at) = reply.expires_at.and_then(expiry) {
        handle = handle.with_expires_at(at);
    }
    Ok(Challenge::new(handle).with_vendors_request_id(request_id).with_ignored(ignored).with_vendor_reply(reply))
}

/// Asks for the message of a challenge once more: its id says all.
pub(super) fn resend(provider: &ProviderId, handle: &ChallengeHandle) -> Result<types::ChallengeRequest, Error> {
    handle.require_issuer(provider)?;
    Ok(types::ChallengeRequest { challenge_id: Some(handle.challenge_id().clone()), ..Default::default() })
}

pub(super) fn verify(provider: &ProviderId, handle: &ChallengeHandle, answer: &Answer) -> Result<types::VerifyRequest, Error> {
    handle.require_issuer(provider)?;
    let verification_code = answer.require_code("verificationCode")?.clone();
    Ok(types::VerifyRequest { challenge_id: handle.challenge_id().clone(), verification_code })
}

pub(super) fn verification(handle: &ChallengeHandle, outcome: Result<Reply<types::VerifyResponse>, Failure>) -> Result<Verification, Error> {
    use types::VerificationMethod as Proven;

    let reply = match outcome {
        Ok(reply) => reply,
        Err(failure) => return rejection(failure, handle, |error| error.kind() == ErrorKind::NotFound),
    };
    if !reply.is_verified {
        let reason = match &reply.failure_reason {
            None | Some(types::FailureReason::CodeInvalidOrExpired) => Reason::WrongOrExpiredCode,
            Some(types::FailureReason::MaxAttemptsExceeded) => Reason::TooManyAttempts,
            Some(_) => Reason::Other,
        };
        return Ok(rejected(handle, reason, reply.request_id()));
    }
    if reply.failure_reason.as_ref().is_some_and(types::FailureReason::is_known) {
        return Err(reply.unusable("the answer is verified, and yet there is a reason why not"));
    }
    let method = match &reply.verification_method {
        Some(Proven::EmailOtp) => Method::EmailOtp,
        Some(Proven::Sms) => Method::SmsOtp,
        Some(Proven::Whatsapp) => Method::WhatsAppOtp,
        // What this release does not know proves no more than the challenge that was answered.
        None | Some(Proven::Unknown(_)) => handle.method(),
        // A passkey, say: no code that this challenge sent.
        Some(_) => return Err(reply.unusable(ANOTHER)),
    };
    let (reply, request_id) = reply.apart();
    let recipient = if method.is_to_phone() { reply.phone_number.as_ref() } else { reply.email.as_ref() };
    Ok(proof(method, recipient, request_id).with_vendor_reply(reply).into())
}

/// Reads an expiry: Unix seconds, which may have a fraction.
pub(super) fn expiry(seconds: f64) -> Option<SystemTime> {
    since_epoch(Duration::try_from_secs_f64(seconds).ok()?)
}

/// Reads an error: `errorCode`, or in older replies `error`, with `errorDescription`.
pub(super) fn error(body: &Value) -> ErrorReply {
    ErrorReply { code: text(&body["errorCode"]).or_else(|| text(&body["error"])), message: text(&body["errorDescription"]), ..ErrorReply::default() }
}
