//! What an Authsignal instance needs.

use super::routes;
use crate::{
    model::{Error, ProviderId, Secret},
    transport::{Authorization, Endpoint, Http},
    vendors::{Section, instance::Instance},
};

const VERSION: &str = "/v1";

/// Says where a tenant's data is kept; a key of another region is not accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Region {
    /// United States.
    #[default]
    Us,
    /// Australia.
    Au,
    /// European Union.
    Eu,
    /// Canada.
    Ca,
}

impl Region {
    const BY_NAME: &[(&str, Self)] = &[("us", Self::Us), ("au", Self::Au), ("eu", Self::Eu), ("ca", Self::Ca)];

    /// Gives the URL of the region's server.
    pub fn base_url(self) -> &'static str {
        match self {
            Self::Us => "https://api.authsignal.com/v1",
            Self::Au => "https://au.api.authsignal.com/v1",
            Self::Eu => "https://eu.api.authsignal.com/v1",
            Self::Ca => "https://ca.api.authsignal.com/v1",
        }
    }
}

/// Configures an Authsignal tenant: its secret key, and where it is reached.
///
/// ```
/// use auth_challenge::authsignal::{AuthsignalConfig, Region};
/// let config = AuthsignalConfig::new("a tenant's secret key").with_region(Region::Eu);
/// ```
#[derive(Clone, Debug)]
pub struct AuthsignalConfig {
    instance: Instance,
    secret_key: Secret,
    region: Region,
}

impl AuthsignalConfig {
    /// Takes a tenant's secret key, in the United States unless told otherwise.
    pub fn new(secret_key: impl Into<Secret>) -> Self {
        Self { instance: Instance::named(ProviderId::AUTHSIGNAL), secret_key: secret_key.into(), region: Region::default() }
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

    /// Sets another server, which goes before the region: https, or http on loopback; with and without `/v1`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the URL cannot be used.
    pub fn with_base_url(mut self, url: &str) -> Result<Self, Error> {
        self.instance = self.instance.with_base_url(url, VERSION)?;
        Ok(self)
    }

    pub(crate) fn read(section: &mut Section<'_>) -> Option<Self> {
        let secret_key = section.required_secret("secret_key");
        let region = section.choice("region", Region::BY_NAME);
        let instance = Instance::read(section, VERSION);
        section.either("region", "base_url");
        section.check("secret_key", &secret_key, |secret| match secret.expose() {
            secret if ["corbado1_", "pro-"].iter().any(|prefix| secret.starts_with(prefix)) => {
                Some("expected an Authsignal secret key; this looks like Corbado's")
            }
            // It goes out as a user name, which a colon would end.
            secret if secret.contains(':') => Some("expected an Authsignal secret key, which has no colon"),
            _ => None,
        });
        Some(Self { instance, secret_key: secret_key?, region: region.unwrap_or_default() })
    }

    pub(super) fn endpoint(&self, http: Http) -> Result<Endpoint, Error> {
        // The key is the user name, and the password is empty.
        let authorization = self.instance.authorized("secret_key", Authorization::basic(&self.secret_key, &Secret::new("")))?;
        self.instance.endpoint(self.region.base_url(), VERSION, Some(authorization), routes::ALL, http)
    }
}
