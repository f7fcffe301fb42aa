//! A provider that sends at most one message for each intent of the application, across crashes too.

mod fingerprint;
mod local;
mod record;
#[cfg(feature = "redis")]
mod redis;
mod seal;
mod store;
mod unconfirmed;

use std::{fmt, future::Future, sync::Arc, time::Duration};

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
    telemetry::Call,
    transport::TIMEOUT,
};
use record::{Record, State};
use seal::Seal;
use unconfirmed::Unconfirmed;

/// Sends **at most one message for each intent**, whatever is repeated or crashes in between (feature `send-once`).
///
/// An intent is a key of your own for one message that a person is to get: say the session, the step and the number of the try. Every create and resend
/// names it by [`CallOptions::with_intent`]; a person who asks for another message is another intent.
///
/// | the intent | the call |
/// |---|---|
/// | is new | reserves it in the [store](IntentStore), sends, and keeps the challenge, sealed |
/// | has a challenge | gives that challenge, though it may have expired or been answered since; nothing is sent |
/// | is under way in another call | waits for what becomes of that, within its own time |
/// | ended as [`SendState::Unknown`] or [`Accepted`](SendState::Accepted), or its process died | fails as `Unknown` ([`ErrorKind::Interrupted`]); nothing is sent, however often it is asked |
/// | was for another request | fails as [`ErrorKind::Conflict`]; nothing is sent |
///
/// A message that was provably not sent, or that the vendor refused, leaves its intent free. Another request is one whose fields differ; those of the client are left
/// out, since a person may change the network between two tries. A challenge that is given once more has its handle, status and request id alone.
///
/// Answers pass through, and so do challenges of credentials: they send no message, and their code is good once.
///
/// **What is needed.** All processes share a store and a key. The promise holds as long as the store keeps what it was told: intents are remembered for a day
/// unless [told otherwise](Self::with_remembered), and after that, with another key, or on a server that lost its data, the same intent is a new one.
/// What a vendor [refuses](SendState::Refused) counts as not sent, and frees the intent: where a webhook of your own sends for the vendor, let it send last, and answer that it
/// did once it has.
///
/// **Where the store does not answer**, nothing is sent: [`ErrorKind::Throttled`], or [`ErrorKind::Timeout`] where it hangs to the end of the call, and
/// [`SendState::NotSent`]. The store may have reserved the intent all the same: this process
/// knows that nothing was sent for it and takes it back when it is asked again, another process waits for it until its own call is over, and tells it as `Unknown`. Where the store does not answer after the message, the challenge
/// comes all the same; a repetition is `Unknown` then.
///
/// **What `NotSent` says** is about the call, not the intent: with a store that is away, or another request, an earlier call may have sent all the same. Repeat with
/// the same intent, never with a new one.
///
/// Put it around guards and routers, not inside: a repetition then uses up no limit, and a failover is one send. A [`Router`](crate::Router) that fails over
/// [when it is unknown](crate::RouterBuilder::with_failover_when_unknown) may send two messages within one call, for one intent; a config refuses the two together, and
/// [the option](CallOptions::with_failover_when_unknown) of a call does nothing here.
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
/// assert_eq!(first.handle().challenge_id().expose(), again.handle().challenge_id().expose());
/// assert_eq!(vendor.created().len(), 1);
/// # Ok(()) }
/// # #[cfg(not(feature = "testing"))] fn main() {}
/// ```
pub struct SendOnce {
    provider: Arc<dyn ChallengeProvider>,
    store: Arc<dyn IntentStore>,
    seal: Seal,
    timeout: Duration,
    remembered: Duration,
    unconfirmed: Unconfirmed,
}

