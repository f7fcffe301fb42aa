//! The vendor's operations, typed.

use std::sync::Arc;

use secrecy::zeroize::Zeroizing;

use super::{SENSITIVE, config::DfnsConfig, convert, generated, types};
use crate::{
    CallOptions, Error, ErrorKind, Http, ProviderId, RelyingParty, Reply, Secret, SendState,
    http::{Call, CallSettings, Dialect, Endpoint, hooks},
    secret::sensitive,
};

hooks!(generated::Client);

// 202: a policy holds the request back until somebody approves it.
static DIALECT: Dialect = Dialect { sensitive: SENSITIVE, fault: convert::fault, is_done: |status| status != 202 };

/// A client of the Dfns API's operations around new credentials; cheap to clone.
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
    /// A client of one organisation.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] where the server's URL cannot be used.
    pub fn new(config: &DfnsConfig, http: Http) -> Result<Self, Error> {
        let mut endpoint = Endpoint::new(config.id.clone(), &config.server()?, http, &DIALECT);
        if let Some(token) = &config.token {
            let header = sensitive(&Zeroizing::new(format!("Bearer {}", token.expose())));
            let header = header.ok_or_else(|| Error::config("dfns.token", "expected a token of visible ASCII characters"))?;
            endpoint = endpoint.authorized(header, &[token]);
        }
        Ok(Self { endpoint: Arc::new(endpoint), relying_party: config.relying_party.clone().map(Arc::new), options: CallOptions::default() })
    }

    /// The same client, whose calls have these options.
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
        convert::complete(body).map_err(|error| error.with_provider(self.provider().clone()).with_operation(convert::CODE_INIT))?;
        let settings = CallSettings { retried: true, ..self.settings(convert::CODE_INIT, false) };
        self.endpoint.call(settings, async |call| self.generated(call).credential_code_init(body).await).await
    }

    /// Hands in a new credential with its answer: `POST /auth/credentials/code/verify`. No credentials of yours go with it.
    ///
    /// # Errors
    ///
    /// As every operation, with whether the challenge may be used up.
    pub async fn credential_code_verify(&self, body: &types::CodeVerifyRequest) -> Result<Reply<types::Credential>, Error> {
        self.endpoint.call(self.settings(convert::CODE_VERIFY, false), async |call| self.generated(call).credential_code_verify(body).await).await
    }

    /// Asks for the challenge of a user action: `POST /auth/action/init`. Needs the token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] where no token is configured.
    pub async fn user_action_init(&self, body: &types::UserActionInitRequest) -> Result<Reply<types::UserActionChallenge>, Error> {
        self.require_token("user_action_init")?;
        self.endpoint.call(self.settings("user_action_init", true), async |call| self.generated(call).user_action_init(body).await).await
    }

    /// Hands in the signed challenge of a user action: `POST /auth/action`. Needs the token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] where no token is configured.
    pub async fn user_action_sign(&self, body: &types::UserActionRequest) -> Result<Reply<types::UserActionResponse>, Error> {
        self.require_token("user_action_sign")?;
        self.endpoint.call(self.settings("user_action_sign", true), async |call| self.generated(call).user_action_sign(body).await).await
    }

    /// Issues a one-time code for a new credential: `POST /auth/credentials/code`. Needs the token, and a user action that was signed for
    /// this very body: [`payload`](Self::payload) gives the text that goes out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] where no token is configured.
    pub async fn credential_code_create(&self, user_action: &Secret, body: &types::CredentialCodeRequest) -> Result<Reply<types::CredentialCode>, Error> {
        self.require_token("credential_code_create")?;
        let private = [user_action.expose()];
        let settings = CallSettings { private: &private, ..self.settings("credential_code_create", true) };
        self.endpoint.call(settings, async |call| self.generated(call).credential_code_create(user_action.expose(), body).await).await
    }

    /// The text that a body goes out as, for [`UserActionInitRequest::user_action_payload`](types::UserActionInitRequest::user_action_payload).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] where the body has no JSON form.
    pub fn payload(body: &types::CredentialCodeRequest) -> Result<Secret, Error> {
        let unserialisable = |_| Error::new(ErrorKind::InvalidRequest, SendState::NotSent).with_detail("the body has no JSON form");
        serde_json::to_string(body).map(Secret::new).map_err(unserialisable)
    }

    /// Issues a one-time code for a new credential with a key of yours: asks for the user action, signs it, asks for the code. Three
    /// requests; `expiration` is at most one minute ahead.
    ///
    /// # Errors
    ///
    /// Those of the three operations. Only the last of them acts, so an earlier one's error leaves nothing behind.
    #[cfg(feature = "dfns-keys")]
    pub async fn issue_credential_code(
        &self,
        expiration: types::CredentialCodeRequestExpiration,
        key: &super::key::Key,
        credential_id: &str,
    ) -> Result<Reply<types::CredentialCode>, Error> {
        let body = types::CredentialCodeRequest { expiration };
        let init = types::UserActionInitRequest {
            user_action_payload: Self::payload(&body)?,
            user_action_http_method: types::UserActionHttpMethod::Post,
            user_action_http_path: "/auth/credentials/code".into(),
            user_action_server_kind: Some(types::UserActionServerKind::Api),
        };
        let challenge = self.user_action_init(&init).await?;
        let signed = key.sign_user_action(&challenge, credential_id).map_err(|error| error.with_provider(self.provider().clone()))?;
        let user_action = self.user_action_sign(&signed).await?.into_inner().user_action;
        self.credential_code_create(&user_action, &body).await
    }

    fn require_token(&self, operation: &'static str) -> Result<(), Error> {
        match self.endpoint.is_authorized() {
            true => Ok(()),
            false => Err(Error::config("dfns.token", "is required for this operation").with_provider(self.provider().clone()).with_operation(operation)),
        }
    }

    pub(super) fn provider(&self) -> &ProviderId {
        self.endpoint.provider()
    }

    pub(super) fn relying_party(&self) -> Option<&RelyingParty> {
        self.relying_party.as_deref()
    }

    fn settings(&self, operation: &'static str, authorized: bool) -> CallSettings<'_> {
        CallSettings { operation, options: &self.options, authorized, retried: false, private: &[] }
    }

    fn generated(&self, call: Call) -> generated::Client {
        generated::Client::new_with_client(self.endpoint.base_url(), self.endpoint.client(), call)
    }
}
