//! A walk through one operation of two documents, side by side, which tells what differs.

use std::collections::BTreeSet;

use super::{
    findings::{
        Direction, Finding, Kind, Severity,
        Side::{self, New, Old},
        Touch,
    },
    operations::Operation,
    rules::{self, Rule},
    touches::{At, Touchable},
};
use crate::vendors::Vendor;

/// What is walked, and what was found on the way.
pub(super) struct Walk<'w, 'a> {
    pub(super) vendor: &'static Vendor,
    pub(super) touchable: &'w Touchable,
    /// The operation's name in the packed document.
    pub(super) operation: String,
    pub(super) direction: Direction,
    /// The members and pairs of schemas that were compared already.
    pub(super) passed: BTreeSet<(Direction, String, String, String)>,
    pub(super) found: Vec<Finding>,
    pub(super) olds: &'w [Operation<'a>],
    pub(super) news: &'w [Operation<'a>],
}

/// What of this crate stands on a member, as far as it decides how bad a finding is.
pub(super) struct Uses {
    pub(super) is_essential: bool,
    pub(super) is_converted: bool,
}

impl<'a> Walk<'_, 'a> {
    /// Compares an operation that is used, wherever it stands in the two documents.
    pub(super) fn operation(&mut self, ours: &Operation) {
        let (old, new) = (ours.among(self.olds), ours.among(self.news));
        match (old, new) {
            (Some(old), Some(new)) => self.operations(&old, &new),
            (Some(old), None) => match old.moved(self.olds, self.news) {
                Some(new) => {
                    self.tell_of(rules::OPERATION_MOVED, Severity::Breaks, New, &new.place.pointer, &format!("it is {} now", new.name));
                    self.contents(&old, &new);
                }
                None => self.tell_of(rules::OPERATION_REMOVED, Severity::Breaks, Old, &old.place.pointer, "it is gone"),
            },
            (None, Some(new)) => self.tell_of(rules::OPERATION_NEW, Severity::Note, New, &new.place.pointer, "the old document does not have it"),
            (None, None) => self.tell_of(rules::OPERATION_REMOVED, Severity::Breaks, Side::Packed, &ours.place.pointer, "neither document has it"),
        }
    }

    fn operations(&mut self, old: &Operation<'a>, new: &Operation<'a>) {
        // A document without servers says nothing of them.
        if !old.addresses.is_empty() && !new.addresses.is_empty() {
            if old.addresses.difference(&new.addresses).next().is_some() {
                self.tell_of(rules::SERVER_REMOVED, Severity::Check, Old, &old.servers, "a server, or the path that it begins with, is gone");
            }
            if new.addresses.difference(&old.addresses).next().is_some() {
                self.tell_of(rules::SERVER_ADDED, Severity::Note, New, &new.servers, "there is a server, or a path that it begins with, more");
            }
        }
        self.contents(old, new);
    }

    fn contents(&mut self, old: &Operation<'a>, new: &Operation<'a>) {
        if new.place.is("deprecated") && !old.place.is("deprecated") {
            self.tell_of(rules::OPERATION_DEPRECATED, Severity::Check, New, &format!("{}/deprecated", new.place.pointer), "it is deprecated");
        }
        self.security(old, new);
        self.direction = Direction::Request;
        self.parameters(old, new);
        self.request_bodies(&old.place, &new.place);
        self.replies(&old.place, &new.place);
    }

    fn security(&mut self, old: &Operation<'a>, new: &Operation<'a>) {
        let ((olds, old_pointer), (news, pointer)) = (old.security(), new.security());
        let told = |sets: &BTreeSet<BTreeSet<String>>| {
            let all = sets.iter().map(|set| if set.is_empty() { "none".to_owned() } else { set.iter().cloned().collect::<Vec<_>>().join(" with ") });
            all.collect::<Vec<_>>().join(", or ")
        };
        if !olds.is_subset(&news) {
            let message = format!("credentials are {}, and were {} (old {old_pointer})", told(&news), told(&olds));
            self.tell_of(rules::SECURITY_CHANGED, Severity::Breaks, New, &pointer, &message);
        } else if olds != news {
            self.tell_of(rules::SECURITY_ADDED, Severity::Note, New, &pointer, &format!("credentials may be {}, too", told(&news)));
        }
    }

    /// Tells what is of the operation as a whole.
    fn tell_of(&mut self, rule: Rule, severity: Severity, side: Side, pointer: &str, message: &str) {
        self.push(rule, severity, None, side, pointer, message, Vec::new());
    }

    /// Tells what is so in the old document alone, and is of no member.
    pub(super) fn tell_old(&mut self, rule: Rule, severity: Severity, pointer: &str, message: &str) {
        self.tell(rule, severity, Old, pointer, &At::default(), message);
    }

    /// Tells what is so in the new document, and is of no member.
    pub(super) fn tell_new(&mut self, rule: Rule, severity: Severity, pointer: &str, message: &str) {
        self.tell(rule, severity, New, pointer, &At::default(), message);
    }

    /// Tells of a place in a request or a reply, with what it touches here.
    pub(super) fn tell(&mut self, rule: Rule, severity: Severity, side: Side, pointer: &str, at: &At, message: &str) {
        let touches = self.touches(at);
        let severity = if self.direction == Direction::ErrorReply { severity.min(Severity::Check) } else { severity };
        let message = match &at.member {
            Some(member) => format!("`{member}`: {message}"),
            None => message.to_owned(),
        };
        self.push(rule, severity, Some(self.direction), side, pointer, &message, touches);
    }

    #[allow(clippy::too_many_arguments, reason = "the members of a finding")]
    fn push(&mut self, rule: Rule, severity: Severity, direction: Option<Direction>, side: Side, pointer: &str, message: &str, touches: Vec<Touch>) {
        let mut touches = touches;
        touches.extend(self.touchable.rewrites(pointer));
        touches.sort();
        touches.dedup();
        let (operations, pointer, message) = (vec![self.operation.clone()], pointer.to_owned(), message.to_owned());
        self.found.push(Finding { rule, severity, operations, direction, side, pointer, touches, message });
    }

    fn touches(&self, at: &At) -> Vec<Touch> {
        self.touchable.member(self.vendor, &self.operation, self.direction, at)
    }

    /// Gives what of this crate needs a member.
    pub(super) fn uses(&self, at: &At) -> Uses {
        let touches = self.touches(at);
        let has = |kind| touches.iter().any(|touch| touch.kind == kind);
        // The entries of a list may be missing where the list may not.
        Uses { is_essential: has(Kind::Essential) && !at.path.ends_with("/*"), is_converted: has(Kind::Conversion) }
    }
}
