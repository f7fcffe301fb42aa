//! At most one message for each intent, on every store.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use auth_challenge::{
    Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeProviderExt, ChallengeRequest, ClientContext, CredentialKind,
    Error, ErrorKind, Field, FoundIntent, IntentStore, LocalIntents, Method, ProviderId, Reloadable, Router, SendOnce, SendState, Verification,
    testing::Scripted,
};
use tokio::time::{Instant, sleep};

use crate::support::{
    self,
    intents::{Slow, id, intent, once, request},
};

/// Keeps the server of a test alive.
struct Stores {
    all: Vec<(&'static str, Arc<dyn IntentStore>)>,
    #[cfg(feature = "redis")]
    _server: Option<support::redis::Redis>,
}

/// Gives every store that there is on this machine.
fn stores() -> Stores {
    #[cfg_attr(not(feature = "redis"), expect(unused_mut, reason = "the other store is Redis"))]
    let mut all: Vec<(&'static str, Arc<dyn IntentStore>)> = vec![("local", Arc::new(LocalIntents::new()))];
    #[cfg(feature = "redis")]
    let server = support::redis::Redis::start();
    #[cfg(feature = "redis")]
    if let Some(server) = &server {
        all.push(("redis", Arc::new(auth_challenge::RedisIntents::new(server.url()).expect("a URL").with_timeout(Duration::from_secs(20)))));
    }
    Stores {
        all,
        #[cfg(feature = "redis")]
        _server: server,
    }
}

#[tokio::test]
async fn an_intent_that_comes_again_gives_its_challenge_and_sends_nothing() {
    for (name, store) in stores().all {
        let vendors = [Scripted::new(), Scripted::new()];
        let services = vendors.clone().map(|vendor| once(vendor, &store));
        let first = services[0].create_with(&request(), &intent("session 7")).await.expect("a challenge");
        for service in &services {
            let client = ClientContext::new([203, 0, 113, 9]).with_user_agent("another network, another browser");
            let again = service.create_with(&request().with_client(client), &intent("session 7")).await.expect("its challenge");
            assert_eq!(again.handle().to_compact(), first.handle().to_compact(), "{name}");
            assert_eq!((again.status(), again.request_id()), (first.status(), first.request_id()), "{name}");
        }
        let other = services[1].create_with(&request(), &intent("session 8")).await.expect("a challenge");
        let again = services[0].create_with(&request(), &intent("session 8")).await.expect("its challenge");
        assert_eq!(id(&again), id(&other), "{name}");
        assert_eq!(vendors.map(|vendor| vendor.created().len()), [1, 1], "{name}");
    }
}

#[tokio::test]
async fn an_option_for_two_messages_does_nothing_within_an_intent() {
    for (name, store) in stores().all {
        let lost = Error::new(ErrorKind::Timeout, SendState::Unknown).with_operation("create");
        let (first, second) = (Scripted::named("first").create_fails(lost), Scripted::named("second"));
        let router = Router::builder(Arc::new(first)).with_provider(Arc::new(second.clone())).with_failover([ProviderId::new("second")]).build();
        let service = SendOnce::new(Arc::new(router.expect("a router")), Arc::clone(&store), support::intents::KEY).expect("a key");
        let options = intent("two vendors").with_failover_when_unknown();
        let error = service.create_with(&request(), &options).await.expect_err("nobody knows what became of the first");
        assert_eq!((error.send_state(), second.created().len()), (SendState::Unknown, 0), "{name}");
    }
}

#[tokio::test]
async fn an_intent_for_another_request_is_a_conflict_and_sends_nothing() {
    let others = [
        ChallengeRequest::email_otp("mary@doe.com").with_action("login"),
        ChallengeRequest::email_link("jane@doe.com").with_action("login"),
        request().with_action("payment"),
        request().with_action_key("a"),
        request().with_locale("de"),
        request().with_lifetime(Duration::from_secs(60)),
        request().with_scope("s"),
        request().with_user_id("u"),
        request().with_user_id_at(ProviderId::CORBADO, "u"),
        request().with_code("1"),
        request().with_metadata([("a".to_owned(), 1.into())].into_iter().collect()),
    ];
    for (name, store) in stores().all {
        let vendor = Scripted::new();
        let service = once(vendor.clone(), &store);
        let first = service.create_with(&request(), &intent("session 7")).await.expect("a challenge");
        for other in &others {
            let error = service.create_with(other, &intent("session 7")).await.expect_err("another request");
            assert_eq!((error.kind(), error.send_state(), error.operation()), (ErrorKind::Conflict, SendState::NotSent, Some("create")), "{name}: {other:?}");
        }
        let error = service.resend_with(first.handle(), &intent("session 7")).await.expect_err("another operation");
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Conflict, Some("resend")), "{name}");
        assert_eq!((vendor.created().len(), vendor.resent().len()), (1, 0), "{name}");
    }
}

