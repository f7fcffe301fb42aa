//! The control port, held against its own document.

use serde_json::{Value, json};

use super::{Control, routes::DOCUMENT};
use crate::testing::{
    Double, DoubleEntry, Operation,
    contract::{Contract, Found},
};

const NAMES: &[(&str, &str, Operation)] = &[
    ("GET", "/readyz", Operation::named("ready")),
    ("GET", "/openapi.json", Operation::named("document")),
    ("GET", "/doubles", Operation::named("doubles")),
    ("GET", "/outbox", Operation::named("outbox")),
    ("GET", "/requests", Operation::named("requests")),
    ("GET", "/violations", Operation::named("violations")),
    ("GET", "/challenges", Operation::named("challenges")),
    ("GET", "/faults", Operation::named("faults")),
    ("POST", "/faults", Operation::named("add_fault")),
    ("DELETE", "/faults", Operation::named("clear_faults")),
    ("GET", "/clock", Operation::named("clock")),
    ("POST", "/clock", Operation::named("set_clock")),
    ("POST", "/reset", Operation::named("reset")),
    ("POST", "/sample", Operation::named("sample")),
    ("POST", "/answer", Operation::named("answer")),
];

/// Asks the port, and holds question and answer against the document.
async fn ask(control: &Control, contract: &Contract, method: &str, target: &str, body: Option<Value>) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let mut request = client.request(method.parse().expect("a method"), control.base_url() + target);
    if let Some(body) = &body {
        request = request.json(body);
    }
    let reply = request.send().await.expect("a reply");
    let status = reply.status().as_u16();
    let bytes = reply.bytes().await.expect("a body");
    let path = target.split('?').next().unwrap_or_default();
    let Found::Operation(documented, values) = contract.find(method, path) else { panic!("{method} {path} is in the document") };
    if status == 200 {
        let sent = body.map(|body| body.to_string()).unwrap_or_default();
        let headers = [("content-type", "application/json")].map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")));
        let checked = documented.check(&values, target.split_once('?').map(|(_, query)| query), &headers.into_iter().collect(), sent.as_bytes());
        assert!(checked.findings.is_empty(), "{method} {target}: {:?}", checked.findings);
    }
    let found = contract.check_reply(Some(documented), status, &bytes);
    assert!(found.is_empty(), "{method} {target} {status}: {found:?}");
    (status, serde_json::from_slice(&bytes).expect("JSON"))
}

#[tokio::test]
async fn every_path_asks_and_answers_as_the_document_says() {
    let mut doubles = Vec::new();
    for entry in DoubleEntry::ALL {
        let double = Double::start(entry.name()).await;
        let challenge = double.provider().create_with(&double.person("jane@doe.com"), &Default::default()).await.expect("a challenge");
        let _ = double.provider().verify_with(challenge.handle(), &double.wrong_answer(&challenge), &Default::default()).await;
        doubles.push(double);
    }
    let control = Control::start(([127, 0, 0, 1], 0).into(), doubles.clone()).await.expect("a port");
    let contract = Contract::read(DOCUMENT, "", NAMES).expect("a document");
    let name = doubles[0].name();
    for (method, target, body, expected) in [
        ("GET", "/readyz", None, 200),
        ("GET", "/openapi.json", None, 200),
        ("GET", "/doubles", None, 200),
        ("GET", "/outbox", None, 200),
        ("GET", "/outbox?to=nobody@doe.com&wait_s=0.01&after=0", None, 200),
        ("GET", "/outbox?wait_s=-1", None, 400),
        ("GET", "/outbox?colour=blue", None, 400),
        ("GET", "/requests", None, 200),
        ("GET", "/requests?limit=1", None, 200),
        ("GET", "/requests?limit=many", None, 400),
        ("GET", "/violations?limit=5", None, 200),
        ("GET", "/challenges", None, 200),
        ("GET", "/challenges?limit=0", None, 200),
        ("POST", "/faults", Some(json!({ "provider": name, "operation": "create", "fault": "hang", "probability": 0.1, "seed": 7 })), 200),
        ("POST", "/faults", Some(json!({ "fault": "status", "status": 503, "retry_after_s": 2, "times": 0 })), 200),
        ("POST", "/faults", Some(json!({ "fault": "earthquake" })), 400),
        ("POST", "/faults", Some(json!({ "fault": "hang", "probability": 2 })), 400),
        ("GET", "/faults", None, 200),
        ("DELETE", "/faults", None, 200),
        ("POST", "/sample", Some(json!({ "provider": name })), 200),
        ("POST", "/sample", Some(json!({ "provider": "nobody" })), 400),
        ("GET", "/clock", None, 200),
        ("POST", "/clock", Some(json!({ "stop": true, "advance_s": 1.5 })), 200),
        ("POST", "/clock", Some(json!({ "stop_at": "2030-01-01T00:00:00Z" })), 200),
        ("POST", "/clock", Some(json!({})), 200),
        ("POST", "/answer", Some(json!({ "options": {} })), 400),
        ("POST", "/reset", Some(json!({})), 200),
    ] {
        let (status, told) = ask(&control, &contract, method, target, body).await;
        assert_eq!(status, expected, "{method} {target}: {told}");
    }
}

#[test]
fn the_document_names_every_path_and_every_fault() {
    let document: Value = serde_json::from_str(DOCUMENT).expect("JSON");
    let mut documented: Vec<(String, String)> = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        documented.extend(item.as_object().expect("methods").keys().map(|method| (method.to_ascii_uppercase(), path.clone())));
    }
    let mut served: Vec<(String, String)> = NAMES.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    served.extend([("GET".to_owned(), "/".to_owned()), ("GET".to_owned(), "/events".to_owned())]);
    documented.sort();
    served.sort();
    assert_eq!(documented, served);
    let faults: Vec<&str> =
        document["components"]["schemas"]["Fault"]["properties"]["fault"]["enum"].as_array().expect("names").iter().filter_map(Value::as_str).collect();
    assert_eq!(faults, crate::testing::faults::WordedFault::names().collect::<Vec<_>>());
}
