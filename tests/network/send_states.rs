//! Whatever happens on the wire: at most one request, the right send state, within the time.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use auth_challenge::{CallOptions, ChallengeProviderExt, Error, ErrorKind, Http, SendState};

use crate::support::{
    LONG, Reserved, Server, Step, all_end_well, client, reply,
    vendors::{self, Operation, Vendor},
    with_time_enough,
};

async fn failed(vendor: &'static Vendor, operation: Operation, address: SocketAddr, http: Http) -> Error {
    let provider = vendor.config(address, "").with_http(http).build().expect("a provider");
    operation.call(vendor, &*provider, &CallOptions::default()).await.expect_err("a failure")
}

fn head(status: u16, length: usize) -> Vec<u8> {
    format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n").into_bytes()
}

fn with_body(mut head: Vec<u8>, body: &[u8]) -> Vec<u8> {
    head.extend_from_slice(body);
    head
}

fn scripts() -> Vec<(&'static str, Step, ErrorKind, SendState)> {
    use ErrorKind::*;
    use SendState::{Accepted, Refused, Unknown};
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let many_headers = (0..2000).fold(String::from("HTTP/1.1 200 OK\r\n"), |text, n| text + &format!("x-{n}: 1\r\n")) + "content-length: 2\r\n\r\n{}";
    vec![
        ("closed when accepted", Step::CloseAtOnce, Interrupted, Unknown),
        ("reset after the request was read", Step::ReadAndReset, Interrupted, Unknown),
        ("closed after the request was read", Step::AnswerAndClose(Vec::new()), Interrupted, Unknown),
        ("silent after the request was read", Step::ReadAndHang, Timeout, Unknown),
        ("half a status line", Step::AnswerAndClose(b"HTTP/1.1 20".to_vec()), Interrupted, Unknown),
        ("half a status line, then silence", Step::AnswerAndHang(b"HTTP/1.1 20".to_vec()), Timeout, Unknown),
        ("half of the headers, then silence", Step::AnswerAndHang(b"HTTP/1.1 200 OK\r\ncontent-".to_vec()), Timeout, Unknown),
        ("garbage", Step::AnswerAndClose(b"\x16\x03\x01 no http here\r\n\r\n".to_vec()), Interrupted, Unknown),
        ("thousands of headers", Step::Answer(many_headers.into_bytes()), Interrupted, Unknown),
        ("a cut success", Step::AnswerAndClose(with_body(head(200, 100), b"{\"challengeID\"")), Interrupted, Accepted),
        ("a success whose body never comes", Step::AnswerAndHang(head(200, 100)), Timeout, Accepted),
        ("a success that drips", Step::Drip(head(200, 4000), vec![b' '; 4000], Duration::from_millis(20)), Timeout, Accepted),
        ("a success longer than allowed", Step::Answer(reply(200, &[], &" ".repeat(5000))), UnexpectedReply, Accepted),
        (
            "a success without end",
            Step::Endless(chunked.clone(), b"400\r\n".iter().copied().chain([b' '; 1024]).chain(*b"\r\n").collect()),
            UnexpectedReply,
            Accepted,
        ),
        ("a broken chunk", Step::AnswerAndClose(with_body(chunked, b"zz\r\n")), Interrupted, Accepted),
        ("a success that is no UTF-8", Step::Answer(with_body(head(200, 4), b"{\"\xff\"")), UnexpectedReply, Accepted),
        ("a success of NULs", Step::Answer(with_body(head(200, 4), b"\0\0\0\0")), UnexpectedReply, Accepted),
        ("a success with nothing in it", Step::Answer(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()), UnexpectedReply, Accepted),
        ("a cut refusal", Step::AnswerAndClose(with_body(head(400, 100), b"{")), InvalidRequest, Refused),
        ("a refusal whose body never comes", Step::AnswerAndHang(head(401, 100)), Authentication, Refused),
        ("a refusal longer than allowed", Step::Answer(reply(403, &[], &"x".repeat(5000))), Permission, Refused),
        ("a gateway's page", Step::Answer(reply(502, &[("content-type", "text/html")], "<html>Bad gateway</html>")), Unavailable, Unknown),
        ("a cut outage", Step::AnswerAndClose(with_body(head(503, 100), b"{")), Unavailable, Unknown),
        ("a time-out at the vendor", Step::Answer(reply(408, &[], "{}")), Timeout, Unknown),
        ("too many requests", Step::Answer(reply(429, &[], "{}")), RateLimited, Refused),
        ("too many requests for long", Step::Answer(reply(429, &[("retry-after", "60")], "{}")), RateLimited, Refused),
        ("too many requests till a date", Step::Answer(reply(429, &[("retry-after", "Fri, 01 Jan 2100 00:00:00 GMT")], "{}")), RateLimited, Refused),
        ("an outage with a pause", Step::Answer(reply(503, &[("retry-after", "0")], "{}")), Unavailable, Unknown),
        ("an interim answer alone", Step::AnswerAndClose(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()), Interrupted, Unknown),
        ("another protocol", Step::Answer(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n".to_vec()), UnexpectedReply, Unknown),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_sends_once_and_is_told_truly_in_time() {
    let mut runs = Vec::new();
    let http = client().with_max_response_bytes(4096);
    for vendor in vendors::all() {
        for operation in Operation::ALL {
            for (what, step, kind, state) in scripts() {
                let ends_by_time = matches!(step, Step::AnswerAndHang(_) | Step::ReadAndHang | Step::Drip(..));
                let http = http.clone();
                runs.push(tokio::spawn(async move {
                    let run = async |time: Duration| {
                        // What ends by itself does so long before its time.
                        let most = if ends_by_time { time + LONG / 2 } else { LONG / 2 };
                        let server = Server::start(vec![step.clone()]).await;
                        let started = Instant::now();
                        let error = failed(vendor, operation, server.address, http.clone().with_timeout(time)).await;
                        let hung_for = server.hung_for();
                        let context = format!("{what}, {vendor:?} {operation:?}: {error:?}");
                        assert!(server.requests().len() <= 1, "sent more than once: {context}");
                        assert!(started.elapsed() < most, "took {:?}: {context}", started.elapsed());
                        (error, hung_for)
                    };
                    let error = if ends_by_time { with_time_enough(run).await } else { run(LONG).await.0 };
                    assert_eq!((error.kind(), error.send_state()), (kind, state), "{what}, {vendor:?} {operation:?}: {error:?}");
                }));
            }
        }
    }
    all_end_well(runs).await;
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let nobody = Reserved::new();
    for vendor in vendors::all() {
        for operation in Operation::ALL {
            let error = failed(vendor, operation, nobody.address(), client()).await;
            assert_eq!((error.kind(), error.send_state()), (ErrorKind::Connect, SendState::NotSent), "{vendor:?} {operation:?}");
            assert!(std::error::Error::source(&error).is_some());
        }
    }
}

#[tokio::test]
async fn a_host_that_does_not_exist_was_sent_nothing() {
    for vendor in vendors::all() {
        let provider = vendor.config_at("https://no-such-host.invalid", "").with_http(client()).build().expect("a provider");
        let error = provider.create(&vendor.request()).await.expect_err("no such host");
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Connect, SendState::NotSent), "{vendor:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_told_and_not_followed() {
    let http = client();
    for status in [301, 302, 303, 307, 308] {
        for vendor in vendors::all() {
            let other = Server::answering(200, &[], &vendor.created().to_string()).await;
            let location = format!("http://{}/elsewhere?token=abc#x", other.address);
            let server = Server::answering(status, &[("location", &location)], "").await;
            let error = failed(vendor, Operation::Create, server.address, http.clone()).await;
            assert_eq!((error.kind(), error.send_state(), error.status()), (ErrorKind::UnexpectedReply, SendState::Unknown, Some(status)));
            assert!(error.to_string().contains(&format!("http://{}/elsewhere,", other.address)), "{error}");
            assert!(!format!("{error:?}").contains("token=abc"));
            assert_eq!((server.requests().len(), other.connections()), (1, 0));
        }
    }
}

#[tokio::test]
async fn a_create_that_is_told_to_wait_a_little_is_made_once_more_and_a_verify_is_not() {
    for vendor in vendors::all() {
        let limited = Step::Answer(reply(429, &[("retry-after", "0")], "{}"));
        let server = Server::start(vec![limited.clone(), Step::Answer(reply(200, &[], &vendor.created().to_string()))]).await;
        let provider = vendor.config(server.address, r#"{"timeout":"60s","connect_timeout":"50s"}"#).build().expect("a provider");
        provider.create(&vendor.request()).await.expect("the second attempt succeeds");
        assert_eq!(server.requests().len(), 2);

        let server = Server::start(vec![limited.clone()]).await;
        let provider = vendor.config(server.address, r#"{"timeout":"60s","connect_timeout":"50s"}"#).build().expect("a provider");
        let error = provider.create(&vendor.request()).await.expect_err("limited for good");
        assert_eq!((error.kind(), server.requests().len()), (ErrorKind::RateLimited, 3));

        let server = Server::start(vec![limited]).await;
        let provider = vendor.config(server.address, r#"{"timeout":"60s","connect_timeout":"50s"}"#).build().expect("a provider");
        let error = provider.verify(&vendor.handle(), &vendor.answer()).await.expect_err("limited");
        assert_eq!((error.kind(), server.requests().len()), (ErrorKind::RateLimited, 1));
    }
}

#[tokio::test]
async fn a_stale_connection_never_sends_twice() {
    for vendor in vendors::all() {
        let created = reply(200, &[], &vendor.created().to_string());
        // On a connection that is kept, the second request is read, and then there is no answer.
        let steps = (0..10).flat_map(|_| [Step::Answer(created.clone()), Step::ReadAndReset]).collect();
        let server = Server::start(steps).await;
        let provider = vendor.provider(server.address);
        for calls in 1..=20 {
            let outcome = provider.create(&vendor.request()).await;
            assert_eq!(server.requests().len(), calls, "{vendor:?}: one request for each call");
            match outcome {
                Ok(_) => assert_eq!(calls % 2, 1, "{vendor:?}"),
                Err(error) => assert_eq!((calls % 2, error.kind(), error.send_state()), (0, ErrorKind::Interrupted, SendState::Unknown), "{vendor:?}"),
            }
        }
        assert_eq!(server.connections(), 10, "{vendor:?}: the second of two was on the connection of the first");

        // One that is dropped without a word after each answer.
        let server = Server::start(vec![Step::AnswerAndClose(created)]).await;
        let provider = vendor.provider(server.address);
        for calls in 1..=20 {
            let outcome = provider.create(&vendor.request()).await;
            assert!(server.requests().len() <= calls, "{vendor:?}: {} requests for {calls} calls", server.requests().len());
            if let Err(error) = outcome {
                assert_eq!((error.kind(), error.send_state()), (ErrorKind::Interrupted, SendState::Unknown));
            }
        }
    }
}
