//! A double of Authsignal.

#![cfg(feature = "authsignal")]

mod behaviour;

use std::{fmt, io, ops::Deref, sync::Arc};

use super::{DoubleEntry, DoubleSetting};
use crate::{
    model::Secret,
    testing::{Double, DoubleBuilder, Operation, double::started},
};
use behaviour::AuthsignalBehaviour;

const NAME: &str = "authsignal";

pub(super) const ENTRY: DoubleEntry = DoubleEntry {
    name: NAME,
    title: "Authsignal",
    settings: &[DoubleSetting { name: "authsignal-secret", form: "SECRET", default: "as_secret", help: "Authsignal's secret key", problem: |_| None }],
    behaviour: |settings, values| {
        let vendor = AuthsignalSettings { secret_key: Secret::new(values.get("authsignal-secret")) };
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

/// Authsignal's Server API, as far as challenges go, over real HTTP.
///
/// It takes the secret key `as_secret` unless told otherwise.
///
/// Where Authsignal's document is silent the double does this: a challenge lives ten minutes, a token too. A code is used up by a right
/// answer. A challenge that it does not know is status 404, `invalid_request`. Sending again gives the same code and expiry. A token that
/// it does not know, that expired, or that is for another user or action is `isValid: false` with an `error`.
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

/// What Authsignal's double can be told, by the methods of its [`DoubleBuilder`].
#[derive(Debug)]
pub struct AuthsignalSettings {
    secret_key: Secret,
}

impl Default for AuthsignalSettings {
    fn default() -> Self {
        Self { secret_key: Secret::new("as_secret") }
    }
}

impl DoubleBuilder<AuthsignalSettings> {
    /// Sets the tenant's secret key.
    pub fn with_secret_key(mut self, key: impl Into<Secret>) -> Self {
        self.vendor.secret_key = key.into();
        self
    }

    /// Starts the double.
    ///
    /// # Errors
    ///
    /// Where the address cannot be bound.
    pub async fn start(self) -> io::Result<AuthsignalDouble> {
        let behaviour = Arc::new(AuthsignalBehaviour::new(&self.settings, self.vendor)?);
        Ok(AuthsignalDouble { double: Double::start_as(NAME, self.settings, behaviour).await? })
    }
}
