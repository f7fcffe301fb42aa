//! What Authsignal does with a request.

use std::{
    io,
    sync::{LazyLock, Mutex},
    time::{Duration, SystemTime},
};

use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    AuthsignalSettings,
    webhooks::{self, SentMessage, Webhooks},
};
use crate::{
    model::{ChallengeRequest, Method, Personal, ProviderId, Secret},
    testing::{
        ChallengeState, Clock, KnownChallenge, Message, Operation,
        builder::Settings,
        clock::unix_seconds,
        codes::Codes,
        contract::{Contract, Contracted, Documented, NamedOperation},
        fresh, locked,
        server::{Behaviour, Denial, ExpectedBasic, HttpReply, Incoming, Sample, message_to},
        store::Store,
        text::{is_email_address, is_phone_number},
        weight::{self, Weigh},
    },
};

const OPERATIONS: &[NamedOperation] = &[
    ("POST", "/challenge", Operation::CREATE),
    ("POST", "/verify", Operation::VERIFY),
    ("POST", "/claim", Operation::CLAIM),
    ("POST", "/validate", Operation::VALIDATE),
    ("GET", "/challenges", Operation::ACTIVE),
];

static CONTRACT: Contracted = LazyLock::new(|| Contract::read(include_str!("../../../../specs/authsignal.json"), "/v1", OPERATIONS));

/// How long a challenge lives, and a token.
const LIFETIME: Duration = Duration::from_secs(600);
/// The longest text that is kept.
const LONGEST: usize = 1024;

pub(super) struct AuthsignalBehaviour {
    contract: &'static Contract,
    authorization: ExpectedBasic,
    secret_key: Secret,
    codes: Codes,
    attempts: u32,
    clock: Clock,
    webhooks: Option<Webhooks>,
    undeliverable: Vec<Personal>,
    state: Mutex<State>,
}

#[derive(Serialize)]
struct State {
    challenges: Store<Issued>,
    tokens: Store<Claimed>,
}

impl Default for State {
    fn default() -> Self {
        Self { challenges: Store::of_at_most(10_000), tokens: Store::of_at_most(10_000) }
    }
}

/// A challenge that was started.
#[derive(Clone, Deserialize, Serialize)]
struct Issued {
    method: String,
    channel: Option<String>,
    action: String,
    address: String,
    group: String,
    code: String,
    created: SystemTime,
    expires: SystemTime,
    wrong: u32,
    verified: Option<SystemTime>,
}

/// What a token stands for.
#[derive(Clone, Deserialize, Serialize)]
struct Claimed {
    challenge: Issued,
    user_id: String,
    at: SystemTime,
}

impl Weigh for Issued {
    fn weight(&self) -> usize {
        weight::of_texts([&*self.method, self.channel.as_deref().unwrap_or_default(), &self.action, &self.address, &self.group, &self.code])
    }
}

impl Weigh for Claimed {
    fn weight(&self) -> usize {
        self.challenge.weight() + self.user_id.len()
    }
}

impl AuthsignalBehaviour {
    pub(super) fn new(settings: &Settings, vendor: AuthsignalSettings) -> io::Result<Self> {
        let url = webhooks::url(vendor.webhook.expose()).map_err(|problem| io::Error::new(io::ErrorKind::InvalidInput, format!("webhook: {problem}")))?;
        let webhooks = url.map(|url| Webhooks::start(url, vendor.secret_key.clone(), settings.clock.clone())).transpose()?;
        Ok(Self {
            contract: Contract::of(&CONTRACT)?,
            authorization: ExpectedBasic::new(vendor.secret_key.expose(), ""),
            secret_key: vendor.secret_key,
            codes: settings.codes.clone(),
            attempts: settings.attempts,
            clock: settings.clock.clone(),
            webhooks,
            undeliverable: vendor.undeliverable,
            state: Mutex::new(State::default()),
        })
    }

