//! What Corbado does with a request.

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::{LazyLock, Mutex},
    time::{Duration, SystemTime},
};

use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::CorbadoSettings;
use crate::{
    model::{ChallengeRequest, ClientContext, Method, Personal, ProviderId, Secret},
    testing::{
        ChallengeState, Clock, KnownChallenge, Message, Operation,
        builder::Settings,
        clock::unix_seconds,
        codes::Codes,
        contract::{Contract, Contracted, Documented, Finding, NamedOperation},
        fresh, locked,
        seed::SeedUser,
        server::{Behaviour, Denial, ExpectedBasic, HttpReply, Incoming, Sample, message_to},
        store::Store,
        text::{is_email_address, is_phone_number},
        weight::{self, Weigh},
    },
};

const OPERATIONS: &[NamedOperation] =
    &[("POST", "/users/{userID}/challenges", Operation::CREATE), ("PATCH", "/users/{userID}/challenges/{challengeID}", Operation::VERIFY)];

static CONTRACT: Contracted = LazyLock::new(|| Contract::read(include_str!(concat!(env!("OUT_DIR"), "/corbado.spec.json")), "/v2", OPERATIONS));

/// How long a challenge lives where the request does not say.
const LIFETIME: u64 = 300;

/// The user of Corbado's reference page, for those who are told that every user is known.
const EXAMPLE_USER: &str = "usr-4693224802260150919";

/// How many names are kept.
const MOST_NAMES: usize = 10_000;

pub(super) struct CorbadoBehaviour {
    contract: &'static Contract,
    authorization: ExpectedBasic,
    project_id: String,
    api_secret: Secret,
    /// Those that were given at the start.
    given: Users,
    users: Mutex<Users>,
    codes: Codes,
    attempts: u32,
    clock: Clock,
    challenges: Mutex<Store<Issued>>,
}

/// The users that Corbado knows.
#[derive(Clone, Deserialize, Serialize)]
struct Users {
    known: HashSet<String>,
    /// All are known but this one.
    any_but: Option<String>,
    /// By the name they were added under.
    names: HashMap<String, NamedUser>,
}

#[derive(Clone, Deserialize, Serialize)]
struct NamedUser {
    id: String,
    /// Whether the double made the id, and may forget it.
    is_made: bool,
}

impl Users {
    fn knows(&self, id: &str) -> bool {
        match &self.any_but {
            Some(unknown) => id != unknown,
            None => self.known.contains(id),
        }
    }

    fn add(&mut self, name: &str) -> String {
        // Names may come in over the control port without end: the id of one that comes again then is a new one.
        if self.names.len() >= MOST_NAMES && !self.names.contains_key(name) {
            let made: HashSet<String> = self.names.extract_if(|_, user| user.is_made).map(|(_, user)| user.id).collect();
            self.known.retain(|id| !made.contains(id));
        }
        let made = || NamedUser { id: format!("usr-{}", fresh::digits(19)), is_made: true };
        let id = self.names.entry(name.to_owned()).or_insert_with(made).id.clone();
        self.known.insert(id.clone());
        id
    }
}

/// A challenge that was made.
#[derive(Deserialize, Serialize)]
struct Issued {
    user_id: String,
    kind: String,
    identifier: String,
    value: String,
    created: SystemTime,
    expires: SystemTime,
    wrong: u32,
    completed: bool,
}

impl Weigh for Issued {
    fn weight(&self) -> usize {
        weight::of_texts([&*self.user_id, &self.kind, &self.identifier, &self.value])
    }
}

/// A field that Corbado does not accept, and why.
type Complaint = (String, String);

impl CorbadoBehaviour {
    pub(super) fn new(settings: &Settings, vendor: CorbadoSettings) -> io::Result<Self> {
        let CorbadoSettings { project_id, api_secret, users, unknown } = vendor;
        let given = Users { known: users.into_iter().collect(), any_but: unknown, names: HashMap::new() };
        Ok(Self {
            contract: Contract::of(&CONTRACT)?,
            authorization: ExpectedBasic::new(&project_id, api_secret.expose()),
            project_id,
            api_secret,
            users: Mutex::new(given.clone()),
            given,
            codes: settings.codes.clone(),
            attempts: settings.attempts,
            clock: settings.clock.clone(),
            challenges: Mutex::new(Store::of_at_most(10_000)),
        })
    }

