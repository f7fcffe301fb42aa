//! Every place of a document's operations at which something can change: walked without the code that is tested.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::drift::Direction;

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Operation,
    Parameter,
    RequestBody,
    /// A body in one media type.
    Media,
    Reply,
    Schema,
    /// A part of an `allOf` or a form of a union.
    Part,
    Member,
}

/// A place, and in which direction it is used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    pub(crate) kind: Kind,
    pub(crate) direction: Direction,
    /// References followed, but for those of a member.
    pub(crate) pointer: String,
    /// The schema that lists a member.
    pub(crate) parent: String,
}

impl Spot {
    /// The last name of its pointer.
    pub(crate) fn name(&self) -> String {
        self.pointer.rsplit('/').next().unwrap_or_default().replace("~1", "/").replace("~0", "~")
    }
}

/// The place that stands at a pointer, references followed.
pub(crate) fn resolved(document: &Value, pointer: &str) -> String {
    let mut pointer = pointer.to_owned();
    while let Some(reference) = document.pointer(&pointer).and_then(|value| value["$ref"].as_str()) {
        pointer = reference.trim_start_matches('#').to_owned();
    }
    pointer
}

struct Spots<'a> {
    document: &'a Value,
    found: BTreeSet<Spot>,
}

/// All spots of all operations of a document.
pub(crate) fn all(document: &Value) -> Vec<Spot> {
    let mut spots = Spots { document, found: BTreeSet::new() };
    for path in spots.names("/paths") {
        for method in
            spots.names(&path).into_iter().filter(|name| ["get", "post", "put", "patch", "delete"].iter().any(|method| name.ends_with(&format!("/{method}"))))
        {
            spots.operation(&method);
        }
    }
    spots.found.into_iter().collect()
}

impl Spots<'_> {
    fn add(&mut self, kind: Kind, direction: Direction, pointer: &str, parent: &str) -> bool {
        self.found.insert(Spot { kind, direction, pointer: pointer.to_owned(), parent: parent.to_owned() })
    }

    /// The pointers of all that stands within a place.
    fn names(&self, pointer: &str) -> Vec<String> {
        let within = |name: &str| format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        match self.document.pointer(pointer) {
            Some(Value::Object(members)) => members.keys().map(|name| within(name)).collect(),
            Some(Value::Array(entries)) => (0..entries.len()).map(|index| within(&index.to_string())).collect(),
            _ => Vec::new(),
        }
    }

    fn operation(&mut self, pointer: &str) {
        self.add(Kind::Operation, Direction::Request, pointer, "");
        for parameter in self.names(&format!("{pointer}/parameters")) {
            let parameter = resolved(self.document, &parameter);
            self.add(Kind::Parameter, Direction::Request, &parameter, pointer);
            self.schema(Kind::Schema, Direction::Request, &format!("{parameter}/schema"));
        }
        let body = format!("{pointer}/requestBody");
        if self.document.pointer(&body).is_some() {
            let body = resolved(self.document, &body);
            self.add(Kind::RequestBody, Direction::Request, &body, pointer);
            self.media(Direction::Request, &body);
        }
        for reply in self.names(&format!("{pointer}/responses")) {
            let direction = if reply.contains("/responses/2") { Direction::Reply } else { Direction::ErrorReply };
            self.add(Kind::Reply, direction, &reply, pointer);
            self.media(direction, &resolved(self.document, &reply));
        }
    }

    fn media(&mut self, direction: Direction, body: &str) {
        for media in self.names(&format!("{body}/content")) {
            self.add(Kind::Media, direction, &media, body);
            self.schema(Kind::Schema, direction, &format!("{media}/schema"));
        }
    }

    fn schema(&mut self, kind: Kind, direction: Direction, pointer: &str) {
        let pointer = resolved(self.document, pointer);
        if self.document.pointer(&pointer).is_none() || !self.add(kind, direction, &pointer, "") {
            return;
        }
        for member in self.names(&format!("{pointer}/properties")) {
            self.add(Kind::Member, direction, &member, &pointer);
            self.schema(Kind::Schema, direction, &member);
        }
        self.schema(Kind::Schema, direction, &format!("{pointer}/items"));
        for part in ["allOf", "oneOf", "anyOf"].iter().flat_map(|key| self.names(&format!("{pointer}/{key}"))).collect::<Vec<_>>() {
            self.schema(Kind::Part, direction, &part);
        }
    }
}
