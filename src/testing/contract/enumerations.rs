//! The members of replies whose values a document enumerates.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{NamedOperation, operation_of, resolve};

/// Finds them in everything that the replies of these operations are made of.
pub(super) fn of_replies(document: &Value, names: &[NamedOperation]) -> BTreeSet<String> {
    let mut walk = Walk { document, seen: Vec::new(), enumerations: BTreeSet::new(), tags: BTreeSet::new() };
    for (method, path, _) in names {
        for reply in operation_of(document, method, path)["responses"].as_object().into_iter().flatten().map(|(_, reply)| reply) {
            walk.schema(&resolve(document, reply)["content"]["application/json"]["schema"]);
        }
    }
    let Walk { enumerations, tags, .. } = walk;
    &enumerations - &tags
}

struct Walk<'a> {
    document: &'a Value,
    /// The schemas that were walked through; some refer to themselves.
    seen: Vec<&'a Value>,
    enumerations: BTreeSet<String>,
    tags: BTreeSet<String>,
}

impl<'a> Walk<'a> {
    fn schema(&mut self, schema: &'a Value) {
        let document = self.document;
        let schema = resolve(document, schema);
        if self.seen.iter().any(|seen| std::ptr::eq(*seen, schema)) {
            return;
        }
        self.seen.push(schema);
        for (name, member) in properties(schema) {
            let values = values(document, member);
            if !values.is_empty() {
                self.enumerations.insert(name.clone());
            }
            self.schema(member);
        }
        if let Some(tag) = schema["discriminator"]["propertyName"].as_str() {
            self.tags.insert(tag.to_owned());
        }
        let forms: Vec<&Value> = alternatives(schema).collect();
        if let [first, others @ ..] = forms.as_slice() {
            // What has one value in each form tells the forms apart.
            let fixed = |form: &'a Value, name: &str| values(document, &resolve(document, form)["properties"][name]).len() == 1;
            for (name, _) in properties(resolve(document, first)) {
                if fixed(first, name) && others.iter().all(|form| fixed(form, name)) {
                    self.tags.insert(name.clone());
                }
            }
        }
        let parts = schema["allOf"].as_array().into_iter().flatten();
        forms.into_iter().chain(parts).chain([&schema["items"], &schema["additionalProperties"]]).for_each(|part| self.schema(part));
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

fn alternatives(schema: &Value) -> impl Iterator<Item = &Value> {
    ["oneOf", "anyOf"].into_iter().flat_map(|name| schema[name].as_array().into_iter().flatten())
}

/// Gives the values that a schema enumerates, also in the forms that it may have; none where it enumerates none.
fn values<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let schema = resolve(document, schema);
    let parts = alternatives(schema).chain(schema["allOf"].as_array().into_iter().flatten());
    let deeper = parts.flat_map(|part| resolve(document, part)["enum"].as_array().into_iter().flatten());
    schema["enum"].as_array().into_iter().flatten().chain(deeper).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::Operation;

    #[test]
    fn enumerations_are_found_behind_references_and_forms_and_tags_are_not() {
        let form = |tag: &str| {
            json!({ "type": "object", "properties": {
                "kind": { "type": "string", "enum": [tag] },
                "level": { "$ref": "#/components/schemas/Level" },
                "parts": { "type": "array", "items": { "$ref": "#/components/schemas/Part" } },
            } })
        };
        let document = json!({
            "paths": { "/things": { "post": {
                "requestBody": { "content": { "application/json": { "schema": { "properties": { "asked": { "enum": ["a", "b"] } } } } } },
                "responses": { "201": { "content": { "application/json": { "schema": { "oneOf": [form("One"), form("Two")] } } } } },
            } } },
            "components": { "schemas": {
                "Level": { "type": "string", "enum": ["low", "high"] },
                "Part": { "properties": {
                    "state": { "oneOf": [{ "$ref": "#/components/schemas/Level" }, { "type": "null" }] },
                    "name": { "type": "string" },
                    "part": { "$ref": "#/components/schemas/Part" },
                } },
            } },
        });
        let found = of_replies(&document, &[("POST", "/things", Operation::CREATE)]);
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["level", "state"]);
    }
}
