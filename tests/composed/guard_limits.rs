//! What limits say: unverified messages, exemptions, observation, the log, and a look that uses nothing up.

#[cfg(feature = "toml")]
use std::sync::Arc;
use std::time::Duration;

use auth_challenge::{
    Answer, CallOptions, ChallengeHandle, ChallengeProvider, ChallengeProviderExt, ChallengeRequest, ClientContext, Error, ErrorKind, Guarded, Limits, Method,
    Outlook, Reason, Rejected, SendState, Sending, Verification,
};
#[cfg(feature = "toml")]
use auth_challenge::{Config, testing::Scripted};
use tracing::{Level, instrument::WithSubscriber as _};

use crate::support::{
    guards::{from, guarded, rate},
    log::Log,
};

async fn verify(guarded: &Guarded, handle: &ChallengeHandle) {
    let answer = guarded.verify(handle, &Answer::code("123456")).await.expect("an answer");
    assert!(matches!(answer, Verification::Verified(_)));
}

#[tokio::test]
async fn all_messages_of_a_person_who_answers_are_taken_off_the_count() {
    let (_, guarded) = guarded(Limits::new().with_unverified_per_calling_code(rate("3 per 1h")));
    // Two codes that did not come, and a third one that is sent again and then given.
    for _ in 0..2 {
        guarded.create(&from(7, "+64270000000")).await.expect("within the limit");
    }
    let challenge = guarded.create(&from(7, "+64270000000")).await.expect("within the limit");
    guarded.resend(challenge.handle()).await.expect_err("over the limit");
    verify(&guarded, challenge.handle()).await;
    for number in 1..4 {
        guarded.create(&from(7, &format!("+6427000000{number}"))).await.expect("none is counted any more");
    }
    guarded.create(&from(7, "+64270000009")).await.expect_err("three are");
}

#[tokio::test]
async fn a_message_that_was_not_sent_counts_for_nobody_and_takes_no_other_one_with_it() {
    let (scripted, guarded) = guarded(Limits::new().with_unverified_per_calling_code(rate("2 per 1h")));
    let challenge = guarded.create(&from(7, "+64270000000")).await.expect("the first");
    let _ = scripted.clone().create_fails(Error::new(ErrorKind::Connect, SendState::NotSent));
    guarded.create(&from(7, "+64270000000")).await.expect_err("not sent");
    verify(&guarded, challenge.handle()).await;
    for number in 1..3 {
        guarded.create(&from(7, &format!("+6427000000{number}"))).await.expect("none is counted any more");
    }
    guarded.create(&from(7, "+64270000003")).await.expect_err("two are");
}

#[tokio::test]
async fn a_refusal_says_which_limit_it_was() {
    for (limits, reason) in [
        (Limits::new().with_per_recipient(rate("1 per 1h")), "too many messages to this recipient"),
        (Limits::new().with_per_ip(rate("1 per 1h")), "too many messages asked for from this client IP address"),
        (Limits::new().with_unverified_per_calling_code(rate("1 per 1h")), "too many messages to this calling code whose codes nobody gave"),
        (Limits::new().with_unverified_calling_codes_per_ip(rate("1 per 1h")), "to too many calling codes from this client IP address"),
    ] {
        let (_, guarded) = guarded(limits);
        guarded.create(&from(7, "+358400000000")).await.expect("the first");
        let mut refused = guarded.create(&from(7, "+64270000000")).await.err();
        if refused.is_none() {
            refused = guarded.create(&from(7, "+358400000000")).await.err();
        }
        if refused.is_none() {
            refused = guarded.create(&from(7, "+64270000001")).await.err();
        }
        let refused = refused.expect("one is over the limit").to_string();
        assert!(refused.contains(reason), "{refused}");
    }
}

#[tokio::test]
async fn one_client_reaches_so_many_calling_codes_unverified_and_the_same_ones_again() {
    let (_, guarded) = guarded(Limits::new().with_unverified_calling_codes_per_ip(rate("2 per 1h")));
    let first = guarded.create(&from(7, "+64270000000")).await.expect("the first");
    guarded.create(&from(7, "+4915112345678")).await.expect("the second");
    guarded.create(&from(7, "+64270000001")).await.expect("one of them again");
    guarded.create(&from(7, "+358400000000")).await.expect_err("a third one");
    guarded.create(&from(8, "+358400000000")).await.expect("another client");
    guarded.create(&ChallengeRequest::email_otp("jane@doe.com").with_client(ClientContext::new([203, 0, 113, 7]))).await.expect("no phone number");
    verify(&guarded, first.handle()).await;
    guarded.create(&from(7, "+358400000000")).await.expect("in the place of the one that was answered");
}

