//! Random sequences of faults: at most one message a call, nothing told better than it is, and an end in time.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use auth_challenge::{
    Answer, CallOptions, Challenge, ChallengeHandle, ChallengeProvider, ChallengeProviderExt, ChallengeRequest, Error, ErrorKind, Http, Method, ProviderId,
    Router, SendState, testing::Scripted,
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config as Cases, TestRunner},
};

use crate::support::{
    LONG, Server, Step, client, reply,
    vendors::{self, Operation, Vendor},
};

/// Cases on real sockets, so many at a time.
const ON_SOCKETS: usize = 2_400;
const AT_A_TIME: usize = 48;
/// Cases on providers in this process.
const IN_PROCESS: u32 = 30_000;

/// The time for a call that may hang. A busy machine may get less far than the script wants: then the call is made again, with this one.
const TIME: Duration = Duration::from_millis(1500);
const MORE_TIME: Duration = Duration::from_secs(20);
/// What a busy machine may take longer.
const SLACK: Duration = Duration::from_secs(10);

/// What a server does with a request, as far as it matters to what may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Succeeds,
    Refuses(u16),
    /// 429 with a pause of so many seconds.
    Limits(u16),
    Fails(u16),
    CutsSuccess,
    CutsRefusal,
    Garbage,
    CloseAtOnce,
    CloseAfter,
    Reset,
    Hang,
    HangInSuccess,
}

impl Deed {
    fn step(self, body: &str) -> Step {
        let head = |status: u16| format!("HTTP/1.1 {status} X\r\ncontent-length: 1000\r\n\r\n{{").into_bytes();
        match self {
            Self::Succeeds => Step::Answer(reply(200, &[], body)),
            Self::Refuses(status) | Self::Fails(status) => Step::Answer(reply(status, &[], "{}")),
            Self::Limits(seconds) => Step::Answer(reply(429, &[("retry-after", &seconds.to_string())], "{}")),
            Self::CutsSuccess => Step::AnswerAndClose(head(200)),
            Self::CutsRefusal => Step::AnswerAndClose(head(403)),
            Self::Garbage => Step::AnswerAndClose(b"\xff\xfe no http\r\n\r\n".to_vec()),
            Self::CloseAtOnce => Step::CloseAtOnce,
            Self::CloseAfter => Step::AnswerAndClose(Vec::new()),
            Self::Reset => Step::ReadAndReset,
            Self::Hang => Step::ReadAndHang,
            Self::HangInSuccess => Step::AnswerAndHang(head(200)),
        }
    }

    /// Whether the vendor answered that it did not act.
    fn is_refusal(self) -> bool {
        matches!(self, Self::Limits(_) | Self::CutsRefusal) || matches!(self, Self::Refuses(_))
    }
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => Just(Deed::Succeeds),
        3 => prop::sample::select(vec![400, 401, 403, 404, 409, 422, 429]).prop_map(Deed::Refuses),
        6 => prop::sample::select(vec![0, 0, 0, 1, 60]).prop_map(Deed::Limits),
        3 => prop::sample::select(vec![301, 307, 408, 500, 502, 503]).prop_map(Deed::Fails),
        1 => Just(Deed::CutsSuccess),
        1 => Just(Deed::CutsRefusal),
        1 => Just(Deed::Garbage),
        2 => Just(Deed::CloseAtOnce),
        2 => Just(Deed::CloseAfter),
        2 => Just(Deed::Reset),
        1 => Just(Deed::Hang),
        1 => Just(Deed::HangInSuccess),
    ]
}

/// A vendor, what it is asked for, and what its server does, request by request.
#[derive(Clone, Debug)]
struct Case {
    vendor: &'static Vendor,
    operation: Operation,
    deeds: Vec<Deed>,
    calls: usize,
}

fn case() -> impl Strategy<Value = Case> {
    (prop::sample::select(vendors::all()), prop::bool::weighted(0.7), prop::collection::vec(deed(), 1..6), 1_usize..4)
        .prop_map(|(vendor, creates, deeds, calls)| Case { vendor, operation: if creates { Operation::Create } else { Operation::Verify }, deeds, calls })
}

