//! This crate's own names of what a request or an answer holds.

use std::fmt;

use serde::Serialize;

/// Names a field of a [`ChallengeRequest`](crate::ChallengeRequest), a [`ChallengeHandle`](crate::ChallengeHandle) or an
/// [`Answer`](crate::Answer), the same for every vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Field {
    /// How the person is challenged.
    Method,
    /// The recipient: an e-mail address or phone number.
    To,
    /// A code: the one that allows a new credential, or the one that a person gives as the answer.
    Code,
    /// The user's id at the provider.
    UserId,
    /// What the user is about to do.
    Action,
    /// The key that groups challenges of one attempt at an action.
    ActionKey,
    /// The IP address of the person's client.
    Ip,
    /// The user agent of the person's client.
    UserAgent,
    /// The person's device.
    DeviceId,
    /// What else is known of the person's client.
    Client,
    /// The language of the message.
    Locale,
    /// How long the challenge lives.
    Lifetime,
    /// A right that the challenge grants.
    Scope,
    /// Data of the application's own.
    Metadata,
    /// The key of what the application intends: one message for one intent.
    Intent,
    /// The provider's id of the challenge.
    ChallengeId,
    /// The answer as a whole.
    Answer,
    /// The kind of a new credential.
    Kind,
    /// The name of a new credential, for people to read.
    CredentialName,
    /// The id of a credential.
    CredentialId,
    /// What a new credential signed.
    ClientData,
    /// The proof that a new credential gives.
    Attestation,
    /// A private key, encrypted where it was made.
    EncryptedPrivateKey,
    /// A private key that signs.
    Key,
}

impl Field {
    /// Gives this crate's own name: `to`, `user_id`, `ip` …
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
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
            Self::Intent => "intent",
            Self::ChallengeId => "challenge_id",
            Self::Answer => "answer",
            Self::Kind => "kind",
            Self::CredentialName => "credential_name",
            Self::CredentialId => "credential_id",
            Self::ClientData => "client_data",
            Self::Attestation => "attestation",
            Self::EncryptedPrivateKey => "encrypted_private_key",
            Self::Key => "key",
        }
    }

    /// Says whether the person fills it in: the recipient, a code, or the answer with its parts. All else is the application's.
    ///
    /// ```
    /// use auth_challenge::Field;
    /// assert!(Field::To.is_input() && Field::Code.is_input() && !Field::UserId.is_input() && !Field::UserAgent.is_input());
    /// ```
    pub const fn is_input(self) -> bool {
        match self {
            Self::To
            | Self::Code
            | Self::Answer
            | Self::CredentialName
            | Self::CredentialId
            | Self::ClientData
            | Self::Attestation
            | Self::EncryptedPrivateKey => true,
            Self::Method
            | Self::UserId
            | Self::Action
            | Self::ActionKey
            | Self::Ip
            | Self::UserAgent
            | Self::DeviceId
            | Self::Client
            | Self::Locale
            | Self::Lifetime
            | Self::Scope
            | Self::Metadata
            | Self::Intent
            | Self::ChallengeId
            | Self::Kind
            | Self::Key => false,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
