//! A provider that sends at most one message for each intent of the application, across crashes too.

mod fingerprint;
mod local;
mod record;
#[cfg(feature = "redis")]
mod redis;
mod seal;
mod store;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::time::{Instant, sleep, timeout_at};

pub use local::LocalIntents;
#[cfg(feature = "redis")]
pub use redis::RedisIntents;
pub use store::{FoundIntent, IntentStore};

use super::{
    call_time::{CallTime, late},
    problem_of_key,
};
use crate::{
    model::{
        Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, Error, ErrorKind, Field, Memory, Outlook, ProviderHealth, ProviderId,
        Secret, SendState, Verification, Violation,
    },
    provider::ChallengeProvider,
};
use record::{Record, State};
use seal::Seal;

/// Sends **at most one message for each intent**, whatever is repeated or crashes in between (feature `send-once`).
///
/// An intent is a key of your own for one message that a person is to get: say the session, the step and the number of the try. Every create and resend
/// names it by [`CallOptions::with_intent`]; a person who asks for another message is another intent.
///
/// | the intent | the call |
/// |---|---|
/// | is new | is reserved in the [store](IntentStore), the message sent, and the challenge kept, sealed |
/// | is one whose challenge is kept | gives that challenge; nothing is sent |
/// | is under way in another call | waits for what becomes of that, within its own time |
/// | was reserved, and its call did not come to its end in its time | is [`SendState::Unknown`] ([`ErrorKind::Interrupted`]); nothing is sent, however often it is asked |
/// | was for another request | is [`ErrorKind::Conflict`]; nothing is sent |
///
/// Whose message was provably not sent, or refused by the vendor, is free again. Another request is one whose fields differ, those of the client left out: a
/// person may change the network between two tries. A challenge handed out once more has its handle, status and request id alone.
///
/// Answers pass through, and so do challenges of credentials: they send no message, and their code is good once.
///
/// **What is needed.** All processes share a store and a key. The promise holds as long as the store keeps what it was told: intents are remembered for a day
/// unless [told otherwise](Self::with_remembered), and after that, with another key, or on a server that lost its data, the same intent is a new one. Where the
/// store does not answer, nothing is sent: [`ErrorKind::Throttled`], [`SendState::NotSent`]. Where it does not answer after the message, the challenge comes
/// all the same; a repetition is `Unknown` then. It goes around everything else: around a guard, so that a repetition uses up no limit, and around a router.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), auth_challenge::Error> {
/// use std::sync::Arc;
/// use auth_challenge::{testing::Scripted, *};
///
/// let vendor = Scripted::new();
/// let auth = SendOnce::new(Arc::new(vendor.clone()), Arc::new(LocalIntents::new()), "a secret of 32 characters or more")?;
/// let request = ChallengeRequest::email_otp("jane@doe.com");
/// let options = CallOptions::default().with_intent("session 7, login, message 1");
/// let first = auth.create_with(&request, &options).await?;
/// let again = auth.create_with(&request, &options).await?;
/// assert_eq!(first.handle().challenge_id(), again.handle().challenge_id());
/// assert_eq!(vendor.created().len(), 1);
/// # Ok(()) }
/// # #[cfg(not(feature = "testing"))] fn main() {}
/// ```
pub struct SendOnce {
    provider: Arc<dyn ChallengeProvider>,
    store: Arc<dyn IntentStore>,
    seal: Seal,
    timeout: Option<Duration>,
    remembered: Duration,
}

/// Time for which an intent is remembered, unless told otherwise.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
/// Time beyond that of its call before a reservation counts as left behind.
const GRACE: Duration = Duration::from_secs(1);
/// Pauses between two looks at an intent that is under way in another call.
const PAUSES: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(250)];
/// Time after which to try again where the store does not answer.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// What a call finds at its intent.
enum Turn {
    /// Nothing: the message is this call's to send.
    Ours(Reservation),
    /// The challenge that was made before.
    Made(Box<Challenge>),
}

/// An intent that this call has reserved.
struct Reservation {
    name: String,
    record: Record,
    time: CallTime,
}

