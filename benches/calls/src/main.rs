//! What a call costs at each level of the crate, beside bare reqwest and bare hyper: measures it, and writes it as JSON. `cargo xtask bench` makes tables of it.

mod counts;
mod first;
mod process;
mod times;

use std::{env, path::Path};

use calls::{callers, server, vendors::named, work::Case};
use figures::{Level, Outcome};
use process::Server;
use serde::Serialize;

/// What a call is counted in.
const COUNTED: usize = 100;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["counts", vendors @ ..] => write(&counts::counts(&Server::start(), vendors)),
        ["times", rounds, vendors @ ..] => write(&times::times(&Server::start(), rounds.parse().expect("a number of rounds"), vendors)),
        ["first", rounds] => write(&first::first(rounds.parse().expect("a number of rounds"))),
        ["profile", vendor, level, outcome] => {
            let path = counts::profile(&Server::start(), vendor, level, outcome);
            println!("callgrind_annotate {}", path.display());
        }
        // What follows is run by the above.
        ["serve"] => tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(server::serve()),
        ["hold", port, vendor, level, in_flight] => {
            let in_flight = in_flight.parse().expect("a number");
            case(vendor, level, "success").prepared(port.parse().expect("a port")).make(10 * in_flight, in_flight);
            println!("{}", times::peak_kib());
        }
        ["one", port, vendor, level, outcome] => {
            let prepared = case(vendor, level, outcome).prepared(port.parse().expect("a port"));
            measured(&mut || prepared.just_make(COUNTED));
        }
        ["serve-tls", certificate] => first::serve(Path::new(certificate)),
        ["first", port, certificate, how] => first::call(port, certificate, *how == "warmed"),
        ["agent"] => measured(&mut || (0..COUNTED).for_each(|_| drop(std::hint::black_box(callers::agent_read())))),
        _ => panic!("expected: counts [VENDOR …] | times ROUNDS [VENDOR …] | first ROUNDS | profile VENDOR LEVEL OUTCOME"),
    }
}

fn write(figures: &impl Serialize) {
    println!("{}", serde_json::to_string(figures).expect("JSON"));
}

fn case(vendor: &str, level: &str, outcome: &str) -> Case {
    Case { vendor: named(vendor), outcome: Outcome::named(outcome).expect("an outcome"), level: Level::named(level).expect("a level") }
}

/// What instructions are counted within.
#[inline(never)]
fn measured(work: &mut dyn FnMut()) {
    work();
}
