//! The application that is tried: the program itself, with its test doubles inside.

use std::{
    path::Path,
    process::Stdio,
    sync::atomic::{AtomicU64, Ordering},
};

use auth_challenge_browser::Failed;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

/// How long people wait here until a code can be sent once more.
pub const RESEND_AFTER: u64 = 20;

/// The running application, which ends with this.
pub struct Application {
    pub url: String,
    control: String,
    client: Client,
    /// The number of the newest message that was looked at.
    seen: AtomicU64,
    _process: Child,
}

/// A message that a double "sent".
pub struct Message {
    pub provider: String,
    pub code: String,
}

impl Application {
    pub async fn start(program: &Path) -> Result<Self, Failed> {
        let mut command = Command::new(program);
        command.args(["--listen", "127.0.0.1:0", "--doubles", "127.0.0.1:0", "--resend-after", &RESEND_AFTER.to_string()]);
        let command = command.env("RUST_LOG", "off").stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().map_err(|error| format!("{}: {error}", program.display()))?;
        let mut lines = BufReader::new(process.stdout.take().ok_or("no output")?).lines();
        let mut addresses = Vec::new();
        while addresses.len() < 2 {
            let line = lines.next_line().await?.ok_or("the application ended")?;
            addresses.push(line.split_whitespace().next_back().unwrap_or_default().trim_end_matches('/').to_owned());
        }
        let [url, control] = <[String; 2]>::try_from(addresses).map_err(|_| "expected two addresses")?;
        Ok(Self { url, control, client: Client::new(), seen: AtomicU64::new(0), _process: process })
    }

    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Waits for the next message to somebody.
    pub async fn message(&self, to: &str) -> Result<Message, Failed> {
        let query = [("to", to), ("wait_s", "30"), ("after", &self.seen.load(Ordering::Relaxed).to_string())];
        let url = reqwest::Url::parse_with_params(&format!("{}/outbox", self.control), query)?;
        let messages: Value = self.client.get(url).send().await?.error_for_status()?.json().await?;
        let last = messages.as_array().and_then(|all| all.last()).ok_or_else(|| format!("no message to {to}"))?;
        self.seen.store(last["number"].as_u64().unwrap_or_default(), Ordering::Relaxed);
        let text = |name: &str| last[name].as_str().unwrap_or_default().to_owned();
        Ok(Message { provider: text("provider"), code: text("code") })
    }

    pub async fn fail(&self, fault: Value) -> Result<(), Failed> {
        self.tell("/faults", fault).await
    }

    pub async fn fail_no_more(&self) -> Result<(), Failed> {
        self.client.delete(format!("{}/faults", self.control)).send().await?.error_for_status()?;
        Ok(())
    }

    pub async fn advance(&self, seconds: u64) -> Result<(), Failed> {
        self.tell("/clock", json!({ "advance_s": seconds })).await
    }

    /// Fails where a request strayed from a vendor's document.
    pub async fn assert_no_violations(&self) -> Result<(), Failed> {
        let violations: Value = self.client.get(format!("{}/violations", self.control)).send().await?.json().await?;
        if violations.as_array().is_some_and(Vec::is_empty) { Ok(()) } else { Err(format!("strayed: {violations}").into()) }
    }

    async fn tell(&self, path: &str, command: Value) -> Result<(), Failed> {
        self.client.post(format!("{}{path}", self.control)).json(&command).send().await?.error_for_status()?;
        Ok(())
    }
}
