//! The vendor's operations, typed.

use std::sync::Arc;

use super::{SENSITIVE, config::AuthsignalConfig, convert, generated, types};
use crate::{
    CallOptions, Error, Http, Personal, ProviderId, Reply, Secret,
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

/// Which challenge [`Authsignal::get_challenge`] looks for; every member narrows it.
#[derive(Clone, Debug, Default)]
pub struct ChallengeQuery {
    /// The challenge's id.
    pub challenge_id: Option<Secret>,
    /// Your id of the user.
    pub user_id: Option<Personal>,
    /// The action.
    pub action: Option<String>,
    /// The method.
    pub verification_method: Option<types::VerificationMethod>,
}

impl Authsignal {
    /// A client of one tenant.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the server's URL cannot be used.
    pub fn new(config: &AuthsignalConfig, http: Http) -> Result<Self, Error> {
        let credentials = config.credentials();
        let header = credentials.header().ok_or_else(|| Error::config("authsignal.secret_key", "expected text that a header can carry"))?;
        let endpoint = Endpoint::new(config.id.clone(), &config.server()?, http, &DIALECT).authorized(header, &credentials.parts());
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
        // A replay is no create.
        let settings = CallSettings { retried: body.challenge_id.is_none(), ..self.settings("challenge", &[]) };
        self.endpoint.call(settings, async |call| self.generated(call).challenge(body).await).await
    }

    /// Checks a code: `POST /verify`. A wrong code is a reply with `is_verified: false`.
    ///
    /// # Errors
    ///
    /// As every operation, with whether the code may be used up.
    pub async fn verify(&self, body: &types::VerifyRequest) -> Result<Reply<types::VerifyResponse>, Error> {
        self.endpoint.call(self.settings("verify", &[]), async |call| self.generated(call).verify(body).await).await
    }

    /// Claims a verified challenge for one of your users: `POST /claim`. The token that comes back is for [`validate`](Self::validate).
    ///
    /// With `skipVerificationCheck` an unverified challenge is claimed too, which the vendor calls a risk.
    ///
    /// # Errors
    ///
    /// As every operation, with whether the challenge may be claimed.
    pub async fn claim(&self, body: &types::ClaimRequest) -> Result<Reply<types::ClaimResponse>, Error> {
        self.endpoint.call(self.settings("claim", &[]), async |call| self.generated(call).claim(body).await).await
    }

    /// Says what a token proves: `POST /validate`. An unfinished challenge is a reply with `is_valid: false`.
    ///
    /// # Errors
    ///
    /// As every operation.
    pub async fn validate(&self, body: &types::ValidateRequest) -> Result<Reply<types::ValidateResponse>, Error> {
        self.endpoint.call(self.settings("validate", &[]), async |call| self.generated(call).validate(body).await).await
    }

    /// The active challenge that fits the query: `GET /challenges`. A reply without members says that there is none.
    ///
    /// # Errors
    ///
    /// As every operation.
    pub async fn get_challenge(&self, query: &ChallengeQuery) -> Result<Reply<types::ActiveChallenge>, Error> {
        let ChallengeQuery { challenge_id, user_id, action, verification_method } = query;
        let (challenge_id, user_id) = (challenge_id.as_ref().map(Secret::expose), user_id.as_ref().map(Personal::as_str));
        let private: Vec<&str> = challenge_id.into_iter().chain(user_id).collect();
        let run = async |call| self.generated(call).get_challenge(action.as_deref(), challenge_id, user_id, verification_method.as_ref()).await;
        self.endpoint.call(self.settings("get_challenge", &private), run).await
    }

    pub(super) fn provider(&self) -> &ProviderId {
        self.endpoint.provider()
    }

    fn settings<'a>(&'a self, operation: &'static str, private: &'a [&'a str]) -> CallSettings<'a> {
        CallSettings { operation, options: &self.options, authorized: true, retried: false, private }
    }

    fn generated(&self, call: Call) -> generated::Client {
        generated::Client::new_with_client(self.endpoint.base_url(), self.endpoint.client(), call)
    }
}
