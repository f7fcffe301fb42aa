//! What clap made of the arguments.

use std::{
    ffi::OsString,
    io::{self, Write as _},
    process::ExitCode,
};

use clap::{
    Command,
    error::{ContextKind, ContextValue, Error, ErrorKind},
};

use crate::output::{Failed, Printer, untold};

/// Tells what is wrong with the arguments, in the form of all errors; help and version are what was asked for.
pub(crate) fn finish(error: &Error, program: &Command) -> ExitCode {
    if !error.use_stderr() {
        return match error.print() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => untold(&error),
        };
    }
    let problem = problem(error, meant(program, std::env::args_os().skip(1)));
    if shows_a_value(error) {
        _ = writeln!(io::stderr(), "error: {problem}\n\nFor more information, try '--help'.");
    } else {
        _ = error.print();
    }
    Printer { pretty: false }.finish(Err(Failed::Usage { argument: None, problem }))
}

/// Gives the command that the first words name.
fn meant(program: &Command, words: impl Iterator<Item = OsString>) -> &Command {
    let mut command = program;
    for word in words.filter(|word| !word.as_encoded_bytes().starts_with(b"-")) {
        match command.find_subcommand(&word) {
            Some(within) => command = within,
            None => break,
        }
    }
    command
}

/// Says whether clap's own words quote what was given, which may be a secret.
fn shows_a_value(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::ValueValidation | ErrorKind::InvalidValue | ErrorKind::InvalidSubcommand | ErrorKind::TooManyValues => true,
        ErrorKind::UnknownArgument => named(error, ContextKind::InvalidArg).is_none_or(|given| option(&given) != Some(&given)),
        _ => false,
    }
}

/// Says what was expected, by the names of arguments alone.
fn problem(error: &Error, program: &Command) -> String {
    // As the command defines it, with the form of its value; of what is not defined it is what was given.
    let argument = named(error, ContextKind::InvalidArg);
    let argument = argument.as_deref().unwrap_or("an argument");
    let valid = named(error, ContextKind::ValidValue).filter(|valid| !valid.is_empty());
    match error.kind() {
        ErrorKind::MissingRequiredArgument => format!("required: {argument}"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let expected = match (valid, std::error::Error::source(error)) {
                (Some(valid), _) => format!("expected {valid}"),
                (None, Some(expected)) => expected.to_string(),
                (None, None) => "expected a value".to_owned(),
            };
            format!("{argument}: {expected}")
        }
        ErrorKind::TooManyValues => format!("{argument} takes no value"),
        ErrorKind::UnknownArgument => {
            let nearest = named(error, ContextKind::SuggestedArg).map(|name| format!("; did you mean {name}?")).unwrap_or_default();
            match option(argument) {
                Some(option) => format!("{option} is no argument of this command{nearest}"),
                None if argument.starts_with('-') => {
                    "a word is no argument of this command; a value that begins with a dash is given as --option=VALUE".to_owned()
                }
                None => format!("a word is no argument of this command{nearest}"),
            }
        }
        ErrorKind::InvalidSubcommand | ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let names: Vec<&str> = program.get_subcommands().map(Command::get_name).collect();
            let nearest = named(error, ContextKind::SuggestedSubcommand).map(|name| format!("; did you mean {name}?")).unwrap_or_default();
            format!("expected a command: {}{nearest}", names.join(", "))
        }
        ErrorKind::ArgumentConflict => {
            let other = named(error, ContextKind::PriorArg).unwrap_or_default();
            if argument == other { format!("{argument} is given more than once") } else { format!("{argument} cannot be given together with {other}") }
        }
        kind => kind.as_str().unwrap_or("the arguments cannot be used").to_owned(),
    }
}

/// Gives the name of an option, without its value, as far as its form tells: a key in PEM form begins with dashes too.
fn option(given: &str) -> Option<&str> {
    let is_of_a_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let name = given.split([' ', '=']).next().filter(|name| name.len() <= LONGEST_OPTION)?;
    let rest = name.strip_prefix("--")?;
    (rest.starts_with(|c: char| c.is_ascii_lowercase()) && rest.chars().all(is_of_a_name)).then_some(name)
}

/// More than the longest option has.
const LONGEST_OPTION: usize = 32;

/// Gives what clap names in a place, several parted by commas.
fn named(error: &Error, place: ContextKind) -> Option<String> {
    match error.get(place)? {
        ContextValue::String(name) => Some(name.clone()),
        ContextValue::Strings(names) => Some(names.join(", ")),
        _ => None,
    }
}
