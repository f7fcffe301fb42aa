//! What Twilio Verify does with a request.

use std::{
    io,
    sync::{LazyLock, Mutex},
    time::{Duration, SystemTime},
};

use http::{HeaderMap, uri::Authority};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::TwilioSettings;
use crate::{
    model::{ChallengeRequest, Method, Personal, Secret},
    testing::{
        ChallengeState, Clock, KnownChallenge, Message, Operation,
        builder::Settings,
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
    ("POST", "/Services/{ServiceSid}/Verifications", Operation::CREATE),
    ("POST", "/Services/{ServiceSid}/VerificationCheck", Operation::VERIFY),
    ("GET", "/Services/{ServiceSid}/Verifications/{Sid}", Operation::FETCH),
    ("POST", "/Services/{ServiceSid}/Verifications/{Sid}", Operation::UPDATE),
];

static CONTRACT: Contracted = LazyLock::new(|| Contract::read(include_str!("../../../../specs/twilio.json"), "/v2", OPERATIONS));

/// How long a verification takes answers.
const LIFETIME: Duration = Duration::from_secs(600);
/// How long it can be read.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) struct TwilioBehaviour {
    contract: &'static Contract,
    authorizations: Vec<ExpectedBasic>,
    vendor: TwilioSettings,
    codes: Codes,
    attempts: u32,
    clock: Clock,
    verifications: Mutex<Store<Verification>>,
}

#[derive(Clone, Deserialize, Serialize)]
struct Verification {
    sid: String,
    to: String,
    channel: Channel,
    code: String,
    /// When each message was sent, by which channel, and its id.
    sends: Vec<(SystemTime, Channel, String)>,
    wrong: u32,
    end: Option<End>,
    created: SystemTime,
    updated: SystemTime,
}

impl Weigh for Verification {
    fn weight(&self) -> usize {
        weight::of_texts([&*self.sid, &self.to, &self.code]) + self.sends.len() * weight::ENTRY
    }
}

/// The channels that there is somebody to ask at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Channel {
    Sms,
    WhatsApp,
    Call,
    Email,
}

impl Channel {
    fn named(name: &str) -> Option<Self> {
        serde_json::from_value(name.into()).ok()
    }

    fn means(self) -> Method {
        match self {
            Self::Sms => Method::SmsOtp,
            Self::WhatsApp => Method::WhatsAppOtp,
            Self::Call => Method::VoiceOtp,
            Self::Email => Method::EmailOtp,
        }
    }
}

/// How a verification ended before its time.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
enum End {
    Approved,
    Canceled,
}

/// An error in the vendor's list: HTTP status, number and words.
type VendorError = (u16, u32, String);

impl TwilioBehaviour {
    pub(super) fn new(settings: &Settings, vendor: TwilioSettings) -> io::Result<Self> {
        let mut authorizations = vec![ExpectedBasic::new(&vendor.account_sid, vendor.auth_token.expose())];
        authorizations.extend(vendor.api_key.as_ref().map(|(sid, secret)| ExpectedBasic::new(sid, secret.expose())));
        Ok(Self {
            contract: Contract::of(&CONTRACT)?,
            authorizations,
            vendor,
            codes: settings.codes.clone(),
            attempts: settings.attempts,
            clock: settings.clock.clone(),
            verifications: Mutex::new(Store::of_at_most(10_000)),
        })
    }

