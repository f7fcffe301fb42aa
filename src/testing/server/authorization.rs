//! Credentials in the header `authorization`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};

use crate::model::Secret;

/// The one pair of a user name and a password that a double takes.
pub(in crate::testing) struct ExpectedBasic(Secret);

impl ExpectedBasic {
    pub(in crate::testing) fn new(user: &str, password: &str) -> Self {
        Self(Secret::new(format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))))
    }

    pub(in crate::testing) fn is_in(&self, headers: &HeaderMap) -> bool {
        headers.get(header::AUTHORIZATION).is_some_and(|given| given.as_bytes() == self.0.expose().as_bytes())
    }
}

/// Gives the token of `Bearer`, where there is one.
pub(in crate::testing) fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").filter(|token| !token.is_empty())
}
