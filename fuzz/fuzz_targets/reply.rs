//! What a vendor answers, as bytes: each vendor, create and verify, each kind of status, over a socket.
//!
//! The first byte of the input picks the operation by its highest bit and the vendor by the others, the second the status; the rest is the
//! body.

#![no_main]

#[path = "../../tests/support/mod.rs"]
mod support;

use std::sync::{Arc, LazyLock};

use auth_challenge::{ChallengeProvider, ChallengeProviderExt};
use libfuzzer_sys::fuzz_target;
use support::{
    Told,
    vendors::{self, Vendor},
};
use tokio::runtime::Runtime;

const STATUS: [u16; 12] = [200, 201, 202, 204, 307, 400, 401, 403, 404, 409, 429, 500];

struct Bench {
    runtime: Runtime,
    told: Told,
    providers: Vec<(&'static Vendor, Arc<dyn ChallengeProvider>)>,
    secrets: Vec<String>,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let told = runtime.block_on(Told::start());
    let provider = |vendor: &'static Vendor| (vendor, vendor.config(told.address, "").with_http(told.http.clone()).build().expect("a provider"));
    let secrets = |vendor: &'static Vendor| vendor.section.secrets.iter().map(|key| vendor.credential(key));
    let providers = vendors::all().into_iter().map(provider).collect();
    Bench { runtime, told, providers, secrets: vendors::all().into_iter().flat_map(secrets).collect() }
});

fuzz_target!(|input: &[u8]| {
    let [which, status, body @ ..] = input else { return };
    let status = STATUS[usize::from(*status) % STATUS.len()];
    let (vendor, provider) = &BENCH.providers[usize::from(which & 0x7f) % BENCH.providers.len()];
    // A 204 has no body.
    let body = if status == 204 { &[] } else { body };
    BENCH.told.answer(status, body);
    let error = BENCH.runtime.block_on(async {
        match which & 0x80 {
            0 => provider.create(&vendor.request()).await.map(|challenge| drop(serde_json::to_string(challenge.handle()))).err(),
            _ => provider.verify(&vendor.handle(), &vendor.answer()).await.map(drop).err(),
        }
    });
    if let Some(error) = error {
        let shown = format!("{error} {error:?}");
        assert!(!BENCH.secrets.iter().any(|secret| shown.contains(secret)), "a secret is shown");
    }
});
