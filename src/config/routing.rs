//! What a config says of several providers: routes, by method and calling code, and failover.

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use crate::{
    compose::Router,
    model::{ById, Capabilities, CredentialKind, Error, Method, ProviderId, recipient},
    provider::ChallengeProvider,
    vendors::{Section, Vendor, nearest},
};

/// Tells of every provider that a config can name what it can do, where that is known.
pub(super) struct Named(ById<Option<Capabilities>>);

impl Named {
    pub(super) fn new(providers: impl Iterator<Item = (ProviderId, Option<Capabilities>)>) -> Self {
        Self(providers.collect())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.ids().any(|id| id.as_str() == name)
    }

    /// Says what was expected instead of a name that is none.
    pub(super) fn expected(&self, name: &str) -> String {
        let names: Vec<&str> = self.0.ids().map(ProviderId::as_str).collect();
        // A vendor's own name is no mistake: then it is the section's.
        let near = nearest(name, names.iter().copied()).filter(|_| Vendor::named(name).is_none());
        match (names.is_empty(), near) {
            (true, _) => "expected the name of a section; there is none".to_owned(),
            (_, None) => format!("expected the name of a section: {}", names.join(", ")),
            (_, Some(near)) => format!("expected the name of a section: {}; did you mean {near}?", names.join(", ")),
        }
    }

    /// Says whether a provider has a method, a credential of any kind; one of which nothing is known may have it.
    fn can(&self, name: &str, method: Method) -> bool {
        let offers = |capabilities: &Capabilities| capabilities.methods().iter().any(|support| support.method().as_str() == method.as_str());
        self.0.iter().find(|(id, _)| id.as_str() == name).and_then(|(_, known)| known.as_ref()).is_none_or(offers)
    }

    fn with(&self, method: Method) -> String {
        self.0.ids().map(ProviderId::as_str).filter(|name| self.can(name, method)).collect::<Vec<_>>().join(", ")
    }

    /// Reads the name of a provider that has a method.
    fn read(&self, section: &mut Section<'_>, key: &str, method: Method) -> Option<ProviderId> {
        let name = section.text(key)?;
        if !self.has(&name) {
            section.problem(key, &self.expected(&name));
        } else if !self.can(&name, method) {
            let problem = match self.with(method) {
                able if able.is_empty() => format!("{name} does not have this method, and no other section does"),
                able => format!("{name} does not have this method; expected one of {able}"),
            };
            section.problem(key, &problem);
        }
        Some(ProviderId::new(name))
    }
}

/// Says who is asked for what.
#[derive(Debug, Default)]
pub(super) struct Routing {
    routes: Vec<Route>,
    failover: Vec<ProviderId>,
    fails_over_when_unknown: bool,
}

#[derive(Debug)]
struct Route {
    method: Method,
    /// What the recipient begins with; none for the rest.
    calling_code: Option<String>,
    provider: ProviderId,
}

/// The key of the rest among calling codes.
const REST: &str = "*";

impl Routing {
    pub(super) fn read_routes(&mut self, section: &mut Section<'_>, named: &Named) {
        // All kinds of credential go the same way.
        for method in Method::names().filter_map(|name| Method::from_name(name, None).or(Method::from_name(name, Some(CredentialKind::Fido2)))) {
            let key = method.as_str();
            match section.take(key) {
                Some(Value::Object(codes)) if method.is_to_phone() && !codes.is_empty() => {
                    section.table(key, |table| self.read_calling_codes(table, method, named));
                }
                Some(Value::Object(_)) if !method.is_to_phone() => {
                    section.problem(key, "expected the name of a section in quotes: what goes to no phone has no calling codes");
                }
                Some(value) if method.is_to_phone() && !value.is_string() => {
                    section.problem(key, "expected the name of a section in quotes, or a table such as { \"+49\" = \"authsignal\", \"*\" = \"corbado\" }");
                }
                _ => self.routes.extend(named.read(section, key, method).map(|provider| Route { method, calling_code: None, provider })),
            }
        }
    }

    fn read_calling_codes(&mut self, table: &mut Section<'_>, method: Method, named: &Named) {
        for key in table.keys() {
            if key != REST && !recipient::is_calling_code(key) {
                table.problem(key, "expected a calling code, + and 1 to 7 digits, such as \"+49\"; or \"*\" for the rest");
            }
            let provider = named.read(table, key, method);
            self.routes.extend(provider.map(|provider| Route { method, calling_code: (key != REST).then(|| key.to_owned()), provider }));
        }
    }

    pub(super) fn read_failover(&mut self, top: &mut Section<'_>, named: &Named, current: Option<&str>) {
        let names = top.texts("failover");
        top.check_each("failover", &names, |name| (!named.has(name)).then(|| named.expected(name).into()));
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

    pub(super) fn fails_over_when_unknown(&self) -> bool {
        self.fails_over_when_unknown
    }

    /// Says whether there is a method, not of credentials, for which another provider is asked first and this one may be asked next.
    fn can_take_over(&self, name: &str, named: &Named, current: &str) -> bool {
        Method::ALL.into_iter().filter(|method| method.credential_kind().is_none()).any(|method| {
            let routes: Vec<&Route> = self.routes.iter().filter(|route| route.method == method).collect();
            let unrouted = routes.iter().all(|route| route.calling_code.is_some()).then_some(current);
            let mut firsts = routes.iter().map(|route| route.provider.as_str()).chain(unrouted);
            named.can(name, method) && firsts.any(|first| first != name && named.can(first, method))
        })
    }

    pub(super) fn without_routes(self) -> Self {
        Self { routes: Vec::new(), ..self }
    }

    pub(super) fn router(
        self,
        current: Arc<dyn ChallengeProvider>,
        others: impl Iterator<Item = Arc<dyn ChallengeProvider>>,
        timeout: Duration,
    ) -> Result<Router, Error> {
        let builder = others.fold(Router::builder(current), |builder, other| builder.with_provider(other));
        let builder = self.routes.into_iter().fold(builder, |builder, Route { method, calling_code, provider }| match calling_code {
            Some(code) => builder.with_calling_code_route(method, code, provider),
            None => builder.with_route(method, provider),
        });
        let builder = builder.with_failover(self.failover).with_timeout(timeout);
        if self.fails_over_when_unknown { builder.with_failover_when_unknown() } else { builder }.build()
    }
}
