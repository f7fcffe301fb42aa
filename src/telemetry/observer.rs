//! What is told to an application that counts: each call, each attempt, each decision of a guard.

use std::{fmt, time::Duration};

use super::{Call, CallOutcome};
use crate::model::{Error, Method, ProviderId, SendState, recipient};

/// Is told how calls, attempts and the decisions of guards end: for numbers of your own. With the feature `metrics` there is a `MetricsObserver` that counts.
///
/// [`Config::with_observer`](crate::Config::with_observer) adds one to all that a config builds; in code calls are told by [`Observed`](crate::Observed), attempts by
/// [`Http::with_observer`](crate::Http::with_observer), decisions by [`LocalGuard::with_observer`](crate::LocalGuard::with_observer) and that of `RedisGuard`.
///
/// Each method is called once for each end, on the thread that ends the call or drops it. The call waits meanwhile, so count and be quick. A panic is caught, and costs the
/// call nothing. Nothing that it is given shows a person, a code or a challenge by `Debug`; what `outcome()` leads to has getters for them, which belong in no label.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use auth_challenge::{CallEnd, CallOutcome, Observer};
///
/// /// Counts answers that were not right.
/// #[derive(Debug, Default)]
/// struct WrongAnswers(AtomicU64);
///
/// impl Observer for WrongAnswers {
///     fn call_ended(&self, call: &CallEnd<'_>) {
///         if let CallOutcome::Rejected(_) = call.outcome() {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// Is told how a `create`, `verify` or `resend` ended.
    fn call_ended(&self, call: &CallEnd<'_>) {
        let _ = call;
    }

    /// Is told how an attempt to call a vendor ended; a call makes one, or several.
    fn attempt_ended(&self, attempt: &AttemptEnd<'_>) {
        let _ = attempt;
    }

    /// Is told what a guard decided.
    fn guard_decided(&self, decision: &GuardDecision) {
        let _ = decision;
    }
}

/// Tells how a call of a provider ended.
#[derive(Clone)]
pub struct CallEnd<'a> {
    call: Call<'a>,
    recipient: Option<&'a str>,
    outcome: CallOutcome<'a>,
    elapsed: Duration,
}

impl<'a> CallEnd<'a> {
    /// The recipient is who the call is for, as far as that is known before.
    pub(crate) fn new(call: Call<'a>, recipient: Option<&'a str>, outcome: CallOutcome<'a>, elapsed: Duration) -> Self {
        Self { call, recipient, outcome, elapsed }
    }

    /// Gives what was called: `create`, `verify` or `resend`.
    pub fn operation(&self) -> &'static str {
        self.call.operation()
    }

    /// Gives the method of the challenge.
    pub fn method(&self) -> Method {
        self.call.method()
    }

    /// Gives the provider whose challenge it is, or who failed last; none where nobody was asked (a guard or a store of intents refused or was late, or the handle is no provider's here), and none of a
    /// call that was dropped.
    pub fn provider(&self) -> Option<&'a ProviderId> {
        self.call.provider(&self.outcome)
    }

    /// Gives the calling code of the recipient's phone number as the ITU assigned it, say `+49`: of a create by its request, of an answer by the proof, else by the handle
    /// where that names the recipient.
    pub fn calling_code(&self) -> Option<String> {
        let proven = match self.outcome {
            CallOutcome::Verified(proof) => proof.recipient(),
            _ => None,
        };
        let number = recipient::counted(proven.or(self.recipient).filter(|_| self.method().is_to_phone())?);
        recipient::calling_code(&number).map(str::to_owned)
    }

    /// Says what became of it.
    pub fn outcome(&self) -> CallOutcome<'a> {
        self.outcome
    }

    /// Says whether a message went out, or a credential challenge was made: a message also where the vendor took it and its reply could not be used.
    pub fn has_sent(&self) -> bool {
        match self.outcome {
            CallOutcome::Created(_) | CallOutcome::Resent(_) => true,
            CallOutcome::Failed(error) => {
                self.operation() != "verify" && self.method().credential_kind().is_none() && error.send_state() == SendState::Accepted
            }
            _ => false,
        }
    }

    /// Gives the time from its beginning to its end, retries, failover and guards included.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }
}

