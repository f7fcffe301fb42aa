//! What a vendor would refuse is refused before anything is sent, every field in one error.

use auth_challenge::{ChallengeProviderExt, ChallengeRequest, Error, ErrorKind, Field, Method, SendState};

use crate::support::{Server, client, vendors};

/// The fields that an error names, as we and as the vendor call them.
fn named(error: &Error) -> Vec<(&str, &str)> {
    let names = error.violations().iter().map(|violation| (violation.field().map_or("", Field::as_str), violation.vendor_field().unwrap_or_default()));
    names.collect()
}

#[tokio::test]
async fn every_missing_or_malformed_field_is_named_and_nothing_is_sent() {
    for vendor in vendors::all() {
        let server = Server::answering(200, &[], &vendor.created().to_string()).await;
        let provider = vendor.provider(server.address);
        for (request, fields) in (vendor.create.incomplete)() {
            let error = provider.create(&request).await.expect_err("refused");
            let told = (error.kind(), error.send_state(), named(&error));
            assert_eq!(told, (ErrorKind::InvalidRequest, SendState::NotSent, fields.to_vec()), "{vendor:?} {error}");
            assert_eq!(named(&provider.check(&request).expect_err("refused by check too")), fields);
        }
        assert_eq!(server.connections(), 0);
    }
}

#[tokio::test]
async fn a_typed_request_that_lacks_what_its_operation_needs_is_refused_before_sending() {
    let server = Server::answering(200, &[], "{}").await;
    for vendor in vendors::all() {
        for (call, fields) in vendor.typed.iter().flat_map(|typed| typed.incomplete) {
            let error = call(client(), format!("http://{}", server.address)).await.expect_err("refused");
            assert_eq!((error.kind(), error.send_state(), named(&error)), (ErrorKind::InvalidRequest, SendState::NotSent, fields.to_vec()), "{vendor:?}");
        }
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_method_that_the_vendor_lacks_is_unsupported() {
    for vendor in vendors::all() {
        let server = Server::answering(200, &[], "").await;
        let provider = vendor.provider(server.address);
        for method in Method::ALL {
            let is_offered = vendor.offers.contains(&method);
            assert_eq!(provider.capabilities().supports(method), is_offered, "{vendor:?} {method}");
            if !is_offered {
                let error = provider.create(&ChallengeRequest::new(method).with_recipient("jane@doe.com").with_scope("x")).await.expect_err("unsupported");
                assert_eq!((error.kind(), error.send_state(), error.operation()), (ErrorKind::Unsupported, SendState::NotSent, Some("create")));
            }
        }
        assert_eq!(server.connections(), 0);
    }
}

#[tokio::test]
async fn fields_that_a_vendor_does_not_take_are_ignored_and_listed() {
    for vendor in vendors::all() {
        for row in (vendor.create.rows)() {
            let server = Server::answering(200, &[], &(vendor.create.reply)(row.request.method()).to_string()).await;
            let provider = vendor.provider(server.address);
            assert_eq!(provider.check(&row.request).expect("fine"), row.ignored, "{vendor:?} {:?}", row.request);
            assert_eq!(provider.create(&row.request).await.expect("a challenge").ignored(), row.ignored, "{vendor:?} {:?}", row.request);
        }
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_right_is_refused_before_sending() {
    for vendor in vendors::all() {
        let server = Server::answering(200, &[], &vendor.verified().to_string()).await;
        let provider = vendor.provider(server.address);
        for answer in (vendor.verify.misfits)() {
            let error = provider.verify(&vendor.handle(), &answer).await.expect_err("refused");
            assert_eq!((error.kind(), error.send_state(), error.operation()), (ErrorKind::InvalidRequest, SendState::NotSent, Some("verify")), "{vendor:?}");
        }
        assert_eq!(server.connections(), 0);
    }
}
