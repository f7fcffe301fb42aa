//! `auth-challenge doubles`: the three vendors on loopback, for programs in any language.

use std::{
    io::{self, Write as _},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use auth_challenge::{
    Error, ErrorKind, SendState,
    testing::{AuthsignalDouble, Clock, Control, CorbadoDouble, DfnsDouble, Double, Event},
};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::output::Printer;

/// The user of Corbado's reference page; every user id but `usr-0` is known.
const USER_ID: &str = "usr-4693224802260150919";
const UNKNOWN_USER_ID: &str = "usr-0";

/// Runs doubles of the three vendors until SIGINT or SIGTERM.
///
/// The first line on stdout is a JSON object that tells where each is reached and with what credentials, and a config for all three. Then
/// comes a line for each message that was "sent" and for each request that was not as the vendor's document says.
#[derive(Debug, clap::Args)]
pub(crate) struct Doubles {
    /// A file that the config for all three is written to, for the other commands
    #[arg(long, value_name = "FILE")]
    write_config: Option<PathBuf>,
    /// Where Corbado's double listens: ADDRESS:PORT or PORT, 0 being any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", value_parser = address)]
    corbado: SocketAddr,

    /// Where Authsignal's double listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", value_parser = address)]
    authsignal: SocketAddr,

    /// Where Dfns' double listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", value_parser = address)]
    dfns: SocketAddr,

    /// Where commands are taken: GET /outbox?to=, POST /faults, POST /clock; nowhere unless given
    #[arg(long, value_name = "ADDR", value_parser = address)]
    control: Option<SocketAddr>,

    /// Corbado's project id and API secret
    #[arg(long, value_name = "ID:SECRET", default_value = "pro-1:corbado1_secret", value_parser = credentials)]
    corbado_credentials: (String, String),

    /// Authsignal's secret key
    #[arg(long, value_name = "SECRET", default_value = "as_secret")]
    authsignal_secret: String,

    /// Dfns' one-time code, which is never used up
    #[arg(long, value_name = "CODE", default_value = "ABCD-1234-EFGH")]
    dfns_code: String,

    /// One code for all messages, instead of fresh ones
    #[arg(long, value_name = "CODE")]
    code: Option<String>,

    /// Lets the doubles listen on addresses that other machines reach
    #[arg(long)]
    allow_remote: bool,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    match text.parse::<u16>() {
        Ok(port) => Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
        Err(_) => {
            let numeric = text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
            numeric.parse().map_err(|_| "expected ADDRESS:PORT, say 127.0.0.1:8080, or PORT".to_owned())
        }
    }
}

fn credentials(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((id, secret)) if id.starts_with("pro-") && secret.starts_with("corbado1_") => Ok((id.to_owned(), secret.to_owned())),
        _ => Err("expected pro-…:corbado1_…".to_owned()),
    }
}

/// The doubles that run.
struct Running {
    corbado: Arc<CorbadoDouble>,
    authsignal: Arc<AuthsignalDouble>,
    dfns: Arc<DfnsDouble>,
    control: Option<Control>,
}

pub(crate) async fn run(args: Doubles) -> ExitCode {
    let remote = [Some(args.corbado), Some(args.authsignal), Some(args.dfns), args.control].into_iter().flatten().find(|address| !address.ip().is_loopback());
    if let Some(address) = remote.filter(|_| !args.allow_remote) {
        return failed(&format!("{address} is not a loopback address: other machines could read every code; say --allow-remote if that is meant"));
    }
    let told_to_end = match told_to_end() {
        Ok(told_to_end) => told_to_end,
        Err(error) => return failed(&error.to_string()),
    };
    let (events, lines) = unbounded_channel();
    let running = match start(&args, &events).await {
        Ok(running) => running,
        Err(error) => return failed(&error.to_string()),
    };
    drop(events);
    let first = first_line(&args, &running);
    if let (Some(path), Some(config)) = (&args.write_config, first["config_toml"].as_str())
        && let Err(error) = std::fs::write(path, config)
    {
        return failed(&format!("{} cannot be written ({})", path.display(), error.kind()));
    }
    if print(&first).is_err() {
        return ExitCode::SUCCESS;
    }
    tokio::select! {
        () = print_all(lines) => {}
        () = told_to_end => {}
    }
    ExitCode::SUCCESS
}

