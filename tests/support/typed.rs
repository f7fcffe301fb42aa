//! The operations of the vendors' own clients, and what their replies mean nothing without.

use std::{future::Future, pin::Pin};

use auth_challenge::{Error, Http, Reply};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// An operation of a vendor's client, and a form of its reply.
pub struct Typed {
    /// The schema of that form.
    pub reply: &'static str,
    /// The members without which it means nothing, and those that may be missing, but not odd.
    pub essential: &'static [&'static str],
    pub decisive: &'static [&'static str],
    /// The members of elements of arrays that take their element along.
    pub of_elements: &'static [&'static str],
    /// Calls that lack what the operation needs, and the fields that the error names.
    pub incomplete: &'static [(Call, Fields)],
    /// Calls it at a base URL, and gives the reply as it was read.
    pub call: Call,
}

/// Calls an operation at a base URL.
pub type Call = fn(Http, String) -> Called;

/// Fields that an error names, as we and as the vendor call them; without a name where the vendor has none.
pub type Fields = &'static [(&'static str, &'static str)];

/// A call that is under way.
pub type Called = Pin<Box<dyn Future<Output = Result<Value, Error>> + Send>>;

/// What becomes of a reply whose member is odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member {
    Essential,
    Decisive,
    OfElement,
    Other,
}

impl Typed {
    /// A reply of this schema to a call.
    pub const fn of(reply: &'static str, essential: &'static [&'static str], call: Call) -> Self {
        Self { reply, essential, decisive: &[], of_elements: &[], incomplete: &[], call }
    }

    /// What becomes of the reply where a place is odd.
    pub fn member(&self, place: &str) -> Member {
        let (holder, name) = place.rsplit_once('/').unwrap_or_default();
        match holder.is_empty() {
            true if self.essential.contains(&name) => Member::Essential,
            true if self.decisive.contains(&name) => Member::Decisive,
            false if self.of_elements.contains(&name) => Member::OfElement,
            _ => Member::Other,
        }
    }
}

/// A reply as it was read.
pub fn as_read<T: Serialize>(reply: Reply<T>) -> Value {
    serde_json::to_value(reply.into_inner()).expect("JSON")
}

/// A request of a client's own types.
pub fn body<T: DeserializeOwned>(body: Value) -> T {
    serde_json::from_value(body).expect("a request")
}
