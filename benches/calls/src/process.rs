//! The processes that are measured, and the server that they call.

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// The server, in a process of its own.
pub struct Server {
    process: Child,
    pub port: String,
}

impl Server {
    pub fn start() -> Self {
        Self::start_with(&["serve"])
    }

    pub fn start_with(arguments: &[&str]) -> Self {
        let mut process = Command::new(own("calls")).args(arguments).stdout(Stdio::piped()).spawn().expect("the server");
        let mut port = String::new();
        BufReader::new(process.stdout.take().expect("its output")).read_line(&mut port).expect("its port");
        Self { process, port: port.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

/// Gives the path of a program or a file beside this program.
pub fn own(name: &str) -> PathBuf {
    env::current_exe().expect("this program").with_file_name(name)
}

/// Runs a command to its end, and gives what it printed.
pub fn said(mut command: Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
