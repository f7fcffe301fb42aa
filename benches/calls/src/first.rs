//! The first call over TLS, beside later ones and one that was warmed up for: each in a process of its own, since some of it is done once in a process.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use auth_challenge::{
    CallOptions, ChallengeProvider as _, ChallengeProviderExt as _, ChallengeRequest, ClientContext, Http,
    corbado::{Corbado, CorbadoConfig},
};
use bytes::Bytes;
use calls::vendors::named;
use figures::{First, Outcome};
use http::{Method, Response, header::CONTENT_TYPE};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivateKeyDer},
};

use crate::process::{Server, own, said};

/// Calls after the first, in each process.
const LATER: usize = 200;

/// Measures, in so many processes of each kind, how long calls take.
pub fn first(rounds: usize) -> First {
    let certificate = Certificate(own("first.pem"));
    let server = Server::start_with(&["serve-tls", &certificate.0.display().to_string()]);
    let one = |how: &str| {
        let mut command = Command::new(own("calls"));
        command.args(["first", &server.port, &certificate.0.display().to_string(), how]);
        let took: Vec<f64> = said(command).split_whitespace().map(|figure| figure.parse().expect("a number")).collect();
        (took[0], took[1])
    };
    let (mut cold, mut warmed, mut later) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (first, others) = one("cold");
        cold.push(first);
        later.push(others);
        warmed.push(one("warmed").0);
    }
    First::new(crate::times::median(cold), crate::times::median(warmed), crate::times::median(later))
}

/// The server's certificate, in a file that goes with it.
struct Certificate(PathBuf);

impl Drop for Certificate {
    fn drop(&mut self) {
        _ = fs::remove_file(&self.0);
    }
}

/// Makes the first call and later ones, and prints how long they took in microseconds.
pub fn call(port: &str, certificate: &str, is_warmed: bool) {
    let http = Http::builder().with_ca_file(certificate).build().expect("a client");
    let config = CorbadoConfig::new("pro-1", "corbado1_secret").with_base_url(&format!("https://localhost:{port}")).expect("a URL");
    let corbado = Corbado::new(&config, http).expect("a client");
    let client = ClientContext::new([203, 0, 113, 7]).with_user_agent("Mozilla/5.0");
    let request = ChallengeRequest::email_otp("jane@doe.com").with_user_id("usr-1").with_client(client);
    runtime().block_on(async {
        if is_warmed {
            corbado.warm_up(&CallOptions::default()).await.expect("an answer");
        }
        let timed = async || {
            let begun = Instant::now();
            corbado.create(&request).await.expect("a challenge");
            begun.elapsed().as_secs_f64() * 1e6
        };
        let first = timed().await;
        let mut later = Vec::with_capacity(LATER);
        for _ in 0..LATER {
            later.push(timed().await);
        }
        println!("{first} {}", crate::times::median(later));
    });
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Serves HTTP/2 over TLS on loopback until the process is ended; writes its certificate to a file, and prints the port.
pub fn serve(certificate: &Path) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    fs::write(certificate, cert.pem()).expect("a file for the certificate");
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
    let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).expect("a certificate");
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("{}", listener.local_addr().expect("an address").port());
        loop {
            match listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(answer(stream, acceptor.clone()))),
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    });
}

async fn answer(stream: TcpStream, acceptor: TlsAcceptor) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut connection = h2::server::handshake(acceptor.accept(stream).await.ok()?).await.ok()?;
    let (_, body) = named("corbado").reply(Outcome::Success);
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let is_head = *request.method() == Method::HEAD;
        let head = Response::builder().header(CONTENT_TYPE, "application/json").body(()).ok()?;
        let mut sent = respond.send_response(head, is_head).ok()?;
        if !is_head {
            sent.send_data(Bytes::from_static(body.as_bytes()), true).ok()?;
        }
    }
    Some(())
}
