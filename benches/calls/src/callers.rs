//! The ways to make one create: by hyper, by reqwest, and by this crate, at each of its levels.

use std::sync::Arc;

use auth_challenge::{
    CallOptions, ChallengeProvider, ChallengeRequest, ClientContext, Config, CredentialKind, Guarded, Http, Limits, LocalGuard,
    authsignal::{Authsignal, AuthsignalConfig},
    corbado::{Corbado, CorbadoConfig},
    dfns::{Dfns, DfnsConfig},
    twilio::{Twilio, TwilioConfig},
};
use bytes::Bytes;
use figures::Level;
use http::{
    HeaderValue,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::bodies;

/// Makes the call of one vendor at one level; the one method, so that each level is compiled for itself.
pub trait Call: Send + Sync + 'static {
    /// Makes one call, and says whether the vendor accepted it.
    fn call(&self) -> impl Future<Output = bool> + Send;
}

/// Does something with the call of a vendor at a level.
pub trait Visit {
    fn visit<C: Call>(self, call: C);
}

/// Makes the call of a vendor, whose server is at `url`, and hands it on.
pub fn with(vendor: &str, level: Level, url: &str, visit: impl Visit) {
    match vendor {
        "corbado" => level_of::<bodies::Corbado>(level, url, visit),
        "authsignal" => level_of::<bodies::Authsignal>(level, url, visit),
        "dfns" => level_of::<bodies::Dfns>(level, url, visit),
        "twilio" => level_of::<bodies::Twilio>(level, url, visit),
        _ => panic!("expected a vendor"),
    }
}

fn level_of<V: Vendor>(level: Level, url: &str, visit: impl Visit) {
    match level {
        Level::Hyper => visit.visit(ByHyper::<V>::new(url)),
        Level::Reqwest => visit.visit(ByReqwest::<V>::new(url)),
        Level::Client => visit.visit(ByClient::<V> { client: V::client(url), body: V::body() }),
        Level::Trait => visit.visit(ByTrait { provider: Arc::new(V::client(url)), request: V::request() }),
        Level::Router => visit.visit(ByTrait { provider: router(V::NAME, url), request: V::request() }),
        Level::Guarded => {
            let rate = || "1000000000 per 1s".parse().expect("a rate");
            let limits = Limits::new().with_per_recipient(rate()).with_per_ip(rate());
            let provider = Arc::new(Guarded::new(router(V::NAME, url), Arc::new(LocalGuard::new(limits))));
            visit.visit(ByTrait { provider, request: V::request() });
        }
    }
}

/// What the callers need to know of a vendor.
pub trait Vendor: Send + Sync + 'static {
    const NAME: &'static str;
    /// How the body is written.
    const IS_FORM: bool = false;
    /// The body, as this crate's types write it.
    type Body: Serialize + Send + Sync;
    /// A reply, every member of which is read into a type that somebody would write by hand.
    type Reply: DeserializeOwned + Send;
    type Client: ChallengeProvider + 'static;

    fn body() -> Self::Body;
    fn request() -> ChallengeRequest;
    fn client(url: &str) -> Self::Client;
    fn call(client: &Self::Client, body: &Self::Body) -> impl Future<Output = bool> + Send;
    fn url(base: &str) -> String;
    fn authorization() -> Option<HeaderValue>;
}

fn http() -> Http {
    Http::builder().build().expect("a client")
}

/// A router over three sections, with failover set, by a config as an application has one.
fn router(name: &str, url: &str) -> Arc<dyn ChallengeProvider> {
    let keys = |section: &str| match section {
        "corbado" => "project_id = \"pro-1\"\napi_secret = \"corbado1_secret\"".to_owned(),
        "authsignal" => "secret_key = \"as_secret\"".to_owned(),
        "twilio" => format!(
            "account_sid = \"{}\"\nauth_token = \"0123456789abcdef0123456789abcdef\"\nservice_sid = \"{}\"",
            bodies::TWILIO_ACCOUNT,
            bodies::TWILIO_SERVICE
        ),
        _ => String::new(),
    };
    // Nobody takes over from Dfns, whose challenges go there whichever provider is asked for the others.
    let (provider, failover) = match name {
        "dfns" => ("corbado", "authsignal"),
        "authsignal" => ("authsignal", "corbado"),
        other => (other, "authsignal"),
    };
    let sections = [provider, failover, "dfns"].map(|section| format!("[{section}]\nbase_url = \"{url}\"\n{}\n", keys(section))).concat();
    let config = Config::from_toml_str(&format!("provider = \"{provider}\"\nfailover = [\"{failover}\"]\n{sections}")).expect("a config");
    config.build().expect("a router")
}

