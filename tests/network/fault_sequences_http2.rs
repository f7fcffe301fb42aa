//! Random sequences of faults of an HTTP/2 server: at most one request that it may have acted on, nothing told better than it is, and an end in
//! time. How often a request is made that the server disowns is not judged here.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use auth_challenge::{CallOptions, ChallengeProvider, Error, Http, SendState};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config as Cases, TestRunner},
};
use tokio_rustls::TlsAcceptor;

use crate::{
    http2_server::{
        CANCEL, Deed, ENHANCE_YOUR_CALM, Frame, HTTP_1_1_REQUIRED, INTERNAL_ERROR, NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM, Script, Seen,
        Then::{self, Close, GoOn, Hang},
    },
    support::{
        LONG,
        vendors::{self, Operation, Vendor},
    },
    tls_server::{Authority, Connections, Fault},
};

/// So many cases, so many at a time.
const CASES: usize = 600;
const AT_A_TIME: usize = 48;
/// The time for a call that may hang.
const TIME: Duration = Duration::from_millis(1500);
/// What a busy machine may take longer.
const SLACK: Duration = Duration::from_secs(20);

/// What a server does next; a success has the vendor's own body.
#[derive(Clone, Copy, Debug)]
enum Act {
    Answers(u16, Then),
    /// Answers, and goes away with that as the last one.
    AnswersLast(Then),
    /// Answers half: then resets the stream with a code, or does something to the connection.
    Cuts(u16, Option<u32>, Then),
    Resets {
        at_head: bool,
        code: u32,
    },
    /// Goes away, with the request or without it.
    GoesAway {
        at_head: bool,
        has_request: bool,
        code: u32,
        then: Then,
    },
    /// Goes away before there is a request; or only later.
    GoesAwayAtOnce {
        soon: bool,
        code: u32,
        then: Then,
    },
    Ends {
        at_head: bool,
        then: Then,
    },
    ClosesAtOnce,
}

impl Act {
    fn deed(self, body: &str) -> Deed {
        let on = |at_head: bool| if at_head { Deed::OnHead } else { Deed::OnRequest };
        let whole = |status: u16| vec![Frame::Head(status), Frame::End(if status == 200 { body.into() } else { b"{}".to_vec() })];
        let half = |status: u16| vec![Frame::Head(status), Frame::Part(b"{".to_vec())];
        match self {
            Self::Answers(status, then) => Deed::OnRequest(whole(status), then),
            Self::AnswersLast(then) => Deed::OnRequest([whole(200), vec![Frame::GoAway(None, NO_ERROR)]].concat(), then),
            Self::Cuts(status, code, then) => Deed::OnRequest([half(status), code.map(Frame::Reset).into_iter().collect()].concat(), then),
            Self::Resets { at_head, code } => on(at_head)(vec![Frame::Reset(code)], GoOn),
            Self::GoesAway { at_head, has_request, code, then } => on(at_head)(vec![Frame::GoAway(if has_request { None } else { Some(0) }, code)], then),
            Self::GoesAwayAtOnce { soon, code, then } => Deed::AtOnce(vec![Frame::GoAway(Some(if soon { 0 } else { 0x7fff_ffff }), code)], then),
            Self::Ends { at_head, then } => on(at_head)(Vec::new(), then),
            Self::ClosesAtOnce => Deed::AtOnce(Vec::new(), Close),
        }
    }

    /// Whether the server answers, or vouches that it did not look at the request, so that nobody is left in doubt.
    fn leaves_no_doubt(self) -> bool {
        match self {
            Self::Answers(status, GoOn) => status != 500,
            Self::AnswersLast(GoOn) => true,
            Self::Resets { code, .. } => code == REFUSED_STREAM,
            Self::GoesAway { has_request, code, then, .. } => !has_request && code == NO_ERROR && then == Close,
            _ => false,
        }
    }

    fn hangs(self) -> bool {
        use Act::{Answers, AnswersLast, Cuts, Ends, GoesAway, GoesAwayAtOnce};
        match self {
            Answers(_, then) | AnswersLast(then) | Cuts(_, None, then) | Ends { then, .. } => then == Hang,
            // What the client is left with where nothing more comes is not the server's word.
            GoesAway { then, .. } | GoesAwayAtOnce { then, .. } => then != Close,
            _ => false,
        }
    }
}

fn act() -> impl Strategy<Value = Act> {
    let code = || {
        prop::sample::select(vec![
            NO_ERROR,
            NO_ERROR,
            PROTOCOL_ERROR,
            INTERNAL_ERROR,
            REFUSED_STREAM,
            REFUSED_STREAM,
            CANCEL,
            ENHANCE_YOUR_CALM,
            HTTP_1_1_REQUIRED,
        ])
    };
    let then = || prop::sample::select(vec![GoOn, GoOn, GoOn, Close, Close, Hang]);
    let end = || prop::sample::select(vec![Close, Close, Close, Hang]);
    prop_oneof![
        4 => prop::sample::select(vec![200, 200, 400, 404, 500]).prop_flat_map(move |status| then().prop_map(move |then| Act::Answers(status, then))),
        2 => then().prop_map(Act::AnswersLast),
        1 => (prop::sample::select(vec![200, 404]), code()).prop_map(|(status, code)| Act::Cuts(status, Some(code), GoOn)),
        1 => (prop::sample::select(vec![200, 404]), end()).prop_map(|(status, then)| Act::Cuts(status, None, then)),
        4 => (any::<bool>(), code()).prop_map(|(at_head, code)| Act::Resets { at_head, code }),
        4 => (any::<bool>(), any::<bool>(), code(), then()).prop_map(|(at_head, has_request, code, then)| Act::GoesAway { at_head, has_request, code, then }),
        2 => (any::<bool>(), code(), then()).prop_map(|(soon, code, then)| Act::GoesAwayAtOnce { soon, code, then }),
        2 => (any::<bool>(), end()).prop_map(|(at_head, then)| Act::Ends { at_head, then }),
        1 => Just(Act::ClosesAtOnce),
    ]
}

