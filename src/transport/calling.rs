//! One call under way: attempts, one after the other. Almost nothing here depends on the type of the reply, so that it is compiled once.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    time::Duration,
};

use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::{
    Attempt, Authorization, Endpoint,
    attempt::Progress,
    client::Pool,
    hidden::Hidden,
    log,
    outcome::{self, Ended, Failure, Operation},
    redact::Submitted,
    reply::Exchange,
    retry::{Patience, Retries, Retry},
    watch::Watch,
};
use crate::{
    model::{CallOptions, Secret, SendState},
    wire::tolerant,
};

/// Is a call under way: how often it was attempted, and what is known of what was sent.
pub(super) struct Calling<'a> {
    of: Subject<'a>,
    deadline: Instant,
    patience: Patience,
    begun: Instant,
    retries: Retries,
    pool: Pool,
    earlier: SendState,
}

/// Says what is called, and what nobody else may see of that.
#[derive(Clone, Copy)]
struct Subject<'a> {
    endpoint: &'a Endpoint,
    operation: &'a Operation,
    private: &'a [&'a str],
}

impl<'a> Calling<'a> {
    pub(super) fn begin(endpoint: &'a Endpoint, operation: &'a Operation, options: &CallOptions, private: &'a [&'a str]) -> Self {
        let (waits, begun) = (!options.is_single_attempt(), Instant::now());
        Self {
            of: Subject { endpoint, operation, private },
            deadline: begun + endpoint.time(options),
            patience: Patience { waits, waits_for_the_vendor: (operation.is_create || options.is_of_a_create()) && waits },
            begun,
            retries: Retries::default(),
            pool: Pool::default(),
            earlier: SendState::NotSent,
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Begins the next attempt.
    pub(super) fn next_attempt(&self) -> Attempting<'a> {
        let Subject { endpoint, operation, .. } = self.of;
        let header = endpoint.authorization().filter(|_| operation.is_authorized).map(|authorization| authorization.header().clone());
        let attempt = Attempt::new(endpoint.http(), self.pool, endpoint.url(&operation.route), header, operation.request_id_header);
        let watch = Watch::begin(endpoint.provider(), operation, endpoint.server(), self.retries.count(), &endpoint.http().observers);
        // The first one begins with the call.
        let begun = if self.retries.count() == 0 { self.begun } else { Instant::now() };
        Attempting { of: self.of, attempt, watch, begun }
    }

    /// Tells that there is a reply.
    pub(super) fn tell_reply(&self, exchange: &Exchange) {
        self.tell(Ok(exchange));
    }

    /// Waits until the call is attempted once more.
    ///
    /// # Errors
    ///
    /// What it fails with, where it is not.
    pub(super) async fn again(&mut self, mut failure: Failure, took: Duration) -> Result<(), Failure> {
        let Subject { endpoint, operation, .. } = self.of;
        let connecting = endpoint.http().limits().connect_timeout.max(took);
        let retry = self.retries.next(&failure.error, self.patience, self.deadline.saturating_duration_since(Instant::now()), connecting);
        failure.error = failure.error.after(self.earlier);
        self.earlier = failure.error.send_state();
        let Some(retry) = retry else {
            self.tell(Err(&failure));
            return Err(failure);
        };
        log::retrying(endpoint.provider(), operation, retry, &failure.error);
        if matches!(retry, Retry::Elsewhere(_)) {
            self.pool = self.pool.other();
        }
        tokio::time::sleep(retry.pause()).await;
        Ok(())
    }

    fn tell(&self, outcome: Result<&Exchange, &Failure>) {
        log::finished(self.of.endpoint.provider(), self.of.operation, self.retries.count() + 1, self.begun, outcome);
    }
}

/// Is an attempt under way. Where it is dropped before its end, that is told.
pub(super) struct Attempting<'a> {
    of: Subject<'a>,
    attempt: Attempt,
    watch: Watch<'a>,
    begun: Instant,
}

impl Attempting<'_> {
    /// Gives the attempt, for a generated client.
    pub(super) fn attempt(&self) -> Attempt {
        self.attempt.clone()
    }

    /// Works within the attempt's span.
    pub(super) fn within<T>(&self, mut work: Pin<&mut impl Future<Output = T>>) -> impl Future<Output = T> {
        poll_fn(move |context| self.watch.span().in_scope(|| work.as_mut().poll(context)))
    }

    /// Reads a reply whose members do not all fit.
    pub(super) fn reread<T: DeserializeOwned>(&self) -> Option<T> {
        let body = self.attempt.progress().body.clone();
        self.watch.span().in_scope(|| tolerant::read(&body, self.of.operation.decisive))
    }

    pub(super) fn begun(&self) -> Instant {
        self.begun
    }

    /// Ends with a reply that was read.
    ///
    /// # Errors
    ///
    /// Where the vendor has not done what was asked.
    pub(super) fn replied(self) -> Result<Exchange, Failure> {
        let (of, progress) = (self.of, self.progress());
        let outcome = self.watch.span().in_scope(|| outcome::replied(progress, of.operation, of.max_response_bytes(), |submitted| of.hidden(submitted)));
        self.watch.ended(outcome.as_ref());
        outcome
    }

    /// Ends without a reply.
    pub(super) fn failed(self, ended: Ended) -> Failure {
        let (of, progress) = (self.of, self.progress());
        let failure = self.watch.span().in_scope(|| outcome::failed(ended, progress, of.operation, of.max_response_bytes(), |submitted| of.hidden(submitted)));
        self.watch.ended(Err(&failure));
        failure
    }

    fn progress(&self) -> Progress {
        std::mem::take(&mut *self.attempt.progress())
    }
}

impl Subject<'_> {
    fn max_response_bytes(self) -> usize {
        self.endpoint.http().limits().max_response_bytes
    }

    fn hidden(self, submitted: Submitted) -> Hidden {
        Hidden {
            secrets: self.endpoint.authorization().map(Authorization::secrets),
            private: self.private.iter().copied().map(Secret::from).collect(),
            submitted,
            sensitive: self.operation.sensitive,
        }
    }
}