    fn create(&self, incoming: &Incoming<'_>) -> Result<HttpReply, VendorError> {
        let to = incoming.text("To").unwrap_or_default();
        let channel = incoming.text("Channel").and_then(Channel::named).ok_or_else(|| invalid("Channel", incoming))?;
        let fits = if channel == Channel::Email { is_email_address(to) } else { is_phone_number(to, 7..=15) };
        if !fits {
            return Err(invalid("To", incoming));
        }
        let custom_code = incoming.text("CustomCode");
        if custom_code.is_some_and(|code| !(4..=10).contains(&code.chars().count())) {
            return Err(invalid("CustomCode", incoming));
        }
        let now = self.clock.now();
        let mut verifications = locked(&self.verifications);
        let pending = verifications.newest_first().map(|(_, known)| known).find(|known| known.to == to && self.is_pending(known)).cloned();
        let mut verification = pending.unwrap_or_else(|| Verification {
            sid: sid("VE"),
            to: to.to_owned(),
            channel,
            code: custom_code.map(str::to_owned).or_else(|| self.codes.of(to)).unwrap_or_else(|| fresh::digits(6)),
            sends: Vec::new(),
            wrong: 0,
            end: None,
            created: now,
            updated: now,
        });
        if self.vendor.max_sends.is_some_and(|most| verification.sends.len() as u64 >= u64::from(most)) {
            return Err((429, 60203, "Max send attempts reached".into()));
        }
        verification.sends.push((now, channel, sid("VL")));
        (verification.channel, verification.updated) = (channel, now);
        let reply = HttpReply::json(201, &self.shown(&verification, incoming));
        let (code, challenge_id) = (Secret::new(verification.code.as_str()), verification.sid.clone());
        verifications.insert(challenge_id.clone(), verification);
        drop(verifications);
        incoming.send(Message { method: channel.means(), to: Personal::new(to), code, link: None, sent_at: now, challenge_id });
        Ok(reply)
    }

    fn check(&self, incoming: &Incoming<'_>) -> Result<HttpReply, VendorError> {
        let (named, to) = (incoming.text("VerificationSid"), incoming.text("To"));
        if named.is_none() && to.is_none() {
            return Err(invalid("To", incoming));
        }
        let Some(code) = incoming.text("Code").filter(|code| (4..=10).contains(&code.chars().count())) else {
            return Err(invalid("Code", incoming));
        };
        let now = self.clock.now();
        let mut verifications = locked(&self.verifications);
        let is_meant = |known: &Verification| named.is_none_or(|sid| known.sid == sid) && to.is_none_or(|to| known.to == to);
        let meant = verifications.newest_first().map(|(_, known)| known).find(|known| is_meant(known)).filter(|known| self.is_open(known));
        let Some(sid) = meant.map(|known| known.sid.clone()) else { return Err(not_found(incoming)) };
        let Some(verification) = verifications.get_mut(&sid) else { return Err(not_found(incoming)) };
        if verification.wrong >= self.attempts {
            return Err((429, 60202, "Max check attempts reached".into()));
        }
        verification.updated = now;
        if code == verification.code {
            verification.end = Some(End::Approved);
        } else {
            verification.wrong += 1;
        }
        let mut shown = self.shown(verification, incoming);
        // The check that is one too many is told at the next.
        shown["status"] = if verification.end.is_some() { "approved".into() } else { "pending".into() };
        if let Some(members) = shown.as_object_mut() {
            ["lookup", "send_code_attempts", "sna", "url"].iter().for_each(|name| drop(members.remove(*name)));
            members.insert("sna_attempts_error_codes".into(), json!([]));
        }
        Ok(HttpReply::json(200, &shown))
    }

    fn fetch(&self, incoming: &Incoming<'_>) -> Result<HttpReply, VendorError> {
        let verifications = locked(&self.verifications);
        let known = verifications.get(incoming.part("Sid")).filter(|known| !self.is_older(known, KEPT));
        let verification = known.ok_or_else(|| not_found(incoming))?;
        Ok(HttpReply::json(200, &self.shown(verification, incoming)))
    }

    fn update(&self, incoming: &Incoming<'_>) -> Result<HttpReply, VendorError> {
        let mut verifications = locked(&self.verifications);
        let known = verifications.get_mut(incoming.part("Sid")).filter(|known| self.is_open(known));
        let verification = known.ok_or_else(|| not_found(incoming))?;
        verification.end = Some(if incoming.text("Status") == Some("approved") { End::Approved } else { End::Canceled });
        verification.updated = self.clock.now();
        Ok(HttpReply::json(200, &self.shown(verification, incoming)))
    }

    fn is_older(&self, verification: &Verification, age: Duration) -> bool {
        verification.created.checked_add(age).is_none_or(|end| self.clock.now() >= end)
    }

