//! A challenge that an application asks for.

use std::{fmt, time::Duration};

use serde_json::{Map, Value};

use crate::model::{ById, ClientContext, CredentialKind, Field, Method, Personal, ProviderId, Secret, Violation, recipient};

/// Asks for a challenge: a method, a recipient or code, and what is known of the user.
///
/// Give what you have. What the configured provider needs and is not here is refused before anything is sent, every missing field in
/// one error; what it does not take is ignored and listed in [`Challenge::ignored`](crate::Challenge::ignored), but for a scope, which is refused: a right is never lost in silence.
///
/// ```
/// use auth_challenge::{ChallengeRequest, ClientContext, Method, ProviderId};
///
/// let request = ChallengeRequest::email_otp("jane@doe.com")
///     .with_user_id_at(ProviderId::CORBADO, "usr-4693224802260150919")
///     .with_action("login")
///     .with_client(ClientContext::new([203, 0, 113, 7]).with_user_agent("Mozilla/5.0 …"));
/// assert_eq!(request.method(), Method::EmailOtp);
/// ```
#[derive(Clone)]
pub struct ChallengeRequest {
    method: Method,
    to: Option<Personal>,
    code: Option<Secret>,
    user_id: Option<Personal>,
    user_ids: ById<Personal>,
    action: Option<String>,
    action_key: Option<String>,
    client: ClientContext,
    locale: Option<String>,
    lifetime: Option<Duration>,
    scope: Option<String>,
    metadata: Map<String, Value>,
}

impl ChallengeRequest {
    /// Lists what a request can have: all that [`has`](Self::has) may say yes to.
    pub(crate) const FIELDS: [Field; 13] = [
        Field::To,
        Field::Code,
        Field::UserId,
        Field::Action,
        Field::ActionKey,
        Field::Ip,
        Field::UserAgent,
        Field::DeviceId,
        Field::Client,
        Field::Locale,
        Field::Lifetime,
        Field::Scope,
        Field::Metadata,
    ];

    /// Asks for a one-time code by e-mail.
    pub fn email_otp(to: impl Into<Personal>) -> Self {
        Self::new(Method::EmailOtp).with_recipient(to)
    }

    /// Asks for a link by e-mail.
    pub fn email_link(to: impl Into<Personal>) -> Self {
        Self::new(Method::EmailLink).with_recipient(to)
    }

    /// Asks for a one-time code by SMS, to a phone number in E.164 form.
    pub fn sms_otp(to: impl Into<Personal>) -> Self {
        Self::new(Method::SmsOtp).with_recipient(to)
    }

    /// Asks for a one-time code by WhatsApp, to a phone number in E.164 form.
    pub fn whatsapp_otp(to: impl Into<Personal>) -> Self {
        Self::new(Method::WhatsAppOtp).with_recipient(to)
    }

    /// Asks for a one-time code that a voice says in a call, to a phone number in E.164 form.
    pub fn voice_otp(to: impl Into<Personal>) -> Self {
        Self::new(Method::VoiceOtp).with_recipient(to)
    }

    /// Asks for the challenge of a new credential, allowed by a one-time code.
    pub fn credential(kind: CredentialKind, code: impl Into<Secret>) -> Self {
        Self::new(Method::Credential(kind)).with_code(code)
    }

    /// Starts from the method alone, for programs that learn the rest later; the named constructors are the usual way.
    pub fn new(method: Method) -> Self {
        Self {
            method,
            to: None,
            code: None,
            user_id: None,
            user_ids: ById::default(),
            action: None,
            action_key: None,
            client: ClientContext::default(),
            locale: None,
            lifetime: None,
            scope: None,
            metadata: Map::new(),
        }
    }

    /// Sets the recipient: one bare e-mail address of at most 254 bytes, without a name, comment or quotes; or a phone number in E.164 form, `+` and 7 to 15
    /// digits. White space around it goes. One that is malformed is refused by `check` and `create`, with a violation on [`Field::To`], and not here.
    pub fn with_recipient(mut self, to: impl Into<Personal>) -> Self {
        let to = to.into();
        let trimmed = to.as_str().trim();
        self.to = Some(if trimmed.len() == to.as_str().len() { to } else { trimmed.into() });
        self
    }

    /// Sets the one-time code that allows a new credential. White space around it goes.
    pub fn with_code(mut self, code: impl Into<Secret>) -> Self {
        let code = code.into();
        let trimmed = code.expose().trim();
        self.code = Some(if trimmed.len() == code.expose().len() { code } else { Secret::new(trimmed) });
        self
    }

    /// Sets the user's id for whichever provider is selected; after a switch of the vendor the new one gets it. For an id that one vendor gave, take
    /// [`with_user_id_at`](Self::with_user_id_at). Whether a vendor takes an id of its own or one of yours, its module tells.
    pub fn with_user_id(mut self, id: impl Into<Personal>) -> Self {
        self.user_id = Some(id.into());
        self
    }

    /// Sets the user's id for one provider, so that another never sees it; goes before [`with_user_id`](Self::with_user_id) there.
    pub fn with_user_id_at(mut self, provider: ProviderId, id: impl Into<Personal>) -> Self {
        self.user_ids.insert(provider, id.into());
        self
    }

    /// Gives the same request without the user's id that is for no provider in particular; those set by [`with_user_id_at`](Self::with_user_id_at) stay.
    pub fn without_user_id(&self) -> Self {
        // Each for itself, so that the id is not copied to be dropped.
        Self {
            method: self.method,
            to: self.to.clone(),
            code: self.code.clone(),
            user_id: None,
            user_ids: self.user_ids.clone(),
            action: self.action.clone(),
            action_key: self.action_key.clone(),
            client: self.client.clone(),
            locale: self.locale.clone(),
            lifetime: self.lifetime,
            scope: self.scope.clone(),
            metadata: self.metadata.clone(),
        }
    }

