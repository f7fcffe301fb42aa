//! How a person is challenged.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Says how a person is challenged.
///
/// ```
/// use auth_challenge::{CredentialKind, Method};
/// assert_eq!(Method::SmsOtp.as_str(), "sms_otp");
/// assert_eq!("sms_otp".parse::<Method>(), Ok(Method::SmsOtp));
/// for method in Method::ALL {
///     assert_eq!(method.to_string().parse(), Ok(method));
/// }
/// ```
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
    /// A one-time code that a voice says in a phone call.
    VoiceOtp,
    /// A new passkey or key that signs a challenge.
    Credential(CredentialKind),
}

impl Method {
    /// Lists all methods, a credential once for each of its kinds.
    pub const ALL: [Self; 9] = [
        Self::EmailOtp,
        Self::EmailLink,
        Self::SmsOtp,
        Self::WhatsAppOtp,
        Self::VoiceOtp,
        Self::Credential(CredentialKind::Fido2),
        Self::Credential(CredentialKind::Key),
        Self::Credential(CredentialKind::PasswordProtectedKey),
        Self::Credential(CredentialKind::RecoveryKey),
    ];

    /// Gives the name in snake_case: `email_otp`, `email_link`, `sms_otp`, `whatsapp_otp`, `voice_otp`, and `credential` for every kind.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EmailOtp => "email_otp",
            Self::EmailLink => "email_link",
            Self::SmsOtp => "sms_otp",
            Self::WhatsAppOtp => "whatsapp_otp",
            Self::VoiceOtp => "voice_otp",
            Self::Credential(_) => "credential",
        }
    }

    /// Lists the names, each once, in the order of [`ALL`](Self::ALL).
    pub fn names() -> impl Iterator<Item = &'static str> {
        let is_first_of_its_name = |method: &Self| !matches!(method.credential_kind(), Some(kind) if kind != CredentialKind::Fido2);
        Self::ALL.into_iter().filter(is_first_of_its_name).map(Self::as_str)
    }

    /// Finds the method of a name, with the kind where the name is `credential`; `None` where they do not belong together.
    pub fn from_name(name: &str, kind: Option<CredentialKind>) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name && method.credential_kind() == kind)
    }

    /// Gives the kind of credential, for [`Method::Credential`].
    pub fn credential_kind(self) -> Option<CredentialKind> {
        match self {
            Self::Credential(kind) => Some(kind),
            _ => None,
        }
    }

    /// Says whether the recipient is a phone number.
    pub fn is_to_phone(self) -> bool {
        matches!(self, Self::SmsOtp | Self::WhatsAppOtp | Self::VoiceOtp)
    }

    /// Says whether the recipient is an e-mail address.
    pub fn is_to_email(self) -> bool {
        matches!(self, Self::EmailOtp | Self::EmailLink)
    }
}

/// Shows the name, and for a credential the kind: `credential (Fido2)`.
impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential(kind) => write!(f, "credential ({kind})"),
            other => f.pad(other.as_str()),
        }
    }
}

/// Reads what `Display` shows.
impl FromStr for Method {
    type Err = ParseMethodError;

    fn from_str(text: &str) -> Result<Self, ParseMethodError> {
        let (name, kind) = match text.split_once(" (") {
            Some((name, kind)) => (name, Some(kind.strip_suffix(')').and_then(|kind| kind.parse().ok()).ok_or(ParseMethodError)?)),
            None => (text, None),
        };
        Self::from_name(name, kind).ok_or(ParseMethodError)
    }
}

/// Says that a text names no [`Method`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseMethodError;

impl fmt::Display for ParseMethodError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected one of {}", Method::ALL.map(|method| method.to_string()).join(", "))
    }
}

impl std::error::Error for ParseMethodError {}

/// Says of what kind a new credential is.
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
    /// Lists all kinds.
    pub const ALL: [Self; 4] = [Self::Fido2, Self::Key, Self::PasswordProtectedKey, Self::RecoveryKey];

    /// Gives the kind's name, say `Fido2`.
    pub const fn as_str(self) -> &'static str {
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

/// Reads a kind's name, in any case.
impl FromStr for CredentialKind {
    type Err = ParseCredentialKindError;

    fn from_str(name: &str) -> Result<Self, ParseCredentialKindError> {
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(name)).ok_or(ParseCredentialKindError)
    }
}

/// Says that a text names no [`CredentialKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseCredentialKindError;

impl fmt::Display for ParseCredentialKindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected one of {}", CredentialKind::ALL.map(CredentialKind::as_str).join(", "))
    }
}

impl std::error::Error for ParseCredentialKindError {}
