//! A schema as a client sees it: references followed, the parts of an `allOf` taken together, the forms of a union apart.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::document::Place;

/// One part of a schema.
#[derive(Clone, Debug)]
pub(crate) struct Layer<'a> {
    pub(crate) place: Place<'a>,
    /// The name of the schema that it belongs to, where it has one.
    pub(crate) owner: Option<String>,
}

/// Several forms, one of which a value has.
#[derive(Clone, Debug)]
pub(crate) struct Union<'a> {
    pub(crate) forms: Vec<View<'a>>,
    pub(crate) discriminator: Option<Place<'a>>,
}

/// A schema with all that it is made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct View<'a> {
    /// Where it stands, before references are followed.
    pub(crate) pointer: String,
    pub(crate) layers: Vec<Layer<'a>>,
    pub(crate) unions: Vec<Union<'a>>,
    /// Sets of members one of which has to be there, with where each stands.
    pub(crate) alternatives: Vec<(BTreeSet<String>, String)>,
    /// References that lead nowhere.
    pub(crate) dangling: Vec<String>,
    pub(crate) is_nullable: bool,
    /// What it was reached by, so that a circle ends.
    passed: Vec<String>,
}

/// A member of an object.
#[derive(Debug)]
pub(crate) struct Member<'a> {
    pub(crate) view: View<'a>,
    /// The name of the schema that lists it.
    pub(crate) owner: Option<String>,
}

impl<'a> View<'a> {
    /// Gives the schema that stands at a place.
    pub(crate) fn of(place: Place<'a>) -> Self {
        let mut view = Self::anything(&place.pointer);
        view.gather(place, None);
        view
    }

    /// Gives a schema that anything fits, in the place of one that is not there.
    pub(crate) fn anything(pointer: &str) -> Self {
        Self { pointer: pointer.to_owned(), ..Self::default() }
    }

    fn gather(&mut self, place: Place<'a>, owner: Option<String>) {
        if self.passed.contains(&place.pointer) {
            return;
        }
        self.passed.push(place.pointer.clone());
        if let Some(reference) = place.text("$ref") {
            match place.target(reference) {
                Some((target, name)) => self.gather(target, name.or_else(|| owner.clone())),
                None => self.dangling.push(place.pointer.clone()),
            }
        }
        self.is_nullable |= place.is("nullable") || is_null(&place);
        self.layers.push(Layer { place: place.clone(), owner: owner.clone() });
        for part in place.get("allOf").iter().flat_map(Place::entries) {
            self.gather(part, owner.clone());
        }
        for forms in ["oneOf", "anyOf"].iter().filter_map(|key| place.get(key)) {
            self.gather_forms(forms.entries().collect(), place.get("discriminator"), owner.as_ref());
        }
    }

    fn gather_forms(&mut self, forms: Vec<Place<'a>>, discriminator: Option<Place<'a>>, owner: Option<&String>) {
        let (nulls, forms): (Vec<_>, Vec<_>) = forms.into_iter().partition(|form| form.text("type") == Some("null"));
        self.is_nullable |= !nulls.is_empty();
        match forms.as_slice() {
            [] => {}
            forms if forms.iter().all(is_alternative) => self.alternatives.extend(forms.iter().map(|form| (required_in(form).collect(), form.pointer.clone()))),
            [only] => self.gather(only.clone(), owner.cloned()),
            forms => {
                let forms = forms.iter().map(|form| self.form(form.clone(), owner)).collect();
                self.unions.push(Union { forms, discriminator });
            }
        }
    }

    /// Gives a form of a union within this schema.
    fn form(&self, place: Place<'a>, owner: Option<&String>) -> Self {
        let mut view = Self { passed: self.passed.clone(), ..Self::anything(&place.pointer) };
        view.gather(place, owner.cloned());
        view
    }

    /// Gives the forms that a value may have: those of its unions, or itself.
    pub(crate) fn forms(&self) -> Vec<Self> {
        if self.unions.is_empty() {
            return vec![self.clone()];
        }
        self.unions.iter().flat_map(|union| &union.forms).map(|form| self.with(form)).collect()
    }

    /// Gives a form together with what all forms have.
    fn with(&self, form: &Self) -> Self {
        let layers = form.layers.iter().chain(&self.layers).cloned().collect();
        let alternatives = form.alternatives.iter().chain(&self.alternatives).cloned().collect();
        Self { layers, alternatives, is_nullable: form.is_nullable || self.is_nullable, ..form.clone() }
    }

