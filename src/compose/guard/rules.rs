//! What a guard allows, whoever counts.

use super::{
    Rate,
    counts::{Limit, Sender},
};
use crate::model::Method;

/// Holds the limits of a guard.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    pub(super) per_recipient: Option<Rate>,
    pub(super) per_ip: Option<Rate>,
    pub(super) wrong_codes: Option<u32>,
    pub(super) calling_codes: Vec<String>,
}

impl Rules {
    /// Says whether a message of this method may go to a number, or anything may.
    pub(super) fn may_call(&self, method: Method, number: &str) -> bool {
        !method.is_to_phone() || self.calling_codes.is_empty() || self.calling_codes.iter().any(|code| number.starts_with(code.as_str()))
    }

    /// Lists the limits that a send of this sender falls under.
    pub(super) fn limits(&self, sender: Sender) -> Vec<Limit> {
        [
            (self.per_recipient, sender.recipient, "too many messages to this recipient"),
            (self.per_ip, sender.client_ip, "too many messages asked for from this client IP address"),
        ]
        .into_iter()
        .filter_map(|(rate, of, reason)| Some(Limit { of: of?, rate: rate?, reason }))
        .collect()
    }
}