    fn challenge(&self, incoming: &Incoming<'_>) -> HttpReply {
        if let Some(id) = incoming.text("challengeId") {
            return self.send_again(incoming, id);
        }
        let method = incoming.text("verificationMethod").unwrap_or_default();
        let field = if method == "EMAIL_OTP" { "email" } else { "phoneNumber" };
        let address = incoming.text(field).unwrap_or_default();
        let problem = match (field, address) {
            (_, "") => Some("is required"),
            ("email", address) if !is_email_address(address) => Some("expected an e-mail address"),
            ("phoneNumber", number) if !is_phone_number(number, 7..=15) => Some("expected a phone number in E.164 form"),
            _ => None,
        };
        if let Some(problem) = problem {
            return invalid_request(&format!("{field}: {problem}"));
        }
        let now = self.clock.now();
        let issued = Issued {
            method: method.to_owned(),
            channel: incoming.text("smsChannel").map(str::to_owned),
            action: incoming.text("action").unwrap_or_default().to_owned(),
            address: address.to_owned(),
            group: incoming.text("idempotencyKey").map_or_else(fresh::uuid, str::to_owned),
            code: self.codes.of(address).unwrap_or_else(|| fresh::digits(6)),
            created: now,
            expires: now.checked_add(LIFETIME).unwrap_or(now),
            wrong: 0,
            verified: None,
        };
        let id = fresh::uuid();
        let reply = issued.started(&id);
        // Before the message: whoever hears of it finds its challenge.
        locked(&self.state).challenges.insert(id.clone(), issued.clone());
        self.send(incoming, &id, &issued);
        reply
    }

    fn send_again(&self, incoming: &Incoming<'_>, id: &str) -> HttpReply {
        let issued = locked(&self.state).challenges.get(id).cloned();
        match issued {
            None => not_found("challengeId: no such challenge"),
            Some(issued) if issued.verified.is_some() => invalid_request("challengeId: the challenge is verified already"),
            Some(issued) if self.clock.now() >= issued.expires => invalid_request("challengeId: the challenge has expired"),
            Some(issued) => {
                self.send(incoming, id, &issued);
                issued.started(id)
            }
        }
    }

    fn send(&self, incoming: &Incoming<'_>, id: &str, issued: &Issued) {
        let method = issued.means();
        incoming.send(Message {
            method,
            to: Personal::new(issued.address.as_str()),
            code: Secret::new(issued.code.as_str()),
            link: None,
            sent_at: self.clock.now(),
            challenge_id: id.to_owned(),
        });
        if let Some(webhooks) = &self.webhooks {
            let (field, recipient) = issued.contact();
            webhooks.sent(&SentMessage {
                method,
                verification_method: &issued.method,
                action: &issued.action,
                idempotency_key: &issued.group,
                field,
                recipient,
                is_undeliverable: self.undeliverable.iter().any(|known| known.as_str() == recipient),
            });
        }
    }

    fn verify(&self, incoming: &Incoming<'_>) -> HttpReply {
        let now = self.clock.now();
        let mut state = locked(&self.state);
        let Some(issued) = incoming.text("challengeId").and_then(|id| state.challenges.get_mut(id)) else {
            return not_found("challengeId: no such challenge");
        };
        let no = |reason: &str| HttpReply::json(200, &json!({ "isVerified": false, "failureReason": reason }));
        if issued.wrong >= self.attempts {
            return no("MAX_ATTEMPTS_EXCEEDED");
        }
        if issued.verified.is_some() || now >= issued.expires {
            return no("CODE_INVALID_OR_EXPIRED");
        }
        if incoming.text("verificationCode") != Some(issued.code.as_str()) {
            issued.wrong += 1;
            return no("CODE_INVALID_OR_EXPIRED");
        }
        issued.verified = Some(now);
        let (field, address) = issued.contact();
        HttpReply::json(200, &json!({ "isVerified": true, field: address, "verificationMethod": issued.method }))
    }

