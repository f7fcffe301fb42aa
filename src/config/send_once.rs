//! What a config says of intents.

use std::{sync::Arc, time::Duration};

use crate::{model::Error, provider::ChallengeProvider, vendors::Section};

/// Puts what a section says around a provider, with the time for a whole call.
pub(super) type Around = Box<dyn FnOnce(Arc<dyn ChallengeProvider>, Duration) -> Result<Arc<dyn ChallengeProvider>, Error>>;

/// Reads the section `[send_once]`; gives none where there is a mistake in it.
#[cfg(feature = "send-once")]
pub(super) fn read(section: &mut Section<'_>) -> Option<Around> {
    use crate::compose::{IntentStore, LONGEST_REMEMBERED, LocalIntents, SendOnce, problem_of_key};

    let is_shared = section.choice("store", &[("local", false), ("redis", true)]).unwrap_or_default();
    let remembered = section.duration("remembered", LONGEST_REMEMBERED);
    let key = section.required_secret("key");
    section.check("key", &key, problem_of_key);
    let store: Option<Arc<dyn IntentStore>> = if is_shared {
        shared(section)
    } else {
        section.neither_secret("redis_url", "is for store = \"redis\"");
        Some(Arc::new(LocalIntents::new()))
    };
    let (key, store) = (key?, store?);
    Some(Box::new(move |provider, timeout| {
        let once = SendOnce::new(provider, store, key)?.with_timeout(timeout);
        Ok(Arc::new(remembered.into_iter().fold(once, SendOnce::with_remembered)))
    }))
}

#[cfg(not(feature = "send-once"))]
pub(super) fn read(section: &mut Section<'_>) -> Option<Around> {
    section.skip_rest();
    section.problem("store", "needs the crate's feature send-once");
    None
}

#[cfg(all(feature = "send-once", feature = "redis"))]
fn shared(section: &mut Section<'_>) -> Option<Arc<dyn crate::compose::IntentStore>> {
    let url = section.required_secret("redis_url");
    section.check("redis_url", &url, crate::compose::problem_of_url);
    // What it refuses is told by now.
    Some(Arc::new(crate::compose::RedisIntents::new(url?).ok()?))
}

#[cfg(all(feature = "send-once", not(feature = "redis")))]
fn shared(section: &mut Section<'_>) -> Option<Arc<dyn crate::compose::IntentStore>> {
    section.neither_secret("redis_url", "needs the crate's feature redis");
    section.problem("store", "needs the crate's feature redis");
    None
}
