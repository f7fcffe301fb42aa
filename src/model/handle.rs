//! What an application keeps between "send" and "check".

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize, de::Error as _};

use crate::model::{CredentialKind, Error, Method, Personal, ProviderId, Secret, base64url, stored::Stored};

/// Names one challenge, at one provider, for one user: all that a check needs, on any instance of the application.
///
/// It is **bearer material**: whoever holds it can try codes against the challenge, that of a credential holds what is to be signed, and some
/// name the user or the recipient.
/// Keep it in a server-side session or an encrypted cookie, never in a hidden form field or a plain cookie.
///
/// It serialises as a small JSON object that names its version and provider, or as a [compact text](Self::to_compact). Members that a later
/// release adds are passed over.
///
/// ```
/// use auth_challenge::{ChallengeHandle, Method, ProviderId};
///
/// let handle = ChallengeHandle::new(ProviderId::AUTHSIGNAL, Method::SmsOtp, "0b7b2e6e");
/// let kept = serde_json::to_string(&handle)?;
/// assert_eq!(kept, r#"{"v":1,"provider":"authsignal","method":"sms_otp","challenge_id":"0b7b2e6e"}"#);
/// let back: ChallengeHandle = serde_json::from_str(&kept)?;
/// assert_eq!(back.provider(), &ProviderId::AUTHSIGNAL);
/// assert_eq!(format!("{back:?}"), "ChallengeHandle { provider: \"authsignal\", method: SmsOtp }");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct ChallengeHandle {
    provider: ProviderId,
    method: Method,
    challenge_id: Secret,
    user_id: Option<Personal>,
    recipient: Option<Personal>,
    locale: Option<Personal>,
    expires_at: Option<SystemTime>,
    to_sign: Option<Secret>,
}

const VERSION: u64 = 1;
const CREDENTIAL: &str = Method::Credential(CredentialKind::Fido2).as_str();

/// Gives a point in time; none beyond the year 9999, which is nobody's expiry and has no RFC 3339 form.
pub(crate) fn since_epoch(elapsed: Duration) -> Option<SystemTime> {
    const LAST_SECOND: u64 = 253_402_300_799;
    if elapsed.is_zero() || elapsed.as_secs() > LAST_SECOND { None } else { SystemTime::UNIX_EPOCH.checked_add(elapsed) }
}

impl ChallengeHandle {
    /// Names a challenge that a provider made.
    pub fn new(provider: ProviderId, method: Method, challenge_id: impl Into<Secret>) -> Self {
        Self { provider, method, challenge_id: challenge_id.into(), user_id: None, recipient: None, locale: None, expires_at: None, to_sign: None }
    }

    /// Adds the user's id, for a provider that needs it again.
    pub fn with_user_id(mut self, id: impl Into<Personal>) -> Self {
        self.user_id = Some(id.into());
        self
    }

    /// Adds the recipient, for a provider that needs it to send again.
    pub fn with_recipient(mut self, to: impl Into<Personal>) -> Self {
        self.recipient = Some(to.into());
        self
    }

    /// Adds the language of the message, for a provider that needs it to send again.
    pub fn with_locale(mut self, locale: impl Into<Personal>) -> Self {
        self.locale = Some(locale.into());
        self
    }

    /// Adds the time at which the challenge expires; kept in whole seconds.
    pub fn with_expires_at(mut self, at: SystemTime) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// Adds the text that a key has to sign.
    pub fn with_text_to_sign(mut self, text: impl Into<Secret>) -> Self {
        self.to_sign = Some(text.into());
        self
    }

