//! Configs from environment variables: where asked, and only there.

use auth_challenge::Config;

use crate::support::{
    self,
    config::{Folder, Outcome, asked, bad_keys, in_child, problems},
    vendors::{self, Vendor},
};

/// All the variables of all vendors.
fn all_variables() -> Vec<(&'static str, &'static str)> {
    vendors::all().into_iter().flat_map(|vendor| vendor.section.variables).map(|variable| (variable.name, variable.value)).collect()
}

#[test]
fn a_secret_is_taken_from_the_environment_where_the_config_says_so() -> Outcome {
    const NAME: &str = "environment::a_secret_is_taken_from_the_environment_where_the_config_says_so";
    let Some(name) = asked() else {
        for vendor in vendors::all() {
            let secret = vendor.credential(vendor.section.secrets[0]);
            in_child(NAME, vendor.name, &[("TEST_SECRET", &secret), ("TEST_EMPTY", " ")])?;
        }
        return Ok(());
    };
    let vendor = vendors::get(&name);
    let key = vendor.section.secrets[0];
    let config = |variable: &str, url: &str| {
        let mut section = (vendor.section.credentials)();
        section.as_object_mut().map(|section| section.remove(key));
        section[format!("{key}_env")] = variable.into();
        Config::from_toml_str(&format!("provider = \"{name}\"\n[{name}]\nbase_url = \"{url}\"\n{}", vendors::toml(&section)))
    };
    assert_eq!(problems(&config("TEST_EMPTY", "https://vendor.example")?), [(format!("{name}.{key}_env"), "is empty".to_owned())]);
    tokio::runtime::Runtime::new()?.block_on(async {
        use auth_challenge::ChallengeProviderExt as _;
        let server = support::Server::answering(200, &[], &vendor.created().to_string()).await;
        config("TEST_SECRET", &format!("http://{}", server.address))?.build()?.create(&vendor.request()).await?;
        assert_eq!(server.only_request().header("authorization"), vendor.creation().sent.authorization);
        Ok(())
    })
}

/// Fails where the config from the environment has another vendor than this one, or it is elsewhere.
fn assert_is_alone(vendor: &Vendor) -> Outcome {
    let config = Config::from_env();
    assert_eq!(problems(&config), []);
    assert_eq!(format!("{config:?}"), format!("Config {{ sections: [\"{}\"], providers: [], .. }}", vendor.name));
    let shown = format!("{:?}", config.build()?);
    assert!(shown.contains(&format!("base_url: \"{}\"", vendor.section.server_of_variables)), "{shown}");
    for other in vendors::all().into_iter().filter(|other| *other != vendor) {
        assert!(!shown.contains(other.section.server_of_variables), "{shown}");
    }
    Ok(())
}

#[test]
fn a_config_from_the_environment_has_the_vendors_whose_variables_are_set() -> Outcome {
    const NAME: &str = "environment::a_config_from_the_environment_has_the_vendors_whose_variables_are_set";
    match asked().as_deref() {
        None => {
            for vendor in vendors::all() {
                let variables: Vec<_> = vendor.section.variables.iter().map(|variable| (variable.name, variable.value)).collect();
                in_child(NAME, vendor.name, &[&[("AUTH_CHALLENGE_PROVIDER", vendor.name)], &variables[..]].concat())?;
            }
            in_child(NAME, "all", &[&[("AUTH_CHALLENGE_PROVIDER", vendors::all()[0].name)], &all_variables()[..]].concat())
        }
        Some("all") => {
            let config = Config::from_env();
            assert_eq!(problems(&config), []);
            let mut names: Vec<&str> = vendors::all().iter().map(|vendor| vendor.name).collect();
            names.sort_unstable();
            assert_eq!(format!("{config:?}"), format!("Config {{ sections: {names:?}, providers: [], .. }}"));
            let shown = format!("{:?}", config.build()?);
            for vendor in vendors::all() {
                assert!(shown.contains(&format!("base_url: \"{}\"", vendor.section.server_of_variables)), "{shown}");
            }
            Ok(())
        }
        Some(name) => assert_is_alone(vendors::get(name)),
    }
}

