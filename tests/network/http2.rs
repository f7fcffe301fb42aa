//! HTTP/2: whatever becomes of a stream or a connection, no request is processed twice, what the server vouches for is made again, and what
//! is told is true.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use auth_challenge::{Advice, CallOptions, ErrorKind, Http, SendState};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use crate::{
    http2_server::{
        CANCEL, Deed, ENHANCE_YOUR_CALM,
        Frame::{End, GoAway, Head, Part, Reset},
        HTTP_1_1_REQUIRED, INTERNAL_ERROR, NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM, Script, Seen,
        Then::{Close, GoOn, Hang},
    },
    support::{
        LONG, all_end_well,
        vendors::{self, Operation},
        with_time_up_to,
    },
    tls_server::{Authority, Connections, Fault, Handshakes},
};

/// So many runs at a time.
const AT_A_TIME: usize = 64;

/// The authority, its acceptor and a client, which take long to make.
struct Bench {
    acceptor: TlsAcceptor,
    http: Http,
}

impl Bench {
    fn new(name: &str) -> Self {
        let authority = Authority::new(name);
        let http = Http::builder()
            .with_timeout(LONG)
            .with_connect_timeout(LONG / 2)
            .with_max_response_bytes(4096)
            .with_ca_file(authority.file())
            .build()
            .expect("a client");
        Self { acceptor: authority.acceptor(Fault::None, &["h2", "http/1.1"]), http }
    }

    async fn serve(&self, script: &Script) -> (Connections, Handshakes) {
        let (acceptor, script, handshakes) = (self.acceptor.clone(), script.clone(), Handshakes::default());
        let noted = handshakes.clone();
        let connections = Connections::each(move |_, stream| {
            let (acceptor, script, noted) = (acceptor.clone(), script.clone(), noted.clone());
            async move {
                if let Some(stream) = noted.shake(&acceptor, stream).await {
                    script.serve(stream).await;
                }
            }
        })
        .await;
        (connections, handshakes)
    }
}

/// A call with a time of its own.
fn within(time: Duration) -> CallOptions {
    CallOptions::default().with_timeout(time)
}

/// What the server does with a request that it did not look at, and vouches for that.
fn refusals() -> Vec<(&'static str, Deed)> {
    use Deed::{OnHead, OnRequest};
    vec![
        ("gone away without a look at the request, then silent", OnRequest(vec![GoAway(Some(0), NO_ERROR)], Hang)),
        ("gone away without a look at the request, then closed", OnRequest(vec![GoAway(Some(0), NO_ERROR)], Close)),
        ("gone away at the head of the request", OnHead(vec![GoAway(Some(0), NO_ERROR)], Close)),
        ("gone away, first without a limit", OnRequest(vec![GoAway(Some(0x7fff_ffff), NO_ERROR), GoAway(Some(0), NO_ERROR)], Close)),
        ("refused", OnRequest(vec![Reset(REFUSED_STREAM)], GoOn)),
        ("refused at the head of the request", OnHead(vec![Reset(REFUSED_STREAM)], GoOn)),
        ("refused, then closed", OnRequest(vec![Reset(REFUSED_STREAM)], Close)),
        ("refused and gone away", OnRequest(vec![Reset(REFUSED_STREAM), GoAway(Some(0), NO_ERROR)], Close)),
    ]
}

