//! What the build makes of the vendors' documents: every secret and personal member is of a masking type, no enum is closed, and no crate is
//! needed for patterns and dates.

use std::{collections::BTreeSet, error::Error};

use crate::{built::all, enums, paths, rewrites, smells};

type Outcome = Result<(), Box<dyn Error>>;

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
        for (ours, members) in [(paths::SECRET, built.vendor.secrets), (paths::PERSONAL, built.vendor.personal)] {
            for (schema, member) in members {
                let alike = built.vendor.alike.iter().find(|(name, _)| name == schema);
                let fields = fields(&built.source, &enums::pascal(alike.map_or(schema, |(_, other)| other)));
                let found: Vec<&str> = fields.iter().filter(|(name, _)| name == member).map(|(_, kind)| kind.as_str()).collect();
                let optional = format!("::std::option::Option<{ours}>");
                assert!(found == [ours] || found == [optional.as_str()], "{} {schema}.{member} is {found:?}", built.vendor.name);
            }
        }
    }
}

#[test]
fn every_member_whose_name_smells_of_a_secret_is_masked_or_excused() {
    for built in all() {
        let vendor = built.vendor;
        let mut excused = BTreeSet::new();
        for (schema, definition) in built.spec["components"]["schemas"].as_object().into_iter().flatten() {
            for (member, definition) in definition["properties"].as_object().into_iter().flatten() {
                let is_text = definition["type"] == "string" && definition["enum"].is_null();
                if !is_text || !smells::smells(member) {
                    continue;
                }
                let is_listed = [vendor.secrets, vendor.personal].concat().contains(&(schema, member));
                let excuse = vendor.harmless.iter().position(|(of, name, _)| (*of, *name) == (schema, member));
                assert!(is_listed != excuse.is_some(), "{} {schema}.{member}: neither masked nor excused, or both", vendor.name);
                excused.extend(excuse);
            }
        }
        for (index, (schema, member, reason)) in vendor.harmless.iter().enumerate() {
            assert!(excused.contains(&index), "{} {schema}.{member} needs no excuse any more ({reason})", vendor.name);
        }
    }
}

#[test]
fn the_names_that_are_masked_in_errors_are_those_of_the_lists() {
    for built in all() {
        let vendor = built.vendor;
        assert_eq!(built.sensitive, format!("&{:?}", vendor.sensitive()), "{}", vendor.name);
        let listed: BTreeSet<&str> = [vendor.secrets, vendor.personal, vendor.opaque].concat().iter().map(|(_, member)| *member).collect();
        assert_eq!(vendor.sensitive().into_iter().collect::<BTreeSet<_>>(), listed, "{}", vendor.name);
    }
}

#[test]
fn no_enum_is_generated_closed() -> Outcome {
    for built in all() {
        let (vendor, spec) = (built.vendor, built.spec);
        for (line, name) in built.source.lines().filter_map(|line| Some((line, line.trim().strip_prefix("pub enum ")?.trim_end_matches(" {")))) {
            assert!(vendor.untagged.contains(&name), "{}: {line}", vendor.name);
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
        let rewritten = built.vendor.rewrite(built.spec.clone())?;
        for (name, values) in enums::open_enums(&rewritten) {
            for value in values {
                assert!(built.enums.contains(&format!("        {} = {value:?},\n", enums::pascal(value))), "{name} {value}");
            }
        }
        for union in built.vendor.unions {
            let variants = rewrites::variants(&rewritten, union.name);
            let documented = built.spec["components"]["schemas"][union.name]["oneOf"].as_array().map_or(0, Vec::len);
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

#[test]
fn no_member_is_generated_as_an_untyped_value_that_prints_its_content() {
    for built in all() {
        let source: String = built.source.split_whitespace().collect();
        // A map is what the vendor calls an object without more, of which nothing but the request's own are decoded.
        let outside_maps = source.replace("::serde_json::Map<::std::string::String,::serde_json::Value", "");
        assert!(!outside_maps.contains("serde_json::Value"), "{}", built.vendor.name);
    }
}
