//! `auth-challenge doubles`: the vendors on loopback, for programs in any language.

use std::{
    io::{self, IsTerminal as _, Read as _},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitCode,
};

use auth_challenge::testing::{Clock, Control, Double, DoubleEntry, DoubleSetting, Event, Seed, StateFile};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, builder::NonEmptyStringValueParser};
use serde_json::{Map, Value, json};

use crate::{
    lines::Lines,
    output::{Failed, Printer, UNTOLD, say},
};

/// The settings of this command, and those that each vendor's double brings.
#[derive(Debug)]
pub(crate) struct Doubles {
    common: Common,
    vendors: Vec<VendorArguments>,
}

// No doc comment: it would stand in for the help of the command.
// What every double is told.
#[derive(Debug, Args)]
struct Common {
    /// Where the page is, and commands are taken (GET /openapi.json lists them): ADDRESS:PORT or PORT, 0 being any free one
    #[arg(long, help_heading = "The page and the control port", value_name = "ADDR", value_parser = address, default_value = "127.0.0.1:0")]
    control: SocketAddr,

    /// A host name that the control port answers to beside its address and localhost; may be given several times
    #[arg(long, help_heading = "The page and the control port", value_name = "NAME", value_parser = host_name)]
    control_name: Vec<String>,

    /// Lets the doubles listen on addresses that other machines reach
    #[arg(long)]
    allow_remote: bool,

    /// One code for all messages, instead of fresh ones
    #[arg(long, help_heading = "Messages", value_name = "CODE", value_parser = NonEmptyStringValueParser::new())]
    code: Option<String>,

    /// A code for all messages to one recipient; may be given several times
    #[arg(long, help_heading = "Messages", value_name = "ADDRESS=CODE", value_parser = code_for)]
    code_for: Vec<(String, String)>,

    /// A file of users, codes and faults to start with, TOML or, named so, JSON
    #[arg(long, help_heading = "What the doubles know", value_name = "FILE")]
    seed: Option<PathBuf>,

    /// A file that keeps what the doubles learn, across restarts
    #[arg(long, help_heading = "What the doubles know", value_name = "FILE")]
    state: Option<PathBuf>,

    /// A file that a config for all doubles is written to, for an application and the other commands; one that is not from here is left alone
    #[arg(long, value_name = "FILE")]
    write_config: Option<PathBuf>,

    /// Lines of JSON on a terminal too
    #[arg(long)]
    json: bool,
}

