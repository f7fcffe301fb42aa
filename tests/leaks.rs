//! Nothing secret or personal is printed, serialised or logged anywhere on the way, on success and on failure.

#![cfg(all(feature = "corbado", feature = "authsignal", feature = "dfns", feature = "cli"))]

mod support;

use std::{
    io,
    sync::{Arc, Mutex},
};

use auth_challenge::{
    Answer, ChallengeHandle, ChallengeProviderExt, ChallengeRequest, ClientContext, Config, CredentialAnswer, CredentialKind, Error, Verification,
};
use serde_json::{Value, json};
use support::{Server, Step, Vendor, reply};
use tracing_subscriber::fmt::MakeWriter;

/// What must not be seen; each has a form that nothing else has.
const CANARIES: [&str; 12] = [
    "corbado1_canary7credential",
    "as7canary7key",
    "dfns7canary7token",
    "canary7code",
    "canary7value",
    "canary7challenge7id",
    "canary7identifier",
    "canary7text7to7sign",
    "canary7attestation",
    "canary7mail@doe.com",
    "+64270000777",
    "usr-canary7user",
];

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("the log")).into_owned()
    }
}

fn clean(text: &str, context: &str) {
    for canary in CANARIES {
        assert!(!text.contains(canary), "{canary} in {context}: {text}");
        let encoded = base64_of(canary);
        assert!(!text.contains(&encoded), "{canary} in base64 in {context}: {text}");
    }
}

fn base64_of(text: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
    STANDARD_NO_PAD.encode(text)
}

fn clean_error(error: &Error, context: &str) {
    let mut shown = format!("{error} {error:?} {error:#?} {:?} {:?}", error.vendor_message(), error.violations());
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        shown += &format!(" {cause} {cause:?}");
        source = cause.source();
    }
    clean(&shown, context);
}

fn config(vendor: Vendor, server: &Server) -> Config {
    let url = format!("http://{}", server.address);
    let section = match vendor {
        Vendor::Corbado => json!({ "project_id": "pro-1", "api_secret": "corbado1_canary7credential", "base_url": url }),
        Vendor::Authsignal => json!({ "secret_key": "as7canary7key", "base_url": url }),
        Vendor::Dfns => json!({ "token": "dfns7canary7token", "base_url": url }),
    };
    serde_json::from_value(json!({ "provider": vendor.name(), vendor.name(): section, "http": { "timeout": "500ms", "max_response_bytes": 65536 } }))
        .expect("a config")
}

fn request(vendor: Vendor) -> ChallengeRequest {
    let client = ClientContext::new([203, 0, 113, 7]).user_agent("Mozilla/5.0");
    match vendor {
        Vendor::Corbado => ChallengeRequest::email_otp("canary7mail@doe.com").user_id("usr-canary7user").client(client),
        Vendor::Authsignal => ChallengeRequest::sms_otp("+64270000777").user_id("usr-canary7user").action("signIn").client(client),
        Vendor::Dfns => ChallengeRequest::credential(CredentialKind::Key, "canary7code"),
    }
}

fn answer(vendor: Vendor) -> Answer {
    match vendor {
        Vendor::Dfns => Answer::credential(CredentialAnswer::new(CredentialKind::Key, "key", "cred-1", "canary7text7to7sign", "canary7attestation")),
        _ => Answer::code("canary7code"),
    }
}

fn created(vendor: Vendor) -> Value {
    match vendor {
        Vendor::Corbado => {
            json!({ "challengeID": "canary7challenge7id", "value": "canary7value", "identifierValue": "canary7mail@doe.com", "status": "pending" })
        }
        Vendor::Authsignal => json!({ "challengeId": "canary7challenge7id", "expiresAt": 1_900_000_000 }),
        Vendor::Dfns => json!({
            "kind": "Key", "challengeIdentifier": "canary7identifier", "challenge": "canary7text7to7sign", "temporaryAuthenticationToken": "canary7identifier",
            "user": { "id": "usr-canary7user", "name": "canary7mail@doe.com", "displayName": "canary7mail@doe.com", "more": "canary7value" }
        }),
    }
}

fn verified(vendor: Vendor) -> Value {
    match vendor {
        Vendor::Corbado => {
            json!({ "challengeID": "canary7challenge7id", "value": "canary7code", "identifierValue": "canary7mail@doe.com", "status": "completed" })
        }
        Vendor::Authsignal => json!({ "isVerified": true, "phoneNumber": "+64270000777" }),
        Vendor::Dfns => json!({ "kind": "Key", "credentialId": "cred-1" }),
    }
}

