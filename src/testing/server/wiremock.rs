//! What wiremock does for a double: it stands behind the front, and hands each request to the vendor's behaviour.

use std::{io, net::SocketAddr, sync::Mutex};

use bytes::BytesMut;
use http::{HeaderName, header::HOST};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::RwLock,
};
use wiremock::{Mock, MockServer, Respond, matchers::any};

use super::{reply::HttpReply, wire::RequestHead};
use crate::testing::{
    locked,
    weight::{self, Scales},
};

/// The header that carries the path to wiremock as it came, for URLs are tidied up on the way.
pub(super) const TARGET: HeaderName = HeaderName::from_static("x-double-target");
/// The header that carries the host to wiremock as it came, for not every host makes a URL.
pub(super) const HOST_AS_IT_CAME: HeaderName = HeaderName::from_static("x-double-host");
/// Headers that speak of the client's connection.
const NOT_PASSED_ON: [&str; 8] = ["host", "content-length", "transfer-encoding", "connection", "expect", "upgrade", "te", "trailer"];
/// How much wiremock remembers at most, in bytes.
const BUDGET: usize = 8 << 20;

/// A server of wiremock's with one mock, which takes all.
pub(super) struct Wiremock<R> {
    /// None once it is dropped.
    server: Option<MockServer>,
    address: SocketAddr,
    responder: R,
    /// What the mock has been asked.
    scales: Mutex<Scales>,
    /// Held by all who ask; alone by who mounts the mock anew.
    mounted: RwLock<()>,
}

impl<R: Respond + Clone + 'static> Wiremock<R> {
    pub(super) async fn start(responder: R) -> Self {
        let server = MockServer::builder().disable_request_recording().start().await;
        let address = *server.address();
        let wiremock = Self { server: Some(server), address, responder, scales: Mutex::new(Scales::of_at_most(BUDGET)), mounted: RwLock::new(()) };
        wiremock.mount().await;
        wiremock
    }

    /// Hands over a request and reads the reply, on one connection for all requests of a client's connection.
    pub(super) async fn ask(&self, upstream: &mut Option<TcpStream>, head: &RequestHead, body: &[u8]) -> io::Result<HttpReply> {
        self.forget_if_heavy().await;
        let _mounted = self.mounted.read().await;
        locked(&self.scales).put(weight::of_request(&head.target, &head.headers, body));
        let mut stream = match upstream.take() {
            Some(stream) => stream,
            None => TcpStream::connect(self.address).await?,
        };
        stream.set_nodelay(true)?;
        stream.write_all(&written(head, body)).await?;
        let (reply, keeps) = read_reply(&mut stream, head.method == "HEAD").await?;
        *upstream = keeps.then_some(stream);
        Ok(reply)
    }

    /// A mock remembers every request that it matched for as long as it is mounted, whatever is said of recording.
    async fn forget_if_heavy(&self) {
        let is_heavy = || locked(&self.scales).are_overloaded();
        if is_heavy() {
            let _alone = self.mounted.write().await;
            if is_heavy() {
                if let Some(server) = &self.server {
                    server.reset().await;
                }
                self.mount().await;
                *locked(&self.scales) = Scales::of_at_most(BUDGET);
            }
        }
    }

    async fn mount(&self) {
        if let Some(server) = &self.server {
            Mock::given(any()).respond_with(self.responder.clone()).mount(server).await;
        }
    }
}

/// A mock server that is dropped blocks its thread until it gets a lock, which a runtime that shuts down may never give back.
impl<R> Drop for Wiremock<R> {
    fn drop(&mut self) {
        let server = self.server.take();
        // Where there is no thread, it is dropped here.
        _ = std::thread::Builder::new().name("double ends".into()).spawn(move || drop(server));
    }
}

/// Writes a request as wiremock takes it.
fn written(head: &RequestHead, body: &[u8]) -> BytesMut {
    let path: String = head.target.split('?').next().unwrap_or("/").chars().filter(|c| c.is_ascii_alphanumeric() || "/-_.".contains(*c)).collect();
    let mut request = BytesMut::from(format!("{} {path} HTTP/1.1\r\nhost: double\r\ncontent-length: {}\r\n", head.method, body.len()).as_bytes());
    request.extend_from_slice(format!("{TARGET}: {}\r\n", head.target).as_bytes());
    if let Some(host) = head.headers.get(HOST) {
        request.extend_from_slice(format!("{HOST_AS_IT_CAME}: ").as_bytes());
        request.extend_from_slice(host.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    for (name, value) in &head.headers {
        if !NOT_PASSED_ON.contains(&name.as_str()) && ![TARGET, HOST_AS_IT_CAME].contains(name) {
            request.extend_from_slice(name.as_str().as_bytes());
            request.extend_from_slice(b": ");
            request.extend_from_slice(value.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
    }
    request.extend_from_slice(b"\r\n");
    request.extend_from_slice(body);
    request
}

/// Reads a reply of wiremock's, and whether it keeps the connection.
async fn read_reply(stream: &mut TcpStream, is_head: bool) -> io::Result<(HttpReply, bool)> {
    let mut buffer = BytesMut::new();
    loop {
        if stream.read_buf(&mut buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut fields = [httparse::EMPTY_HEADER; 32];
        let mut response = httparse::Response::new(&mut fields);
        let Ok(status) = response.parse(&buffer) else { return Err(io::ErrorKind::InvalidData.into()) };
        let httparse::Status::Complete(used) = status else { continue };
        let (mut length, mut keeps) = (0, true);
        let mut headers = Vec::new();
        for field in response.headers.iter() {
            let value = String::from_utf8_lossy(field.value).into_owned();
            match field.name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().map_err(|_| io::ErrorKind::InvalidData)?,
                "connection" => keeps = !value.eq_ignore_ascii_case("close"),
                "transfer-encoding" => {}
                name => headers.push((name.to_owned(), value)),
            }
        }
        let status = response.code.unwrap_or(500);
        let end = if is_head { used } else { used + length };
        while buffer.len() < end {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        return Ok((HttpReply { status, headers, body: buffer.split_to(end).split_off(used).to_vec() }, keeps));
    }
}
