//! How a person is challenged.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How a person is challenged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Method {
    /// A one-time code by e-mail.
    EmailOtp,
    /// A link by e-mail.
    EmailLink,
    /// A one-time code by SMS.
    SmsOtp,
    /// A one-time code by WhatsApp.
    WhatsAppOtp,
    /// A new passkey or key that signs a challenge.
    Credential(CredentialKind),
}

impl Method {
    /// The method in snake_case, `credential` for every kind of credential.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EmailOtp => "email_otp",
            Self::EmailLink => "email_link",
            Self::SmsOtp => "sms_otp",
            Self::WhatsAppOtp => "whatsapp_otp",
            Self::Credential(_) => "credential",
        }
    }

    /// The kind of credential, for [`Method::Credential`].
    pub fn credential_kind(self) -> Option<CredentialKind> {
        match self {
            Self::Credential(kind) => Some(kind),
            _ => None,
        }
    }

    /// Whether the address is a phone number.
    pub fn is_to_phone(self) -> bool {
        matches!(self, Self::SmsOtp | Self::WhatsAppOtp)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential(kind) => write!(f, "credential ({kind})"),
            other => f.pad(other.as_str()),
        }
    }
}

/// The kind of a new credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CredentialKind {
    /// A passkey.
    Fido2,
    /// A key pair that the application holds.
    Key,
    /// A key pair whose private key is stored encrypted under a password.
    PasswordProtectedKey,
    /// A key pair that is kept for recovery.
    RecoveryKey,
}

impl CredentialKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Fido2, Self::Key, Self::PasswordProtectedKey, Self::RecoveryKey];

    /// The kind's name, say `Fido2`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fido2 => "Fido2",
            Self::Key => "Key",
            Self::PasswordProtectedKey => "PasswordProtectedKey",
            Self::RecoveryKey => "RecoveryKey",
        }
    }
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for CredentialKind {
    type Err = UnknownCredentialKind;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or(UnknownCredentialKind)
    }
}

/// The name of a credential kind that this crate does not offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCredentialKind;

impl fmt::Display for UnknownCredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected one of Fido2, Key, PasswordProtectedKey, RecoveryKey")
    }
}

impl std::error::Error for UnknownCredentialKind {}
