//! Canaries: texts that stand for what must not be seen, documents filled with them, and what fails where one shows.

use std::{collections::BTreeMap, error::Error, fmt::Debug};

use auth_challenge::{Challenge, ChallengeHandle, Method, ProviderId, Verified};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::vendors::Vendor;

/// Is part of every text that must not be seen.
pub const CANARY: &str = "canary";
/// The digits of the one phone number that must not be seen, however its plus sign is written.
pub const PHONE: &str = "64270000777";

/// The part of a text that must not be seen, plain or in base64.
pub fn shown(text: &str) -> Option<String> {
    let plain = text.to_ascii_lowercase();
    let forms = [CANARY, PHONE].into_iter().flat_map(|canary| {
        // In base64 a text looks otherwise at each place modulo three; its edges depend on what stands beside it.
        let encoded = (0..3).map(move |before| {
            let encoded = STANDARD_NO_PAD.encode([&vec![b'x'; before][..], canary.as_bytes()].concat());
            let end = (before + canary.len()) * 8 / 6;
            encoded[[0, 2, 3][before]..end].to_owned()
        });
        encoded.map(|encoded| (text.contains(&encoded), encoded)).chain([(plain.contains(canary), canary.to_owned())])
    });
    forms.into_iter().find_map(|(is_there, form)| is_there.then_some(form))
}

/// Fails where a text shows a canary.
pub fn assert_no_canary(what: &str, text: &str) {
    if let Some(canary) = shown(text) {
        panic!("{what} shows {canary}: {text}");
    }
}

/// Fails where a value shows a canary, plain or spread over lines.
pub fn assert_silent(what: &str, value: &dyn Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!text.is_empty(), "{what} shows nothing at all");
        assert_no_canary(what, &text);
    }
}

/// Fails where an error or one of its causes shows a canary.
pub fn assert_silent_error(what: &str, error: &auth_challenge::Error) {
    assert_silent(what, error);
    let mut next: Option<&dyn Error> = Some(error);
    while let Some(error) = next {
        for text in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
            assert_no_canary(what, &text);
        }
        next = error.source();
    }
    let told = [error.request_id(), error.vendor_code(), error.vendor_message()].into_iter().flatten();
    let violations = error.violations().iter().flat_map(|violation| [Some(violation.name()), violation.vendor_field(), Some(violation.message())]).flatten();
    for text in told.chain(violations) {
        assert_no_canary(what, text);
    }
}

/// The canaries in a document, with how often each is there.
pub fn canaries(value: &Value) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    let mut rest = vec![value];
    while let Some(value) = rest.pop() {
        match value {
            Value::String(text) if shown(text).is_some() => *found.entry(text.clone()).or_default() += 1,
            Value::Array(items) => rest.extend(items),
            Value::Object(members) => rest.extend(members.values()),
            _ => {}
        }
    }
    found
}

/// Reads a document as a type and searches the type for canaries; see [`reads_silently`].
pub type Check = fn(&str, &Value);

/// Reads a document as a type, searches the type, also as the reply of a challenge and of a proof, and checks that it goes out as it came in.
pub fn reads_silently<T: DeserializeOwned + Serialize + Debug + Send + Sync + 'static>(what: &str, document: &Value) {
    let value: T = serde_json::from_value(document.clone()).unwrap_or_else(|error| panic!("{what}: {error} in {document}"));
    assert_silent(what, &value);
    let written = serde_json::to_value(&value).expect("JSON");
    assert_eq!(canaries(&written), canaries(document), "{what}: wire types carry what they hold");

    let handle = ChallengeHandle::new(ProviderId::CORBADO, Method::EmailOtp, "id-canary");
    let challenge = Challenge::new(handle).with_vendor_reply(value);
    assert_silent(what, &challenge);
    let value = challenge.vendor_reply::<T>().expect("the reply is kept");
    assert_silent(what, value);
    let again: T = serde_json::from_value(document.clone()).expect("it was read before");
    assert_silent(what, &Verified::new(Method::EmailOtp).with_vendor_reply(again));
}

/// Documents of a vendor, filled with canaries where the build masks.
pub struct Examples {
    vendor: &'static Vendor,
    schemas: Value,
}

impl Examples {
    pub fn of(vendor: &'static Vendor) -> Self {
        let mut document: Value = serde_json::from_str(vendor.secrecy.document).expect("the build writes JSON");
        Self { vendor, schemas: document["components"]["schemas"].take() }
    }

    /// A document of a schema with every member filled in: canaries where the build masks, the first value of an enum, else something harmless.
    pub fn example(&self, schema: &str) -> Value {
        self.fill(schema, "", &json!({ "$ref": format!("#/components/schemas/{schema}") }))
    }

    /// The names of the schemas that hold a member that is masked.
    pub fn masked_schemas(&self) -> Vec<&str> {
        let schemas = self.schemas.as_object().into_iter().flatten();
        let masked = schemas.filter(|(schema, definition)| definition["enum"].is_null() && !canaries(&self.example(schema)).is_empty());
        masked.map(|(schema, _)| schema.as_str()).collect()
    }

    fn fill(&self, schema: &str, member: &str, definition: &Value) -> Value {
        if let Some(name) = definition["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/components/schemas/")) {
            return self.fill(name, member, &self.schemas[name]);
        }
        if let Some(all) = definition["allOf"].as_array() {
            let parts = all.iter().filter_map(|part| self.fill(schema, member, part).as_object().cloned());
            return Value::Object(parts.flatten().collect());
        }
        if let Some(one) = definition["oneOf"].get(0) {
            return self.fill(schema, member, one);
        }
        if let Some(value) = definition["enum"].get(0) {
            return value.clone();
        }
        let secrecy = &self.vendor.secrecy;
        let is_masked = secrecy.masked.contains(&member) && !secrecy.harmless.contains(&(schema, member));
        match definition["type"].as_str() {
            Some("string") | None if is_masked && definition["properties"].is_null() => json!(format!("canary-{member}")),
            Some("string") => json!("text"),
            Some("number" | "integer") => json!(7),
            Some("boolean") => json!(true),
            Some("array") => json!([self.fill(schema, "", &definition["items"])]),
            _ => {
                let members = definition["properties"].as_object().into_iter().flatten();
                Value::Object(members.map(|(name, definition)| (name.clone(), self.fill(schema, name, definition))).collect())
            }
        }
    }
}
