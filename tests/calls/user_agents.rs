//! Browser and operating system are read from the user agents of browsers, web views and programs as they are today.

use auth_challenge::{ClientContext, Product};
use proptest::prelude::*;

/// A user agent a line: itself, browser and version, operating system and version.
const AGENTS: &str = include_str!("user_agents.tsv");

fn read(agent: &str) -> (Product, Product) {
    let client = ClientContext::default().with_user_agent(agent);
    (client.browser().clone(), client.os().clone())
}

#[test]
fn every_agent_of_the_list_is_named_with_its_version_and_system() {
    let mut wrong = Vec::new();
    for line in AGENTS.lines() {
        let [agent, browser, version, os, os_version] = <[&str; 5]>::try_from(line.split('\t').collect::<Vec<_>>()).expect("five columns");
        let expected = (Product::new(browser, version), Product::new(os, os_version));
        if read(agent) != expected {
            wrong.push(format!("{agent}\n  {:?}", read(agent)));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), AGENTS.lines().count(), wrong.join("\n"));
}

#[test]
fn what_is_no_user_agent_is_unknown_and_what_is_long_is_read_in_part() {
    let unknown = || Product::new("Unknown", "Unknown");
    for agent in [
        "",
        "x",
        "Mozilla/5.0",
        "((((",
        ")))",
        "()",
        ";;;",
        "/",
        "//",
        "Mozilla/5.0 (",
        "[",
        "é(ü;ß)/ñ",
        "\u{202e}",
        "jane@doe.com/1",
        &format!("{}/1", "a".repeat(65)),
    ] {
        assert_eq!(read(agent), (unknown(), unknown()), "{agent}");
    }
    let long = "(".repeat(100_000) + "Chrome/1";
    assert_eq!(read(&long), (unknown(), unknown()));
}

#[test]
fn another_agent_is_read_anew() {
    let client = ClientContext::default().with_user_agent("curl/8.5.0");
    assert_eq!(client.browser().name(), "curl");
    assert_eq!(client.clone().with_user_agent("okhttp/4.12.0").browser().name(), "okhttp");
    assert_eq!(client, ClientContext::default().with_user_agent("curl/8.5.0"), "whether it was read makes no difference");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_without_a_panic(agent in "[ ();/\\[\\].,:a-zA-Z0-9_é\u{1F600}-]{0,80}|.{0,60}") {
        let _ = read(&agent);
    }
}