/// Where one vendor's double listens, and what it is told.
#[derive(Debug)]
struct VendorArguments {
    entry: &'static DoubleEntry,
    address: SocketAddr,
    settings: Vec<(&'static str, String)>,
}

impl Args for Doubles {
    fn augment_args(command: Command) -> Command {
        let command = DoubleEntry::ALL.iter().fold(command, |command, entry| {
            let command = command.next_help_heading(entry.title());
            let listens = Arg::new(entry.name()).long(entry.name()).value_name("ADDR").default_value("127.0.0.1:0").value_parser(address);
            let help = format!("Where the double of {} listens: ADDRESS:PORT or PORT, 0 being any free one", entry.title());
            command.arg(listens.help(help)).args(entry.settings().iter().map(argument))
        });
        Common::augment_args(command.next_help_heading(None))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn argument(setting: &'static DoubleSetting) -> Arg {
    let checked = |value: &str| setting.check(value).map(|()| value.to_owned());
    Arg::new(setting.name())
        .long(setting.name())
        .value_name(setting.form())
        .default_value(setting.default())
        .hide_default_value(setting.default().is_empty())
        .help(setting.help())
        .value_parser(checked)
}

impl FromArgMatches for Doubles {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let missing = || clap::Error::new(clap::error::ErrorKind::MissingRequiredArgument);
        let vendor = |entry: &'static DoubleEntry| {
            let settings = entry.settings().iter().filter_map(|setting| Some((setting.name(), matches.get_one::<String>(setting.name())?.clone())));
            let address = *matches.get_one::<SocketAddr>(entry.name()).ok_or_else(missing)?;
            Ok(VendorArguments { entry, address, settings: settings.collect() })
        };
        Ok(Self { common: Common::from_arg_matches(matches)?, vendors: DoubleEntry::ALL.iter().map(vendor).collect::<Result<_, clap::Error>>()? })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
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

fn host_name(text: &str) -> Result<String, &'static str> {
    let is_name = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
    if is_name { Ok(text.to_owned()) } else { Err("expected a host name without a port") }
}

fn code_for(text: &str) -> Result<(String, String), String> {
    let (recipient, code) = text.rsplit_once('=').filter(|(recipient, code)| !recipient.is_empty() && !code.is_empty()).ok_or("expected ADDRESS=CODE")?;
    Ok((recipient.to_owned(), code.to_owned()))
}

/// The doubles that run.
struct RunningDoubles {
    doubles: Vec<Double>,
    control: Control,
    state: Option<StateFile>,
}

pub(crate) async fn run(args: Doubles) -> ExitCode {
    let Doubles { common, vendors } = args;
    let mut addresses = vendors.iter().map(|vendor| vendor.address).chain([common.control]);
    if let Some(address) = addresses.find(|address| !common.allow_remote && !address.ip().is_loopback()) {
        return failed(format!("{address} is not a loopback address: other machines could read every code; say --allow-remote if that is meant"));
    }
    let told_to_end = match told_to_end() {
        Ok(told_to_end) => told_to_end,
        Err(error) => return failed(error.to_string()),
    };
    let (lines, unwritable) = match Lines::start() {
        Ok(started) => started,
        Err(error) => return failed(error.to_string()),
    };
    let is_for_people = !common.json && io::stdout().is_terminal();
    let running = match start(vendors, &common, &lines, is_for_people).await {
        Ok(running) => running,
        Err(error) => return failed(error.to_string()),
    };
    if let Some(path) = &common.write_config
        && let Err(problem) = write_config(path, &config_toml(&running.doubles, Double::sign_up_section))
    {
        return failed(format!("--write-config: the file {problem}"));
    }
    if is_for_people {
        welcome(&running).lines().for_each(|line| lines.say(line));
    } else {
        lines.print(&first_line(&running, config_toml(&running.doubles, Double::config_section)));
    }
    let mut status = 0;
    tokio::select! {
        why = unwritable => match why {
            Ok(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                say(format_args!("standard output cannot be written: {error}"));
                status = UNTOLD.into();
            }
            _ => say(format_args!("standard output was closed: the doubles end")),
        },
        () = told_to_end => {}
    }
    if let Some(Err(error)) = running.state.as_ref().map(StateFile::write) {
        say(format_args!("the state could not be written ({})", error.kind()));
        std::process::exit(2);
    }
    // At once: neither a request that is being looked at nor a reader that does not read holds up the end.
    std::process::exit(status)
}

async fn start(vendors: Vec<VendorArguments>, common: &Common, lines: &Lines, is_for_people: bool) -> io::Result<RunningDoubles> {
    let seed = common.seed.as_deref().map(read_seed).transpose().map_err(|error| of_file("seed", &error))?;
    // One time for all of them.
    let clock = Clock::default();
    let mut doubles = Vec::new();
    for VendorArguments { entry, address, settings } in vendors {
        let mut builder = entry.builder().with_address(address).with_clock(clock.clone()).with_listener(tell(entry.name(), lines.clone(), is_for_people));
        if let Some(code) = &common.code {
            builder = builder.with_code(code);
        }
        for (recipient, code) in &common.code_for {
            builder = builder.with_code_for(recipient, code);
        }
        for (name, value) in settings {
            builder = builder.with_setting(name, value);
        }
        doubles.push(builder.start().await.map_err(|error| at(entry.name(), address, &error))?);
    }
    if let Some(seed) = seed {
        seed.apply(&doubles).map_err(|error| of_file("seed", &error))?;
    }
    let state = common.state.as_deref().map(|path| StateFile::open(path, &doubles).map_err(|error| of_file("state", &error))).transpose()?;
    let control = Control::start(common.control, doubles.clone()).await.map_err(|error| at("control", common.control, &error))?;
    let control = common.control_name.iter().fold(control, Control::with_name);
    Ok(RunningDoubles { doubles, control, state })
}

/// The largest seed file that is read.
const LARGEST_SEED: u64 = 16 << 20;

/// Reads a seed file, by the form that its name tells.
fn read_seed(path: &Path) -> io::Result<Seed> {
    let about = std::fs::metadata(path)?;
    if !about.is_file() || about.len() > LARGEST_SEED {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("expected a file of {LARGEST_SEED} bytes at most")));
    }
    let text = std::fs::read_to_string(path)?;
    let invalid = |problem: String| io::Error::new(io::ErrorKind::InvalidData, problem);
    // What a parser says may quote a code.
    match path.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("json") => {
            let read = serde_json::from_str(&text);
            read.map_err(|error: serde_json::Error| {
                invalid(format!("expected codes, users and faults as testing::Seed has them; it breaks at line {}", error.line()))
            })
        }
        _ => toml::from_str(&text).map_err(|error: toml::de::Error| {
            let line = error.span().and_then(|span| text.get(..span.start)).map_or(1, |before| before.matches('\n').count() + 1);
            invalid(format!("expected codes, users and faults as testing::Seed has them; it breaks at line {line}"))
        }),
    }
}

