//! What an application asks a provider to do.

use std::{collections::BTreeMap, fmt, net::IpAddr, time::Duration};

use serde_json::{Map, Value};

use crate::{ClientContext, CredentialKind, Field, Method, Personal, ProviderId, Secret, Violation};

/// A challenge to be made: a method, an address or code, and what is known of the user.
///
/// Give what you have. What the configured provider needs and is not here is refused before anything is sent, every missing field in
/// one error; what it does not take is ignored and listed in [`Challenge::ignored`](crate::Challenge::ignored).
///
/// ```
/// use auth_challenge::{ChallengeRequest, ClientContext, Method};
///
/// let request = ChallengeRequest::email_otp("jane@doe.com")
///     .user_id("usr-4693224802260150919")
///     .action("login")
///     .client(ClientContext::new([203, 0, 113, 7]).user_agent("Mozilla/5.0 …"));
/// assert_eq!(request.method(), Method::EmailOtp);
/// ```
#[derive(Clone)]
pub struct ChallengeRequest {
    method: Method,
    to: Option<Personal>,
    code: Option<Secret>,
    user_id: Option<Personal>,
    user_ids: BTreeMap<ProviderId, Personal>,
    action: Option<String>,
    action_key: Option<String>,
    client: ClientContext,
    locale: Option<String>,
    lifetime: Option<Duration>,
    scope: Option<String>,
    metadata: Map<String, Value>,
}

impl ChallengeRequest {
    /// A one-time code by e-mail.
    pub fn email_otp(to: impl Into<Personal>) -> Self {
        Self::new(Method::EmailOtp).to(to)
    }

    /// A link by e-mail.
    pub fn email_link(to: impl Into<Personal>) -> Self {
        Self::new(Method::EmailLink).to(to)
    }

    /// A one-time code by SMS, to a phone number in E.164 form.
    pub fn sms_otp(to: impl Into<Personal>) -> Self {
        Self::new(Method::SmsOtp).to(to)
    }

    /// A one-time code by WhatsApp, to a phone number in E.164 form.
    pub fn whatsapp_otp(to: impl Into<Personal>) -> Self {
        Self::new(Method::WhatsAppOtp).to(to)
    }

    /// A challenge for a new credential, allowed by a one-time code.
    pub fn credential(kind: CredentialKind, code: impl Into<Secret>) -> Self {
        Self { code: Some(code.into()), ..Self::new(Method::Credential(kind)) }
    }

    /// A request by method alone, for programs that learn the rest later; the named constructors are the usual way.
    pub fn new(method: Method) -> Self {
        Self {
            method,
            to: None,
            code: None,
            user_id: None,
            user_ids: BTreeMap::new(),
            action: None,
            action_key: None,
            client: ClientContext::default(),
            locale: None,
            lifetime: None,
            scope: None,
            metadata: Map::new(),
        }
    }

    /// The address: an e-mail address, or a phone number in E.164 form.
    pub fn to(mut self, to: impl Into<Personal>) -> Self {
        self.to = Some(to.into());
        self
    }

