//! What a config says of several providers: routes, failover, guard.

use std::{sync::Arc, time::Duration};

use super::section::Section;
use crate::{ChallengeProvider, CredentialKind, Guard, LocalGuard, Method, ProviderId, Rate, Router};

/// Who is asked for what, and who may refuse.
#[derive(Debug, Default)]
pub(super) struct Routing {
    timeout: Duration,
    pub(super) guard: Option<Arc<dyn Guard>>,
    routes: Vec<(Method, ProviderId)>,
    failover: Vec<ProviderId>,
}

/// The methods by name; all kinds of credential go the same way.
const METHODS: [(&str, Method); 5] = [
    ("email_otp", Method::EmailOtp),
    ("email_link", Method::EmailLink),
    ("sms_otp", Method::SmsOtp),
    ("whatsapp_otp", Method::WhatsAppOtp),
    ("credential", Method::Credential(CredentialKind::Fido2)),
];

impl Routing {
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout, ..Self::default() }
    }

    pub(super) fn read_routes(&mut self, section: &mut Section<'_>, is_provider: impl Fn(&str) -> bool) {
        for (key, method) in METHODS {
            let name = section.text(key);
            section.check(key, &name, |name| (!is_provider(name)).then_some("expected the name of a section"));
            self.routes.extend(name.map(|name| (method, ProviderId::custom(name))));
        }
    }

    pub(super) fn read_failover(&mut self, top: &mut Section<'_>, is_provider: impl Fn(&str) -> bool) {
        let names = top.texts("failover");
        if names.iter().any(|name| !is_provider(name)) {
            top.problem("failover", "names something that is no section");
        }
        if names.iter().enumerate().any(|(index, name)| names.iter().skip(index + 1).any(|other| other == name)) {
            top.problem("failover", "names a section twice");
        }
        self.failover = names.into_iter().map(ProviderId::custom).collect();
    }

    pub(super) fn read_guard(&mut self, section: &mut Section<'_>, is_there: bool) {
        let mut guard = LocalGuard::new();
        let mut rate = |key: &str| match section.text(key)?.parse::<Rate>() {
            Ok(rate) => Some(rate),
            Err(error) => {
                section.problem(key, &error.to_string());
                None
            }
        };
        if let Some(rate) = rate("per_address") {
            guard = guard.per_address(rate);
        }
        if let Some(rate) = rate("per_ip") {
            guard = guard.per_ip(rate);
        }
        if let Some(most) = section.number("wrong_codes", 1..=1000) {
            guard = guard.wrong_codes(u32::try_from(most).unwrap_or(u32::MAX));
        }
        let codes = section.texts("calling_codes");
        let is_code =
            |code: &String| code.strip_prefix('+').is_some_and(|digits| (1..=7).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()));
        if !codes.iter().all(is_code) {
            section.problem("calling_codes", "expected calling codes such as \"+49\"");
        }
        self.guard = is_there.then(|| Arc::new(guard.calling_codes(codes)) as Arc<dyn Guard>);
    }

    /// The router; a guard of the application's own goes before the section's.
    pub(super) fn router(
        self,
        current: Arc<dyn ChallengeProvider>,
        others: impl Iterator<Item = Arc<dyn ChallengeProvider>>,
        guard: Option<Arc<dyn Guard>>,
    ) -> Router {
        let mut router = others.fold(Router::new(current), Router::with_provider).with_failover(self.failover).with_timeout(self.timeout);
        for (method, provider) in self.routes {
            router = router.with_route(method, provider);
        }
        match guard.or(self.guard) {
            Some(guard) => router.with_guard(guard),
            None => router,
        }
    }
}
