//! A handle from a cookie: what reads is written as it was read.

#![no_main]

use auth_challenge::ChallengeHandle;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let Ok(handle) = serde_json::from_slice::<ChallengeHandle>(input) else { return };
    let json = serde_json::to_value(&handle).expect("a handle that was read has a JSON form");
    let again: ChallengeHandle = serde_json::from_value(json.clone()).expect("a handle that was written can be read");
    assert_eq!(serde_json::to_value(&again).expect("a JSON form"), json);
    let _ = (format!("{handle:?}"), handle.provider(), handle.method(), handle.expires_at(), Value::is_object(&json));
});
