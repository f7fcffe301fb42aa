//! Who gets a method: the phone numbers that begin with a calling code, and the rest.

use crate::model::{ChallengeRequest, Method, ProviderId, Violation, recipient};

/// Lists who gets what.
#[derive(Debug, Default)]
pub(super) struct Routes(Vec<Route>);

#[derive(Debug)]
struct Route {
    /// The name of the method, without the kind of credential: all kinds go the same way.
    method: &'static str,
    /// What the recipient begins with; none for the rest.
    calling_code: Option<String>,
    provider: ProviderId,
}

impl Routes {
    /// Sets who gets a method where the recipient begins with a calling code, or, where there is none, the rest.
    pub(super) fn set(&mut self, method: Method, calling_code: Option<String>, provider: ProviderId) {
        let route = Route { method: method.as_str(), calling_code, provider };
        match self.0.iter_mut().find(|other| other.method == route.method && other.calling_code == route.calling_code) {
            Some(old) => *old = route,
            None => self.0.push(route),
        }
    }

    /// Finds the provider that a request is routed to, if there is one.
    pub(super) fn of(&self, request: &ChallengeRequest) -> Option<&ProviderId> {
        let name = request.method().as_str();
        let routes = || self.0.iter().filter(|route| route.method == name);
        let by_number = request.recipient().filter(|_| routes().any(|route| route.calling_code.is_some())).and_then(|to| {
            // In whatever spelling: not every provider checks how a recipient is spelt.
            let number = recipient::counted(to);
            let length = |route: &&Route| route.calling_code.as_ref().filter(|code| number.starts_with(code.as_str())).map(String::len);
            routes().filter_map(|route| Some((length(&route)?, route))).max_by_key(|(length, _)| *length).map(|(_, route)| route)
        });
        by_number.or_else(|| routes().find(|route| route.calling_code.is_none())).map(|route| &route.provider)
    }

    /// Finds the calling codes that are none, and those of methods that have none.
    pub(super) fn mistakes(&self) -> impl Iterator<Item = Violation> {
        self.0.iter().filter_map(|route| Some((route, route.calling_code.as_ref()?))).flat_map(|(route, code)| {
            let has_codes = Method::from_name(route.method, None).is_some_and(Method::is_to_phone);
            let problems = [
                (!has_codes).then_some("expected a method whose recipient is a phone number, such as sms_otp"),
                (!recipient::is_calling_code(code)).then_some("expected a calling code: + and 1 to 7 digits, such as \"+49\""),
            ];
            problems.into_iter().flatten().map(|problem| Violation::at_key(route.key(), problem))
        })
    }

    /// Lists the providers that methods are routed to, each with its key in a config.
    pub(super) fn targets(&self) -> impl Iterator<Item = (String, &ProviderId)> {
        self.0.iter().map(|route| (route.key(), &route.provider))
    }
}

impl Route {
    /// Gives the key that it has in a config.
    fn key(&self) -> String {
        let method = self.method;
        self.calling_code.as_ref().map_or_else(|| format!("route.{method}"), |code| format!("route.{method}.{code}"))
    }
}
