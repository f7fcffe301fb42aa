//! What every [`ChallengeProvider`] must do, as tests that any provider can run.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use auth_challenge::{Answer, ChallengeRequest, Method, Reason, Rejected, Verified, testing::{Scripted, conformance::Subject}};
//!
//! let provider = Scripted::new()
//!     .verify_gives(Rejected::new(Reason::WrongOrExpiredCode))
//!     .verify_gives(Verified::new(Method::EmailOtp).with_recipient("jane@doe.com"))
//!     .verify_gives(Rejected::new(Reason::AlreadyUsed));
//! let calls = provider.clone();
//! Subject::new(provider, || ChallengeRequest::email_otp("jane@doe.com"))
//!     .with_answers(|_| Answer::code("123456"), |_| Answer::code("654321"))
//!     .with_call_count(move || calls.created().len() + calls.answered().len())
//!     .check()
//!     .await
//!     .assert_passed();
//! # }
//! ```

use std::fmt;

use crate::{
    model::{Answer, Challenge, ChallengeHandle, ChallengeRequest, Error, ErrorKind, Field, Method, ProviderId, SendState, Verification},
    provider::{ChallengeProvider, ChallengeProviderExt as _},
};

type MakeRequest = Box<dyn Fn() -> ChallengeRequest + Send + Sync>;
type Respond = Box<dyn Fn(&Challenge) -> Answer + Send + Sync>;
type Count = Box<dyn Fn() -> usize + Send + Sync>;

/// Holds a provider to be checked, and what the checks need to know of it.
pub struct Subject {
    provider: Box<dyn ChallengeProvider>,
    request: MakeRequest,
    answers: Option<(Respond, Respond)>,
    calls: Option<Count>,
}

impl Subject {
    /// Takes a provider, with a way to make requests that it accepts; each is used once.
    pub fn new(provider: impl ChallengeProvider, request: impl Fn() -> ChallengeRequest + Send + Sync + 'static) -> Self {
        Self { provider: Box::new(provider), request: Box::new(request), answers: None, calls: None }
    }

    /// Adds the right and a wrong answer to a challenge: checks verification too.
    ///
    /// A wrong answer must be [`Verification::Rejected`], not an error, and a right answer must be good once. So give a wrong answer that the
    /// vendor can judge: a wrong code or signature, but no passkey for another challenge, which is a request that makes no sense.
    pub fn with_answers(
        mut self,
        right: impl Fn(&Challenge) -> Answer + Send + Sync + 'static,
        wrong: impl Fn(&Challenge) -> Answer + Send + Sync + 'static,
    ) -> Self {
        self.answers = Some((Box::new(right), Box::new(wrong)));
        self
    }

    /// Adds a count of the calls that reached the vendor: checks that a refusal makes none.
    pub fn with_call_count(mut self, calls: impl Fn() -> usize + Send + Sync + 'static) -> Self {
        self.calls = Some(Box::new(calls));
        self
    }

    /// Runs all checks.
    pub async fn check(&self) -> Report {
        let mut report = Report::default();
        self.names_itself(&mut report);
        self.creates(&mut report).await;
        self.refuses(&mut report).await;
        self.verifies(&mut report).await;
        self.minds_its_own_handles(&mut report).await;
        report
    }

    fn names_itself(&self, report: &mut Report) {
        report.expect("the provider has a name", !self.provider.id().as_str().is_empty());
        report.expect("the capabilities list the method of a request that is accepted", self.provider.capabilities().supports((self.request)().method()));
    }

    async fn creates(&self, report: &mut Report) {
        let request = (self.request)();
        let checked = self.provider.check(&request);
        report.expect("check accepts a request that create accepts", checked.is_ok());
        let challenge = match self.provider.create(&request).await {
            Ok(challenge) => challenge,
            Err(error) => return report.fail(format!("create accepts a complete request, but: {error}")),
        };
        let id = self.provider.id();
        report.expect("a challenge names its provider", *challenge.provider() == id);
        report.expect("a challenge has the method that was asked for", challenge.method() == request.method());
        report.expect("a challenge lists the ignored fields that check lists", checked.is_ok_and(|fields| fields == challenge.ignored()));
        report.expect("a challenge has an id that names it at the provider", !challenge.handle().challenge_id().expose().is_empty());
        let kept = serde_json::to_string(challenge.handle()).and_then(|text| serde_json::from_str::<ChallengeHandle>(&text));
        let is_same = kept.is_ok_and(|kept| *kept.provider() == id && kept.challenge_id().expose() == challenge.handle().challenge_id().expose());
        report.expect("a handle survives being stored", is_same);

        let shown = format!("{:?} {challenge:?} {:?} {request:?}", self.provider, challenge.handle());
        let code = request.code().map(|code| code.expose().to_owned());
        let private = [request.recipient().map(str::to_owned), request.user_id_for(&id).map(str::to_owned), code];
        let leaks = private.into_iter().flatten().any(|value| !value.is_empty() && shown.contains(&value));
        report.expect("Debug shows no address, user id or code", !leaks);
    }

