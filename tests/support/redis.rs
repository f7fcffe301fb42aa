//! A real `redis-server` on a free port of loopback, stopped when it is dropped.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU16, Ordering},
    },
    thread::{JoinHandle, sleep, spawn},
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
        let port = free_port();
        let folder = env::temp_dir().join(format!("auth-challenge-redis-{}-{port}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let process = run(port, &folder);
        Some(Self { port, folder, process }.ready())
    }

    fn ready(self) -> Self {
        let end = Instant::now() + Duration::from_secs(60);
        let mut this = self;
        while !this.says(&["PING"]).contains("PONG") {
            assert!(Instant::now() < end, "redis-server does not start");
            sleep(Duration::from_millis(20));
        }
        // Else another server has the port, and answered.
        assert!(this.process.try_wait().expect("its state").is_none(), "redis-server ended");
        this
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

    /// Connects as one who types commands, a line each.
    fn connect(&self) -> BufReader<TcpStream> {
        BufReader::new(TcpStream::connect(("127.0.0.1", self.port)).expect("a connection"))
    }

    /// Flushes the scripts again and again, as fast as the server does it.
    pub fn flush_scripts(&self) -> Flushes {
        let (mut connection, is_over) = (self.connect(), Arc::new(AtomicBool::new(false)));
        let ends = Arc::clone(&is_over);
        let thread = spawn(move || {
            let mut flushes = 0;
            while !ends.load(Ordering::Relaxed) && say(&mut connection, "SCRIPT FLUSH").is_some_and(|said| said == "+OK") {
                flushes += 1;
            }
            flushes
        });
        Flushes { is_over, thread }
    }

    /// Listens to what clients send from now on.
    pub fn monitor(&self) -> Monitor<'_> {
        let mut connection = self.connect();
        assert_eq!(say(&mut connection, "MONITOR").as_deref(), Some("+OK"));
        Monitor { redis: self, connection }
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

/// What flushes scripts until it is told to end.
#[derive(Debug)]
pub struct Flushes {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Flushes {
    /// Ends it; gives how often it flushed.
    pub fn end(self) -> u64 {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().expect("the flushes")
    }
}

/// Hears every command.
#[derive(Debug)]
pub struct Monitor<'a> {
    redis: &'a Redis,
    connection: BufReader<TcpStream>,
}

impl Monitor<'_> {
    /// Gives the names of the commands that clients sent since it began; what scripts call is none of them.
    pub fn end(mut self) -> Vec<String> {
        self.redis.says(&["ECHO", "the end of the monitor"]);
        let mut names = Vec::new();
        loop {
            let line = line(&mut self.connection).expect("a server that goes on");
            if line.contains("the end of the monitor") {
                return names;
            }
            // +1700000000.000000 [0 127.0.0.1:50000] "EVALSHA" "…
            let (from, command) = line.split_once("] ").expect("a command");
            if !from.ends_with(" lua") {
                names.push(command.split('"').nth(1).expect("a name").to_owned());
            }
        }
    }
}

fn say(connection: &mut BufReader<TcpStream>, command: &str) -> Option<String> {
    connection.get_mut().write_all(format!("{command}\r\n").as_bytes()).ok()?;
    line(connection)
}

/// Reads a line; none where the server is gone.
fn line(connection: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    connection.read_line(&mut line).ok().filter(|read| *read > 0)?;
    Some(line.trim_end().to_owned())
}

/// A port that nobody else is given while its server is away: below those that a system gives to whoever asks for any, and not twice in a process.
fn free_port() -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let first = (std::process::id() as u16).wrapping_mul(61);
    let mut ports = (0..12_000).map(|_| 20_000 + first.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % 12_000);
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}

fn run(port: u16, folder: &std::path::Path) -> Child {
    let mut command = Command::new("redis-server");
    // Written before it answers, which outlives the process; to wait for the disk would test that.
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "no", "--dir"]).arg(folder);
    command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null()).spawn().expect("redis-server")
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
