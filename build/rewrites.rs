//! What the generator needs changed in a vendor's document, one named function per reason.
//!
//! Each works on plain JSON, may be applied twice with the same outcome as once, and returns how many places it changed:
//! none means that the document has moved on and the rewrite must be looked at again (`vendors/mod.rs` turns that into an error).

use serde_json::{Map, Value, json};

/// `format` of a string that the crate holds in its `Secret`.
pub(crate) const SECRET: &str = "x-secret";
/// `format` of a string that the crate holds in its `Personal`.
pub(crate) const PERSONAL: &str = "x-personal";
/// `format` of a member of unknown form that the crate holds in its `Kept`.
pub(crate) const KEPT: &str = "x-kept";

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "patch", "head", "options"];

/// Changes the version string: the generator reads OpenAPI 3.0 alone; what the document uses of 3.1 beyond the version string would be read wrongly, so it is
/// left for the generator to refuse.
pub(crate) fn as_openapi_3_0(spec: &mut Value) -> usize {
    let uses_3_1 = any_object(spec, &mut |object| {
        ["const", "$defs", "prefixItems", "examples"].iter().any(|key| object.contains_key(*key))
            || object.get("type").is_some_and(Value::is_array)
            || object.get("exclusiveMinimum").is_some_and(Value::is_number)
            || object.get("exclusiveMaximum").is_some_and(Value::is_number)
    });
    match spec.get("openapi").and_then(Value::as_str) {
        Some(version) if version.starts_with("3.1.") && !uses_3_1 => {
            spec["openapi"] = json!("3.0.3");
            1
        }
        _ => 0,
    }
}

/// Names the operations: the generator insists on an `operationId`, which becomes the method's name; two vendors give none.
pub(crate) fn name_operations(spec: &mut Value, names: &[(&str, &str, &str)]) -> usize {
    let mut changed = 0;
    for (method, path, name) in names {
        if let Some(Value::Object(operation)) = spec.get_mut("paths").and_then(|paths| paths.get_mut(*path)?.get_mut(*method))
            && !operation.contains_key("operationId")
        {
            operation.insert("operationId".into(), json!(name));
            changed += 1;
        }
    }
    changed
}

/// Error replies go out of the operations: a typed `default` beside a typed success makes the generator panic, and errors are
/// read leniently in one place. The error schemas stay.
pub(crate) fn drop_error_replies(spec: &mut Value) -> usize {
    let mut changed = 0;
    for_each_operation(spec, &mut |operation| {
        if let Some(Value::Object(responses)) = operation.get_mut("responses") {
            let before = responses.len();
            responses.retain(|status, _| status.starts_with('2'));
            changed += before - responses.len();
        }
    });
    changed
}

/// Success is any 2xx, not the statuses that the document happens to name. Where these come with different bodies nothing is changed: the
/// generator has to refuse that.
pub(crate) fn accept_any_success(spec: &mut Value) -> usize {
    let mut changed = 0;
    for_each_operation(spec, &mut |operation| {
        let Some(Value::Object(responses)) = operation.get_mut("responses") else { return };
        let named: Vec<String> = responses.keys().filter(|status| is_success(status)).cloned().collect();
        let bodies: Vec<Vec<(&String, &Value)>> = named.iter().map(|status| body(&responses[status])).collect();
        if named.is_empty() || responses.contains_key("2XX") || bodies.iter().any(|body| *body != bodies[0]) {
            return;
        }
        let response = responses[&named[0]].clone();
        responses.retain(|status, _| !named.contains(status));
        responses.insert("2XX".into(), response);
        changed += 1;
    });
    changed
}

/// Marks a string member with a format of ours, which a conversion turns into a masking type. Constraints beside it go: they
/// would defeat the conversion and leave a plain `String`.
pub(crate) fn mark(spec: &mut Value, format: &str, members: &[(&str, &str)]) -> usize {
    let mut changed = 0;
    for (schema, member) in members {
        if let Some(member) = schema_mut(spec, schema).and_then(|schema| schema.get_mut("properties")?.get_mut(*member)?.as_object_mut())
            && member.get("type") == Some(&json!("string"))
            && member.get("format") != Some(&json!(format))
        {
            member.retain(|key, _| matches!(key.as_str(), "type" | "description"));
            member.insert("format".into(), json!(format));
            changed += 1;
        }
    }
    changed
}

