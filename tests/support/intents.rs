//! Intents: a service in one of several processes, and a provider that takes its time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use auth_challenge::{
    Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeRequest, Error, ErrorKind, IntentStore, ProviderId, SendOnce,
    SendState, Verification, testing::Scripted,
};
use tokio::time::sleep;

pub const KEY: &str = "a key of thirty-two characters, or a few more";

/// A service in one of several processes: a provider of its own and a store that all share.
pub fn once(provider: impl ChallengeProvider, store: &Arc<dyn IntentStore>) -> SendOnce {
    SendOnce::new(Arc::new(provider), Arc::clone(store), KEY).expect("a key")
}

pub fn intent(key: &str) -> CallOptions {
    CallOptions::default().with_intent(key)
}

/// What each of these tests sends, unless it says otherwise.
pub fn request() -> ChallengeRequest {
    ChallengeRequest::email_otp("jane@doe.com").with_action("login")
}

pub fn id(challenge: &Challenge) -> &str {
    challenge.handle().challenge_id().expose()
}
/// A provider that takes its time, or never answers.
#[derive(Clone, Debug)]
pub struct Slow {
    time: Duration,
    pub sends: Arc<AtomicU64>,
}

impl Slow {
    pub fn new(time: Duration) -> Self {
        Self { time, sends: Arc::default() }
    }
}

#[auth_challenge::async_trait]
impl ChallengeProvider for Slow {
    fn id(&self) -> ProviderId {
        ProviderId::new("slow")
    }

    fn capabilities(&self) -> Capabilities {
        Scripted::new().capabilities().with_resend(false)
    }

    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        let number = self.sends.fetch_add(1, Ordering::SeqCst);
        let time = options.timeout().unwrap_or(Duration::MAX);
        sleep(self.time.min(time)).await;
        if self.time >= time {
            return Err(Error::new(ErrorKind::Timeout, SendState::Unknown));
        }
        Ok(Challenge::new(ChallengeHandle::new(self.id(), request.method(), format!("slow-{number}"))))
    }

    async fn verify_with(&self, _: &ChallengeHandle, _: &Answer, _: &CallOptions) -> Result<Verification, Error> {
        Err(Error::new(ErrorKind::Unsupported, SendState::NotSent))
    }
}