/// Time for which an intent is remembered, unless told otherwise.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
/// Longest time for which an intent is remembered.
pub(crate) const LONGEST_REMEMBERED: Duration = Duration::from_secs(400 * 24 * 60 * 60);
/// Time beyond that of its call before a reservation counts as left behind.
const GRACE: Duration = Duration::from_secs(1);
/// Time of a call that is kept for telling the store what became of it.
const LAST_WORD: Duration = Duration::from_millis(100);
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
    /// processes that share the store. A call takes 10 s at most, unless told otherwise here or in its options.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] at `key` for a shorter one.
    pub fn new(provider: Arc<dyn ChallengeProvider>, store: Arc<dyn IntentStore>, key: impl Into<Secret>) -> Result<Self, Error> {
        let key = key.into();
        if let Some(problem) = problem_of_key(&key) {
            return Err(Error::config("key", problem));
        }
        Ok(Self { provider, store, seal: Seal::new(&key), timeout: TIMEOUT, remembered: REMEMBERED, unconfirmed: Unconfirmed::default() })
    }

    /// Sets the time for a whole call, the store's included; 10 s unless told otherwise.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets for how long an intent is remembered: at least for twice the time of its call, and at most for 400 days; a day unless told otherwise.
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
        let time = CallTime::of(Some(options.timeout().unwrap_or(self.timeout)));
        let hold = time.deadline().saturating_duration_since(Instant::now()) + GRACE;
        let (name, remembered) = (self.seal.name(intent), self.remembered.clamp(2 * hold, LONGEST_REMEMBERED));
        let no_randomness = || Error::new(ErrorKind::Unavailable, SendState::NotSent).with_detail("the system has no randomness to give");
        let token = self.seal.token().ok_or_else(no_randomness)?;
        let ours = Reservation { record: Record::reserve(self.seal.fingerprint(&name, request), token, hold, remembered), name, time };
        let bytes = ours.record.to_bytes();
        let mut pauses = PAUSES.into_iter();
        let mut pause = Duration::ZERO;
        // What is known of other calls with this intent.
        let mut known = SendState::NotSent;
        loop {
            let Some(found) = self.reserve(&ours, &bytes).await.map_err(|error| error.after(known))? else { return Ok(Turn::Ours(ours)) };
            let record = Record::from_bytes(found.record()).ok_or_else(|| unknown("what is kept of this intent cannot be read; a message may be under way"))?;
            if record.state == State::Reserved && self.unconfirmed.has(record.token) {
                self.take_back(&ours, found.record()).await.map_err(|error| error.after(known))?;
                continue;
            }
            if record.fingerprint != ours.record.fingerprint {
                let detail = "the intent was for another request; each message needs an intent of its own";
                return Err(Error::new(ErrorKind::Conflict, SendState::NotSent).with_detail(detail));
            }
            let left = match &record.state {
                State::Made(sealed) => {
                    let made = self.seal.open(&ours.name, &record.fingerprint, sealed);
                    let made = made.ok_or_else(|| unknown("the challenge of this intent cannot be opened; a message may be under way"))?;
                    return Ok(Turn::Made(Box::new(made)));
                }
                State::Unfinished => Duration::ZERO,
                State::Reserved => record.held_for(found.left()),
            };
            if left.is_zero() {
                return Err(unknown("it is not known what became of an earlier call with this intent; a message may be under way"));
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
        let asked = self.unconfirmed.ask(ours.record.token, ours.record.remembered);
        let found = within(&ours.time, self.store.reserve(&ours.name, bytes, ours.record.remembered)).await?;
        asked.confirm();
        Ok(found)
    }

    /// Takes a reservation back that this process made without hearing so, and never sent for.
    async fn take_back(&self, ours: &Reservation, reserved: &[u8]) -> Result<(), Error> {
        within(&ours.time, self.store.release(&ours.name, reserved)).await?;
        // A store that does not do as it says keeps nobody here for ever.
        if ours.time.deadline() <= Instant::now() { Err(late("the time was up before the intent was free again")) } else { Ok(()) }
    }

    /// Sends, within the time that is left.
    async fn send(
        &self,
        ours: &Reservation,
        options: &CallOptions,
        at: impl Fn(Error) -> Error,
        send: impl AsyncFnOnce(CallOptions) -> Result<Challenge, Error>,
    ) -> Result<Challenge, Error> {
        let options = ours.time.left(options, "the time was up before the provider could be asked").map_err(&at)?.into_owned();
        let left = options.timeout().unwrap_or_default();
        // Whoever may have sent is the last one that is asked.
        let options = options.with_timeout(left - LAST_WORD.min(left / 10)).without_failover_when_unknown();
        let unanswered = || Error::new(ErrorKind::Timeout, SendState::Unknown).with_detail("the provider took longer than it was given");
        timeout_at(ours.time.deadline(), send(options)).await.unwrap_or_else(|_| Err(at(unanswered())))
    }

    /// Keeps what became of a send. A store that does not answer withholds nothing.
    async fn end(&self, ours: Reservation, outcome: &Result<Challenge, Error>) {
        let reserved = ours.record.to_bytes();
        let state = match outcome {
            Ok(challenge) => Some(self.seal.close(&ours.name, &ours.record.fingerprint, challenge).map_or(State::Unfinished, State::Made)),
            Err(error) if error.send_state().may_have_acted() => Some(State::Unfinished),
            Err(_) => None,
        };
        let kept = match state {
            Some(state) => within(&ours.time, self.store.settle(&ours.name, &reserved, &ours.record.with_state(state).to_bytes())).await,
            None => {
                let asked = self.unconfirmed.ask(ours.record.token, ours.record.remembered);
                let released = within(&ours.time, self.store.release(&ours.name, &reserved)).await;
                // Nothing was sent: where it is not free, this process takes it back when it is asked again.
                if released.is_ok() {
                    asked.confirm()
                } else {
                    drop(asked)
                }
                released
            }
        };
        if kept.is_err() {
            tracing::warn!("what became of an intent could not be kept; a repetition may be told as unknown");
        }
    }

    async fn create_once(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        if request.method().credential_kind().is_some() {
            return self.provider.create_with(request, options).await;
        }
        self.check(request).map_err(|error| error.with_operation("create"))?;
        let at = |error: Error| error.at(&self.id(), "create");
        let ours = match self.begin(&fingerprint::of_create(request), options).await.map_err(|error| at(error.of_nobody_asked()))? {
            Turn::Made(challenge) => return Ok(challenge.repeated()),
            Turn::Ours(ours) => ours,
        };
        let outcome = self.send(&ours, options, at, async |options| self.provider.create_with(request, &options).await).await;
        self.end(ours, &outcome).await;
        outcome
    }

    async fn resend_once(&self, handle: &ChallengeHandle, options: &CallOptions) -> Result<Challenge, Error> {
        self.check_resend(handle)?;
        let at = |error: Error| error.at(handle.provider(), "resend");
        let ours = match self.begin(&fingerprint::of_resend(handle), options).await.map_err(|error| at(error.of_nobody_asked()))? {
            Turn::Made(challenge) => return Ok(challenge.repeated()),
            Turn::Ours(ours) => ours,
        };
        let outcome = self.send(&ours, options, at, async |options| self.provider.resend_with(handle, &options).await).await;
        self.end(ours, &outcome).await;
        outcome
    }
}

