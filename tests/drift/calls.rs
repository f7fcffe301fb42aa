//! Classes of changes to what is around the bodies: operations, parameters, media types, statuses.

use serde_json::{Value, json};

use super::{
    changes::{Change, Expected, at, by, found},
    spots::{Kind, Spot, resolved},
};
use crate::drift::{
    Direction::Request,
    Severity::{self, Breaks, Check, Note},
};

/// The operation at a spot.
fn operation<'a>(spot: &Spot, document: &'a mut Value) -> Option<&'a mut Value> {
    (spot.kind == Kind::Operation).then(|| at(document, &spot.pointer))
}

/// The parameter at a spot, if it goes elsewhere than into the path.
fn named<'a>(spot: &Spot, document: &'a mut Value) -> Option<&'a mut Value> {
    parameter(spot, document).filter(|parameter| parameter["in"] != "path")
}

fn parameter<'a>(spot: &Spot, document: &'a mut Value) -> Option<&'a mut Value> {
    (spot.kind == Kind::Parameter).then(|| at(document, &spot.pointer))
}

/// The pointer to the path and the name of the method, of an operation's pointer.
fn apart(pointer: &str) -> (String, String) {
    let (path, method) = pointer.rsplit_once('/').expect("a method");
    (path.to_owned(), method.to_owned())
}

fn add_parameter(spot: &Spot, document: &mut Value, parameter: Value, rule: &'static str, severities: &'static [Severity]) -> Option<Expected> {
    let operation = operation(spot, document)?;
    if operation["parameters"].is_null() {
        operation["parameters"] = json!([]);
    }
    let parameters = operation["parameters"].as_array_mut()?;
    parameters.push(parameter);
    found(rule, severities, "new", format!("{}/parameters/{}", spot.pointer, parameters.len() - 1))
}

