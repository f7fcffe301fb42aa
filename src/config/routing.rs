//! What a config says of several providers: routes and failover.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crate::{
    compose::Router,
    model::{Capabilities, CredentialKind, Error, Method, ProviderId},
    provider::ChallengeProvider,
    vendors::{Section, nearest},
};

/// Tells of every provider that a config can name what it can do, where that is known.
pub(super) struct Named(BTreeMap<String, Option<Capabilities>>);

impl Named {
    pub(super) fn new(providers: impl Iterator<Item = (String, Option<Capabilities>)>) -> Self {
        Self(providers.collect())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Says what was expected instead of a name that is none.
    pub(super) fn expected(&self, name: &str) -> String {
        let names: Vec<&str> = self.0.keys().map(String::as_str).collect();
        match (names.is_empty(), nearest(name, names.iter().copied())) {
            (true, _) => "expected the name of a section; there is none".to_owned(),
            (_, None) => format!("expected the name of a section: {}", names.join(", ")),
            (_, Some(near)) => format!("expected the name of a section: {}; did you mean {near}?", names.join(", ")),
        }
    }

    /// Says whether a provider has a method, a credential of any kind; one of which nothing is known may have it.
    fn can(&self, name: &str, method: Method) -> bool {
        let offers = |capabilities: &Capabilities| capabilities.methods().iter().any(|support| support.method().as_str() == method.as_str());
        self.0.get(name).and_then(Option::as_ref).is_none_or(offers)
    }

    fn with(&self, method: Method) -> String {
        self.0.keys().filter(|name| self.can(name, method)).cloned().collect::<Vec<_>>().join(", ")
    }
}

/// Says who is asked for what.
#[derive(Debug, Default)]
pub(super) struct Routing {
    routes: Vec<(Method, ProviderId)>,
    failover: Vec<ProviderId>,
    fails_over_when_unknown: bool,
}

impl Routing {
    pub(super) fn read_routes(&mut self, section: &mut Section<'_>, named: &Named) {
        // All kinds of credential go the same way.
        for method in Method::names().filter_map(|name| Method::from_name(name, None).or(Method::from_name(name, Some(CredentialKind::Fido2)))) {
            let Some(name) = section.text(method.as_str()) else { continue };
            if !named.has(&name) {
                section.problem(method.as_str(), &named.expected(&name));
            } else if !named.can(&name, method) {
                let problem = match named.with(method) {
                    able if able.is_empty() => format!("{name} does not have this method, and no other section does"),
                    able => format!("{name} does not have this method; expected one of {able}"),
                };
                section.problem(method.as_str(), &problem);
            }
            self.routes.push((method, ProviderId::new(name)));
        }
    }

    pub(super) fn read_failover(&mut self, top: &mut Section<'_>, named: &Named, current: Option<&str>) {
        let names = top.texts("failover");
        if let Some(unknown) = names.iter().find(|name| !named.has(name)) {
            top.problem("failover", &named.expected(unknown));
        }
        if names.iter().enumerate().any(|(index, name)| names.iter().skip(index + 1).any(|other| other == name)) {
            top.problem("failover", "names a section twice");
        }
        if let Some(current) = current.filter(|current| named.has(current)) {
            for idle in names.iter().filter(|name| named.has(name) && !self.can_take_over(name, named, current)) {
                let problem = match idle == current {
                    true => format!("{idle} is the provider itself; expected another one"),
                    false => format!("{idle} can never take over: it shares no method that sends a message with the provider that is asked first"),
                };
                top.problem("failover", &problem);
            }
        }
        self.failover = names.into_iter().map(ProviderId::new).collect();
        self.fails_over_when_unknown = top.choice("failover_when", &[("unsent", false), ("unknown", true)]).unwrap_or_default();
    }

    /// Says whether there is a method, not of credentials, for which another provider is asked first and this one may be asked next.
    fn can_take_over(&self, name: &str, named: &Named, current: &str) -> bool {
        Method::ALL.into_iter().filter(|method| method.credential_kind().is_none()).any(|method| {
            let routed = self.routes.iter().find(|(routed, _)| *routed == method);
            let first = routed.map_or(current, |(_, provider)| provider.as_str());
            first != name && named.can(first, method) && named.can(name, method)
        })
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
