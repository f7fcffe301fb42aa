//! A port by which programs in other languages steer doubles.

use std::{
    fmt, io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::{net::TcpStream, task::AbortHandle};
use url::form_urlencoded;

use super::{
    Clock, Double, Operation,
    admission::{Names, Refused},
    faults::WordedFault,
    server::{Connection, Door, HttpReply},
};

/// How many connections are open at once; more wait.
const CONNECTIONS: usize = 64;

/// Steers doubles over HTTP, for tests that are not written in Rust: what was sent, faults, the clock.
///
/// | request | does |
/// |---|---|
/// | `GET /outbox?to=ADDRESS` | the messages, `[{"provider","method","to","code","link","sent_at"}]`; without `to` all of them |
/// | `POST /faults` | `{"provider","operation","fault","times",…}`: lets calls go wrong, see below |
/// | `DELETE /faults` | forgets the faults that wait |
/// | `POST /clock` | `{"advance_s":60}`, `{"stop_at":"2030-01-01T00:00:00Z"}` or `{"reset":true}`; gives the time |
///
/// `fault` is the name of the method of [`Fault`](super::Fault) that makes it. `status` takes `status` and `retry_after_s`, `rate_limited`
/// takes `retry_after_s`, `slow` takes `ms`, `missing_field` takes `field`, `huge_body` takes `bytes`. Without `provider` it is for all
/// doubles, without `operation` for any call, and it happens once unless `times` says otherwise; 0 is always. `refuse_connections` lasts until
/// the faults are forgotten. What is not known is answered with the names that there are.
///
/// A page that a browser has open cannot use it: `POST` and every body take the content type `application/json` (else status 415), an `Origin`
/// other than its own is refused (403), and so is a `Host` that is neither loopback, nor the address that is listened at, nor a
/// [name](Self::with_name) (421).
///
/// ```text
/// curl -H 'content-type: application/json' -d '{"provider":"corbado","fault":"refuse_connections"}' http://127.0.0.1:9000/faults
/// curl -X DELETE http://127.0.0.1:9000/faults
/// ```
#[derive(Debug)]
pub struct Control {
    address: SocketAddr,
    names: Arc<Names>,
    task: AbortHandle,
}

impl Control {
    /// Listens for commands to these doubles.
    ///
    /// # Errors
    ///
    /// Where the address cannot be bound.
    pub async fn start(address: SocketAddr, doubles: Vec<Double>) -> io::Result<Self> {
        let door = Door::open_at(address).await?;
        let (address, names, doubles) = (door.address, Arc::new(Names::default()), Arc::<[Double]>::from(doubles));
        let known = Arc::clone(&names);
        let serve_all = async move { door.serve_each(CONNECTIONS, |stream, _| serve(stream, Arc::clone(&doubles), Arc::clone(&known))).await };
        Ok(Self { address, names, task: tokio::spawn(serve_all).abort_handle() })
    }

    /// Answers to a host name too, the one that other machines have for this one.
    pub fn with_name(self, name: impl Into<String>) -> Self {
        self.names.add(name.into());
        self
    }

    /// Tells where it is reached.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, doubles: Arc<[Double]>, names: Arc<Names>) {
    let came_to = stream.local_addr().ok().map(|address| address.ip().to_canonical());
    let mut connection = Connection::new(stream);
    while let Ok(head) = connection.head().await {
        let Ok(body) = connection.body(&head).await else { return };
        let (path, query) = head.target.split_once('?').unwrap_or((&head.target, ""));
        let admitted = names.admit(&head.method, &head.headers, !body.is_empty(), came_to).map_err(Problem::refused);
        let (status, body) = match admitted.and_then(|()| answer(&doubles, &head.method, path, query, &body)) {
            Ok(body) => (200, body),
            Err(Problem { status, expected }) => (status, json!({ "error": expected })),
        };
        let reply = HttpReply::json(status, &body).with_header("x-content-type-options", "nosniff");
        if connection.write(&reply.whole(head.method == "HEAD", head.keep_alive)).await.is_err() || !head.keep_alive {
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

impl Problem {
    fn refused(Refused { status, expected }: Refused) -> Self {
        Self { status, expected: expected.to_owned() }
    }
}

fn answer(doubles: &[Double], method: &str, path: &str, query: &str, body: &[u8]) -> Result<Value, Problem> {
    match (method, path) {
        ("GET", "/outbox") => {
            let to = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "to").map(|(_, to)| to.into_owned());
            // A plus sign that was not encoded reads as a blank.
            let to = to.map(|to| to.strip_prefix(' ').map_or(to.clone(), |number| format!("+{number}")));
            Ok(outbox(doubles, to.as_deref()))
        }
        ("POST", "/faults") => {
            add_fault(doubles, serde_json::from_slice(body)?)?;
            Ok(json!({}))
        }
        ("DELETE", "/faults") => {
            doubles.iter().for_each(|double| double.clear_faults());
            Ok(json!({}))
        }
        ("POST", "/clock") => {
            let command: ClockCommand = serde_json::from_slice(body)?;
            let mut clocks: Vec<&Clock> = Vec::new();
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

fn outbox(doubles: &[Double], to: Option<&str>) -> Value {
    let mut messages: Vec<(SystemTime, Value)> = Vec::new();
    for double in doubles {
        let sent = double.outbox();
        for message in sent.iter().filter(|message| to.is_none_or(|to| message.recipient() == to)) {
            let shown = json!({
                "provider": double.name(),
                "method": message.method().as_str(),
                "to": message.recipient(),
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

/// Adds a fault to the doubles that are meant: those of one provider, those that have the operation.
fn add_fault(doubles: &[Double], mut command: Map<String, Value>) -> Result<(), Problem> {
    let mut take = |name: &str| match command.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Problem::from(format!("{name}: expected text"))),
    };
    let (provider, operation) = (take("provider")?, take("operation")?);
    let fault = serde_json::from_value::<WordedFault>(command.into())?.fault()?;
    let meant: Vec<&Double> = doubles.iter().filter(|double| provider.as_deref().is_none_or(|name| name == double.name())).collect();
    if meant.is_empty() {
        let names: Vec<&str> = doubles.iter().map(Double::name).collect();
        return Err(Problem::from(format!("provider: expected one of {}", names.join(", "))));
    }
    let Some(operation) = operation else {
        meant.iter().for_each(|double| double.fail_any(fault.clone()));
        return Ok(());
    };
    Operation::find(&operation, meant.iter().flat_map(|double| double.operations()))?;
    for double in meant {
        if let Ok(operation) = double.operation(&operation) {
            double.fail(operation, fault.clone());
        }
    }
    Ok(())
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
    fn apply(&self, clock: &Clock) -> Result<(), Problem> {
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
