//! The page for people: one document with its style and script, and nothing from elsewhere.

use std::sync::LazyLock;

use axum::response::{Html, IntoResponse, Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, header};

use crate::testing::digest::sha256;

const PAGE: &str = include_str!("page.html");

/// What the page may do: run its own script and style, known by their hashes, and ask this port.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = |tag: &str| {
        let (_, after) = PAGE.split_once(&format!("<{tag}>")).unwrap_or_default();
        let (inside, _) = after.split_once(&format!("</{tag}>")).unwrap_or_default();
        STANDARD.encode(sha256(inside.as_bytes()))
    };
    let (style, script) = (hash("style"), hash("script"));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; connect-src 'self'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

pub(super) fn page() -> Response {
    let mut page = Html(PAGE).into_response();
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    page.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    page
}
