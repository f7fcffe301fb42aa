//! Neutral to Corbado and back; no I/O.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::{ClientSignals, types};
use crate::{
    model::{
        Answer, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, ChallengeStatus, ClientContext, Error, ErrorKind, Field, Method, MethodSupport,
        Personal, ProviderId, Reason, Verification, Violation, capability::Findings, handle::since_epoch,
    },
    transport::{ErrorReply, Failure, Reply, path::path_problem},
    vendors::{
        field_names::FieldNames,
        shared::{ANOTHER, NO_ID, proof, rejected, rejection, text},
    },
};

const METHODS: &[MethodSupport] = &offering(&[Field::To, Field::UserId, Field::Ip, Field::UserAgent], &[Field::Client, Field::Lifetime, Field::Metadata]);
const METHODS_FINDING_USERS: &[MethodSupport] =
    &offering(&[Field::To, Field::Ip, Field::UserAgent], &[Field::UserId, Field::Client, Field::Lifetime, Field::Metadata]);

pub(super) const CAPABILITIES: Capabilities = Capabilities::of(METHODS);

/// Tells what Corbado can do where users are found or made.
pub(super) const FINDING_USERS: Capabilities = Capabilities::of(METHODS_FINDING_USERS);

const fn offering(required: &'static [Field], optional: &'static [Field]) -> [MethodSupport; 3] {
    [
        MethodSupport::of(Method::EmailOtp, required, optional),
        MethodSupport::of(Method::EmailLink, required, optional),
        MethodSupport::of(Method::SmsOtp, required, optional),
    ]
}

const FIELDS: FieldNames = FieldNames(&[
    (Field::To, "identifierValue"),
    (Field::UserId, "userID"),
    (Field::Ip, "clientInformation.remoteAddress"),
    (Field::UserAgent, "clientInformation.userAgent"),
    (Field::Client, "clientInformation"),
    (Field::Lifetime, "lifetimeSeconds"),
    (Field::Metadata, "challengeMetadata"),
    (Field::ChallengeId, "challengeID"),
    (Field::Code, "value"),
]);

/// Holds a create, ready to be sent.
pub(super) struct Create {
    /// `None` where the request names no user.
    pub(super) user_id: Option<String>,
    pub(super) body: types::ChallengeCreateReq,
    pub(super) ignored: Vec<Field>,
}

pub(super) fn check(capabilities: &Capabilities, provider: &ProviderId, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
    find(capabilities, provider, request, ClientSignals::of(request.client()).is_some())?.conclude()
}

pub(super) fn create(capabilities: &Capabilities, provider: &ProviderId, request: &ChallengeRequest) -> Result<Create, Error> {
    let signals = ClientSignals::of(request.client());
    let ignored = find(capabilities, provider, request, signals.is_some())?.conclude()?;
    let challenge_type = match request.method() {
        Method::EmailLink => types::ChallengeType::EmailLink,
        Method::SmsOtp => types::ChallengeType::SmsOtp,
        _ => types::ChallengeType::EmailOtp,
    };
    let body = types::ChallengeCreateReq {
        challenge_type,
        identifier_value: Personal::new(request.recipient().unwrap_or_default()),
        challenge_metadata: request.metadata().clone(),
        lifetime_seconds: request.lifetime().and_then(|lifetime| i64::try_from(lifetime.as_secs()).ok()),
        client_information: client_information(request.client(), signals.unwrap_or_default()),
    };
    Ok(Create { user_id: request.user_id_for(provider).map(str::to_owned), body, ignored })
}

fn find(capabilities: &Capabilities, provider: &ProviderId, request: &ChallengeRequest, has_signals: bool) -> Result<Findings, Error> {
    let mut findings = capabilities.find(provider, request)?;
    // An empty one is named already.
    if let Some(problem) = request.user_id_for(provider).filter(|id| !id.is_empty()).and_then(path_problem) {
        findings.violations.push(Violation::new(Field::UserId, problem));
    }
    if !has_signals {
        findings.violations.push(Violation::new(Field::Client, "expected signals of the form of corbado::ClientSignals"));
    }
    findings.name_fields(|field| FIELDS.vendors(field));
    Ok(findings)
}

