//! What the generator needs changed in the vendors' documents: every rewrite does what it says, once is enough, and one that matches nothing
//! is told.

use std::{collections::BTreeSet, error::Error};

use serde_json::{Value, json};

use crate::{
    built::all,
    rewrites::{self, KEPT, PERSONAL, SECRET},
};

type Outcome = Result<(), Box<dyn Error>>;

/// A rewrite on a small document.
struct Case {
    name: &'static str,
    rewrite: fn(&mut Value) -> usize,
    before: Value,
    after: Value,
    changes: usize,
}

/// A document whose schemas are these.
fn schemas(schemas: Value) -> Value {
    json!({ "components": { "schemas": schemas } })
}

/// A document with one operation, whose replies are these.
fn replies(replies: Value) -> Value {
    json!({ "paths": { "/a": { "post": { "responses": replies }, "parameters": [] } } })
}

fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "as_openapi_3_0",
            rewrite: rewrites::as_openapi_3_0,
            before: json!({ "openapi": "3.1.0", "paths": {} }),
            after: json!({ "openapi": "3.0.3", "paths": {} }),
            changes: 1,
        },
        Case {
            name: "name_operations",
            rewrite: |spec| rewrites::name_operations(spec, &[("post", "/a", "make_a"), ("get", "/a", "get_a"), ("get", "/gone", "get_gone")]),
            before: json!({ "paths": { "/a": { "post": {}, "get": { "operationId": "theirs" } }, "/b": { "post": {} } } }),
            after: json!({ "paths": { "/a": { "post": { "operationId": "make_a" }, "get": { "operationId": "theirs" } }, "/b": { "post": {} } } }),
            changes: 1,
        },
        Case {
            name: "drop_error_replies",
            rewrite: rewrites::drop_error_replies,
            before: replies(json!({ "200": { "a": 1 }, "201": {}, "2XX": {}, "302": {}, "400": {}, "default": {} })),
            after: replies(json!({ "200": { "a": 1 }, "201": {}, "2XX": {} })),
            changes: 3,
        },
        Case {
            name: "accept_any_success",
            rewrite: rewrites::accept_any_success,
            before: replies(json!({ "200": { "a": 1 }, "400": {} })),
            after: replies(json!({ "2XX": { "a": 1 }, "400": {} })),
            changes: 1,
        },
        Case {
            name: "accept_any_success, one that is not 200",
            rewrite: rewrites::accept_any_success,
            before: replies(json!({ "201": { "a": 1 }, "400": {} })),
            after: replies(json!({ "2XX": { "a": 1 }, "400": {} })),
            changes: 1,
        },
        Case {
            name: "accept_any_success, two with one body",
            rewrite: rewrites::accept_any_success,
            before: replies(json!({
                "200": { "description": "a", "content": { "application/json": { "schema": { "$ref": "#/a" }, "example": 1 } } },
                "201": { "description": "b", "content": { "application/json": { "schema": { "$ref": "#/a" }, "example": 2 } } },
                "default": {},
            })),
            after: replies(json!({
                "2XX": { "description": "a", "content": { "application/json": { "schema": { "$ref": "#/a" }, "example": 1 } } },
                "default": {},
            })),
            changes: 1,
        },
        Case {
            name: "mark",
            rewrite: |spec| rewrites::mark(spec, SECRET, &[("A", "code"), ("A", "count"), ("A", "gone"), ("Gone", "code"), ("Union", "code")]),
            before: schemas(json!({
                "A": { "properties": {
                    "code": { "type": "string", "description": "a code", "minLength": 1, "pattern": "^.+$", "example": "1" },
                    "count": { "type": "integer" },
                    "other": { "type": "string", "minLength": 1 },
                } },
                "B": { "properties": { "code": { "type": "string" } } },
                "Union": { "oneOf": [] },
            })),
            after: schemas(json!({
                "A": { "properties": {
                    "code": { "type": "string", "description": "a code", "format": SECRET },
                    "count": { "type": "integer" },
                    "other": { "type": "string", "minLength": 1 },
                } },
                "B": { "properties": { "code": { "type": "string" } } },
                "Union": { "oneOf": [] },
            })),
            changes: 1,
        },
        Case {
            name: "relax_replies",
            rewrite: |spec| rewrites::relax_replies(spec, &["Reply", "Gone"], &[("Reply", "id"), ("Inner", "made")]),
            before: schemas(json!({
                "Reply": {
                    "required": ["id", "name", "inner"],
                    "additionalProperties": false,
                    "properties": {
                        "id": { "type": "string", "minLength": 1, "maxLength": 9, "pattern": "a" },
                        "inner": { "type": "array", "minItems": 1, "maxItems": 2, "items": { "$ref": "#/components/schemas/Inner" } },
                        "page": { "type": "integer", "default": 1 },
                        "pattern": { "type": "string" },
                        "default": { "type": "string" },
                    },
                },
                "Inner": {
                    "allOf": [{ "required": ["other"] }],
                    "properties": { "made": { "type": "string", "nullable": true }, "id": { "nullable": true } },
                    "additionalProperties": { "type": "string" },
                },
                "Request": { "required": ["name"], "additionalProperties": false, "properties": { "name": { "minLength": 1 } } },
            })),
            after: schemas(json!({
                "Reply": {
                    "required": ["id"],
                    "properties": {
                        "id": { "type": "string" },
                        "inner": { "type": "array", "items": { "$ref": "#/components/schemas/Inner" } },
                        "page": { "type": "integer" },
                        "pattern": { "type": "string" },
                        "default": { "type": "string" },
                    },
                },
                "Inner": {
                    "allOf": [{ "required": [] }],
                    "required": ["made"],
                    "properties": { "made": { "type": "string" }, "id": { "nullable": true } },
                    "additionalProperties": { "type": "string" },
                },
                "Request": { "required": ["name"], "additionalProperties": false, "properties": { "name": { "minLength": 1 } } },
            })),
            changes: 12,
        },
        Case {
            name: "as_integers",
            rewrite: |spec| rewrites::as_integers(spec, &[("A", "alg"), ("A", "gone"), ("Gone", "alg"), ("Union", "alg")]),
            before: schemas(json!({ "A": { "properties": { "alg": { "type": "number" }, "ratio": { "type": "number" } } }, "Union": {} })),
            after: schemas(json!({ "A": { "properties": { "alg": { "type": "integer", "format": "int64" }, "ratio": { "type": "number" } } }, "Union": {} })),
            changes: 1,
        },
        Case {
            name: "keep_unknown_members",
            rewrite: |spec| rewrites::keep_unknown_members(spec, &["A", "Gone"]),
            before: schemas(json!({ "A": { "additionalProperties": false }, "B": {} })),
            after: schemas(json!({ "A": { "additionalProperties": { "type": "string", "format": KEPT } }, "B": {} })),
            changes: 1,
        },
        Case {
            name: "move_tag_out",
            rewrite: |spec| rewrites::move_tag_out(spec, "Either", "kind"),
            before: schemas(json!({
                "Either": { "oneOf": [{ "$ref": "#/components/schemas/A" }, { "$ref": "#/components/schemas/B" }] },
                "A": { "properties": { "kind": { "enum": ["a"] }, "id": {} }, "required": ["kind", "id"] },
                "B": { "properties": { "kind": { "enum": ["b"] } }, "required": ["kind"] },
                "C": { "properties": { "kind": { "enum": ["c"] } }, "required": ["kind"] },
            })),
            after: schemas(json!({
                "Either": { "oneOf": [{ "$ref": "#/components/schemas/A" }, { "$ref": "#/components/schemas/B" }] },
                "A": { "properties": { "id": {} }, "required": ["id"], "x-tag": "a" },
                "B": { "properties": {}, "required": [], "x-tag": "b" },
                "C": { "properties": { "kind": { "enum": ["c"] } }, "required": ["kind"] },
            })),
            changes: 2,
        },
        Case {
            name: "as_one_type",
            rewrite: |spec| rewrites::as_one_type(spec, "Either", &[("B", "A"), ("C", "A"), ("D", "A"), ("E", "A"), ("Gone", "A")]),
            before: schemas(json!({
                "Either": { "oneOf": [{ "$ref": "#/components/schemas/A" }, { "$ref": "#/components/schemas/B" }, { "$ref": "#/components/schemas/C" }, { "$ref": "#/components/schemas/E" }] },
                "A": { "properties": { "id": {} }, "required": ["id"], "x-tag": "a", "title": "A", "description": "One." },
                "B": { "properties": { "id": {} }, "required": ["id"], "x-tag": "b", "title": "B", "description": "Another." },
                "C": { "properties": { "id": {} }, "required": [], "x-tag": "c" },
                "D": { "properties": { "id": {} }, "required": ["id"], "x-tag": "d" },
                "E": { "properties": { "id": {}, "title": { "type": "string" } }, "required": ["id"], "x-tag": "e" },
            })),
            after: schemas(json!({
                "Either": { "oneOf": [
                    { "$ref": "#/components/schemas/A" },
                    { "$ref": "#/components/schemas/A", "x-tag": "b" },
                    { "$ref": "#/components/schemas/C" },
                    { "$ref": "#/components/schemas/E" },
                ] },
                "A": { "properties": { "id": {} }, "required": ["id"], "x-tag": "a", "title": "A", "description": "One." },
                "C": { "properties": { "id": {} }, "required": [], "x-tag": "c" },
                "D": { "properties": { "id": {} }, "required": ["id"], "x-tag": "d" },
                "E": { "properties": { "id": {}, "title": { "type": "string" } }, "required": ["id"], "x-tag": "e" },
            })),
            changes: 1,
        },
        Case {
            name: "drop_required_alternatives",
            rewrite: |spec| rewrites::drop_required_alternatives(spec, &["A", "B", "Gone"]),
            before: schemas(json!({ "A": { "anyOf": [{ "required": ["a"] }, { "required": ["b"] }] }, "B": { "anyOf": [{ "type": "string" }] } })),
            after: schemas(json!({ "A": {}, "B": { "anyOf": [{ "type": "string" }] } })),
            changes: 1,
        },
        Case {
            name: "as_enum",
            rewrite: |spec| rewrites::as_enum(spec, "State", &["a", "b"], &[("A", "state"), ("B", "state"), ("A", "count"), ("A", "gone"), ("Gone", "state")]),
            before: schemas(json!({
                "A": { "properties": {
                    "state": { "type": "string", "nullable": true, "description": "`a` or `b`" },
                    "count": { "type": "integer" },
                    "other": { "type": "string" },
                } },
                "B": { "properties": { "state": { "type": "string" } } },
            })),
            after: schemas(json!({
                "A": { "properties": { "state": { "$ref": "#/components/schemas/State" }, "count": { "type": "integer" }, "other": { "type": "string" } } },
                "B": { "properties": { "state": { "$ref": "#/components/schemas/State" } } },
                "State": { "type": "string", "enum": ["a", "b"], "description": "`a` or `b`" },
            })),
            changes: 2,
        },
        Case {
            name: "add_enum_values",
            rewrite: |spec| rewrites::add_enum_values(spec, "State", &["b", "c"]),
            before: schemas(json!({ "State": { "enum": ["a", "b"] }, "Other": { "enum": ["a"] } })),
            after: schemas(json!({ "State": { "enum": ["a", "b", "c"] }, "Other": { "enum": ["a"] } })),
            changes: 1,
        },
        Case {
            name: "keep_untyped",
            rewrite: |spec| {
                rewrites::keep_untyped(spec, &[("Open", "any"), ("Open", "list"), ("Open", "either"), ("Open", "text"), ("Open", "gone"), ("Gone", "any")])
            },
            before: schemas(json!({ "Open": { "properties": {
                "any": { "nullable": true, "description": "anything" },
                "list": { "type": "array", "items": {}, "nullable": true },
                "either": { "oneOf": [{ "type": "string" }, { "type": "number" }] },
                "text": { "type": "string" },
                "other": {},
            } } })),
            after: schemas(json!({ "Open": { "properties": {
                "any": { "type": "string", "format": KEPT, "description": "anything" },
                "list": { "type": "array", "items": { "type": "string", "format": KEPT }, "nullable": true },
                "either": { "type": "string", "format": KEPT },
                "text": { "type": "string" },
                "other": {},
            } } })),
            changes: 3,
        },
        Case {
            name: "as_json_text",
            rewrite: |spec| rewrites::as_json_text(spec, &[("Open", "any"), ("Open", "bare"), ("Open", "text"), ("Open", "gone"), ("Gone", "any")]),
            before: schemas(json!({ "Open": { "properties": { "any": { "description": "Anything." }, "bare": {}, "text": { "type": "string" } } } })),
            after: schemas(json!({ "Open": { "properties": {
                "any": { "type": "string", "description": "Anything. Given as text that holds JSON." },
                "bare": { "type": "string", "description": "Given as text that holds JSON." },
                "text": { "type": "string" },
            } } })),
            changes: 2,
        },
        Case {
            name: "drop_text_formats",
            rewrite: rewrites::drop_text_formats,
            before: schemas(json!({
                "Form": { "properties": {
                    "date": { "type": "string", "format": "date-time", "nullable": true },
                    "secret": { "type": "string", "format": SECRET },
                    "personal": { "type": "string", "format": PERSONAL },
                    "kept": { "type": "string", "format": KEPT },
                    "count": { "type": "integer", "format": "int32" },
                    "format": { "type": "string" },
                } },
            })),
            after: schemas(json!({
                "Form": { "properties": {
                    "date": { "type": "string", "nullable": true },
                    "secret": { "type": "string", "format": SECRET },
                    "personal": { "type": "string", "format": PERSONAL },
                    "kept": { "type": "string", "format": KEPT },
                    "count": { "type": "integer", "format": "int32" },
                    "format": { "type": "string" },
                } },
            })),
            changes: 1,
        },
        Case {
            name: "drop_text_constraints",
            rewrite: rewrites::drop_text_constraints,
            before: json!({
                "paths": { "/a/{id}": { "get": { "parameters": [{ "name": "id", "schema": { "type": "string", "minLength": 3, "pattern": "^a" } }] } } },
                "components": { "schemas": { "Form": {
                    "maxLength": 1,
                    "properties": { "name": { "type": "string", "maxLength": 9 }, "list": { "type": "array", "maxItems": 9 }, "pattern": { "type": "string" } },
                } } },
            }),
            after: json!({
                "paths": { "/a/{id}": { "get": { "parameters": [{ "name": "id", "schema": { "type": "string" } }] } } },
                "components": { "schemas": { "Form": {
                    "maxLength": 1,
                    "properties": { "name": { "type": "string" }, "list": { "type": "array", "maxItems": 9 }, "pattern": { "type": "string" } },
                } } },
            }),
            changes: 3,
        },
    ]
}

