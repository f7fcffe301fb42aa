//! A guard that counts in Redis or Valkey, for all processes of a fleet.

pub(super) mod store;

use std::{any::Any, future::Future, net::IpAddr, sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{
    Guard, Limits, LocalGuard, Refusal, Sending,
    judge::{Asked, Judge},
};
use crate::{
    compose::{
        problem_of_key,
        redis::{LEFT_ALONE, Link, Outage, refused},
    },
    model::{Challenge, ChallengeHandle, Error, Outlook, ProviderHealth, Secret, Verification, Violation},
    telemetry::{Observer, Observers},
};
use store::RedisStore;

/// Limits sends and wrong answers **in all processes that share a Redis or Valkey server** and a hash key (feature `redis`).
///
/// - **A decision** is one round trip: one script on the server takes a place under all limits, or under none, by the server's clock. So limits
///   hold to the unit, however many processes ask at once, and outlive them.
/// - **Keys** on the server hold no recipient, address or challenge, only what HMAC-SHA-256 makes of them with your hash key; each expires by itself.
///   They share one hash tag, so that a cluster keeps them on one node, whose URL it is to be: redirects are not followed, nor is Sentinel asked.
/// - **Each decision has a time of its own**, 250 ms unless [told otherwise](Self::with_timeout). Where the server does not answer in it, or not at
///   all, or with an error, [`OnOutage`] decides instead. After three such in a row, or where there is no connection, it does so without asking, until a second later one
///   call tries the server again. The log tells of the beginning and the end of an outage,
///   [`ChallengeProvider::health`](crate::ChallengeProvider::health) of an outage under the name `guard`: as [`Connect`](crate::ErrorKind::Connect) or
///   [`Timeout`](crate::ErrorKind::Timeout), a wrong password as [`Authentication`](crate::ErrorKind::Authentication), a missing right as
///   [`Permission`](crate::ErrorKind::Permission), any other error of the server's as [`Unavailable`](crate::ErrorKind::Unavailable). A decision that
///   came too late may have counted.
///
/// The URL is `redis://[user:password@]host[:port][/database]`; with `rediss://` it is TLS by rustls (feature `rustls` or `rustls-no-provider`), whose
/// trust is the system's. Nothing connects before the first decision. The server is Redis 5 or later, or Valkey. One that forgets,
/// by a restart without its data or by an evicting `maxmemory-policy`, has counted nothing.
///
/// ```
/// use auth_challenge::{Limits, OnOutage, RedisGuard};
///
/// let limits = Limits::new().with_per_recipient("5 per 10m".parse()?).with_wrong_codes(5);
/// let guard = RedisGuard::new("redis://127.0.0.1:6379", "a secret of 32 characters or more", limits)?.with_on_outage(OnOutage::Local);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RedisGuard {
    shared: Judge<RedisStore>,
    own: LocalGuard,
    on_outage: OnOutage,
}

/// Says what holds while the store of a guard does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnOutage {
    /// Each process counts for itself, by the same limits, from what it counted in outages before.
    #[default]
    Local,
    /// Nothing is sent, and no answer handed in: [`ErrorKind::Throttled`](crate::ErrorKind::Throttled), to be tried again in a second.
    Refuse,
    /// Everything passes, uncounted.
    Allow,
}

impl RedisGuard {
    /// Counts at this server. Does not connect yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) at `redis_url` for what is no URL of Redis, or one with TLS without the feature `rustls` or where rustls
    /// knows no cryptography to use, and at `hash_key` for a key of less than 32
    /// characters; neither is quoted.
    pub fn new(url: impl Into<Secret>, hash_key: impl Into<Secret>, limits: Limits) -> Result<Self, Error> {
        let (link, hash_key) = (Link::open(&url.into(), "guard"), hash_key.into());
        let short = problem_of_key(&hash_key).map(|problem| Violation::at_key("hash_key", problem));
        match (link, short) {
            (Ok(link), None) => Ok(Self {
                shared: Judge::new(limits.clone(), RedisStore::new(link, hash_key.clone())),
                own: LocalGuard::with_hash_key(limits, hash_key),
                on_outage: OnOutage::default(),
            }),
            (link, short) => Err(refused(link.err().into_iter().chain(short).collect())),
        }
    }

    /// Sets what holds while the server does not answer; [`OnOutage::Local`] unless told otherwise.
    pub fn with_on_outage(mut self, on_outage: OnOutage) -> Self {
        self.on_outage = on_outage;
        self
    }

    /// Adds an [`Observer`], which is told of each decision.
    pub fn with_observer(self, observer: Arc<dyn Observer>) -> Self {
        self.with_observers(&Observers::of(observer))
    }

    pub(crate) fn with_observers(self, observers: &Observers) -> Self {
        Self { shared: self.shared.with_observers(observers), own: self.own.with_observers(observers), ..self }
    }

    /// Sets the time for one decision; 250 ms unless told otherwise.
    pub fn with_timeout(mut self, time: Duration) -> Self {
        self.shared.store_mut().link.time = time;
        self
    }

    /// Gives the store's ruling, else that of the policy for outages.
    async fn rule(
        &self,
        asked: Asked,
        shared: impl Future<Output = Result<Result<(), Refusal>, Outage>> + Send,
        own: impl Future<Output = Result<(), Refusal>> + Send,
    ) -> Result<(), Refusal> {
        match (shared.await, self.on_outage) {
            (Ok(ruling), _) => ruling,
            (Err(Outage), OnOutage::Local) => own.await,
            (Err(Outage), OnOutage::Refuse) => {
                let refusal = Refusal::new("the limits cannot be checked now").with_retry_after(LEFT_ALONE);
                self.shared.without_store(asked, Some(refusal))
            }
            (Err(Outage), OnOutage::Allow) => self.shared.without_store(asked, None),
        }
    }
}

#[async_trait]
impl Guard for RedisGuard {
    async fn before_send(&self, sending: Sending<'_>) -> Result<(), Refusal> {
        self.rule(Asked::to_send(sending), self.shared.before_send(sending), self.own.before_send(sending)).await
    }

    async fn after_send(&self, sending: Sending<'_>, outcome: Result<&Challenge, &Error>) {
        if self.shared.after_send(sending, outcome).await.is_err() {
            self.own.after_send(sending, outcome).await;
        }
    }

    async fn before_verify(&self, handle: &ChallengeHandle, client_ip: Option<IpAddr>) -> Result<(), Refusal> {
        self.rule(Asked::to_verify(handle), self.shared.before_verify(handle), self.own.before_verify(handle, client_ip)).await
    }

    async fn after_verify(&self, handle: &ChallengeHandle, outcome: Result<&Verification, &Error>) {
        if self.shared.after_verify(handle, outcome).await.is_err() {
            self.own.after_verify(handle, outcome).await;
        }
    }

    async fn peek(&self, sending: Sending<'_>) -> Outlook {
        match (self.shared.peek(sending).await, self.on_outage) {
            (Ok(outlook), _) => outlook,
            (Err(Outage), OnOutage::Local) => self.own.peek(sending).await,
            (Err(Outage), OnOutage::Refuse) if !self.shared.is_observing() => Outlook::new(Some(LEFT_ALONE), None),
            (Err(Outage), _) => Outlook::default(),
        }
    }

    fn health(&self) -> Option<ProviderHealth> {
        self.shared.store().link.health()
    }

    fn memory(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        self.own.memory()
    }

    fn recall(&self, memory: Arc<dyn Any + Send + Sync>) {
        self.own.recall(memory);
    }
}
