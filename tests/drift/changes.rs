//! Classes of changes to a document: each makes one at a spot, where it can, and says what is to be found.

use serde_json::{Value, json};

use super::spots::{Kind, Spot, resolved};
use crate::{
    drift::{
        Direction::{self, ErrorReply, Reply, Request},
        Severity::{self, Breaks, Check, Note},
    },
    vendors::Vendor,
};

/// What is to be found.
pub(crate) struct Expected {
    pub(crate) rule: &'static str,
    /// One of these: what the code of a vendor makes of a member is no matter of the document.
    pub(crate) severities: &'static [Severity],
    pub(crate) side: &'static str,
    pub(crate) pointer: String,
}

/// Changes a document at a spot; nothing where this class has nothing to change there.
pub(crate) type Change = fn(&Vendor, &Spot, &mut Value) -> Option<Expected>;

pub(super) fn found(rule: &'static str, severities: &'static [Severity], side: &'static str, pointer: impl Into<String>) -> Option<Expected> {
    Some(Expected { rule, severities, side, pointer: pointer.into() })
}

/// One of three by direction: request, reply, error reply.
pub(super) fn by<T>(direction: Direction, request: T, reply: T, error: T) -> T {
    match direction {
        Request => request,
        Reply => reply,
        ErrorReply => error,
    }
}

pub(super) fn at<'a>(document: &'a mut Value, pointer: &str) -> &'a mut Value {
    document.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is there"))
}

/// The schema at a spot of a single value: of this type, and without a list of values.
fn value<'a>(spot: &Spot, document: &'a mut Value, of: &[&str]) -> Option<&'a mut Value> {
    let schema = at(document, &spot.pointer);
    let fits = spot.kind == Kind::Schema && of.iter().any(|of| schema["type"] == *of) && schema["enum"].is_null();
    fits.then_some(schema)
}

fn is_essential(vendor: &Vendor, spot: &Spot) -> bool {
    let owner = spot.parent.strip_prefix("/components/schemas/").unwrap_or_default();
    spot.direction == Reply && vendor.essential.contains(&(owner, &spot.name()))
}

fn is_required(spot: &Spot, document: &Value) -> bool {
    document.pointer(&format!("{}/required", spot.parent)).and_then(Value::as_array).is_some_and(|names| names.contains(&json!(spot.name())))
}

fn require(spot: &Spot, document: &mut Value, name: &str) {
    match &mut at(document, &spot.parent)["required"] {
        Value::Array(names) => names.push(json!(name)),
        nothing => *nothing = json!([name]),
    }
}

fn release(spot: &Spot, document: &mut Value) {
    if let Value::Array(names) = &mut at(document, &spot.parent)["required"] {
        names.retain(|name| *name != json!(spot.name()));
    }
}

/// The other way round of a bound: tighter in requests breaks.
fn bound(spot: &Spot, key: &str, is_tighter: bool) -> Option<Expected> {
    let (rule, severities): (_, &[Severity]) = if is_tighter { ("request-bound-tighter", &[Breaks]) } else { ("request-bound-looser", &[Note]) };
    let pointer = format!("{}/{key}", spot.pointer);
    found(by(spot.direction, rule, "reply-bound-changed", "reply-bound-changed"), by(spot.direction, severities, &[Note], &[Note]), "new", pointer)
}

fn set_bound(spot: &Spot, document: &mut Value, of: &[&str], key: &str, is_tighter: bool) -> Option<Expected> {
    let schema = value(spot, document, of)?;
    let is_lower = key.starts_with("min");
    let was = schema[key].as_i64();
    let now = match (was, is_tighter) {
        (Some(was), _) => was + if is_lower == is_tighter { 1 } else { -1 },
        (None, true) => 7,
        (None, false) => return None,
    };
    schema[key] = json!(now);
    bound(spot, key, is_tighter)
}

