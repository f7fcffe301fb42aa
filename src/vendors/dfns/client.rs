//! The vendor's operations, typed.

use std::sync::Arc;
#[cfg(feature = "dfns-keys")]
use std::time::{Duration, SystemTime};

use progenitor_client::ResponseValue;
use serde::de::DeserializeOwned;

use super::{SENSITIVE, config::DfnsConfig, convert, generated, routes, types};
use crate::{
    model::{CallOptions, Error, ErrorKind, Field, ProviderId, RelyingParty, Secret, SendState, Violation},
    transport::{Attempt, Endpoint, Failure, Http, Operation, Reply, Route},
};

const fn operation(route: Route) -> Operation {
    // 202: a policy holds the request back until somebody approves it.
    Operation { is_done: |status| status != 202, ..Operation::of(route, SENSITIVE, |_, body| convert::error(body)) }
}

static CODE_INIT: Operation = Operation { is_create: true, is_authorized: false, read_error: convert::init_error, ..operation(routes::CREDENTIAL_CODE_INIT) };
static CODE_VERIFY: Operation =
    Operation { is_check: true, is_authorized: false, read_error: convert::verify_error, decisive: &["isActive"], ..operation(routes::CREDENTIAL_CODE_VERIFY) };
static ACTION_INIT: Operation = operation(routes::USER_ACTION_INIT);
static ACTION_SIGN: Operation = operation(routes::USER_ACTION_SIGN);
static CODE_CREATE: Operation = operation(routes::CREDENTIAL_CODE_CREATE);

/// Calls the operations of the Dfns API around new credentials; cheap to clone.
///
/// ```no_run
/// use auth_challenge::{Http, dfns::{Dfns, DfnsConfig, types}};
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// let dfns = Dfns::new(&DfnsConfig::new(), Http::builder().build()?)?;
/// let request = types::CodeInitRequest { credential_kind: types::CredentialKind::Key, code: "ABCD-1234-EFGH".into() };
/// if let types::CredentialChallenge::Key(challenge) = dfns.credential_code_init(&request).await?.into_inner() {
///     println!("{:?}", challenge.pub_key_cred_params);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Dfns {
    endpoint: Arc<Endpoint>,
    relying_party: Option<Arc<RelyingParty>>,
    options: CallOptions,
}

impl Dfns {
    /// Makes a client of one organisation.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] where the server's URL or the token cannot be used.
    pub fn new(config: &DfnsConfig, http: Http) -> Result<Self, Error> {
        let endpoint = config.endpoint(http)?;
        Ok(Self { endpoint: Arc::new(endpoint), relying_party: config.relying_party.clone().map(Arc::new), options: CallOptions::default() })
    }

    /// Gives the same client, whose own operations have these options; through [`ChallengeProvider`](crate::ChallengeProvider) each call brings its
    /// own.
    pub fn with_options(&self, options: CallOptions) -> Self {
        Self { options, ..self.clone() }
    }

    /// Trades a one-time code for the challenge of a new credential: `POST /auth/credentials/code/init`. No credentials go with it.
    ///
    /// # Errors
    ///
    /// A code that is empty is refused before sending; one that the vendor does not accept is
    /// [`ErrorKind::InvalidRequest`] with a violation on `code`.
    pub async fn credential_code_init(&self, body: &types::CodeInitRequest) -> Result<Reply<types::CredentialChallenge>, Error> {
        self.endpoint.told(&CODE_INIT, self.init(&self.options, body).await)
    }

    /// Hands in a new credential with its answer: `POST /auth/credentials/code/verify`. No credentials of yours go with it.
    ///
    /// # Errors
    ///
    /// As every operation, with whether the challenge may be used up.
    pub async fn credential_code_verify(&self, body: &types::CodeVerifyRequest) -> Result<Reply<types::Credential>, Error> {
        self.endpoint.told(&CODE_VERIFY, self.verify(&self.options, body).await)
    }

    /// Asks for the challenge of a user action: `POST /auth/action/init`. Needs the token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] where no token is configured.
    pub async fn user_action_init(&self, body: &types::UserActionInitRequest) -> Result<Reply<types::UserActionChallenge>, Error> {
        self.with_token(&ACTION_INIT, &[], async |attempt| generated::Client::of(attempt).user_action_init(body).await).await
    }

    /// Hands in the signed challenge of a user action: `POST /auth/action`. Needs the token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] where no token is configured.
    pub async fn user_action_sign(&self, body: &types::UserActionRequest) -> Result<Reply<types::UserActionResponse>, Error> {
        self.with_token(&ACTION_SIGN, &[], async |attempt| generated::Client::of(attempt).user_action_sign(body).await).await
    }

    /// Issues a one-time code for a new credential: `POST /auth/credentials/code`. Needs the token, and a user action that was signed for
    /// this very body: [`payload`](Self::payload) gives the text that goes out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] where no token is configured.
    pub async fn credential_code_create(&self, user_action: &Secret, body: &types::CredentialCodeRequest) -> Result<Reply<types::CredentialCode>, Error> {
        let token = user_action.expose();
        self.with_token(&CODE_CREATE, &[token], async |attempt| generated::Client::of(attempt).credential_code_create(token, body).await).await
    }

