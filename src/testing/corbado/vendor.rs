//! What Corbado does with a request.

use std::{
    collections::HashSet,
    io,
    sync::{Arc, LazyLock, Mutex},
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use serde_json::{Value, json};

use crate::{
    Method, Personal, Secret,
    testing::{
        Clock, Message, Operation,
        clock::unix_seconds,
        common::Setup,
        contract::{Contract, Documented, Finding},
        fresh,
        journal::Journal,
        locked,
        reply::{Refusal, Reply},
        server::{Call, Vendor},
        store::Store,
    },
};

const OPERATIONS: &[(&str, &str, Operation)] =
    &[("POST", "/users/{userID}/challenges", Operation::Create), ("PATCH", "/users/{userID}/challenges/{challengeID}", Operation::Verify)];

static CONTRACT: LazyLock<Result<Contract, String>> =
    LazyLock::new(|| Contract::read(include_str!(concat!(env!("OUT_DIR"), "/corbado.spec.json")), "/v2", OPERATIONS));

/// How long a challenge lives where the request does not say.
const LIFETIME: u64 = 300;

/// The users that Corbado knows.
#[derive(Debug, Default)]
pub(super) struct Users {
    known: Mutex<HashSet<String>>,
    /// All are known but this one.
    any_but: Option<String>,
}

impl Users {
    pub(super) fn any_but(unknown: String) -> Self {
        Self { known: Mutex::default(), any_but: Some(unknown) }
    }

    pub(super) fn add(&self, id: String) {
        locked(&self.known).insert(id);
    }

    fn knows(&self, id: &str) -> bool {
        match &self.any_but {
            Some(unknown) => id != unknown,
            None => locked(&self.known).contains(id),
        }
    }
}

pub(super) struct Corbado {
    contract: &'static Contract,
    authorization: Secret,
    pub(super) users: Users,
    code: Option<String>,
    attempts: u32,
    clock: Clock,
    journal: Arc<Journal>,
    challenges: Mutex<Store<Issued>>,
}

/// A challenge that was made.
struct Issued {
    user_id: String,
    kind: String,
    identifier: String,
    value: String,
    expires: SystemTime,
    wrong: u32,
    completed: bool,
}

/// A field that Corbado does not accept.
type Rejected = (String, String);

impl Corbado {
    pub(super) fn new(setup: &Setup, journal: Arc<Journal>, project_id: &str, api_secret: &Secret, users: Users) -> io::Result<Self> {
        let pair = format!("{project_id}:{}", api_secret.expose());
        Ok(Self {
            contract: CONTRACT.as_ref().map_err(|problem| io::Error::other(problem.as_str()))?,
            authorization: Secret::new(format!("Basic {}", STANDARD.encode(pair))),
            users,
            code: setup.code.clone(),
            attempts: setup.attempts,
            clock: setup.clock.clone(),
            journal,
            challenges: Mutex::new(Store::of_at_most(10_000)),
        })
    }

    fn create(&self, call: &Call<'_>) -> Reply {
        let mut rejected = rejected(&call.checked.findings);
        let user_id = call.path.get("userID").map(String::as_str).unwrap_or_default();
        if !self.users.knows(user_id) {
            rejected.push(("userID".into(), "does not exist".into()));
        }
        let kind = call.text("challengeType").unwrap_or_default();
        let identifier = call.text("identifierValue").unwrap_or_default();
        if call.text("identifierValue").is_some()
            && let Some(problem) = address_problem(kind, identifier)
        {
            rejected.push(("identifierValue".into(), problem.into()));
        }
        let lifetime = match &call.checked.body["lifetimeSeconds"] {
            Value::Null => Some(LIFETIME),
            given => given.as_u64().filter(|seconds| (1..=u64::from(u32::MAX)).contains(seconds)),
        };
        if lifetime.is_none() && !rejected.iter().any(|(field, _)| field == "lifetimeSeconds") {
            rejected.push(("lifetimeSeconds".into(), "must be no less than 1".into()));
        }
        let (true, Some(lifetime)) = (rejected.is_empty(), lifetime) else { return validation_error(&rejected) };

        let now = self.clock.now();
        let is_link = kind == "email_link";
        let value = self.code.clone().unwrap_or_else(|| if is_link { fresh::alphanumeric(32) } else { fresh::digits(6) });
        let id = format!("cha-{}", fresh::digits(19));
        let issued = Issued {
            user_id: user_id.to_owned(),
            kind: kind.to_owned(),
            identifier: identifier.to_owned(),
            value: value.clone(),
            expires: now.checked_add(Duration::from_secs(lifetime)).unwrap_or(now),
            wrong: 0,
            completed: false,
        };
        let reply = Reply::json(200, &issued.shown(&id, "pending"));
        locked(&self.challenges).insert(id.clone(), issued);
        self.journal.sent(Message {
            method: match kind {
                "email_link" => Method::EmailLink,
                "sms_otp" => Method::SmsOtp,
                _ => Method::EmailOtp,
            },
            to: Personal::new(identifier),
            link: is_link.then(|| Secret::new(format!("https://login.example/challenge?token={value}"))),
            code: Secret::new(value),
            sent_at: now,
            challenge_id: id,
        });
        reply
    }

    fn update(&self, call: &Call<'_>) -> Reply {
        let mut rejected = rejected(&call.checked.findings);
        let part = |name: &str| call.path.get(name).map(String::as_str).unwrap_or_default();
        let (user_id, id) = (part("userID"), part("challengeID"));
        let mut challenges = locked(&self.challenges);
        let issued = challenges.get_mut(id).filter(|issued| issued.user_id == user_id);
        if !self.users.knows(user_id) {
            rejected.push(("userID".into(), "does not exist".into()));
        } else if issued.is_none() {
            rejected.push(("challengeID".into(), "does not exist".into()));
        }
        let value = call.text("value").unwrap_or_default();
        if call.text("value") == Some("") {
            rejected.push(("value".into(), "cannot be blank".into()));
        }
        let (true, Some(issued)) = (rejected.is_empty(), issued) else { return validation_error(&rejected) };

        let no = |problem: &str| validation_error(&[("value".into(), problem.into())]);
        if issued.completed {
            return no("has already been used");
        }
        if self.clock.now() >= issued.expires || issued.wrong >= self.attempts {
            return Reply::json(200, &issued.shown(id, "expired"));
        }
        if value != issued.value {
            issued.wrong += 1;
            return no("is invalid");
        }
        issued.completed = true;
        Reply::json(200, &issued.shown(id, "completed"))
    }
}

impl Issued {
    fn shown(&self, id: &str, status: &str) -> Value {
        json!({
            "challengeID": id,
            "type": self.kind,
            "identifierValue": self.identifier,
            "value": self.value,
            "expires": unix_seconds(self.expires),
            "status": status,
        })
    }
}

impl Vendor for Corbado {
    fn contract(&self) -> &Contract {
        self.contract
    }

    fn authorize(&self, _: &Documented, headers: &HeaderMap) -> Result<(), &'static str> {
        let given = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
        if given == Some(self.authorization.expose().as_bytes()) { Ok(()) } else { Err("expected Basic with the project's id and API secret") }
    }

    fn answer(&self, call: Call<'_>) -> Reply {
        match call.documented.operation {
            Operation::Verify => self.update(&call),
            _ => self.create(&call),
        }
    }

    fn refuse(&self, refusal: &Refusal) -> Reply {
        let kind = match refusal {
            Refusal::NotHttp | Refusal::NotJson(_) => "invalid_json",
            Refusal::TooLarge => "validation_error",
            Refusal::NotFound => "not_found",
            Refusal::Method => "method_not_allowed",
            Refusal::Unauthorized => "login_error",
            Refusal::Status(400 | 422) => "validation_error",
            Refusal::Status(401) => "login_error",
            Refusal::Status(404) => "not_found",
            Refusal::Status(405) => "method_not_allowed",
            Refusal::Status(409) => "already_exists",
            Refusal::Status(429) => "rate_limited",
            Refusal::Status(_) => "internal_error",
        };
        envelope(refusal.status(), &json!({ "type": kind, "details": refusal.message() }))
    }
}