/// Replies that no vendor words: all canaries in what is not the vendor's JSON, and in a redirect.
fn strangers() -> Vec<Step> {
    let all = CANARIES.join(" and ");
    let location = [("location", "https://elsewhere.example/?code=canary7code"), ("content-type", "text/html")];
    let page = format!("<html>{all}</html>");
    let mut steps: Vec<Step> = [200, 302, 400, 401, 404, 429, 500].map(|status| Step::AnswerAndClose(reply(status, &location, &page))).into();
    let json = json!({ "isVerified": all, "challengeID": [all], "challengeId": { "x": all }, "kind": all, "credentialId": 5, "message": all });
    steps.push(Step::AnswerAndClose(reply(200, &[], &json.to_string())));
    steps
}

async fn flow(vendor: Vendor, step: Step, log: &Log) {
    let server = Server::start(vec![step]).await;
    let config = config(vendor, &server);
    clean(&format!("{config:?} {config:#?}"), "the config");
    let provider = config.build().expect("a provider");
    clean(&format!("{provider:?} {provider:#?}"), "the provider");
    let request = request(vendor);
    clean(&format!("{request:?} {request:#?}"), "the request");
    match provider.create(&request).await {
        Ok(challenge) => {
            clean(&format!("{challenge:?} {challenge:#?} {:?} {:?}", challenge.handle(), challenge.registration()), "the challenge");
        }
        Err(error) => clean_error(&error, "a create's error"),
    }
    let handle = json!({
        "v": 1, "provider": vendor.name(), "method": request.method().as_str(), "kind": "Key", "challenge_id": "canary7challenge7id",
        "user_id": "usr-canary7user", "to_sign": "canary7text7to7sign"
    });
    let handle: ChallengeHandle = serde_json::from_value(handle).expect("a handle");
    let answer = answer(vendor);
    clean(&format!("{handle:?} {handle:#?} {answer:?} {answer:#?} {:?}", answer.as_credential()), "the handle and the answer");
    match provider.verify(&handle, &answer).await {
        Ok(verification @ (Verification::Verified(_) | Verification::Rejected(_))) => clean(&format!("{verification:?} {verification:#?}"), "the verification"),
        Err(error) => clean_error(&error, "a verify's error"),
    }
    clean(&log.text(), "the log");
}

#[tokio::test]
async fn no_canary_is_seen_on_any_way() {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::TRACE).with_writer(log.clone()).with_ansi(false).finish();
    tracing::subscriber::set_global_default(subscriber).expect("the only subscriber of this process");
    for vendor in Vendor::ALL {
        flow(vendor, Step::Answer(reply(200, &[], &created(vendor).to_string())), &log).await;
        flow(vendor, Step::Answer(reply(200, &[], &verified(vendor).to_string())), &log).await;
        flow(vendor, Step::ReadAndReset, &log).await;
        flow(vendor, Step::ReadAndHang, &log).await;
        for step in strangers() {
            flow(vendor, step, &log).await;
        }
    }
    let seen = log.text();
    assert!(seen.contains("hyper_util") && seen.contains("TRACE"), "the layers below log too");
    assert!(seen.contains("vendor call failed") && seen.contains("vendor call done"), "the crate logs: {seen}");
}

#[tokio::test]
async fn what_a_vendor_echoes_of_a_call_is_masked() {
    for vendor in Vendor::ALL {
        let submitted: &[&str] = match vendor {
            Vendor::Corbado => &["canary7mail@doe.com", "usr-canary7user", "corbado1_canary7credential"],
            Vendor::Authsignal => &["+64270000777", "usr-canary7user", "as7canary7key"],
            Vendor::Dfns => &["canary7code", "dfns7canary7token"],
        };
        let all = submitted.join(" and ");
        for status in [400, 401, 403, 404, 409, 422, 429, 500, 503] {
            let body = match vendor {
                Vendor::Corbado => {
                    json!({ "message": all, "error": { "type": all, "details": all, "validation": [{ "field": all, "message": all }] }, "requestData": { "requestID": all } })
                }
                Vendor::Authsignal => json!({ "errorCode": all, "errorDescription": all }),
                Vendor::Dfns => json!({ "error": { "message": all, "id": all, "code": all } }),
            };
            let server = Server::answering(status, &[("x-request-id", submitted[0])], &body.to_string()).await;
            let error = config(vendor, &server).build().expect("a provider").create(&request(vendor)).await.expect_err("an error");
            clean_error(&error, "an echo");
            assert!(error.vendor_message().is_some_and(|message| message.contains("***")));
        }
    }
}
