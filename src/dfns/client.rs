//! The vendor's operations, typed.

use std::sync::Arc;

use super::{SENSITIVE, config::DfnsConfig, convert, generated, types};
use crate::{
    CallOptions, Error, Http, ProviderId, RelyingParty, Reply,
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
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the server's URL cannot be used.
    pub fn new(config: &DfnsConfig, http: Http) -> Result<Self, Error> {
        let mut endpoint = Endpoint::new(config.id.clone(), &config.server()?, http, &DIALECT);
        if let Some(token) = &config.token {
            endpoint = endpoint.authorized(sensitive(&format!("Bearer {}", token.expose())), &[token]);
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
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with a violation on `code`.
    pub async fn credential_code_init(&self, body: &types::CodeInitRequest) -> Result<Reply<types::CredentialChallenge>, Error> {
        convert::complete(body).map_err(|error| error.with_provider(self.provider().clone()).with_operation("credential_code_init"))?;
        self.endpoint.call(self.settings("credential_code_init", false), async |call| self.generated(call).credential_code_init(body).await).await
    }

    pub(super) fn provider(&self) -> &ProviderId {
        self.endpoint.provider()
    }

    pub(super) fn relying_party(&self) -> Option<&RelyingParty> {
        self.relying_party.as_deref()
    }

    fn settings(&self, operation: &'static str, authorized: bool) -> CallSettings<'_> {
        CallSettings { operation, options: &self.options, authorized, private: &[] }
    }

    fn generated(&self, call: Call) -> generated::Client {
        generated::Client::new_with_client(self.endpoint.base_url(), self.endpoint.client(), call)
    }
}
