//! The vendor's operations, typed.

use std::sync::Arc;

use http::HeaderName;
use progenitor_client::ResponseValue;
use serde::de::DeserializeOwned;

use super::{SENSITIVE, config::TwilioConfig, convert, generated, routes, types};
use crate::{
    model::{CallOptions, Error, Field, ProviderId},
    transport::{Attempt, Endpoint, Failure, Http, Operation, Reply, Route, path::path_ids},
};

static REQUEST_ID: HeaderName = HeaderName::from_static("twilio-request-id");
const fn operation(route: Route) -> Operation {
    Operation { request_id_header: Some(&REQUEST_ID), ..Operation::of(route, SENSITIVE, convert::error) }
}

pub(super) static CREATE: Operation = Operation { is_create: true, ..operation(routes::CREATE_VERIFICATION) };
/// A resend is no create.
pub(super) static RESEND: Operation = operation(routes::CREATE_VERIFICATION);
static FETCH: Operation = operation(routes::FETCH_VERIFICATION);
static UPDATE: Operation = operation(routes::UPDATE_VERIFICATION);
static CHECK: Operation =
    Operation { is_check: true, read_error: convert::check_error, decisive: &["sid", "valid"], ..operation(routes::CREATE_VERIFICATION_CHECK) };

/// Calls the verifications of one Twilio Verify service; cheap to clone.
///
/// ```no_run
/// use auth_challenge::{Http, twilio::{Twilio, TwilioConfig, types}};
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// let config = TwilioConfig::new("ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "the account's token", "VAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
/// let twilio = Twilio::new(&config, Http::builder().build()?)?;
/// let verification = twilio.fetch_verification("VEaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").await?;
/// println!("{:?}", verification.status);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Twilio {
    endpoint: Arc<Endpoint>,
    service_sid: Arc<str>,
    options: CallOptions,
}

impl Twilio {
    /// Makes a client of one service.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the server's URL or the credentials cannot be used.
    pub fn new(config: &TwilioConfig, http: Http) -> Result<Self, Error> {
        let endpoint = config.endpoint(http)?;
        Ok(Self { endpoint: Arc::new(endpoint), service_sid: config.service_sid.as_str().into(), options: CallOptions::default() })
    }

    /// Gives the same client, whose own operations have these options; through [`ChallengeProvider`](crate::ChallengeProvider) each call brings its
    /// own.
    pub fn with_options(&self, options: CallOptions) -> Self {
        Self { options, ..self.clone() }
    }

    /// Sends a code: `POST /Services/{ServiceSid}/Verifications`, the operation `CreateVerification`. Each call sends a message; while a
    /// verification of the recipient is pending, it is the same one that is sent again.
    ///
    /// # Errors
    ///
    /// A limit of the recipient's (codes 60203 and 60212) is [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited) with a violation on
    /// [`Field::To`].
    pub async fn create_verification(&self, body: &types::CreateVerificationRequest) -> Result<Reply<types::Verification>, Error> {
        self.endpoint.told(&CREATE, self.create(&CREATE, &self.options, body).await)
    }

    /// Reads a verification: `GET /Services/{ServiceSid}/Verifications/{Sid}`, the operation `FetchVerification`. The vendor deletes those
    /// that are over.
    ///
    /// # Errors
    ///
    /// An id that cannot be a segment of a path (empty, dots, slashes, control characters) is refused before sending; one that the vendor does not know is
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound).
    pub async fn fetch_verification(&self, sid: &str) -> Result<Reply<types::Verification>, Error> {
        let run = async |attempt| generated::Client::of(attempt).fetch_verification(&self.service_sid, sid).await;
        self.at_id(&FETCH, sid, run).await
    }

    /// Cancels a verification, or approves one that was checked elsewhere: `POST /Services/{ServiceSid}/Verifications/{Sid}`, the operation
    /// `UpdateVerification`.
    ///
    /// # Errors
    ///
    /// As [`fetch_verification`](Self::fetch_verification).
    pub async fn update_verification(&self, sid: &str, body: &types::UpdateVerificationRequest) -> Result<Reply<types::Verification>, Error> {
        let run = async |attempt| generated::Client::of(attempt).update_verification(&self.service_sid, sid, body).await;
        self.at_id(&UPDATE, sid, run).await
    }

    /// Checks a code: `POST /Services/{ServiceSid}/VerificationCheck`, the operation `CreateVerificationCheck`. A wrong code is a reply whose
    /// status stays `pending`.
    ///
    /// # Errors
    ///
    /// A request with neither `To` nor `VerificationSid` is refused before sending. A verification that expired, was approved or cancelled is
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound), as one of another service is; too many checks (code 60202) are
    /// [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited) with a violation on [`Field::To`].
    pub async fn create_verification_check(&self, body: &types::CreateVerificationCheckRequest) -> Result<Reply<types::VerificationCheck>, Error> {
        self.endpoint.told(&CHECK, self.check_code(&self.options, body).await)
    }

    pub(super) async fn create(
        &self,
        operation: &Operation,
        options: &CallOptions,
        body: &types::CreateVerificationRequest,
    ) -> Result<Reply<types::Verification>, Failure> {
        self.endpoint.call(operation, options, &[], async |attempt| generated::Client::of(attempt).create_verification(&self.service_sid, body).await).await
    }

    pub(super) async fn check_code(
        &self,
        options: &CallOptions,
        body: &types::CreateVerificationCheckRequest,
    ) -> Result<Reply<types::VerificationCheck>, Failure> {
        convert::complete(body)?;
        self.endpoint.call(&CHECK, options, &[], async |attempt| generated::Client::of(attempt).create_verification_check(&self.service_sid, body).await).await
    }

    /// Makes a call whose path names a verification.
    async fn at_id<T, F, Fut>(&self, operation: &Operation, sid: &str, run: F) -> Result<Reply<T>, Error>
    where
        T: DeserializeOwned,
        F: Fn(Attempt) -> Fut,
        Fut: Future<Output = Result<ResponseValue<T>, progenitor_client::Error<()>>>,
    {
        let outcome = match path_ids(&[(Some(Field::ChallengeId), "Sid", sid)]) {
            Ok(()) => self.endpoint.call(operation, &self.options, &[sid], run).await,
            Err(error) => Err(error.into()),
        };
        self.endpoint.told(operation, outcome)
    }

    pub(super) fn provider(&self) -> &ProviderId {
        self.endpoint.provider()
    }

    pub(super) async fn open_connection(&self, options: &CallOptions) -> Result<(), Error> {
        self.endpoint.open_connection(options).await
    }
}
