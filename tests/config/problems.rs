//! Configs: every mistake is told at once, by key, with what there is to choose from and without a value.

use std::{error::Error, fs};

use auth_challenge::{Config, ErrorKind, Method, SendState};

use crate::support::{
    canaries::assert_silent_error,
    client,
    config::{Folder, Outcome, bad_keys, problems},
    vendors::{self, Mistake, Vendor},
};

/// Fails where the problems of a config are not the expected ones.
fn assert_problems(text: &str, expected: &[(String, String)]) -> Outcome {
    let config = Config::from_toml_str(text).map_err(|error| format!("{text}: {error}"))?;
    let found = problems(&config);
    let mut expected = expected.to_vec();
    expected.sort_by(|(one, _), (other, _)| one.cmp(other));
    let keys: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, expected.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), "{text}: {found:?}");
    for ((key, message), (_, words)) in found.iter().zip(&expected) {
        assert!(message.contains(words), "{text}: {key}: {message}");
    }
    Ok(())
}

/// Another name of a vendor than this one's.
fn other_than(vendor: &Vendor) -> &'static str {
    if vendor.name == "corbado" { "dfns" } else { "corbado" }
}

/// Checks a table for every vendor. In it `VENDOR` stands for its name, `OTHER` for another's, `SECTION` for its whole section, `KEYS` for the
/// credentials in it, `TYPO` for its name without the last letter, and `SECRET`, `VALUE` and `REST` for its first secret's key and value and the credentials beside it.
fn check_each(before: &str, table: &[Mistake]) -> Outcome {
    for vendor in vendors::all() {
        let secret = vendor.section.secrets[0];
        let (mut rest, canaries) = ((vendor.section.credentials)(), (vendor.section.canaries)());
        rest.as_object_mut().map(|rest| rest.remove(secret));
        let fill = |text: &str| {
            text.replace("SECTION", &format!("[{}]\n{}", vendor.name, vendor.toml()))
                .replace("KEYS", &vendor.toml())
                .replace("REST", &vendors::toml(&rest))
                .replace("SECRET", secret)
                .replace("VALUE", canaries[secret].as_str().unwrap_or_default())
                .replace("TYPO", &vendor.name[..vendor.name.len() - 1])
                .replace("VENDOR", vendor.name)
                .replace("OTHER", other_than(vendor))
        };
        for (text, expected) in table {
            let expected: Vec<(String, String)> = expected.iter().map(|(key, words)| (fill(key), fill(words))).collect();
            assert_problems(&format!("{}{}\n", fill(before), fill(text)), &expected)?;
        }
    }
    Ok(())
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
        assert_silent_error("what is not TOML", &error);
        assert!(error.source().is_none(), "the reader's own error quotes the line");
    }
}

#[test]
fn what_is_no_config_is_refused_and_not_quoted() {
    for json in ["\"canary\"", "[\"canary\"]", "271828", "true"] {
        let error = serde_json::from_str::<Config>(json).expect_err("no config").to_string();
        assert!(!error.contains("canary") && !error.contains("271828"), "{error}");
    }
}

#[test]
fn a_file_that_cannot_be_read_or_is_not_toml_is_named() -> Outcome {
    let folder = Folder::new()?;
    let missing = Config::from_toml_file(folder.path().join("missing.toml")).expect_err("there is no such file");
    let broken = Config::from_toml_file(folder.write("broken.toml", "a = 1\nb = canary")?).expect_err("it is not TOML");
    for (error, words) in [(&missing, "missing.toml cannot be read: "), (&broken, "broken.toml"), (&broken, "at line 2")] {
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Config, SendState::NotSent));
        assert!(error.to_string().contains(words), "{error}");
        assert_silent_error("a file", error);
    }
    Ok(())
}

#[test]
fn a_section_of_a_vendor_that_is_compiled_out_names_the_feature() -> Outcome {
    // The names of vendors are known in every build: a config lists them.
    let config = Config::from_toml_str("provider = \"two\"\n[two]\nvendor = \"canary\"\n")?;
    let (_, message) = problems(&config).into_iter().find(|(key, _)| key == "two.vendor").ok_or("a vendor of no known name")?;
    let names = message.split([' ', ',']).filter(|word| fs::exists(format!("{}/specs/{word}.yaml", env!("CARGO_MANIFEST_DIR"))).unwrap_or(false));
    let names: Vec<&str> = names.collect();
    assert!(vendors::all().iter().all(|vendor| names.contains(&vendor.name)), "{message}");
    for name in names.into_iter().filter(|name| vendors::all().iter().all(|vendor| vendor.name != *name)) {
        let found = problems(&Config::from_toml_str(&format!("provider = \"{name}\"\n[{name}]\napi_secret = \"canary\"\n"))?);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, format!("{name}.vendor"));
        assert!(found[0].1.contains(&format!("feature {name}")), "{}", found[0].1);
    }
    Ok(())
}

