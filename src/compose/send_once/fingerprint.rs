//! What makes a request the same one.

use crate::model::{ChallengeHandle, ChallengeRequest, Secret};

/// Lists what a create is about, in a fixed order; not who asks, which may change between two tries.
pub(super) fn of_create(request: &ChallengeRequest) -> Vec<String> {
    let text = |part: Option<&str>| part.map(|part| format!("={part}")).unwrap_or_default();
    let mut parts = vec![
        "create".to_owned(),
        request.method().to_string(),
        text(request.recipient()),
        text(request.code().map(Secret::expose)),
        text(request.user_id()),
        text(request.action()),
        text(request.action_key()),
        text(request.locale()),
        text(request.lifetime().map(|lifetime| lifetime.as_nanos().to_string()).as_deref()),
        text(request.scope()),
        serde_json::to_string(request.metadata()).unwrap_or_default(),
    ];
    for (provider, id) in request.user_ids() {
        parts.extend([provider.to_string(), id.to_owned()]);
    }
    parts
}

/// Lists what a resend is about.
pub(super) fn of_resend(handle: &ChallengeHandle) -> Vec<String> {
    vec!["resend".to_owned(), handle.provider().to_string(), handle.method().to_string(), handle.challenge_id().expose().to_owned()]
}
