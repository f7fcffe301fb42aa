//! Where a command reads a handle from.

use std::path::PathBuf;

use auth_challenge::{ChallengeHandle, Error, ErrorKind, SendState};
use clap::Args;
use serde_json::Value;

use crate::output::{Failed, text_of};

/// The arguments that give a handle.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct HandleArguments {
    /// The handle that create gave, or all that it printed, as JSON; - reads it from standard input.
    #[arg(long, value_name = "JSON")]
    handle: Option<String>,
    /// A file with the handle.
    #[arg(long, value_name = "FILE")]
    handle_file: Option<PathBuf>,
}

impl HandleArguments {
    /// Says whether standard input is used up for it.
    pub(crate) fn is_standard_input(&self) -> bool {
        self.handle.as_deref() == Some("-")
    }

    pub(crate) fn read(&self, operation: &'static str) -> Result<ChallengeHandle, Failed> {
        let name = if self.handle_file.is_some() { "handle_file" } else { "handle" };
        let text = text_of(name, self.handle.as_deref(), self.handle_file.as_deref())?.unwrap_or_default();
        // The error of the reader may quote what stands there.
        let unreadable = || Error::new(ErrorKind::Handle, SendState::NotSent).with_operation(operation).with_detail("expected the JSON of a handle");
        let mut handle: Value = serde_json::from_str(&text).map_err(|_| unreadable())?;
        // The whole of what create printed will do.
        if let Some(inner) = handle.get_mut("handle") {
            handle = inner.take();
        }
        Ok(serde_json::from_value(handle).map_err(|_| unreadable())?)
    }
}
