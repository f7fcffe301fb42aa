//! The one error, and what it says of whether something was sent.

use std::{borrow::Cow, error::Error as StdError, fmt, time::Duration};

use crate::ProviderId;

type Source = Box<dyn StdError + Send + Sync>;

/// Why a call gave no answer.
///
/// `Display` shows kind, operation, status, the vendor's code and the names of the fields concerned, never a submitted value. What the
/// vendor wrote is apart, in [`vendor_message`](Self::vendor_message).
///
/// ```
/// use auth_challenge::{Advice, Error, ErrorKind, SendState};
///
/// let error = Error::new(ErrorKind::RateLimited, SendState::Refused).with_status(429);
/// assert_eq!(error.to_string(), "rate limited (HTTP 429)");
/// assert_eq!(error.advice(), Advice::WaitThenRetry);
/// assert!(!error.send_state().may_have_acted());
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    send_state: SendState,
    provider: Option<ProviderId>,
    operation: Option<Cow<'static, str>>,
    status: Option<u16>,
    request_id: Option<String>,
    vendor_code: Option<String>,
    vendor_message: Option<String>,
    violations: Vec<Violation>,
    retry_after: Option<Duration>,
    detail: Option<Cow<'static, str>>,
    hops: Vec<Hop>,
    source: Option<Source>,
}

/// A provider that a call did not get through to before another one was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    provider: ProviderId,
    kind: ErrorKind,
    send_state: SendState,
    skipped: bool,
}

impl Hop {
    pub(crate) fn of(provider: ProviderId, error: &Error) -> Self {
        Self { provider, kind: error.kind(), send_state: error.send_state(), skipped: false }
    }

    pub(crate) fn skipped(provider: ProviderId) -> Self {
        Self { provider, kind: ErrorKind::Connect, send_state: SendState::NotSent, skipped: true }
    }

    /// The provider.
    pub fn provider(&self) -> &ProviderId {
        &self.provider
    }

    /// What went wrong there.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether that provider may have sent something.
    pub fn send_state(&self) -> SendState {
        self.send_state
    }

    /// Whether it was passed over, because it could not be reached a moment ago.
    pub fn was_skipped(&self) -> bool {
        self.skipped
    }
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The config cannot be used.
    Config,
    /// A handle cannot be read, or its provider is not configured.
    Handle,
    /// The provider does not do this.
    Unsupported,
    /// A field is missing or wrong: found before sending, or by the vendor (400, 422 and other 4xx).
    InvalidRequest,
    /// The vendor does not accept the credentials (401).
    Authentication,
    /// The credentials do not allow this (402, 403).
    Permission,
    /// The vendor does not know the user or challenge (404, or its own way to say so).
    NotFound,
    /// It collides with something at the vendor (409).
    Conflict,
    /// The vendor wants fewer requests (429).
    RateLimited,
    /// A guard of this application refused before sending.
    Throttled,
    /// No connection to the vendor.
    Connect,
    /// The vendor did not answer in time.
    Timeout,
    /// The connection broke.
    Interrupted,
    /// The vendor has a fault (5xx).
    Unavailable,
    /// The reply is not what the vendor's document says.
    UnexpectedReply,
}

impl ErrorKind {
    /// The kind in snake_case, as logs and the command line show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Handle => "handle",
            Self::Unsupported => "unsupported",
            Self::InvalidRequest => "invalid_request",
            Self::Authentication => "authentication",
            Self::Permission => "permission",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::RateLimited => "rate_limited",
            Self::Throttled => "throttled",
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Interrupted => "interrupted",
            Self::Unavailable => "unavailable",
            Self::UnexpectedReply => "unexpected_reply",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Config => "unusable config",
            Self::Handle => "unusable handle",
            Self::Unsupported => "unsupported",
            Self::InvalidRequest => "invalid request",
            Self::Authentication => "credentials not accepted",
            Self::Permission => "not permitted",
            Self::NotFound => "not found",
            Self::Conflict => "conflict",
            Self::RateLimited => "rate limited",
            Self::Throttled => "throttled by a guard",
            Self::Connect => "no connection",
            Self::Timeout => "timed out",
            Self::Interrupted => "connection broke",
            Self::Unavailable => "vendor unavailable",
            Self::UnexpectedReply => "unexpected reply",
        }
    }
}

