//! A real `redis-server` on a free port of loopback, stopped when it is dropped.

use std::{
    env, fs,
    io::Write as _,
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// A server that a test started. It writes what it counts to a folder of its own, so that it can be restarted.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    folder: PathBuf,
    process: Child,
}

impl Redis {
    /// Starts a server. Where there is none on this machine, says so and gives none; where `REDIS_REQUIRED` is set, that fails the test.
    pub fn start() -> Option<Self> {
        if Command::new("redis-server").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            assert!(env::var_os("REDIS_REQUIRED").is_none(), "redis-server is required, and not on this machine");
            let said = "\nNO REDIS-SERVER ON THIS MACHINE: a test with a real server says nothing\n";
            std::io::stderr().write_all(said.as_bytes()).expect("standard error");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        let folder = env::temp_dir().join(format!("auth-challenge-redis-{}-{port}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let process = run(port, &folder);
        Some(Self { port, folder, process }.ready())
    }

    fn ready(self) -> Self {
        let end = Instant::now() + Duration::from_secs(60);
        while !self.says(&["PING"]).contains("PONG") {
            assert!(Instant::now() < end, "redis-server does not start");
            sleep(Duration::from_millis(20));
        }
        self
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Gives what the server says to a command.
    pub fn says(&self, command: &[&str]) -> String {
        if TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            return String::new();
        }
        let out = Command::new("redis-cli").args(["-h", "127.0.0.1", "-p", &self.port.to_string()]).args(command).output().expect("redis-cli");
        String::from_utf8_lossy(&out.stdout).into_owned()
    }

    /// Kills the server, so that connections to it are refused.
    pub fn kill(&mut self) {
        self.process.kill().expect("a running server");
        self.process.wait().expect("its end");
    }

    /// Starts the server again, with what it had written.
    pub fn restart(self) -> Self {
        let mut old = self;
        old.process = run(old.port, &old.folder);
        old.ready()
    }

    /// Stops the server without an end: connections stay, and nothing is answered.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.process.id().to_string()]).status().expect("kill").success());
    }
}

fn run(port: u16, folder: &std::path::Path) -> Child {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--dir"]).arg(folder);
    command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null()).spawn().expect("redis-server")
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