#[tokio::test]
async fn who_is_exempt_is_neither_refused_nor_counted() {
    let limits =
        Limits::new().with_per_recipient(rate("1 per 1h")).with_per_ip(rate("2 per 1h")).with_calling_codes(["+64"]).with_exempt_prefixes(["+4915", "qa@"]);
    let (scripted, guarded) = guarded(limits);
    for _ in 0..5 {
        guarded.create(&from(7, "+4915112345678")).await.expect("exempt");
        guarded.create(&ChallengeRequest::email_otp("QA+1@example.org").with_client(ClientContext::new([203, 0, 113, 7]))).await.expect("exempt");
    }
    for to in ["+64270000000", "+64270000001"] {
        guarded.create(&from(7, to)).await.expect("the client's places are left");
    }
    guarded.create(&from(7, "+64270000002")).await.expect_err("over the client's limit");
    guarded.create(&from(7, "+4930123456")).await.expect_err("another country");
    assert_eq!(scripted.created().len(), 12);
}

#[tokio::test]
async fn what_is_sent_once_more_for_somebody_exempt_is_exempt_too() {
    let (_, guarded) = guarded(Limits::new().with_per_recipient(rate("1 per 1h")).with_per_ip(rate("1 per 1h")).with_exempt_prefixes(["+4915"]));
    let mut handle = guarded.create(&from(7, "+4915112345678")).await.expect("exempt").handle().clone();
    assert!(handle.recipient().is_none(), "the handle does not name them");
    let options = CallOptions::default().with_client_ip([203, 0, 113, 7]);
    for _ in 0..3 {
        assert_eq!(guarded.peek(&handle, &options).await, Outlook::default());
        handle = guarded.resend_with(&handle, &options).await.expect("exempt").handle().clone();
    }
    guarded.create(&from(7, "+64270000000")).await.expect("the client's place is left");
    guarded.create(&from(7, "+64270000001")).await.expect_err("over the client's limit");
}