/// The classes by name.
pub(crate) const CLASSES: &[(&str, Change)] = &[
    ("an operation is gone", |_, spot, document| {
        operation(spot, document)?;
        let (path, method) = apart(&spot.pointer);
        at(document, &path).as_object_mut()?.remove(&method);
        found("operation-removed", &[Breaks], "old", &spot.pointer)
    }),
    ("an operation has another method", |_, spot, document| {
        let moved = operation(spot, document)?.take();
        let (path, method) = apart(&spot.pointer);
        at(document, &path).as_object_mut()?.remove(&method);
        at(document, &path)["options"] = moved;
        found("operation-moved", &[Breaks], "new", format!("{path}/options"))
    }),
    ("an operation has another path", |_, spot, document| {
        operation(spot, document)?;
        let (path, method) = apart(&spot.pointer);
        let name = path.trim_start_matches("/paths/").replace("~1", "/");
        let paths = at(document, "/paths").as_object_mut()?;
        let moved = paths.remove(&name)?;
        paths.insert(format!("/elsewhere{name}"), moved);
        found("operation-moved", &[Breaks], "new", format!("/paths/~1elsewhere{}/{method}", path.trim_start_matches("/paths/")))
    }),
    ("an operation is deprecated", |_, spot, document| {
        operation(spot, document)?["deprecated"] = json!(true);
        found("operation-deprecated", &[Check], "new", format!("{}/deprecated", spot.pointer))
    }),
    ("an operation has another server", |_, spot, document| {
        operation(spot, document)?["servers"] = json!([{ "url": "https://elsewhere.example" }]);
        let of_path = format!("{}/servers", apart(&spot.pointer).0);
        found("server-removed", &[Check], "old", if document.pointer(&of_path).is_some() { of_path } else { "/servers".into() })
    }),
    ("an operation has one server more", |_, spot, document| {
        let servers = at(document, "/servers").clone();
        let operation = operation(spot, document)?;
        operation["servers"] = servers;
        operation["servers"].as_array_mut()?.push(json!({ "url": "https://elsewhere.example" }));
        found("server-added", &[Note], "new", format!("{}/servers", spot.pointer))
    }),
    ("an operation needs other credentials", |_, spot, document| {
        operation(spot, document)?["security"] = json!([{ "other": [] }]);
        at(document, "/components/securitySchemes")["other"] = json!({ "type": "apiKey", "in": "header", "name": "X-Key" });
        found("security-changed", &[Breaks], "new", format!("{}/security", spot.pointer))
    }),
    ("an operation takes other credentials, too", |_, spot, document| {
        operation(spot, document)?["security"].as_array_mut()?.push(json!({ "other": [] }));
        found("security-added", &[Note], "new", format!("{}/security", spot.pointer))
    }),
    ("a parameter is new and has to be there", |_, spot, document| {
        let parameter = json!({ "name": "brand_new", "in": "query", "required": true, "schema": { "type": "string" } });
        add_parameter(spot, document, parameter, "parameter-required", &[Breaks])
    }),
    ("a header is new and has to be there", |_, spot, document| {
        let header = json!({ "name": "X-Brand-New", "in": "header", "required": true, "schema": { "type": "string" } });
        add_parameter(spot, document, header, "parameter-required", &[Breaks])
    }),
    ("a parameter is new", |_, spot, document| {
        let parameter = json!({ "name": "brand_new", "in": "query", "schema": { "type": "string" } });
        add_parameter(spot, document, parameter, "parameter-added", &[Note])
    }),
    ("a parameter is gone", |_, spot, document| {
        let is_required = parameter(spot, document)?["required"] == true;
        let listed = format!("{}/parameters", spot.parent);
        let count = at(document, &listed).as_array()?.len();
        let index = (0..count).find(|index| resolved(document, &format!("{listed}/{index}")) == spot.pointer)?;
        at(document, &listed).as_array_mut()?.remove(index);
        found("parameter-removed", if is_required { &[Breaks] } else { &[Breaks, Check] }, "old", &spot.pointer)
    }),
    ("a parameter goes elsewhere", |_, spot, document| {
        let parameter = parameter(spot, document)?;
        parameter["in"] = json!(if parameter["in"] == "header" { "query" } else { "header" });
        found("parameter-moved", &[Breaks], "new", &spot.pointer)
    }),
    ("a parameter is of another type", |_, spot, document| {
        parameter(spot, document)?["schema"] = json!({ "type": "boolean" });
        found("request-type-changed", &[Breaks], "new", format!("{}/schema/type", spot.pointer))
    }),
    ("a parameter has to be there", |_, spot, document| {
        let parameter = named(spot, document).filter(|parameter| parameter["required"] != true)?;
        parameter["required"] = json!(true);
        found("parameter-required", &[Breaks], "new", &spot.pointer)
    }),
    ("a parameter may be left out", |_, spot, document| {
        let parameter = named(spot, document).filter(|parameter| parameter["required"] == true)?;
        parameter["required"] = json!(false);
        found("parameter-optional", &[Note], "new", &spot.pointer)
    }),
    ("a parameter is written in another way", |_, spot, document| {
        let parameter = parameter(spot, document)?;
        parameter["explode"] = json!(parameter["in"] != "query");
        found("parameter-style-changed", &[Breaks], "new", &spot.pointer)
    }),
    ("a parameter is deprecated", |_, spot, document| {
        parameter(spot, document)?["deprecated"] = json!(true);
        found("parameter-deprecated", &[Check], "new", &spot.pointer)
    }),
    ("a body has to be there", |_, spot, document| {
        let body = at(document, &spot.pointer);
        (spot.kind == Kind::RequestBody && body["required"] != true).then(|| body["required"] = json!(true))?;
        found("body-required", &[Check], "new", &spot.pointer)
    }),
    ("a body may be left out", |_, spot, document| {
        let body = at(document, &spot.pointer);
        (spot.kind == Kind::RequestBody && body["required"] == true).then(|| body["required"] = json!(false))?;
        found("body-optional", &[Note], "new", &spot.pointer)
    }),
    ("a request has no body", |_, spot, document| {
        (spot.kind == Kind::RequestBody).then(|| at(document, &spot.parent).as_object_mut()?.remove("requestBody"))??;
        found("body-removed", &[Breaks], "old", &spot.pointer)
    }),
    ("a request has a body", |_, spot, document| {
        let operation = operation(spot, document).filter(|operation| operation["requestBody"].is_null())?;
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": {} } });
        found("body-added", &[Breaks], "new", format!("{}/requestBody", spot.pointer))
    }),
    ("a body is in another form", |_, spot, document| {
        (spot.kind == Kind::Media).then_some(())?;
        let content = at(document, &format!("{}/content", spot.parent)).as_object_mut()?;
        let media = content.remove(&spot.name())?;
        content.insert("application/xml".into(), media);
        let rule = by(spot.direction, "request-media-type-removed", "reply-media-type-removed", "reply-media-type-removed");
        found(rule, by(spot.direction, &[Breaks], &[Breaks], &[Check]), "old", &spot.pointer)
    }),
    ("a body is in another form, too", |_, spot, document| {
        (spot.kind == Kind::Media).then_some(())?;
        at(document, &format!("{}/content", spot.parent))["text/plain"] = json!({});
        let rule = by(spot.direction, "request-media-type-added", "reply-media-type-added", "reply-media-type-added");
        found(rule, &[Note], "new", format!("{}/content/text~1plain", spot.parent))
    }),
    ("a reply is gone", |_, spot, document| {
        (spot.kind == Kind::Reply).then_some(())?;
        let told = resolved(document, &spot.pointer);
        let replies = at(document, &format!("{}/responses", spot.parent)).as_object_mut()?;
        replies.remove(&spot.name())?;
        let rule = by(spot.direction, "request", "reply-status-removed", "error-status-removed");
        let success: &[Severity] = if replies.keys().any(|status| status.starts_with('2')) { &[Note] } else { &[Check, Breaks] };
        found(rule, by(spot.direction, &[], success, &[Note]), "old", told)
    }),
    ("a success is new", |_, spot, document| {
        operation(spot, document)?["responses"]["202"] = json!({ "description": "later" });
        found("reply-status-added", &[Check], "new", format!("{}/responses/202", spot.pointer))
    }),
    ("an error reply is new", |_, spot, document| {
        operation(spot, document)?["responses"]["418"] = json!({ "description": "a teapot" });
        found("error-status-added", &[Note], "new", format!("{}/responses/418", spot.pointer))
    }),
    ("a reply has no body", |_, spot, document| {
        let reply = resolved(document, &spot.pointer);
        (spot.kind == Kind::Reply).then(|| at(document, &reply).as_object_mut()?.remove("content"))??;
        found("reply-body-removed", by(spot.direction, &[], &[Breaks], &[Check]), "old", format!("{reply}/content"))
    }),
    ("a reply has a header less", |_, spot, document| {
        let reply = resolved(document, &spot.pointer);
        (spot.kind == Kind::Reply).then_some(())?;
        let headers = at(document, &reply)["headers"].as_object_mut()?;
        let name = headers.keys().next()?.clone();
        headers.remove(&name);
        found("reply-header-removed", &[Note], "old", format!("{reply}/headers/{name}"))
    }),
    ("a text in the path has a pattern", |_, spot, document| {
        let parameter = parameter(spot, document).filter(|parameter| parameter["schema"]["type"] == "string" && parameter["schema"]["pattern"].is_null())?;
        parameter["schema"]["pattern"] = json!("^x");
        (spot.direction == Request).then_some(())?;
        found("request-bound-tighter", &[Breaks], "new", format!("{}/schema/pattern", spot.pointer))
    }),
];
