//! What a Corbado instance needs.

use crate::{
    model::{Error, ProviderId, Secret},
    transport::{Authorization, Endpoint, Http},
    vendors::{Section, instance::Instance},
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
    instance: Instance,
    project_id: Secret,
    api_secret: Secret,
}

impl CorbadoConfig {
    /// Takes a project's id (`pro-…`) and API secret (`corbado1_…`).
    pub fn new(project_id: impl Into<Secret>, api_secret: impl Into<Secret>) -> Self {
        Self { instance: Instance::named(ProviderId::CORBADO), project_id: project_id.into(), api_secret: api_secret.into() }
    }

    /// Gives the instance another name, where there are several.
    pub fn with_id(mut self, id: ProviderId) -> Self {
        self.instance.id = id;
        self
    }

    /// Sets another server: https, or http on loopback; with and without `/v2`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the URL cannot be used.
    pub fn with_base_url(mut self, url: &str) -> Result<Self, Error> {
        self.instance = self.instance.with_base_url(url, VERSION)?;
        Ok(self)
    }

    pub(crate) fn read(section: &mut Section<'_>) -> Option<Self> {
        let project_id = section.required_text("project_id");
        let api_secret = section.required_secret("api_secret");
        let instance = Instance::read(section, VERSION);
        section.check("project_id", &project_id, |id| (!id.starts_with("pro-") || id.contains(':')).then_some("expected a project id, pro-…"));
        section.check("api_secret", &api_secret, |secret| (!secret.expose().starts_with("corbado1_")).then_some("expected a Corbado API secret, corbado1_…"));
        Some(Self { instance, project_id: project_id?.into(), api_secret: api_secret? })
    }

    pub(super) fn endpoint(&self, http: Http) -> Result<Endpoint, Error> {
        let authorization = self.instance.authorized("api_secret", Authorization::basic(&self.project_id, &self.api_secret))?;
        self.instance.endpoint(SERVER, VERSION, Some(authorization), http)
    }
}
