//! What every command prints, and how it exits.

use std::{io::Write, process::ExitCode};

use auth_challenge::{Error, ErrorKind, Field, SendState, Violation};
use clap::error::ContextKind;
use serde_json::{Value, json};

/// Prints results.
pub(crate) struct Printer {
    pub(crate) pretty: bool,
}

/// A result for standard output, with its exit status.
pub(crate) struct Outcome {
    pub(crate) json: Value,
    pub(crate) exit: u8,
}

impl Outcome {
    /// Done.
    pub(crate) fn done(json: Value) -> Self {
        Self { json, exit: 0 }
    }
}

impl Printer {
    pub(crate) fn finish(&self, result: Result<Outcome, Error>) -> ExitCode {
        let Outcome { json, exit } = result.unwrap_or_else(|error| Outcome { json: json!({ "error": describe(&error) }), exit: exit_status(&error) });
        let text = if self.pretty { format!("{json:#}") } else { json.to_string() };
        match writeln!(std::io::stdout(), "{text}") {
            Ok(()) => ExitCode::from(exit),
            // Nobody reads it any more; what happened at the vendor is told all the same.
            Err(_) => ExitCode::from(exit),
        }
    }
}

fn describe(error: &Error) -> Value {
    let message = match error.vendor_message() {
        Some(vendor) => format!("{error}: {vendor}"),
        None => error.to_string(),
    };
    json!({
        "kind": error.kind().as_str(),
        "provider": error.provider().map(|provider| provider.as_str()),
        "operation": error.operation(),
        "status": error.status(),
        "request_id": error.request_id(),
        "vendor_code": error.vendor_code(),
        "violations": error.violations().iter().map(describe_violation).collect::<Vec<_>>(),
        "retry_after_s": error.retry_after().map(|pause| pause.as_secs()),
        "send_state": error.send_state().as_str(),
        "message": message,
    })
}

pub(crate) fn describe_violation(violation: &Violation) -> Value {
    let field = violation.field().map(Field::as_str).or(violation.key());
    json!({ "field": field, "vendor_field": violation.vendor_field(), "message": violation.message() })
}

fn exit_status(error: &Error) -> u8 {
    match (error.kind(), error.send_state()) {
        (ErrorKind::Config | ErrorKind::Handle, SendState::NotSent) => 2,
        (ErrorKind::Connect | ErrorKind::Interrupted, SendState::NotSent) => 6,
        (_, SendState::NotSent) => 3,
        (_, SendState::Refused) => 4,
        (_, SendState::Unknown | SendState::Accepted) => 5,
    }
}

/// Tells what clap made of the arguments: help and version are what was asked for, all else is an error in the usual form.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let without_value = without_value(error);
    let error = without_value.as_ref().unwrap_or(error);
    // Nothing can be told where standard error is closed.
    let _ = error.print();
    if !error.use_stderr() {
        return ExitCode::SUCCESS;
    }
    let error = Error::new(ErrorKind::Config, SendState::NotSent).with_detail("the arguments cannot be used; standard error tells why");
    Printer { pretty: false }.finish(Err(error))
}

/// Tells of a value that cannot be used without the value, which may be a secret.
fn without_value(error: &clap::Error) -> Option<clap::Error> {
    let argument = error.get(ContextKind::InvalidArg).filter(|_| error.kind() == clap::error::ErrorKind::ValueValidation)?;
    let expected = std::error::Error::source(error).map(|expected| format!(": {expected}")).unwrap_or_default();
    Some(clap::Error::raw(error.kind(), format!("the value of {argument} cannot be used{expected}\n")))
}

/// Makes an error for a value on the command line that cannot be used: like a config, it is the caller's to mend.
pub(crate) fn unusable(argument: &str, expected: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, SendState::NotSent).with_violations(vec![Violation::at_key(argument, expected.into())])
}

/// Gives the text of an argument, `-` being standard input, or of the file that another argument names.
pub(crate) fn text_of(argument: &str, value: Option<&str>, file: Option<&std::path::Path>) -> Result<Option<String>, Error> {
    let unreadable = |error: std::io::Error| unusable(argument, format!("expected text that can be read ({})", error.kind()));
    let text = match (value, file) {
        (Some("-"), _) => std::io::read_to_string(std::io::stdin()).map_err(unreadable)?,
        (Some(text), _) => return Ok(Some(text.to_owned())),
        (None, Some(file)) => std::fs::read_to_string(file).map_err(unreadable)?,
        (None, None) => return Ok(None),
    };
    // What `echo` and editors end a line with is not part of it.
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Some(text.strip_suffix('\r').unwrap_or(text).to_owned()))
}
