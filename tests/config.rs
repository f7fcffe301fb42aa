//! Configs: the good ones build, and of the bad ones every mistake is told at once, by key and without a value.
#![cfg(feature = "toml")]

use std::{
    error::Error,
    fs,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use auth_challenge::{Config, ErrorKind, SendState};

type Outcome = Result<(), Box<dyn Error>>;

/// Stands in every secret and every other value that a message could quote.
const CANARY: &str = "canary";

/// A folder of its own for one test; gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("auth-challenge-config-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    fn write(&self, name: &str, text: &str) -> std::io::Result<PathBuf> {
        let path = self.0.join(name);
        fs::write(&path, text)?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The problems of a config as (key, message), sorted by key; none of them may quote a value.
fn problems(config: &Config) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> =
        config.problems().iter().map(|problem| (problem.field().unwrap_or_default().to_owned(), problem.message().to_owned())).collect();
    found.sort();
    let built = config.build();
    assert_eq!(built.is_ok(), found.is_empty(), "what builds has no problems, and the other way round: {found:?}");
    let mut texts = vec![format!("{config:?}"), format!("{config:#?}")];
    if let Err(error) = &built {
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Config, SendState::NotSent));
        assert_eq!(error.violations(), config.problems(), "the error names all problems");
        texts.extend([format!("{error}"), format!("{error:?}"), format!("{error:#?}")]);
    }
    for text in texts {
        assert!(!text.to_ascii_lowercase().contains(CANARY), "{text}");
    }
    found
}

#[test]
fn text_that_is_not_toml_is_told_by_line_and_never_quoted() {
    for (text, line) in [
        ("provider = canary", 1),
        ("provider = \"corbado\"\n[corbado]\napi_secret = canary\n", 3),
        ("provider = \"corbado\"\n[corbado]\napi_secret = \"corbado1_canary\n", 3),
        ("[corbado]\napi_secret = \"a\"\napi_secret = \"canary\"\n", 3),
        ("[corbado]\r\n\r\ncanary\r\n", 3),
        ("[canary", 1),
        ("\"canary\"", 1),
    ] {
        let error = Config::from_toml_str(text).expect_err("it is not TOML");
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Config, SendState::NotSent), "{text:?}");
        assert!(error.to_string().ends_with(&format!("at line {line}")), "{text:?}: {error}");
        for told in [format!("{error}"), format!("{error:?}"), format!("{error:#?}")] {
            assert!(!told.contains(CANARY), "{told}");
        }
        assert!(error.source().is_none(), "the reader's own error quotes the line");
    }
}

#[test]
fn a_file_that_cannot_be_read_or_is_not_toml_is_named() -> Outcome {
    let folder = Folder::new()?;
    let missing = Config::from_toml_file(folder.0.join("missing.toml")).expect_err("there is no such file");
    let broken = Config::from_toml_file(folder.write("broken.toml", "a = 1\nb = canary")?).expect_err("it is not TOML");
    for (error, words) in [(&missing, "missing.toml cannot be read"), (&broken, "broken.toml"), (&broken, "at line 2")] {
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Config, SendState::NotSent));
        assert!(error.to_string().contains(words), "{error}");
        assert!(!format!("{error:?}").contains(CANARY), "{error:?}");
    }
    Ok(())
}

/// A section of a vendor that is compiled out, and nothing else.
#[allow(dead_code, reason = "every vendor is compiled in")]
fn names_the_feature(vendor: &str) -> Outcome {
    let config = Config::from_toml_str(&format!("provider = \"{vendor}\"\n[{vendor}]\napi_secret = \"canary\"\n"))?;
    let found = problems(&config);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, format!("{vendor}.vendor"));
    assert!(found[0].1.contains(&format!("feature {vendor}")), "{}", found[0].1);
    Ok(())
}

#[cfg(not(feature = "corbado"))]
#[test]
fn a_section_of_corbado_names_the_feature_that_is_missing() -> Outcome {
    names_the_feature("corbado")
}

#[cfg(not(feature = "authsignal"))]
#[test]
fn a_section_of_authsignal_names_the_feature_that_is_missing() -> Outcome {
    names_the_feature("authsignal")
}

#[cfg(not(feature = "dfns"))]
#[test]
fn a_section_of_dfns_names_the_feature_that_is_missing() -> Outcome {
    names_the_feature("dfns")
}

#[test]
fn a_config_without_any_section_names_what_is_missing() -> Outcome {
    assert_eq!(problems(&Config::from_toml_str("")?), [("provider".to_owned(), "is required".to_owned())]);
    assert_eq!(problems(&Config::default()), [("provider".to_owned(), "is required".to_owned())]);
    Ok(())
}

