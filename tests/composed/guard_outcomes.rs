//! What a guard makes of what became of a send or an answer: what nobody got uses up nothing, and all else does.

use std::{future::Future, net::IpAddr, sync::Arc, task::Poll, time::Duration};

use auth_challenge::{
    Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeProviderExt, ChallengeRequest, ClientContext, Error, ErrorKind,
    Guarded, Limits, LocalGuard, Method, ProviderId, Reason, SendState, Verification, testing::Scripted,
};
use serde_json::json;

use crate::support::{Server, guards::rate, vendors};

fn once() -> LocalGuard {
    LocalGuard::new(Limits::new().with_per_recipient(rate("1 per 1h")).with_per_ip(rate("1 per 1h")).with_wrong_codes(1))
}

#[tokio::test]
async fn only_what_was_not_sent_gives_its_place_back() {
    for state in SendState::ALL {
        let scripted = Scripted::named("first").create_fails(Error::new(ErrorKind::Connect, state));
        let guarded = Guarded::new(Arc::new(scripted.clone()), Arc::new(once()));
        let request = ChallengeRequest::email_otp("jane@doe.com").with_client(ClientContext::new([203, 0, 113, 7]));
        guarded.create(&request).await.expect_err("what was queued");
        let next = guarded.create(&request).await.map(drop).map_err(|error| error.kind());
        let expected = if state == SendState::NotSent { Ok(()) } else { Err(ErrorKind::Throttled) };
        assert_eq!((next, scripted.created().len()), (expected, if expected.is_ok() { 2 } else { 1 }), "{state:?}");
    }
}

#[tokio::test]
async fn only_what_was_not_sent_gives_a_try_back() {
    for state in SendState::ALL {
        let scripted = Scripted::named("first").verify_fails(Error::new(ErrorKind::Connect, state));
        let guarded = Guarded::new(Arc::new(scripted.clone()), Arc::new(once()));
        let handle = ChallengeHandle::new(ProviderId::new("first"), Method::EmailOtp, "id");
        let _ = guarded.verify(&handle, &Answer::code("1")).await.expect_err("what was queued");
        let next = guarded.verify(&handle, &Answer::code("2")).await.expect("an answer");
        let is_judged = matches!(next, Verification::Verified(_));
        assert_eq!((is_judged, scripted.answered().len()), if state == SendState::NotSent { (true, 2) } else { (false, 1) }, "{state:?}");
    }
}

#[tokio::test]
async fn however_a_vendor_says_no_the_guessing_ends() {
    for vendor in vendors::all() {
        for status in [401, 403, 409, 422, 429] {
            let server = Server::answering(status, &[], "{}").await;
            let mut config = json!({ "provider": vendor.name, "guard": { "wrong_codes": 3 } });
            config[vendor.name] = vendor.named_section(&format!("http://{}", server.address));
            let provider = serde_json::from_value::<auth_challenge::Config>(config).expect("a config").build().expect("a provider");
            for _ in 0..20 {
                if let Ok(answer) = provider.verify(&vendor.handle(), &vendor.answer()).await {
                    assert!(matches!(&answer, Verification::Rejected(no) if no.reason() == Reason::TooManyAttempts), "{vendor:?} {status} {answer:?}");
                }
            }
            assert_eq!(server.requests().len(), 3, "{vendor:?} {status}");
        }
    }
}

/// A provider that never comes back.
#[derive(Debug)]
struct Hanging(Scripted);

#[auth_challenge::async_trait]
impl ChallengeProvider for Hanging {
    fn id(&self) -> ProviderId {
        self.0.id()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn create_with(&self, _: &ChallengeRequest, _: &CallOptions) -> Result<Challenge, Error> {
        std::future::pending().await
    }

    async fn verify_with(&self, _: &ChallengeHandle, _: &Answer, _: &CallOptions) -> Result<Verification, Error> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_place_stays_taken_where_the_caller_gives_up() {
    let guarded = Guarded::new(Arc::new(Hanging(Scripted::named("first"))), Arc::new(once()));
    let request = ChallengeRequest::email_otp("jane@doe.com");
    let mut call = Box::pin(guarded.create(&request));
    assert!(std::future::poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_pending())).await);
    drop(call);
    assert_eq!(guarded.create(&request).await.expect_err("taken").kind(), ErrorKind::Throttled);
}

#[tokio::test]
async fn a_limit_that_is_full_uses_up_none_of_the_others() {
    let from = |ip: u8, to: &str| ChallengeRequest::email_otp(to).with_client(ClientContext::new(IpAddr::from([203, 0, 113, ip])));

    let guarded = Guarded::new(
        Arc::new(Scripted::named("first")),
        Arc::new(LocalGuard::new(Limits::new().with_per_recipient(rate("1 per 1h")).with_per_ip(rate("3 per 1h")))),
    );
    guarded.create(&from(7, "a@doe.com")).await.expect("the first");
    for _ in 0..10 {
        guarded.create(&from(7, "a@doe.com")).await.expect_err("the recipient's limit");
    }
    guarded.create(&from(7, "b@doe.com")).await.expect("the client's second");
    guarded.create(&from(7, "c@doe.com")).await.expect("the client's third");
    guarded.create(&from(7, "d@doe.com")).await.expect_err("the client's limit");

    let guarded = Guarded::new(
        Arc::new(Scripted::named("first")),
        Arc::new(LocalGuard::new(Limits::new().with_per_recipient(rate("3 per 1h")).with_per_ip(rate("1 per 1h")))),
    );
    guarded.create(&from(7, "a@doe.com")).await.expect("the first");
    for _ in 0..10 {
        guarded.create(&from(7, "a@doe.com")).await.expect_err("the client's limit");
    }
    guarded.create(&from(8, "a@doe.com")).await.expect("the recipient's second");
    guarded.create(&from(9, "a@doe.com")).await.expect("the recipient's third");
    guarded.create(&from(10, "a@doe.com")).await.expect_err("the recipient's limit");
}

#[tokio::test(start_paused = true)]
async fn no_more_than_so_many_go_out_in_any_period_and_the_wait_that_is_told_is_enough() {
    let guard = LocalGuard::new(Limits::new().with_per_recipient(rate("10 per 2s")));
    let guarded = Guarded::new(Arc::new(Scripted::named("first")), Arc::new(guard));
    let request = ChallengeRequest::email_otp("jane@doe.com");
    let start = tokio::time::Instant::now();
    let mut sent: Vec<Duration> = Vec::new();
    for _ in 0..400 {
        if guarded.create(&request).await.is_ok() {
            sent.push(start.elapsed());
        }
        tokio::time::advance(Duration::from_millis(10)).await;
    }
    assert_eq!(sent.len(), 20);
    assert!(sent.iter().all(|end| sent.iter().filter(|at| **at <= *end && *end - **at < Duration::from_secs(2)).count() <= 10), "{sent:?}");
    let throttled = loop {
        if let Err(throttled) = guarded.create(&request).await {
            break throttled;
        }
    };
    tokio::time::advance(throttled.retry_after().expect("a wait")).await;
    guarded.create(&request).await.expect("after the wait that was told");
}
