//! The vendors as the generator sees them, a file each: which rewrites a document needs, and which of its members are masked.

mod authsignal;
mod corbado;
mod dfns;
mod twilio;

use std::fmt;

use serde_json::Value;

use crate::rewrites::{PERSONAL, SECRET, as_one_type, mark, move_tag_out, relax_replies};

/// All vendors: the one list of them that the build walks.
pub(crate) const ALL: &[&Vendor] = &[&corbado::CORBADO, &authsignal::AUTHSIGNAL, &dfns::DFNS, &twilio::TWILIO];

/// Members of schemas, by (schema, member).
pub(crate) type Members = Pairs;
type Pairs = &'static [(&'static str, &'static str)];

/// A rewrite as a vendor applies it; it returns how many places it changed.
pub(crate) type Rewrite = fn(&Vendor, &mut Value) -> usize;

/// A schema that is one of several others, told apart by a tag.
pub(crate) struct Union {
    pub(crate) name: &'static str,
    pub(crate) tag: &'static str,
}

/// One vendor's document and what is done to it.
pub(crate) struct Vendor {
    /// The name of its document, module and feature.
    pub(crate) name: &'static str,
    /// The schemas that replies are made of.
    pub(crate) replies: &'static [&'static str],
    /// The members without which a reply means nothing: required, and nothing else of a reply is.
    pub(crate) essential: Members,
    /// Codes, tokens, keys and whatever else proves something.
    pub(crate) secrets: Members,
    /// Addresses, user ids and whatever else tells who somebody is.
    pub(crate) personal: Members,
    /// Members that may hold something personal or secret without a schema of their own.
    pub(crate) opaque: Members,
    pub(crate) unions: &'static [Union],
    /// Variants of unions that have the members of another one, as (schema, the other): they become one type.
    pub(crate) alike: Pairs,
    /// Members whose names look like those of secrets but that need no mask, as (schema, member, reason).
    #[allow(dead_code, reason = "read by the tests of the generated code")]
    pub(crate) harmless: &'static [(&'static str, &'static str, &'static str)],
    /// Types that the document leaves open between forms without a tag, such as a text or a number; generated as closed enums.
    #[allow(dead_code, reason = "read by the tests of the generated code")]
    pub(crate) untagged: &'static [&'static str],
    /// The rewrites by name, in the order in which they are applied.
    pub(crate) rewrites: &'static [(&'static str, Rewrite)],
}

/// A rewrite that found nothing to do: the document has changed.
#[derive(Debug)]
pub(crate) struct Stale(pub(crate) &'static str);

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the rewrite {} does not match any more (see build/vendors/)", self.0)
    }
}

impl std::error::Error for Stale {}

impl Vendor {
    /// Gives the document with every rewrite applied; an error if one of them does not match.
    pub(crate) fn rewrite(&self, mut spec: Value) -> Result<Value, Stale> {
        for (name, rewrite) in self.rewrites {
            if rewrite(self, &mut spec) == 0 {
                return Err(Stale(name));
            }
        }
        Ok(spec)
    }

    /// Gives the names of the members whose values are masked wherever they turn up again.
    pub(crate) fn sensitive(&self) -> Vec<&'static str> {
        let mut names: Vec<&str> = [self.secrets, self.personal, self.opaque].concat().iter().map(|(_, member)| *member).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// Gives the changes of a rewrite that has to match each entry of a list; 0 if one is missing, so that it does not hide behind the others.
fn all(changed: usize, entries: usize) -> usize {
    if changed == entries { changed } else { 0 }
}

fn secrets(vendor: &Vendor, spec: &mut Value) -> usize {
    all(mark(spec, SECRET, vendor.secrets), vendor.secrets.len())
}

fn personal(vendor: &Vendor, spec: &mut Value) -> usize {
    all(mark(spec, PERSONAL, vendor.personal), vendor.personal.len())
}

fn replies(vendor: &Vendor, spec: &mut Value) -> usize {
    relax_replies(spec, vendor.replies, vendor.essential)
}

fn tags(vendor: &Vendor, spec: &mut Value) -> usize {
    let moved: Vec<usize> = vendor.unions.iter().map(|union| move_tag_out(spec, union.name, union.tag)).collect();
    if moved.contains(&0) { 0 } else { moved.iter().sum() }
}

fn one_type(vendor: &Vendor, spec: &mut Value) -> usize {
    let changed = vendor.unions.iter().map(|union| as_one_type(spec, union.name, vendor.alike)).sum();
    all(changed, vendor.alike.len())
}
