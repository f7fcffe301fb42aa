//! The client, and the operations around challenges, typed.

use std::sync::Arc;

use super::{SENSITIVE, config::CorbadoConfig, convert, generated, routes, types};
use crate::{
    model::{CallOptions, Error, Field, ProviderId},
    transport::{Endpoint, Failure, Http, Operation, Reply, Route, path::path_ids},
};

pub(super) const fn operation(route: Route) -> Operation {
    Operation::of(route, SENSITIVE, convert::error)
}

static CREATE: Operation = Operation { is_create: true, ..operation(routes::CHALLENGE_CREATE) };
static UPDATE: Operation = Operation { is_check: true, read_error: convert::update_error, ..operation(routes::CHALLENGE_UPDATE) };

/// Calls the Corbado Backend API: challenges, users and their login identifiers; cheap to clone.
///
/// ```no_run
/// use auth_challenge::{Http, corbado::{Corbado, CorbadoConfig, types}};
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// let corbado = Corbado::new(&CorbadoConfig::new("pro-1", "corbado1_secret"), Http::builder().build()?)?;
/// let request: types::ChallengeCreateReq = serde_json::from_value(serde_json::json!({
///     "challengeType": "email_otp",
///     "identifierValue": "jane@doe.com",
///     "clientInformation": {
///         "remoteAddress": "203.0.113.7",
///         "userAgent": "Mozilla/5.0",
///         "userVerifyingPlatformAuthenticatorAvailable": false,
///         "conditionalMediationAvailable": false,
///         "clientCapabilities": {},
///         "parsedDeviceInfo": { "browserName": "Firefox", "browserVersion": "140", "osName": "Linux", "osVersion": "" },
///     },
/// }))?;
/// let challenge = corbado.challenge_create("usr-4693224802260150919", &request).await?;
/// println!("{:?}", challenge.status);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Corbado {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) options: CallOptions,
    pub(super) finds_or_creates_users: bool,
}

impl Corbado {
    /// Makes a client of one project.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the server's URL or the credentials cannot be used.
    pub fn new(config: &CorbadoConfig, http: Http) -> Result<Self, Error> {
        let endpoint = config.endpoint(http)?;
        Ok(Self { endpoint: Arc::new(endpoint), options: CallOptions::default(), finds_or_creates_users: config.finds_or_creates_users })
    }

    /// Gives the same client, whose own operations have these options; through [`ChallengeProvider`](crate::ChallengeProvider) each call brings its
    /// own.
    pub fn with_options(&self, options: CallOptions) -> Self {
        Self { endpoint: Arc::clone(&self.endpoint), options, ..*self }
    }

    /// Sends a code or link: `POST /users/{userID}/challenges`, the operation `ChallengeCreate`. Each call sends a message.
    ///
    /// # Errors
    ///
    /// A user id that cannot be a segment of a path (empty, dots, slashes, control characters) is refused before sending; a user that Corbado does not know is
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound).
    pub async fn challenge_create(&self, user_id: &str, body: &types::ChallengeCreateReq) -> Result<Reply<types::Challenge>, Error> {
        self.endpoint.told(&CREATE, self.create(&self.options, user_id, body).await)
    }

    /// Answers a challenge: `PATCH /users/{userID}/challenges/{challengeID}`, the operation `ChallengeUpdate`. The right value turns its
    /// status to `completed`.
    ///
    /// # Errors
    ///
    /// Ids that cannot be segments of a path (empty, dots, slashes, control characters) are refused before sending. What Corbado answers to a wrong value is not documented: an error with a
    /// violation on `value`, or a reply with another status.
    pub async fn challenge_update(&self, user_id: &str, challenge_id: &str, body: &types::ChallengeUpdateReq) -> Result<Reply<types::Challenge>, Error> {
        self.endpoint.told(&UPDATE, self.update(&self.options, user_id, challenge_id, body).await)
    }

    pub(super) async fn create(&self, options: &CallOptions, user_id: &str, body: &types::ChallengeCreateReq) -> Result<Reply<types::Challenge>, Failure> {
        path_ids(&[(Some(Field::UserId), "userID", user_id)])?;
        self.endpoint.call(&CREATE, options, &[user_id], async |attempt| generated::Client::of(attempt).challenge_create(user_id, body).await).await
    }

    pub(super) async fn update(
        &self,
        options: &CallOptions,
        user_id: &str,
        challenge_id: &str,
        body: &types::ChallengeUpdateReq,
    ) -> Result<Reply<types::Challenge>, Failure> {
        path_ids(&[(Some(Field::UserId), "userID", user_id), (Some(Field::ChallengeId), "challengeID", challenge_id)])?;
        let run = async |attempt| generated::Client::of(attempt).challenge_update(user_id, challenge_id, body).await;
        self.endpoint.call(&UPDATE, options, &[user_id, challenge_id], run).await
    }

    pub(super) fn provider(&self) -> &ProviderId {
        self.endpoint.provider()
    }

    pub(super) async fn open_connection(&self, options: &CallOptions) -> Result<(), Error> {
        self.endpoint.open_connection(options).await
    }
}
