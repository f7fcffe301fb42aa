//! What the generator needs changed in the vendors' documents: every rewrite does what it says, once is enough, one that matches nothing is
//! told, and what comes out masks every secret.

#[path = "../build/enums.rs"]
mod enums;
#[path = "../build/rewrites.rs"]
mod rewrites;
#[path = "../build/vendors.rs"]
mod vendors;

use std::{collections::BTreeSet, error::Error};

use serde_json::{Value, json};

use rewrites::{KEPT, PERSONAL, SECRET};
use vendors::Vendor;

type Outcome = Result<(), Box<dyn Error>>;

/// A vendor with its document and what the build made of it.
struct Built {
    vendor: Vendor,
    spec: &'static str,
    source: &'static str,
    enums: &'static str,
    sensitive: &'static [&'static str],
}

macro_rules! built {
    ($name:literal) => {
        Built {
            vendor: vendors::ALL.into_iter().find(|vendor| vendor.name == $name).expect("the vendor is listed"),
            spec: include_str!(concat!(env!("OUT_DIR"), "/", $name, ".spec.json")),
            source: include_str!(concat!(env!("OUT_DIR"), "/", $name, ".rs")),
            enums: include_str!(concat!(env!("OUT_DIR"), "/", $name, "_enums.rs")),
            sensitive: include!(concat!(env!("OUT_DIR"), "/", $name, "_sensitive.rs")),
        }
    };
}

/// The vendors that are compiled in.
fn all() -> Vec<Built> {
    vec![
        #[cfg(feature = "corbado")]
        built!("corbado"),
        #[cfg(feature = "authsignal")]
        built!("authsignal"),
        #[cfg(feature = "dfns")]
        built!("dfns"),
    ]
}

impl Built {
    fn spec(&self) -> Value {
        serde_json::from_str(self.spec).expect("the build writes the document as JSON")
    }
}

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
            rewrite: |spec| rewrites::relax_replies(spec, &["Reply", "Gone"], &["id"]),
            before: schemas(json!({
                "Reply": {
                    "required": ["id", "name", "inner"],
                    "additionalProperties": false,
                    "properties": {
                        "id": { "type": "string", "minLength": 1, "maxLength": 9, "pattern": "a" },
                        "inner": { "type": "array", "minItems": 1, "maxItems": 2, "items": { "$ref": "#/components/schemas/Inner" } },
                        "pattern": { "type": "string" },
                    },
                },
                "Inner": { "required": ["other"], "additionalProperties": { "type": "string" } },
                "Request": { "required": ["name"], "additionalProperties": false, "properties": { "name": { "minLength": 1 } } },
            })),
            after: schemas(json!({
                "Reply": {
                    "required": ["id"],
                    "properties": {
                        "id": { "type": "string" },
                        "inner": { "type": "array", "items": { "$ref": "#/components/schemas/Inner" } },
                        "pattern": { "type": "string" },
                    },
                },
                "Inner": { "required": [], "additionalProperties": { "type": "string" } },
                "Request": { "required": ["name"], "additionalProperties": false, "properties": { "name": { "minLength": 1 } } },
            })),
            changes: 9,
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
            name: "drop_required_alternatives",
            rewrite: |spec| rewrites::drop_required_alternatives(spec, &["A", "B", "Gone"]),
            before: schemas(json!({ "A": { "anyOf": [{ "required": ["a"] }, { "required": ["b"] }] }, "B": { "anyOf": [{ "type": "string" }] } })),
            after: schemas(json!({ "A": {}, "B": { "anyOf": [{ "type": "string" }] } })),
            changes: 1,
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
        json!({ "openapi": "3.0.3", "paths": { "/other": { "get": { "responses": { "204": {} } } } }, "components": { "schemas": { "Other": {}, "A": {} } } }),
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
fn every_rewrite_matches_its_vendors_document() -> Outcome {
    for built in all() {
        let rewritten = built.vendor.rewrite(built.spec())?;
        assert_ne!(rewritten, built.spec(), "{}", built.vendor.name);
    }
    Ok(())
}

