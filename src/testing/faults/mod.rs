//! What goes wrong on demand.

mod waiting;
mod worded;

use std::time::Duration;

use fastrand::Rng;

pub(super) use waiting::Faults;
pub(super) use worded::WordedFault;

/// Describes what goes wrong, once unless told otherwise.
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
///
/// A fault with a [probability](Self::with_probability) hits a share of the requests that it is for; with a [seed](Self::with_seed) always the
/// same ones:
///
/// ```
/// use auth_challenge::testing::{Double, Fault, Operation};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # let double = Double::start("authsignal").await;
/// double.fail(Operation::CREATE, Fault::hang().with_probability(0.1).with_seed(7));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    name: &'static str,
    kind: FaultKind,
    times: Option<u32>,
    chance: Option<Chance>,
}

/// How often a fault hits.
#[derive(Clone, Debug)]
struct Chance {
    probability: f64,
    seed: u64,
    dice: Rng,
}

impl Chance {
    fn new(probability: f64, seed: u64) -> Self {
        Self { probability, seed, dice: Rng::with_seed(seed) }
    }

    fn hits(&mut self) -> bool {
        self.dice.f64() < self.probability
    }
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
    fn once(name: &'static str, kind: FaultKind) -> Self {
        Self { name, kind, times: Some(1), chance: None }
    }

    /// Answers an error status, with the body that the vendor gives with it.
    pub fn status(status: u16) -> Self {
        Self::once("status", FaultKind::Status(status, None))
    }

    /// Answers status 429 in the vendor's form, without `Retry-After`; see [`with_retry_after`](Self::with_retry_after).
    pub fn rate_limited() -> Self {
        Self { name: "rate_limited", ..Self::status(429) }
    }

    /// Answers a gateway's HTML page with status 502.
    pub fn gateway_html() -> Self {
        Self::once("gateway_html", FaultKind::GatewayHtml(502))
    }

    /// Refuses connections at once and until the faults are [cleared](super::Double::clear_faults), and ends those that wait for a request.
    ///
    /// A connection has no operation, and nobody sees one that is refused: for which operation the fault was meant and how many times makes no
    /// difference. While it lasts nobody else gets the port.
    pub fn refuse_connections() -> Self {
        Self { times: None, ..Self::once("refuse_connections", FaultKind::RefuseConnections) }
    }

    /// Answers nothing on the connection that the request came on, then or later, and acts on nothing; other connections work.
    pub fn hang_connection() -> Self {
        Self::once("hang_connection", FaultKind::HangConnection)
    }

    /// Resets the connection when the request's head has come, before the rest is read.
    pub fn reset_before_read() -> Self {
        Self::once("reset_before_read", FaultKind::ResetBeforeRead)
    }

    /// Resets the connection after the request was read and acted on.
    pub fn reset_after_read() -> Self {
        Self::once("reset_after_read", FaultKind::ResetAfterRead)
    }

    /// Answers after a pause, in real time.
    pub fn slow(pause: Duration) -> Self {
        Self::once("slow", FaultKind::Slow(pause))
    }

    /// Answers nothing, and leaves the connection open until the client closes it.
    pub fn hang() -> Self {
        Self::once("hang", FaultKind::Hang)
    }

    /// Ends the connection in the middle of the reply's body.
    pub fn cut_body() -> Self {
        Self::once("cut_body", FaultKind::CutBody)
    }

    /// Answers success, with a body that is not JSON.
    pub fn garbage() -> Self {
        Self::once("garbage", FaultKind::Garbage)
    }

    /// Answers bytes that are not HTTP.
    pub fn not_http() -> Self {
        Self::once("not_http", FaultKind::NotHttp)
    }

    /// Answers rightly, but calls it `text/plain`.
    pub fn wrong_content_type() -> Self {
        Self::once("wrong_content_type", FaultKind::WrongContentType)
    }

    /// Answers rightly, with fields that the document does not know.
    pub fn unknown_fields() -> Self {
        Self::once("unknown_fields", FaultKind::UnknownFields)
    }

    /// Answers rightly, with values in its enumerations that the document does not know.
    pub fn unknown_enum_values() -> Self {
        Self::once("unknown_enum_values", FaultKind::UnknownEnumValues)
    }

    /// Answers rightly, without one field, by the vendor's name of it.
    pub fn missing_field(name: impl Into<String>) -> Self {
        Self::once("missing_field", FaultKind::MissingField(name.into()))
    }

    /// Answers success with an empty object.
    pub fn missing_fields() -> Self {
        Self::once("missing_fields", FaultKind::MissingFields)
    }

    /// Answers rightly, with a field of so many bytes more, at most a GiB.
    pub fn huge_body(bytes: usize) -> Self {
        Self::once("huge_body", FaultKind::HugeBody(bytes.min(1 << 30)))
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

    /// Goes wrong this many times; 0 is never. (In a seed and at the control port `times` 0 is always, as [`always`](Self::always) is.)
    pub fn with_times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Goes wrong in a share of the requests that it is for, 0 to 1, until [cleared](super::Double::clear_faults) or
    /// [so many times](Self::with_times). It makes no difference to [`refuse_connections`](Self::refuse_connections).
    pub fn with_probability(mut self, probability: f64) -> Self {
        let seed = self.chance.map_or_else(|| u64::from(fastrand::u32(..)), |chance| chance.seed);
        self.chance = Some(Chance::new(probability.clamp(0.0, 1.0), seed));
        self.times = None;
        self
    }

    /// Sets the seed of its [probability](Self::with_probability): with the same one the same requests are hit, counted from when the fault is set.
    pub fn with_seed(mut self, seed: u64) -> Self {
        let probability = self.chance.map_or(1.0, |chance| chance.probability);
        self.chance = Some(Chance::new(probability, seed));
        self
    }

    /// Gives its name, which is that of the method that makes it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn kind(&self) -> &FaultKind {
        &self.kind
    }

    /// Goes wrong until [cleared](super::Double::clear_faults).
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }
}