/// Whether the vendor may have acted: sent a message, or used a code up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SendState {
    /// Nothing left this machine: refused before sending, or no connection came about.
    NotSent,
    /// The vendor answered that it did not act: a 4xx status.
    Refused,
    /// The vendor may or may not have acted: a time-out, a broken connection, a 5xx or 3xx status.
    Unknown,
    /// The vendor acted, a 2xx status says, but its reply cannot be read.
    Accepted,
}

impl SendState {
    /// Whether a message may be under way, or a code used up. Never call again on your own then: ask the person.
    ///
    /// ```
    /// use auth_challenge::SendState::*;
    /// assert_eq!([NotSent, Refused, Unknown, Accepted].map(|state| state.may_have_acted()), [false, false, true, true]);
    /// ```
    pub fn may_have_acted(self) -> bool {
        matches!(self, Self::Unknown | Self::Accepted)
    }

    /// The state in snake_case, as logs and the command line show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Accepted => "accepted",
        }
    }
}

/// What a program does about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Advice {
    /// Ask the person for better input; [`Error::violations`] names the fields.
    FixInput,
    /// Nothing was sent: try again after [`Error::retry_after`] or a pause.
    WaitThenRetry,
    /// Something may have been sent or used up: let the person ask for a new challenge.
    AskForNew,
    /// The application, its config or its account is at fault: alert its operators.
    OurFault,
}

/// One field that is missing or wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    field: Option<Cow<'static, str>>,
    vendor_field: Option<String>,
    message: String,
}

impl Violation {
    /// A violation of a neutral field, say `to`, with what was expected.
    pub fn new(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), vendor_field: None, message: message.into() }
    }

    /// A violation that the vendor found, by the vendor's field name and, where there is one, the neutral name.
    pub fn at_vendor(field: Option<&'static str>, vendor_field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.map(Cow::Borrowed), vendor_field: Some(vendor_field.into()), message: message.into() }
    }

    /// The neutral name of the field: `to`, `user_id`, `ip`, `user_agent`, `action`, `code` …, or a config key.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// The vendor's name of the field.
    pub fn vendor_field(&self) -> Option<&str> {
        self.vendor_field.as_deref()
    }

    /// What was expected, without the value that was given.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The violation with the vendor's words put through a mask.
    pub(crate) fn masked(self, mask: impl Fn(&str) -> String) -> Self {
        Self { field: self.field, vendor_field: self.vendor_field.as_deref().map(&mask), message: mask(&self.message) }
    }

    pub(crate) fn with_vendor_field(mut self, name: &str) -> Self {
        self.vendor_field = Some(name.to_owned());
        self
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field().or(self.vendor_field()).unwrap_or("?"), self.message)
    }
}

impl Error {
    /// An error of a kind, with whether something may have been sent.
    pub fn new(kind: ErrorKind, send_state: SendState) -> Self {
        Self(Box::new(Inner {
            kind,
            send_state,
            provider: None,
            operation: None,
            status: None,
            request_id: None,
            vendor_code: None,
            vendor_message: None,
            violations: Vec::new(),
            retry_after: None,
            detail: None,
            hops: Vec::new(),
            source: None,
        }))
    }

    /// A request that is refused before anything is sent, for these fields.
    pub fn invalid(violations: Vec<Violation>) -> Self {
        Self::new(ErrorKind::InvalidRequest, SendState::NotSent).with_violations(violations)
    }

    /// A config that cannot be used, for this key.
    pub(crate) fn config(key: &'static str, problem: &str) -> Self {
        Self::new(ErrorKind::Config, SendState::NotSent).with_violations(vec![Violation::new(key, problem)])
    }

    /// Names the provider.
    pub fn with_provider(mut self, provider: ProviderId) -> Self {
        self.0.provider = Some(provider);
        self
    }

    /// Names the operation: `create`, `verify`, `resend`, or a vendor's own.
    pub fn with_operation(mut self, operation: impl Into<Cow<'static, str>>) -> Self {
        self.0.operation = Some(operation.into());
        self
    }

