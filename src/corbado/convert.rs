//! Neutral to Corbado and back; no I/O.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::types;
use crate::{
    Answer, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, ChallengeStatus, ClientContext, Error, ErrorKind, Field, Method, MethodSupport,
    Personal, ProviderId, Reason, Rejected, Reply, SendState, Verification, Verified, Violation,
    handle::since_epoch,
    http::{Fault, NO_ID, path_problem},
};

/// The operation that checks an answer.
pub(super) const UPDATE: &str = "ChallengeUpdate";

const REQUIRED: &[Field] = &[Field::To, Field::UserId, Field::Ip, Field::UserAgent];
const OPTIONAL: &[Field] = &[Field::Client, Field::Lifetime, Field::Metadata];

const METHODS: &[MethodSupport] = &[
    MethodSupport::of(Method::EmailOtp, REQUIRED, OPTIONAL),
    MethodSupport::of(Method::EmailLink, REQUIRED, OPTIONAL),
    MethodSupport::of(Method::SmsOtp, REQUIRED, OPTIONAL),
];

pub(super) static CAPABILITIES: Capabilities = Capabilities::of(METHODS, false);

/// The vendor's names of the neutral fields.
const FIELDS: &[(&str, &str)] = &[
    ("to", "identifierValue"),
    ("user_id", "userID"),
    ("ip", "clientInformation.remoteAddress"),
    ("user_agent", "clientInformation.userAgent"),
    ("client", "clientInformation"),
    ("lifetime", "lifetimeSeconds"),
    ("metadata", "challengeMetadata"),
    ("challenge_id", "challengeID"),
    ("code", "value"),
];

/// A create call, ready to be sent.
pub(super) struct Create {
    pub(super) user_id: String,
    pub(super) body: types::ChallengeCreateReq,
    pub(super) ignored: Vec<Field>,
}

pub(super) fn create(provider: &ProviderId, request: &ChallengeRequest) -> Result<Create, Error> {
    let mut findings = CAPABILITIES.examine(provider, request)?;
    let user_id = request.user_id_for(provider).unwrap_or_default();
    // An empty one is named already.
    if let Some(problem) = path_problem(user_id).filter(|_| !user_id.is_empty()) {
        findings.violations.push(Violation::new("user_id", problem));
    }
    findings.name_fields(FIELDS);
    let ignored = findings.conclude(provider)?;
    let challenge_type = match request.method() {
        Method::EmailLink => types::ChallengeType::EmailLink,
        Method::SmsOtp => types::ChallengeType::SmsOtp,
        _ => types::ChallengeType::EmailOtp,
    };
    let body = types::ChallengeCreateReq {
        challenge_type,
        identifier_value: Personal::new(request.address().unwrap_or_default()),
        challenge_metadata: request.own_metadata().clone(),
        lifetime_seconds: request.requested_lifetime().and_then(|lifetime| i64::try_from(lifetime.as_secs()).ok()),
        client_information: client_information(request.client_context()),
    };
    Ok(Create { user_id: user_id.to_owned(), body, ignored })
}

fn client_information(client: &ClientContext) -> types::ClientInformation {
    let (browser, os) = (client.browser(), client.os());
    let signals = client.signals();
    let capabilities = &signals.capabilities;
    types::ClientInformation {
        remote_address: Personal::new(client.ip().map(|ip| ip.to_string()).unwrap_or_default()),
        user_agent: client.agent().unwrap_or_default().to_owned(),
        client_env_handle: signals.environment.clone(),
        javascript_fingerprint: signals.fingerprint.clone(),
        java_script_high_entropy: signals.high_entropy.as_ref().map(|values| types::JavaScriptHighEntropy {
            platform: values.platform.clone(),
            platform_version: values.platform_version.clone(),
            mobile: values.mobile,
        }),
        bluetooth_available: signals.bluetooth,
        password_manager_available: signals.password_manager,
        // The vendor wants these two; a client that said nothing has not said yes.
        user_verifying_platform_authenticator_available: signals.platform_authenticator.unwrap_or(false),
        conditional_mediation_available: signals.conditional_mediation.unwrap_or(false),
        client_capabilities: types::ClientCapabilities {
            conditional_create: capabilities.conditional_create,
            conditional_mediation: capabilities.conditional_mediation,
            hybrid_transport: capabilities.hybrid_transport,
            passkey_platform_authenticator: capabilities.passkey_platform_authenticator,
            user_verifying_platform_authenticator: capabilities.user_verifying_platform_authenticator,
        },
        private_mode: signals.private_mode,
        parsed_device_info: types::ParsedDeviceInfo {
            browser_name: browser.name().to_owned(),
            browser_version: browser.version().to_owned(),
            os_name: os.name().to_owned(),
            os_version: os.version().to_owned(),
        },
        native_meta: signals.native.as_ref().map(|native| types::NativeMeta {
            build: native.build.clone(),
            device_owner_auth: native.device_owner_auth.clone(),
            is_platform_authenticator_api_supported: native.platform_authenticator_api,
            is_bluetooth_available: native.bluetooth_available,
            is_bluetooth_on: native.bluetooth_on,
            google_play_services: native.google_play_services,
            device_secure: native.device_secure,
            brand: native.brand.clone(),
            model: native.model.clone(),
        }),
    }
}

