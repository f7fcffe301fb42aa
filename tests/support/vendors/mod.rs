//! One fixture per vendor: all that tests know of it. Tests iterate over [`all`] and name none.

mod authsignal;
mod corbado;
mod dfns;
mod twilio;

use std::{fmt, net::SocketAddr, sync::Arc};

use auth_challenge::{
    Answer, CallOptions, Challenge, ChallengeHandle, ChallengeProvider, ChallengeRequest, ChallengeStatus, Config, Error, ErrorKind, Field, Http, Method,
    Reason, SendState,
};
use serde_json::{Value, json};

use super::{
    canaries::Check,
    typed::{Fields, Typed},
};

/// Makes the list: for each vendor the name of its feature, and its file.
macro_rules! list {
    ($($name:literal $file:ident;)+) => {
        /// The fixtures of the vendors that are compiled in.
        pub fn all() -> Vec<&'static Vendor> {
            vec![$(
                #[cfg(feature = $name)]
                &$file::VENDOR,
            )+]
        }
    };
}

list! {
    "corbado" corbado;
    "authsignal" authsignal;
    "dfns" dfns;
    "twilio" twilio;
}

/// The fixture of a vendor, for what only that one does.
pub fn get(name: &str) -> &'static Vendor {
    all().into_iter().find(|vendor| vendor.name == name).expect("a vendor that is compiled in")
}

/// Vendors whose message goes to an address, so that its limits and failover hold for them.
pub fn all_with_messages() -> Vec<&'static Vendor> {
    all().into_iter().filter(|vendor| vendor.request().method().credential_kind().is_none()).collect()
}

/// All that tests know of a vendor.
pub struct Vendor {
    /// The name of its section, feature and folders.
    pub name: &'static str,
    /// The methods that it offers.
    pub offers: &'static [Method],
    /// What it needs for each of them.
    pub needs: &'static [Field],
    pub can_resend: bool,
    pub section: Section,
    pub create: Create,
    pub verify: Verify,
    /// Every operation of its client, with each form that its reply may have.
    pub typed: &'static [Typed],
    pub secrecy: Secrecy,
    pub command: Command,
}

/// Its section of a config.
pub struct Section {
    /// Its keys, but for where it is.
    pub credentials: fn() -> Value,
    /// Others that are complete, every value of them a canary.
    pub canaries: fn() -> Value,
    /// The keys that it cannot do without, by name.
    pub required: &'static [&'static str],
    /// The keys that may also be given as `…_env` and `…_file`.
    pub secrets: &'static [&'static str],
    /// A value of the first secret that is as odd as the vendor takes, and what a create then sends as `Authorization`.
    pub odd_secret: (&'static str, &'static [&'static str]),
    /// Lines beside the credentials, and the server that is reached.
    pub servers: &'static [(&'static str, &'static str)],
    /// Lines of whole sections, and the key and words of each problem, by key; the first one has several.
    pub mistakes: &'static [Mistake],
    /// A typed config of its own at a base URL.
    pub typed: fn(&str) -> Result<Box<dyn fmt::Debug>, Error>,
    /// The typed client of a section of this name.
    pub client: fn(&Config, &str) -> ClientOrNot,
    /// Environment variables that make a config, secrets among them, and the server that is reached.
    pub variables: &'static [Variable],
    pub server_of_variables: &'static str,
    /// Environment variables that make a bad one, with the keys that are told, by name.
    pub bad_variables: (&'static [(&'static str, &'static str)], &'static [&'static str]),
}

/// A typed client, which is a provider too.
pub type ClientOrNot = Result<Arc<dyn ChallengeProvider>, Error>;

/// Lines of a config, and the key and words of each problem, by key.
pub type Mistake = (&'static str, &'static [(&'static str, &'static str)]);

/// An environment variable; a secret may also come from a file.
pub struct Variable {
    pub name: &'static str,
    pub value: &'static str,
    pub is_secret: bool,
}

/// Making a challenge.
pub struct Create {
    /// Complete requests and what they are sent as. Other tests take the first one; one of them holds every field that there is.
    pub rows: fn() -> Vec<Creation>,
    /// A complete request for each number, and a text that its body alone holds.
    pub numbered: fn(usize) -> (ChallengeRequest, String),
    /// The reply to a request of a method, with every member that the vendor's document has.
    pub reply: fn(Method) -> Value,
    /// The id and the expiry, in Unix seconds, that this reply tells.
    pub told: (Option<&'static str>, Option<u64>),
    /// Whatever else the challenge of this reply must tell.
    pub check: fn(&Challenge),
    /// The members of this reply without which there is no challenge.
    pub essential: &'static [&'static str],
    /// Replies that lack members, have odd or more of them, and are read all the same.
    pub lenient: fn() -> Vec<(Value, ChallengeStatus)>,
    /// Replies of a 2xx status that make no challenge.
    pub unusable: fn() -> Vec<(u16, Value)>,
    /// Replies of an error status, and what is told.
    pub refusals: fn() -> Vec<Refusal>,
    /// Requests that are refused before they are sent, and the fields that the error names.
    pub incomplete: fn() -> Vec<(ChallengeRequest, Fields)>,
}

/// A complete request.
pub struct Creation {
    pub request: ChallengeRequest,
    pub sent: Sent,
    /// The fields of the request that this vendor does not take.
    pub ignored: &'static [Field],
}

/// A call as it goes out.
pub struct Sent {
    pub method: &'static str,
    pub path: String,
    /// The values of the header.
    pub authorization: &'static [&'static str],
    pub content_type: &'static str,
    /// JSON; a form as an object of texts.
    pub body: Value,
}

/// A refused create.
pub struct Refusal {
    pub status: u16,
    pub body: Value,
    pub kind: ErrorKind,
    pub code: Option<&'static str>,
    pub request_id: Option<&'static str>,
    pub message: Option<&'static str>,
    /// Field, vendor's field and message of each.
    pub violations: &'static [(Option<&'static str>, Option<&'static str>, &'static str)],
    pub display: &'static str,
}