#[cfg(all(feature = "corbado", feature = "authsignal", feature = "dfns"))]
mod vendors {
    use std::{path::Path, process::Command, sync::Arc, time::Duration};

    use auth_challenge::{ChallengeHandle, ChallengeProvider, ChallengeProviderExt as _, ChallengeRequest, Http, Method, ProviderId};
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

    use super::*;

    /// Whether this is the child that [`in_child`] started.
    fn is_child() -> bool {
        std::env::var_os("AUTH_CHALLENGE_TEST_CHILD").is_some()
    }

    /// Runs one test of this file in a process of its own with these environment variables.
    fn in_child(test: &str, variables: &[(&str, &str)]) -> Outcome {
        let mut child = Command::new(std::env::current_exe()?);
        for (variable, _) in std::env::vars_os() {
            let name = variable.to_string_lossy();
            if ["AUTH_CHALLENGE_", "AUTHSIGNAL_", "CORBADO_", "DFNS_"].iter().any(|prefix| name.starts_with(prefix)) {
                child.env_remove(&variable);
            }
        }
        child.args(["--exact", test]).env("AUTH_CHALLENGE_TEST_CHILD", "1").envs(variables.iter().copied());
        let output = child.output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains("1 passed"), "{test} in a child: {text}");
        Ok(())
    }

    #[test]
    fn a_good_config_builds_and_reaches_the_right_server() -> Outcome {
        for (name, section, id, server) in [
            ("Corbado", "[corbado]\nproject_id = \"pro-1\"\napi_secret = \"corbado1_canary\"", "corbado", "https://backendapi.cloud.corbado.io/v2"),
            (
                "Corbado elsewhere, with version",
                "[corbado]\nproject_id = \"pro-1\"\napi_secret = \"corbado1_canary\"\nbase_url = \"https://gate.example/v2\"",
                "corbado",
                "https://gate.example/v2",
            ),
            (
                "Corbado elsewhere, without version",
                "[corbado]\nproject_id = \"pro-1\"\napi_secret = \"corbado1_canary\"\nbase_url = \"https://gate.example\"",
                "corbado",
                "https://gate.example/v2",
            ),
            (
                "Corbado elsewhere, with slash and prefix",
                "[corbado]\nproject_id = \"pro-1\"\napi_secret = \"corbado1_canary\"\nbase_url = \"https://gate.example/corbado/v2/\"",
                "corbado",
                "https://gate.example/corbado/v2",
            ),
            ("Authsignal", "[authsignal]\nsecret_key = \"canary\"", "authsignal", "https://api.authsignal.com/v1"),
            ("Authsignal us", "[authsignal]\nsecret_key = \"canary\"\nregion = \"us\"", "authsignal", "https://api.authsignal.com/v1"),
            ("Authsignal au", "[authsignal]\nsecret_key = \"canary\"\nregion = \"au\"", "authsignal", "https://au.api.authsignal.com/v1"),
            ("Authsignal eu", "[authsignal]\nsecret_key = \"canary\"\nregion = \"eu\"", "authsignal", "https://eu.api.authsignal.com/v1"),
            ("Authsignal ca", "[authsignal]\nsecret_key = \"canary\"\nregion = \"ca\"", "authsignal", "https://ca.api.authsignal.com/v1"),
            ("Authsignal elsewhere", "[authsignal]\nsecret_key = \"canary\"\nbase_url = \"http://127.0.0.1:8080/\"", "authsignal", "http://127.0.0.1:8080/v1"),
            ("Dfns", "[dfns]", "dfns", "https://api.dfns.io"),
            ("Dfns eu", "[dfns]\nregion = \"eu\"", "dfns", "https://api.dfns.io"),
            ("Dfns uae", "[dfns]\nregion = \"uae\"\ntoken = \"canary\"", "dfns", "https://api.uae.dfns.io"),
            (
                "Dfns with a relying party",
                "[dfns]\nbase_url = \"https://api.digitalassets.ibm.com/prefix/\"\nrp_id = \"a.example\"\nrp_name = \"A\"",
                "dfns",
                "https://api.digitalassets.ibm.com/prefix",
            ),
            ("a domain alone is a relying party", "[dfns]\nrp_id = \"a.example\"", "dfns", "https://api.dfns.io"),
            ("a vendor's name said twice", "[dfns]\nvendor = \"dfns\"", "dfns", "https://api.dfns.io"),
            (
                "a second instance",
                "[staging]\nvendor = \"corbado\"\nproject_id = \"pro-2\"\napi_secret = \"corbado1_canary\"",
                "staging",
                "https://backendapi.cloud.corbado.io/v2",
            ),
            (
                "plain http where it is allowed",
                "[dfns]\nbase_url = \"http://doubles:8080\"\n[http]\nallow_plain_http = [\"other\", \"DOUBLES\"]",
                "dfns",
                "http://doubles:8080",
            ),
            (
                "limits",
                "[dfns]\n[http]\ntimeout = \"5s\"\nconnect_timeout = \"4999ms\"\nmax_response_bytes = 1\nproxy = \"http://user:canary@proxy.example:3128\"",
                "dfns",
                "https://api.dfns.io",
            ),
            ("a short time alone", "[dfns]\n[http]\ntimeout = \"2s\"", "dfns", "https://api.dfns.io"),
            ("the longest time", "[dfns]\n[http]\ntimeout = \"10m\"\nconnect_timeout = \"9m\"", "dfns", "https://api.dfns.io"),
        ] {
            let config = Config::from_toml_str(&format!("provider = \"{id}\"\n{section}\n"))?;
            assert_eq!(problems(&config), [], "{name}");
            let provider = config.build()?;
            assert_eq!(provider.id().as_str(), id, "{name}");
            let shown = format!("{provider:?}");
            assert!(shown.contains(&format!("base_url: \"{server}\"")) && !shown.contains(CANARY), "{name}: {shown}");
        }
        Ok(())
    }

    #[test]
    fn the_same_config_reads_from_json() -> Outcome {
        let config: Config = serde_json::from_value(serde_json::json!({ "provider": "dfns", "dfns": { "region": "uae" } }))?;
        assert_eq!(config.build()?.id(), &ProviderId::DFNS);
        Ok(())
    }

    #[test]
    fn with_several_sections_the_named_one_makes_challenges() -> Outcome {
        let sections = "[corbado]\nproject_id = \"pro-1\"\napi_secret = \"corbado1_a\"\n[dfns]\n[authsignal]\nsecret_key = \"key\"\n";
        for id in ["corbado", "authsignal", "dfns"] {
            let config = Config::from_toml_str(&format!("provider = \"{id}\"\n{sections}"))?;
            let provider = config.build()?;
            assert_eq!(provider.id().as_str(), id);
            for other in ["corbado", "authsignal", "dfns"] {
                assert_eq!(config.clone().select(other).build()?.id().as_str(), other, "from {id}");
            }
        }
        Ok(())
    }

    #[test]
    fn a_provider_of_ones_own_can_be_named_and_needs_no_section() -> Outcome {
        let own: Arc<dyn ChallengeProvider> = Config::from_toml_str("provider = \"own\"\n[own]\nvendor = \"dfns\"")?.build()?;
        let config = Config::from_toml_str("provider = \"own\"")?.provider("own", own);
        assert_eq!(problems(&config), []);
        assert_eq!(config.build()?.id().as_str(), "own");
        Ok(())
    }

    /// A config that is as wrong as the row says: its text, then key and words of each problem, by key.
    type Bad = (&'static str, &'static [(&'static str, &'static str)]);

    const CORBADO: &str = "provider = \"corbado\"\n[corbado]\nproject_id = \"pro-1\"\n";
    const AUTHSIGNAL: &str = "provider = \"authsignal\"\n[authsignal]\nsecret_key = \"canary\"\n";
    const DFNS: &str = "provider = \"dfns\"\n[dfns]\n";

    fn check(prefix: &str, table: &[Bad]) -> Outcome {
        for (text, expected) in table {
            let config = Config::from_toml_str(&format!("{prefix}{text}\n")).map_err(|error| format!("{text}: {error}"))?;
            let found = problems(&config);
            let keys: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
            assert_eq!(keys, expected.iter().map(|(key, _)| *key).collect::<Vec<_>>(), "{text}: {found:?}");
            for ((key, message), (_, words)) in found.iter().zip(*expected) {
                assert!(message.contains(words), "{text}: {key}: {message}");
            }
        }
        Ok(())
    }

    #[test]
    fn an_unknown_key_is_told_with_the_nearest_right_one() -> Outcome {
        check(
            CORBADO,
            &[
                ("api_secrt = \"canary\"", &[("corbado.api_secret", "is required"), ("corbado.api_secrt", "did you mean api_secret?")]),
                ("api_secret = \"corbado1_a\"\nbase-url = \"canary\"", &[("corbado.base-url", "did you mean base_url?")]),
                ("api_secret = \"corbado1_a\"\nsecret_key = \"canary\"", &[("corbado.secret_key", "is not a key here")]),
                ("api_secret = \"corbado1_a\"\nregion = \"canary\"", &[("corbado.region", "expected vendor, project_id, api_secret")]),
                ("api_secret = \"corbado1_a\"\n[http]\ntime_out = \"canary\"", &[("http.time_out", "did you mean timeout?")]),
                ("api_secret = \"corbado1_a\"\n[http]\nconect_timeout = \"canary\"", &[("http.conect_timeout", "did you mean connect_timeout?")]),
                ("api_secret = \"corbado1_a\"\n[http]\nfollow_redirects = true", &[("http.follow_redirects", "is not a key here")]),
            ],
        )?;
        check(
            "",
            &[
                ("providr = \"canary\"", &[("provider", "is required"), ("providr", "did you mean provider?")]),
                ("provider = \"dfns\"\nzzz = \"canary\"\n[dfns]", &[("zzz", "expected provider and sections")]),
                ("provider = \"dfns\"\ncorbdo = \"canary\"\n[dfns]", &[("corbdo", "did you mean corbado?")]),
            ],
        )
    }

    #[test]
    fn a_secret_that_is_missing_doubled_or_blank_is_told() -> Outcome {
        check(
            CORBADO,
            &[
                ("", &[("corbado.api_secret", "one of api_secret, api_secret_env and api_secret_file")]),
                ("api_secret = \"corbado1_canary\"\napi_secret_env = \"CANARY\"", &[("corbado.api_secret", "api_secret, api_secret_env, not several")]),
                ("api_secret_env = \"CANARY\"\napi_secret_file = \"canary\"", &[("corbado.api_secret", "api_secret_env, api_secret_file, not several")]),
                ("api_secret = \"\"", &[("corbado.api_secret", "is empty")]),
                ("api_secret = \" \\t\"", &[("corbado.api_secret", "is empty")]),
                ("api_secret = \" corbado1_canary\"", &[("corbado.api_secret", "white space")]),
                ("api_secret = \"corbado1_canary\\n\"", &[("corbado.api_secret", "white space")]),
                ("api_secret = \"corbado1_\\u0000canary\"", &[("corbado.api_secret", "control characters")]),
                ("api_secret = 12345", &[("corbado.api_secret", "expected a text in quotes")]),
                ("api_secret_env = \"AUTH_CHALLENGE_CANARY_IS_NOT_SET\"", &[("corbado.api_secret_env", "not set")]),
                ("api_secret_env = \"\"", &[("corbado.api_secret_env", "is empty")]),
                ("api_secret_file = \"canary/is/not/there\"", &[("corbado.api_secret_file", "cannot be read")]),
                ("api_secret_file = [\"canary\"]", &[("corbado.api_secret_file", "expected a text in quotes")]),
            ],
        )?;
        check(
            "provider = \"authsignal\"\n[authsignal]\n",
            &[
                ("", &[("authsignal.secret_key", "one of secret_key, secret_key_env and secret_key_file")]),
                ("secret_key = \"canary\"\nsecret_key_file = \"canary\"", &[("authsignal.secret_key", "not several")]),
                ("secret_key = \"  \"", &[("authsignal.secret_key", "is empty")]),
            ],
        )?;
        check(
            DFNS,
            &[
                ("token = \"canary\"\ntoken_env = \"CANARY\"", &[("dfns.token", "not several")]),
                ("token = \"\"", &[("dfns.token", "is empty")]),
                ("token = true", &[("dfns.token", "expected a text in quotes")]),
            ],
        )
    }

    #[test]
    fn a_secret_of_another_vendors_form_is_told() -> Outcome {
        check(
            "",
            &[
                (
                    "provider = \"corbado\"\n[corbado]\nproject_id = \"canary\"\napi_secret = \"sk_canary\"",
                    &[("corbado.api_secret", "corbado1_"), ("corbado.project_id", "pro-")],
                ),
                ("provider = \"authsignal\"\n[authsignal]\nsecret_key = \"corbado1_canary\"", &[("authsignal.secret_key", "looks like Corbado's")]),
                ("provider = \"authsignal\"\n[authsignal]\nsecret_key = \"pro-canary\"", &[("authsignal.secret_key", "looks like Corbado's")]),
            ],
        )
    }

    #[test]
    fn a_url_that_could_leak_or_mislead_is_told() -> Outcome {
        let table: &[Bad] = &[
            ("base_url = \"http://canary.example\"", &[("dfns.base_url", "expected https")]),
            ("base_url = \"http://127.0.0.1.canary.example\"", &[("dfns.base_url", "expected https")]),
            ("base_url = \"http://canary.example\"\n[http]\nallow_plain_http = [\"other.example\"]", &[("dfns.base_url", "http.allow_plain_http")]),
            ("base_url = \"ftp://canary.example\"\n[http]\nallow_plain_http = [\"canary.example\"]", &[("dfns.base_url", "expected https")]),
            ("base_url = \"https://user:canary@api.example\"", &[("dfns.base_url", "no user info")]),
            ("base_url = \"https://canary@api.example\"", &[("dfns.base_url", "no user info")]),
            ("base_url = \"https://api.example/?key=canary\"", &[("dfns.base_url", "no query")]),
            ("base_url = \"https://api.example/#canary\"", &[("dfns.base_url", "no fragment")]),
            ("base_url = \"canary\"", &[("dfns.base_url", "absolute URL")]),
            ("base_url = \"data:text/plain,canary\"", &[("dfns.base_url", "host")]),
            ("base_url = \"\"", &[("dfns.base_url", "is empty")]),
            ("base_url = 80", &[("dfns.base_url", "text in quotes")]),
            ("[http]\nproxy = \"canary\"", &[("http.proxy", "absolute URL")]),
            ("[http]\nallow_plain_http = \"canary\"", &[("http.allow_plain_http", "list of texts")]),
            ("[http]\nallow_plain_http = [1]", &[("http.allow_plain_http", "list of texts")]),
        ];
        check(DFNS, table)
    }

    #[test]
    fn a_region_that_is_unknown_or_given_beside_a_url_is_told() -> Outcome {
        check(
            AUTHSIGNAL,
            &[
                ("region = \"canary\"", &[("authsignal.region", "us, au, eu, ca")]),
                ("region = \"US\"", &[("authsignal.region", "us, au, eu, ca")]),
                ("region = 1", &[("authsignal.region", "text in quotes")]),
                ("region = \"eu\"\nbase_url = \"https://canary.example\"", &[("authsignal.region", "authsignal.base_url")]),
            ],
        )?;
        check(
            DFNS,
            &[
                ("region = \"us\"", &[("dfns.region", "eu, uae")]),
                ("region = \"uae\"\nbase_url = \"https://canary.example\"", &[("dfns.region", "dfns.base_url")]),
                ("rp_name = \"canary\"", &[("dfns.rp_id", "is required beside rp_name")]),
            ],
        )
    }

    #[test]
    fn times_and_sizes_beyond_sense_are_told() -> Outcome {
        check(
            "provider = \"dfns\"\n[dfns]\n[http]\n",
            &[
                ("timeout = \"0s\"", &[("http.timeout", "at least 10ms")]),
                ("connect_timeout = \"0ms\"", &[("http.connect_timeout", "at least 10ms")]),
                ("timeout = \"11m\"", &[("http.timeout", "at most 10m")]),
                ("timeout = \"1000y\"", &[("http.timeout", "at most 10m")]),
                ("timeout = \"canary\"", &[("http.timeout", "expected a duration")]),
                ("timeout = \"-1s\"", &[("http.timeout", "expected a duration")]),
                ("timeout = \"10\"", &[("http.timeout", "expected a duration")]),
                ("timeout = 10", &[("http.timeout", "text in quotes")]),
                ("timeout = \"5s\"\nconnect_timeout = \"5s\"", &[("http.connect_timeout", "less than http.timeout")]),
                ("timeout = \"5s\"\nconnect_timeout = \"6s\"", &[("http.connect_timeout", "less than http.timeout")]),
                ("connect_timeout = \"10s\"", &[("http.connect_timeout", "less than http.timeout")]),
                ("max_response_bytes = 0", &[("http.max_response_bytes", "a whole number from 1 to")]),
                ("max_response_bytes = -1", &[("http.max_response_bytes", "a whole number")]),
                ("max_response_bytes = 1.5", &[("http.max_response_bytes", "a whole number")]),
                ("max_response_bytes = \"1\"", &[("http.max_response_bytes", "a whole number")]),
                ("max_response_bytes = 1073741825", &[("http.max_response_bytes", "to 1073741824")]),
            ],
        )
    }

    #[test]
    fn a_provider_that_names_no_section_is_told() -> Outcome {
        check(
            "",
            &[
                ("[dfns]", &[("provider", "is required")]),
                ("provider = \"canary\"\n[dfns]", &[("provider", "expected the name of a section")]),
                ("provider = \"corbado\"\n[dfns]", &[("provider", "expected the name of a section")]),
                ("provider = \"http\"\n[http]\n[dfns]", &[("provider", "expected the name of a section")]),
                ("provider = \"\"\n[dfns]", &[("provider", "is empty")]),
                ("provider = 1\n[dfns]", &[("provider", "text in quotes")]),
                ("provider = [\"dfns\"]\n[dfns]", &[("provider", "text in quotes")]),
            ],
        )
    }

    #[test]
    fn a_section_of_unknown_or_contradictory_vendor_is_told_and_its_keys_are_not_blamed() -> Outcome {
        check(
            "provider = \"dfns\"\n[dfns]\n",
            &[
                ("[two]\nproject_id = \"canary\"", &[("two.vendor", "corbado, authsignal or dfns")]),
                ("[two]\nvendor = \"canary\"\nproject_id = \"canary\"", &[("two.vendor", "corbado, authsignal, dfns")]),
                ("[two]\nvendor = 2", &[("two.vendor", "text in quotes")]),
                ("[corbado]\nvendor = \"authsignal\"\nsecret_key = \"canary\"", &[("corbado.vendor", "another vendor's")]),
            ],
        )
    }

    #[test]
    fn a_section_that_is_none_is_told() -> Outcome {
        check(
            "",
            &[
                ("provider = \"dfns\"\ncorbado = \"canary\"\n[dfns]", &[("corbado", "expected a section")]),
                ("provider = \"dfns\"\n[[corbado]]\napi_secret = \"canary\"\n[dfns]", &[("corbado", "expected a section")]),
                ("provider = \"dfns\"\nhttp = \"canary\"\n[dfns]", &[("http", "expected a section")]),
                ("provider = \"dfns\"\ndfns = true", &[("dfns", "expected a section"), ("provider", "expected the name of a section")]),
            ],
        )
    }

    #[test]
    fn every_section_that_is_there_must_be_complete() -> Outcome {
        check(
            "",
            &[(
                "provider = \"dfns\"\n[dfns]\n[corbado]\n[authsignal]\n",
                &[("authsignal.secret_key", "is required"), ("corbado.api_secret", "is required"), ("corbado.project_id", "is required")],
            )],
        )
    }

    #[test]
    fn all_mistakes_of_a_config_come_at_once() -> Outcome {
        let text = "provider = \"nobody\"\nextra = 1\n[corbado]\nproject_id = \"\"\napi_secret = \"canary\"\nbase_url = \"http://canary.example\"\n\
            [authsignal]\nregion = \"canary\"\nbase_url = \"https://canary.example?a\"\n[dfns]\ntoken_file = \"canary/none\"\n\
            [two]\nvendor = \"corbado\"\n[http]\ntimeout = \"0s\"\nconnect_timeout = \"canary\"\nca_fil = \"canary\"\n";
        let found = problems(&Config::from_toml_str(text)?);
        let keys: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
        let expected = [
            "authsignal.base_url",
            "authsignal.region",
            "authsignal.region",
            "authsignal.secret_key",
            "corbado.api_secret",
            "corbado.base_url",
            "corbado.project_id",
            "dfns.token_file",
            "extra",
            "http.ca_fil",
            "http.connect_timeout",
            "http.timeout",
            "provider",
            "two.api_secret",
            "two.project_id",
        ];
        assert_eq!(keys, expected);
        Ok(())
    }

    #[test]
    fn certificates_that_cannot_be_used_are_told_by_key() -> Outcome {
        let folder = Folder::new()?;
        folder.write("empty.pem", "")?;
        for (file, problem) in [("missing.pem", Some("http.ca_file")), ("empty.pem", None)] {
            let path = folder.write("auth.toml", &format!("{DFNS}[http]\nca_file = \"{file}\"\n"))?;
            let config = Config::from_toml_file(path)?;
            assert_eq!(config.problems().first().and_then(|problem| problem.field()), problem, "{file}");
            let error = config.build().expect_err("there are no certificates");
            assert_eq!(error.kind(), ErrorKind::Config, "{file}");
            assert!(error.to_string().contains("http.ca_file"), "{file}: {error}");
        }
        Ok(())
    }

    /// A server that takes Authsignal's challenges.
    async fn server() -> MockServer {
        let server = MockServer::start().await;
        let reply = serde_json::json!({ "challengeId": "chl-1", "idempotencyKey": "key", "expiresAt": 4_000_000_000_u64 });
        Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_json(reply)).mount(&server).await;
        server
    }

    /// The secret key that a config's provider sends.
    async fn sent_key(config: &Config, server: &MockServer) -> Result<String, Box<dyn Error>> {
        config.build()?.create(&ChallengeRequest::sms_otp("+64270000000").action("login")).await?;
        let requests = server.received_requests().await.ok_or("requests are recorded")?;
        let header = requests.last().and_then(|request| request.headers.get("authorization")).ok_or("no credentials were sent")?;
        let pair = header.to_str()?.strip_prefix("Basic ").ok_or("not Basic")?.to_owned();
        let pair = String::from_utf8(STANDARD.decode(pair)?)?;
        Ok(pair.strip_suffix(':').ok_or("the key is not the user name")?.to_owned())
    }

    #[tokio::test]
    async fn a_secret_file_lies_beside_the_config_and_loses_its_last_line_break() -> Outcome {
        let server = server().await;
        let folder = Folder::new()?;
        fs::create_dir_all(folder.0.join("secrets"))?;
        let text = |file: &Path| format!("provider = \"authsignal\"\n[authsignal]\nsecret_key_file = '{}'\nbase_url = \"{}\"\n", file.display(), server.uri());
        for content in ["key=é", "key=é\n", "key=é\r\n"] {
            let absolute = folder.write("secrets/authsignal.key", content)?;
            for file in [Path::new("secrets/authsignal.key"), &absolute] {
                let config = Config::from_toml_file(folder.write("auth.toml", &text(file))?)?;
                assert_eq!(sent_key(&config, &server).await?, "key=é", "{content:?} at {}", file.display());
            }
            let config = Config::from_toml_str(&text(Path::new("authsignal.key")))?.with_directory(folder.0.join("secrets"));
            assert_eq!(sent_key(&config, &server).await?, "key=é", "{content:?}");
        }
        Ok(())
    }

    #[test]
    fn a_secret_file_with_anything_but_one_secret_is_told() -> Outcome {
        let folder = Folder::new()?;
        for (content, words) in [
            ("", "is empty"),
            ("\n", "is empty"),
            (" \r\n", "is empty"),
            ("canary\n\n", "white space"),
            ("canary\ncanary\n", "control"),
            (" canary", "white space"),
        ] {
            folder.write("key", content)?;
            let path = folder.write("auth.toml", "provider = \"authsignal\"\n[authsignal]\nsecret_key_file = \"key\"\n")?;
            let found = problems(&Config::from_toml_file(path)?);
            assert_eq!(found.len(), 1, "{content:?}: {found:?}");
            assert!(found[0].0 == "authsignal.secret_key_file" && found[0].1.contains(words), "{content:?}: {found:?}");
        }
        fs::write(folder.0.join("key"), b"canary\xff")?;
        let found = problems(&Config::from_toml_file(folder.0.join("auth.toml"))?);
        assert!(found.len() == 1 && found[0].1.contains("cannot be read"), "{found:?}");
        Ok(())
    }

    #[tokio::test]
    async fn a_secret_is_taken_from_the_environment_where_the_config_says_so() -> Outcome {
        const NAME: &str = "vendors::a_secret_is_taken_from_the_environment_where_the_config_says_so";
        if !is_child() {
            return in_child(NAME, &[("TEST_AUTHSIGNAL_KEY", "key-of-the-environment"), ("TEST_EMPTY", " ")]);
        }
        let server = server().await;
        let text = |variable: &str| format!("provider = \"authsignal\"\n[authsignal]\nsecret_key_env = \"{variable}\"\nbase_url = \"{}\"\n", server.uri());
        assert_eq!(sent_key(&Config::from_toml_str(&text("TEST_AUTHSIGNAL_KEY"))?, &server).await?, "key-of-the-environment");
        let found = problems(&Config::from_toml_str(&text("TEST_EMPTY"))?);
        assert_eq!(found, [("authsignal.secret_key_env".to_owned(), "is empty".to_owned())]);
        Ok(())
    }

    #[test]
    fn a_config_from_the_environment_has_the_vendors_whose_variables_are_set() -> Outcome {
        const NAME: &str = "vendors::a_config_from_the_environment_has_the_vendors_whose_variables_are_set";
        if !is_child() {
            let folder = Folder::new()?;
            let file = folder.write("token", "canary-token\n")?;
            return in_child(
                NAME,
                &[
                    ("AUTH_CHALLENGE_PROVIDER", "corbado"),
                    ("CORBADO_PROJECT_ID", "pro-1"),
                    ("CORBADO_API_SECRET", "corbado1_canary"),
                    ("CORBADO_BACKEND_API", "https://corbado.example"),
                    ("DFNS_API_URL", "https://dfns.example"),
                    ("DFNS_TOKEN_FILE", file.to_str().ok_or("the folder's name is text")?),
                ],
            );
        }
        let config = Config::from_env();
        assert_eq!(problems(&config), []);
        assert_eq!(format!("{config:?}"), "Config { sections: [\"corbado\", \"dfns\"], providers: [], .. }");
        let shown = format!("{:?}", config.build()?);
        for server in ["https://corbado.example/v2", "https://dfns.example"] {
            assert!(shown.contains(&format!("base_url: \"{server}\"")), "{shown}");
        }
        assert!(!shown.contains("authsignal"), "{shown}");
        Ok(())
    }

    #[test]
    fn mistakes_in_the_environment_are_told_by_the_keys_they_stand_for() -> Outcome {
        const NAME: &str = "vendors::mistakes_in_the_environment_are_told_by_the_keys_they_stand_for";
        if !is_child() {
            return in_child(NAME, &[("CORBADO_API_SECRET", "canary"), ("AUTHSIGNAL_API_SECRET_KEY", "canary"), ("AUTHSIGNAL_API_SECRET_KEY_FILE", "canary")]);
        }
        let keys: Vec<String> = problems(&Config::from_env()).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["authsignal.secret_key", "corbado.api_secret", "corbado.project_id", "provider"]);
        Ok(())
    }

    #[test]
    fn nothing_is_taken_from_the_environment_unless_asked() -> Outcome {
        const NAME: &str = "vendors::nothing_is_taken_from_the_environment_unless_asked";
        if !is_child() {
            return in_child(NAME, &[("AUTH_CHALLENGE_PROVIDER", "dfns"), ("CORBADO_API_SECRET", "corbado1_canary"), ("CORBADO_PROJECT_ID", "pro-1")]);
        }
        let found = problems(&Config::from_toml_str("[corbado]\n")?);
        let keys: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["corbado.api_secret", "corbado.project_id", "provider"]);
        Ok(())
    }

    #[tokio::test]
    async fn the_limits_of_the_http_section_hold() -> Outcome {
        let server = server().await;
        let slow = MockServer::start().await;
        Mock::given(any()).respond_with(ResponseTemplate::new(200).set_delay(Duration::from_secs(60))).mount(&slow).await;
        let text = |url: &str, limit: &str| format!("provider = \"authsignal\"\n[authsignal]\nsecret_key = \"key\"\nbase_url = \"{url}\"\n[http]\n{limit}\n");
        let request = ChallengeRequest::sms_otp("+64270000000").action("login");
        for (url, limit, expected) in [(server.uri(), "max_response_bytes = 10", SendState::Accepted), (slow.uri(), "timeout = \"100ms\"", SendState::Unknown)]
        {
            let error = Config::from_toml_str(&text(&url, limit))?.build()?.create(&request).await.expect_err(limit);
            assert_eq!(error.send_state(), expected, "{limit}: {error}");
        }
        let generous = Config::from_toml_str(&text(&server.uri(), "max_response_bytes = 10"))?.http(Http::builder().build()?);
        assert!(generous.build()?.create(&request).await.is_ok(), "a client of one's own goes before the section");
        Ok(())
    }

    #[tokio::test]
    async fn an_instance_answers_for_the_handles_of_its_own_name_alone() -> Outcome {
        let config = "provider = \"corbado\"\n[corbado]\nproject_id = \"pro-1\"\napi_secret = \"corbado1_a\"\n[staging]\nvendor = \"corbado\"\n\
            project_id = \"pro-2\"\napi_secret = \"corbado1_b\"\nbase_url = \"https://invalid.invalid\"\n";
        let provider = Config::from_toml_str(config)?.build()?;
        // A handle without a user is refused by the instance that it reaches, before any I/O.
        for (name, reached) in [("corbado", Some("corbado")), ("staging", Some("staging")), ("gone", None)] {
            let handle = ChallengeHandle::new(ProviderId::custom(name), Method::EmailOtp, "chl-1");
            let error = provider.verify(&handle, &auth_challenge::Answer::code("1")).await.expect_err("it names no user");
            assert_eq!((error.kind(), error.send_state()), (ErrorKind::Handle, SendState::NotSent), "{name}");
            assert_eq!(error.provider().map(ProviderId::as_str), reached, "{name}");
        }
        Ok(())
    }
}
