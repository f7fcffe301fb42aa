//! What a Corbado instance needs.

use url::Url;

use crate::{
    model::{Error, ProviderId, Secret},
    transport::{Authorization, base_url},
    vendors::{Section, shared},
};

const VERSION: &str = "/v2";
const SERVER: &str = "https://backendapi.cloud.corbado.io/v2";

/// Configures a Corbado project: its credentials, and where it is reached.
///
/// ```
/// use auth_challenge::corbado::CorbadoConfig;
/// let config = CorbadoConfig::new("pro-1", "corbado1_secret");
/// ```
#[derive(Clone, Debug)]
pub struct CorbadoConfig {
    pub(super) id: ProviderId,
    project_id: Secret,
    api_secret: Secret,
    base_url: Option<Url>,
}

impl CorbadoConfig {
    /// Takes a project's id (`pro-…`) and API secret (`corbado1_…`).
    pub fn new(project_id: impl Into<Secret>, api_secret: impl Into<Secret>) -> Self {
        Self { id: ProviderId::CORBADO, project_id: project_id.into(), api_secret: api_secret.into(), base_url: None }
    }

    /// Gives the instance another name, where there are several.
    pub fn with_id(mut self, id: ProviderId) -> Self {
        self.id = id;
        self
    }

    /// Sets another server: https, or http on loopback; with and without `/v2`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the URL cannot be used.
    pub fn with_base_url(mut self, url: &str) -> Result<Self, Error> {
        self.base_url = Some(base_url(url, VERSION, &[]).map_err(|expected| self.wrong("base_url", expected))?);
        Ok(self)
    }

    pub(crate) fn read(section: &mut Section<'_>) -> Option<Self> {
        let project_id = section.required_text("project_id");
        let api_secret = section.required_secret("api_secret");
        let base_url = section.base_url("base_url", VERSION);
        section.check("project_id", &project_id, |id| (!id.starts_with("pro-") || id.contains(':')).then_some("expected a project id, pro-…"));
        section.check("api_secret", &api_secret, |secret| (!secret.expose().starts_with("corbado1_")).then_some("expected a Corbado API secret, corbado1_…"));
        Some(Self { id: section.id(), project_id: project_id?.into(), api_secret: api_secret?, base_url })
    }

    pub(super) fn authorization(&self) -> Result<Authorization, Error> {
        Authorization::basic(&self.project_id, &self.api_secret).ok_or_else(|| self.wrong("api_secret", "expected text that a header can carry"))
    }

    pub(super) fn server(&self) -> Result<Url, Error> {
        shared::server(self.base_url.as_ref(), SERVER, VERSION)
    }

    fn wrong(&self, key: &str, expected: &'static str) -> Error {
        Error::config(format!("{}.{key}", self.id), expected)
    }
}
