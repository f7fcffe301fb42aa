//! Who calls: the crate, and reqwest as it comes.

use std::{fmt, net::IpAddr, path::Path, time::Duration};

use auth_challenge::{
    Answer, ChallengeHandle, ChallengeProviderExt, ChallengeRequest, ClientContext, Error, Http, Method, ProviderId, SendState,
    corbado::{Corbado, CorbadoConfig},
};
use serde_json::json;

use crate::Failed;

const PROJECT: &str = "pro-1";
const SECRET: &str = "corbado1_secret";
const RECIPIENT: &str = "jane@doe.com";
const CODE: &str = "123456";
const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

/// Makes calls, each with a mark by which the upstream knows it. Even marks are a create, odd ones a verify.
#[derive(Clone)]
pub enum Caller {
    Crate(Corbado),
    Reqwest(reqwest::Client, String),
}

/// Tells why a call failed.
#[derive(Debug)]
pub struct Broken {
    pub what: String,
    /// What the crate says; reqwest says nothing.
    pub state: Option<SendState>,
    pub is_timeout: bool,
}

impl Caller {
    pub fn of_crate(base_url: &str, ca_file: &Path, timeout: Duration) -> Result<Self, Failed> {
        let http = Http::builder().with_timeout(timeout).with_ca_file(ca_file).build()?;
        Ok(Self::Crate(Corbado::new(&CorbadoConfig::new(PROJECT, SECRET).with_base_url(base_url)?, http)?))
    }

    /// reqwest with its defaults, but for the certificate and a limit of time.
    pub fn of_reqwest(base_url: &str, ca_file: &Path, timeout: Duration) -> Result<Self, Failed> {
        let certificate = reqwest::Certificate::from_pem(&std::fs::read(ca_file)?)?;
        let client = reqwest::Client::builder().timeout(timeout).tls_certs_merge([certificate]).build()?;
        Ok(Self::Reqwest(client, format!("{base_url}/v2")))
    }

    pub async fn call(&self, mark: u64) -> Result<(), Broken> {
        let user = format!("usr-{mark}");
        let is_create = mark.is_multiple_of(2);
        match self {
            Self::Crate(corbado) if is_create => {
                let client = ClientContext::new(IpAddr::from([127, 0, 0, 1])).with_user_agent(USER_AGENT);
                let request = ChallengeRequest::email_otp(RECIPIENT).with_user_id(user).with_client(client);
                corbado.create(&request).await.map(drop).map_err(Broken::of_crate)
            }
            Self::Crate(corbado) => {
                let handle = ChallengeHandle::new(ProviderId::CORBADO, Method::EmailOtp, "cha-1").with_user_id(user);
                corbado.verify(&handle, &Answer::code(CODE)).await.map(drop).map_err(Broken::of_crate)
            }
            Self::Reqwest(client, base_url) => {
                let request = if is_create {
                    let device = json!({ "remoteAddress": "127.0.0.1", "userAgent": USER_AGENT });
                    let body = json!({ "challengeType": "email_otp", "identifierValue": RECIPIENT, "clientInformation": device });
                    client.post(format!("{base_url}/users/{user}/challenges")).json(&body)
                } else {
                    client.patch(format!("{base_url}/users/{user}/challenges/cha-1")).json(&json!({ "value": CODE }))
                };
                let reply = async { request.basic_auth(PROJECT, Some(SECRET)).send().await?.error_for_status()?.json::<serde_json::Value>().await };
                reply.await.map(drop).map_err(Broken::of_reqwest)
            }
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Crate(_) => "auth-challenge",
            Self::Reqwest(..) => "reqwest",
        })
    }
}

impl Broken {
    fn of_crate(error: Error) -> Self {
        let what = format!("{}/{}: {}", error.kind().as_str(), error.send_state().as_str(), deepest(&error));
        Self { what, state: Some(error.send_state()), is_timeout: error.kind() == auth_challenge::ErrorKind::Timeout }
    }

    fn of_reqwest(error: reqwest::Error) -> Self {
        Self { what: deepest(&error), state: None, is_timeout: error.is_timeout() }
    }
}

/// The last cause of an error, which says most.
fn deepest(error: &dyn std::error::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