/// A vendor and what its server does; several creates, each known by its mark, or one check of an answer.
#[derive(Clone, Debug)]
struct Case {
    vendor: &'static Vendor,
    operation: Operation,
    acts: Vec<Act>,
    calls: usize,
}

fn case() -> impl Strategy<Value = Case> {
    (prop::sample::select(vendors::all()), prop::bool::weighted(0.7), prop::collection::vec(act(), 1..7), 1_usize..4).prop_map(
        |(vendor, creates, acts, calls)| {
            let (operation, calls) = if creates { (Operation::Create, calls) } else { (Operation::Verify, 1) };
            Case { vendor, operation, acts, calls }
        },
    )
}

/// Makes a call; which of the requests are its own, as far as their bodies came, tells the mark.
async fn call(case: &Case, provider: &dyn ChallengeProvider, number: usize) -> (String, Result<(), Error>) {
    match case.operation {
        Operation::Create => {
            let (request, mark) = (case.vendor.create.numbered)(number);
            (mark, provider.create_with(&request, &CallOptions::default()).await.map(drop))
        }
        Operation::Verify => (String::new(), case.operation.call(case.vendor, provider, &CallOptions::default()).await),
    }
}

fn judge(outcome: &Result<(), Error>, requests: &[&Seen], may_be_in_doubt: bool) -> Result<(), &'static str> {
    let acted_on: Vec<&&Seen> = requests.iter().filter(|request| !request.is_disowned).collect();
    if acted_on.len() > 1 {
        return Err("sent twice");
    }
    let is_answered = acted_on.first().is_some_and(|request| request.is_answered);
    let is_true = match outcome {
        Ok(()) => is_answered,
        Err(error) => match error.send_state() {
            SendState::NotSent => acted_on.is_empty(),
            SendState::Refused => is_answered && matches!(error.status(), Some(400 | 404)),
            SendState::Accepted => is_answered && error.status() == Some(200),
            SendState::Unknown => may_be_in_doubt,
        },
    };
    if is_true { Ok(()) } else { Err("told otherwise than it was") }
}

async fn run(case: &Case, acceptor: TlsAcceptor, http: Http) -> Result<(), String> {
    let time = if case.acts.iter().any(|act| act.hangs()) { TIME } else { LONG };
    let body = case.operation.reply(case.vendor);
    let script = Script::new(case.acts.iter().map(|act| act.deed(&body)).collect(), &body);
    let scripted = script.clone();
    let server = Connections::each(move |_, stream| {
        let (acceptor, script) = (acceptor.clone(), scripted.clone());
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                script.serve(stream).await;
            }
        }
    })
    .await;
    let provider = case.vendor.config_at(&server.https(), "").with_http(http.with_timeout(time)).build().map_err(|error| error.to_string())?;
    let mut outcomes = Vec::new();
    for number in 0..case.calls {
        let started = Instant::now();
        let (mark, outcome) = call(case, &*provider, number).await;
        if started.elapsed() > time + SLACK {
            return Err(format!("no end in time: call {number} took {:?}, {outcome:?}", started.elapsed()));
        }
        outcomes.push((mark, outcome));
    }
    // What is judged is what there is when all is over, so that nothing comes too late to be counted.
    drop(provider);
    let seen = script.seen();
    if seen.iter().filter(|request| !request.is_disowned).count() > case.calls {
        return Err(format!("more requests than calls: {seen:?}"));
    }
    for (number, (mark, outcome)) in outcomes.iter().enumerate() {
        let is_its = |request: &&Seen| case.calls == 1 || request.body.windows(mark.len()).any(|part| part == mark.as_bytes());
        let requests: Vec<&Seen> = seen.iter().filter(is_its).collect();
        judge(outcome, &requests, !case.acts.iter().all(|act| act.leaves_no_doubt()))
            .map_err(|wrong| format!("{wrong}: call {number}, {outcome:?}, {requests:?}"))?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http2_no_sequence_of_faults_acts_twice_or_tells_less_than_the_truth() {
    let authority = Authority::new("fault-sequences");
    let acceptor = authority.acceptor(Fault::None, &["h2"]);
    let http = Http::builder().with_timeout(LONG).with_connect_timeout(LONG / 2).with_ca_file(authority.file()).build().expect("a client");
    let mut runner = TestRunner::new(Cases::default());
    let permits = Arc::new(tokio::sync::Semaphore::new(AT_A_TIME));
    let mut runs = Vec::new();
    for _ in 0..CASES {
        let case = case().new_tree(&mut runner).expect("a case").current();
        let permit = Arc::clone(&permits).acquire_owned().await.expect("a permit");
        let (acceptor, http) = (acceptor.clone(), http.clone());
        runs.push(tokio::spawn(async move {
            let _permit = permit;
            run(&case, acceptor, http).await.map_err(|wrong| format!("{wrong}\n{case:?}"))
        }));
    }
    for run in runs {
        run.await.expect("a run that ends").unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}
