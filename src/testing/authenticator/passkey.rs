//! A passkey, with the browser around it.

use std::{collections::BTreeMap, fmt, sync::Mutex};

use serde_json::Value;

use super::{
    PasskeyError,
    options::{self, Creation, Request},
    random_bytes,
    record::{Context, Registered, assertion},
    signing_key::SigningKey,
    site::{Site, origin_of},
};
use crate::testing::locked;

/// Answers as a browser does at one origin, with one passkey on P-256 (ES256), for tests without a browser.
///
/// It takes the JSON of options that `navigator.credentials` is called with, bare or under `publicKey`, and gives what
/// `PublicKeyCredential.toJSON()` gives: a new passkey for creation options, a signature for request options where it was created before. What a
/// browser refuses it refuses too, and [`PasskeyError::name`] is the exception's: another site's relying party, no ES256 among the algorithms, a
/// passkey that is excluded.
///
/// The user is always present and verified, and nobody attests the passkey. However often it is created it is the same one, while its counter
/// grows. It is this device's (`platform`), whatever attachment is asked for.
///
/// ```
/// use auth_challenge::{Answer, CredentialKind, Registration, RegistrationUser, RelyingParty, testing::Passkey};
///
/// let user = RegistrationUser { id: "us-1".into(), name: "jane@doe.com".into(), display_name: "Jane".into() };
/// let registration = Registration::new(CredentialKind::Fido2, "Y2gtNzloaHQ")       // Challenge::registration gives one
///     .with_user(user)
///     .with_relying_party(RelyingParty::new("example.org", "Example"));
/// let options = registration.to_webauthn_json(None).expect("a passkey has creation options");
///
/// let passkey = Passkey::new("https://login.example.org");
/// let given = passkey.answer(&options)?;
/// let answer = Answer::from_webauthn_json(&given.to_string(), "laptop")?;          // for ChallengeProvider::verify
/// # assert!(answer.as_credential().is_some());
///
/// let evil = Passkey::new("https://example.org.evil.example");
/// assert_eq!(evil.answer(&options).expect_err("another site").name(), "SecurityError");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Passkey {
    origin: String,
    key: SigningKey,
    id: [u8; 32],
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How often it answered.
    count: u32,
    /// The user that it was created for, by relying party. The origin's host has so many parts, so these are few.
    users: BTreeMap<String, Vec<u8>>,
}

impl Passkey {
    /// Makes a passkey that is used at this origin, say `https://login.example.org`; of a page's address the origin counts.
    ///
    /// An origin at which no browser takes passkeys is told by [`answer`](Self::answer).
    pub fn new(origin: impl Into<String>) -> Self {
        Self { origin: origin_of(origin.into()), key: SigningKey::new(), id: random_bytes(), state: Mutex::default() }
    }

    /// Gives what the browser gives for creation options (those with `rp`, `user` or `pubKeyCredParams`) or request options.
    ///
    /// # Errors
    ///
    /// What a browser would not answer, and why.
    pub fn answer(&self, options: &Value) -> Result<Value, PasskeyError> {
        let options = options::bare(options);
        if options::are_for_creation(options) { self.create(options) } else { self.sign_in(options) }
    }

    pub(super) fn create(&self, options: &Value) -> Result<Value, PasskeyError> {
        let wanted = Creation::read(options)?;
        let site = Site::read(&self.origin)?;
        let rp_id = site.relying_party("rp.id", wanted.rp_id)?;
        if !wanted.takes_es256 {
            return Err(PasskeyError::new("NotSupportedError", "pubKeyCredParams: expected ES256 (-7) of type public-key among them"));
        }
        if wanted.excluded.iter().any(|id| *id == self.id) {
            return Err(PasskeyError::new("InvalidStateError", "excludeCredentials: expected other passkeys than this one"));
        }
        let registered = self.register(rp_id, &wanted.challenge);
        locked(&self.state).users.insert(rp_id.to_owned(), wanted.user);
        Ok(registered.to_json(wanted.wants_properties))
    }

    /// Makes the passkey for a relying party and a challenge as they are, whatever a browser would say to them.
    pub(in crate::testing) fn register(&self, rp_id: &str, challenge: &str) -> Registered {
        Registered::new(&self.key, &self.id, &Context { origin: &self.origin, rp_id, challenge, count: self.next_count() })
    }

    fn sign_in(&self, options: &Value) -> Result<Value, PasskeyError> {
        let wanted = Request::read(options)?;
        let site = Site::read(&self.origin)?;
        let rp_id = site.relying_party("rpId", wanted.rp_id)?;
        if wanted.allowed.is_some_and(|allowed| !allowed.iter().any(|id| *id == self.id)) {
            return Err(PasskeyError::new("NotAllowedError", "allowCredentials: expected this passkey among them"));
        }
        let Some(user) = locked(&self.state).users.get(rp_id).cloned() else {
            return Err(PasskeyError::new("NotAllowedError", "rpId: expected a relying party that this passkey was created for before"));
        };
        let context = Context { origin: &self.origin, rp_id, challenge: &wanted.challenge, count: self.next_count() };
        Ok(assertion(&self.key, &self.id, &context, &user))
    }

    fn next_count(&self) -> u32 {
        let mut state = locked(&self.state);
        let count = state.count;
        state.count = count.saturating_add(1);
        count
    }
}

impl fmt::Debug for Passkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passkey").field("origin", &self.origin).finish_non_exhaustive()
    }
}
