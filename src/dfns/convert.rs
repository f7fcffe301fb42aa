//! Neutral to Dfns and back; no I/O.

use serde_json::{Map, Value};

use super::types;
use crate::{
    Answer, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, Credential, CredentialAnswer, CredentialKind, Error, ErrorKind, Field, Method,
    MethodSupport, Personal, ProviderId, Reason, Registration, RegistrationUser, Rejected, RelyingParty, Reply, Secret, Verification, Verified, Violation,
    http::{Fault, NO_ID},
};

/// The operation that checks the one-time code.
pub(super) const CODE_INIT: &str = "credential_code_init";

/// The operation that takes an answer.
pub(super) const CODE_VERIFY: &str = "credential_code_verify";

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
    if reply.tag() != create.kind.as_str() {
        return Err(reply.unexpected(provider, "the challenge is for another kind of credential than was asked for"));
    }
    let Some((identifier, mut registration)) = registration(create.kind, &reply) else {
        return Err(reply.unexpected(provider, "the reply holds no challenge to sign"));
    };
    if identifier.is_empty() || registration.challenge().is_empty() {
        return Err(reply.unexpected(provider, NO_ID));
    }
    if let Some(relying_party) = relying_party {
        registration = registration.with_relying_party(relying_party.clone());
    }
    let mut handle = ChallengeHandle::new(provider.clone(), Method::Credential(create.kind), identifier);
    if create.kind != CredentialKind::Fido2 {
        handle = handle.with_text_to_sign(registration.challenge().clone());
    }
    let request_id = reply.request_id().map(str::to_owned);
    Ok(Challenge::new(handle).with_request_id(request_id).with_ignored(create.ignored).with_registration(registration).with_vendor(reply.into_inner()))
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

pub(super) fn verify(provider: &ProviderId, handle: &ChallengeHandle, answer: &Answer) -> Result<types::CodeVerifyRequest, Error> {
    handle.require_issuer(provider)?;
    let Some(credential) = answer.as_credential() else {
        return Err(Error::invalid(vec![Violation::new("answer", "expected a credential, not a code")]).with_provider(provider.clone()));
    };
    let mut violations = Vec::new();
    if handle.method().credential_kind() != Some(credential.kind()) {
        violations.push(Violation::at_vendor(Some("kind"), "credentialKind", format!("expected the kind that the challenge is for: {}", handle.method())));
    }
    let mut missing = |field: &'static str, vendor_field: &'static str, is_missing: bool| {
        if is_missing {
            violations.push(Violation::at_vendor(Some(field), vendor_field, "is required"));
        }
    };
    let key = credential.encrypted_private_key();
    missing("credential_name", "credentialName", credential.name().is_empty());
    missing("credential_id", "credentialInfo.credId", credential.credential_id().is_empty());
    missing("client_data", "credentialInfo.clientData", credential.client_data().is_empty());
    missing("attestation", "credentialInfo.attestationData", credential.attestation().is_empty());
    missing("encrypted_private_key", "encryptedPrivateKey", credential.kind() == CredentialKind::PasswordProtectedKey && key.is_none_or(Secret::is_empty));
    if key.is_some() && matches!(credential.kind(), CredentialKind::Fido2 | CredentialKind::Key) {
        violations.push(Violation::at_vendor(Some("encrypted_private_key"), "encryptedPrivateKey", "expected none for this kind of credential"));
    }
    let credential_name = types::CredentialName::try_from(credential.name());
    let (true, Ok(credential_name)) = (violations.is_empty(), credential_name) else {
        return Err(Error::invalid(violations).with_provider(provider.clone()));
    };
    let challenge_identifier = handle.challenge_id().clone();
    let credential_info = types::AttestedCredentialInfo {
        cred_id: credential.credential_id().to_owned(),
        client_data: credential.client_data().clone(),
        attestation_data: credential.attestation().clone(),
    };
    Ok(match credential.kind() {
        CredentialKind::Fido2 => types::Fido2Credential { credential_name, challenge_identifier, credential_info }.into(),
        CredentialKind::Key => types::KeyCredential { credential_name, challenge_identifier, credential_info }.into(),
        CredentialKind::PasswordProtectedKey => {
            let encrypted_private_key = key.cloned().unwrap_or_else(|| Secret::new(""));
            types::PasswordProtectedKeyCredential { credential_name, challenge_identifier, credential_info, encrypted_private_key }.into()
        }
        CredentialKind::RecoveryKey => {
            types::RecoveryKeyCredential { credential_name, challenge_identifier, credential_info, encrypted_private_key: key.cloned() }.into()
        }
    })
}

