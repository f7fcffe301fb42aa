//! What Corbado does with a request.

use std::{
    io,
    sync::{LazyLock, Mutex},
    time::{Duration, SystemTime},
};

use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    CorbadoSettings, accounts,
    reply::{complaints, error, identifier_problem, validation_error},
    users::{EXAMPLE_USER, Users},
};
use crate::{
    model::{ChallengeRequest, ClientContext, Method, Personal, ProviderId, Secret},
    testing::{
        ChallengeState, Clock, KnownChallenge, Message, Operation,
        builder::Settings,
        clock::unix_seconds,
        codes::Codes,
        contract::{Contract, Contracted, Documented, NamedOperation},
        fresh, locked,
        seed::SeedUser,
        server::{Behaviour, Denial, ExpectedBasic, HttpReply, Incoming, Sample, message_to},
        store::Store,
        weight::{self, Weigh},
    },
};

const OPERATIONS: &[NamedOperation] = &[
    ("POST", "/users/{userID}/challenges", Operation::CREATE),
    ("PATCH", "/users/{userID}/challenges/{challengeID}", Operation::VERIFY),
    ("POST", "/users", Operation::USER_CREATE),
    ("GET", "/users", Operation::USER_LIST),
    ("GET", "/users/{userID}", Operation::USER_GET),
    ("PATCH", "/users/{userID}", Operation::USER_UPDATE),
    ("DELETE", "/users/{userID}", Operation::USER_DELETE),
    ("POST", "/users/{userID}/identifiers", Operation::IDENTIFIER_CREATE),
    ("PATCH", "/users/{userID}/identifiers/{identifierID}", Operation::IDENTIFIER_UPDATE),
    ("DELETE", "/users/{userID}/identifiers/{identifierID}", Operation::IDENTIFIER_DELETE),
    ("GET", "/identifiers", Operation::IDENTIFIER_LIST),
];

static CONTRACT: Contracted = LazyLock::new(|| Contract::read(include_str!("../../../../specs/corbado.json"), "/v2", OPERATIONS));

/// How long a challenge lives where the request does not say.
const LIFETIME: u64 = 300;

pub(super) struct CorbadoBehaviour {
    contract: &'static Contract,
    authorization: ExpectedBasic,
    project_id: String,
    api_secret: Secret,
    /// The users that were given at the start; all are known but one, where that is set.
    given: Vec<String>,
    any_but: Option<String>,
    users: Mutex<Users>,
    codes: Codes,
    attempts: u32,
    clock: Clock,
    challenges: Mutex<Store<Issued>>,
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

impl CorbadoBehaviour {
    pub(super) fn new(settings: &Settings, vendor: CorbadoSettings) -> io::Result<Self> {
        let CorbadoSettings { project_id, api_secret, users, unknown } = vendor;
        Ok(Self {
            contract: Contract::of(&CONTRACT)?,
            authorization: ExpectedBasic::new(&project_id, api_secret.expose()),
            project_id,
            api_secret,
            users: Mutex::new(Users::of(&users, unknown.as_deref(), settings.clock.now())),
            given: users,
            any_but: unknown,
            codes: settings.codes.clone(),
            attempts: settings.attempts,
            clock: settings.clock.clone(),
            challenges: Mutex::new(Store::of_at_most(10_000)),
        })
    }

    /// Gives the id of the user of a name, who is added if need be.
    pub(super) fn user_of(&self, name: &str) -> String {
        locked(&self.users).of_name(name, self.clock.now())
    }

    fn create(&self, incoming: &Incoming<'_>) -> HttpReply {
        let mut complaints = complaints(&incoming.findings);
        let user_id = incoming.part("userID");
        if !locked(&self.users).knows(user_id) {
            complaints.push(("userID".into(), "does not exist".into()));
        }
        let kind = incoming.text("challengeType").unwrap_or_default();
        let identifier = incoming.text("identifierValue").unwrap_or_default();
        let identifier_type = match kind {
            "sms_otp" => "phone",
            "email_otp" | "email_link" => "email",
            _ => "",
        };
        if incoming.text("identifierValue").is_some()
            && let Some(problem) = identifier_problem(identifier_type, identifier)
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

    fn sign_up_lines(&self) -> &'static str {
        "find_or_create_users = true\n"
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
            Operation::CREATE => self.create(&incoming),
            Operation::VERIFY => self.update(&incoming),
            _ => accounts::answer(&mut locked(&self.users), &incoming, self.clock.now()),
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
        let (mut users, now) = (locked(&self.users), self.clock.now());
        match (&user.id, &user.name, &user.code) {
            (_, _, Some(_)) => return Err("code: expected none, Corbado's users have no code of their own"),
            (None, None, None) => return Err("expected an id or a name"),
            (Some(id), name, None) => users.give(id, name.as_deref(), now),
            (None, Some(name), None) => drop(users.of_name(name, now)),
        }
        Ok(())
    }

    fn forget(&self) {
        *locked(&self.users) = Users::of(&self.given, self.any_but.as_deref(), self.clock.now());
        locked(&self.challenges).clear();
    }

    fn save(&self) -> Value {
        json!({ "users": locked(&self.users).save(), "challenges": &*locked(&self.challenges) })
    }

    fn restore(&self, saved: &Value) -> serde_json::Result<()> {
        let users = Users::restored(&saved["users"], &self.given, self.any_but.as_deref(), self.clock.now())?;
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
        error(denial.status(), json!({ "type": kind, "details": denial.message() }))
    }
}

fn means(kind: &str) -> Method {
    match kind {
        "email_link" => Method::EmailLink,
        "sms_otp" => Method::SmsOtp,
        _ => Method::EmailOtp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_enumerations_of_replies_are_found() {
        let found = Contract::of(&CONTRACT).expect("a document").enumerations();
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["status", "type"]);
    }
}