#[test]
fn a_rewrite_does_what_it_says_and_nothing_else() {
    for case in cases() {
        let mut spec = case.before;
        assert_eq!((case.rewrite)(&mut spec), case.changes, "{}", case.name);
        assert_eq!(spec, case.after, "{}", case.name);
    }
}

#[test]
fn a_rewrite_applied_twice_gives_what_it_gives_once() {
    for case in cases() {
        let mut spec = case.after.clone();
        assert_eq!((case.rewrite)(&mut spec), 0, "{}", case.name);
        assert_eq!(spec, case.after, "{}", case.name);
    }
}

#[test]
fn a_rewrite_that_matches_nothing_changes_nothing_and_says_so() {
    let unlike = [
        json!({}),
        json!({ "openapi": "3.0.3", "paths": {}, "components": { "schemas": {} } }),
        json!({ "openapi": "3.0.3", "paths": { "/other": { "get": { "responses": { "2XX": {} } } } }, "components": { "schemas": { "Other": {}, "A": {} } } }),
    ];
    for case in cases().into_iter().filter(|case| case.name != "keep_unknown_members") {
        for document in &unlike {
            let mut spec = document.clone();
            assert_eq!((case.rewrite)(&mut spec), 0, "{} on {document}", case.name);
            assert_eq!(&spec, document, "{}", case.name);
        }
    }
    for document in &unlike[..2] {
        let mut spec = document.clone();
        assert_eq!(rewrites::keep_unknown_members(&mut spec, &["A"]), 0, "{document}");
        assert_eq!(&spec, document);
    }
}

