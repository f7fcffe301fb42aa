//! The paths of the control port.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{
    Extension, Json, Router,
    body::{Body, Bytes, HttpBody as _, to_bytes},
    extract::{Query, Request, State, rejection::QueryRejection},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    admission::{Names, Refused},
    commands::{self, ClockCommand, Sample},
    events::{self, Events},
    outbox::{Wanted, given},
    page,
    serve::CameTo,
    shown,
};
use crate::testing::{Double, authenticator, faults::WordedFault, observe::Strayed};

/// The largest body that is read.
const LARGEST_BODY: usize = 1 << 20;
/// How long a body may take to come.
const BODY: Duration = Duration::from_secs(5);

/// The OpenAPI document of this port.
pub(super) const DOCUMENT: &str = include_str!("openapi.json");

/// What the paths share.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) doubles: Arc<[Double]>,
    pub(super) events: Events,
    pub(super) names: Arc<Names>,
    /// Places for those who wait: the other connections are for what is answered at once.
    pub(super) places: Arc<Semaphore>,
}

/// How many pages and long polls may wait at once.
pub(super) const PLACES: usize = 48;

impl Desk {
    fn place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let expected = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("expected {PLACES} pages and waiting calls at most"));
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| expected())
    }
}

pub(super) fn router(desk: Desk) -> Router {
    Router::new()
        .route("/", get(async || page::page()))
        .route("/readyz", get(async || Json(json!({ "ready": true }))))
        .route("/openapi.json", get(async || ([("content-type", "application/json")], DOCUMENT)))
        .route("/doubles", get(doubles))
        .route("/outbox", get(outbox))
        .route("/requests", get(requests))
        .route("/violations", get(violations))
        .route("/challenges", get(challenges))
        .route("/events", get(events))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/clock", get(clock).post(set_clock))
        .route("/reset", post(reset))
        .route("/answer", post(answer))
        .route("/sample", post(sample))
        .fallback(async || Problem::new(StatusCode::NOT_FOUND, format!("expected {PATHS}")))
        .method_not_allowed_fallback(async || Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("expected {PATHS}")))
        .layer(middleware::from_fn_with_state(desk.clone(), admitted))
        .with_state(desk)
}

const PATHS: &str = "GET /, /readyz, /openapi.json, /doubles, /outbox, /requests, /violations, /challenges or /events; \
                     GET, POST or DELETE /faults; GET or POST /clock; POST /reset, /answer or /sample";

/// A command that cannot be followed, and what was expected.
struct Problem {
    status: StatusCode,
    expected: String,
    /// The names of all faults, where one was to be set.
    faults: Option<Vec<&'static str>>,
}

impl Problem {
    fn new(status: StatusCode, expected: impl Into<String>) -> Self {
        Self { status, expected: expected.into(), faults: None }
    }
}

impl From<String> for Problem {
    fn from(expected: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, expected)
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::from(rejection.body_text())
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self::new(StatusCode::from_u16(refused.status).unwrap_or(StatusCode::FORBIDDEN), refused.expected)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = json!({ "error": self.expected });
        if let (Some(names), Some(members)) = (self.faults, body.as_object_mut()) {
            members.insert("faults".into(), names.into());
        }
        (self.status, Json(body)).into_response()
    }
}