/// What the server does with the request, and what the caller is told.
fn faults() -> Vec<(&'static str, Deed, ErrorKind, SendState)> {
    use Deed::{OnHead, OnRequest};
    use ErrorKind::{Interrupted, InvalidRequest, NotFound, Timeout, Unavailable, UnexpectedReply};
    use SendState::{Accepted, Refused, Unknown};
    let mut faults = vec![
        ("gone away with the request in hand, then silent", OnRequest(vec![GoAway(None, NO_ERROR)], Hang), Timeout, Unknown),
        ("gone away with the request in hand, then closed", OnRequest(vec![GoAway(None, NO_ERROR)], Close), Interrupted, Unknown),
        ("gone away for too many calls", OnRequest(vec![GoAway(Some(0), ENHANCE_YOUR_CALM)], Close), Interrupted, Unknown),
        ("gone away for too many calls, with the request in hand", OnRequest(vec![GoAway(None, ENHANCE_YOUR_CALM)], Close), Interrupted, Unknown),
        ("gone away for an error of its own, without a look", OnRequest(vec![GoAway(Some(0), INTERNAL_ERROR)], Close), Interrupted, Unknown),
        ("gone away twice with the request in hand", OnRequest(vec![GoAway(Some(0x7fff_ffff), NO_ERROR), GoAway(None, NO_ERROR)], Close), Interrupted, Unknown),
        ("gone away for an error of its own", OnRequest(vec![GoAway(None, INTERNAL_ERROR)], Close), Interrupted, Unknown),
        ("closed at the head of the request", OnHead(vec![], Close), Interrupted, Unknown),
        ("closed after the request", OnRequest(vec![], Close), Interrupted, Unknown),
        ("silent after the request", OnRequest(vec![], Hang), Timeout, Unknown),
        ("closed after the head of a success", OnRequest(vec![Head(200)], Close), Interrupted, Accepted),
        ("silent after the head of a success", OnRequest(vec![Head(200)], Hang), Timeout, Accepted),
        ("closed within a success", OnRequest(vec![Head(200), Part(b"{".to_vec())], Close), Interrupted, Accepted),
        ("reset within a success", OnRequest(vec![Head(200), Part(b"{".to_vec()), Reset(INTERNAL_ERROR)], GoOn), Interrupted, Accepted),
        ("cancelled within a success", OnRequest(vec![Head(200), Part(b"{".to_vec()), Reset(CANCEL)], GoOn), Interrupted, Accepted),
        ("refused within a success", OnRequest(vec![Head(200), Reset(REFUSED_STREAM)], GoOn), Interrupted, Accepted),
        // To hyper, a body that ends without an error ends well; what is missing then shows in the JSON.
        ("gone away within a success", OnRequest(vec![Head(200), GoAway(Some(0), NO_ERROR)], Close), UnexpectedReply, Accepted),
        ("ended without an error within a success", OnRequest(vec![Head(200), Part(b"{".to_vec()), Reset(NO_ERROR)], GoOn), UnexpectedReply, Accepted),
        ("a success longer than allowed", OnRequest(vec![Head(200), End(vec![b' '; 5000])], GoOn), UnexpectedReply, Accepted),
        ("a success with nothing in it", OnRequest(vec![Head(200), End(Vec::new())], GoOn), UnexpectedReply, Accepted),
        ("reset within a refusal", OnRequest(vec![Head(400), Part(b"{".to_vec()), Reset(CANCEL)], GoOn), InvalidRequest, Refused),
        ("closed within a refusal", OnRequest(vec![Head(404)], Close), NotFound, Refused),
        ("closed within an outage", OnRequest(vec![Head(500)], Close), Unavailable, Unknown),
    ];
    for (what, code) in [
        ("reset without an error", NO_ERROR),
        ("reset for the protocol", PROTOCOL_ERROR),
        ("reset for an error of its own", INTERNAL_ERROR),
        ("cancelled", CANCEL),
        ("reset for too many calls", ENHANCE_YOUR_CALM),
        ("reset for HTTP/1.1", HTTP_1_1_REQUIRED),
    ] {
        faults.push((what, OnRequest(vec![Reset(code)], GoOn), Interrupted, Unknown));
        faults.push((what, OnHead(vec![Reset(code)], GoOn), Interrupted, Unknown));
    }
    faults
}

