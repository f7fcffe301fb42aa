//! Who is asking: address, user agent, device.

use std::{fmt, net::IpAddr};

use http::HeaderMap;
use serde::Deserialize;

use crate::{
    Personal,
    user_agent::{browser_of, os_version, parsed},
};

/// What is known of the client of the person who is challenged; vendors judge risk by it.
///
/// Nothing is guessed: the address is given, never taken from a forwarded header, which anybody can send. Browser and operating system
/// come from the client hints (`Sec-CH-UA…`) where there are any, else from the user agent.
///
/// It deserialises from JSON, so that a front end can post what it measured; every member is optional:
/// `{"ip":"203.0.113.7","user_agent":"…","browser":{"name":"Chrome","version":"104.0.0.0"},"os":{"name":"Windows","version":"10"},"device_id":"…",
/// "platform_authenticator":true,"conditional_mediation":true,"capabilities":{"conditional_create":true,"conditional_mediation":true,
/// "hybrid_transport":false,"passkey_platform_authenticator":true,"user_verifying_platform_authenticator":true},
/// "high_entropy":{"platform":"Windows","platform_version":"10.0.0","mobile":false},"bluetooth":true,"password_manager":true,
/// "private_mode":false,"fingerprint":"…","environment":"…","native":{"build":"…"}}`. Corbado's own names of these members are read as well.
///
/// ```
/// use auth_challenge::ClientContext;
/// use http::HeaderMap;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("user-agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/104.0.0.0 Safari/537.36".parse()?);
/// let client = ClientContext::new([203, 0, 113, 7]).with_headers(&headers);
/// assert_eq!(client.browser().name(), "Chrome");
/// assert_eq!(client.os().version(), "10");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientContext {
    #[serde(alias = "address", alias = "remoteAddress")]
    ip: Option<IpAddr>,
    #[serde(alias = "userAgent")]
    user_agent: Option<String>,
    browser: Option<Product>,
    os: Option<Product>,
    #[serde(rename = "parsedDeviceInfo")]
    device_info: Option<DeviceInfo>,
    device_id: Option<Personal>,
    #[serde(flatten)]
    signals: Signals,
}

/// What only the client itself can tell of its abilities: collected by a front end, passed on as it is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Signals {
    /// Whether a platform authenticator that verifies the user is there.
    #[serde(alias = "userVerifyingPlatformAuthenticatorAvailable")]
    pub platform_authenticator: Option<bool>,
    /// Whether passkeys can be offered in the autofill of a form.
    #[serde(alias = "conditionalMediationAvailable")]
    pub conditional_mediation: Option<bool>,
    /// The result of `PublicKeyCredential.getClientCapabilities()`.
    #[serde(alias = "clientCapabilities")]
    pub capabilities: WebAuthnCapabilities,
    /// The high-entropy values of the user agent data.
    #[serde(alias = "javaScriptHighEntropy")]
    pub high_entropy: Option<HighEntropy>,
    /// Whether Bluetooth is there.
    #[serde(alias = "bluetoothAvailable")]
    pub bluetooth: Option<bool>,
    /// Whether a password manager is there.
    #[serde(alias = "passwordManagerAvailable")]
    pub password_manager: Option<bool>,
    /// Whether the browser is in private mode.
    #[serde(alias = "privateMode")]
    pub private_mode: Option<bool>,
    /// A fingerprint that a script took.
    #[serde(alias = "javascriptFingerprint")]
    pub fingerprint: Option<Personal>,
    /// The vendor's handle of this client environment.
    #[serde(alias = "clientEnvHandle")]
    pub environment: Option<Personal>,
    /// What a native app tells of its device.
    #[serde(alias = "nativeMeta")]
    pub native: Option<NativeApp>,
}