impl SendOnce {
    /// Puts a store of intents before a provider. The key, of at least 32 characters, is what intents are hashed and handles sealed with: the same in all
    /// processes that share the store. Without a time of its own a call has the provider's, and the store's beside it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] at `key` for a shorter one.
    pub fn new(provider: Arc<dyn ChallengeProvider>, store: Arc<dyn IntentStore>, key: impl Into<Secret>) -> Result<Self, Error> {
        let key = key.into();
        if let Some(problem) = Self::problem_of_key(&key) {
            return Err(Error::config("key", problem));
        }
        Ok(Self { provider, store, seal: Seal::new(&key), timeout: None, remembered: REMEMBERED })
    }

    /// Finds what is wrong with a key.
    pub(crate) fn problem_of_key(key: &Secret) -> Option<&'static str> {
        problem_of_key(key)
    }

    /// Sets the time for a whole call, the store's included.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets for how long an intent is remembered, at least twice as long as its call may take; a day unless told otherwise.
    pub fn with_remembered(mut self, time: Duration) -> Self {
        self.remembered = time;
        self
    }

    /// Reserves the intent of a call, or finds what became of it before.
    async fn begin(&self, request: &[String], options: &CallOptions) -> Result<Turn, Error> {
        let intent = options.intent().filter(|intent| !intent.expose().is_empty()).ok_or_else(|| {
            let expected = "is required: name what the message is for, by CallOptions::with_intent";
            Error::invalid(vec![Violation::new(Field::Intent, expected)])
        })?;
        let time = CallTime::of(options.timeout().or(self.timeout));
        let hold = time.deadline().saturating_duration_since(Instant::now()) + GRACE;
        let (name, remembered) = (self.seal.name(intent), self.remembered.max(2 * hold));
        let ours = Reservation { record: Record::reserve(self.seal.fingerprint(request), hold, remembered), name, time };
        let bytes = ours.record.to_bytes();
        let mut pauses = PAUSES.into_iter();
        let mut pause = Duration::ZERO;
        // What is known of other calls with this intent.
        let mut known = SendState::NotSent;
        loop {
            let Some(found) = self.reserve(&ours, &bytes).await.map_err(|error| error.after(known))? else { return Ok(Turn::Ours(ours)) };
            let record = Record::from_bytes(found.record()).ok_or_else(|| unknown("what is kept of this intent cannot be read; a message may be under way"))?;
            if record.fingerprint != ours.record.fingerprint {
                let detail = "the intent was for another request; each message needs an intent of its own";
                return Err(Error::new(ErrorKind::Conflict, SendState::NotSent).with_detail(detail));
            }
            let left = match &record.state {
                State::Made(sealed) => {
                    let made = self.seal.open(&ours.name, sealed);
                    return made
                        .map(|made| Turn::Made(Box::new(made)))
                        .ok_or_else(|| unknown("the challenge of this intent cannot be opened; a message may be under way"));
                }
                State::Unfinished => Duration::ZERO,
                State::Reserved => record.held_for(found.left()),
            };
            if left.is_zero() {
                return Err(unknown("an earlier call with this intent did not come to its end; a message may be under way"));
            }
            known = SendState::Unknown;
            pause = pauses.next().unwrap_or(pause);
            let rest = ours.time.deadline().saturating_duration_since(Instant::now());
            if rest.is_zero() {
                let detail = "the time was up before another call with this intent had come to its end";
                return Err(Error::new(ErrorKind::Timeout, SendState::Unknown).with_detail(detail));
            }
            sleep(pause.min(left).min(rest)).await;
        }
    }

    async fn reserve(&self, ours: &Reservation, bytes: &[u8]) -> Result<Option<FoundIntent>, Error> {
        let failure = match timeout_at(ours.time.deadline(), self.store.reserve(&ours.name, bytes, ours.record.remembered)).await {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(error)) => unanswered(error),
            Err(_) => late("the time was up before the store of intents had answered"),
        };
        // It may have been reserved all the same, and nothing is sent for it: one word to the store, without waiting for what it says.
        let _ = timeout_at(Instant::now(), self.store.release(&ours.name, bytes)).await;
        Err(failure)
    }

    /// Keeps what became of a send. A store that does not answer withholds nothing.
    async fn end(&self, ours: Reservation, outcome: Result<Challenge, Error>) -> Result<Challenge, Error> {
        let (reserved, is_shared) = (ours.record.to_bytes(), ours.time.is_shared());
        let state = match &outcome {
            Ok(challenge) => Some(self.seal.close(&ours.name, challenge).map_or(State::Unfinished, State::Made)),
            Err(error) if error.send_state().may_have_acted() => Some(State::Unfinished),
            Err(_) => None,
        };
        let deadline = if is_shared { ours.time.deadline() } else { Instant::now() + GRACE };
        let kept = match state {
            Some(state) => timeout_at(deadline, self.store.settle(&ours.name, &reserved, &ours.record.with_state(state).to_bytes())).await,
            None => timeout_at(deadline, self.store.release(&ours.name, &reserved)).await,
        };
        if !matches!(kept, Ok(Ok(()))) {
            tracing::warn!("what became of an intent could not be kept; a repetition will be told as unknown");
        }
        outcome
    }
}

