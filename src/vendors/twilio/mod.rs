//! Twilio Verify: one-time codes by SMS, WhatsApp, phone call and e-mail.
//!
//! [`Twilio`] is a [`ChallengeProvider`] and, with [`types`], a typed client of the vendor's own operations.
//!
//! | call | on the wire | counts as rejected |
//! |---|---|---|
//! | create | `POST /Services/{ServiceSid}/Verifications` | |
//! | resend | the same, to the same recipient, in the same language | |
//! | verify | `POST /Services/{ServiceSid}/VerificationCheck` | `pending` (a wrong code), `expired`, `max_attempts_reached` or code 60202 (too many attempts); `canceled`, `deleted`, `failed` or 404 with code 20404 (`Other`) |
//!
//! A status that this release does not know is an error, and so is one that contradicts `valid`. A code of fewer or more characters than Twilio's own is no wrong one to it but an
//! invalid parameter (code 60200): [`InvalidRequest`](crate::ErrorKind::InvalidRequest) with a violation on `code`, whose advice is to fix the input.
//!
//! Metadata goes out as `Tags`, ten texts at most, names and texts of at most 128 characters. While a verification is pending, a second create to the same recipient continues it, with
//! the same id and code; where a guard has counted as many wrong codes for it as [`Limits::with_wrong_codes`](crate::Limits::with_wrong_codes) allows, that one is of no use before it has expired, after ten minutes unless
//! the service says otherwise: a limit above Twilio's own five tries leaves the last word to Twilio, after which a create begins a new one. The vendor tells no expiry. A check of a verification that expired, was answered or was cancelled is rejected for
//! good; the vendor says the same of a wrong `service_sid`, so the log names both. Limits of the recipient's (codes 60203 and 60212) have a violation on
//! [`Field::To`](crate::Field::To), and are no reason to ask another vendor.
//!
//! [`Config::from_env`](crate::Config::from_env) reads `TWILIO_ACCOUNT_SID`, `TWILIO_AUTH_TOKEN`, `TWILIO_VERIFY_SERVICE_SID`.

#![cfg(feature = "twilio")]

mod client;
mod config;
mod convert;
#[allow(missing_docs, missing_debug_implementations, unreachable_pub, dead_code, clippy::all, rustdoc::all)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/twilio.rs"));
}

use std::pin::pin;

use async_trait::async_trait;

pub use client::Twilio;
use client::{CREATE, RESEND};
pub use config::TwilioConfig;

use crate::{
    model::{Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, Error, Field, ProviderId, Verification},
    provider::ChallengeProvider,
    telemetry::Call,
    vendors::{
        entry::{Entry, constructor},
        shared::{judged, sent, stamped},
    },
};

/// The vendor's own types, generated from its document "Twilio - Verify".
pub mod types {
    #[doc(inline)]
    pub use super::generated::types::*;

    include!(concat!(env!("OUT_DIR"), "/twilio_enums.rs"));
}

/// Lists the members that hold secrets or personal data.
const SENSITIVE: &[&str] = include!(concat!(env!("OUT_DIR"), "/twilio_sensitive.rs"));

/// The operations, as calls name them.
mod routes {
    include!(concat!(env!("OUT_DIR"), "/twilio_routes.rs"));
}

pub(super) static ENTRY: Entry = Entry {
    environment: &[
        ("TWILIO_ACCOUNT_SID", "account_sid"),
        ("TWILIO_AUTH_TOKEN", "auth_token"),
        ("TWILIO_AUTH_TOKEN_FILE", "auth_token_file"),
        ("TWILIO_VERIFY_SERVICE_SID", "service_sid"),
    ],
    capabilities,
    read: |section| constructor(TwilioConfig::read(section), Twilio::new),
};

/// Tells what Twilio Verify can do.
pub fn capabilities() -> Capabilities {
    convert::CAPABILITIES
}

#[async_trait]
impl ChallengeProvider for Twilio {
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
            let reply = self.create(&CREATE, options, &body).await.map_err(|failure| failure.error)?;
            convert::challenge(self.provider(), request.method(), body, ignored, reply)
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
            let reply = self.create(&RESEND, options, &body).await.map_err(|failure| failure.error)?;
            convert::challenge(self.provider(), handle.method(), body, Vec::new(), reply)
        });
        sent(self.provider(), Call::resend(handle), resent).await
    }

    async fn warm_up(&self, options: &CallOptions) -> Result<(), Error> {
        stamped(self.provider(), "warm_up", self.open_connection(options).await)
    }
}