    /// Gives the id of the user of a name, who is added if need be.
    pub(super) fn user_of(&self, name: &str) -> String {
        locked(&self.users).add(name)
    }

    fn create(&self, incoming: &Incoming<'_>) -> HttpReply {
        let mut complaints = complaints(&incoming.findings);
        let user_id = incoming.part("userID");
        if !locked(&self.users).knows(user_id) {
            complaints.push(("userID".into(), "does not exist".into()));
        }
        let kind = incoming.text("challengeType").unwrap_or_default();
        let identifier = incoming.text("identifierValue").unwrap_or_default();
        if incoming.text("identifierValue").is_some()
            && let Some(problem) = address_problem(kind, identifier)
        {
            complaints.push(("identifierValue".into(), problem.into()));
        }
        let lifetime = match &incoming.body["lifetimeSeconds"] {
            Value::Null => Some(LIFETIME),
            given => given.as_u64().filter(|seconds| (1..=u64::from(u32::MAX)).contains(seconds)),
        };
        if lifetime.is_none() && !complaints.iter().any(|(field, _)| field == "lifetimeSeconds") {
            complaints.push(("lifetimeSeconds".into(), "must be no less than 1".into()));
        }
        let (true, Some(lifetime)) = (complaints.is_empty(), lifetime) else { return validation_error(&complaints) };

        let now = self.clock.now();
        let is_link = kind == "email_link";
        let value = self.codes.of(identifier).unwrap_or_else(|| if is_link { fresh::alphanumeric(32) } else { fresh::digits(6) });
        let id = format!("cha-{}", fresh::digits(19));
        let issued = Issued {
            user_id: user_id.to_owned(),
            kind: kind.to_owned(),
            identifier: identifier.to_owned(),
            value: value.clone(),
            created: now,
            expires: now.checked_add(Duration::from_secs(lifetime)).unwrap_or(now),
            wrong: 0,
            completed: false,
        };
        let reply = HttpReply::json(200, &issued.shown(&id, "pending"));
        locked(&self.challenges).insert(id.clone(), issued);
        incoming.send(Message {
            method: means(kind),
            to: Personal::new(identifier),
            link: is_link.then(|| Secret::new(format!("https://login.example/challenge?token={value}"))),
            code: Secret::new(value),
            sent_at: now,
            challenge_id: id,
        });
        reply
    }

    fn update(&self, incoming: &Incoming<'_>) -> HttpReply {
        let mut complaints = complaints(&incoming.findings);
        let (user_id, id) = (incoming.part("userID"), incoming.part("challengeID"));
        let mut challenges = locked(&self.challenges);
        let issued = challenges.get_mut(id).filter(|issued| issued.user_id == user_id);
        if !locked(&self.users).knows(user_id) {
            complaints.push(("userID".into(), "does not exist".into()));
        } else if issued.is_none() {
            complaints.push(("challengeID".into(), "does not exist".into()));
        }
        let value = incoming.text("value").unwrap_or_default();
        if incoming.text("value") == Some("") {
            complaints.push(("value".into(), "cannot be blank".into()));
        }
        let (true, Some(issued)) = (complaints.is_empty(), issued) else { return validation_error(&complaints) };

        let no = |problem: &str| validation_error(&[("value".into(), problem.into())]);
        if issued.completed {
            return no("has already been used");
        }
        if self.clock.now() >= issued.expires || issued.wrong >= self.attempts {
            return HttpReply::json(200, &issued.shown(id, "expired"));
        }
        if value != issued.value {
            issued.wrong += 1;
            return no("is invalid");
        }
        issued.completed = true;
        HttpReply::json(200, &issued.shown(id, "completed"))
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

impl Behaviour for CorbadoBehaviour {
    fn contract(&self) -> &Contract {
        self.contract
    }

    fn base_path(&self) -> &'static str {
        "/v2"
    }

    fn config_members(&self) -> Vec<(&'static str, String)> {
        vec![("project_id", self.project_id.clone()), ("api_secret", self.api_secret.expose().to_owned())]
    }

    fn access_members(&self) -> Vec<(&'static str, String)> {
        let mut members = self.config_members();
        if locked(&self.users).knows(EXAMPLE_USER) {
            members.push(("user_id", EXAMPLE_USER.into()));
        }
        members
    }

    fn authorize(&self, _: &Documented, headers: &HeaderMap) -> Result<(), &'static str> {
        if self.authorization.is_in(headers) { Ok(()) } else { Err("expected Basic with the project's id and API secret") }
    }

