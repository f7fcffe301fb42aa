//! Codes that are the same whenever a test runs.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use super::{locked, text};

/// Codes that were fixed: for all messages, or for those to one recipient. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Codes(Arc<Mutex<Fixed>>);

#[derive(Default)]
struct Fixed {
    for_all: Option<String>,
    by_recipient: HashMap<String, String>,
}

impl Codes {
    pub(super) fn set_for_all(&self, code: String) {
        locked(&self.0).for_all = Some(code);
    }

    pub(super) fn set(&self, recipient: &str, code: String) {
        locked(&self.0).by_recipient.insert(text::recipient(recipient), code);
    }

    /// Gives the code for a recipient; none where a fresh one is to be made.
    pub(super) fn of(&self, recipient: &str) -> Option<String> {
        let fixed = locked(&self.0);
        let own = if fixed.by_recipient.is_empty() { None } else { fixed.by_recipient.get(&text::recipient(recipient)) };
        own.or(fixed.for_all.as_ref()).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipients_own_code_comes_before_the_one_for_all() {
        let codes = Codes::default();
        assert_eq!(codes.of("jane@doe.com"), None);
        codes.set("+49 170 1234567", "222222".into());
        codes.set_for_all("111111".into());
        assert_eq!(codes.of("+491701234567").as_deref(), Some("222222"));
        assert_eq!(codes.of("jane@doe.com").as_deref(), Some("111111"));
        codes.set("Jane+a@doe.com", "333333".into());
        codes.set("jane+b@doe.com", "444444".into());
        let of = |to| codes.of(to).unwrap_or_default();
        assert_eq!(["jane+a@doe.com", "jane+b@doe.com", "jane+c@doe.com", "jane@doe.com"].map(of), ["333333", "444444", "111111", "111111"]);
    }
}
