//! The vendor's operations, typed.

use std::sync::Arc;

use super::{SENSITIVE, config::CorbadoConfig, convert, generated, types};
use crate::{
    CallOptions, Error, Http, ProviderId, Reply,
    http::{Call, CallSettings, Dialect, Endpoint, hooks, path_id},
};

hooks!(generated::Client);

static DIALECT: Dialect = Dialect { sensitive: SENSITIVE, fault: convert::fault, is_done: |_| true };

/// A client of the Corbado Backend API's challenges; cheap to clone.
///
/// ```no_run
/// use auth_challenge::{Http, corbado::{Corbado, CorbadoConfig, types}};
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// let corbado = Corbado::new(&CorbadoConfig::new("pro-1", "corbado1_secret"), Http::builder().build()?)?;
/// let request: types::ChallengeCreateReq = serde_json::from_str("…")?;
/// let challenge = corbado.challenge_create("usr-4693224802260150919", &request).await?;
/// println!("{:?}", challenge.status);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Corbado {
    endpoint: Arc<Endpoint>,
    options: CallOptions,
}

impl Corbado {
    /// A client of one project.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the server's URL cannot be used.
    pub fn new(config: &CorbadoConfig, http: Http) -> Result<Self, Error> {
        let credentials = config.credentials();
        let header = credentials.header().ok_or_else(|| Error::config("corbado.api_secret", "expected text that a header can carry"))?;
        let endpoint = Endpoint::new(config.id.clone(), &config.server()?, http, &DIALECT).authorized(header, &credentials.parts());
        Ok(Self { endpoint: Arc::new(endpoint), options: CallOptions::default() })
    }

    /// The same client, whose calls have these options.
    pub fn with_options(&self, options: CallOptions) -> Self {
        Self { endpoint: Arc::clone(&self.endpoint), options }
    }

    /// Sends a code or link: `POST /users/{userID}/challenges`, the operation `ChallengeCreate`. Each call sends a message.
    ///
    /// # Errors
    ///
    /// A user id that is empty, `.` or `..` is refused before sending; a user that Corbado does not know is
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound).
    pub async fn challenge_create(&self, user_id: &str, body: &types::ChallengeCreateReq) -> Result<Reply<types::Challenge>, Error> {
        path_id("user_id", "userID", user_id).map_err(|error| self.refused("ChallengeCreate", error))?;
        let private = [user_id];
        let settings = CallSettings { retried: true, ..self.settings("ChallengeCreate", &private) };
        self.endpoint.call(settings, async |call| self.generated(call).challenge_create(user_id, body).await).await
    }

    /// Answers a challenge: `PATCH /users/{userID}/challenges/{challengeID}`, the operation `ChallengeUpdate`. The right value turns its
    /// status to `completed`.
    ///
    /// # Errors
    ///
    /// Ids that are empty, `.` or `..` are refused before sending. What Corbado answers to a wrong value is not documented: an error with a
    /// violation on `value`, or a reply with another status.
    pub async fn challenge_update(&self, user_id: &str, challenge_id: &str, body: &types::ChallengeUpdateReq) -> Result<Reply<types::Challenge>, Error> {
        path_id("user_id", "userID", user_id).map_err(|error| self.refused(convert::UPDATE, error))?;
        path_id("challenge_id", "challengeID", challenge_id).map_err(|error| self.refused(convert::UPDATE, error))?;
        let private = [user_id, challenge_id];
        let settings = self.settings(convert::UPDATE, &private);
        self.endpoint.call(settings, async |call| self.generated(call).challenge_update(user_id, challenge_id, body).await).await
    }

    pub(super) fn provider(&self) -> &ProviderId {
        self.endpoint.provider()
    }

    fn settings<'a>(&'a self, operation: &'static str, private: &'a [&'a str]) -> CallSettings<'a> {
        CallSettings { operation, options: &self.options, authorized: true, retried: false, private }
    }

    fn refused(&self, operation: &'static str, error: Error) -> Error {
        error.with_provider(self.provider().clone()).with_operation(operation)
    }

    fn generated(&self, call: Call) -> generated::Client {
        generated::Client::new_with_client(self.endpoint.base_url(), self.endpoint.client(), call)
    }
}