    /// Gives the text that a body goes out as, for [`UserActionInitRequest::user_action_payload`](types::UserActionInitRequest::user_action_payload).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] where the body has no JSON form.
    pub fn payload(body: &types::CredentialCodeRequest) -> Result<Secret, Error> {
        let unserialisable = |_| Error::new(ErrorKind::InvalidRequest, SendState::NotSent).with_detail("the body has no JSON form");
        serde_json::to_string(body).map(Secret::new).map_err(unserialisable)
    }

    /// Issues a one-time code for a new credential, good for `lifetime`: asks for a user action, signs it with a key of yours, asks for the code.
    ///
    /// The token has to be an organisation user's or a delegated end user's: personal access tokens and service accounts issue no codes. The new
    /// credential will be that user's. `key` is one that the user has registered, and `credential_id` the id under which it was: what
    /// [`Credential::id`](crate::Credential::id) told then, not Dfns' own `cr-…`. Dfns sends the code to nobody: show it to the person who is to type it
    /// in, or send it by a way that reaches that person alone.
    ///
    /// `lifetime` is from one second to one minute, which is Dfns' limit. It is counted from this machine's clock; where that is ahead of Dfns', a
    /// whole minute is refused. Three requests, each with the time of one call.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use auth_challenge::{ChallengeProviderExt as _, ChallengeRequest, CredentialKind, Error, dfns::{Dfns, key::Key}};
    ///
    /// async fn invite(dfns: &Dfns, key: &Key, credential_id: &str) -> Result<(), Error> {
    ///     let issued = dfns.issue_credential_code(Duration::from_secs(50), key, credential_id).await?;
    ///     println!("Type this on your new device: {}", issued.code.expose());
    ///     // What that device types starts the challenge of its passkey:
    ///     let challenge = dfns.create(&ChallengeRequest::credential(CredentialKind::Fido2, issued.code.expose())).await?;
    ///     # let _ = challenge;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// A lifetime out of range is refused before anything is sent, and so is a key that Dfns does not list among those that may sign. Else those of the three
    /// operations; only the last of them acts, so an earlier one's error leaves nothing behind.
    #[cfg(feature = "dfns-keys")]
    pub async fn issue_credential_code(&self, lifetime: Duration, key: &super::key::Key, credential_id: &str) -> Result<Reply<types::CredentialCode>, Error> {
        let body = convert::code_request(SystemTime::now(), lifetime).map_err(|error| error.at(self.provider(), CODE_CREATE.route.name))?;
        let init = types::UserActionInitRequest {
            user_action_payload: Self::payload(&body)?,
            user_action_http_method: types::UserActionHttpMethod::Post,
            user_action_http_path: "/auth/credentials/code".into(),
            user_action_server_kind: Some(types::UserActionServerKind::Api),
        };
        let challenge = self.user_action_init(&init).await?;
        let signed = key.sign_user_action(&challenge, credential_id).map_err(|error| error.at(self.provider(), ACTION_SIGN.route.name))?;
        let user_action = self.user_action_sign(&signed).await?.into_inner().user_action;
        self.credential_code_create(&user_action, &body).await
    }

    pub(super) async fn init(&self, options: &CallOptions, body: &types::CodeInitRequest) -> Result<Reply<types::CredentialChallenge>, Failure> {
        if body.code.is_empty() {
            return Err(Error::invalid(vec![Violation::at_vendor(Some(Field::Code), "code", "is empty")]).into());
        }
        self.endpoint.call(&CODE_INIT, options, &[], async |attempt| generated::Client::of(attempt).credential_code_init(body).await).await
    }

    pub(super) async fn verify(&self, options: &CallOptions, body: &types::CodeVerifyRequest) -> Result<Reply<types::Credential>, Failure> {
        self.endpoint.call(&CODE_VERIFY, options, &[], async |attempt| generated::Client::of(attempt).credential_code_verify(body).await).await
    }

    /// Makes a call that needs the token.
    async fn with_token<T, F, Fut>(&self, operation: &Operation, private: &[&str], run: F) -> Result<Reply<T>, Error>
    where
        T: DeserializeOwned,
        F: Fn(Attempt) -> Fut,
        Fut: Future<Output = Result<ResponseValue<T>, progenitor_client::Error<()>>>,
    {
        let outcome = match self.endpoint.is_authorized() {
            true => self.endpoint.call(operation, &self.options, private, run).await,
            false => Err(Error::config(format!("{}.token", self.provider()), "is required for this operation").into()),
        };
        self.endpoint.told(operation, outcome)
    }

    pub(super) fn provider(&self) -> &ProviderId {
        self.endpoint.provider()
    }

    pub(super) async fn open_connection(&self, options: &CallOptions) -> Result<(), Error> {
        self.endpoint.open_connection(options).await
    }

    pub(super) fn relying_party(&self) -> Option<&RelyingParty> {
        self.relying_party.as_deref()
    }
}