impl Case {
    fn may_hang(&self) -> bool {
        self.deeds.iter().any(|deed| matches!(deed, Deed::Hang | Deed::HangInSuccess))
    }
}

/// Makes the calls of a case one after another, and says what is wrong, if anything.
async fn run(case: Case, http: Http) -> Result<(), String> {
    let time = if case.may_hang() { TIME } else { LONG };
    let http = http.with_timeout(time);
    let body = case.operation.reply(case.vendor);
    let server = Server::start(case.deeds.iter().map(|deed| deed.step(&body)).collect()).await;
    let provider = case.vendor.config(server.address, "").with_http(http).build().map_err(|error| error.to_string())?;
    for call in 0..case.calls {
        let before = server.requests().len();
        let started = Instant::now();
        let outcome = case.operation.call(case.vendor, &*provider, &CallOptions::default()).await;
        let (took, seen) = (started.elapsed(), server.requests().len() - before);
        let wrong = |what: &str| Err(format!("{what}: call {call}, {seen} seen, took {took:?}, {outcome:?}"));
        if took > time + SLACK {
            return wrong("no end in time");
        }
        // A server that closed at once took a step of the script without a request, so the script does not tell which step was whose:
        // what was answered is judged by what could have been.
        if seen > 3 || seen > 1 && case.operation == Operation::Verify {
            return wrong("sent too often");
        }
        if seen > 1 && !case.deeds.iter().any(|deed| matches!(deed, Deed::Limits(0 | 1))) {
            return wrong("sent again without being told to wait");
        }
        let Err(error) = &outcome else {
            if seen == 0 {
                return wrong("a success out of nothing");
            }
            continue;
        };
        match error.send_state() {
            SendState::NotSent if seen > 0 => return wrong("sent after all"),
            SendState::NotSent | SendState::Unknown => {}
            SendState::Refused => {
                let is_4xx = error.status().is_some_and(|status| (400..500).contains(&status) && status != 408);
                if seen == 0 || !is_4xx || !case.deeds.iter().any(|deed| deed.is_refusal()) {
                    return wrong("not refused");
                }
            }
            SendState::Accepted => {
                if seen == 0 || error.status() != Some(200) {
                    return wrong("not accepted");
                }
            }
        }
    }
    Ok(())
}

/// For one call alone, the script tells exactly what may have happened.
fn judge_exactly(deeds: &[Deed], creates: bool, seen: usize, outcome: &Result<(), Error>) -> Result<(), &'static str> {
    // The last deed is done for all further requests.
    let deed = |number: usize| deeds.get(number).or(deeds.last()).copied();
    // A kept connection that is closed between two requests takes its deed with it, too.
    let mut answered = deeds.iter().filter(|deed| **deed != Deed::CloseAtOnce).take(seen.saturating_sub(1));
    if !answered.all(|deed| matches!(deed, Deed::Limits(0 | 1))) || seen > if creates { 3 } else { 1 } {
        return Err("sent again without being told to wait");
    }
    // A connection that is closed when it is accepted takes its deed with it.
    let last = match deed(seen.saturating_sub(1)) {
        _ if deeds.iter().take(seen + 1).any(|deed| *deed == Deed::CloseAtOnce) => None,
        last => last,
    };
    let told = outcome.as_ref().err().map(Error::send_state);
    let is_true = match (last, told) {
        (None, Some(SendState::Unknown)) => true,
        (None, _) => seen > 0,
        (Some(Deed::Succeeds), told) => told.is_none(),
        (Some(Deed::CutsSuccess | Deed::HangInSuccess), told) => told == Some(SendState::Accepted),
        (Some(deed), Some(SendState::Refused)) => deed.is_refusal(),
        (Some(deed), Some(SendState::Unknown)) => !deed.is_refusal() || matches!(deed, Deed::Limits(_)),
        (Some(_), _) => false,
    };
    if is_true { Ok(()) } else { Err("told otherwise than it was") }
}

