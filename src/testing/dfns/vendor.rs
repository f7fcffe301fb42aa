//! What Dfns does with a request.

use std::{
    io,
    sync::{LazyLock, Mutex},
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, header};
use serde_json::{Map, Value, json};

use super::{
    action::{self, Action},
    credential::{Recorded, Registration},
};
use crate::{
    RelyingParty, Secret,
    testing::{
        Clock, Operation,
        common::Setup,
        contract::{Contract, Documented, Security},
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
    credentials: Store<Recorded>,
    /// User actions that wait for their signature, and those that have it.
    actions: Store<Action>,
    signed: Store<Action>,
}

impl Dfns {
    pub(super) fn new(setup: &Setup, token: Token, relying_party: RelyingParty, codes: Vec<Secret>, lasting_code: Option<Secret>) -> io::Result<Self> {
        let mut state = State {
            codes: Store::of_at_most(10_000),
            registrations: Store::of_at_most(10_000),
            credentials: Store::of_at_most(1_000),
            actions: Store::of_at_most(100),
            signed: Store::of_at_most(100),
        };
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
        if self.lasting_code.as_ref().is_none_or(|lasting| lasting.expose() != code) {
            match state.codes.remove(code) {
                None => return error(403, "Invalid code"),
                Some(Some(expires)) if now >= expires => return error(400, "Registration code expired"),
                Some(_) => {}
            }
        }
        let kind = call.text("credentialKind").unwrap_or_default();
        let challenge = URL_SAFE_NO_PAD.encode(format!("ch-{}", entity()));
        let identifier = token();
        let known = state.credentials.newest_first().filter(|(_, recorded)| recorded.kind == "Fido2");
        let excluded: Value = known.map(|(_, recorded)| json!({ "type": "public-key", "id": recorded.uuid })).collect();
        let reply = self.shown(kind, &challenge, &identifier, excluded);
        let expires = now.checked_add(CHALLENGE_LIFETIME).unwrap_or(now);
        state.registrations.insert(identifier, Registration { kind: kind.to_owned(), challenge, expires, used: false });
        reply
    }

    fn shown(&self, kind: &str, challenge: &str, identifier: &str, excluded: Value) -> Reply {
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
            put("excludeCredentials", excluded);
        }
        Reply::json(200, &Value::Object(body))
    }

    fn verify(&self, call: &Call<'_>) -> Reply {
        let now = self.clock.now();
        let rp_id = &self.relying_party.id;
        let mut state = locked(&self.state);
        let state = &mut *state;
        let Some(registration) = call.text("challengeIdentifier").and_then(|identifier| state.registrations.get_mut(identifier)) else {
            return error(400, "Challenge token is invalid");
        };
        if registration.used {
            return error(400, "Challenge already used");
        }
        if now >= registration.expires {
            return error(400, "Challenge expired");
        }
        let body = &call.checked.body;
        let recorded = match registration.check(body, rp_id, format!("cr-{}", entity())) {
            Ok(recorded) => recorded,
            Err(problem) => return error(400, &problem),
        };
        let id = match body["credentialInfo"]["credId"].as_str() {
            Some(id) => id.to_owned(),
            None => recorded.uuid.clone(),
        };
        if state.credentials.get(&id).is_some() {
            return error(409, "The credential exists already");
        }
        registration.used = true;
        let reply = Reply::json(200, &recorded.shown(&id, call.text("credentialName").unwrap_or_default(), now, rp_id));
        state.credentials.insert(id, recorded);
        reply
    }

    fn action_init(&self, call: &Call<'_>) -> Reply {
        let text = |name: &str| call.text(name).unwrap_or_default().to_owned();
        let now = self.clock.now();
        let challenge = URL_SAFE_NO_PAD.encode(format!("ch-{}", entity()));
        let identifier = token();
        let mut state = locked(&self.state);
        let factor = |kind: &str| json!({ "kind": kind, "factor": "first", "requiresSecondFactor": false });
        let kinds = ["Fido2", "Key", "PasswordProtectedKey"].map(factor);
        let body = json!({
            "challenge": challenge,
            "challengeIdentifier": identifier,
            "rp": { "id": self.relying_party.id, "name": self.relying_party.name },
            "supportedCredentialKinds": kinds,
            "userVerification": "required",
            "attestation": "none",
            "allowCredentials": action::allowed(&state.credentials),
            "externalAuthenticationUrl": "",
        });
        let action = Action {
            challenge,
            method: text("userActionHttpMethod"),
            path: text("userActionHttpPath"),
            payload: text("userActionPayload"),
            expires: now.checked_add(CHALLENGE_LIFETIME).unwrap_or(now),
        };
        state.actions.insert(identifier, action);
        Reply::json(200, &body)
    }

    fn action(&self, call: &Call<'_>) -> Reply {
        let mut state = locked(&self.state);
        // One try: a challenge that was answered wrongly is gone too.
        let Some(action) = call.text("challengeIdentifier").and_then(|identifier| state.actions.remove(identifier)) else {
            return error(400, "Challenge token is invalid");
        };
        if self.clock.now() >= action.expires {
            return error(400, "Challenge expired");
        }
        let body = &call.checked.body;
        let factors = [&body["firstFactor"], &body["secondFactor"]].into_iter().filter(|factor| !factor.is_null());
        for factor in factors {
            if let Err(problem) = action.check(factor, &state.credentials, &self.relying_party.id) {
                return error(401, &problem);
            }
        }
        let token = token();
        state.signed.insert(token.clone(), action);
        Reply::json(200, &json!({ "userAction": token }))
    }

    fn issue(&self, call: &Call<'_>) -> Reply {
        let token = call.headers.get("x-dfns-useraction").and_then(|value| value.to_str().ok()).unwrap_or_default();
        match locked(&self.state).signed.remove(token) {
            None => return error(403, "User action is missing or was used"),
            Some(action) if !action.allows("POST", "/auth/credentials/code", call.raw) => return error(403, "User action was signed for another call"),
            Some(_) => {}
        }
        let now = self.clock.now();
        match action::expiration(&call.checked.body["expiration"]) {
            Some(expires) if expires > now && expires.duration_since(now).is_ok_and(|ahead| ahead <= CODE_LIFETIME) => {
                let code = self.issue_code_until(expires);
                Reply::json(200, &json!({ "code": code, "expiration": humantime::format_rfc3339_millis(expires).to_string() }))
            }
            _ => error(400, "expiration: expected a time within the next minute"),
        }
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
            Operation::Verify => self.verify(&call),
            Operation::IssueCode => self.issue(&call),
            Operation::ActionInit => self.action_init(&call),
            Operation::Action => self.action(&call),
            _ => self.init(&call),
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

/// Something that looks like a JWT.
fn token() -> String {
    format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSJ9.{}.{}", fresh::alphanumeric(86), fresh::alphanumeric(86))
}

fn error(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "error": { "id": fresh::digits(19), "status": status, "message": message, "details": {} } }))
}