    async fn refuses(&self, report: &mut Report) {
        let capabilities = self.provider.capabilities();
        let complete = (self.request)();
        for method in Method::ALL {
            let bare = ChallengeRequest::new(method);
            let required = capabilities.required_fields(method);
            if !capabilities.supports(method) {
                let kind = ErrorKind::Unsupported;
                self.is_refused(&bare, kind, &[], &format!("a method that is not offered ({method})"), report).await;
            } else if !required.is_empty() {
                self.is_refused(&bare, ErrorKind::InvalidRequest, required, &format!("a request without any field ({method})"), report).await;
            }
        }
        let support = capabilities.methods().iter().find(|support| support.method() == complete.method());
        let takes_scope = support.is_some_and(|support| [support.required(), support.optional()].concat().contains(&Field::Scope));
        if !takes_scope {
            let scoped = complete.with_scope("add:authenticators");
            self.is_refused(&scoped, ErrorKind::InvalidRequest, &[Field::Scope], "a scope that the provider does not take", report).await;
        }
    }

    /// Check and create must refuse a request alike, and nothing may leave.
    async fn is_refused(&self, request: &ChallengeRequest, kind: ErrorKind, fields: &[Field], what: &str, report: &mut Report) {
        let before = self.calls.as_ref().map(|calls| calls());
        let (checked, created) = (self.provider.check(request).err(), self.provider.create(request).await.err());
        let after = self.calls.as_ref().map(|calls| calls());
        report.expect(&format!("{what} is refused without a call"), before == after);
        let (Some(checked), Some(created)) = (checked, created) else {
            return report.fail(format!("{what} is refused by check and by create"));
        };
        report.expect(&format!("check and create refuse {what} alike"), summary(&checked) == summary(&created));
        // A provider may count a scope that it does not take as something it does not offer.
        let is_kind = created.kind() == kind || (fields == [Field::Scope] && created.kind() == ErrorKind::Unsupported);
        report.expect(&format!("{what} is the error {}, not sent", kind.as_str()), is_kind && created.send_state() == SendState::NotSent);
        for field in fields {
            let is_named = created.violations().iter().any(|violation| violation.field() == Some(*field));
            report.expect(&format!("the refusal of {what} names {field}"), is_named);
        }
    }

    async fn verifies(&self, report: &mut Report) {
        let Some((right, wrong)) = &self.answers else { return };
        let challenge = match self.provider.create(&(self.request)()).await {
            Ok(challenge) => challenge,
            Err(error) => return report.fail(format!("create accepts a second request, but: {error}")),
        };
        let handle = challenge.handle();
        let is_verified = |result: &Result<Verification, Error>| matches!(result, Ok(Verification::Verified(_)));
        match self.provider.verify(handle, &wrong(&challenge)).await {
            Ok(Verification::Rejected(_)) => report.expect("a wrong answer is rejected", true),
            Ok(Verification::Verified(_)) => report.fail("a wrong answer is rejected, but it is verified".into()),
            Err(error) => report.fail(format!("a wrong answer is rejected, but: {error}")),
        }
        let answer = right(&challenge);
        match self.provider.verify(handle, &answer).await {
            Ok(Verification::Verified(verified)) => report.expect("the proof has the method of the challenge", verified.method() == challenge.method()),
            Ok(Verification::Rejected(no)) => report.fail(format!("the right answer is verified after a wrong one, but: {}", no.reason().as_str())),
            Err(error) => report.fail(format!("the right answer is verified after a wrong one, but: {error}")),
        }
        report.expect("an answer is good once", !is_verified(&self.provider.verify(handle, &answer).await));
    }

    async fn minds_its_own_handles(&self, report: &mut Report) {
        let before = self.calls.as_ref().map(|calls| calls());
        let foreign = ChallengeHandle::new(ProviderId::new("a-provider-that-nobody-has"), (self.request)().method(), "1").with_user_id("1");
        let error = self.provider.verify(&foreign, &Answer::code("123456")).await.err();
        let is_refused = error.is_some_and(|error| error.kind() == ErrorKind::Handle && error.send_state() == SendState::NotSent);
        report.expect("another provider's handle is the error handle, not sent", is_refused);
        report.expect("another provider's handle makes no call", before == self.calls.as_ref().map(|calls| calls()));
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("provider", &self.provider).finish_non_exhaustive()
    }
}

/// Tells what the checks found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    checks: usize,
    failures: Vec<String>,
}

impl Report {
    /// Counts what was checked.
    pub fn checks(&self) -> usize {
        self.checks
    }

    /// Lists what the provider does not do and must.
    pub fn failures(&self) -> &[String] {
        &self.failures
    }

    /// Asserts that the provider passed.
    ///
    /// # Panics
    ///
    /// Where it did not; the message lists everything that it does not do.
    #[track_caller]
    pub fn assert_passed(&self) {
        assert!(self.failures.is_empty(), "expected of every provider, but not so here:\n- {}", self.failures.join("\n- "));
    }

    fn expect(&mut self, what: &str, is_so: bool) {
        self.checks += 1;
        if !is_so {
            self.failures.push(what.to_owned());
        }
    }

    fn fail(&mut self, what: String) {
        self.checks += 1;
        self.failures.push(what);
    }
}

/// Gives what two refusals have to have in common.
fn summary(error: &Error) -> (ErrorKind, SendState, Vec<String>) {
    (error.kind(), error.send_state(), error.violations().iter().map(ToString::to_string).collect())
}
