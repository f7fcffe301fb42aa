//! The answer that a person gave, and what the provider makes of it.

use std::{any::Any, fmt, sync::Arc};

use serde_json::Value;

use crate::{CredentialKind, Error, Method, Personal, Secret, Violation, base64url};

/// What a person answered: a code, the token of a link, or a new credential.
///
/// ```
/// use auth_challenge::Answer;
/// assert_eq!(format!("{:?}", Answer::code("123456")), "Answer(***)");
/// ```
#[derive(Clone)]
pub struct Answer(Given);

#[derive(Clone)]
enum Given {
    Code(Secret),
    Credential(CredentialAnswer),
}

impl Answer {
    /// A one-time code as the person typed it; white space around it is taken off.
    pub fn code(code: impl Into<Secret>) -> Self {
        let code = code.into();
        let trimmed = code.expose().trim();
        Self(Given::Code(if trimmed.len() == code.expose().len() { code } else { Secret::new(trimmed) }))
    }

    /// The token of a link that the person followed.
    pub fn link(token: impl Into<Secret>) -> Self {
        Self::code(token)
    }

    /// A new credential.
    pub fn credential(answer: CredentialAnswer) -> Self {
        Self(Given::Credential(answer))
    }

    /// A new passkey, as `PublicKeyCredential.toJSON()` gives it in the browser, under a name for people to read.
    ///
    /// Padded and standard base64, as some wrappers on phones write it, is read too.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest), naming each member that is missing or not base64, never its content.
    pub fn from_webauthn_json(json: &str, name: impl Into<String>) -> Result<Self, Error> {
        let invalid = |field: &'static str, expected: &str| Error::invalid(vec![Violation::new(field, expected)]);
        let credential: Value = serde_json::from_str(json).map_err(|_| invalid("answer", "expected the JSON of PublicKeyCredential.toJSON()"))?;
        let mut violations = Vec::new();
        let mut member = |field: &'static str, pointer: &str| {
            let text = credential.pointer(pointer).and_then(Value::as_str).and_then(base64url::normalise).filter(|text| !text.is_empty());
            text.unwrap_or_else(|| {
                violations.push(Violation::new(field, "expected base64url"));
                String::new()
            })
        };
        let credential_id = member("answer.id", "/id");
        let client_data = member("answer.response.clientDataJSON", "/response/clientDataJSON");
        let attestation = member("answer.response.attestationObject", "/response/attestationObject");
        let answer = CredentialAnswer::new(CredentialKind::Fido2, name, credential_id, client_data, attestation);
        if answer.name.is_empty() {
            violations.push(Violation::new("credential_name", "is empty"));
        }
        if violations.is_empty() { Ok(Self::credential(answer)) } else { Err(Error::invalid(violations)) }
    }

    /// The code, where the answer is one.
    pub fn as_code(&self) -> Option<&Secret> {
        match &self.0 {
            Given::Code(code) => Some(code),
            Given::Credential(_) => None,
        }
    }

    /// The credential, where the answer is one.
    pub fn as_credential(&self) -> Option<&CredentialAnswer> {
        match &self.0 {
            Given::Code(_) => None,
            Given::Credential(answer) => Some(answer),
        }
    }

    /// The code, or the error for a provider that wants one.
    pub(crate) fn require_code(&self, vendor_field: &'static str) -> Result<&Secret, Error> {
        let invalid = |message: &str| Err(Error::invalid(vec![Violation::at_vendor(Some("code"), vendor_field, message)]));
        match self.as_code() {
            Some(code) if !code.is_empty() => Ok(code),
            Some(_) => invalid("is empty"),
            None => invalid("expected a code, not a credential"),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer(***)")
    }
}

/// A new passkey or key with its signed challenge; binary members are base64url without padding.
#[derive(Clone)]
pub struct CredentialAnswer {
    kind: CredentialKind,
    name: String,
    credential_id: String,
    client_data: Secret,
    attestation: Secret,
    encrypted_private_key: Option<Secret>,
}

impl CredentialAnswer {
    /// A credential of a kind, under a name for people to read, with what it signed (`client_data`) and its proof (`attestation`).
    pub fn new(
        kind: CredentialKind,
        name: impl Into<String>,
        credential_id: impl Into<String>,
        client_data: impl Into<Secret>,
        attestation: impl Into<Secret>,
    ) -> Self {
        Self {
            kind,
            name: name.into(),
            credential_id: credential_id.into(),
            client_data: client_data.into(),
            attestation: attestation.into(),
            encrypted_private_key: None,
        }
    }

    /// With the private key, encrypted by you, that the vendor keeps for the user.
    pub fn with_encrypted_private_key(mut self, key: impl Into<Secret>) -> Self {
        self.encrypted_private_key = Some(key.into());
        self
    }

    /// The kind of credential.
    pub fn kind(&self) -> CredentialKind {
        self.kind
    }

    /// The name, for people to read.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The credential's id.
    pub fn credential_id(&self) -> &str {
        &self.credential_id
    }

    /// What was signed.
    pub fn client_data(&self) -> &Secret {
        &self.client_data
    }

    /// The proof: a WebAuthn attestation object, or public key and signature.
    pub fn attestation(&self) -> &Secret {
        &self.attestation
    }

    /// The encrypted private key, if given.
    pub fn encrypted_private_key(&self) -> Option<&Secret> {
        self.encrypted_private_key.as_ref()
    }
}

