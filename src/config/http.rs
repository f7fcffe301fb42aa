//! What a config says of HTTP.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{Config, NO_SECTION};
use crate::{
    model::{Error, Violation},
    transport::{Http, HttpBuilder, PlainHost, TIMEOUT, is_proxy, problem_of_authorities},
    vendors::{Section, Surroundings},
};

/// Longest time that a call of a login may take.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(10 * 60);

impl Config {
    /// Reads the section `[http]`, and so what every other section needs to be read.
    pub(super) fn read_http(&self, problems: &mut Vec<Violation>) -> (HttpBuilder, Surroundings) {
        let nothing = Map::new();
        let mut surroundings = Surroundings { directory: self.directory.clone(), allow_plain_http: Vec::new() };
        let given = self.members.get("http");
        if given.is_some_and(|given| !given.is_object()) {
            problems.push(Violation::at_key("http", NO_SECTION));
        }
        let mut settings = Section::new("http", given.and_then(Value::as_object).unwrap_or(&nothing), &surroundings);
        let (http, allow_plain_http) = read(&mut settings, self.http.is_none());
        problems.extend(settings.finish());
        surroundings.allow_plain_http = allow_plain_http;
        (http, surroundings)
    }

    /// Gives the HTTP client: the application's own, else one by the section.
    pub(super) fn http(&self, section: HttpBuilder) -> Result<Http, Error> {
        let http = match &self.http {
            Some(http) => http.clone(),
            None => section.build()?,
        };
        Ok(http.with_observers(&self.observers).with_trace_context(self.trace_context.clone()))
    }
}

/// Reads the section `[http]`. What a client is built from is looked into where one is.
fn read(section: &mut Section<'_>, is_built: bool) -> (HttpBuilder, Vec<PlainHost>) {
    let mut http = Http::builder();
    let timeout = section.duration("timeout", LONGEST_TIMEOUT);
    let connect_timeout = section.duration("connect_timeout", LONGEST_TIMEOUT);
    if let Some(timeout) = timeout {
        http = http.with_timeout(timeout);
    }
    if let Some(connect_timeout) = connect_timeout {
        http = http.with_connect_timeout(connect_timeout);
        if connect_timeout >= timeout.unwrap_or(TIMEOUT) {
            section.problem("connect_timeout", "expected less than http.timeout (10s where that is not given)");
        }
    }
    if let Some(bytes) = section.number("max_response_bytes", 1..=1 << 30) {
        http = http.with_max_response_bytes(usize::try_from(bytes).unwrap_or(usize::MAX));
    }
    let proxy = section.url("proxy");
    section.check("proxy", &proxy, |proxy| (!is_proxy(proxy)).then_some("expected http or https"));
    if let Some(proxy) = proxy {
        http = http.with_proxy(proxy);
    }
    if let Some(path) = section.path_to_file("ca_file") {
        if let Some(problem) = problem_of_authorities(&path).filter(|_| is_built) {
            section.problem("ca_file", &problem);
        }
        http = http.with_ca_file(path);
    }
    let hosts = section.texts("allow_plain_http");
    section.check_each("allow_plain_http", &hosts, |host| {
        let expected = "expected hosts, each with or without a port, such as \"doubles\", \"doubles:81\", \"fd00::1\" or \"[fd00::1]:81\"";
        PlainHost::read(host).is_none().then_some(expected.into())
    });
    (http, hosts.iter().filter_map(|host| PlainHost::read(host)).collect())
}
