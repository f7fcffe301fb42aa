//! A provider that is made of others passes on what they say.

use std::{sync::Arc, time::Duration};

use auth_challenge::{
    CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeProviderExt, ChallengeRequest, Error, ErrorKind, Field, Guarded, Limits,
    LocalGuard, LocalIntents, Memory, Method, Observed, Outlook, ProviderHealth, ProviderId, Reloadable, Router, SendOnce, SendState, Verification,
    testing::Scripted,
};
use tokio::time::Instant;

use crate::support::observers::Patient;

/// A provider whose every word is unlike a default.
#[derive(Debug)]
struct Talkative(Scripted);

#[auth_challenge::async_trait]
impl ChallengeProvider for Talkative {
    fn id(&self) -> ProviderId {
        self.0.id()
    }
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }
    fn check(&self, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
        if request.action().is_some() { Ok(vec![Field::Action]) } else { Err(Error::new(ErrorKind::InvalidRequest, SendState::NotSent)) }
    }
    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        self.0.create_with(request, options).await
    }
    async fn verify_with(&self, handle: &ChallengeHandle, answer: &auth_challenge::Answer, options: &CallOptions) -> Result<Verification, Error> {
        self.0.verify_with(handle, answer, options).await
    }
    async fn peek(&self, _: &ChallengeHandle, _: &CallOptions) -> Outlook {
        Outlook::new(Some(Duration::from_secs(7)), Some(2))
    }
    async fn warm_up(&self, _: &CallOptions) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Connect, SendState::NotSent))
    }
    fn check_resend(&self, _: &ChallengeHandle) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Permission, SendState::NotSent))
    }
    fn health(&self) -> Vec<ProviderHealth> {
        self.0.health()
    }
    fn memory(&self) -> Memory {
        self.0.memory()
    }
}

fn talkative(name: &str) -> Arc<dyn ChallengeProvider> {
    Arc::new(Talkative(Scripted::named(name)))
}

fn observed(provider: Arc<dyn ChallengeProvider>) -> Arc<dyn ChallengeProvider> {
    Arc::new(Observed::new(provider, Arc::new(Patient)))
}

fn send_once(provider: Arc<dyn ChallengeProvider>) -> SendOnce {
    SendOnce::new(provider, Arc::new(LocalIntents::new()), "a secret of 32 characters or more").expect("a key")
}

#[tokio::test]
async fn every_wrapper_passes_on_what_the_provider_within_says() {
    let guard = || Arc::new(LocalGuard::new(Limits::new()));
    let wrappers: [(&str, Arc<dyn ChallengeProvider>); 8] = [
        ("Guarded", Arc::new(Guarded::new(talkative("one"), guard()))),
        ("Reloadable", Arc::new(Reloadable::new(talkative("one")))),
        ("Router", Arc::new(Router::builder(talkative("one")).with_provider(talkative("two")).build().expect("a router"))),
        ("SendOnce", Arc::new(send_once(talkative("one")))),
        ("Observed", observed(talkative("one"))),
        ("Arc", Arc::new(talkative("one"))),
        ("Box", Arc::new(Box::new(Talkative(Scripted::named("one"))))),
        ("all", Arc::new(Reloadable::new(Arc::new(Guarded::new(observed(talkative("one")), guard()))))),
    ];
    let bare = ChallengeRequest::email_otp("jane@doe.com");
    let handle = ChallengeHandle::new(ProviderId::new("one"), Method::EmailOtp, "1");
    for (name, wrapper) in wrappers {
        assert_eq!(wrapper.id().as_str(), "one", "{name}");
        assert!(wrapper.capabilities().supports(Method::EmailOtp) && wrapper.capabilities().can_resend(), "{name}");
        assert_eq!(wrapper.check(&bare).expect_err("refused").kind(), ErrorKind::InvalidRequest, "{name}");
        assert_eq!(wrapper.check(&bare.clone().with_action("login")).expect("good"), [Field::Action], "{name}");
        assert_eq!(wrapper.check_resend(&handle).expect_err("refused").kind(), ErrorKind::Permission, "{name}");
        assert_eq!(wrapper.warm_up(&CallOptions::default()).await.expect_err("away").kind(), ErrorKind::Connect, "{name}");
        let outlook = wrapper.peek(&handle, &CallOptions::default()).await;
        assert_eq!((outlook.next_send_in(), outlook.tries_left()), (Some(Duration::from_secs(7)), Some(2)), "{name}");
    }
}

#[tokio::test]
async fn health_is_told_through_every_wrapper() {
    let first = Scripted::named("first").create_fails(Error::new(ErrorKind::Connect, SendState::NotSent));
    let router = Router::builder(Arc::new(first)).with_provider(Arc::new(Scripted::named("second"))).with_failover([ProviderId::new("second")]);
    let router = Arc::new(router.build().expect("a router"));
    let wrapped = send_once(Arc::new(Reloadable::new(Arc::new(Guarded::new(observed(router), Arc::new(LocalGuard::new(Limits::new())))))));
    wrapped.create_with(&ChallengeRequest::email_otp("jane@doe.com"), &CallOptions::default().with_intent("one")).await.expect("the second one");
    let health = wrapped.health();
    let told: Vec<_> = health.iter().map(|one| (one.provider().as_str(), one.failure(), one.is_passed_over())).collect();
    assert_eq!(told, [("first", Some(ErrorKind::Connect), true), ("second", None, false)]);
}