#[tokio::test(start_paused = true)]
async fn observation_tells_what_enforcement_would_refuse_and_no_more() {
    let limits = || Limits::new().with_per_recipient(rate("2 per 10m")).with_per_ip(rate("3 per 1h")).with_wrong_codes(2);
    let refused = async |limits: Limits| {
        let (_, guarded) = guarded(limits);
        let log = Log::default();
        let told = log.hears(Level::INFO);
        async {
            for minute in 0..60_u8 {
                // Two recipients in turns: what one limit refuses takes no place under the other one.
                let to = if minute % 3 == 0 { "+64270000001" } else { "+64270000000" };
                let _ = guarded.create(&from(minute % 2, to)).await;
                tokio::time::advance(Duration::from_secs(60)).await;
            }
        }
        .with_subscriber(told)
        .await;
        let log = log.take();
        log.lines().filter(|line| line.contains("refuse")).map(|line| line.split("rule=").nth(1).unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let enforced = refused(limits()).await;
    assert!(enforced.len() > 20 && enforced.len() < 60, "{}", enforced.len());
    assert_eq!(refused(limits().with_observation()).await, enforced);
}

#[tokio::test]
async fn a_decision_that_no_limit_is_asked_for_is_told_too() {
    let log = Log::default();
    let told = log.hears(Level::DEBUG);
    async {
        let (_, by_country) = guarded(Limits::new().with_calling_codes(["+64"]));
        by_country.create(&from(7, "+64270000000")).await.expect("allowed");
        by_country.create(&from(7, "+4915112345678")).await.expect_err("another country");
    }
    .with_subscriber(told)
    .await;
    let log = log.take();
    for expected in [r#"decision="allowed" rule="none""#, r#"decision="refused" rule="calling_codes""#] {
        assert_eq!(log.matches(expected).count(), 1, "{expected}: {log}");
    }
}

#[test]
fn a_guard_can_be_asked_alone_and_what_it_is_asked_shows_no_person() {
    let request = from(7, "+64270000000");
    let sending = Sending::of(&request);
    assert_eq!((sending.recipient(), sending.method()), (Some("+64270000000"), Method::SmsOtp));
    assert_eq!(format!("{sending:?}"), "Sending { method: SmsOtp, .. }");
}

#[tokio::test]
async fn observation_refuses_nothing_and_tells_what_would_be_refused() {
    let limits = Limits::new().with_per_recipient(rate("2 per 1h")).with_wrong_codes(1).with_calling_codes(["+64", "+49"]).with_observation();
    let (scripted, guarded) = guarded(limits);
    let log = Log::default();
    let told = log.hears(Level::INFO);
    async {
        for _ in 0..4 {
            let challenge = guarded.create(&from(7, "+64270000000")).await.expect("nothing is refused");
            assert_eq!(guarded.peek(challenge.handle(), &CallOptions::default()).await, Outlook::default());
        }
        let abroad = guarded.create(&from(7, "+358400000000")).await.expect("nothing is refused");
        for _ in 0..3 {
            scripted.clone().verify_gives(Rejected::new(Reason::WrongOrExpiredCode));
            let _ = guarded.verify(abroad.handle(), &Answer::code("000000")).await.expect("an answer");
        }
        assert_eq!(guarded.peek(abroad.handle(), &CallOptions::default()).await, Outlook::default());
    }
    .with_subscriber(told)
    .await;
    assert_eq!((scripted.created().len(), scripted.answered().len()), (5, 3));
    let log = log.take();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("would_refuse")).collect();
    let of = |rule: &str| lines.iter().filter(|line| line.contains(&format!("rule=\"{rule}\""))).count();
    assert_eq!((of("per_recipient"), of("calling_codes"), of("wrong_codes"), lines.len()), (2, 1, 2, 5), "{log}");
}

#[tokio::test]
async fn a_try_that_is_given_back_in_observation_is_one_that_was_taken() {
    let (scripted, guarded) = guarded(Limits::new().with_wrong_codes(2).with_observation());
    let scripted = scripted.verify_gives(Rejected::new(Reason::WrongOrExpiredCode)).verify_gives(Rejected::new(Reason::WrongOrExpiredCode));
    let scripted = scripted.verify_fails(Error::new(ErrorKind::Connect, SendState::NotSent)).verify_gives(Rejected::new(Reason::WrongOrExpiredCode));
    let log = Log::default();
    let told = log.hears(Level::INFO);
    async {
        let challenge = guarded.create(&from(7, "+64270000000")).await.expect("a challenge");
        for _ in 0..4 {
            let _ = guarded.verify(challenge.handle(), &Answer::code("000000")).await;
        }
    }
    .with_subscriber(told)
    .await;
    assert_eq!(scripted.answered().len(), 4);
    let log = log.take();
    assert_eq!(log.lines().filter(|line| line.contains("would_refuse")).count(), 2, "the third and the fourth one: {log}");
}

#[tokio::test]
async fn every_decision_is_one_line_with_rule_count_and_limit_and_nothing_personal() {
    let limits = Limits::new().with_per_recipient(rate("2 per 1h")).with_per_ip(rate("9 per 1h")).with_wrong_codes(3).with_exempt_prefixes(["+49"]);
    let (_, guarded) = guarded(limits);
    let log = Log::default();
    let told = log.hears(Level::DEBUG);
    async {
        let challenge = guarded.create(&from(7, "+64270000000")).await.expect("the first");
        guarded.create(&from(7, "+64270000000")).await.expect("the second");
        guarded.create(&from(7, "+64270000000")).await.expect_err("the third");
        guarded.create(&from(7, "+4915112345678")).await.expect("exempt");
        verify(&guarded, challenge.handle()).await;
    }
    .with_subscriber(told)
    .await;
    let log = log.take();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("a guard decided")).collect();
    let expected = [
        r#"decision="allowed" rule="per_recipient" count=0 limit=2"#,
        r#"decision="allowed" rule="per_recipient" count=1 limit=2"#,
        r#"decision="refused" rule="per_recipient" count=2 limit=2"#,
        r#"decision="allowed" rule="exempt""#,
        r#"decision="allowed" rule="wrong_codes" count=0 limit=3"#,
    ];
    assert_eq!(lines.len(), expected.len(), "{log}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.contains(expected), "{line}: {expected}");
    }
    for personal in ["270000000", "15112345678", "203.0.113", "123456"] {
        assert!(!log.contains(personal), "{personal} in {log}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_tells_how_long_and_how_often_and_uses_nothing_up() {
    let (scripted, guarded) = guarded(Limits::new().with_per_recipient(rate("2 per 1m")).with_wrong_codes(3));
    let challenge = guarded.create(&from(7, "+64270000000")).await.expect("the first");
    let look = async || guarded.peek(challenge.handle(), &CallOptions::default()).await;
    for _ in 0..10 {
        assert_eq!(look().await, Outlook::new(None, Some(3)));
    }
    tokio::time::advance(Duration::from_secs(20)).await;
    guarded.resend(challenge.handle()).await.expect("the second");
    scripted.clone().verify_gives(Rejected::new(Reason::WrongOrExpiredCode));
    let _ = guarded.verify(challenge.handle(), &Answer::code("000000")).await.expect("an answer");
    assert_eq!(look().await, Outlook::new(Some(Duration::from_secs(40)), Some(2)));
    tokio::time::advance(Duration::from_secs(40)).await;
    assert_eq!(look().await, Outlook::new(None, Some(2)));
    // Without a guard there is nothing to tell.
    assert_eq!(scripted.peek(challenge.handle(), &CallOptions::default()).await, Outlook::default());
}

#[cfg(feature = "toml")]
#[tokio::test]
async fn a_config_sets_every_limit() {
    let config = r#"
        provider = "first"
        [guard]
        unverified_per_calling_code = "1 per 1h"
        unverified_calling_codes_per_ip = "1 per 1h"
        exempt_prefixes = ["+4915"]
        wrong_codes = 2
        mode = "enforce"
        store = "local"
    "#;
    let auth = Config::from_toml_str(config).expect("TOML").with_provider(Arc::new(Scripted::named("first"))).build().expect("a provider");
    let challenge = auth.create(&from(7, "+64270000000")).await.expect("the first");
    auth.create(&from(8, "+64270000001")).await.expect_err("unverified_per_calling_code");
    auth.create(&from(7, "+358400000000")).await.expect_err("unverified_calling_codes_per_ip");
    auth.create(&from(7, "+4915112345678")).await.expect("exempt_prefixes");
    assert_eq!(auth.peek(challenge.handle(), &CallOptions::default()).await.tries_left(), Some(2));
    let observed = config.replace("enforce", "observe");
    let auth = Config::from_toml_str(&observed).expect("TOML").with_provider(Arc::new(Scripted::named("first"))).build().expect("a provider");
    for _ in 0..3 {
        auth.create(&from(7, "+64270000000")).await.expect("mode");
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_codes_count_for_a_day_after_the_last_one() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let (scripted, guarded) = guarded(Limits::new().with_wrong_codes(2));
    let challenge = guarded.create(&from(7, "+64270000000")).await.expect("a challenge");
    let wrong = async || {
        let _ = scripted.clone().verify_gives(Rejected::new(Reason::WrongOrExpiredCode));
        match guarded.verify(challenge.handle(), &Answer::code("000000")).await.expect("an answer") {
            Verification::Rejected(rejected) => rejected.reason(),
            verified => panic!("{verified:?}"),
        }
    };
    assert_eq!([wrong().await, wrong().await], [Reason::WrongOrExpiredCode; 2]);
    tokio::time::advance(DAY - Duration::from_secs(1)).await;
    assert_eq!(wrong().await, Reason::TooManyAttempts);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(wrong().await, Reason::WrongOrExpiredCode);
}

#[tokio::test]
async fn a_guard_without_a_key_exempts_nobody_by_hash_and_shows_its_limits_alone() {
    let (_, guarded) = guarded(Limits::new().with_per_recipient(rate("1 per 1h")).with_exempt_hashes(["", "xyzzy"]));
    guarded.create(&from(7, "+64270000000")).await.expect("the first");
    guarded.create(&from(7, "+64270000000")).await.expect_err("over the limit");
    let shown = format!("{guarded:?}");
    for part in ["Limits { per_recipient: ", "wrong_codes: None", "LocalStore { .. }"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    assert!(!shown.contains("270000000") && !shown.contains("xyzzy"), "{shown}");
}

#[cfg(feature = "toml")]
#[test]
fn a_prefix_that_no_recipient_can_begin_with_is_told() {
    for (prefix, is_good) in [
        ("+6427", true),
        ("qa-", true),
        ("qa@example.org", true),
        ("", false),
        (" ", false),
        ("+", false),
        ("+64 27", false),
        ("QA-", false),
        ("@example.org", false),
        ("qa+1", false),
    ] {
        let config = format!("provider = \"first\"\n[guard]\nexempt_prefixes = [\"{prefix}\"]");
        let config = Config::from_toml_str(&config).expect("TOML").with_provider(Arc::new(Scripted::named("first")));
        let told: Vec<String> = config.problems().iter().map(ToString::to_string).collect();
        assert_eq!(told.is_empty(), is_good, "{prefix}: {told:?}");
        assert!(told.iter().all(|told| told.starts_with("guard.exempt_prefixes: expected beginnings")), "{told:?}");
    }
}

#[tokio::test]
async fn an_entry_of_a_list_that_means_nothing_allows_nothing() {
    let (_, exempt) = guarded(Limits::new().with_per_recipient(rate("1 per 1h")).with_exempt_prefixes(["", "+", " ", "@"]));
    let request = from(7, "+64270000000");
    exempt.create(&request).await.expect("the first");
    assert_eq!(exempt.create(&request).await.expect_err("the second").kind(), ErrorKind::Throttled);
    for code in ["", "+", "64", "+64 "] {
        let (_, by_country) = guarded(Limits::new().with_calling_codes([code]));
        assert_eq!(by_country.create(&request).await.expect_err("no calling code").kind(), ErrorKind::Throttled, "{code:?}");
    }
}
