//! Two schemas side by side: members, entries, and the forms of unions.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    findings::{
        Direction::Request,
        Severity::{Breaks, Check, Note},
        Side::{New, Old},
    },
    rules, smells,
    touches::At,
    view::{Member, View},
    walk::Walk,
};

impl<'a> Walk<'_, 'a> {
    /// Compares two schemas, each pair of them once for a member: what is essential in one may not be in another.
    pub(super) fn schemas(&mut self, old: &View<'a>, new: &View<'a>, at: &At) {
        if old.is_as(new) {
            return;
        }
        let member = format!("{}.{}", at.owner.as_deref().unwrap_or_default(), at.member.as_deref().unwrap_or_default());
        if !self.passed.insert((self.direction, member, old.identity(), new.identity())) {
            return;
        }
        for (view, side) in [(old, Old), (new, New)] {
            for pointer in &view.dangling {
                self.tell(rules::REFERENCE_UNKNOWN, Check, side, pointer, at, "the reference leads nowhere");
            }
        }
        if old.unions.is_empty() && new.unions.is_empty() {
            return self.form(old, new, at);
        }
        self.discriminators(old, new, at);
        self.nulls(old, new, at);
        self.forms(&old.forms(), &new.forms(), at);
    }

    /// Compares two schemas without a union.
    fn form(&mut self, old: &View<'a>, new: &View<'a>, at: &At) {
        self.nulls(old, new, at);
        if !self.constraints(old, new, at) {
            return;
        }
        self.members(old, new, at);
        self.others(old, new, at);
        self.alternatives(old, new, at);
        match (old.keyword("items"), new.keyword("items")) {
            (None, None) => {}
            (old_entries, new_entries) => {
                let view = |entries: Option<_>, whole: &View<'a>| entries.map_or_else(|| View::anything(whole.definition()), View::of);
                self.schemas(&view(old_entries, old), &view(new_entries, new), &at.entry());
            }
        }
    }

    fn members(&mut self, old: &View<'a>, new: &View<'a>, at: &At) {
        let (olds, news) = (old.members(), new.members());
        let (old_required, new_required) = (old.required(), new.required());
        for (name, member) in &olds {
            let place = at.member(member.owner.as_deref(), name);
            match news.get(name) {
                Some(now) => {
                    self.presence((old_required.contains(*name), new_required.contains(*name)), now, &place);
                    self.schemas(&member.view, &now.view, &place);
                }
                None => self.removed(member, is_closed(new), &place),
            }
        }
        for (name, member) in news.iter().filter(|(name, _)| !olds.contains_key(*name)) {
            self.added(member, name, new_required.contains(*name), &at.member(member.owner.as_deref(), name));
        }
        let is_request = self.direction == Request;
        for name in new_required.difference(&old_required).filter(|name| is_request && !news.contains_key(name.as_str())) {
            let place = at.member(new.name(), name);
            self.tell(rules::REQUEST_MEMBER_REQUIRED, Breaks, New, &new.pointer_of("required"), &place, "it has to be there now");
        }
    }

    /// Compares whether a member has to be there: before and now.
    fn presence(&mut self, required: (bool, bool), now: &Member<'a>, at: &At) {
        let pointer = &now.view.pointer;
        match (self.direction, required) {
            (Request, (false, true)) => self.tell(rules::REQUEST_MEMBER_REQUIRED, Breaks, New, pointer, at, "it has to be there now"),
            (Request, (true, false)) => self.tell(rules::REQUEST_MEMBER_OPTIONAL, Note, New, pointer, at, "it may be left out now"),
            (_, (true, false)) => {
                let severity = if self.uses(at).is_essential { Breaks } else { Note };
                self.tell(rules::REPLY_MEMBER_OPTIONAL, severity, New, pointer, at, "it may be missing now");
            }
            (_, (false, true)) => self.tell(rules::REPLY_MEMBER_REQUIRED, Note, New, pointer, at, "it is always there now"),
            _ => {}
        }
    }

    fn removed(&mut self, member: &Member<'a>, is_closed: bool, at: &At) {
        let uses = self.uses(at);
        let (rule, severity) = match self.direction {
            // What is sent all the same is refused, or does nothing.
            Request => (rules::REQUEST_MEMBER_REMOVED, if is_closed || uses.is_converted { Breaks } else { Check }),
            _ if uses.is_essential => (rules::REPLY_MEMBER_REMOVED, Breaks),
            _ => (rules::REPLY_MEMBER_REMOVED, if uses.is_converted { Check } else { Note }),
        };
        self.tell(rule, severity, Old, &member.view.pointer, at, "it is gone");
    }

    fn added(&mut self, member: &Member<'a>, name: &str, is_required: bool, at: &At) {
        let smells = smells::smells(name) && is_text(&member.view) || hides_a_smell(&member.view, DEEPEST_SMELL);
        let (severity, message) = if smells { (Check, "it is new, and may need a mask by its name") } else { (Note, "it is new") };
        let (rule, severity, message) = match (self.direction, is_required) {
            (Request, true) => (rules::REQUEST_MEMBER_REQUIRED, Breaks, "it is new, and has to be there"),
            (Request, false) => (rules::REQUEST_MEMBER_ADDED, severity, message),
            _ => (rules::REPLY_MEMBER_ADDED, severity, message),
        };
        self.tell(rule, severity, New, &member.view.pointer, at, message);
    }

    /// Compares what becomes of members that a schema does not name.
    fn others(&mut self, old: &View<'a>, new: &View<'a>, at: &At) {
        let is_request = self.direction == Request;
        let key = "additionalProperties";
        match (is_closed(old), is_closed(new)) {
            (false, true) => {
                // Where an object was open on purpose, there is something to be sent that has no name.
                let was_meant = old.keyword(key).is_some() || old.members().is_empty();
                let (rule, severity) = if is_request { (rules::REQUEST_CLOSED, if was_meant { Breaks } else { Check }) } else { (rules::REPLY_CLOSED, Note) };
                self.tell(rule, severity, New, &new.pointer_of(key), at, "no members but those of the document any more");
            }
            (true, false) => {
                let rule = if is_request { rules::REQUEST_OPENED } else { rules::REPLY_OPENED };
                self.tell(rule, Note, Old, &old.pointer_of(key), at, "other members than those of the document, too");
            }
            (true, true) => {}
            (false, false) => {
                let schema = |view: &View<'a>| view.keyword(key).filter(|place| place.value.is_object());
                let (old_other, new_other) = (schema(old), schema(new));
                if old_other.is_some() || new_other.is_some() {
                    let view = |place: Option<_>, whole: &View<'a>| place.map_or_else(|| View::anything(whole.definition()), View::of);
                    self.schemas(&view(old_other, old), &view(new_other, new), &at.entry());
                }
            }
        }
    }

    /// Compares the sets of members one of which has to be there.
    fn alternatives(&mut self, old: &View<'a>, new: &View<'a>, at: &At) {
        if self.direction != Request {
            return;
        }
        let told = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" with ");
        for (set, pointer) in old.alternatives.iter().filter(|(set, _)| new.alternatives.iter().all(|(known, _)| known != set)) {
            let (severity, what) = if new.alternatives.is_empty() { (Note, "is not needed") } else { (Breaks, "is not enough") };
            self.tell(rules::ALTERNATIVE_REMOVED, severity, Old, pointer, at, &format!("{} {what} any more", told(set)));
        }
        for (set, pointer) in new.alternatives.iter().filter(|(set, _)| old.alternatives.iter().all(|(known, _)| known != set)) {
            let severity = if old.alternatives.is_empty() { Breaks } else { Note };
            self.tell(rules::ALTERNATIVE_ADDED, severity, New, pointer, at, &format!("{} is enough", told(set)));
        }
    }
}

/// How deep in a new member smells are looked for.
const DEEPEST_SMELL: usize = 4;

fn hides_a_smell(view: &View, depth: usize) -> bool {
    let entries = view.keyword("items").map(View::of);
    let mut forms = view.forms().into_iter().chain(entries.iter().flat_map(View::forms));
    let smells_within = |(name, member): (&str, Member)| smells::smells(name) && is_text(&member.view) || hides_a_smell(&member.view, depth - 1);
    depth > 0 && forms.any(|form| form.members().into_iter().any(smells_within))
}

fn is_text(view: &View) -> bool {
    let types = view.types();
    (types.is_empty() && view.unions.is_empty() || types.contains("string")) && view.values().is_empty()
}

fn is_closed(view: &View) -> bool {
    view.keyword("additionalProperties").is_some_and(|place| place.value == &Value::Bool(false))
}
