//! A provider that answers what a test told it to.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;

use super::locked;
use crate::{
    model::{
        Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeRequest, CredentialKind, Error, Field, Method, MethodSupport, Personal,
        ProviderId, Verification, Verified,
    },
    provider::ChallengeProvider,
};

/// Answers in this process with queued results, for tests of one handler: no vendor, no network.
///
/// It takes every method and every field. Results come in the order in which they were queued; when none is left, creates and resends succeed, and
/// an answer is right and proves the address of the request. Clones are the same provider.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), auth_challenge::Error> {
/// use auth_challenge::{testing::Scripted, *};
///
/// let provider = Scripted::new()
///     .create_fails(Error::new(ErrorKind::Timeout, SendState::Unknown))
///     .verify_gives(Rejected::new(Reason::WrongOrExpiredCode));
/// let request = ChallengeRequest::email_otp("jane@doe.com");
/// assert!(provider.create(&request).await.is_err());
/// let challenge = provider.create(&request).await?;
/// assert!(matches!(provider.verify(challenge.handle(), &Answer::code("1")).await?, Verification::Rejected(_)));
/// assert_eq!((provider.created().len(), provider.answered().len()), (2, 1));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Scripted(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: ProviderId,
    creates: Mutex<VecDeque<Result<Challenge, Error>>>,
    created: Mutex<Vec<ChallengeRequest>>,
    verifies: Mutex<VecDeque<Result<Verification, Error>>>,
    resends: Mutex<VecDeque<Result<Challenge, Error>>>,
    answered: Mutex<Vec<(ChallengeHandle, Answer)>>,
    resent: Mutex<Vec<ChallengeHandle>>,
    recipients: Mutex<BTreeMap<String, Personal>>,
    count: AtomicU64,
}

const FIELDS: &[Field] = &ChallengeRequest::FIELDS;

const METHODS: &[MethodSupport] = &[
    MethodSupport::of(Method::EmailOtp, &[Field::To], FIELDS),
    MethodSupport::of(Method::EmailLink, &[Field::To], FIELDS),
    MethodSupport::of(Method::SmsOtp, &[Field::To], FIELDS),
    MethodSupport::of(Method::WhatsAppOtp, &[Field::To], FIELDS),
    MethodSupport::of(Method::VoiceOtp, &[Field::To], FIELDS),
    MethodSupport::of(Method::Credential(CredentialKind::Fido2), &[Field::Code], FIELDS),
    MethodSupport::of(Method::Credential(CredentialKind::Key), &[Field::Code], FIELDS),
    MethodSupport::of(Method::Credential(CredentialKind::PasswordProtectedKey), &[Field::Code], FIELDS),
    MethodSupport::of(Method::Credential(CredentialKind::RecoveryKey), &[Field::Code], FIELDS),
];

const CAPABILITIES: Capabilities = Capabilities::of(METHODS).with_resend(true);

impl Default for Scripted {
    fn default() -> Self {
        Self::new()
    }
}

impl Scripted {
    /// Makes a provider by the name `scripted`, with nothing queued.
    pub fn new() -> Self {
        Self::named("scripted")
    }

    /// Makes a provider by a name of your own.
    pub fn named(name: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            id: ProviderId::new(name.into()),
            creates: Mutex::default(),
            created: Mutex::default(),
            verifies: Mutex::default(),
            resends: Mutex::default(),
            answered: Mutex::default(),
            resent: Mutex::default(),
            recipients: Mutex::default(),
            count: AtomicU64::new(0),
        }))
    }

    /// Makes a right answer, with the recipient that the challenge was made for.
    fn proof(&self, handle: &ChallengeHandle) -> Verified {
        let verified = Verified::new(handle.method());
        match locked(&self.0.recipients).get(handle.challenge_id().expose()) {
            Some(recipient) => verified.with_recipient(recipient.clone()),
            None => verified,
        }
    }

    /// Names provider and operation where a queued error does not.
    fn stamped(&self, error: Error, operation: &'static str) -> Error {
        error.or_provider(&self.0.id).or_operation(operation)
    }

    /// Queues a challenge for a create. Its handle names this provider, or the answer to it is refused.
    pub fn create_gives(self, challenge: Challenge) -> Self {
        locked(&self.0.creates).push_back(Ok(challenge));
        self
    }

    /// Queues an error for a create.
    pub fn create_fails(self, error: Error) -> Self {
        locked(&self.0.creates).push_back(Err(error));
        self
    }

    /// Queues what becomes of an answer: a [`Verified`], a [`Rejected`](crate::Rejected).
    pub fn verify_gives(self, verification: impl Into<Verification>) -> Self {
        locked(&self.0.verifies).push_back(Ok(verification.into()));
        self
    }

    /// Queues an error for a verify.
    pub fn verify_fails(self, error: Error) -> Self {
        locked(&self.0.verifies).push_back(Err(error));
        self
    }

    /// Queues a challenge for a resend.
    pub fn resend_gives(self, challenge: Challenge) -> Self {
        locked(&self.0.resends).push_back(Ok(challenge));
        self
    }

    /// Queues an error for a resend.
    pub fn resend_fails(self, error: Error) -> Self {
        locked(&self.0.resends).push_back(Err(error));
        self
    }

    /// Lists the answers that came until now, with the handle that each was for, the oldest first.
    pub fn answered(&self) -> Vec<(ChallengeHandle, Answer)> {
        locked(&self.0.answered).clone()
    }

    /// Lists the challenges that were sent again until now, the oldest first.
    pub fn resent(&self) -> Vec<ChallengeHandle> {
        locked(&self.0.resent).clone()
    }

    /// Lists the requests that creates were asked for until now, the oldest first.
    pub fn created(&self) -> Vec<ChallengeRequest> {
        locked(&self.0.created).clone()
    }
}

