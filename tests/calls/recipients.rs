//! A message goes to one recipient, and whoever it is counts as one, whatever way the address is written.

use std::sync::Arc;

use auth_challenge::{
    Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeProviderExt, ChallengeRequest, Error, ErrorKind, Field, Guarded,
    Limits, LocalGuard, Method, ProviderId, SendState, Verification, testing::Scripted,
};

use crate::support::{
    Server,
    guards::rate,
    vendors::{self, Vendor},
};

/// Texts that are no bare e-mail address, or more than one.
const NO_ADDRESSES: [&str; 16] = [
    "victim@x.com,b@y.com",
    "victim@x.com;b@y.com",
    "victim@x.com b@y.com",
    "victim@x.com\r\nbcc:b@y.com",
    "victim@x.com\0",
    "victim@x.com.",
    "\"victim\"@x.com",
    "victim(1)@x.com",
    "victim@x.com(1)",
    "<victim@x.com>",
    "Jane <victim@x.com>",
    "vic\u{200b}tim@x.com",
    "victim@x\u{200d}.com",
    "\u{feff}victim@x.com",
    "vic\u{202e}tim@x.com",
    "victim\u{ff20}x.com",
];

/// Texts that are no phone number in E.164 form, or more than one.
const NO_NUMBERS: [&str; 8] = [
    "+64270000000,+64270000001",
    "+64270000000;+64270000001",
    "+64 27 000 0000",
    "+6427000\u{200b}0000",
    "+６４270000000",
    "0064270000000",
    "tel:+64270000000",
    "+6427000\n0000",
];

/// What else counts as `victim@x.com`, and is sent as it is.
const OTHER_SPELLINGS: [&str; 5] = ["Victim@X.com", "victim+1@x.com", "victim+2+3@x.com", "victim@ｘ.com", "VICTIM+a@ｘ.ｃｏｍ"];

fn request_to(vendor: &Vendor, fits: fn(Method) -> bool) -> Option<ChallengeRequest> {
    (vendor.create.rows)().into_iter().map(|row| row.request).find(|request| fits(request.method()))
}

#[tokio::test]
async fn what_is_not_one_bare_recipient_is_refused_by_every_vendor_before_sending() {
    for vendor in vendors::all_with_messages() {
        let server = Server::answering(200, &[], &vendor.created().to_string()).await;
        let provider = vendor.provider(server.address);
        for (fits, bad) in [(Method::is_to_email as fn(Method) -> bool, &NO_ADDRESSES[..]), (Method::is_to_phone, &NO_NUMBERS)] {
            let request = request_to(vendor, fits).expect("a request of this sort");
            for text in bad {
                let error = provider.create(&request.clone().with_recipient(*text)).await.expect_err("refused");
                assert_eq!((error.kind(), error.send_state()), (ErrorKind::InvalidRequest, SendState::NotSent), "{vendor:?} {text:?}");
                let violations: Vec<_> = error.violations().iter().map(|violation| (violation.field(), violation.message().contains("expected one"))).collect();
                assert_eq!(violations, [(Some(Field::To), true)], "{vendor:?} {text:?}");
                assert!(!format!("{error} {error:?}").contains("victim"), "{vendor:?} {text:?}");
            }
        }
        assert_eq!(server.connections(), 0, "{vendor:?}");
    }
}

#[tokio::test]
async fn an_address_is_sent_as_it_was_given() {
    for vendor in vendors::all_with_messages() {
        for text in OTHER_SPELLINGS {
            let request = request_to(vendor, Method::is_to_email).expect("a request to an e-mail address").with_recipient(text);
            let server = Server::answering(200, &[], &(vendor.create.reply)(request.method()).to_string()).await;
            vendor.provider(server.address).create(&request).await.expect("a challenge");
            let sent = server.only_request().content();
            assert!(sent.as_object().is_some_and(|members| members.values().any(|member| member == text)), "{vendor:?} {text} {sent}");
        }
    }
}

/// A provider that sends to any text.
#[derive(Debug)]
struct Unchecked(Scripted);

#[auth_challenge::async_trait]
impl ChallengeProvider for Unchecked {
    fn id(&self) -> ProviderId {
        self.0.id()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn check(&self, _: &ChallengeRequest) -> Result<Vec<Field>, Error> {
        Ok(Vec::new())
    }

    async fn create_with(&self, _: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        self.0.create_with(&ChallengeRequest::email_otp("jane@doe.com"), options).await
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        self.0.verify_with(handle, answer, options).await
    }
}

#[tokio::test]
async fn all_spellings_of_a_recipient_use_up_one_limit_whoever_sends() {
    // A list is somebody else, too: no provider of this crate takes one.
    let addresses = NO_ADDRESSES.iter().skip(4).chain(&OTHER_SPELLINGS);
    for (first, others) in [("victim@x.com", addresses.copied().collect::<Vec<_>>()), ("+64270000000", NO_NUMBERS[2..].to_vec())] {
        for other in others {
            let guard = LocalGuard::new(Limits::new().with_per_recipient(rate("1 per 1h")));
            let guarded = Guarded::new(Arc::new(Unchecked(Scripted::named("first"))), Arc::new(guard));
            let to = |text: &str| ChallengeRequest::new(if first.contains('@') { Method::EmailOtp } else { Method::SmsOtp }).with_recipient(text);
            guarded.create(&to(first)).await.expect("the first");
            let outcome = guarded.create(&to(other)).await.map(drop).map_err(|error| error.kind());
            assert_eq!(outcome, Err(ErrorKind::Throttled), "{other:?}");
        }
    }
}

#[tokio::test]
async fn every_spelling_that_a_vendor_takes_uses_up_the_limit_of_one_recipient() {
    for vendor in vendors::all_with_messages() {
        let request = request_to(vendor, Method::is_to_email).expect("a request to an e-mail address");
        let server = Server::answering(200, &[], &(vendor.create.reply)(request.method()).to_string()).await;
        let guard = LocalGuard::new(Limits::new().with_per_recipient(rate("1 per 1h")));
        let guarded = Guarded::new(vendor.provider(server.address), Arc::new(guard));
        guarded.create(&request.clone().with_recipient("victim@x.com")).await.expect("the first");
        for text in NO_ADDRESSES.iter().chain(&OTHER_SPELLINGS) {
            guarded.create(&request.clone().with_recipient(*text)).await.expect_err("refused or throttled");
        }
        assert_eq!(server.requests().len(), 1, "{vendor:?}");
    }
}
