//! A port by which programs in other languages steer doubles.

use std::{
    fmt, io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};
use url::form_urlencoded;

use super::{Double, Fault, Operation, fault::Kind, reply::Reply, wire::Connection};

/// Steers doubles over HTTP, for tests that are not written in Rust: what was sent, faults, the clock.
///
/// | request | does |
/// |---|---|
/// | `GET /outbox?to=ADDRESS` | the messages, `[{"provider","method","to","code","link","sent_at"}]`; without `to` all of them |
/// | `POST /faults` | `{"provider","operation","fault","times",…}`: lets calls go wrong, see below |
/// | `DELETE /faults` | forgets the faults that wait |
/// | `POST /clock` | `{"advance_s":60}`, `{"stop_at":"2030-01-01T00:00:00Z"}` or `{"reset":true}`; gives the time |
///
/// A fault is `status` (with `status`, `retry_after_s`), `rate_limited` (with `retry_after_s`), `gateway_html`, `reset_before_read`,
/// `reset_after_read`, `slow` (with `ms`), `hang`, `cut_body`, `garbage`, `not_http`, `wrong_content_type`, `unknown_fields`,
/// `unknown_enum_values`, `missing_field` (with `field`), `missing_fields` or `huge_body` (with `bytes`). Without `provider` it is for all
/// doubles, without `operation` for any call, and it happens once unless `times` says otherwise; 0 is always.
#[derive(Debug)]
pub struct Control {
    address: SocketAddr,
    task: AbortHandle,
}

impl Control {
    /// Listens for commands to these doubles.
    ///
    /// # Errors
    ///
    /// Where the address cannot be bound.
    pub async fn start(address: SocketAddr, doubles: Vec<Arc<dyn Double>>) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(accept(listener, doubles.into())).abort_handle();
        Ok(Self { address, task })
    }

    /// Where it is reached.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, doubles: Arc<[Arc<dyn Double>]>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(connections.spawn(serve(stream, Arc::clone(&doubles)))),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, doubles: Arc<[Arc<dyn Double>]>) {
    let mut connection = Connection::new(stream);
    while let Ok(head) = connection.head().await {
        let Ok(body) = connection.body(&head).await else { return };
        let (path, query) = head.target.split_once('?').unwrap_or((&head.target, ""));
        let (status, body) = match answer(&doubles, &head.method, path, query, &body) {
            Ok(body) => (200, body),
            Err(Problem { status, expected }) => (status, json!({ "error": expected })),
        };
        let reply = Reply::json(status, &body);
        let mut whole = reply.head(reply.body.len(), head.keep_alive).into_bytes();
        whole.extend_from_slice(&reply.body);
        if connection.stream.write_all(&whole).await.is_err() || !head.keep_alive {
            return;
        }
    }
}

/// A command that cannot be followed.
struct Problem {
    status: u16,
    expected: String,
}

impl<E: fmt::Display> From<E> for Problem {
    fn from(problem: E) -> Self {
        Self { status: 400, expected: problem.to_string() }
    }
}

fn answer(doubles: &[Arc<dyn Double>], method: &str, path: &str, query: &str, body: &[u8]) -> Result<Value, Problem> {
    match (method, path) {
        ("GET", "/outbox") => {
            let to = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "to").map(|(_, to)| to.into_owned());
            Ok(outbox(doubles, to.as_deref()))
        }
        ("POST", "/faults") => {
            let command: FaultCommand = serde_json::from_slice(body)?;
            let (operation, fault) = (command.operation()?, command.fault()?);
            let mut meant = doubles.iter().filter(|double| command.provider.as_deref().is_none_or(|name| name == double.name())).peekable();
            meant.peek().ok_or("provider: expected corbado, authsignal or dfns")?;
            meant.for_each(|double| match operation {
                Some(operation) => double.fail(operation, fault.clone()),
                None => double.fail_any(fault.clone()),
            });
            Ok(json!({}))
        }
        ("DELETE", "/faults") => {
            doubles.iter().for_each(|double| double.clear_faults());
            Ok(json!({}))
        }
        ("POST", "/clock") => {
            let command: ClockCommand = serde_json::from_slice(body)?;
            let mut clocks: Vec<&super::Clock> = Vec::new();
            for double in doubles {
                // One clock may serve several doubles.
                if !clocks.iter().any(|clock| clock.is_same(double.clock())) {
                    clocks.push(double.clock());
                }
            }
            clocks.iter().try_for_each(|clock| command.apply(clock))?;
            let now = clocks.first().map_or(SystemTime::UNIX_EPOCH, |clock| clock.now());
            Ok(json!({ "now": humantime::format_rfc3339_millis(now).to_string() }))
        }
        (_, "/outbox" | "/faults" | "/clock") => Err(Problem { status: 405, expected: "expected GET /outbox, POST or DELETE /faults, POST /clock".into() }),
        _ => Err(Problem { status: 404, expected: "expected /outbox, /faults or /clock".into() }),
    }
}

