//! What an attempt came to: the reply, or the failure with its kind and send state.

use std::error::Error as StdError;

use http::HeaderName;
use serde_json::Value;

use super::{
    attempt::{Head, LONGEST_REQUEST_ID, Progress},
    hidden::Hidden,
    redact::{Mask, Submitted, Told},
    reply::Exchange,
    unprocessed::is_unprocessed,
};
use crate::{
    model::{Error, ErrorKind, Reason, SendState, Violation},
    wire::tolerant,
};

/// Says which operation of a vendor's document this is.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    /// Its place among the vendor's.
    pub(crate) number: usize,
    /// Its name, as errors and logs show it.
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    /// Its path as the document has it, with the names of ids in the place of ids.
    pub(crate) path: &'static str,
    /// The segments of its path before the first id.
    pub(crate) beginning: &'static [&'static str],
}

/// Describes one operation of a vendor: what is the same for all its calls.
pub(crate) struct Operation {
    pub(crate) route: Route,
    /// Whether it is a create, which alone is made once more after a 429.
    pub(crate) is_create: bool,
    /// Whether it checks a person's answer.
    pub(crate) is_check: bool,
    /// Whether the vendor's credentials go with it.
    pub(crate) is_authorized: bool,
    /// The members of its body whose values are masked in what the vendor says.
    pub(crate) sensitive: &'static [&'static str],
    /// The vendor's own header that names a request, where it has one.
    pub(crate) request_id_header: Option<&'static HeaderName>,
    /// Reads the JSON body of an error reply, given the status.
    pub(crate) read_error: fn(u16, &Value) -> ErrorReply,
    /// Whether a 2xx status means that the vendor did what was asked.
    pub(crate) is_done: fn(u16) -> bool,
    /// The members of the reply that may be missing, and say no where they are there: an odd one is not passed over.
    pub(crate) decisive: &'static [&'static str],
}

impl Operation {
    /// Starts from what most operations are: authorised, no create, and done with any 2xx status.
    pub(crate) const fn of(route: Route, sensitive: &'static [&'static str], read_error: fn(u16, &Value) -> ErrorReply) -> Self {
        Self { route, is_create: false, is_check: false, is_authorized: true, sensitive, request_id_header: None, read_error, is_done: |_| true, decisive: &[] }
    }
}

/// Holds what the body of an error reply says.
#[derive(Default)]
pub(crate) struct ErrorReply {
    /// The kind, where the body is more exact than the status.
    pub(crate) kind: Option<ErrorKind>,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) violations: Vec<Violation>,
    /// Why an answer was wrong, where that is what the error says.
    pub(crate) rejection: Option<Reason>,
    /// What an operator should know of a rejection.
    pub(crate) hint: Option<&'static str>,
}

/// Tells why a call gave no reply, before anybody is told: the error, and whether it is the vendor's way to say that an answer is wrong.
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) rejection: Option<Reason>,
    pub(crate) hint: Option<&'static str>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, rejection: None, hint: None }
    }
}

const HELD_BACK: &str = "the vendor has not done it yet";

/// Tells how an attempt ended without a reply.
pub(super) enum Ended {
    /// The transport failed, before or after the head of a reply.
    Transport(reqwest::Error),
    /// A 2xx reply whose body is not what the document says, member by member.
    Undecodable,
    /// A reply that was read, of a status which says that the vendor has not done what was asked.
    HeldBack,
    /// A reply of another status.
    Status,
    /// The request could not be built.
    Unbuilt,
    /// The call's time was up.
    OutOfTime,
}

impl From<progenitor_client::Error<()>> for Ended {
    fn from(error: progenitor_client::Error<()>) -> Self {
        use progenitor_client::Error as Generated;
        match error {
            Generated::CommunicationError(error) if error.is_builder() => Self::Unbuilt,
            Generated::CommunicationError(error) | Generated::ResponseBodyError(error) | Generated::InvalidUpgrade(error) => {
                Self::Transport(error.without_url())
            }
            Generated::InvalidResponsePayload(..) => Self::Undecodable,
            // No document declares the body of an error.
            Generated::UnexpectedResponse(_) | Generated::ErrorResponse(_) => Self::Status,
            Generated::InvalidRequest(_) | Generated::Custom(_) => Self::Unbuilt,
        }
    }
}

/// Gives what goes with a reply that was read. What is `hidden` is asked for where something may have to be told.
///
/// # Errors
///
/// Where the vendor has not done what was asked.
pub(super) fn replied(
    progress: Progress,
    operation: &Operation,
    max_response_bytes: usize,
    hidden: impl FnOnce(Submitted) -> Hidden,
) -> Result<Exchange, Failure> {
    match progress {
        Progress { head: Some(head), submitted, .. } if is_done(&head, operation) => {
            let request_id = head.request_id.map(|id| hidden(submitted).request_id(id));
            Ok(Exchange { status: head.status, request_id })
        }
        progress => Err(failed(Ended::HeldBack, progress, operation, max_response_bytes, hidden)),
    }
}

