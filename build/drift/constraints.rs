//! What a schema says of a single value: types, null, format, listed values, bounds.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    findings::{
        Direction::Request,
        Severity::{self, Breaks, Check, Note},
        Side::{New, Old},
    },
    rules::{self, Rule},
    touches::At,
    view::View,
    walk::Walk,
};

impl<'a> Walk<'_, 'a> {
    /// Compares what two schemas say of a value; no if their types have nothing in common.
    pub(super) fn constraints(&mut self, old: &View<'a>, new: &View<'a>, at: &At) -> bool {
        if !self.types(old, new, at) {
            return false;
        }
        self.formats(old, new, at);
        self.values(old, new, at);
        self.bounds(old, new, at);
        self.marks(old, new, at);
        true
    }

    fn types(&mut self, old: &View<'a>, new: &View<'a>, at: &At) -> bool {
        let (was, is) = (old.types(), new.types());
        if was == is {
            return true;
        }
        let (is_wider, is_narrower) = (covers(&is, &was), covers(&was, &is));
        let (rule, severity) = match (self.direction == Request, is_wider, is_narrower) {
            (true, true, _) => (rules::REQUEST_TYPE_WIDENED, Note),
            (true, false, _) => (rules::REQUEST_TYPE_CHANGED, Breaks),
            (false, _, true) => (rules::REPLY_TYPE_NARROWED, Note),
            (false, _, false) => (rules::REPLY_TYPE_CHANGED, Breaks),
        };
        let told = |types: &BTreeSet<&str>| if types.is_empty() { "anything".to_owned() } else { types.iter().copied().collect::<Vec<_>>().join(" or ") };
        self.tell(rule, severity, New, &new.pointer_of("type"), at, &format!("it is {}, and was {}", told(&is), told(&was)));
        is_wider || is_narrower
    }

    /// Compares whether a null may stand there.
    pub(super) fn nulls(&mut self, old: &View<'a>, new: &View<'a>, at: &At) {
        let is_request = self.direction == Request;
        let (rule, severity) = match (old.is_nullable, new.is_nullable) {
            (true, false) if is_request => (rules::REQUEST_NULL_REFUSED, Check),
            (false, true) if is_request => (rules::REQUEST_NULL_TAKEN, Note),
            (true, false) => (rules::REPLY_NULL_GONE, Note),
            (false, true) => (rules::REPLY_NULL_POSSIBLE, if self.uses(at).is_essential { Breaks } else { Note }),
            _ => return,
        };
        let message = if new.is_nullable { "it may be null now" } else { "it is never null now" };
        self.tell(rule, severity, New, &new.pointer_of("nullable"), at, message);
    }

    fn formats(&mut self, old: &View<'a>, new: &View<'a>, at: &At) {
        let (was, is) = (old.keyword("format"), new.keyword("format"));
        if was.as_ref().map(|place| place.value) == is.as_ref().map(|place| place.value) {
            return;
        }
        let uses = self.uses(at);
        let (rule, severity) = match self.direction {
            Request => (rules::REQUEST_FORMAT_CHANGED, if is.is_some() { Check } else { Note }),
            _ => (rules::REPLY_FORMAT_CHANGED, if uses.is_essential || uses.is_converted { Check } else { Note }),
        };
        self.tell_either(rule, severity, (old, new), "format", at, "the format is another one");
    }

    fn values(&mut self, old: &View<'a>, new: &View<'a>, at: &At) {
        let (was, is) = (old.values(), new.values());
        let is_request = self.direction == Request;
        match (was.is_empty(), is.is_empty()) {
            (true, false) => {
                let (rule, severity) = if is_request { (rules::REQUEST_VALUES_LISTED, Breaks) } else { (rules::REPLY_VALUES_LISTED, Note) };
                return self.tell_either(rule, severity, (old, new), "enum", at, "there is a list of values now");
            }
            (false, true) => {
                let rule = if is_request { rules::REQUEST_VALUES_OPEN } else { rules::REPLY_VALUES_OPEN };
                return self.tell_either(rule, Note, (old, new), "enum", at, "there is no list of values any more");
            }
            _ => {}
        }
        for (value, pointer) in was.iter().filter(|(value, _)| is.iter().all(|(known, _)| known != value)) {
            let is_named = value.as_str().is_some_and(|value| self.touchable.words.name(value));
            let (rule, severity) = match is_request {
                true => (rules::REQUEST_VALUE_REMOVED, Breaks),
                false => (rules::REPLY_VALUE_REMOVED, if is_named { Check } else { Note }),
            };
            self.tell(rule, severity, Old, pointer, at, &format!("the value {value} is gone"));
        }
        for (value, pointer) in is.iter().filter(|(value, _)| was.iter().all(|(known, _)| known != value)) {
            let rule = if is_request { rules::REQUEST_VALUE_ADDED } else { rules::REPLY_VALUE_ADDED };
            self.tell(rule, Note, New, pointer, at, &format!("the value {value} is new"));
        }
    }

    fn bounds(&mut self, old: &View<'a>, new: &View<'a>, at: &At) {
        for (key, tighter) in BOUNDS {
            let value = |view: &View<'a>| view.keyword(key).map(|place| place.value);
            let (was, is) = (value(old), value(new));
            let Some(change) = (if was == is { None } else { tighter(was, is) }) else { continue };
            let (rule, severity, message) = match (self.direction, change) {
                (Request, Change::Tighter) => (rules::REQUEST_BOUND_TIGHTER, Breaks, "is tighter"),
                (Request, Change::Looser) => (rules::REQUEST_BOUND_LOOSER, Note, "is looser"),
                (Request, Change::Other) => (rules::REQUEST_BOUND_OTHER, Check, "is another one"),
                _ => (rules::REPLY_BOUND_CHANGED, Note, "is another one"),
            };
            self.tell_either(rule, severity, (old, new), key, at, &format!("{key} {message}"));
        }
    }

    /// Compares defaults, and what is marked as deprecated or to be read only.
    fn marks(&mut self, old: &View<'a>, new: &View<'a>, at: &At) {
        let default = |view: &View<'a>| view.keyword("default").map(|place| place.value);
        if default(old) != default(new) {
            let severity = if self.direction == Request { Check } else { Note };
            self.tell_either(rules::DEFAULT_CHANGED, severity, (old, new), "default", at, "the default is another one");
        }
        if new.is("deprecated") && !old.is("deprecated") {
            let severity = if self.uses(at).is_converted { Check } else { Note };
            self.tell(rules::MEMBER_DEPRECATED, severity, New, &new.pointer_of("deprecated"), at, "it is deprecated");
        }
        if self.direction == Request && new.is("readOnly") && !old.is("readOnly") {
            self.tell(rules::REQUEST_MEMBER_READ_ONLY, Check, New, &new.pointer_of("readOnly"), at, "it may only be read now");
        }
    }

    /// Tells of a keyword where it stands: in the new document, or in the old one if it is gone.
    fn tell_either(&mut self, rule: Rule, severity: Severity, (old, new): (&View<'a>, &View<'a>), key: &str, at: &At, message: &str) {
        let (side, pointer) = match (old.keyword(key), new.keyword(key)) {
            (Some(gone), None) => (Old, gone.pointer),
            _ => (New, new.pointer_of(key)),
        };
        self.tell(rule, severity, side, &pointer, at, message);
    }
}

