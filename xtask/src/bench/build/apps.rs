//! The applications that are built, each of which makes the call it is there for, so that the linker leaves nothing of it out.

use std::{fs, path::Path};

use serde::Deserialize;

use crate::{
    Done,
    bench::crates,
    run::{cargo, output},
};

pub(super) const REQWEST_AS_HERE: &str = "reqwest, with the features that this crate needs";
pub(super) const DEFAULT: &str = "this crate, as it is by default";

/// The sources of an application.
pub(super) struct Source {
    pub(super) name: String,
    dependencies: String,
    build: Option<&'static str>,
    main: String,
}

impl Source {
    /// Writes the application, with the versions of a lock file.
    pub(super) fn write(&self, folder: &Path, lock: &Path) -> Done<()> {
        _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder.join("src"))?;
        fs::copy(lock, folder.join("Cargo.lock"))?;
        let head = "[package]\nname = \"app\"\nedition = \"2024\"\n\n[workspace]\n\n[profile.release]\nstrip = true\n\n";
        fs::write(folder.join("Cargo.toml"), format!("{head}{}", self.dependencies))?;
        fs::write(folder.join("src/main.rs"), &self.main)?;
        if let Some(build) = self.build {
            fs::write(folder.join("build.rs"), build)?;
            fs::write(folder.join("api.json"), include_str!("api.json"))?;
        }
        Ok(())
    }
}

/// Lists them: reqwest alone, a generated client beside it, this crate with each vendor and with several.
pub(super) fn all(root: &Path) -> Done<Vec<Source>> {
    let needs = Needs::read(root)?;
    let common = format!("[dependencies]\n{}{}{}", needs.line("serde", None, &["derive"])?, needs.line("serde_json", None, &[])?, needs.tokio()?);
    let by_reqwest = include_str!("by_reqwest.rs");
    let of_reqwest = needs.find("reqwest", None)?;
    let as_here: Vec<&str> = of_reqwest.features.iter().map(String::as_str).chain(["rustls"]).collect();

    let mut apps = vec![
        Source {
            name: "reqwest".to_owned(),
            dependencies: format!("{common}{}", needs.line("reqwest", None, &["json", "rustls"])?),
            build: None,
            main: by_reqwest.to_owned(),
        },
        Source {
            name: REQWEST_AS_HERE.to_owned(),
            dependencies: format!("{common}{}", needs.line("reqwest", None, &as_here)?),
            build: None,
            main: by_reqwest.to_owned(),
        },
        Source {
            name: "reqwest and a client by progenitor".to_owned(),
            dependencies: format!(
                "{common}{}{}\n[build-dependencies]\n{}{}{}{}",
                needs.line("reqwest", None, &as_here)?,
                needs.line("progenitor-client", None, &[])?,
                needs.line("progenitor", Some("build"), &[])?,
                needs.line("prettyplease", Some("build"), &[])?,
                needs.line("syn", Some("build"), &["full", "parsing"])?,
                needs.line("serde_json", Some("build"), &[])?,
            ),
            build: Some(include_str!("generate.rs")),
            main: include_str!("by_progenitor.rs").to_owned(),
        },
    ];
    let this = |name: String, features: &str, request: &str| Source {
        name,
        dependencies: format!("{common}auth-challenge = {{ path = \"../crate\", {features} }}\n"),
        build: None,
        main: include_str!("by_this.rs").replace("REQUEST", request),
    };
    let by_email = "ChallengeRequest::email_otp(to)";
    for vendor in crates::vendors(root)? {
        let request = match vendor.as_str() {
            "dfns" => "ChallengeRequest::credential(auth_challenge::CredentialKind::Fido2, to)",
            _ => by_email,
        };
        apps.push(this(format!("this crate, {vendor} alone"), &format!("default-features = false, features = [\"{vendor}\", \"rustls\"]"), request));
    }
    apps.push(this(DEFAULT.to_owned(), "features = []", by_email));
    apps.push(this("this crate, by default and twilio".to_owned(), "features = [\"twilio\"]", by_email));
    Ok(apps)
}

/// What this crate itself needs, whose versions are those of the applications.
struct Needs(Vec<Need>);

#[derive(Deserialize)]
struct Need {
    name: String,
    req: String,
    kind: Option<String>,
    features: Vec<String>,
    uses_default_features: bool,
}

impl Needs {
    fn read(root: &Path) -> Done<Self> {
        #[derive(Deserialize)]
        struct Metadata {
            packages: Vec<Package>,
        }
        #[derive(Deserialize)]
        struct Package {
            dependencies: Vec<Need>,
        }
        let said = output(&mut cargo(root, &["metadata", "--no-deps", "--locked", "--offline", "--format-version", "1"]))?;
        let metadata: Metadata = serde_json::from_str(&said)?;
        Ok(Self(metadata.packages.into_iter().flat_map(|package| package.dependencies).collect()))
    }

    fn find(&self, name: &str, kind: Option<&str>) -> Done<&Need> {
        let found = self.0.iter().find(|need| need.name == name && need.kind.as_deref() == kind);
        found.ok_or_else(|| format!("the crate does not depend on {name}").into())
    }

    /// Writes a dependency as the crate has it, but for its features.
    fn line(&self, name: &str, kind: Option<&str>, features: &[&str]) -> Done<String> {
        let need = self.find(name, kind)?;
        Ok(format!("{name} = {{ version = \"{}\", default-features = {}, features = {features:?} }}\n", need.req, need.uses_default_features))
    }

    fn tokio(&self) -> Done<String> {
        self.line("tokio", None, &["macros", "rt-multi-thread"])
    }
}
