//! What an application is told to do about each error and each rejected answer.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use auth_challenge::{
    Advice, Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeProviderExt as _, ChallengeRequest, Error, ErrorKind,
    Field, Guarded, Limits, LocalGuard, Method, ProviderId, Reason, Rejected, SendState, Verification, Violation,
    testing::{Double, DoubleEntry, Fault, Scripted},
};

use crate::support::{self, guards::rate};

use Advice::{AskForNew, FixInput, OfferAgain, OurFault, TryAgain, WaitThenRetry};
use SendState::{Accepted, NotSent, Refused, Unknown};

/// For each kind, in the order of [`ErrorKind::ALL`], the advice where nothing was sent and where the vendor refused: `F`ixInput, `W`aitThenRetry, `A`skForNew, and a
/// dot for our fault; first of a bare error, then with a pause to wait for, then with a field of the person's.
const MATRIX: [(&str, [&str; 3]); 4] = [
    (
        "create",
        [".. AA .. .. .. .. .. .. WW .. WW WW WW WW ..", ".. AA .. .. .. .. .. .. WW WW WW WW WW WW ..", "FF AA FF FF FF FF FF FF WW FF WW WW WW WW FF"],
    ),
    (
        "resend",
        [".. AA .. .. .. .. AA .. WW .. WW WW WW WW ..", ".. AA .. .. .. .. AA .. WW WW WW WW WW WW ..", "FF AA FF FF FF FF AA FF WW FF WW WW WW WW FF"],
    ),
    (
        "verify",
        [".. AA .. .. .. .. AA .. WW .. WW WW WW WW ..", ".. AA .. .. .. .. AA .. WW WW WW WW WW WW ..", "FF AA FF FF FF FF AA FF WW FF WW WW WW WW FF"],
    ),
    ("check", [".. AA .. .. .. .. .. .. WW .. WW WW WW WW ..", ".. AA .. .. .. .. .. .. WW WW WW WW WW WW ..", "FF AA FF FF FF FF FF FF WW FF WW WW WW WW FF"]),
];

fn advice(letter: char) -> Advice {
    match letter {
        'F' => FixInput,
        'W' => WaitThenRetry,
        'A' => AskForNew,
        _ => OurFault,
    }
}

fn mine() -> Violation {
    Violation::new(Field::To, "expected an e-mail address")
}

#[test]
fn the_advice_follows_from_operation_kind_state_and_whose_the_fields_are() {
    for (operation, rows) in MATRIX {
        for (row, cells) in rows.iter().enumerate() {
            for (kind, pair) in ErrorKind::ALL.iter().zip(cells.split(' ')) {
                for (state, letter) in [NotSent, Refused].into_iter().zip(pair.chars()) {
                    let error = Error::new(*kind, state).with_operation(operation);
                    let error = match row {
                        0 => error,
                        1 => error.with_retry_after(Duration::from_secs(7)),
                        _ => error.with_violations(vec![mine()]),
                    };
                    assert_eq!(error.advice(), advice(letter), "{operation} {kind:?} {state:?}, row {row}");
                }
            }
        }
    }
}

#[test]
fn what_may_have_been_done_is_told_by_the_operation_alone() {
    for kind in ErrorKind::ALL.iter().copied() {
        for state in [Unknown, Accepted] {
            for (operation, expected) in [("create", OfferAgain), ("resend", OfferAgain), ("verify", AskForNew), ("claim", OurFault)] {
                let bare = Error::new(kind, state).with_operation(operation);
                assert_eq!(bare.advice(), expected, "{operation} {kind:?}");
                assert_eq!(Error::new(kind, state).with_operation(operation).with_violations(vec![mine()]).advice(), expected, "{operation} {kind:?}");
            }
            assert_eq!(Error::new(kind, state).advice(), OurFault, "{kind:?}");
        }
    }
}

#[test]
fn a_field_that_the_application_gives_is_never_the_persons_to_mend() {
    let error = |violations: Vec<Violation>| Error::invalid(violations).with_operation("create");
    for field in [Field::UserId, Field::Action, Field::UserAgent, Field::Ip, Field::Metadata, Field::Intent, Field::Kind, Field::Key] {
        let violation = Violation::new(field, "is required");
        assert!(!violation.is_input(), "{field}");
        assert_eq!(error(vec![violation.clone()]).advice(), OurFault, "{field}");
        assert_eq!(error(vec![mine(), violation]).advice(), OurFault, "{field} beside the recipient");
    }
    for field in [Field::To, Field::Code, Field::Answer, Field::Attestation] {
        assert_eq!(error(vec![Violation::new(field, "is odd")]).advice(), FixInput, "{field}");
    }
    assert_eq!(error(vec![Violation::at_vendor(None, "colour", "is odd")]).advice(), OurFault);
    assert_eq!(error(vec![Violation::at_key("corbado.api_secret", "is required")]).advice(), OurFault);
    assert_eq!(error(Vec::new()).advice(), OurFault);
}