#[test]
fn a_config_without_any_section_names_what_is_missing() {
    for config in [Config::from_toml_str("").expect("TOML"), Config::default()] {
        assert_eq!(problems(&config), [("provider".to_owned(), "is required".to_owned())]);
    }
}

#[test]
fn the_mistakes_that_only_one_vendor_knows_are_told() -> Outcome {
    for vendor in vendors::all() {
        for (lines, expected) in vendor.section.mistakes {
            let expected: Vec<(String, String)> = expected.iter().map(|(key, words)| ((*key).to_owned(), (*words).to_owned())).collect();
            assert_problems(&format!("provider = \"{0}\"\n[{0}]\n{lines}\n", vendor.name), &expected)?;
        }
    }
    Ok(())
}

#[test]
fn an_unknown_key_is_told_with_the_nearest_right_one() -> Outcome {
    check_each(
        "provider = \"VENDOR\"\nSECTION",
        &[
            ("[http]\ntime_out = \"canary\"", &[("http.time_out", "did you mean timeout?")]),
            ("[http]\nconect_timeout = \"canary\"", &[("http.conect_timeout", "did you mean connect_timeout?")]),
            ("[http]\nfollow_redirects = true", &[("http.follow_redirects", "is not a key here")]),
            ("nobodys_key = \"canary\"", &[("VENDOR.nobodys_key", "is not a key here")]),
        ],
    )?;
    check_each(
        "",
        &[
            ("providr = \"canary\"", &[("provider", "is required"), ("providr", "did you mean provider?")]),
            ("provider = \"VENDOR\"\nzzz = \"canary\"\nSECTION", &[("zzz", "expected provider and sections")]),
            ("provider = \"VENDOR\"\ncorbdo = \"canary\"\nSECTION", &[("corbdo", "did you mean corbado?")]),
        ],
    )
}

#[test]
fn a_secret_that_is_doubled_or_blank_is_told() -> Outcome {
    check_each(
        "provider = \"VENDOR\"\n[VENDOR]\nREST",
        &[
            ("SECRET = \"VALUE\"\nSECRET_env = \"CANARY\"", &[("VENDOR.SECRET", "SECRET, SECRET_env, not several")]),
            ("SECRET = \"VALUE\"\nSECRET_file = \"canary\"", &[("VENDOR.SECRET", "not several")]),
            ("SECRET_env = \"CANARY\"\nSECRET_file = \"canary\"", &[("VENDOR.SECRET", "SECRET_env, SECRET_file, not several")]),
            ("SECRET = \"\"", &[("VENDOR.SECRET", "is empty")]),
            ("SECRET = \" \\t\"", &[("VENDOR.SECRET", "is empty")]),
            ("SECRET = \" VALUE\"", &[("VENDOR.SECRET", "white space")]),
            ("SECRET = \"VALUE\\n\"", &[("VENDOR.SECRET", "white space")]),
            ("SECRET = \"VALUE\\u0000canary\"", &[("VENDOR.SECRET", "control characters")]),
            ("SECRET = 12345", &[("VENDOR.SECRET", "expected a text in quotes")]),
            ("SECRET = true", &[("VENDOR.SECRET", "expected a text in quotes")]),
            ("SECRET_env = \"AUTH_CHALLENGE_CANARY_IS_NOT_SET\"", &[("VENDOR.SECRET_env", "not set")]),
            ("SECRET_env = \"\"", &[("VENDOR.SECRET_env", "is empty")]),
            ("SECRET_file = \"canary/is/not/there\"", &[("VENDOR.SECRET_file", "cannot be read")]),
            ("SECRET_file = [\"canary\"]", &[("VENDOR.SECRET_file", "expected a text in quotes")]),
        ],
    )
}

