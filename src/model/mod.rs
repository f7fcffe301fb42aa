//! What callers and providers speak in: plain values, no I/O, no vendor.

mod answer;
pub(crate) mod base64url;
mod by_id;
pub(crate) mod capability;
mod challenge;
mod client_context;
#[cfg(any(feature = "dfns-keys", feature = "redis", feature = "send-once", feature = "testing", feature = "webhooks"))]
pub(crate) mod digest;
mod error;
mod field;
pub(crate) mod handle;
mod health;
mod id;
pub(crate) mod letters;
mod memory;
mod method;
mod options;
mod outlook;
mod product;
pub(crate) mod recipient;
mod request;
mod request_id;
mod sensitive;
mod stored;
mod user_agent;
mod verification;
pub(crate) mod webauthn;

pub use answer::{Answer, CredentialAnswer};
pub(crate) use by_id::ById;
pub use capability::{Capabilities, MethodSupport};
pub use challenge::{Challenge, ChallengeStatus};
pub use client_context::{ClientContext, ClientHints};
pub use error::{Advice, Error, ErrorKind, Hop, SendState, Violation};
pub use field::Field;
pub use handle::ChallengeHandle;
pub use health::ProviderHealth;
pub use id::ProviderId;
pub use memory::Memory;
pub use method::{CredentialKind, Method, ParseCredentialKindError, ParseMethodError};
pub use options::CallOptions;
pub use outlook::Outlook;
pub use product::Product;
pub use request::ChallengeRequest;
pub(crate) use request_id::RequestId;
#[cfg(vendor)]
pub(crate) use request_id::Tell;
pub use sensitive::{Kept, Personal, Secret};
pub use verification::{Credential, Reason, Rejected, Verification, Verified};
pub use webauthn::{Registration, RegistrationUser, RelyingParty};
