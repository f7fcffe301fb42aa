//! TLS: the right certificate or nothing, and not a byte of a request before that.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use auth_challenge::{ChallengeProviderExt, Error, ErrorKind, Http, SendState, Verification};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    http2_server::Script,
    support::{
        Seen, Server, all_end_well, content, read_request, reply,
        vendors::{self, Vendor},
    },
    tls_server::{Authority, Connections, Fault, Handshakes},
};

fn client(authority: &Authority) -> Http {
    Http::builder()
        .with_timeout(Duration::from_secs(120))
        .with_connect_timeout(Duration::from_secs(60))
        .with_ca_file(authority.file())
        .build()
        .expect("a client")
}

/// A create and a verify, which both fail.
async fn both_fail(vendor: &'static Vendor, url: &str, http: &Http) -> [Error; 2] {
    let provider = vendor.config_at(url, "").with_http(http.clone()).build().expect("a provider");
    let create = provider.create(&vendor.request()).await.expect_err("no challenge");
    let verify = provider.verify(&vendor.handle(), &vendor.answer()).await.expect_err("no answer");
    [create, verify]
}

/// A server of HTTP/1.1 over TLS that answers the same to everything.
async fn http1(authority: &Authority, fault: Fault, answers: Vec<Vec<u8>>) -> (Connections, Handshakes, Arc<Mutex<Vec<Seen>>>) {
    let acceptor = authority.acceptor(fault, &["http/1.1"]);
    let (handshakes, received) = (Handshakes::default(), Arc::new(Mutex::new(Vec::new())));
    let (noted, requests, answers) = (handshakes.clone(), Arc::clone(&received), Arc::new(answers));
    let connections = Connections::each(move |_, stream| {
        let (acceptor, noted, requests, answers) = (acceptor.clone(), noted.clone(), Arc::clone(&requests), Arc::clone(&answers));
        async move {
            let Some(mut stream) = noted.shake(&acceptor, stream).await else { return };
            let mut buffer = Vec::new();
            while let Ok(Some(request)) = read_request(&mut stream, &mut buffer).await {
                let count = {
                    let mut requests = requests.lock().expect("the requests");
                    requests.push(request);
                    requests.len()
                };
                let Some(answer) = answers.get(count - 1).or(answers.last()) else { return };
                if stream.write_all(answer).await.is_err() {
                    return;
                }
            }
        }
    })
    .await;
    (connections, handshakes, received)
}

#[tokio::test]
async fn a_create_and_a_verify_go_over_https_where_the_authority_is_trusted() {
    let authority = Authority::new("trusted-http1");
    for vendor in vendors::all() {
        let answers = vec![reply(200, &[], &vendor.created().to_string()), reply(200, &[], &vendor.verified().to_string())];
        let (server, handshakes, received) = http1(&authority, Fault::None, answers).await;
        let file = serde_json::json!({ "ca_file": authority.file(), "timeout": "120s", "connect_timeout": "60s" }).to_string();
        let provider = vendor.config_at(&server.https(), &file).build().expect("a provider");
        provider.create(&vendor.request()).await.expect("a challenge");
        let verification = provider.verify(&vendor.handle(), &vendor.answer()).await.expect("an answer");
        assert!(matches!(verification, Verification::Verified(_)), "{vendor:?}");
        assert_eq!(received.lock().expect("the requests").len(), 2);
        assert!(handshakes.all().iter().all(|protocol| protocol.as_deref() == Ok("http/1.1")), "{:?}", handshakes.all());
    }
}

#[tokio::test]
async fn a_create_and_a_verify_go_over_http_2_where_the_server_has_it() {
    let authority = Authority::new("trusted-http2");
    let http = client(&authority);
    for vendor in vendors::all() {
        for (operation, body, sent) in [("create", vendor.created(), vendor.creation().sent), ("verify", vendor.verified(), (vendor.verify.sent)())] {
            let (script, handshakes) = (Script::new(Vec::new(), &body.to_string()), Handshakes::default());
            let server = over_http2(&authority, &script, &handshakes).await;
            let provider = vendor.config_at(&server.https(), "").with_http(http.clone()).build().expect("a provider");
            match operation {
                "create" => drop(provider.create(&vendor.request()).await.expect("a challenge")),
                _ => drop(provider.verify(&vendor.handle(), &vendor.answer()).await.expect("an answer")),
            }
            assert_eq!(handshakes.all(), [Ok("h2".to_owned())], "{vendor:?}");
            assert_eq!(script.seen().len(), 1);
            assert_eq!(content(sent.content_type, &script.seen()[0].body), sent.body, "the body came whole");
        }
    }
}

