//! A vendor's reply, with what the HTTP exchange told beside it.

use std::ops::Deref;

use crate::model::{Error, ErrorKind, RequestId, SendState};

/// Holds a vendor's reply, with what the HTTP exchange told beside it.
#[derive(Clone, Debug)]
pub struct Reply<T> {
    value: T,
    exchange: Exchange,
}

/// What is told beside a reply, whatever its type.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) status: u16,
    pub(super) request_id: Option<RequestId>,
}

impl Exchange {
    pub(super) fn request_id(&self) -> Option<&str> {
        self.request_id.as_ref().map(RequestId::as_str)
    }
}

impl<T> Reply<T> {
    pub(super) fn new(value: T, exchange: Exchange) -> Self {
        Self { value, exchange }
    }

    /// Gives the reply itself.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// Takes the reply apart: itself, and the id of the request.
    pub fn into_parts(self) -> (T, Option<String>) {
        let (value, id) = self.apart();
        (value, id.map(|id| id.as_str().to_owned()))
    }

    /// Takes the reply apart without a look at the id.
    pub(crate) fn apart(self) -> (T, Option<RequestId>) {
        (self.value, self.exchange.request_id)
    }

    /// Tells that the reply can be read but does not make sense: the vendor acted, and it cannot be said how.
    pub(crate) fn unusable(&self, detail: &'static str) -> Error {
        let error = Error::new(ErrorKind::UnexpectedReply, SendState::Accepted).with_status(self.http_status()).with_detail(detail);
        match self.request_id() {
            Some(id) => error.with_request_id(id),
            None => error,
        }
    }

    /// Gives the HTTP status, a 2xx.
    pub fn http_status(&self) -> u16 {
        self.exchange.status
    }

    /// Gives the id of the request, where a header names one.
    pub fn request_id(&self) -> Option<&str> {
        self.exchange.request_id()
    }

    pub(super) fn exchange(&self) -> &Exchange {
        &self.exchange
    }
}

impl<T> Deref for Reply<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_tells_of_its_exchange() {
        let reply = Reply::new("value", Exchange { status: 201, request_id: Some("req-1".to_owned().into()) });
        assert_eq!((*reply, reply.http_status(), reply.request_id()), ("value", 201, Some("req-1")));
        assert_eq!(Reply::new((), Exchange { status: 200, request_id: None }).request_id(), None);
        assert_eq!(reply.into_parts(), ("value", Some("req-1".to_owned())));
    }
}