#[tokio::test]
async fn the_shorter_of_two_guards_outlooks_is_told() {
    let within = Guarded::new(talkative("one"), Arc::new(LocalGuard::new(Limits::new().with_wrong_codes(1))));
    let handle = ChallengeHandle::new(ProviderId::new("one"), Method::EmailOtp, "1");
    let outlook = within.peek(&handle, &CallOptions::default()).await;
    assert_eq!(outlook, Outlook::new(Some(Duration::from_secs(7)), Some(1)));
}

/// A provider that cannot be reached, and says so late.
#[derive(Debug)]
struct Slow(Scripted, Duration);

#[auth_challenge::async_trait]
impl ChallengeProvider for Slow {
    fn id(&self) -> ProviderId {
        self.0.id()
    }
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }
    async fn create_with(&self, _: &ChallengeRequest, _: &CallOptions) -> Result<Challenge, Error> {
        tokio::time::sleep(self.1).await;
        Err(Error::new(ErrorKind::Connect, SendState::NotSent))
    }
    async fn verify_with(&self, handle: &ChallengeHandle, answer: &auth_challenge::Answer, options: &CallOptions) -> Result<Verification, Error> {
        self.0.verify_with(handle, answer, options).await
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_else_is_asked_with_less_than_a_quarter_of_a_second_left() {
    for (taken, is_asked) in [(9700, true), (9740, true), (9760, false), (9990, false)] {
        let (start, second) = (Instant::now(), Scripted::named("second"));
        let slow = Slow(Scripted::named("first"), Duration::from_millis(taken));
        let router =
            Router::builder(Arc::new(slow)).with_provider(Arc::new(second.clone())).with_failover([ProviderId::new("second")]).build().expect("a router");
        let outcome = router.create(&ChallengeRequest::email_otp("jane@doe.com")).await;
        assert_eq!((outcome.is_ok(), second.created().len()), (is_asked, usize::from(is_asked)), "{taken}");
        assert_eq!(start.elapsed(), Duration::from_millis(taken));
    }
}

/// A provider that tells whether a call may be made again.
#[derive(Debug)]
struct Asked(Scripted, std::sync::Mutex<Vec<bool>>);

#[auth_challenge::async_trait]
impl ChallengeProvider for Asked {
    fn id(&self) -> ProviderId {
        self.0.id()
    }
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }
    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        self.1.lock().expect("the list").push(options.is_single_attempt());
        self.0.create_with(request, options).await
    }
    async fn verify_with(&self, handle: &ChallengeHandle, answer: &auth_challenge::Answer, options: &CallOptions) -> Result<Verification, Error> {
        self.0.verify_with(handle, answer, options).await
    }
}

#[tokio::test]
async fn the_last_provider_alone_may_be_asked_again() {
    let down = || Error::new(ErrorKind::Connect, SendState::NotSent);
    let asked = |name: &str| Arc::new(Asked(Scripted::named(name).create_fails(down()), std::sync::Mutex::default()));
    let (first, second) = (asked("first"), asked("second"));
    let router = Router::builder(first.clone()).with_provider(second.clone()).with_failover([ProviderId::new("second")]).build().expect("a router");
    router.create(&ChallengeRequest::email_otp("jane@doe.com")).await.expect_err("nobody is there");
    assert_eq!((first.1.lock().expect("the list").clone(), second.1.lock().expect("the list").clone()), (vec![true], vec![false]));
}

#[cfg(feature = "corbado")]
#[tokio::test]
async fn the_log_names_whom_failover_left_out_and_for_want_of_what() {
    use auth_challenge::{
        Http,
        corbado::{Corbado, CorbadoConfig},
    };
    use tracing::{Level, instrument::WithSubscriber as _};

    use crate::support::log::Log;

    let down = Error::new(ErrorKind::Connect, SendState::NotSent);
    let corbado = Arc::new(Corbado::new(&CorbadoConfig::new("pro-1", "corbado1_secret"), Http::builder().build().expect("HTTP")).expect("a client"));
    let router = Router::builder(Arc::new(Scripted::named("first").create_fails(down))).with_provider(corbado).with_failover([ProviderId::CORBADO]);
    let router = router.build().expect("a router");
    let log = Log::default();
    let told = log.hears(Level::WARN);
    async { router.create(&ChallengeRequest::email_otp("jane@doe.com")).await.expect_err("Corbado needs a user") }.with_subscriber(told).await;
    let log = log.take();
    assert!(log.contains("not asked in failover") && log.contains("corbado") && log.contains("user_id"), "{log}");
    assert!(!log.contains("jane"), "{log}");
}
