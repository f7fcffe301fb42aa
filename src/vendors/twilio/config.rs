//! What a Twilio Verify instance needs.

use super::routes;
use crate::{
    model::{Error, ProviderId, Secret},
    transport::{Authorization, Endpoint, Http},
    vendors::{Section, instance::Instance},
};

const VERSION: &str = "/v2";
const SERVICE_SID: &str = "expected the SID of a Verify service, VA…";
const SERVER: &str = "https://verify.twilio.com/v2";

/// Configures a service of Twilio Verify: the account's credentials, the service, and where it is reached.
///
/// ```
/// use auth_challenge::twilio::TwilioConfig;
///
/// let account = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/// let service = "VAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/// let by_token = TwilioConfig::new(account, "the account's token", service);
/// let by_key = TwilioConfig::from_api_key("SKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "the key's secret", service);
/// ```
#[derive(Clone, Debug)]
pub struct TwilioConfig {
    instance: Instance,
    user: Secret,
    password: Secret,
    pub(super) service_sid: String,
}

impl TwilioConfig {
    /// Takes the account's SID (`AC…`) and auth token, and the SID of a Verify service (`VA…`).
    pub fn new(account_sid: impl Into<Secret>, auth_token: impl Into<Secret>, service_sid: impl Into<String>) -> Self {
        Self { instance: Instance::named(ProviderId::TWILIO), user: account_sid.into(), password: auth_token.into(), service_sid: service_sid.into() }
    }

    /// Takes the SID of an API key (`SK…`) and its secret, instead of the account's, and the SID of a Verify service (`VA…`).
    pub fn from_api_key(api_key_sid: impl Into<Secret>, api_key_secret: impl Into<Secret>, service_sid: impl Into<String>) -> Self {
        Self::new(api_key_sid, api_key_secret, service_sid)
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
        let account_sid = section.required_text("account_sid");
        let service_sid = section.required_text("service_sid");
        let instance = Instance::read(section, VERSION);
        section.check("account_sid", &account_sid, |sid| (!is_sid(sid, "AC")).then_some("expected the SID of an account, AC…"));
        section.check("service_sid", &service_sid, |sid| (!is_sid(sid, "VA")).then_some(SERVICE_SID));
        let credentials = if section.has("api_key_sid") || section.has_secret("api_key_secret") {
            section.neither_secret("auth_token", "expected either this or api_key_sid with api_key_secret");
            let key_sid = section.required_text("api_key_sid");
            section.check("api_key_sid", &key_sid, |sid| (!is_sid(sid, "SK")).then_some("expected the SID of an API key, SK…"));
            key_sid.zip(section.required_secret("api_key_secret"))
        } else {
            section.required_secret("auth_token").and_then(|token| Some((account_sid.clone()?, token)))
        };
        let (user, password) = credentials?;
        account_sid?;
        Some(Self { instance, user: user.into(), password, service_sid: service_sid? })
    }

    pub(super) fn endpoint(&self, http: Http) -> Result<Endpoint, Error> {
        // It stands in the path of every call, as one segment.
        if !is_sid(&self.service_sid, "VA") {
            return Err(self.instance.wrong("service_sid", SERVICE_SID));
        }
        let authorization = self.instance.authorized("account_sid", Authorization::basic(&self.user, &self.password))?;
        self.instance.endpoint(SERVER, VERSION, Some(authorization), routes::ALL, http)
    }
}

/// Says whether a text looks like an identifier of Twilio's of this kind.
fn is_sid(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}
