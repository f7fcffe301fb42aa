//! A config gives the typed client of each of its sections.

use auth_challenge::{CallOptions, Config, Error, ErrorKind, SendState, Violation};
use serde_json::{Value, json};

use crate::support::{
    Server,
    vendors::{self, Vendor},
};

/// A config of sections, none of which is a provider that could be built.
fn of(sections: Value) -> Config {
    serde_json::from_value(sections).expect("a config")
}

/// The key and the words of each problem of a client that is not made.
fn refused(vendor: &Vendor, config: &Config, section: &str) -> Vec<(String, String)> {
    let error: Error = (vendor.section.client)(config, section).expect_err("no client");
    assert_eq!((error.kind(), error.send_state()), (ErrorKind::Config, SendState::NotSent));
    error.violations().iter().map(|problem: &Violation| (problem.name().to_owned(), problem.message().to_owned())).collect()
}

#[cfg(feature = "corbado")]
#[test]
fn a_user_name_with_a_colon_which_would_end_it_in_the_header_makes_no_client() {
    use auth_challenge::{Http, corbado};

    let config = corbado::CorbadoConfig::new("pro:1", "corbado1_secret");
    let error = corbado::Corbado::new(&config, Http::builder().build().expect("HTTP")).expect_err("no client");
    assert_eq!((error.kind(), error.send_state()), (ErrorKind::Config, SendState::NotSent));
    assert_eq!(error.violations().first().and_then(Violation::key), Some("corbado.project_id"));
    assert!(!error.to_string().contains("pro:1"), "{error}");
}

#[tokio::test]
async fn the_client_of_a_section_calls_its_server_with_its_credentials() {
    for vendor in vendors::all() {
        let server = Server::answering(200, &[], &vendor.created().to_string()).await;
        let config = of(json!({ "mail": vendor.named_section(&format!("http://{}", server.address)) }));
        let client = (vendor.section.client)(&config, "mail").expect("a client");
        client.create_with(&vendor.request(), &CallOptions::default()).await.expect("a challenge");
        let sent = server.only_request();
        assert_eq!(client.id().as_str(), "mail", "{vendor:?}");
        assert_eq!(sent.header("authorization"), vendor.creation().sent.authorization, "{vendor:?}");
    }
}

#[test]
fn the_section_need_not_be_the_selected_one_nor_the_others_right() {
    for vendor in vendors::all() {
        let mut section = vendor.named_section("http://127.0.0.1:9");
        section.as_object_mut().expect("an object").remove("vendor");
        let config = of(json!({ vendor.name: section, "provider": "nobody", "other": { "vendor": "no vendor" } }));
        assert!(config.build().is_err());
        (vendor.section.client)(&config, vendor.name).expect("a client");
    }
}

#[test]
fn mistakes_in_the_section_and_in_http_are_told_all_at_once() {
    for vendor in vendors::all() {
        let mut section = vendor.named_section("http://127.0.0.1:9");
        section["canary"] = 1.into();
        let told = refused(vendor, &of(json!({ "mail": section, "http": { "timeout": "soon" } })), "mail");
        let keys: Vec<&str> = told.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["http.timeout", "mail.canary"], "{vendor:?}");
        let told = refused(vendor, &of(json!({ "mail": vendor.named_section("http://127.0.0.1:9"), "http": 7 })), "mail");
        assert_eq!(told, [("http".to_owned(), "expected a section".to_owned())]);
    }
}

#[test]
fn a_section_that_is_not_there_or_another_vendors_is_told_with_those_that_are() {
    for vendor in vendors::all() {
        let other = vendors::all().into_iter().find(|other| *other != vendor).expect("another vendor");
        let config = of(json!({ "mail": vendor.named_section("http://127.0.0.1:9"), "text": other.named_section("http://127.0.0.1:9"), "http": {} }));
        let expected = format!("expected the name of a section of {}", vendor.name);
        for (name, words) in [("mial", "; did you mean mail?"), ("text", ": mail"), ("http", ": mail"), ("", ": mail")] {
            assert_eq!(refused(vendor, &config, name), [(name.to_owned(), format!("{expected}{words}"))]);
        }
        assert_eq!(refused(vendor, &of(json!({})), vendor.name), [(vendor.name.to_owned(), format!("{expected}; there is none"))]);
    }
}
