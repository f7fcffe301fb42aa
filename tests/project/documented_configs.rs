//! Every TOML in the README, in the guide and at `Config` is one that can be used.

use std::collections::BTreeMap;

use auth_challenge::{
    Config,
    testing::{Double, DoubleEntry, Seed},
};
use toml::{Table, Value};

use crate::support::{
    config::{Folder, Outcome, asked, in_child},
    markdown,
};

/// What stands beside a part of a config.
const REST: &str = r#"
provider = "corbado"
[corbado]
project_id = "pro-1"
api_secret = "corbado1_secret"
[authsignal]
secret_key = "as_secret"
[twilio]
account_sid = "AC0"
auth_token = "token"
service_sid = "VA0"
"#;

/// The TOML of a file, with the name of the file.
fn documented() -> Vec<(String, Table)> {
    let readme = ("README.md".to_owned(), markdown::text_of("README.md"));
    let pages = markdown::pages_of_the_guide().into_iter().map(|file| (file.clone(), markdown::documentation_of(&file)));
    // There it is the documentation of an item.
    let config: String = markdown::text_of("src/config/mod.rs").lines().map(|line| line.trim_start_matches("///").trim_start().to_owned() + "\n").collect();
    let mut found = Vec::new();
    for (file, text) in pages.chain([readme, ("src/config/mod.rs".to_owned(), config)]) {
        for block in markdown::blocks(&text, "toml") {
            found.push((file.clone(), block.replace('…', "0").parse::<Table>().unwrap_or_else(|error| panic!("{file}: {error}\n{block}"))));
        }
    }
    found
}

fn is_manifest(table: &Table) -> bool {
    table.contains_key("dependencies") || table.contains_key("dev-dependencies")
}

fn is_seed(table: &Table) -> bool {
    table.contains_key("users")
}

/// The config that a block is, or is a part of.
fn whole(block: &Table) -> Table {
    let rest: Table = REST.parse().expect("TOML");
    rest.into_iter().chain(block.clone()).collect()
}

/// The values under keys with this ending, with the key without it.
fn named(table: &Table, ending: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) => found.extend(named(inner, ending)),
            Value::String(name) => found.extend(key.strip_suffix(ending).map(|key| (name.clone(), key.to_owned()))),
            _ => {}
        }
    }
    found
}

/// What can be used under a key: a secret, or certificates.
fn usable(key: &str) -> String {
    match key {
        "api_secret" => "corbado1_secret".to_owned(),
        "redis_url" => "redis://127.0.0.1:6379".to_owned(),
        "ca" => rcgen::generate_simple_self_signed(["internal".to_owned()]).expect("a certificate").cert.pem(),
        _ => "a-secret-of-thirty-two-characters-or-more".to_owned(),
    }
}

#[test]
fn every_documented_config_can_be_used() -> Outcome {
    let configs: Vec<(String, Table)> = documented().into_iter().filter(|(_, table)| !is_manifest(table) && !is_seed(table)).collect();
    assert!(configs.len() > 5, "configs are documented: {}", configs.len());
    if asked().is_none() {
        let variables: BTreeMap<String, String> = configs.iter().flat_map(|(_, block)| named(block, "_env")).collect();
        let variables: Vec<(&str, String)> = variables.iter().map(|(name, key)| (name.as_str(), usable(key))).collect();
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        return in_child("documented_configs::every_documented_config_can_be_used", "configs", &variables);
    }
    for (file, block) in configs {
        let folder = Folder::new()?;
        for (name, key) in named(&block, "_file") {
            folder.write(&name, &usable(&key))?;
        }
        let config = whole(&block).try_into::<Config>()?.with_directory(folder.path());
        assert!(config.problems().is_empty(), "{file}: {:?}\n{block:#?}", config.problems());
    }
    Ok(())
}

#[test]
fn every_documented_dependency_has_the_features_that_are_asked_for() {
    let ours: Table = markdown::text_of("Cargo.toml").parse().expect("TOML");
    let features = ours["features"].as_table().expect("features");
    for (file, table) in documented().iter().filter(|(_, table)| is_manifest(table)) {
        let dependency = table.values().filter_map(Value::as_table).find_map(|list| list.get("auth-challenge")).expect("this crate");
        let asked_for = dependency.get("features").and_then(Value::as_array).expect("features");
        for feature in asked_for.iter().filter_map(Value::as_str) {
            assert!(features.contains_key(feature), "{file}: there is no feature {feature}");
        }
        let version = dependency.get("version").and_then(Value::as_str).expect("a version");
        assert!(ours["package"]["version"].as_str().is_some_and(|ours| ours.starts_with(version)), "{file}: version {version}");
    }
}

#[tokio::test]
async fn every_documented_seed_is_one_that_doubles_take() {
    let seeds: Vec<(String, Table)> = documented().into_iter().filter(|(_, table)| is_seed(table)).collect();
    assert!(!seeds.is_empty(), "a seed is documented");
    let mut doubles = Vec::new();
    for entry in DoubleEntry::ALL {
        doubles.push(Double::start(entry.name()).await);
    }
    for (file, table) in seeds {
        let seed: Seed = table.try_into().expect("a seed");
        seed.apply(&doubles).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
}