#[tokio::test]
async fn over_tls_and_http1_every_call_has_a_connection_of_its_own_which_it_asks_to_close() {
    let authority = Authority::new("not-kept-http1");
    let http = client(&authority);
    for vendor in vendors::all() {
        let [created, verified] = [vendor.created(), vendor.verified()].map(|body| reply(200, &[], &body.to_string()));
        // A server that would keep them.
        let (server, handshakes, received) = http1(&authority, Fault::None, vec![created.clone(), verified, created]).await;
        let provider = vendor.config_at(&server.https(), "").with_http(http.clone()).build().expect("a provider");
        provider.create(&vendor.request()).await.expect("a challenge");
        let _ = provider.verify(&vendor.handle(), &vendor.answer()).await.expect("an answer");
        provider.create(&vendor.request()).await.expect("another challenge");
        server.over().await;
        assert_eq!(handshakes.all().len(), 3, "{vendor:?}");
        let received = received.lock().expect("the requests");
        assert!(received.iter().all(|request| request.header("connection") == ["close"]), "{vendor:?}: {received:?}");
    }
}

#[tokio::test]
async fn over_http_2_calls_share_a_connection() {
    let authority = Authority::new("kept-http2");
    let http = client(&authority);
    for vendor in vendors::all() {
        let (script, handshakes) = (Script::new(Vec::new(), &vendor.created().to_string()), Handshakes::default());
        let server = over_http2(&authority, &script, &handshakes).await;
        let provider = vendor.config_at(&server.https(), "").with_http(http.clone()).build().expect("a provider");
        for _ in 0..3 {
            provider.create(&vendor.request()).await.expect("a challenge");
        }
        assert_eq!((handshakes.all().len(), script.seen().len()), (1, 3), "{vendor:?}");
    }
}

