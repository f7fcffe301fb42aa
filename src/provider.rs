//! The one trait over all vendors.

use std::{borrow::Cow, fmt, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{CallOptions, Capabilities, Challenge, ChallengeRequest, Error, Field};

/// The name of a configured provider: a vendor's own name, or the name of its section in the config.
///
/// ```
/// use auth_challenge::ProviderId;
/// assert_eq!(ProviderId::CORBADO.as_str(), "corbado");
/// assert_eq!(ProviderId::custom("corbado-staging").to_string(), "corbado-staging");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProviderId(Cow<'static, str>);

impl ProviderId {
    /// Corbado.
    pub const CORBADO: Self = Self(Cow::Borrowed("corbado"));
    /// Authsignal.
    pub const AUTHSIGNAL: Self = Self(Cow::Borrowed("authsignal"));
    /// Dfns.
    pub const DFNS: Self = Self(Cow::Borrowed("dfns"));

    /// A name of your own: a second project of a vendor, or a provider that you implement.
    pub fn custom(name: impl Into<String>) -> Self {
        Self(Cow::Owned(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Something that challenges people: one of the three vendors, several behind one, a test double, or your own.
///
/// An application holds it as `Arc<dyn ChallengeProvider>` and calls it through [`ChallengeProviderExt`], which gives every method a
/// short form. Methods that are added later have a default body.
///
/// # Implementing it
///
/// [`Challenge::new`], [`ChallengeHandle::new`](crate::ChallengeHandle::new), [`Capabilities::new`] and [`Error::new`] are there for it.
/// A create must not send twice, and every error must say through its [`SendState`](crate::SendState) whether something may have been sent.
///
/// ```
/// use auth_challenge::*;
///
/// #[derive(Debug)]
/// struct Carrier(Capabilities);
///
/// #[async_trait::async_trait]
/// impl ChallengeProvider for Carrier {
///     fn id(&self) -> &ProviderId {
///         &const { ProviderId::CORBADO }
///     }
///     fn capabilities(&self) -> &Capabilities {
///         &self.0
///     }
///     async fn create_with(&self, request: &ChallengeRequest, _: &CallOptions) -> Result<Challenge, Error> {
///         self.check(request)?;
///         Ok(Challenge::new(ChallengeHandle::new(self.id().clone(), request.method(), "pigeon-1")))
///     }
/// }
/// ```
#[async_trait]
pub trait ChallengeProvider: fmt::Debug + Send + Sync + 'static {
    /// The name of this instance.
    fn id(&self) -> &ProviderId;

    /// What it can do. No I/O.
    fn capabilities(&self) -> &Capabilities;

    /// What a [`create_with`](Self::create_with) of this request would be refused for before anything is sent. No I/O.
    ///
    /// Gives the fields of the request that this provider does not take; they would be ignored.
    ///
    /// # Errors
    ///
    /// One error that names every missing or malformed field.
    fn check(&self, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
        self.capabilities().review(self.id(), request)
    }

    /// Challenges a person. On success a message was handed to the vendor for sending, or, for a credential, the challenge is there.
    ///
    /// | provider | on the wire |
    /// |---|---|
    /// | Corbado | `POST /users/{userID}/challenges` |
    /// | Authsignal | `POST /challenge` |
    /// | Dfns | `POST /auth/credentials/code/init` |
    ///
    /// # Errors
    ///
    /// [`Error::send_state`] says whether a message may be under way in spite of the error.
    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error>;
}

/// The short forms of [`ChallengeProvider`]'s methods, for every provider.
#[async_trait]
pub trait ChallengeProviderExt: ChallengeProvider {
    /// [`create_with`](ChallengeProvider::create_with) with default options.
    async fn create(&self, request: &ChallengeRequest) -> Result<Challenge, Error> {
        self.create_with(request, &CallOptions::default()).await
    }
}

impl<P: ChallengeProvider + ?Sized> ChallengeProviderExt for P {}

/// Forwards every method, so that a shared or boxed provider is a provider.
macro_rules! forward {
    ($pointer:ident) => {
        #[async_trait]
        impl<P: ChallengeProvider + ?Sized> ChallengeProvider for $pointer<P> {
            fn id(&self) -> &ProviderId {
                (**self).id()
            }

            fn capabilities(&self) -> &Capabilities {
                (**self).capabilities()
            }

            fn check(&self, request: &ChallengeRequest) -> Result<Vec<Field>, Error> {
                (**self).check(request)
            }

            async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
                (**self).create_with(request, options).await
            }
        }
    };
}

forward!(Arc);
forward!(Box);