    /// Gives a keyword of the schema.
    pub(crate) fn keyword(&self, key: &str) -> Option<Place<'a>> {
        self.layers.iter().find_map(|layer| layer.place.get(key))
    }

    /// Says whether a keyword is `true` somewhere in the schema.
    pub(crate) fn is(&self, key: &str) -> bool {
        self.layers.iter().any(|layer| layer.place.is(key))
    }

    /// Gives where a keyword stands, or else the schema.
    pub(crate) fn pointer_of(&self, key: &str) -> String {
        self.keyword(key).map_or_else(|| self.definition().to_owned(), |place| place.pointer)
    }

    /// Gives where the schema is defined, references followed.
    pub(crate) fn definition(&self) -> &str {
        self.layers.first().map_or(&self.pointer, |layer| &layer.place.pointer)
    }

    /// Gives the name of the schema.
    pub(crate) fn name(&self) -> Option<&str> {
        self.layers.iter().find_map(|layer| layer.owner.as_deref())
    }

    /// Gives the members of an object by name.
    pub(crate) fn members(&self) -> BTreeMap<&'a str, Member<'a>> {
        let mut members: BTreeMap<&str, Member> = BTreeMap::new();
        for layer in &self.layers {
            for (name, place) in layer.place.get("properties").iter().flat_map(Place::members) {
                match members.get_mut(name) {
                    // Each part of an `allOf` may say something of it.
                    Some(member) => member.view.gather(place, None),
                    None => _ = members.insert(name, Member { view: Self::of(place), owner: layer.owner.clone() }),
                }
            }
        }
        members
    }

    /// Gives the members that have to be there.
    pub(crate) fn required(&self) -> BTreeSet<String> {
        self.layers.iter().flat_map(|layer| required_in(&layer.place)).collect()
    }

    /// Gives the types that a value may have, null aside; none is any.
    pub(crate) fn types(&self) -> BTreeSet<&'a str> {
        let said: BTreeSet<&str> = match self.keyword("type").map(|place| place.value) {
            Some(Value::String(one)) => [one.as_str()].into(),
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).filter(|one| *one != "null").collect(),
            _ => BTreeSet::new(),
        };
        if !said.is_empty() {
            return said;
        }
        let implied = [("properties", "object"), ("items", "array"), ("pattern", "string")];
        let by_keyword = implied.iter().find(|(key, _)| self.keyword(key).is_some()).map(|(_, of)| *of);
        let values = self.values();
        let by_values = (!values.is_empty() && values.iter().all(|(value, _)| value.is_string())).then_some("string");
        by_keyword.or(by_values).into_iter().collect()
    }

    /// Gives the values that are listed, null aside, each with where it stands; none is any.
    pub(crate) fn values(&self) -> Vec<(&'a Value, String)> {
        let listed = self.keyword("enum").map(|list| list.entries().collect::<Vec<_>>());
        let one = || self.keyword("const").map(|place| vec![place]);
        let places = listed.or_else(one).unwrap_or_default();
        places.into_iter().filter(|place| !place.value.is_null()).map(|place| (place.value, place.pointer)).collect()
    }

    /// Gives the member that tells this form of a union from others, with its value.
    pub(crate) fn tag(&self) -> Option<(&'a str, &'a str)> {
        let only = |view: &View<'a>| match view.values().as_slice() {
            [(Value::String(value), _)] => Some(value.as_str()),
            _ => None,
        };
        self.members().into_iter().find_map(|(name, member)| Some((name, only(&member.view)?)))
    }

    /// Says whether another schema is written as this one is, whatever it refers to, too.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        let mut layers = self.layers.iter().zip(&other.layers);
        !self.layers.is_empty() && self.layers.len() == other.layers.len() && layers.all(|(one, another)| one.place.is_as(&another.place))
    }

    /// Gives what names a schema in a walk that must end.
    pub(crate) fn identity(&self) -> String {
        let is_more = |value: &Value| value.get("$ref").is_none() || value.as_object().is_some_and(|keys| keys.len() > 1);
        let defined = self.layers.iter().filter(|layer| is_more(layer.place.value));
        defined.map(|layer| layer.place.pointer.as_str()).collect::<Vec<_>>().join(" ")
    }
}

fn required_in<'a>(place: &Place<'a>) -> impl Iterator<Item = String> + use<'a> {
    let names = place.value.get("required").and_then(Value::as_array).into_iter().flatten();
    names.filter_map(Value::as_str).map(str::to_owned)
}

/// Says whether a form of a union says nothing but what has to be there.
fn is_alternative(form: &Place) -> bool {
    form.value.as_object().is_some_and(|keys| keys.len() == 1 && keys.contains_key("required"))
}

fn is_null(place: &Place) -> bool {
    match place.value.get("type") {
        Some(Value::Array(types)) => types.iter().any(|of| of == "null"),
        Some(Value::String(of)) => of == "null",
        _ => false,
    }
}
