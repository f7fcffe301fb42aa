//! Nothing secret or personal is printed, serialised or logged anywhere on the way, on success and on failure.

mod support;

use std::{io::Write as _, time::Duration};

use auth_challenge::{ChallengeProviderExt, Http, Verification};
use serde_json::Value;
use support::{
    Server, Step,
    canaries::{assert_no_canary, assert_silent, assert_silent_error},
    log::Log,
    reply,
    vendors::{self, Vendor},
};
use tracing_subscriber::filter::LevelFilter;

/// All canaries of the vendors' replies, and one of each form.
fn all_canaries() -> String {
    let replies = vendors::all().into_iter().flat_map(|vendor| [(vendor.secrecy.created)(), (vendor.secrecy.verified)(), (vendor.section.canaries)()]);
    let canaries = replies.flat_map(|reply| support::canaries::canaries(&reply).into_keys());
    canaries.chain(["canary7code", "canary7text7to7sign", "canary7mail@doe.com", "usr-canary7user"].map(str::to_owned)).collect::<Vec<_>>().join(" and ")
}

/// A reply in which all canaries stand in the place of every value, as a text, a list and an object.
fn odd(reply: &Value, all: &str) -> Value {
    let members = reply.as_object().into_iter().flatten().enumerate();
    let odd = members.map(|(number, (name, _))| {
        let value = [all.into(), vec![all].into(), serde_json::json!({ "x": all })][number % 3].clone();
        (name.clone(), value)
    });
    odd.collect()
}

/// Replies that no vendor words: all canaries in what is not the vendor's JSON, and in a redirect.
fn strangers(vendor: &Vendor) -> Vec<Step> {
    let all = all_canaries();
    let location = [("location", "https://elsewhere.example/?code=canary7code"), ("content-type", "text/html")];
    let page = format!("<html>{all}</html>");
    let mut steps: Vec<Step> = [200, 302, 400, 401, 404, 429, 500].map(|status| Step::AnswerAndClose(reply(status, &location, &page))).into();
    for body in [(vendor.secrecy.created)(), (vendor.secrecy.verified)(), vendor.created(), vendor.verified()] {
        steps.push(Step::AnswerAndClose(reply(200, &[], &odd(&body, &all).to_string())));
    }
    steps
}

async fn flow(vendor: &Vendor, step: Step, http: Option<&Http>) {
    let server = Server::start(vec![step]).await;
    let mut config = vendor.canary_config(&format!("http://{}", server.address), r#"{ "timeout": "500ms", "max_response_bytes": 65536 }"#);
    if let Some(http) = http {
        config = config.with_http(http.clone());
    }
    assert_silent("the config", &config);
    let provider = config.build().expect("a provider");
    assert_silent("the provider", &provider);
    let request = (vendor.secrecy.request)();
    assert_silent("the request", &request);
    match provider.create(&request).await {
        Ok(challenge) => {
            assert_silent("the challenge", &challenge);
            assert_silent("the challenge's handle", challenge.handle());
            assert_silent("the challenge's registration", &challenge.registration());
        }
        Err(error) => assert_silent_error("a create's error", &error),
    }
    let (handle, answer) = (vendor.canary_handle(), (vendor.verify.answer)("canary7code"));
    assert_silent("the handle", &handle);
    assert_silent("the answer", &answer);
    assert_silent("the answer's credential", &answer.as_credential());
    match provider.verify(&handle, &answer).await {
        Ok(verification @ (Verification::Verified(_) | Verification::Rejected(_))) => assert_silent("the verification", &verification),
        Err(error) => assert_silent_error("a verify's error", &error),
    }
}

/// Calls that have what is personal in their URLs.
#[cfg(feature = "corbado")]
async fn look_for_users(step: Step) {
    use auth_challenge::corbado::{Filter, ListQuery};

    let server = Server::start(vec![step]).await;
    let http = Http::builder().with_timeout(Duration::from_millis(500)).with_max_response_bytes(65536).build().expect("a client");
    let corbado = vendors::corbado::typed(http, &format!("http://{}", server.address)).expect("a client");
    let query = ListQuery { filter: vec![Filter::equal("searchValue", "canary7mail@doe.com")], ..ListQuery::default() };
    let outcomes = [
        corbado.user_list(&query).await.map(drop),
        corbado.identifier_list(&query).await.map(drop),
        corbado.user_get("usr-canary7user").await.map(drop),
        corbado.identifier_delete("usr-canary7user", "ide-canary7mail").await.map(drop),
        corbado.user_for("canary7mail@doe.com").await.map(drop),
    ];
    for error in outcomes.into_iter().filter_map(Result::err) {
        assert_silent_error("an error about a user", &error);
    }
}

/// Writes what comes by the facade `log` into the same log as what comes by `tracing`.
struct Facade(Log);

impl log::Log for Facade {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        writeln!(self.0.clone(), "FACADE {} {}: {}", record.level(), record.target(), record.args()).expect("the log");
    }

    fn flush(&self) {}
}

#[tokio::test]
async fn no_canary_is_seen_on_any_way() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(log.clone()).with_ansi(false).finish();
    tracing::subscriber::set_global_default(subscriber).expect("the only subscriber of this process");
    log::set_boxed_logger(Box::new(Facade(log.clone()))).expect("the only logger of this process");
    log::set_max_level(log::LevelFilter::Trace);
    // One that would log every byte, were that not switched off.
    let talkative = Http::from_builder(reqwest::Client::builder().connection_verbose(true).no_proxy()).expect("a client");
    let talkative = talkative.with_timeout(Duration::from_millis(500)).with_max_response_bytes(65536);
    let mut seen = String::new();
    for vendor in vendors::all() {
        let mut steps = vec![
            (Step::Answer(reply(200, &[], &(vendor.secrecy.created)().to_string())), Some(&talkative)),
            (Step::Answer(reply(200, &[], &(vendor.secrecy.created)().to_string())), None),
            (Step::Answer(reply(200, &[], &(vendor.secrecy.verified)().to_string())), None),
            (Step::ReadAndReset, None),
            (Step::ReadAndHang, None),
        ];
        steps.extend(strangers(vendor).into_iter().map(|step| (step, None)));
        for (step, http) in steps {
            flow(vendor, step, http).await;
            let logged = log.take();
            assert_no_canary("the log", &logged);
            seen += &logged;
        }
    }
    #[cfg(feature = "corbado")]
    for step in strangers(vendors::get("corbado")) {
        look_for_users(step).await;
        assert_no_canary("the log", &log.take());
    }
    assert!(seen.contains("hyper_util") && seen.contains("TRACE"), "the layers below log too");
    assert!(seen.contains("FACADE DEBUG reqwest::connect"), "the layers below log by the facade too: {seen}");
    assert!(seen.contains("vendor call failed") && seen.contains("vendor call done"), "the crate logs: {seen}");
}
