//! What a provider answers to a request for a challenge.

use std::{any::Any, fmt, sync::Arc, time::SystemTime};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{ChallengeHandle, CredentialKind, Field, Method, Personal, ProviderId, Secret, open_enum::open_enum};

open_enum! {
    /// Where a challenge stands.
    pub enum ChallengeStatus {
        Pending = "pending",
        Completed = "completed",
        Expired = "expired",
    }
}

/// A challenge that was made: a message is under way, or a credential can be created.
///
/// Keep its [`handle`](Self::handle) until the person answers. A challenge does not serialise, because it holds more than an application
/// should keep.
#[derive(Clone)]
pub struct Challenge {
    handle: ChallengeHandle,
    status: ChallengeStatus,
    request_id: Option<String>,
    ignored: Vec<Field>,
    registration: Option<Registration>,
    vendor: Option<Arc<dyn Any + Send + Sync>>,
}

impl Challenge {
    /// A pending challenge with this handle.
    pub fn new(handle: ChallengeHandle) -> Self {
        Self { handle, status: ChallengeStatus::Pending, request_id: None, ignored: Vec::new(), registration: None, vendor: None }
    }

    /// With a status.
    pub fn with_status(mut self, status: ChallengeStatus) -> Self {
        self.status = status;
        self
    }

    /// With the provider's id of the request.
    pub fn with_request_id(mut self, id: Option<String>) -> Self {
        self.request_id = id;
        self
    }

    /// With the fields of the request that the provider did not take.
    pub fn with_ignored(mut self, fields: Vec<Field>) -> Self {
        self.ignored = fields;
        self
    }

    /// With what a new credential has to answer.
    pub fn with_registration(mut self, registration: Registration) -> Self {
        self.registration = Some(registration);
        self
    }

    /// With the vendor's own reply.
    pub fn with_vendor<T: Any + Send + Sync>(mut self, reply: T) -> Self {
        self.vendor = Some(Arc::new(reply));
        self
    }

    /// What to keep until the person answers: bearer material, see [`ChallengeHandle`].
    pub fn handle(&self) -> &ChallengeHandle {
        &self.handle
    }

    /// The provider's id of the challenge; `None` for a credential challenge, whose identifier is a secret that lives in the handle alone.
    pub fn id(&self) -> Option<&str> {
        match self.method() {
            Method::Credential(_) => None,
            _ => Some(self.handle.challenge_id().expose()),
        }
    }

    /// The provider that made it.
    pub fn provider(&self) -> &ProviderId {
        self.handle.provider()
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.handle.method()
    }

    /// Where it stands; `Pending` where the vendor says nothing.
    pub fn status(&self) -> &ChallengeStatus {
        &self.status
    }

    /// When it expires, where the vendor says so.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.handle.expires_at()
    }

    /// The vendor's id of the request, for its support.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The fields of the request that this provider does not take.
    pub fn ignored(&self) -> &[Field] {
        &self.ignored
    }

    /// What a new credential has to answer, for [`Method::Credential`].
    pub fn registration(&self) -> Option<&Registration> {
        self.registration.as_ref()
    }

    /// The vendor's own reply, say `corbado::types::Challenge`; `None` if it is of another type.
    pub fn vendor<T: Any>(&self) -> Option<&T> {
        self.vendor.as_ref()?.downcast_ref()
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge")
            .field("handle", &self.handle)
            .field("status", &self.status)
            .field("expires_at", &self.expires_at())
            .field("request_id", &self.request_id)
            .field("ignored", &self.ignored)
            .finish_non_exhaustive()
    }
}

/// What a new passkey or key has to answer, the same for every vendor.
#[derive(Clone)]
pub struct Registration {
    kind: CredentialKind,
    challenge: Secret,
    user: Option<RegistrationUser>,
    relying_party: Option<RelyingParty>,
    algorithms: Vec<i64>,
    options: Map<String, Value>,
}

/// The user that a new credential belongs to, as the vendor names it.
#[derive(Clone, Debug)]
pub struct RegistrationUser {
    /// The vendor's id of the user.
    pub id: Personal,
    /// The user's name.
    pub name: Personal,
    /// The user's name as shown.
    pub display_name: Personal,
}

/// The site or app that a passkey is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RelyingParty {
    /// The domain, say `example.org`.
    pub id: String,
    /// The name as shown.
    pub name: String,
}

impl RelyingParty {
    /// A relying party by domain and name.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into() }
    }
}

impl Registration {
    /// What a credential of this kind has to sign.
    pub fn new(kind: CredentialKind, challenge: impl Into<Secret>) -> Self {
        Self { kind, challenge: challenge.into(), user: None, relying_party: None, algorithms: Vec::new(), options: Map::new() }
    }

    /// With the user that the credential belongs to.
    pub fn with_user(mut self, user: RegistrationUser) -> Self {
        self.user = Some(user);
        self
    }

    /// With the relying party.
    pub fn with_relying_party(mut self, relying_party: RelyingParty) -> Self {
        self.relying_party = Some(relying_party);
        self
    }

    /// With the COSE algorithms that are accepted, the best first.
    pub fn with_algorithms(mut self, algorithms: Vec<i64>) -> Self {
        self.algorithms = algorithms;
        self
    }

    /// With the further members of WebAuthn's creation options, as the vendor gave them.
    pub fn with_options(mut self, options: Map<String, Value>) -> Self {
        self.options = options;
        self
    }

    /// The kind of credential.
    pub fn kind(&self) -> CredentialKind {
        self.kind
    }

    /// The challenge to sign, as the vendor wrote it.
    pub fn challenge(&self) -> &Secret {
        &self.challenge
    }

    /// The user that the credential belongs to.
    pub fn user(&self) -> Option<&RegistrationUser> {
        self.user.as_ref()
    }

    /// The relying party, where the vendor names it.
    pub fn relying_party(&self) -> Option<&RelyingParty> {
        self.relying_party.as_ref()
    }

    /// The COSE algorithms that are accepted: -7 is ECDSA with P-256, -8 is EdDSA, -257 is RSA.
    pub fn algorithms(&self) -> &[i64] {
        &self.algorithms
    }

    /// The further members of WebAuthn's creation options.
    pub fn options(&self) -> &Map<String, Value> {
        &self.options
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").field("kind", &self.kind).field("algorithms", &self.algorithms).finish_non_exhaustive()
    }
}
