//! The doubles that the page shows: the program itself, on ports that stay the same across a restart.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::{Failed, free_port, until};

/// A person whose code is markup.
pub const MARKUP: (&str, &str) = ("mallory@doe.com", "<video>7</video>");
/// Markup that would run.
pub const ATTACK: &str = "<img src=x onerror=window.attacked=1>";

/// Running doubles, which end with this.
pub struct Doubles {
    program: PathBuf,
    folder: TempDir,
    ports: Vec<(&'static str, u16)>,
    process: Child,
    client: Client,
}

impl Doubles {
    pub async fn start(program: &Path) -> Result<Self, Failed> {
        let (folder, mut ports) = (tempfile::tempdir()?, Vec::new());
        for name in ["--control", "--corbado", "--authsignal", "--dfns", "--twilio"] {
            ports.push((name, free_port().await?));
        }
        let process = spawn(program, folder.path(), &ports)?;
        let doubles = Self { program: program.to_owned(), folder, ports, process, client: Client::new() };
        doubles.ready().await?;
        Ok(doubles)
    }

    /// Ends the program as a machine does that is switched off.
    pub async fn stop(&mut self) -> Result<(), Failed> {
        Ok(self.process.kill().await?)
    }

    pub async fn start_again(&mut self) -> Result<(), Failed> {
        self.process = spawn(&self.program, self.folder.path(), &self.ports)?;
        self.ready().await
    }

    /// Where the page is.
    pub fn url(&self) -> String {
        self.at("--control")
    }

    fn at(&self, name: &str) -> String {
        let port = self.ports.iter().find(|(known, _)| *known == name).map_or(0, |(_, port)| *port);
        format!("http://127.0.0.1:{port}")
    }

    async fn ready(&self) -> Result<(), Failed> {
        until("the doubles are ready", async || Ok(self.client.get(self.url() + "/readyz").send().await.is_ok_and(|reply| reply.status().is_success()))).await
    }

    /// Challenges a person from outside of the page; gives the code.
    pub async fn challenge(&self, provider: &str, to: &str) -> Result<String, Failed> {
        let sample = json!({ "provider": provider, "to": to });
        self.client.post(self.url() + "/sample").json(&sample).send().await?.error_for_status()?;
        let outbox: Value = self.client.get(format!("{}/outbox?to={to}&wait_s=30", self.url())).send().await?.json().await?;
        Ok(outbox.as_array().and_then(|all| all.last()).and_then(|last| last["code"].as_str()).ok_or("no message")?.to_owned())
    }

    /// Sends what no vendor takes.
    pub async fn send_markup(&self) -> Result<(), Failed> {
        let request = self.client.post(self.at("--authsignal") + "/v1/challenge?a=<script>window.attacked=1</script>");
        let request = request.header("x-markup", ATTACK).basic_auth("as_secret", Some(""));
        request.json(&json!({ "action": ATTACK, "verificationMethod": "<script>window.attacked=1</script>" })).send().await?;
        Ok(())
    }
}

fn spawn(program: &Path, folder: &Path, ports: &[(&str, u16)]) -> Result<Child, Failed> {
    let mut command = Command::new(program);
    command.arg("doubles").arg("--state").arg(folder.join("state.json")).arg("--code-for").arg(format!("{}={}", MARKUP.0, MARKUP.1));
    for (name, port) in ports {
        command.arg(name).arg(port.to_string());
    }
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    Ok(command.spawn().map_err(|error| format!("{}: {error}", program.display()))?)
}