    /// Says what the user is about to do, say `login`.
    pub fn with_action(mut self, action: impl Into<String>) -> Self {
        self.action = Some(action.into());
        self
    }

    /// Groups several challenges of one attempt, by a word of your own, which a vendor that takes it names again in what it tells. It does **not** keep a
    /// second message from being sent; `SendOnce` does.
    pub fn with_action_key(mut self, key: impl Into<String>) -> Self {
        self.action_key = Some(key.into());
        self
    }

    /// Says who is asking: IP address, user agent, device.
    pub fn with_client(mut self, client: ClientContext) -> Self {
        self.client = client;
        self
    }

    /// Sets the language of the message as a BCP 47 tag, say `en`.
    pub fn with_locale(mut self, locale: impl Into<String>) -> Self {
        self.locale = Some(locale.into());
        self
    }

    /// Sets how long the challenge lives: whole seconds, at least one, which `check` and `create` look at.
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Grants a right, say `add:authenticators`: only for a user who is logged in already. Refused by providers without it.
    pub fn with_scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Adds data of your own that the vendor keeps or judges by; the vendor's module tells what it is there, and how much of it.
    pub fn with_metadata(mut self, metadata: Map<String, Value>) -> Self {
        self.metadata = metadata;
        self
    }

    /// Gives the method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Gives the recipient.
    pub fn recipient(&self) -> Option<&str> {
        self.to.as_ref().map(Personal::as_str)
    }

    /// Gives the one-time code for a new credential.
    pub fn code(&self) -> Option<&Secret> {
        self.code.as_ref()
    }

    /// Gives the user's id that is for no provider in particular.
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_ref().map(Personal::as_str)
    }

    /// Gives the user's id for this provider.
    pub fn user_id_for(&self, provider: &ProviderId) -> Option<&str> {
        self.user_ids.get(provider).or(self.user_id.as_ref()).map(Personal::as_str)
    }

    /// Gives the user's ids that are for one provider each.
    #[cfg(feature = "send-once")]
    pub(crate) fn user_ids(&self) -> impl Iterator<Item = (&ProviderId, &str)> {
        self.user_ids.iter().map(|(provider, id)| (provider, id.as_str()))
    }

    /// Gives the action.
    pub fn action(&self) -> Option<&str> {
        self.action.as_deref()
    }

    /// Gives the action key.
    pub fn action_key(&self) -> Option<&str> {
        self.action_key.as_deref()
    }

    /// Says who is asking, as far as given.
    pub fn client(&self) -> &ClientContext {
        &self.client
    }

    /// Gives the locale.
    pub fn locale(&self) -> Option<&str> {
        self.locale.as_deref()
    }

    /// Gives the lifetime.
    pub fn lifetime(&self) -> Option<Duration> {
        self.lifetime
    }

    /// Gives the scope.
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// Gives the application's own data; empty where none was given.
    pub fn metadata(&self) -> &Map<String, Value> {
        &self.metadata
    }

    /// Says whether a field was given, for this provider.
    pub(crate) fn has(&self, field: Field, provider: &ProviderId) -> bool {
        match field {
            Field::To => self.to.is_some(),
            Field::Code => self.code.is_some(),
            Field::UserId => self.user_id_for(provider).is_some(),
            Field::Action => self.action.is_some(),
            Field::ActionKey => self.action_key.is_some(),
            Field::Ip => self.client.ip().is_some(),
            Field::UserAgent => self.client.user_agent().is_some(),
            Field::DeviceId => self.client.device_id().is_some(),
            Field::Client => self.client.tells_more(),
            Field::Locale => self.locale.is_some(),
            Field::Lifetime => self.lifetime.is_some(),
            Field::Scope => self.scope.is_some(),
            Field::Metadata => !self.metadata.is_empty(),
            // What no request has.
            Field::Method | Field::Intent | Field::ChallengeId | Field::Answer | Field::Kind | Field::CredentialName | Field::CredentialId => false,
            Field::ClientData | Field::Attestation | Field::EncryptedPrivateKey | Field::Key => false,
        }
    }

    /// Lists the fields that were given, for this provider.
    pub(crate) fn given(&self, provider: &ProviderId) -> impl Iterator<Item = Field> {
        Self::FIELDS.into_iter().filter(|field| self.has(*field, provider))
    }

    /// Finds what is wrong with the fields that were given, whoever the provider is.
    pub(crate) fn malformed(&self, provider: &ProviderId) -> impl Iterator<Item = Violation> {
        let recipient = self.recipient().and_then(|to| recipient::problem(self.method, to));
        let empty = |value: Option<&str>| value.is_some_and(str::is_empty).then_some("is empty");
        let lifetime = self.lifetime.filter(|lifetime| lifetime.as_secs() == 0 || lifetime.subsec_nanos() != 0 || i64::try_from(lifetime.as_secs()).is_err());
        [
            (Field::To, recipient),
            (Field::Code, empty(self.code.as_ref().map(Secret::expose))),
            (Field::UserId, empty(self.user_id_for(provider))),
            (Field::Action, empty(self.action())),
            (Field::ActionKey, empty(self.action_key())),
            (Field::DeviceId, empty(self.client.device_id())),
            (Field::Locale, empty(self.locale())),
            (Field::Lifetime, lifetime.map(|_| "expected whole seconds, at least one")),
            (Field::Scope, empty(self.scope())),
        ]
        .into_iter()
        .filter_map(|(field, problem)| Some(Violation::new(field, problem?)))
    }
}

impl fmt::Debug for ChallengeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChallengeRequest").field("method", &self.method).field("action", &self.action).field("locale", &self.locale).finish_non_exhaustive()
    }
}
