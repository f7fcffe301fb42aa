//! What a router is made of.

use std::{sync::Arc, time::Duration};

use super::{Router, health::Health, routes::Routes, tried::Tried};
use crate::{
    model::{ById, Error, Method, ProviderId, Violation},
    provider::ChallengeProvider,
    transport::TIMEOUT,
};

/// Collects the providers of a [`Router`], and who is asked for what.
///
/// ```
/// # #[cfg(feature = "testing")] {
/// use std::sync::Arc;
/// use auth_challenge::{Method, ProviderId, Router, testing::Scripted};
///
/// let builder = Router::builder(Arc::new(Scripted::named("main")))
///     .with_provider(Arc::new(Scripted::named("german")))
///     .with_provider(Arc::new(Scripted::named("samoan")))
///     .with_provider(Arc::new(Scripted::named("spare")))
///     .with_calling_code_route(Method::SmsOtp, "+49", ProviderId::new("german"))
///     .with_calling_code_route(Method::SmsOtp, "+1684", ProviderId::new("samoan"))    // all other numbers of +1 go with the rest
///     .with_route(Method::SmsOtp, ProviderId::new("spare"))                           // the rest of the text messages
///     .with_failover([ProviderId::new("spare"), ProviderId::new("main")]);
/// builder.build()?;
///
/// let wrong = Router::builder(Arc::new(Scripted::named("main"))).with_calling_code_route(Method::SmsOtp, "0049", ProviderId::new("main"));
/// let error = wrong.build().expect_err("no calling code");
/// assert_eq!(error.violations()[0].key(), Some("route.sms_otp.0049"));
/// # }
/// # Ok::<(), auth_challenge::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a router is made by `build`"]
pub struct RouterBuilder {
    current: Arc<dyn ChallengeProvider>,
    others: Vec<Arc<dyn ChallengeProvider>>,
    routes: Routes,
    failover: Vec<ProviderId>,
    fails_over_when_unknown: bool,
    timeout: Duration,
}

impl RouterBuilder {
    pub(super) fn new(current: Arc<dyn ChallengeProvider>) -> Self {
        Self { current, others: Vec::new(), routes: Routes::default(), failover: Vec::new(), fails_over_when_unknown: false, timeout: TIMEOUT }
    }

    /// Adds a provider: for its own challenges, for methods that the selected one lacks, for routes and failover.
    pub fn with_provider(mut self, provider: Arc<dyn ChallengeProvider>) -> Self {
        self.others.push(provider);
        self
    }

    /// Sends a method to a provider; a credential, whatever its kind. A recipient whose [calling code](Self::with_calling_code_route) has a route goes there instead.
    pub fn with_route(mut self, method: Method, provider: ProviderId) -> Self {
        self.routes.set(method, None, provider);
        self
    }

    /// Sends a method to a provider where the recipient's phone number begins with a calling code: `+` and 1 to 7 digits, so that `+1684` is one too.
    /// Of several that it begins with, the longest counts. The rest go by [`with_route`](Self::with_route); without that, as if there were no route.
    pub fn with_calling_code_route(mut self, method: Method, calling_code: impl Into<String>, provider: ProviderId) -> Self {
        self.routes.set(method, Some(calling_code.into()), provider);
        self
    }

    /// Sets the providers that are asked, in this order, where the first cannot be reached or refuses for a reason of its own; those that were tried for
    /// the same recipient within the last ten minutes come after the others. One that needs a user id of its own is asked only where
    /// [`with_user_id_at`](crate::ChallengeRequest::with_user_id_at) gives it.
    pub fn with_failover(mut self, providers: impl IntoIterator<Item = ProviderId>) -> Self {
        self.failover = providers.into_iter().collect();
        self
    }

    /// Lets every create ask the next provider even where the one before may have sent: **the person may get two messages**. Each then has
    /// an equal share of the time left, so that one that hangs leaves time for the others.
    pub fn with_failover_when_unknown(mut self) -> Self {
        self.fails_over_when_unknown = true;
        self
    }

    /// Sets the time for a whole call, all providers that are asked together; 10 s unless told otherwise.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Makes the router.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where two providers have the same id, since the one would be asked about the other's challenges, where a route or
    /// the failover names a provider that is not there, where the failover names one twice, which would be asked twice, and where a route has a calling
    /// code that is none, or a method that goes to no phone. All such mistakes are told at once, with the keys that they have in a config.
    pub fn build(self) -> Result<Router, Error> {
        let mut providers = ById::default();
        let mut mistakes = Vec::new();
        for provider in [Arc::clone(&self.current)].into_iter().chain(self.others) {
            let id = provider.id();
            if providers.insert(id.clone(), provider).is_some() {
                mistakes.push(Violation::at_key(id.as_str(), "expected one provider of this name, not several"));
            }
        }
        for (number, provider) in self.failover.iter().enumerate() {
            if self.failover.iter().take(number).any(|earlier| earlier == provider) {
                mistakes.push(Violation::at_key("failover", format!("expected {provider} once, not several times")));
            }
        }
        let known = || providers.ids().map(ProviderId::as_str).collect::<Vec<_>>().join(", ");
        mistakes.extend(self.routes.mistakes());
        let failover = self.failover.iter().map(|provider| ("failover".to_owned(), provider));
        for (key, provider) in self.routes.targets().chain(failover).filter(|(_, provider)| providers.get(provider).is_none()) {
            mistakes.push(Violation::at_key(key, format!("expected one of {}, not {provider}", known())));
        }
        if !mistakes.is_empty() {
            return Err(Error::of_config(mistakes));
        }
        let Self { current, routes, failover, fails_over_when_unknown, timeout, .. } = self;
        Ok(Router { current, providers, routes, failover, fails_over_when_unknown, health: Health::default(), tried: Tried::default(), timeout })
    }
}
