//! The neutral names of what a request holds.

use std::fmt;

use serde::Serialize;

/// A field of a [`ChallengeRequest`](crate::ChallengeRequest), by its neutral name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Field {
    /// The address: e-mail or phone number.
    To,
    /// The one-time code that allows a new credential.
    Code,
    /// The user's id at the provider.
    UserId,
    /// What the user is about to do.
    Action,
    /// The key that groups challenges of one action.
    ActionKey,
    /// The user's IP address.
    Ip,
    /// The user's user agent.
    UserAgent,
    /// The user's device.
    DeviceId,
    /// What else is known of the user's client.
    Client,
    /// The language of the message.
    Locale,
    /// How long the challenge lives.
    Lifetime,
    /// A right that the challenge grants.
    Scope,
    /// Data of the application's own.
    Metadata,
}

impl Field {
    /// The neutral name: `to`, `user_id`, `ip` …
    pub fn as_str(self) -> &'static str {
        match self {
            Self::To => "to",
            Self::Code => "code",
            Self::UserId => "user_id",
            Self::Action => "action",
            Self::ActionKey => "action_key",
            Self::Ip => "ip",
            Self::UserAgent => "user_agent",
            Self::DeviceId => "device_id",
            Self::Client => "client",
            Self::Locale => "locale",
            Self::Lifetime => "lifetime",
            Self::Scope => "scope",
            Self::Metadata => "metadata",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
