//! What stands in one member of a reply that is good otherwise: each operation of each vendor's client, over a socket.
//!
//! The first byte of the input picks the operation, the second and third the member, the fourth how it is odd; the rest is what stands there.

#![no_main]

#[path = "../../tests/support/mod.rs"]
mod support;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use support::{
    Told,
    oddities::{Good, Oddity, places},
    typed::Typed,
    vendors,
};
use tokio::runtime::Runtime;

struct Bench {
    runtime: Runtime,
    told: Told,
    replies: Vec<(&'static Typed, Good, Vec<String>)>,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let told = runtime.block_on(Told::start());
    let typed = vendors::all().into_iter().flat_map(|vendor| vendor.typed.iter().map(move |typed| (vendor, typed)));
    let replies = typed.map(|(vendor, typed)| {
        let good = runtime.block_on(typed.good(&told, vendor));
        let places = places(&good.document);
        (typed, good, places)
    });
    let replies = replies.collect();
    Bench { runtime, told, replies }
});

fuzz_target!(|input: &[u8]| {
    let [which, high, low, how, odd @ ..] = input else { return };
    let Ok(odd) = std::str::from_utf8(odd) else { return };
    // What is no JSON is no member.
    if serde_json::from_str::<IgnoredAny>(odd).is_err() {
        return;
    }
    let (typed, good, places) = &BENCH.replies[usize::from(*which) % BENCH.replies.len()];
    let place = &places[usize::from(u16::from_be_bytes([*high, *low])) % places.len()];
    let oddity = Oddity::all(odd)[usize::from(*how) % 3];
    BENCH.runtime.block_on(typed.assert_read(&BENCH.told, good, place, oddity));
});