    /// Says whether checks of it are counted.
    fn is_open(&self, verification: &Verification) -> bool {
        verification.end.is_none() && !self.is_older(verification, LIFETIME)
    }

    fn is_pending(&self, verification: &Verification) -> bool {
        self.is_open(verification) && verification.wrong < self.attempts
    }

    fn status(&self, verification: &Verification) -> &'static str {
        match verification.end {
            Some(End::Approved) => "approved",
            Some(End::Canceled) => "canceled",
            None if self.is_older(verification, LIFETIME) => "expired",
            None if verification.wrong >= self.attempts => "max_attempts_reached",
            None => "pending",
        }
    }

    fn shown(&self, verification: &Verification, incoming: &Incoming<'_>) -> Value {
        let attempt = |(time, channel, sid): &(SystemTime, Channel, String)| json!({ "time": iso(*time), "channel": channel, "attempt_sid": sid });
        let service = &self.vendor.service_sid;
        json!({
            "sid": verification.sid,
            "service_sid": service,
            "account_sid": self.vendor.account_sid,
            "to": verification.to,
            "channel": verification.channel,
            "status": self.status(verification),
            "valid": verification.end == Some(End::Approved),
            "date_created": iso(verification.created),
            "date_updated": iso(verification.updated),
            "lookup": {},
            "amount": null,
            "payee": null,
            "send_code_attempts": verification.sends.iter().map(attempt).collect::<Vec<_>>(),
            "sna": null,
            "url": format!("http://{}/v2/Services/{service}/Verifications/{}", host(incoming), verification.sid),
        })
    }
}

impl Behaviour for TwilioBehaviour {
    fn contract(&self) -> &Contract {
        self.contract
    }

    fn base_path(&self) -> &'static str {
        "/v2"
    }

    fn config_members(&self) -> Vec<(&'static str, String)> {
        let TwilioSettings { account_sid, auth_token, service_sid, .. } = &self.vendor;
        vec![("account_sid", account_sid.clone()), ("auth_token", auth_token.expose().to_owned()), ("service_sid", service_sid.clone())]
    }

    fn authorize(&self, _: &Documented, headers: &HeaderMap) -> Result<(), &'static str> {
        let is_known = self.authorizations.iter().any(|expected| expected.is_in(headers));
        if is_known { Ok(()) } else { Err("expected Basic with the account's SID and auth token, or with an API key and its secret") }
    }

    fn answer(&self, incoming: Incoming<'_>) -> HttpReply {
        let answered = match incoming.findings.first() {
            _ if incoming.part("ServiceSid") != self.vendor.service_sid => Err(not_found(&incoming)),
            Some(finding) => Err(invalid(&finding.field(), &incoming)),
            None => match incoming.documented.operation {
                Operation::VERIFY => self.check(&incoming),
                Operation::FETCH => self.fetch(&incoming),
                Operation::UPDATE => self.update(&incoming),
                _ => self.create(&incoming),
            },
        };
        answered.unwrap_or_else(|told| error(&told)).with_header("twilio-request-id", &sid("RQ"))
    }

    fn samples(&self) -> Vec<Sample> {
        let path = format!("/Services/{}/Verifications", self.vendor.service_sid);
        let sample = |title, body: &str| Sample {
            title,
            path: path.clone(),
            user: Some((self.vendor.account_sid.clone(), self.vendor.auth_token.expose().to_owned())),
            media_type: "application/x-www-form-urlencoded",
            body: body.to_owned(),
        };
        vec![
            sample("a code by text message", "To=%2B64270000000&Channel=sms"),
            sample("a code by WhatsApp", "To=%2B64270000001&Channel=whatsapp"),
            sample("a code by e-mail", "To=jane%40doe.com&Channel=email"),
        ]
    }

    fn challenges(&self) -> Vec<KnownChallenge> {
        let known = |(_, verification): (&String, &Verification)| KnownChallenge {
            id: Secret::new(verification.sid.as_str()),
            method: Some(verification.channel.means()),
            to: Some(Personal::new(verification.to.as_str())),
            state: match self.status(verification) {
                "approved" => ChallengeState::Verified,
                "canceled" => ChallengeState::Canceled,
                "expired" => ChallengeState::Expired,
                "max_attempts_reached" => ChallengeState::TooManyAttempts,
                _ => ChallengeState::Pending,
            },
            wrong_answers: verification.wrong,
            created_at: verification.created,
            expires_at: verification.created.checked_add(LIFETIME).unwrap_or(verification.created),
        };
        locked(&self.verifications).oldest_first().map(known).collect()
    }

    fn forget(&self) {
        locked(&self.verifications).clear();
    }

    fn save(&self) -> Value {
        json!(&*locked(&self.verifications))
    }

    fn restore(&self, saved: &Value) -> serde_json::Result<()> {
        locked(&self.verifications).restore(saved)
    }

    fn person(&self, name: &str) -> ChallengeRequest {
        message_to(name)
    }

    fn deny(&self, denial: &Denial) -> HttpReply {
        let (code, message) = match denial.status() {
            400 => (60200, "Invalid parameter"),
            401 => (20003, "Authenticate"),
            403 => (20403, "Forbidden"),
            404 => (20404, "The requested resource was not found"),
            405 => (20004, "Method not allowed"),
            429 => (20429, "Too many requests"),
            500.. => (20500, "Internal server error"),
            _ => (20001, denial.message()),
        };
        error(&(denial.status(), code, message.to_owned()))
    }
}

