//! What is counted, for Prometheus.

use std::{net::SocketAddr, sync::LazyLock, time::Duration};

use axum::{Router, routing::get};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::{net::TcpListener, time::interval};

use crate::app::Failed;

/// Bounds of the histograms, in seconds, as OpenTelemetry has them for HTTP.
const BOUNDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
/// How often what was recorded is gathered where nobody asks.
const GATHERED_EVERY: Duration = Duration::from_secs(5);

/// There is one recorder in a process.
static RECORDER: LazyLock<Result<PrometheusHandle, BuildError>> = LazyLock::new(|| {
    let builder = PrometheusBuilder::new().with_recommended_naming(true);
    builder.set_buckets_for_metric(Matcher::Suffix("duration".to_owned()), &BOUNDS)?.install_recorder()
});

/// Serves the numbers; gives where.
pub async fn serve(address: SocketAddr) -> Result<String, Failed> {
    let recorder = RECORDER.as_ref()?;
    let listener = TcpListener::bind(address).await.map_err(|error| format!("--numbers {address}: {error}"))?;
    let url = format!("http://{}/metrics", listener.local_addr()?);
    let app = Router::new().route("/metrics", get(async || recorder.render()));
    tokio::spawn(async move { axum::serve(listener, app).await });
    tokio::spawn(async {
        let mut times = interval(GATHERED_EVERY);
        loop {
            times.tick().await;
            recorder.run_upkeep();
        }
    });
    Ok(url)
}
