//! The vendor's operations, typed.

use std::sync::Arc;

use super::{SENSITIVE, config::AuthsignalConfig, convert, generated, routes, types};
use crate::{
    model::{CallOptions, Error, Personal, ProviderId, Secret},
    transport::{Endpoint, Failure, Http, Operation, Reply, Route},
};

const fn operation(route: Route) -> Operation {
    Operation::of(route, SENSITIVE, |_, body| convert::error(body))
}

static CHALLENGE: Operation = Operation { is_create: true, ..operation(routes::CHALLENGE) };
/// To send a challenge once more is no create.
static RESEND: Operation = operation(routes::CHALLENGE);
static VERIFY: Operation = Operation { is_check: true, ..operation(routes::VERIFY) };
static CLAIM: Operation = operation(routes::CLAIM);
static VALIDATE: Operation = operation(routes::VALIDATE);
static GET_CHALLENGE: Operation = operation(routes::GET_CHALLENGE);

/// Calls the challenges of the Authsignal Server API; cheap to clone.
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

/// Says which challenge [`Authsignal::get_challenge`] looks for; every member narrows it.
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
    /// Makes a client of one tenant.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the server's URL or the key cannot be used.
    pub fn new(config: &AuthsignalConfig, http: Http) -> Result<Self, Error> {
        let endpoint = config.endpoint(http)?;
        Ok(Self { endpoint: Arc::new(endpoint), options: CallOptions::default() })
    }

    /// Gives the same client, whose own operations have these options; through [`ChallengeProvider`](crate::ChallengeProvider) each call brings its
    /// own.
    pub fn with_options(&self, options: CallOptions) -> Self {
        Self { endpoint: Arc::clone(&self.endpoint), options }
    }

    /// Sends a code, or with a `challengeId` sends that challenge once more: `POST /challenge`. Each call sends a message; the
    /// `idempotencyKey` groups challenges and suppresses none.
    ///
    /// # Errors
    ///
    /// A request with neither `challengeId` nor both of `verificationMethod` and `action` is refused before sending. Where the tenant's messages are sent
    /// by a synchronous webhook of its own, a [`Refused`](crate::SendState::Refused) error may follow a message that the webhook sent: see
    /// [the module](crate::authsignal#where-your-own-webhook-sends-the-message).
    pub async fn challenge(&self, body: &types::ChallengeRequest) -> Result<Reply<types::ChallengeResponse>, Error> {
        self.endpoint.told(&CHALLENGE, self.send(&self.options, body).await)
    }

    /// Checks a code: `POST /verify`. A wrong code is a reply with `is_verified: false`.
    ///
    /// # Errors
    ///
    /// As every operation, with whether the code may be used up.
    pub async fn verify(&self, body: &types::VerifyRequest) -> Result<Reply<types::VerifyResponse>, Error> {
        self.endpoint.told(&VERIFY, self.check_code(&self.options, body).await)
    }

    /// Claims a verified challenge for one of your users: `POST /claim`. The token that comes back is for [`validate`](Self::validate).
    ///
    /// With `skipVerificationCheck` an unverified challenge is claimed too, which the vendor calls a risk.
    ///
    /// # Errors
    ///
    /// As every operation, with whether the challenge may be claimed.
    pub async fn claim(&self, body: &types::ClaimRequest) -> Result<Reply<types::ClaimResponse>, Error> {
        let outcome = self.endpoint.call(&CLAIM, &self.options, &[], async |attempt| generated::Client::of(attempt).claim(body).await).await;
        self.endpoint.told(&CLAIM, outcome)
    }

    /// Says what a token proves: `POST /validate`. An unfinished challenge is a reply with `is_valid: false`.
    ///
    /// # Errors
    ///
    /// As every operation.
    pub async fn validate(&self, body: &types::ValidateRequest) -> Result<Reply<types::ValidateResponse>, Error> {
        let outcome = self.endpoint.call(&VALIDATE, &self.options, &[], async |attempt| generated::Client::of(attempt).validate(body).await).await;
        self.endpoint.told(&VALIDATE, outcome)
    }

    /// Finds the active challenge that fits the query: `GET /challenges`. A reply without members says that there is none.
    ///
    /// # Errors
    ///
    /// As every operation.
    pub async fn get_challenge(&self, query: &ChallengeQuery) -> Result<Reply<types::ActiveChallenge>, Error> {
        let ChallengeQuery { challenge_id, user_id, action, verification_method } = query;
        let (challenge_id, user_id) = (challenge_id.as_ref().map(Secret::expose), user_id.as_ref().map(Personal::as_str));
        let private: Vec<&str> = challenge_id.into_iter().chain(user_id).collect();
        let run = async |attempt| generated::Client::of(attempt).get_challenge(action.as_deref(), challenge_id, user_id, verification_method.as_ref()).await;
        let outcome = self.endpoint.call(&GET_CHALLENGE, &self.options, &private, run).await;
        self.endpoint.told(&GET_CHALLENGE, outcome)
    }

    pub(super) async fn send(&self, options: &CallOptions, body: &types::ChallengeRequest) -> Result<Reply<types::ChallengeResponse>, Failure> {
        convert::complete(body)?;
        let operation = if body.challenge_id.is_some() { &RESEND } else { &CHALLENGE };
        self.endpoint.call(operation, options, &[], async |attempt| generated::Client::of(attempt).challenge(body).await).await
    }

    pub(super) async fn check_code(&self, options: &CallOptions, body: &types::VerifyRequest) -> Result<Reply<types::VerifyResponse>, Failure> {
        self.endpoint.call(&VERIFY, options, &[], async |attempt| generated::Client::of(attempt).verify(body).await).await
    }

    pub(super) fn provider(&self) -> &ProviderId {
        self.endpoint.provider()
    }

    pub(super) async fn open_connection(&self, options: &CallOptions) -> Result<(), Error> {
        self.endpoint.open_connection(options).await
    }
}