struct ByTrait {
    provider: Arc<dyn ChallengeProvider>,
    request: ChallengeRequest,
}

impl Call for ByTrait {
    async fn call(&self) -> bool {
        self.provider.create_with(&self.request, &CallOptions::default()).await.is_ok()
    }
}

struct ByClient<V: Vendor> {
    client: V::Client,
    body: V::Body,
}

impl<V: Vendor> Call for ByClient<V> {
    async fn call(&self) -> bool {
        V::call(&self.client, &self.body).await
    }
}

struct ByReqwest<V: Vendor> {
    client: reqwest::Client,
    base: String,
    authorization: Option<HeaderValue>,
    body: V::Body,
}

impl<V: Vendor> ByReqwest<V> {
    fn new(url: &str) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Self { client, base: url.to_owned(), authorization: V::authorization(), body: V::body() }
    }
}

impl<V: Vendor> Call for ByReqwest<V> {
    async fn call(&self) -> bool {
        let mut request = self.client.post(V::url(&self.base)).header(ACCEPT, HeaderValue::from_static("application/json"));
        request = if V::IS_FORM { request.form(&self.body) } else { request.json(&self.body) };
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let reply = request.send().await.expect("a reply");
        if reply.status().is_success() {
            drop(std::hint::black_box(reply.json::<V::Reply>().await.expect("the vendor's reply")));
            return true;
        }
        drop(std::hint::black_box(reply.json::<serde_json::Value>().await.expect("the vendor's error")));
        false
    }
}

struct ByHyper<V: Vendor> {
    client: Client<HttpConnector, Full<Bytes>>,
    base: String,
    authorization: Option<HeaderValue>,
    body: V::Body,
}

impl<V: Vendor> ByHyper<V> {
    fn new(url: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { client, base: url.to_owned(), authorization: V::authorization(), body: V::body() }
    }
}

impl<V: Vendor> Call for ByHyper<V> {
    async fn call(&self) -> bool {
        let (body, content_type) = match V::IS_FORM {
            true => (bodies::form(&self.body), "application/x-www-form-urlencoded"),
            false => (serde_json::to_vec(&self.body).expect("a body"), "application/json"),
        };
        let mut request = http::Request::post(V::url(&self.base)).header(ACCEPT, "application/json").header(CONTENT_TYPE, content_type);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let reply = self.client.request(request.body(Full::from(body)).expect("a request")).await.expect("a reply");
        let is_success = reply.status().is_success();
        let body = reply.into_body().collect().await.expect("a body").to_bytes();
        if is_success {
            drop(std::hint::black_box(serde_json::from_slice::<V::Reply>(&body).expect("the vendor's reply")));
        } else {
            drop(std::hint::black_box(serde_json::from_slice::<serde_json::Value>(&body).expect("the vendor's error")));
        }
        is_success
    }
}

fn read<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).expect("a body")
}

