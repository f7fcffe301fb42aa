//! The body of a request, read by the media type that the document gives it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use url::form_urlencoded;

use super::{Finding, Findings, Schema, resolve};

/// One form that the body of an operation may have.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) media_type: MediaType,
    schema: Schema,
    /// What the members are, for a form: there all values are text.
    members: BTreeMap<String, FieldKind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    Json,
    Form,
}

/// What the text of a field, or of a parameter, stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldKind {
    Text,
    Boolean,
    Number,
    /// What may be there several times.
    Array,
}

/// A body that was read.
#[derive(Debug, Default)]
pub(super) struct ReadBody {
    pub(super) value: Value,
    /// What the vendor refuses; with pointers from the body on.
    pub(super) findings: Findings,
    /// What the vendor passes over.
    pub(super) remarks: Findings,
}

impl MediaType {
    const ALL: [Self; 2] = [Self::Json, Self::Form];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
        }
    }
}

impl Body {
    /// Reads what the document says of an operation's body; none where it has no body.
    pub(super) fn read(document: &Value, body: &Value) -> Result<Vec<Self>, String> {
        let content = &resolve(document, body)["content"];
        let documented = |media_type: &MediaType| content[media_type.as_str()]["schema"].is_object();
        let bodies = MediaType::ALL.into_iter().filter(documented).map(|media_type| {
            let schema = resolve(document, &content[media_type.as_str()]["schema"]);
            let properties = schema["properties"].as_object().into_iter().flatten();
            let members = properties.map(|(name, member)| (name.clone(), FieldKind::of(resolve(document, member)))).collect();
            Ok(Self { media_type, schema: Schema::compile(document, schema)?, members })
        });
        let bodies: Vec<Self> = bodies.collect::<Result<_, String>>()?;
        if bodies.is_empty() && !content.is_null() {
            return Err(format!("the body is in none of {}", MediaType::ALL.map(MediaType::as_str).join(", ")));
        }
        Ok(bodies)
    }

    /// Reads a body and holds it against its schema; what is wrong with its form, where it cannot be read.
    pub(super) fn check(&self, body: &[u8]) -> Result<ReadBody, String> {
        let mut read = match self.media_type {
            MediaType::Json => ReadBody { value: serde_json::from_slice(body).map_err(|error| json_problem(&error))?, ..ReadBody::default() },
            MediaType::Form => self.read_form(body)?,
        };
        read.findings.note_within("", self.schema.findings(&read.value));
        Ok(read)
    }

    fn read_form(&self, body: &[u8]) -> Result<ReadBody, String> {
        std::str::from_utf8(body).map_err(|_| "expected a form in ASCII, all else percent-encoded".to_owned())?;
        let mut read = ReadBody::default();
        let mut members = Map::new();
        for (name, text) in form_urlencoded::parse(body) {
            let Some(kind) = self.members.get(name.as_ref()) else {
                read.remarks.note(Finding::unknown("", &name));
                continue;
            };
            match members.get_mut(name.as_ref()) {
                Some(Value::Array(values)) if *kind == FieldKind::Array => values.push(text.into_owned().into()),
                Some(_) => read.findings.note(Finding::at(&[&name], "is given twice")),
                None => drop(members.insert(name.into_owned(), kind.value(&text))),
            }
        }
        read.value = members.into();
        Ok(read)
    }
}

impl FieldKind {
    pub(super) fn of(schema: &Value) -> Self {
        match schema["type"].as_str() {
            Some("boolean") => Self::Boolean,
            Some("integer" | "number") => Self::Number,
            Some("array") => Self::Array,
            _ => Self::Text,
        }
    }

    /// Tells what a text stands for; the text itself, where it stands for no such thing.
    pub(super) fn value(self, text: &str) -> Value {
        let read = match self {
            Self::Text => None,
            Self::Array => Some(Value::Array(vec![text.into()])),
            Self::Boolean if text.eq_ignore_ascii_case("true") => Some(true.into()),
            Self::Boolean if text.eq_ignore_ascii_case("false") => Some(false.into()),
            Self::Boolean => None,
            Self::Number => serde_json::from_str::<serde_json::Number>(text).ok().map(Value::Number),
        };
        read.unwrap_or_else(|| text.into())
    }
}

/// Gives the place alone: the reader's own words may quote the body.
fn json_problem(error: &serde_json::Error) -> String {
    format!("expected JSON; it breaks at line {} column {}", error.line(), error.column())
}
