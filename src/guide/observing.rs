//! Traces and logs, by `tracing`, without a line of code in between; numbers, where they are asked for; and which provider or store does not answer.
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
//! exports what its readers know. `examples/otel.rs` prints the trace of a login with a failover. Where nobody listens, none is made.
//!
//! | of a call, `challenge` | |
//! |---|---|
//! | `otel.name` | operation and method: `create email_otp` |
//! | `otel.status_code` | `ERROR` where it failed by a fault: not by what a person mistyped, by a guard's limit, or by something that is no handle |
//! | `challenge.operation` | `create`, `verify` or `resend` |
//! | `challenge.method` | [`Method::as_str`](crate::Method::as_str) |
//! | `challenge.kind` | of a credential, which: [`CredentialKind`](crate::CredentialKind) |
//! | `challenge.provider` | whose challenge it is, also where a guard rejects the answer to it, or who failed last; not where a guard or a store of intents refused or was late, since nobody was asked |
//! | `challenge.outcome` | `created`, `repeated` (the intent had its challenge already), `resent`, `verified`, `rejected`, `failed`, `dropped` (nobody waited for the end) |
//! | `challenge.reason` | why an answer was rejected: [`Reason`](crate::Reason) |
//! | `error.type` | why it failed: [`ErrorKind`](crate::ErrorKind) |
//! | `challenge.send_state` | where it failed or was dropped: [`SendState`](crate::SendState) |
//! | `challenge.hops` | of a create, how many others were asked or passed over before |
//! | `challenge.guard.ruling` | what a guard decided, each where there are several: `allowed`, `would_refuse` (it only observes) or `refused`; of a guard of your own `refused` alone |
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
//! No `traceparent` goes out to a vendor, unless [`Config::with_traceparent`](crate::Config::with_traceparent) or [`Http::with_traceparent`](crate::Http::with_traceparent) gives one for each attempt.
//!
//! **Why did a create fail over, and who sent?** At the span of the call `challenge.provider`, with the outcome `created`, is who sent; `challenge.hops` above 0 says that others came before. Each that was asked has
//! a span `vendor call` below, with `error.type`, and an event "failing over" (`provider`, `kind`, `send_state`; `unknown` means that it may have sent too). One that was passed over has no span, only the event
//! "passed over, since it failed a moment ago" (`provider`, `kind`). With `tracing-opentelemetry` both are events of the call's span.
//!
//! # Logs
//!
//! | level | what |
//! |---|---|
//! | `WARN` | a vendor that failed; a failover, a provider that is passed over, and, where nobody else is left to ask, whom failover left out for want of fields; a call made once more after a pause; a rejection that may have another cause; an answer to a challenge that the vendor does not know; a store that does not decide, and that it does again; what a guard or a store of intents could not note; a memory that is full; an observer, or what was asked for a `traceparent`, that panicked |
//! | `INFO` | what became of each answer; input that a vendor refused; what a guard refused, or would have (target `auth_challenge::guard`) |
//! | `DEBUG` | each call, with its status, the vendor's id of the request, the number of attempts and the time; a call made again on another connection; members of a reply that were passed over; what a guard allowed; a connection that was opened ahead |
//!
//! `examples/tracing.rs` shows the log of a login. The layers below, reqwest and hyper above all, log for themselves, and at `TRACE` every byte: keep them off.
//!
//! # Numbers
//!
//! An [`Observer`](crate::Observer) is told how each call, each attempt and each decision of a guard ended: [`Config::with_observer`](crate::Config::with_observer) adds one to all that a config builds. The feature
//! `metrics` brings one that counts by the facade of that name, for whatever recorder the application has installed:
//!
//! ```
//! # #[cfg(feature = "metrics")] {
//! use std::sync::Arc;
//! use auth_challenge::{Config, MetricsObserver};
//!
//! // When the recorder is installed: one that uses `metrics` 0.24, as this crate does, since another version's hears nothing.
//! let config = Config::from_toml_str("provider = \"authsignal\"\n[authsignal]\nsecret_key = \"…\"")?;
//! let auth = config.with_observer(Arc::new(MetricsObserver::new())).build()?;
//! # }
//! # Ok::<(), auth_challenge::Error>(())
//! ```
//!
//! | number | what it is | labels, each where there is such a thing |
//! |---|---|---|
//! | `challenge.call.duration` | histogram, in seconds: each `create`, `verify` and `resend`, with its retries, failover and guards | `challenge.operation`, `challenge.method`, `challenge.provider`, `challenge.outcome`, `challenge.reason`, `error.type`, `challenge.send_state` |
//! | `http.client.request.duration` | histogram, in seconds: each attempt to call a vendor, by OpenTelemetry's convention | `challenge.provider`, `challenge.vendor_operation`, `http.request.method`, `url.template`, `server.address`, `server.port`, `http.response.status_code`, `error.type` |
//! | `challenge.sent` | counter: messages that a vendor took, and credential challenges that were made | `challenge.provider`, `challenge.method`, `challenge.calling_code` |
//! | `challenge.verified` | counter: right answers | `challenge.provider`, `challenge.method`, `challenge.calling_code` |
//! | `challenge.hops` | counter: providers that a create asked in vain, or passed over because they had failed a moment before (`challenge.passed_over` is `true`), before another one | `challenge.provider`, `error.type`, `challenge.passed_over` |
//! | `challenge.guard.decisions` | counter: decisions of a guard, by the rule that decided: its key in a config, `none`, `exempt`, or `on_outage` | `challenge.operation`, `challenge.method`, `challenge.guard.ruling`, `challenge.guard.rule` |
//!
//! The other values are those of the tables above. Exporters write the names their way: `metrics-exporter-prometheus`, told `with_recommended_naming(true)`, as `challenge_sent_total` and `challenge_call_duration_seconds`. Give it the bounds of
//! the histograms too, since without them it writes summaries: `set_buckets_for_metric(Matcher::Suffix("duration".into()), &[0.005, …, 10.0])`, as `examples/login/src/numbers.rs` does.
//!
//! **Conversion** is `challenge.verified` by `challenge.sent`, per provider and calling code. Where it falls, messages do not arrive; where it falls for one calling code while `challenge.sent` grows there, somebody pumps messages. A calling code is as
//! the ITU assigned it, so there are some three hundred at most, and none is counted of a number that was refused. A create has that of its recipient, a right answer that of the proof; a resend has one at Twilio
//! alone, since Authsignal's handle names no recipient. Messages by a typed client's own operations are attempts, and no `challenge.sent`.
//!
//! A provider or a guard of your own in a config ([`with_provider`](crate::Config::with_provider), [`with_guard`](crate::Config::with_guard)) is given an observer itself. Of two guards each decision counts. What
//! you put around the provider that a config builds becomes a part of its calls by an [`Observed`](crate::Observed) with the same observer around it all: an observer is told of each call once, by the outermost.
//!
//! `examples/login` serves its numbers, and `examples/dashboard` has a dashboard for Grafana of them, with a picture of a run under load.
//!
//! # Health
//!
//! [`health`](crate::ChallengeProvider::health) tells which provider is passed over, for how long and why, and which store does not decide.