fn basic(user: &str, password: &str) -> Option<HeaderValue> {
    let pair = base64(format!("{user}:{password}").as_bytes());
    let mut header = HeaderValue::try_from(format!("Basic {pair}")).ok()?;
    header.set_sensitive(true);
    Some(header)
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let bits = three.iter().enumerate().fold(0_usize, |bits, (index, byte)| bits | usize::from(*byte) << (16 - 8 * index));
        (0..4).map(|index| if index > three.len() { '=' } else { char::from(LETTERS[bits >> (18 - 6 * index) & 63]) }).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

/// Reads a user agent, as the first call with a client does.
pub fn agent_read() -> ClientContext {
    let client = ClientContext::default().with_user_agent(AGENT);
    assert_eq!(client.browser().name(), "Chrome");
    client
}

impl Vendor for bodies::Corbado {
    const NAME: &'static str = "corbado";
    type Body = auth_challenge::corbado::types::ChallengeCreateReq;
    type Reply = bodies::CorbadoChallenge;
    type Client = Corbado;

    fn body() -> Self::Body {
        read(bodies::CORBADO)
    }

    fn request() -> ChallengeRequest {
        let client = ClientContext::new([203, 0, 113, 7]).with_user_agent(AGENT);
        ChallengeRequest::email_otp("jane@doe.com").with_user_id("usr-4693224802260150919").with_action("signIn").with_client(client)
    }

    fn client(url: &str) -> Corbado {
        Corbado::new(&CorbadoConfig::new("pro-1", "corbado1_secret").with_base_url(url).expect("a config"), http()).expect("a client")
    }

    async fn call(client: &Corbado, body: &Self::Body) -> bool {
        client.challenge_create("usr-4693224802260150919", body).await.is_ok()
    }

    fn url(base: &str) -> String {
        format!("{base}/v2/users/{}/challenges", "usr-4693224802260150919")
    }

    fn authorization() -> Option<HeaderValue> {
        basic("pro-1", "corbado1_secret")
    }
}

impl Vendor for bodies::Authsignal {
    const NAME: &'static str = "authsignal";
    type Body = auth_challenge::authsignal::types::ChallengeRequest;
    type Reply = bodies::AuthsignalChallenge;
    type Client = Authsignal;

    fn body() -> Self::Body {
        read(bodies::AUTHSIGNAL)
    }

    fn request() -> ChallengeRequest {
        let client = ClientContext::new([203, 0, 113, 7]).with_user_agent(AGENT);
        ChallengeRequest::email_otp("jane@doe.com").with_action("signIn").with_client(client)
    }

    fn client(url: &str) -> Authsignal {
        Authsignal::new(&AuthsignalConfig::new("as_secret").with_base_url(url).expect("a config"), http()).expect("a client")
    }

    async fn call(client: &Authsignal, body: &Self::Body) -> bool {
        client.challenge(body).await.is_ok()
    }

    fn url(base: &str) -> String {
        format!("{base}/v1/challenge")
    }

    fn authorization() -> Option<HeaderValue> {
        basic("as_secret", "")
    }
}

impl Vendor for bodies::Dfns {
    const NAME: &'static str = "dfns";
    type Body = auth_challenge::dfns::types::CodeInitRequest;
    type Reply = bodies::DfnsChallenge;
    type Client = Dfns;

    fn body() -> Self::Body {
        read(bodies::DFNS)
    }

    fn request() -> ChallengeRequest {
        ChallengeRequest::credential(CredentialKind::Fido2, "ABCD-1234-EFGH")
    }

    fn client(url: &str) -> Dfns {
        Dfns::new(&DfnsConfig::new().with_base_url(url).expect("a config"), http()).expect("a client")
    }

    async fn call(client: &Dfns, body: &Self::Body) -> bool {
        client.credential_code_init(body).await.is_ok()
    }

    fn url(base: &str) -> String {
        format!("{base}/auth/credentials/code/init")
    }

    fn authorization() -> Option<HeaderValue> {
        None
    }
}

impl Vendor for bodies::Twilio {
    const NAME: &'static str = "twilio";
    const IS_FORM: bool = true;
    type Body = auth_challenge::twilio::types::CreateVerificationRequest;
    type Reply = bodies::TwilioVerification;
    type Client = Twilio;

    fn body() -> Self::Body {
        read(bodies::TWILIO)
    }

    fn request() -> ChallengeRequest {
        ChallengeRequest::sms_otp("+64270000000").with_action("signIn")
    }

    fn client(url: &str) -> Twilio {
        let config = TwilioConfig::new(bodies::TWILIO_ACCOUNT, "0123456789abcdef0123456789abcdef", bodies::TWILIO_SERVICE);
        Twilio::new(&config.with_base_url(url).expect("a config"), http()).expect("a client")
    }

    async fn call(client: &Twilio, body: &Self::Body) -> bool {
        client.create_verification(body).await.is_ok()
    }

    fn url(base: &str) -> String {
        format!("{base}/v2/Services/{}/Verifications", bodies::TWILIO_SERVICE)
    }

    fn authorization() -> Option<HeaderValue> {
        basic(bodies::TWILIO_ACCOUNT, "0123456789abcdef0123456789abcdef")
    }
}
