//! One attempt, as the generated client's inner value: knows the URL, authorises and sends the request, reads the reply within bounds, remembers how far it came.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, LOCATION, RETRY_AFTER},
};
use progenitor_client::ResponseValue;
use serde::de::DeserializeOwned;
use url::Url;

use super::{
    Http,
    client::Pool,
    path::below,
    redact::{Mask, Submitted, Told},
    trace_context::{TRACEPARENT, TraceContext},
};

/// Makes one attempt of a call. The generated client wants it cloneable; all clones are the same attempt.
#[derive(Clone)]
pub(crate) struct Attempt(Arc<Shared>);

struct Shared {
    client: reqwest::Client,
    url: Arc<Url>,
    authorization: Option<HeaderValue>,
    trace_context: Option<TraceContext>,
    request_id_header: Option<&'static HeaderName>,
    max_response_bytes: usize,
    progress: Mutex<Progress>,
}

/// Tells how far an attempt came.
#[derive(Default)]
pub(super) struct Progress {
    /// What was submitted, for masking its values in the vendor's words.
    pub(super) submitted: Submitted,
    pub(super) head: Option<Head>,
    /// The body of the reply, empty until it is here whole and where it is longer than allowed.
    pub(super) body: Bytes,
    pub(super) too_large: bool,
}

/// Holds the head of a reply as it came.
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// Names the request, where a header does.
    pub(super) request_id: Option<HeaderValue>,
}

/// Lists the headers in which gateways, and vendors without a name of their own for it, name a request.
const REQUEST_ID: [HeaderName; 4] = [
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("x-correlation-id"),
    HeaderName::from_static("x-amzn-requestid"),
    HeaderName::from_static("cf-ray"),
];

/// Longest id of a request that is told, in characters.
pub(super) const LONGEST_REQUEST_ID: usize = 128;

impl Attempt {
    /// Makes an attempt; `request_id_header` is the vendor's own name of the header that names a request.
    pub(super) fn new(http: &Http, pool: Pool, url: Arc<Url>, authorization: Option<HeaderValue>, request_id_header: Option<&'static HeaderName>) -> Self {
        Self(Arc::new(Shared {
            client: http.client(pool).clone(),
            url,
            authorization,
            trace_context: http.trace_context.clone(),
            request_id_header,
            max_response_bytes: http.limits().max_response_bytes,
            progress: Mutex::default(),
        }))
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the client that the request is to be made by.
    pub(crate) fn client(&self) -> reqwest::Client {
        self.0.client.clone()
    }

    /// Gives the URL of the operation with these segments behind those that are the same for all calls.
    pub(crate) fn url(&self, segments: &[&str]) -> Url {
        below(&self.0.url, segments)
    }

    /// Puts on the vendor's authorization. What an operation has as a header beside those of HTTP may be a secret, so no log shows it.
    fn prepare(&self, request: &mut reqwest::Request) {
        let headers = request.headers_mut();
        for (_, value) in headers.iter_mut().filter(|(name, _)| **name != ACCEPT && **name != CONTENT_TYPE) {
            value.set_sensitive(true);
        }
        if let Some(authorization) = &self.0.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        if let Some(traceparent) = self.0.trace_context.as_ref().and_then(TraceContext::value) {
            headers.insert(TRACEPARENT, traceparent);
        }
        close_after(request);
    }

    /// Sends, and hands on the reply without head and body, which stand in the progress; the body is left empty where it is longer than allowed.
    pub(crate) fn send(&self, mut request: reqwest::Request) -> impl Future<Output = reqwest::Result<reqwest::Response>> {
        self.prepare(&mut request);
        self.progress().submitted = Submitted::of(&mut request);
        // Made before it is waited for, so that the request has no room in what waits.
        let sent = self.0.client.execute(request);
        async {
            let mut response = sent.await.map_err(reqwest::Error::without_url)?;
            let headers = std::mem::take(response.headers_mut());
            self.progress().head = Some(Head::new(response.status().as_u16(), headers, self.0.request_id_header));
            let body = self.body(&mut response).await?;
            let mut progress = self.progress();
            progress.too_large = body.is_none();
            progress.body = body.unwrap_or_default();
            drop(progress);
            Ok(response)
        }
    }

    /// Gives the body; `None` where it is longer than allowed.
    async fn body(&self, response: &mut reqwest::Response) -> reqwest::Result<Option<Bytes>> {
        let max = self.0.max_response_bytes;
        let mut first = Bytes::new();
        let mut whole = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
            match first.len() + whole.len() + chunk.len() {
                length if length > max => return Ok(None),
                // Nearly all replies come in one piece.
                _ if first.is_empty() && whole.is_empty() => first = chunk,
                _ => {
                    whole.extend_from_slice(&std::mem::take(&mut first));
                    whole.extend_from_slice(&chunk);
                }
            }
        }
        Ok(Some(if whole.is_empty() { first } else { whole.freeze() }))
    }