#[test]
fn a_document_that_was_rewritten_already_is_refused_by_the_first_rewrite() -> Outcome {
    for built in all() {
        let rewritten = built.vendor.rewrite(built.spec())?;
        let first = built.vendor.rewrite_names().next().ok_or("a vendor without rewrites")?;
        let stale = built.vendor.rewrite(rewritten).expect_err("there is nothing left to rewrite");
        assert_eq!(stale.0, first, "{}", built.vendor.name);
        assert!(stale.to_string().contains(first), "{stale}");
    }
    Ok(())
}

/// Takes out of a document what a rewrite looks for.
fn spoil(vendor: &Vendor, rewrite: &str, spec: &mut Value) {
    let names: Vec<String> = spec["components"]["schemas"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let paths: Vec<String> = spec["paths"].as_object().into_iter().flatten().map(|(path, _)| path.clone()).collect();
    match rewrite {
        "as_openapi_3_0" => spec["openapi"] = json!("3.0.3"),
        "name_operations" => {
            let all: Vec<(&str, &str, &str)> = paths.iter().flat_map(|path| ["get", "post"].map(|method| (method, path.as_str(), "theirs"))).collect();
            rewrites::name_operations(spec, &all);
        }
        "drop_error_replies" => {
            rewrites::drop_error_replies(spec);
        }
        "accept_any_success" => {
            rewrites::accept_any_success(spec);
        }
        "drop_required_alternatives" => {
            rewrites::drop_required_alternatives(spec, &names);
        }
        "relax_replies" => {
            rewrites::relax_replies(spec, vendor.replies, &[]);
        }
        "move_tag_out" => vendor.unions.iter().for_each(|union| {
            rewrites::move_tag_out(spec, union.name, union.tag);
        }),
        "as_integers" => {
            rewrites::as_integers(spec, &[("PublicKeyCredentialParameters", "alg")]);
        }
        "keep_unknown_members" => {
            rewrites::keep_unknown_members(spec, &names);
        }
        "mark secrets" => {
            rewrites::mark(spec, SECRET, &vendor.secrets[..1]);
        }
        "mark personal" => {
            rewrites::mark(spec, PERSONAL, &vendor.personal[..1]);
        }
        other => panic!("no document is known in which {other} finds nothing"),
    }
}

#[test]
fn a_rewrite_that_finds_nothing_in_its_vendors_document_is_named() {
    for built in all() {
        for name in built.vendor.rewrite_names() {
            let mut spec = built.spec();
            spoil(&built.vendor, name, &mut spec);
            let stale = built.vendor.rewrite(spec).expect_err("the rewrite has nothing to do");
            assert_eq!(stale.0, name, "{}", built.vendor.name);
        }
    }
}

#[test]
fn a_single_secret_or_personal_member_that_is_gone_is_told() {
    for built in all() {
        for (rewrite, members) in [("mark secrets", built.vendor.secrets), ("mark personal", built.vendor.personal)] {
            for (schema, member) in members {
                let mut spec = built.spec();
                let properties = spec["components"]["schemas"][schema]["properties"].as_object_mut();
                properties.and_then(|properties| properties.remove(*member)).unwrap_or_else(|| panic!("{schema} has no {member}"));
                let stale = built.vendor.rewrite(spec).expect_err("a member of the list is gone");
                assert_eq!(stale.0, rewrite, "{schema}.{member}");
            }
        }
    }
}

/// The members of a generated struct as (name on the wire, type without blanks).
fn fields(source: &str, name: &str) -> Vec<(String, String)> {
    let head = format!("pub struct {name} {{");
    let Some((_, rest)) = source.split_once(&head) else { panic!("{name} was not generated") };
    let Some((body, _)) = rest.split_once("\n    }") else { panic!("{name} does not end") };
    let lines: Vec<&str> = body.lines().map(str::trim).filter(|line| !line.starts_with("///")).collect();
    let mut segments = lines.join(" ");
    while let Some((before, after)) = segments.split_once("/**").and_then(|(before, rest)| Some((before, rest.split_once("*/")?.1))) {
        segments = format!("{before}{after}");
    }
    let mut fields = Vec::new();
    let mut attributes = String::new();
    for (index, segment) in segments.split("pub ").enumerate() {
        let (field, next) = segment.split_at(if index == 0 { 0 } else { segment.find("#[").unwrap_or(segment.len()) });
        if let Some((identifier, kind)) = field.split_once(':') {
            let renamed = attributes.split_once("rename = \"").and_then(|(_, rest)| rest.split_once('"'));
            let kind: String = kind.split_whitespace().collect();
            fields.push((renamed.map_or(identifier.trim(), |(renamed, _)| renamed).to_owned(), kind.trim_end_matches(',').replace(",>", ">")));
        }
        attributes = next.to_owned();
    }
    fields
}

#[test]
fn every_secret_and_personal_member_is_generated_as_a_masking_type() {
    for built in all() {
        for (ours, members) in [("crate::Secret", built.vendor.secrets), ("crate::Personal", built.vendor.personal)] {
            for (schema, member) in members {
                let fields = fields(built.source, &enums::pascal(schema));
                let found: Vec<&str> = fields.iter().filter(|(name, _)| name == member).map(|(_, kind)| kind.as_str()).collect();
                let optional = format!("::std::option::Option<{ours}>");
                assert!(found == [ours] || found == [optional.as_str()], "{} {schema}.{member} is {found:?}", built.vendor.name);
            }
        }
    }
}

/// What a member's name has in it that is, or may be, a secret or tells who somebody is.
const SMELLS: &[&str] = &[
    "attestationdata",
    "challenge",
    "clientdata",
    "code",
    "deviceid",
    "displayname",
    "email",
    "fingerprint",
    "handle",
    "ipaddress",
    "key",
    "otp",
    "password",
    "phonenumber",
    "remoteaddress",
    "secret",
    "signature",
    "token",
    "useraction",
    "userid",
    "url",
    "value",
];

/// Members that smell and are neither secret nor personal, with the reason.
const HARMLESS: &[(&str, &str, &str, &str)] = &[
    ("authsignal", "ChallengeRequest", "idempotencyKey", "groups challenges; grants nothing"),
    ("authsignal", "ChallengeResponse", "idempotencyKey", "groups challenges; grants nothing"),
    ("authsignal", "ValidateResponse", "idempotencyKey", "groups challenges; grants nothing"),
    ("authsignal", "ValidateResponse", "actionCode", "the name of an action"),
    ("authsignal", "ValidateResponse", "errorCode", "the code of an error"),
    ("authsignal", "ErrorResponse", "errorCode", "the code of an error"),
    ("dfns", "Credential", "publicKey", "public"),
    ("dfns", "UserActionInitRequest", "userActionHttpPath", "a path of the vendor's documents"),
];

#[test]
fn every_member_whose_name_smells_of_a_secret_is_masked_or_excused() {
    let mut excused = BTreeSet::new();
    for built in all() {
        let spec = built.spec();
        for (schema, definition) in spec["components"]["schemas"].as_object().into_iter().flatten() {
            for (member, definition) in definition["properties"].as_object().into_iter().flatten() {
                let name = member.to_ascii_lowercase();
                let is_text = definition["type"] == "string" && definition["enum"].is_null();
                if !is_text || !SMELLS.iter().any(|smell| name.contains(smell)) {
                    continue;
                }
                let is_listed = [built.vendor.secrets, built.vendor.personal].concat().contains(&(schema, member));
                let excuse = HARMLESS.iter().position(|(vendor, of, name, _)| (*vendor, *of, *name) == (built.vendor.name, schema, member));
                assert!(is_listed != excuse.is_some(), "{} {schema}.{member}: neither masked nor excused, or both", built.vendor.name);
                excused.extend(excuse);
            }
        }
    }
    let compiled: Vec<&str> = all().iter().map(|built| built.vendor.name).collect();
    for (index, (vendor, schema, member, _)) in HARMLESS.iter().enumerate() {
        assert!(!compiled.contains(vendor) || excused.contains(&index), "{vendor} {schema}.{member} needs no excuse any more");
    }
}

#[test]
fn the_names_that_are_masked_in_errors_are_those_of_the_lists() {
    for built in all() {
        let vendor = &built.vendor;
        assert_eq!(built.sensitive, vendor.sensitive(), "{}", vendor.name);
        let listed: BTreeSet<&str> = [vendor.secrets, vendor.personal, vendor.opaque].concat().iter().map(|(_, member)| *member).collect();
        assert_eq!(vendor.sensitive().into_iter().collect::<BTreeSet<_>>(), listed, "{}", vendor.name);
    }
}

/// Types that the vendor leaves open between a text and a number; no value of theirs can be new.
const UNTAGGED: &[&str] = &["ActiveChallengeAction", "CredentialCodeRequestExpiration"];

#[test]
fn no_enum_is_generated_closed() -> Outcome {
    for built in all() {
        let (vendor, spec) = (&built.vendor, built.spec());
        for (line, name) in built.source.lines().filter_map(|line| Some((line, line.trim().strip_prefix("pub enum ")?.trim_end_matches(" {")))) {
            assert!(UNTAGGED.contains(&name), "{}: {line}", vendor.name);
        }
        let named: Vec<&str> = enums::open_enums(&spec).into_iter().map(|(name, _)| name).collect();
        assert!(!named.is_empty(), "{} has enums", vendor.name);
        for name in named.into_iter().chain(vendor.unions.iter().map(|union| union.name)) {
            let head = format!("pub enum {} ", enums::pascal(name));
            assert_eq!(built.enums.matches(&head).count(), 1, "{} {name}", vendor.name);
        }
        assert_eq!(built.enums, enums::render(vendor, &vendor.rewrite(spec)?)?, "{}: what the build wrote is what is tested here", vendor.name);
    }
    Ok(())
}

#[test]
fn every_value_of_an_open_enum_and_every_variant_of_a_union_is_known() -> Outcome {
    for built in all() {
        let rewritten = built.vendor.rewrite(built.spec())?;
        for (name, values) in enums::open_enums(&rewritten) {
            for value in values {
                assert!(built.enums.contains(&format!("        {} = {value:?},\n", enums::pascal(value))), "{name} {value}");
            }
        }
        for union in built.vendor.unions {
            let variants = rewrites::variants(&rewritten, union.name);
            let documented = built.spec()["components"]["schemas"][union.name]["oneOf"].as_array().map_or(0, Vec::len);
            assert!(documented > 0 && variants.len() == documented, "{}", union.name);
            for (schema, tag) in variants {
                let tag = tag.ok_or_else(|| format!("{schema} has no tag"))?;
                let variant = format!("{}(super::generated::types::{}) = {tag:?},", enums::pascal(&tag), enums::pascal(&schema));
                assert!(built.enums.contains(&variant), "{} {variant}", union.name);
            }
        }
    }
    Ok(())
}

#[test]
fn names_of_the_vendors_become_names_of_rust() {
    for (name, expected) in [
        ("email_otp", "EmailOtp"),
        ("EMAIL_OTP", "EmailOtp"),
        ("PALM_BIOMETRICS_RR", "PalmBiometricsRr"),
        ("cross-platform", "CrossPlatform"),
        ("public-key", "PublicKey"),
        ("challengeType", "ChallengeType"),
        ("RecoveryKey", "RecoveryKey"),
        ("Fido2", "Fido2"),
        ("SMS", "Sms"),
        ("POST", "Post"),
        ("none", "None"),
        ("add:authenticators", "AddAuthenticators"),
        ("add:authenticators update:authenticators", "AddAuthenticatorsUpdateAuthenticators"),
        ("a", "A"),
        ("", ""),
    ] {
        assert_eq!(enums::pascal(name), expected, "{name}");
    }
}

#[test]
fn generated_code_needs_no_crate_for_patterns_or_dates() {
    for built in all() {
        for unwanted in ["regress", "chrono"] {
            assert!(!built.source.contains(unwanted), "{} {unwanted}", built.vendor.name);
        }
    }
}