    fn claim(&self, incoming: &Incoming<'_>) -> HttpReply {
        let now = self.clock.now();
        let mut state = locked(&self.state);
        let Some(issued) = incoming.text("challengeId").and_then(|id| state.challenges.get(id)).cloned() else {
            return not_found("challengeId: no such challenge");
        };
        if issued.verified.is_none() && incoming.body["skipVerificationCheck"] != Value::Bool(true) {
            return invalid_request("challengeId: the challenge is not verified");
        }
        let token = format!("eyJhbGciOiJIUzI1NiJ9.{}.{}", fresh::alphanumeric(48), fresh::alphanumeric(43));
        let reply = HttpReply::json(200, &json!({ "token": token, "verificationMethod": issued.method }));
        let user_id = incoming.text("userId").unwrap_or_default().to_owned();
        state.tokens.insert(token, Claimed { challenge: issued, user_id, at: now });
        reply
    }

    fn validate(&self, incoming: &Incoming<'_>) -> HttpReply {
        let claimed = incoming.text("token").and_then(|token| locked(&self.state).tokens.get(token).cloned());
        let no = |code: &str, words: &str| HttpReply::json(200, &json!({ "isValid": false, "error": code, "errorCode": code, "errorDescription": words }));
        let Some(Claimed { challenge, user_id, at }) = claimed else {
            return no("invalid_token", "The token is not known.");
        };
        if at.checked_add(LIFETIME).is_none_or(|end| self.clock.now() >= end) {
            return no("expired_token", "The token has expired.");
        }
        for (field, is) in [("userId", &user_id), ("action", &challenge.action)] {
            if incoming.text(field).is_some_and(|wanted| wanted != is) {
                return no("invalid_request", &format!("The token is for another {field}."));
            }
        }
        let (is_valid, state) = if challenge.verified.is_some() { (true, "CHALLENGE_SUCCEEDED") } else { (false, "CHALLENGE_REQUIRED") };
        HttpReply::json(
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

    fn active(&self, incoming: &Incoming<'_>) -> HttpReply {
        let now = self.clock.now();
        // A challenge has no user before it is claimed, and then it is no longer active.
        let fits = |id: &str, issued: &Issued| {
            let wanted = |name: &str, is: &str| incoming.asked(name).is_none_or(|wanted| wanted == is);
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
        HttpReply::json(200, &Value::Object(body))
    }
}

impl Issued {
    fn started(&self, id: &str) -> HttpReply {
        HttpReply::json(200, &json!({ "challengeId": id, "idempotencyKey": self.group, "expiresAt": unix_seconds(self.expires) }))
    }

    fn means(&self) -> Method {
        match (self.method.as_str(), self.channel.as_deref()) {
            ("EMAIL_OTP", _) => Method::EmailOtp,
            ("WHATSAPP", _) | (_, Some("WHATSAPP")) => Method::WhatsAppOtp,
            _ => Method::SmsOtp,
        }
    }

    fn contact(&self) -> (&'static str, &str) {
        (if self.method == "EMAIL_OTP" { "email" } else { "phoneNumber" }, &self.address)
    }
}

impl Behaviour for AuthsignalBehaviour {
    fn contract(&self) -> &Contract {
        self.contract
    }

    fn base_path(&self) -> &'static str {
        "/v1"
    }

    fn config_members(&self) -> Vec<(&'static str, String)> {
        vec![("secret_key", self.secret_key.expose().to_owned())]
    }

    fn authorize(&self, _: &Documented, headers: &HeaderMap) -> Result<(), &'static str> {
        if self.authorization.is_in(headers) { Ok(()) } else { Err("expected Basic with the secret key as user name and an empty password") }
    }

    fn answer(&self, incoming: Incoming<'_>) -> HttpReply {
        if !incoming.findings.is_empty() {
            let fields = incoming.findings.iter().map(|finding| format!("{}: {}", finding.field(), finding.message)).collect::<Vec<_>>();
            return invalid_request(&fields.join("; "));
        }
        let is_long = |value: &Value| value.as_str().is_some_and(|text| text.len() > LONGEST);
        if let Some((field, _)) = incoming.body.as_object().into_iter().flatten().find(|(_, value)| is_long(value)) {
            return invalid_request(&format!("{field}: is too long"));
        }
        match incoming.documented.operation {
            Operation::VERIFY => self.verify(&incoming),
            Operation::CLAIM => self.claim(&incoming),
            Operation::VALIDATE => self.validate(&incoming),
            Operation::ACTIVE => self.active(&incoming),
            _ => self.challenge(&incoming),
        }
    }

    fn samples(&self) -> Vec<Sample> {
        let sample = |title, body: Value| Sample {
            title,
            path: "/challenge".to_owned(),
            user: Some((self.secret_key.expose().to_owned(), String::new())),
            media_type: "application/json",
            body: body.to_string(),
        };
        vec![
            sample("a code by e-mail", json!({ "verificationMethod": "EMAIL_OTP", "action": "login", "email": "jane@doe.com" })),
            sample("a code by text message", json!({ "verificationMethod": "SMS", "action": "login", "phoneNumber": "+64270000000" })),
            sample("a code by WhatsApp", json!({ "verificationMethod": "SMS", "smsChannel": "WHATSAPP", "action": "login", "phoneNumber": "+64270000000" })),
        ]
    }

    fn challenges(&self) -> Vec<KnownChallenge> {
        let now = self.clock.now();
        let known = |(id, issued): (&String, &Issued)| KnownChallenge {
            id: Secret::new(id.as_str()),
            method: Some(issued.means()),
            to: Some(Personal::new(issued.address.as_str())),
            state: match issued {
                Issued { verified: Some(_), .. } => ChallengeState::Verified,
                Issued { wrong, .. } if *wrong >= self.attempts => ChallengeState::TooManyAttempts,
                Issued { expires, .. } if now >= *expires => ChallengeState::Expired,
                _ => ChallengeState::Pending,
            },
            wrong_answers: issued.wrong,
            created_at: issued.created,
            expires_at: issued.expires,
        };
        locked(&self.state).challenges.oldest_first().map(known).collect()
    }

    fn forget(&self) {
        self.webhooks.iter().for_each(Webhooks::forget);
        *locked(&self.state) = State::default();
    }

    fn save(&self) -> Value {
        json!(&*locked(&self.state))
    }

    fn restore(&self, saved: &Value) -> serde_json::Result<()> {
        let mut restored = State::default();
        restored.challenges.restore(&saved["challenges"])?;
        restored.tokens.restore(&saved["tokens"])?;
        *locked(&self.state) = restored;
        Ok(())
    }

    fn person(&self, name: &str) -> ChallengeRequest {
        let request = message_to(name);
        request.with_user_id_at(ProviderId::AUTHSIGNAL, name).with_action("login")
    }

    fn deny(&self, denial: &Denial) -> HttpReply {
        match denial {
            Denial::Unauthorized | Denial::Status(401) => {
                error(401, "unauthorized", "The request is unauthorized. Check that your API key and region base URL are correctly configured.")
            }
            Denial::Status(429) => error(429, "too_many_requests", denial.message()),
            Denial::Status(status @ 500..) => error(*status, "internal_error", denial.message()),
            other => error(other.status(), "invalid_request", other.message()),
        }
    }
}

fn invalid_request(words: &str) -> HttpReply {
    error(400, "invalid_request", words)
}

fn not_found(words: &str) -> HttpReply {
    error(404, "invalid_request", words)
}

/// Gives the code under two names: some SDKs read one, some the other.
fn error(status: u16, code: &str, words: &str) -> HttpReply {
    HttpReply::json(status, &json!({ "error": code, "errorCode": code, "errorDescription": words }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_enumerations_of_replies_are_found() {
        let found = Contract::of(&CONTRACT).expect("a document").enumerations();
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["failureReason", "smsChannel", "state", "verificationMethod"]);
    }
}
