//! At most one message for each intent, whatever its store does.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use auth_challenge::{ChallengeProvider, Error, ErrorKind, FoundIntent, IntentStore, LocalIntents, SendState, testing::Scripted};
use tokio::time::{Instant, sleep};

use crate::support::intents::{Slow, id, intent, once, request};

/// A store that fails or hangs at one of its steps.
#[derive(Debug)]
struct Failing {
    step: &'static str,
    hangs: bool,
    kept: Arc<LocalIntents>,
}

impl Failing {
    async fn at(&self, step: &str) -> Result<(), Error> {
        match (self.step == step, self.hangs) {
            (false, _) => Ok(()),
            (true, false) => Err(Error::new(ErrorKind::Unavailable, SendState::NotSent)),
            (true, true) => std::future::pending().await,
        }
    }
}

#[auth_challenge::async_trait]
impl IntentStore for Failing {
    async fn reserve(&self, name: &str, record: &[u8], time: Duration) -> Result<Option<FoundIntent>, Error> {
        let found = self.kept.reserve(name, record, time).await;
        self.at("reserve").await?;
        found
    }

    async fn settle(&self, name: &str, reserved: &[u8], record: &[u8]) -> Result<(), Error> {
        self.at("settle").await?;
        self.kept.settle(name, reserved, record).await
    }

