//! A config file, and the mistakes in it.

#![no_main]

use auth_challenge::Config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    // No files of this machine: what is found must depend on the input alone.
    let Ok(text) = std::str::from_utf8(input) else { return };
    if text.contains("file") || text.contains('\\') {
        return;
    }
    let Ok(config) = Config::from_toml_str(text) else { return };
    for problem in config.problems() {
        let _ = format!("{problem} {problem:?}");
    }
    let _ = format!("{config:?}");
});