#[test]
fn a_document_that_uses_openapi_3_1_is_not_passed_off_as_3_0() {
    for feature in [
        json!({ "const": "a" }),
        json!({ "$defs": {} }),
        json!({ "prefixItems": [] }),
        json!({ "examples": ["a"] }),
        json!({ "type": ["string", "null"] }),
        json!({ "exclusiveMinimum": 0 }),
        json!({ "exclusiveMaximum": 9 }),
    ] {
        let document = json!({ "openapi": "3.1.0", "components": { "schemas": { "A": feature } } });
        let mut spec = document.clone();
        assert_eq!(rewrites::as_openapi_3_0(&mut spec), 0, "{document}");
        assert_eq!(spec, document);
    }
}

#[test]
fn what_a_schema_reaches_is_found_through_every_reference_and_circle() {
    let spec = schemas(json!({
        "A": { "properties": { "b": { "$ref": "#/components/schemas/B" }, "list": { "items": { "$ref": "#/components/schemas/C" } } } },
        "B": { "allOf": [{ "$ref": "#/components/schemas/A" }] },
        "C": { "$ref": "#/components/schemas/D" },
        "D": {},
        "E": { "$ref": "#/components/schemas/A" },
    }));
    let found: BTreeSet<String> = rewrites::reachable(&spec, &["A"]).into_iter().collect();
    assert_eq!(found, ["A", "B", "C", "D"].map(String::from).into());
}

