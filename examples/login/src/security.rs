//! What stands around every request: whose it is, which are taken, how many, and what browsers are told about the reply.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use auth_challenge::ClientContext;
use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::{
    app::{App, Site},
    told::Told,
};

/// Who is asking, for vendors and limits.
pub struct Client {
    pub ip: IpAddr,
    headers: HeaderMap,
}

impl Client {
    /// Tells vendors of the browser; those of the headers that the crate reads.
    pub fn context(&self) -> ClientContext {
        ClientContext::new(self.ip).with_headers(&self.headers)
    }
}

impl FromRequestParts<App> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self { ip: client_ip(&app.site, &parts.extensions, &parts.headers), headers: parts.headers.clone() })
    }
}

/// Gives the address that counts: the peer's, or the last one that your own proxy names. What stands before it, anybody can send.
fn client_ip(site: &Site, extensions: &Extensions, headers: &HeaderMap) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    let named = || {
        let values = headers.get_all(site.client_ip_header.as_ref()?);
        values.iter().next_back()?.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
    };
    named().or(peer.map(|peer| peer.0.ip())).unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)).to_canonical()
}

/// Takes writes from this site's own pages alone, so that no other site acts in a person's name, or signs people in as somebody else.
///
/// Browsers say where a request comes from: in `Sec-Fetch-Site`, the old ones in `Origin`. No page can forge either, so no token is needed in the forms. Cookies are
/// `SameSite=Lax` beside it. What is read by GET changes nothing.
pub async fn refuse_other_sites(State(app): State<App>, request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) || is_ours(&app.site, request.headers()) {
        return next.run(request).await;
    }
    Told::new(StatusCode::FORBIDDEN, "other_site", "This was sent from another site. Please use the forms of this one.").into_response()
}

fn is_ours(site: &Site, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    match text(HeaderName::from_static("sec-fetch-site")) {
        Some(from) => from == "same-origin",
        None => text(header::ORIGIN) == Some(&site.origin),
    }
}

/// Counts requests by client.
pub struct Limit {
    clients: DefaultKeyedRateLimiter<IpAddr>,
    asked: AtomicUsize,
}

impl Limit {
    /// Lets a client ask so often a minute, and so often at once.
    pub fn new(per_minute: NonZeroU32) -> Arc<Self> {
        Arc::new(Self { clients: RateLimiter::keyed(Quota::per_minute(per_minute)), asked: AtomicUsize::new(0) })
    }

    fn takes(&self, client: IpAddr) -> bool {
        /// Now and then those are forgotten who have asked nothing for a while.
        const OFTEN: usize = 10_000;
        if self.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(OFTEN) {
            self.clients.retain_recent();
        }
        self.clients.check_key(&network(client)).is_ok()
    }
}

/// Gives what one subscriber has: an IPv4 address, or 64 bits of IPv6.
fn network(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(_) => client,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

/// Takes so many writes of one client; how many messages and codes, the guards of `vendors` say.
pub async fn limit_writes(State((app, limit)): State<(App, Arc<Limit>)>, request: Request, next: Next) -> Response {
    let ip = client_ip(&app.site, request.extensions(), request.headers());
    if matches!(*request.method(), Method::GET | Method::HEAD) || limit.takes(ip) {
        return next.run(request).await;
    }
    Told::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "That was a lot at once. Please try again in a minute.").into_response()
}

/// Tells browsers what the pages are: no scripts but the one file, no frames around them, nothing kept.
pub async fn add_headers(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // With no referrer at all a form would come from nowhere, and be refused.
    set(header::REFERRER_POLICY, "same-origin");
    set(header::CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "publickey-credentials-create=(self), publickey-credentials-get=(self)");
    // What vendors judge risk by, beside the user agent.
    set(HeaderName::from_static("accept-ch"), "Sec-CH-UA-Full-Version-List, Sec-CH-UA-Platform-Version");
    if app.site.is_https {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    response
}