impl From<CredentialAnswer> for Answer {
    fn from(answer: CredentialAnswer) -> Self {
        Self::credential(answer)
    }
}

impl fmt::Debug for CredentialAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialAnswer").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What a provider makes of an answer. A wrong answer is not an error.
#[derive(Clone, Debug)]
#[must_use = "a rejected answer must not log anybody in"]
pub enum Verification {
    /// The answer is right.
    Verified(Verified),
    /// The answer is not right, or comes too late.
    Rejected(Rejected),
}

/// A right answer, and whom it proves.
#[derive(Clone)]
pub struct Verified {
    method: Method,
    address: Option<Personal>,
    user_id: Option<Personal>,
    credential: Option<Credential>,
    request_id: Option<String>,
    vendor: Option<Arc<dyn Any + Send + Sync>>,
}

impl Verified {
    /// A right answer to a challenge of this method.
    pub fn new(method: Method) -> Self {
        Self { method, address: None, user_id: None, credential: None, request_id: None, vendor: None }
    }

    /// With the address that the vendor's reply names.
    pub fn with_address(mut self, address: impl Into<Personal>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// With the id of the user at the provider whose challenge it was.
    pub fn with_user_id(mut self, id: impl Into<Personal>) -> Self {
        self.user_id = Some(id.into());
        self
    }

    /// With the credential that now exists.
    pub fn with_credential(mut self, credential: Credential) -> Self {
        self.credential = Some(credential);
        self
    }

    /// With the provider's id of the request.
    pub fn with_request_id(mut self, id: Option<String>) -> Self {
        self.request_id = id;
        self
    }

    /// With the vendor's own reply.
    pub fn with_vendor<T: Any + Send + Sync>(mut self, reply: T) -> Self {
        self.vendor = Some(Arc::new(reply));
        self
    }

    /// The address that was proven, **as the vendor's reply names it**; `None` where the reply names none. Log this one in, never the one
    /// in the form.
    pub fn address(&self) -> Option<&str> {
        self.address.as_ref().map(Personal::as_str)
    }

    /// The method, as the vendor's reply names it, else as it was asked for.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The provider's id of the user whose challenge was answered (Corbado).
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_ref().map(Personal::as_str)
    }

    /// The credential that now exists (Dfns).
    pub fn credential(&self) -> Option<&Credential> {
        self.credential.as_ref()
    }

    /// The vendor's id of the request, for its support.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The vendor's own reply, say `authsignal::types::VerifyResponse`; `None` if it is of another type.
    pub fn vendor<T: Any>(&self) -> Option<&T> {
        self.vendor.as_ref()?.downcast_ref()
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("method", &self.method).field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

/// A credential as the vendor recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    kind: String,
    id: String,
    vendor_id: Option<String>,
    public_key: Option<String>,
}

impl Credential {
    /// A credential by the vendor's name of its kind and its own id.
    pub fn new(kind: impl Into<String>, id: impl Into<String>) -> Self {
        Self { kind: kind.into(), id: id.into(), vendor_id: None, public_key: None }
    }

    /// With the id that the vendor gave it.
    pub fn with_vendor_id(mut self, id: Option<String>) -> Self {
        self.vendor_id = id;
        self
    }

    /// With its public key, as the vendor shows it.
    pub fn with_public_key(mut self, key: Option<String>) -> Self {
        self.public_key = key;
        self
    }

    /// The kind, as the vendor names it, say `Fido2`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The credential's own id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The id that the vendor gave it, say `cr-…`.
    pub fn vendor_id(&self) -> Option<&str> {
        self.vendor_id.as_deref()
    }

    /// The public key, as the vendor shows it.
    pub fn public_key(&self) -> Option<&str> {
        self.public_key.as_deref()
    }
}

/// An answer that proves nothing.
#[derive(Clone, Debug)]
pub struct Rejected {
    reason: Reason,
    request_id: Option<String>,
}

/// Why an answer was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The code is wrong, or right and too old; the vendors do not tell which.
    WrongOrExpiredCode,
    /// The challenge is too old.
    Expired,
    /// There were too many wrong answers to this challenge.
    TooManyAttempts,
    /// The challenge was answered before.
    AlreadyUsed,
    /// Anything else that the vendor counts as a wrong answer.
    Other,
}

impl Reason {
    /// The reason in snake_case, as logs and the command line show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WrongOrExpiredCode => "wrong_or_expired_code",
            Self::Expired => "expired",
            Self::TooManyAttempts => "too_many_attempts",
            Self::AlreadyUsed => "already_used",
            Self::Other => "other",
        }
    }
}

impl Rejected {
    /// A rejection for this reason.
    pub fn new(reason: Reason) -> Self {
        Self { reason, request_id: None }
    }

    /// With the provider's id of the request.
    pub fn with_request_id(mut self, id: Option<String>) -> Self {
        self.request_id = id;
        self
    }

    /// Why.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// Whether another answer to the same challenge may still be right, as far as the vendor tells; else the person needs a new challenge.
    /// Vendors that do not tell a wrong code from an old or used one let a person try on: offer "send again" beside it.
    pub fn may_try_again(&self) -> bool {
        self.reason == Reason::WrongOrExpiredCode
    }

    /// The vendor's id of the request, for its support.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

impl From<Verified> for Verification {
    fn from(verified: Verified) -> Self {
        Self::Verified(verified)
    }
}

impl From<Rejected> for Verification {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}
