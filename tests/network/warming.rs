//! Warming up: a connection is there before the first call, the vendor is asked for nothing, and what stands in the way is told.

use std::{sync::Arc, time::Duration};

use auth_challenge::{
    CallOptions, ChallengeProvider, ChallengeProviderExt, ErrorKind, ProviderId, Router, SendState,
    testing::{Double, DoubleEntry, Fault},
};

use tracing::{Level, instrument::WithSubscriber as _};

use crate::support::{Reserved, Server, Step, log::Log, reply, vendors};

/// The head of a reply, as it answers a request for it.
fn head(status: u16) -> Vec<u8> {
    reply(status, &[("location", "/elsewhere")], "")
}

#[tokio::test]
async fn a_vendor_is_asked_for_the_head_of_its_base_url_without_credentials_and_may_answer_as_it_likes() {
    for vendor in vendors::all() {
        for status in [200, 302, 401, 404, 405, 500] {
            let server = Server::start(vec![Step::AnswerAndClose(head(status))]).await;
            vendor.provider(server.address).warm_up(&CallOptions::default()).await.expect("an answer");
            let asked = server.only_request();
            assert_eq!((asked.method.as_str(), asked.body.len(), asked.header("authorization").len()), ("HEAD", 0, 0), "{vendor:?} {status}");
            let shown = format!("{asked:?}");
            for secret in vendor.section.secrets {
                assert!(!shown.contains(vendor.credential(secret).trim_matches('"')), "{vendor:?} {status}");
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_is_not_reached_is_told_and_sent_nobody_anything() {
    for vendor in vendors::all() {
        let refused = vendor.provider(Reserved::new().address()).warm_up(&CallOptions::default()).await.expect_err("nobody listens");
        let silent = Server::start(vec![Step::ReadAndHang]).await;
        let late = vendor.provider(silent.address).warm_up(&CallOptions::default().with_timeout(Duration::from_millis(300))).await.expect_err("silence");
        let reset = Server::start(vec![Step::ReadAndReset]).await;
        let broken = vendor.provider(reset.address).warm_up(&CallOptions::default()).await.expect_err("a reset");
        for (error, kind) in [(refused, ErrorKind::Connect), (late, ErrorKind::Timeout), (broken, ErrorKind::Interrupted)] {
            let told = (error.kind(), error.send_state(), error.operation(), error.provider().map(ProviderId::as_str));
            assert_eq!(told, (kind, SendState::NotSent, Some("warm_up"), Some(vendor.name)), "{error:?}");
        }
    }
}

#[tokio::test]
async fn what_became_of_it_is_told_where_somebody_looks_closely_and_warned_of_nowhere() {
    for vendor in vendors::all() {
        let server = Server::answering(404, &[], "").await;
        for (address, told) in [(server.address, "connection opened"), (Reserved::new().address(), "no connection opened")] {
            let log = Log::default();
            let hears = log.hears(Level::DEBUG);
            _ = vendor.provider(address).warm_up(&CallOptions::default()).with_subscriber(hears).await;
            let log = log.take();
            let lines: Vec<&str> = log.lines().filter(|line| line.contains(told)).collect();
            assert!(matches!(lines[..], [line] if line.contains("DEBUG") && line.contains(vendor.name)), "{vendor:?}: {log}");
        }
    }
}

#[tokio::test]
async fn a_router_warms_all_its_providers_and_tells_of_one_that_is_away() {
    let mut servers = Vec::new();
    let mut providers: Vec<Arc<dyn ChallengeProvider>> = Vec::new();
    for vendor in vendors::all() {
        let server = Server::answering(404, &[], "").await;
        providers.push(vendor.provider(server.address));
        servers.push(server);
    }
    let away = vendors::all().swap_remove(0);
    let nobody = Reserved::new();
    let away = away.config_at(&format!("http://{}", nobody.address()), "").build().expect("a provider");
    let router = |providers: &[Arc<dyn ChallengeProvider>]| {
        let (first, others) = providers.split_first().expect("a vendor");
        others.iter().fold(Router::builder(first.clone()), |router, other| router.with_provider(other.clone())).build().expect("a router")
    };
    router(&providers).warm_up(&CallOptions::default()).await.expect("all are there");
    providers[0] = away;
    let error = router(&providers).warm_up(&CallOptions::default()).await.expect_err("one is away");
    assert_eq!((error.kind(), error.provider()), (ErrorKind::Connect, Some(&providers[0].id())));
    let asked: Vec<usize> = servers.iter().map(|server| server.requests().len()).collect();
    assert_eq!(asked, (0..servers.len()).map(|number| if number == 0 { 1 } else { 2 }).collect::<Vec<_>>());
}

#[tokio::test]
async fn without_tls_the_first_call_goes_over_the_connection_that_is_there() {
    for vendor in vendors::all() {
        let server = Server::start(vec![Step::Answer(head(404)), Step::Answer(reply(200, &[], &vendor.created().to_string()))]).await;
        let provider = vendor.provider(server.address);
        provider.warm_up(&CallOptions::default()).await.expect("an answer");
        provider.create(&vendor.request()).await.expect("a challenge");
        assert_eq!((server.requests().len(), server.connections()), (2, 1), "{vendor:?}");
    }
}

#[cfg(feature = "rustls")]
#[tokio::test(flavor = "multi_thread")]
async fn over_tls_and_http1_no_connection_is_kept_for_the_first_call() {
    use auth_challenge::Http;
    use tokio::io::AsyncWriteExt as _;

    use crate::{
        support::{LONG, read_request},
        tls_server::{Authority, Connections, Fault, Handshakes},
    };

    let authority = Authority::new("warming-http1");
    let acceptor = authority.acceptor(Fault::None, &["http/1.1"]);
    let http = Http::builder().with_timeout(LONG).with_connect_timeout(LONG / 2).with_ca_file(authority.file()).build().expect("a client");
    for vendor in vendors::all() {
        let (acceptor, handshakes) = (acceptor.clone(), Handshakes::default());
        let server = Connections::each(move |_, stream| {
            let (acceptor, handshakes) = (acceptor.clone(), handshakes.clone());
            async move {
                let Some(mut stream) = handshakes.shake(&acceptor, stream).await else { return };
                let mut buffer = Vec::new();
                while let Ok(Some(request)) = read_request(&mut stream, &mut buffer).await {
                    let answer = if request.method == "HEAD" { head(404) } else { reply(200, &[], &vendor.created().to_string()) };
                    stream.write_all(&answer).await.expect("a client");
                }
            }
        })
        .await;
        let provider = vendor.config_at(&server.https(), "").with_http(http.clone()).build().expect("a provider");
        provider.warm_up(&CallOptions::default()).await.expect("an answer");
        provider.create(&vendor.request()).await.expect("a challenge");
        assert_eq!(server.accepted(), 2, "{vendor:?}");
    }
}

#[cfg(feature = "rustls")]
#[tokio::test(flavor = "multi_thread")]
async fn the_first_call_goes_over_the_connection_that_is_there() {
    use auth_challenge::Http;

    use crate::{
        http2_server::{
            Deed,
            Frame::{End, Head},
            Script,
            Then::GoOn,
        },
        support::LONG,
        tls_server::{Authority, Connections, Fault, Handshakes},
    };

    let authority = Authority::new("warming");
    let acceptor = authority.acceptor(Fault::None, &["h2"]);
    let http = Http::builder().with_timeout(LONG).with_connect_timeout(LONG / 2).with_ca_file(authority.file()).build().expect("a client");
    for vendor in vendors::all() {
        let head = Deed::OnRequest(vec![Head(404), End(Vec::new())], GoOn);
        let script = Script::new(vec![head], &vendor.created().to_string());
        let (acceptor, handshakes, served) = (acceptor.clone(), Handshakes::default(), script.clone());
        let server = Connections::each(move |_, stream| {
            let (acceptor, handshakes, script) = (acceptor.clone(), handshakes.clone(), served.clone());
            async move {
                if let Some(stream) = handshakes.shake(&acceptor, stream).await {
                    script.serve(stream).await;
                }
            }
        })
        .await;
        let provider = vendor.config_at(&server.https(), "").with_http(http.clone()).build().expect("a provider");
        provider.warm_up(&CallOptions::default()).await.expect("an answer");
        provider.create(&vendor.request()).await.expect("a challenge");
        assert_eq!((script.seen().len(), server.accepted()), (2, 1), "{vendor:?}");
    }
}

#[tokio::test]
async fn doubles_hold_nothing_against_it_and_keep_their_faults_for_calls() {
    for entry in DoubleEntry::ALL {
        let double = Double::start(entry.name()).await;
        double.fail_any(Fault::status(503));
        let provider = double.provider();
        provider.warm_up(&CallOptions::default()).await.expect("an answer");
        double.violations().assert_none();
        let error = provider.create(&double.person("jane@doe.com")).await.expect_err("the fault");
        assert_eq!(error.status(), Some(503), "{}", entry.name());
        assert_eq!(double.requests().len(), 2, "{}", entry.name());
    }
}

#[tokio::test]
async fn to_a_double_a_head_is_no_call_at_its_base_url_and_without_credentials_alone() {
    for entry in DoubleEntry::ALL {
        for (what, path, authorization, is_violation) in
            [("bare", "", None, false), ("elsewhere", "/elsewhere", None, true), ("with a key", "", Some("Basic YTpi"), true)]
        {
            let double = Double::start(entry.name()).await;
            let mut request = auth_challenge::reqwest::Client::new().head(double.base_url() + path);
            if let Some(authorization) = authorization {
                request = request.header("authorization", authorization);
            }
            request.send().await.expect("an answer");
            assert_eq!(double.violations().is_empty(), !is_violation, "{} {what}", entry.name());
        }
    }
}