    /// Writes the handle as one text without special characters, for an encrypted cookie: base64url of its JSON.
    ///
    /// It has no fixed size, since the vendors' ids have none. With ids like those in the vendors' documents it takes at most 300 bytes, and for
    /// the challenge of a credential four thirds of the challenge identifier more: 1600 bytes for one of 1000 characters.
    ///
    /// ```
    /// use auth_challenge::{ChallengeHandle, Method, ProviderId};
    /// let handle = ChallengeHandle::new(ProviderId::AUTHSIGNAL, Method::SmsOtp, "0b7b2e6e");
    /// let back = ChallengeHandle::from_compact(&handle.to_compact())?;
    /// assert_eq!(back.challenge_id().expose(), "0b7b2e6e");
    /// # Ok::<(), auth_challenge::Error>(())
    /// ```
    pub fn to_compact(&self) -> String {
        // Texts and numbers always have a JSON form.
        base64url::encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a compact text.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Handle`](crate::ErrorKind::Handle) for a text that is none, with nothing of it in the error.
    pub fn from_compact(text: &str) -> Result<Self, Error> {
        let json = base64url::decode(text.trim()).and_then(|json| serde_json::from_slice(&json).ok());
        json.ok_or_else(|| Error::handle("expected the compact text of a handle"))
    }

    /// Gives the provider that made the challenge, and alone can check it.
    pub fn provider(&self) -> &ProviderId {
        &self.provider
    }

    /// Gives the method of the challenge.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Gives the provider's id of the challenge.
    pub fn challenge_id(&self) -> &Secret {
        &self.challenge_id
    }

    /// Gives the user's id at the provider, where it is needed again.
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_ref().map(Personal::as_str)
    }

    /// Gives the recipient, where the provider needs it to send again.
    pub fn recipient(&self) -> Option<&str> {
        self.recipient.as_ref().map(Personal::as_str)
    }

    /// Gives the language of the message, where the provider needs it to send again.
    pub fn locale(&self) -> Option<&str> {
        self.locale.as_ref().map(Personal::as_str)
    }

    /// Says when the challenge expires, where the provider said so.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// Gives the text that a key has to sign, for the kinds of credential that are keys.
    pub fn text_to_sign(&self) -> Option<&Secret> {
        self.to_sign.as_ref()
    }

    /// Refuses the handle of another provider; a provider of your own calls it before any I/O.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Handle`](crate::ErrorKind::Handle) where another provider made the challenge.
    pub fn require_issuer(&self, provider: &ProviderId) -> Result<(), Error> {
        if self.provider == *provider { Ok(()) } else { Err(Error::handle("the challenge was made by another provider")) }
    }

    /// Says whether the challenge is known to have expired.
    pub fn is_past(&self) -> bool {
        self.expires_at.is_some_and(|at| at <= SystemTime::now())
    }
}

impl fmt::Debug for ChallengeHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChallengeHandle").field("provider", &self.provider.as_str()).field("method", &self.method).finish()
    }
}

impl From<ChallengeHandle> for Stored {
    fn from(handle: ChallengeHandle) -> Self {
        Self {
            version: VERSION,
            provider: handle.provider.as_str().to_owned(),
            method: handle.method.as_str().to_owned(),
            kind: handle.method.credential_kind().map(|kind| kind.as_str().to_owned()),
            challenge_id: handle.challenge_id,
            user_id: handle.user_id,
            recipient: handle.recipient,
            locale: handle.locale,
            expires_at: handle.expires_at.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok()).map(|since| since.as_secs()),
            to_sign: handle.to_sign,
        }
    }
}

impl TryFrom<Stored> for ChallengeHandle {
    type Error = serde::de::value::Error;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        if stored.challenge_id.is_empty() {
            return Err(Self::Error::custom("a handle names a challenge"));
        }
        if stored.version == 0 || stored.version > u64::from(u32::MAX) {
            return Err(Self::Error::custom("a handle's version starts at 1"));
        }
        // To the letter: a release that writes handles writes the kind as it is called.
        let kind =
            |name: &str| CredentialKind::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or_else(|| Self::Error::custom("unknown kind in a handle"));
        let kind = if stored.method == CREDENTIAL { stored.kind.as_deref().map(kind).transpose()? } else { None };
        let method = Method::from_name(&stored.method, kind).ok_or_else(|| Self::Error::custom("unknown method in a handle"))?;
        let expires_at = stored.expires_at.and_then(|seconds| since_epoch(Duration::from_secs(seconds)));
        Ok(Self {
            provider: ProviderId::new(stored.provider),
            method,
            challenge_id: stored.challenge_id,
            user_id: stored.user_id,
            recipient: stored.recipient,
            locale: stored.locale,
            expires_at,
            to_sign: stored.to_sign,
        })
    }
}
