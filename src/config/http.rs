//! What a config says of HTTP.

use std::time::Duration;

use crate::{
    transport::{Http, HttpBuilder, TIMEOUT, is_proxy},
    vendors::Section,
};

/// Longest time that a call of a login may take.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// Reads the section `[http]`.
pub(super) fn read(section: &mut Section<'_>) -> HttpBuilder {
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
        if let Err(error) = std::fs::read(&path) {
            section.problem("ca_file", &format!("names a file that cannot be read ({})", error.kind()));
        }
        http = http.with_ca_file(path);
    }
    http
}
