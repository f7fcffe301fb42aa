//! A server on a raw socket: it records what comes in, byte by byte, and answers what it is told.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file uses its part")]

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use auth_challenge::{ChallengeProvider, Config};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What a server does with one request.
#[derive(Clone, Debug)]
pub enum Step {
    /// Answers these bytes, then keeps the connection.
    Answer(Vec<u8>),
    /// Answers these bytes, then closes the connection.
    AnswerAndClose(Vec<u8>),
    /// Answers these bytes, then leaves the connection open without another word.
    AnswerAndHang(Vec<u8>),
    /// Closes the connection when it is accepted, before a byte is read.
    CloseAtOnce,
    /// Reads the request, then resets the connection.
    ReadAndReset,
    /// Reads the request, then says nothing.
    ReadAndHang,
    /// Answers byte by byte, with this pause between them.
    Drip(Vec<u8>, Duration),
    /// Answers these bytes, then the same chunk for ever.
    Endless(Vec<u8>, Vec<u8>),
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    /// The values of a header.
    pub fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).collect()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

/// A server with a script: one step a request, the last one for all further ones.
#[derive(Clone, Debug)]
pub struct Server {
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    connections: Arc<Mutex<usize>>,
}

impl Server {
    pub async fn start(script: Vec<Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on loopback");
        let address = listener.local_addr().expect("the port");
        let server = Self { address, received: Arc::default(), connections: Arc::default() };
        let (received, connections) = (Arc::clone(&server.received), Arc::clone(&server.connections));
        let script = Arc::new(Mutex::new(script.into_iter()));
        let last = Arc::new(Mutex::new(None));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *connections.lock().expect("the count") += 1;
                let (received, script, last) = (Arc::clone(&received), Arc::clone(&script), Arc::clone(&last));
                let next = move || {
                    let mut last = last.lock().expect("the last step");
                    if let Some(step) = script.lock().expect("the script").next() {
                        *last = Some(step);
                    }
                    last.clone()
                };
                tokio::spawn(async move {
                    let _ = serve(stream, next, received).await;
                });
            }
        });
        server
    }

    /// A server that gives one answer to everything.
    pub async fn answering(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        Self::start(vec![Step::Answer(reply(status, headers, body))]).await
    }

    pub fn requests(&self) -> Vec<Received> {
        self.received.lock().expect("the requests").clone()
    }

    pub fn connections(&self) -> usize {
        *self.connections.lock().expect("the count")
    }

    /// The one request that came in.
    pub fn only_request(&self) -> Received {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "expected one request: {requests:?}");
        requests.into_iter().next().expect("one request")
    }
}

async fn serve(mut stream: TcpStream, mut next: impl FnMut() -> Option<Step>, received: Arc<Mutex<Vec<Received>>>) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let Some(step) = next() else { return Ok(()) };
        if matches!(step, Step::CloseAtOnce) {
            return Ok(());
        }
        let Some(request) = read_request(&mut stream, &mut buffer).await? else { return Ok(()) };
        received.lock().expect("the requests").push(request);
        match step {
            Step::Answer(bytes) => stream.write_all(&bytes).await?,
            Step::AnswerAndClose(bytes) => {
                stream.write_all(&bytes).await?;
                return Ok(());
            }
            Step::AnswerAndHang(bytes) => {
                stream.write_all(&bytes).await?;
                std::future::pending::<()>().await;
            }
            Step::CloseAtOnce => return Ok(()),
            Step::ReadAndReset => {
                let _ = stream.set_zero_linger();
                return Ok(());
            }
            Step::ReadAndHang => std::future::pending::<()>().await,
            Step::Drip(bytes, pause) => {
                for byte in bytes {
                    stream.write_all(&[byte]).await?;
                    tokio::time::sleep(pause).await;
                }
            }
            Step::Endless(head, chunk) => {
                stream.write_all(&head).await?;
                loop {
                    stream.write_all(&chunk).await?;
                }
            }
        }
    }
}

/// The next request on a connection; none where it is closed.
pub async fn read_request(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> std::io::Result<Option<Received>> {
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let mut lines = head.split("\r\n");
            let mut words = lines.next().unwrap_or_default().split(' ');
            let (method, path) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
            let headers: Vec<(String, String)> =
                lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
            let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length")).and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
            if buffer.len() >= end + 4 + length {
                let body = buffer[end + 4..end + 4 + length].to_vec();
                buffer.drain(..end + 4 + length);
                return Ok(Some(Received { method, path, headers, body }));
            }
        }
        match stream.read(&mut chunk).await? {
            0 => return Ok(None),
            read => buffer.extend_from_slice(&chunk[..read]),
        }
    }
}

/// A whole reply, with its length.
pub fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} Reason\r\ncontent-length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        text += "content-type: application/json\r\n";
    }
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    (text + "\r\n" + body).into_bytes()
}

/// A vendor under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    Corbado,
    Authsignal,
    Dfns,
}

impl Vendor {
    pub const ALL: [Self; 3] = [Self::Corbado, Self::Authsignal, Self::Dfns];

