//! The vendor behind nginx: counts what arrives, and answers well.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, header::CONTENT_TYPE, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::Failed;

/// Time for the last connection to end.
const AT_LAST: Duration = Duration::from_secs(60);
const CREATED: &[u8] = br#"{"challengeID":"cha-1","status":"pending"}"#;
const COMPLETED: &[u8] = br#"{"challengeID":"cha-1","status":"completed"}"#;

/// Answers as Corbado does, and knows which call arrived how often: a call's mark is the user's id, `usr-<mark>`.
#[derive(Clone, Default)]
pub struct Upstream {
    arrivals: Arc<Mutex<HashMap<u64, u32>>>,
    open: Arc<AtomicUsize>,
}

impl Upstream {
    /// Listens on loopback.
    pub async fn start() -> Result<(Self, SocketAddr), Failed> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let upstream = Self::default();
        let accepting = upstream.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let upstream = accepting.clone();
                upstream.open.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let _ = stream.set_nodelay(true);
                    let answering = service_fn(|request| upstream.answer(request));
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answering).await;
                    upstream.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Ok((upstream, address))
    }

    /// Tells how often each of these calls arrived.
    pub fn arrived(&self, mark: u64) -> u32 {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).get(&mark).copied().unwrap_or_default()
    }

    /// Waits until no connection is open: then no more arrives.
    pub async fn rest(&self) -> Result<(), Failed> {
        let closed = async {
            while self.open.load(Ordering::SeqCst) > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(AT_LAST, closed).await.map_err(|_| "nginx has ended, and its connections to the upstream have not".into())
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        // Counted by its head: a vendor may act on what it has begun to see.
        let mut path = request.uri().path().split('/').skip_while(|segment| *segment != "users").skip(1);
        let mark = path.next().and_then(|user| user.strip_prefix("usr-")).and_then(|mark| mark.parse().ok());
        if let Some(mark) = mark {
            *self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).entry(mark).or_default() += 1;
        }
        let is_create = path.nth(1).is_none();
        let is_whole = request.into_body().collect().await.is_ok();
        let body = match (mark, is_create) {
            (Some(_), true) => CREATED,
            (Some(_), false) => COMPLETED,
            (None, _) => b"{}",
        };
        let status = if mark.is_some() && is_whole { 200 } else { 400 };
        let mut response = Response::new(Full::new(Bytes::from_static(body)));
        *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
        response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
        Ok(response)
    }
}