/// Says whether whatever is of the narrow types is of the wide ones; none is any.
fn covers(wide: &BTreeSet<&str>, narrow: &BTreeSet<&str>) -> bool {
    let has = |of: &&str| wide.contains(of) || *of == "integer" && wide.contains("number");
    wide.is_empty() || !narrow.is_empty() && narrow.iter().all(has)
}

/// What became of a bound.
enum Change {
    Tighter,
    Looser,
    Other,
}

/// How a bound that was and one that is are compared.
type Comparison = fn(Option<&Value>, Option<&Value>) -> Option<Change>;

const BOUNDS: [(&str, Comparison); 14] = [
    ("minLength", lower_from_zero),
    ("minItems", lower_from_zero),
    ("minProperties", lower_from_zero),
    ("minimum", lower),
    ("exclusiveMinimum", lower),
    ("maxLength", upper),
    ("maxItems", upper),
    ("maxProperties", upper),
    ("maximum", upper),
    ("exclusiveMaximum", upper),
    ("pattern", rule),
    ("multipleOf", rule),
    ("uniqueItems", rule),
    ("propertyNames", rule),
];

fn lower(was: Option<&Value>, is: Option<&Value>) -> Option<Change> {
    number(was, is, |was, is| is > was)
}

/// A length is never less than nothing.
fn lower_from_zero(was: Option<&Value>, is: Option<&Value>) -> Option<Change> {
    let zero = Value::from(0);
    lower(was.or(Some(&zero)), is.or(Some(&zero)))
}

fn upper(was: Option<&Value>, is: Option<&Value>) -> Option<Change> {
    number(was, is, |was, is| is < was)
}

fn number(was: Option<&Value>, is: Option<&Value>, is_tighter: fn(f64, f64) -> bool) -> Option<Change> {
    match (was.and_then(Value::as_f64), is.and_then(Value::as_f64)) {
        (Some(was), Some(is)) if is_tighter(was, is) => Some(Change::Tighter),
        (Some(was), Some(is)) if is_tighter(is, was) => Some(Change::Looser),
        (Some(_), Some(_)) => None,
        // OpenAPI 3.0 says by `true` that the bound itself is excluded.
        _ => rule(was, is),
    }
}

/// What is there or is not: `false` is as good as not there.
fn rule(was: Option<&Value>, is: Option<&Value>) -> Option<Change> {
    let said = |value: Option<&Value>| value.is_some_and(|value| value != &Value::Bool(false));
    match (said(was), said(is)) {
        (false, true) => Some(Change::Tighter),
        (true, false) => Some(Change::Looser),
        (true, true) => Some(Change::Other),
        (false, false) => None,
    }
}
