//! What a call costs at each level of the crate, beside bare reqwest and bare hyper: `calls` measures all of it.

mod measure;
mod report;

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use calls::{
    callers::{self, Level},
    server,
    vendors::{Outcome, named},
    work::Case,
};

/// What a call is counted in.
const COUNTED: usize = 100;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve"] => tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(server::serve()),
        ["hold", port, vendor, level, in_flight] => {
            let case = Case { vendor: named(vendor), outcome: Outcome::Success, level: Level::named(level) };
            let in_flight = in_flight.parse().expect("a number");
            case.prepared(port.parse().expect("a port")).make(10 * in_flight, in_flight);
            println!("{}", measure::peak_kib());
        }
        ["profile", vendor, level, outcome] => {
            let server = Server::start();
            measure::profile(&server, vendor, level, outcome);
        }
        // What runs under the counter of instructions.
        ["one", port, vendor, level, outcome] => {
            let case = Case { vendor: named(vendor), outcome: Outcome::named(outcome), level: Level::named(level) };
            let prepared = case.prepared(port.parse().expect("a port"));
            measured(&mut || prepared.just_make(COUNTED));
        }
        ["agent"] => measured(&mut || (0..COUNTED).for_each(|_| drop(std::hint::black_box(callers::agent_read())))),
        ["counts"] => report::counts(&measure::counts(&Server::start())),
        [] => report::whole(&measure::counts(&Server::start()), &measure::times(&Server::start()), &measure::memory(&Server::start())),
        _ => panic!("expected nothing, or: counts | profile VENDOR LEVEL OUTCOME"),
    }
}

/// What instructions are counted within.
#[inline(never)]
fn measured(work: &mut dyn FnMut()) {
    work();
}

/// The server, in a process of its own.
pub struct Server {
    process: Child,
    pub port: String,
}

impl Server {
    fn start() -> Self {
        let own = std::env::current_exe().expect("this program");
        let mut process = Command::new(own).arg("serve").stdout(Stdio::piped()).spawn().expect("the server");
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
