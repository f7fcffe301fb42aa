//! What Dfns does with a request.

use std::{
    collections::BTreeSet,
    io,
    sync::{LazyLock, Mutex},
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    DfnsSettings, Token,
    action::{self, Action},
    authenticator,
    credential::{PendingCredential, Recorded},
};
use crate::{
    model::{Answer, Challenge, ChallengeRequest, CredentialKind, Method, RelyingParty, Secret},
    testing::{
        ChallengeState, Clock, KnownChallenge, Operation, Outbox,
        builder::Settings,
        contract::{Contract, Contracted, Documented, NamedOperation, Security},
        fresh, locked,
        seed::SeedUser,
        server::{Behaviour, Denial, HttpReply, Incoming, Sample, bearer_token},
        store::Store,
        weight::{self, Weigh},
    },
};

const OPERATIONS: &[NamedOperation] = &[
    ("POST", "/auth/credentials/code/init", Operation::CREATE),
    ("POST", "/auth/credentials/code/verify", Operation::VERIFY),
    ("POST", "/auth/credentials/code", Operation::ISSUE_CODE),
    ("POST", "/auth/action/init", Operation::ACTION_INIT),
    ("POST", "/auth/action", Operation::ACTION),
];

static CONTRACT: Contracted = LazyLock::new(|| Contract::read(include_str!("../../../../specs/dfns.json"), "", OPERATIONS));

/// How long a code lives at most.
const CODE_LIFETIME: Duration = Duration::from_secs(60);
/// How long a challenge lives.
const CHALLENGE_LIFETIME: Duration = Duration::from_secs(300);

pub(super) struct DfnsBehaviour {
    contract: &'static Contract,
    token: Token,
    relying_party: RelyingParty,
    lasting_code: Option<Secret>,
    clock: Clock,
    user: Value,
    /// The one-time codes that were given at the start.
    given: Vec<Secret>,
    state: Mutex<State>,
}

#[derive(Serialize)]
struct State {
    /// The one-time codes that were given at a start, used or not.
    given: BTreeSet<String>,
    codes: Store<UnusedCode>,
    pending: Store<PendingCredential>,
    credentials: Store<Recorded>,
    /// User actions that wait for their signature, and those that have it.
    actions: Store<Action>,
    signed: Store<Action>,
}

/// A code that was not used.
#[derive(Deserialize, Serialize)]
struct UnusedCode {
    expires: Option<SystemTime>,
    /// Whose it is, where that was said.
    user: Option<String>,
}

impl Weigh for UnusedCode {
    fn weight(&self) -> usize {
        weight::of_texts(self.user.as_deref())
    }
}

impl State {
    fn new(codes: &[Secret]) -> Self {
        let mut state = Self {
            given: BTreeSet::new(),
            codes: Store::of_at_most(10_000),
            pending: Store::of_at_most(10_000),
            credentials: Store::of_at_most(1_000),
            actions: Store::of_at_most(100),
            signed: Store::of_at_most(100),
        };
        codes.iter().for_each(|code| state.give(code));
        state
    }

    /// Takes a code of anybody's that lasts, unless it was given before.
    fn give(&mut self, code: &Secret) {
        if self.given.insert(code.expose().to_owned()) {
            self.codes.insert(code.expose().to_owned(), UnusedCode { expires: None, user: None });
        }
    }
}

impl DfnsBehaviour {
    pub(super) fn new(settings: &Settings, vendor: DfnsSettings) -> io::Result<Self> {
        let DfnsSettings { codes, lasting_code, token, relying_party } = vendor;
        Ok(Self {
            contract: Contract::of(&CONTRACT)?,
            token,
            relying_party,
            lasting_code,
            clock: settings.clock.clone(),
            user: user("jane@doe.com"),
            state: Mutex::new(State::new(&codes)),
            given: codes,
        })
    }

    pub(super) fn issue_code(&self) -> String {
        let now = self.clock.now();
        self.issue_code_until(now.checked_add(CODE_LIFETIME).unwrap_or(now))
    }

    fn issue_code_until(&self, expires: SystemTime) -> String {
        let code = [3, 3, 3].map(|length| fresh::alphanumeric(length).to_ascii_uppercase()).join("-");
        locked(&self.state).codes.insert(code.clone(), UnusedCode { expires: Some(expires), user: None });
        code
    }

    fn init(&self, incoming: &Incoming<'_>) -> HttpReply {
        let code = incoming.text("code").unwrap_or_default();
        let now = self.clock.now();
        let mut state = locked(&self.state);
        let mut person = self.user.clone();
        if self.lasting_code.as_ref().is_none_or(|lasting| lasting.expose() != code) {
            match state.codes.remove(code) {
                None => return error(403, "Invalid code"),
                Some(UnusedCode { expires: Some(expires), .. }) if now >= expires => return error(400, "Registration code expired"),
                Some(UnusedCode { user: Some(name), .. }) => person = user(&name),
                Some(_) => {}
            }
        }
        let kind = incoming.text("credentialKind").unwrap_or_default();
        let challenge = URL_SAFE_NO_PAD.encode(format!("ch-{}", entity()));
        let identifier = token();
        let known = state.credentials.newest_first().filter(|(_, recorded)| recorded.kind == "Fido2");
        let excluded: Value = known.map(|(_, recorded)| json!({ "type": "public-key", "id": recorded.uuid })).collect();
        let reply = self.shown(kind, person, &challenge, &identifier, excluded);
        let expires = now.checked_add(CHALLENGE_LIFETIME).unwrap_or(now);
        state.pending.insert(identifier, PendingCredential { kind: kind.to_owned(), challenge, created: now, expires, used: false });
        reply
    }

