//! Who gets a method: the phone numbers that begin with a calling code, and the rest.

use std::collections::BTreeMap;

use crate::model::{ChallengeRequest, Method, ProviderId, Violation, recipient};

/// Keeps the routes of each method by its name, without the kind of credential: all kinds go the same way.
#[derive(Debug, Default)]
pub(super) struct Routes(BTreeMap<&'static str, Route>);

#[derive(Debug, Default)]
struct Route {
    by_calling_code: BTreeMap<String, ProviderId>,
    rest: Option<ProviderId>,
}

impl Routes {
    pub(super) fn set(&mut self, method: Method, calling_code: String, provider: ProviderId) {
        self.0.entry(method.as_str()).or_default().by_calling_code.insert(calling_code, provider);
    }

    pub(super) fn set_rest(&mut self, method: Method, provider: ProviderId) {
        self.0.entry(method.as_str()).or_default().rest = Some(provider);
    }

    /// Finds the provider that a request is routed to, if there is one.
    pub(super) fn of(&self, request: &ChallengeRequest) -> Option<&ProviderId> {
        let route = self.0.get(request.method().as_str())?;
        request.recipient().and_then(|to| route.of_number(to)).or(route.rest.as_ref())
    }

    /// Finds the calling codes that are none, and those of methods that have none.
    pub(super) fn mistakes(&self) -> impl Iterator<Item = Violation> {
        self.with_calling_code().flat_map(|(method, code, _)| {
            let has_codes = Method::from_name(method, None).is_some_and(Method::is_to_phone);
            let problems = [
                (!has_codes).then_some("expected a method whose recipient is a phone number, such as sms_otp"),
                (!recipient::is_calling_code(code)).then_some("expected a calling code: + and 1 to 7 digits, such as \"+49\""),
            ];
            problems.into_iter().flatten().map(move |problem| Violation::at_key(format!("route.{method}.{code}"), problem))
        })
    }

    /// Lists the providers that methods are routed to, each with its key in a config.
    pub(super) fn targets(&self) -> impl Iterator<Item = (String, &ProviderId)> {
        let rest = self.0.iter().filter_map(|(method, route)| Some((format!("route.{method}"), route.rest.as_ref()?)));
        rest.chain(self.with_calling_code().map(|(method, code, provider)| (format!("route.{method}.{code}"), provider)))
    }

    fn with_calling_code(&self) -> impl Iterator<Item = (&'static str, &str, &ProviderId)> {
        self.0.iter().flat_map(|(method, route)| route.by_calling_code.iter().map(move |(code, provider)| (*method, code.as_str(), provider)))
    }
}

impl Route {
    /// Finds the provider for the longest calling code that a recipient begins with, in whatever spelling: not every provider checks how it is spelt.
    fn of_number(&self, to: &str) -> Option<&ProviderId> {
        if self.by_calling_code.is_empty() {
            return None;
        }
        let number = recipient::counted(to);
        (1..=recipient::LONGEST_CALLING_CODE).rev().find_map(|digits| self.by_calling_code.get(number.get(..=digits)?))
    }
}
