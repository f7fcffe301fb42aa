//! The place of a call in a trace, as vendors are told it where an application wants that: W3C Trace Context.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use http::{HeaderName, HeaderValue};

/// Names the header.
pub(super) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Asks an application for the value of [`TRACEPARENT`].
#[derive(Clone)]
pub(crate) struct TraceContext(Arc<dyn Fn() -> Option<String> + Send + Sync>);

impl TraceContext {
    pub(crate) fn new(ask: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }

    /// Gives the value for the attempt that is under way; none where it is not of the form that the standard has. A panic takes nothing from the call.
    pub(super) fn value(&self) -> Option<HeaderValue> {
        let Ok(asked) = catch_unwind(AssertUnwindSafe(|| (self.0)())) else {
            tracing::warn!("what was asked for a traceparent panicked; the call goes on without one");
            return None;
        };
        asked.filter(|text| is_traceparent(text)).and_then(|text| HeaderValue::try_from(text).ok())
    }
}

/// Says whether a text is a version, the id of a trace, the id of a span and flags, in hexadecimal digits with dashes between.
fn is_traceparent(text: &str) -> bool {
    let is_hex = |part: &str, digits: usize| part.len() == digits && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_some = |part: &str| part.bytes().any(|byte| byte != b'0');
    match text.split('-').collect::<Vec<_>>().as_slice() {
        [version, trace, span, flags] => {
            is_hex(version, 2) && *version != "ff" && is_hex(trace, 32) && is_some(trace) && is_hex(span, 16) && is_some(span) && is_hex(flags, 2)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_trace_is_told_in_the_form_of_the_standard_alone() {
        const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let value = |text: &'static str| TraceContext::new(move || Some(text.to_owned())).value();
        assert_eq!(value(GOOD).expect("a value"), GOOD);
        for bad in [
            "",
            "00",
            "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "000-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e47366-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b77-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-011",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-jane@doe.com",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0\u{e9}",
        ] {
            assert_eq!(value(bad), None, "{bad}");
        }
        assert_eq!(TraceContext::new(|| None).value(), None);
        assert_eq!(TraceContext::new(|| panic!("no context")).value(), None);
    }
}
