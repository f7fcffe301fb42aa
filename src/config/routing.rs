//! What a config says of several providers: routes and failover.

use std::{sync::Arc, time::Duration};

use crate::{
    compose::Router,
    model::{CredentialKind, Error, Method, ProviderId},
    provider::ChallengeProvider,
    vendors::Section,
};

/// Says who is asked for what.
#[derive(Debug, Default)]
pub(super) struct Routing {
    routes: Vec<(Method, ProviderId)>,
    failover: Vec<ProviderId>,
    fails_over_when_unknown: bool,
}

impl Routing {
    pub(super) fn read_routes(&mut self, section: &mut Section<'_>, is_provider: impl Fn(&str) -> bool) {
        // All kinds of credential go the same way.
        for method in Method::names().filter_map(|name| Method::from_name(name, None).or(Method::from_name(name, Some(CredentialKind::Fido2)))) {
            let name = section.text(method.as_str());
            section.check(method.as_str(), &name, |name| (!is_provider(name)).then_some("expected the name of a section"));
            self.routes.extend(name.map(|name| (method, ProviderId::new(name))));
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
        self.failover = names.into_iter().map(ProviderId::new).collect();
        self.fails_over_when_unknown = top.choice("failover_when", &[("unsent", false), ("unknown", true)]).unwrap_or_default();
    }

    pub(super) fn router(
        self,
        current: Arc<dyn ChallengeProvider>,
        others: impl Iterator<Item = Arc<dyn ChallengeProvider>>,
        timeout: Duration,
    ) -> Result<Router, Error> {
        let builder = others.fold(Router::builder(current), |builder, other| builder.with_provider(other));
        let builder = self.routes.into_iter().fold(builder, |builder, (method, provider)| builder.with_route(method, provider));
        let builder = builder.with_failover(self.failover).with_timeout(timeout);
        if self.fails_over_when_unknown { builder.with_failover_when_unknown() } else { builder }.build()
    }
}
