//! Bytes on a socket of a double's.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// The address in a base URL.
pub fn address(base_url: &str) -> String {
    base_url.trim_start_matches("http://").split('/').next().unwrap_or_default().to_owned()
}

/// What is said to raw bytes, until the other side closes; nothing comes after them.
pub async fn say(base_url: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address(base_url)).await.expect("a connection");
    // Who has heard enough closes in the middle.
    _ = stream.write_all(bytes).await;
    _ = stream.shutdown().await;
    heard(stream).await
}

/// What is said to a request that asks for the connection to be closed.
pub async fn ask(base_url: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address(base_url)).await.expect("a connection");
    _ = stream.write_all(bytes).await;
    heard(stream).await
}

async fn heard(mut stream: TcpStream) -> String {
    let mut reply = Vec::new();
    _ = timeout(Duration::from_secs(60), stream.read_to_end(&mut reply)).await.expect("an answer or an end");
    String::from_utf8_lossy(&reply).into_owned()
}
