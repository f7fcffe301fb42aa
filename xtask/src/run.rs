//! Other programs.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use crate::Done;

/// Makes a command of cargo's in a folder.
pub(crate) fn cargo(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(folder).args(words);
    command
}

/// Runs a command to its end, and gives what it printed; what it has to say goes where this program's does.
pub(crate) fn output(command: &mut Command) -> Done<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(|error| format!("{}: {error}", told(command)))?;
    if !output.status.success() {
        return Err(format!("{}: {}", told(command), output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn told(command: &Command) -> String {
    let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
    format!("{} {}", command.get_program().to_string_lossy(), words.join(" "))
}
