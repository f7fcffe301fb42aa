//! A request, held against the operation that it is for.

use std::collections::BTreeMap;

use http::{HeaderMap, header};
use serde_json::Value;
use url::form_urlencoded;

use super::{
    Documented, Finding, Findings, Place,
    body::{FieldKind, MediaType},
};

/// A request that has been read, with all that is wrong with it.
#[derive(Debug, Default)]
pub(in crate::testing) struct Checked {
    /// The body, a form as an object; `null` where there is none or it cannot be read.
    pub(in crate::testing) body: Value,
    /// The parameters in the query; several texts only where the document lets a parameter come several times.
    pub(in crate::testing) query: BTreeMap<String, Vec<String>>,
    /// Why there is no body to be looked at, where there should be one.
    pub(in crate::testing) unreadable: Option<String>,
    /// What the vendor refuses.
    pub(in crate::testing) findings: Findings,
    /// What the vendor passes over, but a careful client does not send.
    pub(in crate::testing) remarks: Findings,
}

impl Documented {
    /// Reads a request and holds it against the document, credentials apart.
    pub(in crate::testing) fn check(&self, path: &BTreeMap<String, String>, query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Checked {
        let mut checked = Checked::default();
        self.check_query(query.unwrap_or_default(), &mut checked);
        for parameter in &self.parameters {
            let one = |text: &str| parameter.kind.value(text);
            let (place, value) = match parameter.place {
                Place::Path => ("path", path.get(&parameter.name).map(|text| one(text))),
                Place::Query if parameter.kind == FieldKind::Array => ("query", checked.query.get(&parameter.name).map(|texts| Value::from(texts.clone()))),
                Place::Query => ("query", checked.query.get(&parameter.name).and_then(|texts| texts.first()).map(|text| one(text))),
                Place::Header => ("headers", headers.get(&parameter.name).and_then(|value| value.to_str().ok()).map(one)),
            };
            let pointer = match parameter.place {
                Place::Header => format!("/{place}/{}", parameter.name.to_ascii_lowercase()),
                _ => format!("/{place}/{}", parameter.name),
            };
            match value {
                Some(value) => {
                    checked.findings.note_within(&pointer, parameter.schema.findings(&value));
                }
                None if parameter.required => checked.findings.note(Finding { pointer, message: "is required".into() }),
                None => {}
            }
        }
        self.check_body(headers, body, &mut checked);
        checked
    }

    fn check_query(&self, query: &str, checked: &mut Checked) {
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let Some(parameter) = self.parameters.iter().find(|parameter| parameter.place == Place::Query && parameter.name == name) else {
                let message = "is not a query parameter of this operation".into();
                checked.remarks.note(Finding { message, ..Finding::unknown("/query", &name) });
                continue;
            };
            let texts = checked.query.entry(name.clone().into_owned()).or_default();
            if !texts.is_empty() && parameter.kind != FieldKind::Array {
                checked.findings.note(Finding { pointer: format!("/query/{name}"), message: "is given twice".into() });
            }
            texts.push(value.into_owned());
        }
    }