/// What a browser can do with passkeys; `None` where it did not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct WebAuthnCapabilities {
    /// Creating a passkey without a prompt.
    #[serde(alias = "conditionalCreate")]
    pub conditional_create: Option<bool>,
    /// Passkeys in autofill.
    #[serde(alias = "conditionalMediation", alias = "conditionalGet")]
    pub conditional_mediation: Option<bool>,
    /// A passkey on another device.
    #[serde(alias = "hybridTransport")]
    pub hybrid_transport: Option<bool>,
    /// A passkey on this device or another.
    #[serde(alias = "passkeyPlatformAuthenticator")]
    pub passkey_platform_authenticator: Option<bool>,
    /// A passkey on this device.
    #[serde(alias = "userVerifyingPlatformAuthenticator")]
    pub user_verifying_platform_authenticator: Option<bool>,
}

/// The platform as `navigator.userAgentData.getHighEntropyValues()` or the client hints tell it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HighEntropy {
    /// The platform, say `Windows`.
    pub platform: String,
    /// Its version, say `15.0.0`.
    #[serde(alias = "platformVersion")]
    pub platform_version: String,
    /// Whether the device is a mobile one.
    pub mobile: bool,
}

/// What a native app tells of its device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct NativeApp {
    /// The app's build.
    pub build: String,
    /// How the owner of the device is authenticated.
    #[serde(alias = "deviceOwnerAuth")]
    pub device_owner_auth: Option<String>,
    /// Whether the platform authenticator's API is supported.
    #[serde(alias = "isPlatformAuthenticatorAPISupported")]
    pub platform_authenticator_api: Option<bool>,
    /// Whether Bluetooth is there.
    #[serde(alias = "isBluetoothAvailable")]
    pub bluetooth_available: Option<bool>,
    /// Whether Bluetooth is on.
    #[serde(alias = "isBluetoothOn")]
    pub bluetooth_on: Option<bool>,
    /// Whether Google Play services are there.
    #[serde(alias = "googlePlayServices")]
    pub google_play_services: Option<bool>,
    /// Whether the device is protected by a lock.
    #[serde(alias = "deviceSecure")]
    pub device_secure: Option<bool>,
    /// The device's brand.
    pub brand: Option<String>,
    /// The device's model.
    pub model: Option<String>,
}

/// A browser or operating system with its version.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    name: String,
    version: String,
}

#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DeviceInfo {
    browser_name: String,
    browser_version: String,
    os_name: String,
    os_version: String,
}

impl Product {
    /// A product by name and version.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self { name: name.into(), version: version.into() }
    }

    /// The name; `Unknown` where it could not be told.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version; `Unknown` where it could not be told.
    pub fn version(&self) -> &str {
        &self.version
    }

    pub(crate) fn unknown() -> Self {
        Self::new(UNKNOWN, UNKNOWN)
    }
}

/// What cannot be told.
pub(crate) const UNKNOWN: &str = "Unknown";

impl ClientContext {
    /// A client at this address: the peer's, or what your own trusted proxy says of it.
    pub fn new(ip: impl Into<IpAddr>) -> Self {
        Self { ip: Some(ip.into()), ..Self::default() }
    }

    /// Takes user agent, browser, operating system and platform from the headers of the person's request. The address is not taken from there.
    pub fn with_headers(mut self, headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let unquoted = |name: &str| text(name).map(|value| value.trim_matches('"').to_owned()).filter(|value| !value.is_empty());
        if let Some(agent) = text("user-agent").filter(|agent| !agent.is_empty()) {
            self.user_agent = Some(agent.to_owned());
        }
        let brands = text("sec-ch-ua-full-version-list").or_else(|| text("sec-ch-ua"));
        if let Some(browser) = brands.and_then(browser_of) {
            self.browser = Some(browser);
        }
        if let (Some(platform), Some(platform_version)) = (unquoted("sec-ch-ua-platform"), unquoted("sec-ch-ua-platform-version")) {
            self.os = Some(Product::new(platform.clone(), os_version(&platform, &platform_version)));
            if let Some(mobile) = text("sec-ch-ua-mobile") {
                self.signals.high_entropy = Some(HighEntropy { platform, platform_version, mobile: mobile == "?1" });
            }
        }
        self
    }

    /// Sets the address.
    pub fn address(mut self, ip: impl Into<IpAddr>) -> Self {
        self.ip = Some(ip.into());
        self
    }