fn client_information(client: &ClientContext, signals: ClientSignals) -> types::ClientInformation {
    let capabilities = signals.capabilities;
    let parsed_device_info = match signals.device {
        Some(device) => types::ParsedDeviceInfo {
            browser_name: device.browser_name,
            browser_version: device.browser_version,
            os_name: device.os_name,
            os_version: device.os_version,
        },
        None => {
            let (browser, os) = (client.browser(), client.os());
            types::ParsedDeviceInfo {
                browser_name: browser.name().to_owned(),
                browser_version: browser.version().to_owned(),
                os_name: os.name().to_owned(),
                os_version: os.version().to_owned(),
            }
        }
    };
    let told = signals.high_entropy.filter(|told| !told.platform_version.is_empty());
    let high_entropy = match (told, client.hints()) {
        (Some(told), _) => Some((told.platform, told.platform_version, told.mobile)),
        (None, Some(hints)) => Some((hints.platform.clone(), hints.platform_version.clone(), hints.is_mobile)),
        (None, None) => None,
    };
    types::ClientInformation {
        remote_address: Personal::new(client.ip().map(|ip| ip.to_string()).unwrap_or_default()),
        user_agent: client.user_agent().unwrap_or_default().to_owned(),
        client_env_handle: signals.environment,
        javascript_fingerprint: signals.fingerprint,
        java_script_high_entropy: high_entropy.map(|(platform, platform_version, mobile)| types::JavaScriptHighEntropy { platform, platform_version, mobile }),
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
        parsed_device_info,
        native_meta: signals.native.map(|native| types::NativeMeta {
            build: native.build,
            device_owner_auth: native.device_owner_auth,
            is_platform_authenticator_api_supported: native.platform_authenticator_api,
            is_bluetooth_available: native.bluetooth_available,
            is_bluetooth_on: native.bluetooth_on,
            google_play_services: native.google_play_services,
            device_secure: native.device_secure,
            brand: native.brand,
            model: native.model,
        }),
    }
}

pub(super) fn challenge(
    provider: &ProviderId,
    method: Method,
    user_id: String,
    ignored: Vec<Field>,
    reply: Reply<types::Challenge>,
) -> Result<Challenge, Error> {
    if reply.challenge_id.is_empty() {
        return Err(reply.unusable(NO_ID));
    }
    let (reply, request_id) = reply.apart();
    let mut handle = ChallengeHandle::new(provider.clone(), method, reply.challenge_id.clone()).with_user_id(user_id);
    if let Some(at) = reply.expires.and_then(expiry) {
        handle = handle.with_expires_at(at);
    }
    let status = reply.status.as_ref().map_or(ChallengeStatus::Pending, |status| ChallengeStatus::from(status.as_str()));
    Ok(Challenge::new(handle).with_status(status).with_vendors_request_id(request_id).with_ignored(ignored).with_vendor_reply(reply))
}

/// Holds an answer, ready to be sent.
pub(super) struct Update<'a> {
    pub(super) user_id: &'a str,
    pub(super) body: types::ChallengeUpdateReq,
}

pub(super) fn update<'a>(provider: &ProviderId, handle: &'a ChallengeHandle, answer: &Answer) -> Result<Update<'a>, Error> {
    handle.require_issuer(provider)?;
    let user_id = handle.user_id().ok_or_else(|| Error::handle("the handle names no user"))?;
    Ok(Update { user_id, body: types::ChallengeUpdateReq { value: answer.require_code("value")?.clone() } })
}

