//! What a config says of limits.

use std::sync::Arc;

use crate::{
    compose::{Guard, LARGEST_RATE, Limits, LocalGuard, Rate},
    model::recipient,
    telemetry::Observers,
    vendors::Section,
};

/// Reads the section `[guard]`; gives none where there is a mistake in it.
pub(super) fn read(section: &mut Section<'_>, observers: &Observers) -> Option<Arc<dyn Guard>> {
    let is_shared = section.choice("store", &[("local", false), ("redis", true)]).unwrap_or_default();
    let limits = limits(section, is_shared);
    match is_shared {
        true => shared(section, limits, observers),
        false => {
            for key in ["hash_key", "redis_url"] {
                section.neither_secret(key, "is for store = \"redis\"");
            }
            // Of no effect: this store always answers.
            section.choice("on_outage", &[("local", ()), ("refuse", ()), ("allow", ())]);
            Some(Arc::new(LocalGuard::new(limits).with_observers(observers)))
        }
    }
}

type WithRate = fn(Limits, Rate) -> Limits;

fn limits(section: &mut Section<'_>, is_shared: bool) -> Limits {
    let mut limits = Limits::new();
    let rates: [(&str, WithRate); 4] = [
        ("per_recipient", Limits::with_per_recipient),
        ("per_ip", Limits::with_per_ip),
        ("unverified_per_calling_code", Limits::with_unverified_per_calling_code),
        ("unverified_calling_codes_per_ip", Limits::with_unverified_calling_codes_per_ip),
    ];
    for (key, with) in rates {
        match section.text(key).map(|text| text.parse::<Rate>()) {
            Some(Ok(rate)) if !is_shared && rate.times() > LARGEST_RATE => {
                section.problem(key, &format!("expected {LARGEST_RATE} at most, which is what one process counts; more needs store = \"redis\""));
            }
            Some(Ok(rate)) => limits = with(limits, rate),
            Some(Err(error)) => section.problem(key, &format!("{error}")),
            None => {}
        }
    }
    if let Some(most) = section.number("wrong_codes", 1..=1000) {
        limits = limits.with_wrong_codes(u32::try_from(most).unwrap_or(u32::MAX));
    }
    let codes = section.texts("calling_codes");
    section.check_each("calling_codes", &codes, |code| (!recipient::is_calling_code(code)).then_some("expected calling codes such as \"+49\"".into()));
    let prefixes = section.texts("exempt_prefixes");
    section.check_each("exempt_prefixes", &prefixes, |prefix| {
        let expected = "expected beginnings of recipients such as \"+6427000\" or \"qa-\": no blank, in small letters, of a number + and digits alone";
        (!recipient::may_begin(prefix)).then_some(expected.into())
    });
    let hashes = section.texts("exempt_hashes");
    section.check_each("exempt_hashes", &hashes, |hash| {
        let is_hash = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        (!is_hash).then_some("expected hashes of 64 hexadecimal digits each".into())
    });
    if !hashes.is_empty() && !is_shared {
        section.problem("exempt_hashes", "needs store = \"redis\", whose hash_key the hashes are made with");
    }
    limits = limits.with_calling_codes(codes).with_exempt_prefixes(prefixes).with_exempt_hashes(hashes);
    if section.choice("mode", &[("enforce", false), ("observe", true)]).unwrap_or_default() { limits.with_observation() } else { limits }
}

#[cfg(feature = "redis")]
fn shared(section: &mut Section<'_>, limits: Limits, observers: &Observers) -> Option<Arc<dyn Guard>> {
    use crate::compose::{OnOutage, RedisGuard, problem_of_key, problem_of_url};

    let url = section.required_secret("redis_url");
    section.check("redis_url", &url, problem_of_url);
    let hash_key = section.required_secret("hash_key");
    section.check("hash_key", &hash_key, problem_of_key);
    let choices = [("local", OnOutage::Local), ("refuse", OnOutage::Refuse), ("allow", OnOutage::Allow)];
    let on_outage = section.choice("on_outage", &choices).unwrap_or_default();
    // What it refuses is told by now.
    let guard = RedisGuard::new(url?, hash_key?, limits).ok()?;
    Some(Arc::new(guard.with_on_outage(on_outage).with_observers(observers)))
}

#[cfg(not(feature = "redis"))]
fn shared(section: &mut Section<'_>, _: Limits, _: &Observers) -> Option<Arc<dyn Guard>> {
    section.skip_rest();
    section.problem("store", "needs the crate's feature redis");
    None
}
