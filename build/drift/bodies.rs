//! Bodies of requests and replies: by status and media type.

use std::collections::BTreeMap;

use super::{
    document::Place,
    findings::{
        Direction::{self, ErrorReply, Reply, Request},
        Severity::{Breaks, Check, Note},
    },
    rules,
    touches::At,
    view::View,
    walk::Walk,
};

/// Gives the schemas of an operation's bodies, each with its direction.
pub(crate) fn schemas<'a>(operation: &Place<'a>) -> Vec<(Direction, Place<'a>)> {
    let request = operation.get("requestBody").map(|body| (Request, body.followed()));
    let [successes, errors] = replies(operation);
    let replies = successes.into_values().map(|reply| (Reply, reply)).chain(errors.into_values().map(|reply| (ErrorReply, reply)));
    let bodies = request.into_iter().chain(replies);
    bodies.flat_map(|(direction, body)| media(&body).into_values().filter_map(move |media| Some((direction, media.get("schema")?)))).collect()
}

/// Gives the replies of an operation by status: successes and errors. `default` is a success where no other one is documented.
fn replies<'a>(operation: &Place<'a>) -> [BTreeMap<String, Place<'a>>; 2] {
    let responses = operation.get("responses");
    let all = responses.iter().flat_map(Place::members).map(|(status, reply)| (status.to_ascii_lowercase(), reply.followed()));
    let all = all.filter(|(status, _)| !status.starts_with("x-"));
    let (mut successes, mut errors): (BTreeMap<_, _>, BTreeMap<_, _>) = all.partition(|(status, _)| status.starts_with('2'));
    if successes.is_empty()
        && let Some(default) = errors.remove("default")
    {
        successes.insert("default".to_owned(), default);
    }
    [successes, errors]
}

/// Gives what a body may hold, by media type without its parameters.
fn media<'a>(body: &Place<'a>) -> BTreeMap<String, Place<'a>> {
    let content = body.get("content");
    let bare = |name: &str| name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    content.iter().flat_map(Place::members).map(|(name, media)| (bare(name), media)).collect()
}

impl<'a> Walk<'_, 'a> {
    /// Compares the bodies of an operation's requests.
    pub(super) fn request_bodies(&mut self, old: &Place<'a>, new: &Place<'a>) {
        let body = |operation: &Place<'a>| operation.get("requestBody").map(Place::followed);
        match (body(old), body(new)) {
            (Some(old), Some(new)) => {
                match (old.is("required"), new.is("required")) {
                    (false, true) => self.tell_new(rules::BODY_REQUIRED, Check, &new.pointer, "a request without a body is refused now"),
                    (true, false) => self.tell_new(rules::BODY_OPTIONAL, Note, &new.pointer, "a request without a body is taken now"),
                    _ => {}
                }
                self.media_types(&old, &new);
            }
            (Some(old), None) => self.tell_old(rules::BODY_REMOVED, Breaks, &old.pointer, "the request has no body any more"),
            (None, Some(new)) => {
                let severity = if new.is("required") { Breaks } else { Note };
                self.tell_new(rules::BODY_ADDED, severity, &new.pointer, "the request has a body now");
            }
            (None, None) => {}
        }
    }

    /// Compares the replies to an operation: successes, and errors.
    pub(super) fn replies(&mut self, old: &Place<'a>, new: &Place<'a>) {
        let ([old_successes, old_errors], [new_successes, new_errors]) = (replies(old), replies(new));
        self.direction = Reply;
        let shared = old_successes.keys().any(|status| new_successes.contains_key(status));
        for (status, reply) in old_successes.iter().filter(|(status, _)| !new_successes.contains_key(*status)) {
            let severity = if shared { Note } else { Check };
            self.tell_old(rules::STATUS_REMOVED, severity, &reply.pointer, &format!("{status} is no success any more"));
        }
        for (status, reply) in new_successes.iter().filter(|(status, _)| !old_successes.contains_key(*status)) {
            self.tell_new(rules::STATUS_ADDED, Check, &reply.pointer, &format!("{status} is a success, too"));
        }
        for (status, new) in &new_successes {
            // Another 2xx is read as those are that were there: so it is compared with one of them, unless it is one more and says nothing.
            let instead = || old_successes.values().next().filter(|_| !shared || new.get("content").is_some());
            if let Some(old) = old_successes.get(status).or_else(instead) {
                self.reply(old, new);
            }
        }
        self.direction = ErrorReply;
        for (status, reply) in old_errors.iter().filter(|(status, _)| !new_errors.contains_key(*status)) {
            self.tell_old(rules::ERROR_STATUS_REMOVED, Note, &reply.pointer, &format!("the error reply {status} is not documented any more"));
        }
        for (status, new) in &new_errors {
            if !old_errors.contains_key(status) {
                self.tell_new(rules::ERROR_STATUS_ADDED, Note, &new.pointer, &format!("the error reply {status} is documented now"));
            }
            let instead = || old_errors.get("default").filter(|_| new.get("content").is_some());
            if let Some(old) = old_errors.get(status).or_else(instead) {
                self.reply(old, new);
            }
        }
    }

    fn reply(&mut self, old: &Place<'a>, new: &Place<'a>) {
        match (old.get("content"), new.get("content")) {
            (Some(old), None) => self.tell_old(rules::REPLY_BODY_REMOVED, Breaks, &old.pointer, "the reply has no body any more"),
            (None, Some(new)) => self.tell_new(rules::REPLY_BODY_ADDED, Note, &new.pointer, "the reply has a body now"),
            _ => self.media_types(old, new),
        }
        let has = |place: &Place, name: &str| place.get("headers").iter().flat_map(Place::members).any(|(known, _)| known.eq_ignore_ascii_case(name));
        for (name, header) in old.get("headers").iter().flat_map(Place::members).filter(|(name, _)| !has(new, name)) {
            self.tell_old(rules::REPLY_HEADER_REMOVED, Note, &header.pointer, &format!("the header {name} is not documented any more"));
        }
    }

    fn media_types(&mut self, old: &Place<'a>, new: &Place<'a>) {
        let (olds, news) = (media(old), media(new));
        let (removed, added) = match self.direction {
            Request => (rules::REQUEST_MEDIA_REMOVED, rules::REQUEST_MEDIA_ADDED),
            Reply | ErrorReply => (rules::REPLY_MEDIA_REMOVED, rules::REPLY_MEDIA_ADDED),
        };
        for (name, media) in olds.iter().filter(|(name, _)| !news.contains_key(*name)) {
            self.tell_old(removed, Breaks, &media.pointer, &format!("there is no {name} any more"));
        }
        for (name, media) in news.iter().filter(|(name, _)| !olds.contains_key(*name)) {
            self.tell_new(added, Note, &media.pointer, &format!("there is {name}, too"));
        }
        for (name, old) in &olds {
            if let Some(new) = news.get(name) {
                let view = |media: &Place<'a>| media.get("schema").map_or_else(|| View::anything(&media.pointer), View::of);
                self.schemas(&view(old), &view(new), &At::default());
            }
        }
    }
}
