//! The forms of unions: which of them are the same, and what tells them apart.

use std::collections::BTreeSet;

use super::{
    findings::{
        Direction::Request,
        Severity::{Breaks, Check, Note},
        Side::{New, Old},
    },
    rules,
    touches::At,
    view::View,
    walk::Walk,
};

impl<'a> Walk<'_, 'a> {
    /// Compares the forms of two unions, each with the one that is most like it.
    pub(super) fn forms(&mut self, olds: &[View<'a>], news: &[View<'a>], at: &At) {
        let pairs = paired(olds, news);
        let is_paired = |pick: fn(&(usize, usize)) -> usize, index: usize| pairs.iter().any(|pair| pick(pair) == index);
        for (_, old) in olds.iter().enumerate().filter(|(index, _)| !is_paired(|pair| pair.0, *index)) {
            let (rule, severity) = match self.direction {
                Request => (rules::REQUEST_VARIANT_REMOVED, Breaks),
                _ => (rules::REPLY_VARIANT_REMOVED, if self.is_named(old) { Check } else { Note }),
            };
            self.tell(rule, severity, Old, &old.pointer, at, &format!("the form {} is gone", told(old)));
        }
        for (_, new) in news.iter().enumerate().filter(|(index, _)| !is_paired(|pair| pair.1, *index)) {
            let (rule, severity) = if self.direction == Request { (rules::REQUEST_VARIANT_ADDED, Note) } else { (rules::REPLY_VARIANT_ADDED, Check) };
            self.tell(rule, severity, New, &new.pointer, at, &format!("the form {} is new", told(new)));
        }
        for (old, new) in pairs.iter().filter_map(|(old, new)| Some((olds.get(*old)?, news.get(*new)?))) {
            if let (Some(was), Some(is)) = (old.tag(), new.tag())
                && was != is
            {
                let pointer = new.members().get(is.0).map_or_else(|| new.pointer.clone(), |member| member.view.pointer.clone());
                let message = format!("the form {} is told by `{}` {}, and was by `{}` {}", told(new), is.0, is.1, was.0, was.1);
                self.tell(rules::VARIANT_TAG_CHANGED, Breaks, New, &pointer, at, &message);
            }
            self.schemas(old, new, at);
        }
    }

    fn is_named(&self, form: &View) -> bool {
        let names = [form.name(), form.tag().map(|(_, value)| value)];
        names.into_iter().flatten().any(|name| self.touchable.words.name(name))
    }

    /// Compares what tells the forms of unions apart.
    pub(super) fn discriminators(&mut self, old: &View<'a>, new: &View<'a>, at: &At) {
        let of = |view: &View<'a>| view.unions.iter().find_map(|union| union.discriminator.clone());
        let rule = rules::DISCRIMINATOR_CHANGED;
        let (old, new) = match (of(old), of(new)) {
            (Some(old), Some(new)) => (old, new),
            (Some(old), None) => return self.tell(rule, Check, Old, &old.pointer, at, "nothing is said of what tells the forms apart any more"),
            (None, Some(new)) => return self.tell(rule, Note, New, &new.pointer, at, "it is said what tells the forms apart"),
            (None, None) => return,
        };
        if old.text("propertyName") != new.text("propertyName") {
            self.tell(rule, Breaks, New, &new.pointer, at, "another member tells the forms apart");
        }
        if let (Some(old), Some(new)) = (old.get("mapping"), new.get("mapping")) {
            for (tag, place) in old.members().filter(|(tag, _)| new.get(tag).is_none()) {
                self.tell(rules::VARIANT_TAG_CHANGED, Breaks, Old, &place.pointer, at, &format!("no form is told by {tag} any more"));
            }
            for (tag, place) in new.members().filter(|(tag, _)| old.get(tag).is_none()) {
                self.tell(rules::VARIANT_TAG_CHANGED, Note, New, &place.pointer, at, &format!("a form is told by {tag}"));
            }
        }
    }
}

/// What a form of a union is told by.
struct Marks<'v> {
    tag: Option<(&'v str, &'v str)>,
    name: Option<&'v str>,
    types: BTreeSet<&'v str>,
}

impl<'v> Marks<'v> {
    fn of(form: &'v View) -> Self {
        Self { tag: form.tag(), name: form.name(), types: form.types() }
    }
}

/// Pairs the forms of two unions: by tag, by name, by what types they are, and at last the only one left with the only one left.
fn paired(olds: &[View], news: &[View]) -> Vec<(usize, usize)> {
    let is_same: [fn(&Marks, &Marks) -> bool; 3] = [
        |old, new| old.tag.is_some() && old.tag == new.tag,
        |old, new| old.name.is_some() && old.name == new.name,
        |old, new| old.tag.is_none() && new.tag.is_none() && old.types == new.types,
    ];
    let (olds, news): (Vec<Marks>, Vec<Marks>) = (olds.iter().map(Marks::of).collect(), news.iter().map(Marks::of).collect());
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for is_same in is_same {
        for (index, old) in olds.iter().enumerate() {
            let is_free = |other: &usize| pairs.iter().all(|(known_old, known_new)| *known_old != index && known_new != other);
            let same = news.iter().enumerate().find(|(other, new)| is_free(other) && is_same(old, new)).map(|(other, _)| other);
            pairs.extend(same.map(|other| (index, other)));
        }
    }
    let left = |count: usize, pick: fn(&(usize, usize)) -> usize| (0..count).filter(|index| pairs.iter().all(|pair| pick(pair) != *index)).collect::<Vec<_>>();
    if let ([old], [new]) = (left(olds.len(), |pair| pair.0).as_slice(), left(news.len(), |pair| pair.1).as_slice()) {
        pairs.push((*old, *new));
    }
    pairs
}

fn told(form: &View) -> String {
    let name = form.name().or_else(|| form.tag().map(|(_, value)| value));
    name.map_or_else(|| form.types().into_iter().collect::<Vec<_>>().join(" or "), str::to_owned)
}
