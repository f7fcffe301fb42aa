//! The vendors: who is asked now. The handlers know none of them.

use std::{sync::Arc, time::Duration};

use auth_challenge::{
    CallOptions, ChallengeProvider, ChallengeRequest, ClientContext, Config, CredentialKind, Error, ErrorKind, Guarded, Limits, LocalGuard, LocalIntents,
    Method, MetricsObserver, Observed, Observer, ParseRateError, ProviderHealth, ProviderId, Reloadable, SendOnce,
};
use serde::{Deserialize, Serialize};

use crate::{app::Failed, cookies::random_text};

/// The ways to show who one is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    Email,
    Sms,
    Passkey,
}

impl Way {
    pub const ALL: [Self; 3] = [Self::Email, Self::Sms, Self::Passkey];

    fn method(self) -> Method {
        match self {
            Self::Email => Method::EmailOtp,
            Self::Sms => Method::SmsOtp,
            Self::Passkey => Method::Credential(CredentialKind::Fido2),
        }
    }
}

/// What somebody is about to do.
#[derive(Clone, Serialize, Deserialize)]
pub enum Purpose {
    SignIn,
    SignUp { name: String },
}

impl Purpose {
    /// Names it for vendors that judge by it.
    fn action(&self) -> &'static str {
        match self {
            Self::SignIn => "login",
            Self::SignUp { .. } => "sign_up",
        }
    }
}

/// The vendors of a config, one of which is asked first.
pub struct Vendors {
    auth: Observed,
    current: Arc<Reloadable>,
    config: Config,
    limits: Limits,
    observer: Arc<dyn Observer>,
    /// Those that can be asked first for codes.
    senders: Vec<ProviderId>,
}

/// A vendor that can be asked first.
pub struct Choice {
    pub name: String,
    pub is_current: bool,
    /// Whether others are asked before it, since it failed a moment ago.
    pub is_passed_over: bool,
}

impl Vendors {
    /// Makes the providers of a config; nobody gets a second message before this time is over.
    pub fn new(config: Config, between_messages: Duration) -> Result<Self, Failed> {
        let limits = limits(between_messages)?;
        let observer: Arc<dyn Observer> = Arc::new(MetricsObserver::new());
        let config = config.with_observer(observer.clone());
        let auth = build(&config, &limits, &observer)?;
        let sends = |id: &ProviderId| config.clone().select(id.as_str()).build().is_ok_and(|one| one.capabilities().supports(Method::EmailOtp));
        let senders = auth.health().iter().map(ProviderHealth::provider).filter(|id| sends(id)).cloned().collect();
        let current = Arc::new(Reloadable::new(auth));
        // No second message where a form comes twice. Intents end with the process, so the key may, too; where several processes serve one site they share both.
        let once = SendOnce::new(current.clone(), Arc::new(LocalIntents::new()), random_text()?)?;
        // Around all else, so that what the application's own guard refuses is a call too.
        let auth = Observed::new(Arc::new(once), observer.clone());
        Ok(Self { auth, current, config, limits, observer, senders })
    }

    /// Gives the provider, whichever vendor is behind it.
    pub fn auth(&self) -> &dyn ChallengeProvider {
        &self.auth
    }

    /// Says whether one of the vendors has a way to show who one is.
    pub fn offer(&self, way: Way) -> bool {
        // What else is missing in such a request does not matter.
        !matches!(self.auth.check(&ChallengeRequest::new(way.method())), Err(error) if error.kind() == ErrorKind::Unsupported)
    }

    /// Asks for a code, in the same words whichever vendor sends it; what one needs beside them, its section of the config says.
    pub fn request(&self, way: Way, to: &str, purpose: &Purpose, client: ClientContext) -> ChallengeRequest {
        ChallengeRequest::new(way.method()).with_recipient(to).with_action(purpose.action()).with_locale("en").with_client(client)
    }

    /// Names the one message that a form asks for, by the token that the form came with.
    pub fn options(&self, form: &str, request: &ChallengeRequest) -> CallOptions {
        let (action, to) = (request.action().unwrap_or_default(), request.recipient().unwrap_or_default());
        let options = CallOptions::default().with_intent(format!("{form} {action} {to}"));
        request.client().ip().into_iter().fold(options, CallOptions::with_client_ip)
    }

    /// Lists the vendors that can be asked first; none where there is one alone.
    pub fn choices(&self) -> Vec<Choice> {
        let (current, health) = (self.auth.id(), self.auth.health());
        let is_passed_over = |id: &ProviderId| health.iter().any(|one| one.provider() == id && one.is_passed_over());
        self.senders.iter().map(|id| Choice { name: id.to_string(), is_current: *id == current, is_passed_over: is_passed_over(id) }).collect()
    }

    /// Asks another vendor first from now on. Codes that are under way are still checked where they were made, and what was counted goes on.
    pub fn select(&self, name: &str) -> Result<(), Error> {
        self.current.replace(build(&self.config.clone().select(name), &self.limits, &self.observer)?);
        Ok(())
    }
}

/// Gives the limits that are the application's own: nobody is sent messages one upon the other, and no config lets codes be guessed or messages be sent without end.
fn limits(between_messages: Duration) -> Result<Limits, ParseRateError> {
    /// Of one client, which may be an office or a mobile network.
    const PER_IP: &str = "60 per 10m";
    const WRONG_CODES: u32 = 5;
    let between_messages = format!("1 per {}s", between_messages.as_secs()).parse()?;
    Ok(Limits::new().with_per_recipient(between_messages).with_per_ip(PER_IP.parse()?).with_wrong_codes(WRONG_CODES))
}

/// Puts a guard of the application's around that of the config.
fn build(config: &Config, limits: &Limits, observer: &Arc<dyn Observer>) -> Result<Arc<dyn ChallengeProvider>, Error> {
    let guard = LocalGuard::new(limits.clone()).with_observer(observer.clone());
    Ok(Arc::new(Guarded::new(config.build()?, Arc::new(guard))))
}