async fn over_http2(authority: &Authority, script: &Script, handshakes: &Handshakes) -> Connections {
    let (acceptor, script, handshakes) = (authority.acceptor(Fault::None, &["h2", "http/1.1"]), script.clone(), handshakes.clone());
    Connections::each(move |_, stream| {
        let (acceptor, script, handshakes) = (acceptor.clone(), script.clone(), handshakes.clone());
        async move {
            if let Some(stream) = handshakes.shake(&acceptor, stream).await {
                script.serve(stream).await;
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_certificate_that_is_not_the_hosts_or_out_of_date_or_of_an_unknown_issuer_ends_the_call_before_it_is_sent() {
    let (trusted, unknown) = (Authority::new("trusted"), Authority::new("unknown"));
    let http = client(&trusted);
    for (what, authority, fault) in [
        ("another host's", &trusted, Fault::OtherHost),
        ("expired", &trusted, Fault::Expired),
        ("not yet valid", &trusted, Fault::NotYetValid),
        ("of an unknown issuer", &unknown, Fault::None),
    ] {
        for vendor in vendors::all() {
            let (server, handshakes, received) = http1(authority, fault, vec![reply(200, &[], "{}")]).await;
            for error in both_fail(vendor, &server.https(), &http).await {
                assert_eq!((error.kind(), error.send_state()), (ErrorKind::Connect, SendState::NotSent), "{what} {vendor:?}: {error:?}");
                assert!(std::error::Error::source(&error).is_some(), "the reason is in the source");
            }
            server.over().await;
            assert!(received.lock().expect("the requests").is_empty(), "{what} {vendor:?}");
            assert!(handshakes.all().iter().all(Result::is_err), "{what} {vendor:?}: {:?}", handshakes.all());
        }
    }
}

#[tokio::test]
async fn without_the_authority_in_the_config_its_certificates_are_not_trusted() {
    let authority = Authority::new("not-in-the-config");
    let http = Http::builder().with_timeout(Duration::from_secs(120)).with_connect_timeout(Duration::from_secs(60)).build().expect("a client");
    let (server, _, received) = http1(&authority, Fault::None, vec![reply(200, &[], "{}")]).await;
    for vendor in vendors::all() {
        for error in both_fail(vendor, &server.https(), &http).await {
            assert_eq!((error.kind(), error.send_state()), (ErrorKind::Connect, SendState::NotSent), "{vendor:?}: {error:?}");
        }
    }
    server.over().await;
    assert!(received.lock().expect("the requests").is_empty());
}

/// A TLS 1.1 server's hello: it takes an old cipher, and will not hear of anything newer.
fn hello_of_tls_1_1() -> Vec<u8> {
    let mut hello = vec![22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0xc0, 0x14, 0]);
    hello
}

/// What a server that is no good says to a client's hello, if it waits for it, and whether it then closes.
type BadHandshake = (&'static str, bool, Vec<u8>, bool);

fn bad_handshakes() -> Vec<BadHandshake> {
    vec![
        ("closed when accepted", false, Vec::new(), true),
        ("closed in the handshake", true, Vec::new(), true),
        ("garbage", true, vec![0xff; 600], true),
        ("garbage at once", false, b"220 smtp.example ESMTP\r\n".to_vec(), false),
        ("plain HTTP", true, reply(200, &[], "{}"), false),
        ("plain HTTP at once", false, reply(200, &[], "{}"), false),
        ("a redirect to plain HTTP", true, reply(307, &[("location", "http://127.0.0.1/")], ""), true),
        ("an alert that no version fits", true, vec![21, 3, 2, 0, 2, 2, 70], true),
        ("TLS 1.1", true, hello_of_tls_1_1(), false),
        ("half a record", true, vec![22, 3, 3, 0, 200, 2], true),
    ]
}

#[tokio::test]
async fn a_handshake_that_goes_wrong_ends_the_call_before_it_is_sent_and_nothing_is_tried_in_the_clear() {
    let authority = Authority::new("no-handshake");
    let http = client(&authority);
    let mut runs = Vec::new();
    for handshake in bad_handshakes() {
        runs.extend(vendors::all().into_iter().map(|vendor| tokio::spawn(sends_nothing(vendor, handshake.clone(), http.clone()))));
    }
    all_end_well(runs).await;
}

/// A create and a verify at a server that is no good.
async fn sends_nothing(vendor: &'static Vendor, (what, waits, says, closes): BadHandshake, http: Http) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let bytes = Arc::clone(&heard);
    let server = Connections::each(move |_, mut stream| {
        let (bytes, says) = (Arc::clone(&bytes), says.clone());
        async move {
            let mut buffer = vec![0; 16 * 1024];
            if waits {
                let read = stream.read(&mut buffer).await.unwrap_or(0);
                bytes.lock().expect("what was heard").push(buffer[..read].to_vec());
            }
            let _ = stream.write_all(&says).await;
            if closes {
                return;
            }
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
            bytes.lock().expect("what was heard").push(rest);
        }
    })
    .await;
    let started = Instant::now();
    for error in both_fail(vendor, &server.https(), &http).await {
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Connect, SendState::NotSent), "{what} {vendor:?}: {error:?}");
    }
    // Less than one handshake may take.
    assert!(started.elapsed() < Duration::from_secs(50), "{what}: took {:?}", started.elapsed());
    server.over().await;
    for part in heard.lock().expect("what was heard").iter() {
        assert!(is_handshake_alone(part), "{what}: {:?}", String::from_utf8_lossy(part));
    }
}

/// Whether these bytes are records of a TLS handshake and alerts, with no data of an application.
fn is_handshake_alone(mut bytes: &[u8]) -> bool {
    while let [kind, 3, _, high, low, rest @ ..] = bytes {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if !matches!(kind, 20..=22) || rest.len() < length {
            return false;
        }
        bytes = &rest[length..];
    }
    bytes.is_empty()
}

#[tokio::test]
async fn a_server_that_never_ends_the_handshake_is_given_up_within_the_time_to_connect() {
    let http = Http::builder().with_timeout(Duration::from_secs(60)).with_connect_timeout(Duration::from_millis(300)).build().expect("a client");
    let server = Connections::each(|_, mut stream| async move {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert!(is_handshake_alone(&rest), "{:?}", String::from_utf8_lossy(&rest));
    })
    .await;
    let started = Instant::now();
    for vendor in vendors::all() {
        for error in both_fail(vendor, &server.https(), &http).await {
            assert_eq!((error.kind(), error.send_state()), (ErrorKind::Connect, SendState::NotSent), "{vendor:?}: {error:?}");
        }
    }
    assert!(started.elapsed() < Duration::from_secs(50), "took {:?}", started.elapsed());
    server.over().await;
}

#[tokio::test]
async fn a_redirect_from_https_is_not_followed() {
    let authority = Authority::new("redirecting");
    let http = client(&authority);
    let other = Server::answering(200, &[], "{}").await;
    for vendor in vendors::all() {
        for status in [301, 302, 303, 307, 308] {
            let (other_tls, _, received_by_other) = http1(&authority, Fault::None, vec![reply(200, &[], &vendor.created().to_string())]).await;
            for location in [format!("http://{}/v2/x?t=1", other.address), format!("{}/v2/x?t=1", other_tls.https()), "/v2/elsewhere?t=1".to_owned()] {
                let (server, _, received) = http1(&authority, Fault::None, vec![reply(status, &[("location", &location)], "")]).await;
                for error in both_fail(vendor, &server.https(), &http).await {
                    assert_eq!((error.kind(), error.send_state(), error.status()), (ErrorKind::UnexpectedReply, SendState::Unknown, Some(status)));
                }
                assert_eq!(received.lock().expect("the requests").len(), 2, "one for each call");
                assert_eq!((other.connections(), other_tls.accepted(), received_by_other.lock().expect("the requests").len()), (0, 0, 0));
            }
        }
    }
}