/// Makes one call, again with more time where that was short.
async fn run_one_call(case: Case, http: Http) -> Result<(), String> {
    let time = if case.may_hang() { TIME } else { LONG };
    let (judged, is_out_of_time) = run_one_call_within(&case, http.clone().with_timeout(time)).await?;
    if judged.is_ok() || !is_out_of_time {
        return judged;
    }
    run_one_call_within(&case, http.with_timeout(MORE_TIME)).await?.0
}

/// What is wrong with one call, if anything, and whether its time was over.
async fn run_one_call_within(case: &Case, http: Http) -> Result<(Result<(), String>, bool), String> {
    let body = case.operation.reply(case.vendor);
    let server = Server::start(case.deeds.iter().map(|deed| deed.step(&body)).collect()).await;
    let provider = case.vendor.config(server.address, "").with_http(http).build().map_err(|error| error.to_string())?;
    let outcome = case.operation.call(case.vendor, &*provider, &CallOptions::default()).await;
    let seen = server.requests().len();
    let judged = judge_exactly(&case.deeds, case.operation == Operation::Create, seen, &outcome).map_err(|what| format!("{what}: {seen} seen, {outcome:?}"));
    Ok((judged, outcome.is_err_and(|error| error.kind() == ErrorKind::Timeout)))
}

