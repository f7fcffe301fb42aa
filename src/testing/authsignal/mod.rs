//! A double of Authsignal.

mod vendor;

use std::io;

use super::{
    common::{Common, Identity, Setup},
    double::{double, sends_codes},
};
use crate::{ChallengeRequest, ProviderId, Secret};
use vendor::Authsignal;

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
/// assert_eq!(authsignal.outbox().only().to(), "+64270000000");
/// # Ok(()) }
/// ```
pub struct AuthsignalDouble {
    common: Common<Authsignal>,
}

double!(AuthsignalDouble, AuthsignalDoubleBuilder, "Where it is reached; ends in `/v1`.");
sends_codes!(AuthsignalDouble, AuthsignalDoubleBuilder);

/// Builds an [`AuthsignalDouble`].
#[derive(Debug)]
pub struct AuthsignalDoubleBuilder {
    setup: Setup,
    secret_key: Secret,
}

impl Default for AuthsignalDoubleBuilder {
    fn default() -> Self {
        Self { setup: Setup::default(), secret_key: Secret::new("as_secret") }
    }
}

impl AuthsignalDoubleBuilder {
    /// The tenant's secret key.
    pub fn secret_key(mut self, key: impl Into<Secret>) -> Self {
        self.secret_key = key.into();
        self
    }

    /// Starts the double.
    ///
    /// # Errors
    ///
    /// Where the address cannot be bound.
    pub async fn start(self) -> io::Result<AuthsignalDouble> {
        let journal = self.setup.journal();
        let identity = Identity { name: "authsignal", version: "/v1", members: vec![("secret_key", self.secret_key.expose().to_owned())] };
        let vendor = Authsignal::new(&self.setup, journal.clone(), &self.secret_key)?;
        Ok(AuthsignalDouble { common: Common::start(self.setup, journal, vendor, identity).await? })
    }
}

impl AuthsignalDouble {
    /// A request that challenges a person by e-mail address or phone number.
    pub fn person(&self, name: &str) -> ChallengeRequest {
        let request = if name.starts_with('+') { ChallengeRequest::sms_otp(name) } else { ChallengeRequest::email_otp(name) };
        request.user_id_at(ProviderId::AUTHSIGNAL, name).action("login")
    }
}
