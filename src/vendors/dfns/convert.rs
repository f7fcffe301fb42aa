//! Neutral to Dfns and back; no I/O.

#[cfg(feature = "dfns-keys")]
use std::time::{Duration, SystemTime};
use std::{borrow::Cow, sync::Arc};

use serde_json::{Map, Value};

use super::types;
use crate::{
    model::{
        Answer, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, Credential, CredentialAnswer, CredentialKind, Error, ErrorKind, Field, Method,
        MethodSupport, ParseCredentialKindError, Personal, ProviderId, Reason, Registration, RegistrationUser, RelyingParty, Secret, Verification, Verified,
        Violation, webauthn::Details,
    },
    transport::{ErrorReply, Failure, Reply},
    vendors::{
        field_names::FieldNames,
        shared::{NO_ID, rejection, text},
    },
};

const REQUIRED: &[Field] = &[Field::Code];

const METHODS: &[MethodSupport] = &[
    MethodSupport::of(Method::Credential(CredentialKind::Fido2), REQUIRED, &[]),
    MethodSupport::of(Method::Credential(CredentialKind::Key), REQUIRED, &[]),
    MethodSupport::of(Method::Credential(CredentialKind::PasswordProtectedKey), REQUIRED, &[]),
    MethodSupport::of(Method::Credential(CredentialKind::RecoveryKey), REQUIRED, &[]),
];

pub(super) const CAPABILITIES: Capabilities = Capabilities::of(METHODS);

const FIELDS: FieldNames = FieldNames(&[
    (Field::Code, "code"),
    (Field::Kind, "credentialKind"),
    (Field::CredentialName, "credentialName"),
    (Field::CredentialId, "credentialInfo.credId"),
    (Field::ClientData, "credentialInfo.clientData"),
    (Field::Attestation, "credentialInfo.attestationData"),
    (Field::EncryptedPrivateKey, "encryptedPrivateKey"),
]);

/// Names a field as we and as the vendor call it.
fn violation(field: Field, expected: impl Into<Cow<'static, str>>) -> Violation {
    Violation::at_vendor(Some(field), FIELDS.vendors(field).unwrap_or_default(), expected)
}

/// Tells of an answer of another kind, which is as much the person's as its other parts; the kind of a request is the application's.
fn wrong_kind(expected: String) -> Violation {
    Violation::at_vendor(Some(Field::Answer), "credentialKind", expected)
}

/// Holds a create, ready to be sent.
pub(super) struct Create {
    pub(super) kind: CredentialKind,
    pub(super) body: types::CodeInitRequest,
    pub(super) ignored: Vec<Field>,
}

pub(super) fn check(provider: &ProviderId, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
    let mut findings = CAPABILITIES.find(provider, request)?;
    findings.name_fields(|field| FIELDS.vendors(field));
    findings.conclude()
}

pub(super) fn create(provider: &ProviderId, request: &ChallengeRequest) -> Result<Create, Error> {
    let ignored = check(provider, request)?;
    let kind = request.method().credential_kind().unwrap_or(CredentialKind::Fido2);
    let code = request.code().cloned().unwrap_or_else(|| Secret::new(""));
    Ok(Create { kind, body: types::CodeInitRequest { credential_kind: types::CredentialKind::from(kind.as_str()), code }, ignored })
}

/// Asks for a code that is good for this long from now.
#[cfg(feature = "dfns-keys")]
pub(super) fn code_request(now: SystemTime, lifetime: Duration) -> Result<types::CredentialCodeRequest, Error> {
    let in_range = (Duration::from_secs(1)..=Duration::from_secs(60)).contains(&lifetime);
    let end = now.checked_add(lifetime).filter(|_| in_range);
    let end = end.ok_or_else(|| Error::invalid(vec![Violation::at_vendor(Some(Field::Lifetime), "expiration", "expected from 1 s to 1 min")]))?;
    Ok(types::CredentialCodeRequest { expiration: types::CredentialCodeRequestExpiration::String(humantime::format_rfc3339_millis(end).to_string()) })
}

pub(super) fn challenge(
    provider: &ProviderId,
    kind: CredentialKind,
    ignored: Vec<Field>,
    relying_party: Option<&RelyingParty>,
    reply: Reply<types::CredentialChallenge>,
) -> Result<Challenge, Error> {
    if reply.tag() != kind.as_str() {
        return Err(reply.unusable("the challenge is for another kind of credential than was asked for"));
    }
    let Some(Parts { identifier, text, .. }) = parts(&reply) else {
        return Err(reply.unusable("the reply holds no challenge to sign"));
    };
    if identifier.is_empty() || text.is_empty() {
        return Err(reply.unusable(NO_ID));
    }
    let text = text.clone();
    let mut handle = ChallengeHandle::new(provider.clone(), Method::Credential(kind), identifier.clone());
    if kind != CredentialKind::Fido2 {
        handle = handle.with_text_to_sign(text.clone());
    }
    let relying_party = relying_party.cloned();
    let (reply, request_id) = reply.apart();
    let reply = Arc::new(reply);
    let told = Arc::clone(&reply);
    let registration = Registration::of(kind, text, move || details(&told, relying_party));
    Ok(Challenge::new(handle).with_vendors_request_id(request_id).with_ignored(ignored).with_registration(registration).with_shared_vendor_reply(reply))
}