/// The classes by name.
pub(crate) const CLASSES: &[(&str, Change)] = &[
    ("a member is gone", |vendor, spot, document| {
        (spot.kind == Kind::Member).then_some(())?;
        let is_closed = at(document, &spot.parent)["additionalProperties"] == false;
        release(spot, document);
        at(document, &format!("{}/properties", spot.parent)).as_object_mut()?.remove(&spot.name())?;
        let reply: &[Severity] = if is_essential(vendor, spot) { &[Breaks] } else { &[Check, Note] };
        let request: &[Severity] = if is_closed { &[Breaks] } else { &[Breaks, Check] };
        let rule = by(spot.direction, "request-member-removed", "reply-member-removed", "reply-member-removed");
        found(rule, by(spot.direction, request, reply, &[Check, Note]), "old", &spot.pointer)
    }),
    ("a member has to be there", |_, spot, document| {
        (spot.kind == Kind::Member && !is_required(spot, document)).then(|| require(spot, document, &spot.name()))?;
        let rule = by(spot.direction, "request-member-required", "reply-member-required", "reply-member-required");
        found(rule, by(spot.direction, &[Breaks], &[Note], &[Note]), "new", &spot.pointer)
    }),
    ("a member may be missing", |vendor, spot, document| {
        (spot.kind == Kind::Member && is_required(spot, document)).then(|| release(spot, document))?;
        let rule = by(spot.direction, "request-member-optional", "reply-member-optional", "reply-member-optional");
        found(rule, if is_essential(vendor, spot) { &[Breaks] } else { &[Note] }, "new", &spot.pointer)
    }),
    ("a member is new", |_, spot, document| {
        let schema = at(document, &spot.pointer);
        matches!(spot.kind, Kind::Schema | Kind::Part).then_some(())?;
        schema["properties"].as_object_mut()?.insert("brandNew".into(), json!({ "type": "integer" }));
        let rule = by(spot.direction, "request-member-added", "reply-member-added", "reply-member-added");
        found(rule, &[Note], "new", format!("{}/properties/brandNew", spot.pointer))
    }),
    ("a member is new that smells of a secret", |_, spot, document| {
        let schema = at(document, &spot.pointer);
        matches!(spot.kind, Kind::Schema | Kind::Part).then_some(())?;
        schema["properties"].as_object_mut()?.insert("newSecret".into(), json!({ "type": "string" }));
        let rule = by(spot.direction, "request-member-added", "reply-member-added", "reply-member-added");
        found(rule, &[Check], "new", format!("{}/properties/newSecret", spot.pointer))
    }),
    ("a member is new and hides a secret", |_, spot, document| {
        let schema = at(document, &spot.pointer);
        matches!(spot.kind, Kind::Schema | Kind::Part).then_some(())?;
        let list = json!({ "type": "array", "items": { "properties": { "email": { "type": "string" } } } });
        schema["properties"].as_object_mut()?.insert("people".into(), list);
        let rule = by(spot.direction, "request-member-added", "reply-member-added", "reply-member-added");
        found(rule, &[Check], "new", format!("{}/properties/people", spot.pointer))
    }),
    ("a member is new and has to be there", |_, spot, document| {
        (matches!(spot.kind, Kind::Schema | Kind::Part) && spot.direction == Request).then_some(())?;
        let schema = at(document, &spot.pointer);
        schema["properties"].as_object_mut()?.insert("brandNew".into(), json!({ "type": "integer" }));
        require(&Spot { parent: spot.pointer.clone(), ..spot.clone() }, document, "brandNew");
        found("request-member-required", &[Breaks], "new", format!("{}/properties/brandNew", spot.pointer))
    }),
    ("a member is of another type", |_, spot, document| {
        let target = resolved(document, &spot.pointer);
        let was = at(document, &target)["type"].as_str()?.to_owned();
        (spot.kind == Kind::Member).then(|| *at(document, &spot.pointer) = json!({ "type": if was == "boolean" { "string" } else { "boolean" } }))?;
        let rule = by(spot.direction, "request-type-changed", "reply-type-changed", "reply-type-changed");
        found(rule, by(spot.direction, &[Breaks], &[Breaks], &[Check]), "new", format!("{}/type", spot.pointer))
    }),
    ("an entry of a list is of another type", |_, spot, document| {
        (spot.kind == Kind::Schema).then_some(())?;
        let items = at(document, &spot.pointer)
            .get_mut("items")
            .filter(|items| items["type"] != "boolean" && items.as_object().is_some_and(|items| !items.is_empty()))?;
        *items = json!({ "type": "boolean" });
        let rule = by(spot.direction, "request-type-changed", "reply-type-changed", "reply-type-changed");
        found(rule, by(spot.direction, &[Breaks], &[Breaks], &[Check]), "new", format!("{}/items/type", spot.pointer))
    }),
    ("an integer is a number", |_, spot, document| {
        value(spot, document, &["integer"])?["type"] = json!("number");
        let rule = by(spot.direction, "request-type-widened", "reply-type-changed", "reply-type-changed");
        found(rule, by(spot.direction, &[Note], &[Breaks], &[Check]), "new", format!("{}/type", spot.pointer))
    }),
    ("a value has another format", |_, spot, document| {
        value(spot, document, &["string", "integer", "number"])?["format"] = json!("other");
        let rule = by(spot.direction, "request-format-changed", "reply-format-changed", "reply-format-changed");
        found(rule, by(spot.direction, &[Check], &[Check, Note], &[Check, Note]), "new", format!("{}/format", spot.pointer))
    }),
    ("a member may be null", |vendor, spot, document| {
        let target = resolved(document, &spot.pointer);
        (spot.kind == Kind::Member && at(document, &target)["nullable"].is_null()).then(|| at(document, &spot.pointer)["nullable"] = json!(true))?;
        let rule = by(spot.direction, "request-null-taken", "reply-null-possible", "reply-null-possible");
        found(rule, if is_essential(vendor, spot) { &[Breaks] } else { &[Note] }, "new", format!("{}/nullable", spot.pointer))
    }),
    ("a member may not be null", |_, spot, document| {
        (spot.kind == Kind::Member).then(|| at(document, &spot.pointer).as_object_mut()?.remove("nullable"))??;
        let rule = by(spot.direction, "request-null-refused", "reply-null-gone", "reply-null-gone");
        found(rule, by(spot.direction, &[Check], &[Note], &[Note]), "new", &spot.pointer)
    }),
    ("a value is gone", |_, spot, document| {
        let values = at(document, &spot.pointer)["enum"].as_array_mut().filter(|values| spot.kind == Kind::Schema && values.len() > 1)?;
        values.pop();
        let (rule, last) = (by(spot.direction, "request-value-removed", "reply-value-removed", "reply-value-removed"), values.len());
        found(rule, by(spot.direction, &[Breaks], &[Check, Note], &[Check, Note]), "old", format!("{}/enum/{last}", spot.pointer))
    }),
    ("a value is new", |_, spot, document| {
        let values = at(document, &spot.pointer)["enum"].as_array_mut().filter(|values| spot.kind == Kind::Schema && values.len() > 1)?;
        values.insert(0, json!("brand_new"));
        let rule = by(spot.direction, "request-value-added", "reply-value-added", "reply-value-added");
        found(rule, &[Note], "new", format!("{}/enum/0", spot.pointer))
    }),
    ("a text is one of a list", |_, spot, document| {
        value(spot, document, &["string"])?["enum"] = json!(["a", "b"]);
        let rule = by(spot.direction, "request-values-listed", "reply-values-listed", "reply-values-listed");
        found(rule, by(spot.direction, &[Breaks], &[Note], &[Note]), "new", format!("{}/enum", spot.pointer))
    }),
    ("a text is any", |_, spot, document| {
        let schema =
            at(document, &spot.pointer).as_object_mut().filter(|schema| spot.kind == Kind::Schema && schema.get("enum").is_some_and(Value::is_array))?;
        schema.remove("enum");
        let rule = by(spot.direction, "request-values-open", "reply-values-open", "reply-values-open");
        found(rule, &[Note], "old", format!("{}/enum", spot.pointer))
    }),
    ("a text is longer", |_, spot, document| set_bound(spot, document, &["string"], "minLength", true)),
    ("a text may be shorter", |_, spot, document| set_bound(spot, document, &["string"], "minLength", false)),
    ("a text is shorter", |_, spot, document| set_bound(spot, document, &["string"], "maxLength", true)),
    ("a text may be longer", |_, spot, document| set_bound(spot, document, &["string"], "maxLength", false)),
    ("a number is larger", |_, spot, document| set_bound(spot, document, &["integer", "number"], "minimum", true)),
    ("a number is smaller", |_, spot, document| set_bound(spot, document, &["integer", "number"], "maximum", true)),
    ("a list is longer", |_, spot, document| set_bound(spot, document, &["array"], "minItems", true)),
    ("a list is shorter", |_, spot, document| set_bound(spot, document, &["array"], "maxItems", true)),
    ("a text has a pattern", |_, spot, document| {
        let schema = value(spot, document, &["string"]).filter(|schema| schema["pattern"].is_null())?;
        schema["pattern"] = json!("^x");
        bound(spot, "pattern", true)
    }),
    ("a text has another pattern", |_, spot, document| {
        let schema = value(spot, document, &["string"]).filter(|schema| schema["pattern"].is_string())?;
        schema["pattern"] = json!("^x");
        let rule = by(spot.direction, "request-bound-other", "reply-bound-changed", "reply-bound-changed");
        found(rule, by(spot.direction, &[Check], &[Note], &[Note]), "new", format!("{}/pattern", spot.pointer))
    }),
    ("a default is another one", |_, spot, document| {
        value(spot, document, &["string", "integer", "number", "boolean"])?["default"] = json!("other");
        found("default-changed", by(spot.direction, &[Check], &[Note], &[Note]), "new", format!("{}/default", spot.pointer))
    }),
    ("a member is deprecated", |_, spot, document| {
        let target = resolved(document, &spot.pointer);
        (spot.kind == Kind::Member && at(document, &target)["deprecated"].is_null()).then(|| at(document, &spot.pointer)["deprecated"] = json!(true))?;
        found("member-deprecated", &[Check, Note], "new", format!("{}/deprecated", spot.pointer))
    }),
    ("no other members are taken", |_, spot, document| {
        let schema = at(document, &spot.pointer);
        (matches!(spot.kind, Kind::Schema | Kind::Part) && schema["properties"].is_object() && schema["additionalProperties"] != false)
            .then(|| schema["additionalProperties"] = json!(false))?;
        let rule = by(spot.direction, "request-closed", "reply-closed", "reply-closed");
        found(rule, by(spot.direction, &[Check], &[Note], &[Note]), "new", format!("{}/additionalProperties", spot.pointer))
    }),
    ("other members are taken", |_, spot, document| {
        let schema = at(document, &spot.pointer)
            .as_object_mut()
            .filter(|schema| spot.kind != Kind::Member && schema.get("additionalProperties") == Some(&json!(false)))?;
        schema.remove("additionalProperties");
        found(by(spot.direction, "request-opened", "reply-opened", "reply-opened"), &[Note], "old", format!("{}/additionalProperties", spot.pointer))
    }),
    ("a form of a union is gone", |_, spot, document| {
        let forms = at(document, &spot.pointer)["oneOf"].as_array_mut().filter(|forms| forms.len() > 2)?;
        forms.remove(0);
        let rule = by(spot.direction, "request-variant-removed", "reply-variant-removed", "reply-variant-removed");
        found(rule, by(spot.direction, &[Breaks], &[Check, Note], &[Check, Note]), "old", format!("{}/oneOf/0", spot.pointer))
    }),
    ("a form of a union is new", |_, spot, document| {
        let forms = at(document, &spot.pointer)["oneOf"].as_array_mut()?;
        forms.insert(0, json!({ "type": "object", "properties": { "kind": { "type": "string", "enum": ["brand new"] } } }));
        let rule = by(spot.direction, "request-variant-added", "reply-variant-added", "reply-variant-added");
        found(rule, by(spot.direction, &[Note], &[Check], &[Check]), "new", format!("{}/oneOf/0", spot.pointer))
    }),
    ("a form of a union is told by another tag", |_, spot, document| {
        let forms = at(document, &spot.pointer)["oneOf"].as_array()?.len();
        let first = resolved(document, &format!("{}/oneOf/{}", spot.pointer, forms - 1));
        let members = at(document, &first)["properties"].as_object_mut()?;
        let (name, tag) = members.iter_mut().find(|(_, member)| member["enum"].as_array().is_some_and(|values| values.len() == 1))?;
        tag["enum"] = json!(["other"]);
        found("variant-tag-changed", by(spot.direction, &[Breaks], &[Breaks], &[Check]), "new", format!("{first}/properties/{name}"))
    }),
    ("what tells forms apart is said", |_, spot, document| {
        at(document, &spot.pointer).get("oneOf")?;
        at(document, &spot.pointer)["discriminator"] = json!({ "propertyName": "kind" });
        found("discriminator-changed", &[Note], "new", format!("{}/discriminator", spot.pointer))
    }),
    ("a set of members is not enough", |_, spot, document| {
        let sets = at(document, &spot.pointer)["anyOf"].as_array_mut().filter(|sets| spot.direction == Request && sets.len() > 1)?;
        sets.remove(0);
        found("request-alternative-removed", &[Breaks], "old", format!("{}/anyOf/0", spot.pointer))
    }),
    ("a reference leads nowhere", |_, spot, document| {
        (spot.kind == Kind::Member).then(|| *at(document, &spot.pointer) = json!({ "$ref": "#/components/schemas/nowhere" }))?;
        found("reference-unknown", &[Check], "new", &spot.pointer)
    }),
];