#[tokio::test(flavor = "multi_thread")]
async fn on_real_sockets_no_sequence_of_faults_sends_twice_or_tells_less_than_the_truth() {
    let http = client();
    let mut runner = TestRunner::new(Cases::default());
    let permits = Arc::new(tokio::sync::Semaphore::new(AT_A_TIME));
    let mut runs = Vec::new();
    for number in 0..ON_SOCKETS {
        let case = case().new_tree(&mut runner).expect("a case").current();
        let permit = Arc::clone(&permits).acquire_owned().await.expect("a permit");
        let http = http.clone();
        runs.push(tokio::spawn(async move {
            let _permit = permit;
            let shown = format!("{case:?}");
            let outcome = if number % 2 == 0 { run(case, http).await } else { run_one_call(case, http).await };
            outcome.map_err(|wrong| format!("{wrong}\n{shown}"))
        }));
    }
    for run in runs {
        run.await.expect("a run that ends").unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}

fn error() -> impl Strategy<Value = (ErrorKind, SendState)> {
    use ErrorKind::*;
    use SendState::{Accepted, NotSent, Refused, Unknown};
    prop::sample::select(vec![
        (Connect, NotSent),
        (InvalidRequest, NotSent),
        (Throttled, NotSent),
        (InvalidRequest, Refused),
        (Authentication, Refused),
        (Permission, Refused),
        (NotFound, Refused),
        (Conflict, Refused),
        (RateLimited, Refused),
        (Timeout, Unknown),
        (Interrupted, Unknown),
        (Unavailable, Unknown),
        (UnexpectedReply, Unknown),
        (UnexpectedReply, Accepted),
        (Timeout, Accepted),
    ])
}

/// How much less than "nothing was sent" a state says.
fn rank(state: SendState) -> u8 {
    match state {
        SendState::NotSent => 0,
        SendState::Refused => 1,
        SendState::Unknown | SendState::Accepted => 2,
    }
}

proptest! {
    #![proptest_config(Cases { cases: IN_PROCESS, failure_persistence: None, ..Cases::default() })]

    #[test]
    fn behind_a_router_no_sequence_of_errors_asks_twice_or_tells_less_than_the_truth(
        queues in prop::collection::vec(prop::collection::vec(prop::option::weighted(0.8, error()), 0..4), 1..4),
        calls in 1_usize..4,
        asks_for_more in prop::bool::weighted(0.2),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async {
            let name = |number: usize| format!("provider-{number}");
            let providers: Vec<Scripted> = queues.iter().enumerate().map(|(number, queue)| {
                queue.iter().fold(Scripted::named(name(number)), |scripted, queued| match queued {
                    Some((kind, state)) => scripted.create_fails(Error::new(*kind, *state)),
                    None => scripted.create_gives(Challenge::new(ChallengeHandle::new(ProviderId::new(name(number)), Method::EmailOtp, "cha-1"))),
                })
            }).collect();
            let mut router = Router::builder(Arc::new(providers[0].clone())).with_timeout(Duration::from_secs(5));
            for provider in &providers[1..] {
                router = router.with_provider(Arc::new(provider.clone()));
            }
            let router = router.with_failover((1..providers.len()).map(|number| ProviderId::new(name(number)))).build().expect("a router");
            let options = if asks_for_more { CallOptions::default().with_failover_when_unknown() } else { CallOptions::default() };
            for _ in 0..calls {
                let before: Vec<usize> = providers.iter().map(|provider| provider.created().len()).collect();
                let outcome = router.create_with(&ChallengeRequest::email_otp("jane@doe.com"), &options).await;
                let hops = match &outcome {
                    Ok(challenge) => challenge.hops(),
                    Err(error) => error.hops(),
                };
                let asked_before: Vec<String> = hops.iter().filter(|hop| !hop.was_passed_over()).map(|hop| hop.provider().to_string()).collect();
                // What each provider that was asked really answered, the last one that was asked at the end.
                let mut answers = Vec::new();
                for (number, provider) in providers.iter().enumerate() {
                    let after = provider.created().len();
                    prop_assert!(after - before[number] <= 1, "asked twice: {}", name(number));
                    if after > before[number] {
                        let place = asked_before.iter().position(|asked| *asked == name(number)).unwrap_or(asked_before.len());
                        answers.push((place, queues[number].get(before[number]).copied().unwrap_or(None)));
                    }
                }
                prop_assert_eq!(answers.len(), asked_before.len() + 1);
                answers.sort_by_key(|(place, _)| *place);
                let answers: Vec<_> = answers.into_iter().map(|(_, answer)| answer).collect();
                let (last, earlier) = answers.split_last().expect("somebody is asked");
                for answer in earlier {
                    let (kind, state) = answer.expect("nobody is asked after a success");
                    let lies_with_vendor = matches!(kind, ErrorKind::Authentication | ErrorKind::Permission | ErrorKind::RateLimited);
                    let may = match state {
                        SendState::NotSent => matches!(kind, ErrorKind::Connect | ErrorKind::Interrupted),
                        SendState::Refused => lies_with_vendor,
                        SendState::Unknown => asks_for_more,
                        SendState::Accepted => false,
                    };
                    prop_assert!(may, "somebody else was asked after {kind:?} {state:?}");
                }
                match (&outcome, last) {
                    (Ok(_), None) => {}
                    (Err(error), Some(_)) => {
                        let truth = answers.iter().flatten().map(|(_, state)| rank(*state)).max().unwrap_or(0);
                        prop_assert!(rank(error.send_state()) >= truth, "{:?} told, but {answers:?}", error.send_state());
                    }
                    _ => prop_assert!(false, "{outcome:?} for {last:?}"),
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn behind_a_router_an_answer_is_handed_in_once_and_to_the_issuer(
        queue in prop::collection::vec(error(), 0..4),
        issuer in 0_usize..3,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async {
            let name = |number: usize| format!("provider-{number}");
            let providers: Vec<Scripted> = (0..3).map(|number| {
                queue.iter().fold(Scripted::named(name(number)), |scripted, (kind, state)| scripted.verify_fails(Error::new(*kind, *state)))
            }).collect();
            let router = Router::builder(Arc::new(providers[0].clone()))
                .with_provider(Arc::new(providers[1].clone()))
                .with_provider(Arc::new(providers[2].clone()))
                .with_failover([ProviderId::new(name(1)), ProviderId::new(name(2))])
                .build()
                .expect("a router");
            let handle = ChallengeHandle::new(ProviderId::new(name(issuer)), Method::EmailOtp, "cha-1");
            for number in 0..queue.len() + 1 {
                let outcome = router.verify(&handle, &Answer::code("123456")).await;
                for (place, provider) in providers.iter().enumerate() {
                    prop_assert_eq!(provider.answered().len(), if place == issuer { number + 1 } else { 0 });
                }
                prop_assert_eq!(outcome.err().map(|error| (error.kind(), error.send_state())), queue.get(number).copied());
            }
            Ok(())
        })?;
    }
}