#[test]
fn successes_with_different_bodies_are_left_to_the_generator_to_refuse() {
    let body = |schema: &str| json!({ "content": { "application/json": { "schema": { "$ref": schema } } } });
    for responses in [
        json!({ "200": body("#/a"), "201": body("#/b") }),
        json!({ "200": body("#/a"), "204": { "description": "nothing" } }),
        json!({ "200": { "$ref": "#/components/responses/a" }, "201": { "$ref": "#/components/responses/b" } }),
    ] {
        let document = replies(responses);
        let mut spec = document.clone();
        assert_eq!(rewrites::accept_any_success(&mut spec), 0, "{document}");
        assert_eq!(spec, document);
    }
}

#[test]
fn an_essential_member_that_the_replies_do_not_have_leaves_them_as_they_are() {
    let document = schemas(json!({
        "Reply": { "required": ["id", "name"], "properties": { "id": { "type": "string" } } },
        "Request": { "required": ["name"], "properties": { "name": { "type": "string" } } },
    }));
    for gone in [("Reply", "name"), ("Request", "name"), ("Gone", "id")] {
        let mut spec = document.clone();
        assert_eq!(rewrites::relax_replies(&mut spec, &["Reply"], &[("Reply", "id"), gone]), 0, "{gone:?}");
        assert_eq!(spec, document, "{gone:?}");
    }
}

