//! `auth-challenge completions` and `auth-challenge man`: what shells and `man` read, which is no JSON.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap::{Args, Command};
use clap_complete::Shell;

use crate::output;

/// Print completions for a shell.
#[derive(Args)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, mut command: Command) -> ExitCode {
        let name = command.get_name().to_owned();
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut command, name, &mut text);
        output::print(&text)
    }
}

/// Prints the manual page: of the program, then of each command, and of each command within one.
pub(crate) fn man(mut command: Command) -> ExitCode {
    command.build();
    let mut text = Vec::new();
    for page in pages(&command) {
        if let Err(error) = clap_mangen::Man::new(page.clone()).render(&mut text) {
            _ = writeln!(io::stderr(), "{error}");
            return ExitCode::from(2);
        }
    }
    output::print(&text)
}

fn pages(command: &Command) -> Vec<&Command> {
    let within = command.get_subcommands().filter(|command| command.get_name() != "help");
    std::iter::once(command).chain(within.flat_map(pages)).collect()
}
