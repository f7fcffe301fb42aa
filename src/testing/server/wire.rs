//! HTTP/1.1 requests as they come, read with bounds on size and time.

use std::{io, time::Duration};

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::reply::Denial;

/// The largest body that is read.
const LARGEST_BODY: usize = 1 << 20;
const LARGEST_HEAD: usize = 64 << 10;
/// Wiremock takes a hundred, of which four are the front's.
const MOST_HEADERS: usize = 96;
/// How long a connection may be idle between requests.
const IDLE: Duration = Duration::from_secs(15);
/// How long a request may take to come.
const REQUEST: Duration = Duration::from_secs(5);
/// How long a client may take to read a reply, or a piece of a large one.
const REPLY: Duration = Duration::from_secs(5);
/// How long a connection that hangs on purpose is kept.
const HANG: Duration = Duration::from_secs(120);
/// What of a body that is too large is passed over, so that the client reads its answer.
const PASSED_OVER: usize = 256 << 20;

/// A connection with what was read and not yet used.
pub(in crate::testing) struct Connection {
    pub(in crate::testing) stream: TcpStream,
    buffer: BytesMut,
}

/// The start of a request.
pub(in crate::testing) struct RequestHead {
    pub(in crate::testing) method: String,
    pub(in crate::testing) target: String,
    pub(in crate::testing) headers: HeaderMap,
    pub(in crate::testing) keep_alive: bool,
    length: Length,
}

enum Length {
    Exactly(usize),
    Chunked,
}

/// Why no request came.
#[derive(Debug)]
pub(in crate::testing) enum NoRequest {
    /// The client went away, or took too long.
    Gone,
    Denied(Denial),
}

impl From<io::Error> for NoRequest {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

impl Connection {
    pub(in crate::testing) fn new(stream: TcpStream) -> Self {
        Self { stream, buffer: BytesMut::new() }
    }

    pub(in crate::testing) async fn head(&mut self) -> Result<RequestHead, NoRequest> {
        if self.buffer.is_empty() {
            timeout(IDLE, self.fill()).await.map_err(|_| NoRequest::Gone)??;
        }
        timeout(REQUEST, self.whole_head()).await.map_err(|_| NoRequest::Gone)?
    }

    pub(in crate::testing) async fn body(&mut self, head: &RequestHead) -> Result<Bytes, NoRequest> {
        match head.length {
            Length::Exactly(length) if length > LARGEST_BODY => return Err(NoRequest::Denied(Denial::TooLarge)),
            Length::Exactly(0) => return Ok(Bytes::new()),
            _ => {}
        }
        if head.headers.get(header::EXPECT).is_some() {
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        timeout(REQUEST, async {
            match head.length {
                Length::Exactly(length) => {
                    self.fill_to(length).await?;
                    // A copy: what is kept of a request does not keep all that came with it.
                    Ok(Bytes::copy_from_slice(&self.buffer.split_to(length)))
                }
                Length::Chunked => self.chunks().await,
            }
        })
        .await
        .map_err(|_| NoRequest::Gone)?
    }

    /// Writes to a client that reads: one that does not may not hold the connection.
    pub(in crate::testing) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        timeout(REPLY, self.stream.write_all(bytes)).await?
    }

    /// Reads and forgets what still comes, up to a bound, so that the reply is not lost in a reset.
    pub(in crate::testing) async fn pass_over(&mut self) {
        self.buffer.clear();
        let mut scratch = vec![0; 64 << 10];
        let all = async {
            let mut left = PASSED_OVER;
            while let Ok(read) = self.stream.read(&mut scratch).await {
                if read == 0 || read > left {
                    return;
                }
                left -= read;
            }
        };
        // A client that has sent all it wants closes at our answer; one that dawdles is cut off.
        _ = timeout(Duration::from_secs(5), all).await;
    }

    /// Waits until the client closes, and forgets what it still sends.
    pub(in crate::testing) async fn wait_for_end(&mut self) {
        let mut scratch = [0; 4096];
        let gone = async { while self.stream.read(&mut scratch).await.is_ok_and(|read| read > 0) {} };
        _ = timeout(HANG, gone).await;
    }

