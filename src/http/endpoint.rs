//! One vendor's server, and one call to it.

use std::{fmt, future::Future, ops::Deref, time::Duration};

use http::HeaderValue;
use progenitor_client::ResponseValue;
use tokio::time::Instant;
use url::Url;

use super::{
    Call, Http,
    mask::Mask,
    reply::{self, Dialect, Ended},
    retry, trace,
};
use crate::{CallOptions, Error, ErrorKind, ProviderId, Secret, SendState, Violation};

/// A vendor's reply, with what the HTTP exchange told beside it.
#[derive(Clone, Debug)]
pub struct Reply<T> {
    value: T,
    status: u16,
    request_id: Option<String>,
}

impl<T> Reply<T> {
    pub(super) fn new(value: T, status: u16, request_id: Option<String>) -> Self {
        Self { value, status, request_id }
    }

    /// The reply itself.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// What to tell where a reply can be read but does not make sense: the vendor acted, and it cannot be said how.
    pub(crate) fn unexpected(&self, provider: &ProviderId, detail: &'static str) -> Error {
        let error = Error::new(ErrorKind::UnexpectedReply, SendState::Accepted);
        let error = error.with_provider(provider.clone()).with_status(self.status).with_detail(detail);
        match &self.request_id {
            Some(id) => error.with_request_id(id),
            None => error,
        }
    }

    /// The HTTP status, a 2xx.
    pub fn http_status(&self) -> u16 {
        self.status
    }

    /// The id of the request, where a header names one.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

impl<T> Deref for Reply<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// As good as no limit, and near enough for a clock to count to.
pub(crate) const FAR: Duration = Duration::from_secs(24 * 60 * 60);

/// One vendor's server: where it is, how it is authorised, how it words its errors.
pub(crate) struct Endpoint {
    provider: ProviderId,
    base_url: String,
    authorization: Option<HeaderValue>,
    secrets: Vec<Secret>,
    http: Http,
    dialect: &'static Dialect,
}

/// How one call differs from the next.
pub(crate) struct CallSettings<'a> {
    pub(crate) operation: &'static str,
    pub(crate) options: &'a CallOptions,
    /// Whether the endpoint's credentials go with it.
    pub(crate) authorized: bool,
    /// Whether it is a create, which alone is made once more where that is safe.
    pub(crate) retried: bool,
    /// Values outside the body, in the path or a header, that must not come back in an error.
    pub(crate) private: &'a [&'a str],
}

impl Endpoint {
    pub(crate) fn new(provider: ProviderId, base_url: &Url, http: Http, dialect: &'static Dialect) -> Self {
        let base_url = base_url.as_str().trim_end_matches('/').to_owned();
        Self { provider, base_url, authorization: None, secrets: Vec::new(), http, dialect }
    }

    /// With the header that authorises calls, and the secrets that it is made of.
    pub(crate) fn authorized(mut self, header: HeaderValue, secrets: &[&Secret]) -> Self {
        self.authorization = Some(header);
        self.secrets = secrets.iter().map(|secret| (*secret).clone()).collect();
        self
    }

    pub(crate) fn provider(&self) -> &ProviderId {
        &self.provider
    }

    pub(crate) fn is_authorized(&self) -> bool {
        self.authorization.is_some()
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    pub(crate) fn client(&self) -> reqwest::Client {
        self.http.client().clone()
    }

    /// Makes one call within its time: `run` sends an attempt through a generated client.
    pub(crate) async fn call<T, F, Fut>(&self, settings: CallSettings<'_>, run: F) -> Result<Reply<T>, Error>
    where
        F: Fn(Call) -> Fut,
        Fut: Future<Output = Result<ResponseValue<T>, progenitor_client::Error<()>>>,
    {
        let started = Instant::now();
        let limits = self.http.limits();
        let deadline = started + settings.options.call_timeout().unwrap_or(limits.timeout).min(FAR);
        let mut attempts = 0;
        let mut earlier = SendState::NotSent;
        let outcome = loop {
            attempts += 1;
            let begun = Instant::now();
            let error = match self.attempt(&settings, deadline, &run).await {
                Ok(reply) => break Ok(reply),
                Err(error) => error,
            };
            let connecting = limits.connect_timeout.max(begun.elapsed());
            let pause = retry::pause(&error, attempts, deadline.saturating_duration_since(Instant::now()), connecting)
                .filter(|_| settings.retried && !settings.options.is_once());
            let error = error.after(earlier);
            earlier = error.send_state();
            let Some(pause) = pause else { break Err(error) };
            trace::retrying(&self.provider, settings.operation, pause, &error);
            tokio::time::sleep(pause).await;
        };
        let outcome = outcome.map_err(|error| error.with_provider(self.provider.clone()).with_operation(settings.operation));
        trace::finished(&self.provider, settings.operation, attempts, started.elapsed(), &outcome);
        outcome
    }

    async fn attempt<T, F, Fut>(&self, settings: &CallSettings<'_>, deadline: Instant, run: &F) -> Result<Reply<T>, Error>
    where
        F: Fn(Call) -> Fut,
        Fut: Future<Output = Result<ResponseValue<T>, progenitor_client::Error<()>>>,
    {
        let max_response_bytes = self.http.limits().max_response_bytes;
        let call = Call::new(self.authorization.clone().filter(|_| settings.authorized), max_response_bytes);
        let ended = match tokio::time::timeout_at(deadline, run(call.clone())).await {
            Ok(Ok(value)) => Ok(value.into_inner()),
            Ok(Err(error)) => Err(Ended::of(error)),
            Err(_) => Err(Ended::OutOfTime),
        };
        let progress = call.progress();
        let mask = || {
            let mut mask = Mask::default();
            settings.private.iter().for_each(|value| mask.hide(value));
            self.secrets.iter().for_each(|secret| mask.hide(secret.expose()));
            // Encoded as a pair, the secret is not the text that it is alone.
            let header = self.authorization.as_ref().and_then(|header| header.to_str().ok()?.split_once(' '));
            mask.hide(header.map_or("", |(_, credentials)| credentials.trim_end_matches('=')));
            mask.hide_members(&progress.submitted, self.dialect.sensitive);
            mask
        };
        reply::read(ended, &progress, self.dialect, settings.operation, max_response_bytes, mask)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("provider", &self.provider).field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// Refuses an id that would not stay one segment of a path.
pub(crate) fn path_id(field: &'static str, vendor_field: &'static str, id: &str) -> Result<(), Error> {
    match path_problem(id) {
        None => Ok(()),
        Some(problem) => {
            Err(Error::new(ErrorKind::InvalidRequest, SendState::NotSent).with_violations(vec![Violation::at_vendor(Some(field), vendor_field, problem)]))
        }
    }
}

/// Why an id cannot be a segment of a path: nothing and dots climb, and URLs take a backslash for a slash. All else is percent-encoded.
pub(crate) fn path_problem(id: &str) -> Option<&'static str> {
    match id {
        "" | "." | ".." => Some("expected an id, not an empty or dotted path segment"),
        _ if id.contains('\\') => Some("expected an id without a backslash"),
        _ => None,
    }
}
