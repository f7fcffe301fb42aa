//! What a page tells where something did not work: the crate's advice as a sentence, and as an HTTP status.

use std::time::Duration;

use auth_challenge::{Advice, Error, ErrorKind, Field, Rejected, Violation};
use aws_lc_rs::error::Unspecified;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};

use crate::{pages::seconds, store::StoreError, webauthn::Refused};

/// What somebody is told, and what the status says.
#[derive(Clone)]
pub struct Told {
    pub sentence: String,
    /// For scripts and translations.
    pub key: &'static str,
    pub status: StatusCode,
    pub retry_after: Option<Duration>,
    /// What the person entered and is wrong.
    pub inputs: Vec<Input>,
}

/// What people enter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Input {
    Name,
    To,
    Code,
}

impl Input {
    fn of(field: Field) -> Option<Self> {
        match field {
            Field::To => Some(Self::To),
            Field::Code => Some(Self::Code),
            _ => None,
        }
    }
}

impl Told {
    pub fn new(status: StatusCode, key: &'static str, sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), key, status, retry_after: None, inputs: Vec::new() }
    }

    fn advised(advice: Advice, status: StatusCode) -> Self {
        Self::new(status, advice.key(), advice.sentence())
    }

    /// Somebody has to look at the log.
    pub fn our_fault() -> Self {
        Self::advised(Advice::OurFault, StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What was typed is wrong.
    pub fn invalid(sentence: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, Advice::FixInput.key(), sentence)
    }

    /// What was typed here is wrong.
    pub fn invalid_at(input: Input, sentence: &str) -> Self {
        Self { inputs: vec![input], ..Self::invalid(sentence) }
    }

    /// No page of this site sends such a request.
    pub fn not_readable(status: StatusCode) -> Self {
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(status, "too_long", "That was longer than anything that is asked for here."),
            _ => Self::new(status, "not_readable", "That address or that form is not as this site makes it. Please start again."),
        }
    }

    pub fn no_such_page() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is no such page.")
    }

    /// There was a step before this one, and nothing of it is known.
    pub fn started_too_long_ago() -> Self {
        Self::new(StatusCode::GONE, "start_again", "That took too long, or was started in another browser. Please start again.")
    }

    /// Sets the status of a reply, and when to come back.
    pub fn mark(&self, response: &mut Response) {
        *response.status_mut() = self.status;
        if let Some(pause) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds(pause)));
        }
    }
}

impl From<Rejected> for Told {
    fn from(rejected: Rejected) -> Self {
        match rejected.advice() {
            Advice::TryAgain => Self { inputs: vec![Input::Code], ..Self::advised(Advice::TryAgain, StatusCode::UNPROCESSABLE_ENTITY) },
            advice => Self::advised(advice, StatusCode::GONE),
        }
    }
}

impl From<Error> for Told {
    fn from(error: Error) -> Self {
        let advice = error.advice();
        let status = match (advice, error.kind()) {
            (Advice::TryAgain | Advice::FixInput, _) => StatusCode::UNPROCESSABLE_ENTITY,
            (Advice::WaitThenRetry, ErrorKind::RateLimited | ErrorKind::Throttled) => StatusCode::TOO_MANY_REQUESTS,
            (Advice::WaitThenRetry, _) => StatusCode::SERVICE_UNAVAILABLE,
            (Advice::AskForNew, _) if !error.send_state().may_have_acted() => StatusCode::GONE,
            (Advice::OfferAgain | Advice::AskForNew, ErrorKind::Timeout) => StatusCode::GATEWAY_TIMEOUT,
            (Advice::OfferAgain | Advice::AskForNew, _) => StatusCode::BAD_GATEWAY,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        // No error of the crate quotes a person or a secret.
        match advice {
            Advice::OurFault => tracing::error!(%error, "somebody has to look at this"),
            _ => tracing::info!(%error, advice = advice.key(), "a challenge failed"),
        }
        let inputs = error.violations().iter().filter(|violation| violation.is_input()).filter_map(Violation::field).filter_map(Input::of).collect();
        Self { retry_after: error.retry_after(), inputs, ..Self::advised(advice, status) }
    }
}

impl From<StoreError> for Told {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "somebody has to look at this");
        Self::our_fault()
    }
}

/// There are no random numbers.
impl From<Unspecified> for Told {
    fn from(_: Unspecified) -> Self {
        tracing::error!("the system gives no random numbers");
        Self::our_fault()
    }
}

impl From<Refused> for Told {
    fn from(refused: Refused) -> Self {
        tracing::info!(%refused, "a passkey was refused");
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "passkey_refused", "This passkey cannot be used here. Please try another way.")
    }
}

#[cfg(test)]
mod tests {
    use auth_challenge::{Reason, SendState};

    use super::*;

    fn error(kind: ErrorKind, state: SendState, operation: &'static str) -> Error {
        Error::new(kind, state).with_operation(operation)
    }

    #[test]
    fn every_advice_has_its_sentence_and_its_status() {
        use SendState::{Accepted, NotSent, Refused, Unknown};
        let wrong = |field| Error::invalid(vec![Violation::new(field, "is wrong")]);
        let rejected = |reason| Told::from(Rejected::new(reason));
        let cases = [
            (rejected(Reason::WrongOrExpiredCode), Advice::TryAgain, 422),
            (rejected(Reason::Expired), Advice::AskForNew, 410),
            (rejected(Reason::TooManyAttempts), Advice::AskForNew, 410),
            (wrong(Field::To).into(), Advice::FixInput, 422),
            (wrong(Field::UserId).into(), Advice::OurFault, 500),
            (error(ErrorKind::RateLimited, Refused, "create").into(), Advice::WaitThenRetry, 429),
            (error(ErrorKind::Throttled, NotSent, "create").with_retry_after(Duration::from_secs(9)).into(), Advice::WaitThenRetry, 429),
            (error(ErrorKind::Connect, NotSent, "create").into(), Advice::WaitThenRetry, 503),
            (error(ErrorKind::Timeout, Unknown, "create").into(), Advice::OfferAgain, 504),
            (error(ErrorKind::Unavailable, Unknown, "resend").into(), Advice::OfferAgain, 502),
            (error(ErrorKind::UnexpectedReply, Accepted, "verify").into(), Advice::AskForNew, 502),
            (error(ErrorKind::Timeout, Unknown, "verify").into(), Advice::AskForNew, 504),
            (error(ErrorKind::NotFound, Refused, "verify").into(), Advice::AskForNew, 410),
            (error(ErrorKind::Handle, NotSent, "verify").into(), Advice::AskForNew, 410),
            (error(ErrorKind::Authentication, Refused, "create").into(), Advice::OurFault, 500),
        ];
        for (told, advice, status) in &cases {
            assert_eq!((told.key, told.status.as_u16(), told.sentence.as_str()), (advice.key(), *status, advice.sentence()));
        }
        for advice in Advice::ALL {
            assert!(cases.iter().any(|(_, known, _)| *known == advice), "{advice}");
        }
    }
}
