//! What the packed documents do not have: members in several layers, references in circles, discriminators, OpenAPI 3.1.

use serde_json::{Value, json};

use crate::{drift::Finding, used};

/// A document with one operation that is used, whose reply and request are of these schemas.
fn document(request: &Value, reply: &Value) -> Value {
    json!({
        "openapi": "3.1.0",
        "servers": [{ "url": "https://api.authsignal.com/v1" }],
        "paths": { "/verify": { "post": {
            "requestBody": { "content": { "application/json": { "schema": request } } },
            "responses": { "200": { "content": { "application/json; charset=utf-8": { "schema": reply } } } },
        } } },
        "components": { "schemas": {
            "Circle": { "type": "object", "properties": { "next": { "$ref": "#/components/schemas/Circle" }, "list": { "items": { "$ref": "#/components/schemas/Circle" } } } },
            "Cat": { "properties": { "kind": { "type": "string" }, "lives": { "type": "integer" } } },
            "Dog": { "properties": { "kind": { "type": "string" }, "barks": { "type": "boolean" } } },
        } },
    })
}

/// What is found of `POST /verify`, by rule and severity.
fn found(old: (&Value, &Value), new: (&Value, &Value)) -> Vec<(&'static str, &'static str)> {
    let found = used("authsignal").differences(&document(old.0, old.1), &document(new.0, new.1));
    let of_verify = found.iter().filter(|finding| finding.operations == ["POST /verify"]);
    of_verify.map(|finding: &Finding| (finding.rule.id, finding.severity.as_str())).filter(|(rule, _)| *rule != "operation-removed").collect()
}

fn in_a_reply(old: Value, new: Value) -> Vec<(&'static str, &'static str)> {
    found((&json!({}), &old), (&json!({}), &new))
}

fn in_a_request(old: Value, new: Value) -> Vec<(&'static str, &'static str)> {
    found((&old, &json!({})), (&new, &json!({})))
}

#[test]
fn what_says_the_same_in_another_way_is_no_difference() {
    let plain = json!({ "type": "object", "required": ["a"], "properties": { "a": { "type": "string" }, "b": { "type": "integer", "nullable": true } } });
    for same in [
        json!({ "allOf": [{ "required": ["a"] }, { "type": "object", "properties": { "a": { "type": "string" } } }, { "properties": { "b": { "type": ["null", "integer"] } } }] }),
        json!({ "required": ["a"], "properties": { "a": { "allOf": [{ "type": "string" }] }, "b": { "anyOf": [{ "type": "integer" }, { "type": "null" }] } } }),
        json!({ "oneOf": [plain.clone()] }),
    ] {
        assert_eq!(in_a_reply(plain.clone(), same.clone()), [], "{same}");
        assert_eq!(in_a_request(same.clone(), plain.clone()), [], "{same}");
    }
    assert_eq!(in_a_reply(json!({ "enum": ["a"] }), json!({ "const": "a" })), []);
    let circle = json!({ "$ref": "#/components/schemas/Circle" });
    assert_eq!(in_a_reply(circle.clone(), circle), []);
}

#[test]
fn another_discriminator_and_another_tag_break() {
    let union = |member: &str, dog: &str| {
        let forms = json!([{ "$ref": "#/components/schemas/Cat" }, { "$ref": "#/components/schemas/Dog" }]);
        json!({ "oneOf": forms, "discriminator": { "propertyName": member, "mapping": { "cat": "#/components/schemas/Cat", dog: "#/components/schemas/Dog" } } })
    };
    assert_eq!(in_a_reply(union("kind", "dog"), union("kind", "dog")), []);
    assert_eq!(in_a_reply(union("kind", "dog"), union("type", "dog")), [("discriminator-changed", "breaks")]);
    assert_eq!(in_a_request(union("kind", "dog"), union("kind", "hound")), [("variant-tag-changed", "breaks"), ("variant-tag-changed", "note")]);
}

#[test]
fn a_schema_that_becomes_one_of_several_is_compared_with_the_one_that_it_was() {
    let (cat, dog) = (json!({ "$ref": "#/components/schemas/Cat" }), json!({ "$ref": "#/components/schemas/Dog" }));
    let either = json!({ "oneOf": [cat, dog] });
    assert_eq!(in_a_reply(cat.clone(), either.clone()), [("reply-variant-added", "check")]);
    assert_eq!(in_a_request(cat.clone(), either.clone()), [("request-variant-added", "note")]);
    assert_eq!(in_a_request(either, cat), [("request-variant-removed", "breaks")]);
}

#[test]
fn where_members_of_any_name_are_taken_the_values_of_all_are_compared() {
    let open = |of: &str| json!({ "type": "object", "additionalProperties": { "type": of } });
    assert_eq!(in_a_request(open("string"), open("integer")), [("request-type-changed", "breaks")]);
    assert_eq!(in_a_request(open("string"), json!({ "type": "object", "additionalProperties": false })), [("request-closed", "breaks")]);
}

#[test]
fn a_member_that_has_to_be_there_is_told_even_where_nothing_more_is_said_of_it() {
    assert_eq!(in_a_request(json!({ "type": "object" }), json!({ "type": "object", "required": ["a"] })), [("request-member-required", "breaks")]);
}

#[test]
fn a_new_success_in_the_place_of_the_old_one_is_compared_with_it() {
    let mut new = document(&json!({}), &json!({ "type": "string" }));
    let replies = &mut new["paths"]["/verify"]["post"]["responses"];
    *replies = json!({ "201": { "content": { "application/json": { "schema": { "type": "integer" } } } } });
    let found = used("authsignal").differences(&document(&json!({}), &json!({ "type": "string" })), &new);
    let told: Vec<&str> = found.iter().filter(|finding| finding.operations == ["POST /verify"]).map(|finding| finding.rule.id).collect();
    assert_eq!(told, ["reply-type-changed", "reply-status-removed", "reply-status-added"], "{found:?}");
}
