//! The doubles that the page shows: the program itself, on ports that stay the same across a restart.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use auth_challenge_browser::{Failed, free_port, until};
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    process::{Child, Command},
    time::timeout,
};

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

    /// Tells the first who asks for events at the control port that it is busy, while the doubles do not run.
    pub async fn answer_busy(&self) -> Result<(), Failed> {
        let port = TcpListener::bind(self.url().trim_start_matches("http://")).await?;
        let mut request = [0; 4096];
        loop {
            let (mut stream, _) = port.accept().await?;
            // A browser opens connections in advance, too.
            let Ok(length) = timeout(Duration::from_secs(1), stream.read(&mut request)).await else { continue };
            let length = length?;
            stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await?;
            if request[..length].starts_with(b"GET /events") {
                return Ok(());
            }
        }
    }

    /// Lets the clock run from three seconds before a challenge ends.
    pub async fn advance_to_the_end_of(&self, to: &str) -> Result<(), Failed> {
        let told = |path: &str| self.client.get(self.url() + path).send();
        let challenges: Value = told("/challenges").await?.json().await?;
        let clock: Value = told("/clock").await?.json().await?;
        let challenge = challenges.as_array().and_then(|all| all.iter().rfind(|one| one["to"] == to)).ok_or("no challenge")?;
        let at = |text: &Value| humantime::parse_rfc3339(text.as_str().unwrap_or_default());
        let left = at(&challenge["expires_at"])?.duration_since(at(&clock["now"])?)?;
        let advance = json!({ "advance_s": left.as_secs_f64() - 3.0 });
        self.client.post(self.url() + "/clock").json(&advance).send().await?.error_for_status()?;
        Ok(())
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
