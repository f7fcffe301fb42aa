//! What a vendor's newer document means here: every class of change is found wherever it can be made, and what changes nothing is not.

mod calls;
mod changes;
#[cfg(feature = "cli")]
mod command;
#[path = "../../build/drift/mod.rs"]
#[allow(dead_code, reason = "each program uses some of it")]
mod drift;
#[path = "../../build/rewrites.rs"]
#[allow(dead_code, reason = "the build uses the rest")]
mod rewrites;
mod spots;
#[cfg(feature = "cli")]
#[path = "../support/mod.rs"]
mod support;
mod unions;
#[path = "../../build/vendors/mod.rs"]
#[allow(dead_code, reason = "the build uses the rest")]
mod vendors;

use std::{collections::BTreeMap, fs, path::Path, thread};

use serde_json::{Value, json};

use changes::Change;
use drift::{Finding, Ignored, Severity, Used};

fn used(vendor: &str) -> Used {
    Used::of(vendor).unwrap_or_else(|problem| panic!("{vendor}: {problem}"))
}

fn all() -> Vec<Used> {
    drift::names().into_iter().map(used).collect()
}

fn classes() -> Vec<(&'static str, Change)> {
    [changes::CLASSES, calls::CLASSES].concat()
}

/// Makes every change of these classes to the packed document, each alone, and gives how many each class made; what was not found is told.
fn changed(used: &Used, classes: &[(&'static str, Change)]) -> (BTreeMap<&'static str, usize>, Vec<String>) {
    let document = &used.document;
    let spots = spots::all(document);
    let (mut made, mut missed, mut tried) = (BTreeMap::new(), Vec::new(), document.clone());
    for (class, change) in classes {
        for spot in &spots {
            // Most have nothing to change at most spots, and a document is long.
            if change(used.vendor, spot, &mut tried).is_none() {
                continue;
            }
            tried = document.clone();
            let mut new = document.clone();
            let Some(expected) = change(used.vendor, spot, &mut new) else { continue };
            *made.entry(*class).or_default() += 1;
            let found = used.differences(document, &new);
            let is_expected = |finding: &&Finding| {
                let told = finding.json();
                (finding.rule.id, &told["in"], &finding.pointer) == (expected.rule, &json!(expected.side), &expected.pointer)
                    && expected.severities.contains(&finding.severity)
                    && (spot.kind == spots::Kind::Operation || finding.direction.is_none_or(|direction| direction == spot.direction))
            };
            if !found.iter().any(|finding| is_expected(&finding)) {
                let told: Vec<String> = found.iter().map(Finding::line).collect();
                missed.push(format!(
                    "{} {class} {spot:?}: {} {:?} {} in\n    {}",
                    used.vendor.name,
                    expected.rule,
                    expected.severities,
                    expected.pointer,
                    told.join("\n    ")
                ));
            }
        }
    }
    (made, missed)
}

#[test]
fn every_change_at_every_place_of_every_document_is_found() {
    let started = |vendor| classes().chunks(20).map(|some| (vendor, some.to_vec())).collect::<Vec<_>>();
    let run = |(vendor, some): (&'static str, Vec<_>)| thread::spawn(move || changed(&used(vendor), &some));
    let runs: Vec<_> = drift::names().into_iter().flat_map(started).map(run).collect();
    let (mut made, mut missed) = (BTreeMap::<&str, usize>::new(), Vec::new());
    for run in runs {
        let (counts, lacking) = run.join().expect("a run");
        counts.into_iter().for_each(|(class, count)| *made.entry(class).or_default() += count);
        missed.extend(lacking);
    }
    assert!(missed.is_empty(), "{} of {}:\n{}", missed.len(), made.values().sum::<usize>(), missed.join("\n"));
    for (class, _) in classes() {
        assert!(made.contains_key(class), "no document has a place for: {class}");
    }
}

#[test]
fn a_document_against_itself_gives_nothing() {
    for used in all() {
        let drift = used.drift(&used.document, &used.document);
        assert!(drift.findings.is_empty(), "{}", drift.text());
    }
}

/// Writes other descriptions, and every list whose order means nothing the other way round.
fn retold(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let is_told = ["description", "summary", "title", "example", "x-note"].contains(&name.as_str());
                if is_told && (member.is_string() || name == "example") {
                    *member = json!("in other words");
                } else if ["required", "enum", "parameters", "oneOf", "anyOf", "tags", "servers"].contains(&name.as_str())
                    && let Value::Array(entries) = member
                {
                    entries.reverse();
                    entries.iter_mut().for_each(retold);
                } else {
                    retold(member);
                }
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(retold),
        _ => {}
    }
}

#[test]
fn other_words_and_another_order_give_nothing() {
    for used in all() {
        let mut new = used.document.clone();
        retold(&mut new);
        new["info"]["version"] = json!("9.9.9");
        assert_ne!(new, used.document);
        let found = used.differences(&used.document, &new);
        assert!(found.is_empty(), "{}: {}", used.vendor.name, found.iter().map(Finding::line).collect::<Vec<_>>().join("\n"));
    }
}

#[test]
fn every_rewrite_that_has_nothing_to_do_is_told() {
    for used in all() {
        for (index, (name, rewrite)) in used.vendor.rewrites.iter().enumerate() {
            let mut new = used.document.clone();
            // What it looks for is gone when it has been at work.
            used.vendor.rewrites.iter().take(index).for_each(|(_, earlier)| _ = earlier(used.vendor, &mut new));
            rewrite(used.vendor, &mut new);
            let drift = used.drift(&used.document, &new);
            let stale: Vec<&Finding> = drift.findings.iter().filter(|finding| finding.rule.id == "rewrite-stale").collect();
            assert!(stale.iter().any(|finding| finding.touches.iter().any(|touch| touch.name == *name)), "{} {name}: {}", used.vendor.name, drift.text());
            assert!(stale.iter().all(|finding| finding.severity == Severity::Breaks));
        }
        let empty = used.drift(&used.document, &json!({ "openapi": "3.0.3", "paths": {} }));
        let stale = empty.findings.iter().filter(|finding| finding.rule.id == "rewrite-stale").count();
        assert_eq!(stale, used.vendor.rewrites.len(), "{}: each of them, not the first alone", empty.text());
    }
}

#[test]
fn a_listed_member_that_is_gone_is_told_with_its_rewrite_and_its_list() {
    for used in all() {
        for (schema, member) in [used.vendor.secrets, used.vendor.personal].concat() {
            let mut new = used.document.clone();
            let members = new["components"]["schemas"][schema]["properties"].as_object_mut().expect("members");
            members.remove(member).expect("the member");
            let drift = used.drift(&used.document, &new);
            let pointer = format!("/components/schemas/{schema}/properties/{member}");
            let is_told = |finding: &&Finding, kind: &str, name: &str| {
                finding.json()["touches"].as_array().is_some_and(|touches| touches.contains(&json!({ "kind": kind, "name": name })))
            };
            let gone = drift.findings.iter().find(|finding| finding.pointer == pointer && finding.rule.id.ends_with("-removed"));
            // Whatever no operation reaches is compared by the rewrites alone.
            assert!(gone.is_none_or(|finding| is_told(&finding, "masked", &format!("{schema}.{member}"))), "{schema}.{member}: {}", drift.text());
            let mut stale = drift.findings.iter().filter(|finding| finding.pointer == pointer && finding.rule.id == "rewrite-stale");
            assert!(
                stale.any(|finding| is_told(&finding, "rewrite", "mark secrets") || is_told(&finding, "rewrite", "mark personal")),
                "{schema}.{member}: {}",
                drift.text()
            );
        }
    }
}

#[test]
fn what_each_rewrite_does_is_known_place_by_place() {
    for used in all() {
        let (names, changes): (Vec<&str>, _) = (used.vendor.rewrites.iter().map(|(name, _)| *name).collect(), used.changes());
        assert_eq!(changes.iter().map(|changes| changes.name).collect::<Vec<_>>(), names);
        assert!(changes.iter().all(|changes| changes.count > 0 && !changes.places.is_empty()), "{changes:?}");
    }
    let twilio = used("twilio");
    let places = |name: &str| twilio.changes().iter().find(|changes| changes.name == name).map(|changes| changes.places.clone());
    assert_eq!(places("add_enum_values"), Some(vec!["/components/schemas/VerificationChannel/enum".to_owned()]));
    let text = "/components/schemas/CreateVerificationRequest/properties";
    let as_text = ["ChannelConfiguration", "RateLimits"].map(|member| ["description", "type"].map(|key| format!("{text}/{member}/{key}"))).concat();
    let told = places("as_json_text").map(|mut places| {
        places.sort();
        places
    });
    assert_eq!(told, Some(as_text));
}

#[test]
fn how_bad_it_is_that_a_member_of_a_reply_is_gone_depends_on_who_reads_it() {
    for (vendor, schema, member, expected) in [
        ("corbado", "challenge", "challengeID", Severity::Breaks),
        ("corbado", "challenge", "status", Severity::Check),
        ("corbado", "user", "explicitWebauthnID", Severity::Note),
        ("authsignal", "VerifyResponse", "isVerified", Severity::Breaks),
        ("authsignal", "VerifyResponse", "email", Severity::Check),
        ("authsignal", "ValidateResponse", "veriffSessionId", Severity::Note),
        ("dfns", "Fido2Challenge", "challenge", Severity::Breaks),
        ("dfns", "Fido2Challenge", "pubKeyCredParams", Severity::Check),
        ("dfns", "TotpChallenge", "otpUrl", Severity::Note),
        ("twilio", "VerificationCheck", "status", Severity::Breaks),
        ("twilio", "VerificationCheck", "sid", Severity::Check),
        ("twilio", "Verification", "payee", Severity::Note),
    ] {
        let used = used(vendor);
        let mut new = used.document.clone();
        let members = new["components"]["schemas"][schema]["properties"].as_object_mut().expect("members");
        members.remove(member).expect("the member");
        let found = used.differences(&used.document, &new);
        let gone: Vec<Severity> = found.iter().filter(|finding| finding.rule.id == "reply-member-removed").map(|finding| finding.severity).collect();
        assert_eq!(gone, [expected], "{vendor} {schema}.{member}");
    }
}

#[test]
fn an_ignore_file_takes_away_what_it_names_and_an_entry_without_a_finding_is_told() {
    let used = used("corbado");
    let mut new = used.document.clone();
    let schemas = &mut new["components"]["schemas"];
    schemas["user"]["properties"]["one"] = json!({ "type": "integer" });
    schemas["user"]["properties"]["two"] = json!({ "type": "integer" });
    let ignored = |text: &str| Ignored::read(text).map(|ignored| ignored.from(used.drift(&used.document, &new)));
    let one = ignored("\n# both are counts\nreply-member-added /components/schemas/user/properties/one # a count\n").expect("an ignore file");
    assert_eq!((one.ignored, one.findings.len()), (1, 1), "{}", one.text());
    let all = ignored("reply-member-added *").expect("an ignore file");
    assert_eq!((all.ignored, all.findings.len()), (2, 0), "{}", all.text());
    let stale = ignored("reply-member-added *\noperation-removed *\nreply-member-added /nowhere").expect("an ignore file");
    let told: Vec<_> = stale.findings.iter().map(|finding| (finding.rule.id, finding.severity, finding.pointer.as_str())).collect();
    assert_eq!(told, [("ignore-stale", Severity::Check, "*"), ("ignore-stale", Severity::Check, "/nowhere")], "{}", stale.text());
    for (text, line) in [("reply-member-added", "line 1"), ("\nno-such-rule *", "line 2"), ("reply-member-added * *", "line 1")] {
        assert!(ignored(text).is_err_and(|problem| problem.contains(line)), "{text}");
    }
}

#[test]
fn a_vendor_is_told_by_the_operations_of_its_document() {
    for used in all() {
        assert_eq!(Used::told_by(&used.document).map(|told| told.vendor.name), Ok(used.vendor.name));
    }
    assert!(Used::told_by(&json!({})).is_err());
}

#[test]
fn the_names_of_rules_are_their_own() {
    let mut ids: Vec<&str> = drift::rules::ALL.iter().map(|rule| rule.id).collect();
    assert!(ids.iter().all(|id| id.chars().all(|c| c.is_ascii_lowercase() || c == '-')), "{ids:?}");
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn the_code_of_every_vendor_is_looked_at_file_by_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = |folder: &str, vendor: &str| {
        let entries = fs::read_dir(root.join(folder).join(vendor)).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = entries.filter_map(|name| name.into_string().ok()).filter(|name| name.ends_with(".rs")).collect();
        names.sort();
        names
    };
    assert_eq!(drift::sources::ALL.iter().map(|sources| sources.vendor).collect::<Vec<_>>(), drift::names());
    for sources in drift::sources::ALL {
        let named = |files: &[(&str, &str)]| files.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(named(sources.conversions), files("vendors", sources.vendor), "{}", sources.vendor);
        let (fixture, double) = sources.fixtures.split_last().expect("a fixture");
        assert_eq!((named(double), fixture.0), (files("testing/vendors", sources.vendor), &*format!("{}.rs", sources.vendor)));
    }
}
