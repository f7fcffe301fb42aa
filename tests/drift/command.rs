//! `auth-challenge spec diff`: one JSON object, and an exit status that a script can go by.

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::{Value, json};

use crate::support::config::Folder;

fn run(arguments: &[&str]) -> (Option<i32>, Value) {
    let Output { status, stdout, .. } = Command::new(env!("CARGO_BIN_EXE_auth-challenge")).args(arguments).output().expect("the command starts");
    (status.code(), serde_json::from_slice(&stdout).unwrap_or_else(|_| panic!("one JSON object: {}", String::from_utf8_lossy(&stdout))))
}

/// A document of Corbado's in which `status` of a challenge is gone, and a user has a member more.
fn newer() -> String {
    let mut document: Value = serde_json::from_str(include_str!("../../specs/corbado.json")).expect("JSON");
    let schemas = &mut document["components"]["schemas"];
    schemas["challenge"]["properties"].as_object_mut().expect("members").remove("status").expect("a status");
    schemas["user"]["properties"]["nickname"] = json!({ "type": "string" });
    document.to_string()
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

#[test]
fn the_exit_status_says_whether_a_finding_is_as_bad_as_asked() {
    let folder = Folder::new().expect("a folder");
    let file = folder.write("new.json", &newer()).expect("a file");
    let diff = ["spec", "diff", path(&file), "--vendor", "corbado"];
    let (exit, told) = run(&diff);
    assert_eq!(
        (exit, &told["vendor"], &told["summary"], &told["ignored"]),
        (Some(0), &json!("corbado"), &json!({ "breaks": 0, "check": 1, "note": 1 }), &json!(0)),
        "{told}"
    );
    let gone = &told["findings"][0];
    assert_eq!(
        (&gone["rule"], &gone["severity"], &gone["direction"], &gone["in"], &gone["pointer"]),
        (&json!("reply-member-removed"), &json!("check"), &json!("reply"), &json!("old"), &json!("/components/schemas/challenge/properties/status"))
    );
    assert_eq!(gone["operations"], json!(["POST /users/{userID}/challenges", "PATCH /users/{userID}/challenges/{challengeID}"]));
    let touched: Vec<&Value> = gone["touches"].as_array().into_iter().flatten().map(|touch| &touch["kind"]).collect();
    assert_eq!(touched, ["conversion", "fixture"]);
    for (severity, expected) in [("breaks", 0), ("check", 1), ("note", 1)] {
        assert_eq!(run(&[&diff[..], &["--fail-on", severity]].concat()).0, Some(expected), "{severity}");
    }
}

#[test]
fn a_document_of_several_mebibytes_is_read() {
    let folder = Folder::new().expect("a folder");
    let mut document: Value = serde_json::from_str(include_str!("../../specs/dfns.json")).expect("JSON");
    // As the vendor's own has: operations that nobody here calls.
    document["paths"]["/elsewhere"] = json!({ "get": { "description": "x".repeat(4 << 20), "responses": {} } });
    let file = folder.write("new.json", &document.to_string()).expect("a file");
    let (exit, told) = run(&["spec", "diff", path(&file), "--vendor", "dfns"]);
    assert_eq!((exit, &told["summary"]["breaks"]), (Some(0), &json!(0)), "{told}");
}

#[test]
fn what_the_ignore_file_names_is_left_out_and_counted() {
    let folder = Folder::new().expect("a folder");
    let file = folder.write("new.json", &newer()).expect("a file");
    let ignore = folder
        .write("ignore", "# looked at\nreply-member-removed /components/schemas/challenge/properties/status # the status of a reply is enough\n")
        .expect("a file");
    let (exit, told) = run(&["spec", "diff", path(&file), "--vendor", "corbado", "--fail-on", "check", "--ignore", path(&ignore)]);
    assert_eq!((exit, &told["summary"], &told["ignored"]), (Some(0), &json!({ "breaks": 0, "check": 0, "note": 1 }), &json!(1)), "{told}");
}

#[test]
fn what_cannot_be_used_is_a_usage_error_that_names_the_argument() {
    let folder = Folder::new().expect("a folder");
    let yaml = folder.write("new.yaml", "openapi: 3.0.3\n").expect("a file");
    let list = folder.write("list.json", "[]").expect("a file");
    let new = folder.write("new.json", &newer()).expect("a file");
    let ignore = folder.write("ignore", "no-such-rule *\n").expect("a file");
    let (yaml, list, new, ignore) = (path(&yaml), path(&list), path(&new), path(&ignore));
    for (arguments, field, said) in [
        (vec!["diff", yaml, "--vendor", "corbado"], json!("new"), "cargo xtask spec diff"),
        (vec!["diff", list, "--vendor", "corbado"], json!("new"), "OpenAPI"),
        (vec!["diff", "/nowhere/new.json", "--vendor", "corbado"], json!("new"), "cannot be read"),
        (vec!["diff", new, "--vendor", "corbado", "--ignore", ignore], json!("ignore"), "line 1"),
        (vec!["diff", new, "--vendor", "canary"], Value::Null, "expected corbado, authsignal, dfns, twilio"),
        (vec!["diff", new], Value::Null, "--vendor"),
        (vec!["canary"], Value::Null, "expected a command: diff"),
        (vec![], Value::Null, "expected a command: diff"),
    ] {
        let (exit, told) = run(&[&["spec"], &arguments[..]].concat());
        let error = &told["error"];
        assert_eq!((exit, &error["kind"]), (Some(2), &json!("usage")), "{arguments:?}: {told}");
        assert_eq!(error["violations"].get(0).map_or(&Value::Null, |violation| &violation["field"]), &field, "{arguments:?}: {told}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(said) && !message.contains("canary")), "{arguments:?}: {told}");
    }
}