#[test]
fn every_section_that_is_there_must_be_complete_and_a_missing_secret_is_told_with_its_three_keys() -> Outcome {
    let sections: String = vendors::all().iter().map(|vendor| format!("[{}]\n", vendor.name)).collect();
    let found = problems(&Config::from_toml_str(&format!("provider = \"{}\"\n{sections}", vendors::all()[0].name))?);
    let required = |vendor: &'static Vendor| vendor.section.required.iter().map(move |key| format!("{}.{key}", vendor.name));
    let mut expected: Vec<String> = vendors::all().into_iter().flat_map(required).collect();
    expected.sort();
    assert_eq!(found.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>(), expected);
    for (key, message) in found {
        assert!(message.contains("is required"), "{key}: {message}");
        let (vendor, key) = key.split_once('.').ok_or("a key of a section")?;
        if vendors::get(vendor).section.secrets.contains(&key) {
            assert!(message.contains(&format!("one of {key}, {key}_env and {key}_file")), "{key}: {message}");
        }
    }
    Ok(())
}

#[test]
fn a_url_that_could_leak_or_mislead_is_told() -> Outcome {
    check_each(
        "provider = \"VENDOR\"\nSECTION",
        &[
            ("base_url = \"http://canary.example\"", &[("VENDOR.base_url", "expected https")]),
            ("base_url = \"http://127.0.0.1.canary.example\"", &[("VENDOR.base_url", "expected https")]),
            ("base_url = \"http://canary.example\"\n[http]\nallow_plain_http = [\"other.example\"]", &[("VENDOR.base_url", "http.allow_plain_http")]),
            ("base_url = \"ftp://canary.example\"\n[http]\nallow_plain_http = [\"canary.example\"]", &[("VENDOR.base_url", "expected https")]),
            ("base_url = \"https://user:canary@api.example\"", &[("VENDOR.base_url", "no user info in the URL")]),
            ("base_url = \"https://canary@api.example\"", &[("VENDOR.base_url", "no user info in the URL")]),
            ("base_url = \"https://api.example/?key=canary\"", &[("VENDOR.base_url", "no query")]),
            ("base_url = \"https://canary@api.example/?key=canary#canary\"", &[("VENDOR.base_url", "no user info, query and fragment")]),
            ("base_url = \"https://api.example/#canary\"", &[("VENDOR.base_url", "no fragment")]),
            ("base_url = \"canary\"", &[("VENDOR.base_url", "absolute URL")]),
            ("base_url = \"data:text/plain,canary\"", &[("VENDOR.base_url", "host")]),
            ("base_url = \"\"", &[("VENDOR.base_url", "is empty")]),
            ("base_url = 80", &[("VENDOR.base_url", "text in quotes")]),
            ("[http]\nproxy = \"canary\"", &[("http.proxy", "absolute URL")]),
            ("[http]\nproxy = \"socks://canary.example\"", &[("http.proxy", "http or https")]),
            ("[http]\nproxy = \"socks5://canary.example:1080\"", &[("http.proxy", "http or https")]),
            ("[http]\nproxy = \"ftp://canary.example\"", &[("http.proxy", "http or https")]),
            ("[http]\nallow_plain_http = \"canary\"", &[("http.allow_plain_http", "list of texts")]),
            ("[http]\nallow_plain_http = [1]", &[("http.allow_plain_http", "list of texts")]),
            ("[http]\nallow_plain_http = [\"http://canary\"]", &[("http.allow_plain_http", "with or without a port")]),
            ("[http]\nallow_plain_http = [\"doubles\", \"canary:0\"]", &[("http.allow_plain_http", "with or without a port")]),
            ("[http]\nallow_plain_http = [\"*.canary\"]", &[("http.allow_plain_http", "with or without a port")]),
            ("base_url = \"http://canary:82\"\n[http]\nallow_plain_http = [\"canary:81\"]", &[("VENDOR.base_url", "http.allow_plain_http")]),
            ("base_url = \"http://[fd00::1]\"\n[http]\nallow_plain_http = [\"[fd00::1]:81\"]", &[("VENDOR.base_url", "http.allow_plain_http")]),
            ("base_url = \"http://[fd00::2]\"\n[http]\nallow_plain_http = [\"fd00::1\"]", &[("VENDOR.base_url", "http.allow_plain_http")]),
            ("base_url = \"http://canary\"\n[http]\nallow_plain_http = [\"canary\"]", &[]),
            ("base_url = \"http://canary:81\"\n[http]\nallow_plain_http = [\"canary:81\"]", &[]),
            ("base_url = \"http://[fd00::1]:81\"\n[http]\nallow_plain_http = [\"fd00::1\"]", &[]),
            ("base_url = \"http://[fd00::1]:81\"\n[http]\nallow_plain_http = [\"[fd00::1]\"]", &[]),
            ("base_url = \"http://[fd00::1]:81\"\n[http]\nallow_plain_http = [\"[fd00::1]:81\"]", &[]),
        ],
    )
}