    fn check_body(&self, headers: &HeaderMap, body: &[u8], checked: &mut Checked) {
        if self.bodies.is_empty() {
            if !body.is_empty() {
                checked.remarks.note(Finding::at(&["body"], "this operation has no body"));
            }
            return;
        }
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let Some(documented) = self.bodies.iter().find(|body| essence.eq_ignore_ascii_case(body.media_type.as_str())) else {
            let expected = self.bodies.iter().map(|body| body.media_type.as_str()).collect::<Vec<_>>().join(" or ");
            checked.findings.note(Finding::at(&["headers", "content-type"], format!("expected {expected}")));
            checked.unreadable = Some(format!("the content type must be {expected}"));
            return;
        };
        if body.is_empty() && documented.media_type == MediaType::Json {
            checked.findings.note(Finding::at(&["body"], "is required"));
            checked.unreadable = Some("the body is missing".into());
            return;
        }
        match documented.check(body) {
            Ok(read) => {
                checked.body = read.value;
                checked.findings.note_within("/body", read.findings);
                checked.remarks.note_within("/body", read.remarks);
            }
            Err(problem) => {
                checked.findings.note(Finding::at(&["body"], problem));
                checked.unreadable = Some(match documented.media_type {
                    MediaType::Json => "the body is not JSON".into(),
                    MediaType::Form => "the body is not a form".into(),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use serde_json::json;

    use super::*;
    use crate::testing::{
        Operation,
        contract::{Contract, Found},
    };

    fn contract() -> Contract {
        let thing = json!({
            "type": "object",
            "required": ["To", "Count"],
            "properties": {
                "To": { "type": "string", "minLength": 3 },
                "Count": { "$ref": "#/components/schemas/Count" },
                "Quick": { "type": "boolean" },
                "Tags": { "type": "array", "items": { "type": "string" } },
                "Note": {},
            },
            "additionalProperties": false,
        });
        let document = json!({
            "paths": {
                "/forms/{Id}": { "post": {
                    "parameters": [{ "name": "Id", "in": "path", "required": true, "schema": { "type": "string", "pattern": "^VA" } }],
                    "requestBody": { "content": { "application/x-www-form-urlencoded": { "schema": thing } } },
                    "responses": { "201": { "content": { "application/json": { "schema": { "type": "object", "required": ["sid"] } } } }, "204": {} },
                } },
                "/things": { "post": { "requestBody": { "content": { "application/json": { "schema": thing } } }, "responses": {} }, "get": {} },
            },
            "components": { "schemas": { "Count": { "type": "integer", "minimum": 1 } } },
        });
        let names = [("POST", "/forms/{Id}", Operation::CREATE), ("POST", "/things", Operation::VERIFY), ("GET", "/things", Operation::VERIFY)];
        Contract::read(&document.to_string(), "/v2", &names).expect("a document")
    }

    /// Tells what is wrong with a request: findings, then remarks.
    fn checked(method: &str, path: &str, content_type: &str, body: &str) -> (Checked, Vec<String>) {
        let contract = contract();
        let Found::Operation(documented, values) = contract.find(method, path) else { panic!("expected an operation at {path}") };
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(content_type).expect("a header"));
        let checked = documented.check(&values, None, &headers, body.as_bytes());
        let told = checked.findings.iter().chain(&*checked.remarks).map(|finding| format!("{} {}", finding.pointer, finding.message)).collect();
        (checked, told)
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn a_form_is_an_object_whose_values_have_the_types_of_the_schema() {
        let (checked, told) = checked("POST", "/v2/forms/VA1", FORM, "To=%2B64+27&Count=2&Quick=True&Tags=a&Tags=b&Note=1");
        assert_eq!((checked.body, told), (json!({ "To": "+64 27", "Count": 2, "Quick": true, "Tags": ["a", "b"], "Note": "1" }), vec![]));
        assert!(checked.unreadable.is_none());
    }

    #[test]
    fn what_is_wrong_with_a_form_is_found_and_what_is_unknown_is_a_remark() {
        let (checked, told) = checked("POST", "/v2/forms/XX", &format!("{FORM}; charset=utf-8"), "To=ab&To=secret&Count=secret&Quick=secret&No=secret");
        assert_eq!(checked.remarks.len(), 1, "{told:?}");
        assert!(!told.join(" ").contains("secret"), "{told:?}");
        for place in ["/path/Id", "/body/To is given twice", "/body/To", "/body/Count", "/body/Quick", "/body/No is not a known field"] {
            assert!(told.iter().any(|told| told.starts_with(place)), "{place} in {told:?}");
        }
        let (_, told) = self::checked("POST", "/v2/forms/VA1", FORM, "To=abc&Count=1&{\"To\":\"secret\"}=&%2B64270000001=&918273=");
        assert_eq!(told, ["/body has a field without a proper name"]);
        let (_, told) = self::checked("POST", "/v2/forms/VA1", FORM, "");
        assert_eq!(told, ["/body/To is required", "/body/Count is required"]);
    }

    #[test]
    fn another_content_type_than_the_documented_one_is_a_finding() {
        for (path, content_type, expected) in [
            ("/v2/forms/VA1", "application/json", FORM),
            ("/v2/forms/VA1", "text/plain", FORM),
            ("/v2/things", FORM, "application/json"),
            ("/v2/things", "", "application/json"),
        ] {
            let (checked, told) = checked("POST", path, content_type, "{}");
            assert_eq!(told, [format!("/headers/content-type expected {expected}")]);
            assert!(checked.unreadable.is_some() && checked.body.is_null());
        }
        let (checked, told) = checked("GET", "/v2/things", FORM, "a=b");
        assert_eq!((checked.unreadable, told), (None, vec!["/body this operation has no body".to_owned()]));
    }

    #[test]
    fn a_reply_is_held_against_the_form_that_its_status_has() {
        let contract = contract();
        let Found::Operation(documented, _) = contract.find("POST", "/v2/forms/VA1") else { panic!("expected an operation") };
        let findings = |status, body: &str| contract.check_reply(Some(documented), status, body.as_bytes()).len();
        assert_eq!((findings(201, r#"{"sid":"VE1"}"#), findings(201, "{}"), findings(201, "no")), (0, 1, 1));
        assert_eq!((findings(204, ""), findings(204, "{}"), findings(418, "{}")), (0, 1, 1));
    }
}
