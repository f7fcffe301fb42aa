//! The doubles go wrong on demand, and survive whatever comes in.

use std::time::Duration;

use auth_challenge::{
    CallOptions, Challenge, ChallengeProvider as _, ChallengeProviderExt as _, Error, ErrorKind, SendState,
    testing::{AuthsignalDouble, CorbadoDouble, Double, DoubleEntry, Fault, Operation},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::support::{LONG, raw};

/// For what never does; long enough for the double to have read and acted.
const SHORT: Duration = Duration::from_secs(5);

async fn create_within(time: Duration, double: &Double) -> Result<Challenge, Error> {
    double.provider().create_with(&double.person("jane@doe.com"), &CallOptions::default().with_timeout(time)).await
}

async fn create(double: &Double) -> Result<Challenge, Error> {
    create_within(LONG, double).await
}

#[tokio::test]
async fn every_fault_is_what_it_says() {
    use ErrorKind::*;
    use SendState::*;
    for (name, fault, kind, state, messages) in [
        ("status 500", Fault::status(500), Unavailable, Unknown, 0),
        ("status 403", Fault::status(403), Permission, Refused, 0),
        ("status 409", Fault::status(409), Conflict, Refused, 0),
        ("gateway", Fault::gateway_html(), Unavailable, Unknown, 0),
        ("refuse", Fault::refuse_connections(), Connect, NotSent, 0),
        ("hang connection", Fault::hang_connection(), Timeout, Unknown, 0),
        ("reset before", Fault::reset_before_read().always(), Interrupted, Unknown, 0),
        ("reset after", Fault::reset_after_read(), Interrupted, Unknown, 1),
        ("slow", Fault::slow(LONG * 2), Timeout, Unknown, 1),
        ("hang", Fault::hang(), Timeout, Unknown, 1),
        ("cut body", Fault::cut_body(), Interrupted, Accepted, 1),
        ("garbage", Fault::garbage(), UnexpectedReply, Accepted, 1),
        ("missing fields", Fault::missing_fields(), UnexpectedReply, Accepted, 1),
        ("missing id", Fault::missing_field("challengeId"), UnexpectedReply, Accepted, 1),
        ("huge body", Fault::huge_body(3 << 20), UnexpectedReply, Accepted, 1),
    ] {
        let double = AuthsignalDouble::start().await;
        double.fail(Operation::CREATE, fault);
        let error = create_within(if kind == Timeout { SHORT } else { LONG }, &double).await.expect_err(name);
        assert_eq!((error.kind(), error.send_state()), (kind, state), "{name}: {error}");
        assert_eq!(double.outbox().len(), messages, "{name}");
    }
}

#[tokio::test]
async fn a_tolerant_client_does_not_notice_what_is_only_new() {
    for (name, fault) in [
        ("unknown fields", Fault::unknown_fields()),
        ("unknown enum values", Fault::unknown_enum_values()),
        ("wrong content type", Fault::wrong_content_type()),
        ("slow", Fault::slow(Duration::from_millis(50))),
    ] {
        for entry in DoubleEntry::ALL {
            let double = Double::start(entry.name()).await;
            double.fail(Operation::CREATE, fault.clone());
            let created = double.provider().create(&double.person("jane@doe.com")).await;
            assert!(created.is_ok(), "{name} at {}: {created:?}", double.name());
        }
    }
}

#[tokio::test]
async fn a_fault_waits_for_its_operation_and_happens_as_often_as_told() {
    let double = AuthsignalDouble::start().await;
    double.fail(Operation::VERIFY, Fault::status(500));
    double.fail(Operation::CREATE, Fault::status(503).with_times(2));
    for works in [false, false, true, true] {
        assert_eq!(create(&double).await.is_ok(), works);
    }
    double.fail_any(Fault::status(503).always());
    assert!(create(&double).await.is_err() && create(&double).await.is_err());
    double.clear_faults();
    assert!(create(&double).await.is_ok());
}

#[tokio::test]
async fn refused_connections_are_refused_until_the_faults_are_cleared_and_kept_ones_end() {
    for entry in DoubleEntry::ALL {
        let double = Double::start(entry.name()).await;
        let address = raw::address(&double.base_url());
        for round in 0..3 {
            let mut kept = TcpStream::connect(&address).await.expect("a connection");
            kept.write_all(b"GET /nowhere HTTP/1.1\r\n\r\n").await.expect("a request");
            assert!(kept.read(&mut [0; 4096]).await.is_ok_and(|read| read > 0), "an answer");
            double.fail_any(Fault::refuse_connections());
            double.fail_any(Fault::refuse_connections().with_times(1));
            let refused = TcpStream::connect(&address).await.expect_err("nobody listens");
            assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused, "{} in round {round}", double.name());
            let end = timeout(LONG, kept.read_to_end(&mut Vec::new())).await.expect("an end");
            assert!(end.is_ok(), "{end:?}");
            double.clear_faults();
            double.clear_faults();
        }
        create(&double).await.expect("a challenge");
    }
}

