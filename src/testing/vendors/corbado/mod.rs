//! A double of Corbado.

#![cfg(feature = "corbado")]

mod accounts;
mod behaviour;
mod listing;
mod reply;
mod users;

use std::{fmt, io, ops::Deref, sync::Arc};

use super::{DoubleEntry, DoubleSetting};
use crate::{
    model::Secret,
    testing::{Double, DoubleBuilder, Operation, double::started},
};
use behaviour::CorbadoBehaviour;
use users::EXAMPLE_USER;

const NAME: &str = "corbado";

/// On the command line every user id of the form `usr-NUMBER` is known but `usr-0`.
pub(super) const ENTRY: DoubleEntry = DoubleEntry {
    name: NAME,
    title: "Corbado",
    settings: &[DoubleSetting {
        name: "corbado-credentials",
        form: "ID:SECRET",
        default: "pro-1:corbado1_secret",
        help: "Corbado's project id and API secret",
        problem: |value| match value.split_once(':') {
            Some((id, secret)) if id.starts_with("pro-") && secret.starts_with("corbado1_") => None,
            _ => Some("expected pro-…:corbado1_…"),
        },
    }],
    behaviour: |settings, values| {
        let (project_id, api_secret) = values.get("corbado-credentials").split_once(':').unwrap_or_default();
        let (project_id, api_secret) = (project_id.to_owned(), Secret::new(api_secret));
        let vendor = CorbadoSettings { project_id, api_secret, users: vec![EXAMPLE_USER.into()], unknown: Some("usr-0".into()) };
        Ok(Arc::new(CorbadoBehaviour::new(settings, vendor)?))
    },
};

/// Operations of Corbado.
impl Operation {
    /// Makes a user, at Corbado.
    pub const USER_CREATE: Self = Self::named("user_create");
    /// Lists users, at Corbado.
    pub const USER_LIST: Self = Self::named("user_list");
    /// Looks at a user, at Corbado.
    pub const USER_GET: Self = Self::named("user_get");
    /// Changes a user, at Corbado.
    pub const USER_UPDATE: Self = Self::named("user_update");
    /// Deletes a user, at Corbado.
    pub const USER_DELETE: Self = Self::named("user_delete");
    /// Gives a user a login identifier, at Corbado.
    pub const IDENTIFIER_CREATE: Self = Self::named("identifier_create");
    /// Changes a login identifier, at Corbado.
    pub const IDENTIFIER_UPDATE: Self = Self::named("identifier_update");
    /// Takes a login identifier from a user, at Corbado.
    pub const IDENTIFIER_DELETE: Self = Self::named("identifier_delete");
    /// Lists login identifiers, at Corbado.
    pub const IDENTIFIER_LIST: Self = Self::named("identifier_list");
}

/// Doubles Corbado's Backend API, as far as users, their login identifiers and their challenges go, over real HTTP.
///
/// It knows project `pro-1` with the API secret `corbado1_secret` unless told otherwise, and the users that were added or that a client made:
/// [`person`](Double::person) adds one, whose login identifier is the name, verified.
///
/// Where Corbado's document is silent the double does this:
///
/// - A challenge lives 300 seconds unless the request says otherwise. A wrong value is status 400 with a violation on `value`, `is invalid`; so is any value
///   for a challenge that is completed, `has already been used`. A challenge that is too old, or had too many wrong values, is status 200 with `expired`.
///   Whether the recipient is a login identifier of the user, and what the user's status is, is not looked at; nothing follows from a completed challenge.
/// - An id that is not known is status 400 with a violation on it, `does not exist`.
/// - A login identifier is one user's: another one is refused with status 409, `already_exists` and a violation on `identifierValue`. Upper and lower case of
///   the letters A to Z make no difference there, nor in filters.
/// - Of several filters an entry meets all; a user's id may stand there without its `usr-`; `searchValue` is found anywhere in a name or a login identifier. A list that is not sorted begins with what
///   was made first. A page has 1000 entries at most. Texts of a user have 255 characters at most, and a user 100 login identifiers.
/// - Where every user is known but one, as on the command line, a user whom nobody made is listed once somebody has looked at it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), auth_challenge::Error> {
/// use auth_challenge::{ChallengeProviderExt as _, testing::CorbadoDouble};
///
/// let corbado = CorbadoDouble::start().await;
/// let challenge = corbado.provider().create(&corbado.person("jane@doe.com")).await?;
/// assert_eq!(challenge.provider().as_str(), "corbado");
/// assert_eq!(corbado.outbox().only().recipient(), "jane@doe.com");
/// corbado.violations().assert_none();
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct CorbadoDouble {
    double: Double,
    behaviour: Arc<CorbadoBehaviour>,
}

impl CorbadoDouble {
    /// Starts a double on a free port of loopback, with the documented credentials.
    ///
    /// # Panics
    ///
    /// Where no port can be bound.
    pub async fn start() -> Self {
        started(Self::builder().start().await)
    }

    /// Sets up a double with an address, credentials or codes of your own.
    pub fn builder() -> DoubleBuilder<CorbadoSettings> {
        DoubleBuilder::default()
    }

    /// Adds a user who has the name as a login identifier, and gives the id that Corbado would know the user by; the same id for the same name.
    pub fn add_user(&self, name: &str) -> String {
        self.behaviour.user_of(name)
    }
}

impl Deref for CorbadoDouble {
    type Target = Double;

    fn deref(&self) -> &Double {
        &self.double
    }
}

impl fmt::Debug for CorbadoDouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.double.fmt(f)
    }
}

/// Collects what Corbado's double can be told, by the methods of its [`DoubleBuilder`].
#[derive(Debug)]
pub struct CorbadoSettings {
    project_id: String,
    api_secret: Secret,
    users: Vec<String>,
    /// All other users are known, where one is not.
    unknown: Option<String>,
}

impl Default for CorbadoSettings {
    fn default() -> Self {
        Self { project_id: "pro-1".into(), api_secret: Secret::new("corbado1_secret"), users: Vec::new(), unknown: None }
    }
}

impl DoubleBuilder<CorbadoSettings> {
    /// Sets the project's id and API secret.
    pub fn with_credentials(mut self, project_id: impl Into<String>, api_secret: impl Into<Secret>) -> Self {
        self.vendor.project_id = project_id.into();
        self.vendor.api_secret = api_secret.into();
        self
    }

    /// Adds a user by id.
    pub fn with_user(mut self, id: impl Into<String>) -> Self {
        self.vendor.users.push(id.into());
        self
    }

    /// Takes every user id for known, but this one.
    pub fn with_any_user_but(mut self, unknown: impl Into<String>) -> Self {
        self.vendor.unknown = Some(unknown.into());
        self
    }

    /// Starts the double.
    ///
    /// # Errors
    ///
    /// Where the address cannot be bound.
    pub async fn start(self) -> io::Result<CorbadoDouble> {
        let behaviour = Arc::new(CorbadoBehaviour::new(&self.settings, self.vendor)?);
        Ok(CorbadoDouble { double: Double::start_as(NAME, self.settings, behaviour.clone()).await?, behaviour })
    }
}
