//! What became of a call, for its span and for observers.

use crate::model::{Challenge, Error, Hop, Rejected, SendState, Verification, Verified};

/// Says what became of a call of a provider.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum CallOutcome<'a> {
    /// A challenge was made: a message was handed to the vendor, or a credential can be created.
    Created(&'a Challenge),
    /// The intent of the call had this challenge already, and nothing was sent.
    Repeated(&'a Challenge),
    /// A challenge was sent once more.
    Resent(&'a Challenge),
    /// The answer is right.
    Verified(&'a Verified),
    /// The answer is not right, by the vendor's word or a guard's.
    Rejected(&'a Rejected),
    /// The call failed.
    Failed(&'a Error),
    /// The call was dropped before its end: the time of its caller was up, or nobody waited any more.
    Dropped,
}

impl<'a> CallOutcome<'a> {
    /// Gives its name: `created`, `repeated`, `resent`, `verified`, `rejected`, `failed` or `dropped`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Created(_) => "created",
            Self::Repeated(_) => "repeated",
            Self::Resent(_) => "resent",
            Self::Verified(_) => "verified",
            Self::Rejected(_) => "rejected",
            Self::Failed(_) => "failed",
            Self::Dropped => "dropped",
        }
    }

    /// Says whether a failed call may have acted, by its error; a dropped one is [`SendState::Unknown`]. `None` for a call that succeeded or was rejected.
    pub fn send_state(&self) -> Option<SendState> {
        match self {
            Self::Failed(error) => Some(error.send_state()),
            Self::Dropped => Some(SendState::Unknown),
            _ => None,
        }
    }

    /// Lists who was asked or passed over before, in this call.
    pub fn hops(&self) -> &'a [Hop] {
        match self {
            Self::Created(challenge) | Self::Repeated(challenge) => challenge.hops(),
            Self::Failed(error) => error.hops(),
            _ => &[],
        }
    }
}

/// Tells what became of a call by what it gave.
pub(crate) trait Outcome {
    fn outcome(&self, is_resend: bool) -> CallOutcome<'_>;
}

impl Outcome for Challenge {
    fn outcome(&self, is_resend: bool) -> CallOutcome<'_> {
        match (self.is_repeated(), is_resend) {
            (true, _) => CallOutcome::Repeated(self),
            (false, true) => CallOutcome::Resent(self),
            (false, false) => CallOutcome::Created(self),
        }
    }
}

impl Outcome for Verification {
    fn outcome(&self, _: bool) -> CallOutcome<'_> {
        match self {
            Self::Verified(proof) => CallOutcome::Verified(proof),
            Self::Rejected(no) => CallOutcome::Rejected(no),
        }
    }
}

impl<T: Outcome> Outcome for Result<T, Error> {
    fn outcome(&self, is_resend: bool) -> CallOutcome<'_> {
        match self {
            Ok(done) => done.outcome(is_resend),
            Err(error) => CallOutcome::Failed(error),
        }
    }
}
