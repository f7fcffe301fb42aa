//! What an application does about an error or a rejected answer.

use std::fmt;

use super::{ErrorKind, SendState, Violation};
use crate::model::Field;

/// Says what an application does about an [`Error`](crate::Error) or a [`Rejected`](crate::Rejected) answer.
///
/// | advice | the application | when |
/// |---|---|---|
/// | `TryAgain` | shows the form again | the answer is rejected, and another one may be right |
/// | `FixInput` | shows the person's own fields that are wrong | [all of them](Violation::is_input) are: the recipient, a calling code that is not allowed, the answer, an empty code |
/// | `WaitThenRetry` | asks for a moment, [`Error::retry_after`](crate::Error::retry_after) where it is known | nothing was sent, for want of a connection or of time, or in an outage; the vendor, or a guard for a time, wants fewer requests |
/// | `OfferAgain` | tells that a message may be on its way, and offers to send again | a create or resend that the vendor may have acted on |
/// | `AskForNew` | offers a new challenge | the answer is rejected for good; a verification that the vendor may have acted on; a challenge that it does not know; a handle that cannot be used |
/// | `OurFault` | is sorry, and wakes an operator | all else: config, credentials, what is not supported, fields that the application has to give, a user that the vendor does not know, a refusal that names no field |
///
/// ```
/// use auth_challenge::{Advice, Error, ErrorKind, Field, Reason, Rejected, SendState, Violation};
///
/// let wrong = Rejected::new(Reason::WrongOrExpiredCode);
/// assert_eq!((wrong.advice().key(), wrong.advice().sentence()), ("try_again", "That code is not right. Please try again."));
///
/// let bad = Error::invalid(vec![Violation::new(Field::To, "expected a phone number in E.164 form")]);
/// assert_eq!(bad.advice(), Advice::FixInput);
///
/// let lost = Error::new(ErrorKind::Timeout, SendState::Unknown).with_operation("create");
/// assert_eq!(lost.advice(), Advice::OfferAgain);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Advice {
    /// Show the form again: that answer is not right.
    TryAgain,
    /// Show what the person entered and is wrong; [`Error::violations`](crate::Error::violations) names the fields.
    FixInput,
    /// Nothing was sent: let the person try again after [`Error::retry_after`](crate::Error::retry_after) or a moment.
    WaitThenRetry,
    /// A message may be on its way: say so, and offer to send again.
    OfferAgain,
    /// No answer to this challenge will do any more: offer a new one.
    AskForNew,
    /// The application, its config or its account is at fault: be sorry, and wake an operator.
    OurFault,
}

impl Advice {
    /// Lists all of them.
    pub const ALL: [Self; 6] = [Self::TryAgain, Self::FixInput, Self::WaitThenRetry, Self::OfferAgain, Self::AskForNew, Self::OurFault];

    /// Gives the name that never changes, for translations, logs and front ends: `try_again`, `fix_input` …
    pub const fn key(self) -> &'static str {
        match self {
            Self::TryAgain => "try_again",
            Self::FixInput => "fix_input",
            Self::WaitThenRetry => "wait_then_retry",
            Self::OfferAgain => "offer_again",
            Self::AskForNew => "ask_for_new",
            Self::OurFault => "our_fault",
        }
    }

    /// Gives an English sentence for the person. It names nothing that was entered.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::TryAgain => "That code is not right. Please try again.",
            Self::FixInput => "Please check what you entered.",
            Self::WaitThenRetry => "Please try again in a moment.",
            Self::OfferAgain => "It may be on its way already. If nothing comes, please ask for it again.",
            Self::AskForNew => "This cannot be used any more. Please ask for a new one.",
            Self::OurFault => "Sorry, something is wrong on our side. Please try again later.",
        }
    }

    /// Gives the advice on an error: by operation where something may have been done, else by kind, else by whose fields are wrong.
    pub(super) fn on(operation: Option<&str>, kind: ErrorKind, state: SendState, has_end: bool, violations: &[Violation]) -> Self {
        if state.may_have_acted() {
            return match operation {
                Some("create" | "resend") => Self::OfferAgain,
                Some("verify") => Self::AskForNew,
                _ => Self::OurFault,
            };
        }
        match kind {
            ErrorKind::Handle => Self::AskForNew,
            ErrorKind::NotFound if matches!(operation, Some("verify" | "resend")) => Self::AskForNew,
            ErrorKind::InvalidRequest if state == SendState::NotSent && is_of_the_handle(operation, violations) => Self::AskForNew,
            ErrorKind::RateLimited => Self::WaitThenRetry,
            ErrorKind::Throttled if has_end => Self::WaitThenRetry,
            // Where such a one was refused, that was an attempt before it.
            ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Interrupted | ErrorKind::Unavailable => Self::WaitThenRetry,
            _ if !violations.is_empty() && violations.iter().all(Violation::is_input) => Self::FixInput,
            _ => Self::OurFault,
        }
    }
}

/// Says whether what is wrong is what a handle holds: of an answer and a resend nothing else has these fields.
fn is_of_the_handle(operation: Option<&str>, violations: &[Violation]) -> bool {
    let is_within = |violation: &Violation| matches!(violation.field(), Some(Field::ChallengeId | Field::UserId));
    matches!(operation, Some("verify" | "resend")) && !violations.is_empty() && violations.iter().all(is_within)
}

/// Shows the [key](Self::key).
impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.key())
    }
}
