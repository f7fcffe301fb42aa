//! What a vendor would refuse is refused before anything is sent, every field in one error.

#![cfg(all(feature = "corbado", feature = "authsignal", feature = "dfns"))]

mod support;

use std::time::Duration;

use auth_challenge::{Answer, ChallengeProviderExt, ChallengeRequest, ClientContext, CredentialKind, Error, ErrorKind, Field, Method, SendState};
use support::{Server, Vendor};

fn client() -> ClientContext {
    ClientContext::new([203, 0, 113, 7]).user_agent("Mozilla/5.0")
}

fn named(error: &Error) -> Vec<&str> {
    error.violations().iter().filter_map(|violation| violation.field()).collect()
}

#[tokio::test]
async fn every_missing_or_malformed_field_is_named_and_nothing_is_sent() {
    use Vendor::*;
    let corbado = || ChallengeRequest::email_otp("jane@doe.com").user_id("usr-1").client(client());
    let authsignal = || ChallengeRequest::sms_otp("+64270000000").action("signIn");
    let cases: Vec<(Vendor, ChallengeRequest, &[&str])> = vec![
        (Corbado, ChallengeRequest::email_otp("jane@doe.com"), &["user_id", "ip", "user_agent"]),
        (Corbado, ChallengeRequest::new(Method::SmsOtp), &["to", "user_id", "ip", "user_agent"]),
        (Corbado, ChallengeRequest::email_otp("jane").client(ClientContext::new([127, 0, 0, 1])), &["user_id", "user_agent", "to"]),
        (Corbado, corbado().to("@doe.com"), &["to"]),
        (Corbado, corbado().user_id(""), &["user_id"]),
        (Corbado, corbado().user_id("."), &["user_id"]),
        (Corbado, corbado().user_id(".."), &["user_id"]),
        (Corbado, corbado().user_id("a\\b"), &["user_id"]),
        (Corbado, corbado().lifetime(Duration::ZERO), &["lifetime"]),
        (Corbado, corbado().lifetime(Duration::from_millis(1500)), &["lifetime"]),
        (Corbado, corbado().lifetime(Duration::MAX), &["lifetime"]),
        (Corbado, corbado().scope("add:authenticators"), &["scope"]),
        (Corbado, corbado().client(client().user_agent("")), &["user_agent"]),
        (Authsignal, ChallengeRequest::sms_otp("0641234"), &["action", "to"]),
        (Authsignal, authsignal().to("jane@doe.com"), &["to"]),
        (Authsignal, authsignal().to(""), &["to"]),
        (Authsignal, authsignal().action(""), &["action"]),
        (Authsignal, authsignal().scope("remove:everything"), &["scope"]),
        (Authsignal, authsignal().user_id(""), &["user_id"]),
        (Authsignal, authsignal().client(ClientContext::default().device_id("")), &["device_id"]),
        (Dfns, ChallengeRequest::new(Method::Credential(CredentialKind::Key)), &["code"]),
        (Dfns, ChallengeRequest::credential(CredentialKind::Key, ""), &["code"]),
        (Dfns, ChallengeRequest::credential(CredentialKind::Key, "c").scope("add:authenticators"), &["scope"]),
    ];
    for (vendor, request, fields) in cases {
        let server = Server::answering(200, &[], &vendor.created().to_string()).await;
        let provider = vendor.provider(server.address);
        let error = provider.create(&request).await.expect_err("refused");
        assert_eq!((error.kind(), error.send_state(), named(&error)), (ErrorKind::InvalidRequest, SendState::NotSent, fields.to_vec()), "{vendor:?} {error}");
        assert_eq!(named(&provider.check(&request).expect_err("refused by check too")), fields);
        assert_eq!(server.connections(), 0);
    }
}

#[tokio::test]
async fn a_method_that_the_vendor_lacks_is_unsupported() {
    let methods = [Method::EmailOtp, Method::EmailLink, Method::SmsOtp, Method::WhatsAppOtp, Method::Credential(CredentialKind::Fido2)];
    let table = [
        (Vendor::Corbado, [true, true, true, false, false]),
        (Vendor::Authsignal, [true, false, true, true, false]),
        (Vendor::Dfns, [false, false, false, false, true]),
    ];
    for (vendor, offered) in table {
        let server = Server::answering(200, &[], "").await;
        let provider = vendor.provider(server.address);
        for (method, offered) in methods.into_iter().zip(offered) {
            assert_eq!(provider.capabilities().supports(method), offered, "{vendor:?} {method}");
            if !offered {
                let error = provider.create(&ChallengeRequest::new(method).to("jane@doe.com").scope("x")).await.expect_err("unsupported");
                assert_eq!((error.kind(), error.send_state(), error.operation()), (ErrorKind::Unsupported, SendState::NotSent, Some("create")));
            }
        }
        assert_eq!(server.connections(), 0);
    }
}

#[tokio::test]
async fn fields_that_a_vendor_does_not_take_are_ignored_and_listed() {
    let everything = |request: ChallengeRequest| {
        request.user_id("usr-1").action("signIn").action_key("k").locale("en").lifetime(Duration::from_secs(60)).client(client().device_id("d"))
    };
    let cases: [(Vendor, ChallengeRequest, &[Field]); 3] = [
        (Vendor::Corbado, ChallengeRequest::sms_otp("+64270000000"), &[Field::Action, Field::ActionKey, Field::DeviceId, Field::Locale]),
        (Vendor::Authsignal, ChallengeRequest::sms_otp("+64270000000"), &[Field::Lifetime]),
        (
            Vendor::Dfns,
            ChallengeRequest::credential(CredentialKind::Key, "c"),
            &[Field::UserId, Field::Action, Field::ActionKey, Field::Ip, Field::UserAgent, Field::DeviceId, Field::Locale, Field::Lifetime],
        ),
    ];
    for (vendor, request, ignored) in cases {
        let request = everything(request);
        let server = Server::answering(200, &[], &vendor.created().to_string()).await;
        let provider = vendor.provider(server.address);
        assert_eq!(provider.check(&request).expect("fine"), ignored);
        assert_eq!(provider.create(&request).await.expect("a challenge").ignored(), ignored, "{vendor:?}");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_right_is_refused_before_sending() {
    for vendor in Vendor::ALL {
        let server = Server::answering(200, &[], &vendor.verified().to_string()).await;
        let provider = vendor.provider(server.address);
        let wrong = match vendor {
            Vendor::Dfns => [Answer::code("123456"), Answer::code("")],
            _ => [Answer::code(" "), Vendor::Dfns.answer()],
        };
        for answer in wrong {
            let error = provider.verify(&vendor.handle(), &answer).await.expect_err("refused");
            assert_eq!((error.kind(), error.send_state(), error.operation()), (ErrorKind::InvalidRequest, SendState::NotSent, Some("verify")), "{vendor:?}");
        }
        assert_eq!(server.connections(), 0);
    }
}

#[tokio::test]
async fn what_a_vendor_does_not_take_may_be_malformed() {
    let request = Vendor::Authsignal.request().lifetime(Duration::from_millis(1500)).client(ClientContext::default().user_agent(""));
    let server = Server::answering(200, &[], &Vendor::Authsignal.created().to_string()).await;
    let challenge = Vendor::Authsignal.provider(server.address).create(&request).await.expect("a challenge");
    assert_eq!(challenge.ignored(), [Field::Lifetime]);
    assert_eq!(server.only_request().json().get("userAgent"), None);
}
