//! What a provider answers to a request for a challenge.

use std::{any::Any, fmt, sync::Arc, time::SystemTime};

use crate::{ChallengeHandle, Field, Method, ProviderId, Registration, open_enum::open_enum};

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