/// Tells why there is no reply.
pub(super) fn failed(
    ended: Ended,
    mut progress: Progress,
    operation: &Operation,
    max_response_bytes: usize,
    hidden: impl FnOnce(Submitted) -> Hidden,
) -> Failure {
    let hidden = hidden(std::mem::take(&mut progress.submitted));
    let Progress { head, body, too_large, .. } = progress;
    let Some(head) = &head else { return unless_echoing(without_head(ended), || hidden.mask()).into() };
    let mask = hidden.mask();
    let mut failure: Failure = match ended {
        _ if too_large => of_status(head).with_detail(format!("the reply is longer than {max_response_bytes} bytes")).into(),
        Ended::Transport(error) => broken_in_body(head, error).into(),
        Ended::OutOfTime => in_body(head, ErrorKind::Timeout).with_detail("the time was up before the whole reply was read").into(),
        Ended::Undecodable if is_done(head, operation) => {
            of_status(head).with_detail(format!("the reply is not what the vendor's document says ({})", shape(head, &body, &mask))).into()
        }
        Ended::Undecodable | Ended::HeldBack => of_status(head).with_detail(HELD_BACK).into(),
        Ended::Status | Ended::Unbuilt => refused(head, &body, operation.read_error, &mask),
    };
    if let (None, Some(mut id)) = (failure.error.request_id(), head.request_id()) {
        mask.apply([Told::name(&mut id).cut_to(LONGEST_REQUEST_ID)]);
        failure.error = failure.error.with_request_id(id);
    }
    failure.error = unless_echoing(failure.error, || mask);
    failure
}

/// Says whether the vendor did what was asked.
fn is_done(head: &Head, operation: &Operation) -> bool {
    is_success(head.status) && (operation.is_done)(head.status)
}

/// Leaves the cause out where a server could have written in it: HTTP/2 lets one say why it closes a connection, in bytes of any encoding. Of all
/// other causes none should hold a value of the call, and it is looked for all the same.
fn unless_echoing(error: Error, mask: impl FnOnce() -> Mask) -> Error {
    let causes: Vec<&(dyn StdError + 'static)> = std::iter::successors(error.source(), |&cause| cause.source()).collect();
    let has_servers_words = causes.iter().filter_map(|cause| cause.downcast_ref::<h2::Error>()).any(h2::Error::is_go_away);
    let words = causes.iter().map(|cause| format!("{cause} {cause:?}")).collect::<Vec<_>>().join(" ");
    if has_servers_words || (!words.is_empty() && mask().hides(&words)) { error.without_source() } else { error }
}

/// Tells why no connection was opened ahead of a call: nobody was sent anything. A cause with a server's words in it is left out.
pub(super) fn unopened(ended: Ended) -> Error {
    unless_echoing(without_head(ended), Mask::default).of_no_effect()
}

fn without_head(ended: Ended) -> Error {
    match ended {
        Ended::Transport(error) if error.is_connect() => {
            let unreached = Error::new(ErrorKind::Connect, SendState::NotSent);
            match why_unreached(&error) {
                Some(why) => unreached.with_detail(why),
                None => unreached,
            }
            .with_source(error)
        }
        Ended::Transport(error) if is_unprocessed(&error) => {
            Error::new(ErrorKind::Interrupted, SendState::NotSent).with_detail("the server did not process the request").with_source(error)
        }
        Ended::Transport(error) if error.is_timeout() => Error::new(ErrorKind::Timeout, SendState::Unknown).with_source(error),
        Ended::Transport(error) => Error::new(ErrorKind::Interrupted, SendState::Unknown).with_source(error),
        Ended::OutOfTime => Error::new(ErrorKind::Timeout, SendState::Unknown),
        Ended::Unbuilt => Error::new(ErrorKind::InvalidRequest, SendState::NotSent).with_detail("the request cannot be built of these values"),
        Ended::Undecodable | Ended::HeldBack | Ended::Status => Error::new(ErrorKind::UnexpectedReply, SendState::Unknown),
    }
}

/// How hyper tells of a name that the system does not find: it has a type of its own for that, and the system no kind.
const NOT_FOUND: &str = "dns error";

/// Says why there was no connection, in words of ours.
fn why_unreached(error: &reqwest::Error) -> Option<&'static str> {
    use std::io::ErrorKind as Io;

    if error.is_timeout() {
        return Some("no answer in time");
    }
    let mut causes = std::iter::successors(StdError::source(error), |&cause| {
        // An I/O error made of another one passes that one over as its source.
        let within = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        within.map(|within| within as &(dyn StdError + 'static)).or_else(|| cause.source())
    });
    causes.find_map(|cause| match cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
        Some(Io::ConnectionRefused) => Some("refused"),
        Some(Io::TimedOut) => Some("no answer in time"),
        Some(Io::NetworkUnreachable | Io::HostUnreachable) => Some("there is no way to the host"),
        Some(Io::InvalidData) => Some("TLS failed"),
        None if cause.to_string() == NOT_FOUND => Some("the host's name is not found"),
        _ => None,
    })
}

/// Tells that the head of the reply is there and its body is not.
fn broken_in_body(head: &Head, error: reqwest::Error) -> Error {
    let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Interrupted };
    in_body(head, kind).with_detail("the reply was cut off").with_source(error)
}

