//! Who is asking: IP address, user agent, device.

use std::{
    fmt,
    net::IpAddr,
    sync::{Arc, LazyLock, OnceLock},
};

use http::HeaderMap;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::model::{
    Personal, Product,
    user_agent::{browser_of, os_version, parsed},
};

/// Tells what is known of the client of the person who is challenged; vendors judge risk by it.
///
/// Nothing is guessed: the IP address is given, never taken from a forwarded header, which anybody can send. Browser and operating system
/// come from the client hints (`Sec-CH-UA…`) where there are any, else from the user agent. Cheap to clone.
///
/// It deserialises from JSON, so that what a front end measured can be passed on; every member is optional:
/// `{"user_agent":"…","browser":{"name":"Chrome","version":"104.0.0.0"},"os":{"name":"Windows","version":"10"},"device_id":"…"}`. All other
/// members are [`signals`](Self::with_signals). The IP address is never read from there, since a front end can claim any: set it by
/// [`with_ip`](Self::with_ip).
///
/// ```
/// use auth_challenge::{ClientContext, HeaderMap};
///
/// let mut headers = HeaderMap::new();
/// headers.insert("user-agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/104.0.0.0 Safari/537.36".parse()?);
/// let client = ClientContext::new([203, 0, 113, 7]).with_headers(&headers);
/// assert_eq!(client.browser().name(), "Chrome");
/// assert_eq!(client.os().version(), "10");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ClientContext(Arc<Known>);

/// Holds what is known, shared by all clones: a user agent is read once for them all.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Known {
    #[serde(skip)]
    ip: Option<IpAddr>,
    #[serde(deserialize_with = "filled")]
    user_agent: Option<String>,
    browser: Option<Product>,
    os: Option<Product>,
    device_id: Option<Personal>,
    #[serde(skip)]
    hints: Option<ClientHints>,
    /// Browser and operating system of the user agent, once somebody asked.
    #[serde(skip)]
    parsed: OnceLock<(Product, Product)>,
    #[serde(flatten)]
    signals: Map<String, Value>,
}

/// Reads a text; one that is empty is as good as none.
fn filled<'de, D: Deserializer<'de>>(text: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(text)?.filter(|text| !text.is_empty()))
}

/// Tells the person's platform, as the client hints of a request name it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientHints {
    /// The platform, say `Windows`.
    pub platform: String,
    /// Its version, say `15.0.0`.
    pub platform_version: String,
    /// Whether the device is a mobile one.
    pub is_mobile: bool,
}

impl ClientContext {
    /// Starts from the client's IP address: the peer's, or what your own trusted proxy says of it.
    pub fn new(ip: impl Into<IpAddr>) -> Self {
        Self::default().with_ip(ip)
    }

    /// Takes user agent, browser, operating system and platform from the headers of the person's request: `User-Agent`, `Sec-CH-UA-Full-Version-List` or else
    /// `Sec-CH-UA`, `Sec-CH-UA-Platform` with `Sec-CH-UA-Platform-Version`, and `Sec-CH-UA-Mobile`. The IP address is not taken from there.
    ///
    /// Browsers send the full versions to a site that asked for them: `Accept-CH: Sec-CH-UA-Full-Version-List, Sec-CH-UA-Platform-Version` in a reply of yours.
    pub fn with_headers(mut self, headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let unquoted = |name: &str| text(name).map(|value| value.trim_matches('"').to_owned()).filter(|value| !value.is_empty());
        // Some applications name themselves in UTF-8 there.
        if let Some(agent) = headers.get("user-agent").map(|agent| String::from_utf8_lossy(agent.as_bytes())).filter(|agent| !agent.is_empty()) {
            self = self.with_user_agent(agent);
        }
        let brands = text("sec-ch-ua-full-version-list").or_else(|| text("sec-ch-ua"));
        if let Some(browser) = brands.and_then(browser_of) {
            self = self.with_browser(browser);
        }
        if let (Some(platform), Some(platform_version)) = (unquoted("sec-ch-ua-platform"), unquoted("sec-ch-ua-platform-version")) {
            self = self.with_os(Product::new(platform.clone(), os_version(&platform, &platform_version)));
            if let Some(mobile) = text("sec-ch-ua-mobile") {
                self.known().hints = Some(ClientHints { platform, platform_version, is_mobile: mobile == "?1" });
            }
        }
        self
    }

    /// Sets the IP address.
    pub fn with_ip(mut self, ip: impl Into<IpAddr>) -> Self {
        self.known().ip = Some(ip.into());
        self
    }

