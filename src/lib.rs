#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
// What the vendors share serves whichever of them are compiled in: with some left out, parts of it have no caller.
#![cfg_attr(not(all(feature = "corbado", feature = "authsignal", feature = "dfns")), allow(dead_code, unused_imports, unused_macros))]

mod base64url;
mod capability;
mod challenge;
mod client_context;
mod config;
mod error;
mod field;
mod handle;
mod http;
mod method;
mod open_enum;
mod provider;
mod registration;
mod request;
mod router;
mod secret;
mod tagged_enum;
mod user_agent;
mod verification;

#[cfg(feature = "authsignal")]
pub mod authsignal;
#[cfg(feature = "corbado")]
pub mod corbado;
#[cfg(feature = "dfns")]
pub mod dfns;
#[cfg(feature = "testing")]
pub mod testing;

pub use ::http::HeaderMap;
pub use async_trait::async_trait;
pub use capability::{Capabilities, MethodSupport};
pub use challenge::{Challenge, ChallengeStatus};
pub use client_context::{ClientContext, HighEntropy, NativeApp, Product, Signals, WebAuthnCapabilities};
pub use config::Config;
pub use error::{Advice, Error, ErrorKind, Hop, SendState, Violation};
pub use field::Field;
pub use handle::ChallengeHandle;
pub use http::{Http, HttpBuilder, Reply};
pub use method::{CredentialKind, Method, UnknownCredentialKind};
pub use provider::{ChallengeProvider, ChallengeProviderExt, ProviderId};
pub use registration::{Registration, RegistrationUser, RelyingParty};
pub use request::{CallOptions, ChallengeRequest};
pub use router::{Guard, LocalGuard, NotARate, Rate, Refusal, Reloadable, Router, Sending};
pub use secret::{BasicCredentials, Kept, Personal, Secret};
pub use tagged_enum::UnknownVariant;
pub use verification::{Answer, Credential, CredentialAnswer, Reason, Rejected, Verification, Verified};
