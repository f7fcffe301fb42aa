//! What a new passkey or key has to sign, and the form in which a browser takes it.

use std::{
    fmt,
    ops::Deref,
    panic::{RefUnwindSafe, UnwindSafe},
    sync::{Arc, LazyLock},
};

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::model::{CredentialKind, Personal, Secret, base64url};

/// Tells what a new passkey or key has to sign, the same for every vendor.
#[derive(Clone)]
pub struct Registration {
    kind: CredentialKind,
    challenge: Secret,
    details: Arc<dyn Deref<Target = Details> + Send + Sync + UnwindSafe + RefUnwindSafe>,
}

/// Holds what else a vendor tells of a registration, which is made when somebody asks for it.
#[derive(Clone, Default)]
pub(crate) struct Details {
    pub(crate) user: Option<RegistrationUser>,
    pub(crate) relying_party: Option<RelyingParty>,
    pub(crate) algorithms: Vec<i64>,
    /// The further members of WebAuthn's creation options.
    pub(crate) options: Map<String, Value>,
}

/// Tells the user that a new credential belongs to, as the vendor names it.
#[derive(Clone, Debug)]
pub struct RegistrationUser {
    /// The vendor's id of the user.
    pub id: Personal,
    /// The user's name.
    pub name: Personal,
    /// The user's name as shown.
    pub display_name: Personal,
}

/// Names the site or app that a passkey is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RelyingParty {
    /// The domain, say `example.org`.
    pub id: String,
    /// The name as shown.
    pub name: String,
}

impl RelyingParty {
    /// Names a relying party by domain and name.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into() }
    }
}

impl Registration {
    /// Gives a credential of this kind something to sign.
    pub fn new(kind: CredentialKind, challenge: impl Into<Secret>) -> Self {
        Self::of(kind, challenge.into(), Details::default)
    }

    /// Gives a credential of this kind something to sign, with details that are made of the vendor's reply.
    pub(crate) fn of(kind: CredentialKind, challenge: Secret, details: impl FnOnce() -> Details + Send + UnwindSafe + 'static) -> Self {
        Self { kind, challenge, details: Arc::new(LazyLock::new(details)) }
    }

    fn with(self, set: impl FnOnce(&mut Details)) -> Self {
        let mut details = (**self.details).clone();
        set(&mut details);
        Self::of(self.kind, self.challenge, || details)
    }

    /// Adds the user that the credential belongs to.
    pub fn with_user(self, user: RegistrationUser) -> Self {
        self.with(|details| details.user = Some(user))
    }

    /// Adds the relying party.
    pub fn with_relying_party(self, relying_party: RelyingParty) -> Self {
        self.with(|details| details.relying_party = Some(relying_party))
    }

    /// Adds the COSE algorithms that are accepted, the best first.
    pub fn with_algorithms(self, algorithms: Vec<i64>) -> Self {
        self.with(|details| details.algorithms = algorithms)
    }

    /// Adds the further members of WebAuthn's creation options, as the vendor gave them.
    pub fn with_options(self, options: Map<String, Value>) -> Self {
        self.with(|details| details.options = options)
    }

    /// Writes the creation options of a passkey as a browser's `PublicKeyCredential.parseCreationOptionsFromJSON` takes them; `None` for keys.
    ///
    /// Binary members are base64url without padding, the user's id is encoded so, and members that this release does not know are
    /// kept. The relying party is `rp`, else the config's or the vendor's. Where none names one the options have no `rp`, and a browser refuses them.
    ///
    /// ```
    /// use auth_challenge::{CredentialKind, Registration, RelyingParty};
    ///
    /// let registration = Registration::new(CredentialKind::Fido2, "Y2gtNzloaHQ");
    /// let options = registration.to_webauthn_json(Some(&RelyingParty::new("example.org", "Example"))).expect("a passkey");
    /// assert_eq!(options["rp"]["id"], "example.org");
    /// assert_eq!(options["challenge"], "Y2gtNzloaHQ");
    /// ```
    pub fn to_webauthn_json(&self, rp: Option<&RelyingParty>) -> Option<Value> {
        if self.kind != CredentialKind::Fido2 {
            return None;
        }
        let mut options = self.options().clone();
        let encoded = |text: &str| base64url::normalise(text).unwrap_or_else(|| base64url::encode(text));
        options.insert("challenge".into(), encoded(self.challenge.expose()).into());
        if let Some(rp) = rp.or(self.relying_party()) {
            amend(&mut options, "rp", [("id", rp.id.clone()), ("name", rp.name.clone())]);
        }
        if let Some(user) = self.user() {
            let (name, display_name) = (user.name.as_str().to_owned(), user.display_name.as_str().to_owned());
            amend(&mut options, "user", [("id", base64url::encode(user.id.as_str())), ("name", name), ("displayName", display_name)]);
        }
        if !options.contains_key("pubKeyCredParams") {
            let parameters = self.algorithms().iter().map(|algorithm| json!({ "type": "public-key", "alg": algorithm }));
            options.insert("pubKeyCredParams".into(), parameters.collect());
        }
        if let Some(Value::Array(excluded)) = options.get_mut("excludeCredentials") {
            for credential in excluded {
                if let Some(Value::String(id)) = credential.get_mut("id") {
                    *id = encoded(id);
                }
            }
        }
        Some(Value::Object(options))
    }

    /// Gives the kind of credential.
    pub fn kind(&self) -> CredentialKind {
        self.kind
    }

    /// Gives the challenge to sign, as the vendor wrote it.
    pub fn challenge(&self) -> &Secret {
        &self.challenge
    }

    /// Gives the user that the credential belongs to.
    pub fn user(&self) -> Option<&RegistrationUser> {
        self.details.user.as_ref()
    }

    /// Gives the relying party, where the vendor names it.
    pub fn relying_party(&self) -> Option<&RelyingParty> {
        self.details.relying_party.as_ref()
    }

    /// Lists the COSE algorithms that are accepted: -7 is ECDSA with P-256, -8 is EdDSA, -257 is RSA.
    pub fn algorithms(&self) -> &[i64] {
        &self.details.algorithms
    }

    /// Gives the further members of WebAuthn's creation options.
    pub fn options(&self) -> &Map<String, Value> {
        &self.details.options
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").field("kind", &self.kind).field("algorithms", &self.algorithms()).finish_non_exhaustive()
    }
}

/// Sets members of the object under a name; its other members stay.
fn amend<const N: usize>(options: &mut Map<String, Value>, name: &str, members: [(&str, String); N]) {
    let mut object = match options.remove(name) {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    };
    object.extend(members.map(|(name, text)| (name.to_owned(), Value::String(text))));
    options.insert(name.to_owned(), Value::Object(object));
}
