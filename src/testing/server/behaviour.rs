//! What a vendor's double has to do; everything else is the same for all.

use std::collections::BTreeMap;

use http::HeaderMap;
use serde_json::Value;

use super::reply::{Denial, HttpReply};
use crate::{
    model::{Answer, Challenge, ChallengeRequest},
    testing::{
        KnownChallenge, Message, Outbox,
        contract::{Contract, Documented, Findings},
        fresh,
        observe::Journal,
        seed::SeedUser,
    },
};

/// What a vendor does with requests, and how one gets on with it: all that a vendor's folder implements.
pub(in crate::testing) trait Behaviour: Send + Sync + 'static {
    /// Gives the vendor's document.
    fn contract(&self) -> &Contract;

    /// Gives the path that the vendor's own URL ends in, say `/v2`.
    fn base_path(&self) -> &'static str;

    /// Gives the members of the vendor's section of a config, its URL apart.
    fn config_members(&self) -> Vec<(&'static str, String)>;

    /// Gives the lines that the section needs beside these where new people sign up; none unless told otherwise.
    fn sign_up_lines(&self) -> &'static str {
        ""
    }

    /// Tells what a client in any language needs beside the URL: credentials, and who is known. The members of the config, unless told otherwise.
    fn access_members(&self) -> Vec<(&'static str, String)> {
        self.config_members()
    }

    /// Says whether the credentials are the right ones; what was expected, if not.
    fn authorize(&self, documented: &Documented, headers: &HeaderMap) -> Result<(), &'static str>;

    /// Answers a request with the right credentials whose body could be read; what the document has against it is in its `findings`.
    fn answer(&self, incoming: Incoming<'_>) -> HttpReply;

    /// Says no in the vendor's form.
    fn deny(&self, denial: &Denial) -> HttpReply;

    /// Lists the challenges that it made, the oldest first.
    fn challenges(&self) -> Vec<KnownChallenge>;

    /// Gives requests to try it with, which work as they stand.
    fn samples(&self) -> Vec<Sample>;

    /// Adds a user that a seed names; what was expected, where there can be no such user.
    fn add_user(&self, _: &SeedUser) -> Result<(), &'static str> {
        Err("expected none: this vendor's double knows everybody")
    }

    /// Forgets all but what it was started with.
    fn forget(&self);

    /// Writes all that it learned since it was started.
    fn save(&self) -> Value;

    /// Takes what was written, instead of what it learned since.
    fn restore(&self, saved: &Value) -> serde_json::Result<()>;

    /// Makes a request that challenges a person who is known to the vendor, by e-mail address or phone number.
    fn person(&self, name: &str) -> ChallengeRequest;

    /// Gives the right answer to a challenge: the code that was "sent", unless told otherwise.
    fn right_answer(&self, challenge: &Challenge, outbox: &Outbox) -> Answer {
        Answer::code(outbox.code_of(challenge))
    }

    /// Makes a wrong answer of the same form as the right one.
    fn wrong_answer(&self, challenge: &Challenge, outbox: &Outbox) -> Answer {
        Answer::code(fresh::other_than(outbox.code_of(challenge)))
    }
}

/// A POST to try a double with.
pub(in crate::testing) struct Sample {
    /// What it asks for, in a few words.
    pub(in crate::testing) title: &'static str,
    /// Below the base URL.
    pub(in crate::testing) path: String,
    /// Name and password, where it takes some.
    pub(in crate::testing) user: Option<(String, String)>,
    pub(in crate::testing) media_type: &'static str,
    pub(in crate::testing) body: String,
}

/// Makes a request for a code to an e-mail address, or to a phone number.
pub(in crate::testing) fn message_to(name: &str) -> ChallengeRequest {
    if name.starts_with('+') { ChallengeRequest::sms_otp(name) } else { ChallengeRequest::email_otp(name) }
}

/// A request at a known path, with the right credentials.
pub(in crate::testing) struct Incoming<'a> {
    pub(in crate::testing) documented: &'a Documented,
    /// The parameters in the path, decoded.
    pub(in crate::testing) path: BTreeMap<String, String>,
    pub(super) query: BTreeMap<String, Vec<String>>,
    pub(in crate::testing) headers: &'a HeaderMap,
    /// The body byte for byte.
    pub(in crate::testing) raw: &'a [u8],
    /// The body, be it JSON or a form; `null` where the operation has none.
    pub(in crate::testing) body: Value,
    /// What the document has against the request.
    pub(in crate::testing) findings: Findings,
    pub(super) journal: &'a Journal,
}

impl Incoming<'_> {
    /// Gives a parameter in the path; empty where there is none of this name.
    pub(in crate::testing) fn part(&self, name: &str) -> &str {
        self.path.get(name).map(String::as_str).unwrap_or_default()
    }

    /// Gives a parameter in the query.
    pub(in crate::testing) fn asked(&self, name: &str) -> Option<&str> {
        self.all_asked(name).next()
    }

    /// Gives what a parameter in the query says that may come several times.
    pub(in crate::testing) fn all_asked(&self, name: &str) -> impl Iterator<Item = &str> {
        self.query.get(name).into_iter().flatten().map(String::as_str)
    }

    /// Gives a text member of the body.
    pub(in crate::testing) fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name)?.as_str()
    }

    /// "Sends" a message.
    pub(in crate::testing) fn send(&self, message: Message) {
        self.journal.sent(message);
    }
}