    fn answer(&self, incoming: Incoming<'_>) -> HttpReply {
        match incoming.documented.operation {
            Operation::VERIFY => self.update(&incoming),
            _ => self.create(&incoming),
        }
    }

    fn samples(&self) -> Vec<Sample> {
        let sample = |title, kind: &str, to: &str| Sample {
            title,
            path: format!("/users/{}/challenges", if locked(&self.users).knows(EXAMPLE_USER) { EXAMPLE_USER.to_owned() } else { self.user_of("jane@doe.com") }),
            user: Some((self.project_id.clone(), self.api_secret.expose().to_owned())),
            media_type: "application/json",
            body: json!({
                "challengeType": kind,
                "identifierValue": to,
                "clientInformation": {
                    "remoteAddress": "203.0.113.7",
                    "userAgent": "curl",
                    "userVerifyingPlatformAuthenticatorAvailable": false,
                    "conditionalMediationAvailable": false,
                    "clientCapabilities": {},
                    "parsedDeviceInfo": { "browserName": "curl", "browserVersion": "8", "osName": "Linux", "osVersion": "" },
                },
            })
            .to_string(),
        };
        vec![
            sample("a code by e-mail", "email_otp", "jane@doe.com"),
            sample("a code by text message", "sms_otp", "+64270000000"),
            sample("a link by e-mail", "email_link", "jane@doe.com"),
        ]
    }

    fn challenges(&self) -> Vec<KnownChallenge> {
        let now = self.clock.now();
        let known = |(id, issued): (&String, &Issued)| KnownChallenge {
            id: Secret::new(id.as_str()),
            method: Some(means(&issued.kind)),
            to: Some(Personal::new(issued.identifier.as_str())),
            state: match issued {
                Issued { completed: true, .. } => ChallengeState::Verified,
                Issued { wrong, .. } if *wrong >= self.attempts => ChallengeState::TooManyAttempts,
                Issued { expires, .. } if now >= *expires => ChallengeState::Expired,
                _ => ChallengeState::Pending,
            },
            wrong_answers: issued.wrong,
            created_at: issued.created,
            expires_at: issued.expires,
        };
        locked(&self.challenges).oldest_first().map(known).collect()
    }

