//! What clap made of the arguments.

use std::process::ExitCode;

use clap::{
    Command,
    error::{ContextKind, ContextValue, Error, ErrorKind},
};

use crate::output::{Failed, Printer};

/// Tells what is wrong with the arguments, in the form of all errors; help and version are what was asked for.
pub(crate) fn finish(error: &Error, program: &Command) -> ExitCode {
    if !error.use_stderr() {
        // Nothing can be told where standard output is closed.
        _ = error.print();
        return ExitCode::SUCCESS;
    }
    let problem = problem(error, program);
    if shows_a_value(error) {
        eprintln!("error: {problem}\n\nFor more information, try '--help'.");
    } else {
        _ = error.print();
    }
    Printer { pretty: false }.finish(Err(Failed::Usage { argument: None, problem }))
}

/// Says whether clap's own words quote what was given, which may be a secret.
fn shows_a_value(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::ValueValidation | ErrorKind::InvalidValue | ErrorKind::InvalidSubcommand => true,
        ErrorKind::UnknownArgument | ErrorKind::TooManyValues => {
            named(error, ContextKind::InvalidArg).is_none_or(|name| !is_option(&name) || name.contains('='))
        }
        _ => false,
    }
}

/// Says what was expected, by the names of arguments alone.
fn problem(error: &Error, program: &Command) -> String {
    let argument = named(error, ContextKind::InvalidArg).filter(|name| is_option(name)).map(|name| name.split('=').next().unwrap_or_default().to_owned());
    let argument = argument.as_deref();
    let valid = named(error, ContextKind::ValidValue).or_else(|| named(error, ContextKind::ValidSubcommand));
    match error.kind() {
        ErrorKind::MissingRequiredArgument => format!("required: {}", named(error, ContextKind::InvalidArg).unwrap_or_default()),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let expected = match (valid, std::error::Error::source(error)) {
                (Some(valid), _) => format!("expected {valid}"),
                (None, Some(expected)) => expected.to_string(),
                (None, None) => "expected a value".to_owned(),
            };
            format!("{}: {expected}", argument.unwrap_or("an argument"))
        }
        ErrorKind::UnknownArgument => {
            let nearest = named(error, ContextKind::SuggestedArg).map(|name| format!("; did you mean {name}?")).unwrap_or_default();
            match argument {
                Some(argument) => format!("{argument} is no argument of this command{nearest}"),
                None => format!("a word is no argument of this command{nearest}"),
            }
        }
        ErrorKind::InvalidSubcommand | ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let names: Vec<&str> = program.get_subcommands().map(Command::get_name).collect();
            format!("expected a command: {}", names.join(", "))
        }
        ErrorKind::ArgumentConflict => {
            let other = named(error, ContextKind::PriorArg).unwrap_or_default();
            format!("{} cannot be given together with {other}", argument.unwrap_or("an argument"))
        }
        kind => kind.as_str().unwrap_or("the arguments cannot be used").to_owned(),
    }
}

fn is_option(name: &str) -> bool {
    name.starts_with("--")
}

/// Gives what clap names in a place, several parted by commas.
fn named(error: &Error, place: ContextKind) -> Option<String> {
    match error.get(place)? {
        ContextValue::String(name) => Some(name.clone()),
        ContextValue::Strings(names) => Some(names.join(", ")),
        _ => None,
    }
}