    /// Sets the user agent, from which browser and operating system follow unless they are set.
    pub fn with_user_agent(mut self, agent: impl Into<String>) -> Self {
        let known = self.known();
        known.user_agent = Some(agent.into()).filter(|agent: &String| !agent.is_empty());
        known.parsed = OnceLock::new();
        self
    }

    /// Sets the browser.
    pub fn with_browser(mut self, browser: Product) -> Self {
        self.known().browser = Some(browser);
        self
    }

    /// Sets the operating system.
    pub fn with_os(mut self, os: Product) -> Self {
        self.known().os = Some(os);
        self
    }

    /// Sets the id that you know the device by.
    pub fn with_device_id(mut self, id: impl Into<Personal>) -> Self {
        self.known().device_id = Some(id.into());
        self
    }

    /// Adds what the client told of itself, by name. A vendor takes the members that its module names and passes over the others.
    pub fn with_signals(mut self, signals: impl Into<Map<String, Value>>) -> Self {
        self.known().signals.extend(signals.into());
        self
    }

    fn known(&mut self) -> &mut Known {
        Arc::make_mut(&mut self.0)
    }

    /// Gives the IP address.
    pub fn ip(&self) -> Option<IpAddr> {
        self.0.ip
    }

    /// Gives the user agent.
    pub fn user_agent(&self) -> Option<&str> {
        self.0.user_agent.as_deref()
    }

    /// Gives the id that you know the device by.
    pub fn device_id(&self) -> Option<&str> {
        self.0.device_id.as_ref().map(Personal::as_str)
    }

    /// Gives the platform, where client hints told it.
    pub fn hints(&self) -> Option<&ClientHints> {
        self.0.hints.as_ref()
    }

    /// Gives what the client told of itself.
    pub fn signals(&self) -> &Map<String, Value> {
        &self.0.signals
    }

    /// Gives the browser: as set, else from the user agent, else `Unknown`. A user agent is read once.
    pub fn browser(&self) -> &Product {
        self.0.browser.as_ref().unwrap_or_else(|| &self.parsed().0)
    }

    /// Gives the operating system: as set, else from the user agent, else `Unknown`. A user agent is read once.
    pub fn os(&self) -> &Product {
        self.0.os.as_ref().unwrap_or_else(|| &self.parsed().1)
    }

    fn parsed(&self) -> &(Product, Product) {
        self.0.parsed.get_or_init(|| parsed(self.user_agent().unwrap_or_default()))
    }

    /// Says whether anything beyond IP address, user agent and device was given.
    pub(crate) fn tells_more(&self) -> bool {
        self.0.browser.is_some() || self.0.os.is_some() || self.0.hints.is_some() || !self.0.signals.is_empty()
    }
}

impl Default for ClientContext {
    fn default() -> Self {
        static NOTHING: LazyLock<Arc<Known>> = LazyLock::new(Arc::default);
        Self(NOTHING.clone())
    }
}

impl<'de> Deserialize<'de> for ClientContext {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Known::deserialize(deserializer).map(|known| Self(Arc::new(known)))
    }
}

impl PartialEq for ClientContext {
    fn eq(&self, other: &Self) -> bool {
        let Known { ip, user_agent, browser, os, device_id, hints, signals, parsed: _ } = &*self.0;
        let other = &other.0;
        let devices = (ip, user_agent, device_id) == (&other.ip, &other.user_agent, &other.device_id);
        devices && (browser, os) == (&other.browser, &other.os) && (hints, signals) == (&other.hints, &other.signals)
    }
}