    async fn release(&self, name: &str, reserved: &[u8]) -> Result<(), Error> {
        self.at("release").await?;
        self.kept.release(name, reserved).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_lets_nothing_out_before_the_message_and_withholds_nothing_after_it() {
    for hangs in [false, true] {
        for step in ["reserve", "settle"] {
            let vendor = Scripted::new();
            let store: Arc<dyn IntentStore> = Arc::new(Failing { step, hangs, kept: Arc::default() });
            let service = once(vendor.clone(), &store);
            let (start, options) = (Instant::now(), intent("session 7").with_timeout(Duration::from_secs(2)));
            let outcome = service.create_with(&request(), &options).await;
            assert!(start.elapsed() <= Duration::from_millis(2001), "{step} {hangs}");
            match outcome {
                Ok(_) => assert_eq!((step, vendor.created().len()), ("settle", 1)),
                Err(error) => {
                    assert_eq!((step, vendor.created().len()), ("reserve", 0));
                    let kind = if hangs { ErrorKind::Timeout } else { ErrorKind::Throttled };
                    assert_eq!((error.kind(), error.send_state()), (kind, SendState::NotSent), "{hangs}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_not_sent_is_sent_when_it_is_asked_for_again_though_the_store_did_not_free_it() {
    for hangs in [false, true] {
        let vendor = Scripted::new().create_fails(Error::new(ErrorKind::Connect, SendState::NotSent));
        let kept = Arc::new(LocalIntents::new());
        let store = |step| -> Arc<dyn IntentStore> { Arc::new(Failing { step, hangs, kept: kept.clone() }) };
        let service = once(vendor.clone(), &store("release"));
        let error = service.create_with(&request(), &intent("session 7")).await.expect_err("not sent");
        assert_eq!(error.send_state(), SendState::NotSent, "{hangs}");
        let error = once(vendor.clone(), &store("")).create_with(&request(), &intent("session 7").with_timeout(Duration::from_secs(60))).await;
        assert_eq!(error.expect_err("another process").send_state(), SendState::Unknown, "{hangs}");
        // Its own process knows better, but the store still frees nothing.
        let error = service.create_with(&request(), &intent("session 7")).await.expect_err("not free");
        assert_eq!((error.send_state(), vendor.created().len()), (SendState::NotSent, 1), "{hangs}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_goes_away_while_a_call_waits_for_another_one_leaves_it_unknown() {
    /// Knows of a reservation, and then hangs or fails.
    #[derive(Debug)]
    struct Gone(AtomicU64, bool, LocalIntents);
    #[auth_challenge::async_trait]
    impl IntentStore for Gone {
        async fn reserve(&self, name: &str, record: &[u8], time: Duration) -> Result<Option<FoundIntent>, Error> {
            match self.0.fetch_add(1, Ordering::SeqCst) {
                0 | 1 => self.2.reserve(name, record, time).await,
                _ if self.1 => std::future::pending().await,
                _ => Err(Error::new(ErrorKind::Unavailable, SendState::NotSent)),
            }
        }
        async fn settle(&self, _: &str, _: &[u8], _: &[u8]) -> Result<(), Error> {
            Ok(())
        }
        async fn release(&self, _: &str, _: &[u8]) -> Result<(), Error> {
            Ok(())
        }
    }
    for hangs in [false, true] {
        let store: Arc<dyn IntentStore> = Arc::new(Gone(AtomicU64::new(0), hangs, LocalIntents::new()));
        let service = once(Slow::new(Duration::from_secs(5)), &store);
        let first = tokio::time::timeout(Duration::from_millis(1), service.create_with(&request(), &intent("session 7"))).await;
        assert!(first.is_err(), "it is under way");
        let error = service.create_with(&request(), &intent("session 7").with_timeout(Duration::from_secs(2))).await.expect_err("nobody knows");
        assert_eq!(error.send_state(), SendState::Unknown, "{hangs}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_challenge_that_could_not_be_kept_is_unknown_when_it_is_asked_for_again() {
    let vendor = Scripted::new();
    let store: Arc<dyn IntentStore> = Arc::new(Failing { step: "settle", hangs: false, kept: Arc::default() });
    let service = once(vendor.clone(), &store);
    service.create_with(&request(), &intent("session 7")).await.expect("a challenge");
    let error = service.create_with(&request(), &intent("session 7").with_timeout(Duration::from_secs(60))).await.expect_err("nobody knows");
    assert_eq!((error.kind(), error.send_state(), vendor.created().len()), (ErrorKind::Interrupted, SendState::Unknown, 1));
}

/// A store that keeps so many reservations without saying so, at once or after a while, and then gets well.
#[derive(Debug)]
struct Mumbling {
    times: AtomicU64,
    after: Duration,
    kept: LocalIntents,
}

#[auth_challenge::async_trait]
impl IntentStore for Mumbling {
    async fn reserve(&self, name: &str, record: &[u8], time: Duration) -> Result<Option<FoundIntent>, Error> {
        let found = self.kept.reserve(name, record, time).await;
        if self.times.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |times| times.checked_sub(1)).is_err() {
            return found;
        }
        sleep(self.after).await;
        Err(Error::new(ErrorKind::Unavailable, SendState::NotSent))
    }

    async fn settle(&self, name: &str, reserved: &[u8], record: &[u8]) -> Result<(), Error> {
        self.kept.settle(name, reserved, record).await
    }

    async fn release(&self, name: &str, reserved: &[u8]) -> Result<(), Error> {
        self.kept.release(name, reserved).await
    }
}

fn mumbling(times: u64, after: Duration) -> Arc<dyn IntentStore> {
    Arc::new(Mumbling { times: AtomicU64::new(times), after, kept: LocalIntents::new() })
}

#[tokio::test(start_paused = true)]
async fn a_reservation_that_the_store_did_not_confirm_is_taken_back_by_its_process_and_unknown_to_any_other() {
    for (number, after) in [Duration::ZERO, Duration::from_secs(60)].into_iter().enumerate() {
        let (vendor, store) = (Scripted::new(), mumbling(1, after));
        let (service, other) = (once(vendor.clone(), &store), once(vendor.clone(), &store));
        let error = service.create_with(&request(), &intent("session 7")).await.expect_err("not confirmed");
        assert_eq!(error.send_state(), SendState::NotSent, "{number}");
        if number == 0 {
            let error = other.create_with(&request(), &intent("session 7").with_timeout(Duration::from_secs(60))).await.expect_err("nobody told it");
            assert_eq!(error.send_state(), SendState::Unknown);
        }
        // By many calls at once too.
        let service = Arc::new(service);
        let calls = (0..20).map(|_| {
            let service = Arc::clone(&service);
            tokio::spawn(async move { service.create_with(&request(), &intent("session 7")).await.map(|challenge| id(&challenge).to_owned()) })
        });
        let mut ids = BTreeSet::new();
        for call in calls.collect::<Vec<_>>() {
            ids.insert(call.await.expect("no panic").expect("its challenge"));
        }
        assert_eq!((ids.len(), vendor.created().len()), (1, 1), "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_forgets_nothing_it_is_told_to_forget_keeps_no_call_beyond_its_time() {
    /// Fails once, and then keeps what it kept.
    #[derive(Debug)]
    struct Stubborn(AtomicU64, LocalIntents);
    #[auth_challenge::async_trait]
    impl IntentStore for Stubborn {
        async fn reserve(&self, name: &str, record: &[u8], time: Duration) -> Result<Option<FoundIntent>, Error> {
            let found = self.1.reserve(name, record, time).await;
            sleep(Duration::from_millis(1)).await;
            if self.0.fetch_add(1, Ordering::SeqCst) == 0 { Err(Error::new(ErrorKind::Unavailable, SendState::NotSent)) } else { found }
        }
        async fn settle(&self, _: &str, _: &[u8], _: &[u8]) -> Result<(), Error> {
            Ok(())
        }
        async fn release(&self, _: &str, _: &[u8]) -> Result<(), Error> {
            Ok(())
        }
    }
    let store: Arc<dyn IntentStore> = Arc::new(Stubborn(AtomicU64::new(0), LocalIntents::new()));
    let service = once(Scripted::new(), &store);
    service.create_with(&request(), &intent("session 7")).await.expect_err("the store fails");
    let start = Instant::now();
    let error = service.create_with(&request(), &intent("session 7").with_timeout(Duration::from_secs(2))).await.expect_err("never free");
    assert_eq!((error.kind(), error.send_state(), start.elapsed().as_secs()), (ErrorKind::Timeout, SendState::NotSent, 2));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_while_it_reserves_leaves_its_intent_free() {
    let (vendor, store) = (Scripted::new(), mumbling(1, Duration::from_secs(5)));
    let service = once(vendor.clone(), &store);
    assert!(tokio::time::timeout(Duration::from_secs(1), service.create_with(&request(), &intent("session 7"))).await.is_err());
    service.create_with(&request(), &intent("session 7")).await.expect("it is free");
    assert_eq!(vendor.created().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nobody_takes_back_what_another_call_of_the_process_is_about_to_send() {
    /// Keeps a reservation long before it says so.
    #[derive(Debug)]
    struct Late(LocalIntents);
    #[auth_challenge::async_trait]
    impl IntentStore for Late {
        async fn reserve(&self, name: &str, record: &[u8], time: Duration) -> Result<Option<FoundIntent>, Error> {
            let found = self.0.reserve(name, record, time).await;
            sleep(Duration::from_secs(1)).await;
            found
        }
        async fn settle(&self, name: &str, reserved: &[u8], record: &[u8]) -> Result<(), Error> {
            self.0.settle(name, reserved, record).await
        }
        async fn release(&self, name: &str, reserved: &[u8]) -> Result<(), Error> {
            self.0.release(name, reserved).await
        }
    }
    let (vendor, store): (_, Arc<dyn IntentStore>) = (Slow::new(Duration::from_secs(1)), Arc::new(Late(LocalIntents::new())));
    let service = Arc::new(once(vendor.clone(), &store));
    let calls = (0..20).map(|number| {
        let service = Arc::clone(&service);
        tokio::spawn(async move {
            sleep(Duration::from_millis(200 * number)).await;
            service.create_with(&request(), &intent("session 7")).await
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.expect("no panic").expect("the challenge");
    }
    assert_eq!(vendor.sends.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_cannot_be_read_is_unknown_and_never_sent() {
    /// Says that something is kept under every name.
    #[derive(Debug)]
    struct Odd(Vec<u8>);
    #[auth_challenge::async_trait]
    impl IntentStore for Odd {
        async fn reserve(&self, _: &str, _: &[u8], time: Duration) -> Result<Option<FoundIntent>, Error> {
            Ok(Some(FoundIntent::new(self.0.clone(), time)))
        }
        async fn settle(&self, _: &str, _: &[u8], _: &[u8]) -> Result<(), Error> {
            Ok(())
        }
        async fn release(&self, _: &str, _: &[u8]) -> Result<(), Error> {
            Ok(())
        }
    }
    for bytes in [vec![], vec![2, 0], vec![9; 200]] {
        let (vendor, store): (_, Arc<dyn IntentStore>) = (Scripted::new(), Arc::new(Odd(bytes)));
        let error = once(vendor.clone(), &store).create_with(&request(), &intent("session 7")).await.expect_err("not readable");
        assert_eq!((error.kind(), error.send_state(), vendor.created().len()), (ErrorKind::Interrupted, SendState::Unknown, 0));
    }
}
