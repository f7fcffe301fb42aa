//! What Corbado does with requests about users and their login identifiers.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::{
    listing::{Cell, Fields, Listing},
    reply::{Complaint, already_exists, complaints, done, identifier_problem, validation_error},
    users::{Identifier, Refused, User, Users},
};
use crate::testing::{
    Operation,
    server::{HttpReply, Incoming},
};

const USERS: Fields = Fields { user: "id", plain: &["name", "fullName", "status"], times: &["created", "updated"], searched: Some("searchValue") };
const IDENTIFIERS: Fields = Fields { user: "userID", plain: &["identifierType", "identifierValue"], times: &[], searched: None };

/// The longest text of a user's that is taken, in characters.
const LONGEST: usize = 255;

/// Answers a request that is about no challenge.
pub(super) fn answer(users: &mut Users, incoming: &Incoming<'_>, now: SystemTime) -> HttpReply {
    let request = Request { complaints: complaints(&incoming.findings), incoming, now };
    match incoming.documented.operation {
        Operation::USER_CREATE => request.make_user(users),
        Operation::USER_LIST => request.list_users(users),
        Operation::USER_GET => request.look_at_user(users),
        Operation::USER_UPDATE => request.change_user(users),
        Operation::USER_DELETE => request.delete_user(users),
        Operation::IDENTIFIER_CREATE => request.make_identifier(users),
        Operation::IDENTIFIER_UPDATE => request.change_identifier(users),
        Operation::IDENTIFIER_DELETE => request.delete_identifier(users),
        _ => request.list_identifiers(users),
    }
}

/// A request, with what is wrong with it as far as it has been looked at.
struct Request<'a> {
    incoming: &'a Incoming<'a>,
    complaints: Vec<Complaint>,
    now: SystemTime,
}

impl Request<'_> {
    fn make_user(mut self, users: &mut Users) -> HttpReply {
        let (full_name, webauthn_id) = (self.short_text("fullName"), self.short_text("explicitWebauthnID"));
        let status = self.incoming.text("status").unwrap_or_default().to_owned();
        self.unless_wrong(|request| {
            let user = users.make(request.now, |user| (user.full_name, user.webauthn_id, user.status) = (full_name, webauthn_id, status));
            HttpReply::json(200, &user.shown())
        })
    }

    fn list_users(mut self, users: &Users) -> HttpReply {
        let listing = Listing::read(self.incoming, &USERS, &mut self.complaints);
        self.unless_wrong(|_| {
            let (page, paging) = listing.of(users.all(), |user, field| user.cell(field));
            HttpReply::json(200, &json!({ "users": page.into_iter().map(User::shown_whole).collect::<Vec<_>>(), "paging": paging }))
        })
    }

    fn look_at_user(mut self, users: &mut Users) -> HttpReply {
        self.require_user(users);
        self.unless_wrong(|request| shown(users.get(request.user_id(), request.now).map(User::shown)))
    }

    fn change_user(mut self, users: &mut Users) -> HttpReply {
        self.require_user(users);
        let (full_name, status) = (self.short_text("fullName"), self.incoming.text("status").map(str::to_owned));
        self.unless_wrong(|request| {
            let changed = users.change(request.user_id(), request.now, |user| {
                user.full_name = full_name.or(user.full_name.take());
                user.status = status.unwrap_or(std::mem::take(&mut user.status));
                user.updated = request.now;
            });
            shown(changed.as_ref().map(User::shown))
        })
    }

    fn delete_user(mut self, users: &mut Users) -> HttpReply {
        self.require_user(users);
        self.unless_wrong(|request| {
            users.delete(request.user_id());
            done()
        })
    }

    fn make_identifier(mut self, users: &mut Users) -> HttpReply {
        self.require_user(users);
        let text = |name| self.incoming.text(name).unwrap_or_default();
        let identifier = Identifier::new(text("identifierType"), text("identifierValue"), text("status"));
        if self.incoming.text("identifierValue").is_some()
            && let Some(problem) = identifier_problem(&identifier.kind, &identifier.value)
        {
            self.complain("identifierValue", problem);
        }
        self.unless_wrong(|request| match users.identify(request.user_id(), identifier.clone(), request.now) {
            Ok(()) => HttpReply::json(200, &identifier.shown(request.user_id())),
            Err(Refused::Taken) => already_exists("identifierValue"),
            Err(Refused::TooMany) => validation_error(&[("userID".into(), "has too many login identifiers".into())]),
            Err(Refused::NoSuchUser) => unknown("userID"),
        })
    }

    fn change_identifier(mut self, users: &mut Users) -> HttpReply {
        self.require_identifier(users);
        let status = self.incoming.text("status").unwrap_or_default().to_owned();
        self.unless_wrong(|request| {
            let id = request.identifier_id();
            let changed = users.change(request.user_id(), request.now, |user| {
                user.identifiers.iter_mut().filter(|known| known.id == id).for_each(|known| known.status.clone_from(&status));
            });
            let changed = changed.and_then(|user| user.identifiers.into_iter().find(|known| known.id == id));
            changed.map_or_else(|| unknown("identifierID"), |known| HttpReply::json(200, &known.shown(request.user_id())))
        })
    }

    fn delete_identifier(mut self, users: &mut Users) -> HttpReply {
        self.require_identifier(users);
        self.unless_wrong(|request| {
            users.change(request.user_id(), request.now, |user| user.identifiers.retain(|known| known.id != request.identifier_id()));
            done()
        })
    }

    fn list_identifiers(mut self, users: &Users) -> HttpReply {
        let listing = Listing::read(self.incoming, &IDENTIFIERS, &mut self.complaints);
        self.unless_wrong(|_| {
            let all = users.all().flat_map(|user| user.identifiers.iter().map(|identifier| (&*user.id, identifier)));
            let (page, paging) = listing.of(all, |(user_id, identifier), field| match field {
                "userID" => Cell::of_user(user_id),
                "identifierType" => Cell::Text(identifier.kind.clone()),
                _ => Cell::Text(identifier.value.clone()),
            });
            let page: Vec<Value> = page.into_iter().map(|(user_id, identifier)| identifier.shown(user_id)).collect();
            HttpReply::json(200, &json!({ "identifiers": page, "paging": paging }))
        })
    }

    fn user_id(&self) -> &str {
        self.incoming.part("userID")
    }

    fn identifier_id(&self) -> &str {
        self.incoming.part("identifierID")
    }

    fn complain(&mut self, field: &str, problem: &str) {
        self.complaints.push((field.into(), problem.into()));
    }

    fn require_user(&mut self, users: &Users) {
        if !users.knows(self.user_id()) {
            self.complain("userID", "does not exist");
        }
    }

    fn require_identifier(&mut self, users: &mut Users) {
        let user = users.get(self.user_id(), self.now);
        match user.map(|user| user.identifiers.iter().any(|known| known.id == self.identifier_id())) {
            None => self.complain("userID", "does not exist"),
            Some(false) => self.complain("identifierID", "does not exist"),
            Some(true) => {}
        }
    }

    /// Gives a text of a length that is kept.
    fn short_text(&mut self, name: &str) -> Option<String> {
        let text = self.incoming.text(name)?;
        if text.chars().count() > LONGEST {
            self.complain(name, "the length must be no more than 255");
        }
        Some(text.to_owned())
    }

    fn unless_wrong(self, answer: impl FnOnce(&Self) -> HttpReply) -> HttpReply {
        if self.complaints.is_empty() { answer(&self) } else { validation_error(&self.complaints) }
    }
}

