//! A double of Twilio Verify.

#![cfg(feature = "twilio")]

mod behaviour;

use std::{fmt, io, ops::Deref, sync::Arc};

use super::{DoubleEntry, DoubleSetting};
use crate::{
    model::Secret,
    testing::{Double, DoubleBuilder, Operation, double::started},
};
use behaviour::TwilioBehaviour;

const NAME: &str = "twilio";

pub(super) const ENTRY: DoubleEntry = DoubleEntry {
    name: NAME,
    title: "Twilio Verify",
    settings: &[
        DoubleSetting {
            name: "twilio-credentials",
            form: "SID:TOKEN",
            default: "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:twilio_token",
            help: "Twilio's account SID and auth token",
            problem: |value| match value.split_once(':') {
                Some((sid, token)) if is_sid(sid, "AC") && !token.is_empty() => None,
                _ => Some("expected AC…:TOKEN"),
            },
        },
        DoubleSetting {
            name: "twilio-service",
            form: "SID",
            default: "VAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            help: "The SID of Twilio's Verify service",
            problem: |value| (!is_sid(value, "VA")).then_some("expected VA…"),
        },
    ],
    behaviour: |settings, values| {
        let (account_sid, auth_token) = values.get("twilio-credentials").split_once(':').unwrap_or_default();
        let (account_sid, auth_token) = (account_sid.to_owned(), Secret::new(auth_token));
        let vendor = TwilioSettings { account_sid, auth_token, service_sid: values.get("twilio-service").to_owned(), ..TwilioSettings::default() };
        Ok(Arc::new(TwilioBehaviour::new(settings, vendor)?))
    },
};

/// Says whether a text is an identifier of this kind.
fn is_sid(text: &str, kind: &str) -> bool {
    text.strip_prefix(kind).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Operations of Twilio Verify.
impl Operation {
    /// Reads a verification, at Twilio.
    pub const FETCH: Self = Self::named("fetch");
    /// Cancels or approves a verification, at Twilio.
    pub const UPDATE: Self = Self::named("update");
}

/// Doubles the verifications of Twilio Verify, over real HTTP.
///
/// It has one service, `VAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`, of the account `ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` with the auth token
/// `twilio_token`, unless told otherwise.
///
/// A verification lives ten minutes. While it is pending, a create to its recipient sends the same code again. A wrong code leaves it
/// pending, with status 200; after five of them each check is status 429 with code 60202, and a create starts another verification. One that
/// expired, was approved or was cancelled is status 404 with code 20404, as one is that never was. Where Twilio's document is silent the
/// double does this: a verification that is over can be read until it is 24 hours old; the channels `sna` and `auto` are refused
/// as invalid (60200), for there is no device to ask.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), auth_challenge::Error> {
/// use auth_challenge::{ChallengeProviderExt as _, ChallengeRequest, testing::TwilioDouble};
///
/// let twilio = TwilioDouble::start().await;
/// twilio.provider().create(&ChallengeRequest::voice_otp("+64270000000")).await?;
/// assert_eq!(twilio.outbox().only().method().as_str(), "voice_otp");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct TwilioDouble {
    double: Double,
}

impl TwilioDouble {
    /// Starts a double on a free port of loopback, with the documented credentials.
    ///
    /// # Panics
    ///
    /// Where no port can be bound.
    pub async fn start() -> Self {
        started(Self::builder().start().await)
    }

    /// Sets up a double with an address, credentials, a service or codes of your own.
    pub fn builder() -> DoubleBuilder<TwilioSettings> {
        DoubleBuilder::default()
    }
}

impl Deref for TwilioDouble {
    type Target = Double;

    fn deref(&self) -> &Double {
        &self.double
    }
}

impl fmt::Debug for TwilioDouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.double.fmt(f)
    }
}

/// Collects what Twilio's double can be told, by the methods of its [`DoubleBuilder`].
#[derive(Debug)]
pub struct TwilioSettings {
    account_sid: String,
    auth_token: Secret,
    api_key: Option<(String, Secret)>,
    service_sid: String,
    max_sends: Option<u32>,
}

impl Default for TwilioSettings {
    fn default() -> Self {
        Self {
            account_sid: "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".into(),
            auth_token: Secret::new("twilio_token"),
            api_key: None,
            service_sid: "VAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".into(),
            max_sends: None,
        }
    }
}

impl DoubleBuilder<TwilioSettings> {
    /// Sets the account's SID and auth token.
    pub fn with_credentials(mut self, account_sid: impl Into<String>, auth_token: impl Into<Secret>) -> Self {
        self.vendor.account_sid = account_sid.into();
        self.vendor.auth_token = auth_token.into();
        self
    }

    /// Takes an API key as well, by its SID and secret.
    pub fn with_api_key(mut self, api_key_sid: impl Into<String>, api_key_secret: impl Into<Secret>) -> Self {
        self.vendor.api_key = Some((api_key_sid.into(), api_key_secret.into()));
        self
    }

    /// Sets the SID of the service.
    pub fn with_service(mut self, service_sid: impl Into<String>) -> Self {
        self.vendor.service_sid = service_sid.into();
        self
    }

    /// Sets how many messages one verification sends before a create is status 429 with code 60203; Twilio sends five, the double any number
    /// unless told.
    pub fn with_max_sends(mut self, sends: u32) -> Self {
        self.vendor.max_sends = Some(sends);
        self
    }

    /// Starts the double.
    ///
    /// # Errors
    ///
    /// Where the address cannot be bound.
    pub async fn start(self) -> io::Result<TwilioDouble> {
        let behaviour = Arc::new(TwilioBehaviour::new(&self.settings, self.vendor)?);
        Ok(TwilioDouble { double: Double::start_as(NAME, self.settings, behaviour).await? })
    }
}
