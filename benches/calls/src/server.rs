//! A lean server: reads one request after the other, and answers each with bytes that it has ready.

use std::{sync::Arc, time::Duration};

use figures::Outcome;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::vendors::VENDORS;

/// Serves on loopback until the process is ended, and prints the port.
pub async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("an address").port());
    let replies = Arc::new(Replies::new());
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(answer(stream, Arc::clone(&replies)))),
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Holds the bytes of each reply, by what a path begins with.
struct Replies(Vec<(String, Vec<u8>)>);

impl Replies {
    fn new() -> Self {
        let all = VENDORS.iter().flat_map(|vendor| Outcome::ALL.map(|outcome| (vendor, outcome)));
        Self(all.map(|(vendor, outcome)| (format!("/{}/{}/", outcome.name(), vendor.name), bytes(vendor.reply(outcome)))).collect())
    }

    fn of(&self, head: &str) -> &[u8] {
        let path = head.split(' ').nth(1).unwrap_or_default();
        let found = self.0.iter().find(|(begin, _)| path.starts_with(begin));
        found.map_or(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", |(_, reply)| reply)
    }
}

fn bytes((status, body): (u16, &str)) -> Vec<u8> {
    let length = body.len();
    // What a vendor behind a gateway sends beside the body.
    let head = format!(
        "HTTP/1.1 {status} X\r\ndate: Sun, 29 Nov 2026 12:00:00 GMT\r\nserver: lean\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         x-request-id: 7f0c6a52b8d3\r\nstrict-transport-security: max-age=31536000\r\nvary: origin\r\n\r\n"
    );
    (head + body).into_bytes()
}

async fn answer(mut stream: TcpStream, replies: Arc<Replies>) {
    _ = stream.set_nodelay(true);
    let mut read = Vec::with_capacity(8192);
    loop {
        while let Some((head, whole)) = request(&read) {
            if stream.write_all(replies.of(head)).await.is_err() {
                return;
            }
            read.drain(..whole);
        }
        if !matches!(stream.read_buf(&mut read).await, Ok(1..)) {
            return;
        }
    }
}

/// Finds the head of a request that is there whole, and where the request ends.
fn request(read: &[u8]) -> Option<(&str, usize)> {
    let end = read.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(read.get(..end)?).ok()?;
    let length = head.lines().filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let whole = end + length.map_or(0, |(_, length)| length.trim().parse().unwrap_or(0));
    (read.len() >= whole).then_some((head, whole))
}