/// Names the argument whose address cannot be had.
fn at(argument: &str, address: SocketAddr, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("--{argument} {address}: {error}"))
}

/// Names the argument whose file cannot be used, and not the file: what belongs into it may have been given in its place.
fn of_file(argument: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("--{argument}: {error}"))
}

/// Greets a person: where everything is, and what to try.
fn welcome(running: &RunningDoubles) -> String {
    let mut text = format!("The vendors' doubles are up. What they see and send:\n\n  {}/\n", running.control.base_url());
    for double in &running.doubles {
        let access = double.access();
        let told = access.iter().filter(|(name, _)| *name != "base_url").map(|(name, value)| format!("{name} {}", value.as_str().unwrap_or_default()));
        text += &format!("\n{}  {}\n  {}\n", double.name(), double.base_url(), told.collect::<Vec<_>>().join(", "));
        for (title, command) in double.sample_commands() {
            text += &format!("  # {title}\n  {command}\n");
        }
    }
    text + &format!("\nThe codes:  curl '{}/outbox'\nCtrl-C ends them.\n", running.control.base_url())
}

/// Makes a config for all doubles, of which the first is the one that applications get.
fn config_toml(doubles: &[Double], section: fn(&Double) -> String) -> String {
    let sections: Vec<String> = doubles.iter().map(section).collect();
    let provider = doubles.first().map(Double::name).unwrap_or_default();
    let plain_hosts: Vec<&str> = doubles.iter().filter_map(Double::plain_host).collect();
    let http = if plain_hosts.is_empty() { String::new() } else { format!("\n[http]\nallow_plain_http = {}\n", json!(plain_hosts)) };
    format!("provider = \"{provider}\"\n\n{}{http}", sections.join("\n"))
}

fn first_line(running: &RunningDoubles, config: String) -> Value {
    let mut line: Map<String, Value> = running.doubles.iter().map(|double| (double.name().to_owned(), double.access().into())).collect();
    line.insert("control".into(), json!({ "base_url": running.control.base_url() }));
    line.insert("config_toml".into(), config.into());
    line.into()
}

/// Passes on what happens at a double as a line, of JSON or for people.
fn tell(provider: &'static str, lines: Lines, is_for_people: bool) -> impl Fn(&Event) + Send + Sync + 'static {
    move |event| match event {
        Event::Sent(message) if is_for_people => {
            let link = message.link().map(|link| format!("  {link}")).unwrap_or_default();
            lines.say(&format!("{provider:<10}  {} to {}: {}{link}", message.method(), message.recipient(), message.code()));
        }
        Event::Answered(request) if is_for_people => {
            let status = request.status().map_or_else(|| "no answer".to_owned(), |status| status.to_string());
            let fault = request.fault().map(|fault| format!("  fault: {fault}")).unwrap_or_default();
            lines.say(&format!("{provider:<10}  {} {} {status}{fault}", request.method(), request.path()));
        }
        Event::Violated(violation) if is_for_people => lines.say(&format!("{provider:<10}  strays: {violation}")),
        Event::Sent(message) => lines.print(&json!({
            "event": "sent", "provider": provider, "method": message.method().as_str(), "to": message.recipient(), "code": message.code(),
        })),
        Event::Violated(violation) => lines.print(&json!({
            "event": "violation", "provider": provider,
            "operation": violation.operation(), "pointer": violation.pointer(), "message": violation.message(),
        })),
        _ => {}
    }
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

/// Tells why they cannot run, in the form of all sub-commands.
fn failed(problem: String) -> ExitCode {
    Printer { pretty: false }.finish(Err(Failed::Usage { argument: None, problem }))
}

/// Begins a config that doubles wrote, which doubles may overwrite.
const WRITTEN: &str = "# Written by auth-challenge doubles, who overwrite it.\n";

/// Writes the config of the doubles, and never over anything that they did not write.
fn write_config(path: &Path, config: &str) -> Result<(), String> {
    let cannot = |error: io::Error| format!("cannot be written ({})", error.kind());
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(cannot(error)),
        Ok(there) if there.is_file() && (there.len() == 0 || is_written(path).map_err(cannot)?) => {}
        Ok(_) => return Err("is there already, and was not written by doubles: name another file, or take it away".to_owned()),
    }
    std::fs::write(path, format!("{WRITTEN}{config}")).map_err(cannot)
}

fn is_written(path: &Path) -> io::Result<bool> {
    let mut first = Vec::new();
    std::fs::File::open(path)?.take(WRITTEN.len() as u64).read_to_end(&mut first)?;
    Ok(first == WRITTEN.as_bytes())
}
