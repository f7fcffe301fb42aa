//! What a client tells of its abilities, for Corbado's `clientInformation`.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Map, Value};

use crate::model::{ClientContext, Personal, Product};

/// Tells what only the client itself knows of its abilities: collected by a front end, passed on as it is.
///
/// Goes into a request by [`ClientContext::with_signals`](crate::ClientContext::with_signals), typed or as JSON; in JSON the vendor's own
/// names are read as well.
///
/// ```
/// use auth_challenge::{ClientContext, corbado::ClientSignals};
///
/// let mut signals = ClientSignals::default();
/// signals.platform_authenticator = Some(true);
/// let client = ClientContext::new([203, 0, 113, 7]).with_signals(signals);
/// assert_eq!(client.signals()["platform_authenticator"], true);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ClientSignals {
    /// Whether a platform authenticator that verifies the user is there.
    #[serde(alias = "userVerifyingPlatformAuthenticatorAvailable")]
    pub platform_authenticator: Option<bool>,
    /// Whether passkeys can be offered in the autofill of a form.
    #[serde(alias = "conditionalMediationAvailable")]
    pub conditional_mediation: Option<bool>,
    /// The result of `PublicKeyCredential.getClientCapabilities()`.
    #[serde(alias = "clientCapabilities", deserialize_with = "object")]
    pub capabilities: WebAuthnCapabilities,
    /// The high-entropy values of the user agent data.
    #[serde(alias = "javaScriptHighEntropy", deserialize_with = "object_if_any")]
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
    #[serde(alias = "nativeMeta", deserialize_with = "object_if_any")]
    pub native: Option<NativeApp>,
    /// Browser and operating system, where the front end read them itself.
    #[serde(alias = "parsedDeviceInfo", deserialize_with = "object_if_any")]
    pub device: Option<Device>,
}

/// Tells what a browser can do with passkeys; `None` where it did not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
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

/// Tells the platform as `navigator.userAgentData.getHighEntropyValues()` or the client hints tell it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct HighEntropy {
    /// The platform, say `Windows`.
    pub platform: String,
    /// Its version, say `15.0.0`. Where a browser does not tell it, the client hints of the request are sent, if there are any.
    #[serde(alias = "platformVersion", default)]
    pub platform_version: String,
    /// Whether the device is a mobile one.
    pub mobile: bool,
}

/// Tells what a native app knows of its device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
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

/// Names browser and operating system, each with its version.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Device {
    /// The browser, say `Chrome`.
    #[serde(alias = "browserName")]
    pub browser_name: String,
    /// Its version.
    #[serde(alias = "browserVersion")]
    pub browser_version: String,
    /// The operating system, say `Windows`.
    #[serde(alias = "osName")]
    pub os_name: String,
    /// Its version.
    #[serde(alias = "osVersion")]
    pub os_version: String,
}

impl HighEntropy {
    /// Names the platform and its version, and says whether the device is a mobile one.
    pub fn new(platform: impl Into<String>, platform_version: impl Into<String>, mobile: bool) -> Self {
        Self { platform: platform.into(), platform_version: platform_version.into(), mobile }
    }
}

impl Device {
    /// Names browser and operating system.
    pub fn new(browser: &Product, os: &Product) -> Self {
        Self {
            browser_name: browser.name().to_owned(),
            browser_version: browser.version().to_owned(),
            os_name: os.name().to_owned(),
            os_version: os.version().to_owned(),
        }
    }
}

impl ClientSignals {
    /// Reads the signals of a client; `None` where one of them has another form.
    pub(super) fn of(client: &ClientContext) -> Option<Self> {
        let signals = client.signals();
        if signals.is_empty() { Some(Self::default()) } else { Self::deserialize(signals).ok() }
    }
}

/// Reads an object, where a derived reader would take a list of values too.
fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Object<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }
    }

    // A format that is no text has structs without names.
    if deserializer.is_human_readable() { deserializer.deserialize_map(Object(PhantomData)) } else { T::deserialize(deserializer) }
}

fn object_if_any<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(transparent, bound = "T: Deserialize<'de>")]
    struct Held<T>(#[serde(deserialize_with = "object")] T);

    let held: Option<Held<T>> = Option::deserialize(deserializer)?;
    Ok(held.map(|Held(object)| object))
}

impl From<ClientSignals> for Map<String, Value> {
    fn from(signals: ClientSignals) -> Self {
        match serde_json::to_value(signals) {
            Ok(Value::Object(mut members)) => {
                members.retain(|_, value| !value.is_null());
                members
            }
            // Texts and truth values always have a JSON form.
            _ => Self::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_read_by_our_names_and_by_the_vendors() -> Result<(), serde_json::Error> {
        let ours: ClientContext = serde_json::from_str(
            r#"{"device":{"browser_name":"Chrome","browser_version":"104","os_name":"Windows","os_version":"10"},
                "platform_authenticator":true,"capabilities":{"hybrid_transport":false}}"#,
        )?;
        let theirs: ClientContext = serde_json::from_str(
            r#"{"userVerifyingPlatformAuthenticatorAvailable":true,"clientCapabilities":{"hybridTransport":false},
                "parsedDeviceInfo":{"browserName":"Chrome","browserVersion":"104","osName":"Windows","osVersion":"10"}}"#,
        )?;
        let signals = ClientSignals::of(&ours).expect("signals");
        assert_eq!(signals.device, Some(Device::new(&Product::new("Chrome", "104"), &Product::new("Windows", "10"))));
        assert_eq!(signals.capabilities.hybrid_transport, Some(false));
        assert_eq!(Some(&signals), ClientSignals::of(&theirs).as_ref());
        assert_eq!(Some(&signals), ClientSignals::of(&ClientContext::default().with_signals(signals.clone())).as_ref(), "there and back");
        Ok(())
    }

    #[test]
    fn signals_of_another_form_are_none_and_those_of_others_are_passed_over() {
        for (json, fits) in [
            (r#"{"high_entropy":["Windows","15",true]}"#, false),
            (r#"{"capabilities":[true]}"#, false),
            (r#"{"capabilities":[]}"#, false),
            (r#"{"native":["1"]}"#, false),
            (r#"{"device":["a","b","c","d"]}"#, false),
            (r#"{"native":null,"device":null}"#, true),
            (r#"{"bluetooth":"yes"}"#, false),
            (r#"{"high_entropy":{"platform":"Windows"}}"#, false),
            (r#"{"high_entropy":{"brands":[{"brand":"Chromium","version":"131"}],"mobile":false,"platform":"Windows","platformVersion":"15.0.0"}}"#, true),
            (r#"{"high_entropy":{"brands":[],"mobile":false,"platform":"Windows"}}"#, true),
            (
                r#"{"capabilities":{"conditionalGet":true,"hybridTransport":true,"relatedOrigins":true,"signalAllAcceptedCredentials":true,"extension:prf":true}}"#,
                true,
            ),
            (r#"{"native":{"build":"7","levitation":true}}"#, true),
            (r#"{"mood":7}"#, true),
            ("{}", true),
        ] {
            let client: ClientContext = serde_json::from_str(json).expect("a client");
            assert_eq!(ClientSignals::of(&client).is_some(), fits, "{json}");
        }
    }

    #[test]
    fn signals_come_back_from_a_format_that_is_no_text() {
        let signals = ClientSignals { fingerprint: Some("f".into()), native: Some(NativeApp::default()), ..ClientSignals::default() };
        let bytes = postcard::to_allocvec(&signals).expect("bytes");
        assert_eq!(postcard::from_bytes::<ClientSignals>(&bytes), Ok(signals));
    }
}
