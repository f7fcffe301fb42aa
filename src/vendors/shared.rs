//! What the conversions and configs of several vendors have in common.

use std::pin::Pin;

use serde_json::Value;

use crate::{
    model::{Challenge, ChallengeHandle, Error, ErrorKind, Method, Personal, ProviderId, Reason, Rejected, RequestId, Verification, Verified},
    telemetry::Call,
    transport::Failure,
};

/// Says what is wrong with a reply whose ids are empty.
pub(super) const NO_ID: &str = "the reply names no challenge";

/// Says what is wrong with a reply to an answer that is about something else.
pub(super) const ANOTHER: &str = "the reply is about another challenge than the one that was answered";

/// Proves what a reply says: a method, and the recipient in that method's own member, where it can be one of that method's.
pub(super) fn proof(method: Method, recipient: Option<&Personal>, request_id: Option<RequestId>) -> Verified {
    let verified = Verified::new(method).with_vendors_request_id(request_id);
    let is_address = |text: &str| text.contains('@');
    let is_of_the_method = |text: &str| if method.is_to_email() { is_address(text) } else { !text.trim().is_empty() && !is_address(text) };
    match recipient.filter(|recipient| is_of_the_method(recipient.as_str())) {
        Some(recipient) => verified.with_recipient(recipient.clone()),
        None => verified,
    }
}

/// Stamps what a call of a provider fails with, where it leaves the crate.
pub(super) fn stamped<T>(provider: &ProviderId, operation: &'static str, outcome: Result<T, Error>) -> Result<T, Error> {
    outcome.map_err(|error| error.at(provider, operation))
}

/// Makes a call of a provider that sends: within its span, and stamped.
pub(super) async fn sent(
    provider: &ProviderId,
    call: Call<'_>,
    send: Pin<&mut (impl Future<Output = Result<Challenge, Error>> + Send)>,
) -> Result<Challenge, Error> {
    call.observe(|| async { stamped(provider, call.operation(), send.await) }).await
}

/// Makes a check of an answer as [`sent`] does a send, and tells its outcome.
pub(super) async fn judged(
    provider: &ProviderId,
    handle: &ChallengeHandle,
    check: Pin<&mut (impl Future<Output = Result<Verification, Error>> + Send)>,
) -> Result<Verification, Error> {
    let call = Call::verify(handle);
    let told = || async {
        let outcome = stamped(provider, call.operation(), check.await);
        match &outcome {
            Ok(Verification::Verified(proof)) => tracing::info!(%provider, method = %proof.method(), request_id = proof.request_id(), "answer verified"),
            Ok(Verification::Rejected(no)) => tracing::info!(%provider, reason = no.reason().as_str(), request_id = no.request_id(), "answer rejected"),
            // The call itself was no failure to its layer: it cannot tell this from a challenge that is over.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                tracing::warn!(%provider, request_id = error.request_id(), "the vendor does not know the challenge of an answer");
            }
            Err(_) => {}
        }
        outcome
    };
    call.observe(told).await
}

/// Gives a member's text, unless it is empty.
pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Turns a failed check of an answer into a rejection, where the vendor means one, or into the error. A challenge that the vendor does not
/// know is expired where its expiry is past.
pub(super) fn rejection(failure: Failure, handle: &ChallengeHandle, is_unknown_challenge: impl FnOnce(&Error) -> bool) -> Result<Verification, Error> {
    let error = failure.error;
    let reason = match failure.rejection {
        Some(reason) => reason,
        None if is_unknown_challenge(&error) && handle.is_past() => Reason::Expired,
        None => return Err(error),
    };
    Ok(rejected(handle, reason, error.request_id()))
}

/// Rejects an answer. A code that the vendor calls wrong is expired where the handle's own expiry is past: no code can be right any more.
pub(super) fn rejected(handle: &ChallengeHandle, reason: Reason, request_id: Option<&str>) -> Verification {
    let reason = match reason {
        Reason::WrongOrExpiredCode if handle.is_past() => Reason::Expired,
        other => other,
    };
    let rejected = Rejected::new(reason);
    match request_id {
        Some(id) => rejected.with_request_id(id).into(),
        None => rejected.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_names_a_recipient_that_its_method_can_have() {
        let cases = [
            (Method::EmailOtp, "jane@doe.com", true),
            (Method::EmailLink, "jane", false),
            (Method::EmailOtp, "+64270000000", false),
            (Method::EmailOtp, "", false),
            (Method::SmsOtp, "+64270000000", true),
            (Method::WhatsAppOtp, "jane@doe.com", false),
            (Method::VoiceOtp, " ", false),
            (Method::SmsOtp, "", false),
        ];
        for (method, recipient, is_named) in cases {
            let proof = proof(method, Some(&Personal::new(recipient)), None);
            assert_eq!((proof.method(), proof.recipient()), (method, is_named.then_some(recipient)), "{recipient}");
        }
        assert_eq!(proof(Method::SmsOtp, None, None).recipient(), None);
    }
}
