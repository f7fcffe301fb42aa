//! A double of Dfns.

#![cfg(feature = "dfns")]

mod action;
mod authenticator;
mod behaviour;
mod cbor;
mod cose_key;
mod credential;
mod passkey;
mod proof;
mod public_key;

use std::{fmt, io, ops::Deref, sync::Arc};

use url::Host;

use super::{DoubleEntry, DoubleSetting};
use crate::{
    model::{RelyingParty, Secret},
    testing::{Double, DoubleBuilder, Operation, double::started},
};
use behaviour::DfnsBehaviour;

const NAME: &str = "dfns";

/// On the command line every bearer token is taken, and one code is never used up.
pub(super) const ENTRY: DoubleEntry = DoubleEntry {
    name: NAME,
    title: "Dfns",
    settings: &[
        DoubleSetting { name: "dfns-code", form: "CODE", default: "ABCD-1234-EFGH", help: "Dfns' one-time code, which is never used up", problem: |_| None },
        DoubleSetting {
            name: "dfns-rp-id",
            form: "DOMAIN",
            default: "localhost",
            help: "The relying party that passkeys at Dfns are for",
            problem: |id| (Host::parse(id) != Ok(Host::Domain(id.to_owned()))).then_some("expected a domain in small letters, say example.org"),
        },
    ],
    behaviour: |settings, values| {
        let vendor = DfnsSettings {
            lasting_code: Some(Secret::new(values.get("dfns-code"))),
            token: Token::Any,
            relying_party: RelyingParty::new(values.get("dfns-rp-id"), "Double"),
            ..Default::default()
        };
        Ok(Arc::new(DfnsBehaviour::new(settings, vendor)?))
    },
};

/// Operations of Dfns.
impl Operation {
    /// Issues a one-time code for a new credential, at Dfns.
    pub const ISSUE_CODE: Self = Self::named("issue_code");
    /// Starts signing a user action, at Dfns.
    pub const ACTION_INIT: Self = Self::named("action_init");
    /// Trades a signed user action for its token, at Dfns.
    pub const ACTION: Self = Self::named("action");
}

/// Doubles Dfns' registration of credentials by one-time code, over real HTTP.
///
/// It takes the bearer token `dfns_token` unless told otherwise, and the one-time codes that were [issued](Self::issue_code) or given to
/// the builder. Each code is good for one challenge. [`person`](Double::person) asks for a new key with a fresh code; Dfns knows whose code it
/// is, so the name is not sent.
///
/// Where Dfns' document is silent the double does this: a code that it does not know or that was used is status 403, `Invalid code`; an
/// expired one is status 400. A challenge lives five minutes and is used up by the credential that answers it. What is wrong with a
/// credential is status 400 in words.
///
/// A passkey has to be for the [relying party](DoubleBuilder::with_relying_party): made at an origin of that domain or below it (`http` for
/// `localhost` alone), not inside another site's frame, and attested by nobody or by its own key.
/// [`Passkey`](crate::testing::Passkey) makes such a one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), auth_challenge::Error> {
/// use auth_challenge::{ChallengeProviderExt as _, ChallengeRequest, CredentialKind, testing::DfnsDouble};
///
/// let dfns = DfnsDouble::start().await;
/// let request = ChallengeRequest::credential(CredentialKind::Fido2, dfns.issue_code());
/// let challenge = dfns.provider().create(&request).await?;
/// assert!(challenge.registration().is_some());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct DfnsDouble {
    double: Double,
    behaviour: Arc<DfnsBehaviour>,
}

impl DfnsDouble {
    /// Starts a double on a free port of loopback, with the documented credentials.
    ///
    /// # Panics
    ///
    /// Where no port can be bound.
    pub async fn start() -> Self {
        started(Self::builder().start().await)
    }

    /// Sets up a double with an address, a token or codes of your own.
    pub fn builder() -> DoubleBuilder<DfnsSettings> {
        DoubleBuilder::default()
    }

    /// Issues a one-time code, good for one challenge within a minute by the double's clock.
    pub fn issue_code(&self) -> String {
        self.behaviour.issue_code()
    }
}

impl Deref for DfnsDouble {
    type Target = Double;

    fn deref(&self) -> &Double {
        &self.double
    }
}

impl fmt::Debug for DfnsDouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.double.fmt(f)
    }
}

/// The bearer tokens that are taken.
#[derive(Debug)]
enum Token {
    Exactly(Secret),
    Any,
}

/// Collects what Dfns' double can be told, by the methods of its [`DoubleBuilder`].
#[derive(Debug)]
pub struct DfnsSettings {
    codes: Vec<Secret>,
    lasting_code: Option<Secret>,
    token: Token,
    relying_party: RelyingParty,
}

impl Default for DfnsSettings {
    fn default() -> Self {
        Self {
            codes: Vec::new(),
            lasting_code: None,
            token: Token::Exactly(Secret::new("dfns_token")),
            relying_party: RelyingParty::new("localhost", "Double"),
        }
    }
}

impl DoubleBuilder<DfnsSettings> {
    /// Adds a one-time code that is good for one challenge and does not expire.
    pub fn with_registration_code(mut self, code: impl Into<Secret>) -> Self {
        self.vendor.codes.push(code.into());
        self
    }

    /// Sets a one-time code that is never used up.
    pub fn with_lasting_code(mut self, code: impl Into<Secret>) -> Self {
        self.vendor.lasting_code = Some(code.into());
        self
    }

    /// Sets the bearer token.
    pub fn with_token(mut self, token: impl Into<Secret>) -> Self {
        self.vendor.token = Token::Exactly(token.into());
        self
    }

    /// Takes every bearer token.
    pub fn with_any_token(mut self) -> Self {
        self.vendor.token = Token::Any;
        self
    }

    /// Sets the relying party that challenges name; `localhost` unless told otherwise.
    pub fn with_relying_party(mut self, relying_party: RelyingParty) -> Self {
        self.vendor.relying_party = relying_party;
        self
    }

    /// Starts the double.
    ///
    /// # Errors
    ///
    /// Where the address cannot be bound.
    pub async fn start(self) -> io::Result<DfnsDouble> {
        let behaviour = Arc::new(DfnsBehaviour::new(&self.settings, self.vendor)?);
        Ok(DfnsDouble { double: Double::start_as(NAME, self.settings, behaviour.clone()).await?, behaviour })
    }
}
