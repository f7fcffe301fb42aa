//! The operations of the three vendors under neutral names.

use std::{fmt, str::FromStr};

/// What a request asks for, the same name at every vendor.
///
/// | operation | Corbado | Authsignal | Dfns |
/// |---|---|---|---|
/// | `Create` | `POST /users/{userID}/challenges` | `POST /challenge` | `POST /auth/credentials/code/init` |
/// | `Verify` | `PATCH …/challenges/{challengeID}` | `POST /verify` | `POST /auth/credentials/code/verify` |
/// | `Claim`, `Validate`, `Active` | – | `POST /claim`, `POST /validate`, `GET /challenges` | – |
/// | `IssueCode`, `ActionInit`, `Action` | – | – | `POST /auth/credentials/code`, `/auth/action/init`, `/auth/action` |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Challenges a person.
    Create,
    /// Checks an answer.
    Verify,
    /// Ties a challenge to a user.
    Claim,
    /// Tells what a token stands for.
    Validate,
    /// Reads the active challenge.
    Active,
    /// Issues a one-time code for a new credential.
    IssueCode,
    /// Starts signing a user action.
    ActionInit,
    /// Trades a signed user action for its token.
    Action,
}

impl Operation {
    const ALL: [Self; 8] = [Self::Create, Self::Verify, Self::Claim, Self::Validate, Self::Active, Self::IssueCode, Self::ActionInit, Self::Action];

    /// The name in snake_case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Verify => "verify",
            Self::Claim => "claim",
            Self::Validate => "validate",
            Self::Active => "active",
            Self::IssueCode => "issue_code",
            Self::ActionInit => "action_init",
            Self::Action => "action",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The name of an operation that no double has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownOperation;

impl fmt::Display for UnknownOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected one of {}", Operation::ALL.map(Operation::as_str).join(", "))
    }
}

impl std::error::Error for UnknownOperation {}

impl FromStr for Operation {
    type Err = UnknownOperation;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|operation| operation.as_str() == name).ok_or(UnknownOperation)
    }
}