fn unknown(field: &str) -> HttpReply {
    validation_error(&[(field.into(), "does not exist".into())])
}

fn shown(user: Option<Value>) -> HttpReply {
    user.map_or_else(|| unknown("userID"), |user| HttpReply::json(200, &user))
}

impl User {
    fn shown(&self) -> Value {
        let mut members = Map::new();
        members.insert("userID".into(), self.id.as_str().into());
        members.insert("status".into(), self.status.as_str().into());
        for (name, text) in [("fullName", &self.full_name), ("explicitWebauthnID", &self.webauthn_id)] {
            members.extend(text.as_ref().map(|text| (name.to_owned(), text.as_str().into())));
        }
        members.insert("updated".into(), time(self.updated).into());
        members.insert("updatedMs".into(), milliseconds(self.updated).into());
        members.into()
    }

    /// The form in a list, with all that the user logs in with.
    fn shown_whole(&self) -> Value {
        let of_kind = |kind: &str| self.identifiers.iter().filter(|known| known.kind == kind).map(|known| known.shown(&self.id)).collect::<Value>();
        let mut shown = self.shown();
        shown["created"] = time(self.created).into();
        shown["createdMS"] = milliseconds(self.created).into();
        shown["emailIdentifiers"] = of_kind("email");
        shown["phoneNumberIdentifiers"] = of_kind("phone");
        shown["usernameIdentifiers"] = of_kind("username");
        shown["socialAccounts"] = json!([]);
        shown
    }

    fn cell(&self, field: &str) -> Cell {
        let name = || self.full_name.clone().unwrap_or_default();
        match field {
            "id" => Cell::of_user(&self.id),
            "status" => Cell::Text(self.status.clone()),
            "created" => Cell::Time(self.created),
            "updated" => Cell::Time(self.updated),
            "searchValue" => Cell::Any(self.identifiers.iter().map(|known| known.value.clone()).chain([name()]).collect()),
            _ => Cell::Text(name()),
        }
    }
}

impl Identifier {
    fn shown(&self, user_id: &str) -> Value {
        json!({ "identifierID": self.id, "type": self.kind, "value": self.value, "status": self.status, "userID": user_id })
    }
}

fn time(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

fn milliseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).ok().and_then(|since| u64::try_from(since.as_millis()).ok()).unwrap_or_default()
}
