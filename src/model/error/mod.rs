//! The one error, and whether something was sent in spite of it.

mod advice;
mod hop;
mod kind;
mod violation;

use std::{borrow::Cow, error::Error as StdError, fmt, time::Duration};

pub use advice::Advice;
pub use hop::Hop;
pub use kind::{ErrorKind, SendState};
pub use violation::Violation;

use crate::model::ProviderId;

type Source = Box<dyn StdError + Send + Sync>;

/// Tells why a call gave no answer.
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
    /// Whether the vendor may have done something else than send, before it was asked to.
    may_have_prepared: bool,
    /// Whether the call ended before any provider was asked.
    is_of_nobody: bool,
}

impl Error {
    /// Makes an error of a kind, with whether something may have been sent.
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
            may_have_prepared: false,
            is_of_nobody: false,
        }))
    }

    /// Refuses a request before anything is sent, for these fields.
    pub fn invalid(violations: Vec<Violation>) -> Self {
        Self::new(ErrorKind::InvalidRequest, SendState::NotSent).with_violations(violations)
    }

    /// Refuses a config, for one key.
    pub(crate) fn config(key: impl Into<String>, expected: &'static str) -> Self {
        Self::of_config(vec![Violation::at_key(key, expected)])
    }

    /// Refuses a config, for these mistakes.
    pub(crate) fn of_config(mistakes: Vec<Violation>) -> Self {
        Self::new(ErrorKind::Config, SendState::NotSent).with_violations(mistakes)
    }

    /// Refuses a config that is of no use, for a reason that no key has.
    pub(crate) fn unusable_config(why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Config, SendState::NotSent).with_detail(why)
    }

    /// Refuses a handle before any I/O.
    pub(crate) fn handle(detail: &'static str) -> Self {
        Self::new(ErrorKind::Handle, SendState::NotSent).with_detail(detail)
    }

    /// Stamps who was called for what. Each way into the crate does it once, where it hands the error out.
    pub(crate) fn at(self, provider: &ProviderId, operation: &'static str) -> Self {
        self.with_provider(provider.clone()).with_operation(operation)
    }

    /// Names the provider where nobody did, as providers of an application's own need not.
    pub(crate) fn or_provider(self, provider: &ProviderId) -> Self {
        if self.0.provider.is_none() { self.with_provider(provider.clone()) } else { self }
    }

    /// Names the operation where nobody did.
    pub(crate) fn or_operation(self, operation: &'static str) -> Self {
        if self.0.operation.is_none() { self.with_operation(operation) } else { self }
    }

    /// Names the provider.
    pub fn with_provider(mut self, provider: ProviderId) -> Self {
        self.0.provider = Some(provider);
        self
    }

    /// Names the operation: `create`, `verify`, `resend`, `warm_up`, or a vendor's own.
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

    /// Sets the providers that the call asked in vain, or passed over, before. Where one of them may have sent, [`send_state`](Self::send_state)
    /// says so.
    pub fn with_hops(mut self, hops: Vec<Hop>) -> Self {
        self = hops.iter().fold(self, |error, hop| error.after(hop.send_state()));
        self.0.may_have_prepared |= hops.iter().any(Hop::has_prepared);
        self.0.is_of_nobody &= hops.iter().all(Hop::was_passed_over);
        self.0.hops = hops;
        self
    }

    /// Never reports a safer send state than an earlier attempt's of the same call.
    pub(crate) fn after(mut self, earlier: SendState) -> Self {
        self.0.send_state = match (self.0.send_state, earlier) {
            (SendState::NotSent | SendState::Refused, SendState::Unknown | SendState::Accepted) => SendState::Unknown,
            (SendState::NotSent, SendState::Refused) => SendState::Refused,
            (latest, _) => latest,
        };
        self
    }

    /// Says of what failed that it could act on nothing.
    #[cfg(vendor)]
    pub(crate) fn of_no_effect(mut self) -> Self {
        self.0.send_state = SendState::NotSent;
        self
    }

    /// Says of what failed before a message was asked for that none was sent, whatever else the vendor may have done. What it said of fields is left out:
    /// it was about another request.
    #[cfg(vendor)]
    #[cfg_attr(not(every_vendor), allow(dead_code, reason = "a vendor that is compiled out needs it"))]
    pub(crate) fn before_sending(mut self) -> Self {
        if self.0.send_state.may_have_acted() {
            self.0.send_state = SendState::NotSent;
            self.0.violations.clear();
            return self.having_prepared();
        }
        self
    }

    /// Notes that the vendor may have done something else than send, before it was asked to.
    #[cfg(vendor)]
    #[cfg_attr(not(every_vendor), allow(dead_code, reason = "a vendor that is compiled out needs it"))]
    pub(crate) fn having_prepared(mut self) -> Self {
        self.0.may_have_prepared = true;
        self
    }

    /// Notes that no provider was asked, whoever is named.
    pub(crate) fn of_nobody_asked(mut self) -> Self {
        self.0.is_of_nobody = true;
        self
    }

    /// Says whether no provider was asked.
    pub(crate) fn is_of_nobody_asked(&self) -> bool {
        self.0.is_of_nobody || self.0.kind == ErrorKind::Handle
    }

    /// Says whether the vendor may have done something else than send.
    pub(crate) fn has_prepared(&self) -> bool {
        self.0.may_have_prepared
    }

    /// Says whether nothing was sent, and the vendor did nothing else either.
    pub(crate) fn left_nothing(&self) -> bool {
        self.0.send_state == SendState::NotSent && !self.0.may_have_prepared
    }

    /// Gives what went wrong in this crate's own words.
    #[cfg(vendor)]
    pub(crate) fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// Takes the cause off.
    #[cfg(vendor)]
    pub(crate) fn without_source(mut self) -> Self {
        self.0.source = None;
        self
    }

    /// Sets the cause. Its `Display` and `Debug` must be free of secrets.
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Says what went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Says whether the vendor may have acted.
    pub fn send_state(&self) -> SendState {
        self.0.send_state
    }

    /// Gives the provider that was called.
    pub fn provider(&self) -> Option<&ProviderId> {
        self.0.provider.as_ref()
    }

    /// Gives what was called: `create`, `verify`, `resend`, `warm_up`, or a vendor's own operation; nothing of a check, which calls nobody.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation.as_deref()
    }

    /// Gives the HTTP status of the reply.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Gives the vendor's id of the request, for its support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Gives the vendor's own error code, say `validation_error`.
    pub fn vendor_code(&self) -> Option<&str> {
        self.0.vendor_code.as_deref()
    }

    /// Gives what the vendor wrote, at most 512 characters, with every value of the call masked.
    pub fn vendor_message(&self) -> Option<&str> {
        self.0.vendor_message.as_deref()
    }

    /// Lists the fields concerned.
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }

    /// Says how long to wait before it is tried again: by the vendor's `Retry-After`, in seconds or a date, of which more than 24 h counts as none; or by
    /// a guard or a store of intents. `None` where nobody said.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Lists the providers that the call asked in vain, or passed over, before.
    pub fn hops(&self) -> &[Hop] {
        &self.0.hops
    }

    /// Says what the application does about it, and what it tells the person. Where the vendor may have acted it goes by the
    /// [operation](Self::operation), `create`, `resend` or `verify`; of any other one, such as a typed client's own, and of none it is our fault: look at
    /// [`send_state`](Self::send_state) yourself there. [`ChallengeProviderExt`](crate::ChallengeProviderExt) names the operation where a provider did not.
    pub fn advice(&self) -> Advice {
        let Inner { kind, send_state, operation, retry_after, violations, .. } = &*self.0;
        Advice::on(operation.as_deref(), *kind, *send_state, retry_after.is_some(), violations)
    }

    /// Says whether the kind is `RateLimited` or `Throttled`. The second is also that of a store that does not answer and of a calling code that is not
    /// allowed: to wait helps where there is a [`retry_after`](Self::retry_after).
    pub fn is_rate_limited(&self) -> bool {
        matches!(self.0.kind, ErrorKind::RateLimited | ErrorKind::Throttled)
    }

    /// Says whether the kind is `Authentication` (401) or `Permission` (402, 403): the credentials are not accepted, or do not allow the call; a 403 may also be
    /// about one recipient.
    pub fn is_authentication(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Authentication | ErrorKind::Permission)
    }

    /// Says whether the vendor does not know the user or challenge.
    pub fn is_not_found(&self) -> bool {
        self.0.kind == ErrorKind::NotFound
    }

    /// Says whether the fault lies with the network or the vendor, not with the request.
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
                _ => f.write_str(violation.name())?,
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
