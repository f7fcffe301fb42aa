//! What an attempt came to: the reply, or the error with its kind and send state.

use serde_json::Value;

use super::{
    Reply,
    call::{Head, Progress},
    mask::Mask,
};
use crate::{Error, ErrorKind, Reason, SendState, Violation};

/// How a vendor words its errors.
pub(crate) struct Dialect {
    /// The members whose values are masked in messages.
    pub(crate) sensitive: &'static [&'static str],
    /// Reads the JSON body of a non-2xx reply to an operation.
    pub(crate) fault: fn(&str, u16, &Value) -> Fault,
    /// Whether a 2xx status means that the vendor did what was asked.
    pub(crate) is_done: fn(u16) -> bool,
}

/// What the body of an error reply says.
#[derive(Default)]
pub(crate) struct Fault {
    /// Where the vendor's body is more exact than its status.
    pub(crate) kind: Option<ErrorKind>,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) violations: Vec<Violation>,
    /// Where the error is the vendor's way to say that an answer is wrong.
    pub(crate) rejection: Option<Reason>,
}

/// What is wrong with a reply whose ids are empty.
pub(crate) const NO_ID: &str = "the reply names no challenge";
const HELD_BACK: &str = "the vendor holds the request back";

/// How an attempt ended without a reply.
pub(super) enum Ended {
    /// The transport failed, before or after the head of a reply.
    Transport(reqwest::Error),
    /// A 2xx reply whose body is not what the document says.
    Undecodable,
    /// A reply of another status.
    Status,
    /// The request could not be built.
    Unbuilt,
    /// The call's time was up.
    OutOfTime,
}

impl Ended {
    pub(super) fn of(error: progenitor_client::Error<()>) -> Self {
        use progenitor_client::Error as Generated;
        match error {
            Generated::CommunicationError(error) if error.is_builder() => Self::Unbuilt,
            Generated::CommunicationError(error) | Generated::ResponseBodyError(error) | Generated::InvalidUpgrade(error) => {
                Self::Transport(error.without_url())
            }
            Generated::InvalidResponsePayload(..) => Self::Undecodable,
            Generated::UnexpectedResponse(_) | Generated::ErrorResponse(_) => Self::Status,
            Generated::InvalidRequest(_) | Generated::Custom(_) => Self::Unbuilt,
        }
    }
}

/// The reply, or what the caller is told instead.
pub(super) fn read<T>(
    ended: Result<T, Ended>,
    progress: &Progress,
    dialect: &Dialect,
    operation: &str,
    max_response_bytes: usize,
    mask: impl FnOnce() -> Mask,
) -> Result<Reply<T>, Error> {
    let Some(head) = &progress.head else {
        return Err(match ended {
            Err(ended) => without_head(ended),
            Ok(_) => Error::new(ErrorKind::UnexpectedReply, SendState::Unknown),
        });
    };
    let ended = match ended {
        Ok(value) if (dialect.is_done)(head.status) => return Ok(Reply::new(value, head.status, head.request_id.clone())),
        Ok(_) => None,
        Err(ended) => Some(ended),
    };
    let mask = mask();
    let head = &head.masked(&mask);
    let error = match ended {
        None => of_status(head).with_detail(HELD_BACK),
        Some(_) if progress.too_large => of_status(head).with_detail(format!("the reply is longer than {max_response_bytes} bytes")),
        Some(Ended::Transport(error)) => broken_in_body(head, error),
        Some(Ended::Undecodable) if is_success(head.status) && !(dialect.is_done)(head.status) => of_status(head).with_detail(HELD_BACK),
        Some(Ended::OutOfTime) => in_body(head, ErrorKind::Timeout).with_detail("the time was up before the whole reply was read"),
        Some(Ended::Undecodable) if is_success(head.status) => {
            of_status(head).with_detail(format!("the reply is not what the vendor's document says ({})", shape(head, &progress.body)))
        }
        Some(_) => refused(head, &progress.body, |status, json| (dialect.fault)(operation, status, json), &mask),
    };
    Err(match (error.request_id(), &head.request_id) {
        (None, Some(id)) => error.with_request_id(id),
        _ => error,
    })
}

