//! What a browser or a key makes of a challenge, as JSON.

#![no_main]

use auth_challenge::{Answer, dfns};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    for answer in [Answer::from_webauthn_json(text, "a name"), dfns::answer_from_json(text)] {
        match answer {
            Ok(answer) => drop(format!("{answer:?}")),
            Err(error) => drop(format!("{error} {error:?}")),
        }
    }
});
