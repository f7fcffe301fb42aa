//! Whom the control port answers: programs and its own page, and no page of anybody else's that a browser has open.

use std::{net::IpAddr, sync::Mutex};

use http::{HeaderMap, HeaderName, HeaderValue, header, uri::Authority};

use crate::testing::locked;

/// A request that is not taken.
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) expected: &'static str,
}

/// The names that the port answers to beside those of this machine's loopback and the address that a connection came to.
#[derive(Debug, Default)]
pub(super) struct Names(Mutex<Vec<String>>);

impl Names {
    pub(super) fn add(&self, name: String) {
        locked(&self.0).push(name);
    }

    /// Says no to what a foreign page could have sent.
    ///
    /// Such a page reaches the port under its own name, once that name has been made to lead here; or under the right name, and then the browser
    /// tells its origin. Without asking first, a browser sends no media type but those of forms and plain text.
    pub(super) fn admit(&self, method: &str, headers: &HeaderMap, has_body: bool, came_to: Option<IpAddr>) -> Result<(), Refused> {
        let refused = |status, expected| Err(Refused { status, expected });
        let Some(host) = only(headers, header::HOST).filter(|host| self.are_of(host, came_to)) else {
            return refused(421, "Host: expected the control port's own address or name");
        };
        let is_foreign = |origin: &str| !origin.strip_prefix("http://").is_some_and(|origin| origin.eq_ignore_ascii_case(host));
        if headers.contains_key(header::ORIGIN) && only(headers, header::ORIGIN).is_none_or(is_foreign) {
            return refused(403, "Origin: expected none, or the control port's own");
        }
        // Where there is no origin to tell, as for an image, browsers tell this; whoever types the address or follows a link navigates.
        let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
        let navigates = headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate") && method == "GET";
        if site.is_some_and(|site| !matches!(site, b"same-origin" | b"none")) && !navigates {
            return refused(403, "Sec-Fetch-Site: expected none, or the control port's own");
        }
        let media_type = only(headers, header::CONTENT_TYPE).and_then(|value| value.split(';').next()).map(str::trim);
        let is_told = headers.contains_key(header::CONTENT_TYPE) && method != "GET";
        if (has_body || is_told || method == "POST") && !media_type.is_some_and(|given| given.eq_ignore_ascii_case("application/json")) {
            return refused(415, "Content-Type: expected application/json");
        }
        Ok(())
    }

    /// Says whether a host is this port's. The port in it may be another one, that of a container, say.
    fn are_of(&self, host: &str, came_to: Option<IpAddr>) -> bool {
        let Some(authority) = host.parse::<Authority>().ok().filter(|authority| !authority.as_str().contains('@')) else { return false };
        let name = authority.host();
        match name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(address) => address.is_loopback() || Some(address) == came_to,
            Err(_) => name.eq_ignore_ascii_case("localhost") || locked(&self.0).iter().any(|known| name.eq_ignore_ascii_case(known)),
        }
    }
}

/// Gives a header's text, where the header is there once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_foreign_page_can_send_is_refused() {
        let names = Names::default();
        names.add("doubles".into());
        let came_to = "192.0.2.7".parse().ok();
        for (method, sent, body, status) in [
            ("GET", "host: 127.0.0.1:80", "", 0),
            ("GET", "host: localhost:8080", "", 0),
            ("GET", "host: LocalHost", "", 0),
            ("GET", "host: [::1]:8080", "", 0),
            ("GET", "host: 192.0.2.7:8080", "", 0),
            ("GET", "host: Doubles:8080", "", 0),
            ("GET", "host: localhost:1|origin: http://localhost:1", "", 0),
            ("DELETE", "host: localhost", "", 0),
            ("POST", "host: localhost|content-type: application/json", "{}", 0),
            ("POST", "host: localhost|content-type: Application/JSON; charset=utf-8", "", 0),
            ("GET", "", "", 421),
            ("GET", "host: ", "", 421),
            ("GET", "host: evil.example", "", 421),
            ("GET", "host: evil.example:80", "", 421),
            ("GET", "host: localhost.evil.example", "", 421),
            ("GET", "host: localhost.", "", 421),
            ("GET", "host: x@localhost", "", 421),
            ("GET", "host: 192.0.2.8", "", 421),
            ("GET", "host: localhost|host: evil.example", "", 421),
            ("GET", "host: localhost|origin: null", "", 403),
            ("GET", "host: localhost|origin: http://evil.example", "", 403),
            ("GET", "host: localhost|origin: https://localhost", "", 403),
            ("GET", "host: localhost:1|origin: http://localhost:2", "", 403),
            ("DELETE", "host: localhost|origin: http://evil.example", "", 403),
            ("GET", "host: localhost|sec-fetch-site: same-origin", "", 0),
            ("GET", "host: localhost|sec-fetch-site: none", "", 0),
            ("GET", "host: localhost|sec-fetch-site: cross-site|sec-fetch-mode: navigate", "", 0),
            ("GET", "host: localhost|sec-fetch-site: cross-site|sec-fetch-mode: no-cors", "", 403),
            ("GET", "host: localhost|sec-fetch-site: same-site", "", 403),
            ("POST", "host: localhost|content-type: application/json|sec-fetch-site: cross-site|sec-fetch-mode: navigate", "{}", 403),
            ("POST", "host: localhost", "", 415),
            ("POST", "host: localhost|content-type: text/plain", "{}", 415),
            ("DELETE", "host: localhost|content-type: text/plain", "", 415),
            ("DELETE", "host: localhost|content-type: application/json", "", 0),
            ("GET", "host: localhost|content-type: text/plain", "", 0),
            ("POST", "host: localhost|content-type: text/plain;application/json", "{}", 415),
            ("POST", "host: localhost|content-type: application/json|content-type: text/plain", "{}", 415),
            ("DELETE", "host: localhost", "{}", 415),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in sent.split('|').filter_map(|line| line.split_once(": ")) {
                headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
            }
            let told = names.admit(method, &headers, !body.is_empty(), came_to).map_or_else(|refused| refused.status, |()| 0);
            assert_eq!(told, status, "{method} {sent} {body}");
        }
    }
}
