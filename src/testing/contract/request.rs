//! A request, held against the operation that it is for.

use std::collections::BTreeMap;

use http::{HeaderMap, header};
use serde_json::Value;
use url::form_urlencoded;

use super::{Documented, Finding, Place};

/// A request that has been read, with all that is wrong with it.
#[derive(Debug, Default)]
pub(in crate::testing) struct Checked {
    /// The body; `null` where there is none or it is not JSON.
    pub(in crate::testing) body: Value,
    pub(in crate::testing) query: BTreeMap<String, String>,
    /// The body is there but is not JSON, or is not sent as JSON.
    pub(in crate::testing) not_json: Option<&'static str>,
    /// What the vendor refuses.
    pub(in crate::testing) findings: Vec<Finding>,
    /// What the vendor passes over, but a careful client does not send.
    pub(in crate::testing) remarks: Vec<Finding>,
}

impl Documented {
    /// Reads a request and holds it against the document, credentials apart.
    pub(in crate::testing) fn check(&self, path: &BTreeMap<String, String>, query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Checked {
        let mut checked = Checked::default();
        self.check_query(query.unwrap_or_default(), &mut checked);
        for parameter in &self.parameters {
            let (place, value) = match parameter.place {
                Place::Path => ("path", path.get(&parameter.name).map(String::as_str)),
                Place::Query => ("query", checked.query.get(&parameter.name).map(String::as_str)),
                Place::Header => ("headers", headers.get(&parameter.name).and_then(|value| value.to_str().ok())),
            };
            let pointer = match parameter.place {
                Place::Header => format!("/{place}/{}", parameter.name.to_ascii_lowercase()),
                _ => format!("/{place}/{}", parameter.name),
            };
            match value {
                Some(value) => {
                    let found = parameter.schema.findings(&Value::from(value));
                    checked.findings.extend(found.into_iter().map(|finding| Finding { pointer: pointer.clone(), ..finding }));
                }
                None if parameter.required => checked.findings.push(Finding { pointer, message: "is required".into() }),
                None => {}
            }
        }
        if self.body.is_some() {
            self.check_body(headers, body, &mut checked);
        }
        checked
    }

    fn check_query(&self, query: &str, checked: &mut Checked) {
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let known = self.parameters.iter().any(|parameter| parameter.place == Place::Query && parameter.name == name);
            if !known {
                let message = "is not a query parameter of this operation".into();
                checked.remarks.push(Finding { pointer: format!("/query/{name}"), message });
            } else if checked.query.insert(name.clone().into_owned(), value.into_owned()).is_some() {
                checked.findings.push(Finding { pointer: format!("/query/{name}"), message: "is given twice".into() });
            }
        }
    }

    fn check_body(&self, headers: &HeaderMap, body: &[u8], checked: &mut Checked) {
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            let message = "expected application/json".into();
            checked.findings.push(Finding { pointer: "/headers/content-type".into(), message });
            checked.not_json = Some("the content type must be application/json");
            return;
        }
        if body.is_empty() {
            checked.findings.push(Finding { pointer: "/body".into(), message: "is required".into() });
            checked.not_json = Some("the body is missing");
            return;
        }
        match serde_json::from_slice(body) {
            Ok(value) => checked.body = value,
            Err(error) => {
                let message = format!("expected JSON; it breaks at line {} column {}", error.line(), error.column());
                checked.findings.push(Finding { pointer: "/body".into(), message });
                checked.not_json = Some("the body is not JSON");
                return;
            }
        }
        if let Some(schema) = &self.body {
            let found = schema.findings(&checked.body);
            checked.findings.extend(found.into_iter().map(|finding| Finding { pointer: format!("/body{}", finding.pointer), ..finding }));
        }
    }
}
