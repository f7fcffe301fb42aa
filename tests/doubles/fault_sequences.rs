//! Random sequences of the doubles' own faults: nobody gets two messages for one call, and nothing is told better than it is.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use auth_challenge::{
    CallOptions, ChallengeProvider as _, SendState,
    testing::{DoubleEntry, Fault, Operation},
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config as Cases, TestRunner},
};

use crate::support::LONG;

const CASES: usize = 400;
const AT_A_TIME: usize = 32;
/// The time for a call in a case with something that hangs.
const TIME: Duration = Duration::from_millis(1500);
/// What a busy machine may take longer.
const SLACK: Duration = Duration::from_secs(20);

#[derive(Clone, Debug)]
enum Step {
    Fails(Fault),
    Clears,
}

fn fault() -> impl Strategy<Value = Fault> {
    prop::sample::select(vec![
        Fault::status(500),
        Fault::status(503),
        Fault::status(403),
        Fault::rate_limited(),
        Fault::rate_limited().with_retry_after(Duration::ZERO).with_times(2),
        Fault::gateway_html(),
        Fault::refuse_connections(),
        Fault::hang_connection(),
        Fault::reset_before_read(),
        Fault::reset_after_read(),
        Fault::slow(Duration::from_millis(20)),
        Fault::hang(),
        Fault::cut_body(),
        Fault::garbage(),
        Fault::not_http(),
        Fault::unknown_fields(),
        Fault::missing_fields(),
        Fault::huge_body(3 << 20),
    ])
}

/// A vendor, and what is done to its double before each call.
#[derive(Clone, Debug)]
struct Case {
    entry: &'static DoubleEntry,
    steps: Vec<Vec<Step>>,
}

fn case() -> impl Strategy<Value = Case> {
    let step = prop_oneof![3 => fault().prop_map(Step::Fails), 1 => Just(Step::Clears)];
    let steps = prop::collection::vec(prop::collection::vec(step, 0..3), 1..6);
    (prop::sample::select(DoubleEntry::ALL.iter().collect::<Vec<_>>()), steps).prop_map(|(entry, steps)| Case { entry, steps })
}

async fn run(case: &Case) -> Result<(), String> {
    let hangs = format!("{case:?}").contains("Hang");
    let options = CallOptions::default().with_timeout(if hangs { TIME } else { LONG });
    let double = case.entry.builder().start().await.map_err(|error| error.to_string())?;
    let provider = double.provider();
    let mut outcomes = Vec::new();
    let mut is_refusing = false;
    for (number, steps) in case.steps.iter().enumerate() {
        for step in steps {
            match step {
                Step::Fails(fault) => {
                    is_refusing |= format!("{fault:?}").contains("RefuseConnections");
                    double.fail(Operation::CREATE, fault.clone());
                }
                Step::Clears => {
                    is_refusing = false;
                    double.clear_faults();
                }
            }
        }
        // A recipient for each call, so that whose a message is can be told even where it comes late.
        let to = format!("jane{number}@doe.com");
        let request = double.person(&to);
        let started = Instant::now();
        let outcome = provider.create_with(&request, &options).await;
        let wrong = |what: &str| Err(format!("{what}: call {number}, {outcome:?}"));
        if started.elapsed() > options.timeout().unwrap_or_default() + SLACK {
            return wrong("no end in time");
        }
        if is_refusing && !outcome.as_ref().is_err_and(|error| matches!(error.send_state(), SendState::NotSent | SendState::Unknown)) {
            return wrong("nobody listens");
        }
        outcomes.push((to, request.method(), outcome));
    }
    for (to, method, outcome) in outcomes {
        let messages = double.outbox().to(&to).len();
        let is_true = match outcome.as_ref().map_err(|error| error.send_state()) {
            Ok(_) => messages == 1 || method.credential_kind().is_some(),
            Err(SendState::NotSent | SendState::Refused) => messages == 0,
            Err(_) => messages <= 1,
        };
        if !is_true {
            return Err(format!("{messages} messages to {to}: {outcome:?}"));
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_sequence_of_a_doubles_faults_sends_twice_or_tells_less_than_the_truth() {
    let mut runner = TestRunner::new(Cases::default());
    let permits = Arc::new(tokio::sync::Semaphore::new(AT_A_TIME));
    let mut runs = Vec::new();
    for _ in 0..CASES {
        let case = case().new_tree(&mut runner).expect("a case").current();
        let permit = Arc::clone(&permits).acquire_owned().await.expect("a permit");
        runs.push(tokio::spawn(async move {
            let _permit = permit;
            run(&case).await.map_err(|wrong| format!("{wrong}\n{case:?}"))
        }));
    }
    for run in runs {
        run.await.expect("a run that ends").unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}
