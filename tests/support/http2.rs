//! An HTTP/2 server made of bare frames, so that it can do what no library would.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each program uses its part")]

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use super::support::Quiet;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Codes of `RST_STREAM` and `GOAWAY`.
pub const NO_ERROR: u32 = 0;
pub const PROTOCOL_ERROR: u32 = 1;
pub const INTERNAL_ERROR: u32 = 2;
pub const REFUSED_STREAM: u32 = 7;
pub const CANCEL: u32 = 8;
pub const ENHANCE_YOUR_CALM: u32 = 11;
pub const HTTP_1_1_REQUIRED: u32 = 13;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// What the server writes; the stream is that of the request.
#[derive(Clone, Debug)]
pub enum Frame {
    /// The head of a reply: of these statuses the protocol has short forms, 200, 204, 206, 304, 400, 404, 500.
    Head(u16),
    /// A part of the body.
    Part(Vec<u8>),
    /// The last part of the body.
    End(Vec<u8>),
    Reset(u32),
    /// Promises that streams up to this one were looked at; with none, up to that of the request.
    GoAway(Option<u32>, u32),
}

/// What the server does after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    GoOn,
    Close,
    Hang,
}

/// What the server does next.
#[derive(Clone, Debug)]
pub enum Deed {
    /// When a connection is made, before any request.
    AtOnce(Vec<Frame>, Then),
    /// When the head of a request is read, before its body.
    OnHead(Vec<Frame>, Then),
    /// When a whole request is read.
    OnRequest(Vec<Frame>, Then),
}

/// The script of a server, with the requests that it saw.
#[derive(Clone, Debug)]
pub struct Script {
    deeds: Arc<Mutex<VecDeque<Deed>>>,
    otherwise: Vec<u8>,
    settings: Vec<u8>,
    pub quiet: Quiet,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// A request, as far as it came.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub body: Vec<u8>,
    /// Whether it got at least the head of a reply.
    pub is_answered: bool,
    /// Whether the server said that it did nothing with it.
    pub is_disowned: bool,
}

impl Script {
    /// These deeds, one a request; then every request is answered with 200 and this body.
    pub fn new(deeds: Vec<Deed>, otherwise: &str) -> Self {
        Self {
            deeds: Arc::new(Mutex::new(deeds.into())),
            otherwise: otherwise.as_bytes().to_vec(),
            settings: Vec::new(),
            quiet: Quiet::default(),
            seen: Arc::default(),
        }
    }

    /// So many requests at a time on one connection.
    pub fn with_concurrent_streams(mut self, most: u32) -> Self {
        self.settings = [&3_u16.to_be_bytes()[..], &most.to_be_bytes()].concat();
        self
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("the requests").clone()
    }

    fn next_if(&self, fits: fn(&Deed) -> bool) -> Option<Deed> {
        let mut deeds = self.deeds.lock().expect("the script");
        if deeds.front().is_some_and(fits) { deeds.pop_front() } else { None }
    }