fn without_head(ended: Ended) -> Error {
    match ended {
        Ended::Transport(error) if error.is_connect() => Error::new(ErrorKind::Connect, SendState::NotSent).with_source(error),
        Ended::Transport(error) if error.is_timeout() => Error::new(ErrorKind::Timeout, SendState::Unknown).with_source(error),
        Ended::Transport(error) => Error::new(ErrorKind::Interrupted, SendState::Unknown).with_source(error),
        Ended::OutOfTime => Error::new(ErrorKind::Timeout, SendState::Unknown),
        Ended::Unbuilt => Error::new(ErrorKind::InvalidRequest, SendState::NotSent).with_detail("the request cannot be built of these values"),
        Ended::Undecodable | Ended::Status => Error::new(ErrorKind::UnexpectedReply, SendState::Unknown),
    }
}

/// The head of the reply is there, its body is not.
fn broken_in_body(head: &Head, error: reqwest::Error) -> Error {
    let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Interrupted };
    in_body(head, kind).with_detail("the reply was cut off").with_source(error)
}

// A status other than 2xx tells more than the way in which its body went missing.
fn in_body(head: &Head, kind: ErrorKind) -> Error {
    match is_success(head.status) {
        true => Error::new(kind, state_of(head.status)).with_status(head.status),
        false => of_status(head),
    }
}

/// An error status, with what its body says.
fn refused(head: &Head, body: &[u8], fault: impl FnOnce(u16, &Value) -> Fault, mask: &Mask) -> Error {
    let json = serde_json::from_slice::<Value>(body).ok();
    let fault = json.as_ref().map(|json| fault(head.status, json)).unwrap_or_default();
    let mut error = match fault.kind {
        Some(kind) => with_head(Error::new(kind, state_of(head.status)), head),
        None => of_status(head),
    };
    if let (Some(location), 300..=399) = (&head.location, head.status) {
        error = error.with_detail(format!("a redirect to {location}, not followed"));
    } else if json.is_none() {
        error = error.with_detail(format!("the reply is not the vendor's ({})", shape(head, body)));
    }
    if let Some(id) = fault.request_id {
        error = error.with_request_id(mask.apply_to_name(&id));
    }
    if let Some(code) = fault.code {
        error = error.with_vendor_code(mask.apply_to_name(&code));
    }
    if let Some(message) = fault.message {
        error = error.with_vendor_message(mask.apply(&message));
    }
    let violations = fault.violations.into_iter().map(|violation| violation.masked(|text| mask.apply(text)));
    error.with_violations(violations.collect()).with_rejection(fault.rejection)
}

fn of_status(head: &Head) -> Error {
    let kind = match head.status {
        401 => ErrorKind::Authentication,
        402 | 403 => ErrorKind::Permission,
        404 => ErrorKind::NotFound,
        408 => ErrorKind::Timeout,
        409 => ErrorKind::Conflict,
        429 => ErrorKind::RateLimited,
        400..=499 => ErrorKind::InvalidRequest,
        500..=599 => ErrorKind::Unavailable,
        _ => ErrorKind::UnexpectedReply,
    };
    with_head(Error::new(kind, state_of(head.status)), head)
}

fn with_head(error: Error, head: &Head) -> Error {
    let error = error.with_status(head.status);
    match head.retry_after {
        Some(pause) => error.with_retry_after(pause),
        None => error,
    }
}

fn state_of(status: u16) -> SendState {
    match status {
        200..=299 => SendState::Accepted,
        408 => SendState::Unknown,
        400..=499 => SendState::Refused,
        _ => SendState::Unknown,
    }
}

fn is_success(status: u16) -> bool {
    (200..=299).contains(&status)
}

/// What a body is, without what it says.
fn shape(head: &Head, body: &[u8]) -> String {
    let kind = head.content_type.as_deref().unwrap_or("no content type");
    match body.len() {
        0 => format!("{kind}, empty"),
        length => format!("{kind}, {length} bytes"),
    }
}
