//! Base URLs of vendors.

use std::net::IpAddr;

use url::{Host, Url};

/// Is a host that may be reached by plain http, at any port or at one.
#[derive(Debug)]
pub(crate) struct PlainHost {
    host: Host<String>,
    port: Option<u16>,
}

impl PlainHost {
    /// Reads a host, with or without a port; an IPv6 address with a port stands in brackets.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if host.ends_with(']') || !host.contains(':') => (host, Some(port.parse().ok().filter(|port| *port != 0)?)),
            _ => (text, None),
        };
        let host = match host.parse() {
            Ok(address) => Host::Ipv6(address),
            Err(_) => Host::parse(host).ok().filter(|_| !host.contains('*'))?,
        };
        Some(Self { host, port })
    }

    fn is_at(&self, url: &Url) -> bool {
        url.host().is_some_and(|host| host.to_owned() == self.host) && self.port.is_none_or(|port| url.port_or_known_default() == Some(port))
    }
}

/// Reads a base URL as requests are built on it: https (or http on loopback and at the hosts allowed), without user info, query, fragment
/// and trailing slash, and with `version`, say `/v2`, at its end.
pub(crate) fn base_url(given: &str, version: &str, allow_plain_http: &[PlainHost]) -> Result<Url, &'static str> {
    let mut url = Url::parse(given).map_err(|_| "expected an absolute URL, say https://host/path")?;
    let host = url.host().ok_or("expected a URL with a host")?.to_owned();
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&host) || allow_plain_http.iter().any(|allowed| allowed.is_at(&url)) => {}
        "http" => return Err("expected https; plain http is for loopback hosts and those in http.allow_plain_http"),
        _ => return Err("expected https"),
    }
    let has_user_info = !url.username().is_empty() || url.password().is_some();
    match (has_user_info, url.query().is_some(), url.fragment().is_some()) {
        (false, false, false) => {}
        (true, false, false) => return Err("expected no user info in the URL"),
        (false, true, false) => return Err("expected no query in the URL"),
        (false, false, true) => return Err("expected no fragment in the URL"),
        _ => return Err("expected no user info, query and fragment in the URL"),
    }
    let path = url.path().trim_end_matches('/').to_owned();
    let whole = if path.ends_with(version) { path } else { path + version };
    url.set_path(&whole);
    Ok(url)
}

/// Says whether a host is this machine, by name or address.
pub(crate) fn is_loopback<T: AsRef<str>>(host: &Host<T>) -> bool {
    match host {
        Host::Domain(name) => name.as_ref().eq_ignore_ascii_case("localhost"),
        Host::Ipv4(address) => IpAddr::V4(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(*address).is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_taken_with_and_without_version_and_slash() {
        for (given, version, expected) in [
            ("https://api.example/v2", "/v2", "https://api.example/v2"),
            ("https://api.example/v2/", "/v2", "https://api.example/v2"),
            ("https://api.example", "/v2", "https://api.example/v2"),
            ("https://api.example/", "/v2", "https://api.example/v2"),
            ("https://api.example/gate/", "/v1", "https://api.example/gate/v1"),
            ("https://api.example", "", "https://api.example/"),
            ("https://api.example/prefix/", "", "https://api.example/prefix"),
            ("http://127.0.0.1:8080", "/v1", "http://127.0.0.1:8080/v1"),
            ("http://[::1]:8080", "/v1", "http://[::1]:8080/v1"),
            ("http://localhost:8080", "/v1", "http://localhost:8080/v1"),
            ("http://doubles:8080", "/v1", "http://doubles:8080/v1"),
        ] {
            let allowed = PlainHost::read("doubles");
            assert_eq!(base_url(given, version, allowed.as_slice()).map(String::from), Ok(expected.to_owned()), "{given}");
        }
    }

    #[test]
    fn plain_http_is_for_the_hosts_that_are_allowed_and_their_ports() {
        for (allowed, reached, refused) in [
            ("doubles", &["http://doubles", "http://DOUBLES:81"][..], &["http://doubles.example", "http://other"][..]),
            ("Doubles:81", &["http://doubles:81"], &["http://doubles", "http://doubles:8081"]),
            ("doubles:80", &["http://doubles", "http://doubles:80"], &["http://doubles:81"]),
            ("fd00::1", &["http://[fd00::1]", "http://[fd00:0::1]:81"], &["http://[fd00::2]"]),
            ("[fd00::1]", &["http://[fd00::1]", "http://[fd00::1]:81"], &["http://[fd00::2]"]),
            ("[fd00::1]:81", &["http://[fd00::1]:81"], &["http://[fd00::1]", "http://[fd00::1]:82"]),
            ("10.0.0.1:81", &["http://10.0.0.1:81"], &["http://10.0.0.1", "http://10.0.0.2:81"]),
            ("bücher", &["http://bücher", "http://xn--bcher-kva:81"], &["http://bucher"]),
        ] {
            let host = PlainHost::read(allowed);
            assert!(host.is_some(), "{allowed}");
            for (urls, is_reached) in [(reached, true), (refused, false)] {
                for url in urls {
                    assert_eq!(base_url(url, "", host.as_slice()).is_ok(), is_reached, "{url} with {allowed}");
                }
            }
        }
        for text in [
            "",
            ":81",
            "doubles:",
            "doubles:0",
            "doubles:65536",
            "http://doubles",
            "doubles/path",
            "*.example",
            "*",
            "[fd00::1",
            "user@doubles",
            "a b",
            "fd00::1::2",
        ] {
            assert!(PlainHost::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_base_url_that_could_leak_or_mislead_is_refused() {
        for given in [
            "",
            "api.example",
            "ftp://api.example",
            "http://api.example",
            "http://127.0.0.1.example",
            "http://localhost.example",
            "https://user@api.example",
            "https://:pass@api.example",
            "https://api.example?a=b",
            "https://api.example#a",
            "data:text/plain,x",
        ] {
            assert!(base_url(given, "/v1", &[]).is_err(), "{given}");
        }
    }
}
