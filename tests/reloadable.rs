//! A provider that is replaced while the program runs.

use std::sync::Arc;

use auth_challenge::{Answer, ChallengeProvider, ChallengeProviderExt, ChallengeRequest, Reloadable, Router, testing::Scripted};

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