    /// Reads the reply that was sent for as the vendor's document has it.
    #[allow(clippy::result_large_err, reason = "it is the generated client's")]
    pub(crate) fn decode<T: DeserializeOwned>(&self, response: reqwest::Response) -> Result<ResponseValue<T>, progenitor_client::Error<()>> {
        let body = self.progress().body.clone();
        match serde_json::from_slice(&body) {
            Ok(value) => Ok(ResponseValue::new(value, response.status(), HeaderMap::new())),
            Err(error) => Err(progenitor_client::Error::InvalidResponsePayload(body, error)),
        }
    }
}

/// Asks for the close of a TLS connection of HTTP/1.1 after this request: where a server closes a kept one as the next request arrives, nothing tells
/// whether that was processed. HTTP/2 does tell, and has no such header: the layer below takes it off there.
pub(super) fn close_after(request: &mut reqwest::Request) {
    if request.url().scheme() == "https" {
        request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attempt")
    }
}

impl Head {
    fn new(status: u16, headers: HeaderMap, request_id_header: Option<&HeaderName>) -> Self {
        let id = request_id_header.into_iter().chain(&REQUEST_ID).find_map(|name| headers.get(name).filter(|id| is_text(id))).cloned();
        Self { status, headers, request_id: id.filter(|id| !id.is_empty()) }
    }

    /// Gives the id that names the request, to be masked.
    pub(super) fn request_id(&self) -> Option<String> {
        self.request_id.as_ref().and_then(|id| id.to_str().ok()).map(str::to_owned)
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.text(RETRY_AFTER).and_then(pause)
    }

    /// Tells where a redirect points.
    pub(super) fn location(&self, mask: &Mask) -> Option<String> {
        self.text(LOCATION).and_then(without_query).map(|location| masked(mask, location, 256))
    }

    pub(super) fn content_type(&self, mask: &Mask) -> Option<String> {
        self.text(CONTENT_TYPE).map(|kind| masked(mask, kind.to_owned(), 128))
    }

    fn text(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

fn masked(mask: &Mask, mut text: String, longest: usize) -> String {
    mask.apply([Told::words(&mut text).cut_to(longest)]);
    text
}

fn is_text(value: &HeaderValue) -> bool {
    value.to_str().is_ok()
}

/// The longest pause that is believed; a longer one is as good as none.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads the pause that a `Retry-After` header asks for, in seconds or as a date.
fn pause(value: &str) -> Option<Duration> {
    let value = value.trim();
    let pause = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(value).ok()?.duration_since(std::time::SystemTime::now()).ok()?,
    };
    (pause <= LONGEST_PAUSE).then_some(pause)
}

/// Tells where a redirect pointed, without what could be a secret: user info, query and fragment.
fn without_query(location: &str) -> Option<String> {
    // By itself first: `https:user@host` is a whole URL, and yet a path beside another one of its scheme.
    if let Ok(url) = url::Url::parse(location) {
        return matches!(url.scheme(), "http" | "https").then(|| format!("{}{}", url.origin().ascii_serialization(), url.path()));
    }
    // Resolved as a browser would, for `//user@host` and `/\\user@host` lead elsewhere too.
    let here = url::Url::parse("https://here.invalid/").ok()?;
    let url = here.join(location).ok()?;
    let path = url.path();
    let origin = url.origin().ascii_serialization();
    let is_path = location.starts_with(['/', '\\']);
    // Of the scheme that the call had.
    let elsewhere = || format!("{}{path}", origin.trim_start_matches("https:"));
    is_path.then(|| if url.origin() == here.origin() { path.to_owned() } else { elsewhere() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_may_be_a_secret_is_in_no_log() {
        let http = Http::builder().build().expect("a client");
        let mut authorization = HeaderValue::from_static("Basic secret");
        authorization.set_sensitive(true);
        let attempt = Attempt::new(&http, Pool::First, Arc::new("https://vendor.example/".parse().expect("a URL")), Some(authorization), None);
        let mut request = reqwest::Request::new(reqwest::Method::POST, "https://vendor.example".parse().expect("a URL"));
        for name in ["accept", "content-type", "x-code"] {
            request.headers_mut().insert(name, HeaderValue::from_static("text"));
        }
        attempt.prepare(&mut request);
        let mut headers: Vec<_> = request.headers().iter().map(|(name, value)| (name.as_str(), value.is_sensitive())).collect();
        headers.sort_unstable();
        assert_eq!(headers, [("accept", false), ("authorization", true), ("connection", false), ("content-type", false), ("x-code", true)]);
        assert_eq!(format!("{attempt:?}"), "Attempt");
    }
}
