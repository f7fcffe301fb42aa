//! The control port is for programs: no page of anybody else's that a browser has open can read codes or set faults.

use auth_challenge::{
    ChallengeProviderExt as _,
    testing::{AuthsignalDouble, Control, Double},
};

use crate::support::raw;

async fn control(double: &AuthsignalDouble) -> Control {
    Control::start(([127, 0, 0, 1], 0).into(), vec![Double::clone(double)]).await.expect("a port")
}

fn port(control: &Control) -> String {
    control.base_url().rsplit(':').next().unwrap_or_default().to_owned()
}

/// The status and headers of the one reply to a request.
async fn status(control: &Control, line: &str, headers: &[&str], body: &str) -> (u16, String) {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let request = format!("{line} HTTP/1.1\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    let reply = raw::ask(&control.base_url(), request.as_bytes()).await;
    let status = reply.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, reply.to_ascii_lowercase())
}

const FAULT: &str = r#"{"fault":"status","status":503}"#;
const JSON: &str = "content-type: application/json";

#[tokio::test]
async fn a_page_of_another_site_reads_nothing_and_sets_nothing() {
    let double = AuthsignalDouble::start().await;
    double.provider().create(&double.person("jane@doe.com")).await.expect("a challenge");
    let control = control(&double).await.with_name("doubles.test");
    let own = format!("host: 127.0.0.1:{}", port(&control));
    for (what, line, headers, body, expected) in [
        ("another host", "GET /outbox", vec!["host: evil.example"], "", 421),
        ("no host", "GET /outbox", vec![], "", 421),
        ("a foreign origin", "GET /outbox", vec![&*own, "origin: https://evil.example"], "", 403),
        ("no origin to tell", "GET /outbox", vec![&*own, "origin: null"], "", 403),
        ("the origin of another port", "GET /outbox", vec![&*own, "origin: http://127.0.0.1:1"], "", 403),
        ("a foreign origin's fault", "POST /faults", vec![&*own, JSON, "origin: https://evil.example"], FAULT, 403),
        ("a foreign origin's clearing", "DELETE /faults", vec![&*own, "origin: https://evil.example"], "", 403),
        ("a foreign origin's question", "OPTIONS /faults", vec![&*own, "origin: https://evil.example"], "", 403),
        ("plain text", "POST /faults", vec![&*own, "content-type: text/plain"], FAULT, 415),
        ("a form", "POST /faults", vec![&*own, "content-type: application/x-www-form-urlencoded"], FAULT, 415),
        ("no media type", "POST /faults", vec![&*own], FAULT, 415),
        ("no media type and no body", "POST /clock", vec![&*own], "", 415),
        ("a clearing with a body", "DELETE /faults", vec![&*own], "{}", 415),
    ] {
        let (status, reply) = status(&control, line, &headers, body).await;
        assert_eq!(status, expected, "{what}: {reply}");
        assert!(!reply.contains("jane@doe.com") && !reply.contains("access-control-"), "{what}: {reply}");
    }
    double.provider().create(&double.person("jane@doe.com")).await.expect("no fault was set");
}

#[tokio::test]
async fn a_program_and_the_ports_own_page_are_answered() {
    let double = AuthsignalDouble::start().await;
    let control = control(&double).await.with_name("doubles.test");
    let port = port(&control);
    for name in ["127.0.0.1", "localhost", "[::1]", "doubles.test"] {
        let (host, origin) = (format!("host: {name}:{port}"), format!("origin: http://{name}:{port}"));
        for headers in [vec![&*host], vec![&*host, &*origin]] {
            assert_eq!(status(&control, "GET /outbox", &headers, "").await.0, 200, "{name}");
            assert_eq!(status(&control, "DELETE /faults", &headers, "").await.0, 200, "{name}");
        }
        assert_eq!(status(&control, "POST /faults", &[&host, &origin, JSON], FAULT).await.0, 200, "{name}");
        double.provider().create(&double.person("jane@doe.com")).await.expect_err("the fault was set");
    }
}

#[tokio::test]
async fn connections_are_refused_and_taken_again_by_command() {
    let double = AuthsignalDouble::start().await;
    let control = control(&double).await;
    let own = format!("host: localhost:{}", port(&control));
    let is_reached = async || tokio::net::TcpStream::connect(raw::address(&double.base_url())).await.is_ok();
    assert_eq!(status(&control, "POST /faults", &[&own, JSON], r#"{"fault":"refuse_connections"}"#).await.0, 200);
    assert!(!is_reached().await);
    assert_eq!(status(&control, "DELETE /faults", &[&own], "").await.0, 200);
    assert!(is_reached().await);
    // Nobody sees a refused connection, so none is counted or chosen.
    for strays in [r#""times":2"#, r#""probability":0.5"#, r#""seed":7"#] {
        let body = format!(r#"{{"fault":"refuse_connections",{strays}}}"#);
        let (code, told) = status(&control, "POST /faults", &[&own, JSON], &body).await;
        assert!(code == 400 && told.contains("refuse_connections: nobody sees"), "{strays}: {told}");
    }
    assert!(is_reached().await);
}
