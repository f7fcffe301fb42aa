//! Counts the heap allocations of a call: `allocations PORT VENDOR OUTCOME`, a line for each level.

use calls::{vendors::named, work::Case};
use figures::{Level, Outcome};

const CALLS: usize = 50;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, vendor, outcome] = arguments.as_slice() else { panic!("expected: PORT VENDOR OUTCOME") };
    let port = port.parse().expect("a port");
    for level in Level::ALL {
        let prepared = Case { vendor: named(vendor), outcome: Outcome::named(outcome).expect("an outcome"), level }.prepared(port);
        let counted = allocation_counter::measure(|| prepared.just_make(CALLS));
        println!("{}\t{:.1}", level.name(), counted.count_total as f64 / CALLS as f64);
    }
}
