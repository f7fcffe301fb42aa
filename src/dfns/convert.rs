//! Neutral to Dfns and back; no I/O.

use serde_json::{Map, Value};

use super::types;
use crate::{
    Capabilities, Challenge, ChallengeHandle, ChallengeRequest, CredentialKind, Error, ErrorKind, Field, Method, MethodSupport, Personal, ProviderId,
    Registration, RegistrationUser, RelyingParty, Reply, Secret, SendState, Violation, http::Fault,
};

const REQUIRED: &[Field] = &[Field::Code];

const METHODS: &[MethodSupport] = &[
    MethodSupport::of(Method::Credential(CredentialKind::Fido2), REQUIRED, &[]),
    MethodSupport::of(Method::Credential(CredentialKind::Key), REQUIRED, &[]),
    MethodSupport::of(Method::Credential(CredentialKind::PasswordProtectedKey), REQUIRED, &[]),
    MethodSupport::of(Method::Credential(CredentialKind::RecoveryKey), REQUIRED, &[]),
];

pub(super) static CAPABILITIES: Capabilities = Capabilities::of(METHODS, false);

/// A create call, ready to be sent.
pub(super) struct Create {
    pub(super) kind: CredentialKind,
    pub(super) body: types::CodeInitRequest,
    pub(super) ignored: Vec<Field>,
}

pub(super) fn create(provider: &ProviderId, request: &ChallengeRequest) -> Result<Create, Error> {
    let mut findings = CAPABILITIES.examine(provider, request)?;
    findings.name_fields(&[("code", "code")]);
    let ignored = findings.conclude(provider)?;
    let kind = request.method().credential_kind().unwrap_or(CredentialKind::Fido2);
    let code = request.credential_code().cloned().unwrap_or_else(|| Secret::new(""));
    Ok(Create { kind, body: types::CodeInitRequest { credential_kind: types::CredentialKind::from(kind.as_str()), code }, ignored })
}

/// The vendor takes no empty code.
pub(super) fn complete(body: &types::CodeInitRequest) -> Result<(), Error> {
    match body.code.is_empty() {
        true => Err(Error::invalid(vec![Violation::at_vendor(Some("code"), "code", "is empty")])),
        false => Ok(()),
    }
}

pub(super) fn challenge(
    create: Create,
    provider: &ProviderId,
    relying_party: Option<&RelyingParty>,
    reply: Reply<types::CredentialChallenge>,
) -> Result<Challenge, Error> {
    let (status, request_id) = (reply.status(), reply.request_id().map(str::to_owned));
    let unexpected = |detail: &'static str| {
        let error = Error::new(ErrorKind::UnexpectedReply, SendState::Accepted).with_provider(provider.clone()).with_status(status).with_detail(detail);
        match &request_id {
            Some(id) => error.with_request_id(id),
            None => error,
        }
    };
    if reply.tag() != create.kind.as_str() {
        return Err(unexpected("the challenge is for another kind of credential than was asked for"));
    }
    let Some((identifier, mut registration)) = registration(create.kind, &reply) else {
        return Err(unexpected("the reply holds no challenge to sign"));
    };
    if let Some(relying_party) = relying_party {
        registration = registration.with_relying_party(relying_party.clone());
    }
    let mut handle = ChallengeHandle::new(provider.clone(), Method::Credential(create.kind), identifier);
    if create.kind != CredentialKind::Fido2 {
        handle = handle.with_text_to_sign(registration.challenge().clone());
    }
    Ok(Challenge::new(handle).with_request_id(request_id.clone()).with_ignored(create.ignored).with_registration(registration).with_vendor(reply.into_inner()))
}

/// The challenge identifier, and what is to be signed.
fn registration(kind: CredentialKind, challenge: &types::CredentialChallenge) -> Option<(Secret, Registration)> {
    use types::CredentialChallenge as Challenge;
    macro_rules! parts {
        ($challenge:ident) => {
            (&$challenge.challenge_identifier, &$challenge.challenge, &$challenge.user, &$challenge.rp, &$challenge.pub_key_cred_params)
        };
    }
    let (identifier, text, user, rp, parameters) = match challenge {
        Challenge::Fido2(challenge) => parts!(challenge),
        Challenge::Key(challenge) => parts!(challenge),
        Challenge::PasswordProtectedKey(challenge) => parts!(challenge),
        Challenge::RecoveryKey(challenge) => parts!(challenge),
        Challenge::Password(_) | Challenge::Totp(_) | Challenge::Unknown(_) => return None,
    };
    let mut registration = Registration::new(kind, text.clone())
        .with_algorithms(parameters.iter().filter_map(|parameter| parameter.alg).collect())
        .with_options(options(challenge));
    if let Some(user) = user {
        let name = |name: &Option<Personal>| name.clone().unwrap_or_else(|| Personal::new(""));
        registration = registration.with_user(RegistrationUser { id: name(&user.id), name: name(&user.name), display_name: name(&user.display_name) });
    }
    if let Some(id) = rp.as_ref().and_then(|rp| rp.id.clone()) {
        let name = rp.as_ref().and_then(|rp| rp.name.clone()).unwrap_or_else(|| id.clone());
        registration = registration.with_relying_party(RelyingParty { id, name });
    }
    Some((identifier.clone(), registration))
}

/// All members of a challenge but those that are the vendor's own business.
fn options(challenge: &types::CredentialChallenge) -> Map<String, Value> {
    let Ok(Value::Object(mut members)) = serde_json::to_value(challenge) else { return Map::new() };
    for vendors_own in ["kind", "challengeIdentifier", "temporaryAuthenticationToken"] {
        members.remove(vendors_own);
    }
    members
}

/// Reads an error: under `error`, or bare as a gateway writes it.
pub(super) fn fault(status: u16, body: &Value) -> Fault {
    let error = if body["error"].is_object() { &body["error"] } else { body };
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let message = text(&error["message"]);
    // The vendor has no code for it: its words tell that the one-time code was not accepted.
    let words = message.as_deref().unwrap_or_default().to_ascii_lowercase();
    let is_bad_code =
        matches!(status, 400 | 403) && words.contains("code") && ["invalid", "expired", "used", "not found"].iter().any(|word| words.contains(word));
    Fault {
        kind: is_bad_code.then_some(ErrorKind::InvalidRequest),
        code: text(&error["code"]),
        request_id: text(&error["id"]),
        violations: if is_bad_code { vec![Violation::at_vendor(Some("code"), "code", "was not accepted")] } else { Vec::new() },
        message,
    }
}
