//! What a Dfns instance needs.

use super::routes;
use crate::{
    model::{Error, ProviderId, RelyingParty, Secret},
    transport::{Authorization, Endpoint, Http},
    vendors::{Section, instance::Instance},
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
    instance: Instance,
    region: Region,
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
        Self { instance: Instance::named(ProviderId::DFNS), region: Region::default(), token: None, relying_party: None }
    }

    /// Gives the instance another name, where there are several.
    pub fn with_id(mut self, id: ProviderId) -> Self {
        self.instance.id = id;
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
        self.instance = self.instance.with_base_url(url, VERSION)?;
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
        let instance = Instance::read(section, VERSION);
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
        Some(Self { instance, region: region.unwrap_or_default(), token, relying_party })
    }

    /// Makes the endpoint; it is authorised where there is a token, for the operations that issue codes.
    pub(super) fn endpoint(&self, http: Http) -> Result<Endpoint, Error> {
        let authorized = |token| self.instance.authorized("token", Authorization::bearer(token));
        let authorization = self.token.as_ref().map(authorized).transpose()?;
        self.instance.endpoint(self.region.base_url(), VERSION, authorization, routes::ALL, http)
    }
}
