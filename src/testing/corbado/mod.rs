//! A double of Corbado.

mod vendor;

use std::{collections::HashMap, io, sync::Mutex};

use super::{
    common::{Common, Identity, Setup},
    double::{double, sends_codes},
    fresh, locked,
};
use crate::{ChallengeRequest, ClientContext, ProviderId, Secret};
use vendor::{Corbado, Users};

/// Corbado's Backend API, as far as challenges go, over real HTTP.
///
/// It knows project `pro-1` with the API secret `corbado1_secret` unless told otherwise, and the users that were added.
///
/// Where Corbado's document is silent the double does this: a challenge lives 300 seconds unless the request says otherwise. A wrong
/// value is status 400 with a violation on `value`, `is invalid`; so is any value for a challenge that is completed, `has already been
/// used`. A challenge that is too old, or had too many wrong values, is status 200 with `expired`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), auth_challenge::Error> {
/// use auth_challenge::{ChallengeProviderExt as _, testing::CorbadoDouble};
///
/// let corbado = CorbadoDouble::start().await;
/// let challenge = corbado.provider().create(&corbado.person("jane@doe.com")).await?;
/// assert_eq!(challenge.provider().as_str(), "corbado");
/// assert_eq!(corbado.outbox().only().to(), "jane@doe.com");
/// corbado.violations().assert_none();
/// # Ok(()) }
/// ```
pub struct CorbadoDouble {
    common: Common<Corbado>,
    /// User ids by the name they were added under.
    names: Mutex<HashMap<String, String>>,
}

double!(CorbadoDouble, CorbadoDoubleBuilder, "Where it is reached; ends in `/v2`.");
sends_codes!(CorbadoDouble, CorbadoDoubleBuilder);

/// Builds a [`CorbadoDouble`].
#[derive(Debug)]
pub struct CorbadoDoubleBuilder {
    setup: Setup,
    project_id: String,
    api_secret: Secret,
    users: Users,
}

impl Default for CorbadoDoubleBuilder {
    fn default() -> Self {
        Self { setup: Setup::default(), project_id: "pro-1".into(), api_secret: Secret::new("corbado1_secret"), users: Users::default() }
    }
}

impl CorbadoDoubleBuilder {
    /// The project's id and API secret.
    pub fn credentials(mut self, project_id: impl Into<String>, api_secret: impl Into<Secret>) -> Self {
        self.project_id = project_id.into();
        self.api_secret = api_secret.into();
        self
    }

    /// Adds a user by id.
    pub fn user(self, id: impl Into<String>) -> Self {
        self.users.add(id.into());
        self
    }

    /// Takes every user id for known, but this one.
    pub fn any_user_but(mut self, unknown: impl Into<String>) -> Self {
        self.users = Users::any_but(unknown.into());
        self
    }

    /// Starts the double.
    ///
    /// # Errors
    ///
    /// Where the address cannot be bound.
    pub async fn start(self) -> io::Result<CorbadoDouble> {
        let journal = self.setup.journal();
        let identity = Identity {
            name: "corbado",
            version: "/v2",
            members: vec![("project_id", self.project_id.clone()), ("api_secret", self.api_secret.expose().to_owned())],
        };
        let vendor = Corbado::new(&self.setup, journal.clone(), &self.project_id, &self.api_secret, self.users)?;
        Ok(CorbadoDouble { common: Common::start(self.setup, journal, vendor, identity).await?, names: Mutex::default() })
    }
}

impl CorbadoDouble {
    /// Adds a user and gives the id that Corbado would know the user by; the same id for the same name.
    pub fn add_user(&self, name: &str) -> String {
        let mut names = locked(&self.names);
        let id = names.entry(name.to_owned()).or_insert_with(|| format!("usr-{}", fresh::digits(19)));
        self.common.vendor.users.add(id.clone());
        id.clone()
    }

    /// A request that challenges a person by e-mail address or phone number, as a user who was [added](Self::add_user).
    pub fn person(&self, name: &str) -> ChallengeRequest {
        let request = if name.starts_with('+') { ChallengeRequest::sms_otp(name) } else { ChallengeRequest::email_otp(name) };
        let client = ClientContext::new([203, 0, 113, 7]).user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0");
        request.user_id_at(ProviderId::CORBADO, self.add_user(name)).action("login").client(client)
    }
}
