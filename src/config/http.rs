//! What a config says of HTTP.

use std::time::Duration;

use crate::{
    transport::{Http, HttpBuilder, LONGEST_CA_FILE, PlainHost, TIMEOUT, file, is_proxy},
    vendors::Section,
};

/// Longest time that a call of a login may take.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// Reads the section `[http]`.
pub(super) fn read(section: &mut Section<'_>) -> (HttpBuilder, Vec<PlainHost>) {
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
        if let Err(error) = file::read(&path, LONGEST_CA_FILE) {
            section.problem("ca_file", &format!("names a file that cannot be read ({error})"));
        }
        http = http.with_ca_file(path);
    }
    let hosts = section.texts("allow_plain_http");
    let plain: Vec<PlainHost> = hosts.iter().filter_map(|host| PlainHost::read(host)).collect();
    if plain.len() < hosts.len() {
        section
            .problem("allow_plain_http", "expected hosts, each with or without a port, such as \"doubles\", \"doubles:81\", \"fd00::1\" or \"[fd00::1]:81\"");
    }
    (http, plain)
}