/// Asks the store, within the time of the call; the error is that nothing is sent.
async fn within<T>(time: &CallTime, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match timeout_at(time.deadline(), asked).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            let pause = error.retry_after().unwrap_or(STORE_PAUSE);
            Err(Error::new(ErrorKind::Throttled, SendState::NotSent)
                .with_detail("the store of intents does not decide")
                .with_retry_after(pause)
                .with_source(error))
        }
        Err(_) => Err(late("the time was up before the store of intents had answered")),
    }
}

/// Says that an earlier call may have sent.
fn unknown(detail: &'static str) -> Error {
    Error::new(ErrorKind::Interrupted, SendState::Unknown).with_detail(detail)
}

/// What its memory goes by.
const WRAPPER: &str = "send_once";

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
        Call::create(request).observe(|| self.create_once(request, options)).await
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        Call::verify(handle).observe(|| self.provider.verify_with(handle, answer, options)).await
    }

    fn check_resend(&self, handle: &ChallengeHandle) -> Result<(), Error> {
        self.provider.check_resend(handle)
    }

    async fn resend_with(&self, handle: &ChallengeHandle, options: &CallOptions) -> Result<Challenge, Error> {
        Call::resend(handle).observe(|| self.resend_once(handle, options)).await
    }

    fn health(&self) -> Vec<ProviderHealth> {
        self.provider.health().into_iter().chain(self.store.health()).collect()
    }

    async fn peek(&self, handle: &ChallengeHandle, options: &CallOptions) -> Outlook {
        self.provider.peek(handle, options).await
    }

    async fn warm_up(&self, options: &CallOptions) -> Result<(), Error> {
        self.provider.warm_up(options).await
    }

    fn memory(&self) -> Memory {
        self.provider.memory().within(WRAPPER, self.store.memory())
    }

    fn recall(&self, memory: Memory) {
        let (own, rest) = memory.unwrapped(WRAPPER);
        if let Some(own) = own {
            self.store.recall(own);
        }
        self.provider.recall(rest);
    }
}

impl fmt::Debug for SendOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendOnce").field("provider", &self.provider).field("store", &self.store).finish_non_exhaustive()
    }
}
