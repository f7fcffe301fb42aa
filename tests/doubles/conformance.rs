//! The suite that every provider must pass, on every vendor, on a scripted provider and on providers that break a promise.

use auth_challenge::{
    Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeRequest, Error, Method, MethodSupport, ProviderId, Verification,
    Verified, async_trait,
    testing::{Double, DoubleEntry, conformance::Subject},
};

async fn conforms(vendor: &str) {
    let double = Double::start(vendor).await;
    let [people, right, wrong, calls] = [(); 4].map(|()| double.clone());
    let subject = Subject::new(double.provider(), move || people.person("jane@doe.com"))
        .with_answers(move |challenge| right.right_answer(challenge), move |challenge| wrong.wrong_answer(challenge))
        .with_call_count(move || calls.requests().len());
    let report = subject.check().await;
    report.assert_passed();
    assert!(report.checks() > 20, "{}", report.checks());
    double.violations().assert_none();
}

#[tokio::test]
async fn every_vendor_conforms() {
    for entry in DoubleEntry::ALL {
        conforms(entry.name()).await;
    }
}

/// A provider that checks nothing and believes everything.
#[derive(Debug)]
struct Careless(Capabilities);

#[async_trait]
impl ChallengeProvider for Careless {
    fn id(&self) -> ProviderId {
        ProviderId::CORBADO
    }

    fn capabilities(&self) -> Capabilities {
        self.0.clone()
    }

    async fn create_with(&self, _: &ChallengeRequest, _: &CallOptions) -> Result<Challenge, Error> {
        Ok(Challenge::new(ChallengeHandle::new(ProviderId::DFNS, Method::SmsOtp, "1")))
    }

    async fn verify_with(&self, handle: &ChallengeHandle, _: &Answer, _: &CallOptions) -> Result<Verification, Error> {
        Ok(Verified::new(handle.method()).into())
    }
}

#[tokio::test]
async fn a_careless_provider_is_told_everything_that_it_does_wrong() {
    let provider = Careless(Capabilities::new(vec![MethodSupport::new(Method::EmailOtp, vec![auth_challenge::Field::To], vec![])]));
    let subject = Subject::new(provider, || ChallengeRequest::email_otp("jane@doe.com")).with_answers(|_| Answer::code("1"), |_| Answer::code("2"));
    let report = subject.check().await;
    for expected in [
        "a challenge names its provider",
        "a challenge has the method that was asked for",
        "a request without any field (email_otp) is refused by check and by create",
        "a method that is not offered (sms_otp) is refused by check and by create",
        "a wrong answer is rejected, but it is verified",
        "an answer is good once",
        "another provider's handle is the error handle, not sent",
    ] {
        assert!(report.failures().iter().any(|failure| failure == expected), "{expected} in {:#?}", report.failures());
    }
}
