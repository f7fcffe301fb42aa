//! What of this crate stands on a member or a place: masks, essential members, rewrites, conversions, fixtures.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    bodies,
    findings::{Direction, Kind, Touch},
    operations::Operation,
    rewritten::Changes,
    view::View,
    words::Words,
};
use crate::vendors::{Members, Vendor};

/// A member as the lists of `build/vendors/` name it: by schema and name.
type Listed = (String, String);

/// Where in a request or a reply something stands, and which member it is or belongs to.
#[derive(Clone, Debug, Default)]
pub(crate) struct At {
    /// The names of the members that lead to it; `*` for the entries of a list.
    pub(crate) path: String,
    pub(crate) owner: Option<String>,
    pub(crate) member: Option<String>,
}

impl At {
    /// Gives the place of a member.
    pub(crate) fn member(&self, owner: Option<&str>, name: &str) -> Self {
        Self { path: format!("{}/{name}", self.path), owner: owner.map(str::to_owned), member: Some(name.to_owned()) }
    }

    /// Gives the place of the entries of a list.
    pub(crate) fn entry(&self) -> Self {
        Self { path: format!("{}/*", self.path), ..self.clone() }
    }
}

/// The members of the packed document, by operation, direction and path: what they are called in the lists.
#[derive(Debug, Default)]
pub(crate) struct Index(BTreeMap<(String, Direction, String), BTreeSet<Listed>>);

impl Index {
    /// Walks the requests and replies of operations.
    pub(crate) fn of(operations: &[Operation]) -> Self {
        let mut index = Self::default();
        for operation in operations {
            for (direction, schema) in bodies::schemas(&operation.place) {
                index.enter(&(operation.name.clone(), direction), &View::of(schema), "", &mut Vec::new());
            }
        }
        index
    }

    fn enter(&mut self, key: &(String, Direction), view: &View, path: &str, passed: &mut Vec<String>) {
        let identity = view.identity();
        if passed.contains(&identity) {
            return;
        }
        passed.push(identity);
        for form in view.forms() {
            for (name, member) in form.members() {
                let path = format!("{path}/{name}");
                if let Some(owner) = member.owner {
                    self.0.entry((key.0.clone(), key.1, path.clone())).or_default().insert((owner, name.to_owned()));
                }
                self.enter(key, &member.view, &path, passed);
            }
            if let Some(entries) = form.keyword("items") {
                self.enter(key, &View::of(entries), &format!("{path}/*"), passed);
            }
        }
        passed.pop();
    }

    /// Gives the members that stand at a place, or those of them that the schema of this name has.
    fn listed(&self, operation: &str, direction: Direction, at: &At) -> Vec<&Listed> {
        let path = at.path.trim_end_matches("/*").to_owned();
        let found: Vec<&Listed> = self.0.get(&(operation.to_owned(), direction, path)).into_iter().flatten().collect();
        let named: Vec<&Listed> = found.iter().copied().filter(|(owner, _)| Some(owner) == at.owner.as_ref()).collect();
        if named.is_empty() { found } else { named }
    }
}

/// All that findings may touch.
#[derive(Debug)]
pub(crate) struct Touchable {
    pub(crate) index: Index,
    pub(crate) words: Words,
    /// What each rewrite changes in the packed document.
    pub(crate) changes: Vec<Changes>,
}

impl Touchable {
    /// Gives what stands on a member.
    pub(crate) fn member(&self, vendor: &Vendor, operation: &str, direction: Direction, at: &At) -> Vec<Touch> {
        let Some(name) = at.member.as_deref() else { return Vec::new() };
        let listed = self.index.listed(operation, direction, at);
        let of = |kind: Kind, lists: &[Members]| {
            let is_in = |(schema, member): &(&str, &str)| listed.iter().any(|(owner, name)| (owner.as_str(), name.as_str()) == (*schema, *member));
            let found = lists.iter().flat_map(|list| list.iter()).filter(|entry| is_in(entry));
            found.map(|(schema, member)| Touch { kind, name: format!("{schema}.{member}") }).collect::<Vec<_>>()
        };
        let mut touches = of(Kind::Masked, &[vendor.secrets, vendor.personal, vendor.opaque]);
        touches.extend(of(Kind::Essential, &[vendor.essential]));
        let said = [(Kind::Conversion, self.words.convert(name)), (Kind::Fixture, self.words.show(name))];
        touches.extend(said.into_iter().filter(|(_, is_said)| *is_said).map(|(kind, _)| Touch { kind, name: name.to_owned() }));
        for (schema, member) in listed {
            touches.extend(self.rewrites(&format!("/components/schemas/{schema}/properties/{member}")));
        }
        touches
    }

    /// Gives the rewrites that change something at a place, below it or above it.
    pub(crate) fn rewrites(&self, pointer: &str) -> Vec<Touch> {
        let touching = self.changes.iter().filter(|changes| changes.places.iter().any(|place| is_below(place, pointer) || is_below(pointer, place)));
        touching.map(|changes| Touch { kind: Kind::Rewrite, name: changes.name.to_owned() }).collect()
    }
}

fn is_below(pointer: &str, above: &str) -> bool {
    pointer.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
