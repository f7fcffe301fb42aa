//! Calls on a transport that is a script in memory, with a clock that does not wait: tens of thousands of sequences of what may
//! become of an attempt.

use std::{
    future::pending,
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use progenitor_client::{Error as Generated, ResponseValue};
use proptest::prelude::*;
use tokio::time::Instant;

use super::{Attempt, Endpoint, ErrorReply, Http, Operation, Route, attempt::Head, client::Pool};
use crate::model::{CallOptions, Error, ProviderId, SendState};

/// What becomes of one attempt.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Succeeds,
    /// A success whose body never comes.
    StaysOut,
    /// A success whose body is longer than allowed.
    Floods,
    /// A success that is not what the document says.
    Babbles,
    /// An error status, with what `Retry-After` says.
    Fails(u16, Option<u64>),
    /// The connection breaks before a reply.
    Breaks,
    /// Nothing comes.
    Hangs,
}

fn operation(is_create: bool) -> Operation {
    let route = Route { number: 0, name: "create", method: "POST", path: "/", beginning: &[] };
    Operation { is_create, is_authorized: false, is_done: |status| status != 202, ..Operation::of(route, &[], |_, _| ErrorReply::default()) }
}

static HTTP: LazyLock<Http> = LazyLock::new(|| Http::builder().build().expect("a client"));
const TIME: Duration = Duration::from_secs(10);

fn fate() -> impl Strategy<Value = Fate> {
    let status = prop::sample::select(vec![300, 302, 400, 401, 403, 404, 408, 409, 422, 429, 429, 429, 500, 503, 599]);
    prop_oneof![
        2 => Just(Fate::Succeeds),
        1 => Just(Fate::StaysOut),
        1 => Just(Fate::Floods),
        1 => Just(Fate::Babbles),
        6 => (status, prop::option::weighted(0.7, 0_u64..15)).prop_map(|(status, pause)| Fate::Fails(status, pause)),
        1 => Just(Fate::Breaks),
        1 => Just(Fate::Hangs),
    ]
}

fn head(status: u16, retry_after: Option<u64>) -> Option<Head> {
    let headers = retry_after.map(|seconds| (http::header::RETRY_AFTER, seconds.into())).into_iter().collect();
    Some(Head { status, headers, request_id: None })
}

/// A body that is no JSON.
const BABBLE: &[u8] = b"no JSON";

/// Plays one attempt as the generated client would come back from it.
async fn play(fate: Fate, attempt: &Attempt) -> Result<ResponseValue<()>, Generated<()>> {
    let response = |status: u16| {
        let mut response = http::Response::new("");
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
        reqwest::Response::from(response)
    };
    match fate {
        Fate::Succeeds => {
            attempt.progress().head = head(200, None);
            Ok(ResponseValue::new((), http::StatusCode::OK, http::HeaderMap::new()))
        }
        Fate::StaysOut => {
            attempt.progress().head = head(200, None);
            pending().await
        }
        Fate::Floods | Fate::Babbles => {
            attempt.progress().head = head(200, None);
            attempt.progress().too_large = matches!(fate, Fate::Floods);
            attempt.progress().body = Bytes::from_static(BABBLE);
            attempt.decode(response(200))
        }
        Fate::Fails(status, retry_after) => {
            attempt.progress().head = head(status, retry_after);
            attempt.progress().body = Bytes::from_static(BABBLE);
            Err(Generated::UnexpectedResponse(response(status)))
        }
        // Any error of the transport that is not about connecting.
        Fate::Breaks => Err(Generated::CommunicationError(response(200).json::<u8>().await.expect_err("no JSON"))),
        Fate::Hangs => pending().await,
    }
}

/// Tells what is true of an attempt, whatever is told of it.
fn truth(fate: Fate) -> SendState {
    match fate {
        Fate::Succeeds | Fate::StaysOut | Fate::Floods | Fate::Babbles => SendState::Accepted,
        Fate::Fails(408, _) => SendState::Unknown,
        Fate::Fails(400..=499, _) => SendState::Refused,
        Fate::Fails(..) | Fate::Breaks | Fate::Hangs => SendState::Unknown,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80 * ProptestConfig::default().cases, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_call_sends_again_only_when_told_to_wait_ends_in_time_and_tells_the_truth(fates in prop::collection::vec(fate(), 1..5), retried in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        runtime.block_on(async {
            let url = url::Url::parse("https://vendor.example").expect("a URL");
            let endpoint = Endpoint::new(ProviderId::new("scripted"), &url, None, &[operation(retried).route], HTTP.clone());
            let played = Mutex::new(Vec::new());
            let options = CallOptions::default().with_timeout(TIME);
            let started = Instant::now();
            let outcome = endpoint
                .call(&operation(retried), &options, &[], async |attempt: Attempt| {
                    let fate = {
                        let mut played = played.lock().unwrap_or_else(PoisonError::into_inner);
                        let fate = fates.get(played.len()).or(fates.last()).copied().unwrap_or(Fate::Hangs);
                        played.push(fate);
                        fate
                    };
                    play(fate, &attempt).await
                })
                .await;
            prop_assert!(started.elapsed() <= TIME + Duration::from_millis(10), "took {:?}", started.elapsed());
            let played = played.into_inner().unwrap_or_else(PoisonError::into_inner);
            let Some((last, earlier)) = played.split_last() else { return Err(TestCaseError::fail("nothing was sent")) };
            prop_assert!(earlier.len() <= if retried { 2 } else { 0 }, "{played:?}");
            prop_assert!(earlier.iter().all(|fate| matches!(fate, Fate::Fails(429, Some(_)))), "{played:?}");
            match outcome {
                Ok(_) => prop_assert!(matches!(last, Fate::Succeeds)),
                Err(failure) => prop_assert_eq!(failure.error.send_state(), truth(*last), "{:?}", played),
            }
            Ok(())
        })?;
    }
}

#[test]
fn connecting_has_half_of_a_short_time_and_three_seconds_of_a_long_one() {
    for (timeout, connecting) in [(1_000, 500), (5_000, 2_500), (20_000, 3_000)] {
        let http = Http::builder().with_timeout(Duration::from_millis(timeout)).build().expect("a client");
        assert_eq!((http.timeout(), http.limits.connect_timeout), (Duration::from_millis(timeout), Duration::from_millis(connecting)));
    }
}

#[test]
fn the_second_pool_is_made_once_and_where_it_is_needed() {
    let http = Http::builder().build().expect("a client");
    http.client(Pool::First);
    assert!(http.second.client.get().is_none());
    assert!(std::ptr::eq(http.client(Pool::Second), http.clone().client(Pool::Second)));
}

#[test]
fn where_no_second_pool_can_be_made_the_first_one_serves_until_one_can() {
    let (first, may_be_made) = (reqwest::Client::new(), Arc::new(AtomicBool::new(false)));
    let make = {
        let (other, may_be_made) = (reqwest::Client::new(), Arc::clone(&may_be_made));
        move || if may_be_made.load(Relaxed) { Ok(other.clone()) } else { Err(Error::unusable_config("no certificates")) }
    };
    let http = Http::of(first, make, HTTP.limits());
    assert!(std::ptr::eq(http.client(Pool::Second), http.client(Pool::First)));
    may_be_made.store(true, Relaxed);
    assert!(!std::ptr::eq(http.client(Pool::Second), http.client(Pool::First)));
}