/// Says that an earlier call may have sent.
fn unknown(detail: &'static str) -> Error {
    Error::new(ErrorKind::Interrupted, SendState::Unknown).with_detail(detail)
}

/// Says that nothing is sent, since the store failed.
fn unanswered(error: Error) -> Error {
    let pause = error.retry_after().unwrap_or(STORE_PAUSE);
    Error::new(ErrorKind::Throttled, SendState::NotSent).with_detail("the store of intents does not answer").with_retry_after(pause).with_source(error)
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl ChallengeProvider for SendOnce {
    fn id(&self) -> ProviderId {
        self.provider.id()
    }

    fn capabilities(&self) -> Capabilities {
        self.provider.capabilities()
    }

    fn check(&self, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
        self.provider.check(request)
    }

    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        if request.method().credential_kind().is_some() {
            return self.provider.create_with(request, options).await;
        }
        self.check(request).map_err(|error| error.with_operation("create"))?;
        let at = |error: Error| error.at(&self.id(), "create");
        let ours = match self.begin(&fingerprint::of_create(request), options).await.map_err(at)? {
            Turn::Made(challenge) => return Ok(*challenge),
            Turn::Ours(ours) => ours,
        };
        let outcome = match ours.time.left(options, TOO_LATE) {
            Ok(options) => self.provider.create_with(request, &options).await,
            Err(late) => Err(at(late)),
        };
        self.end(ours, outcome).await
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        self.provider.verify_with(handle, answer, options).await
    }

    async fn resend_with(&self, handle: &ChallengeHandle, options: &CallOptions) -> Result<Challenge, Error> {
        let at = |error: Error| error.at(handle.provider(), "resend");
        let ours = match self.begin(&fingerprint::of_resend(handle), options).await.map_err(at)? {
            Turn::Made(challenge) => return Ok(*challenge),
            Turn::Ours(ours) => ours,
        };
        let outcome = match ours.time.left(options, TOO_LATE) {
            Ok(options) => self.provider.resend_with(handle, &options).await,
            Err(late) => Err(at(late)),
        };
        self.end(ours, outcome).await
    }

    fn health(&self) -> Vec<ProviderHealth> {
        self.provider.health().into_iter().chain(self.store.health()).collect()
    }

    async fn peek(&self, handle: &ChallengeHandle, options: &CallOptions) -> Outlook {
        self.provider.peek(handle, options).await
    }

    fn memory(&self) -> Memory {
        self.provider.memory()
    }

    fn recall(&self, memory: Memory) {
        self.provider.recall(memory);
    }
}

const TOO_LATE: &str = "the store of intents answered too late to ask the provider";

impl fmt::Debug for SendOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendOnce").field("provider", &self.provider).field("store", &self.store).finish_non_exhaustive()
    }
}
