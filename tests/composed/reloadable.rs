//! A provider that is replaced while the program runs.

use std::{net::SocketAddr, sync::Arc};

use auth_challenge::{
    Answer, CallOptions, ChallengeHandle, ChallengeProvider, ChallengeProviderExt, ChallengeRequest, ClientContext, Config, ErrorKind, Guard, Guarded, Limits,
    LocalGuard, Method, Observed, ProviderId, Reason, Refusal, Rejected, Reloadable, Router, Sending, Verification, testing::Scripted,
};
use serde_json::{Value, json};

use crate::support::{
    Server,
    guards::rate,
    observers::Patient,
    vendors::{self, Vendor},
};

#[tokio::test]
async fn a_new_provider_takes_over_and_old_handles_still_verify() {
    let (old, new) = (Scripted::named("old"), Scripted::named("new"));
    let reloadable = Reloadable::new(Arc::new(old.clone()));
    let before = reloadable.id();
    let challenge = reloadable.create(&ChallengeRequest::email_otp("jane@doe.com")).await.expect("a challenge");
    let both = Router::builder(Arc::new(new.clone())).with_provider(Arc::new(old.clone())).build().expect("a router");
    reloadable.replace(Arc::new(both));
    assert_eq!((before.as_str(), reloadable.id().as_str()), ("old", "new"));
    let _ = reloadable.verify(challenge.handle(), &Answer::code("1")).await.expect("an answer");
    reloadable.create(&ChallengeRequest::email_otp("jane@doe.com")).await.expect("a challenge");
    assert_eq!((old.created().len(), old.answered().len(), new.created().len()), (1, 1, 1));
}

/// What a program does that reads its config again.
fn built(vendor: &Vendor, address: SocketAddr, guard: &Value) -> Arc<dyn ChallengeProvider> {
    let mut config = json!({ "provider": vendor.name, "guard": guard });
    config[vendor.name] = vendor.named_section(&format!("http://{address}"));
    serde_json::from_value::<Config>(config).expect("a config").build().expect("a provider")
}

#[tokio::test]
async fn a_guess_counts_on_after_every_reload() {
    for vendor in vendors::all() {
        let server = Server::answering(401, &[], "{}").await;
        let provider = || built(vendor, server.address, &json!({ "wrong_codes": 3 }));
        let reloadable = Reloadable::new(provider());
        for _ in 0..12 {
            let _ = reloadable.verify(&vendor.handle(), &vendor.answer()).await;
            reloadable.replace(provider());
        }
        assert_eq!(server.requests().len(), 3, "{vendor:?}");
    }
}

#[tokio::test]
async fn sends_count_on_after_every_reload_and_new_rates_judge_them() {
    for vendor in vendors::all_with_messages() {
        for limit in ["per_recipient", "per_ip"] {
            let server = Server::answering(200, &[], &vendor.created().to_string()).await;
            let request = vendor.request().with_client(ClientContext::new([203, 0, 113, 7]).with_user_agent("x"));
            let provider = |times| built(vendor, server.address, &json!({ limit: format!("{times} per 1h") }));
            let reloadable = Reloadable::new(provider(2));
            for (times, passes) in [(2, true), (2, true), (2, false), (3, true), (3, false), (1, false), (4, true), (4, false)] {
                reloadable.replace(provider(times));
                let outcome = reloadable.create(&request).await.map(drop).map_err(|error| error.kind());
                assert_eq!(outcome, if passes { Ok(()) } else { Err(ErrorKind::Throttled) }, "{vendor:?} {limit} {times}");
            }
        }
    }
}

fn once() -> Arc<LocalGuard> {
    Arc::new(LocalGuard::new(Limits::new().with_per_recipient(rate("1 per 1h"))))
}

#[tokio::test]
async fn the_counts_of_a_guard_go_on_wherever_it_stands_in_the_provider() {
    let scripted = |id: &str| Arc::new(Scripted::named(id));
    let guarded = |id: &str| Arc::new(Guarded::new(scripted(id), once())) as Arc<dyn ChallengeProvider>;
    let router = |current| Router::builder(current).with_provider(scripted("another")).build().expect("a router");
    type Make<'a> = &'a dyn Fn() -> Arc<dyn ChallengeProvider>;
    let shapes: [Make<'_>; 7] = [
        &|| guarded("first"),
        &|| Arc::new(guarded("first")),
        &|| Arc::new(Box::new(guarded("first"))),
        &|| Arc::new(Reloadable::new(guarded("first"))),
        &|| Arc::new(router(guarded("first"))),
        &|| Arc::new(Observed::new(guarded("first"), Arc::new(Patient))),
        &|| Arc::new(Guarded::new(Arc::new(router(guarded("first"))), Arc::new(LocalGuard::new(Limits::new())))),
    ];
    let request = ChallengeRequest::email_otp("jane@doe.com");
    for make in shapes {
        let reloadable = Reloadable::new(make());
        reloadable.create(&request).await.expect("the first");
        reloadable.replace(make());
        assert_eq!(reloadable.create(&request).await.expect_err("the second").kind(), ErrorKind::Throttled);
    }
}

