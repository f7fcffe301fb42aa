//! Ids in a path: each arrives as one segment, and none climbs.

mod support;

#[cfg(feature = "corbado")]
use auth_challenge::{ChallengeHandle, ErrorKind};
use auth_challenge::{ChallengeProviderExt, SendState};
#[cfg(feature = "corbado")]
use serde_json::json;
use support::{Server, vendors};

#[tokio::test]
async fn no_id_of_a_handle_leads_an_answer_elsewhere() {
    for vendor in vendors::all() {
        let (usual, handle) = ((vendor.verify.sent)().path, (vendor.verify.handle)());
        for member in ["challenge_id", "user_id"].into_iter().filter(|member| handle[member].is_string()) {
            for odd in [".", "..", "a\\b", "../x", "a/b", "a?b#c", "%2e%2e"] {
                let server = Server::answering(200, &[], &vendor.verified().to_string()).await;
                let outcome = vendor.provider(server.address).verify(&vendor.handle_with(member, odd.into()), &vendor.answer()).await;
                let Some(seen) = server.requests().into_iter().next() else {
                    let error = outcome.expect_err("nothing was sent");
                    assert_eq!(error.send_state(), SendState::NotSent, "{vendor:?} {member} {odd}: {error}");
                    continue;
                };
                let others = |path: &str| path.split('/').filter(|segment| Some(*segment) != handle[member].as_str()).count();
                let [usual_parts, seen_parts] =
                    [usual.as_str(), seen.path.as_str()].map(|path| path.split(['/', '?', '#']).map(str::to_owned).collect::<Vec<_>>());
                assert_eq!(usual_parts.len(), seen_parts.len(), "{vendor:?} {member} {odd}: {}", seen.path);
                let same = usual_parts.iter().zip(&seen_parts).filter(|(usual, seen)| usual == seen).count();
                assert_eq!(same, others(&usual), "{vendor:?} {member} {odd}: {}", seen.path);
            }
        }
    }
}

#[cfg(feature = "corbado")]
#[tokio::test]
async fn every_id_arrives_as_one_segment_of_the_path() {
    let corbado = vendors::get("corbado");
    for (id, segment) in [("usr-1/ä ?x=%41", "usr-1%2F%C3%A4%20%3Fx=%2541"), ("../../admin", "..%2F..%2Fadmin"), ("usr-1#a", "usr-1%23a"), ("...", "...")] {
        let server = Server::answering(200, &[], &corbado.created().to_string()).await;
        corbado.provider(server.address).create(&corbado.request().with_user_id(id)).await.expect("a challenge");
        assert_eq!(server.only_request().path, format!("/v2/users/{segment}/challenges"), "{id}");
    }
}

#[cfg(feature = "corbado")]
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