#[tokio::test]
async fn a_connection_that_hangs_answers_nothing_more_and_others_do() {
    let double = AuthsignalDouble::start().await;
    let mut hung = TcpStream::connect(raw::address(&double.base_url())).await.expect("a connection");
    let request = b"GET /nowhere HTTP/1.1\r\n\r\n";
    hung.write_all(request).await.expect("a request");
    assert!(hung.read(&mut [0; 4096]).await.is_ok_and(|read| read > 0), "an answer");
    double.fail_any(Fault::hang_connection());
    hung.write_all(request).await.expect("a request");
    hung.write_all(request).await.expect("another one");
    assert!(timeout(SHORT, hung.read(&mut [0; 4096])).await.is_err(), "no answer and no end");
    create(&double).await.expect("a challenge");
    assert_eq!(double.requests().len(), 2, "what came to the connection that hangs was not looked at");
}

#[tokio::test]
async fn a_rate_limit_comes_with_and_without_retry_after() {
    let double = CorbadoDouble::start().await;
    for (fault, pause) in [(Fault::rate_limited(), None), (Fault::rate_limited().with_retry_after(Duration::from_secs(60)), Some(Duration::from_secs(60)))] {
        double.fail(Operation::CREATE, fault);
        let error = double.provider().create(&double.person("jane@doe.com")).await.expect_err("a limit");
        assert_eq!((error.kind(), error.retry_after(), error.vendor_code()), (ErrorKind::RateLimited, pause, Some("rate_limited")));
    }
}

#[tokio::test]
async fn any_bytes_get_a_vendor_like_4xx_or_a_closed_connection() {
    let deep = format!(
        "POST /v2/users/usr-1/challenges HTTP/1.1\r\nauthorization: Basic cHJvLTE6Y29yYmFkbzFfc2VjcmV0\r\ncontent-type: application/json\r\ncontent-length: 200000\r\n\r\n{}",
        "[".repeat(200_000)
    );
    let many_headers = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(5000));
    let long_path = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(300_000));
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec()),
        ("zeroes", vec![0; 100_000]),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
        ("half a head", b"POST /v1/challenge HTTP/1.1\r\nhost".to_vec()),
        ("half a body", b"POST /v1/challenge HTTP/1.1\r\ncontent-length: 10\r\n\r\n{".to_vec()),
        ("two lengths", b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}".to_vec()),
        ("length and chunks", b"POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_vec()),
        ("a length beyond numbers", b"POST / HTTP/1.1\r\ncontent-length: 99999999999999999999999\r\n\r\n".to_vec()),
        ("a negative length", b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n".to_vec()),
        ("a huge chunk", b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n".to_vec()),
        ("a broken chunk", b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_vec()),
        ("an odd method", b"BREW /pot HTTP/1.1\r\n\r\n".to_vec()),
        ("CONNECT", b"CONNECT example.org:443 HTTP/1.1\r\n\r\n".to_vec()),
        ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\n\r\n".to_vec()),
        ("TRACE", b"TRACE / HTTP/1.1\r\n\r\n".to_vec()),
        ("an upgrade", b"GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n".to_vec()),
        ("a broken escape", b"POST /v2/users/%zz/challenges HTTP/1.1\r\n\r\n".to_vec()),
        ("an escape that is no text", b"POST /v2/users/%ff/challenges HTTP/1.1\r\n\r\n".to_vec()),
        ("dots", b"POST /v2/users/../challenges HTTP/1.1\r\n\r\n".to_vec()),
        ("deep JSON", deep.into_bytes()),
        ("many headers", many_headers.into_bytes()),
        ("a long path", long_path.into_bytes()),
    ];
    for entry in DoubleEntry::ALL {
        let double = Double::start(entry.name()).await;
        for (name, bytes) in &cases {
            let reply = raw::say(&double.base_url(), bytes).await;
            assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 4"), "{name} at {}: {reply}", double.name());
            let body: Option<Value> = reply.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok());
            assert!(reply.is_empty() || body.is_some_and(|body| body.is_object()), "{name} at {}: {reply}", double.name());
        }
        double.provider().create(&double.person("jane@doe.com")).await.expect("a double that still works");
    }
}

#[tokio::test]
async fn a_body_of_64_mebibytes_is_refused() {
    let double = AuthsignalDouble::start().await;
    let request = reqwest::Client::new().post(double.base_url() + "/challenge").basic_auth("as_secret", Some(""));
    let reply = request.header("content-type", "application/json").body(vec![b' '; 64 << 20]).send().await;
    assert!(reply.as_ref().map_or(true, |reply| reply.status().as_u16() == 413), "{reply:?}");
    assert!(create(&double).await.is_ok());
    double.requests().assert_count(1);
}

#[tokio::test]
async fn a_request_may_come_in_chunks_and_many_on_one_connection() {
    let double = AuthsignalDouble::start().await;
    let chunks = ["{\"verificationMe", "thod\":\"SMS\",\"action\":\"signIn\",\"phoneNumber\":\"+64270000000\"}", ""];
    let body: String = chunks.map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len())).concat();
    let head = "POST /v1/challenge HTTP/1.1\r\nauthorization: Basic YXNfc2VjcmV0Og==\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let one = format!("{head}{body}");
    let replies = raw::say(&double.base_url(), format!("{one}{one}").as_bytes()).await;
    assert_eq!(replies.matches("HTTP/1.1 200").count(), 2, "{replies}");
    double.outbox().assert_count(2);
    double.violations().assert_none();
}
