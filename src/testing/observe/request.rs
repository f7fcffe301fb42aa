//! What came in at a double.

use std::{fmt, time::SystemTime};

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

use super::Entries;
use crate::testing::{
    Operation,
    weight::{self, Weigh},
};

/// Shows a request as a double read it.
#[derive(Clone)]
pub struct ReceivedRequest {
    pub(in crate::testing) operation: Option<Operation>,
    pub(in crate::testing) method: String,
    pub(in crate::testing) target: String,
    pub(in crate::testing) headers: HeaderMap,
    pub(in crate::testing) body: Bytes,
    pub(in crate::testing) received_at: SystemTime,
    pub(in crate::testing) status: Option<u16>,
    pub(in crate::testing) fault: Option<&'static str>,
}

impl ReceivedRequest {
    /// Gives the operation; `None` where the vendor has none at this path.
    pub fn operation(&self) -> Option<Operation> {
        self.operation
    }

    /// Gives the HTTP method.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Gives the path as it came, still percent-encoded.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Gives the query as it came, without the question mark.
    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    /// Gives a header's value, where it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Gives all headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Gives the body, byte for byte; at most one mebibyte.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Tells when it came, by the double's clock.
    pub fn received_at(&self) -> SystemTime {
        self.received_at
    }

    /// Gives the status that it was answered with; `None` while it is not, and where a fault kept the answer back.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// Gives the name of the [`Fault`](crate::testing::Fault) that hit it.
    pub fn fault(&self) -> Option<&'static str> {
        self.fault
    }

    /// Gives the body as JSON; `null` where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Weigh for ReceivedRequest {
    fn weight(&self) -> usize {
        self.method.len() + weight::of_request(&self.target, &self.headers, &self.body)
    }
}

/// Shows operation, method and size: the rest may hold secrets.
impl fmt::Debug for ReceivedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedRequest")
            .field("operation", &self.operation)
            .field("method", &self.method)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// The requests that came in until now, the oldest first.
pub type Requests = Entries<ReceivedRequest>;

impl Requests {
    /// Gives the requests of one operation.
    pub fn of(&self, operation: Operation) -> Self {
        self.those(|request| request.operation == Some(operation))
    }

    /// Asserts how many came.
    ///
    /// # Panics
    ///
    /// Where it is another number.
    #[track_caller]
    pub fn assert_count(&self, expected: usize) {
        let came: Vec<&str> = self.iter().map(|request| request.operation.map_or("one to no known path", Operation::as_str)).collect();
        assert!(came.len() == expected, "expected {expected} requests, but {} came: {}", came.len(), came.join(", "));
    }
}
