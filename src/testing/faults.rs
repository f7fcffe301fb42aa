//! What goes wrong on demand.

use std::{collections::VecDeque, fmt, sync::Mutex, time::Duration};

use serde::Deserialize;

use super::{Operation, locked};

/// Something that goes wrong, once unless told otherwise.
///
/// Some faults come before the vendor acted, some after: after those of the second kind a message is in the outbox, or a code is used up.
///
/// | before it acted | after it acted |
/// |---|---|
/// | [`refuse_connections`](Self::refuse_connections), [`hang_connection`](Self::hang_connection), [`reset_before_read`](Self::reset_before_read), [`status`](Self::status), [`rate_limited`](Self::rate_limited), [`gateway_html`](Self::gateway_html) | all others |
///
/// ```
/// use std::time::Duration;
/// use auth_challenge::testing::Fault;
///
/// let fault = Fault::rate_limited().with_retry_after(Duration::from_secs(2)).with_times(3);
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    kind: FaultKind,
    times: Option<u32>,
}

#[derive(Clone, Debug)]
pub(super) enum FaultKind {
    Status(u16, Option<Duration>),
    GatewayHtml(u16),
    RefuseConnections,
    HangConnection,
    ResetBeforeRead,
    ResetAfterRead,
    Slow(Duration),
    Hang,
    CutBody,
    Garbage,
    NotHttp,
    WrongContentType,
    UnknownFields,
    UnknownEnumValues,
    MissingField(String),
    MissingFields,
    HugeBody(usize),
}

impl Fault {
    fn once(kind: FaultKind) -> Self {
        Self { kind, times: Some(1) }
    }

    /// Answers an error status, with the body that the vendor gives with it.
    pub fn status(status: u16) -> Self {
        Self::once(FaultKind::Status(status, None))
    }

    /// Status 429 in the vendor's form, without `Retry-After`; see [`with_retry_after`](Self::with_retry_after).
    pub fn rate_limited() -> Self {
        Self::status(429)
    }

    /// Answers a gateway's HTML page with status 502.
    pub fn gateway_html() -> Self {
        Self::once(FaultKind::GatewayHtml(502))
    }

    /// Refuses connections at once and until the faults are [cleared](super::Double::clear_faults), and ends those that wait for a request.
    ///
    /// A connection has no operation, and nobody sees one that is refused: for which operation the fault was meant and how many times makes no
    /// difference. While it lasts nobody else gets the port.
    pub fn refuse_connections() -> Self {
        Self { kind: FaultKind::RefuseConnections, times: None }
    }

    /// Answers nothing on the connection that the request came on, then or later, and acts on nothing; other connections work.
    pub fn hang_connection() -> Self {
        Self::once(FaultKind::HangConnection)
    }

    /// Resets the connection when the request's head has come, before the rest is read.
    pub fn reset_before_read() -> Self {
        Self::once(FaultKind::ResetBeforeRead)
    }

    /// Resets the connection after the request was read and acted on.
    pub fn reset_after_read() -> Self {
        Self::once(FaultKind::ResetAfterRead)
    }

    /// Answers after a pause, in real time.
    pub fn slow(pause: Duration) -> Self {
        Self::once(FaultKind::Slow(pause))
    }

    /// Answers nothing, and leaves the connection open until the client closes it.
    pub fn hang() -> Self {
        Self::once(FaultKind::Hang)
    }

    /// Ends the connection in the middle of the reply's body.
    pub fn cut_body() -> Self {
        Self::once(FaultKind::CutBody)
    }

    /// Answers success, with a body that is not JSON.
    pub fn garbage() -> Self {
        Self::once(FaultKind::Garbage)
    }

    /// Bytes that are not HTTP.
    pub fn not_http() -> Self {
        Self::once(FaultKind::NotHttp)
    }

    /// Answers rightly, but calls it `text/plain`.
    pub fn wrong_content_type() -> Self {
        Self::once(FaultKind::WrongContentType)
    }

    /// Answers rightly, with fields that the document does not know.
    pub fn unknown_fields() -> Self {
        Self::once(FaultKind::UnknownFields)
    }

    /// Answers rightly, with values in its enumerations that the document does not know.
    pub fn unknown_enum_values() -> Self {
        Self::once(FaultKind::UnknownEnumValues)
    }

    /// Answers rightly, without one field, by the vendor's name of it.
    pub fn missing_field(name: impl Into<String>) -> Self {
        Self::once(FaultKind::MissingField(name.into()))
    }

    /// Success with an empty object.
    pub fn missing_fields() -> Self {
        Self::once(FaultKind::MissingFields)
    }

    /// Answers rightly, with a field of so many bytes more, at most a GiB.
    pub fn huge_body(bytes: usize) -> Self {
        Self::once(FaultKind::HugeBody(bytes.min(1 << 30)))
    }

    /// Adds `Retry-After` to a [`status`](Self::status); nothing to other faults.
    pub fn with_retry_after(mut self, pause: Duration) -> Self {
        if let FaultKind::Status(_, retry_after) = &mut self.kind {
            *retry_after = Some(pause);
        }
        self
    }

    /// Says whether it is one of the listener's and waits for no request.
    pub(super) fn refuses_connections(&self) -> bool {
        matches!(self.kind, FaultKind::RefuseConnections)
    }

