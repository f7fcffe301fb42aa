//! What a provider makes of an answer.

use std::{any::Any, fmt, sync::Arc};

use crate::model::{Advice, Method, Personal, RequestId};

/// Says what a provider makes of an answer. A wrong answer is not an error.
#[derive(Clone, Debug)]
#[must_use = "a rejected answer must not log anybody in"]
pub enum Verification {
    /// The answer is right.
    Verified(Verified),
    /// The answer is not right, or comes too late.
    Rejected(Rejected),
}

/// Proves who somebody is: the answer was right.
#[derive(Clone)]
pub struct Verified {
    method: Method,
    recipient: Option<Personal>,
    user_id: Option<Personal>,
    credential: Option<Credential>,
    request_id: Option<RequestId>,
    vendor: Option<Arc<dyn Any + Send + Sync>>,
}

impl Verified {
    /// Tells of a right answer to a challenge of this method.
    pub fn new(method: Method) -> Self {
        Self { method, recipient: None, user_id: None, credential: None, request_id: None, vendor: None }
    }

    /// Sets the recipient that the vendor's reply names.
    pub fn with_recipient(mut self, recipient: impl Into<Personal>) -> Self {
        self.recipient = Some(recipient.into());
        self
    }

    /// Sets the id of the user at the provider whose challenge it was.
    pub fn with_user_id(mut self, id: impl Into<Personal>) -> Self {
        self.user_id = Some(id.into());
        self
    }

    /// Sets the credential that now exists.
    pub fn with_credential(mut self, credential: Credential) -> Self {
        self.credential = Some(credential);
        self
    }

    /// Sets the vendor's id of the request, for its support.
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into().into());
        self
    }

    #[cfg(vendor)]
    pub(crate) fn with_vendors_request_id(mut self, id: Option<RequestId>) -> Self {
        self.request_id = id;
        self
    }

    /// Adds the vendor's own reply.
    pub fn with_vendor_reply<T: Any + Send + Sync>(mut self, reply: T) -> Self {
        self.vendor = Some(Arc::new(reply));
        self
    }

    /// Gives the e-mail address or phone number that was proven, **as the vendor's reply names it**; `None` where the reply names none. Log
    /// this one in, never the one in the form.
    pub fn recipient(&self) -> Option<&str> {
        self.recipient.as_ref().map(Personal::as_str)
    }

    /// Gives the method, as the vendor's reply names it, else as it was asked for.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Gives the provider's id of the user whose challenge was answered.
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_ref().map(Personal::as_str)
    }

    /// Gives the credential that now exists.
    pub fn credential(&self) -> Option<&Credential> {
        self.credential.as_ref()
    }

    /// Gives the vendor's id of the request, for its support.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_ref().map(RequestId::as_str)
    }

    /// Gives the vendor's own reply, say `authsignal::types::VerifyResponse`; `None` if it is of another type.
    pub fn vendor_reply<T: Any>(&self) -> Option<&T> {
        self.vendor.as_ref()?.downcast_ref()
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("method", &self.method).field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

/// Describes a credential as the vendor recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    kind: String,
    id: String,
    vendor_id: Option<String>,
    public_key: Option<String>,
}

impl Credential {
    /// Makes one of the vendor's name of its kind and its own id.
    pub fn new(kind: impl Into<String>, id: impl Into<String>) -> Self {
        Self { kind: kind.into(), id: id.into(), vendor_id: None, public_key: None }
    }

    /// Sets the id that the vendor gave it.
    pub fn with_vendor_id(mut self, id: Option<String>) -> Self {
        self.vendor_id = id;
        self
    }

    /// Sets its public key, as the vendor shows it.
    pub fn with_public_key(mut self, key: Option<String>) -> Self {
        self.public_key = key;
        self
    }

    /// Gives the kind, as the vendor names it, say `Fido2`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Gives the credential's own id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Gives the id that the vendor gave it, say `cr-…`.
    pub fn vendor_id(&self) -> Option<&str> {
        self.vendor_id.as_deref()
    }

    /// Gives the public key, as the vendor shows it.
    pub fn public_key(&self) -> Option<&str> {
        self.public_key.as_deref()
    }
}

/// Tells of an answer that proves nothing.
#[derive(Clone, Debug)]
pub struct Rejected {
    reason: Reason,
    request_id: Option<RequestId>,
}

/// Says why an answer was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The code is wrong, or right and too old; the vendors do not tell which.
    WrongOrExpiredCode,
    /// The challenge is too old: the vendor says so, or calls a code wrong after the handle's own expiry.
    Expired,
    /// There were too many wrong answers to this challenge.
    TooManyAttempts,
    /// The challenge was answered before.
    AlreadyUsed,
    /// Anything else that the vendor counts as a wrong answer.
    Other,
}

impl Reason {
    /// Lists all reasons that this release knows.
    pub const ALL: &'static [Self] = &[Self::WrongOrExpiredCode, Self::Expired, Self::TooManyAttempts, Self::AlreadyUsed, Self::Other];

    /// Gives the reason in snake_case, as logs and the command line show it.
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

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Rejected {
    /// Rejects for this reason.
    pub fn new(reason: Reason) -> Self {
        Self { reason, request_id: None }
    }

    /// Sets the vendor's id of the request, for its support.
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into().into());
        self
    }

    /// Says why.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// Says whether another answer to the same challenge may still be right, as far as the vendor tells; else the person needs a new challenge.
    /// Vendors that do not tell a wrong code from an old or used one let a person try on: offer "send again" beside it.
    pub fn may_try_again(&self) -> bool {
        self.reason == Reason::WrongOrExpiredCode
    }

    /// Says what the application does about it, and what it tells the person.
    pub fn advice(&self) -> Advice {
        if self.may_try_again() { Advice::TryAgain } else { Advice::AskForNew }
    }

    /// Gives the vendor's id of the request, for its support.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_ref().map(RequestId::as_str)
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
