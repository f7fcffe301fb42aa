//! The HTTP client that providers share, with the limits of a call.

use std::{
    borrow::Cow,
    fmt,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

#[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
use super::file;
use super::trace_context::TraceContext;
use crate::{
    model::Error,
    telemetry::{Observer, Observers},
};

/// Reaches vendors: holds the connection pool and the limits of every call.
///
/// No redirect is ever followed, the layers below never send again what was written, and no proxy is taken from the environment.
///
/// HTTP/2 connections are shared by all calls; one that gives no sign of life for 6 s is left. Over TLS, a connection of HTTP/1.1 serves one call: nothing tells whether a request that meets the
/// close of a kept one was processed.
///
/// ```
/// use std::time::Duration;
/// use auth_challenge::Http;
///
/// let http = Http::builder().with_timeout(Duration::from_secs(5)).build()?;
/// # Ok::<(), auth_challenge::Error>(())
/// ```
#[derive(Clone)]
#[cfg_attr(not(vendor), allow(dead_code, reason = "vendors alone make calls"))]
pub struct Http {
    first: reqwest::Client,
    pub(super) second: Arc<Spare>,
    pub(super) limits: Limits,
    pub(super) observers: Observers,
    pub(super) trace_context: Option<TraceContext>,
}

/// Is the second connection pool, which is made where it is first needed: making one reads the system's certificates, for which no start has to wait twice.
#[cfg_attr(not(vendor), allow(dead_code, reason = "vendors alone make calls"))]
pub(super) struct Spare {
    pub(super) client: OnceLock<reqwest::Client>,
    make: Box<dyn Fn() -> Result<reqwest::Client, Error> + Send + Sync>,
}

#[cfg(vendor)]
impl Spare {
    fn client(&self) -> Option<&reqwest::Client> {
        if self.client.get().is_none() {
            let made = (self.make)().inspect_err(|error| tracing::warn!(%error, "the second connection pool cannot be made now; the first one is used"));
            // Of several made at once the first stays.
            _ = self.client.set(made.ok()?);
        }
        self.client.get()
    }
}

/// Names one of the two connection pools. All calls begin in the first; one that the server hands back is made again in the other, since
/// within a pool it could come to the same connection.
#[cfg_attr(not(vendor), allow(dead_code, reason = "vendors alone make calls"))]
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Pool {
    #[default]
    First,
    Second,
}

#[cfg_attr(not(vendor), allow(dead_code, reason = "vendors alone make calls"))]
impl Pool {
    pub(super) fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

#[cfg_attr(not(vendor), allow(dead_code, reason = "vendors alone make calls"))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) max_response_bytes: usize,
}

/// Collects the settings of an [`Http`].
#[derive(Clone)]
pub struct HttpBuilder {
    timeout: Duration,
    connect_timeout: Option<Duration>,
    max_response_bytes: usize,
    proxy: Option<url::Url>,
    ca_file: Option<PathBuf>,
}

/// Time for a call where none is set.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);
/// Least time left before a provider is asked: with less, what is known to be not sent would turn into an unknown outcome.
pub(crate) const LEAST_TO_ASK: Duration = Duration::from_millis(250);
/// Stands for no limit, and is near enough for a clock to count to.
pub(crate) const FAR: Duration = Duration::from_secs(24 * 60 * 60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const MAX_RESPONSE_BYTES: usize = 1 << 20;
/// Keeps idle connections for less than gateways usually do (60 s and more), so that a request rarely meets a stale one.
const IDLE: Duration = Duration::from_secs(15);
/// Asks an HTTP/2 connection on which nothing comes in for a sign of life.
const PING_EVERY: Duration = Duration::from_secs(3);
/// Time for that sign; without it the connection is left.
const PING_TIMEOUT: Duration = Duration::from_secs(3);

impl Http {
    /// Starts from the usual settings: 10 s for a call, 3 s to connect, replies up to 1 MiB.
    pub fn builder() -> HttpBuilder {
        HttpBuilder { timeout: TIMEOUT, connect_timeout: None, max_response_bytes: MAX_RESPONSE_BYTES, proxy: None, ca_file: None }
    }

    /// Takes a client of your own making, for what [`HttpBuilder`] lacks. A log of every byte (`connection_verbose`) is switched off.
    ///
    /// Redirects, retries and the `Referer` header are switched off, TLS 1.2 is the least, the user agent is set, and every call has the
    /// time and size limits of [`Http::builder`], those for connecting among them; an HTTP/2 connection that gives no sign of life is left.
    /// Proxies are as the builder has them: call its `no_proxy` to take none from the environment.
    ///
    /// The builder is one of reqwest 0.13, which is re-exported as [`auth_challenge::reqwest`](crate::reqwest); another version's does not fit.
    ///
    /// A builder makes one connection pool, where [`Http::builder`] has two: a call that the server refused to process is made again in
    /// the same pool, and may meet the same HTTP/2 connection.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the client cannot be built.
    pub fn from_builder(builder: reqwest::ClientBuilder) -> Result<Self, Error> {
        let limits = Limits { timeout: TIMEOUT, connect_timeout: CONNECT_TIMEOUT, max_response_bytes: MAX_RESPONSE_BYTES };
        let client = locked_down(builder.connect_timeout(CONNECT_TIMEOUT))?;
        let same = client.clone();
        Ok(Self::of(client, move || Ok(same.clone()), limits))
    }

    pub(super) fn of(first: reqwest::Client, second: impl Fn() -> Result<reqwest::Client, Error> + Send + Sync + 'static, limits: Limits) -> Self {
        let second = Arc::new(Spare { client: OnceLock::new(), make: Box::new(second) });
        Self { first, second, limits, observers: Observers::default(), trace_context: None }
    }

    /// Gives the same client another time for a whole call. The time for connecting stays: where it is not shorter than this, a connect that hangs ends as
    /// [`SendState::Unknown`](crate::SendState::Unknown), and not as `NotSent`.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.limits.timeout = timeout;
        self
    }

    /// Gives the same client another limit for replies, in bytes.
    pub fn with_max_response_bytes(mut self, bytes: usize) -> Self {
        self.limits.max_response_bytes = bytes;
        self
    }

    /// Adds an [`Observer`], which is told of each attempt to call a vendor.
    pub fn with_observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observers.add(observer);
        self
    }

    /// Sends the header `traceparent` of W3C Trace Context with each attempt to call a vendor, as `of_attempt` gives it. Without this none goes out; no `tracestate` does.
    ///
    /// It is asked once an attempt, within the attempt's span, while the call waits. A text of another form than the standard's is not sent; a panic is caught, and costs the call nothing. Where
    /// the attempt's span is filtered out, the current span is the one around it.
    ///
    /// ```
    /// use opentelemetry::trace::TraceContextExt as _;
    /// use tracing_opentelemetry::OpenTelemetrySpanExt as _;
    ///
    /// let http = auth_challenge::Http::builder().build()?.with_traceparent(|| {
    ///     let context = tracing::Span::current().context();
    ///     let place = context.span().span_context().clone();
    ///     place.is_valid().then(|| format!("00-{}-{}-{:02x}", place.trace_id(), place.span_id(), place.trace_flags()))
    /// });
    /// # Ok::<(), auth_challenge::Error>(())
    /// ```
    pub fn with_traceparent(self, of_attempt: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        self.with_trace_context(Some(TraceContext::new(of_attempt)))
    }

    pub(crate) fn with_trace_context(self, trace_context: Option<TraceContext>) -> Self {
        Self { trace_context: trace_context.or(self.trace_context), ..self }
    }

    pub(crate) fn with_observers(mut self, observers: &Observers) -> Self {
        self.observers.add_all(observers);
        self
    }

    /// Gives the time for a whole call.
    pub fn timeout(&self) -> Duration {
        self.limits.timeout
    }

    #[cfg(vendor)]
    pub(super) fn client(&self, pool: Pool) -> &reqwest::Client {
        match pool {
            Pool::First => &self.first,
            Pool::Second => self.second.client().unwrap_or(&self.first),
        }
    }

    #[cfg(vendor)]
    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl fmt::Debug for HttpBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the proxy: its URL may hold a password.
        f.debug_struct("HttpBuilder")
            .field("timeout", &self.timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("max_response_bytes", &self.max_response_bytes)
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

impl HttpBuilder {
    /// Sets the time for a whole call: connecting, waiting, reading the reply.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the time for connecting, less than that for the call. Not set: 3 s, or half of the call's time if that is less.
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// Sets the longest reply that is read, in bytes.
    pub fn with_max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Sets a proxy for all requests, by http or https. User and password in its URL, whose type is also [`reqwest::Url`](crate::reqwest::Url), go to the proxy.
    pub fn with_proxy(mut self, proxy: url::Url) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Names a PEM file with further certificate authorities to trust: a regular file of at most 4 MiB.
    pub fn with_ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the proxy or certificates cannot be used, and where the time for connecting is not less than that
    /// for the call: nobody would know then whether a connect that hangs has sent.
    pub fn build(self) -> Result<Http, Error> {
        let connect_timeout = self.connect_timeout.unwrap_or(CONNECT_TIMEOUT.min(self.timeout / 2));
        if connect_timeout >= self.timeout {
            return Err(Error::unusable_config("http.connect_timeout cannot be used: expected less than http.timeout"));
        }
        if self.proxy.as_ref().is_some_and(|proxy| !is_proxy(proxy)) {
            return Err(Error::unusable_config("http.proxy cannot be used: expected http or https"));
        }
        let proxy = self.proxy.map(|proxy| reqwest::Proxy::all(proxy.as_str())).transpose().map_err(|_| Error::unusable_config("http.proxy cannot be used"))?;
        let authorities = self.ca_file.as_deref().map(Authorities::read).transpose().map_err(|why| Error::unusable_config(format!("http.ca_file {why}")))?;
        let pool = move || {
            let mut builder = reqwest::Client::builder().no_proxy().connect_timeout(connect_timeout);
            #[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
            {
                builder = builder.tls_backend_rustls();
            }
            if let Some(proxy) = &proxy {
                builder = builder.proxy(proxy.clone());
            }
            if let Some(authorities) = &authorities {
                builder = authorities.trusted_by(builder);
            }
            locked_down(builder)
        };
        let limits = Limits { timeout: self.timeout, connect_timeout, max_response_bytes: self.max_response_bytes };
        Ok(Http::of(pool()?, pool, limits))
    }
}

/// Says whether a proxy is of a kind that is spoken here; the layers below pass by one of another kind, and call the vendor directly.
pub(crate) fn is_proxy(proxy: &url::Url) -> bool {
    matches!(proxy.scheme(), "http" | "https")
}

/// Applies the settings that callers cannot override.
fn locked_down(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, Error> {
    let builder = builder
        // It logs every byte, secrets among them.
        .connection_verbose(false)
        .user_agent(concat!("auth-challenge/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .pool_idle_timeout(IDLE)
        .http2_keep_alive_interval(PING_EVERY)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        .http2_keep_alive_while_idle(true);
    #[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
    let builder = builder.tls_version_min(reqwest::tls::Version::TLS_1_2);
    builder.build().map_err(|error| Error::unusable_config("the HTTP client cannot be built").with_source(error.without_url()))
}

/// Finds what is wrong with a file of certificate authorities.
pub(crate) fn problem_of_authorities(path: &std::path::Path) -> Option<Cow<'static, str>> {
    Authorities::read(path).err()
}

/// Longest file of certificates that is read, in bytes: a system's own bundle has about 200 KiB.
#[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
const LONGEST_CA_FILE: usize = 4 << 20;

/// Holds further certificate authorities to trust.
#[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
struct Authorities(Vec<reqwest::Certificate>);

#[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
impl Authorities {
    fn read(path: &std::path::Path) -> Result<Self, Cow<'static, str>> {
        let pem = file::read(path, LONGEST_CA_FILE).map_err(|error| format!("cannot be read: {error}"))?;
        match reqwest::Certificate::from_pem_bundle(&pem) {
            Ok(certificates) if !certificates.is_empty() && are_certificates(&pem) => Ok(Self(certificates)),
            Ok(certificates) if !certificates.is_empty() => Err("holds a block that is no certificate".into()),
            _ => Err("holds no PEM certificates".into()),
        }
    }

    fn trusted_by(&self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        builder.tls_certs_merge(self.0.iter().cloned())
    }
}

/// Says whether all blocks are certificates: any block is taken for one until a client is built.
#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
fn are_certificates(pem: &[u8]) -> bool {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};

    let mut authorities = rustls::RootCertStore::empty();
    CertificateDer::pem_slice_iter(pem).all(|block| block.is_ok_and(|certificate| authorities.add(certificate).is_ok()))
}

#[cfg(all(feature = "native-tls", not(any(feature = "rustls", feature = "rustls-no-provider"))))]
fn are_certificates(_: &[u8]) -> bool {
    true
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
struct Authorities;

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
impl Authorities {
    fn read(_: &std::path::Path) -> Result<Self, Cow<'static, str>> {
        Err("needs one of the features rustls, rustls-no-provider and native-tls".into())
    }

    fn trusted_by(&self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        builder
    }
}
