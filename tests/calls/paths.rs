//! Ids in a path: each arrives as one segment, and none climbs.

#[cfg(feature = "corbado")]
use auth_challenge::{ChallengeHandle, ErrorKind};
use auth_challenge::{ChallengeProviderExt, Field, SendState, Violation};
#[cfg(feature = "corbado")]
use serde_json::json;

use crate::support::{Server, canaries::assert_silent_error, vendors};

/// Ids that could lead elsewhere, at the vendor or at a gateway that undoes their encoding.
const ODD: [&str; 11] = [" ", "\u{3000}", ".", "..", "canary/7", "../canary", "canary\\7", "/", "canary\n7", "canary\0", "\u{85}canary"];

#[tokio::test]
async fn no_id_of_a_handle_leads_an_answer_elsewhere() {
    for vendor in vendors::all() {
        let (usual, handle) = ((vendor.verify.sent)().path, (vendor.verify.handle)());
        let server = Server::answering(200, &[], &vendor.verified().to_string()).await;
        let provider = vendor.provider(server.address);
        for (member, field) in [("challenge_id", Field::ChallengeId), ("user_id", Field::UserId)] {
            let Some(id) = handle[member].as_str() else { continue };
            let is_in_path = usual.split('/').any(|segment| segment == id);
            for odd in ODD {
                let before = server.requests().len();
                let outcome = provider.verify(&vendor.handle_with(member, odd.into()), &vendor.answer()).await;
                let seen = server.requests().into_iter().nth(before);
                match seen {
                    Some(seen) => assert!(!is_in_path && seen.path == usual, "{vendor:?} {member} {odd:?}: {}", seen.path),
                    None => {
                        let error = outcome.expect_err("nothing was sent");
                        assert_eq!(error.send_state(), SendState::NotSent, "{vendor:?} {member} {odd:?}: {error}");
                        assert_silent_error("an odd id", &error);
                        let fields: Vec<_> = error.violations().iter().map(Violation::field).collect();
                        assert!(!is_in_path || fields == [Some(field)], "{vendor:?} {member} {odd:?}: {error:?}");
                    }
                }
            }
        }
    }
}

#[cfg(feature = "corbado")]
#[tokio::test]
async fn every_id_arrives_as_one_segment_of_the_path() {
    let corbado = vendors::get("corbado");
    for (id, segment) in [("usr-1ä ?x=%41", "usr-1%C3%A4%20%3Fx=%2541"), ("usr%2F1", "usr%252F1"), ("usr-1#a", "usr-1%23a"), ("...", "...")] {
        let server = Server::answering(200, &[], &corbado.created().to_string()).await;
        corbado.provider(server.address).create(&corbado.request().with_user_id(id)).await.expect("a challenge");
        assert_eq!(server.only_request().path, format!("/v2/users/{segment}/challenges"), "{id}");
    }
}

#[cfg(feature = "corbado")]
#[tokio::test]
async fn an_id_that_would_not_stay_one_segment_is_refused_before_any_io() {
    let corbado = vendors::get("corbado");
    let server = Server::answering(200, &[], &corbado.created().to_string()).await;
    let provider = corbado.provider(server.address);
    for odd in ODD {
        let error = provider.create(&corbado.request().with_user_id(odd)).await.expect_err("it climbs");
        let told: Vec<_> = error.violations().iter().map(|violation| (violation.field(), violation.vendor_field())).collect();
        assert_eq!((error.send_state(), told), (SendState::NotSent, vec![(Some(Field::UserId), Some("userID"))]), "{odd:?}: {error}");
        assert_silent_error("an odd id", &error);
    }
    // Such a one can only be made by hand.
    for (challenge_id, user_id) in [("", "usr-1"), ("id", "")] {
        let unnamed = ChallengeHandle::new(auth_challenge::ProviderId::CORBADO, auth_challenge::Method::EmailOtp, challenge_id).with_user_id(user_id);
        assert_eq!(provider.verify(&unnamed, &corbado.answer()).await.expect_err("it climbs").send_state(), SendState::NotSent);
    }
    assert_eq!(server.connections(), 0);
}

#[cfg(feature = "twilio")]
#[tokio::test]
async fn an_id_of_a_typed_operation_is_refused_before_any_io() {
    let twilio = vendors::get("twilio");
    let server = Server::answering(200, &[], &twilio.created().to_string()).await;
    let config = auth_challenge::twilio::TwilioConfig::new("ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "token", "VAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    let config = config.with_base_url(&format!("http://{}", server.address)).expect("loopback");
    let twilio = auth_challenge::twilio::Twilio::new(&config, crate::support::client()).expect("a client");
    for odd in ODD {
        let error = twilio.fetch_verification(odd).await.expect_err("it climbs");
        let told: Vec<_> = error.violations().iter().map(|violation| (violation.field(), violation.vendor_field())).collect();
        assert_eq!((error.send_state(), told), (SendState::NotSent, vec![(Some(Field::ChallengeId), Some("Sid"))]), "{odd:?}: {error}");
        assert_silent_error("an odd id", &error);
    }
    assert_eq!(server.connections(), 0);
}

#[cfg(feature = "corbado")]
#[tokio::test]
async fn a_handle_that_names_no_user_is_refused_by_the_vendor_that_needs_one() {
    let corbado = vendors::get("corbado");
    let server = Server::answering(200, &[], &corbado.verified().to_string()).await;
    let handle = corbado.handle_with("user_id", json!(null));
    let error = corbado.provider(server.address).verify(&handle, &corbado.answer()).await.expect_err("whose challenge?");
    assert_eq!((error.kind(), error.send_state()), (ErrorKind::Handle, SendState::NotSent));
    assert_eq!(server.connections(), 0);
}
