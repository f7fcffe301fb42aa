//! The users that Corbado knows, with their login identifiers, within bounds.

use std::{
    collections::{BTreeMap, HashMap},
    time::SystemTime,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::testing::{
    fresh,
    store::Store,
    text::{is_email_address, is_phone_number},
    weight::{self, Scales, Weigh},
};

/// The user of Corbado's reference page, for those who are told that every user is known.
pub(super) const EXAMPLE_USER: &str = "usr-4693224802260150919";

/// How many users are kept beside those that were given, how many login identifiers one has, and what all of them weigh in bytes.
const MOST_USERS: usize = 10_000;
const MOST_IDENTIFIERS: usize = 100;
const BUDGET: usize = 16 << 20;

/// All users. Of those that nobody gave the oldest go, when they are too many or too heavy.
pub(super) struct Users {
    /// In the order in which they were made.
    users: BTreeMap<u64, User>,
    ids: HashMap<String, u64>,
    /// Who has a login identifier.
    holders: HashMap<String, u64>,
    made: usize,
    scales: Scales,
    /// All ids of a user's form are known but this one, and those that were deleted.
    any_but: Option<String>,
    deleted: Store<Deleted>,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) full_name: Option<String>,
    pub(super) webauthn_id: Option<String>,
    pub(super) status: String,
    pub(super) created: SystemTime,
    pub(super) updated: SystemTime,
    pub(super) identifiers: Vec<Identifier>,
    /// Whether a program or a seed named it: such a one is never forgotten.
    is_given: bool,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Identifier {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) value: String,
    pub(super) status: String,
}

/// Why a login identifier cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    NoSuchUser,
    Taken,
    TooMany,
}

#[derive(Deserialize, Serialize)]
struct Deleted;

impl Weigh for Deleted {
    fn weight(&self) -> usize {
        weight::ENTRY
    }
}

impl Weigh for User {
    fn weight(&self) -> usize {
        let texts = [Some(&self.id), Some(&self.id), self.full_name.as_ref(), self.webauthn_id.as_ref(), Some(&self.status)];
        // A value is there once more, as what it is found by.
        let identifier = |known: &Identifier| weight::of_texts([&*known.id, &known.kind, &known.value, &known.value, &known.status]);
        weight::of_texts(texts.into_iter().flatten().map(String::as_str)) + self.identifiers.iter().map(identifier).sum::<usize>()
    }
}

impl User {
    fn new(id: String, now: SystemTime) -> Self {
        Self { id, full_name: None, webauthn_id: None, status: "active".into(), created: now, updated: now, identifiers: Vec::new(), is_given: false }
    }
}

impl Identifier {
    pub(super) fn new(kind: &str, value: &str, status: &str) -> Self {
        Self { id: format!("ide-{}", fresh::digits(19)), kind: kind.into(), value: value.into(), status: status.into() }
    }

    /// A name is whatever it looks like.
    fn of_name(name: &str) -> Self {
        let kind = match name {
            _ if is_email_address(name) => "email",
            _ if is_phone_number(name, 5..) => "phone",
            _ => "username",
        };
        Self::new(kind, name, "verified")
    }

    /// What it is found by: one user has it, in whatever case it is written.
    fn key(&self) -> String {
        format!("{}:{}", self.kind, self.value.to_ascii_lowercase())
    }
}