    fn shown(&self, kind: &str, person: Value, challenge: &str, identifier: &str, excluded: Value) -> HttpReply {
        let mut body = Map::new();
        let mut put = |name: &str, value: Value| drop(body.insert(name.into(), value));
        put("kind", kind.into());
        put("user", person);
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
        HttpReply::json(200, &Value::Object(body))
    }

    fn verify(&self, incoming: &Incoming<'_>) -> HttpReply {
        let now = self.clock.now();
        let rp_id = &self.relying_party.id;
        let mut state = locked(&self.state);
        let state = &mut *state;
        let Some(pending) = incoming.text("challengeIdentifier").and_then(|identifier| state.pending.get_mut(identifier)) else {
            return error(400, "Challenge token is invalid");
        };
        if pending.used {
            return error(400, "Challenge already used");
        }
        if now >= pending.expires {
            return error(400, "Challenge expired");
        }
        let body = &incoming.body;
        let recorded = match pending.check(body, rp_id, format!("cr-{}", entity())) {
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
        pending.used = true;
        let reply = HttpReply::json(200, &recorded.shown(&id, incoming.text("credentialName").unwrap_or_default(), now, rp_id));
        state.credentials.insert(id, recorded);
        reply
    }

    fn action_init(&self, incoming: &Incoming<'_>) -> HttpReply {
        let text = |name: &str| incoming.text(name).unwrap_or_default().to_owned();
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
        HttpReply::json(200, &body)
    }

    fn action(&self, incoming: &Incoming<'_>) -> HttpReply {
        let mut state = locked(&self.state);
        // One try: a challenge that was answered wrongly is gone too.
        let Some(action) = incoming.text("challengeIdentifier").and_then(|identifier| state.actions.remove(identifier)) else {
            return error(400, "Challenge token is invalid");
        };
        if self.clock.now() >= action.expires {
            return error(400, "Challenge expired");
        }
        let body = &incoming.body;
        let factors = [&body["firstFactor"], &body["secondFactor"]].into_iter().filter(|factor| !factor.is_null());
        for factor in factors {
            if let Err(problem) = action.check(factor, &state.credentials, &self.relying_party.id) {
                return error(401, &problem);
            }
        }
        let token = token();
        state.signed.insert(token.clone(), action);
        HttpReply::json(200, &json!({ "userAction": token }))
    }

    fn issue(&self, incoming: &Incoming<'_>) -> HttpReply {
        let token = incoming.headers.get("x-dfns-useraction").and_then(|value| value.to_str().ok()).unwrap_or_default();
        match locked(&self.state).signed.remove(token) {
            None => return error(403, "User action is missing or was used"),
            Some(action) if !action.allows("POST", "/auth/credentials/code", incoming.raw) => return error(403, "User action was signed for another call"),
            Some(_) => {}
        }
        let now = self.clock.now();
        match action::expiration(&incoming.body["expiration"]) {
            Some(expires) if expires > now && expires.duration_since(now).is_ok_and(|ahead| ahead <= CODE_LIFETIME) => {
                let code = self.issue_code_until(expires);
                HttpReply::json(200, &json!({ "code": code, "expiration": humantime::format_rfc3339_millis(expires).to_string() }))
            }
            _ => error(400, "expiration: expected a time within the next minute"),
        }
    }
}

impl Behaviour for DfnsBehaviour {
    fn contract(&self) -> &Contract {
        self.contract
    }

    fn base_path(&self) -> &'static str {
        ""
    }

    fn config_members(&self) -> Vec<(&'static str, String)> {
        let token = match &self.token {
            Token::Exactly(token) => token.expose(),
            Token::Any => "dfns_token",
        };
        vec![("token", token.to_owned())]
    }

    fn access_members(&self) -> Vec<(&'static str, String)> {
        self.lasting_code.iter().map(|code| ("code", code.expose().to_owned())).collect()
    }

