//! The README's commands of the command line do what it says, line by line.

use std::{
    collections::BTreeSet,
    env, fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use auth_challenge::{ChallengeProviderExt as _, ChallengeRequest, ClientContext, Config, Vendor};

use crate::support::{config::Folder, markdown};

/// A key as `openssl genpkey -algorithm ed25519` writes it, which the machine need not have.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";

/// The doubles, until it is dropped.
struct Doubles(Child);

impl Doubles {
    /// Starts them as a line of the README does, and waits until they are there.
    fn start(line: &str, folder: &Path) -> Self {
        let arguments = line.split('#').next().unwrap_or_default().split_whitespace().skip(1);
        let mut command = Command::new(env!("CARGO_BIN_EXE_auth-challenge"));
        let mut child = command.args(arguments).current_dir(folder).stdout(Stdio::piped()).spawn().expect("the doubles");
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().expect("its output")).read_line(&mut first).expect("the first line");
        Self(child)
    }
}

impl Drop for Doubles {
    fn drop(&mut self) {
        // Gone already where the test failed before.
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[test]
fn every_vendor_is_asked_by_the_commands_of_the_readme() {
    let blocks = markdown::blocks(&markdown::text_of("README.md"), "sh");
    let block = blocks.iter().find(|block| block.contains("auth-challenge create")).expect("commands");
    let (first, rest) = block.split_once('\n').expect("lines");
    let folder = Folder::new().expect("a folder");
    let _doubles = Doubles::start(first, folder.path());
    fs::write(folder.path().join("key.pem"), KEY).expect("a key");
    let script: String = rest.lines().filter(|line| !line.starts_with("openssl ")).map(|line| format!("{line}\n")).collect();

    let beside = Path::new(env!("CARGO_BIN_EXE_auth-challenge")).parent().expect("a folder");
    let path = env::join_paths([beside.to_owned()].into_iter().chain(env::split_paths(&env::var_os("PATH").unwrap_or_default()))).expect("a path");
    let output = Command::new("sh").args(["-e", "-c", &script]).env("PATH", path).current_dir(folder.path()).output().expect("a shell");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let expected = script.matches("auth-challenge verify ").count();
    assert_eq!((said.matches("\"outcome\":\"verified\"").count(), expected), (4, 4), "{said}");
}

#[test]
fn the_crate_of_the_readme_has_every_vendor_that_the_config_of_the_doubles_names() {
    let readme = markdown::text_of("README.md");
    let lines: String = markdown::blocks(&readme, "sh").concat();
    let line = |start: &str| lines.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no line {start}"));
    let folder = Folder::new().expect("a folder");
    let _doubles = Doubles::start(line("auth-challenge doubles --write-config auth.toml"), folder.path());
    let written: toml::Table = fs::read_to_string(folder.path().join("auth.toml")).expect("a config").parse().expect("TOML");
    let named: BTreeSet<&str> = Vendor::all().iter().map(Vendor::name).filter(|name| written.contains_key(*name)).collect();

    let manifest: toml::Table = markdown::text_of("Cargo.toml").parse().expect("TOML");
    let on_by_default = manifest["features"]["default"].as_array().expect("a list").iter().filter_map(toml::Value::as_str);
    let added = line("cargo add auth-challenge ").split('#').next().and_then(|line| line.split("--features ").nth(1)).unwrap_or_default();
    let has: BTreeSet<&str> = on_by_default.chain(added.trim().split(',')).collect();
    assert!(named.contains("twilio") && named.is_subset(&has), "{named:?} are named, but there are {has:?}");
}

#[test]
fn the_first_program_of_the_readme_runs_on_the_config_that_the_doubles_write() {
    let readme = markdown::text_of("README.md");
    let lines: String = markdown::blocks(&readme, "sh").concat();
    let line = lines.lines().find(|line| line.starts_with("auth-challenge doubles --write-config auth.toml")).expect("a command");
    let folder = Folder::new().expect("a folder");
    let _doubles = Doubles::start(line, folder.path());
    let config = Config::from_toml_file(folder.path().join("auth.toml")).expect("a config");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let auth = config.build().expect("a provider");
        let client = ClientContext::new([203, 0, 113, 7]).with_user_agent("Mozilla/5.0");
        auth.create(&ChallengeRequest::email_otp("new@doe.com").with_action("login").with_client(client)).await.expect("a challenge of somebody new");
    });
}