    async fn fill(&mut self) -> Result<(), NoRequest> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(NoRequest::Gone),
            _ => Ok(()),
        }
    }

    async fn fill_to(&mut self, length: usize) -> Result<(), NoRequest> {
        while self.buffer.len() < length {
            self.fill().await?;
        }
        Ok(())
    }

    async fn whole_head(&mut self) -> Result<RequestHead, NoRequest> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
            let mut request = httparse::Request::new(&mut headers);
            match request.parse(&self.buffer) {
                Ok(httparse::Status::Complete(used)) => {
                    let head = read_head(&request);
                    self.buffer.advance(used);
                    return head;
                }
                Ok(httparse::Status::Partial) if self.buffer.len() > LARGEST_HEAD => return Err(NoRequest::Denied(Denial::HeadTooLarge)),
                Ok(httparse::Status::Partial) => self.fill().await?,
                Err(httparse::Error::TooManyHeaders) => return Err(NoRequest::Denied(Denial::HeadTooLarge)),
                Err(_) => return Err(NoRequest::Denied(Denial::NotHttp)),
            }
        }
    }

    async fn chunks(&mut self) -> Result<Bytes, NoRequest> {
        let mut body = BytesMut::new();
        loop {
            let (used, size) = loop {
                match httparse::parse_chunk_size(&self.buffer) {
                    Ok(httparse::Status::Complete(found)) => break found,
                    Ok(httparse::Status::Partial) if self.buffer.len() < LARGEST_HEAD => self.fill().await?,
                    _ => return Err(NoRequest::Denied(Denial::NotHttp)),
                }
            };
            self.buffer.advance(used);
            let size = usize::try_from(size).map_err(|_| NoRequest::Denied(Denial::TooLarge))?;
            if size == 0 {
                self.trailers().await?;
                return Ok(body.freeze());
            }
            if size > LARGEST_BODY || body.len() + size > LARGEST_BODY {
                return Err(NoRequest::Denied(Denial::TooLarge));
            }
            self.fill_to(size + 2).await?;
            body.extend_from_slice(&self.buffer.split_to(size));
            if !self.buffer.split_to(2).eq(&b"\r\n"[..]) {
                return Err(NoRequest::Denied(Denial::NotHttp));
            }
        }
    }

    async fn trailers(&mut self) -> Result<(), NoRequest> {
        loop {
            let line = loop {
                match self.buffer.iter().position(|byte| *byte == b'\n') {
                    Some(end) => break self.buffer.split_to(end + 1),
                    None if self.buffer.len() < LARGEST_HEAD => self.fill().await?,
                    None => return Err(NoRequest::Denied(Denial::TooLarge)),
                }
            };
            if line.len() <= 2 {
                return Ok(());
            }
        }
    }
}

fn read_head(request: &httparse::Request<'_, '_>) -> Result<RequestHead, NoRequest> {
    let mut headers = HeaderMap::new();
    for field in request.headers.iter() {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| NoRequest::Denied(Denial::NotHttp))?;
        let value = HeaderValue::from_bytes(field.value).map_err(|_| NoRequest::Denied(Denial::NotHttp))?;
        headers.append(name, value);
    }
    let uri: Uri = request.path.unwrap_or_default().parse().map_err(|_| NoRequest::Denied(Denial::NotHttp))?;
    let target = match uri.path_and_query().map(|target| target.as_str()) {
        Some(target) if target.starts_with('/') => target.to_owned(),
        _ => "/".to_owned(),
    };
    let options = |name: &HeaderName| headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",").to_ascii_lowercase();
    let connection = options(&header::CONNECTION);
    let keep_alive = if request.version == Some(1) { !connection.contains("close") } else { connection.contains("keep-alive") };
    let encodings = options(&header::TRANSFER_ENCODING);
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter().map(|value| value.to_str().ok().and_then(|text| text.trim().parse::<usize>().ok()));
    let length = match (encodings.as_str(), lengths.next(), lengths.next()) {
        ("", None, _) => Length::Exactly(0),
        ("", Some(Some(length)), None) => Length::Exactly(length),
        ("chunked", None, _) => Length::Chunked,
        _ => return Err(NoRequest::Denied(Denial::NotHttp)),
    };
    Ok(RequestHead { method: request.method.unwrap_or_default().to_owned(), target, headers, keep_alive, length })
}