/// Names the parameter and quotes what was given, as the vendor does.
fn invalid(parameter: &str, incoming: &Incoming<'_>) -> VendorError {
    (400, 60200, format!("Invalid parameter `{parameter}`: {}", incoming.text(parameter).unwrap_or_default()))
}

/// Quotes the path, as the vendor does.
fn not_found(incoming: &Incoming<'_>) -> VendorError {
    let (_, path) = incoming.documented.title.split_once(' ').unwrap_or_default();
    let path = incoming.path.iter().fold(path.to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value));
    (404, 20404, format!("The requested resource /v2{path} was not found"))
}

/// Tells where the caller found the double.
fn host<'a>(incoming: &'a Incoming<'_>) -> &'a str {
    let given = incoming.headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    given.filter(|host| host.parse::<Authority>().is_ok()).unwrap_or("127.0.0.1")
}

fn error((status, code, message): &VendorError) -> HttpReply {
    let more_info = format!("https://www.twilio.com/docs/errors/{code}");
    HttpReply::json(*status, &json!({ "code": code, "message": message, "more_info": more_info, "status": status }))
}

fn sid(kind: &str) -> String {
    format!("{kind}{:032x}", fastrand::u128(..))
}

fn iso(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_enumerations_of_replies_are_found() {
        let found = Contract::of(&CONTRACT).expect("a document").enumerations();
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["channel"]);
    }

    #[tokio::test]
    async fn a_verification_is_found_at_its_url_and_an_unknown_one_is_named_by_its_path() {
        let double = crate::testing::TwilioDouble::start().await;
        let settings = TwilioSettings::default();
        let (base_url, service) = (double.base_url(), &settings.service_sid);
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let call = async |request: reqwest::RequestBuilder| -> Value {
            let request = request.basic_auth(&settings.account_sid, Some(settings.auth_token.expose()));
            request.send().await.expect("a reply").json().await.expect("JSON")
        };
        let form = client.post(format!("{base_url}/Services/{service}/Verifications")).header("content-type", "application/x-www-form-urlencoded");
        let created = call(form.body("To=jane%40doe.com&Channel=email")).await;
        let url = created["url"].as_str().expect("a URL");
        assert!(url.starts_with(&base_url), "{url}");
        assert_eq!(call(client.get(url)).await, created);
        let unknown = call(client.get(format!("{base_url}/Services/{service}/Verifications/VE0"))).await;
        assert_eq!(unknown["message"], format!("The requested resource /v2/Services/{service}/Verifications/VE0 was not found"));
    }
}