#[test]
fn a_handle_whose_ids_cannot_be_sent_asks_for_a_new_challenge() {
    let error = |operation, field, state| {
        let violation = Violation::new(field, "cannot be a part of a path");
        Error::new(ErrorKind::InvalidRequest, state).with_violations(vec![violation]).with_operation(operation).advice()
    };
    for field in [Field::ChallengeId, Field::UserId] {
        assert_eq!(["create", "verify", "resend"].map(|operation| error(operation, field, NotSent)), [OurFault, AskForNew, AskForNew], "{field}");
        assert_eq!(error("verify", field, Refused), OurFault, "{field}");
    }
    assert_eq!(error("verify", Field::Action, NotSent), OurFault);
}

#[test]
fn a_rejected_answer_may_be_given_again_or_not() {
    for (reason, expected) in [
        (Reason::WrongOrExpiredCode, TryAgain),
        (Reason::Expired, AskForNew),
        (Reason::TooManyAttempts, AskForNew),
        (Reason::AlreadyUsed, AskForNew),
        (Reason::Other, AskForNew),
    ] {
        assert_eq!(Rejected::new(reason).advice(), expected, "{reason:?}");
    }
}

#[test]
fn every_advice_has_a_key_and_a_sentence_of_its_own() {
    let keys: BTreeSet<_> = Advice::ALL.map(Advice::key).into();
    let sentences: BTreeSet<_> = Advice::ALL.map(Advice::sentence).into();
    assert_eq!((keys.len(), sentences.len()), (6, 6));
    assert_eq!(keys.into_iter().collect::<Vec<_>>(), ["ask_for_new", "fix_input", "offer_again", "our_fault", "try_again", "wait_then_retry"]);
    assert!(Advice::ALL.iter().all(|advice| advice.sentence().ends_with('.') && advice.to_string() == advice.key()));
}

/// What a vendor's double answers to a create, to a verification of its challenge and, where it can, to a resend under a fault.
async fn under(entry: &DoubleEntry, fault: Fault) -> [Advice; 3] {
    let double = Double::start(entry.name()).await;
    let challenge = double.provider().create(&double.person("jane@doe.com")).await.expect("a challenge");
    let request = double.person("joe@doe.com");
    double.fail_any(fault.always());
    // Without a connection from before, whose end would leave a doubt.
    let auth = double.config().build().expect("a provider");
    let options = auth_challenge::CallOptions::default().with_single_attempt();
    let create = auth.create_with(&request, &options).await.expect_err("the fault").advice();
    // Whoever cannot resend is no measure of it.
    let resend = match auth.capabilities().can_resend() {
        true => auth.resend_with(challenge.handle(), &options).await.expect_err("the fault").advice(),
        false => create,
    };
    let verify = auth.verify_with(challenge.handle(), &double.right_answer(&challenge), &options).await.expect_err("the fault").advice();
    [create, verify, resend]
}

#[tokio::test]
async fn every_vendors_failures_lead_to_the_same_advice() {
    for entry in DoubleEntry::ALL {
        for (fault, expected) in [
            (Fault::status(401), [OurFault, OurFault, OurFault]),
            (Fault::status(403), [OurFault, OurFault, OurFault]),
            (Fault::status(409), [OurFault, OurFault, OurFault]),
            (Fault::rate_limited(), [WaitThenRetry, WaitThenRetry, WaitThenRetry]),
            (Fault::status(500), [OfferAgain, AskForNew, OfferAgain]),
            (Fault::gateway_html(), [OfferAgain, AskForNew, OfferAgain]),
            (Fault::reset_after_read(), [OfferAgain, AskForNew, OfferAgain]),
            (Fault::garbage(), [OfferAgain, AskForNew, OfferAgain]),
            (Fault::cut_body(), [OfferAgain, AskForNew, OfferAgain]),
            (Fault::refuse_connections(), [WaitThenRetry, WaitThenRetry, WaitThenRetry]),
        ] {
            let name = format!("{entry:?} {fault:?}");
            assert_eq!(under(entry, fault).await, expected, "{name}");
        }
    }
}

#[tokio::test]
async fn people_are_asked_for_their_own_mistakes_alone() {
    for vendor in support::vendors::all() {
        let server = support::Server::answering(200, &[], "{}").await;
        let provider = vendor.provider(server.address);
        for (request, fields) in (vendor.create.incomplete)() {
            let error = provider.create(&request).await.expect_err("incomplete");
            let expected = if !fields.is_empty() && fields.iter().all(|(field, ..)| ["to", "code"].contains(field)) { FixInput } else { OurFault };
            assert_eq!(error.advice(), expected, "{vendor:?} {fields:?}");
        }
    }
}

