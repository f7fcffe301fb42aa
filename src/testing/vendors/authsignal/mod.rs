//! A double of Authsignal.

#![cfg(feature = "authsignal")]

mod behaviour;
mod webhooks;

use std::{fmt, io, ops::Deref, sync::Arc};

use super::{DoubleEntry, DoubleSetting};
use crate::{
    model::{Personal, Secret},
    testing::{Double, DoubleBuilder, Operation, double::started},
};
use behaviour::AuthsignalBehaviour;

const NAME: &str = "authsignal";

pub(super) const ENTRY: DoubleEntry = DoubleEntry {
    name: NAME,
    title: "Authsignal",
    settings: &[
        DoubleSetting { name: "authsignal-secret", form: "SECRET", default: "as_secret", help: "Authsignal's secret key", problem: |_| None },
        DoubleSetting {
            name: "authsignal-webhook",
            form: "URL",
            default: "",
            help: "Where Authsignal's webhooks tell what became of messages, on loopback, signed at the double's clock; nowhere unless given",
            problem: |url| webhooks::url(url).err(),
        },
        DoubleSetting {
            name: "authsignal-undeliverable",
            form: "NUMBERS",
            default: "",
            help: "Phone numbers, parted by commas, that text messages do not reach, as the webhooks tell",
            problem: |_| None,
        },
    ],
    behaviour: |settings, values| {
        let vendor = AuthsignalSettings {
            secret_key: Secret::new(values.get("authsignal-secret")),
            webhook: Secret::new(values.get("authsignal-webhook")),
            undeliverable: values.get("authsignal-undeliverable").split(',').map(|number| Personal::new(number.trim())).collect(),
        };
        Ok(Arc::new(AuthsignalBehaviour::new(settings, vendor)?))
    },
};

/// Operations of Authsignal.
impl Operation {
    /// Ties a challenge to a user, at Authsignal.
    pub const CLAIM: Self = Self::named("claim");
    /// Tells what a token stands for, at Authsignal.
    pub const VALIDATE: Self = Self::named("validate");
    /// Reads the active challenge, at Authsignal.
    pub const ACTIVE: Self = Self::named("active");
}

/// Doubles Authsignal's Server API, as far as challenges go, over real HTTP.
///
/// It takes the secret key `as_secret` unless told otherwise.
///
/// Where Authsignal's document is silent the double does this: a challenge lives ten minutes, a token too. A code is used up by a right
/// answer. A challenge that it does not know is status 404, `invalid_request`. Sending again gives the same code and expiry. A token that
/// it does not know, that expired, or that is for another user or action is `isValid: false` with an `error`.
///
/// With [`with_webhook`](DoubleBuilder::with_webhook) it tells a receiver of yours what became of messages, in the vendor's form and with its signature. It does so at once
/// instead of a quarter of an hour later, and tries four times at most. Of a text message it tells that it was sent and delivered, or
/// [not delivered](DoubleBuilder::with_undeliverable); of an e-mail and a WhatsApp message that it was sent, for more is not documented.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), auth_challenge::Error> {
/// use auth_challenge::{ChallengeProviderExt as _, testing::AuthsignalDouble};
///
/// let authsignal = AuthsignalDouble::start().await;
/// authsignal.provider().create(&authsignal.person("+64270000000")).await?;
/// assert_eq!(authsignal.outbox().only().recipient(), "+64270000000");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct AuthsignalDouble {
    double: Double,
}

impl AuthsignalDouble {
    /// Starts a double on a free port of loopback, with the documented credentials.
    ///
    /// # Panics
    ///
    /// Where no port can be bound.
    pub async fn start() -> Self {
        started(Self::builder().start().await)
    }

    /// Sets up a double with an address, a secret key or codes of your own.
    pub fn builder() -> DoubleBuilder<AuthsignalSettings> {
        DoubleBuilder::default()
    }
}

impl Deref for AuthsignalDouble {
    type Target = Double;

    fn deref(&self) -> &Double {
        &self.double
    }
}

impl fmt::Debug for AuthsignalDouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.double.fmt(f)
    }
}

/// Collects what Authsignal's double can be told, by the methods of its [`DoubleBuilder`].
#[derive(Debug)]
pub struct AuthsignalSettings {
    secret_key: Secret,
    /// The URL, which may hold a token; empty where there is none.
    webhook: Secret,
    undeliverable: Vec<Personal>,
}

impl Default for AuthsignalSettings {
    fn default() -> Self {
        Self { secret_key: Secret::new("as_secret"), webhook: Secret::new(""), undeliverable: Vec::new() }
    }
}

impl DoubleBuilder<AuthsignalSettings> {
    /// Sets the tenant's secret key.
    pub fn with_secret_key(mut self, key: impl Into<Secret>) -> Self {
        self.vendor.secret_key = key.into();
        self
    }

    /// Sets where webhooks go: an http URL on loopback. They are signed with the secret key, at the time of the double's clock, and posted in the background, in
    /// batches as the vendor's are. A batch that is not answered 2xx comes again, with the same ids.
    pub fn with_webhook(mut self, url: impl Into<String>) -> Self {
        self.vendor.webhook = Secret::new(url);
        self
    }

    /// Lets text messages to a number not arrive, as the webhooks tell. The outbox has them all the same: they were sent.
    pub fn with_undeliverable(mut self, number: impl Into<Personal>) -> Self {
        self.vendor.undeliverable.push(number.into());
        self
    }

    /// Starts the double.
    ///
    /// # Errors
    ///
    /// Where the address cannot be bound, or webhooks are to go elsewhere than to an http URL on loopback.
    pub async fn start(self) -> io::Result<AuthsignalDouble> {
        let behaviour = Arc::new(AuthsignalBehaviour::new(&self.settings, self.vendor)?);
        Ok(AuthsignalDouble { double: Double::start_as(NAME, self.settings, behaviour).await? })
    }
}
