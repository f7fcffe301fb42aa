//! Corbado: one-time codes by e-mail and SMS, links by e-mail, for users that Corbado knows.
//!
//! [`Corbado`] is a [`ChallengeProvider`] and, with [`types`], a typed client of the vendor's own operations.

mod client;
mod config;
mod convert;
#[allow(missing_docs, missing_debug_implementations, unreachable_pub, dead_code, clippy::all, rustdoc::all)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/corbado.rs"));
}

use async_trait::async_trait;

pub use client::Corbado;
pub use config::CorbadoConfig;

use crate::{Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeRequest, Error, Field, ProviderId, Verification};

/// The vendor's own types, generated from its document <https://backendapi.cloud.corbado.io/v2/openapi.yaml>.
#[allow(clippy::doc_markdown)]
pub mod types {
    #[doc(inline)]
    pub use super::generated::types::*;

    include!(concat!(env!("OUT_DIR"), "/corbado_enums.rs"));
}

/// The members that hold secrets or personal data.
const SENSITIVE: &[&str] = include!(concat!(env!("OUT_DIR"), "/corbado_sensitive.rs"));

/// What Corbado can do.
pub fn capabilities() -> &'static Capabilities {
    &convert::CAPABILITIES
}

#[async_trait]
impl ChallengeProvider for Corbado {
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
        let reply = self.with_options(options.clone()).challenge_create(&create.user_id, &create.body).await;
        let challenge = reply.and_then(|reply| convert::challenge(create, self.provider(), request.method(), reply));
        challenge.map_err(|error| error.with_operation("create"))
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        let verified = async {
            let update = convert::update(self.provider(), handle, answer)?;
            let reply = self.with_options(options.clone()).challenge_update(&update.user_id, handle.challenge_id().expose(), &update.body).await;
            convert::verification(handle, reply)
        };
        verified.await.map_err(|error| error.with_operation("verify"))
    }
}
