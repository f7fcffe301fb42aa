//! One attempt, as the generated client's inner value: authorises the request, reads the reply within bounds, remembers how far it came.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::BytesMut;
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, LOCATION, RETRY_AFTER},
};
use reqwest::ResponseBuilderExt as _;

use super::redact::{Mask, Submitted, Told};

/// Makes one attempt of a call. The generated client wants it cloneable; all clones are the same attempt.
#[derive(Clone)]
pub(crate) struct Attempt(Arc<Shared>);

struct Shared {
    client: reqwest::Client,
    authorization: Option<HeaderValue>,
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
    /// `request_id_header` is the vendor's own name of the header that names a request.
    pub(super) fn new(
        client: reqwest::Client,
        authorization: Option<HeaderValue>,
        request_id_header: Option<&'static HeaderName>,
        max_response_bytes: usize,
    ) -> Self {
        Self(Arc::new(Shared { client, authorization, request_id_header, max_response_bytes, progress: Mutex::default() }))
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the client that the attempt is to be sent by.
    pub(crate) fn client(&self) -> reqwest::Client {
        self.0.client.clone()
    }

    /// Prepares a request: puts on the vendor's authorization. What an operation has as a header beside those of HTTP may be a secret, so no log
    /// shows it.
    pub(crate) fn prepare(&self, request: &mut reqwest::Request) {
        let headers = request.headers_mut();
        for (_, value) in headers.iter_mut().filter(|(name, _)| **name != ACCEPT && **name != CONTENT_TYPE) {
            value.set_sensitive(true);
        }
        if let Some(authorization) = &self.0.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        close_after(request);
    }

    /// Sends, and hands on a reply without its head, whose body is no longer than it may be: one that does not say how long it is is read already, and
    /// empty where it was too large.
    pub(crate) async fn send(&self, client: &reqwest::Client, request: reqwest::Request) -> reqwest::Result<reqwest::Response> {
        let max = self.0.max_response_bytes;
        self.progress().submitted = Submitted::of(&request);
        let mut response = client.execute(request).await.map_err(reqwest::Error::without_url)?;
        let headers = std::mem::take(response.headers_mut());
        self.progress().head = Some(Head::new(response.status().as_u16(), headers, self.0.request_id_header));
        if response.content_length().is_some_and(|length| length <= max as u64) {
            return Ok(response);
        }

        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
            if body.len() + chunk.len() > max {
                self.progress().too_large = true;
                body.clear();
                break;
            }
            body.extend_from_slice(&chunk);
        }
        let mut rebuilt = http::Response::builder().url(response.url().clone()).body(body.freeze()).unwrap_or_default();
        *rebuilt.status_mut() = response.status();
        Ok(rebuilt.into())
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

/// Lets an attempt do the work of a generated client's hooks.
macro_rules! hooks {
    ($client:ty) => {
        impl ::progenitor_client::ClientHooks<$crate::transport::Attempt> for $client {
            async fn pre<E>(&self, request: &mut ::reqwest::Request, _: &::progenitor_client::OperationInfo) -> Result<(), ::progenitor_client::Error<E>> {
                self.inner.prepare(request);
                Ok(())
            }

            fn exec(
                &self,
                request: ::reqwest::Request,
                _: &::progenitor_client::OperationInfo,
            ) -> impl ::std::future::Future<Output = ::reqwest::Result<::reqwest::Response>> {
                self.inner.send(&self.client, request)
            }
        }
    };
}

pub(crate) use hooks;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_may_be_a_secret_is_in_no_log() {
        let mut authorization = HeaderValue::from_static("Basic secret");
        authorization.set_sensitive(true);
        let attempt = Attempt::new(reqwest::Client::new(), Some(authorization), None, 1000);
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