#[tokio::test]
async fn of_many_calls_at_once_with_one_intent_one_sends_and_all_have_its_challenge() {
    for (name, store) in stores().all {
        let vendor = Slow::new(Duration::from_millis(100));
        let calls = (0..50).map(|_| {
            let service = once(vendor.clone(), &store);
            tokio::spawn(async move { service.create_with(&request(), &intent("session 7")).await.map(|challenge| id(&challenge).to_owned()) })
        });
        let mut ids = BTreeSet::new();
        for call in calls.collect::<Vec<_>>() {
            ids.insert(call.await.expect("no panic").expect("a challenge"));
        }
        assert_eq!((vendor.sends.load(Ordering::SeqCst), ids.len()), (1, 1), "{name}");
    }
}

#[tokio::test]
async fn what_was_provably_not_sent_is_free_again_and_what_may_have_been_is_never_sent_again() {
    use SendState::*;
    for (name, store) in stores().all {
        for (state, is_free) in [(NotSent, true), (Refused, true), (Unknown, false), (Accepted, false)] {
            let failed = || Error::new(ErrorKind::Unavailable, state);
            let vendor = Scripted::new().create_fails(failed());
            let (service, options) = (once(vendor.clone(), &store), intent(&format!("{state:?}")));
            let error = service.create_with(&request(), &options).await.expect_err("as the vendor said");
            assert_eq!((error.kind(), error.send_state()), (ErrorKind::Unavailable, state), "{name}");
            for _ in 0..3 {
                let again = service.create_with(&request(), &options).await;
                assert_eq!(again.is_ok(), is_free, "{name} {state:?}");
                if let Err(error) = again {
                    assert_eq!((error.kind(), error.send_state()), (ErrorKind::Interrupted, Unknown), "{name} {state:?}");
                }
            }
            assert_eq!(vendor.created().len(), if is_free { 2 } else { 1 }, "{name} {state:?}");
        }
    }
}

