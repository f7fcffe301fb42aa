//! What every command prints, and how it exits.

use std::{
    fmt,
    fs::File,
    io::{self, Read, Write as _},
    path::Path,
    process::ExitCode,
    time::Duration,
};

use auth_challenge::{Error, ErrorKind, Field, ProviderId, SendState, Violation};
use serde_json::{Value, json};

/// How a command exits that did what it was to do and could not tell: whoever calls it must take a message for sent.
pub(crate) const UNTOLD: u8 = 5;

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

/// Writes to standard output; where that fails, says so and gives no.
fn is_written(text: &[u8]) -> bool {
    let mut out = io::stdout();
    match out.write_all(text).and_then(|()| out.flush()) {
        Ok(()) => true,
        Err(error) => {
            untold(&error);
            false
        }
    }
}

/// Says why standard output cannot be written, and how a command exits for that.
pub(crate) fn untold(why: &io::Error) -> ExitCode {
    say(format_args!("standard output cannot be written: {why}"));
    ExitCode::from(UNTOLD)
}

/// Says something on standard error, whose reader may be gone too.
pub(crate) fn say(what: fmt::Arguments<'_>) {
    _ = writeln!(io::stderr(), "{what}");
}

/// Prints what is no JSON.
pub(crate) fn print(text: &[u8]) -> ExitCode {
    if is_written(text) { ExitCode::SUCCESS } else { ExitCode::from(UNTOLD) }
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
        "retry_after_s": error.retry_after().map(seconds),
        "send_state": error.send_state().as_str(),
        "advice": error.advice().key(),
        "message": message,
    })
}

/// Gives a pause in whole seconds, which are enough: a part of one counts as one.
fn seconds(pause: Duration) -> u64 {
    pause.as_secs().saturating_add(u64::from(pause.subsec_nanos() > 0))
}

pub(crate) fn describe_violation(violation: &Violation) -> Value {
    let field = violation.field().map(Field::as_str).or(violation.key());
    json!({ "field": field, "vendor_field": violation.vendor_field(), "message": violation.message() })
}

fn exit_status(error: &Error) -> u8 {
    match (error.kind(), error.send_state()) {
        (ErrorKind::Config | ErrorKind::Handle, SendState::NotSent) => 2,
        (_, SendState::NotSent) if error.is_outage() => 6,
        // Of what a provider is asked before it sends.
        (ErrorKind::UnexpectedReply, SendState::NotSent) => 6,
        (_, SendState::NotSent) => 3,
        (_, SendState::Refused) => 4,
        (_, SendState::Unknown | SendState::Accepted) => 5,
    }
}

/// Makes the failure of a value on the command line that cannot be used.
pub(crate) fn unusable(argument: &str, expected: impl Into<String>) -> Failed {
    Failed::Usage { argument: Some(argument.to_owned()), problem: expected.into() }
}

/// Longest text that is read from a file or standard input, in bytes.
pub(crate) const LONGEST: u64 = 1 << 20;

/// Gives the text of an argument, `-` being standard input, or of the file that another argument names. An error does not quote the name: a secret may
/// have been given in place of one.
pub(crate) fn text_of(argument: &str, value: Option<&str>, file: Option<&Path>) -> Result<Option<String>, Failed> {
    let (source, text) = match (value, file) {
        (Some("-"), _) => ("standard input", text_in(io::stdin(), LONGEST)),
        (Some(text), _) => return Ok(Some(text.to_owned())),
        (None, Some(file)) => ("the file", text_of_file(file, LONGEST)),
        (None, None) => return Ok(None),
    };
    let text = text.map_err(|error| unusable(argument, format!("{source} cannot be read: {error}")))?;
    // What `echo` and editors end a line with is not part of it.
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Some(text.strip_suffix('\r').unwrap_or(text).to_owned()))
}

/// Gives the text of a file of so many bytes at most.
pub(crate) fn text_of_file(path: &Path, longest: u64) -> io::Result<String> {
    text_in(File::open(path)?, longest)
}

/// Reads a text to its end; a device may have none.
fn text_in(source: impl Read, longest: u64) -> io::Result<String> {
    let invalid = |problem: String| io::Error::new(io::ErrorKind::InvalidData, problem);
    let mut bytes = Vec::new();
    source.take(longest.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > longest {
        return Err(invalid(format!("longer than {longest} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| invalid("not UTF-8".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_second_is_waited_for_too() {
        for (pause, expected) in [(Duration::ZERO, 0), (Duration::from_nanos(1), 1), (Duration::from_millis(59_900), 60), (Duration::from_secs(60), 60)] {
            assert_eq!(seconds(pause), expected);
        }
        assert_eq!(seconds(Duration::MAX), u64::MAX);
    }
}
