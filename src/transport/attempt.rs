//! One attempt, as the generated client's inner value: authorises the request, reads the reply within bounds, remembers how far it came.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, LOCATION, RETRY_AFTER},
};

use super::redact::{Mask, Submitted, Told};

/// Makes one attempt of a call. The generated client wants it cloneable; all clones are the same attempt.
#[derive(Clone)]
pub(crate) struct Attempt(Arc<Shared>);

struct Shared {
    client: reqwest::Client,
    authorization: Option<HeaderValue>,
    request_id_header: Option<&'static str>,
    max_response_bytes: usize,
    progress: Mutex<Progress>,
}

/// Tells how far an attempt came.
#[derive(Default)]
pub(super) struct Progress {
    /// What was submitted, for masking its values in the vendor's words.
    pub(super) submitted: Submitted,
    pub(super) head: Option<ReplyHead>,
    pub(super) body: Bytes,
    pub(super) too_large: bool,
}

/// Holds what the head of a reply tells.
#[derive(Clone, Debug)]
pub(super) struct ReplyHead {
    pub(super) status: u16,
    pub(super) request_id: Option<String>,
    pub(super) retry_after: Option<Duration>,
    pub(super) location: Option<String>,
    pub(super) content_type: Option<String>,
}

/// Lists the headers in which gateways, and vendors without a name of their own for it, name a request.
const REQUEST_ID: [&str; 4] = ["x-request-id", "x-correlation-id", "x-amzn-requestid", "cf-ray"];

impl Attempt {
    /// `request_id_header` is the vendor's own name of the header that names a request.
    pub(super) fn new(client: reqwest::Client, authorization: Option<HeaderValue>, request_id_header: Option<&'static str>, max_response_bytes: usize) -> Self {
        Self(Arc::new(Shared { client, authorization, request_id_header, max_response_bytes, progress: Mutex::default() }))
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the client that the attempt is to be sent by.
    pub(crate) fn client(&self) -> reqwest::Client {
        self.0.client.clone()
    }

    /// Prepares a request: takes off the header that the generator adds, and puts on the vendor's authorization. What an operation has as a
    /// header beside those of HTTP may be a secret, so no log shows it.
    ///
    /// A TLS connection of HTTP/1.1 serves one request: where a server closes a kept one as the next request arrives, nothing tells whether it
    /// was processed. HTTP/2 does tell, and has no such header: the layer below takes it off there.
    pub(crate) fn prepare(&self, request: &mut reqwest::Request) {
        let is_over_tls = request.url().scheme() == "https";
        let headers = request.headers_mut();
        headers.remove("api-version");
        for (_, value) in headers.iter_mut().filter(|(name, _)| **name != ACCEPT && **name != CONTENT_TYPE) {
            value.set_sensitive(true);
        }
        if let Some(authorization) = &self.0.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        if is_over_tls {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }

    /// Sends, and hands on a reply whose body is read already, and empty where it was too large.
    pub(crate) async fn send(&self, client: &reqwest::Client, request: reqwest::Request) -> reqwest::Result<reqwest::Response> {
        let max = self.0.max_response_bytes;
        self.progress().submitted = Submitted::of(&request);
        let mut response = client.execute(request).await.map_err(reqwest::Error::without_url)?;
        let status = response.status();
        self.progress().head = Some(ReplyHead::of(status.as_u16(), response.headers(), self.0.request_id_header));

        let mut body = Bytes::new();
        let mut too_large = false;
        while !too_large && let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
            too_large = body.len() + chunk.len() > max;
            body = match body.is_empty() {
                _ if too_large => Bytes::new(),
                true => chunk,
                false => {
                    let mut longer = body.try_into_mut().unwrap_or_else(|body| BytesMut::from(&body[..]));
                    longer.extend_from_slice(&chunk);
                    longer.freeze()
                }
            };
        }
        let mut progress = self.progress();
        progress.too_large = too_large;
        progress.body = body.clone();
        drop(progress);

        let mut rebuilt = http::Response::new(body);
        *rebuilt.status_mut() = status;
        Ok(rebuilt.into())
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attempt")
    }
}

impl ReplyHead {
    fn of(status: u16, headers: &HeaderMap, request_id_header: Option<&str>) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            status,
            request_id: request_id_header.into_iter().chain(REQUEST_ID).find_map(text).filter(|id| !id.is_empty()).map(str::to_owned),
            retry_after: text(RETRY_AFTER.as_str()).and_then(pause),
            location: text(LOCATION.as_str()).and_then(without_query),
            content_type: text(CONTENT_TYPE.as_str()).map(str::to_owned),
        }
    }
}

impl ReplyHead {
    /// Puts the texts of the head through a mask.
    pub(super) fn masked(&self, mask: &Mask) -> Self {
        let mut head = self.clone();
        let name = head.request_id.as_mut().map(|id| Told::name(id).cut_to(128));
        let words = [(&mut head.location, 256), (&mut head.content_type, 128)];
        mask.apply(name.into_iter().chain(words.into_iter().filter_map(|(text, longest)| Some(Told::words(text.as_mut()?).cut_to(longest)))));
        head
    }
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

            async fn exec(&self, request: ::reqwest::Request, _: &::progenitor_client::OperationInfo) -> ::reqwest::Result<::reqwest::Response> {
                self.inner.send(&self.client, request).await
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
        for name in ["accept", "content-type", "api-version", "x-code"] {
            request.headers_mut().insert(name, HeaderValue::from_static("text"));
        }
        attempt.prepare(&mut request);
        let mut headers: Vec<_> = request.headers().iter().map(|(name, value)| (name.as_str(), value.is_sensitive())).collect();
        headers.sort_unstable();
        assert_eq!(headers, [("accept", false), ("authorization", true), ("connection", false), ("content-type", false), ("x-code", true)]);
        assert_eq!(format!("{attempt:?}"), "Attempt");
    }
}
