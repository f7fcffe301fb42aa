//! What every vendor's config has: the name of the instance, and where its server is.

use url::Url;

use super::Section;
use crate::{
    model::{Error, ProviderId},
    transport::{Authorization, Endpoint, Http, Route, base_url},
};

/// Names an instance of a vendor, with the server that was given for it.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub(super) id: ProviderId,
    base_url: Option<Url>,
}

impl Instance {
    pub(super) const fn named(id: ProviderId) -> Self {
        Self { id, base_url: None }
    }

    /// Reads the name of a section and its key `base_url`; `version` is what a base URL ends in, given or not.
    pub(super) fn read(section: &mut Section<'_>, version: &str) -> Self {
        Self { id: section.id(), base_url: section.base_url("base_url", version) }
    }

    pub(super) fn with_base_url(self, url: &str, version: &str) -> Result<Self, Error> {
        let url = base_url(url, version, &[]).map_err(|expected| self.wrong("base_url", expected))?;
        Ok(Self { base_url: Some(url), ..self })
    }

    /// Makes the endpoint at the server that was given, else at the vendor's own.
    pub(super) fn endpoint(&self, own: &str, version: &str, authorization: Option<Authorization>, routes: &[Route], http: Http) -> Result<Endpoint, Error> {
        let server = match &self.base_url {
            Some(url) => url.clone(),
            None => base_url(own, version, &[]).map_err(|expected| self.wrong("base_url", expected))?,
        };
        Ok(Endpoint::new(self.id.clone(), &server, authorization, routes, http))
    }

    /// Takes an authorisation, or tells of the key whose value no header can carry.
    pub(super) fn authorized(&self, key: &str, authorization: Option<Authorization>) -> Result<Authorization, Error> {
        authorization.ok_or_else(|| self.wrong(key, "expected credentials that a header can carry; a user name has no colon"))
    }

    /// Tells of a value that cannot be used.
    pub(super) fn wrong(&self, key: &str, expected: &'static str) -> Error {
        Error::config(format!("{}.{key}", self.id), expected)
    }
}
