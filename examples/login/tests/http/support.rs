//! The application on its test doubles, and somebody who uses it over HTTP.

use std::sync::atomic::{AtomicU64, Ordering};

use auth_challenge::testing::Passkey;
use clap::Parser as _;
use login::{Running, Settings};
use reqwest::{
    Client, Response, StatusCode,
    header::{HeaderMap, HeaderName},
    redirect,
};
use serde_json::{Value, json};

/// The running application.
pub struct Site {
    pub origin: String,
    /// Where it is reached: at the origin, or behind what stands in front of it.
    base: String,
    control: String,
    numbers: String,
    _running: Running,
}

impl Site {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(arguments: &[&str]) -> Self {
        let ports = ["login", "--listen", "127.0.0.1:0", "--doubles", "127.0.0.1:0"];
        let running = login::start(Settings::parse_from(ports.iter().chain(arguments))).await.expect("it starts");
        let address = |name: &str| {
            let found = running.addresses().iter().find(|(known, _)| *known == name);
            found.map(|(_, address)| address.trim_end_matches('/').to_owned()).unwrap_or_default()
        };
        let (origin, listens) = (address("application"), address("listens"));
        let base = if listens.is_empty() { origin.clone() } else { listens };
        Self { origin, base, control: address("doubles"), numbers: address("numbers"), _running: running }
    }

    /// Counts the messages.
    pub async fn count_messages(&self) -> usize {
        let messages: Value = Client::new().get(format!("{}/outbox", self.control)).send().await.expect("an answer").json().await.expect("JSON");
        messages.as_array().map_or(0, Vec::len)
    }

    /// Waits for a message; gives who sent it, and the code.
    pub async fn message(&self, to: &str) -> (String, String) {
        let url = reqwest::Url::parse_with_params(&format!("{}/outbox", self.control), [("to", to), ("wait_s", "30")]).expect("a URL");
        let messages: Value = Client::new().get(url).send().await.expect("an answer").json().await.expect("JSON");
        let last = messages.as_array().and_then(|all| all.last()).cloned().unwrap_or_else(|| panic!("no message to {to}"));
        let text = |name: &str| last[name].as_str().unwrap_or_default().to_owned();
        (text("provider"), text("code"))
    }

    /// What it counted so far.
    pub async fn numbers(&self) -> String {
        Client::new().get(&self.numbers).send().await.expect("an answer").text().await.expect("a text")
    }

    pub async fn advance(&self, seconds: u64) {
        self.tell("/clock", json!({ "advance_s": seconds })).await;
    }

    pub async fn fail(&self, fault: Value) {
        self.tell("/faults", fault).await;
    }

    async fn tell(&self, path: &str, command: Value) {
        let told = Client::new().post(format!("{}{path}", self.control)).json(&command).send().await.expect("an answer");
        assert!(told.status().is_success(), "{path}: {}", told.status());
    }
}

/// Somebody with a browser, that follows no redirect by itself.
pub struct Visitor<'a> {
    site: &'a Site,
    client: Client,
}

/// What came back.
pub struct Page {
    pub status: StatusCode,
    pub response: HeaderMap,
    pub text: String,
}

impl Page {
    pub fn location(&self) -> &str {
        self.header("location")
    }

    pub fn header(&self, name: &str) -> &str {
        self.response.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Fails unless somebody is told this.
    #[track_caller]
    pub fn assert_told(&self, status: u16, key: &str) {
        let told = format!("data-key=\"{key}\"");
        assert!(self.status == status && self.text.contains(&told), "expected {status} {key}, found {}: {}", self.status, self.text);
    }

    #[track_caller]
    pub fn assert_leads_to(&self, location: &str) {
        assert_eq!((self.status.as_u16(), self.location()), (303, location), "{}", self.text);
    }
}

impl<'a> Visitor<'a> {
    pub fn of(site: &'a Site) -> Self {
        Self::with(site, HeaderMap::new())
    }

    /// Somebody at this address, as the proxy of the site says.
    pub fn from(site: &'a Site, ip: &str) -> Self {
        Self::with(site, HeaderMap::from_iter([(HeaderName::from_static("x-forwarded-for"), ip.parse().expect("an address"))]))
    }

    fn with(site: &'a Site, headers: HeaderMap) -> Self {
        let client = Client::builder().cookie_store(true).user_agent("Mozilla/5.0").default_headers(headers).redirect(redirect::Policy::none());
        Self { site, client: client.build().expect("a client") }
    }

    pub async fn get(&self, path: &str) -> Page {
        page(self.client.get(self.at(path)).send().await.expect("an answer")).await
    }

    /// Posts a form as if it had just been shown.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Page {
        static SHOWN: AtomicU64 = AtomicU64::new(0);
        let token = SHOWN.fetch_add(1, Ordering::Relaxed).to_string();
        self.post_form(path, &[form, &[("form", &token)]].concat()).await
    }

    pub async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Page {
        page(self.client.post(self.at(path)).header("origin", &self.site.origin).form(form).send().await.expect("an answer")).await
    }

    pub async fn post_json(&self, path: &str, body: &Value) -> Page {
        page(self.client.post(self.at(path)).header("origin", &self.site.origin).json(body).send().await.expect("an answer")).await
    }

    /// Posts with these headers alone.
    pub async fn post_from(&self, path: &str, headers: &[(&'static str, &str)]) -> Page {
        let request = headers.iter().fold(self.client.post(self.at(path)), |request, (name, value)| request.header(*name, *value));
        page(request.send().await.expect("an answer")).await
    }

    pub async fn starts_to_sign_up(&self, name: &str, to: &str) -> (String, String) {
        self.post("/sign-up", &[("by", "email"), ("name", name), ("to", to)]).await.assert_leads_to("/code");
        self.site.message(to).await
    }

    pub async fn signs_up(&self, name: &str, to: &str) {
        let (_, code) = self.starts_to_sign_up(name, to).await;
        self.post("/code", &[("code", &code)]).await.assert_leads_to("/account?notice=created");
    }

    /// Trades a one-time code for what a new passkey has to sign.
    pub async fn may_make_a_passkey(&self) -> Value {
        let options = self.post("/passkey/options", &[("code", "ABCD-1234-EFGH"), ("label", "laptop"), ("name", "Pat")]).await;
        assert_eq!(options.status, StatusCode::OK, "{}", options.text);
        options.json()
    }

    /// Makes a passkey as far as to what the browser hands in.
    pub async fn makes(&self, passkey: &Passkey) -> Page {
        let options = self.may_make_a_passkey().await;
        self.post_json("/passkey/register", &passkey.answer(&options).expect("a passkey")).await
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.site.base)
    }
}

async fn page(response: Response) -> Page {
    let (status, headers) = (response.status(), response.headers().clone());
    Page { status, response: headers, text: response.text().await.expect("a text") }
}
