//! The vendor's operations, typed.

use std::sync::Arc;

use super::{SENSITIVE, config::AuthsignalConfig, convert, generated, types};
use crate::{
    CallOptions, Error, Http, ProviderId, Reply,
    http::{Call, CallSettings, Dialect, Endpoint, hooks},
};

hooks!(generated::Client);

static DIALECT: Dialect = Dialect { sensitive: SENSITIVE, fault: convert::fault, is_done: |_| true };

/// A client of the Authsignal Server API's challenges; cheap to clone.
///
/// ```no_run
/// use auth_challenge::{Http, authsignal::{Authsignal, AuthsignalConfig, types}};
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// let authsignal = Authsignal::new(&AuthsignalConfig::new("a tenant's secret key"), Http::builder().build()?)?;
/// let request = types::ChallengeRequest {
///     verification_method: Some(types::ChallengeMethod::Sms),
///     action: Some("signInWithSms".into()),
///     phone_number: Some("+64270000000".into()),
///     ..Default::default()
/// };
/// let challenge = authsignal.challenge(&request).await?;
/// println!("{:?}", challenge.expires_at);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Authsignal {
    endpoint: Arc<Endpoint>,
    options: CallOptions,
}

impl Authsignal {
    /// A client of one tenant.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the server's URL cannot be used.
    pub fn new(config: &AuthsignalConfig, http: Http) -> Result<Self, Error> {
        let credentials = config.credentials();
        let endpoint = Endpoint::new(config.id.clone(), &config.server()?, http, &DIALECT).authorized(credentials.header(), &credentials.parts());
        Ok(Self { endpoint: Arc::new(endpoint), options: CallOptions::default() })
    }

    /// The same client, whose calls have these options.
    pub fn with_options(&self, options: CallOptions) -> Self {
        Self { endpoint: Arc::clone(&self.endpoint), options }
    }

    /// Sends a code, or with a `challengeId` sends that challenge once more: `POST /challenge`. Each call sends a message; the
    /// `idempotencyKey` groups challenges and suppresses none.
    ///
    /// # Errors
    ///
    /// A request with neither `challengeId` nor both of `verificationMethod` and `action` is refused before sending.
    pub async fn challenge(&self, body: &types::ChallengeRequest) -> Result<Reply<types::ChallengeResponse>, Error> {
        convert::complete(body).map_err(|error| error.with_provider(self.provider().clone()).with_operation("challenge"))?;
        self.endpoint.call(self.settings("challenge", &[]), async |call| self.generated(call).challenge(body).await).await
    }

    pub(super) fn provider(&self) -> &ProviderId {
        self.endpoint.provider()
    }

    fn settings<'a>(&'a self, operation: &'static str, private: &'a [&'a str]) -> CallSettings<'a> {
        CallSettings { operation, options: &self.options, authorized: true, private }
    }

    fn generated(&self, call: Call) -> generated::Client {
        generated::Client::new_with_client(self.endpoint.base_url(), self.endpoint.client(), call)
    }
}
