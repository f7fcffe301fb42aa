//! What a request brings, and what is told where it cannot be read.

use axum::{
    extract::{
        FromRequest, FromRequestParts, Request,
        rejection::{FormRejection, JsonRejection, PathRejection, QueryRejection, StringRejection},
    },
    http::request::Parts,
};

use crate::told::Told;

/// What axum takes out of a request. What it refuses is told on a page of the application's own, where axum would send one line of plain text about its types.
///
/// Where a script asks, the handler takes a `Result` instead, and answers in JSON.
pub struct Taken<E>(pub E);

impl<S: Sync, E: FromRequest<S>> FromRequest<S> for Taken<E>
where
    Told: From<E::Rejection>,
{
    type Rejection = Told;

    async fn from_request(request: Request, state: &S) -> Result<Self, Told> {
        Ok(Self(E::from_request(request, state).await?))
    }
}

impl<S: Sync, E: FromRequestParts<S>> FromRequestParts<S> for Taken<E>
where
    Told: From<E::Rejection>,
{
    type Rejection = Told;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Told> {
        Ok(Self(E::from_request_parts(parts, state).await?))
    }
}

macro_rules! told {
    ($($rejection:ty),*) => {$(
        impl From<$rejection> for Told {
            fn from(rejection: $rejection) -> Self {
                Self::not_readable(rejection.status())
            }
        }
    )*};
}

told!(FormRejection, JsonRejection, PathRejection, QueryRejection, StringRejection);
