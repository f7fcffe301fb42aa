//! What a Corbado instance needs.

use url::Url;

use crate::{BasicCredentials, Error, ProviderId, Secret, config::Section, http::base_url};

const VERSION: &str = "/v2";
const DEFAULT: &str = "https://backendapi.cloud.corbado.io/v2";

/// A Corbado project: its credentials, and where it is reached.
///
/// ```
/// use auth_challenge::corbado::CorbadoConfig;
/// let config = CorbadoConfig::new("pro-1", "corbado1_secret");
/// ```
#[derive(Clone, Debug)]
pub struct CorbadoConfig {
    pub(super) id: ProviderId,
    pub(super) project_id: String,
    pub(super) api_secret: Secret,
    pub(super) base_url: Option<Url>,
}

impl CorbadoConfig {
    /// A project by its id (`pro-…`) and API secret (`corbado1_…`).
    pub fn new(project_id: impl Into<String>, api_secret: impl Into<Secret>) -> Self {
        Self { id: ProviderId::CORBADO, project_id: project_id.into(), api_secret: api_secret.into(), base_url: None }
    }

    /// Another name for the instance, where there are several.
    pub fn with_id(mut self, id: ProviderId) -> Self {
        self.id = id;
        self
    }

    /// Another server: https, or http on loopback; with and without `/v2`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the URL cannot be used.
    pub fn with_base_url(mut self, url: &str) -> Result<Self, Error> {
        self.base_url = Some(base_url(url, VERSION, &[]).map_err(|problem| Error::config("corbado.base_url", problem))?);
        Ok(self)
    }

    pub(crate) fn read(section: &mut Section<'_>) -> Option<Self> {
        let project_id = section.required_text("project_id");
        let api_secret = section.required_secret("api_secret");
        let base_url = section.base_url("base_url", VERSION);
        section.check("project_id", &project_id, |id| (!id.starts_with("pro-") || id.contains(':')).then_some("expected a project id, pro-…"));
        section.check("api_secret", &api_secret, |secret| (!secret.expose().starts_with("corbado1_")).then_some("expected a Corbado API secret, corbado1_…"));
        Some(Self { id: section.id(), project_id: project_id?, api_secret: api_secret?, base_url })
    }

    pub(super) fn credentials(&self) -> BasicCredentials {
        BasicCredentials::new(self.project_id.as_str(), self.api_secret.clone())
    }

    pub(super) fn server(&self) -> Result<Url, Error> {
        match &self.base_url {
            Some(url) => Ok(url.clone()),
            None => base_url(DEFAULT, VERSION, &[]).map_err(|problem| Error::config("corbado.base_url", problem)),
        }
    }
}
