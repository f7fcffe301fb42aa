//! Configs: the good ones build, and reach whom they name with the credentials that they hold.

use std::{fs, path::Path, sync::Arc, time::Duration};

use auth_challenge::{ChallengeProvider, ChallengeProviderExt as _, ChallengeRequest, Config, Error, ErrorKind, Http, SendState, testing::Scripted};

use crate::support::{
    self, Server, Step,
    config::{Folder, Outcome, problems},
    reply,
    vendors::{self, Vendor, toml},
};

/// A config with one section of a name, and further lines.
fn with_section(name: &str, lines: &str) -> Result<Config, auth_challenge::Error> {
    Config::from_toml_str(&format!("provider = \"{name}\"\n[{name}]\n{lines}\n"))
}

/// Fails where a config has problems, or its provider is not this one or not at this server.
fn assert_builds(what: &str, config: &Config, id: &str, server: &str) -> Outcome {
    assert_eq!(problems(config), [], "{what}");
    let provider = config.build()?;
    assert_eq!(provider.id().as_str(), id, "{what}");
    let shown = format!("{provider:?}");
    assert!(shown.contains(&format!("base_url: \"{server}\"")), "{what}: {shown}");
    support::canaries::assert_no_canary(what, &shown);
    Ok(())
}

/// The lines of a vendor's section, with credentials of canaries.
fn canaries(vendor: &Vendor) -> String {
    toml(&(vendor.section.canaries)())
}

fn default_server(vendor: &Vendor) -> &'static str {
    vendor.section.servers[0].1
}

#[test]
fn a_good_config_builds_and_reaches_the_right_server() -> Outcome {
    for vendor in vendors::all() {
        for (lines, server) in vendor.section.servers {
            assert_builds(lines, &with_section(vendor.name, &(canaries(vendor) + lines))?, vendor.name, server)?;
        }
    }
    Ok(())
}

#[test]
fn a_section_may_say_its_vendor_and_must_where_it_has_another_name() -> Outcome {
    for vendor in vendors::all() {
        let lines = format!("vendor = \"{}\"\n{}", vendor.name, canaries(vendor));
        assert_builds("a vendor's name said twice", &with_section(vendor.name, &lines)?, vendor.name, default_server(vendor))?;
        assert_builds("a second instance", &with_section("staging", &lines)?, "staging", default_server(vendor))?;
    }
    Ok(())
}

#[test]
fn limits_are_taken_up_to_their_ends() -> Outcome {
    for vendor in vendors::all() {
        for http in [
            "timeout = \"5s\"\nconnect_timeout = \"4999ms\"\nmax_response_bytes = 1\nproxy = \"http://user:canary@proxy.example:3128\"",
            "timeout = \"2s\"",
            "timeout = \"10m\"\nconnect_timeout = \"9m\"",
        ] {
            let config = with_section(vendor.name, &format!("{}[http]\n{http}", canaries(vendor)))?;
            assert_builds(http, &config, vendor.name, default_server(vendor))?;
        }
    }
    Ok(())
}

#[test]
fn the_same_config_reads_from_json() -> Outcome {
    for vendor in vendors::all() {
        let config: Config = serde_json::from_value(serde_json::json!({ "provider": vendor.name, vendor.name: (vendor.section.credentials)() }))?;
        assert_builds("JSON", &config, vendor.name, default_server(vendor))?;
    }
    Ok(())
}

