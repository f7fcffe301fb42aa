//! A vendor's document, read so that requests and replies can be held against it.

mod request;
mod schema;
mod violation;

use std::collections::BTreeMap;

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::Value;

pub(super) use request::Checked;
pub(super) use schema::{Finding, Schema};
pub use violation::{SpecViolation, Violations};

use super::Operation;

/// The document of a vendor.
#[derive(Debug)]
pub(super) struct Contract {
    operations: Vec<Documented>,
    /// The form of an error where an operation names none.
    error: Option<Schema>,
}

/// An operation of the document.
#[derive(Debug)]
pub(super) struct Documented {
    pub(super) operation: Operation,
    /// Method and path as the document has them.
    pub(super) title: String,
    method: Method,
    segments: Vec<Segment>,
    parameters: Vec<Parameter>,
    body: Option<Schema>,
    pub(super) security: Security,
    replies: BTreeMap<String, Schema>,
}

#[derive(Debug)]
enum Segment {
    Fixed(String),
    Named(String),
}

#[derive(Debug)]
struct Parameter {
    name: String,
    place: Place,
    required: bool,
    schema: Schema,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Path,
    Query,
    Header,
}

/// What an operation wants to see of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    None,
    Basic,
    Bearer,
}

/// What the document has at a path.
pub(super) enum Found<'a> {
    Operation(&'a Documented, BTreeMap<String, String>),
    /// The path is there, with these methods.
    OtherMethods(Vec<&'a Method>),
    Nothing,
}

impl Contract {
    /// Reads a document. `base` is the path of its server, say `/v2`; `names` gives the neutral name of each operation.
    pub(super) fn read(text: &str, base: &str, names: &[(&str, &str, Operation)]) -> Result<Self, String> {
        let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let operations = names.iter().map(|(method, path, operation)| read_operation(&document, base, method, path, *operation)).collect::<Result<_, _>>()?;
        let error = &document["components"]["schemas"]["ErrorResponse"];
        let error = if error.is_object() { Some(Schema::compile(&document, error)?) } else { None };
        Ok(Self { operations, error })
    }

    /// The operation at a method and path.
    pub(super) fn find(&self, method: &str, path: &str) -> Found<'_> {
        let mut others = Vec::new();
        for documented in &self.operations {
            if let Some(values) = documented.matches(path) {
                if documented.method.as_str() == method {
                    return Found::Operation(documented, values);
                }
                others.push(&documented.method);
            }
        }
        if others.is_empty() { Found::Nothing } else { Found::OtherMethods(others) }
    }

    /// The neutral name of the operation at a method and path.
    pub(super) fn operation(&self, method: &str, path: &str) -> Option<Operation> {
        match self.find(method, path) {
            Found::Operation(documented, _) => Some(documented.operation),
            _ => None,
        }
    }

    /// What the document has, for the message about what it has not.
    pub(super) fn titles(&self) -> String {
        self.operations.iter().map(|documented| documented.title.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// What is wrong with a reply of the double's own.
    pub(super) fn check_reply(&self, documented: Option<&Documented>, status: u16, body: &Value) -> Vec<Finding> {
        let replies = documented.map(|documented| &documented.replies).or_else(|| self.operations.first().map(|documented| &documented.replies));
        let schema = replies.and_then(|replies| replies.get(&status.to_string()).or_else(|| replies.get("default"))).or(self.error.as_ref());
        match schema {
            Some(schema) => schema.findings(body),
            None => vec![Finding { pointer: String::new(), message: format!("status {status} is not documented") }],
        }
    }
}

impl Documented {
    /// The values of the path's parameters, decoded, where the path is this operation's.
    fn matches(&self, path: &str) -> Option<BTreeMap<String, String>> {
        let mut given = path.strip_prefix('/')?.split('/');
        let mut values = BTreeMap::new();
        for segment in &self.segments {
            let text = given.next()?;
            match segment {
                Segment::Fixed(fixed) if fixed == text => {}
                Segment::Fixed(_) => return None,
                Segment::Named(name) => {
                    let value = percent_decode_str(text).decode_utf8().ok()?;
                    (!value.is_empty()).then(|| values.insert(name.clone(), value.into_owned()))?;
                }
            }
        }
        given.next().is_none().then_some(values)
    }
}

fn read_operation(document: &Value, base: &str, method: &str, path: &str, operation: Operation) -> Result<Documented, String> {
    let item = &document["paths"][path][method.to_ascii_lowercase()];
    if !item.is_object() {
        return Err(format!("the document has no {method} {path}"));
    }
    let segments = format!("{base}{path}")
        .trim_start_matches('/')
        .split('/')
        .map(|segment| match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => Segment::Named(name.to_owned()),
            None => Segment::Fixed(segment.to_owned()),
        })
        .collect();
    let parameters = item["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|parameter| read_parameter(document, resolve(document, parameter)))
        .collect::<Result<_, _>>()?;
    let body = match &item["requestBody"]["content"]["application/json"]["schema"] {
        Value::Null => None,
        schema => Some(Schema::compile(document, schema)?),
    };
    let mut replies = BTreeMap::new();
    for (status, reply) in item["responses"].as_object().into_iter().flatten() {
        let schema = &resolve(document, reply)["content"]["application/json"]["schema"];
        replies.insert(status.clone(), Schema::compile(document, schema)?);
    }
    let method = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
    Ok(Documented { operation, title: format!("{method} {path}"), method, segments, parameters, body, security: read_security(document, item), replies })
}

fn read_parameter(document: &Value, parameter: &Value) -> Result<Parameter, String> {
    let place = match parameter["in"].as_str() {
        Some("path") => Place::Path,
        Some("query") => Place::Query,
        Some("header") => Place::Header,
        other => return Err(format!("a parameter in {}", other.unwrap_or("nothing"))),
    };
    Ok(Parameter {
        name: parameter["name"].as_str().unwrap_or_default().to_owned(),
        place,
        required: parameter["required"] == Value::Bool(true),
        schema: Schema::compile(document, &parameter["schema"])?,
    })
}

fn read_security(document: &Value, item: &Value) -> Security {
    let wanted = if item["security"].is_array() { &item["security"] } else { &document["security"] };
    let name = wanted[0].as_object().and_then(|scheme| scheme.keys().next());
    let scheme = name.map(|name| &document["components"]["securitySchemes"][name]["scheme"]);
    match scheme.and_then(Value::as_str) {
        Some("basic") => Security::Basic,
        Some("bearer") => Security::Bearer,
        _ => Security::None,
    }
}

/// Follows one reference.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')).and_then(|pointer| document.pointer(pointer)) {
        Some(target) => target,
        None => value,
    }
}
