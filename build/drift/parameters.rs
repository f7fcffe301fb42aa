//! Parameters: in the path by their place, elsewhere by their names.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    document::Place,
    findings::{
        Severity::{Breaks, Check, Note},
        Side::{New, Old},
    },
    operations::Operation,
    rules,
    touches::At,
    view::View,
    walk::Walk,
};

/// Where a parameter goes, and what it is told by there.
type Key = (String, String);

/// Gives the parameters of an operation; its own go before those of its path.
fn parameters<'a>(operation: &Operation<'a>) -> BTreeMap<Key, Place<'a>> {
    let places = [&operation.of_path, &operation.place].into_iter().filter_map(|place| place.get("parameters"));
    let all: Vec<Place> = places.flat_map(|list| list.entries().map(Place::followed).collect::<Vec<_>>()).collect();
    all.into_iter().map(|parameter| (key(operation, &parameter), parameter)).collect()
}

fn key(operation: &Operation, parameter: &Place) -> Key {
    let (goes, name) = (text(parameter, "in"), text(parameter, "name"));
    let told_by = match goes {
        // Its name is not on the wire.
        "path" => operation.name.split('{').skip(1).position(|piece| piece.split('}').next() == Some(name)).map(|index| index.to_string()),
        "header" => Some(name.to_ascii_lowercase()),
        _ => None,
    };
    (goes.to_owned(), told_by.unwrap_or_else(|| name.to_owned()))
}

fn text<'a>(parameter: &Place<'a>, key: &str) -> &'a str {
    parameter.text(key).unwrap_or_default()
}

impl<'a> Walk<'_, 'a> {
    /// Compares the parameters of an operation.
    pub(super) fn parameters(&mut self, old: &Operation<'a>, new: &Operation<'a>) {
        let (olds, news) = (parameters(old), parameters(new));
        let moved = |parameter: &Place| news.iter().find(|(key, new)| text(new, "name") == text(parameter, "name") && !olds.contains_key(*key));
        let mut met = Vec::new();
        for (key, old) in &olds {
            match (news.get(key), moved(old)) {
                (Some(new), _) => self.parameter(old, new),
                (None, Some((key, new))) => {
                    met.push(key);
                    let message = format!("it goes into the {}, and went into the {}", text(new, "in"), text(old, "in"));
                    self.tell(rules::PARAMETER_MOVED, Breaks, New, &new.pointer, &at(new), &message);
                    self.parameter(old, new);
                }
                (None, None) => {
                    let severity = if self.uses(&at(old)).is_converted || old.is("required") { Breaks } else { Check };
                    self.tell(rules::PARAMETER_REMOVED, severity, Old, &old.pointer, &at(old), "the parameter is gone");
                }
            }
        }
        for (_, new) in news.iter().filter(|(key, _)| !olds.contains_key(*key) && !met.contains(key)) {
            let (rule, severity, message) = match new.is("required") {
                true => (rules::PARAMETER_REQUIRED, Breaks, "the parameter is new, and has to be there"),
                false => (rules::PARAMETER_ADDED, Note, "the parameter is new"),
            };
            self.tell(rule, severity, New, &new.pointer, &at(new), message);
        }
    }

    fn parameter(&mut self, old: &Place<'a>, new: &Place<'a>) {
        let at = at(new);
        match (old.is("required"), new.is("required")) {
            (false, true) => self.tell(rules::PARAMETER_REQUIRED, Breaks, New, &new.pointer, &at, "the parameter has to be there now"),
            (true, false) => self.tell(rules::PARAMETER_OPTIONAL, Note, New, &new.pointer, &at, "the parameter may be left out now"),
            _ => {}
        }
        if style(old) != style(new) && text(old, "in") == text(new, "in") {
            self.tell(rules::PARAMETER_STYLE, Breaks, New, &new.pointer, &at, "style or explode is another one");
        }
        if new.is("deprecated") && !old.is("deprecated") {
            self.tell(rules::PARAMETER_DEPRECATED, Check, New, &new.pointer, &at, "the parameter is deprecated");
        }
        self.schemas(&schema(old), &schema(new), &at);
    }
}

fn at(parameter: &Place) -> At {
    let (goes, name) = (text(parameter, "in"), text(parameter, "name"));
    At { path: format!("{goes} {name}"), owner: None, member: Some(name.to_owned()) }
}

fn schema<'a>(parameter: &Place<'a>) -> View<'a> {
    let of_content = || parameter.get("content")?.members().next()?.1.get("schema");
    parameter.get("schema").or_else(of_content).map_or_else(|| View::anything(&parameter.pointer), View::of)
}

fn style<'a>(parameter: &Place<'a>) -> (&'a str, bool) {
    let usual = if matches!(text(parameter, "in"), "query" | "cookie") { "form" } else { "simple" };
    let style = parameter.text("style").unwrap_or(usual);
    (style, parameter.value.get("explode").and_then(Value::as_bool).unwrap_or(style == "form"))
}
