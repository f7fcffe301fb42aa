//! What stands between the network and wiremock: reads requests within bounds, and does what wiremock cannot: reset, cut, hang, flood.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{io::AsyncWriteExt, net::TcpStream, task::AbortHandle};

use super::{
    backstage::Backstage,
    bend::bend,
    door::Shutting,
    only_opens,
    reply::{Denial, HttpReply},
    wire::{Connection, NoRequest, RequestHead},
};
use crate::testing::{Fault, ReceivedRequest, faults::FaultKind};

/// How many connections are open at once; more wait.
const CONNECTIONS: usize = 256;

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
        let Taken { head, body, fault, number } = match came {
            Ok(taken) => taken,
            Err(End::Reset) => return reset_now(&connection.stream),
            Err(End::Hang) => return connection.wait_for_end().await,
            Err(End::NoRequest(NoRequest::Gone)) => return,
            Err(End::NoRequest(NoRequest::Denied(denial))) => return deny(connection, &backstage, &denial).await,
        };
        let is_head = head.method == "HEAD";
        let fault = fault.as_ref().map(Fault::kind);
        let reply = match fault {
            Some(FaultKind::Status(status, retry_after)) => {
                let reply = backstage.behaviour.deny(&Denial::Status(*status));
                match retry_after {
                    Some(pause) => reply.with_header("retry-after", &pause.as_secs().to_string()),
                    None => reply,
                }
            }
            Some(FaultKind::GatewayHtml(status)) => gateway(*status),
            _ => match backstage.wiremock.ask(&mut upstream, &head, &body, number).await {
                Ok(reply) => reply,
                // Nothing that came in is known to lead here.
                Err(_) => backstage.behaviour.deny(&Denial::NotHttp),
            },
        };
        let reply = match fault {
            Some(fault) => bend(fault, reply, backstage.behaviour.contract().enumerations()),
            None => reply,
        };
        let keeps_back = matches!(fault, Some(FaultKind::Hang | FaultKind::ResetAfterRead | FaultKind::NotHttp));
        // Before the client knows, so that whoever has the reply finds it here too.
        backstage.journal.answered(number, (!keeps_back).then_some(reply.status));
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

/// A request that was read and kept.
struct Taken {
    head: RequestHead,
    body: Bytes,
    fault: Option<Fault>,
    number: u64,
}

/// Reads a request, finds the fault that waits for it, and keeps it.
async fn request(connection: &mut Connection, backstage: &Backstage) -> Result<Taken, End> {
    let head = connection.head().await?;
    let path = head.target.split('?').next().unwrap_or_default();
    let operation = backstage.behaviour.contract().operation(&head.method, path);
    // Faults are for calls.
    let is_call = !only_opens(&*backstage.behaviour, &head.method, path, &head.headers);
    let fault = is_call.then(|| backstage.hit(operation)).flatten();
    match fault.as_ref().map(Fault::kind) {
        Some(FaultKind::ResetBeforeRead) => return Err(End::Reset),
        Some(FaultKind::HangConnection) => return Err(End::Hang),
        _ => {}
    }
    let body = connection.body(&head).await?;
    let number = backstage.journal.received(ReceivedRequest {
        operation,
        method: head.method.clone(),
        target: head.target.clone(),
        headers: head.headers.clone(),
        body: body.clone(),
        received_at: backstage.clock.now(),
        status: None,
        fault: fault.as_ref().map(Fault::name),
    });
    Ok(Taken { head, body, fault, number })
}

/// Writes a bent reply as the fault wants it; false where the connection is of no more use.
async fn deliver(connection: &mut Connection, fault: Option<&FaultKind>, reply: HttpReply, is_head: bool, keep_alive: bool) -> io::Result<bool> {
    match fault {
        Some(FaultKind::Slow(pause)) => tokio::time::sleep(*pause).await,
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
            flood(connection, &reply, *bytes, keep_alive).await?;
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
