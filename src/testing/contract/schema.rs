//! A schema of a document, compiled, and what a value has against it.

use std::ops::Deref;

use jsonschema::{Draft, ValidationError, Validator, error::ValidationErrorKind};
use serde_json::{Value, json};

/// One thing wrong with a value: where, as a JSON pointer, and what was expected, without the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::testing) struct Finding {
    pub(in crate::testing) pointer: String,
    pub(in crate::testing) message: String,
}

impl Finding {
    /// Makes a finding at the place that these names lead to.
    pub(in crate::testing) fn at(names: &[&str], message: impl Into<String>) -> Self {
        let pointer = names.iter().map(|name| format!("/{}", escaped(name))).collect();
        Self { pointer, message: message.into() }
    }

    /// Makes the finding of a field that the document does not know. What is no proper name stays out.
    pub(in crate::testing) fn unknown(parent: &str, name: &str) -> Self {
        match is_proper(name) {
            true => Self { pointer: format!("{parent}/{name}"), message: "is not a known field".into() },
            false => Self { pointer: parent.into(), message: "has a field without a proper name".into() },
        }
    }

    /// Gives the name of the field without the part of the request that it is in: `clientInformation.remoteAddress`.
    pub(in crate::testing) fn field(&self) -> String {
        self.pointer.trim_start_matches('/').split_once('/').map_or("", |(_, field)| field).replace('/', ".")
    }
}

/// How many findings are told of one value, which is more than anybody reads.
const MOST: usize = 100;

/// Findings in the order in which they were made, each once, and no more than anybody reads.
#[derive(Clone, Debug, Default)]
pub(in crate::testing) struct Findings(Vec<Finding>);

impl Findings {
    pub(in crate::testing) fn note(&mut self, finding: Finding) {
        if !self.is_full() && !self.0.contains(&finding) {
            self.0.push(finding);
        }
    }

    /// Notes what was found in a part of a value, at the part's place.
    pub(in crate::testing) fn note_within(&mut self, place: &str, found: Self) {
        found.0.into_iter().for_each(|finding| self.note(Finding { pointer: format!("{place}{}", finding.pointer), ..finding }));
    }

    fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }
}

impl Deref for Findings {
    type Target = [Finding];

    fn deref(&self) -> &[Finding] {
        &self.0
    }
}

impl From<Finding> for Findings {
    fn from(finding: Finding) -> Self {
        Self(vec![finding])
    }
}

#[derive(Debug)]
pub(in crate::testing) struct Schema(Validator);

impl Schema {
    /// Compiles a schema of a document; `components` go along, so that its references lead somewhere.
    pub(super) fn compile(document: &Value, schema: &Value) -> Result<Self, String> {
        let mut root = json!({ "components": document["components"], "allOf": [schema] });
        nullable_to_type(&mut root);
        jsonschema::options().with_draft(Draft::Draft202012).build(&root).map(Self).map_err(|error| error.to_string())
    }

    /// Everything that is wrong with a value.
    pub(in crate::testing) fn findings(&self, value: &Value) -> Findings {
        let mut findings = Findings::default();
        for error in self.0.iter_errors(value) {
            collect(&error, &mut findings);
            if findings.is_full() {
                break;
            }
        }
        findings
    }
}

/// OpenAPI 3.0 writes `nullable: true` where JSON Schema has a second type.
fn nullable_to_type(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("nullable") == Some(&Value::Bool(true))
                && let Some(Value::String(kind)) = members.get("type").cloned()
            {
                members.insert("type".into(), json!([kind, "null"]));
            }
            members.values_mut().for_each(nullable_to_type);
        }
        Value::Array(items) => items.iter_mut().for_each(nullable_to_type),
        _ => {}
    }
}

fn collect(error: &ValidationError<'_>, findings: &mut Findings) {
    let at = &place(error.instance_path().as_str());
    let mut note = |pointer: String, message: String| findings.note(Finding { pointer, message });
    match error.kind() {
        ValidationErrorKind::Required { property } => note(format!("{at}/{}", escaped(property.as_str().unwrap_or_default())), "is required".into()),
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                findings.note(Finding::unknown(at, name));
                if findings.is_full() {
                    return;
                }
            }
        }
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => match likeliest(context) {
            Some(branch) => branch.iter().for_each(|error| collect(error, findings)),
            None => note(at.to_owned(), "has none of the documented forms".into()),
        },
        _ => note(at.to_owned(), error.masked_with("the value").to_string()),
    }
}

