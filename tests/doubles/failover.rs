//! A text message goes to the next vendor where the first one sent none, and is checked where it came from.

use std::sync::Arc;

use auth_challenge::{
    Answer, ChallengeProvider, ChallengeProviderExt as _, ChallengeRequest, ErrorKind, Field, ProviderId, Router, SendState, Verification,
    testing::{AuthsignalDouble, CorbadoDouble, Double, Fault, Operation, TwilioDouble},
};

const PHONE: &str = "+64270000000";

fn router(first: Arc<dyn ChallengeProvider>, second: &Double) -> Router {
    let next = second.provider().id();
    Router::builder(first).with_provider(second.provider()).with_failover([next]).build().expect("a router")
}

/// Sends by text message, gives the code that arrived, and looks at who is proven.
async fn logs_in(auth: &Router, request: &ChallengeRequest, sender: &Double) {
    let challenge = auth.create(request).await.expect("a challenge of the second vendor");
    assert_eq!((challenge.provider(), challenge.hops().len()), (&sender.provider().id(), 1));
    assert_eq!(challenge.hops()[0].provider(), &ProviderId::CORBADO);
    let wrong = auth.verify(challenge.handle(), &sender.wrong_answer(&challenge)).await.expect("an answer");
    assert!(matches!(wrong, Verification::Rejected(no) if no.may_try_again()));
    let right = auth.verify(challenge.handle(), &Answer::code(sender.outbox().only().code())).await.expect("an answer");
    assert!(matches!(right, Verification::Verified(proof) if proof.recipient() == Some(PHONE)));
}

#[tokio::test]
async fn a_text_message_that_corbado_did_not_take_goes_out_by_twilio() {
    for fault in [Fault::rate_limited(), Fault::status(401), Fault::status(403)] {
        let (corbado, twilio) = (CorbadoDouble::start().await, TwilioDouble::start().await);
        corbado.fail(Operation::CREATE, fault);
        logs_in(&router(corbado.provider(), &twilio), &corbado.person(PHONE), &twilio).await;
        assert_eq!((corbado.outbox().len(), twilio.outbox().len()), (0, 1));
        twilio.violations().assert_none();
    }
}

#[tokio::test]
async fn a_text_message_goes_out_by_twilio_where_corbado_is_not_reached() {
    let (corbado, twilio) = (CorbadoDouble::start().await, TwilioDouble::start().await);
    corbado.fail_any(Fault::refuse_connections());
    logs_in(&router(corbado.provider(), &twilio), &corbado.person(PHONE), &twilio).await;
    corbado.requests().assert_count(0);

    corbado.clear_faults();
    // Another router: this one passes over for a while who was not reached.
    let challenge = router(corbado.provider(), &twilio).create(&corbado.person(PHONE)).await.expect("a challenge of the first vendor");
    assert_eq!((challenge.provider(), corbado.outbox().len(), twilio.outbox().len()), (&ProviderId::CORBADO, 1, 1));
}

#[tokio::test]
async fn a_text_message_that_corbado_may_have_sent_goes_out_by_nobody_else() {
    for fault in [Fault::status(503), Fault::reset_after_read(), Fault::garbage()] {
        let (corbado, twilio) = (CorbadoDouble::start().await, TwilioDouble::start().await);
        corbado.fail(Operation::CREATE, fault);
        let error = router(corbado.provider(), &twilio).create(&corbado.person(PHONE)).await.expect_err("it may be under way");
        assert!(matches!(error.send_state(), SendState::Unknown | SendState::Accepted), "{error:?}");
        assert_eq!(twilio.outbox().len(), 0);
    }
}

#[tokio::test]
async fn nobody_gets_around_a_limit_of_the_recipients() {
    let (twilio, authsignal) = (TwilioDouble::builder().with_max_sends(2).start().await.expect("a double"), AuthsignalDouble::start().await);
    let auth = router(twilio.provider(), &authsignal);
    let request = ChallengeRequest::sms_otp(PHONE).with_action("login");
    for _ in 0..2 {
        auth.create(&request).await.expect("within the limit");
    }
    let error = auth.create(&request).await.expect_err("over the limit");
    assert_eq!((error.kind(), error.send_state(), error.vendor_code()), (ErrorKind::RateLimited, SendState::Refused, Some("60203")));
    assert_eq!(error.violations().first().and_then(|violation| violation.field()), Some(Field::To));
    assert_eq!((twilio.outbox().len(), authsignal.outbox().len()), (2, 0));

    // A limit of the account's is the vendor's, and another one may send.
    twilio.fail(Operation::CREATE, Fault::rate_limited());
    let challenge = auth.create(&ChallengeRequest::sms_otp("+64270000001").with_action("login")).await.expect("a challenge");
    assert_eq!(challenge.provider(), &ProviderId::AUTHSIGNAL);
}