    fn add_user(&self, user: &SeedUser) -> Result<(), &'static str> {
        let mut users = locked(&self.users);
        match (&user.id, &user.name, &user.code) {
            (_, _, Some(_)) => return Err("code: expected none, Corbado's users have no code of their own"),
            (None, None, None) => return Err("expected an id or a name"),
            (Some(id), name, None) => {
                users.known.insert(id.clone());
                if let Some(name) = name {
                    users.names.insert(name.clone(), NamedUser { id: id.clone(), is_made: false });
                }
            }
            (None, Some(name), None) => drop(users.add(name)),
        }
        Ok(())
    }

    fn forget(&self) {
        *locked(&self.users) = self.given.clone();
        locked(&self.challenges).clear();
    }

    fn save(&self) -> Value {
        json!({ "users": &*locked(&self.users), "challenges": &*locked(&self.challenges) })
    }

    fn restore(&self, saved: &Value) -> serde_json::Result<()> {
        let mut users = Users::deserialize(&saved["users"])?;
        // Whom it was told of at this start it knows, too.
        users.known.extend(self.given.known.iter().cloned());
        users.any_but.clone_from(&self.given.any_but);
        locked(&self.challenges).restore(&saved["challenges"])?;
        *locked(&self.users) = users;
        Ok(())
    }

    fn person(&self, name: &str) -> ChallengeRequest {
        let request = message_to(name);
        let client = ClientContext::new([203, 0, 113, 7]).with_user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0");
        request.with_user_id_at(ProviderId::CORBADO, self.user_of(name)).with_action("login").with_client(client)
    }

    fn deny(&self, denial: &Denial) -> HttpReply {
        let kind = match denial {
            Denial::NotHttp | Denial::Unreadable(_) => "invalid_json",
            Denial::HeadTooLarge | Denial::TooLarge => "validation_error",
            Denial::NotFound => "not_found",
            Denial::Method => "method_not_allowed",
            Denial::Unauthorized => "login_error",
            Denial::Status(400 | 422) => "validation_error",
            Denial::Status(401) => "login_error",
            Denial::Status(404) => "not_found",
            Denial::Status(405) => "method_not_allowed",
            Denial::Status(409) => "already_exists",
            Denial::Status(429) => "rate_limited",
            Denial::Status(_) => "internal_error",
        };
        envelope(denial.status(), &json!({ "type": kind, "details": denial.message() }))
    }
}

fn means(kind: &str) -> Method {
    match kind {
        "email_link" => Method::EmailLink,
        "sms_otp" => Method::SmsOtp,
        _ => Method::EmailOtp,
    }
}

/// Tells what the document has against a request, as Corbado words it.
fn complaints(findings: &[Finding]) -> Vec<Complaint> {
    let word = |finding: &Finding| {
        let message = if finding.message == "is required" { "cannot be blank" } else { finding.message.as_str() };
        (finding.field(), message.to_owned())
    };
    findings.iter().map(word).collect()
}

fn address_problem(kind: &str, address: &str) -> Option<&'static str> {
    match (address.chars().count(), kind) {
        (0, _) => Some("cannot be blank"),
        (1 | 2 | 256.., _) => Some("the length must be between 3 and 255"),
        (_, "sms_otp") if !is_phone_number(address, 5..) => Some("must be a valid phone number"),
        (_, "email_otp" | "email_link") if !is_email_address(address) => Some("must be a valid email address"),
        _ => None,
    }
}

fn validation_error(complaints: &[Complaint]) -> HttpReply {
    let validation: Vec<Value> = complaints.iter().map(|(field, message)| json!({ "field": field, "message": message })).collect();
    envelope(400, &json!({ "type": "validation_error", "validation": validation }))
}

fn envelope(status: u16, error: &Value) -> HttpReply {
    let message = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    let body = json!({
        "httpStatusCode": status,
        "message": message,
        "requestData": { "requestID": format!("req-{}", fresh::digits(19)), "link": "" },
        "runtime": 0.0625,
        "error": error,
    });
    HttpReply::json(status, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_enumerations_of_replies_are_found() {
        let found = Contract::of(&CONTRACT).expect("a document").enumerations();
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["status", "type"]);
    }

    #[test]
    fn names_that_come_without_end_are_forgotten_and_users_by_id_are_not() {
        let mut users = Users { known: HashSet::new(), any_but: None, names: HashMap::new() };
        users.known.insert("usr-1".to_owned());
        users.names.insert("jane@doe.com".to_owned(), NamedUser { id: "usr-1".to_owned(), is_made: false });
        let first = users.add("0");
        (1..3 * MOST_NAMES).for_each(|number| drop(users.add(&number.to_string())));
        assert!(users.names.len() <= MOST_NAMES && users.known.len() <= MOST_NAMES + 1, "{}", users.known.len());
        assert!(users.known.contains("usr-1") && !users.known.contains(&first));
        assert_eq!(users.add("jane@doe.com"), "usr-1");
        assert_eq!(users.add("again"), users.add("again"));
    }
}
