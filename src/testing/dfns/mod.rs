//! A double of Dfns.

mod action;
mod authenticator;
mod credential;
mod passkey;
mod proof;
mod vendor;

use std::io;

use super::{
    common::{Common, Identity, Setup},
    double::double,
};
use crate::{Answer, Challenge, ChallengeRequest, CredentialKind, RelyingParty, Secret};
use vendor::{Dfns, Token};

/// Dfns' registration of credentials by one-time code, over real HTTP.
///
/// It takes the bearer token `dfns_token` unless told otherwise, and the one-time codes that were [issued](Self::issue_code) or given to
/// the builder. Each code is good for one challenge.
///
/// Where Dfns' document is silent the double does this: a code that it does not know or that was used is status 403, `Invalid code`; an
/// expired one is status 400. A challenge lives five minutes and is used up by the credential that answers it. What is wrong with a
/// credential is status 400 in words.
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
pub struct DfnsDouble {
    common: Common<Dfns>,
}

double!(DfnsDouble, DfnsDoubleBuilder, "Where it is reached.");

/// Builds a [`DfnsDouble`].
#[derive(Debug)]
pub struct DfnsDoubleBuilder {
    setup: Setup,
    codes: Vec<Secret>,
    lasting_code: Option<Secret>,
    token: Token,
    relying_party: RelyingParty,
}

impl Default for DfnsDoubleBuilder {
    fn default() -> Self {
        Self {
            setup: Setup::default(),
            codes: Vec::new(),
            lasting_code: None,
            token: Token::Exactly(Secret::new("dfns_token")),
            relying_party: RelyingParty::new("localhost", "Double"),
        }
    }
}

impl DfnsDoubleBuilder {
    /// Adds a one-time code that is good for one challenge and does not expire.
    pub fn code(mut self, code: impl Into<Secret>) -> Self {
        self.codes.push(code.into());
        self
    }

    /// A code that is never used up.
    pub fn lasting_code(mut self, code: impl Into<Secret>) -> Self {
        self.lasting_code = Some(code.into());
        self
    }

    /// The bearer token.
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.token = Token::Exactly(token.into());
        self
    }

    /// Takes every bearer token.
    pub fn any_token(mut self) -> Self {
        self.token = Token::Any;
        self
    }

    /// The relying party that challenges name; `localhost` unless told otherwise.
    pub fn relying_party(mut self, relying_party: RelyingParty) -> Self {
        self.relying_party = relying_party;
        self
    }

    /// Starts the double.
    ///
    /// # Errors
    ///
    /// Where the address cannot be bound.
    pub async fn start(self) -> io::Result<DfnsDouble> {
        let journal = self.setup.journal();
        let token = match &self.token {
            Token::Exactly(token) => token.expose().to_owned(),
            Token::Any => "dfns_token".to_owned(),
        };
        let identity = Identity { name: "dfns", version: "", members: vec![("token", token)] };
        let vendor = Dfns::new(&self.setup, self.token, self.relying_party, self.codes, self.lasting_code)?;
        Ok(DfnsDouble { common: Common::start(self.setup, journal, vendor, identity).await? })
    }
}

impl DfnsDouble {
    /// Issues a one-time code, good for one challenge within a minute by the double's clock.
    pub fn issue_code(&self) -> String {
        self.common.vendor.issue_code()
    }

    /// A request for the challenge of a new key, with a fresh one-time code. Dfns knows whose code it is, so the name is not sent.
    pub fn person(&self, _name: &str) -> ChallengeRequest {
        ChallengeRequest::credential(CredentialKind::Key, self.issue_code())
    }

    /// The right answer to a challenge: a new key's signature, or a new passkey's attestation.
    ///
    /// # Panics
    ///
    /// Where the challenge has nothing to sign.
    pub fn right_answer(&self, challenge: &Challenge) -> Answer {
        match challenge.registration() {
            Some(registration) => authenticator::answer(registration, registration.challenge().expose()),
            None => panic!("expected a challenge for a new credential"),
        }
    }

    /// A wrong answer to a challenge: the signature of another challenge.
    ///
    /// # Panics
    ///
    /// Where the challenge has nothing to sign.
    pub fn wrong_answer(&self, challenge: &Challenge) -> Answer {
        match challenge.registration() {
            Some(registration) => authenticator::wrong_answer(registration),
            None => panic!("expected a challenge for a new credential"),
        }
    }
}
