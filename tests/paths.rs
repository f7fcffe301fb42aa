//! Ids in a path: each arrives as one segment, and none climbs.

#![cfg(feature = "corbado")]

mod support;

use auth_challenge::{ChallengeHandle, ChallengeProviderExt, ErrorKind, SendState};
use serde_json::json;
use support::{Server, vendors};

#[tokio::test]
async fn every_id_arrives_as_one_segment_of_the_path() {
    let corbado = vendors::get("corbado");
    for (id, segment) in [("usr-1/ä ?x=%41", "usr-1%2F%C3%A4%20%3Fx=%2541"), ("../../admin", "..%2F..%2Fadmin"), ("usr-1#a", "usr-1%23a"), ("...", "...")] {
        let server = Server::answering(200, &[], &corbado.created().to_string()).await;
        corbado.provider(server.address).create(&corbado.request().with_user_id(id)).await.expect("a challenge");
        assert_eq!(server.only_request().path, format!("/v2/users/{segment}/challenges"), "{id}");
    }
}

#[tokio::test]
async fn an_id_that_would_climb_the_path_is_refused_before_any_io() {
    let corbado = vendors::get("corbado");
    let server = Server::answering(200, &[], &corbado.verified().to_string()).await;
    let provider = corbado.provider(server.address);
    for (user_id, challenge_id) in [("", "id"), (".", "id"), ("..", "id"), ("usr-1", "."), ("usr-1", "..")] {
        let handle = json!({ "v": 1, "provider": "corbado", "method": "email_otp", "challenge_id": challenge_id, "user_id": user_id });
        let handle: ChallengeHandle = serde_json::from_value(handle).expect("a handle");
        let error = provider.verify(&handle, &corbado.answer()).await.expect_err("it climbs");
        assert_eq!(error.send_state(), SendState::NotSent, "{user_id:?} {challenge_id:?}");
    }
    // Such a one can only be made by hand.
    let unnamed = ChallengeHandle::new(auth_challenge::ProviderId::CORBADO, auth_challenge::Method::EmailOtp, "").with_user_id("usr-1");
    assert_eq!(provider.verify(&unnamed, &corbado.answer()).await.expect_err("it climbs").send_state(), SendState::NotSent);
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_handle_that_names_no_user_is_refused_by_the_vendor_that_needs_one() {
    let corbado = vendors::get("corbado");
    let server = Server::answering(200, &[], &corbado.verified().to_string()).await;
    let handle = corbado.handle_with("user_id", json!(null));
    let error = corbado.provider(server.address).verify(&handle, &corbado.answer()).await.expect_err("whose challenge?");
    assert_eq!((error.kind(), error.send_state()), (ErrorKind::Handle, SendState::NotSent));
    assert_eq!(server.connections(), 0);
}
