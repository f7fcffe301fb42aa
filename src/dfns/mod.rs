//! Dfns: a new passkey or key, allowed by a one-time code.
//!
//! [`Dfns`] is a [`ChallengeProvider`] and, with [`types`], a typed client of the vendor's own operations.

mod client;
mod config;
mod convert;
#[cfg(feature = "dfns-keys")]
pub mod key;
#[allow(missing_docs, missing_debug_implementations, unreachable_pub, dead_code, clippy::all, rustdoc::all)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/dfns.rs"));
}

use async_trait::async_trait;

pub use client::Dfns;
pub use config::{DfnsConfig, Region};

use crate::{Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeRequest, Error, Field, ProviderId, Verification};

/// The vendor's own types, generated from its document <https://docs.dfns.co/openapi.yaml>.
pub mod types {
    #[doc(inline)]
    pub use super::generated::types::*;

    include!(concat!(env!("OUT_DIR"), "/dfns_enums.rs"));
}

/// The members that hold secrets or personal data.
const SENSITIVE: &[&str] = include!(concat!(env!("OUT_DIR"), "/dfns_sensitive.rs"));

/// The answer in Dfns' own form, as its SDKs make it: JSON with `credentialKind`, `credentialName`, `credentialInfo` and, for keys that are
/// stored encrypted, `encryptedPrivateKey`.
///
/// # Errors
///
/// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest), naming each member that is missing, never its content.
pub fn answer_from_json(json: &str) -> Result<Answer, Error> {
    convert::answer_from_json(json)
}

/// What Dfns can do.
pub fn capabilities() -> &'static Capabilities {
    &convert::CAPABILITIES
}

#[async_trait]
impl ChallengeProvider for Dfns {
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
        let reply = self.with_options(options.clone()).credential_code_init(&create.body).await.map_err(|error| error.with_operation("create"))?;
        convert::challenge(create, self.provider(), self.relying_party(), reply).map_err(|error| error.with_operation("create"))
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        let verified = async {
            let body = convert::verify(self.provider(), handle, answer)?;
            convert::verification(handle, self.with_options(options.clone()).credential_code_verify(&body).await)
        };
        verified.await.map_err(|error| error.with_operation("verify"))
    }
}