    fn authorize(&self, documented: &Documented, headers: &HeaderMap) -> Result<(), &'static str> {
        let is_right = match (&self.token, bearer_token(headers)) {
            _ if documented.security == Security::None => true,
            (Token::Any, given) => given.is_some(),
            (Token::Exactly(expected), given) => given == Some(expected.expose()),
        };
        if is_right { Ok(()) } else { Err("expected Bearer with the user's token") }
    }

    fn answer(&self, incoming: Incoming<'_>) -> HttpReply {
        if !incoming.findings.is_empty() {
            let fields = incoming.findings.iter().map(|finding| format!("{}: {}", finding.pointer, finding.message)).collect::<Vec<_>>();
            return error(400, &format!("Invalid request: {}", fields.join("; ")));
        }
        match incoming.documented.operation {
            Operation::VERIFY => self.verify(&incoming),
            Operation::ISSUE_CODE => self.issue(&incoming),
            Operation::ACTION_INIT => self.action_init(&incoming),
            Operation::ACTION => self.action(&incoming),
            _ => self.init(&incoming),
        }
    }

    fn deny(&self, denial: &Denial) -> HttpReply {
        error(denial.status(), denial.message())
    }

    fn samples(&self) -> Vec<Sample> {
        let sample = |title, kind: &str| Sample {
            title,
            path: "/auth/credentials/code/init".to_owned(),
            user: None,
            media_type: "application/json",
            body: json!({ "code": self.lasting_code.as_ref().map_or_else(|| self.issue_code(), |code| code.expose().to_owned()), "credentialKind": kind })
                .to_string(),
        };
        vec![sample("a challenge for a passkey", "Fido2"), sample("one for a key", "Key"), sample("one for a recovery key", "RecoveryKey")]
    }

    fn challenges(&self) -> Vec<KnownChallenge> {
        let now = self.clock.now();
        let known = |(id, pending): (&String, &PendingCredential)| KnownChallenge {
            id: Secret::new(id.as_str()),
            method: pending.kind.parse().ok().map(Method::Credential),
            to: None,
            state: match pending {
                PendingCredential { used: true, .. } => ChallengeState::Verified,
                PendingCredential { expires, .. } if now >= *expires => ChallengeState::Expired,
                _ => ChallengeState::Pending,
            },
            wrong_answers: 0,
            created_at: pending.created,
            expires_at: pending.expires,
        };
        locked(&self.state).pending.oldest_first().map(known).collect()
    }

    fn add_user(&self, user: &SeedUser) -> Result<(), &'static str> {
        match (&user.id, &user.name, &user.code) {
            (None, Some(name), Some(code)) => {
                locked(&self.state).codes.insert(code.clone(), UnusedCode { expires: None, user: Some(name.clone()) });
                Ok(())
            }
            (Some(_), ..) => Err("id: expected none, the double makes it"),
            _ => Err("expected a name, and the one-time code that was issued"),
        }
    }

    fn forget(&self) {
        *locked(&self.state) = State::new(&self.given);
    }

    fn save(&self) -> Value {
        json!(&*locked(&self.state))
    }

    fn restore(&self, saved: &Value) -> serde_json::Result<()> {
        let mut restored = State::new(&[]);
        restored.given = BTreeSet::deserialize(&saved["given"])?;
        restored.codes.restore(&saved["codes"])?;
        restored.pending.restore(&saved["pending"])?;
        restored.credentials.restore(&saved["credentials"])?;
        restored.actions.restore(&saved["actions"])?;
        restored.signed.restore(&saved["signed"])?;
        self.given.iter().for_each(|code| restored.give(code));
        *locked(&self.state) = restored;
        Ok(())
    }

    /// Dfns knows whose code it is, so the name is not sent.
    fn person(&self, _: &str) -> ChallengeRequest {
        ChallengeRequest::credential(CredentialKind::Key, self.issue_code())
    }

    fn right_answer(&self, challenge: &Challenge, _: &Outbox) -> Answer {
        match challenge.registration() {
            Some(registration) => authenticator::answer(registration),
            None => panic!("expected a challenge for a new credential"),
        }
    }

    fn wrong_answer(&self, challenge: &Challenge, _: &Outbox) -> Answer {
        match challenge.registration() {
            Some(registration) => authenticator::wrong_answer(registration),
            None => panic!("expected a challenge for a new credential"),
        }
    }
}

/// Makes a user of a name.
fn user(name: &str) -> Value {
    json!({ "id": format!("us-{}", entity()), "displayName": name, "name": name })
}

/// Gives the part of an id of Dfns that names one thing: `6uunn-bm6ja-f6rmod5kqrk5rbel`.
fn entity() -> String {
    [5, 5, 16].map(fresh::alphanumeric).join("-")
}

/// Something that looks like a JWT.
fn token() -> String {
    format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSJ9.{}.{}", fresh::alphanumeric(86), fresh::alphanumeric(86))
}

fn error(status: u16, message: &str) -> HttpReply {
    HttpReply::json(status, &json!({ "error": { "id": fresh::digits(19), "status": status, "message": message, "details": {} } }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_enumerations_of_replies_are_found_and_the_kinds_of_credentials_are_tags() {
        let found = Contract::of(&CONTRACT).expect("a document").enumerations();
        for name in ["attestation", "authenticatorAttachment", "factor", "residentKey", "type", "userVerification"] {
            assert!(found.contains(name), "{name} in {found:?}");
        }
        assert!(!found.contains("kind"), "{found:?}");
    }
}
