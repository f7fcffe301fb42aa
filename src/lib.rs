#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod compose;
mod config;
mod model;
mod provider;
#[cfg(feature = "testing")]
pub mod testing;
mod transport;
mod vendors;
#[cfg(vendor)]
#[cfg_attr(not(every_vendor), allow(dead_code, unused_imports, unused_macros, reason = "a vendor that is compiled out needs it"))]
mod wire;

pub use async_trait::async_trait;
#[cfg(all(feature = "send-once", feature = "redis"))]
pub use compose::RedisIntents;
#[cfg(feature = "send-once")]
pub use compose::{FoundIntent, IntentStore, LocalIntents, SendOnce};
pub use compose::{Guard, Guarded, Limits, LocalGuard, ParseRateError, Rate, Refusal, Reloadable, Router, RouterBuilder, Sending};
#[cfg(feature = "redis")]
pub use compose::{OnOutage, RedisGuard};
pub use config::Config;
pub use http::HeaderMap;
pub use model::{
    Advice, Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, ChallengeStatus, ClientContext, ClientHints, Credential,
    CredentialAnswer, CredentialKind, Error, ErrorKind, Field, Hop, Kept, Memory, Method, MethodSupport, Outlook, ParseCredentialKindError, ParseMethodError,
    Personal, Product, ProviderHealth, ProviderId, Reason, Registration, RegistrationUser, Rejected, RelyingParty, Secret, SendState, Verification, Verified,
    Violation,
};
pub use provider::{ChallengeProvider, ChallengeProviderExt};
/// The HTTP client whose builder [`Http::from_builder`] takes.
pub use reqwest;
#[cfg(vendor)]
pub use transport::Reply;
pub use transport::{Http, HttpBuilder};
#[doc(inline)]
pub use vendors::*;
#[cfg(vendor)]
pub use wire::UnknownVariant;