/// Says whether an id has the form that Corbado gives to users.
fn is_of_a_user(id: &str) -> bool {
    id.strip_prefix("usr-").is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

impl Users {
    pub(super) fn of(given: &[String], any_but: Option<&str>, now: SystemTime) -> Self {
        let mut users = Self {
            users: BTreeMap::new(),
            ids: HashMap::new(),
            holders: HashMap::new(),
            made: 0,
            scales: Scales::of_at_most(BUDGET),
            any_but: any_but.map(str::to_owned),
            deleted: Store::of_at_most(MOST_USERS),
        };
        given.iter().for_each(|id| users.give(id, None, now));
        users
    }

    pub(super) fn knows(&self, id: &str) -> bool {
        match &self.any_but {
            _ if self.ids.contains_key(id) => true,
            Some(unknown) => is_of_a_user(id) && id != unknown && self.deleted.get(id).is_none(),
            None => false,
        }
    }

    /// Gives all users that were made or looked at, in the order in which they came.
    pub(super) fn all(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// Gives a user that is known.
    pub(super) fn get(&mut self, id: &str, now: SystemTime) -> Option<&User> {
        self.number_of(id, now).and_then(|number| self.users.get(&number))
    }

    /// Makes a user.
    pub(super) fn make(&mut self, now: SystemTime, fill: impl FnOnce(&mut User)) -> User {
        let mut user = User::new(format!("usr-{}", fresh::digits(19)), now);
        fill(&mut user);
        self.put(self.next(), user.clone());
        user
    }

    /// Changes a user; `None` where there is none.
    pub(super) fn change(&mut self, id: &str, now: SystemTime, change: impl FnOnce(&mut User)) -> Option<User> {
        let number = self.number_of(id, now)?;
        let mut user = self.take(number)?;
        change(&mut user);
        self.put(number, user.clone());
        Some(user)
    }

    /// Deletes a user with all login identifiers, and says whether there was one.
    pub(super) fn delete(&mut self, id: &str) -> bool {
        let is_known = self.knows(id);
        if let Some(number) = self.ids.get(id).copied() {
            self.take(number);
        }
        if is_known && self.any_but.is_some() {
            self.deleted.insert(id.to_owned(), Deleted);
        }
        is_known
    }

    /// Gives a user a login identifier, which no other one may have.
    pub(super) fn identify(&mut self, id: &str, identifier: Identifier, now: SystemTime) -> Result<(), Refused> {
        let is_taken = self.holders.contains_key(&identifier.key());
        match self.get(id, now) {
            None => Err(Refused::NoSuchUser),
            Some(_) if is_taken => Err(Refused::Taken),
            Some(user) if user.identifiers.len() >= MOST_IDENTIFIERS => Err(Refused::TooMany),
            Some(_) => {
                self.change(id, now, |user| user.identifiers.push(identifier));
                Ok(())
            }
        }
    }

    /// Gives the id of the user whom a name names, and makes one if need be.
    pub(super) fn of_name(&mut self, name: &str, now: SystemTime) -> String {
        let identifier = Identifier::of_name(name);
        match self.holders.get(&identifier.key()).and_then(|number| self.users.get(number)) {
            Some(user) => user.id.clone(),
            None => self.make(now, |user| user.identifiers.push(identifier)).id,
        }
    }

    /// Takes a user of this id for known from now on; a name that is given along is this user's, whosever it was.
    pub(super) fn give(&mut self, id: &str, name: Option<&str>, now: SystemTime) {
        self.deleted.remove(id);
        let named = name.map(Identifier::of_name);
        let key = named.as_ref().map(Identifier::key);
        if let Some(number) = key.as_ref().and_then(|key| self.holders.get(key).copied())
            && let Some(mut holder) = self.take(number)
        {
            holder.identifiers.retain(|known| Some(known.key()) != key);
            self.put(number, holder);
        }
        let number = self.ids.get(id).copied().unwrap_or_else(|| self.next());
        let mut user = self.take(number).unwrap_or_else(|| User::new(id.to_owned(), now));
        user.is_given = true;
        user.identifiers.extend(named);
        self.put(number, user);
    }

    pub(super) fn save(&self) -> Value {
        json!({ "users": self.all().collect::<Vec<_>>(), "deleted": self.deleted })
    }

    /// Knows who was saved, and beside them whom it was told of at this start.
    pub(super) fn restored(saved: &Value, given: &[String], any_but: Option<&str>, now: SystemTime) -> serde_json::Result<Self> {
        let mut users = Self::of(&[], any_but, now);
        users.deleted.restore(&saved["deleted"])?;
        for user in Vec::<User>::deserialize(&saved["users"])? {
            users.put(users.next(), user);
        }
        given.iter().for_each(|id| users.give(id, None, now));
        Ok(users)
    }

    /// Gives the number of a user that is known. One that is known as all are is a user like the others from then on.
    fn number_of(&mut self, id: &str, now: SystemTime) -> Option<u64> {
        if !self.knows(id) {
            return None;
        }
        if !self.ids.contains_key(id) {
            self.put(self.next(), User::new(id.to_owned(), now));
        }
        self.ids.get(id).copied()
    }

    fn next(&self) -> u64 {
        self.users.last_key_value().map_or(0, |(number, _)| number + 1)
    }

    fn put(&mut self, number: u64, user: User) {
        self.scales.put(user.weight());
        self.made += usize::from(!user.is_given);
        self.ids.insert(user.id.clone(), number);
        self.holders.extend(user.identifiers.iter().map(|identifier| (identifier.key(), number)));
        self.users.insert(number, user);
        while self.made > MOST_USERS || self.scales.are_overloaded() {
            let Some(oldest) = self.users.iter().find(|(_, user)| !user.is_given).map(|(number, _)| *number) else { return };
            self.take(oldest);
        }
    }

    fn take(&mut self, number: u64) -> Option<User> {
        let user = self.users.remove(&number)?;
        self.scales.take(user.weight());
        self.made -= usize::from(!user.is_given);
        self.ids.remove(&user.id);
        for identifier in &user.identifiers {
            self.holders.remove(&identifier.key());
        }
        Some(user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn users() -> Users {
        Users::of(&["usr-1".to_owned()], None, NOW)
    }

    #[test]
    fn names_that_come_without_end_are_forgotten_and_users_by_id_are_not() {
        let mut users = users();
        users.give("usr-1", Some("jane@doe.com"), NOW);
        let first = users.of_name("0", NOW);
        (1..3 * MOST_USERS).for_each(|number| drop(users.of_name(&number.to_string(), NOW)));
        assert_eq!((users.users.len(), users.ids.len(), users.holders.len()), (MOST_USERS + 1, MOST_USERS + 1, MOST_USERS + 1));
        assert!(users.knows("usr-1") && !users.knows(&first));
        assert_eq!(users.of_name("Jane@Doe.com", NOW), "usr-1");
        assert_eq!(users.of_name("again", NOW), users.of_name("again", NOW));
    }

    #[test]
    fn no_login_identifiers_fill_the_memory() {
        let mut users = users();
        let long = |number: usize| Identifier::new("username", &format!("{number}{}", "x".repeat(1 << 10)), "pending");
        for number in 0..2 * MOST_IDENTIFIERS {
            let expected = if number < MOST_IDENTIFIERS { Ok(()) } else { Err(Refused::TooMany) };
            assert_eq!(users.identify("usr-1", long(number), NOW), expected, "{number}");
        }
        for number in 1_000..20_000 {
            let id = users.make(NOW, |_| {}).id;
            assert_eq!(users.identify(&id, long(number), NOW), Ok(()));
        }
        assert!(users.all().map(Weigh::weight).sum::<usize>() <= BUDGET && users.users.len() > 1_000, "{}", users.users.len());
        assert_eq!(users.all().next().map(|user| user.identifiers.len()), Some(MOST_IDENTIFIERS), "who was given is kept");
    }

    #[test]
    fn a_login_identifier_is_one_users_in_whatever_case_and_free_again_once_that_is_deleted() {
        let mut users = users();
        let jane = || Identifier::new("email", "Jane@Doe.com", "pending");
        let other = users.make(NOW, |_| {}).id;
        assert_eq!(users.identify("usr-1", Identifier::new("email", "jane@doe.com", "pending"), NOW), Ok(()));
        assert_eq!(users.identify(&other, jane(), NOW), Err(Refused::Taken));
        assert_eq!(users.identify(&other, Identifier::new("username", "jane@doe.com", "pending"), NOW), Ok(()), "another sort of name");
        assert_eq!(users.identify("usr-2", jane(), NOW), Err(Refused::NoSuchUser));
        assert!(users.delete("usr-1") && !users.delete("usr-1"));
        assert_eq!(users.identify(&other, jane(), NOW), Ok(()));
    }

    #[test]
    fn where_every_user_is_known_one_that_was_deleted_is_not() {
        let mut users = Users::of(&[EXAMPLE_USER.to_owned()], Some("usr-0"), NOW);
        assert!(users.knows("usr-7") && !users.knows("usr-0") && !users.delete("usr-0"));
        assert_eq!(users.all().count(), 1);
        assert!(users.delete("usr-7") && !users.knows("usr-7") && users.get("usr-7", NOW).is_none());
        assert!(users.get("usr-8", NOW).is_some() && users.all().count() == 2, "who was looked at is there");
        let saved = users.save();
        let after = Users::restored(&saved, &["usr-7".to_owned()], Some("usr-0"), NOW).expect("what was saved");
        assert_eq!(after.all().map(|user| &*user.id).collect::<Vec<_>>(), [EXAMPLE_USER, "usr-8", "usr-7"]);
        assert!(after.knows("usr-7"), "whom it is told of at this start it knows");
        assert!(Users::restored(&Value::Null, &[], None, NOW).is_err());
    }
}
