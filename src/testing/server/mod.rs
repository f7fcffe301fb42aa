//! One double as a server: the listener in front, wiremock behind it, and the vendor's behaviour that answers.

mod authorization;
mod backstage;
mod behaviour;
mod bend;
mod door;
mod front;
mod reply;
mod wire;
mod wiremock;

use std::{io, net::SocketAddr, sync::Arc};

use ::wiremock::{Request, Respond, ResponseTemplate};
use http::{
    HeaderMap, HeaderValue,
    header::{AUTHORIZATION, HOST},
};

use super::{
    Clock, SpecViolation,
    contract::{Checked, Finding, Findings, Found},
    faults::Faults,
    observe::Journal,
};
pub(super) use authorization::{ExpectedBasic, bearer_token};
pub(super) use backstage::Backstage;
pub(super) use behaviour::{Behaviour, Incoming, Sample, message_to};
pub(super) use door::{Door, reached_at};
use front::Front;
pub(super) use reply::{Denial, HttpReply};
use wiremock::{HOST_AS_IT_CAME, NUMBER, TARGET, Wiremock};

/// A double that runs until it is dropped.
pub(super) struct Running {
    pub(super) address: SocketAddr,
    pub(super) backstage: Arc<Backstage>,
    _front: Front,
}

impl Running {
    pub(super) async fn start(address: SocketAddr, clock: Clock, journal: Arc<Journal>, behaviour: Arc<dyn Behaviour>) -> io::Result<Self> {
        let door = Door::open_at(address).await?;
        let wiremock = Wiremock::start(Responder { behaviour: Arc::clone(&behaviour), journal: Arc::clone(&journal) }).await;
        let backstage = Arc::new(Backstage { behaviour, journal, clock, faults: Faults::default(), door, wiremock });
        Ok(Self { address: backstage.door.address, _front: Front::start(Arc::clone(&backstage)), backstage })
    }
}

/// The one thing that wiremock is asked for.
#[derive(Clone)]
struct Responder {
    behaviour: Arc<dyn Behaviour>,
    journal: Arc<Journal>,
}

impl Respond for Responder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let text = |name| request.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let target = text(TARGET).unwrap_or("/");
        let number = text(NUMBER).and_then(|number| number.parse().ok()).unwrap_or_default();
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let mut headers = request.headers.clone();
        match headers.remove(HOST_AS_IT_CAME) {
            Some(host) => headers.insert(HOST, host),
            None => headers.remove(HOST),
        };
        let reply = self.answer(number, &Asked { method: request.method.as_str(), path, query, headers: &headers, body: &request.body });
        let mut template = ResponseTemplate::new(reply.status).set_body_bytes(reply.body);
        for (name, value) in reply.headers {
            template = template.insert_header(name, value);
        }
        template
    }
}

/// A request as it came to the double.
struct Asked<'a> {
    method: &'a str,
    path: &'a str,
    query: Option<&'a str>,
    headers: &'a HeaderMap,
    body: &'a [u8],
}

/// Says whether a request is how clients open a connection ahead of a call: it is for the head of the base URL, without credentials.
fn only_opens(behaviour: &dyn Behaviour, method: &str, path: &str, headers: &HeaderMap) -> bool {
    method == "HEAD" && path.trim_end_matches('/') == behaviour.base_path() && !headers.contains_key(AUTHORIZATION)
}

impl Responder {
    fn answer(&self, number: u64, asked: &Asked<'_>) -> HttpReply {
        let &Asked { method, path, query, headers, body } = asked;
        let violated = |operation: &str, finding: Finding| {
            let violation = SpecViolation { operation: operation.to_owned(), pointer: finding.pointer, message: finding.message };
            self.journal.violated(number, violation);
        };
        let contract = self.behaviour.contract();
        if only_opens(&*self.behaviour, method, path, headers) {
            return self.behaviour.deny(&Denial::NotFound);
        }
        let (documented, reply) = match contract.find(method, path) {
            Found::Nothing => {
                violated("a request", Finding::at(&["path"], format!("the document has {}", contract.titles())));
                (None, self.behaviour.deny(&Denial::NotFound))
            }
            Found::OtherMethods(methods) => {
                let allowed = methods.iter().map(|method| method.as_str()).collect::<Vec<_>>().join(", ");
                violated("a request", Finding::at(&["method"], format!("at this path the document has {allowed}")));
                (None, self.behaviour.deny(&Denial::Method).with_header("allow", &allowed))
            }
            Found::Operation(documented, path) => {
                if let Err(expected) = self.behaviour.authorize(documented, headers) {
                    violated(&documented.title, Finding::at(&["headers", "authorization"], expected));
                    (Some(documented), self.behaviour.deny(&Denial::Unauthorized))
                } else {
                    let checked = documented.check(&path, query, headers, body);
                    checked.findings.iter().chain(&*checked.remarks).for_each(|finding| violated(&documented.title, finding.clone()));
                    let Checked { body: value, query, unreadable, findings, remarks: _ } = checked;
                    let reply = match unreadable {
                        Some(reason) => self.behaviour.deny(&Denial::Unreadable(reason)),
                        None => {
                            let journal = &self.journal;
                            self.behaviour.answer(Incoming { documented, path, query, headers, raw: body, body: value, findings, journal })
                        }
                    };
                    (Some(documented), reply)
                }
            }
        };
        let mut own = Findings::default();
        own.note_within("/reply", contract.check_reply(documented, reply.status, &reply.body));
        let title = documented.map_or("a reply", |documented| documented.title.as_str());
        own.iter().for_each(|finding| violated(title, finding.clone()));
        reply
    }
}