/// Lets in what is no foreign page's, reads its body, and marks the reply.
async fn admitted(State(desk): State<Desk>, Extension(CameTo(came_to)): Extension<CameTo>, request: Request, next: Next) -> Response {
    let admit = async {
        let (parts, body) = request.into_parts();
        desk.names.admit(parts.method.as_str(), &parts.headers, !body.is_end_stream(), came_to)?;
        let body = tokio::time::timeout(BODY, to_bytes(body, LARGEST_BODY)).await;
        let body = body.map_err(|_| Problem::new(StatusCode::REQUEST_TIMEOUT, "expected the body within five seconds"))?;
        let body = body.map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "expected a body of one mebibyte at most"))?;
        // Where nothing is written, a query is all that there is to say.
        if !body.is_empty() && parts.method == Method::GET {
            return Err(Problem::new(StatusCode::BAD_REQUEST, "expected no body"));
        }
        Ok(Request::from_parts(parts, Body::from(body)))
    };
    let mut response = match admit.await {
        Ok(request) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    for (name, value) in [("x-content-type-options", "nosniff"), ("cache-control", "no-store")] {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

type Answer = Result<Json<Value>, Problem>;

async fn doubles(State(desk): State<Desk>) -> Json<Value> {
    Json(desk.doubles.iter().map(shown::double).collect())
}

async fn outbox(State(desk): State<Desk>, wanted: Result<Query<Wanted>, QueryRejection>) -> Answer {
    let Query(wanted) = wanted?;
    let _place = if wanted.waits() { Some(desk.place()?) } else { None };
    Ok(Json(wanted.messages(&desk.doubles, &desk.events).await?))
}

async fn events(State(desk): State<Desk>) -> Result<impl IntoResponse, Problem> {
    let place = desk.place()?;
    Ok(events::stream(desk.doubles, &desk.events, place))
}

/// How many of a list are wanted: the newest so many, or all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Newest {
    #[serde(default, deserialize_with = "given")]
    limit: Option<usize>,
}

impl Newest {
    fn of<T>(&self, mut all: Vec<T>) -> Vec<T> {
        all.split_off(all.len() - self.limit.unwrap_or(all.len()).min(all.len()))
    }
}

async fn requests(State(desk): State<Desk>, newest: Result<Query<Newest>, QueryRejection>) -> Answer {
    let mut all = Vec::new();
    for double in &*desk.doubles {
        let journal = &double.backstage().journal;
        let strayed = journal.strayed();
        for (number, request) in newest.as_ref().map_err(|error| Problem::from(error.body_text()))?.of(journal.numbered_requests()) {
            let in_it: Vec<&Strayed> = strayed.iter().map(|(_, strayed)| strayed).filter(|strayed| strayed.request == number).collect();
            all.push((number, shown::request(double, number, &request, &in_it)));
        }
    }
    all.sort_by_key(|(number, _)| *number);
    Ok(Json(newest?.of(all).into_iter().map(|(_, request)| request).collect()))
}

async fn violations(State(desk): State<Desk>, newest: Result<Query<Newest>, QueryRejection>) -> Answer {
    let mut all = Vec::new();
    for double in &*desk.doubles {
        all.extend(double.backstage().journal.strayed().iter().map(|(number, strayed)| (*number, shown::violation(double, strayed))));
    }
    all.sort_by_key(|(number, _)| *number);
    Ok(Json(newest?.of(all).into_iter().map(|(_, violation)| violation).collect()))
}

async fn challenges(State(desk): State<Desk>, newest: Result<Query<Newest>, QueryRejection>) -> Answer {
    let Query(newest) = newest?;
    let mut all = Vec::new();
    for double in &*desk.doubles {
        // Each double's own order stays, also where the clock went back.
        let mut latest = SystemTime::UNIX_EPOCH;
        for challenge in newest.of(double.challenges().iter().cloned().collect()) {
            latest = latest.max(challenge.created_at());
            all.push((latest, double, challenge));
        }
    }
    all.sort_by_key(|(latest, ..)| *latest);
    Ok(Json(newest.of(all).into_iter().map(|(_, double, challenge)| shown::challenge(double, &challenge)).collect()))
}

async fn faults(State(desk): State<Desk>) -> Json<Value> {
    Json(commands::faults(&desk.doubles))
}

async fn add_fault(State(desk): State<Desk>, body: Bytes) -> Answer {
    let names = || Some(WordedFault::names().collect());
    commands::add_fault(&desk.doubles, &body).map_err(|expected| Problem { faults: names(), ..Problem::from(expected) })?;
    Ok(Json(commands::faults(&desk.doubles)))
}

async fn clear_faults(State(desk): State<Desk>) -> Json<Value> {
    desk.doubles.iter().for_each(Double::clear_faults);
    Json(commands::faults(&desk.doubles))
}

async fn clock(State(desk): State<Desk>) -> Json<Value> {
    Json(commands::clock(&desk.doubles))
}

async fn set_clock(State(desk): State<Desk>, body: Bytes) -> Answer {
    Ok(Json(commands::read::<ClockCommand>(&body)?.run(&desk.doubles)?))
}

async fn reset(State(desk): State<Desk>, body: Bytes) -> Answer {
    if !body.is_empty() {
        commands::read::<commands::Nothing>(&body)?;
    }
    commands::reset(&desk.doubles);
    Ok(Json(json!({})))
}

async fn sample(State(desk): State<Desk>, body: Bytes) -> Answer {
    Ok(Json(commands::read::<Sample>(&body)?.run(&desk.doubles).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    options: Value,
    origin: Option<String>,
}

async fn answer(body: Bytes) -> Answer {
    let asked: Asked = commands::read(&body)?;
    Ok(Json(authenticator::answer(&asked.options, asked.origin.as_deref())?))
}