    pub fn name(self) -> &'static str {
        match self {
            Self::Corbado => "corbado",
            Self::Authsignal => "authsignal",
            Self::Dfns => "dfns",
        }
    }

    /// A config with this vendor at an address, and further lines for the section `[http]`.
    pub fn config(self, address: SocketAddr, http: &str) -> Config {
        self.config_at(&format!("http://{address}"), http)
    }

    /// A config with this vendor at a base URL, and further lines for the section `[http]`.
    pub fn config_at(self, url: &str, http: &str) -> Config {
        let name = self.name();
        let credentials = match self {
            Self::Corbado => serde_json::json!({ "project_id": "pro-1", "api_secret": "corbado1_secret", "base_url": url }),
            Self::Authsignal => serde_json::json!({ "secret_key": "as_secret", "base_url": url }),
            Self::Dfns => serde_json::json!({ "base_url": url, "token": "dfns_token" }),
        };
        let http: Value = serde_json::from_str(if http.is_empty() { "{}" } else { http }).expect("JSON for [http]");
        serde_json::from_value(serde_json::json!({ "provider": name, name: credentials, "http": http })).expect("a config")
    }

    pub fn provider(self, address: SocketAddr) -> Arc<dyn ChallengeProvider> {
        self.config(address, "").build().expect("a provider")
    }

    /// A request with all that the vendor needs.
    pub fn request(self) -> auth_challenge::ChallengeRequest {
        use auth_challenge::{ChallengeRequest, ClientContext, CredentialKind};
        match self {
            Self::Corbado => ChallengeRequest::email_otp("jane@doe.com")
                .user_id("usr-4693224802260150919")
                .client(ClientContext::new([203, 0, 113, 7]).user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0")),
            Self::Authsignal => ChallengeRequest::sms_otp("+64270000000").action("signInWithSms").locale("en"),
            Self::Dfns => ChallengeRequest::credential(CredentialKind::Key, "ABCD-1234-EFGH"),
        }
    }

    /// The body of the vendor's reply to that request, with every member that its document has.
    pub fn created(self) -> Value {
        match self {
            Self::Corbado => serde_json::json!({
                "challengeID": "cha-1", "type": "email_otp", "identifierValue": "jane@doe.com", "value": "987654", "expires": 1_900_000_000, "status": "pending"
            }),
            Self::Authsignal => serde_json::json!({ "challengeId": "0b7b2e6e", "idempotencyKey": "key-1", "expiresAt": 1_900_000_000 }),
            Self::Dfns => serde_json::json!({
                "kind": "Key", "user": { "id": "us-1", "displayName": "Jane", "name": "jane@doe.com" }, "challengeIdentifier": "eyJ.identifier",
                "challenge": "Y2gtNzloaHQtbXJlb2stOGFwOHFtMmVpZWZ0amxhZw", "rp": { "id": "dfns.io", "name": "Dfns" }, "attestation": "direct",
                "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }], "temporaryAuthenticationToken": "eyJ.identifier"
            }),
        }
    }

    /// A handle of a challenge that this vendor made.
    pub fn handle(self) -> auth_challenge::ChallengeHandle {
        let json = match self {
            Self::Corbado => serde_json::json!({ "v": 1, "provider": "corbado", "method": "email_otp", "challenge_id": "cha-1", "user_id": "usr-1" }),
            Self::Authsignal => serde_json::json!({ "v": 1, "provider": "authsignal", "method": "sms_otp", "challenge_id": "0b7b2e6e" }),
            Self::Dfns => serde_json::json!({
                "v": 1, "provider": "dfns", "method": "credential", "kind": "Key", "challenge_id": "eyJ.identifier", "to_sign": "Y2gt"
            }),
        };
        serde_json::from_value(json).expect("a handle")
    }

    /// An answer of the form that this vendor takes.
    pub fn answer(self) -> auth_challenge::Answer {
        use auth_challenge::{Answer, CredentialAnswer, CredentialKind};
        match self {
            Self::Corbado | Self::Authsignal => Answer::code("123456"),
            Self::Dfns => Answer::credential(CredentialAnswer::new(CredentialKind::Key, "key", "cred-1", "Y2xpZW50", "YXR0ZXN0")),
        }
    }

    /// The body of the vendor's reply to a right answer.
    pub fn verified(self) -> Value {
        match self {
            Self::Corbado => serde_json::json!({
                "challengeID": "cha-1", "type": "email_otp", "identifierValue": "jane@doe.com", "value": "123456", "expires": 1_900_000_000, "status": "completed"
            }),
            Self::Authsignal => serde_json::json!({ "isVerified": true, "phoneNumber": "+64270000000", "verificationMethod": "SMS" }),
            Self::Dfns => serde_json::json!({
                "kind": "Key", "credentialId": "cred-1", "credentialUuid": "cr-1", "dateCreated": "2026-01-01T00:00:00Z", "isActive": true, "name": "key",
                "publicKey": "SHA256:x", "relyingPartyId": "dfns.io", "origin": "https://app.dfns.io"
            }),
        }
    }
}
