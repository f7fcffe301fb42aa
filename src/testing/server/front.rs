//! What stands between the network and wiremock: reads requests within bounds, and does what wiremock cannot: reset, cut, hang, flood.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderName, header::HOST};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::AbortHandle,
};

use super::{
    backstage::Backstage,
    bend::bend,
    door::Shutting,
    reply::{Denial, HttpReply},
    wire::{Connection, NoRequest, RequestHead},
};
use crate::testing::{ReceivedRequest, faults::FaultKind};

/// How many connections are open at once; more wait.
const CONNECTIONS: usize = 256;
/// The header that carries the path to wiremock as it came, for URLs are tidied up on the way.
pub(super) const TARGET: HeaderName = HeaderName::from_static("x-double-target");
/// The header that carries the host to wiremock as it came, for not every host makes a URL.
pub(super) const HOST_AS_IT_CAME: HeaderName = HeaderName::from_static("x-double-host");
/// Headers that speak of the client's connection.
const NOT_PASSED_ON: [&str; 8] = ["host", "content-length", "transfer-encoding", "connection", "expect", "upgrade", "te", "trailer"];

/// Serves connections until it is dropped.
#[derive(Debug)]
pub(super) struct Front(AbortHandle);

impl Front {
    pub(super) fn start(backstage: Arc<Backstage>) -> Self {
        let serve_all = async move {
            let each = |stream, shutting| serve(stream, shutting, Arc::clone(&backstage));
            backstage.door.serve_each(CONNECTIONS, each).await;
        };
        Self(tokio::spawn(serve_all).abort_handle())
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn serve(stream: TcpStream, mut shutting: Shutting, backstage: Arc<Backstage>) {
    let mut connection = Connection::new(stream);
    let mut upstream = None;
    loop {
        let came = tokio::select! {
            biased;
            () = shutting.begun() => return,
            came = request(&mut connection, &backstage) => came,
        };
        let (head, body, fault) = match came {
            Ok(request) => request,
            Err(End::Reset) => return reset_now(&connection.stream),
            Err(End::Hang) => return connection.wait_for_end().await,
            Err(End::NoRequest(NoRequest::Gone)) => return,
            Err(End::NoRequest(NoRequest::Denied(denial))) => return deny(connection, &backstage, &denial).await,
        };
        let is_head = head.method == "HEAD";
        let reply = match &fault {
            Some(FaultKind::Status(status, retry_after)) => {
                let reply = backstage.behaviour.deny(&Denial::Status(*status));
                match retry_after {
                    Some(pause) => reply.with_header("retry-after", &pause.as_secs().to_string()),
                    None => reply,
                }
            }
            Some(FaultKind::GatewayHtml(status)) => gateway(*status),
            _ => match forward(&mut upstream, backstage.behind, &head, &body).await {
                Ok(reply) => reply,
                // Nothing that came in is known to lead here.
                Err(_) => backstage.behaviour.deny(&Denial::NotHttp),
            },
        };
        let reply = match &fault {
            Some(fault) => bend(fault, reply, backstage.behaviour.contract().enumerations()),
            None => reply,
        };
        if !deliver(&mut connection, fault, reply, is_head, head.keep_alive).await.unwrap_or(false) {
            return;
        }
    }
}

/// How a connection ends before there is a request to answer.
enum End {
    NoRequest(NoRequest),
    /// By a fault that resets it before the request is read.
    Reset,
    /// By a fault after which nothing is looked at or answered.
    Hang,
}

impl From<NoRequest> for End {
    fn from(none: NoRequest) -> Self {
        Self::NoRequest(none)
    }
}

/// Reads a request, finds the fault that waits for it, and keeps it.
async fn request(connection: &mut Connection, backstage: &Backstage) -> Result<(RequestHead, Bytes, Option<FaultKind>), End> {
    let head = connection.head().await?;
    let path = head.target.split('?').next().unwrap_or_default();
    let operation = backstage.behaviour.contract().operation(&head.method, path);
    let fault = backstage.faults.take(operation);
    match fault {
        Some(FaultKind::ResetBeforeRead) => return Err(End::Reset),
        Some(FaultKind::HangConnection) => return Err(End::Hang),
        _ => {}
    }
    let body = connection.body(&head).await?;
    backstage.journal.received(ReceivedRequest {
        operation,
        method: head.method.clone(),
        target: head.target.clone(),
        headers: head.headers.clone(),
        body: body.clone(),
    });
    Ok((head, body, fault))
}

/// Writes a bent reply as the fault wants it; false where the connection is of no more use.
async fn deliver(connection: &mut Connection, fault: Option<FaultKind>, reply: HttpReply, is_head: bool, keep_alive: bool) -> io::Result<bool> {
    match fault {
        Some(FaultKind::Slow(pause)) => tokio::time::sleep(pause).await,
        Some(FaultKind::Hang) => {
            connection.wait_for_end().await;
            return Ok(false);
        }
        Some(FaultKind::ResetAfterRead) => {
            reset_now(&connection.stream);
            return Ok(false);
        }
        Some(FaultKind::NotHttp) => {
            connection.write(b"\x16\x03\x01 this is not HTTP\r\n\r\n").await?;
            return Ok(false);
        }
        Some(FaultKind::CutBody) => {
            connection.write(reply.head(reply.body.len() + 1, false).as_bytes()).await?;
            connection.write(reply.body.split_at(reply.body.len() / 2).0).await?;
            return Ok(false);
        }
        Some(FaultKind::HugeBody(bytes)) => {
            flood(connection, &reply, bytes, keep_alive).await?;
            return Ok(keep_alive);
        }
        _ => {}
    }
    connection.write(&reply.whole(is_head, keep_alive)).await?;
    Ok(keep_alive)
}

/// Writes a reply with one more field that is large, without holding it in memory.
async fn flood(connection: &mut Connection, reply: &HttpReply, bytes: usize, keep_alive: bool) -> io::Result<()> {
    const PIECE: [u8; 4096] = [b'x'; 4096];
    let start = reply.body.strip_suffix(b"}").unwrap_or(b"{\"is\":1");
    let (before, after) = (b",\"padding\":\"", b"\"}");
    connection.write(reply.head(start.len() + before.len() + bytes + after.len(), keep_alive).as_bytes()).await?;
    connection.write(start).await?;
    connection.write(before).await?;
    let mut left = bytes;
    while left > 0 {
        let piece = left.min(PIECE.len());
        connection.write(PIECE.split_at(piece).0).await?;
        left -= piece;
    }
    connection.write(after).await
}

async fn deny(mut connection: Connection, backstage: &Backstage, denial: &Denial) {
    let reply = backstage.behaviour.deny(denial);
    if connection.write(&reply.whole(false, false)).await.is_ok() && connection.stream.shutdown().await.is_ok() {
        connection.pass_over().await;
    }
}

/// Makes the coming close a reset.
fn reset_now(stream: &TcpStream) {
    _ = socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

fn gateway(status: u16) -> HttpReply {
    let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n";
    HttpReply { status, headers: vec![("content-type".into(), "text/html".into())], body: page.into() }
}

/// Hands a request to wiremock and reads its reply, on one connection for all requests of a client's connection.
async fn forward(upstream: &mut Option<TcpStream>, behind: SocketAddr, head: &RequestHead, body: &Bytes) -> io::Result<HttpReply> {
    let mut stream = match upstream.take() {
        Some(stream) => stream,
        None => TcpStream::connect(behind).await?,
    };
    stream.set_nodelay(true)?;
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
    stream.write_all(&request).await?;
    let (reply, keeps) = read_reply(&mut stream, head.method == "HEAD").await?;
    *upstream = keeps.then_some(stream);
    Ok(reply)
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