#[async_trait]
impl ChallengeProvider for Scripted {
    fn id(&self) -> ProviderId {
        self.0.id.clone()
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn create_with(&self, request: &ChallengeRequest, _: &CallOptions) -> Result<Challenge, Error> {
        let ignored = self.check(request)?;
        locked(&self.0.created).push(request.clone());
        let note = |id: &str| {
            if let Some(recipient) = request.recipient() {
                locked(&self.0.recipients).insert(id.to_owned(), Personal::new(recipient));
            }
        };
        if let Some(queued) = locked(&self.0.creates).pop_front() {
            return queued.inspect(|challenge| note(challenge.handle().challenge_id().expose())).map_err(|error| self.stamped(error, "create"));
        }
        let id = format!("scripted-{}", self.0.count.fetch_add(1, Ordering::Relaxed) + 1);
        note(&id);
        let mut handle = ChallengeHandle::new(self.0.id.clone(), request.method(), id);
        if let Some(user_id) = request.user_id_for(&self.0.id) {
            handle = handle.with_user_id(user_id);
        }
        Ok(Challenge::new(handle).with_ignored(ignored))
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, _: &CallOptions) -> Result<Verification, Error> {
        handle.require_issuer(&self.0.id)?;
        locked(&self.0.answered).push((handle.clone(), answer.clone()));
        let queued = locked(&self.0.verifies).pop_front().unwrap_or_else(|| Ok(self.proof(handle).into()));
        queued.map_err(|error| self.stamped(error, "verify"))
    }

    async fn resend_with(&self, handle: &ChallengeHandle, _: &CallOptions) -> Result<Challenge, Error> {
        handle.require_issuer(&self.0.id)?;
        locked(&self.0.resent).push(handle.clone());
        let queued = locked(&self.0.resends).pop_front().unwrap_or_else(|| Ok(Challenge::new(handle.clone())));
        queued.map_err(|error| self.stamped(error, "resend"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{ErrorKind, SendState},
        provider::ChallengeProviderExt as _,
    };

    #[tokio::test]
    async fn what_is_queued_comes_in_order_and_names_provider_and_operation() {
        let scripted = Scripted::new()
            .resend_fails(Error::new(ErrorKind::RateLimited, SendState::Refused))
            .create_fails(Error::new(ErrorKind::Timeout, SendState::Unknown));
        let request = ChallengeRequest::email_otp("jane@doe.com");
        let error = scripted.create(&request).await.expect_err("queued");
        assert_eq!((error.provider().map(ProviderId::as_str), error.operation(), error.kind()), (Some("scripted"), Some("create"), ErrorKind::Timeout));
        let challenge = scripted.create(&request).await.expect("nothing is queued");
        let error = scripted.resend(challenge.handle()).await.expect_err("queued");
        assert_eq!((error.provider().map(ProviderId::as_str), error.operation(), error.kind()), (Some("scripted"), Some("resend"), ErrorKind::RateLimited));
        assert_eq!(scripted.resend(challenge.handle()).await.expect("nothing is queued").id(), challenge.id());
        assert_eq!(scripted.resent().len(), 2);
        let foreign = ChallengeHandle::new(ProviderId::new("another"), Method::EmailOtp, "1");
        assert_eq!(scripted.resend(&foreign).await.expect_err("refused").kind(), ErrorKind::Handle);
        assert_eq!(scripted.resent().len(), 2);
    }

    #[tokio::test]
    async fn an_answer_to_a_challenge_that_was_queued_proves_the_address_of_the_request() {
        let challenge = Challenge::new(ChallengeHandle::new(ProviderId::new("scripted"), Method::EmailOtp, "of-a-test"));
        let scripted = Scripted::new().create_gives(challenge);
        let challenge = scripted.create(&ChallengeRequest::email_otp("jane@doe.com")).await.expect("queued");
        let verified = scripted.verify(challenge.handle(), &Answer::code("123456")).await.expect("an answer");
        assert!(matches!(verified, Verification::Verified(proof) if proof.recipient() == Some("jane@doe.com")));
    }
}