impl fmt::Debug for ClientContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientContext").field("browser", &self.0.browser).field("os", &self.0.os).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(name: &str, version: &str) -> Product {
        Product::new(name, version)
    }

    #[test]
    fn browser_and_os_are_told_from_the_user_agent() {
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/104.0.0.0 Safari/537.36";
        let cases = [
            (chrome, product("Chrome", "104.0.0.0"), product("Windows", "10")),
            (&format!("{chrome} Edg/120.0.0.0"), product("Edge", "120.0.0.0"), product("Windows", "10")),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Safari/605.1.15",
                product("Safari", "17.1"),
                product("macOS", "10.15.7"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1",
                product("Safari", "17.1"),
                product("iOS", "17.1.2"),
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", product("Firefox", "120.0"), product("Linux", "Unknown")),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36",
                product("Chrome", "119.0.0.0"),
                product("ChromeOS", "14541.0.0"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Mobile Safari/537.36",
                product("Chrome", "119.0.0.0"),
                product("Android", "14"),
            ),
            ("", Product::unknown(), Product::unknown()),
            ("x", Product::unknown(), Product::unknown()),
        ];
        for (agent, browser, os) in cases {
            let client = ClientContext::default().with_user_agent(agent);
            assert_eq!((client.browser(), client.os()), (&browser, &os), "{agent}");
        }
    }

    #[test]
    fn client_hints_go_before_the_user_agent() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("user-agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/104.0.0.0 Safari/537.36"),
            ("sec-ch-ua", r#""Not;A=Brand";v="99", "Chromium";v="104", "Google Chrome";v="104""#),
            ("sec-ch-ua-full-version-list", r#""Not;A=Brand";v="99.0.0.0", "Chromium";v="104.0.5112.81", "Google Chrome";v="104.0.5112.81""#),
            ("sec-ch-ua-platform", "\"Windows\""),
            ("sec-ch-ua-platform-version", "\"15.0.0\""),
            ("sec-ch-ua-mobile", "?0"),
            ("x-forwarded-for", "198.51.100.1"),
        ] {
            headers.insert(name, value.parse().expect("a header value"));
        }
        let client = ClientContext::new([203, 0, 113, 7]).with_headers(&headers);
        assert_eq!(client.browser(), &product("Chrome", "104.0.5112.81"));
        assert_eq!(client.os(), &product("Windows", "11"));
        assert_eq!(client.ip(), Some([203, 0, 113, 7].into()));
        let expected = ClientHints { platform: "Windows".into(), platform_version: "15.0.0".into(), is_mobile: false };
        assert_eq!(client.hints(), Some(&expected));
    }

    #[test]
    fn an_agent_that_names_its_program_in_another_alphabet_is_there() {
        let agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 \u{5fae}\u{4fe1}/8.0";
        let mut headers = HeaderMap::new();
        headers.insert("user-agent", http::HeaderValue::from_bytes(agent.as_bytes()).expect("a header value"));
        let client = ClientContext::default().with_headers(&headers);
        assert_eq!((client.user_agent(), client.os()), (Some(agent), &product("iOS", "17.5")));
    }

    #[test]
    fn versions_of_windows_before_ten_go_by_their_names() {
        for (level, version) in [("0.1.0", "7"), ("0.2.0", "8"), ("0.3.0", "8.1"), ("0.4.0", "0.4.0"), ("1.0.0", "10"), ("13.0.0", "11"), ("0", "0")] {
            assert_eq!(os_version("Windows", level), version);
        }
        assert_eq!(os_version("macOS", "0.3.0"), "0.3.0");
    }

    #[test]
    fn a_made_up_brand_with_quotes_in_it_is_passed_over() {
        let brands = r#""\\\"Not\\;A\"Brand";v="99", "Google Chrome";v="84", "Chromium";v="84""#;
        assert_eq!(browser_of(brands), Some(product("Chrome", "84")));
        assert_eq!(browser_of(r#""Not\\";v="1", "Opera";v="106""#), Some(product("Not\\\\", "1")), "a backslash may be one itself");
    }

    #[test]
    fn hints_that_cannot_be_read_are_left_out() {
        for bytes in [&b"\xff\xfe"[..], b"\"", b"\"\"\"\"\"", b"", b"\";v=\"", b"\"Chromium"] {
            let mut headers = HeaderMap::new();
            for name in ["sec-ch-ua", "sec-ch-ua-platform", "sec-ch-ua-platform-version", "sec-ch-ua-mobile", "user-agent"] {
                headers.insert(name, http::HeaderValue::from_bytes(bytes).expect("a header value"));
            }
            let client = ClientContext::default().with_headers(&headers);
            let _ = (client.browser(), client.os());
        }
    }

    #[test]
    fn a_client_is_read_from_json_and_what_is_not_ours_is_a_signal() -> Result<(), serde_json::Error> {
        let json = r#"{"user_agent":"UA","device_id":"d","os":{"name":"Windows","version":"10"},"bluetooth":true}"#;
        let client: ClientContext = serde_json::from_str(json)?;
        assert_eq!((client.user_agent(), client.device_id(), client.os()), (Some("UA"), Some("d"), &product("Windows", "10")));
        assert_eq!(client.signals().iter().collect::<Vec<_>>(), [(&"bluetooth".to_owned(), &true.into())]);
        Ok(())
    }

    #[test]
    fn what_a_front_end_posts_never_sets_the_ip_address() -> Result<(), serde_json::Error> {
        for name in ["ip", "address", "remoteAddress", "client_ip", "IP"] {
            let posted: ClientContext = serde_json::from_value(serde_json::json!({ name: "198.51.100.1", "user_agent": "UA" }))?;
            assert_eq!((posted.ip(), posted.user_agent()), (None, Some("UA")), "{name}");
            assert_eq!(posted.with_ip([203, 0, 113, 7]).ip(), Some([203, 0, 113, 7].into()), "{name}");
        }
        Ok(())
    }
}