    /// Sets the user agent, from which browser and operating system follow unless they are set.
    pub fn user_agent(mut self, agent: impl Into<String>) -> Self {
        self.user_agent = Some(agent.into()).filter(|agent: &String| !agent.is_empty());
        self
    }

    /// Sets the browser.
    pub fn with_browser(mut self, browser: Product) -> Self {
        self.browser = Some(browser);
        self
    }

    /// Sets the operating system.
    pub fn with_os(mut self, os: Product) -> Self {
        self.os = Some(os);
        self
    }

    /// Sets the id that you know the device by (Authsignal).
    pub fn device_id(mut self, id: impl Into<Personal>) -> Self {
        self.device_id = Some(id.into());
        self
    }

    /// Sets what the client told of its abilities (Corbado).
    pub fn with_signals(mut self, signals: Signals) -> Self {
        self.signals = signals;
        self
    }

    /// The address, if given.
    pub fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// The user agent, if given.
    pub fn agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// The device id, if given.
    pub fn device(&self) -> Option<&str> {
        self.device_id.as_ref().map(Personal::as_str)
    }

    /// What the client told of its abilities.
    pub fn signals(&self) -> &Signals {
        &self.signals
    }

    /// The browser: as set, else from the user agent, else `Unknown`.
    pub fn browser(&self) -> Product {
        let told = self.device_info.as_ref().map(|info| Product::new(&info.browser_name, &info.browser_version));
        self.browser.clone().or(told).unwrap_or_else(|| self.user_agent.as_deref().map_or_else(Product::unknown, |agent| parsed(agent).0))
    }

    /// The operating system: as set, else from the user agent, else `Unknown`.
    pub fn os(&self) -> Product {
        let told = self.device_info.as_ref().map(|info| Product::new(&info.os_name, &info.os_version));
        self.os.clone().or(told).unwrap_or_else(|| self.user_agent.as_deref().map_or_else(Product::unknown, |agent| parsed(agent).1))
    }

    /// Whether anything beyond address, user agent and device was given.
    pub(crate) fn has_signals(&self) -> bool {
        self.browser.is_some() || self.os.is_some() || self.device_info.is_some() || self.signals != Signals::default()
    }
}

impl fmt::Debug for ClientContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientContext").field("browser", &self.browser).field("os", &self.os).finish_non_exhaustive()
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
            let client = ClientContext::default().user_agent(agent);
            assert_eq!((client.browser(), client.os()), (browser, os), "{agent}");
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
        assert_eq!(client.browser(), product("Chrome", "104.0.5112.81"));
        assert_eq!(client.os(), product("Windows", "11"));
        assert_eq!(client.ip(), Some([203, 0, 113, 7].into()));
        let expected = HighEntropy { platform: "Windows".into(), platform_version: "15.0.0".into(), mobile: false };
        assert_eq!(client.signals().high_entropy.as_ref(), Some(&expected));
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
    fn a_client_is_read_from_json_by_our_names_and_by_corbados() -> Result<(), serde_json::Error> {
        let ours: ClientContext = serde_json::from_str(
            r#"{"ip":"::ffff:172.18.0.1","user_agent":"UA","browser":{"name":"Chrome","version":"104"},"os":{"name":"Windows","version":"10"},
                "platform_authenticator":true,"capabilities":{"hybrid_transport":false}}"#,
        )?;
        let theirs: ClientContext = serde_json::from_str(
            r#"{"remoteAddress":"::ffff:172.18.0.1","userAgent":"UA","userVerifyingPlatformAuthenticatorAvailable":true,
                "clientCapabilities":{"hybridTransport":false},
                "parsedDeviceInfo":{"browserName":"Chrome","browserVersion":"104","osName":"Windows","osVersion":"10"}}"#,
        )?;
        assert_eq!(
            (ours.ip(), ours.agent(), ours.browser(), ours.os(), ours.signals()),
            (theirs.ip(), theirs.agent(), theirs.browser(), theirs.os(), theirs.signals())
        );
        Ok(())
    }
}
