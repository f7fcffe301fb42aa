//! One vendor's server, and one call to it.

use std::{fmt, future::Future, pin::pin, sync::Arc, time::Duration};

use progenitor_client::ResponseValue;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use url::Url;

use super::{
    Attempt, Authorization, FAR, Http, Reply,
    attempt::close_after,
    calling::Calling,
    client::Pool,
    log,
    outcome::{self, Ended, Failure, Operation, Route},
    path::below,
};
use crate::model::{CallOptions, Error, ProviderId};

/// Calls one vendor's server: knows where it is and how it is authorised.
pub(crate) struct Endpoint {
    provider: ProviderId,
    base_url: Url,
    /// The URLs of the operations, by number, each as long as it is the same for all calls.
    urls: Vec<Arc<Url>>,
    server: Server,
    authorization: Option<Authorization>,
    http: Http,
}

/// Names the server, as traces do.
pub(super) struct Server {
    pub(super) address: String,
    pub(super) port: Option<u16>,
}

impl Endpoint {
    pub(crate) fn new(provider: ProviderId, base_url: &Url, authorization: Option<Authorization>, routes: &[Route], http: Http) -> Self {
        let address = base_url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let server = Server { address, port: base_url.port_or_known_default() };
        let urls = routes.iter().map(|route| Arc::new(below(base_url, route.beginning))).collect();
        Self { provider, base_url: base_url.clone(), urls, server, authorization, http }
    }

    pub(crate) fn provider(&self) -> &ProviderId {
        &self.provider
    }

    #[cfg_attr(not(every_vendor), allow(dead_code, reason = "a vendor that is compiled out needs it"))]
    pub(crate) fn is_authorized(&self) -> bool {
        self.authorization.is_some()
    }

    pub(super) fn authorization(&self) -> Option<&Authorization> {
        self.authorization.as_ref()
    }

    pub(super) fn http(&self) -> &Http {
        &self.http
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    pub(super) fn url(&self, route: &Route) -> Arc<Url> {
        match self.urls.get(route.number) {
            Some(url) => Arc::clone(url),
            // Of no vendor's list.
            None => Arc::new(below(&self.base_url, route.beginning)),
        }
    }

    /// Stamps what is told to the caller of an operation of the vendor's own.
    pub(crate) fn told<T>(&self, operation: &Operation, outcome: Result<T, Failure>) -> Result<T, Error> {
        outcome.map_err(|failure| failure.error.at(&self.provider, operation.route.name))
    }

    /// Tells when a call that begins now is over, and so may several be that are one to the caller.
    pub(crate) fn deadline(&self, options: &CallOptions) -> Instant {
        Instant::now() + self.time(options)
    }

    /// Tells how long a call may take.
    pub(super) fn time(&self, options: &CallOptions) -> Duration {
        options.timeout().unwrap_or(self.http.limits().timeout).min(FAR)
    }

    /// Makes one call within its time: `run` sends an attempt through a generated client.
    ///
    /// `private` are values outside the body, in the path or a header, that must not come back in an error. Without `options` of the call's
    /// own, it has the time of the HTTP client.
    pub(crate) fn call<'a, T, F, Fut>(
        &'a self,
        operation: &'a Operation,
        options: &CallOptions,
        private: &'a [&'a str],
        run: F,
    ) -> impl Future<Output = Result<Reply<T>, Failure>> + use<'a, T, F, Fut>
    where
        T: DeserializeOwned,
        F: Fn(Attempt) -> Fut,
        Fut: Future<Output = Result<ResponseValue<T>, progenitor_client::Error<()>>>,
    {
        let mut calling = Calling::begin(self, operation, options, private);
        // Boxed, so that neither this nor what waits for it is larger than what allocators keep at hand, about a kilobyte. Not an async function,
        // whose arguments have room twice.
        Box::pin(async move {
            loop {
                let attempting = calling.next_attempt();
                let came = {
                    let running = pin!(run(attempting.attempt()));
                    tokio::time::timeout_at(calling.deadline(), attempting.within(running)).await
                };
                let came = came.map_or(Err(Ended::OutOfTime), |came| came.map(ResponseValue::into_inner).map_err(Ended::from));
                // The generated client reads strictly, which is all that most replies need.
                let came = match came {
                    Err(Ended::Undecodable) => attempting.reread().ok_or(Ended::Undecodable),
                    came => came,
                };
                let begun = attempting.begun();
                let outcome = match came {
                    Ok(value) => attempting.replied().map(|exchange| Reply::new(value, exchange)),
                    Err(ended) => Err(attempting.failed(ended)),
                };
                match outcome {
                    Ok(reply) => {
                        calling.tell_reply(reply.exchange());
                        return Ok(reply);
                    }
                    Err(failure) => calling.again(failure, begun.elapsed()).await?,
                }
            }
        })
    }

    /// Opens a connection ahead of the first call, by asking for the head of the base URL, which acts on nothing.
    pub(crate) async fn open_connection(&self, options: &CallOptions) -> Result<(), Error> {
        // Neither has a call to wait for then, and the system's certificates are read while they can be.
        self.http.client(Pool::default().other());
        let client = self.http.client(Pool::default());
        let asked = async {
            let mut request = client.head(self.base_url.clone()).build()?;
            close_after(&mut request);
            client.execute(request).await.map(drop)
        };
        let ended = tokio::time::timeout_at(self.deadline(options), asked).await;
        let ended = ended.map_or(Err(Ended::OutOfTime), |asked| asked.map_err(|error| Ended::Transport(error.without_url())));
        let outcome = ended.map_err(outcome::unopened);
        log::warmed_up(&self.provider, &outcome);
        outcome
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("provider", &self.provider).field("base_url", &self.base_url.as_str().trim_end_matches('/')).finish_non_exhaustive()
    }
}