/// Members that the document leaves open and describes in prose alone become an enum: `name`, with the values that the prose gives. Its
/// description is that of the first member.
pub(crate) fn as_enum(spec: &mut Value, name: &str, values: &[&str], members: &[(&str, &str)]) -> usize {
    let mut changed = 0;
    let mut description = None;
    for (schema, member) in members {
        if let Some(member) = schema_mut(spec, schema).and_then(|schema| schema.get_mut("properties")?.get_mut(*member)?.as_object_mut())
            && member.get("type") == Some(&json!("string"))
        {
            let old = std::mem::take(member);
            member.insert("$ref".into(), json!(format!("#/components/schemas/{name}")));
            description = description.or_else(|| old.get("description").cloned());
            changed += 1;
        }
    }
    if changed > 0 {
        spec["components"]["schemas"][name] = json!({ "type": "string", "enum": values, "description": description });
    }
    changed
}

/// Lets an enum grow by values that the document names in prose alone.
pub(crate) fn add_enum_values(spec: &mut Value, name: &str, values: &[&str]) -> usize {
    let mut changed = 0;
    if let Some(Value::Array(known)) = schema_mut(spec, name).and_then(|schema| schema.get_mut("enum")) {
        for value in values.iter().map(|value| json!(value)) {
            if !known.contains(&value) {
                known.push(value);
                changed += 1;
            }
        }
    }
    changed
}

/// Reply members without a form or with several, or lists of such, are kept as they came, masked: the generator's own types for them print their content, or know no other form.
pub(crate) fn keep_untyped(spec: &mut Value, members: &[(&str, &str)]) -> usize {
    let mut changed = 0;
    for (schema, member) in members {
        let member = schema_mut(spec, schema).and_then(|schema| schema.get_mut("properties")?.get_mut(*member));
        let open = match member {
            Some(member) if member["type"] == "array" => member.get_mut("items"),
            member => member,
        };
        if let Some(Value::Object(open)) = open
            && (is_untyped(open) || open.contains_key("oneOf"))
        {
            open.retain(|key, _| key == "description");
            open.insert("type".into(), json!("string"));
            open.insert("format".into(), json!(KEPT));
            changed += 1;
        }
    }
    changed
}

/// Members without a form in a form-encoded request are text that holds JSON: such a body has nothing but text.
pub(crate) fn as_json_text(spec: &mut Value, members: &[(&str, &str)]) -> usize {
    let mut changed = 0;
    for (schema, member) in members {
        if let Some(Value::Object(member)) = schema_mut(spec, schema).and_then(|schema| schema.get_mut("properties")?.get_mut(*member))
            && is_untyped(member)
        {
            let description = member.get("description").and_then(Value::as_str).unwrap_or_default();
            let description = format!("{description} Given as text that holds JSON.");
            member.insert("description".into(), json!(description.trim_start()));
            member.insert("type".into(), json!("string"));
            changed += 1;
        }
    }
    changed
}

/// Text of a form, such as a date, stays text: the generator would read it as a type of another crate, which loses the whole reply over a
/// value that it cannot read. The formats of ours stay.
pub(crate) fn drop_text_formats(spec: &mut Value) -> usize {
    drop_from_text(spec, |key, value| key == "format" && ![SECRET, PERSONAL, KEPT].iter().any(|ours| value == ours))
}

/// Text with a pattern or bounds stays text: the generator would make a type that needs another crate of every such member and parameter.
pub(crate) fn drop_text_constraints(spec: &mut Value) -> usize {
    drop_from_text(spec, |key, _| matches!(key, "minLength" | "maxLength" | "pattern"))
}

/// Replies are read leniently: their `essential` members are required and not null, whatever the document says, and no others are; no length
/// or pattern is checked, unknown members are let through, and no default stands for what did not come. `roots` and whatever they refer to are
/// treated alike.
///
/// An essential member that these schemas do not have counts as no match, and nothing is changed.
pub(crate) fn relax_replies(spec: &mut Value, roots: &[&str], essential: &[(&str, &str)]) -> usize {
    let schemas = reachable(spec, roots);
    let is_there = |(schema, member): &(&str, &str)| {
        schemas.iter().any(|name| name == schema) && spec["components"]["schemas"][schema]["properties"].get(member).is_some()
    };
    if !essential.iter().all(is_there) {
        return 0;
    }
    let mut changed = 0;
    for name in &schemas {
        let essential: Vec<&str> = essential.iter().filter(|(schema, _)| schema == name).map(|(_, member)| *member).collect();
        if let Some(schema) = schema_mut(spec, name) {
            changed += require_only(schema, &essential) + relax(schema);
        }
    }
    changed
}