/// Shows nobody: neither the recipient, nor the text of a handle that is nobody's here.
impl fmt::Debug for CallEnd<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallEnd")
            .field("operation", &self.operation())
            .field("method", &self.method())
            .field("provider", &self.provider())
            .field("outcome", &self.outcome.as_str())
            .field("elapsed", &self.elapsed)
            .finish_non_exhaustive()
    }
}

/// Tells how one attempt to call a vendor ended.
#[derive(Clone, Debug)]
#[cfg_attr(not(vendor), allow(dead_code, reason = "vendors alone make attempts"))]
pub struct AttemptEnd<'a> {
    pub(crate) provider: &'a ProviderId,
    pub(crate) vendor_operation: &'static str,
    pub(crate) http_method: &'static str,
    pub(crate) url_template: &'static str,
    pub(crate) server_address: &'a str,
    pub(crate) server_port: Option<u16>,
    pub(crate) earlier_attempts: u32,
    pub(crate) status: Option<u16>,
    pub(crate) error: Option<&'a Error>,
    pub(crate) was_dropped: bool,
    pub(crate) elapsed: Duration,
}

impl<'a> AttemptEnd<'a> {
    /// Gives the provider whose vendor was called.
    pub fn provider(&self) -> &'a ProviderId {
        self.provider
    }

    /// Gives the operation, by its name in the vendor's document.
    pub fn vendor_operation(&self) -> &'static str {
        self.vendor_operation
    }

    /// Gives the method of the request, say `POST`.
    pub fn http_method(&self) -> &'static str {
        self.http_method
    }

    /// Gives the path behind the base URL as the vendor's document has it, with names in the place of ids.
    pub fn url_template(&self) -> &'static str {
        self.url_template
    }

    /// Gives the host of the base URL.
    pub fn server_address(&self) -> &'a str {
        self.server_address
    }

    /// Gives the port of the base URL.
    pub fn server_port(&self) -> Option<u16> {
        self.server_port
    }

    /// Tells how many attempts of the same call were made before it.
    pub fn earlier_attempts(&self) -> u32 {
        self.earlier_attempts
    }

    /// Gives the status of the reply, where there was one.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// Gives the error that it failed with; `None` for a rejected answer and for a challenge that is over, since those are replies.
    pub fn error(&self) -> Option<&'a Error> {
        self.error
    }

    /// Says whether it was dropped before its end.
    pub fn was_dropped(&self) -> bool {
        self.was_dropped
    }

    /// Gives why it gave no answer: the name of the error's [kind](crate::ErrorKind), or `dropped`.
    pub fn error_type(&self) -> Option<&'static str> {
        if self.was_dropped { Some("dropped") } else { self.error.map(|error| error.kind().as_str()) }
    }

    /// Gives the time from its beginning to its end, connecting and reading the reply included.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }
}

/// Tells what a guard decided about a message or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardDecision {
    operation: &'static str,
    method: Method,
    ruling: Ruling,
    rule: &'static str,
}

/// Says what a guard decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ruling {
    /// It may go on.
    Allowed,
    /// It may go on, since the guard only observes; it would have been refused.
    WouldRefuse,
    /// It may not go on.
    Refused,
}

impl Ruling {
    /// Gives its name in snake_case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::WouldRefuse => "would_refuse",
            Self::Refused => "refused",
        }
    }
}

impl GuardDecision {
    /// Describes a decision, for a guard of your own that tells an observer: about a `create`, `resend` or `verify`, and by which rule.
    pub fn new(operation: &'static str, method: Method, ruling: Ruling, rule: &'static str) -> Self {
        Self { operation, method, ruling, rule }
    }

    /// Gives what was asked for: `create`, `resend` or `verify`.
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// Gives the method of the challenge.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Says what was decided.
    pub fn ruling(&self) -> Ruling {
        self.ruling
    }

    /// Gives the rule that decided, by its key in a config: the tightest of several. `none` where no rule concerns a message, `exempt` for recipients without limits, `on_outage` where the
    /// store did not answer.
    pub fn rule(&self) -> &'static str {
        self.rule
    }
}
