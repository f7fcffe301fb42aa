//! One double: the front, wiremock behind it, and the vendor that answers.

use std::{fmt, io, net::SocketAddr, sync::Arc};

use http::HeaderMap;
use serde_json::Value;
use tokio::net::TcpListener;
use wiremock::{Mock, MockServer, Respond, ResponseTemplate, matchers::any};

use super::{
    Clock, SpecViolation,
    contract::{Checked, Contract, Documented, Finding, Found},
    fault::Faults,
    front::{Front, TARGET},
    journal::Journal,
    reply::{Refusal, Reply},
};

/// The part of a double that differs by vendor.
pub(super) trait Vendor: Send + Sync + 'static {
    /// The vendor's document.
    fn contract(&self) -> &Contract;

    /// Whether the credentials are the right ones; what was expected, if not.
    fn authorize(&self, documented: &Documented, headers: &HeaderMap) -> Result<(), &'static str>;

    /// Answers a request whose body is JSON; what the document has against it is in `call.checked.findings`.
    fn answer(&self, call: Call<'_>) -> Reply;

    /// Says no in the vendor's form.
    fn refuse(&self, refusal: &Refusal) -> Reply;
}

/// A request at a known path, with the right credentials.
pub(super) struct Call<'a> {
    pub(super) documented: &'a Documented,
    pub(super) path: std::collections::BTreeMap<String, String>,
    pub(super) headers: &'a HeaderMap,
    pub(super) raw: &'a [u8],
    pub(super) checked: Checked,
}

impl Call<'_> {
    /// A text member of the body.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.checked.body.get(name)?.as_str()
    }
}

/// What the front works with.
pub(super) struct Backstage {
    pub(super) vendor: Arc<dyn Vendor>,
    pub(super) journal: Arc<Journal>,
    pub(super) faults: Faults,
    /// Where wiremock listens.
    pub(super) behind: SocketAddr,
}

/// A double that runs until it is dropped.
pub(super) struct Running {
    pub(super) address: SocketAddr,
    pub(super) clock: Clock,
    pub(super) backstage: Arc<Backstage>,
    _front: Front,
    _wiremock: MockServer,
}

impl Running {
    pub(super) async fn start(address: SocketAddr, clock: Clock, journal: Arc<Journal>, vendor: Arc<dyn Vendor>) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let wiremock = MockServer::builder().disable_request_recording().start().await;
        Mock::given(any()).respond_with(Answer { vendor: Arc::clone(&vendor), journal: Arc::clone(&journal) }).mount(&wiremock).await;
        let backstage = Arc::new(Backstage { vendor, journal, faults: Faults::default(), behind: *wiremock.address() });
        let address = listener.local_addr()?;
        Ok(Self { address, clock, _front: Front::start(listener, Arc::clone(&backstage)), backstage, _wiremock: wiremock })
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("address", &self.address).finish_non_exhaustive()
    }
}

/// The one thing that wiremock is asked for.
struct Answer {
    vendor: Arc<dyn Vendor>,
    journal: Arc<Journal>,
}

impl Respond for Answer {
    fn respond(&self, request: &wiremock::Request) -> ResponseTemplate {
        let target = request.headers.get(TARGET).and_then(|value| value.to_str().ok()).unwrap_or("/");
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let reply = self.answer(request.method.as_str(), path, query, &request.headers, &request.body);
        let mut template = ResponseTemplate::new(reply.status).set_body_bytes(reply.body);
        for (name, value) in reply.headers {
            template = template.insert_header(name, value);
        }
        template
    }
}

impl Answer {
    fn answer(&self, method: &str, path: &str, query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Reply {
        let contract = self.vendor.contract();
        let (documented, reply) = match contract.find(method, path) {
            Found::Nothing => {
                self.violated("a request", Finding { pointer: "/path".into(), message: format!("the document has {}", contract.titles()) });
                (None, self.vendor.refuse(&Refusal::NotFound))
            }
            Found::OtherMethods(methods) => {
                let allowed = methods.iter().map(|method| method.as_str()).collect::<Vec<_>>().join(", ");
                self.violated("a request", Finding { pointer: "/method".into(), message: format!("at this path the document has {allowed}") });
                (None, self.vendor.refuse(&Refusal::Method).with_header("allow", &allowed))
            }
            Found::Operation(documented, path) => {
                if let Err(expected) = self.vendor.authorize(documented, headers) {
                    self.violated(&documented.title, Finding { pointer: "/headers/authorization".into(), message: expected.into() });
                    (Some(documented), self.vendor.refuse(&Refusal::Unauthorized))
                } else {
                    let checked = documented.check(&path, query, headers, body);
                    checked.findings.iter().chain(&checked.remarks).for_each(|finding| self.violated(&documented.title, finding.clone()));
                    let reply = match checked.not_json {
                        Some(reason) => self.vendor.refuse(&Refusal::NotJson(reason)),
                        None => self.vendor.answer(Call { documented, path, headers, raw: body, checked }),
                    };
                    (Some(documented), reply)
                }
            }
        };
        let written: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        for finding in contract.check_reply(documented, reply.status, &written) {
            let title = documented.map_or("a reply", |documented| documented.title.as_str());
            self.violated(title, Finding { pointer: format!("/reply{}", finding.pointer), ..finding });
        }
        reply
    }

    fn violated(&self, operation: &str, finding: Finding) {
        self.journal.violated(SpecViolation { operation: operation.to_owned(), pointer: finding.pointer, message: finding.message });
    }
}
