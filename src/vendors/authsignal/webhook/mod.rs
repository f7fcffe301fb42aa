//! Authsignal's webhooks: what the vendor posts to an application of yours, checked and typed. Feature `webhooks`.
//!
//! ```
//! use std::time::SystemTime;
//! use auth_challenge::{Secret, authsignal::webhook::{self, Delivery, EventKind, WebhookError}};
//!
//! /// The header `X-Signature-V2` of a request, its body byte for byte, and the API secret.
//! fn undelivered(signature: &str, body: &[u8], key: &Secret) -> Result<Vec<String>, WebhookError> {
//!     let mut ids = Vec::new();
//!     for event in webhook::verify(signature, body, [key], SystemTime::now())? {
//!         if let EventKind::ChallengeLog(log) = &event.kind && log.delivery() == Delivery::NotDelivered {
//!             ids.extend(log.idempotency_key.clone());           // as with_action_key gave it, or as Authsignal made it
//!         }
//!     }
//!     Ok(ids)
//! }
//!
//! // A test of your own signs as Authsignal does.
//! let key = Secret::new("as_secret");
//! let body = br#"{"records":[{"id":"1","type":"challenge.log_created","record":{"type":"SMS_NOT_DELIVERED","idempotencyKey":"login-7"}}]}"#;
//! let signature = webhook::sign(&key, body, SystemTime::now());
//! assert_eq!(undelivered(&signature, body, &key)?, ["login-7"]);
//! assert_eq!(undelivered(&signature, b"{}", &key), Err(WebhookError::WrongSignature));
//! # Ok::<(), WebhookError>(())
//! ```
//!
//! # What a handler does
//!
//! It takes the body as bytes, before anything reads it as JSON: in axum the extractors `HeaderMap` and `Bytes`, not `Json`. It reads the header
//! [`SIGNATURE_HEADER`], calls [`verify`], and answers 401 where that fails. Then it depends on the event:
//!
//! | event | Authsignal | the handler |
//! |---|---|---|
//! | [`ChallengeLog`] | tells afterwards, some 15 minutes late, in batches of up to 500, each at least once and until it is answered 2xx | leaves out what it knows by its [`id`](Event::id), keeps the rest, then answers 2xx |
//! | [`MessageToSend`] | waits: the message is yours to send, and the create fails unless it is answered 2xx | sends the message, then answers 2xx, [whatever else goes wrong](crate::authsignal#where-your-own-webhook-sends-the-message) |
//! | [`Other`](EventKind::Other) | tells afterwards, or waits: `push.created` for a message that is yours to send, `action.verify` for a yes or no of yours | answers 2xx to what is told afterwards, or it comes again; to what waits only if it did what is asked, since a 2xx says "sent" or "let it succeed" |
//!
//! Within five minutes of its signing, whoever saw a request can post it again: to leave out known [`id`](Event::id)s stops that, too.
//!
//! # What is read
//!
//! One request holds one event, or a batch of log entries, so [`verify`] gives a list. What does not fit is not there, and takes nothing else with
//! it: a member that is missing or of another type is `None`, an unknown type of event is [`Other`](EventKind::Other), and everything that came stands in
//! [`raw`](Event::raw). Whoever an event is about, codes and links are not shown by `Debug`.

mod event;

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::signature;
use crate::model::{Secret, digest::hmac};
pub use event::{ChallengeLog, Delivery, Event, EventKind, MessageToSend};

/// Names the header that carries the signature: `X-Signature-V2`, in small letters.
pub const SIGNATURE_HEADER: &str = signature::HEADER;

/// The vendor writes no padding; with it the bytes are the same.
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// How far the time of a signature may be from now, unless told otherwise.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// Checks a request of Authsignal's, and gives the events in it: one, or a batch of log entries.
///
/// The signature is checked first, over the body byte for byte: each one in the header against each key, in constant time, so that keys can be
/// exchanged without a gap at either side. An empty key fits nothing. Then the time that was signed: five minutes before or after `now` at most, to
/// the nanosecond, both ends included. [`Verifier`] takes another tolerance.
///
/// # Errors
///
/// Which check failed. Answer with a status that is no 2xx.
pub fn verify<'a>(signature_header: &str, body: &[u8], keys: impl IntoIterator<Item = &'a Secret>, now: SystemTime) -> Result<Vec<Event>, WebhookError> {
    verify_within(TOLERANCE, signature_header, body, keys, now)
}

/// Signs a body as Authsignal does, with one key: for tests of a handler. It gives the value of the header [`SIGNATURE_HEADER`].
pub fn sign(key: &Secret, body: &[u8], at: SystemTime) -> String {
    signature::sign(body, at, |signed| mac(key, signed).finalize().into_bytes())
}