/// `number` becomes an integer where the vendor means one: the generator would make it a float.
pub(crate) fn as_integers(spec: &mut Value, members: &[(&str, &str)]) -> usize {
    let mut changed = 0;
    for (schema, member) in members {
        if let Some(member) = schema_mut(spec, schema).and_then(|schema| schema.get_mut("properties")?.get_mut(*member)?.as_object_mut())
            && member.get("type") == Some(&json!("number"))
        {
            member.insert("type".into(), json!("integer"));
            member.insert("format".into(), json!("int64"));
            changed += 1;
        }
    }
    changed
}

/// Members that the document does not know are kept in an `extra` map, masked, so that they can be handed on to a browser.
pub(crate) fn keep_unknown_members(spec: &mut Value, schemas: &[&str]) -> usize {
    let kept = json!({ "type": "string", "format": KEPT });
    let mut changed = 0;
    for schema in schemas {
        if let Some(schema) = schema_mut(spec, schema)
            && schema.get("additionalProperties") != Some(&kept)
        {
            schema.insert("additionalProperties".into(), kept.clone());
            changed += 1;
        }
    }
    changed
}

/// Takes the tag out of the variants of a union: it is the variant's name in the tagged enum that the crate puts in the union's place
/// (the generator's own untagged enum can pick the wrong variant).
pub(crate) fn move_tag_out(spec: &mut Value, union: &str, tag: &str) -> usize {
    let mut changed = 0;
    for (name, _) in variants(spec, union) {
        let Some(schema) = schema_mut(spec, &name) else { continue };
        let Some(value) = schema.get("properties").and_then(|properties| properties[tag]["enum"][0].as_str()).map(str::to_owned) else { continue };
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            properties.remove(tag);
        }
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            required.retain(|member| member != tag);
        }
        schema.insert("x-tag".into(), json!(value));
        changed += 1;
    }
    changed
}

/// A variant of a union that has the members of another one becomes of its type, by (schema, the other): each type brings a reader and a writer of its own.
pub(crate) fn as_one_type(spec: &mut Value, union: &str, alike: &[(&str, &str)]) -> usize {
    let reference = |name: &str| json!(format!("#/components/schemas/{name}"));
    let mut changed = 0;
    for (name, other) in alike {
        let schemas = &spec["components"]["schemas"];
        let (Some(tag), true) = (schemas[name]["x-tag"].as_str().map(str::to_owned), shape(&schemas[name]) == shape(&schemas[other])) else { continue };
        let variants = schema_mut(spec, union).and_then(|union| union.get_mut("oneOf")?.as_array_mut());
        if let Some(variant) = variants.into_iter().flatten().find(|variant| variant["$ref"] == reference(name)) {
            *variant = json!({ "$ref": reference(other), "x-tag": tag });
            changed += 1;
            if let Some(Value::Object(schemas)) = spec.get_mut("components").and_then(|components| components.get_mut("schemas")) {
                schemas.remove(*name);
            }
        }
    }
    changed
}

/// Gives what a schema says but for its name and all words.
fn shape(schema: &Value) -> Value {
    let mut shape = schema.clone();
    any_object(&mut shape, &mut |object| {
        // A member may have such a name, and is an object.
        object.retain(|key, value| !matches!(key.as_str(), "description" | "title" | "x-tag") || value.is_object());
        false
    });
    shape
}

/// "One of these sets of members is required" has no form in the generated struct: the vendor's client checks it instead.
pub(crate) fn drop_required_alternatives(spec: &mut Value, schemas: &[&str]) -> usize {
    let mut changed = 0;
    for schema in schemas {
        if let Some(schema) = schema_mut(spec, schema)
            && let Some(Value::Array(alternatives)) = schema.get("anyOf")
            && alternatives.iter().all(|alternative| alternative.as_object().is_some_and(|keys| keys.keys().all(|key| key == "required")))
        {
            schema.remove("anyOf");
            changed += 1;
        }
    }
    changed
}

/// Gives the variants of a union as (schema name, tag value), the tag value being there once the tag was moved out.
pub(crate) fn variants(spec: &Value, union: &str) -> Vec<(String, Option<String>)> {
    let schemas = &spec["components"]["schemas"];
    let Some(refs) = schemas[union]["oneOf"].as_array() else { return Vec::new() };
    refs.iter()
        .filter_map(|variant| {
            let name = variant["$ref"].as_str()?.strip_prefix("#/components/schemas/")?;
            let tag = variant["x-tag"].as_str().or_else(|| schemas[name]["x-tag"].as_str());
            Some((name.to_owned(), tag.map(str::to_owned)))
        })
        .collect()
}