    /// Sets the HTTP status.
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Sets the vendor's id of the request, for its support.
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }

    /// Sets the vendor's own error code.
    pub fn with_vendor_code(mut self, code: impl Into<String>) -> Self {
        self.0.vendor_code = Some(code.into());
        self
    }

    /// Sets the vendor's message. Mask what was submitted first: this text is for logs.
    pub fn with_vendor_message(mut self, message: impl Into<String>) -> Self {
        self.0.vendor_message = Some(message.into());
        self
    }

    /// Sets the fields concerned.
    pub fn with_violations(mut self, violations: Vec<Violation>) -> Self {
        self.0.violations = violations;
        self
    }

    /// Sets how long the vendor wants no request.
    pub fn with_retry_after(mut self, pause: Duration) -> Self {
        self.0.retry_after = Some(pause);
        self
    }

    /// Adds a sentence of your own to `Display`.
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Sets the providers that were asked before, and did not get through. What one of them may have sent, the error may have sent.
    pub fn with_hops(mut self, hops: Vec<Hop>) -> Self {
        if !self.0.send_state.may_have_acted() && hops.iter().any(|hop| hop.send_state.may_have_acted()) {
            self.0.send_state = SendState::Unknown;
        }
        self.0.hops = hops;
        self
    }

    /// Sets the cause. Its `Display` and `Debug` must be free of secrets.
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the vendor may have acted.
    pub fn send_state(&self) -> SendState {
        self.0.send_state
    }

    /// The provider that was called.
    pub fn provider(&self) -> Option<&ProviderId> {
        self.0.provider.as_ref()
    }

    /// What was called: `create`, `verify`, `resend`, or a vendor's own operation.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation.as_deref()
    }

    /// The HTTP status of the reply.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The vendor's id of the request, for its support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The vendor's own error code, say `validation_error`.
    pub fn vendor_code(&self) -> Option<&str> {
        self.0.vendor_code.as_deref()
    }

    /// What the vendor wrote, at most 512 characters, with every value of the call masked.
    pub fn vendor_message(&self) -> Option<&str> {
        self.0.vendor_message.as_deref()
    }

    /// The fields concerned.
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }

    /// How long the vendor wants no request.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The providers that were asked before, and did not get through.
    pub fn hops(&self) -> &[Hop] {
        &self.0.hops
    }

    /// What a program does about it.
    pub fn advice(&self) -> Advice {
        match (self.0.kind, self.0.send_state) {
            (_, SendState::Unknown | SendState::Accepted) => Advice::AskForNew,
            (ErrorKind::InvalidRequest, _) => Advice::FixInput,
            (ErrorKind::NotFound | ErrorKind::Handle, _) => Advice::AskForNew,
            (ErrorKind::RateLimited | ErrorKind::Throttled | ErrorKind::Connect | ErrorKind::Timeout, _) => Advice::WaitThenRetry,
            _ => Advice::OurFault,
        }
    }

    /// Whether the vendor, or a guard, wants fewer requests.
    pub fn is_rate_limited(&self) -> bool {
        matches!(self.0.kind, ErrorKind::RateLimited | ErrorKind::Throttled)
    }

    /// Whether the credentials are not accepted or do not allow the call.
    pub fn is_authentication(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Authentication | ErrorKind::Permission)
    }

    /// Whether the vendor does not know the user or challenge.
    pub fn is_not_found(&self) -> bool {
        self.0.kind == ErrorKind::NotFound
    }

    /// Whether the fault lies with the network or the vendor, not with the request.
    pub fn is_outage(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Interrupted | ErrorKind::Unavailable)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        match (&inner.provider, &inner.operation) {
            (Some(provider), Some(operation)) => write!(f, "{provider} {operation}: ")?,
            (Some(name), None) => write!(f, "{name}: ")?,
            (None, Some(name)) => write!(f, "{name}: ")?,
            (None, None) => {}
        }
        f.write_str(inner.kind.words())?;
        match (inner.status, &inner.vendor_code) {
            (Some(status), Some(code)) => write!(f, " (HTTP {status}, {code})")?,
            (Some(status), None) => write!(f, " (HTTP {status})")?,
            (None, Some(code)) => write!(f, " ({code})")?,
            (None, None) => {}
        }
        if let Some(detail) = &inner.detail {
            write!(f, ": {detail}")?;
        }
        for (index, violation) in inner.violations.iter().enumerate() {
            f.write_str(if index == 0 { ": " } else { ", " })?;
            match inner.send_state {
                // Our own words, which hold no submitted value.
                SendState::NotSent => write!(f, "{violation}")?,
                _ => f.write_str(violation.field().or(violation.vendor_field()).unwrap_or("?"))?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("send_state", &inner.send_state)
            .field("provider", &inner.provider)
            .field("operation", &inner.operation)
            .field("status", &inner.status)
            .field("request_id", &inner.request_id)
            .field("vendor_code", &inner.vendor_code)
            .field("vendor_message", &inner.vendor_message)
            .field("violations", &inner.violations)
            .field("retry_after", &inner.retry_after)
            .field("detail", &inner.detail)
            .field("hops", &inner.hops)
            .field("source", &inner.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