async fn start(args: &Doubles, events: &UnboundedSender<Value>) -> io::Result<Running> {
    let clock = Clock::default();
    let (id, secret) = &args.corbado_credentials;
    let mut corbado = CorbadoDouble::builder().address(args.corbado).clock(clock.clone()).credentials(id, secret.as_str()).any_user_but(UNKNOWN_USER_ID);
    let mut authsignal = AuthsignalDouble::builder().address(args.authsignal).clock(clock.clone()).secret_key(args.authsignal_secret.as_str());
    let dfns = DfnsDouble::builder().address(args.dfns).clock(clock).lasting_code(args.dfns_code.as_str()).any_token();
    if let Some(code) = &args.code {
        (corbado, authsignal) = (corbado.code(code), authsignal.code(code));
    }
    let corbado = Arc::new(corbado.on_event(tell("corbado", events)).start().await?);
    let authsignal = Arc::new(authsignal.on_event(tell("authsignal", events)).start().await?);
    let dfns = Arc::new(dfns.on_event(tell("dfns", events)).start().await?);
    let control = match args.control {
        Some(address) => Some(Control::start(address, vec![corbado.clone() as Arc<dyn Double>, authsignal.clone(), dfns.clone()]).await?),
        None => None,
    };
    Ok(Running { corbado, authsignal, dfns, control })
}

fn first_line(args: &Doubles, running: &Running) -> Value {
    let (id, secret) = &args.corbado_credentials;
    let sections = [running.corbado.config_section(), running.authsignal.config_section(), running.dfns.config_section()];
    let mut line = json!({
        "corbado": { "base_url": running.corbado.base_url(), "project_id": id, "api_secret": secret, "user_id": USER_ID },
        "authsignal": { "base_url": running.authsignal.base_url(), "secret_key": args.authsignal_secret },
        "dfns": { "base_url": running.dfns.base_url(), "code": args.dfns_code },
        "config_toml": format!("provider = \"corbado\"\n\n{}", sections.join("\n")),
    });
    if let (Some(control), Some(members)) = (&running.control, line.as_object_mut()) {
        members.insert("control".into(), json!({ "base_url": control.base_url() }));
    }
    line
}

/// Passes on what happens at a double as a line.
fn tell(provider: &'static str, events: &UnboundedSender<Value>) -> impl Fn(&Event) + Send + Sync + 'static {
    let events = events.clone();
    move |event| {
        let line = match event {
            Event::Sent(message) => json!({
                "event": "sent", "provider": provider, "method": message.method().as_str(), "to": message.to(), "code": message.code(),
            }),
            Event::Violated(violation) => json!({
                "event": "violation", "provider": provider,
                "operation": violation.operation(), "pointer": violation.pointer(), "message": violation.message(),
            }),
            _ => return,
        };
        // Nobody listens any more when the program ends.
        _ = events.send(line);
    }
}

/// Prints until nobody reads.
async fn print_all(mut lines: UnboundedReceiver<Value>) {
    while let Some(line) = lines.recv().await {
        if print(&line).is_err() {
            return;
        }
    }
}

fn print(line: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// Waits for SIGINT or SIGTERM. Both are caught from the call on, before the first line tells that the doubles are ready.
#[cfg(unix)]
fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Waits for the interrupt key.
#[cfg(not(unix))]
fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        _ = tokio::signal::ctrl_c().await;
    })
}

/// An error in the form of all sub-commands.
fn failed(message: &str) -> ExitCode {
    let error = Error::new(ErrorKind::Config, SendState::NotSent).with_operation("doubles").with_detail(message.to_owned());
    Printer { pretty: false }.finish(Err(error))
}