#[tokio::test]
async fn a_call_that_went_away_while_it_sent_is_unknown_after_its_time_and_never_sent_again() {
    for (name, store) in stores().all {
        let vendor = Slow::new(Duration::MAX);
        let (service, dropped) = (once(vendor.clone(), &store), once(vendor.clone(), &store));
        let dropped = tokio::spawn(async move { dropped.create_with(&request(), &intent("session 7").with_timeout(Duration::from_secs(2))).await });
        while vendor.sends.load(Ordering::SeqCst) == 0 {
            sleep(Duration::from_millis(1)).await;
        }
        dropped.abort();
        // Another call with more time waits for it, until its time is over.
        let error = service.create_with(&request(), &intent("session 7").with_timeout(Duration::from_secs(60))).await.expect_err("nobody knows");
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Interrupted, SendState::Unknown), "{name}");
        let error = service.create_with(&request(), &intent("session 7")).await.expect_err("nobody knows");
        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Interrupted, SendState::Unknown), "{name}");
        assert_eq!(vendor.sends.load(Ordering::SeqCst), 1, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_time_is_up_before_another_one_with_its_intent_has_ended_does_not_know() {
    let (vendor, store): (_, Arc<dyn IntentStore>) = (Slow::new(Duration::from_secs(5)), Arc::new(LocalIntents::new()));
    let (first, second) = (once(vendor.clone(), &store), once(vendor.clone(), &store));
    let first = tokio::spawn(async move { first.create_with(&request(), &intent("session 7")).await });
    sleep(Duration::from_millis(1)).await;
    let start = Instant::now();
    let error = second.create_with(&request(), &intent("session 7").with_timeout(Duration::from_secs(2))).await.expect_err("too early");
    assert_eq!((error.kind(), error.send_state()), (ErrorKind::Timeout, SendState::Unknown));
    assert_eq!(start.elapsed().as_millis(), 2000);
    let made = first.await.expect("no panic").expect("a challenge");
    assert_eq!(id(&second.create_with(&request(), &intent("session 7")).await.expect("its challenge")), id(&made));
    assert_eq!(vendor.sends.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_sends_itself_where_the_other_one_could_not() {
    /// Is slow to say that it sent nothing.
    #[derive(Clone, Debug)]
    struct Full(Arc<AtomicU64>);
    #[auth_challenge::async_trait]
    impl ChallengeProvider for Full {
        fn id(&self) -> ProviderId {
            ProviderId::new("full")
        }
        fn capabilities(&self) -> Capabilities {
            Scripted::new().capabilities()
        }
        async fn create_with(&self, request: &ChallengeRequest, _: &CallOptions) -> Result<Challenge, Error> {
            sleep(Duration::from_secs(1)).await;
            match self.0.fetch_add(1, Ordering::SeqCst) {
                0 => Err(Error::new(ErrorKind::RateLimited, SendState::Refused)),
                number => Ok(Challenge::new(ChallengeHandle::new(self.id(), request.method(), number.to_string()))),
            }
        }
        async fn verify_with(&self, _: &ChallengeHandle, _: &Answer, _: &CallOptions) -> Result<Verification, Error> {
            Err(Error::new(ErrorKind::Unsupported, SendState::NotSent))
        }
    }
    let (vendor, store): (_, Arc<dyn IntentStore>) = (Full(Arc::default()), Arc::new(LocalIntents::new()));
    let (first, second) = (once(vendor.clone(), &store), once(vendor.clone(), &store));
    let first = tokio::spawn(async move { first.create_with(&request(), &intent("session 7")).await });
    sleep(Duration::from_millis(1)).await;
    second.create_with(&request(), &intent("session 7")).await.expect("a challenge");
    assert_eq!(first.await.expect("no panic").expect_err("refused").kind(), ErrorKind::RateLimited);
    assert_eq!(vendor.0.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn an_intent_is_remembered_for_its_time_and_at_least_for_twice_that_of_its_call() {
    for (remembered, timeout, kept) in [(3600, 10, 3600), (1, 10, 22)] {
        let (vendor, store): (_, Arc<dyn IntentStore>) = (Scripted::new(), Arc::new(LocalIntents::new()));
        let service = once(vendor.clone(), &store).with_remembered(Duration::from_secs(remembered)).with_timeout(Duration::from_secs(timeout));
        for (wait, sent) in [(0, 1), (kept - 1, 1), (1, 2)] {
            sleep(Duration::from_secs(wait)).await;
            service.create_with(&request(), &intent("session 7")).await.expect("a challenge");
            assert_eq!(vendor.created().len(), sent, "{remembered} {wait}");
        }
    }
}

#[tokio::test]
async fn a_send_needs_an_intent_and_a_request_that_is_refused_uses_none_up() {
    let (vendor, store): (_, Arc<dyn IntentStore>) = (Scripted::new(), Arc::new(LocalIntents::new()));
    let service = once(vendor.clone(), &store);
    let handle = ChallengeHandle::new(ProviderId::new("scripted"), Method::EmailOtp, "id");
    for options in [CallOptions::default(), intent("")] {
        let errors =
            [service.create_with(&request(), &options).await.expect_err("no intent"), service.resend_with(&handle, &options).await.expect_err("no intent")];
        for error in errors {
            assert_eq!((error.kind(), error.send_state()), (ErrorKind::InvalidRequest, SendState::NotSent));
            assert_eq!(error.violations().first().and_then(|violation| violation.field()), Some(Field::Intent));
        }
    }
    let error = service.create_with(&ChallengeRequest::email_otp("no address"), &intent("session 7")).await.expect_err("malformed");
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    service.create_with(&request(), &intent("session 7")).await.expect("it is free");
    assert_eq!(SendOnce::new(Arc::new(vendor), store, "short").expect_err("a short key").kind(), ErrorKind::Config);
}

#[tokio::test]
async fn a_resend_is_sent_once_for_its_intent_and_answers_and_credentials_pass() {
    for (name, store) in stores().all {
        let vendor = Scripted::new();
        let service = once(vendor.clone(), &store);
        let challenge = service.create_with(&request(), &intent("first")).await.expect("a challenge");
        for _ in 0..3 {
            service.resend_with(challenge.handle(), &intent("second")).await.expect("sent once more");
        }
        service.resend_with(challenge.handle(), &intent("third")).await.expect("sent once more");
        assert_eq!(vendor.resent().len(), 2, "{name}");
        for _ in 0..2 {
            let _ = service.verify(challenge.handle(), &Answer::code("1")).await.expect("an answer");
            service.create(&ChallengeRequest::credential(CredentialKind::Fido2, "code")).await.expect("a challenge");
        }
        assert_eq!((vendor.answered().len(), vendor.created().len()), (2, 3), "{name}");
    }
}

#[tokio::test]
async fn sending_again_with_one_intent_sends_once_whether_the_vendor_can_resend_or_not() {
    for can_replay in [true, false] {
        let (vendor, store): (_, Arc<dyn IntentStore>) = (Scripted::new(), Arc::new(LocalIntents::new()));
        let slow = Slow::new(Duration::ZERO);
        let service = if can_replay { once(vendor.clone(), &store) } else { once(slow.clone(), &store) };
        let challenge = service.create_with(&request(), &intent("first")).await.expect("a challenge");
        let mut ids = BTreeSet::new();
        for _ in 0..3 {
            let again = service.send_again_with(challenge.handle(), &request(), &intent("second")).await.expect("sent again");
            ids.insert(id(&again).to_owned());
        }
        let messages = if can_replay { vendor.created().len() + vendor.resent().len() } else { slow.sends.load(Ordering::SeqCst) as usize };
        assert_eq!((messages, ids.len()), (2, 1), "{can_replay}");
    }
}

#[tokio::test(start_paused = true)]
async fn sending_again_at_the_same_moment_sends_once_and_fails_nobody() {
    /// Takes its time for each step.
    #[derive(Debug, Default)]
    struct Far(LocalIntents);
    const STEP: Duration = Duration::from_millis(3);
    #[auth_challenge::async_trait]
    impl IntentStore for Far {
        async fn reserve(&self, name: &str, record: &[u8], time: Duration) -> Result<Option<FoundIntent>, Error> {
            sleep(STEP).await;
            let found = self.0.reserve(name, record, time).await;
            sleep(STEP).await;
            found
        }
        async fn settle(&self, name: &str, reserved: &[u8], record: &[u8]) -> Result<(), Error> {
            sleep(STEP).await;
            self.0.settle(name, reserved, record).await
        }
        async fn release(&self, name: &str, reserved: &[u8]) -> Result<(), Error> {
            sleep(STEP).await;
            self.0.release(name, reserved).await
        }
    }
    let handle = ChallengeHandle::new(ProviderId::new("slow"), Method::EmailOtp, "slow-1");
    for gap in 0..60 {
        let vendor = Slow::new(Duration::from_millis(5));
        let service = Arc::new(once(vendor.clone(), &(Arc::new(Far::default()) as _)));
        let calls = [0, gap].map(|wait| {
            let (service, handle) = (Arc::clone(&service), handle.clone());
            tokio::spawn(async move {
                sleep(Duration::from_millis(wait)).await;
                service.send_again_with(&handle, &request(), &intent("second")).await
            })
        });
        for call in calls {
            call.await.expect("no panic").unwrap_or_else(|error| panic!("{gap}: {error}"));
        }
        assert_eq!(vendor.sends.load(Ordering::SeqCst), 1, "{gap}");
    }
}

#[tokio::test]
async fn sending_again_with_the_first_messages_intent_is_a_conflict_where_the_vendor_replays() {
    let (vendor, store): (_, Arc<dyn IntentStore>) = (Scripted::new(), Arc::new(LocalIntents::new()));
    let service = once(vendor, &store);
    let challenge = service.create_with(&request(), &intent("first")).await.expect("a challenge");
    let error = service.send_again_with(challenge.handle(), &request(), &intent("first")).await.expect_err("another message");
    assert_eq!((error.kind(), error.send_state()), (ErrorKind::Conflict, SendState::NotSent));
}

#[tokio::test]
async fn an_intent_for_the_resend_of_another_challenge_is_a_conflict() {
    let vendor = Scripted::new();
    let service = once(vendor.clone(), &(Arc::new(LocalIntents::new()) as _));
    let handles = ["a", "b"].map(|id| ChallengeHandle::new(ProviderId::new("scripted"), Method::EmailOtp, id));
    service.resend_with(&handles[0], &intent("session 7, again")).await.expect("sent");
    service.resend_with(&handles[0], &intent("session 7, again")).await.expect("the same");
    let error = service.resend_with(&handles[1], &intent("session 7, again")).await.expect_err("another challenge");
    assert_eq!((error.kind(), vendor.resent().len()), (ErrorKind::Conflict, 1));
}

#[tokio::test(start_paused = true)]
async fn a_provider_keeps_a_tenth_of_a_second_or_of_the_time_for_the_last_word() {
    /// Notes the time that it was given.
    #[derive(Clone, Debug, Default)]
    struct Timed(Arc<std::sync::Mutex<Option<Duration>>>);
    #[auth_challenge::async_trait]
    impl ChallengeProvider for Timed {
        fn id(&self) -> ProviderId {
            ProviderId::new("timed")
        }
        fn capabilities(&self) -> Capabilities {
            Scripted::new().capabilities()
        }
        async fn create_with(&self, _: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
            *self.0.lock().expect("the time") = options.timeout();
            Err(Error::new(ErrorKind::Connect, SendState::NotSent))
        }
        async fn verify_with(&self, _: &ChallengeHandle, _: &Answer, _: &CallOptions) -> Result<Verification, Error> {
            Err(Error::new(ErrorKind::Unsupported, SendState::NotSent))
        }
    }
    for (time, given) in [(10_000, 9_900), (700, 630)] {
        let (timed, store): (_, Arc<dyn IntentStore>) = (Timed::default(), Arc::new(LocalIntents::new()));
        let options = intent("session 7").with_timeout(Duration::from_millis(time));
        once(timed.clone(), &store).create_with(&request(), &options).await.expect_err("not sent");
        assert_eq!(*timed.0.lock().expect("the time"), Some(Duration::from_millis(given)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_by_its_deadline_whatever_the_provider_does() {
    /// Minds no time.
    #[derive(Debug)]
    struct Hangs;
    #[auth_challenge::async_trait]
    impl ChallengeProvider for Hangs {
        fn id(&self) -> ProviderId {
            ProviderId::new("hangs")
        }
        fn capabilities(&self) -> Capabilities {
            Scripted::new().capabilities()
        }
        async fn create_with(&self, _: &ChallengeRequest, _: &CallOptions) -> Result<Challenge, Error> {
            std::future::pending().await
        }
        async fn verify_with(&self, _: &ChallengeHandle, _: &Answer, _: &CallOptions) -> Result<Verification, Error> {
            std::future::pending().await
        }
    }
    for (options, seconds) in [(intent("a"), 10), (intent("b").with_timeout(Duration::from_secs(3)), 3)] {
        let (store, start): (Arc<dyn IntentStore>, _) = (Arc::new(LocalIntents::new()), Instant::now());
        let service = once(Hangs, &store).with_remembered(Duration::ZERO);
        let error = service.create_with(&request(), &options).await.expect_err("no answer");
        assert_eq!((error.kind(), error.send_state(), start.elapsed().as_secs()), (ErrorKind::Timeout, SendState::Unknown, seconds));
        assert_eq!((error.provider().map(ProviderId::as_str), error.operation()), (Some("hangs"), Some("create")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_challenge_that_comes_at_the_last_moment_is_kept() {
    let (vendor, store): (_, Arc<dyn IntentStore>) = (Slow::new(Duration::from_millis(9899)), Arc::new(LocalIntents::new()));
    let service = once(vendor.clone(), &store);
    let made = service.create_with(&request(), &intent("session 7")).await.expect("a challenge");
    assert_eq!(id(&service.create_with(&request(), &intent("session 7")).await.expect("it is kept")), id(&made));
}

#[tokio::test]
async fn a_reload_goes_on_with_the_intents_of_this_process() {
    let vendor = Scripted::new();
    let new = || -> Arc<dyn ChallengeProvider> { Arc::new(once(vendor.clone(), &(Arc::new(LocalIntents::new()) as _))) };
    let auth = Reloadable::new(new());
    let first = auth.create_with(&request(), &intent("session 7")).await.expect("a challenge");
    auth.replace(new());
    let again = auth.create_with(&request(), &intent("session 7")).await.expect("its challenge");
    assert_eq!((id(&first), vendor.created().len()), (id(&again), 1));
}

#[test]
fn no_intent_is_shown() {
    let options = intent("session 7 of jane@doe.com");
    let service = once(Scripted::new(), &(Arc::new(LocalIntents::new()) as _));
    let shown = format!("{options:?} {service:?} {:?}", FoundIntent::new(b"sealed".to_vec(), Duration::ZERO));
    for named in ["SendOnce", "Scripted", "LocalIntents", "FoundIntent"] {
        assert!(shown.contains(named), "{shown}");
    }
    for secret in ["session 7", "jane", "sealed", "115, 101", support::intents::KEY] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