/// Tells of a body that is not there whole: a status other than 2xx says more than the way in which it went missing.
fn in_body(head: &Head, kind: ErrorKind) -> Error {
    match is_success(head.status) {
        true => Error::new(kind, state_of(head.status)).with_status(head.status),
        false => of_status(head),
    }
}

/// Tells of an error status, with what its body says. The verdict on an answer is read from the vendor's words before they are masked.
fn refused(head: &Head, body: &[u8], read_error: fn(u16, &Value) -> ErrorReply, mask: &Mask) -> Failure {
    let json = tolerant::value(body);
    let mut said = json.as_ref().map(|json| read_error(head.status, json)).unwrap_or_default();
    // All at once: each text that goes alone is put in order for itself.
    let mut id = head.request_id().filter(|_| said.request_id.is_none());
    let names = [&mut said.request_id, &mut said.code].into_iter().flatten().map(Told::name);
    let names = names.chain(id.as_mut().map(|id| Told::name(id).cut_to(LONGEST_REQUEST_ID)));
    let words = said.message.iter_mut().chain(said.violations.iter_mut().flat_map(Violation::vendors_words)).map(Told::words);
    mask.apply(names.chain(words));
    let mut error = match said.kind {
        Some(kind) => with_head(Error::new(kind, state_of(head.status)), head),
        None => of_status(head),
    };
    let location = (300..=399).contains(&head.status).then(|| head.location(mask)).flatten();
    if let Some(location) = location {
        error = error.with_detail(format!("a redirect to {location}, not followed"));
    } else if json.is_none() {
        error = error.with_detail(format!("the reply is not the vendor's ({})", shape(head, body, mask)));
    }
    if let Some(id) = said.request_id.or(id) {
        error = error.with_request_id(id);
    }
    if let Some(code) = said.code {
        error = error.with_vendor_code(code);
    }
    if let Some(message) = said.message {
        error = error.with_vendor_message(message);
    }
    Failure { error: error.with_violations(said.violations), rejection: said.rejection, hint: said.hint }
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
    match head.retry_after() {
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

/// Describes a body without what it says.
fn shape(head: &Head, body: &[u8], mask: &Mask) -> String {
    let kind = head.content_type(mask);
    let kind = kind.as_deref().unwrap_or("no content type");
    match body.len() {
        0 => format!("{kind}, empty"),
        length => format!("{kind}, {length} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use http::HeaderMap;

    use super::*;

    fn error_with(cause: &'static str) -> Error {
        Error::new(ErrorKind::Interrupted, SendState::Unknown).with_source(io::Error::other(cause))
    }

    #[test]
    fn a_request_that_could_not_be_built_is_told_from_one_that_did_not_arrive() {
        let unbuilt = reqwest::Client::new().get("no URL").build().expect_err("no request");
        assert!(matches!(Ended::from(progenitor_client::Error::CommunicationError(unbuilt)), Ended::Unbuilt));
    }

    #[test]
    fn a_cause_that_holds_a_value_of_the_call_is_left_out_and_any_other_one_is_not() {
        let mask = || {
            let mut mask = Mask::default();
            mask.hide("jane@doe.com");
            mask
        };
        for (cause, is_kept) in [("connection closed", true), ("cannot reach jane@doe.com", false), ("JANE%40DOE.COM", false)] {
            assert_eq!(unless_echoing(error_with(cause), mask).source().is_some(), is_kept, "{cause}");
        }
        let bare = Error::new(ErrorKind::Interrupted, SendState::Unknown);
        assert!(unless_echoing(bare, || unreachable!("nothing to look through")).source().is_none());
    }

    #[test]
    fn what_a_vendor_holds_back_is_told_whether_its_reply_can_be_read_or_not() {
        let route = Route { number: 0, name: "create", method: "POST", path: "/", beginning: &[] };
        let operation = Operation { is_done: |status| status != 202, ..Operation::of(route, &[], |_, _| ErrorReply::default()) };
        let progress = || {
            let head = Head { status: 202, headers: HeaderMap::new(), request_id: None };
            Progress { head: Some(head), ..Progress::default() }
        };
        let hidden = |_| Hidden::default();
        let read = replied(progress(), &operation, 1000, hidden).map(|_| ()).expect_err("it is not done");
        for failure in [read, failed(Ended::Undecodable, progress(), &operation, 1000, hidden)] {
            assert_eq!((failure.error.kind(), failure.error.send_state()), (ErrorKind::UnexpectedReply, SendState::Accepted));
            assert!(failure.error.to_string().contains(HELD_BACK), "{}", failure.error);
        }
    }
}
