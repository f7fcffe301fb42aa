//! What Authsignal does with a request.

use std::{
    io,
    sync::{Arc, LazyLock, Mutex},
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use serde_json::{Map, Value, json};

use crate::{
    Method, Personal, Secret,
    testing::{
        Clock, Message, Operation,
        clock::unix_seconds,
        common::Setup,
        contract::{Contract, Documented},
        fresh,
        journal::Journal,
        locked,
        reply::{Refusal, Reply},
        server::{Call, Vendor},
        store::Store,
    },
};

const OPERATIONS: &[(&str, &str, Operation)] = &[
    ("POST", "/challenge", Operation::Create),
    ("POST", "/verify", Operation::Verify),
    ("POST", "/claim", Operation::Claim),
    ("POST", "/validate", Operation::Validate),
    ("GET", "/challenges", Operation::Active),
];

static CONTRACT: LazyLock<Result<Contract, String>> =
    LazyLock::new(|| Contract::read(include_str!(concat!(env!("OUT_DIR"), "/authsignal.spec.json")), "/v1", OPERATIONS));

/// How long a challenge lives, and a token.
const LIFETIME: Duration = Duration::from_secs(600);
/// The longest text that is kept.
const LONGEST: usize = 1024;

pub(super) struct Authsignal {
    contract: &'static Contract,
    authorization: Secret,
    code: Option<String>,
    attempts: u32,
    clock: Clock,
    journal: Arc<Journal>,
    state: Mutex<State>,
}

struct State {
    challenges: Store<Issued>,
    tokens: Store<Claimed>,
}

/// A challenge that was started.
#[derive(Clone)]
struct Issued {
    method: String,
    channel: Option<String>,
    action: String,
    address: String,
    group: String,
    code: String,
    expires: SystemTime,
    wrong: u32,
    verified: Option<SystemTime>,
}

/// What a token stands for.
#[derive(Clone)]
struct Claimed {
    challenge: Issued,
    user_id: String,
    at: SystemTime,
}

impl Authsignal {
    pub(super) fn new(setup: &Setup, journal: Arc<Journal>, secret_key: &Secret) -> io::Result<Self> {
        let pair = format!("{}:", secret_key.expose());
        Ok(Self {
            contract: CONTRACT.as_ref().map_err(|problem| io::Error::other(problem.as_str()))?,
            authorization: Secret::new(format!("Basic {}", STANDARD.encode(pair))),
            code: setup.code.clone(),
            attempts: setup.attempts,
            clock: setup.clock.clone(),
            journal,
            state: Mutex::new(State { challenges: Store::of_at_most(10_000), tokens: Store::of_at_most(10_000) }),
        })
    }

    fn challenge(&self, call: &Call<'_>) -> Reply {
        if let Some(id) = call.text("challengeId") {
            return self.send_again(id);
        }
        let method = call.text("verificationMethod").unwrap_or_default();
        let field = if method == "EMAIL_OTP" { "email" } else { "phoneNumber" };
        let address = call.text(field).unwrap_or_default();
        let problem = match (field, address) {
            (_, "") => Some("is required"),
            ("email", address) if !is_email(address) => Some("expected an e-mail address"),
            ("phoneNumber", number) if !is_e164(number) => Some("expected a phone number in E.164 form"),
            _ => None,
        };
        if let Some(problem) = problem {
            return invalid_request(&format!("{field}: {problem}"));
        }
        let now = self.clock.now();
        let issued = Issued {
            method: method.to_owned(),
            channel: call.text("smsChannel").map(str::to_owned),
            action: call.text("action").unwrap_or_default().to_owned(),
            address: address.to_owned(),
            group: call.text("idempotencyKey").map_or_else(fresh::uuid, str::to_owned),
            code: self.code.clone().unwrap_or_else(|| fresh::digits(6)),
            expires: now.checked_add(LIFETIME).unwrap_or(now),
            wrong: 0,
            verified: None,
        };
        let id = fresh::uuid();
        self.send(&id, &issued);
        let reply = issued.started(&id);
        locked(&self.state).challenges.insert(id, issued);
        reply
    }

    fn send_again(&self, id: &str) -> Reply {
        let issued = locked(&self.state).challenges.get(id).cloned();
        match issued {
            None => not_found("challengeId: no such challenge"),
            Some(issued) if issued.verified.is_some() => invalid_request("challengeId: the challenge is verified already"),
            Some(issued) if self.clock.now() >= issued.expires => invalid_request("challengeId: the challenge has expired"),
            Some(issued) => {
                self.send(id, &issued);
                issued.started(id)
            }
        }
    }

    fn send(&self, id: &str, issued: &Issued) {
        self.journal.sent(Message {
            method: match (issued.method.as_str(), issued.channel.as_deref()) {
                ("EMAIL_OTP", _) => Method::EmailOtp,
                ("WHATSAPP", _) | (_, Some("WHATSAPP")) => Method::WhatsAppOtp,
                _ => Method::SmsOtp,
            },
            to: Personal::new(issued.address.as_str()),
            code: Secret::new(issued.code.as_str()),
            link: None,
            sent_at: self.clock.now(),
            challenge_id: id.to_owned(),
        });
    }

    fn verify(&self, call: &Call<'_>) -> Reply {
        let now = self.clock.now();
        let mut state = locked(&self.state);
        let Some(issued) = call.text("challengeId").and_then(|id| state.challenges.get_mut(id)) else {
            return not_found("challengeId: no such challenge");
        };
        let no = |reason: &str| Reply::json(200, &json!({ "isVerified": false, "failureReason": reason }));
        if issued.wrong >= self.attempts {
            return no("MAX_ATTEMPTS_EXCEEDED");
        }
        if issued.verified.is_some() || now >= issued.expires {
            return no("CODE_INVALID_OR_EXPIRED");
        }
        if call.text("verificationCode") != Some(issued.code.as_str()) {
            issued.wrong += 1;
            return no("CODE_INVALID_OR_EXPIRED");
        }
        issued.verified = Some(now);
        let (field, address) = issued.contact();
        Reply::json(200, &json!({ "isVerified": true, field: address, "verificationMethod": issued.method }))
    }

    fn claim(&self, call: &Call<'_>) -> Reply {
        let now = self.clock.now();
        let mut state = locked(&self.state);
        let Some(issued) = call.text("challengeId").and_then(|id| state.challenges.get(id)).cloned() else {
            return not_found("challengeId: no such challenge");
        };
        if issued.verified.is_none() && call.checked.body["skipVerificationCheck"] != Value::Bool(true) {
            return invalid_request("challengeId: the challenge is not verified");
        }
        let token = format!("eyJhbGciOiJIUzI1NiJ9.{}.{}", fresh::alphanumeric(48), fresh::alphanumeric(43));
        let reply = Reply::json(200, &json!({ "token": token, "verificationMethod": issued.method }));
        let user_id = call.text("userId").unwrap_or_default().to_owned();
        state.tokens.insert(token, Claimed { challenge: issued, user_id, at: now });
        reply
    }

    fn validate(&self, call: &Call<'_>) -> Reply {
        let claimed = call.text("token").and_then(|token| locked(&self.state).tokens.get(token).cloned());
        let no = |code: &str, words: &str| Reply::json(200, &json!({ "isValid": false, "error": code, "errorCode": code, "errorDescription": words }));
        let Some(Claimed { challenge, user_id, at }) = claimed else {
            return no("invalid_token", "The token is not known.");
        };
        if at.checked_add(LIFETIME).is_none_or(|end| self.clock.now() >= end) {
            return no("expired_token", "The token has expired.");
        }
        for (field, is) in [("userId", &user_id), ("action", &challenge.action)] {
            if call.text(field).is_some_and(|wanted| wanted != is) {
                return no("invalid_request", &format!("The token is for another {field}."));
            }
        }
        let (is_valid, state) = if challenge.verified.is_some() { (true, "CHALLENGE_SUCCEEDED") } else { (false, "CHALLENGE_REQUIRED") };
        Reply::json(
            200,
            &json!({
                "isValid": is_valid,
                "state": state,
                "stateUpdatedAt": humantime::format_rfc3339_millis(challenge.verified.unwrap_or(at)).to_string(),
                "userId": user_id,
                "action": challenge.action,
                "actionCode": challenge.action,
                "idempotencyKey": challenge.group,
                "verificationMethod": challenge.method,
            }),
        )
    }

    fn active(&self, call: &Call<'_>) -> Reply {
        let now = self.clock.now();
        let query = &call.checked.query;
        // A challenge has no user before it is claimed, and then it is no longer active.
        let fits = |id: &str, issued: &Issued| {
            let wanted = |name: &str, is: &str| query.get(name).is_none_or(|wanted| wanted == is);
            wanted("challengeId", id) && wanted("action", &issued.action) && wanted("verificationMethod", &issued.method) && wanted("userId", &issued.address)
        };
        let is_active = |issued: &Issued| issued.verified.is_none() && issued.wrong < self.attempts && now < issued.expires;
        let state = locked(&self.state);
        let found = state.challenges.newest_first().find(|(id, issued)| is_active(issued) && fits(id, issued));
        let mut body = Map::new();
        if let Some((id, issued)) = found {
            let (field, address) = issued.contact();
            body.insert("challengeId".into(), id.as_str().into());
            body.insert("expiresAt".into(), unix_seconds(issued.expires).into());
            body.insert("verificationMethod".into(), issued.method.as_str().into());
            body.insert(field.into(), address.into());
            body.insert("action".into(), issued.action.as_str().into());
            if let Some(channel) = &issued.channel {
                body.insert("smsChannel".into(), channel.as_str().into());
            }
        }
        Reply::json(200, &Value::Object(body))
    }
}

impl Issued {
    fn started(&self, id: &str) -> Reply {
        Reply::json(200, &json!({ "challengeId": id, "idempotencyKey": self.group, "expiresAt": unix_seconds(self.expires) }))
    }

    fn contact(&self) -> (&'static str, &str) {
        (if self.method == "EMAIL_OTP" { "email" } else { "phoneNumber" }, &self.address)
    }
}

impl Vendor for Authsignal {
    fn contract(&self) -> &Contract {
        self.contract
    }

    fn authorize(&self, _: &Documented, headers: &HeaderMap) -> Result<(), &'static str> {
        let given = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
        if given == Some(self.authorization.expose().as_bytes()) {
            Ok(())
        } else {
            Err("expected Basic with the secret key as user name and an empty password")
        }
    }

    fn answer(&self, call: Call<'_>) -> Reply {
        if !call.checked.findings.is_empty() {
            let name = |pointer: &str| pointer.trim_start_matches('/').split_once('/').map_or("", |(_, field)| field).replace('/', ".");
            let fields = call.checked.findings.iter().map(|finding| format!("{}: {}", name(&finding.pointer), finding.message)).collect::<Vec<_>>();
            return invalid_request(&fields.join("; "));
        }
        if let Some((field, _)) = call.checked.body.as_object().into_iter().flatten().find(|(_, value)| value.as_str().is_some_and(|text| text.len() > LONGEST))
        {
            return invalid_request(&format!("{field}: is too long"));
        }
        match call.documented.operation {
            Operation::Verify => self.verify(&call),
            Operation::Claim => self.claim(&call),
            Operation::Validate => self.validate(&call),
            Operation::Active => self.active(&call),
            _ => self.challenge(&call),
        }
    }

    fn refuse(&self, refusal: &Refusal) -> Reply {
        match refusal {
            Refusal::Unauthorized | Refusal::Status(401) => {
                error(401, "unauthorized", "The request is unauthorized. Check that your API key and region base URL are correctly configured.")
            }
            Refusal::Status(429) => error(429, "too_many_requests", refusal.message()),
            Refusal::Status(status @ 500..) => error(*status, "internal_error", refusal.message()),
            other => error(other.status(), "invalid_request", other.message()),
        }
    }
}

fn is_email(address: &str) -> bool {
    address.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty())
}

fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn invalid_request(words: &str) -> Reply {
    error(400, "invalid_request", words)
}

fn not_found(words: &str) -> Reply {
    error(404, "invalid_request", words)
}

/// The wire carries the code under two names: some SDKs read one, some the other.
fn error(status: u16, code: &str, words: &str) -> Reply {
    Reply::json(status, &json!({ "error": code, "errorCode": code, "errorDescription": words }))
}
