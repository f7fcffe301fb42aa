//! One connection to the control port, within bounds on time and size.

use std::{net::IpAddr, time::Duration};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::net::TcpStream;
use tokio_io_timeout::TimeoutStream;

/// How long the head of a request may take, and a connection may be idle.
const IDLE: Duration = Duration::from_secs(15);
/// How long a client may take to read a piece of a reply.
const WRITE: Duration = Duration::from_secs(5);
/// The largest head of a request.
const LARGEST_HEAD: usize = 64 << 10;

/// The address that a connection came to.
#[derive(Clone, Copy)]
pub(super) struct CameTo(pub(super) Option<IpAddr>);

pub(super) async fn connection(stream: TcpStream, router: Router) {
    let came_to = CameTo(stream.local_addr().ok().map(|address| address.ip().to_canonical()));
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE));
    let service = TowerToHyperService::new(router.layer(Extension(came_to)));
    let mut server = http1::Builder::new();
    // Who has gone is noticed at once, and keeps no place.
    server.timer(TokioTimer::new()).header_read_timeout(IDLE).max_buf_size(LARGEST_HEAD);
    // Whatever ends it, the client sees it too.
    _ = server.serve_connection(TokioIo::new(Box::pin(stream)), service).await;
}