/// What the document has against a request, as Corbado words it.
fn rejected(findings: &[Finding]) -> Vec<Rejected> {
    findings
        .iter()
        .map(|finding| {
            let field = finding.pointer.trim_start_matches('/').split_once('/').map_or("", |(_, field)| field).replace('/', ".");
            let message = if finding.message == "is required" { "cannot be blank" } else { finding.message.as_str() };
            (field, message.to_owned())
        })
        .collect()
}

fn address_problem(kind: &str, address: &str) -> Option<&'static str> {
    let is_phone = address.strip_prefix('+').is_some_and(|digits| digits.len() >= 5 && digits.bytes().all(|byte| byte.is_ascii_digit()));
    let is_email = address.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty());
    match (address.chars().count(), kind) {
        (0, _) => Some("cannot be blank"),
        (1 | 2 | 256.., _) => Some("the length must be between 3 and 255"),
        (_, "sms_otp") if !is_phone => Some("must be a valid phone number"),
        (_, "email_otp" | "email_link") if !is_email => Some("must be a valid email address"),
        _ => None,
    }
}

fn validation_error(rejected: &[Rejected]) -> Reply {
    let validation: Vec<Value> = rejected.iter().map(|(field, message)| json!({ "field": field, "message": message })).collect();
    envelope(400, &json!({ "type": "validation_error", "validation": validation }))
}

fn envelope(status: u16, error: &Value) -> Reply {
    let message = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    let body = json!({
        "httpStatusCode": status,
        "message": message,
        "requestData": { "requestID": format!("req-{}", fresh::digits(19)), "link": "" },
        "runtime": 0.0625,
        "error": error,
    });
    Reply::json(status, &body)
}