/// The vendor has no code for a wrong answer, so its words must do. Its documents have the first message, without a status; that the others
/// are worded so is inferred. All else is an error.
const REJECTIONS: &[(u16, &str, Reason)] = &[
    (400, "unable to verify signature", Reason::Other),
    (401, "unable to verify signature", Reason::Other),
    (403, "unable to verify signature", Reason::Other),
    (400, "challenge expired", Reason::Expired),
    (401, "challenge expired", Reason::Expired),
    (400, "challenge already used", Reason::AlreadyUsed),
    (409, "challenge already used", Reason::AlreadyUsed),
];

pub(super) fn verification(handle: &ChallengeHandle, reply: Result<Reply<types::Credential>, Error>) -> Result<Verification, Error> {
    let reply = match reply {
        Ok(reply) => reply,
        Err(error) => {
            return match error.rejection() {
                Some(reason) => Ok(Rejected::new(reason).with_request_id(error.request_id().map(str::to_owned)).into()),
                None if error.kind() == ErrorKind::NotFound => handle.unknown_to_vendor(error),
                None => Err(error),
            };
        }
    };
    let credential = Credential::new(reply.kind.as_str(), reply.credential_id.as_str())
        .with_vendor_id(reply.credential_uuid.clone())
        .with_public_key(reply.public_key.clone());
    let verified = Verified::new(handle.method()).with_credential(credential).with_request_id(reply.request_id().map(str::to_owned));
    Ok(verified.with_vendor(reply.into_inner()).into())
}

pub(super) fn answer_from_json(json: &str) -> Result<Answer, Error> {
    let invalid = |field: &'static str, vendor_field: &'static str, expected: &str| Violation::at_vendor(Some(field), vendor_field, expected);
    let Ok(value) = serde_json::from_str::<Value>(json) else {
        return Err(Error::invalid(vec![Violation::new("answer", "expected JSON")]));
    };
    let kind = value["credentialKind"].as_str().and_then(|kind| kind.parse::<CredentialKind>().ok());
    let mut violations = Vec::new();
    let mut text = |field: &'static str, vendor_field: &'static str, pointer: &str| {
        value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| {
            violations.push(invalid(field, vendor_field, "is required, as text"));
            ""
        })
    };
    let name = text("credential_name", "credentialName", "/credentialName");
    let credential_id = text("credential_id", "credentialInfo.credId", "/credentialInfo/credId");
    let client_data = text("client_data", "credentialInfo.clientData", "/credentialInfo/clientData");
    let attestation = text("attestation", "credentialInfo.attestationData", "/credentialInfo/attestationData");
    match kind {
        Some(_) if value.get("encryptedPrivateKey").is_some_and(|key| !key.is_string() && !key.is_null()) => {
            violations.push(invalid("encrypted_private_key", "encryptedPrivateKey", "expected a text"));
            Err(Error::invalid(violations))
        }
        Some(kind) if violations.is_empty() => {
            let answer = CredentialAnswer::new(kind, name, credential_id, client_data, attestation);
            let key = value["encryptedPrivateKey"].as_str();
            Ok(Answer::credential(match key {
                Some(key) => answer.with_encrypted_private_key(key),
                None => answer,
            }))
        }
        Some(_) => Err(Error::invalid(violations)),
        None => {
            violations.insert(0, invalid("kind", "credentialKind", &crate::UnknownCredentialKind.to_string()));
            Err(Error::invalid(violations))
        }
    }
}

/// Reads an error: under `error`, or bare as a gateway writes it.
pub(super) fn fault(operation: &str, status: u16, body: &Value) -> Fault {
    let error = if body["error"].is_object() { &body["error"] } else { body };
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let message = text(&error["message"]);
    // The vendor has no code for it: its words tell that the one-time code was not accepted.
    let words = message.as_deref().unwrap_or_default().to_ascii_lowercase();
    let is_bad_code = operation == CODE_INIT
        && matches!(status, 400 | 403)
        && words.contains("code")
        && ["invalid", "expired", "used", "not found"].iter().any(|word| words.contains(word));
    let words = words.trim_end_matches('.');
    let rejection = REJECTIONS.iter().find(|(of_status, message, _)| operation == CODE_VERIFY && *of_status == status && *message == words);
    Fault {
        kind: is_bad_code.then_some(ErrorKind::InvalidRequest),
        code: text(&error["code"]),
        request_id: text(&error["id"]),
        violations: if is_bad_code { vec![Violation::at_vendor(Some("code"), "code", "was not accepted")] } else { Vec::new() },
        message,
        rejection: rejection.map(|(.., reason)| *reason),
    }
}