pub(super) fn challenge(create: Create, provider: &ProviderId, method: Method, reply: Reply<types::Challenge>) -> Result<Challenge, Error> {
    if reply.challenge_id.is_empty() {
        return Err(reply.unexpected(provider, NO_ID));
    }
    let mut handle = ChallengeHandle::new(provider.clone(), method, reply.challenge_id.clone()).with_user_id(create.user_id);
    if let Some(at) = reply.expires.and_then(expiry) {
        handle = handle.with_expiry(at);
    }
    let status = reply.status.as_ref().map_or(ChallengeStatus::Pending, |status| ChallengeStatus::from(status.as_str()));
    let request_id = reply.request_id().map(str::to_owned);
    Ok(Challenge::new(handle).with_status(status).with_request_id(request_id).with_ignored(create.ignored).with_vendor(reply.into_inner()))
}

/// An answer, ready to be sent.
pub(super) struct Update {
    pub(super) user_id: String,
    pub(super) body: types::ChallengeUpdateReq,
}

pub(super) fn update(provider: &ProviderId, handle: &ChallengeHandle, answer: &Answer) -> Result<Update, Error> {
    handle.require_issuer(provider)?;
    let Some(user_id) = handle.user_id() else {
        let error = Error::new(ErrorKind::Handle, SendState::NotSent).with_provider(provider.clone());
        return Err(error.with_detail("the handle names no user"));
    };
    let value = answer.require_code("value").map_err(|error| error.with_provider(provider.clone()))?.clone();
    Ok(Update { user_id: user_id.to_owned(), body: types::ChallengeUpdateReq { value } })
}

pub(super) fn verification(handle: &ChallengeHandle, reply: Result<Reply<types::Challenge>, Error>) -> Result<Verification, Error> {
    let rejected = |reason, request_id: Option<&str>| Ok(Rejected::new(reason).with_request_id(request_id.map(str::to_owned)).into());
    let reply = match reply {
        Ok(reply) => reply,
        Err(error) => {
            return match error.rejection() {
                Some(reason) => rejected(reason, error.request_id()),
                None if is_unknown_challenge(&error) => handle.unknown_to_vendor(error),
                None => Err(error),
            };
        }
    };
    match reply.status {
        Some(types::ChallengeStatus::Completed) => {}
        Some(types::ChallengeStatus::Pending) => return rejected(Reason::WrongOrExpiredCode, reply.request_id()),
        Some(types::ChallengeStatus::Expired) => return rejected(Reason::Expired, reply.request_id()),
        _ => {
            return Err(reply.unexpected(handle.provider(), "the challenge has a status that this release does not know"));
        }
    }
    let mut verified = Verified::new(handle.method()).with_request_id(reply.request_id().map(str::to_owned));
    if let Some(address) = &reply.identifier_value {
        verified = verified.with_address(address.clone());
    }
    // The path named the user, so it is this user's challenge that the vendor calls completed.
    if let Some(id) = handle.user_id() {
        verified = verified.with_user_id(id);
    }
    Ok(verified.with_vendor(reply.into_inner()).into())
}

fn is_unknown_challenge(error: &Error) -> bool {
    let names_challenge = error.violations().iter().any(|violation| violation.field() == Some("challenge_id"));
    error.kind() == ErrorKind::NotFound && (error.status() == Some(404) || names_challenge)
}

/// The vendor does not say in what unit `expires` is. Its time stamps without a suffix are seconds, those in milliseconds have one; a
/// number that as seconds would lie beyond the year 5138 is taken as milliseconds.
fn expiry(expires: i64) -> Option<SystemTime> {
    const BEYOND: u64 = 100_000_000_000;
    let expires = u64::try_from(expires).ok()?;
    since_epoch(if expires < BEYOND { Duration::from_secs(expires) } else { Duration::from_millis(expires) })
}

/// Reads the envelope of an error, whatever of it is there.
pub(super) fn fault(operation: &str, status: u16, body: &Value) -> Fault {
    let error = &body["error"];
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let violations: Vec<Violation> = error["validation"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|violation| {
            let field = violation["field"].as_str().filter(|field| !field.is_empty())?;
            Some(Violation::at_vendor(neutral(field), field, violation["message"].as_str().unwrap_or_default()))
        })
        .collect();
    // An id that the vendor does not know is a validation error there.
    let unknown_id = violations.iter().any(|violation| {
        matches!(violation.vendor_field(), Some("userID" | "challengeID")) && violation.message().trim_end_matches('.').eq_ignore_ascii_case("does not exist")
    });
    // A violation on `value` is about the code; a blank one never left here, so the vendor would mean something else by it.
    let is_about_code = |violation: &Violation| violation.vendor_field() == Some("value") && !violation.message().to_ascii_lowercase().contains("blank");
    let is_wrong_code = operation == UPDATE && status == 400 && !violations.is_empty() && violations.iter().all(is_about_code);
    let message = match (text(&body["message"]), text(&error["details"])) {
        (Some(message), Some(details)) => Some(format!("{message}: {details}")),
        (message, details) => message.or(details),
    };
    Fault {
        kind: (status == 400 && unknown_id).then_some(ErrorKind::NotFound),
        code: text(&error["type"]),
        message,
        request_id: text(&body["requestData"]["requestID"]),
        violations,
        rejection: is_wrong_code.then_some(Reason::WrongOrExpiredCode),
    }
}

/// The neutral name of a vendor's field; the vendor may leave the path to it out.
fn neutral(vendor_field: &str) -> Option<&'static str> {
    let last = |name: &'static str| name.rsplit('.').next();
    FIELDS.iter().find(|(_, name)| *name == vendor_field || last(name) == Some(vendor_field)).map(|(field, _)| *field)
}
