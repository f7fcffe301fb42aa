//! What stands between the network and wiremock: reads requests within bounds, and does what wiremock cannot: reset, cut, hang, flood.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderName, header::HOST};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::{AbortHandle, JoinSet},
};

use super::{
    backstage::Backstage,
    bend::bend,
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
    pub(super) fn start(listener: TcpListener, backstage: Arc<Backstage>) -> Self {
        Self(tokio::spawn(accept(listener, backstage)).abort_handle())
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn accept(listener: TcpListener, backstage: Arc<Backstage>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    // Dropped with this task, and all connections with it.
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let backstage = Arc::clone(&backstage);
                connections.spawn(async move {
                    _ = stream.set_nodelay(true);
                    serve(stream, &backstage).await;
                    drop(place);
                });
            }
            // Out of file handles, say: others will be free soon.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, backstage: &Backstage) {
    let mut connection = Connection::new(stream);
    let mut upstream = None;
    loop {
        let (head, body, fault) = match request(&mut connection, backstage).await {
            Ok(Some(request)) => request,
            Ok(None) => return reset(connection.stream),
            Err(NoRequest::Gone) => return,
            Err(NoRequest::NotHttp) => return deny(connection, backstage, Denial::NotHttp).await,
            Err(NoRequest::TooLarge) => return deny(connection, backstage, Denial::TooLarge).await,
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
        if !deliver(&mut connection, fault, reply, is_head, head.keep_alive).await {
            return;
        }
    }
}

/// Reads a request, keeps it, and finds the fault that waits for it; `None` for the fault that resets before the request is read.
async fn request(connection: &mut Connection, backstage: &Backstage) -> Result<Option<(RequestHead, Bytes, Option<FaultKind>)>, NoRequest> {
    let head = connection.head().await?;
    let path = head.target.split('?').next().unwrap_or_default();
    let operation = backstage.behaviour.contract().operation(&head.method, path);
    let fault = backstage.faults.take(operation);
    if matches!(fault, Some(FaultKind::ResetBeforeRead)) {
        return Ok(None);
    }
    let body = connection.body(&head).await?;
    backstage.journal.received(ReceivedRequest {
        operation,
        method: head.method.clone(),
        target: head.target.clone(),
        headers: head.headers.clone(),
        body: body.clone(),
    });
    Ok(Some((head, body, fault)))
}

/// Writes a bent reply as the fault wants it; false where the connection is of no more use.
async fn deliver(connection: &mut Connection, fault: Option<FaultKind>, reply: HttpReply, is_head: bool, keep_alive: bool) -> bool {
    let stream = &mut connection.stream;
    match fault {
        Some(FaultKind::Slow(pause)) => tokio::time::sleep(pause).await,
        Some(FaultKind::Hang) => {
            connection.wait_for_end().await;
            return false;
        }
        Some(FaultKind::ResetAfterRead) => {
            reset_now(stream);
            return false;
        }
        Some(FaultKind::NotHttp) => {
            _ = stream.write_all(b"\x16\x03\x01 this is not HTTP\r\n\r\n").await;
            return false;
        }
        Some(FaultKind::CutBody) => {
            _ = stream.write_all(reply.head(reply.body.len() + 1, false).as_bytes()).await;
            _ = stream.write_all(reply.body.split_at(reply.body.len() / 2).0).await;
            return false;
        }
        Some(FaultKind::HugeBody(bytes)) => return flood(stream, &reply, bytes, keep_alive).await.is_ok() && keep_alive,
        _ => {}
    }
    let mut whole = reply.head(reply.body.len(), keep_alive).into_bytes();
    if !is_head {
        whole.extend_from_slice(&reply.body);
    }
    stream.write_all(&whole).await.is_ok() && keep_alive
}

/// Writes a reply with one more field that is large, without holding it in memory.
async fn flood(stream: &mut TcpStream, reply: &HttpReply, bytes: usize, keep_alive: bool) -> io::Result<()> {
    const PIECE: [u8; 4096] = [b'x'; 4096];
    let start = reply.body.strip_suffix(b"}").unwrap_or(b"{\"is\":1");
    let (before, after) = (b",\"padding\":\"", b"\"}");
    stream.write_all(reply.head(start.len() + before.len() + bytes + after.len(), keep_alive).as_bytes()).await?;
    stream.write_all(start).await?;
    stream.write_all(before).await?;
    let mut left = bytes;
    while left > 0 {
        let piece = left.min(PIECE.len());
        stream.write_all(PIECE.split_at(piece).0).await?;
        left -= piece;
    }
    stream.write_all(after).await
}

async fn deny(mut connection: Connection, backstage: &Backstage, denial: Denial) {
    let reply = backstage.behaviour.deny(&denial);
    let mut whole = reply.head(reply.body.len(), false).into_bytes();
    whole.extend_from_slice(&reply.body);
    if connection.stream.write_all(&whole).await.is_ok() && connection.stream.shutdown().await.is_ok() {
        connection.pass_over().await;
    }
}

fn reset(stream: TcpStream) {
    reset_now(&stream);
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
    let reply = read_reply(&mut stream, head.method == "HEAD").await?;
    *upstream = Some(stream);
    Ok(reply)
}

async fn read_reply(stream: &mut TcpStream, is_head: bool) -> io::Result<HttpReply> {
    let mut buffer = BytesMut::new();
    loop {
        if stream.read_buf(&mut buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut fields = [httparse::EMPTY_HEADER; 32];
        let mut response = httparse::Response::new(&mut fields);
        let Ok(status) = response.parse(&buffer) else { return Err(io::ErrorKind::InvalidData.into()) };
        let httparse::Status::Complete(used) = status else { continue };
        let mut length = 0;
        let mut headers = Vec::new();
        for field in response.headers.iter() {
            let value = String::from_utf8_lossy(field.value).into_owned();
            match field.name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().map_err(|_| io::ErrorKind::InvalidData)?,
                "connection" | "transfer-encoding" => {}
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
        return Ok(HttpReply { status, headers, body: buffer.split_to(end).split_off(used).to_vec() });
    }
}