/// Checking an answer.
pub struct Verify {
    /// A handle of a challenge that this vendor made, without an expiry.
    pub handle: fn() -> Value,
    /// A handle with the longest values that this vendor gives, and the most bytes that it may take in compact form.
    pub longest_handle: fn() -> (ChallengeHandle, usize),
    /// An answer that consists of a text.
    pub answer: fn(&str) -> Answer,
    /// Answers that cannot be right.
    pub misfits: fn() -> Vec<Answer>,
    /// What the handle and the answer `123456` are sent as.
    pub sent: fn() -> Sent,
    /// What a resend of that handle is sent as, where the vendor can resend.
    pub resent: Option<fn() -> Sent>,
    /// Replies that verify. Other tests take the first one, which has every member that the vendor's document has.
    pub proofs: fn() -> Vec<Proof>,
    /// The members of this reply without which it says neither yes nor no, and those that say no where they are there.
    pub essential: &'static [&'static str],
    pub decisive: &'static [&'static str],
    pub rejections: fn() -> Vec<(u16, Value, Reason)>,
    /// Replies that are about something else than the answer.
    pub errors: fn() -> Vec<Failure>,
    /// Replies that say that there is no such challenge.
    pub unknown: fn() -> Vec<(u16, Value)>,
}

/// Status and body of a reply, and what is told of it.
pub type Failure = (u16, Value, ErrorKind, SendState);

/// A reply that verifies, and whom and what it proves.
pub struct Proof {
    pub body: Value,
    pub method: Method,
    pub recipient: Option<&'static str>,
    pub user_id: Option<&'static str>,
    /// Kind, id and the vendor's own id.
    pub credential: Option<(&'static str, &'static str, Option<&'static str>)>,
}

/// What must not be seen; see `canaries` for the texts that count.
pub struct Secrecy {
    /// The vendor's document as the build left it, and the members that it masks.
    pub document: &'static str,
    pub masked: &'static [&'static str],
    /// Members with a masked name that are neither secret nor personal where they stand: schema and member.
    pub harmless: &'static [(&'static str, &'static str)],
    /// Every schema that holds a masked member, and the check of its type.
    pub types: &'static [(&'static str, Check)],
    /// Further types, filled with canaries.
    pub values: fn(&Http) -> Vec<Named>,
    /// A complete request of canaries.
    pub request: fn() -> ChallengeRequest,
    /// Replies of canaries, to a create and to a verify.
    pub created: fn() -> Value,
    pub verified: fn() -> Value,
    /// An error reply that repeats a text in each place where the vendor's words stand.
    pub echo: fn(&str) -> Value,
}