    /// The one-time code that allows a new credential (Dfns).
    pub fn code(mut self, code: impl Into<Secret>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The user's id as the provider knows it: Corbado's own `usr-…`, required there; at Authsignal your own id of the user.
    pub fn user_id(mut self, id: impl Into<Personal>) -> Self {
        self.user_id = Some(id.into());
        self
    }

    /// The user's id for one provider, so that another never sees it; goes before [`user_id`](Self::user_id) there.
    pub fn user_id_at(mut self, provider: ProviderId, id: impl Into<Personal>) -> Self {
        self.user_ids.insert(provider, id.into());
        self
    }

    /// What the user is about to do, say `login`; Authsignal's action code, required there.
    pub fn action(mut self, action: impl Into<String>) -> Self {
        self.action = Some(action.into());
        self
    }

    /// Groups several challenges under one action: Authsignal's `idempotencyKey`. It does **not** keep a second message from being sent.
    pub fn action_key(mut self, key: impl Into<String>) -> Self {
        self.action_key = Some(key.into());
        self
    }

    /// Who is asking: address, user agent, device. Required by Corbado.
    pub fn client(mut self, client: ClientContext) -> Self {
        self.client = client;
        self
    }

    /// The language of the message as a BCP 47 tag, say `en` (Authsignal).
    pub fn locale(mut self, locale: impl Into<String>) -> Self {
        self.locale = Some(locale.into());
        self
    }

    /// How long the challenge lives, in whole seconds, at least one (Corbado).
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Grants a right, say `add:authenticators` (Authsignal): only for a user who is logged in already. Refused by providers without it.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Data of your own that the vendor keeps or judges by: Corbado's `challengeMetadata`, Authsignal's `custom`.
    pub fn metadata(mut self, metadata: Map<String, Value>) -> Self {
        self.metadata = metadata;
        self
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The address, if given.
    pub fn address(&self) -> Option<&str> {
        self.to.as_ref().map(Personal::as_str)
    }

    /// The one-time code for a new credential, if given.
    pub fn credential_code(&self) -> Option<&Secret> {
        self.code.as_ref()
    }

    /// The user's id for this provider, if given.
    pub fn user_id_for(&self, provider: &ProviderId) -> Option<&str> {
        self.user_ids.get(provider).or(self.user_id.as_ref()).map(Personal::as_str)
    }

    /// The action, if given.
    pub fn action_name(&self) -> Option<&str> {
        self.action.as_deref()
    }

    /// The action key, if given.
    pub fn action_group(&self) -> Option<&str> {
        self.action_key.as_deref()
    }

    /// Who is asking, as far as given.
    pub fn client_context(&self) -> &ClientContext {
        &self.client
    }

    /// The locale, if given.
    pub fn message_locale(&self) -> Option<&str> {
        self.locale.as_deref()
    }

    /// The lifetime, if given.
    pub fn requested_lifetime(&self) -> Option<Duration> {
        self.lifetime
    }

    /// The scope, if given.
    pub fn granted_scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// The application's own data; empty where none was given.
    pub fn own_metadata(&self) -> &Map<String, Value> {
        &self.metadata
    }

    /// The request as a provider other than the current one may see it: with its own id of the user, or none.
    pub(crate) fn for_other_than_current(&self, provider: &ProviderId) -> Self {
        Self { user_id: self.user_ids.get(provider).cloned(), ..self.clone() }
    }

    /// The fields that were given, for this provider.
    pub(crate) fn given(&self, provider: &ProviderId) -> Vec<Field> {
        let client = &self.client;
        [
            (Field::To, self.to.is_some()),
            (Field::Code, self.code.is_some()),
            (Field::UserId, self.user_id_for(provider).is_some()),
            (Field::Action, self.action.is_some()),
            (Field::ActionKey, self.action_key.is_some()),
            (Field::Ip, client.ip().is_some()),
            (Field::UserAgent, client.agent().is_some()),
            (Field::DeviceId, client.device().is_some()),
            (Field::Client, client.has_signals()),
            (Field::Locale, self.locale.is_some()),
            (Field::Lifetime, self.lifetime.is_some()),
            (Field::Scope, self.scope.is_some()),
            (Field::Metadata, !self.metadata.is_empty()),
        ]
        .into_iter()
        .filter_map(|(field, given)| given.then_some(field))
        .collect()
    }

    /// What is wrong with the fields that were given, whoever the provider is.
    pub(crate) fn malformed(&self, provider: &ProviderId) -> Vec<(Field, Violation)> {
        let address = self.address().and_then(|to| match self.method {
            method if method.is_to_phone() => (!is_e164(to)).then_some("expected a phone number in E.164 form: +, then 7 to 15 digits"),
            Method::EmailOtp | Method::EmailLink => (!is_email(to)).then_some("expected an e-mail address with something before and after the @"),
            _ => None,
        });
        let empty = |value: Option<&str>| value.is_some_and(str::is_empty).then_some("is empty");
        let lifetime = self.lifetime.filter(|lifetime| lifetime.as_secs() == 0 || lifetime.subsec_nanos() != 0 || i64::try_from(lifetime.as_secs()).is_err());
        [
            (Field::To, address),
            (Field::Code, empty(self.code.as_ref().map(Secret::expose))),
            (Field::UserId, empty(self.user_id_for(provider))),
            (Field::Action, empty(self.action_name())),
            (Field::ActionKey, empty(self.action_group())),
            (Field::DeviceId, empty(self.client.device())),
            (Field::Locale, empty(self.message_locale())),
            (Field::Lifetime, lifetime.map(|_| "expected whole seconds, at least one")),
            (Field::Scope, empty(self.granted_scope())),
        ]
        .into_iter()
        .filter_map(|(field, problem)| Some((field, Violation::new(field.as_str(), problem?))))
        .collect()
    }
}

impl fmt::Debug for ChallengeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChallengeRequest").field("method", &self.method).field("action", &self.action).field("locale", &self.locale).finish_non_exhaustive()
    }
}