#[tokio::test]
async fn a_guard_that_remembers_nothing_takes_nothing_from_the_one_within() {
    /// Counts nothing.
    #[derive(Debug)]
    struct Forgetful;
    #[auth_challenge::async_trait]
    impl Guard for Forgetful {
        async fn before_send(&self, _: Sending<'_>) -> Result<(), Refusal> {
            Ok(())
        }
    }
    let within = || Arc::new(Guarded::new(Arc::new(Scripted::named("first")), once()));
    let new = || Arc::new(Guarded::new(within(), Arc::new(Forgetful))) as Arc<dyn ChallengeProvider>;
    let auth = Reloadable::new(new());
    auth.create(&ChallengeRequest::email_otp("jane@doe.com")).await.expect("the first");
    auth.replace(new());
    auth.create(&ChallengeRequest::email_otp("jane@doe.com")).await.expect_err("over the limit");
}

#[cfg(feature = "send-once")]
#[tokio::test]
async fn counts_and_intents_go_on_when_a_reload_brings_or_takes_the_other_wrapper() {
    let guarded = || -> Arc<dyn ChallengeProvider> { Arc::new(Guarded::new(Arc::new(Scripted::named("first")), once())) };
    let sends_once = |provider| -> Arc<dyn ChallengeProvider> {
        let intents = Arc::new(auth_challenge::LocalIntents::new());
        Arc::new(auth_challenge::SendOnce::new(provider, intents, "a secret of 32 characters or more").expect("a key"))
    };
    let (request, other) = (ChallengeRequest::email_otp("jane@doe.com"), ChallengeRequest::email_otp("joe@doe.com"));
    let options = |intent: &str| CallOptions::default().with_intent(intent);
    let auth = Reloadable::new(guarded());
    auth.create(&request).await.expect("the first");
    auth.replace(sends_once(guarded()));
    assert_eq!(auth.create_with(&request, &options("one")).await.expect_err("the second").kind(), ErrorKind::Throttled);
    let made = auth.create_with(&other, &options("two")).await.expect("a challenge");
    auth.replace(guarded());
    assert_eq!(auth.create(&request).await.expect_err("the third").kind(), ErrorKind::Throttled);

    let auth = Reloadable::new(sends_once(Arc::new(Scripted::named("first"))));
    let first = auth.create_with(&other, &options("two")).await.expect("a challenge");
    auth.replace(sends_once(guarded()));
    let again = auth.create_with(&other, &options("two")).await.expect("its challenge");
    assert_eq!(first.handle().challenge_id().expose(), again.handle().challenge_id().expose());
    drop(made);
}

#[tokio::test]
async fn each_guard_goes_on_with_its_own_counts_and_another_vendors_provider_with_them() {
    let with = |id: &str, inner: &str, outer: &str| -> Arc<dyn ChallengeProvider> {
        let guard = |per_recipient: &str| Arc::new(LocalGuard::new(Limits::new().with_per_recipient(rate(per_recipient))));
        Arc::new(Guarded::new(Arc::new(Guarded::new(Arc::new(Scripted::named(id)), guard(inner))), guard(outer)))
    };
    let reloadable = Reloadable::new(with("old", "3 per 1h", "3 per 1h"));
    let request = ChallengeRequest::email_otp("jane@doe.com");
    for _ in 0..3 {
        reloadable.create(&request).await.expect("each counted once by each guard");
        reloadable.replace(with("new", "3 per 1h", "3 per 1h"));
    }
    reloadable.create(&request).await.expect_err("the fourth");
    reloadable.replace(with("new", "3 per 1h", "9 per 1h"));
    reloadable.create(&request).await.expect_err("the inner guard's fourth");
}

#[tokio::test]
async fn what_still_happens_at_the_old_provider_counts_at_the_new_one() {
    let handle = ChallengeHandle::new(ProviderId::new("first"), Method::EmailOtp, "id");
    let guard = || Arc::new(LocalGuard::new(Limits::new().with_wrong_codes(1)));
    let old = Scripted::named("first").verify_gives(Rejected::new(Reason::WrongOrExpiredCode));
    let reloadable = Reloadable::new(Arc::new(Guarded::new(Arc::new(old), guard())));
    let before = reloadable.current();
    reloadable.replace(Arc::new(Guarded::new(Arc::new(Scripted::named("first")), guard())));
    for (provider, reason) in [(&*before, Reason::WrongOrExpiredCode), (&reloadable as &dyn ChallengeProvider, Reason::TooManyAttempts)] {
        let judged = provider.verify(&handle, &Answer::code("1")).await.expect("an answer");
        assert!(matches!(&judged, Verification::Rejected(no) if no.reason() == reason), "{judged:?}");
    }
}