/// Lists what the challenges of all kinds have.
struct Parts<'a> {
    identifier: &'a Secret,
    text: &'a Secret,
    user: Option<&'a types::ChallengeUser>,
    rp: Option<&'a types::RelyingParty>,
    parameters: &'a [types::PublicKeyCredentialParameters],
}

/// Gives the parts of a challenge, where it is of a kind that is offered.
fn parts(challenge: &types::CredentialChallenge) -> Option<Parts<'_>> {
    use types::CredentialChallenge as Challenge;
    macro_rules! of {
        ($kind:ident) => {
            Some(Parts {
                identifier: &$kind.challenge_identifier,
                text: &$kind.challenge,
                user: $kind.user.as_ref(),
                rp: $kind.rp.as_ref(),
                parameters: &$kind.pub_key_cred_params,
            })
        };
    }
    match challenge {
        Challenge::Fido2(kind) => of!(kind),
        Challenge::Key(kind) => of!(kind),
        Challenge::PasswordProtectedKey(kind) => of!(kind),
        Challenge::RecoveryKey(kind) => of!(kind),
        Challenge::Password(_) | Challenge::Totp(_) | Challenge::Unknown(_) => None,
    }
}

/// Gives what a challenge tells beside the text to sign. A relying party of the config's goes before the vendor's.
fn details(challenge: &types::CredentialChallenge, relying_party: Option<RelyingParty>) -> Details {
    let Some(Parts { user, rp, parameters, .. }) = parts(challenge) else { return Details::default() };
    let name = |name: &Option<Personal>| name.clone().unwrap_or_else(|| Personal::new(""));
    let vendors = || {
        let rp = rp?;
        let id = rp.id.clone()?;
        let name = rp.name.clone().unwrap_or_else(|| id.clone());
        Some(RelyingParty { id, name })
    };
    Details {
        user: user.map(|user| RegistrationUser { id: name(&user.id), name: name(&user.name), display_name: name(&user.display_name) }),
        relying_party: relying_party.or_else(vendors),
        algorithms: parameters.iter().map(|parameter| parameter.alg).collect(),
        options: options(challenge),
    }
}

/// Gives all members of a challenge but those that are the vendor's own business.
fn options(challenge: &types::CredentialChallenge) -> Map<String, Value> {
    let Ok(Value::Object(mut members)) = serde_json::to_value(challenge) else { return Map::new() };
    // A browser takes null for a value, and most members have none that is.
    members.retain(|name, member| !member.is_null() && !["kind", "challengeIdentifier", "temporaryAuthenticationToken"].contains(&name.as_str()));
    members
}

