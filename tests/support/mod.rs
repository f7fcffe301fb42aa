//! A server on a raw socket: it records what comes in, byte by byte, and answers what it is told. Beside it the fixtures of the vendors.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each program uses its part")]

pub mod canaries;
pub mod config;
pub mod guards;
#[cfg(feature = "send-once")]
pub mod intents;
pub mod log;
pub mod markdown;
pub mod observers;
pub mod oddities;
pub mod raw;
pub mod redis;
pub mod typed;
pub mod vendors;

use std::{
    future::Future,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use auth_challenge::Http;
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
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
    /// Answers the first bytes, then the others one by one, with this pause between them.
    Drip(Vec<u8>, Vec<u8>, Duration),
    /// Answers these bytes, then the same chunk for ever.
    Endless(Vec<u8>, Vec<u8>),
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Seen {
    /// The values of a header.
    pub fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).collect()
    }

    /// What the body says, by its media type: JSON, or a form as an object of texts.
    pub fn content(&self) -> Value {
        content(self.header("content-type").first().copied().unwrap_or_default(), &self.body)
    }
}

/// What a body says, by its media type: JSON, or a form as an object of texts.
pub fn content(media_type: &str, body: &[u8]) -> Value {
    match media_type {
        "application/json" => serde_json::from_slice(body).expect("a JSON body"),
        "application/x-www-form-urlencoded" => url::form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), Value::from(&*value))).collect(),
        other => panic!("a body of the media type {other:?}"),
    }
}

/// A server with a script: one step a request, the last one for all further ones.
#[derive(Clone, Debug)]
pub struct Server {
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<Mutex<usize>>,
    quiet: Quiet,
}

impl Server {
    pub async fn start(script: Vec<Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on loopback");
        let address = listener.local_addr().expect("the port");
        let server = Self { address, received: Arc::default(), connections: Arc::default(), quiet: Quiet::default() };
        let (received, connections, quiet) = (Arc::clone(&server.received), Arc::clone(&server.connections), server.quiet.clone());
        let script = Arc::new(Mutex::new(script.into_iter()));
        let last = Arc::new(Mutex::new(None));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *connections.lock().expect("the count") += 1;
                let (received, script, last, quiet) = (Arc::clone(&received), Arc::clone(&script), Arc::clone(&last), quiet.clone());
                let next = move || {
                    let mut last = last.lock().expect("the last step");
                    if let Some(step) = script.lock().expect("the script").next() {
                        *last = Some(step);
                    }
                    last.clone()
                };
                tokio::spawn(async move {
                    let _ = serve(stream, next, received, quiet).await;
                });
            }
        });
        server
    }

    /// A server that gives one answer to everything.
    pub async fn answering(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        Self::start(vec![Step::Answer(reply(status, headers, body))]).await
    }

    pub fn requests(&self) -> Vec<Seen> {
        self.received.lock().expect("the requests").clone()
    }

    pub fn connections(&self) -> usize {
        *self.connections.lock().expect("the count")
    }

    /// How long the server has hung.
    pub fn hung_for(&self) -> Option<Duration> {
        self.quiet.hung_for()
    }

    /// The one request that came in.
    pub fn only_request(&self) -> Seen {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "expected one request: {requests:?}");
        requests.into_iter().next().expect("one request")
    }
}

