//! Which operations are used, and which of a document's operations are the same ones.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::Place;

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "patch", "head", "options", "trace"];

/// An operation of a document.
#[derive(Clone, Debug)]
pub(crate) struct Operation<'a> {
    /// Method and path, for people.
    pub(crate) name: String,
    pub(crate) method: &'static str,
    /// The path with `{}` for its parameters.
    pub(crate) path: String,
    /// The addresses that it is reached under, with `{}` for its parameters.
    pub(crate) addresses: BTreeSet<String>,
    pub(crate) place: Place<'a>,
    /// What all operations of its path have.
    pub(crate) of_path: Place<'a>,
    /// Where the servers stand that its addresses are made of.
    pub(crate) servers: String,
    document: &'a Value,
}

/// Gives all operations of a document.
pub(crate) fn all(document: &Value) -> Vec<Operation<'_>> {
    let paths = Place::whole(document).get("paths");
    let paths = paths.iter().flat_map(Place::members);
    paths.flat_map(|(path, of_path)| METHODS.iter().filter_map(move |method| operation(document, method, path, &of_path.clone().followed()))).collect()
}

fn operation<'a>(document: &'a Value, method: &'static str, path: &str, of_path: &Place<'a>) -> Option<Operation<'a>> {
    let place = of_path.get(method)?;
    let servers = [place.get("servers"), of_path.get("servers"), Place::whole(document).get("servers")].into_iter().flatten().next();
    let urls = servers.iter().flat_map(Place::entries).filter_map(|server| server.text("url"));
    let template = unnamed(path);
    Some(Operation {
        name: format!("{} {path}", method.to_ascii_uppercase()),
        method,
        addresses: urls.map(|url| format!("{}{template}", url.trim_end_matches('/'))).collect(),
        path: template,
        servers: servers.map(|servers| servers.pointer).unwrap_or_default(),
        place,
        of_path: of_path.clone(),
        document,
    })
}

impl<'a> Operation<'a> {
    /// Gives the paths with what the servers put before them, and the bare one.
    fn paths(&self) -> (BTreeSet<String>, &str) {
        let path_of = |address: &String| {
            let behind_scheme = address.split_once("://").map_or(address.as_str(), |(_, rest)| rest);
            behind_scheme.find('/').and_then(|at| behind_scheme.get(at..)).unwrap_or_default().to_owned()
        };
        (self.addresses.iter().map(path_of).collect(), &self.path)
    }

    /// Says how alike the method and path of another document's operation are: 2 for the same address, 1 for the same path at another.
    fn likeness(&self, other: &Self) -> usize {
        let ((whole, bare), (other_whole, other_bare)) = (self.paths(), other.paths());
        let is_same = !whole.is_disjoint(&other_whole);
        let is_alike = bare == other_bare || whole.contains(other_bare) || other_whole.contains(bare);
        if self.method != other.method { 0 } else { usize::from(is_same) + usize::from(is_same || is_alike) }
    }

    /// Gives the operation of another document that is this one.
    pub(crate) fn among<'b>(&self, others: &[Operation<'b>]) -> Option<Operation<'b>> {
        let best = others.iter().max_by_key(|other| self.likeness(other))?;
        (self.likeness(best) > 0).then(|| best.clone())
    }

    /// Gives the operation of a newer document that this one of the old seems to have become: one of the same name, or the only new one of
    /// the same path or the same end of a path.
    pub(crate) fn moved<'b>(&self, olds: &[Operation<'a>], news: &[Operation<'b>]) -> Option<Operation<'b>> {
        let unknown = || news.iter().filter(|new| olds.iter().all(|old| old.likeness(new) == 0));
        let id = self.place.text("operationId");
        let only = |found: Vec<&Operation<'b>>| if let [one] = found.as_slice() { Some((*one).clone()) } else { None };
        let by_id = || unknown().find(|new| id.is_some() && new.place.text("operationId") == id).cloned();
        let by_path = || only(unknown().filter(|new| new.path == self.path).collect());
        let by_end = || only(unknown().filter(|new| new.method == self.method && end(&new.path) == end(&self.path)).collect());
        by_id().or_else(by_path).or_else(by_end)
    }

    /// Gives the sets of credentials that are enough, each as what its schemes are, and where they stand.
    pub(crate) fn security(&self) -> (BTreeSet<BTreeSet<String>>, String) {
        let whole = Place::whole(self.document);
        let Some(security) = self.place.get("security").or_else(|| whole.get("security")) else {
            return ([BTreeSet::new()].into(), self.place.pointer.clone());
        };
        let scheme = |name: &str| match whole.at(&["components", "securitySchemes", name]).map(Place::followed) {
            Some(scheme) => ["type", "scheme", "in", "name"].map(|key| scheme.text(key).unwrap_or_default().to_ascii_lowercase()).join(" ").trim().to_owned(),
            None => name.to_owned(),
        };
        let mut enough: BTreeSet<BTreeSet<String>> = security.entries().map(|all| all.members().map(|(name, _)| scheme(name)).collect()).collect();
        if enough.is_empty() {
            enough.insert(BTreeSet::new());
        }
        (enough, security.pointer)
    }
}

/// Gives a path with `{}` for each parameter: what it is called is not on the wire.
fn unnamed(path: &str) -> String {
    let mut pieces = path.split('{');
    let first = pieces.next().unwrap_or_default().to_owned();
    let path = pieces.fold(first, |path, piece| path + "{}" + piece.split_once('}').map_or("", |(_, rest)| rest));
    path.trim_end_matches('/').to_owned()
}

fn end(path: &str) -> &str {
    path.rsplit('/').find(|piece| *piece != "{}").unwrap_or_default()
}