/// Gives the names of all schemas that `roots` reach, themselves included.
pub(crate) fn reachable(spec: &Value, roots: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = roots.iter().map(|root| (*root).to_owned()).collect();
    let mut next = 0;
    while let Some(name) = found.get(next).cloned() {
        next += 1;
        let mut schema = spec["components"]["schemas"][name.as_str()].clone();
        any_object(&mut schema, &mut |object| {
            if let Some(Value::String(reference)) = object.get("$ref")
                && let Some(name) = reference.strip_prefix("#/components/schemas/")
                && !found.iter().any(|known| known == name)
            {
                found.push(name.to_owned());
            }
            false
        });
    }
    found
}

// Not `spec["components"]`: an index that is written through puts in what is missing.
fn schema_mut<'a>(spec: &'a mut Value, name: &str) -> Option<&'a mut Map<String, Value>> {
    spec.get_mut("components")?.get_mut("schemas")?.get_mut(name)?.as_object_mut()
}

fn is_success(status: &str) -> bool {
    status.len() == 3 && status.starts_with('2') && status.bytes().all(|byte| byte.is_ascii_digit())
}

/// Gives the media types of a response with their schemas, or the response that it refers to.
fn body(response: &Value) -> Vec<(&String, &Value)> {
    let content = response["content"].as_object().into_iter().flatten().map(|(media, content)| (media, &content["schema"]));
    let reference = response.as_object().into_iter().flatten().filter(|(key, _)| *key == "$ref");
    content.chain(reference).collect()
}

fn is_untyped(schema: &Map<String, Value>) -> bool {
    ["type", "$ref", "oneOf", "anyOf", "allOf", "enum", "properties", "items"].iter().all(|key| !schema.contains_key(*key))
}

/// Takes from every schema of a text, but for enums, what `unwanted` says.
fn drop_from_text(spec: &mut Value, unwanted: impl Fn(&str, &Value) -> bool) -> usize {
    let mut changed = 0;
    any_object(spec, &mut |object| {
        if object.get("type") == Some(&json!("string")) && !object.contains_key("enum") {
            let before = object.len();
            object.retain(|key, value| !unwanted(key, value));
            changed += before - object.len();
        }
        false
    });
    changed
}

/// Makes these members of a schema required and not null, and no others, not even in a part of it.
fn require_only(schema: &mut Map<String, Value>, members: &[&str]) -> usize {
    let mut changed = 0;
    let mut found = Vec::new();
    for_each_object(schema, &mut |object| {
        if let Some(Value::Array(required)) = object.get_mut("required") {
            let before = required.len();
            required.retain(|name| name.as_str().is_some_and(|name| members.contains(&name)));
            changed += before - required.len();
            found.extend(required.iter().filter_map(Value::as_str).map(str::to_owned));
        }
    });
    for member in members {
        if !found.iter().any(|name| name == member)
            && let Value::Array(required) = schema.entry("required").or_insert_with(|| json!([]))
        {
            required.push(json!(member));
            changed += 1;
        }
        if let Some(Value::Object(member)) = schema.get_mut("properties").and_then(|properties| properties.get_mut(*member)) {
            changed += usize::from(member.remove("nullable").is_some());
        }
    }
    changed
}

fn relax(schema: &mut Map<String, Value>) -> usize {
    let mut changed = 0;
    for_each_object(schema, &mut |object| {
        for key in ["minLength", "maxLength", "pattern", "minItems", "maxItems", "default"] {
            // A member may have such a name; a constraint is never an object, nor is a default in these documents.
            if object.get(key).is_some_and(|value| !value.is_object()) {
                object.remove(key);
                changed += 1;
            }
        }
        if object.get("additionalProperties") == Some(&Value::Bool(false)) {
            object.remove("additionalProperties");
            changed += 1;
        }
    });
    changed
}

fn for_each_operation(spec: &mut Value, visit: &mut impl FnMut(&mut Value)) {
    let Some(Value::Object(paths)) = spec.get_mut("paths") else { return };
    for item in paths.values_mut() {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                visit(operation);
            }
        }
    }
}

/// Visits every object below `value`, itself included, until `visit` says that it is enough.
fn any_object(value: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>) -> bool) -> bool {
    match value {
        Value::Object(object) => visit(object) || object.values_mut().any(|member| any_object(member, visit)),
        Value::Array(items) => items.iter_mut().any(|item| any_object(item, visit)),
        _ => false,
    }
}

/// Visits an object and every object below it.
fn for_each_object(object: &mut Map<String, Value>, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    visit(object);
    for member in object.values_mut() {
        any_object(member, &mut |object| {
            visit(object);
            false
        });
    }
}
