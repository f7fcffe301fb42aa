//! What every command prints, and how it exits.

use std::{io::Write, process::ExitCode};

use auth_challenge::{Error, ErrorKind, Field, ProviderId, SendState, Violation};
use serde_json::{Value, json};

/// How a command exits that did what it was to do and could not tell: whoever calls it must take a message for sent.
const UNTOLD: u8 = 5;

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

/// Why a command has no result.
pub(crate) enum Failed {
    /// The library says so.
    Call(Error),
    /// An argument, or all of them together, cannot be used.
    Usage { argument: Option<String>, problem: String },
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

impl Failed {
    /// Names who was to be called for what.
    pub(crate) fn at(self, provider: &ProviderId, operation: &'static str) -> Self {
        match self {
            Self::Call(error) => Self::Call(error.with_provider(provider.clone()).with_operation(operation)),
            usage => usage,
        }
    }

    fn outcome(&self) -> Outcome {
        match self {
            Self::Call(error) => Outcome { json: json!({ "error": describe(error) }), exit: exit_status(error) },
            Self::Usage { argument, problem } => {
                // All that an error of the library has, in the same form.
                let violation = argument.as_ref().map(|argument| Violation::at_key(argument, problem.clone()));
                let message = violation.as_ref().map_or_else(|| problem.clone(), Violation::to_string);
                let mut error = describe(&Error::new(ErrorKind::Config, SendState::NotSent).with_violations(violation.into_iter().collect()));
                (error["kind"], error["message"]) = ("usage".into(), message.into());
                Outcome { json: json!({ "error": error }), exit: 2 }
            }
        }
    }
}

impl Printer {
    pub(crate) fn finish(&self, result: Result<Outcome, Failed>) -> ExitCode {
        let Outcome { json, exit } = result.unwrap_or_else(|failed| failed.outcome());
        let text = if self.pretty { format!("{json:#}") } else { json.to_string() };
        let is_told = is_written(format!("{text}\n").as_bytes());
        ExitCode::from(if exit == 0 && !is_told { UNTOLD } else { exit })
    }
}

/// Writes to standard output; where that fails, says so and gives no. A reader that goes before the end has what it wants.
pub(crate) fn is_written(text: &[u8]) -> bool {
    let mut out = std::io::stdout();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            _ = writeln!(std::io::stderr(), "standard output cannot be written: {error}");
            false
        }
        _ => true,
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
        "advice": error.advice().key(),
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

/// Makes the failure of a value on the command line that cannot be used.
pub(crate) fn unusable(argument: &str, expected: impl Into<String>) -> Failed {
    Failed::Usage { argument: Some(argument.to_owned()), problem: expected.into() }
}

/// Gives the name of a file to show; what was meant to be in one, and was given for its name, is not shown.
fn name_of(file: &std::path::Path) -> String {
    let name = file.display().to_string();
    let is_content = name.contains(char::is_control) || name.contains(['{', '"']) || name.starts_with("-----");
    if is_content { "the file".to_owned() } else { name }
}

/// Gives the text of an argument, `-` being standard input, or of the file that another argument names.
pub(crate) fn text_of(argument: &str, value: Option<&str>, file: Option<&std::path::Path>) -> Result<Option<String>, Failed> {
    let source = file.map_or_else(|| "standard input".to_owned(), name_of);
    let unreadable = |error: std::io::Error| unusable(argument, format!("{source} cannot be read: {error}"));
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
