//! A provider of one's own: codes by e-mail through the company's own mail server, behind the same trait as the vendors.
//!
//! It passes the checks that they pass. The program sends nothing: for a real server give it
//! `AsyncSmtpTransport::<Tokio1Executor>::relay("smtp.example.org")?.credentials(…).build()`.

use std::{
    collections::HashMap,
    error::Error as StdError,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use auth_challenge::{
    Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeRequest, Error, ErrorKind, Field, Method, MethodSupport,
    ProviderId, Reason, Rejected, Secret, SendState, Verification, Verified, async_trait, testing::conformance::Subject,
};
use lettre::{AsyncTransport, Message, message::Mailbox, transport::stub::AsyncStubTransport};

const LIFETIME: Duration = Duration::from_secs(5 * 60);
const WRONG_CODES: u32 = 5;

/// What is known of one challenge until it is answered; a service of several processes keeps it in its database.
struct Open {
    recipient: String,
    code: Secret,
    expires_at: SystemTime,
    wrong: u32,
}

/// Sends codes by a mail server.
struct Mail<T> {
    server: T,
    from: Mailbox,
    open: Mutex<HashMap<String, Open>>,
}

impl<T> Mail<T> {
    fn new(server: T, from: Mailbox) -> Self {
        Self { server, from, open: Mutex::default() }
    }
}

impl<T> fmt::Debug for Mail<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").finish_non_exhaustive()
    }
}

#[async_trait]
impl<T: AsyncTransport<Error: Send> + Send + Sync + 'static> ChallengeProvider for Mail<T> {
    fn id(&self) -> ProviderId {
        ProviderId::new("mail")
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new(vec![MethodSupport::new(Method::EmailOtp, vec![Field::To], vec![])])
    }

    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        let ignored = self.check(request)?;
        let recipient = request.recipient().unwrap_or_default().to_owned();
        let to = recipient.parse().map_err(|_| failed(ErrorKind::InvalidRequest, SendState::NotSent))?;
        let (id, code) = (random(u64::MAX)?.to_string(), format!("{:06}", random(1_000_000)?));
        let message = Message::builder().from(self.from.clone()).to(to).subject("Your code").body(format!("{code} is your code."));
        let message = message.map_err(|_| failed(ErrorKind::InvalidRequest, SendState::NotSent))?;
        // Whatever a mail server says, it may have sent the message on: nobody is told that it did not.
        let time = options.timeout().unwrap_or(Duration::from_secs(10));
        let sent = tokio::time::timeout(time, self.server.send(message)).await.map_err(|_| failed(ErrorKind::Timeout, SendState::Unknown))?;
        sent.map_err(|_| failed(ErrorKind::Unavailable, SendState::Unknown))?;
        let expires_at = SystemTime::now() + LIFETIME;
        let open = Open { recipient, code: code.into(), expires_at, wrong: 0 };
        let mut challenges = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        challenges.retain(|_, open| open.expires_at > SystemTime::now());
        challenges.insert(id.clone(), open);
        Ok(Challenge::new(ChallengeHandle::new(self.id(), Method::EmailOtp, id).with_expires_at(expires_at)).with_ignored(ignored))
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, _: &CallOptions) -> Result<Verification, Error> {
        handle.require_issuer(&self.id())?;
        let mut challenges = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let id = handle.challenge_id().expose();
        let Some(open) = challenges.get_mut(id).filter(|open| open.expires_at > SystemTime::now()) else {
            return Ok(Rejected::new(if handle.is_past() { Reason::Expired } else { Reason::AlreadyUsed }).into());
        };
        if open.wrong >= WRONG_CODES {
            return Ok(Rejected::new(Reason::TooManyAttempts).into());
        }
        if answer.as_code().is_none_or(|code| code.expose() != open.code.expose()) {
            open.wrong += 1;
            return Ok(Rejected::new(Reason::WrongOrExpiredCode).into());
        }
        let proof = Verified::new(Method::EmailOtp).with_recipient(open.recipient.clone());
        challenges.remove(id);
        Ok(proof.into())
    }
}

fn failed(kind: ErrorKind, state: SendState) -> Error {
    Error::new(kind, state).with_operation("create")
}

/// A number below this one that nobody can guess.
fn random(below: u64) -> Result<u64, Error> {
    let unguessable = getrandom::u64().map_err(|_| failed(ErrorKind::Unavailable, SendState::NotSent))?;
    // The remainder favours small numbers by less than one in 10^13.
    Ok(unguessable % below)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let server = AsyncStubTransport::new_ok();
    let mail = Arc::new(Mail::new(server.clone(), "Example <codes@example.org>".parse()?));
    let known = Arc::clone(&mail);
    let right = move |challenge: &Challenge| {
        let open = known.open.lock().unwrap_or_else(PoisonError::into_inner);
        Answer::code(open.get(challenge.handle().challenge_id().expose()).map(|open| open.code.expose()).unwrap_or_default())
    };
    let report = Subject::new(mail, || ChallengeRequest::email_otp("jane@doe.com")).with_answers(right, |_| Answer::code("wrong")).check().await;
    report.assert_passed();
    println!("{} checks passed, {} messages sent", report.checks(), server.messages().await.len());
    Ok(())
}
