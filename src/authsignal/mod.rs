//! Authsignal: one-time codes by e-mail, SMS and WhatsApp.
//!
//! [`Authsignal`] is a [`ChallengeProvider`] and, with [`types`], a typed client of the vendor's own operations.

mod client;
mod config;
mod convert;
#[allow(missing_docs, missing_debug_implementations, unreachable_pub, dead_code, clippy::all, rustdoc::all)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/authsignal.rs"));
}

use async_trait::async_trait;

pub use client::{Authsignal, ChallengeQuery};
pub use config::{AuthsignalConfig, Region};

use crate::{Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeRequest, Error, Field, ProviderId, Verification};

/// The vendor's own types, generated from what its reference pages document.
pub mod types {
    #[doc(inline)]
    pub use super::generated::types::*;

    include!(concat!(env!("OUT_DIR"), "/authsignal_enums.rs"));
}

/// The members that hold secrets or personal data.
const SENSITIVE: &[&str] = include!(concat!(env!("OUT_DIR"), "/authsignal_sensitive.rs"));

/// What Authsignal can do.
pub fn capabilities() -> &'static Capabilities {
    &convert::CAPABILITIES
}

#[async_trait]
impl ChallengeProvider for Authsignal {
    fn id(&self) -> &ProviderId {
        self.provider()
    }

    fn capabilities(&self) -> &Capabilities {
        capabilities()
    }

    fn check(&self, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
        Ok(convert::create(self.provider(), request)?.ignored)
    }

    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        let create = convert::create(self.provider(), request).map_err(|error| error.with_operation("create"))?;
        let reply = self.with_options(options.clone()).challenge(&create.body).await;
        let challenge = reply.and_then(|reply| convert::challenge(self.provider(), request.method(), create.ignored, reply));
        challenge.map_err(|error| error.with_operation("create"))
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        let verified = async {
            let body = convert::verify(self.provider(), handle, answer)?;
            convert::verification(handle, self.with_options(options.clone()).verify(&body).await)
        };
        verified.await.map_err(|error| error.with_operation("verify"))
    }

    async fn resend_with(&self, handle: &ChallengeHandle, options: &CallOptions) -> Result<Challenge, Error> {
        let resent = async {
            let body = convert::replay(self.provider(), handle)?;
            let reply = self.with_options(options.clone()).challenge(&body).await?;
            convert::challenge(self.provider(), handle.method(), Vec::new(), reply)
        };
        resent.await.map_err(|error: Error| error.with_operation("resend"))
    }
}