#[tokio::test]
async fn codes_and_recipients_are_read_kindly() {
    for typed in [
        " 123456 ",
        "123 456",
        "123-456",
        "1 2 3 4 5 6",
        "12–34—56",
        "１２３４５６",
        "１２３ ４５６",
        "١٢٣٤٥٦",
        "۱۲۳۴۵۶",
        "१२३४५६",
        "\u{feff}123456",
        "123456\u{200b}",
        "\u{2068}123456\u{2069}",
    ] {
        let code = Answer::code(typed);
        assert_eq!(code.as_code().map(auth_challenge::Secret::expose), Some("123456"), "{typed}");
    }
    // Of a token every character counts.
    let token = "d9c1a5c2-0000-4000-8000-7f7f7f7f7f7f";
    for (answer, read) in [
        (Answer::code(format!(" {token}\n")), token),
        (Answer::link(format!(" {token}\n")), token),
        (Answer::link(format!("\u{200b}{token}\u{feff}")), token),
        (Answer::code("\u{200b}"), ""),
        (Answer::link("a-b c"), "a-b c"),
        (Answer::code("aB-12 cD-34 eF-56"), "aB12cD34eF56"),
        (Answer::code("aB-12 cD-34 eF-567"), "aB-12 cD-34 eF-567"),
    ] {
        assert_eq!(answer.as_code().map(auth_challenge::Secret::expose), Some(read));
    }
    let double = Double::start("authsignal").await;
    let challenge = double.provider().create(&ChallengeRequest::email_otp(" jane@doe.com\n").with_action("login")).await.expect("a challenge");
    assert_eq!((double.outbox().only().recipient(), challenge.method()), ("jane@doe.com", Method::EmailOtp));
    let code = double.outbox().last_code().to_owned();
    let verified = double.provider().verify(challenge.handle(), &Answer::code(format!("{} {}", &code[..3], &code[3..]))).await.expect("an answer");
    assert!(matches!(verified, Verification::Verified(_)));
    double.violations().assert_none();
}

#[tokio::test]
async fn a_guard_says_wait_only_where_waiting_helps() {
    let double = Double::start("twilio").await;
    let limits = Limits::new().with_calling_codes(["+49"]).with_per_recipient(rate("1 per 10m"));
    let guarded = Guarded::new(double.provider(), Arc::new(LocalGuard::new(limits)));
    let elsewhere = guarded.create(&ChallengeRequest::sms_otp("+64270000000")).await.expect_err("not allowed");
    assert_eq!(elsewhere.advice(), FixInput);
    guarded.create(&ChallengeRequest::sms_otp("+491701234567")).await.expect("a challenge");
    let again = guarded.create(&ChallengeRequest::sms_otp("+491701234567")).await.expect_err("too many");
    assert_eq!((again.advice(), again.retry_after().is_some()), (WaitThenRetry, true));
}

#[cfg(feature = "corbado")]
#[tokio::test]
async fn a_user_that_the_vendor_does_not_know_is_the_applications_fault() {
    let double = auth_challenge::testing::CorbadoDouble::builder().with_any_user_but("usr-9").start().await.expect("a double");
    let request = double.person("jane@doe.com").with_user_id_at(ProviderId::CORBADO, "usr-9");
    let error = double.provider().create(&request).await.expect_err("nobody");
    assert_eq!(error.advice(), OurFault, "{error}");
}

/// A provider of one's own that names no operation.
#[derive(Debug)]
struct Pigeons;

#[auth_challenge::async_trait]
impl ChallengeProvider for Pigeons {
    fn id(&self) -> ProviderId {
        ProviderId::new("pigeons")
    }

    fn capabilities(&self) -> Capabilities {
        Scripted::new().capabilities().with_resend(false)
    }

    async fn create_with(&self, _: &ChallengeRequest, _: &CallOptions) -> Result<Challenge, Error> {
        Err(Error::new(ErrorKind::Timeout, Unknown))
    }

    async fn verify_with(&self, _: &ChallengeHandle, _: &Answer, _: &CallOptions) -> Result<Verification, Error> {
        Err(Error::new(ErrorKind::Timeout, Unknown))
    }
}

#[tokio::test]
async fn a_provider_of_ones_own_need_not_name_its_operations() {
    let lost = || Error::new(ErrorKind::Timeout, Unknown);
    let (handle, request) = (ChallengeHandle::new(Pigeons.id(), Method::EmailOtp, "1"), ChallengeRequest::email_otp("jane@doe.com"));
    assert_eq!(Pigeons.create(&request).await.expect_err("lost").advice(), OfferAgain);
    assert_eq!(Pigeons.send_again(&handle, &request).await.expect_err("lost").advice(), OfferAgain);
    assert_eq!(Pigeons.verify(&handle, &Answer::code("1")).await.expect_err("lost").advice(), AskForNew);

    let scripted = Scripted::new().create_fails(lost()).verify_fails(lost());
    let challenge = scripted.create(&ChallengeRequest::email_otp("jane@doe.com")).await.map_err(|error| error.advice());
    assert_eq!(challenge.expect_err("lost"), OfferAgain);
    let challenge = scripted.create(&ChallengeRequest::email_otp("jane@doe.com")).await.expect("a challenge");
    let verified = scripted.verify(challenge.handle(), &Answer::code("1")).await.map_err(|error| error.advice());
    assert_eq!(verified.expect_err("lost"), AskForNew);
}