    /// Goes wrong so many times.
    pub fn with_times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Goes wrong until [cleared](super::Double::clear_faults).
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }
}

/// A fault in words, for those who cannot call [`Fault`]'s methods: its name and what it takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WordedFault {
    fault: String,
    times: Option<u32>,
    status: Option<u16>,
    retry_after_s: Option<u64>,
    ms: Option<u64>,
    field: Option<String>,
    bytes: Option<usize>,
}

type MakeFault = fn(&WordedFault) -> Result<Fault, &'static str>;

/// Every fault by its name, which is that of the method that makes it.
const BY_NAME: [(&str, MakeFault); 18] = [
    ("status", |said| Ok(Fault::status(said.status.filter(|status| (200..600).contains(status)).ok_or("status: expected 200 to 599")?))),
    ("rate_limited", |_| Ok(Fault::rate_limited())),
    ("gateway_html", |_| Ok(Fault::gateway_html())),
    ("refuse_connections", |said| match said.times {
        None | Some(0) => Ok(Fault::refuse_connections()),
        Some(_) => Err("times: nobody sees a refused connection, so they are not counted; expected none, and clearing the faults ends it"),
    }),
    ("hang_connection", |_| Ok(Fault::hang_connection())),
    ("reset_before_read", |_| Ok(Fault::reset_before_read())),
    ("reset_after_read", |_| Ok(Fault::reset_after_read())),
    ("slow", |said| Ok(Fault::slow(Duration::from_millis(said.ms.ok_or("ms: is required")?)))),
    ("hang", |_| Ok(Fault::hang())),
    ("cut_body", |_| Ok(Fault::cut_body())),
    ("garbage", |_| Ok(Fault::garbage())),
    ("not_http", |_| Ok(Fault::not_http())),
    ("wrong_content_type", |_| Ok(Fault::wrong_content_type())),
    ("unknown_fields", |_| Ok(Fault::unknown_fields())),
    ("unknown_enum_values", |_| Ok(Fault::unknown_enum_values())),
    ("missing_field", |said| {
        Ok(Fault::missing_field(said.field.as_deref().filter(|field| field.len() <= 256).ok_or("field: expected a name of 256 bytes at most")?))
    }),
    ("missing_fields", |_| Ok(Fault::missing_fields())),
    ("huge_body", |said| Ok(Fault::huge_body(said.bytes.ok_or("bytes: is required")?))),
];

impl WordedFault {
    /// Reads the fault; gives what was expected, if there is none such.
    pub(super) fn fault(&self) -> Result<Fault, String> {
        let Some((_, make)) = BY_NAME.iter().find(|(name, _)| *name == self.fault) else {
            return Err(format!("fault: expected one of {}", BY_NAME.map(|(name, _)| name).join(", ")));
        };
        let mut fault = make(self)?;
        if let Some(seconds) = self.retry_after_s {
            fault = fault.with_retry_after(Duration::from_secs(seconds));
        }
        Ok(match self.times {
            Some(0) => fault.always(),
            Some(times) => fault.with_times(times),
            None => fault,
        })
    }
}

/// How many faults wait at most; the oldest go.
const MOST: usize = 10_000;

/// The faults that are waiting.
#[derive(Default)]
pub(super) struct Faults(Mutex<VecDeque<(Option<Operation>, Fault)>>);

impl Faults {
    pub(super) fn add(&self, operation: Option<Operation>, fault: Fault) {
        let mut waiting = locked(&self.0);
        if fault.times != Some(0) {
            waiting.push_back((operation, fault));
        }
        if waiting.len() > MOST {
            waiting.pop_front();
        }
    }

    pub(super) fn clear(&self) {
        locked(&self.0).clear();
    }

    /// Gives the first fault that waits for this operation, used up by one.
    pub(super) fn take(&self, operation: Option<Operation>) -> Option<FaultKind> {
        let mut waiting = locked(&self.0);
        let index = waiting.iter().position(|(wanted, _)| wanted.is_none() || *wanted == operation)?;
        let (_, fault) = waiting.get_mut(index)?;
        let kind = fault.kind.clone();
        if let Some(times) = &mut fault.times {
            *times -= 1;
            if *times == 0 {
                waiting.remove(index);
            }
        }
        Some(kind)
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").field("waiting", &locked(&self.0).len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fault(words: serde_json::Value) -> Result<Fault, String> {
        serde_json::from_value::<WordedFault>(words).expect("words").fault()
    }

    #[test]
    fn every_fault_has_the_name_of_its_method() {
        for (name, _) in BY_NAME {
            let made = fault(json!({ "fault": name, "status": 503, "ms": 1, "field": "a", "bytes": 1 })).expect(name);
            // The names of kinds are those of methods in another spelling.
            let kind = format!("{:?}", made.kind).split('(').next().unwrap_or_default().to_ascii_lowercase();
            assert!(name == "rate_limited" || kind == name.replace('_', ""), "{name} makes {kind}");
        }
    }

    #[test]
    fn a_fault_that_is_not_there_names_those_that_are() {
        let told = fault(json!({ "fault": "earthquake" })).expect_err("no such fault");
        assert!(BY_NAME.iter().all(|(name, _)| told.contains(name)), "{told}");
        assert_eq!(fault(json!({ "fault": "slow" })).expect_err("no pause"), "ms: is required");
    }
}