pub(super) fn verification(handle: &ChallengeHandle, outcome: Result<Reply<types::Challenge>, Failure>) -> Result<Verification, Error> {
    let reply = match outcome {
        Ok(reply) => reply,
        Err(failure) => return rejection(failure, handle, is_unknown_challenge),
    };
    let is_of_another_type = reply.type_.as_ref().is_some_and(|of| of.is_known() && of.as_str() != handle.method().as_str());
    if reply.challenge_id.expose() != handle.challenge_id().expose() || is_of_another_type {
        return Err(reply.unusable(ANOTHER));
    }
    let rejected = |reason| Ok(rejected(handle, reason, reply.request_id()));
    match reply.status {
        Some(types::ChallengeStatus::Completed) => {}
        Some(types::ChallengeStatus::Pending) => return rejected(Reason::WrongOrExpiredCode),
        Some(types::ChallengeStatus::Expired) => return rejected(Reason::Expired),
        _ => return Err(reply.unusable("the reply does not say, in words that are known here, what became of the challenge")),
    }
    let (reply, request_id) = reply.apart();
    let mut verified = proof(handle.method(), reply.identifier_value.as_ref(), request_id);
    // The path named the user, so it is this user's challenge that the vendor calls completed.
    if let Some(id) = handle.user_id() {
        verified = verified.with_user_id(id);
    }
    Ok(verified.with_vendor_reply(reply).into())
}

fn is_unknown_challenge(error: &Error) -> bool {
    let names_challenge = error.violations().iter().any(|violation| violation.field() == Some(Field::ChallengeId));
    error.kind() == ErrorKind::NotFound && (error.status() == Some(404) || names_challenge)
}

/// Reads an expiry. The vendor does not say in what unit it is. Its time stamps without a suffix are seconds, those in milliseconds have
/// one; a number that as seconds would lie beyond the year 5138 is taken as milliseconds.
fn expiry(expires: i64) -> Option<SystemTime> {
    const BEYOND: u64 = 100_000_000_000;
    let expires = u64::try_from(expires).ok()?;
    since_epoch(if expires < BEYOND { Duration::from_secs(expires) } else { Duration::from_millis(expires) })
}

/// Reads the envelope of an error, whatever of it is there.
pub(super) fn error(status: u16, body: &Value) -> ErrorReply {
    let error = &body["error"];
    let violations: Vec<Violation> = error["validation"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|violation| {
            let field = text(&violation["field"])?;
            Some(Violation::at_vendor(FIELDS.neutral(&field), field, text(&violation["message"]).unwrap_or_default()))
        })
        .collect();
    // An id that the vendor does not know is a validation error there.
    let is_unknown_id = violations.iter().any(|violation| {
        matches!(violation.vendor_field(), Some("userID" | "challengeID" | "identifierID"))
            && violation.message().trim_end_matches('.').eq_ignore_ascii_case("does not exist")
    });
    let message = match (text(&body["message"]), text(&error["details"])) {
        (Some(message), Some(details)) => Some(format!("{message}: {details}")),
        (message, details) => message.or(details),
    };
    let code = text(&error["type"]);
    ErrorReply {
        kind: match (status, code.as_deref()) {
            (400, _) if is_unknown_id => Some(ErrorKind::NotFound),
            (400 | 422, Some("already_exists")) => Some(ErrorKind::Conflict),
            _ => None,
        },
        code,
        message,
        request_id: text(&body["requestData"]["requestID"]),
        violations,
        ..ErrorReply::default()
    }
}

/// Reads an error of an answer: a violation on `value` is about the code. A blank one never left here, so the vendor would mean something
/// else by that.
pub(super) fn update_error(status: u16, body: &Value) -> ErrorReply {
    let said = error(status, body);
    let is_about_code = |violation: &Violation| violation.vendor_field() == Some("value") && !violation.message().to_ascii_lowercase().contains("blank");
    let is_wrong_code = status == 400 && !said.violations.is_empty() && said.violations.iter().all(is_about_code);
    ErrorReply { rejection: is_wrong_code.then_some(Reason::WrongOrExpiredCode), ..said }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_seconds_up_to_the_year_5138_and_milliseconds_from_there() {
        for (expires, told) in [
            (i64::MIN, None),
            (-1, None),
            (0, None),
            (1_900_000_000, Some(Duration::from_secs(1_900_000_000))),
            (99_999_999_999, Some(Duration::from_secs(99_999_999_999))),
            (100_000_000_000, Some(Duration::from_secs(100_000_000))),
            (1_900_000_000_500, Some(Duration::from_millis(1_900_000_000_500))),
            (i64::MAX, None),
        ] {
            assert_eq!(expiry(expires), told.map(|elapsed| SystemTime::UNIX_EPOCH + elapsed), "{expires}");
        }
    }
}
