//! What a vendor answers, as bytes: each vendor, create and verify, each kind of status, over a socket.
//!
//! The first byte of the input picks the operation by its highest bit and the vendor by the others, the second the status; the rest is the
//! body.

#![no_main]

#[path = "../../tests/support/mod.rs"]
mod support;

use std::{
    net::SocketAddr,
    sync::{Arc, LazyLock, Mutex},
};

use auth_challenge::{ChallengeProvider, ChallengeProviderExt, Http};
use libfuzzer_sys::fuzz_target;
use support::{
    read_request,
    vendors::{self, Vendor},
};
use tokio::{io::AsyncWriteExt, net::TcpListener, runtime::Runtime};

const STATUS: [u16; 12] = [200, 201, 202, 204, 307, 400, 401, 403, 404, 409, 429, 500];

struct Bench {
    runtime: Runtime,
    answer: Arc<Mutex<Vec<u8>>>,
    providers: Vec<(&'static Vendor, Arc<dyn ChallengeProvider>)>,
    secrets: Vec<String>,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let answer = Arc::new(Mutex::new(Vec::new()));
    let address = runtime.block_on(serve(Arc::clone(&answer)));
    let http = Http::builder().build().expect("a client");
    let provider = |vendor: &'static Vendor| (vendor, vendor.config(address, "").with_http(http.clone()).build().expect("a provider"));
    let secrets = |vendor: &'static Vendor| vendor.section.secrets.iter().map(|key| vendor.credential(key));
    Bench { runtime, answer, providers: vendors::all().into_iter().map(provider).collect(), secrets: vendors::all().into_iter().flat_map(secrets).collect() }
});

async fn serve(answer: Arc<Mutex<Vec<u8>>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on loopback");
    let address = listener.local_addr().expect("the port");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                let mut buffer = Vec::new();
                while let Ok(Some(_)) = read_request(&mut stream, &mut buffer).await {
                    let answer = answer.lock().expect("the answer").clone();
                    if stream.write_all(&answer).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

fuzz_target!(|input: &[u8]| {
    let [which, status, body @ ..] = input else { return };
    let status = STATUS[usize::from(*status) % STATUS.len()];
    let (vendor, provider) = &BENCH.providers[usize::from(which & 0x7f) % BENCH.providers.len()];
    // A 204 has no body.
    let body = if status == 204 { &[] } else { body };
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", body.len());
    *BENCH.answer.lock().expect("the answer") = [head.as_bytes(), body].concat();
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