pub(super) fn verify(provider: &ProviderId, handle: &ChallengeHandle, answer: &Answer) -> Result<types::CodeVerifyRequest, Error> {
    handle.require_issuer(provider)?;
    let Some(credential) = answer.as_credential() else {
        return Err(Error::invalid(vec![Violation::new(Field::Answer, "expected a credential, not a code")]));
    };
    let mut violations = Vec::new();
    if handle.method().credential_kind() != Some(credential.kind()) {
        violations.push(wrong_kind(format!("expected the kind that the challenge is for: {}", handle.method())));
    }
    let key = credential.encrypted_private_key();
    let missing = [
        (Field::CredentialName, credential.name().is_empty()),
        (Field::CredentialId, credential.credential_id().is_empty()),
        (Field::ClientData, credential.client_data().is_empty()),
        (Field::Attestation, credential.attestation().is_empty()),
        (Field::EncryptedPrivateKey, credential.kind() == CredentialKind::PasswordProtectedKey && key.is_none_or(Secret::is_empty)),
    ];
    violations.extend(missing.into_iter().filter(|(_, is_missing)| *is_missing).map(|(field, _)| violation(field, "is required")));
    if key.is_some() && matches!(credential.kind(), CredentialKind::Fido2 | CredentialKind::Key) {
        violations.push(violation(Field::EncryptedPrivateKey, "expected none for this kind of credential"));
    }
    let credential_name = types::CredentialName::try_from(credential.name());
    let (true, Ok(credential_name)) = (violations.is_empty(), credential_name) else {
        return Err(Error::invalid(violations));
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

/// Lists the vendor's words for a wrong answer, for which it has no code. Its documents have the first message, without a status; that the others
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

pub(super) fn verification(handle: &ChallengeHandle, answer: &Answer, outcome: Result<Reply<types::Credential>, Failure>) -> Result<Verification, Error> {
    let reply = match outcome {
        Ok(reply) => reply,
        Err(failure) => return rejection(failure, handle, |error| error.kind() == ErrorKind::NotFound),
    };
    let is_answered =
        answer.as_credential().is_some_and(|answer| answer.kind().as_str() == reply.kind.as_str() && answer.credential_id() == reply.credential_id);
    if !is_answered {
        return Err(reply.unusable("the reply is about another credential than the one that was given"));
    }
    if reply.is_active == Some(false) {
        return Err(reply.unusable("the credential is there, but not active"));
    }
    let (reply, request_id) = reply.apart();
    let credential = Credential::new(reply.kind.as_str(), reply.credential_id.as_str())
        .with_vendor_id(reply.credential_uuid.clone())
        .with_public_key(reply.public_key.clone());
    Ok(Verified::new(handle.method()).with_credential(credential).with_vendors_request_id(request_id).with_vendor_reply(reply).into())
}

pub(super) fn answer_from_json(json: &str) -> Result<Answer, Error> {
    let Ok(value) = serde_json::from_slice::<Value>(json.as_bytes()) else {
        return Err(Error::invalid(vec![Violation::new(Field::Answer, "expected JSON")]));
    };
    let kind = value["credentialKind"].as_str().and_then(|kind| CredentialKind::ALL.into_iter().find(|known| known.as_str() == kind));
    let mut violations = Vec::new();
    let mut text = |field: Field, pointer: &str| {
        value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| {
            violations.push(violation(field, "is required, as text"));
            ""
        })
    };
    let name = text(Field::CredentialName, "/credentialName");
    let credential_id = text(Field::CredentialId, "/credentialInfo/credId");
    let client_data = text(Field::ClientData, "/credentialInfo/clientData");
    let attestation = text(Field::Attestation, "/credentialInfo/attestationData");
    if value.get("encryptedPrivateKey").is_some_and(|key| !key.is_string() && !key.is_null()) {
        violations.push(violation(Field::EncryptedPrivateKey, "expected a text"));
    }
    let Some(kind) = kind else {
        violations.insert(0, wrong_kind(ParseCredentialKindError.to_string()));
        return Err(Error::invalid(violations));
    };
    if !violations.is_empty() {
        return Err(Error::invalid(violations));
    }
    let answer = CredentialAnswer::new(kind, name, credential_id, client_data, attestation);
    Ok(Answer::credential(match value["encryptedPrivateKey"].as_str() {
        Some(key) => answer.with_encrypted_private_key(key),
        None => answer,
    }))
}

/// Reads an error: under `error`, or bare as a gateway writes it.
pub(super) fn error(body: &Value) -> ErrorReply {
    let error = if body["error"].is_object() { &body["error"] } else { body };
    ErrorReply { code: text(&error["code"]), request_id: text(&error["id"]), message: text(&error["message"]), ..ErrorReply::default() }
}

/// Reads an error of a one-time code. The vendor has no code for one that it does not accept: its words tell.
pub(super) fn init_error(status: u16, body: &Value) -> ErrorReply {
    let said = error(body);
    if matches!(status, 400 | 403) && said.message.as_deref().is_some_and(refuses_code) {
        ErrorReply { kind: Some(ErrorKind::InvalidRequest), violations: vec![violation(Field::Code, "was not accepted: wrong, used or too old")], ..said }
    } else {
        said
    }
}

/// Says whether a sentence is about a code that is not accepted. One with a number behind the word is about the code of an error, and what has quotes is a program's.
fn refuses_code(sentence: &str) -> bool {
    let sentence = sentence.to_ascii_lowercase();
    let (mut before, mut is_about_code, mut is_refused) = ("", false, false);
    for word in sentence.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        match (before, word) {
            (_, "code") => is_about_code = true,
            (_, "invalid" | "expired" | "used") | ("not", "found") => is_refused = true,
            ("code", number) if number.bytes().all(|byte| byte.is_ascii_digit()) => return false,
            _ => {}
        }
        before = word;
    }
    is_about_code && is_refused && !sentence.contains(['"', '{'])
}

/// Reads an error of an answer.
pub(super) fn verify_error(status: u16, body: &Value) -> ErrorReply {
    let said = error(body);
    let words = said.message.as_deref().unwrap_or_default().to_ascii_lowercase();
    let words = words.trim_end_matches('.');
    let rejection = REJECTIONS.iter().find(|(of_status, message, _)| *of_status == status && *message == words);
    ErrorReply { rejection: rejection.map(|(.., reason)| *reason), ..said }
}
