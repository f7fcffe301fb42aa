//! Every program in the README is compiled and run against the doubles, as it stands there.

use std::{collections::BTreeSet, fs, path::Path, process::Stdio};

use auth_challenge::testing::{AuthsignalDouble, CorbadoDouble};
use tokio::{io::AsyncWriteExt as _, process::Command};

use crate::support::{config::Folder, markdown};

mod login {
    include!("../readme/login.rs");

    /// For a process of its own, in the folder of its config.
    #[test]
    fn as_a_program() {
        if crate::support::config::asked().is_some() {
            main().expect("the program ends well");
        }
    }
}

mod test {
    include!("../readme/test.rs");
}

/// What a program prints in a folder, where this is typed.
async fn said(program: &str, folder: &Path, typed: &str) -> String {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["--exact", &format!("readme_programs::{program}::as_a_program"), "--nocapture"])
        .current_dir(folder)
        .env("AUTH_CHALLENGE_TEST_CHILD", program);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a process");
    let mut keyboard = child.stdin.take().expect("standard input");
    // A program that does not read it may be gone already.
    let _ = keyboard.write_all(typed.as_bytes()).await;
    drop(keyboard);
    let output = child.wait_with_output().await.expect("the program ends");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("1 passed"), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// The sentences of these that a text has, in its order.
fn sentences(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.ends_with(['.', '?']) && !line.starts_with("test ")).collect()
}

const ASKS: &str = "A code is on its way to jane@doe.com. What is it?";

#[tokio::test]
async fn the_first_program_lets_in_who_types_the_code() {
    let corbado = CorbadoDouble::builder().with_code("424242").start().await.expect("a double");
    let folder = Folder::new().expect("a folder");
    folder.write("auth.toml", &format!("provider = \"corbado\"\n{}", corbado.sign_up_section())).expect("a config");
    let text = said("login", folder.path(), "000000\n424 242\n").await;
    assert_eq!(sentences(&text), [ASKS, "That code is not right. Please try again.", "Welcome, jane@doe.com."]);
    corbado.violations().assert_none();
}

#[tokio::test]
async fn the_first_program_runs_on_at_another_vendor_by_one_line_of_its_config() {
    let corbado = CorbadoDouble::builder().start().await.expect("a double");
    let authsignal = AuthsignalDouble::builder().with_code("424242").start().await.expect("a double");
    let folder = Folder::new().expect("a folder");
    folder.write("auth.toml", &format!("provider = \"authsignal\"\n{}{}", corbado.sign_up_section(), authsignal.config_section())).expect("a config");
    let text = said("login", folder.path(), "424242\n").await;
    assert_eq!(sentences(&text), [ASKS, "Welcome, jane@doe.com."]);
    assert_eq!((corbado.outbox().len(), authsignal.outbox().len()), (0, 1));
    authsignal.violations().assert_none();
}

#[test]
fn the_readmes_programs_are_these() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readme");
    let files = fs::read_dir(folder).expect("the programs").map(|entry| fs::read_to_string(entry.expect("a program").path()).expect("text"));
    let (files, blocks): (BTreeSet<String>, BTreeSet<String>) =
        (files.collect(), markdown::blocks(&markdown::text_of("README.md"), "rust").into_iter().collect());
    assert!(!blocks.is_empty(), "the README has programs");
    for block in &blocks {
        assert!(files.contains(block), "no file in tests/readme is this program of the README, to the letter:\n{block}");
    }
    for file in &files {
        assert!(blocks.contains(file), "this program of tests/readme is not in the README, to the letter:\n{file}");
    }
}
