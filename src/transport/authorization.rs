//! How a call is authorised, and what must not be seen of that.

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderValue;
use secrecy::zeroize::Zeroizing;

use super::redact::Secrets;
use crate::model::Secret;

/// Authorises the calls to one vendor: by Basic credentials or a bearer token. The header is made once.
#[derive(Clone)]
pub(crate) struct Authorization {
    header: HeaderValue,
    secrets: Arc<Secrets>,
}

impl Authorization {
    /// Authorises by HTTP Basic: a user name and a password, which may be empty. `None` for a user name with a colon, which would end it.
    pub(crate) fn basic(user: &Secret, password: &Secret) -> Option<Self> {
        if user.expose().contains(':') {
            return None;
        }
        let pair = Zeroizing::new(format!("{}:{}", user.expose(), password.expose()));
        let header = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
        // Encoded as a pair, the secrets are not the texts that they are alone.
        let encoded = header.trim_start_matches("Basic ").trim_end_matches('=').to_owned();
        let secrets = Secrets::new([user.clone(), password.clone(), Secret::new(encoded)]);
        Some(Self { header: sensitive(&header)?, secrets: Arc::new(secrets) })
    }

    /// Authorises by a bearer token. `None` for text that a header cannot carry.
    pub(crate) fn bearer(token: &Secret) -> Option<Self> {
        let header = Zeroizing::new(format!("Bearer {}", token.expose()));
        Some(Self { header: sensitive(&header)?, secrets: Arc::new(Secrets::new([token.clone()])) })
    }

    /// Gives the `Authorization` header, marked sensitive.
    pub(super) fn header(&self) -> &HeaderValue {
        &self.header
    }

    /// Gives what must not come back in a vendor's words.
    pub(super) fn secrets(&self) -> Arc<Secrets> {
        Arc::clone(&self.secrets)
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorization(***)")
    }
}

/// Makes a header value that no log shows.
fn sensitive(value: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(value).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::redact::{Mask, Told};

    #[test]
    fn the_header_is_the_documented_one_and_shown_by_nobody() {
        let basic = Authorization::basic(&Secret::new("pro-1"), &Secret::new("corbado1_secret")).expect("a header");
        assert_eq!(basic.header().as_bytes(), b"Basic cHJvLTE6Y29yYmFkbzFfc2VjcmV0");
        let bearer = Authorization::bearer(&Secret::new("a token")).expect("a header");
        assert_eq!(bearer.header().as_bytes(), b"Bearer a token");
        for authorization in [&basic, &bearer] {
            assert_eq!(format!("{authorization:?} {:?}", authorization.header()), "Authorization(***) Sensitive");
        }
    }

    #[test]
    fn all_that_could_come_back_is_masked() {
        let basic = Authorization::basic(&Secret::new("a key"), &Secret::new("its password")).expect("a header");
        let mask = Mask::of(Some(basic.secrets()));
        let pair = STANDARD.encode("a key:its password");
        let mut text = format!("a key, its password, {pair}, yours");
        mask.apply([Told::words(&mut text)]);
        assert_eq!(text, "***, ***, ***, yours");
    }

    #[test]
    fn text_that_a_header_cannot_carry_authorises_nothing() {
        assert!(Authorization::bearer(&Secret::new("a\nb")).is_none());
        assert!(Authorization::basic(&Secret::new("a\nb"), &Secret::new("")).is_some(), "encoded, it is harmless");
    }
}
