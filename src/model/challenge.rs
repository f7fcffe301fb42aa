//! A challenge that a provider made.

use std::{any::Any, fmt, sync::Arc, time::SystemTime};

use crate::model::{ChallengeHandle, Field, Hop, Method, ProviderId, Registration, RequestId};

/// Says where a challenge stands. Open: a value that this release does not know arrives as `Unknown`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChallengeStatus {
    /// It waits for an answer.
    Pending,
    /// It was answered.
    Completed,
    /// It is too old.
    Expired,
    /// A value that this release does not know, as it came.
    Unknown(String),
}

impl ChallengeStatus {
    /// Gives the status in snake_case, as the command line shows it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::Completed => "completed",
            Self::Expired => "expired",
            Self::Unknown(status) => status,
        }
    }
}

impl From<&str> for ChallengeStatus {
    fn from(status: &str) -> Self {
        match status {
            "pending" => Self::Pending,
            "completed" => Self::Completed,
            "expired" => Self::Expired,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

impl fmt::Display for ChallengeStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Holds a challenge that was made: a message is under way, or a credential can be created.
///
/// Keep its [`handle`](Self::handle) until the person answers. A challenge does not serialise, because it holds more than an application
/// should keep.
#[derive(Clone)]
pub struct Challenge(Box<Parts>);

/// Stands by itself, so that a challenge is handed from layer to layer without a copy of it.
#[derive(Clone)]
struct Parts {
    handle: ChallengeHandle,
    status: ChallengeStatus,
    request_id: Option<RequestId>,
    ignored: Vec<Field>,
    hops: Vec<Hop>,
    registration: Option<Registration>,
    vendor: Option<Arc<dyn Any + Send + Sync>>,
    is_repeated: bool,
}

impl Challenge {
    /// Makes a pending challenge with this handle.
    pub fn new(handle: ChallengeHandle) -> Self {
        Self(Box::new(Parts {
            handle,
            status: ChallengeStatus::Pending,
            request_id: None,
            ignored: Vec::new(),
            hops: Vec::new(),
            registration: None,
            vendor: None,
            is_repeated: false,
        }))
    }

    /// Sets where it stands.
    pub fn with_status(mut self, status: ChallengeStatus) -> Self {
        self.0.status = status;
        self
    }

    /// Sets the vendor's id of the request, for its support.
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into().into());
        self
    }

    #[cfg(vendor)]
    pub(crate) fn with_vendors_request_id(mut self, id: Option<RequestId>) -> Self {
        self.0.request_id = id;
        self
    }

    /// Sets the fields of the request that the provider did not take.
    pub fn with_ignored(mut self, fields: Vec<Field>) -> Self {
        self.0.ignored = fields;
        self
    }

    /// Sets the providers that the call asked in vain, or passed over, before.
    pub fn with_hops(mut self, hops: Vec<Hop>) -> Self {
        self.0.hops = hops;
        self
    }

    /// Sets what a new credential has to sign.
    pub fn with_registration(mut self, registration: Registration) -> Self {
        self.0.registration = Some(registration);
        self
    }

    /// Adds the vendor's own reply.
    pub fn with_vendor_reply<T: Any + Send + Sync>(mut self, reply: T) -> Self {
        self.0.vendor = Some(Arc::new(reply));
        self
    }

    #[cfg(vendor)]
    #[cfg_attr(not(every_vendor), allow(dead_code, reason = "a vendor that is compiled out needs it"))]
    pub(crate) fn with_shared_vendor_reply<T: Any + Send + Sync>(mut self, reply: Arc<T>) -> Self {
        self.0.vendor = Some(reply);
        self
    }

    /// Tells that an earlier call made it.
    #[cfg(feature = "send-once")]
    pub(crate) fn repeated(mut self) -> Self {
        self.0.is_repeated = true;
        self
    }

    /// Gives what to keep until the person answers: bearer material, see [`ChallengeHandle`].
    pub fn handle(&self) -> &ChallengeHandle {
        &self.0.handle
    }

    /// Gives the provider's id of the challenge; `None` for a credential challenge, whose identifier is a secret that lives in the handle alone.
    pub fn id(&self) -> Option<&str> {
        match self.method() {
            Method::Credential(_) => None,
            _ => Some(self.0.handle.challenge_id().expose()),
        }
    }

    /// Gives the provider that made it.
    pub fn provider(&self) -> &ProviderId {
        self.0.handle.provider()
    }

    /// Gives the method.
    pub fn method(&self) -> Method {
        self.0.handle.method()
    }

    /// Says where it stands; `Pending` where the vendor says nothing.
    pub fn status(&self) -> &ChallengeStatus {
        &self.0.status
    }

    /// Says when it expires, where the vendor says so.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.0.handle.expires_at()
    }

    /// Gives the vendor's id of the request, for its support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_ref().map(RequestId::as_str)
    }

    /// Lists the fields of the request that this provider does not take.
    pub fn ignored(&self) -> &[Field] {
        &self.0.ignored
    }

    /// Lists the providers that the call asked in vain, or passed over, before.
    pub fn hops(&self) -> &[Hop] {
        &self.0.hops
    }

    /// Says whether an earlier call with the same intent had made it, so that this one sent nothing: by a `SendOnce` (feature `send-once`).
    pub fn is_repeated(&self) -> bool {
        self.0.is_repeated
    }

    /// Gives what a new credential has to sign, for [`Method::Credential`].
    pub fn registration(&self) -> Option<&Registration> {
        self.0.registration.as_ref()
    }

    /// Gives the vendor's own reply, say `corbado::types::Challenge`; `None` if it is of another type.
    pub fn vendor_reply<T: Any>(&self) -> Option<&T> {
        self.0.vendor.as_ref()?.downcast_ref()
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge")
            .field("handle", &self.0.handle)
            .field("status", &self.0.status)
            .field("expires_at", &self.expires_at())
            .field("request_id", &self.0.request_id)
            .field("ignored", &self.0.ignored)
            .finish_non_exhaustive()
    }
}
