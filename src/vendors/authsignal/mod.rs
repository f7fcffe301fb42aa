//! Authsignal: one-time codes by e-mail, SMS and WhatsApp.
//!
//! [`Authsignal`] is a [`ChallengeProvider`] and, with [`types`], a typed client of the vendor's own operations.
//!
//! | call | on the wire | counts as rejected |
//! |---|---|---|
//! | create | `POST /challenge` | |
//! | resend | `POST /challenge` with `challengeId` | |
//! | verify | `POST /verify` | 200 with `isVerified: false` |
//!
//! The request's action is Authsignal's action code, and required; the action key is its `idempotencyKey`, the user id one of your own,
//! metadata its `custom`. A reply that is not verified and gives no reason counts as a wrong code: older
//! servers give none.
//!
//! # Where your own webhook sends the message
//!
//! A tenant may have its messages sent by a webhook of its own (`email.created`, `sms.created`), which Authsignal calls while the create waits. If
//! that receiver sends the message and then answers with anything but a 2xx, the create fails with a 4xx: the error says
//! [`SendState::Refused`](crate::SendState::Refused), since Authsignal sent nothing, and yet **your receiver did**. Let the receiver answer 2xx once a message is
//! out, whatever else goes wrong there; and where it cannot, treat a refused create as one that may have sent, and put no
//! failover behind it.
//!
//! [`webhook`] (feature `webhooks`) checks who calls such a receiver, and reads what is to be sent. It also reads what Authsignal tells afterwards: which
//! messages were sent, delivered and not delivered.
//!
//! [`Config::from_env`](crate::Config::from_env) reads `AUTHSIGNAL_API_SECRET_KEY`, `AUTHSIGNAL_API_URL`.

#![cfg(feature = "authsignal")]

mod client;
mod config;
mod convert;
#[allow(missing_docs, missing_debug_implementations, unreachable_pub, dead_code, clippy::all, rustdoc::all)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/authsignal.rs"));
}
#[cfg(any(feature = "webhooks", feature = "testing"))]
pub(crate) mod signature;
#[cfg(feature = "webhooks")]
pub mod webhook;

use std::pin::pin;

use async_trait::async_trait;

pub use client::{Authsignal, ChallengeQuery};
pub use config::{AuthsignalConfig, Region};

use crate::{
    model::{Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, Error, Field, ProviderId, Verification},
    provider::ChallengeProvider,
    telemetry::Call,
    vendors::{
        entry::{Entry, constructor},
        shared::{judged, sent, stamped},
    },
};

/// The vendor's own types, generated from what its reference pages document.
pub mod types {
    #[doc(inline)]
    pub use super::generated::types::*;

    include!(concat!(env!("OUT_DIR"), "/authsignal_enums.rs"));
}

/// Lists the members that hold secrets or personal data.
const SENSITIVE: &[&str] = include!(concat!(env!("OUT_DIR"), "/authsignal_sensitive.rs"));

/// The operations, as calls name them.
mod routes {
    include!(concat!(env!("OUT_DIR"), "/authsignal_routes.rs"));
}

pub(super) static ENTRY: Entry = Entry {
    environment: &[("AUTHSIGNAL_API_SECRET_KEY", "secret_key"), ("AUTHSIGNAL_API_SECRET_KEY_FILE", "secret_key_file"), ("AUTHSIGNAL_API_URL", "base_url")],
    capabilities,
    read: |section| constructor(AuthsignalConfig::read(section), Authsignal::new),
};

/// Tells what Authsignal can do.
pub fn capabilities() -> Capabilities {
    convert::CAPABILITIES
}

#[async_trait]
impl ChallengeProvider for Authsignal {
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
            let convert::Create { body, ignored } = convert::create(self.provider(), request)?;
            let reply = self.send(options, &body).await.map_err(|failure| failure.error)?;
            convert::challenge(self.provider(), request.method(), ignored, reply)
        });
        sent(self.provider(), Call::create(request), created).await
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        let verified = pin!(async {
            let body = convert::verify(self.provider(), handle, answer)?;
            convert::verification(handle, self.check_code(options, &body).await)
        });
        judged(self.provider(), handle, verified).await
    }

    async fn resend_with(&self, handle: &ChallengeHandle, options: &CallOptions) -> Result<Challenge, Error> {
        let resent = pin!(async {
            let body = convert::resend(self.provider(), handle)?;
            let reply = self.send(options, &body).await.map_err(|failure| failure.error)?;
            convert::challenge(self.provider(), handle.method(), Vec::new(), reply)
        });
        sent(self.provider(), Call::resend(handle), resent).await
    }

    async fn warm_up(&self, options: &CallOptions) -> Result<(), Error> {
        stamped(self.provider(), "warm_up", self.open_connection(options).await)
    }
}
