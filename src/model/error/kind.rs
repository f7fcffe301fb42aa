//! What went wrong, and whether something was sent.

use std::fmt;

/// Says what went wrong.
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
    /// It collides with something at the vendor (409); or, before sending, with an earlier use of its intent.
    Conflict,
    /// The vendor wants fewer requests (429).
    RateLimited,
    /// Refused before sending by this application's own: a guard, or a store of intents that does not answer.
    Throttled,
    /// No connection to the vendor.
    Connect,
    /// The vendor, or a guard before it, did not answer in time; or the vendor answered 408.
    Timeout,
    /// The connection broke; with `SendOnce` also: an earlier call with the same intent did not come to a known end.
    Interrupted,
    /// The vendor has a fault (5xx).
    Unavailable,
    /// The reply cannot be used: it is a redirect (3xx), has not the vendor's form, or lacks an id or what says yes or no.
    UnexpectedReply,
}

impl ErrorKind {
    /// Lists all kinds that this release knows.
    pub const ALL: &'static [Self] = &[
        Self::Config,
        Self::Handle,
        Self::Unsupported,
        Self::InvalidRequest,
        Self::Authentication,
        Self::Permission,
        Self::NotFound,
        Self::Conflict,
        Self::RateLimited,
        Self::Throttled,
        Self::Connect,
        Self::Timeout,
        Self::Interrupted,
        Self::Unavailable,
        Self::UnexpectedReply,
    ];

    /// Gives the kind in snake_case, as logs and the command line show it.
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

    pub(super) fn words(self) -> &'static str {
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
            Self::Throttled => "throttled before sending",
            Self::Connect => "no connection",
            Self::Timeout => "timed out",
            Self::Interrupted => "interrupted",
            Self::Unavailable => "vendor unavailable",
            Self::UnexpectedReply => "unexpected reply",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Says whether the vendor may have acted: sent a message, or used a code up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SendState {
    /// No message was asked for, and no answer used: refused before sending, no connection came about, the server vouches that it did not look at the
    /// request, or what comes before the message failed, such as a look for the user.
    NotSent,
    /// The vendor answered that it did not act: a 4xx status other than 408. What its integrations did meanwhile, the vendor's module tells.
    Refused,
    /// The vendor may or may not have acted: a time-out, a broken connection, or a status of 408, 3xx or 5xx.
    Unknown,
    /// The vendor acted, a 2xx status says, but its reply cannot be read.
    Accepted,
}

impl SendState {
    /// Lists all states.
    pub const ALL: [Self; 4] = [Self::NotSent, Self::Refused, Self::Unknown, Self::Accepted];

    /// Says whether a message may be under way, or a code used up. Never call again on your own then: ask the person.
    ///
    /// ```
    /// use auth_challenge::SendState::*;
    /// assert_eq!([NotSent, Refused, Unknown, Accepted].map(|state| state.may_have_acted()), [false, false, true, true]);
    /// ```
    pub fn may_have_acted(self) -> bool {
        matches!(self, Self::Unknown | Self::Accepted)
    }

    /// Gives the state in snake_case, as logs and the command line show it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Accepted => "accepted",
        }
    }
}

impl fmt::Display for SendState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