fn outbox(doubles: &[Arc<dyn Double>], to: Option<&str>) -> Value {
    let mut messages: Vec<(SystemTime, Value)> = Vec::new();
    for double in doubles {
        let sent = double.outbox();
        for message in sent.iter().filter(|message| to.is_none_or(|to| message.to() == to)) {
            let shown = json!({
                "provider": double.name(),
                "method": message.method().as_str(),
                "to": message.to(),
                "code": message.code(),
                "link": message.link(),
                "sent_at": humantime::format_rfc3339_millis(message.sent_at()).to_string(),
            });
            messages.push((message.sent_at(), shown));
        }
    }
    messages.sort_by_key(|(at, _)| *at);
    messages.into_iter().map(|(_, message)| message).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultCommand {
    provider: Option<String>,
    operation: Option<String>,
    fault: String,
    times: Option<u32>,
    status: Option<u16>,
    retry_after_s: Option<u64>,
    ms: Option<u64>,
    field: Option<String>,
    bytes: Option<usize>,
}

impl FaultCommand {
    fn operation(&self) -> Result<Option<Operation>, Problem> {
        Ok(self.operation.as_deref().map(str::parse).transpose()?)
    }

    fn fault(&self) -> Result<Fault, Problem> {
        let mut fault = match self.fault.as_str() {
            "status" => Fault::status(self.status.filter(|status| (200..600).contains(status)).ok_or("status: expected 200 to 599")?),
            "rate_limited" => Fault::rate_limited(),
            "gateway_html" => Fault::gateway_html(),
            "reset_before_read" => Fault::reset_before_read(),
            "reset_after_read" => Fault::reset_after_read(),
            "slow" => Fault::slow(Duration::from_millis(self.ms.ok_or("ms: is required")?)),
            "hang" => Fault::hang(),
            "cut_body" => Fault::cut_body(),
            "garbage" => Fault::garbage(),
            "not_http" => Fault::not_http(),
            "wrong_content_type" => Fault::wrong_content_type(),
            "unknown_fields" => Fault::unknown_fields(),
            "unknown_enum_values" => Fault::unknown_enum_values(),
            "missing_field" => Fault::missing_field(self.field.as_deref().ok_or("field: is required")?),
            "missing_fields" => Fault::missing_fields(),
            "huge_body" => Fault::huge_body(self.bytes.ok_or("bytes: is required")?),
            _ => Err("fault: not a known one")?,
        };
        if let (Some(seconds), Kind::Status(..)) = (self.retry_after_s, &fault.kind) {
            fault = fault.retry_after(Duration::from_secs(seconds));
        }
        Ok(match self.times {
            Some(0) => fault.always(),
            Some(times) => fault.times(times),
            None => fault,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockCommand {
    advance_s: Option<f64>,
    stop_at: Option<String>,
    #[serde(default)]
    reset: bool,
}

impl ClockCommand {
    fn apply(&self, clock: &super::Clock) -> Result<(), Problem> {
        let advance = self.advance_s.map(Duration::try_from_secs_f64).transpose().map_err(|_| "advance_s: expected a number of seconds")?;
        let stop_at = self.stop_at.as_deref().map(humantime::parse_rfc3339).transpose().map_err(|_| "stop_at: expected a time as in RFC 3339")?;
        if self.reset {
            clock.reset();
        }
        if let Some(at) = stop_at {
            clock.stop_at(at);
        }
        if let Some(by) = advance {
            clock.advance(by);
        }
        Ok(())
    }
}
