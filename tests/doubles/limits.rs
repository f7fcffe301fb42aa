//! No input fills a double's memory, no client keeps it from others, and what it does with a request takes no longer than the request is long.

use std::time::{Duration, Instant};

use auth_challenge::{
    ChallengeProviderExt as _,
    testing::{AuthsignalDouble, CorbadoDouble, DfnsDouble, Double, DoubleEntry, Fault, ReceivedRequest},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::support::{LONG, raw};

fn bytes_of(request: &ReceivedRequest) -> usize {
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    request.path().len() + headers + request.body().len()
}

#[tokio::test]
async fn of_many_large_requests_the_newest_are_kept() {
    let double = AuthsignalDouble::start().await;
    let header = "x".repeat(55_000);
    for batch in 0..10 {
        let requests: String = (0..60).map(|number| format!("GET /{batch}/{number} HTTP/1.1\r\nx-long: {header}\r\n\r\n")).collect();
        let replies = raw::say(&double.base_url(), requests.as_bytes()).await;
        assert_eq!(replies.matches("HTTP/1.1 404").count(), 60);
    }
    let requests = double.requests();
    let kept: usize = requests.iter().map(bytes_of).sum();
    assert!(kept <= 16 << 20, "{kept} bytes of {}", requests.len());
    assert_eq!(requests.last().map(ReceivedRequest::path), Some("/9/59"));
}

async fn post(url: String, user: (&str, &str), body: &Value) -> u16 {
    let request = reqwest::Client::new().post(url).basic_auth(user.0, Some(user.1)).json(body);
    request.timeout(LONG * 10).send().await.expect("a reply").status().as_u16()
}

#[tokio::test]
async fn names_in_violations_are_cut_and_their_number_is_bounded() {
    let corbado = CorbadoDouble::builder().with_user("usr-1").start().await.expect("a port");
    let url = corbado.base_url() + "/users/usr-1/challenges";
    for _ in 0..3 {
        let odd = json!({ "clientInformation": { "clientCapabilities": { "n".repeat(900_000): "no boolean" } } });
        assert_eq!(post(url.clone(), ("pro-1", "corbado1_secret"), &odd).await, 400);
    }
    let violations = corbado.violations();
    let longest = violations.iter().map(|violation| violation.pointer().len() + violation.message().len()).max();
    assert!(longest.is_some_and(|longest| longest < 1_000), "{longest:?}");

    let dfns = DfnsDouble::start().await;
    let many: Value = (0..1_000).map(|number| (format!("name{number}"), Value::Null)).collect();
    assert_eq!(post(dfns.base_url() + "/auth/credentials/code/init", ("", ""), &many).await, 400);
    assert_eq!(dfns.violations().len(), 100);
}

/// It took a minute and more when each member was compared with all before it; now it takes a second, and on the busiest machine not so long.
#[tokio::test]
async fn a_body_of_many_unknown_members_is_soon_refused() {
    let many: Value = (0..95_000).map(|number| (format!("n{number}"), json!(0))).collect();
    let dfns = DfnsDouble::start().await;
    let started = Instant::now();
    assert_eq!(post(dfns.base_url() + "/auth/credentials/code/init", ("", ""), &many).await, 400);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[tokio::test]
async fn clients_that_do_not_read_keep_their_connections_for_a_while_alone() {
    let double = AuthsignalDouble::start().await;
    double.fail_any(Fault::huge_body(1 << 30).always());
    let mut silent = Vec::new();
    for number in 1..=256 {
        let mut stream = TcpStream::connect(raw::address(&double.base_url())).await.expect("a connection");
        stream.write_all(b"GET /nowhere HTTP/1.1\r\n\r\n").await.expect("a request");
        while double.requests().len() < number {
            tokio::task::yield_now().await;
        }
        silent.push(stream);
    }
    double.clear_faults();
    timeout(LONG, double.provider().create(&double.person("jane@doe.com"))).await.expect("an end").expect("a challenge");
    drop(silent);
}

/// Reads one reply; its status, and whether it says that the connection ends.
async fn reply(stream: &mut TcpStream) -> (u16, bool) {
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") {
        text.push(char::from(stream.read_u8().await.expect("a reply")));
    }
    let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let length = line("content-length:").and_then(|length| length.parse().ok()).expect("a length");
    stream.read_exact(&mut vec![0; length]).await.expect("a body");
    (text[9..12].parse().expect("a status"), line("connection:") == Some("close"))
}

#[tokio::test]
async fn after_many_headers_the_connection_works_on_or_is_said_to_end() {
    for entry in DoubleEntry::ALL {
        let double = Double::start(entry.name()).await;
        for count in [90, 96, 97, 100, 110, 128, 200] {
            let headers: String = (0..count).map(|number| format!("x-{number}: y\r\n")).collect();
            let mut stream = TcpStream::connect(raw::address(&double.base_url())).await.expect("a connection");
            stream.write_all(format!("GET /nowhere HTTP/1.1\r\n{headers}\r\n").as_bytes()).await.expect("a request");
            let (status, ends) = reply(&mut stream).await;
            assert_eq!((status, ends), if count <= 96 { (404, false) } else { (431, true) }, "{count} headers at {}", double.name());
            if !ends {
                stream.write_all(b"GET /nowhere HTTP/1.1\r\n\r\n").await.expect("a request");
                assert_eq!(reply(&mut stream).await, (404, false), "after {count} headers at {}", double.name());
            }
        }
        let many = (0..110).map(|number| (format!("x-{number}").parse().expect("a name"), "y".parse().expect("a value"))).collect();
        let client = reqwest::Client::new();
        for (headers, status) in [(many, 431), (reqwest::header::HeaderMap::new(), 404), (reqwest::header::HeaderMap::new(), 404)] {
            let reply = client.get(double.base_url() + "/nowhere").headers(headers).send().await.expect("a reply");
            assert_eq!(reply.status().as_u16(), status, "{}", double.name());
        }
    }
}
