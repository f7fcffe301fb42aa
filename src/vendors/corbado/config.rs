//! What a Corbado instance needs.

use super::routes;
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
    pub(super) finds_or_creates_users: bool,
}

impl CorbadoConfig {
    /// Takes a project's id (`pro-…`) and API secret (`corbado1_…`).
    pub fn new(project_id: impl Into<Secret>, api_secret: impl Into<Secret>) -> Self {
        Self { instance: Instance::named(ProviderId::CORBADO), project_id: project_id.into(), api_secret: api_secret.into(), finds_or_creates_users: false }
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

    /// Sets whether a create without a user id first finds or makes the recipient's user; off by default. In a config: `find_or_create_users = true`.
    ///
    /// The request needs no user id then, and the program nothing of Corbado's. The user is that of [`Corbado::user_for`](super::Corbado::user_for), which each
    /// such create asks for within its own time: as a rule a call more, and for a new person three; one more where the address has capital letters and
    /// is not found in small ones. Where that fails, no message was asked for: the state is [`NotSent`](crate::SendState::NotSent) or
    /// [`Refused`](crate::SendState::Refused), so that a [`Router`](crate::Router) with failover may ask another provider instead; after a time-out only
    /// [one that is told to](crate::RouterBuilder::with_failover_when_unknown), in a config by `failover_when = "unknown"`. What it may leave behind is told at `user_for`.
    ///
    /// It makes a user of every recipient that a challenge is asked for: limit the calls by a guard, as you do anyway.
    pub fn with_find_or_create_users(mut self, is_wanted: bool) -> Self {
        self.finds_or_creates_users = is_wanted;
        self
    }

    pub(crate) fn read(section: &mut Section<'_>) -> Option<Self> {
        let project_id = section.required_text("project_id");
        let api_secret = section.required_secret("api_secret");
        let finds_or_creates_users = section.flag("find_or_create_users");
        let instance = Instance::read(section, VERSION);
        section.check("project_id", &project_id, |id| (!id.starts_with("pro-") || id.contains(':')).then_some("expected a project id, pro-…"));
        section.check("api_secret", &api_secret, |secret| (!secret.expose().starts_with("corbado1_")).then_some("expected a Corbado API secret, corbado1_…"));
        Some(Self { instance, project_id: project_id?.into(), api_secret: api_secret?, finds_or_creates_users })
    }

    pub(super) fn endpoint(&self, http: Http) -> Result<Endpoint, Error> {
        let authorization = self.instance.authorized("project_id", Authorization::basic(&self.project_id, &self.api_secret))?;
        self.instance.endpoint(SERVER, VERSION, Some(authorization), routes::ALL, http)
    }
}
