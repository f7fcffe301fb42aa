//! `auth-challenge doubles`: the vendors on loopback, for programs in any language.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
};

use auth_challenge::{
    Error, ErrorKind, SendState,
    testing::{Clock, Control, Double, DoubleEntry, DoubleSetting, Event},
};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use serde_json::{Map, Value, json};

use crate::{lines::Lines, output::Printer};

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
    /// A file that the config for all doubles is written to, for the other commands
    #[arg(long, value_name = "FILE")]
    write_config: Option<PathBuf>,

    /// Where commands are taken, POST as application/json: GET /outbox?to=, POST and DELETE /faults, POST /clock; nowhere unless given
    #[arg(long, value_name = "ADDR", value_parser = address)]
    control: Option<SocketAddr>,

    /// A host name that the control port answers to beside its address and localhost; may be given several times
    #[arg(long, value_name = "NAME")]
    control_name: Vec<String>,

    /// One code for all messages, instead of fresh ones
    #[arg(long, value_name = "CODE")]
    code: Option<String>,

    /// Lets the doubles listen on addresses that other machines reach
    #[arg(long)]
    allow_remote: bool,
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
            let listens = Arg::new(entry.name()).long(entry.name()).value_name("ADDR").default_value("127.0.0.1:0").value_parser(address);
            let help = format!("Where the double of {} listens: ADDRESS:PORT or PORT, 0 being any free one", entry.title());
            command.arg(listens.help(help)).args(entry.settings().iter().map(argument))
        });
        Common::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn argument(setting: &'static DoubleSetting) -> Arg {
    let checked = |value: &str| setting.check(value).map(|()| value.to_owned());
    Arg::new(setting.name()).long(setting.name()).value_name(setting.form()).default_value(setting.default()).help(setting.help()).value_parser(checked)
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

/// The doubles that run.
struct RunningDoubles {
    doubles: Vec<Double>,
    control: Option<Control>,
}

pub(crate) async fn run(args: Doubles) -> ExitCode {
    let Doubles { common, vendors } = args;
    let mut addresses = vendors.iter().map(|vendor| vendor.address).chain(common.control);
    if let Some(address) = addresses.find(|address| !common.allow_remote && !address.ip().is_loopback()) {
        return failed(&format!("{address} is not a loopback address: other machines could read every code; say --allow-remote if that is meant"));
    }
    let told_to_end = match told_to_end() {
        Ok(told_to_end) => told_to_end,
        Err(error) => return failed(&error.to_string()),
    };
    let (lines, nobody_reads) = match Lines::start() {
        Ok(started) => started,
        Err(error) => return failed(&error.to_string()),
    };
    let running = match start(vendors, &common, &lines).await {
        Ok(running) => running,
        Err(error) => return failed(&error.to_string()),
    };
    let config = config_toml(&running.doubles);
    if let Some(path) = &common.write_config
        && let Err(error) = std::fs::write(path, &config)
    {
        return failed(&format!("{} cannot be written ({})", path.display(), error.kind()));
    }
    lines.print(&first_line(&running, config));
    tokio::select! {
        _ = nobody_reads => {}
        () = told_to_end => {}
    }
    // At once: neither a request that is being looked at nor a reader that does not read holds up the end.
    std::process::exit(0)
}

async fn start(vendors: Vec<VendorArguments>, common: &Common, lines: &Lines) -> io::Result<RunningDoubles> {
    // One time for all of them.
    let clock = Clock::default();
    let mut doubles = Vec::new();
    for VendorArguments { entry, address, settings } in vendors {
        let mut builder = entry.builder().with_address(address).with_clock(clock.clone()).with_listener(tell(entry.name(), lines.clone()));
        if let Some(code) = &common.code {
            builder = builder.with_code(code);
        }
        for (name, value) in settings {
            builder = builder.with_setting(name, value);
        }
        doubles.push(builder.start().await?);
    }
    let control = match common.control {
        Some(address) => Some(common.control_name.iter().fold(Control::start(address, doubles.clone()).await?, Control::with_name)),
        None => None,
    };
    Ok(RunningDoubles { doubles, control })
}

/// Makes a config for all doubles, of which the first is the one that applications get.
fn config_toml(doubles: &[Double]) -> String {
    let sections: Vec<String> = doubles.iter().map(Double::config_section).collect();
    let provider = doubles.first().map(Double::name).unwrap_or_default();
    format!("provider = \"{provider}\"\n\n{}", sections.join("\n"))
}

fn first_line(running: &RunningDoubles, config: String) -> Value {
    let mut line: Map<String, Value> = running.doubles.iter().map(|double| (double.name().to_owned(), double.access().into())).collect();
    if let Some(control) = &running.control {
        line.insert("control".into(), json!({ "base_url": control.base_url() }));
    }
    line.insert("config_toml".into(), config.into());
    line.into()
}

/// Passes on what happens at a double as a line.
fn tell(provider: &'static str, lines: Lines) -> impl Fn(&Event) + Send + Sync + 'static {
    move |event| match event {
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

/// Makes an error in the form of all sub-commands.
fn failed(message: &str) -> ExitCode {
    let error = Error::new(ErrorKind::Config, SendState::NotSent).with_operation("doubles").with_detail(message.to_owned());
    Printer { pretty: false }.finish(Err(error))
}
