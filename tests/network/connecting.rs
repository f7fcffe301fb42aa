//! Connecting: its time, its retries, what is left behind, and through whom.

use std::{
    net::{Ipv4Addr, SocketAddr},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use auth_challenge::{
    CallOptions, ChallengeProvider, ChallengeProviderExt, Error, ErrorKind, Http, SendState,
    reqwest::{
        self,
        dns::{Name, Resolve, Resolving},
    },
};
use socket2::{Domain, Socket, Type};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::support::{
    Reserved, Server, Step, all_end_well, client, read_request, reply,
    vendors::{self, Operation, Vendor},
};

/// An address where connecting hangs: its queue is full, and nobody takes from it.
struct Full {
    address: SocketAddr,
    _listener: Socket,
    _waiting: Vec<Socket>,
}

impl Full {
    fn new() -> Self {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("a free port");
        listener.listen(0).expect("a listener");
        let address = listener.local_addr().expect("the port");
        let (mut waiting, mut tries) = (Vec::new(), 0);
        loop {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
            let is_taken = socket.connect_timeout(&address, Duration::from_millis(500)).is_ok();
            waiting.push(socket);
            tries = if is_taken { 0 } else { tries + 1 };
            // Once may be for a busy machine.
            if tries == 3 {
                return Self { address: address.as_socket().expect("an IP address"), _listener: listener, _waiting: waiting };
            }
        }
    }
}

async fn create(provider: &dyn ChallengeProvider, vendor: &'static Vendor) -> Result<(), Error> {
    provider.create(&vendor.request()).await.map(drop)
}

async fn verify(provider: &dyn ChallengeProvider, vendor: &'static Vendor) -> Result<(), Error> {
    provider.verify(&vendor.handle(), &vendor.answer()).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connect_that_takes_too_long_was_sent_nothing_and_is_tried_within_the_calls_time() {
    // One try takes this long; a second one as long again, and a pause.
    const TRY: Duration = Duration::from_secs(4);
    let full = Full::new();
    let mut runs = Vec::new();
    for (timeout, tries) in [(TRY * 30, 3), (TRY * 2, 1)] {
        let http = Http::builder().with_timeout(timeout).with_connect_timeout(TRY).build().expect("a client");
        for vendor in vendors::all() {
            let provider = vendor.config(full.address, "").with_http(http.clone()).build().expect("a provider");
            runs.push(tokio::spawn(async move {
                let calls = [(); 2].map(|()| Instant::now());
                let outcomes = tokio::join!(create(&*provider, vendor), verify(&*provider, vendor));
                for (outcome, started) in [outcomes.0, outcomes.1].into_iter().zip(calls) {
                    let error = outcome.expect_err("nobody takes the connection");
                    let took = started.elapsed();
                    assert_eq!((error.kind(), error.send_state()), (ErrorKind::Connect, SendState::NotSent), "{vendor:?}: {error:?}");
                    assert!(took >= TRY * tries, "{vendor:?}: {took:?} for {tries} tries");
                    assert!(took < timeout + Duration::from_secs(5), "{vendor:?}: took {took:?}");
                }
            }));
        }
    }
    all_end_well(runs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_time_ends_while_connecting_is_unknown() {
    let full = Full::new();
    let http = Http::builder().with_timeout(Duration::from_secs(60)).with_connect_timeout(Duration::from_secs(30)).build().expect("a client");
    let options = CallOptions::default().with_timeout(Duration::from_millis(500));
    for vendor in vendors::all() {
        let provider = vendor.config(full.address, "").with_http(http.clone()).build().expect("a provider");
        let started = Instant::now();
        let errors = [
            provider.create_with(&vendor.request(), &options).await.map(drop).expect_err("out of time"),
            provider.verify_with(&vendor.handle(), &vendor.answer(), &options).await.map(drop).expect_err("out of time"),
        ];
        for error in errors {
            assert_eq!((error.kind(), error.send_state()), (ErrorKind::Timeout, SendState::Unknown), "{vendor:?}: {error:?}");
        }
        assert!(started.elapsed() < Duration::from_secs(10), "{vendor:?}: took {:?}", started.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_refused_a_connection_is_made_once_more() {
    let http = Http::builder().with_timeout(Duration::from_secs(30)).build().expect("a client");
    for vendor in vendors::all() {
        for operation in Operation::ALL {
            let mut is_made = false;
            for _ in 0..20 {
                is_made = is_made || is_made_once_more(&http, vendor, operation).await;
            }
            assert!(is_made, "{vendor:?} {operation:?}");
        }
    }
}

/// Whether a call succeeds at a port that is opened after the first attempt; it may come too late for that on a busy machine.
async fn is_made_once_more(http: &Http, vendor: &'static Vendor, operation: Operation) -> bool {
    let reserved = Reserved::new();
    let provider = vendor.config(reserved.address(), "").with_http(http.clone()).build().expect("a provider");
    let mut call = tokio::spawn(async move { operation.call(vendor, &*provider, &CallOptions::default()).await });
    // Less than the two pauses together, at their shortest.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let listener = reserved.listen();
    let mut stream = tokio::select! {
        connection = listener.accept() => connection.expect("a connection").0,
        _ = &mut call => return false,
    };
    let request = read_request(&mut stream, &mut Vec::new()).await.expect("a request").expect("a request");
    assert!(!request.body.is_empty());
    stream.write_all(&reply(200, &[], &operation.reply(vendor))).await.expect("an answer");
    call.await.expect("a call that ends").expect("an answer");
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_finds_nobody_is_given_up_after_three_tries_with_pauses() {
    let http = Http::builder().with_timeout(Duration::from_secs(30)).build().expect("a client");
    let reserved = Reserved::new();
    for vendor in vendors::all() {
        for operation in Operation::ALL {
            let provider = vendor.config(reserved.address(), "").with_http(http.clone()).build().expect("a provider");
            let started = Instant::now();
            let error = operation.call(vendor, &*provider, &CallOptions::default()).await.expect_err("nobody listens");
            let took = started.elapsed();
            let context = format!("{vendor:?} {operation:?}: {error:?}");
            assert_eq!((error.kind(), error.send_state()), (ErrorKind::Connect, SendState::NotSent), "{context}");
            // The pauses are from 100 to 200 ms and from 200 to 400 ms.
            assert!(took >= Duration::from_millis(300) && took < Duration::from_secs(10), "took {took:?}, {context}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_call_closes_its_connection_and_sends_nothing_more() {
    let http = Http::builder().with_timeout(Duration::from_secs(60)).build().expect("a client");
    for vendor in vendors::all() {
        for (what, answer) in [("before the reply", &b""[..]), ("within the reply", &b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"[..])] {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let provider = vendor.config(listener.local_addr().expect("the port"), "").with_http(http.clone()).build().expect("a provider");
            let server = async {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                read_request(&mut stream, &mut Vec::new()).await.expect("a request").expect("a request");
                stream.write_all(answer).await.expect("part of a reply");
                stream
            };
            let mut stream = {
                // Dropped as soon as the server has come so far.
                let call = create(&*provider, vendor);
                tokio::pin!(call);
                tokio::select! {
                    outcome = &mut call => panic!("{what}: ended with {outcome:?}"),
                    stream = server => stream,
                }
            };
            let mut rest = Vec::new();
            let end = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
            assert!(end.is_ok(), "{what}, {vendor:?}: the connection stays open");
            assert!(rest.is_empty(), "{what}, {vendor:?}: sent {:?}", String::from_utf8_lossy(&rest));
            let more = tokio::time::timeout(Duration::from_millis(200), listener.accept()).await;
            assert!(more.is_err(), "{what}, {vendor:?}: a further connection");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_dropped_in_a_pause_is_not_made_again() {
    let http = client();
    let runs = vendors::all().into_iter().map(|vendor| {
        let http = http.clone();
        tokio::spawn(async move {
            let server = Server::answering(429, &[("retry-after", "4")], "{}").await;
            let provider = vendor.config(server.address, "").with_http(http).build().expect("a provider");
            let comes_to_the_pause = async {
                while server.requests().is_empty() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                tokio::time::sleep(Duration::from_millis(400)).await;
            };
            tokio::select! {
                outcome = create(&*provider, vendor) => panic!("{vendor:?}: does not wait: {outcome:?}"),
                () = comes_to_the_pause => {}
            }
            tokio::time::sleep(Duration::from_millis(4200)).await;
            assert_eq!(server.requests().len(), 1, "{vendor:?}");
        })
    });
    all_end_well(runs.collect()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_was_limited_and_then_found_nobody_was_refused_and_not_unsent() {
    let http = Http::builder().with_timeout(Duration::from_secs(30)).build().expect("a client");
    for vendor in vendors::all() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let provider = vendor.config(listener.local_addr().expect("the port"), "").with_http(http.clone()).build().expect("a provider");
        let server = async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            // Nobody listens any more once the answer is read.
            drop(listener);
            read_request(&mut stream, &mut Vec::new()).await.expect("a request").expect("a request");
            stream.write_all(&reply(429, &[("retry-after", "0"), ("connection", "close")], "{}")).await.expect("an answer");
        };
        let (outcome, ()) = tokio::join!(create(&*provider, vendor), server);
        let error = outcome.expect_err("nobody listens");
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Connect, SendState::Refused), "{vendor:?}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_in_the_config_gets_the_request_with_its_whole_address() {
    for vendor in vendors::all() {
        let proxy = Server::start(vec![Step::Answer(reply(200, &[], &vendor.created().to_string()))]).await;
        let nobody = Reserved::new();
        let target = nobody.address();
        let http = serde_json::json!({ "proxy": format!("http://{}", proxy.address) }).to_string();
        let provider = vendor.config(target, &http).build().expect("a provider");
        create(&*provider, vendor).await.expect("a challenge");
        let request = proxy.only_request();
        assert!(request.path.starts_with(&format!("http://{target}/")), "{vendor:?}: {}", request.path);
        assert_eq!(request.header("proxy-authorization"), Vec::<&str>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_cannot_be_reached_was_sent_nothing() {
    let proxy = Reserved::new();
    let target = Server::answering(200, &[], "{}").await;
    let http = serde_json::json!({ "proxy": format!("http://{}", proxy.address()), "timeout": "60s", "connect_timeout": "50s" }).to_string();
    for vendor in vendors::all() {
        let provider = vendor.config(target.address, &http).build().expect("a provider");
        for error in [create(&*provider, vendor).await, verify(&*provider, vendor).await].map(|outcome| outcome.expect_err("no proxy")) {
            assert_eq!((error.kind(), error.send_state()), (ErrorKind::Connect, SendState::NotSent), "{vendor:?}: {error:?}");
        }
    }
    assert_eq!(target.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_opens_no_tunnel_was_sent_the_host_alone() {
    let refusals = [
        reply(403, &[], "no"),
        reply(407, &[("proxy-authenticate", "Basic")], ""),
        reply(502, &[], "<html>"),
        reply(307, &[("location", "http://127.0.0.1/")], ""),
        b"HTTP/1.1 20".to_vec(),
        Vec::new(),
    ];
    let mut runs = Vec::new();
    for refusal in refusals {
        runs.extend(vendors::all().into_iter().map(|vendor| tokio::spawn(gets_no_tunnel(vendor, refusal.clone()))));
    }
    all_end_well(runs).await;
}

/// A create and a verify through a proxy that says this to `CONNECT`.
async fn gets_no_tunnel(vendor: &'static Vendor, refusal: Vec<u8>) {
    let proxy = Server::start(vec![Step::AnswerAndClose(refusal.clone())]).await;
    let http = serde_json::json!({ "proxy": format!("http://{}", proxy.address), "timeout": "60s", "connect_timeout": "50s" }).to_string();
    let provider = vendor.config_at("https://vendor.example", &http).build().expect("a provider");
    for outcome in [create(&*provider, vendor).await, verify(&*provider, vendor).await] {
        let error = outcome.expect_err("no tunnel");
        let context = format!("{vendor:?} {:?}: {error:?}", String::from_utf8_lossy(&refusal));
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Connect, SendState::NotSent), "{context}");
    }
    for request in proxy.requests() {
        assert_eq!((request.method.as_str(), request.path.as_str(), request.body.len()), ("CONNECT", "vendor.example:443", 0));
        assert_eq!(request.header("authorization"), Vec::<&str>::new());
    }
}

/// Set in the child process of the test below: where its vendor is.
const TARGET: &str = "AUTH_CHALLENGE_TEST_TARGET";

#[tokio::test(flavor = "multi_thread")]
async fn no_proxy_is_taken_from_the_environment() {
    let vendor = vendors::all()[0];
    if let Ok(target) = std::env::var(TARGET) {
        let provider = vendor.provider(target.parse().expect("an address"));
        create(&*provider, vendor).await.expect("a challenge");
        // Nothing answers at this one, through whomever.
        let provider = vendor.config_at("https://vendor.invalid", r#"{"timeout":"5s"}"#).build().expect("a provider");
        assert_eq!(create(&*provider, vendor).await.expect_err("no such host").kind(), ErrorKind::Connect);
        return;
    }
    let proxy = Server::answering(200, &[], &vendor.created().to_string()).await;
    let target = Server::answering(200, &[], &vendor.created().to_string()).await;
    let mut child = Command::new(std::env::current_exe().expect("this program"));
    child.args(["--exact", "connecting::no_proxy_is_taken_from_the_environment"]).env(TARGET, target.address.to_string());
    for name in ["http_proxy", "https_proxy", "all_proxy"] {
        child.env(name, format!("http://{}", proxy.address)).env(name.to_uppercase(), format!("http://{}", proxy.address));
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy").env_remove("REQUEST_METHOD");
    let output = tokio::task::spawn_blocking(move || child.output()).await.expect("a thread").expect("a process");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!((target.requests().len(), proxy.connections()), (1, 0));
}

#[tokio::test]
async fn an_error_says_why_there_was_no_connection_where_the_system_does() {
    let closed = Reserved::new();
    let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let speaks_plainly = plain.local_addr().expect("its port");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = plain.accept().await {
            _ = stream.read(&mut [0; 1024]).await;
            _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    for vendor in vendors::all() {
        for (url, why) in [(format!("http://{}", closed.address()), "refused"), (format!("https://{speaks_plainly}"), "TLS failed")] {
            let provider = vendor.config_at(&url, "").build().expect("a provider");
            let options = CallOptions::default().with_single_attempt();
            let error = provider.create_with(&vendor.request(), &options).await.expect_err("no connection");
            assert_eq!((error.kind(), error.send_state()), (ErrorKind::Connect, SendState::NotSent), "{}: {why}", vendor.name);
            assert!(error.to_string().ends_with(&format!("no connection: {why}")), "{}: {error}", vendor.name);
        }
    }
}

/// Knows no host, as a resolver whose answer is "no such name".
struct NoNames;

impl Resolve for NoNames {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(async { Err(std::io::Error::other("failed to lookup address information").into()) })
    }
}

#[tokio::test]
async fn an_error_says_that_a_hosts_name_is_not_found() {
    for vendor in vendors::all() {
        let http = Http::from_builder(reqwest::Client::builder().no_proxy().dns_resolver(Arc::new(NoNames))).expect("a client");
        let provider = vendor.config_at("https://vendor.example", "").with_http(http).build().expect("a provider");
        let options = CallOptions::default().with_single_attempt();
        let error = provider.create_with(&vendor.request(), &options).await.expect_err("no connection");
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Connect, SendState::NotSent), "{}", vendor.name);
        assert!(error.to_string().ends_with("no connection: the host's name is not found"), "{}: {error}", vendor.name);
    }
}

#[test]
fn a_time_for_connecting_that_is_no_part_of_the_calls_is_refused() {
    let second = Duration::from_secs(1);
    for connect in [second, 2 * second] {
        let error = Http::builder().with_timeout(second).with_connect_timeout(connect).build().expect_err("not less");
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    }
    assert!(Http::builder().with_timeout(second).with_connect_timeout(second / 2).build().is_ok());
}