/// A value, and what it is.
pub type Named = (&'static str, Box<dyn fmt::Debug>);

/// The command line.
pub struct Command {
    /// Complete arguments for `create`, but for the config.
    pub create: &'static [&'static str],
    /// Arguments that lack something or have something wrong, and the fields that are named.
    pub incomplete: &'static [(&'static [&'static str], &'static [&'static str])],
    /// A value of `--answer` for `verify`, made of a text.
    pub answer: fn(&str) -> String,
}

impl Vendor {
    /// A config with this vendor at an address, and further keys for the section `[http]`, as JSON; with none, it has time enough.
    pub fn config(&self, address: SocketAddr, http: &str) -> Config {
        self.config_at(&format!("http://{address}"), http)
    }

    /// A config with this vendor at a base URL, and further keys for the section `[http]`, as JSON.
    pub fn config_at(&self, url: &str, http: &str) -> Config {
        self.config_of((self.section.credentials)(), url, http)
    }

    /// A config with these credentials of canaries.
    pub fn canary_config(&self, url: &str, http: &str) -> Config {
        self.config_of((self.section.canaries)(), url, http)
    }

    fn config_of(&self, credentials: Value, url: &str, http: &str) -> Config {
        let patient = r#"{ "timeout": "60s", "connect_timeout": "50s" }"#;
        let http: Value = serde_json::from_str(if http.is_empty() { patient } else { http }).expect("JSON for [http]");
        serde_json::from_value(json!({ "provider": self.name, self.name: at(credentials, url), "http": http })).expect("a config")
    }

    /// A section of any name for this vendor.
    pub fn named_section(&self, url: &str) -> Value {
        let mut section = at((self.section.credentials)(), url);
        section["vendor"] = self.name.into();
        section
    }

    pub fn provider(&self, address: SocketAddr) -> Arc<dyn ChallengeProvider> {
        self.config(address, "").build().expect("a provider")
    }

    /// A request with all that the vendor needs.
    pub fn request(&self) -> ChallengeRequest {
        self.creation().request
    }

    /// That request, and what it is sent as.
    pub fn creation(&self) -> Creation {
        (self.create.rows)().swap_remove(0)
    }

    /// The body of the vendor's reply to that request, with every member that its document has.
    pub fn created(&self) -> Value {
        (self.create.reply)(self.request().method())
    }

    /// Whether a request may hold this field and the vendor does not take it.
    pub fn ignores(&self, field: Field) -> bool {
        (self.create.rows)().iter().any(|row| row.ignored.contains(&field))
    }

    /// A handle of a challenge that this vendor made.
    pub fn handle(&self) -> ChallengeHandle {
        serde_json::from_value((self.verify.handle)()).expect("a handle")
    }

    /// That handle with another member.
    pub fn handle_with(&self, member: &str, value: Value) -> ChallengeHandle {
        let mut json = (self.verify.handle)();
        json[member] = value;
        serde_json::from_value(json).expect("a handle")
    }

    /// A handle of canaries.
    pub fn canary_handle(&self) -> ChallengeHandle {
        let mut json = (self.verify.handle)();
        for member in ["challenge_id", "user_id", "to_sign", "to"] {
            json[member] = format!("canary7{member}").into();
        }
        serde_json::from_value(json).expect("a handle")
    }

    /// An answer of the form that this vendor takes.
    pub fn answer(&self) -> Answer {
        (self.verify.answer)("123456")
    }

    /// The body of the vendor's reply to a right answer.
    pub fn verified(&self) -> Value {
        (self.verify.proofs)().swap_remove(0).body
    }

    /// Its credentials as lines of TOML, and its section with them.
    pub fn toml(&self) -> String {
        toml(&(self.section.credentials)())
    }

    /// That of its credentials that stands under a key.
    pub fn credential(&self, key: &str) -> String {
        (self.section.credentials)()[key].as_str().expect("a text").to_owned()
    }
}

/// The lines of a section of texts.
pub fn toml(section: &Value) -> String {
    section.as_object().into_iter().flatten().map(|(key, value)| format!("{key} = {value}\n")).collect()
}

fn at(mut section: Value, url: &str) -> Value {
    section["base_url"] = url.into();
    section
}

/// What a vendor is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Create,
    Verify,
}

impl Operation {
    pub const ALL: [Self; 2] = [Self::Create, Self::Verify];

    /// Makes a call with all that the vendor needs.
    pub async fn call(self, vendor: &Vendor, provider: &dyn ChallengeProvider, options: &CallOptions) -> Result<(), Error> {
        match self {
            Self::Create => provider.create_with(&vendor.request(), options).await.map(drop),
            Self::Verify => provider.verify_with(&vendor.handle(), &vendor.answer(), options).await.map(drop),
        }
    }

    /// The body of the vendor's reply to that call.
    pub fn reply(self, vendor: &Vendor) -> String {
        match self {
            Self::Create => vendor.created().to_string(),
            Self::Verify => vendor.verified().to_string(),
        }
    }
}

impl fmt::Debug for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Vendor {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