#[test]
fn a_limit_that_is_out_of_range_or_of_another_form_is_told() -> Outcome {
    check_each(
        "provider = \"VENDOR\"\nSECTION[http]\n",
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
fn a_calling_code_of_a_guard_that_is_none_is_told() -> Outcome {
    const CODES: &[(&str, &str)] = &[("guard.calling_codes", "expected calling codes such as \"+49\"")];
    check_each(
        "provider = \"VENDOR\"\nSECTION[guard]\n",
        &[
            ("calling_codes = [\"+49\", \"+1684\", \"+1234567\"]", &[]),
            ("calling_codes = [\"+49\", \"49\"]", CODES),
            ("calling_codes = [\"+49\", \"49\", \"+x\"]", &[("guard.calling_codes", "entry 2: "), ("guard.calling_codes", "entry 3: ")]),
            ("calling_codes = [\"+\"]", CODES),
            ("calling_codes = [\"+12345678\"]", CODES),
            ("calling_codes = [\"*\"]", CODES),
        ],
    )
}

#[test]
fn a_provider_that_names_no_section_is_told() -> Outcome {
    check_each(
        "",
        &[
            ("SECTION", &[("provider", "is required")]),
            ("provider = \"canary\"\nSECTION", &[("provider", "expected the name of a section: VENDOR")]),
            ("provider = \"TYPO\"\nSECTION", &[("provider", "expected the name of a section: VENDOR; did you mean VENDOR?")]),
            ("provider = \"canary\"", &[("provider", "there is none")]),
            ("provider = \"VENDOR\"\nfailover = [\"TYPO\"]\nSECTION", &[("failover", "a section: VENDOR; did you mean VENDOR?")]),
            (
                "provider = \"VENDOR\"\nfailover = [\"canary\", \"canary2\"]\nSECTION",
                &[("failover", "entry 1: expected the name"), ("failover", "entry 2: expected the name")],
            ),
            ("provider = \"VENDOR\"\nfailover = [\"canary\"]\nSECTION", &[("failover", "expected the name of a section: VENDOR")]),
            ("provider = \"VENDOR\"\nSECTION[route]\nsms_otp = \"TYPO\"", &[("route.sms_otp", "a section: VENDOR; did you mean VENDOR?")]),
            ("provider = \"OTHER\"\nSECTION", &[("provider", "expected the name of a section")]),
            ("provider = \"http\"\n[http]\nSECTION", &[("provider", "expected the name of a section")]),
            ("provider = \"\"\nSECTION", &[("provider", "is empty")]),
            ("provider = 1\nSECTION", &[("provider", "text in quotes")]),
            ("provider = [\"VENDOR\"]\nSECTION", &[("provider", "text in quotes")]),
        ],
    )
}

#[test]
fn a_section_of_unknown_or_contradictory_vendor_is_told_and_its_keys_are_not_blamed() -> Outcome {
    let table: Vec<Mistake> = vec![
        ("[two]\nproject_id = \"canary\"", &[("two.vendor", "VENDOR")]),
        ("[TYPO]\nproject_id = \"canary\"", &[("TYPO.vendor", "did you mean the section VENDOR?")]),
        ("[htp]\ntimeout = \"canary\"", &[("htp", "did you mean http?")]),
        ("[HTTP]\ntimeout = \"canary\"", &[("HTTP", "did you mean http?")]),
        ("[routes]\nsms_otp = \"canary\"", &[("routes", "did you mean route?")]),
        ("[gaurd]\nper_ip = \"canary\"", &[("gaurd", "did you mean guard?")]),
        ("[htp]\nvendor = \"VENDOR\"\nKEYS", &[]),
        ("[two]\nvendor = \"canary\"\nproject_id = \"canary\"", &[("two.vendor", "VENDOR")]),
        ("[two]\nvendor = 2", &[("two.vendor", "text in quotes")]),
        ("[VENDOR]\nvendor = \"OTHER\"\nnobodys_key = \"canary\"", &[("VENDOR.vendor", "another vendor's")]),
    ];
    check_each("provider = \"one\"\n[one]\nvendor = \"VENDOR\"\nKEYS", &table)
}

#[test]
fn a_section_that_is_none_is_told() -> Outcome {
    check_each(
        "",
        &[
            ("provider = \"VENDOR\"\nOTHER = \"canary\"\nSECTION", &[("OTHER", "expected a section")]),
            ("provider = \"VENDOR\"\n[[OTHER]]\napi_secret = \"canary\"\nSECTION", &[("OTHER", "expected a section")]),
            ("provider = \"VENDOR\"\nhttp = \"canary\"\nSECTION", &[("http", "expected a section")]),
            ("provider = \"VENDOR\"\nVENDOR = true", &[("VENDOR", "expected a section"), ("provider", "expected the name of a section")]),
        ],
    )
}

/// A config with a section for each vendor, after these lines and before those.
fn with_all_sections(before: &str, after: &str) -> String {
    let sections: String = vendors::all().iter().map(|vendor| format!("[{}]\n{}", vendor.name, vendor.toml())).collect();
    format!("{before}\n{sections}{after}\n")
}

#[test]
fn a_route_to_a_vendor_without_the_method_is_told_with_those_that_have_it() -> Outcome {
    let has = |vendor: &Vendor, name: &str| vendor.offers.iter().any(|method| method.as_str() == name);
    for vendor in vendors::all() {
        for name in Method::names() {
            let text = with_all_sections(&format!("provider = \"{}\"", vendor.name), &format!("[route]\n{name} = \"{}\"", vendor.name));
            let expected: Vec<(String, String)> = match has(vendor, name) {
                true => Vec::new(),
                false => vec![(format!("route.{name}"), format!("{} does not have this method", vendor.name))],
            };
            assert_problems(&text, &expected)?;
            for able in vendors::all().into_iter().filter(|able| !expected.is_empty() && has(able, name)) {
                let found = problems(&Config::from_toml_str(&text)?);
                assert!(found[0].1.contains("expected one of") && found[0].1.contains(able.name), "{found:?}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_failover_that_can_never_take_over_is_told() -> Outcome {
    let sends = |vendor: &'static Vendor| vendor.offers.iter().filter(|method| method.credential_kind().is_none());
    for first in vendors::all() {
        for next in vendors::all() {
            let shares_one = first != next && sends(first).any(|method| next.offers.contains(method));
            let before = format!("provider = \"{}\"\nfailover = [\"{}\"]", first.name, next.name);
            let why = if first == next { "is the provider itself" } else { "can never take over" };
            let expected = (!shares_one).then(|| ("failover".to_owned(), format!("{} {why}", next.name)));
            assert_problems(&with_all_sections(&before, ""), expected.as_slice())?;
            // Where a method of it is routed elsewhere, even the provider itself may be asked next.
            for routed in vendors::all().into_iter().filter(|routed| *routed != next) {
                if let Some(method) = sends(routed).find(|method| next.offers.contains(method)) {
                    assert_problems(&with_all_sections(&before, &format!("[route]\n{} = \"{}\"", method.as_str(), routed.name)), &[])?;
                }
            }
        }
    }
    Ok(())
}

/// Each vendor that sends text messages, with each other one.
fn pairs_with_sms() -> Vec<(&'static Vendor, &'static Vendor)> {
    let able = || vendors::all().into_iter().filter(|vendor| vendor.offers.contains(&Method::SmsOtp));
    able().flat_map(|one| able().filter(move |other| *other != one).map(move |other| (one, other))).collect()
}

#[test]
fn a_mistake_in_a_route_by_calling_code_is_told_by_method_and_code() -> Outcome {
    let unable = vendors::all().into_iter().find(|vendor| !vendor.offers.contains(&Method::SmsOtp)).ok_or("a vendor without text messages")?;
    const FORM: &str = "or a table such as { \"+49\" = ";
    const CODE: &str = "+ and 1 to 7 digits, such as \"+49\"; or \"*\"";
    const PHONE: &str = "no calling codes";
    const TEXT: &str = "text in quotes";
    let table: &[Mistake] = &[
        ("sms_otp = 5", &[("route.sms_otp", FORM)]),
        ("sms_otp = [\"canary\"]", &[("route.sms_otp", FORM)]),
        ("whatsapp_otp = true", &[("route.whatsapp_otp", FORM)]),
        ("voice_otp = {}", &[("route.voice_otp", FORM)]),
        ("sms_otp = \"\"", &[("route.sms_otp", "is empty")]),
        ("sms_otp = { 49 = \"ABLE\" }", &[("route.sms_otp.49", CODE)]),
        ("sms_otp = { \"+\" = \"ABLE\" }", &[("route.sms_otp.+", CODE)]),
        ("sms_otp = { \"+12345678\" = \"ABLE\" }", &[("route.sms_otp.+12345678", CODE)]),
        ("sms_otp = { \"+4 9\" = \"ABLE\" }", &[("route.sms_otp.+4 9", CODE)]),
        ("sms_otp = { \"**\" = \"ABLE\" }", &[("route.sms_otp.**", CODE)]),
        ("sms_otp = { \"\" = \"ABLE\" }", &[("route.sms_otp.", CODE)]),
        ("sms_otp = { \"+49\" = 5 }", &[("route.sms_otp.+49", TEXT)]),
        ("sms_otp = { \"+49\" = { \"*\" = \"ABLE\" } }", &[("route.sms_otp.+49", TEXT)]),
        ("sms_otp = { \"*\" = \" \" }", &[("route.sms_otp.*", "is empty")]),
        ("sms_otp = { \"+49\" = \"TYPO\" }", &[("route.sms_otp.+49", "did you mean ABLE?")]),
        ("sms_otp = { \"*\" = \"canary\" }", &[("route.sms_otp.*", "expected the name of a section: ")]),
        ("sms_otp = { \"+49\" = \"UNABLE\" }", &[("route.sms_otp.+49", "UNABLE does not have this method; expected one of ")]),
        ("email_otp = { \"*\" = \"ABLE\" }", &[("route.email_otp", PHONE)]),
        ("email_link = {}", &[("route.email_link", PHONE)]),
        ("email_otp = 5", &[("route.email_otp", TEXT)]),
        ("credential = { \"+49\" = \"UNABLE\" }", &[("route.credential", PHONE)]),
        (
            "sms_otp = { \"49\" = \"canary\", \"+1\" = \"UNABLE\", \"*\" = 5, \"+64\" = \"ABLE\" }\nemail_otp = { \"+49\" = 5 }",
            &[
                ("route.email_otp", PHONE),
                ("route.sms_otp.*", TEXT),
                ("route.sms_otp.+1", "does not have this method"),
                ("route.sms_otp.49", CODE),
                ("route.sms_otp.49", "expected the name of a section"),
            ],
        ),
        ("sms_otp = { \"+49\" = \"ABLE\" }", &[]),
        ("sms_otp = { \"*\" = \"ABLE\" }", &[]),
        ("sms_otp = { \"+1684\" = \"ABLE\", \"+1\" = \"OTHER\", \"*\" = \"ABLE\" }", &[]),
    ];
    for (able, other) in pairs_with_sms() {
        let typo = &able.name[..able.name.len() - 1];
        let fill = |text: &str| text.replace("UNABLE", unable.name).replace("ABLE", able.name).replace("TYPO", typo).replace("OTHER", other.name);
        for (lines, expected) in table {
            let expected: Vec<(String, String)> = expected.iter().map(|(key, words)| ((*key).to_owned(), fill(words))).collect();
            assert_problems(&with_all_sections(&format!("provider = \"{}\"", able.name), &format!("[route]\n{}", fill(lines))), &expected)?;
        }
    }
    Ok(())
}

#[test]
fn all_routes_of_a_method_count_for_who_can_take_over() -> Outcome {
    for (one, other) in pairs_with_sms() {
        let shared = one.offers.iter().filter(|method| other.offers.contains(method) && method.credential_kind().is_none());
        let elsewhere: String = shared.filter(|method| **method != Method::SmsOtp).map(|method| format!("{} = \"ONE\"\n", method.as_str())).collect();
        for (provider, failover, sms, can) in [
            ("ONE", "ONE", "{ \"+49\" = \"OTHER\" }", true),
            ("ONE", "ONE", "{ \"+49\" = \"ONE\", \"*\" = \"OTHER\" }", true),
            ("ONE", "ONE", "{ \"+49\" = \"OTHER\", \"*\" = \"ONE\" }", true),
            ("ONE", "ONE", "{ \"+49\" = \"ONE\" }", false),
            ("ONE", "OTHER", "{ \"+49\" = \"OTHER\" }", true),
            ("OTHER", "ONE", "{ \"+49\" = \"ONE\" }", true),
            ("OTHER", "ONE", "{ \"+49\" = \"ONE\", \"*\" = \"ONE\" }", false),
            ("OTHER", "ONE", "{ \"+49\" = \"ONE\", \"+64\" = \"OTHER\", \"*\" = \"ONE\" }", true),
        ] {
            let fill = |text: &str| text.replace("ONE", one.name).replace("OTHER", other.name);
            let before = fill(&format!("provider = \"{provider}\"\nfailover = [\"{failover}\"]"));
            let text = with_all_sections(&before, &fill(&format!("[route]\n{elsewhere}sms_otp = {sms}")));
            let why = if provider == failover { "is the provider itself" } else { "can never take over" };
            let expected = (!can).then(|| ("failover".to_owned(), why.to_owned()));
            assert_problems(&text, expected.as_slice())?;
        }
    }
    Ok(())
}

/// What `problems` tells, where it ends at all.
fn problems_in_time(config: Config) -> Vec<(String, String)> {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(problems(&config)));
    receiver.recv_timeout(std::time::Duration::from_secs(60)).expect("a config is read without waiting for anybody")
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_of_fair_length_is_told_and_not_waited_for() -> Outcome {
    let folder = Folder::new()?;
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status()?.success());
    let long = folder.write("long", &"a".repeat((4 << 20) + 1))?;
    let files =
        [(pipe, "not a regular file"), ("/dev/zero".into(), "not a regular file"), (folder.path().to_owned(), "not a regular file"), (long, "longer than")];
    for vendor in vendors::all() {
        let key = vendor.section.secrets[0];
        let mut rest = (vendor.section.credentials)();
        rest.as_object_mut().map(|rest| rest.remove(key));
        for (file, words) in &files {
            let file = file.display();
            let text = format!("provider = \"{0}\"\n[{0}]\n{key}_file = '{file}'\n{1}[http]\nca_file = '{file}'\n", vendor.name, vendors::toml(&rest));
            let found = problems_in_time(Config::from_toml_str(&text)?);
            let keys: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
            let mut expected = [format!("{}.{key}_file", vendor.name), "http.ca_file".to_owned()];
            expected.sort();
            assert_eq!(keys, expected, "{file}: {found:?}");
            assert!(found.iter().all(|(_, message)| message.contains("cannot be read") && message.contains(words)), "{file}: {found:?}");
        }
    }
    Ok(())
}

#[test]
fn all_mistakes_of_a_config_come_at_once() -> Outcome {
    let mut text = "provider = \"nobody\"\nextra = 1\n".to_owned();
    let mut expected: Vec<String> = ["extra", "http.ca_fil", "http.connect_timeout", "http.timeout", "provider"].map(str::to_owned).into();
    for vendor in vendors::all() {
        let (lines, told) = vendor.section.mistakes[0];
        text += &format!("[{0}]\n{lines}\n[{0}-two]\nvendor = \"{0}\"\n", vendor.name);
        expected.extend(told.iter().map(|(key, _)| (*key).to_owned()));
        expected.extend(vendor.section.required.iter().map(|key| format!("{}-two.{key}", vendor.name)));
    }
    text += "[http]\ntimeout = \"0s\"\nconnect_timeout = \"canary\"\nca_fil = \"canary\"\n";
    expected.sort();
    assert_eq!(bad_keys(&Config::from_toml_str(&text)?), expected);
    Ok(())
}

#[test]
fn certificates_that_cannot_be_used_are_told_by_key() -> Outcome {
    let folder = Folder::new()?;
    folder.write("empty.pem", "")?;
    folder.write("none.pem", "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n")?;
    for vendor in vendors::all() {
        for file in ["missing.pem", "empty.pem", "none.pem"] {
            let text = format!("provider = \"{0}\"\n[{0}]\n{1}[http]\nca_file = \"{file}\"\n", vendor.name, vendor.toml());
            let config = Config::from_toml_file(folder.write("auth.toml", &text)?)?;
            assert_eq!(config.problems().first().and_then(|problem| problem.key()), Some("http.ca_file"), "{file}");
            let error = config.build().expect_err("there are no certificates");
            assert_eq!(error.kind(), ErrorKind::Config, "{file}");
            assert!(error.to_string().contains("http.ca_file"), "{file}: {error}");
            if file != "missing.pem" {
                assert_eq!(config.with_http(client()).problems(), [], "nothing is trusted by it");
            }
        }
    }
    Ok(())
}

#[test]
fn a_secret_file_with_anything_but_one_secret_is_told() -> Outcome {
    let folder = Folder::new()?;
    for vendor in vendors::all() {
        let key = vendor.section.secrets[0];
        let (mut rest, value) = ((vendor.section.credentials)(), (vendor.section.canaries)()[key].as_str().unwrap_or_default().to_owned());
        rest.as_object_mut().map(|rest| rest.remove(key));
        let text = format!("provider = \"{0}\"\n[{0}]\n{key}_file = \"key\"\n{1}", vendor.name, vendors::toml(&rest));
        let config = || Config::from_toml_file(folder.write("auth.toml", &text).expect("a file")).expect("TOML");
        for (content, words) in [
            (String::new(), "is empty"),
            ("\n".to_owned(), "is empty"),
            (" \r\n".to_owned(), "is empty"),
            (format!("{value}\n\n"), "white space"),
            (format!("{value}\n{value}\n"), "control"),
            (format!(" {value}"), "white space"),
            ("\u{feff}".to_owned(), "is empty"),
            ("a".repeat((64 << 10) + 1), "longer than 65536 bytes"),
        ] {
            folder.write("key", &content)?;
            let found = problems(&config());
            assert_eq!(found.len(), 1, "{content:?}: {found:?}");
            assert!(found[0].0 == format!("{}.{key}_file", vendor.name) && found[0].1.contains(words), "{content:?}: {found:?}");
        }
        fs::write(folder.path().join("key"), [value.as_bytes(), b"\xff"].concat())?;
        let found = problems(&config());
        assert!(found.len() == 1 && found[0].1.contains("cannot be read"), "{found:?}");
    }
    Ok(())
}

#[test]
fn the_misspelt_one_of_a_name_and_its_section_is_told_and_not_the_right_one() {
    for vendor in vendors::all() {
        let name = vendor.name;
        let typo = format!("{}{}", &name[..2], &name[3..]);
        let config = Config::from_toml_str(&format!("provider = \"{name}\"\n[{typo}]\n{}", vendor.toml())).expect("a config");
        let told: Vec<String> = config.problems().iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|problem| problem.contains(&format!("did you mean the section {name}?"))), "{told:?}");
        assert!(!told.iter().any(|problem| problem.contains(&format!("did you mean {typo}?"))), "{told:?}");

        let config = Config::from_toml_str(&format!("provider = \"mine\"\n[mine]\nvendor = \"{typo}\"\n{}", vendor.toml())).expect("a config");
        let told: Vec<String> = config.problems().iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|problem| problem.contains(&format!("did you mean {name}?"))), "{told:?}");
    }
}

#[test]
fn a_secret_in_the_place_of_a_name_is_not_told() -> Outcome {
    let secrets = ["corbado1_canary", "canary-0123456789abcdef012345", "eyJhbGciOiJFZERTQSJ9.canary-canary-canary-canary"];
    for secret in secrets {
        let texts = [
            format!("provider = \"corbado\"\n\"{secret}\" = true"),
            format!("provider = \"corbado\"\n[corbado]\n\"{secret}\" = true"),
            format!("provider = \"{secret}\"\n[\"{secret}\"]\nvendor = \"corbado\"\nproject_id = \"pro-1\"\napi_secret = \"corbado1_x\""),
            format!("provider = \"corbado\"\nfailover = [\"{secret}\"]\n[\"{secret}\"]\nvendor = \"nobody\""),
            format!("provider = \"other\"\n[route.sms_otp]\n\"{secret}\" = \"other\"\n[route]\n\"{secret}\" = \"{secret}\""),
            format!("provider = \"{secret}\"\n[http]\n\"{secret}\" = 1\n[guard.\"{secret}\"]"),
        ];
        for text in texts {
            let Ok(config) = Config::from_toml_str(&text) else { continue };
            let problems = config.problems();
            assert!(!problems.is_empty(), "{text}");
            let told = format!("{problems:?} {config:?} {:?} {}", config.build().err(), problems.iter().map(ToString::to_string).collect::<String>());
            assert!(!told.contains("canary"), "{told}");
        }
    }
    let named = Config::from_toml_str("[\"corbado1_canary\"]\nvendor = \"corbado\"")?;
    let problems: Vec<String> = named.problems().iter().map(ToString::to_string).collect();
    assert!(problems.iter().any(|problem| problem.starts_with("<a key>: looks like a secret")), "{problems:?}");
    for name in ["authsignal-staging-eu-central-1", "corbado_2026_11_29_blue", "a-name-of-many-words-that-says-where-and-what-for-it-is"] {
        let text = format!("provider = \"{name}\"\n[\"{name}\"]\nvendor = \"corbado\"\nproject_id = \"pro-1\"\napi_secret = \"corbado1_x\"");
        assert_eq!(Config::from_toml_str(&text)?.problems(), [], "{name}");
    }
    // The longest names of ours, misspelt, are told.
    let misspelt = Config::from_toml_str("[guard]\nunverified_calling_codes_per_ipp = 1")?;
    assert!(misspelt.problems().iter().any(|problem| problem.key() == Some("guard.unverified_calling_codes_per_ipp")));
    Ok(())
}
