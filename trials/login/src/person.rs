//! What people do on the application's pages.

use auth_challenge_browser::{Browser, Failed};
use serde_json::json;

use crate::application::{Application, Message};

/// Somebody at a browser.
pub struct Person<'a> {
    pub browser: &'a Browser,
    pub app: &'a Application,
}

impl Person<'_> {
    pub async fn visit(&self, path: &str) -> Result<(), Failed> {
        self.browser.go(&self.app.at(path)).await
    }

    /// Waits until the page has this heading.
    pub async fn reads(&self, heading: &str) -> Result<(), Failed> {
        self.browser.until(&format!("document.querySelector('h1')?.innerText === {}", json!(heading))).await
    }

    /// Waits until the page tells this of what did not work.
    pub async fn is_told(&self, key: &str, sentence: &str) -> Result<(), Failed> {
        let is_told = "document.querySelector('[role=alert]:not([hidden])')";
        self.browser.until(&format!("{is_told}?.dataset.key === {} && {is_told}.innerText.startsWith({})", json!(key), json!(sentence))).await
    }

    /// Signs up as far as to the page that asks for the code; gives what was sent.
    pub async fn starts_to_sign_up(&self, way: &str, name: &str, to: &str) -> Result<Message, Failed> {
        self.visit(&format!("/sign-up?by={way}")).await?;
        self.browser.write("#name", name).await?;
        self.browser.write("#to", to).await?;
        self.browser.click("button.main").await?;
        self.reads(if way == "sms" { "Check your phone" } else { "Check your e-mail" }).await?;
        self.app.message(&to.replace(' ', "")).await
    }

    pub async fn signs_up(&self, way: &str, name: &str, to: &str) -> Result<(), Failed> {
        let message = self.starts_to_sign_up(way, name, to).await?;
        self.gives(&message.code).await?;
        self.reads(&format!("Hello, {name}")).await
    }

    pub async fn gives(&self, code: &str) -> Result<(), Failed> {
        self.browser.write("#code", code).await?;
        self.browser.click("form[action='/code'] button").await
    }

    /// Gives a code that is not right, and waits for the answer.
    pub async fn gives_a_wrong_code(&self, right: &str) -> Result<(), Failed> {
        self.browser.run("document.documentElement.dataset.before = 'yes'").await?;
        self.gives(if right == "000000" { "111111" } else { "000000" }).await?;
        self.browser.until("!document.documentElement.dataset.before && document.readyState === 'complete'").await
    }

    pub async fn signs_out(&self) -> Result<(), Failed> {
        self.browser.click("form[action='/sign-out'] button").await?;
        self.reads("Sign in").await
    }

    pub async fn switches_to(&self, vendor: &str) -> Result<(), Failed> {
        self.visit("/vendor").await?;
        self.browser.click(&format!("input[value='{vendor}']")).await?;
        self.browser.click("main button").await?;
        self.browser.until(&format!("document.querySelector('[role=status]') && document.querySelector('input[value={vendor}]').checked")).await
    }
}