#[test]
fn every_rewrite_matches_its_vendors_document() -> Outcome {
    for built in all() {
        let rewritten = built.vendor.rewrite(built.spec.clone())?;
        assert_ne!(rewritten, built.spec, "{}", built.vendor.name);
    }
    Ok(())
}

#[test]
fn a_document_that_was_rewritten_already_is_refused_by_the_first_rewrite() -> Outcome {
    for built in all() {
        let rewritten = built.vendor.rewrite(built.spec)?;
        let (first, _) = built.vendor.rewrites.first().ok_or("a vendor without rewrites")?;
        let stale = built.vendor.rewrite(rewritten).expect_err("there is nothing left to rewrite");
        assert_eq!(stale.0, *first, "{}", built.vendor.name);
        assert!(stale.to_string().contains(first), "{stale}");
    }
    Ok(())
}

#[test]
fn a_rewrite_that_finds_nothing_in_its_vendors_document_is_named() {
    for built in all() {
        for (name, rewrite) in built.vendor.rewrites {
            let mut spec = built.spec.clone();
            // What it looks for is gone when it has been at work. One that builds on others finds nothing here; the next test is for it.
            rewrite(built.vendor, &mut spec);
            if spec == built.spec {
                assert_eq!(*name, "as_one_type");
                continue;
            }
            let stale = built.vendor.rewrite(spec).expect_err("the rewrite has nothing to do");
            assert_eq!(stale.0, *name, "{}", built.vendor.name);
        }
    }
}

#[test]
fn variants_that_are_alike_no_longer_are_told() {
    for built in all() {
        for (schema, _) in built.vendor.alike {
            let mut spec = built.spec.clone();
            spec["components"]["schemas"][schema]["properties"]["new"] = json!({ "type": "boolean" });
            assert_eq!(built.vendor.rewrite(spec).expect_err("they differ").0, "as_one_type", "{schema}");
        }
    }
}

#[test]
fn a_single_member_of_a_list_that_is_gone_is_told() {
    for built in all() {
        let vendor = built.vendor;
        for (schema, member) in [vendor.essential, vendor.secrets, vendor.personal].concat() {
            let mut spec = built.spec.clone();
            let properties = spec["components"]["schemas"][schema]["properties"].as_object_mut();
            properties.and_then(|properties| properties.remove(member)).unwrap_or_else(|| panic!("{schema} has no {member}"));
            assert!(vendor.rewrite(spec).is_err(), "{} {schema}.{member}", vendor.name);
        }
    }
}

#[test]
fn every_opaque_member_is_in_its_vendors_document() {
    for built in all() {
        for (schema, member) in built.vendor.opaque {
            let definition = &built.spec["components"]["schemas"][schema]["properties"][member];
            assert!(definition.is_object(), "{} {schema} has no {member}", built.vendor.name);
        }
    }
}