#[test]
fn with_several_sections_the_named_one_makes_challenges() -> Outcome {
    let sections: String = vendors::all().iter().map(|vendor| format!("[{}]\n{}", vendor.name, vendor.toml())).collect();
    for vendor in vendors::all() {
        let config = Config::from_toml_str(&format!("provider = \"{}\"\n{sections}", vendor.name))?;
        let provider = config.build()?;
        assert_eq!(provider.id().as_str(), vendor.name);
        for other in vendors::all() {
            assert_eq!(config.clone().select(other.name).build()?.id().as_str(), other.name, "from {vendor:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn whoever_is_selected_changes_places_in_failover_with_the_one_before() -> Outcome {
    let config = Config::from_toml_str("provider = \"a\"\nfailover = [\"b\", \"c\"]")?;
    let request = ChallengeRequest::email_otp("jane@doe.com");
    for (selected, expected) in [(None, ["a", "b", "c"]), (Some("a"), ["a", "b", "c"]), (Some("b"), ["b", "a", "c"]), (Some("c"), ["c", "b", "a"])] {
        let config = selected.into_iter().fold(config.clone(), |config, name| config.select(name));
        let unreached = |name| Arc::new(Scripted::named(name).create_fails(Error::new(ErrorKind::Connect, SendState::NotSent)));
        let config = ["a", "b", "c"].into_iter().fold(config, |config, name| config.with_provider(unreached(name)));
        assert_eq!(problems(&config), [], "{selected:?}");
        let error = config.build()?.create(&request).await.expect_err("nobody is reached");
        let asked: Vec<String> = error.hops().iter().map(|hop| hop.provider().to_string()).chain(error.provider().map(ToString::to_string)).collect();
        assert_eq!(asked, expected, "{selected:?}");
    }
    Ok(())
}

#[test]
fn one_whom_nobody_can_take_over_from_can_be_selected() -> Outcome {
    let sections: String = vendors::all().iter().map(|vendor| format!("[{}]\n{}", vendor.name, vendor.toml())).collect();
    let config = Config::from_toml_str(&format!("provider = \"corbado\"\nfailover = [\"authsignal\"]\n{sections}"))?;
    for vendor in vendors::all() {
        assert_eq!(config.clone().select(vendor.name).build()?.id().as_str(), vendor.name);
    }
    assert_eq!(problems(&config.select("corbdo")).len(), 1);
    Ok(())
}

#[test]
fn a_provider_of_ones_own_can_be_named_and_needs_no_section() -> Outcome {
    let vendor = vendors::all()[0];
    let own: Arc<dyn ChallengeProvider> = with_section("own", &format!("vendor = \"{}\"\n{}", vendor.name, vendor.toml()))?.build()?;
    let config = Config::from_toml_str("provider = \"own\"")?.with_provider(own);
    assert_eq!(problems(&config), []);
    assert_eq!(config.build()?.id().as_str(), "own");
    Ok(())
}

#[tokio::test]
async fn a_route_may_be_by_calling_code_in_any_format() -> Outcome {
    let codes = serde_json::json!({ "+1": "a", "+1684": "b", "*": "c" });
    for (what, config) in [
        ("a table in a line", Config::from_toml_str("provider = \"d\"\n[route]\nsms_otp = { \"+1\" = \"a\", \"+1684\" = \"b\", \"*\" = \"c\" }")?),
        ("a section", Config::from_toml_str("provider = \"d\"\n[route.sms_otp]\n\"+1\" = \"a\"\n\"+1684\" = \"b\"\n\"*\" = \"c\"")?),
        ("JSON", serde_json::from_value(serde_json::json!({ "provider": "d", "route": { "sms_otp": codes } }))?),
    ] {
        let config = ["a", "b", "c", "d"].into_iter().fold(config, |config, name| config.with_provider(Arc::new(Scripted::named(name))));
        assert_eq!(problems(&config), [], "{what}");
        let auth = config.build()?;
        for (to, expected) in [("+12025550123", "a"), ("+16846331234", "b"), ("+64270000000", "c")] {
            assert_eq!(auth.create(&ChallengeRequest::sms_otp(to)).await?.provider().as_str(), expected, "{what}: {to}");
            assert_eq!(auth.create(&ChallengeRequest::voice_otp(to)).await?.provider().as_str(), "d", "{what}: {to}");
        }
    }
    Ok(())
}

/// The lines of a vendor's section at a server, but for its first secret.
fn without_secret(vendor: &Vendor, server: &Server) -> (String, &'static str) {
    let (mut section, key) = ((vendor.section.credentials)(), vendor.section.secrets[0]);
    section.as_object_mut().map(|section| section.remove(key));
    section["base_url"] = format!("http://{}", server.address).into();
    (toml(&section), key)
}

/// What a config's provider sends as `Authorization`.
async fn sent_authorization(vendor: &Vendor, config: &Config, server: &Server) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    config.build()?.create(&vendor.request()).await?;
    let requests = server.requests();
    Ok(requests.last().ok_or("a request")?.header("authorization").into_iter().map(str::to_owned).collect())
}

#[tokio::test]
async fn a_secret_file_lies_beside_the_config_and_loses_what_editors_add() -> Outcome {
    for vendor in vendors::all() {
        let server = Server::answering(200, &[], &vendor.created().to_string()).await;
        let folder = Folder::new()?;
        fs::create_dir_all(folder.path().join("secrets"))?;
        let (lines, key) = without_secret(vendor, &server);
        let text = |file: &Path| format!("provider = \"{0}\"\n[{0}]\n{key}_file = '{1}'\n{lines}", vendor.name, file.display());
        let (secret, expected) = vendor.section.odd_secret;
        for (begin, end) in [("", ""), ("", "\n"), ("", "\r\n"), ("\u{feff}", "\r\n")] {
            let absolute = folder.write("secrets/vendor.key", &format!("{begin}{secret}{end}"))?;
            for file in [Path::new("secrets/vendor.key"), &absolute] {
                let config = Config::from_toml_file(folder.write("auth.toml", &text(file))?)?;
                assert_eq!(sent_authorization(vendor, &config, &server).await?, expected, "{vendor:?} {end:?} at {}", file.display());
            }
            let config = Config::from_toml_str(&text(Path::new("vendor.key")))?.with_directory(folder.path().join("secrets"));
            assert_eq!(sent_authorization(vendor, &config, &server).await?, expected, "{vendor:?} {end:?}");
        }
    }
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_secret_file_may_be_a_link_to_a_regular_one() -> Outcome {
    for vendor in vendors::all() {
        let folder = Folder::new()?;
        let (mut section, key) = ((vendor.section.credentials)(), vendor.section.secrets[0]);
        section.as_object_mut().map(|section| section.remove(key));
        folder.write("real.key", &vendor.credential(key))?;
        std::os::unix::fs::symlink("real.key", folder.path().join("link.key"))?;
        let text = format!("provider = \"{0}\"\n[{0}]\n{key}_file = \"link.key\"\n{1}", vendor.name, toml(&section));
        assert_eq!(problems(&Config::from_toml_file(folder.write("auth.toml", &text)?)?), []);
    }
    Ok(())
}

#[tokio::test]
async fn the_limits_of_the_http_section_hold() -> Outcome {
    for vendor in vendors::all() {
        let server = Server::answering(200, &[], &vendor.created().to_string()).await;
        let slow = Server::start(vec![Step::ReadAndHang]).await;
        let answering = r#"{ "max_response_bytes": 10, "timeout": "60s", "connect_timeout": "50s" }"#;
        for (address, limit, expected) in
            [(server.address, answering, SendState::Accepted), (slow.address, r#"{ "timeout": "2s", "connect_timeout": "1900ms" }"#, SendState::Unknown)]
        {
            let error = vendor.config(address, limit).build()?.create(&vendor.request()).await.expect_err(limit);
            assert_eq!(error.send_state(), expected, "{vendor:?} {limit}: {error}");
        }
        let generous = vendor.config(server.address, answering).with_http(Http::builder().with_timeout(Duration::from_secs(60)).build()?);
        assert!(generous.build()?.create(&vendor.request()).await.is_ok(), "a client of one's own goes before the section");
    }
    Ok(())
}

#[tokio::test]
async fn an_instance_answers_for_the_handles_of_its_own_name_alone() -> Outcome {
    for vendor in vendors::all() {
        let answer = Step::Answer(reply(500, &[], "{}"));
        let (own, staging) = (Server::start(vec![answer.clone()]).await, Server::start(vec![answer]).await);
        let mut section = vendor.named_section(&format!("http://{}", own.address));
        section.as_object_mut().map(|section| section.remove("vendor"));
        let sections = serde_json::json!({
            "provider": vendor.name, vendor.name: section, "staging": vendor.named_section(&format!("http://{}", staging.address)),
        });
        let provider = serde_json::from_value::<Config>(sections)?.build()?;
        for (name, reached, seen) in [(vendor.name, Some(vendor.name), (1, 0)), ("staging", Some("staging"), (1, 1)), ("gone", None, (1, 1))] {
            let handle = vendor.handle_with("provider", name.into());
            let error = provider.verify(&handle, &vendor.answer()).await.expect_err("an outage");
            assert_eq!(error.provider().map(|id| id.as_str()), reached, "{name}");
            assert_eq!((own.requests().len(), staging.requests().len()), seen, "{name}");
        }
    }
    Ok(())
}
