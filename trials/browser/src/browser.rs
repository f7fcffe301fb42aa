//! A browser with the page in it.

use std::{path::Path, process::Stdio};

use serde_json::{Value, json};
use thirtyfour::{By, ChromiumLikeCapabilities as _, DesiredCapabilities, Key, WebDriver, prelude::WebDriverResult};
use tokio::process::{Child, Command};

use crate::{Failed, free_port, until};

/// What the texts of the page are like: their own colour, and the first one behind them that is not transparent. As WCAG 2.2 reckons contrast.
const FAINT_TEXTS: &str = r#"
const light = (text) => {
  const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
  const [x, y, z] = [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return { a, l: 0.2126 * x + 0.7152 * y + 0.0722 * z };
};
const faint = [];
for (const node of document.querySelectorAll("body *")) {
  const own = [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.textContent.trim());
  if (!own || !node.checkVisibility() || node.closest("script, style")) continue;
  let behind = node;
  while (behind && light(getComputedStyle(behind).backgroundColor).a < 1) behind = behind.parentElement;
  const ground = behind ? light(getComputedStyle(behind).backgroundColor).l : 1;
  const text = light(getComputedStyle(node).color).l;
  const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
  if (ratio < 4.5) faint.push(node.tagName + " " + node.className + " " + ratio.toFixed(2));
}
return faint;
"#;

/// A device for passkeys.
pub struct Authenticator(String);

/// A headless Chromium and its driver, which end with this.
pub struct Browser {
    driver: WebDriver,
    _process: Child,
}

impl Browser {
    pub async fn open(url: &str) -> Result<Self, Failed> {
        let port = free_port().await?;
        let mut command = Command::new("chromedriver");
        let command = command.arg(format!("--port={port}")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.kill_on_drop(true).spawn().map_err(|error| format!("chromedriver cannot be run: {error}"))?;
        let address = format!("127.0.0.1:{port}");
        until("the driver listens", async || Ok(tokio::net::TcpStream::connect(&address).await.is_ok())).await?;

        let mut wanted = DesiredCapabilities::chrome();
        for argument in ["headless=new", "no-sandbox", "disable-dev-shm-usage", "disable-background-networking", "no-first-run", "hide-scrollbars"] {
            wanted.add_arg(&format!("--{argument}"))?;
        }
        // Chromium's own calls go nowhere.
        wanted.add_arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost")?;
        let mut wanted = thirtyfour::Capabilities::from(wanted);
        wanted.set("goog:loggingPrefs", json!({ "browser": "ALL", "performance": "ALL" }))?;
        let driver = WebDriver::new(format!("http://{address}"), wanted).await?;
        let browser = Self { driver, _process: process };
        browser.resize(1280, 1000).await?;
        browser.driver.goto(url).await?;
        Ok(browser)
    }

    pub async fn close(self) -> Result<(), Failed> {
        Ok(self.driver.quit().await?)
    }

    pub async fn go(&self, url: &str) -> Result<(), Failed> {
        Ok(self.driver.goto(url).await?)
    }

    /// Gives the browser a device that makes and uses passkeys, and says yes to each. It ends with the browser.
    pub async fn add_authenticator(&self) -> Result<Authenticator, Failed> {
        self.tell("WebAuthn.enable", json!({})).await?;
        let options = json!({ "options": {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true, "isUserVerified": true,
            "automaticPresenceSimulation": true,
        } });
        let added = self.tell("WebAuthn.addVirtualAuthenticator", options).await?;
        Ok(Authenticator(added["authenticatorId"].as_str().ok_or("no authenticator")?.to_owned()))
    }

    /// Lets the person say yes to the device from now on, or no.
    pub async fn verify_user(&self, authenticator: &Authenticator, says_yes: bool) -> Result<(), Failed> {
        self.tell("WebAuthn.setUserVerified", json!({ "authenticatorId": authenticator.0, "isUserVerified": says_yes })).await.map(drop)
    }

    /// Counts the passkeys in the device.
    pub async fn passkeys(&self, authenticator: &Authenticator) -> Result<usize, Failed> {
        let told = self.tell("WebAuthn.getCredentials", json!({ "authenticatorId": authenticator.0 })).await?;
        Ok(told["credentials"].as_array().map_or(0, Vec::len))
    }

    /// Runs a script; gives what it returns.
    pub async fn run(&self, script: &str) -> Result<Value, Failed> {
        Ok(self.driver.execute(script, Vec::new()).await?.json().clone())
    }

    /// Waits until an expression is true on the page.
    pub async fn until(&self, expression: &str) -> Result<(), Failed> {
        until(expression, async || Ok(self.run(&format!("return Boolean({expression})")).await? == true)).await
    }

    /// Waits until the text of an element contains another one.
    pub async fn shows(&self, id: &str, text: &str) -> Result<(), Failed> {
        self.until(&format!("document.getElementById({}).innerText.includes({})", json!(id), json!(text))).await
    }

    pub async fn click(&self, selector: &str) -> Result<(), Failed> {
        Ok(self.driver.find(By::Css(selector)).await?.click().await?)
    }

    /// Writes into a field, over what is there.
    pub async fn write(&self, selector: &str, text: &str) -> Result<(), Failed> {
        let field = self.driver.find(By::Css(selector)).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// Chooses an entry of a list.
    pub async fn choose(&self, selector: &str, value: &str) -> Result<(), Failed> {
        self.click(&format!("{selector} option[value='{value}']")).await
    }

    pub async fn press(&self, key: Key) -> Result<(), Failed> {
        Ok(self.driver.action_chain().send_keys(key).perform().await?)
    }

    /// Types where the focus is.
    pub async fn type_text(&self, text: &str) -> Result<(), Failed> {
        Ok(self.driver.action_chain().send_keys(text).perform().await?)
    }

    pub async fn resize(&self, width: u32, height: u32) -> Result<(), Failed> {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.tell("Emulation.setDeviceMetricsOverride", metrics).await.map(drop)
    }

    /// Shows the page as people see it who want it `light` or `dark`.
    pub async fn prefer(&self, scheme: &str) -> Result<(), Failed> {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }, { "name": "prefers-reduced-motion", "value": "reduce" }] });
        self.tell("Emulation.setEmulatedMedia", features).await.map(drop)
    }

    pub async fn allow_clipboard(&self) -> Result<(), Failed> {
        self.tell("Browser.grantPermissions", json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] })).await.map(drop)
    }

    pub async fn clipboard(&self) -> Result<Value, Failed> {
        Ok(self
            .driver
            .execute_async("navigator.clipboard.readText().then(arguments[0], (error) => arguments[0](String(error)));", Vec::new())
            .await?
            .json()
            .clone())
    }

    pub async fn picture(&self, path: &Path) -> Result<(), Failed> {
        Ok(self.driver.screenshot(path).await?)
    }

    /// Gives the texts that stand out too little from what is behind them.
    pub async fn faint_texts(&self) -> Result<Value, Failed> {
        self.run(FAINT_TEXTS).await
    }

    /// Gives what a screen reader is told: role and name of each element.
    pub async fn accessible(&self) -> Result<Vec<(String, String)>, Failed> {
        self.tell("Accessibility.enable", json!({})).await?;
        let tree = self.tell("Accessibility.getFullAXTree", json!({})).await?;
        let text = |node: &Value, member: &str| node[member]["value"].as_str().unwrap_or_default().to_owned();
        let nodes = tree["nodes"].as_array().ok_or("no tree")?;
        Ok(nodes.iter().filter(|node| node["ignored"] != true).map(|node| (text(node, "role"), text(node, "name"))).collect())
    }

    /// Gives the errors and warnings that the console was told since it was asked last.
    pub async fn complaints(&self) -> Result<Vec<String>, Failed> {
        let log = self.driver.get_log("browser").await?;
        Ok(log.into_iter().filter(|entry| ["SEVERE", "WARNING"].contains(&entry.level.as_str())).map(|entry| entry.message).collect())
    }

    /// Gives the addresses that were asked for something since the page was opened.
    pub async fn asked(&self) -> Result<Vec<String>, Failed> {
        let mut asked = Vec::new();
        for entry in self.driver.get_log("performance").await? {
            let told: Value = serde_json::from_str(&entry.message)?;
            if told["message"]["method"] == "Network.requestWillBeSent" {
                asked.push(told["message"]["params"]["request"]["url"].as_str().unwrap_or_default().to_owned());
            }
        }
        Ok(asked)
    }

    async fn tell(&self, method: &str, parameters: Value) -> Result<Value, Failed> {
        let told: WebDriverResult<Value> = self.driver.cdp().send_raw(method, parameters).await;
        Ok(told?)
    }
}