async fn serve(mut stream: TcpStream, mut next: impl FnMut() -> Option<Step>, received: Arc<Mutex<Vec<Seen>>>, quiet: Quiet) -> std::io::Result<()> {
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
                quiet.begin();
                std::future::pending::<()>().await;
            }
            Step::CloseAtOnce => return Ok(()),
            Step::ReadAndReset => {
                let _ = stream.set_zero_linger();
                return Ok(());
            }
            Step::ReadAndHang => {
                quiet.begin();
                std::future::pending::<()>().await;
            }
            Step::Drip(bytes, drops, pause) => {
                stream.write_all(&bytes).await?;
                quiet.begin();
                for byte in drops {
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

/// A server that gives whatever answer it was last told, beside a client for it.
#[derive(Debug)]
pub struct Told {
    pub address: SocketAddr,
    pub http: Http,
    answer: Arc<Mutex<Vec<u8>>>,
}

impl Told {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on loopback");
        let told = Self { address: listener.local_addr().expect("the port"), http: client(), answer: Arc::default() };
        let answer = Arc::clone(&told.answer);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let answer = Arc::clone(&answer);
                tokio::spawn(async move {
                    let mut buffer = Vec::new();
                    while let Ok(Some(_)) = read_request(&mut stream, &mut buffer).await {
                        let answer = answer.lock().expect("the answer").clone();
                        if stream.write_all(&answer).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        told
    }

    /// Tells what is answered from now on.
    pub fn answer(&self, status: u16, body: impl AsRef<[u8]>) {
        let body = body.as_ref();
        let head = format!("HTTP/1.1 {status} Reason\r\ncontent-length: {}\r\n\r\n", body.len());
        *self.answer.lock().expect("the answer") = [head.as_bytes(), body].concat();
    }
}

/// The next request on a connection; none where it is closed.
pub async fn read_request(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> std::io::Result<Option<Seen>> {
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
                return Ok(Some(Seen { method, path, headers, body }));
            }
        }
        match stream.read(&mut chunk).await? {
            0 => return Ok(None),
            read => buffer.extend_from_slice(&chunk[..read]),
        }
    }
}

/// A port at which nobody listens until `listen` is called, and that nobody else gets meanwhile: once this is dropped, somebody may.
#[derive(Debug)]
pub struct Reserved(TcpSocket);

impl Reserved {
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((std::net::Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
        Self(socket)
    }

    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("the port")
    }

    pub fn listen(self) -> TcpListener {
        self.0.listen(16).expect("a listener")
    }
}

/// Since when a server hangs: it has done all that it does before the other side runs out of time.
#[derive(Clone, Debug, Default)]
pub struct Quiet(Arc<Mutex<Option<Instant>>>);

impl Quiet {
    pub fn begin(&self) {
        *self.0.lock().expect("the time") = Some(Instant::now());
    }

    pub fn hung_for(&self) -> Option<Duration> {
        self.0.lock().expect("the time").map(|since| since.elapsed())
    }
}

/// A client with time enough for a busy machine. Making one takes long, so the runs of a test share it.
pub fn client() -> Http {
    Http::builder().with_timeout(LONG).with_connect_timeout(LONG / 2).build().expect("a client")
}

/// The time for what ends by itself; not more than the longest pause that a script asks for.
pub const LONG: Duration = Duration::from_secs(60);

/// Waits for runs that go side by side.
pub async fn all_end_well(runs: Vec<tokio::task::JoinHandle<()>>) {
    for run in runs {
        run.await.expect("a run that ends well");
    }
}

/// Makes a run that ends by its deadline, again with more time where the server did not hang well before that, or where tasks had to wait for
/// their turn: on a busy machine, such a run was over before the script was played or its reply was seen, and tells nothing.
pub async fn with_time_enough<T, F: Future<Output = (T, Option<Duration>)>>(run: impl Fn(Duration) -> F) -> T {
    with_time_up_to(LONG, run).await
}

/// Makes such a run with no more time at once than this.
pub async fn with_time_up_to<T, F: Future<Output = (T, Option<Duration>)>>(most: Duration, run: impl Fn(Duration) -> F) -> T {
    let (started, mut time) = (Instant::now(), Duration::from_secs(1));
    loop {
        let turns = Turns::watch(time / 20);
        let (outcome, hung_for) = run(time).await;
        if hung_for.is_some_and(|hung| hung > time / 2) && turns.longest_wait() < time / 4 {
            return outcome;
        }
        assert!(started.elapsed() < 2 * LONG, "a machine that plays a script within a minute");
        time = most.min(4 * time);
    }
}

/// How long a task of this runtime has to wait for its turn.
struct Turns {
    pause: Duration,
    seen: Arc<Mutex<(Instant, Duration)>>,
    task: tokio::task::JoinHandle<()>,
}

impl Turns {
    fn watch(pause: Duration) -> Self {
        let seen = Arc::new(Mutex::new((Instant::now(), Duration::ZERO)));
        let noted = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(pause).await;
                let (last, longest) = &mut *noted.lock().expect("the time");
                *longest = (*longest).max(last.elapsed().saturating_sub(pause));
                *last = Instant::now();
            }
        });
        Self { pause, seen, task }
    }

    fn longest_wait(&self) -> Duration {
        let (last, longest) = *self.seen.lock().expect("the time");
        longest.max(last.elapsed().saturating_sub(self.pause))
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        self.task.abort();
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
