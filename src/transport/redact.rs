//! Takes every value of a call out of text that a vendor wrote.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use http::{HeaderValue, header::CONTENT_TYPE};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

const MASKED: &str = "***";
const LONGEST_MESSAGE: usize = 512;

/// Holds a body as it was submitted.
#[derive(Default)]
pub(super) struct Submitted {
    pub(super) body: Vec<u8>,
    pub(super) is_form: bool,
}

impl Submitted {
    pub(super) fn of(request: &reqwest::Request) -> Self {
        let body = request.body().and_then(reqwest::Body::as_bytes).map(<[u8]>::to_vec).unwrap_or_default();
        let content_type = request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        Self { body, is_form: content_type.starts_with(b"application/x-www-form-urlencoded") }
    }
}

/// Hides the values that must not come back in an error, in every form in which a vendor may echo them.
#[derive(Default)]
pub(super) struct Mask(Vec<String>);

impl Mask {
    /// Adds a value.
    pub(super) fn hide(&mut self, value: &str) {
        if value.is_empty() {
            return;
        }
        // A phone number may come back without its plus sign.
        if let Some(digits) = value.strip_prefix('+').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())) {
            self.hide(digits);
        }
        let json = serde_json::to_string(value).unwrap_or_default();
        let forms = [
            value.to_owned(),
            json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or_default().to_owned(),
            utf8_percent_encode(value, NON_ALPHANUMERIC).to_string(),
            // As an address mostly is: with what URLs keep left as it is.
            url::form_urlencoded::byte_serialize(value.as_bytes()).collect(),
            STANDARD.encode(value),
            STANDARD_NO_PAD.encode(value),
            URL_SAFE.encode(value),
            URL_SAFE_NO_PAD.encode(value),
        ];
        for form in forms {
            let form = form.to_ascii_lowercase();
            if !form.is_empty() && !self.0.contains(&form) {
                self.0.push(form);
            }
        }
    }

    /// Adds the values of the members so named in what was submitted, wherever they stand.
    pub(super) fn hide_members(&mut self, submitted: &Submitted, names: &[&str]) {
        if submitted.is_form {
            for (_, value) in url::form_urlencoded::parse(&submitted.body).filter(|(name, _)| names.contains(&name.as_ref())) {
                self.hide(&value);
                // A field of a form may hold JSON.
                if let Ok(json @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(&value) {
                    self.walk(&json, names, true);
                }
            }
        } else if let Ok(value) = serde_json::from_slice(&submitted.body) {
            self.walk(&value, names, false);
        }
    }

    fn walk(&mut self, value: &Value, names: &[&str], hidden: bool) {
        match value {
            Value::String(text) if hidden => self.hide(text),
            Value::Number(number) if hidden => self.hide(&number.to_string()),
            Value::Array(items) => items.iter().for_each(|item| self.walk(item, names, hidden)),
            Value::Object(members) => {
                for (name, member) in members {
                    if hidden {
                        self.hide(name);
                    }
                    self.walk(member, names, hidden || names.contains(&name.as_str()));
                }
            }
            _ => {}
        }
    }

    /// Masks as [`apply`](Self::apply) does, for an id or code that somebody has to find again: values of three characters at the most stay, since they
    /// stand in such a text by chance.
    pub(super) fn apply_to_name(&self, text: &str) -> String {
        self.masked(text, 4)
    }

    /// Gives the text with every hidden value masked, control characters made blanks, and cut to 512 characters.
    pub(super) fn apply(&self, text: &str) -> String {
        self.masked(text, 1)
    }

    fn masked(&self, text: &str, shortest: usize) -> String {
        let mut hidden: Vec<&str> = self.0.iter().map(String::as_str).filter(|form| form.len() >= shortest).collect();
        hidden.sort_by_key(|form| std::cmp::Reverse(form.len()));
        let mut out = String::with_capacity(text.len().min(LONGEST_MESSAGE));
        let lower = text.to_ascii_lowercase();
        let mut at = 0;
        let mut length = 0;
        while let (Some(rest), Some(plain)) = (lower.get(at..), text.get(at..)) {
            let Some(first) = plain.chars().next() else { break };
            if length == LONGEST_MESSAGE {
                out.push('…');
                break;
            }
            match hidden.iter().find(|form| rest.starts_with(**form)) {
                Some(form) => {
                    if !out.ends_with(MASKED) {
                        out.push_str(MASKED);
                    }
                    at += form.len();
                }
                None => {
                    out.push(if first.is_control() { ' ' } else { first });
                    at += first.len_utf8();
                }
            }
            length += 1;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_value_is_masked() {
        let mut mask = Mask::default();
        mask.hide("jane+x@doe.com");
        let body = br#"{"outer":[{"value":"123456"}],"custom":{"any":["deep",7]},"city":"Munich"}"#;
        mask.hide_members(&Submitted { body: body.to_vec(), is_form: false }, &["value", "custom"]);
        for (text, expected) in [
            ("jane+x@doe.com", "***"),
            ("JANE+X@DOE.COM is blocked", "*** is blocked"),
            ("to=jane%2Bx%40doe.com;", "to=***;"),
            ("jane%2bx%40doe%2ecom", "***"),
            ("amFuZSt4QGRvZS5jb20=", "***"),
            ("code 123456 from Munich", "code *** from Munich"),
            ("deep 7", "*** ***"),
            ("line\nbreak\u{1b}[0m", "line break [0m"),
        ] {
            assert_eq!(mask.apply(text), expected, "{text}");
        }
    }

    #[test]
    fn the_fields_of_a_form_are_masked() {
        let mut mask = Mask::default();
        let body = b"To=%2B15017122661&Channel=sms&Tags=%7B%22city%22%3A%22Ghent%22%7D";
        mask.hide_members(&Submitted { body: body.to_vec(), is_form: true }, &["To", "Tags"]);
        for (text, expected) in [("+15017122661 by sms", "*** by sms"), ("15017122661", "***"), ("To=%2B15017122661", "To=***"), ("from Ghent", "from ***")] {
            assert_eq!(mask.apply(text), expected, "{text}");
        }
    }

    #[test]
    fn a_long_message_is_cut() {
        let text = Mask::default().apply(&"ü".repeat(2000));
        assert_eq!(text.chars().count(), LONGEST_MESSAGE + 1);
        assert!(text.ends_with('…'));
    }
}
