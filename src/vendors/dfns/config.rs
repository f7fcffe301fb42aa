//! What a Dfns instance needs.

use url::Url;

use crate::{
    model::{Error, ProviderId, RelyingParty, Secret},
    transport::{Authorization, base_url},
    vendors::{Section, shared},
};

const VERSION: &str = "";

/// Says where an organisation's data is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Region {
    /// Europe.
    #[default]
    Eu,
    /// United Arab Emirates.
    Uae,
}

impl Region {
    const BY_NAME: &[(&str, Self)] = &[("eu", Self::Eu), ("uae", Self::Uae)];

    /// Gives the URL of the region's server.
    pub fn base_url(self) -> &'static str {
        match self {
            Self::Eu => "https://api.dfns.io",
            Self::Uae => "https://api.uae.dfns.io",
        }
    }
}

/// Configures a Dfns organisation: where it is reached, and what passkeys are created for.
///
/// ```
/// use auth_challenge::{RelyingParty, dfns::{DfnsConfig, Region}};
/// let config = DfnsConfig::new().with_region(Region::Uae).with_relying_party(RelyingParty::new("example.org", "Example"));
/// ```
#[derive(Clone, Debug)]
pub struct DfnsConfig {
    pub(super) id: ProviderId,
    region: Region,
    base_url: Option<Url>,
    token: Option<Secret>,
    pub(super) relying_party: Option<RelyingParty>,
}

impl Default for DfnsConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl DfnsConfig {
    /// Starts from the server in Europe; answering challenges needs no credentials.
    pub fn new() -> Self {
        Self { id: ProviderId::DFNS, region: Region::default(), base_url: None, token: None, relying_party: None }
    }

    /// Gives the instance another name, where there are several.
    pub fn with_id(mut self, id: ProviderId) -> Self {
        self.id = id;
        self
    }

    /// Sets another region.
    pub fn with_region(mut self, region: Region) -> Self {
        self.region = region;
        self
    }

    /// Sets another server, which goes before the region: https, or http on loopback; any path prefix.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the URL cannot be used.
    pub fn with_base_url(mut self, url: &str) -> Result<Self, Error> {
        self.base_url = Some(base_url(url, VERSION, &[]).map_err(|expected| self.wrong("base_url", expected))?);
        Ok(self)
    }

    /// Sets the bearer token that issuing one-time codes needs.
    pub fn with_token(mut self, token: impl Into<Secret>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sets the site or app that passkeys are for, where the vendor does not name it.
    pub fn with_relying_party(mut self, relying_party: RelyingParty) -> Self {
        self.relying_party = Some(relying_party);
        self
    }

    pub(crate) fn read(section: &mut Section<'_>) -> Option<Self> {
        let region = section.choice("region", Region::BY_NAME);
        let base_url = section.base_url("base_url", VERSION);
        section.either("region", "base_url");
        let token = section.secret("token");
        section.check("token", &token, |token| match token.expose() {
            token if token.starts_with("corbado1_") => Some("expected a Dfns token; this looks like Corbado's secret"),
            token if !token.bytes().all(|byte| byte.is_ascii_graphic()) => Some("expected a token of visible ASCII characters"),
            _ => None,
        });
        let (rp_id, rp_name) = (section.text("rp_id"), section.text("rp_name"));
        let relying_party = match (rp_id, rp_name) {
            (Some(id), name) => Some(RelyingParty { name: name.unwrap_or_else(|| id.clone()), id }),
            (None, Some(_)) => {
                section.problem("rp_id", "is required beside rp_name");
                None
            }
            (None, None) => None,
        };
        Some(Self { id: section.id(), region: region.unwrap_or_default(), base_url, token, relying_party })
    }

    /// Authorises the operations that issue codes, where there is a token.
    pub(super) fn authorization(&self) -> Result<Option<Authorization>, Error> {
        let Some(token) = &self.token else { return Ok(None) };
        let authorization = Authorization::bearer(token);
        authorization.map(Some).ok_or_else(|| self.wrong("token", "expected a token of visible ASCII characters"))
    }

    pub(super) fn server(&self) -> Result<Url, Error> {
        shared::server(self.base_url.as_ref(), self.region.base_url(), VERSION)
    }

    fn wrong(&self, key: &str, expected: &'static str) -> Error {
        Error::config(format!("{}.{key}", self.id), expected)
    }
}
