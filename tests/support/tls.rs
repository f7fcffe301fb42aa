//! TLS servers on loopback, with certificates made for the test.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each program uses its part")]

use std::{
    future::Future,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// A certificate authority of the test's own.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: PathBuf,
}

/// What is wrong with a server's certificate, if anything.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    None,
    OtherHost,
    Expired,
    NotYetValid,
}

impl Authority {
    /// An authority whose certificate is kept in a file of this name.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate");
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.pem"));
        std::fs::write(&file, issuer.pem()).expect("a file of the authority's certificate");
        Self { issuer, file }
    }

    /// The file for `http.ca_file`.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// A server's TLS, with a certificate for `localhost` unless it has a fault, that speaks these protocols.
    pub fn acceptor(&self, fault: Fault, alpn: &[&str]) -> TlsAcceptor {
        let host = if matches!(fault, Fault::OtherHost) { "other.example" } else { "localhost" };
        let mut params = CertificateParams::new([host.to_owned()]).expect("a host name");
        match fault {
            Fault::Expired => (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1)),
            Fault::NotYetValid => (params.not_before, params.not_after) = (date_time_ymd(2901, 1, 1), date_time_ymd(2902, 1, 1)),
            Fault::None | Fault::OtherHost => {}
        }
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("TLS 1.2 and 1.3");
        let mut config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).expect("a key for the certificate");
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// A listener that counts its connections and knows when the last one is over.
#[derive(Clone, Debug)]
pub struct Connections {
    pub address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    broken: Arc<AtomicBool>,
    open: watch::Sender<usize>,
}

impl Connections {
    /// Hands each connection, with its number from 0 on, to `serve`.
    pub async fn each<F, Fut>(serve: F) -> Self
    where
        F: Fn(usize, TcpStream) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on loopback");
        let address = listener.local_addr().expect("the port");
        let connections = Self { address, accepted: Arc::default(), broken: Arc::default(), open: watch::Sender::new(0) };
        let (accepted, broken, open) = (Arc::clone(&connections.accepted), Arc::clone(&connections.broken), connections.open.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                open.send_modify(|open| *open += 1);
                let serving = serve(accepted.fetch_add(1, Ordering::SeqCst), stream);
                let (open, broken) = (open.clone(), Arc::clone(&broken));
                tokio::spawn(async move {
                    // On a task of its own, so that a failed assertion there fails the test.
                    if tokio::spawn(serving).await.is_err() {
                        broken.store(true, Ordering::SeqCst);
                    }
                    open.send_modify(|open| *open -= 1);
                });
            }
        });
        connections
    }

    /// The base URL at which TLS is asked for.
    pub fn https(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// When no connection is served any more.
    pub async fn over(&self) {
        let _ = self.open.subscribe().wait_for(|open| *open == 0).await;
        assert!(!self.broken.load(Ordering::SeqCst), "a connection was not as expected");
    }
}

/// What became of the connections of a TLS server.
#[derive(Clone, Debug, Default)]
pub struct Handshakes(Arc<Mutex<Vec<Result<String, String>>>>);

impl Handshakes {
    /// Shakes hands and notes the protocol that was agreed on, or why not.
    pub async fn shake(&self, acceptor: &TlsAcceptor, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let outcome = acceptor.accept(stream).await;
        let note = match &outcome {
            Ok(stream) => Ok(stream.get_ref().1.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()).unwrap_or_default()),
            Err(error) => Err(error.to_string()),
        };
        self.0.lock().expect("the handshakes").push(note);
        outcome.ok()
    }

    pub fn all(&self) -> Vec<Result<String, String>> {
        self.0.lock().expect("the handshakes").clone()
    }
}
