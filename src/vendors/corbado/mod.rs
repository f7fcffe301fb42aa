//! Corbado: one-time codes by e-mail and SMS, links by e-mail, for users that Corbado knows.
//!
//! [`Corbado`] is a [`ChallengeProvider`] and, with [`types`], a typed client of the vendor's own operations.
//!
//! | call | on the wire | counts as rejected |
//! |---|---|---|
//! | create | `POST /users/{userID}/challenges` | |
//! | verify | `PATCH /users/{userID}/challenges/{challengeID}` | 400 with a violation on `value`, but for "cannot be blank"; 200 with status `pending` or `expired` |
//!
//! The user is one that Corbado knows, by its own id `usr-…` (see [users](#users)); IP address and user agent of the person's client are required. The document
//! tells no reply to a wrong code, so both forms that the API could give are read. There is no resend. The token of a link stands in its query, under a name that the document does not tell: a
//! link of your project shows it. Metadata goes out as
//! `challengeMetadata`; of the client's signals those of [`ClientSignals`] go out.
//!
//! # Users
//!
//! A person must be a user of the project before a challenge can be made, and have a login identifier: an e-mail address, a phone number or a user
//! name. [`Corbado::user_for`] gives the id of a person's user, and makes both where there is none. With
//! [`find_or_create_users`](CorbadoConfig::with_find_or_create_users) each create that names no user does so itself. The operations, each for itself:
//!
//! | method | on the wire |
//! |---|---|
//! | [`user_for`](Corbado::user_for) | `GET /identifiers`; for a new person also `POST /users` and `POST /users/{userID}/identifiers` |
//! | [`user_create`](Corbado::user_create) | `POST /users` |
//! | [`user_list`](Corbado::user_list) | `GET /users` |
//! | [`user_get`](Corbado::user_get) | `GET /users/{userID}` |
//! | [`user_update`](Corbado::user_update) | `PATCH /users/{userID}` |
//! | [`user_delete`](Corbado::user_delete) | `DELETE /users/{userID}` |
//! | [`identifier_create`](Corbado::identifier_create) | `POST /users/{userID}/identifiers` |
//! | [`identifier_update`](Corbado::identifier_update) | `PATCH /users/{userID}/identifiers/{identifierID}` |
//! | [`identifier_delete`](Corbado::identifier_delete) | `DELETE /users/{userID}/identifiers/{identifierID}` |
//! | [`identifier_list`](Corbado::identifier_list) | `GET /identifiers` |
//! | [`challenge_create`](Corbado::challenge_create) | `POST /users/{userID}/challenges` |
//! | [`challenge_update`](Corbado::challenge_update) | `PATCH /users/{userID}/challenges/{challengeID}` |
//!
//! Lists take a [`ListQuery`]. What an operation looks for goes out in the URL, as Corbado wants it; this crate neither logs nor tells it.
//!
//! # Errors
//!
//! | Corbado says | kind |
//! |---|---|
//! | 400 with a violation "does not exist" on `userID`, `challengeID` or `identifierID`; 404 | [`NotFound`](crate::ErrorKind::NotFound) |
//! | 409; 400 or 422 with the code `already_exists` | [`Conflict`](crate::ErrorKind::Conflict) |
//! | other violations, with 400 or 422 | [`InvalidRequest`](crate::ErrorKind::InvalidRequest) |
//!
//! # Environment
//!
//! [`Config::from_env`](crate::Config::from_env) reads `CORBADO_PROJECT_ID`, `CORBADO_API_SECRET`, `CORBADO_BACKEND_API`.

#![cfg(feature = "corbado")]

mod client;
mod config;
mod convert;
mod query;
mod signals;
mod user_for;
mod users;
#[allow(missing_docs, missing_debug_implementations, unreachable_pub, dead_code, clippy::all, rustdoc::all)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/corbado.rs"));
}

use std::{borrow::Cow, pin::pin};

use async_trait::async_trait;

pub use client::Corbado;
pub use config::CorbadoConfig;
pub use query::{Filter, ListQuery};
pub use signals::{ClientSignals, Device, HighEntropy, NativeApp, WebAuthnCapabilities};

use crate::{
    model::{Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, Error, Field, ProviderId, Verification},
    provider::ChallengeProvider,
    telemetry::Call,
    transport::Failure,
    vendors::{
        entry::{Entry, constructor},
        shared::{judged, sent, stamped},
    },
};

/// The vendor's own types, generated from its document <https://backendapi.cloud.corbado.io/v2/openapi.yaml>.
#[allow(clippy::doc_markdown)]
pub mod types {
    #[doc(inline)]
    pub use super::generated::types::*;

    include!(concat!(env!("OUT_DIR"), "/corbado_enums.rs"));
}

/// Lists the members that hold secrets or personal data.
const SENSITIVE: &[&str] = include!(concat!(env!("OUT_DIR"), "/corbado_sensitive.rs"));

/// The operations, as calls name them.
mod routes {
    include!(concat!(env!("OUT_DIR"), "/corbado_routes.rs"));
}

pub(super) static ENTRY: Entry = Entry {
    environment: &[
        ("CORBADO_PROJECT_ID", "project_id"),
        ("CORBADO_API_SECRET", "api_secret"),
        ("CORBADO_API_SECRET_FILE", "api_secret_file"),
        ("CORBADO_BACKEND_API", "base_url"),
    ],
    capabilities,
    read: |section| constructor(CorbadoConfig::read(section), Corbado::new),
};

/// Tells what Corbado can do.
pub fn capabilities() -> Capabilities {
    convert::CAPABILITIES
}

#[async_trait]
impl ChallengeProvider for Corbado {
    fn id(&self) -> ProviderId {
        self.provider().clone()
    }

    fn capabilities(&self) -> Capabilities {
        if self.finds_or_creates_users { convert::FINDING_USERS } else { convert::CAPABILITIES }
    }

    fn check(&self, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
        convert::check(&self.capabilities(), self.provider(), request).map_err(|error| error.with_provider(self.provider().clone()))
    }

    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        let created = pin!(async {
            let convert::Create { user_id, mut body, ignored } = convert::create(&self.capabilities(), self.provider(), request)?;
            let (user_id, is_new, options) = match user_id {
                Some(user_id) => (user_id, false, Cow::Borrowed(options)),
                None => {
                    // By itself, so that a call without it has no room for it.
                    let (holder, left) = Box::pin(self.holder_to_challenge(&body.identifier_value, options)).await?;
                    body.identifier_value = holder.recipient;
                    (holder.user_id.as_str().to_owned(), holder.is_new, Cow::Owned(left))
                }
            };
            let reply = self.create(&options, &user_id, &body).await.map_err(|Failure { error, .. }| if is_new { error.having_prepared() } else { error })?;
            convert::challenge(self.provider(), request.method(), user_id, ignored, reply)
        });
        sent(self.provider(), Call::create(request), created).await
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        let verified = pin!(async {
            let convert::Update { user_id, body } = convert::update(self.provider(), handle, answer)?;
            convert::verification(handle, self.update(options, user_id, handle.challenge_id().expose(), &body).await)
        });
        judged(self.provider(), handle, verified).await
    }

    async fn warm_up(&self, options: &CallOptions) -> Result<(), Error> {
        stamped(self.provider(), "warm_up", self.open_connection(options).await)
    }
}
