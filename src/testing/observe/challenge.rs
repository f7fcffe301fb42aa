//! What a double knows of its challenges.

use std::{fmt, time::SystemTime};

use super::Entries;
use crate::model::{Method, Personal, Secret};

/// Shows a challenge that a double made.
#[derive(Clone)]
pub struct KnownChallenge {
    pub(in crate::testing) id: Secret,
    pub(in crate::testing) method: Option<Method>,
    pub(in crate::testing) to: Option<Personal>,
    pub(in crate::testing) state: ChallengeState,
    pub(in crate::testing) wrong_answers: u32,
    pub(in crate::testing) created_at: SystemTime,
    pub(in crate::testing) expires_at: SystemTime,
}

impl KnownChallenge {
    /// Gives the vendor's id of it.
    pub fn id(&self) -> &str {
        self.id.expose()
    }

    /// Gives the method; `None` for a kind of credential that [`Method`] does not have.
    pub fn method(&self) -> Option<Method> {
        self.method
    }

    /// Gives the recipient of its messages; `None` where nothing is sent.
    pub fn recipient(&self) -> Option<&str> {
        self.to.as_ref().map(Personal::as_str)
    }

    /// Tells what became of it, by the double's clock.
    pub fn state(&self) -> ChallengeState {
        self.state
    }

    /// Counts the wrong codes that it was given.
    pub fn wrong_answers(&self) -> u32 {
        self.wrong_answers
    }

    /// Tells when it was made, by the double's clock.
    pub fn created_at(&self) -> SystemTime {
        self.created_at
    }

    /// Tells when it expires, by the double's clock.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }
}

/// Shows method and state alone.
impl fmt::Debug for KnownChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownChallenge").field("method", &self.method).field("state", &self.state).finish_non_exhaustive()
    }
}

/// Says what became of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChallengeState {
    /// It waits for its answer.
    Pending,
    /// It got the right answer.
    Verified,
    /// Its time is over.
    Expired,
    /// It got too many wrong answers.
    TooManyAttempts,
    /// It was called off.
    Canceled,
}

impl ChallengeState {
    /// Gives the name in snake_case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Verified => "verified",
            Self::Expired => "expired",
            Self::TooManyAttempts => "too_many_attempts",
            Self::Canceled => "canceled",
        }
    }
}

impl fmt::Display for ChallengeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The challenges that a double made until now, the oldest first.
pub type Challenges = Entries<KnownChallenge>;
