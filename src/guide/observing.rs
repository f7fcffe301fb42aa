//! What an operator sees of it: traces and logs, by `tracing`, without a line of code in between.
//!
//! Nothing of it names a person, a code, a link, a secret or a challenge.
//!
//! # Traces
//!
//! Each `create`, `verify` and `resend` of a vendor is one span, and each attempt to call the vendor is one below it. So are those of a [`Router`](crate::Router), a
//! [`Guarded`](crate::Guarded) and a `SendOnce`, whatever they are made of: of providers within each other the outermost has the span. A provider of your own makes its own. Operations of a typed client have
//! the spans of their attempts alone.
//!
//! The spans are of the level `INFO`, by targets that begin with `auth_challenge`; the names are those of OpenTelemetry's conventions where they have one, so that `tracing-opentelemetry`
//! exports what its readers know. `examples/otel.rs` prints the trace of a login with a failover. Where nobody listens, they cost a call no allocation.
//!
//! | of a call, `challenge` | |
//! |---|---|
//! | `otel.name` | operation and method: `create email_otp` |
//! | `otel.status_code` | `ERROR` where it failed by a fault: not by what a person mistyped, by a guard's limit, or by something that is no handle |
//! | `challenge.operation` | `create`, `verify` or `resend` |
//! | `challenge.method` | [`Method::as_str`](crate::Method::as_str) |
//! | `challenge.kind` | of a credential, which: [`CredentialKind`](crate::CredentialKind) |
//! | `challenge.provider` | whose challenge it is, or who failed last |
//! | `challenge.outcome` | `created`, `repeated` (the intent had its challenge already), `resent`, `verified`, `rejected`, `failed`, `dropped` (nobody waited for the end) |
//! | `challenge.reason` | why an answer was rejected: [`Reason`](crate::Reason) |
//! | `error.type` | why it failed: [`ErrorKind`](crate::ErrorKind) |
//! | `challenge.send_state` | where it failed or was dropped: [`SendState`](crate::SendState) |
//! | `challenge.hops` | of a create, how many others were asked or passed over before |
//! | `challenge.guard` | what a guard decided, each where there are several: `allowed`, `would_refuse` (it only observes) or `refused`; of a guard of your own `refused` alone |
//!
//! | of an attempt, `vendor call` | |
//! |---|---|
//! | `otel.kind`, `otel.name` | `client`; method and path: `POST /users/{userID}/challenges` |
//! | `otel.status_code` | as above. What a vendor says of a wrong code, or of a challenge that is over, is an answer |
//! | `challenge.provider` | whose vendor is called |
//! | `challenge.vendor_operation` | the operation, by its name in the vendor's document |
//! | `http.request.method`, `url.template` | by the vendor's document: what stands behind the base URL, with names in the place of ids. `url.full` is told nowhere, since ids and addresses may stand in it |
//! | `server.address`, `server.port` | by the base URL |
//! | `http.request.resend_count` | from the second attempt of a call on: how many were made before it |
//! | `http.response.status_code` | where there was a reply |
//! | `error.type` | why the attempt failed, [`ErrorKind`](crate::ErrorKind), or `dropped` |
//!
//! A vendor is told nothing of the trace: no `traceparent` goes out.
//!
//! # Logs
//!
//! | level | what |
//! |---|---|
//! | `WARN` | a vendor that failed; a failover, and whom it left out for want of fields; a call made once more after a pause; a rejection that may have another cause; an answer to a challenge that the vendor does not know; a store that does not decide, and that it does again; what a guard or a store of intents could not note; a memory that is full |
//! | `INFO` | what became of each answer; input that a vendor refused; a provider that is passed over; what a guard refused, or would have (target `auth_challenge::guard`) |
//! | `DEBUG` | each call, with its status, the vendor's id of the request, the number of attempts and the time; a call made again on another connection; members of a reply that were passed over; what a guard allowed; a connection that was opened ahead |
//!
//! `examples/tracing.rs` shows the log of a login. The layers below, reqwest and hyper above all, log for themselves, and at `TRACE` every byte: keep them off.
//!
//! # Health
//!
//! [`health`](crate::ChallengeProvider::health) tells which provider is passed over, for how long and why, and which store does not decide.