/// How one call is made.
///
/// ```
/// use std::time::Duration;
/// let options = auth_challenge::CallOptions::default().timeout(Duration::from_secs(5));
/// ```
#[derive(Clone, Default)]
pub struct CallOptions {
    timeout: Option<Duration>,
    client_ip: Option<IpAddr>,
    fail_over_when_unknown: bool,
    once: bool,
}

impl CallOptions {
    /// The time for the whole call, instead of the config's `http.timeout`.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The address of the client that asks to verify or to send again, for a [`Guard`](crate::Guard); a create has it in its
    /// [`ClientContext`].
    pub fn client_ip(mut self, ip: impl Into<IpAddr>) -> Self {
        self.client_ip = Some(ip.into());
        self
    }

    /// The address of the client, if it was set.
    pub fn client_address(&self) -> Option<IpAddr> {
        self.client_ip
    }

    /// Lets a [`Router`](crate::Router) ask the next provider even where the first may have sent: **the person may get two messages**.
    pub fn fail_over_when_unknown(mut self) -> Self {
        self.fail_over_when_unknown = true;
        self
    }

    pub(crate) fn fails_over_when_unknown(&self) -> bool {
        self.fail_over_when_unknown
    }

    /// With one attempt alone: somebody else is asked where it fails.
    pub(crate) fn once(mut self, once: bool) -> Self {
        self.once = once;
        self
    }

    pub(crate) fn is_once(&self) -> bool {
        self.once
    }

    /// The time for the whole call, if it was set.
    pub fn call_timeout(&self) -> Option<Duration> {
        self.timeout
    }
}

impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

fn is_e164(number: &str) -> bool {
    let Some(digits) = number.strip_prefix('+') else { return false };
    (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

fn is_email(address: &str) -> bool {
    let inside = address.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    inside && !address.chars().any(|c| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_numbers_are_e164() {
        for good in ["+64270000000", "+4915112345678", "+2904123", "+123456789012345"] {
            assert!(is_e164(good), "{good}");
        }
        for bad in [
            "",
            "+",
            "64270000000",
            "+064270000000",
            "+123456",
            "+1234567890123456",
            "+64 27 000 0000",
            "+6427000000a",
            "++64270000000",
            "+６４２７００００００００",
        ] {
            assert!(!is_e164(bad), "{bad}");
        }
    }

    #[test]
    fn e_mail_addresses_have_an_at_inside() {
        for good in ["jane@doe.com", "a@b", "\"a@b\"@c.d", "jürgen@münchen.de"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["", "jane", "@doe.com", "jane@", "@", "jane@doe.com\n", "jane @doe.com", "jane@doe.com\0"] {
            assert!(!is_email(bad), "{bad:?}");
        }
    }
}