/// Checks requests with keys that it keeps, and with a tolerance of your own.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use auth_challenge::authsignal::webhook::Verifier;
///
/// let verifier = Verifier::new("the new key").with_key("the old key").with_tolerance(Duration::from_secs(600));
/// assert!(verifier.verify("t=1,v2=x", b"{}", SystemTime::now()).is_err());
/// ```
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: Vec<Secret>,
    tolerance: Duration,
}

impl Verifier {
    /// Takes the API secret that the vendor signs with.
    pub fn new(key: impl Into<Secret>) -> Self {
        Self { keys: vec![key.into()], tolerance: TOLERANCE }
    }

    /// Adds a key: while the vendor has two, either is good.
    pub fn with_key(mut self, key: impl Into<Secret>) -> Self {
        self.keys.push(key.into());
        self
    }

    /// Sets how far the time of a signature may be from now, in either direction; five minutes unless told otherwise.
    pub fn with_tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Checks a request, and gives the events in it, as [`verify`](fn@verify) does.
    ///
    /// # Errors
    ///
    /// Which check failed.
    pub fn verify(&self, signature_header: &str, body: &[u8], now: SystemTime) -> Result<Vec<Event>, WebhookError> {
        verify_within(self.tolerance, signature_header, body, &self.keys, now)
    }
}

fn verify_within<'a>(
    tolerance: Duration,
    header: &str,
    body: &[u8],
    keys: impl IntoIterator<Item = &'a Secret>,
    now: SystemTime,
) -> Result<Vec<Event>, WebhookError> {
    let Signed { time, at, signatures } = Signed::read(header).ok_or(WebhookError::MalformedHeader)?;
    let mut is_right = false;
    // All of them, whichever fits: how long it takes tells nobody which did. An empty key is everybody's.
    for key in keys.into_iter().filter(|key| !key.is_empty()) {
        let mac = mac(key, signature::signed(time, body));
        for signature in &signatures {
            is_right |= mac.clone().verify_slice(signature).is_ok();
        }
    }
    if !is_right {
        return Err(WebhookError::WrongSignature);
    }
    // A time that no clock can show is far from now.
    let at = at.ok_or(WebhookError::TooNew)?;
    match now.duration_since(at) {
        Ok(age) if age > tolerance => Err(WebhookError::TooOld),
        Err(ahead) if ahead.duration() > tolerance => Err(WebhookError::TooNew),
        _ => event::read_all(body).ok_or(WebhookError::UnreadableBody),
    }
}

fn mac(key: &Secret, signed: [&[u8]; 3]) -> Hmac<Sha256> {
    let mut mac = hmac(key.expose().as_bytes());
    for part in signed {
        mac.update(part);
    }
    mac
}

/// The header's content.
struct Signed<'a> {
    /// The time as it is signed.
    time: &'a str,
    at: Option<SystemTime>,
    signatures: Vec<Vec<u8>>,
}

impl<'a> Signed<'a> {
    fn read(header: &'a str) -> Option<Self> {
        let (mut time, mut found) = (None, Vec::new());
        for part in header.split(',') {
            match part.trim().split_once('=')? {
                // Of two times nobody knows which is meant.
                ("t", _) if time.is_some() => return None,
                ("t", value) => time = Some(value),
                ("v2", value) => found.push(value),
                // A scheme that came before or comes after is neither trusted nor in the way.
                _ => {}
            }
        }
        let time = time.filter(|time| time.bytes().all(|byte| byte.is_ascii_digit()))?;
        let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(time.parse().ok()?));
        // What is no base64 is a signature that does not fit.
        let signatures = found.iter().filter_map(|text| BASE64.decode(text).ok()).collect();
        (!found.is_empty()).then_some(Self { time, at, signatures })
    }
}

/// Says which check a request failed. It holds nothing of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookError {
    /// The header is not of the form `t=<seconds since 1970>,v2=<signature>`, with further signatures behind it.
    MalformedHeader,
    /// No signature fits any key: not from Authsignal, changed on the way, or signed with a key that is not given.
    WrongSignature,
    /// The signature is right, and older than is tolerated: the request came late, or once more.
    TooOld,
    /// The signature is right, and of a time that is ahead by more than is tolerated: a clock is wrong.
    TooNew,
    /// The signature is right, and the body no JSON object.
    UnreadableBody,
}

impl fmt::Display for WebhookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MalformedHeader => "the signature's header is not of the form t=<seconds>,v2=<signature>",
            Self::WrongSignature => "no signature fits any key",
            Self::TooOld => "the signature is older than is tolerated",
            Self::TooNew => "the signature's time is ahead by more than is tolerated",
            Self::UnreadableBody => "the body is signed, and no JSON object",
        })
    }
}

impl std::error::Error for WebhookError {}
