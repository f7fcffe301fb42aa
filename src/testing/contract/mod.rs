//! A vendor's document, read so that requests and replies can be held against it.

mod body;
mod check;
mod enumerations;
mod schema;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::LazyLock,
};

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::Operation;
use body::{Body, FieldKind};
pub(super) use check::Checked;
pub(super) use schema::{Finding, Findings, Schema};

/// The document of a vendor.
#[derive(Debug)]
pub(super) struct Contract {
    operations: Vec<Documented>,
    /// The form of an error where an operation names none: the schema `ErrorResponse`.
    error: Option<Schema>,
    enumerations: BTreeSet<String>,
}

/// A document that is read when its first double starts; what is wrong with it, where it cannot be read.
pub(super) type Contracted = LazyLock<Result<Contract, String>>;

/// Method, path and name of an operation. The method and the path are as the document has them.
pub(super) type NamedOperation = (&'static str, &'static str, Operation);

/// An operation of the document.
#[derive(Debug)]
pub(super) struct Documented {
    pub(super) operation: Operation,
    /// Method and path as the document has them.
    pub(super) title: String,
    method: Method,
    segments: Vec<Segment>,
    parameters: Vec<Parameter>,
    /// The forms that the body may have, by media type; none where there is no body.
    bodies: Vec<Body>,
    pub(super) security: Security,
    /// The bodies of replies by status; `None` for a reply without a body.
    replies: BTreeMap<String, Option<Schema>>,
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
    kind: FieldKind,
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
    /// Reads a document. `base` is the path of its server, say `/v2`; `names` are the operations that the double has.
    pub(super) fn read(text: &str, base: &str, names: &[NamedOperation]) -> Result<Self, String> {
        let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let operations = names.iter().map(|named| read_operation(&document, base, named)).collect::<Result<_, _>>()?;
        let error = &document["components"]["schemas"]["ErrorResponse"];
        let error = if error.is_object() { Some(Schema::compile(&document, error)?) } else { None };
        let enumerations = enumerations::of_replies(&document, names);
        Ok(Self { operations, error, enumerations })
    }

    /// Gives the document, where it could be read.
    pub(super) fn of(contracted: &'static Contracted) -> io::Result<&'static Self> {
        contracted.as_ref().map_err(|problem| io::Error::other(problem.as_str()))
    }

    /// Gives the operation at a method and path.
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

    /// Gives the name of the operation at a method and path.
    pub(super) fn operation(&self, method: &str, path: &str) -> Option<Operation> {
        match self.find(method, path) {
            Found::Operation(documented, _) => Some(documented.operation),
            _ => None,
        }
    }

    /// Gives the operations that the double has; a name may be there twice, for two paths.
    pub(super) fn operations(&self) -> impl Iterator<Item = Operation> {
        self.operations.iter().map(|documented| documented.operation)
    }

    /// Tells what the document has, for the message about what it has not.
    pub(super) fn titles(&self) -> String {
        self.operations.iter().map(|documented| documented.title.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Gives the members of replies whose values the document enumerates. Tags of unions are not among them: another value would be another form.
    pub(super) fn enumerations(&self) -> &BTreeSet<String> {
        &self.enumerations
    }

    /// Tells what is wrong with a reply of the double's own.
    pub(super) fn check_reply(&self, documented: Option<&Documented>, status: u16, body: &[u8]) -> Findings {
        let one = |message: String| Findings::from(Finding { pointer: String::new(), message });
        let replies = documented.or(self.operations.first()).map(|documented| &documented.replies);
        let schema = match replies.and_then(|replies| replies.get(&status.to_string()).or_else(|| replies.get("default"))) {
            Some(None) if body.is_empty() => return Findings::default(),
            Some(None) => return one(format!("status {status} is documented without a body")),
            Some(Some(schema)) => Some(schema),
            None => self.error.as_ref(),
        };
        let Some(schema) = schema else { return one(format!("status {status} is not documented")) };
        match serde_json::from_slice(body) {
            Ok(body) => schema.findings(&body),
            Err(_) => one("expected JSON".into()),
        }
    }
}

impl Documented {
    /// Gives the values of the path's parameters, decoded, where the path is this operation's.
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

fn read_operation(document: &Value, base: &str, (method, path, operation): &NamedOperation) -> Result<Documented, String> {
    let item = operation_of(document, method, path);
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
    let parameters = [&document["paths"][path]["parameters"], &item["parameters"]]
        .into_iter()
        .filter_map(Value::as_array)
        .flatten()
        .map(|parameter| read_parameter(document, resolve(document, parameter)))
        .collect::<Result<_, _>>()?;
    let title = format!("{method} {path}");
    let bodies = Body::read(document, &item["requestBody"]).map_err(|problem| format!("{title}: {problem}"))?;
    let mut replies = BTreeMap::new();
    for (status, reply) in item["responses"].as_object().into_iter().flatten() {
        let content = &resolve(document, reply)["content"];
        let schema = match (&content["application/json"]["schema"], content) {
            (Value::Null, Value::Null) => None,
            (Value::Null, _) => return Err(format!("{title}: the reply {status} is not JSON")),
            (schema, _) => Some(Schema::compile(document, schema)?),
        };
        replies.insert(status.clone(), schema);
    }
    let method = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
    Ok(Documented { operation: *operation, title, method, segments, parameters, bodies, security: read_security(document, item), replies })
}

fn operation_of<'a>(document: &'a Value, method: &str, path: &str) -> &'a Value {
    &document["paths"][path][method.to_ascii_lowercase()]
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
        kind: FieldKind::of(resolve(document, &parameter["schema"])),
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