    /// Serves a connection.
    pub async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let _ = self.converse(&mut stream).await;
    }

    async fn converse(&self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> std::io::Result<()> {
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).await?;
        assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/2 was agreed on");
        // A server that has gone away looks at no later request.
        let mut last = u32::MAX;
        let mut disowns_later = false;
        let mut hello = frame(SETTINGS, 0, 0, &self.settings);
        if let Some(Deed::AtOnce(frames, then)) = self.next_if(|deed| matches!(deed, Deed::AtOnce(..))) {
            hello.extend(bytes(&frames, 0));
            last = last_looked_at(&frames, 0).unwrap_or(last);
            disowns_later = disowns(&frames, u32::MAX);
            stream.write_all(&hello).await?;
            stream.flush().await?;
            match then {
                Then::GoOn => {}
                Then::Close => return close(stream).await,
                Then::Hang => return self.hang(stream).await,
            }
        } else {
            stream.write_all(&hello).await?;
            stream.flush().await?;
        }
        // Streams whose request is not over, with the place of its body among those seen.
        let mut open: Vec<(u32, usize)> = Vec::new();
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await?;
            let [a, b, c, kind, flags, id @ ..] = head;
            let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
            stream.read_exact(&mut payload).await?;
            let id = u32::from_be_bytes(id) & 0x7fff_ffff;
            match kind {
                SETTINGS if flags & ACK == 0 => stream.write_all(&frame(SETTINGS, ACK, 0, &[])).await?,
                PING if flags & ACK == 0 => stream.write_all(&frame(PING, ACK, 0, &payload)).await?,
                HEADERS => {
                    let mut seen = self.seen.lock().expect("the requests");
                    open.push((id, seen.len()));
                    seen.push(Seen { is_disowned: disowns_later && id > last, ..Seen::default() });
                }
                DATA => {
                    if let Some((_, place)) = open.iter().find(|(open, _)| *open == id) {
                        self.seen.lock().expect("the requests")[*place].body.extend_from_slice(&payload);
                    }
                }
                _ => {}
            }
            let is_over = matches!(kind, HEADERS | DATA) && flags & END_STREAM != 0 && open.iter().any(|(open, _)| *open == id);
            let deed = match kind {
                HEADERS if id <= last => self.next_if(|deed| matches!(deed, Deed::OnHead(..))),
                _ => None,
            };
            let deed = match deed {
                Some(deed) => Some(deed),
                None if is_over && id <= last => Some(
                    self.next_if(|deed| matches!(deed, Deed::OnRequest(..)))
                        .unwrap_or_else(|| Deed::OnRequest(vec![Frame::Head(200), Frame::End(self.otherwise.clone())], Then::GoOn)),
                ),
                None => None,
            };
            if let Some(Deed::OnHead(frames, then) | Deed::OnRequest(frames, then) | Deed::AtOnce(frames, then)) = deed {
                if let Some(index) = open.iter().position(|(open, _)| *open == id) {
                    let (_, place) = open.swap_remove(index);
                    let mut seen = self.seen.lock().expect("the requests");
                    seen[place].is_answered = frames.iter().any(|frame| matches!(frame, Frame::Head(_)));
                    seen[place].is_disowned = disowns(&frames, id);
                }
                stream.write_all(&bytes(&frames, id)).await?;
                last = last_looked_at(&frames, id).unwrap_or(last);
                disowns_later |= frames.iter().any(|frame| matches!(frame, Frame::GoAway(_, NO_ERROR)));
                match then {
                    Then::GoOn => {}
                    Then::Close => return close(stream).await,
                    Then::Hang => {
                        stream.flush().await?;
                        return self.hang(stream).await;
                    }
                }
            }
            stream.flush().await?;
        }
    }

    /// Reads, and says nothing, until the other side closes.
    async fn hang(&self, stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<()> {
        self.quiet.begin();
        let mut buffer = [0; 1024];
        while stream.read(&mut buffer).await? > 0 {}
        Ok(())
    }
}

/// Closes, and reads what is on its way: closed with anything unread, the system would send a reset, which overtakes what was written.
async fn close(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> std::io::Result<()> {
    stream.shutdown().await?;
    let mut buffer = [0; 1024];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

/// Tells which stream is the last one, where these frames say so in answer to the request on stream `id`.
fn last_looked_at(frames: &[Frame], id: u32) -> Option<u32> {
    let lasts = frames.iter().filter_map(|frame| match frame {
        Frame::GoAway(last, _) => Some(last.unwrap_or(id)),
        _ => None,
    });
    lasts.min()
}

/// Says whether these frames vouch that nothing was done with a request on stream `id`: refused, or above the last stream of a server that goes
/// away without an error. What has the head of a reply was looked at.
fn disowns(frames: &[Frame], id: u32) -> bool {
    let is_refusal = |frame: &Frame| match frame {
        Frame::Reset(code) => *code == REFUSED_STREAM,
        Frame::GoAway(last, code) => *code == NO_ERROR && last.unwrap_or(id) < id,
        _ => false,
    };
    !frames.iter().any(|frame| matches!(frame, Frame::Head(_))) && frames.iter().any(is_refusal)
}

fn bytes(frames: &[Frame], id: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for it in frames {
        bytes.extend(match it {
            Frame::Head(status) => frame(HEADERS, END_HEADERS, id, &[short_form(*status)]),
            Frame::Part(part) => frame(DATA, 0, id, part),
            Frame::End(part) => frame(DATA, END_STREAM, id, part),
            Frame::Reset(code) => frame(RST_STREAM, 0, id, &code.to_be_bytes()),
            Frame::GoAway(last, code) => frame(GOAWAY, 0, 0, &[last.unwrap_or(id).to_be_bytes(), code.to_be_bytes()].concat()),
        });
    }
    bytes
}

fn short_form(status: u16) -> u8 {
    let index = [200, 204, 206, 304, 400, 404, 500].iter().position(|known| *known == status).expect("a status with a short form");
    0x88 + u8::try_from(index).expect("a small number")
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
    let mut frame = vec![a, b, c, kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}
