//! What Dfns does with a request.

use std::{
    io,
    sync::{LazyLock, Mutex},
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, header};
use serde_json::{Map, Value, json};

use crate::{
    RelyingParty, Secret,
    testing::{
        Clock, Operation,
        contract::{Contract, Documented, Security},
        double::Setup,
        fresh, locked,
        reply::{Refusal, Reply},
        server::{Call, Vendor},
        store::Store,
    },
};

const OPERATIONS: &[(&str, &str, Operation)] = &[
    ("POST", "/auth/credentials/code/init", Operation::Create),
    ("POST", "/auth/credentials/code/verify", Operation::Verify),
    ("POST", "/auth/credentials/code", Operation::IssueCode),
    ("POST", "/auth/action/init", Operation::ActionInit),
    ("POST", "/auth/action", Operation::Action),
];

static CONTRACT: LazyLock<Result<Contract, String>> =
    LazyLock::new(|| Contract::read(include_str!(concat!(env!("OUT_DIR"), "/dfns.spec.json")), "", OPERATIONS));

/// How long a code lives at most.
const CODE_LIFETIME: Duration = Duration::from_secs(60);
/// How long a challenge lives.
const CHALLENGE_LIFETIME: Duration = Duration::from_secs(300);

/// The bearer tokens that are taken.
#[derive(Debug)]
pub(super) enum Token {
    Exactly(Secret),
    Any,
}

pub(super) struct Dfns {
    contract: &'static Contract,
    token: Token,
    relying_party: RelyingParty,
    lasting_code: Option<Secret>,
    clock: Clock,
    user: Value,
    state: Mutex<State>,
}

struct State {
    /// Codes that were not used, with their expiry.
    codes: Store<Option<SystemTime>>,
    registrations: Store<Registration>,
}

/// A challenge for a new credential.
#[derive(Clone)]
struct Registration {
    kind: String,
    challenge: String,
    expires: SystemTime,
}

impl Dfns {
    pub(super) fn new(setup: &Setup, token: Token, relying_party: RelyingParty, codes: Vec<Secret>, lasting_code: Option<Secret>) -> io::Result<Self> {
        let mut state = State { codes: Store::of_at_most(10_000), registrations: Store::of_at_most(10_000) };
        codes.into_iter().for_each(|code| state.codes.insert(code.expose().to_owned(), None));
        Ok(Self {
            contract: CONTRACT.as_ref().map_err(|problem| io::Error::other(problem.as_str()))?,
            token,
            relying_party,
            lasting_code,
            clock: setup.clock.clone(),
            user: json!({ "id": format!("us-{}", entity()), "displayName": "jane@doe.com", "name": "jane@doe.com" }),
            state: Mutex::new(state),
        })
    }

    pub(super) fn issue_code(&self) -> String {
        let now = self.clock.now();
        self.issue_code_until(now.checked_add(CODE_LIFETIME).unwrap_or(now))
    }

    fn issue_code_until(&self, expires: SystemTime) -> String {
        let code = [3, 3, 3].map(|length| fresh::alphanumeric(length).to_ascii_uppercase()).join("-");
        locked(&self.state).codes.insert(code.clone(), Some(expires));
        code
    }

    fn init(&self, call: &Call<'_>) -> Reply {
        let code = call.text("code").unwrap_or_default();
        let now = self.clock.now();
        let mut state = locked(&self.state);
        if !self.lasting_code.as_ref().is_some_and(|lasting| lasting.expose() == code) {
            match state.codes.remove(code) {
                None => return error(403, "Invalid code"),
                Some(Some(expires)) if now >= expires => return error(400, "Registration code expired"),
                Some(_) => {}
            }
        }
        let kind = call.text("credentialKind").unwrap_or_default();
        let challenge = URL_SAFE_NO_PAD.encode(format!("ch-{}", entity()));
        let identifier = format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSJ9.{}.{}", fresh::alphanumeric(86), fresh::alphanumeric(86));
        let reply = self.shown(kind, &challenge, &identifier);
        let expires = now.checked_add(CHALLENGE_LIFETIME).unwrap_or(now);
        state.registrations.insert(identifier, Registration { kind: kind.to_owned(), challenge, expires });
        reply
    }

    fn shown(&self, kind: &str, challenge: &str, identifier: &str) -> Reply {
        let mut body = Map::new();
        let mut put = |name: &str, value: Value| drop(body.insert(name.into(), value));
        put("kind", kind.into());
        put("user", self.user.clone());
        put("challengeIdentifier", identifier.into());
        put("temporaryAuthenticationToken", identifier.into());
        put("rp", json!({ "id": self.relying_party.id, "name": self.relying_party.name }));
        if kind == "Totp" {
            put("otpUrl", format!("otpauth://totp/Double:jane@doe.com?secret={}&issuer=Double", fresh::alphanumeric(32).to_ascii_uppercase()).into());
        }
        if !matches!(kind, "Password" | "Totp") {
            let algorithms: &[i32] = if kind == "Fido2" { &[-7, -257] } else { &[-7, -8] };
            put("challenge", challenge.into());
            put("attestation", "none".into());
            put("pubKeyCredParams", algorithms.iter().map(|alg| json!({ "type": "public-key", "alg": alg })).collect());
        }
        if kind == "Fido2" {
            put("authenticatorSelection", json!({ "residentKey": "required", "requireResidentKey": true, "userVerification": "required" }));
            put("excludeCredentials", json!([]));
        }
        Reply::json(200, &Value::Object(body))
    }
}

impl Vendor for Dfns {
    fn contract(&self) -> &Contract {
        self.contract
    }

    fn authorize(&self, documented: &Documented, headers: &HeaderMap) -> Result<(), &'static str> {
        if documented.security == Security::None {
            return Ok(());
        }
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
        match (&self.token, given) {
            (Token::Any, Some(token)) if !token.is_empty() => Ok(()),
            (Token::Exactly(expected), Some(token)) if token == expected.expose() => Ok(()),
            _ => Err("expected Bearer with the user's token"),
        }
    }

    fn answer(&self, call: Call<'_>) -> Reply {
        if !call.checked.findings.is_empty() {
            let fields = call.checked.findings.iter().map(|finding| format!("{}: {}", finding.pointer, finding.message)).collect::<Vec<_>>();
            return error(400, &format!("Invalid request: {}", fields.join("; ")));
        }
        match call.documented.operation {
            Operation::Create => self.init(&call),
            _ => error(400, "not yet"),
        }
    }

    fn refuse(&self, refusal: &Refusal) -> Reply {
        error(refusal.status(), refusal.message())
    }
}

/// The part of an id of Dfns that names one thing: `6uunn-bm6ja-f6rmod5kqrk5rbel`.
fn entity() -> String {
    [5, 5, 16].map(fresh::alphanumeric).join("-")
}

fn error(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "error": { "id": fresh::digits(19), "status": status, "message": message, "details": {} } }))
}