#[test]
fn a_secret_of_the_environment_may_stand_in_a_file() -> Outcome {
    const NAME: &str = "environment::a_secret_of_the_environment_may_stand_in_a_file";
    if let Some(name) = asked() {
        return assert_is_alone(vendors::get(&name));
    }
    for vendor in vendors::all() {
        let folder = Folder::new()?;
        let mut variables = vec![("AUTH_CHALLENGE_PROVIDER".to_owned(), vendor.name.to_owned())];
        for variable in vendor.section.variables {
            variables.push(match variable.is_secret {
                true => {
                    let file = folder.write(variable.name, &format!("{}\n", variable.value))?;
                    (format!("{}_FILE", variable.name), file.to_str().ok_or("the folder's name is text")?.to_owned())
                }
                false => (variable.name.to_owned(), variable.value.to_owned()),
            });
        }
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        in_child(NAME, vendor.name, &variables)?;
    }
    Ok(())
}

#[test]
fn mistakes_in_the_environment_are_told_by_the_keys_they_stand_for() -> Outcome {
    const NAME: &str = "environment::mistakes_in_the_environment_are_told_by_the_keys_they_stand_for";
    if asked().is_none() {
        let variables: Vec<_> = vendors::all().iter().flat_map(|vendor| vendor.section.bad_variables.0).copied().collect();
        return in_child(NAME, "mistakes", &variables);
    }
    let mut expected: Vec<&str> = vendors::all().iter().flat_map(|vendor| vendor.section.bad_variables.1).copied().chain(["provider"]).collect();
    expected.sort_unstable();
    assert_eq!(bad_keys(&Config::from_env()), expected);
    Ok(())
}

#[test]
fn an_empty_variable_is_as_good_as_none() -> Outcome {
    const NAME: &str = "environment::an_empty_variable_is_as_good_as_none";
    match asked().as_deref() {
        None => {
            let all: Vec<String> = vendors::all()
                .into_iter()
                .flat_map(|vendor| vendor.section.variables)
                .flat_map(|of| [of.name.to_owned(), format!("{}_FILE", of.name)])
                .collect();
            let empty: Vec<(&str, &str)> = all.iter().map(|name| (name.as_str(), "")).chain([("AUTH_CHALLENGE_PROVIDER", "")]).collect();
            in_child(NAME, "nobody", &empty)?;
            // Those of all vendors but one, and the file beside each secret of that one.
            for vendor in vendors::all() {
                let own = vendor.section.variables.iter().map(|variable| (variable.name, variable.value));
                let set: Vec<(&str, &str)> = empty.iter().copied().chain(own).chain([("AUTH_CHALLENGE_PROVIDER", vendor.name)]).collect();
                in_child(NAME, vendor.name, &set)?;
            }
            Ok(())
        }
        Some("nobody") => {
            let config = Config::from_env();
            assert_eq!(problems(&config), [("provider".to_owned(), "is required".to_owned())]);
            assert_eq!(format!("{config:?}"), "Config { sections: [], providers: [], .. }");
            Ok(())
        }
        Some(name) => assert_is_alone(vendors::get(name)),
    }
}

#[test]
fn nothing_is_taken_from_the_environment_unless_asked() -> Outcome {
    const NAME: &str = "environment::nothing_is_taken_from_the_environment_unless_asked";
    if asked().is_none() {
        return in_child(NAME, "nothing", &[&[("AUTH_CHALLENGE_PROVIDER", vendors::all()[0].name)], &all_variables()[..]].concat());
    }
    for vendor in vendors::all() {
        let mut expected: Vec<String> = vendor.section.required.iter().map(|key| format!("{}.{key}", vendor.name)).chain(["provider".to_owned()]).collect();
        expected.sort();
        assert_eq!(bad_keys(&Config::from_toml_str(&format!("[{}]\n", vendor.name))?), expected);
    }
    Ok(())
}