/// Gives a JSON pointer into what was submitted. A name in it that is no proper one stays out.
fn place(pointer: &str) -> String {
    let is_index = |name: &str| name.len() <= 10 && name.bytes().all(|byte| byte.is_ascii_digit());
    let told = |name| if is_proper(name) || is_index(name) { name } else { "…" };
    pointer.split('/').map(told).collect::<Vec<_>>().join("/")
}

/// Says whether a text looks like a member's name, and not like a value that got into its place, as where JSON is called a form.
fn is_proper(name: &str) -> bool {
    name.len() <= 64 && name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

/// Gives the alternative that was most likely meant: the first whose tag fits.
fn likeliest<'a, 'b>(alternatives: &'a [Vec<ValidationError<'b>>]) -> Option<&'a Vec<ValidationError<'b>>> {
    let is_tag = |error: &ValidationError<'_>| matches!(error.kind(), ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. });
    alternatives.iter().filter(|errors| !errors.is_empty()).min_by_key(|errors| errors.iter().any(is_tag))
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(schema: Value, value: Value) -> Vec<String> {
        let document = json!({ "components": { "schemas": { "Short": { "type": "string", "maxLength": 3 } } } });
        let schema = Schema::compile(&document, &schema).unwrap();
        schema.findings(&value).iter().map(|finding| format!("{}: {}", finding.pointer, finding.message)).collect()
    }

    #[test]
    fn findings_name_the_place_and_never_the_value() {
        let schema = json!({
            "type": "object",
            "required": ["a", "b"],
            "properties": { "a": { "$ref": "#/components/schemas/Short" }, "c": { "type": "integer" }, "d": { "enum": ["x", "y"] } },
            "additionalProperties": false,
        });
        let found = findings(schema, json!({ "a": "secret", "c": "secret", "d": "secret", "e/f": 1 }));
        assert!(!found.join("\n").contains("secret"), "{found:?}");
        let places: Vec<&str> = found.iter().filter_map(|finding| finding.split(':').next()).collect();
        for place in ["/a", "/b", "/c", "/d", ""] {
            assert!(places.contains(&place), "{place} in {found:?}");
        }
    }

    #[test]
    fn no_more_is_told_than_anybody_reads_and_no_name_that_is_none() {
        let schema = json!({ "type": "object", "additionalProperties": { "type": "integer" } });
        let of = |names: &mut dyn Iterator<Item = String>| findings(schema.clone(), names.map(|name| (name, Value::from("x"))).collect());
        assert_eq!(of(&mut (0..1_000).map(|number| format!("name{number}"))).len(), MOST);
        let long = "n".repeat(1 << 20);
        let told = of(&mut ["jane@doe.com".to_owned(), long.clone(), format!("{long}/x"), "proper".to_owned()].into_iter());
        let places: Vec<&str> = told.iter().filter_map(|finding| finding.split(':').next()).collect();
        assert_eq!(places, ["/…", "/proper"]);
        let closed = json!({ "type": "object", "properties": { "a": {} }, "additionalProperties": false });
        let unknown: Value = (0..1_000).map(|number| (format!("name{number}"), Value::Null)).collect();
        assert_eq!(findings(closed, unknown).len(), MOST);
    }

    #[test]
    fn of_several_forms_the_one_whose_tag_fits_is_told() {
        let form = |tag: &str, field: &str| json!({ "required": ["kind", field], "properties": { "kind": { "enum": [tag] } } });
        let schema = json!({ "oneOf": [form("One", "a"), form("Two", "b")] });
        assert_eq!(findings(schema, json!({ "kind": "Two" })), ["/b: is required"]);
    }

    #[test]
    fn nullable_means_null_too() {
        assert!(findings(json!({ "type": "string", "nullable": true }), Value::Null).is_empty());
        assert_eq!(findings(json!({ "type": "string" }), Value::Null).len(), 1);
    }
}
