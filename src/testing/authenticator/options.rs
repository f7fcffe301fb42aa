//! The options that a page hands to the browser, in their JSON form.

use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::Value;

use super::PasskeyError;
use crate::model::base64url;

/// As browsers read it: without padding, whatever the last bits say.
const UNPADDED: GeneralPurpose =
    GeneralPurpose::new(&URL_SAFE, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireNone).with_decode_allow_trailing_bits(true));

const ES256: i64 = -7;
const BASE64URL: &str = "base64url without padding";

/// What a new passkey is made of (`PublicKeyCredentialCreationOptionsJSON`).
pub(super) struct Creation<'a> {
    /// As it stands in client data.
    pub(super) challenge: String,
    pub(super) rp_id: Option<&'a str>,
    pub(super) user: Vec<u8>,
    pub(super) takes_es256: bool,
    pub(super) excluded: Vec<Vec<u8>>,
    /// Whether the page asks what the passkey can do (the extension `credProps`).
    pub(super) wants_properties: bool,
}

/// What a passkey signs in with (`PublicKeyCredentialRequestOptionsJSON`).
pub(super) struct Request<'a> {
    pub(super) challenge: String,
    pub(super) rp_id: Option<&'a str>,
    /// None where every passkey of the site's will do.
    pub(super) allowed: Option<Vec<Vec<u8>>>,
}

/// Gives the options in what `navigator.credentials` takes, or that are options themselves.
pub(super) fn bare(options: &Value) -> &Value {
    options.get("publicKey").unwrap_or(options)
}

/// Says whether options are for a new passkey: by members that a request has not.
pub(super) fn are_for_creation(options: &Value) -> bool {
    ["rp", "user", "pubKeyCredParams"].iter().any(|member| options.get(member).is_some())
}

impl<'a> Creation<'a> {
    pub(super) fn read(options: &'a Value) -> Result<Self, PasskeyError> {
        let mut members = Members { options, problems: Vec::new() };
        let read = Self {
            challenge: members.challenge(),
            rp_id: members.optional_text("rp.id"),
            user: members.user(),
            takes_es256: members.takes_es256(),
            excluded: members.credentials("excludeCredentials").unwrap_or_default(),
            wants_properties: members.at("extensions.credProps") == Some(&Value::Bool(true)),
        };
        for name in ["rp.name", "user.name", "user.displayName"] {
            members.required(name, "text", |value| value.as_str().map(drop));
        }
        members.concluded(read)
    }
}

impl<'a> Request<'a> {
    pub(super) fn read(options: &'a Value) -> Result<Self, PasskeyError> {
        let mut members = Members { options, problems: Vec::new() };
        let read = Self { challenge: members.challenge(), rp_id: members.optional_text("rpId"), allowed: members.credentials("allowCredentials") };
        members.concluded(read)
    }
}

/// Reads the members of options, and notes what is wrong with each.
struct Members<'a> {
    options: &'a Value,
    problems: Vec<String>,
}

impl<'a> Members<'a> {
    /// `null` is there: a browser does not take it for nothing.
    fn at(&self, name: &str) -> Option<&'a Value> {
        name.split('.').try_fold(self.options, |json, name| json.get(name))
    }

    fn expected(&mut self, name: &str, form: &str) {
        self.problems.push(format!("{name}: expected {form}"));
    }

    fn required<T: Default>(&mut self, name: &str, form: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> T {
        self.at(name).and_then(read).unwrap_or_else(|| {
            self.expected(name, form);
            T::default()
        })
    }

    fn optional_text(&mut self, name: &str) -> Option<&'a str> {
        let text = self.at(name)?.as_str();
        if text.is_none() {
            self.expected(name, "text");
        }
        text
    }

    fn challenge(&mut self) -> String {
        let bytes = self.required("challenge", BASE64URL, |value| bytes(value).filter(|bytes| !bytes.is_empty()));
        base64url::encode(bytes)
    }

    fn user(&mut self) -> Vec<u8> {
        self.required("user.id", "1 to 64 bytes as base64url without padding", |value| bytes(value).filter(|bytes| (1..=64).contains(&bytes.len())))
    }

    /// An empty list means the browser's own, which has ES256. Types that a browser does not know are passed over.
    fn takes_es256(&mut self) -> bool {
        let algorithm = |one: &'a Value| one.get("type")?.as_str().zip(one.get("alg")?.as_i64());
        let read = |value: &'a Value| {
            let offered = value.as_array()?.iter().map(algorithm).collect::<Option<Vec<_>>>()?;
            Some(offered.is_empty() || offered.contains(&("public-key", ES256)))
        };
        self.required("pubKeyCredParams", "a list of {\"type\",\"alg\"}", read)
    }

    /// The ids of a list of credentials, none where it is left out or empty. Types that a browser does not know are passed over.
    fn credentials(&mut self, name: &str) -> Option<Vec<Vec<u8>>> {
        match self.at(name)? {
            Value::Array(list) if list.is_empty() => None,
            Value::Array(list) => {
                let mut ids = Vec::new();
                for (index, one) in list.iter().enumerate() {
                    match (one.get("type").and_then(Value::as_str), one.get("id").and_then(bytes)) {
                        (None, _) => self.expected(&format!("{name}[{index}].type"), "text, say public-key"),
                        (_, None) => self.expected(&format!("{name}[{index}].id"), BASE64URL),
                        (Some("public-key"), Some(id)) => ids.push(id),
                        (Some(_), Some(_)) => {}
                    }
                }
                Some(ids)
            }
            _ => {
                self.expected(name, "a list of {\"type\",\"id\"}");
                None
            }
        }
    }

    fn concluded<T>(self, read: T) -> Result<T, PasskeyError> {
        if self.problems.is_empty() { Ok(read) } else { Err(PasskeyError::new("TypeError", self.problems.join("; "))) }
    }
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    UNPADDED.decode(value.as_str()?).ok()
}
