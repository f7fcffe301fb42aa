//! Where a passkey is used: an origin, and the relying parties that it may speak for.

use url::{Host, Url};

use super::PasskeyError;

/// The host of an origin that a browser takes passkeys at.
pub(super) struct Site(String);

/// Gives the origin of a page's address; the text itself where it has none, which is told once it is needed.
pub(super) fn origin_of(address: String) -> String {
    let origin = Url::parse(&address).ok().map(|url| url.origin()).filter(url::Origin::is_tuple);
    origin.map_or(address, |origin| origin.ascii_serialization())
}

impl Site {
    pub(super) fn read(origin: &str) -> Result<Self, PasskeyError> {
        let fits = |url: Url| match url.host() {
            Some(Host::Domain(host)) => {
                let is_this_machine = host == "localhost" || host.ends_with(".localhost");
                let is_bare = url.origin().ascii_serialization() == origin.trim_end_matches('/').to_ascii_lowercase();
                (is_bare && (url.scheme() == "https" || url.scheme() == "http" && is_this_machine)).then(|| Self(host.to_owned()))
            }
            // Browsers refuse addresses: a passkey belongs to a domain.
            _ => None,
        };
        let expected = "origin: expected https:// and a domain, or http:// and localhost";
        Url::parse(origin).ok().and_then(fits).ok_or_else(|| PasskeyError::new("SecurityError", expected))
    }

    /// Gives the relying party that the site speaks for: its host, or what the member names, where that may be.
    ///
    /// A browser knows by a list which domains are public, as `co.uk` is. Without it, no domain of one part is taken but for itself.
    pub(super) fn relying_party<'a>(&'a self, member: &str, id: Option<&'a str>) -> Result<&'a str, PasskeyError> {
        let Some(id) = id else { return Ok(&self.0) };
        let is_at_or_above = |before: &str| before.is_empty() || before.ends_with('.') && id.contains('.');
        if self.0.strip_suffix(id).is_some_and(is_at_or_above) {
            return Ok(id);
        }
        let expected = format!("{member}: expected the host of the passkey's origin, or a domain above it that is not a top-level one");
        Err(PasskeyError::new("SecurityError", expected))
    }
}