/// A silent connection is left when it answers no ping, six seconds after its last word; a shorter time ends the call before that.
const BEFORE_A_PING: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_a_stream_sends_once_and_is_told_truly_in_time() {
    let bench = Arc::new(Bench::new("streams"));
    let permits = Arc::new(Semaphore::new(AT_A_TIME));
    let mut runs = Vec::new();
    for vendor in vendors::all() {
        for operation in Operation::ALL {
            // On a fresh connection, and on one that has answered before.
            for before in [0, 1] {
                for (what, deed, kind, state) in faults() {
                    let (bench, permit) = (Arc::clone(&bench), Arc::clone(&permits).acquire_owned().await.expect("a permit"));
                    runs.push(tokio::spawn(async move {
                        let _permit = permit;
                        let ends_by_time = kind == ErrorKind::Timeout;
                        let fine = Deed::OnRequest(vec![Head(200), End(operation.reply(vendor).into_bytes())], GoOn);
                        let mut deeds = vec![fine; before];
                        deeds.push(deed);
                        let run = async |time: Duration| {
                            // What ends by itself does so long before its time.
                            let most = if ends_by_time { time + LONG / 2 } else { LONG / 2 };
                            let script = Script::new(deeds.clone(), &operation.reply(vendor));
                            let (server, handshakes) = bench.serve(&script).await;
                            let provider = vendor.config_at(&server.https(), "").with_http(bench.http.clone()).build().expect("a provider");
                            for _ in 0..before {
                                operation.call(vendor, &*provider, &within(LONG)).await.expect("the call before");
                            }
                            let started = Instant::now();
                            let error = operation.call(vendor, &*provider, &within(time)).await.expect_err("a failure");
                            let (hung_for, seen) = (script.quiet.hung_for(), script.seen().len());
                            let context = format!("{what}, {vendor:?} {operation:?} after {before}: {error:?}");
                            assert!(seen <= before + 1, "{seen} seen: {context}");
                            assert!(started.elapsed() < most, "took {:?}: {context}", started.elapsed());
                            assert!(handshakes.all().iter().all(|protocol| protocol.as_deref() == Ok("h2")), "{:?}: {context}", handshakes.all());
                            ((error, seen, context), hung_for)
                        };
                        let (error, seen, context) = if ends_by_time { with_time_up_to(BEFORE_A_PING, run).await } else { run(LONG).await.0 };
                        assert_eq!((error.kind(), error.send_state()), (kind, state), "{context}");
                        assert_eq!(seen, before + 1, "{context}");
                    }));
                }
            }
        }
    }
    all_end_well(runs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_vouches_for_is_made_again_on_another_connection_and_may_end_in_any_way() {
    let bench = Arc::new(Bench::new("refused"));
    let permits = Arc::new(Semaphore::new(AT_A_TIME));
    let mut runs = Vec::new();
    let ends = || {
        [
            ("answered", None, None),
            ("closed without a word", Some(Deed::OnRequest(vec![], Close)), Some((ErrorKind::Interrupted, SendState::Unknown))),
            ("reset for an error", Some(Deed::OnRequest(vec![Reset(INTERNAL_ERROR)], GoOn)), Some((ErrorKind::Interrupted, SendState::Unknown))),
            ("an outage", Some(Deed::OnRequest(vec![Head(500), End(Vec::new())], GoOn)), Some((ErrorKind::Unavailable, SendState::Unknown))),
            ("a success cut off", Some(Deed::OnRequest(vec![Head(200)], Close)), Some((ErrorKind::Interrupted, SendState::Accepted))),
        ]
    };
    for vendor in vendors::all() {
        for operation in Operation::ALL {
            for (what, refusal) in refusals() {
                for (end, deed, expected) in ends() {
                    let (bench, permit) = (Arc::clone(&bench), Arc::clone(&permits).acquire_owned().await.expect("a permit"));
                    let refusal = refusal.clone();
                    runs.push(tokio::spawn(async move {
                        let _permit = permit;
                        let script = Script::new([refusal].into_iter().chain(deed).collect(), &operation.reply(vendor));
                        let (server, handshakes) = bench.serve(&script).await;
                        let provider = vendor.config_at(&server.https(), "").with_http(bench.http.clone()).build().expect("a provider");
                        let outcome = operation.call(vendor, &*provider, &within(LONG).with_single_attempt()).await;
                        let context = format!("{what}, then {end}, {vendor:?} {operation:?}: {outcome:?}");
                        assert_eq!(outcome.err().map(|error| (error.kind(), error.send_state())), expected, "{context}");
                        assert_eq!((script.seen().len(), handshakes.all().len()), (2, 2), "{context}");
                    }));
                }
            }
        }
    }
    all_end_well(runs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_all_the_time_is_asked_eleven_times_and_was_sent_nothing() {
    let bench = Bench::new("refusing");
    for vendor in vendors::all() {
        for operation in Operation::ALL {
            let script = Script::new(vec![Deed::OnRequest(vec![Reset(REFUSED_STREAM)], GoOn); 20], "{}");
            let (server, _) = bench.serve(&script).await;
            let provider = vendor.config_at(&server.https(), "").with_http(bench.http.clone()).build().expect("a provider");
            let error = operation.call(vendor, &*provider, &within(LONG)).await.expect_err("refused all the time");
            assert_eq!((error.kind(), error.send_state()), (ErrorKind::Interrupted, SendState::NotSent), "{vendor:?} {operation:?}: {error:?}");
            assert_eq!(script.seen().len(), 11, "{vendor:?} {operation:?}");
            assert_eq!(error.advice(), Advice::WaitThenRetry);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_gives_no_sign_of_life_is_left_for_another_one() {
    let bench = Arc::new(Bench::new("hung"));
    let mut runs = Vec::new();
    for vendor in vendors::all() {
        for operation in Operation::ALL {
            let bench = Arc::clone(&bench);
            runs.push(tokio::spawn(async move {
                let fine = Deed::OnRequest(vec![Head(200), End(operation.reply(vendor).into_bytes())], GoOn);
                let script = Script::new(vec![fine, Deed::OnRequest(vec![], Hang)], &operation.reply(vendor));
                let (server, handshakes) = bench.serve(&script).await;
                let provider = vendor.config_at(&server.https(), "").with_http(bench.http.clone()).build().expect("a provider");
                operation.call(vendor, &*provider, &within(LONG)).await.expect("the call before");
                let started = Instant::now();
                let error = operation.call(vendor, &*provider, &within(LONG)).await.expect_err("silence");
                let context = format!("{vendor:?} {operation:?}: {error:?}");
                assert_eq!((error.kind(), error.send_state()), (ErrorKind::Timeout, SendState::Unknown), "{context}");
                assert!(started.elapsed() < LONG / 2, "took {:?}: {context}", started.elapsed());
                operation.call(vendor, &*provider, &within(LONG)).await.expect("a call on another connection");
                assert_eq!((script.seen().len(), handshakes.all().len()), (3, 2), "{context}");
            }));
        }
    }
    all_end_well(runs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_before_the_request_fails_nobody_and_answers_at_most_once() {
    let bench = Bench::new("gone-before");
    let mut never_woken = 0;
    for vendor in vendors::all() {
        for operation in Operation::ALL {
            for (what, deed, is_vouched_for) in [
                ("gone away, then closed", Deed::AtOnce(vec![GoAway(Some(0), NO_ERROR)], Close), true),
                ("gone away, then silent", Deed::AtOnce(vec![GoAway(Some(0), NO_ERROR)], Hang), true),
                ("gone away, still reading", Deed::AtOnce(vec![GoAway(Some(0), NO_ERROR)], GoOn), true),
                ("gone away for too many calls", Deed::AtOnce(vec![GoAway(Some(0), ENHANCE_YOUR_CALM)], Close), false),
                ("going away after what is on its way", Deed::AtOnce(vec![GoAway(Some(0x7fff_ffff), NO_ERROR)], GoOn), true),
                ("closed", Deed::AtOnce(vec![], Close), false),
            ] {
                let script = Script::new(vec![deed], &operation.reply(vendor));
                let (server, _) = bench.serve(&script).await;
                let provider = vendor.config_at(&server.https(), "").with_http(bench.http.clone()).build().expect("a provider");
                let started = Instant::now();
                let outcome = operation.call(vendor, &*provider, &within(LONG / 4)).await;
                let seen = script.seen().len();
                let context = format!("{what}, {vendor:?} {operation:?}: {seen} seen, {outcome:?}");
                match &outcome {
                    // Perhaps refused before.
                    Ok(()) => assert!((1..=2).contains(&seen), "{context}"),
                    Err(error) if is_vouched_for => {
                        assert_eq!((seen, error.kind(), error.send_state()), (0, ErrorKind::Timeout, SendState::Unknown), "{context}");
                        never_woken += 1;
                    }
                    Err(error) => {
                        assert!(seen <= 1, "{context}");
                        assert!(error.send_state() == SendState::Unknown || seen == 0 && error.send_state() == SendState::NotSent, "{context}");
                    }
                }
                assert!(script.seen().iter().filter(|request| request.is_answered).count() <= 1, "{context}");
                assert!(started.elapsed() < LONG / 2, "took {:?}: {context}", started.elapsed());
            }
        }
    }
    // Once in thousands of times hyper does not wake a request that comes as its connection goes.
    assert!(never_woken <= 2, "{never_woken}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_the_server_gave_up_between_calls_never_sends_twice() {
    let bench = Bench::new("given-up");
    for vendor in vendors::all() {
        for (what, frames, then) in
            [("closed", vec![], Close), ("gone away", vec![GoAway(None, NO_ERROR)], GoOn), ("gone away and closed", vec![GoAway(None, NO_ERROR)], Close)]
        {
            let answer = [vec![Head(200), End(Operation::Create.reply(vendor).into_bytes())], frames].concat();
            let script = Script::new(vec![Deed::OnRequest(answer, then); 40], "{}");
            let (server, _) = bench.serve(&script).await;
            let provider = vendor.config_at(&server.https(), "").with_http(bench.http.clone()).build().expect("a provider");
            for calls in 1..=20 {
                let before = script.seen().len();
                let outcome = Operation::Create.call(vendor, &*provider, &within(LONG)).await;
                let seen = script.seen().split_off(before);
                let answered = seen.iter().filter(|request| request.is_answered).count();
                match &outcome {
                    Ok(()) => assert_eq!(answered, 1, "{what} {vendor:?}, call {calls}"),
                    Err(error) => {
                        assert!(seen.len() <= 1 && then == Close, "{what} {vendor:?}, call {calls}: {error:?}");
                        assert_eq!((error.kind(), error.send_state()), (ErrorKind::Interrupted, SendState::Unknown), "{what} {vendor:?}: {error:?}");
                    }
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_share_a_connection_when_it_breaks_are_each_answered_at_most_once() {
    let bench = Bench::new("shared");
    for vendor in vendors::all() {
        for (what, frames) in [
            ("closed", vec![]),
            ("gone away", vec![GoAway(Some(1), NO_ERROR)]),
            ("refused and gone away", vec![Reset(REFUSED_STREAM), GoAway(Some(1), NO_ERROR)]),
        ] {
            // With few streams at a time the other calls wait on the connection when it breaks. Of these hyper may drop one without a word, or
            // never wake it: none is answered twice, but it takes a time-out, and the server's word for it is lost.
            for (most, time) in [(1, Duration::from_secs(4)), (4, Duration::from_secs(4)), (100, LONG / 4)] {
                let fine = Deed::OnRequest(vec![Head(200), End(Operation::Create.reply(vendor).into_bytes())], GoOn);
                let script = Script::new(vec![fine.clone(), fine, Deed::OnRequest(frames.clone(), Close)], &Operation::Create.reply(vendor))
                    .with_concurrent_streams(most);
                let (server, _) = bench.serve(&script).await;
                let provider = vendor.config_at(&server.https(), "").with_http(bench.http.clone()).build().expect("a provider");
                Operation::Create.call(vendor, &*provider, &within(LONG)).await.expect("the call that opens the connection");
                let calls: Vec<_> = (0..16)
                    .map(|number| {
                        let provider = Arc::clone(&provider);
                        let (request, mark) = (vendor.create.numbered)(number);
                        (mark, tokio::spawn(async move { provider.create_with(&request, &within(time)).await.map(drop) }))
                    })
                    .collect();
                for (mark, call) in calls {
                    let outcome = call.await.expect("a call that ends");
                    let is_its = |request: &&Seen| request.body.windows(mark.len()).any(|part| part == mark.as_bytes());
                    let seen = script.seen().into_iter().filter(|request| is_its(&request)).collect::<Vec<_>>();
                    let answered = seen.iter().filter(|request| request.is_answered).count();
                    let context = format!("{what}, {vendor:?}, {most} at a time: {} seen, {outcome:?}", seen.len());
                    match outcome {
                        Ok(()) => assert_eq!(answered, 1, "{context}"),
                        Err(error) => {
                            assert!(answered <= 1 && error.send_state() == SendState::Unknown, "{context}");
                            // As above: what the server vouches for ends in no other way.
                            assert!(most < 16 || frames.is_empty() || error.kind() == ErrorKind::Timeout, "{context}");
                        }
                    }
                }
            }
        }
    }
}
