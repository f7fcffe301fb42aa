//! Dfns: a new passkey or key, allowed by a one-time code.
//!
//! [`Dfns`] is a [`ChallengeProvider`] and, with [`types`], a typed client of the vendor's own operations.
//!
//! | call | on the wire | counts as rejected |
//! |---|---|---|
//! | create | `POST /auth/credentials/code/init` | |
//! | verify | `POST /auth/credentials/code/verify` | the messages below |
//!
//! The code is the one that allows a new credential ([`Dfns::issue_credential_code`] issues it). Dfns has no error codes, so these messages
//! count as a rejected answer, and every other one as an error: "unable to verify signature" (400, 401, 403), and, inferred, "challenge
//! expired" (400, 401) and "challenge already used" (400, 409).
//!
//! A credential that is not active is an error, and so is a record whose `isActive` is neither yes nor no.
//!
//! [`Config::from_env`](crate::Config::from_env) reads `DFNS_API_URL`, `DFNS_TOKEN`.

#![cfg(feature = "dfns")]

mod client;
mod config;
mod convert;
#[cfg(feature = "dfns-keys")]
pub mod key;
#[allow(missing_docs, missing_debug_implementations, unreachable_pub, dead_code, clippy::all, rustdoc::all)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/dfns.rs"));
}

use std::pin::pin;

use async_trait::async_trait;

pub use client::Dfns;
pub use config::{DfnsConfig, Region};

use crate::{
    model::{Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, Error, Field, ProviderId, Verification},
    provider::ChallengeProvider,
    telemetry::Call,
    vendors::{
        entry::{Entry, constructor},
        shared::{judged, sent, stamped},
    },
};

/// The vendor's own types, generated from its document <https://docs.dfns.co/openapi.yaml>.
pub mod types {
    #[doc(inline)]
    pub use super::generated::types::*;

    include!(concat!(env!("OUT_DIR"), "/dfns_enums.rs"));
}

/// Lists the members that hold secrets or personal data.
const SENSITIVE: &[&str] = include!(concat!(env!("OUT_DIR"), "/dfns_sensitive.rs"));

/// The operations, as calls name them.
mod routes {
    include!(concat!(env!("OUT_DIR"), "/dfns_routes.rs"));
}

/// Reads an answer in Dfns' own form, as its SDKs make it: JSON with `credentialKind`, `credentialName`, `credentialInfo` and, for keys that are
/// stored encrypted, `encryptedPrivateKey`.
///
/// # Errors
///
/// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest), naming each member that is missing, never its content.
pub fn answer_from_json(json: &str) -> Result<Answer, Error> {
    convert::answer_from_json(json)
}

pub(super) static ENTRY: Entry = Entry {
    environment: &[("DFNS_API_URL", "base_url"), ("DFNS_TOKEN", "token"), ("DFNS_TOKEN_FILE", "token_file")],
    capabilities,
    read: |section| constructor(DfnsConfig::read(section), Dfns::new),
};

/// Tells what Dfns can do.
pub fn capabilities() -> Capabilities {
    convert::CAPABILITIES
}

#[async_trait]
impl ChallengeProvider for Dfns {
    fn id(&self) -> ProviderId {
        self.provider().clone()
    }

    fn capabilities(&self) -> Capabilities {
        capabilities()
    }

    fn check(&self, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
        convert::check(self.provider(), request).map_err(|error| error.with_provider(self.provider().clone()))
    }

    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        let created = pin!(async {
            let convert::Create { kind, body, ignored } = convert::create(self.provider(), request)?;
            let reply = self.init(options, &body).await.map_err(|failure| failure.error)?;
            convert::challenge(self.provider(), kind, ignored, self.relying_party(), reply)
        });
        sent(self.provider(), Call::create(request), created).await
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        let verified = pin!(async {
            let body = convert::verify(self.provider(), handle, answer)?;
            convert::verification(handle, answer, self.verify(options, &body).await)
        });
        judged(self.provider(), handle, verified).await
    }

    async fn warm_up(&self, options: &CallOptions) -> Result<(), Error> {
        stamped(self.provider(), "warm_up", self.open_connection(options).await)
    }
}
