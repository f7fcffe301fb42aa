//! The trace of a login as OpenTelemetry has it, on standard output: one span a call, below it one an attempt, with a failover in between.
//!
//! In a service an exporter of OTLP stands in the place of the one here.

use std::error::Error;

use auth_challenge::{
    ChallengeProviderExt as _, Config,
    testing::{AuthsignalDouble, CorbadoDouble, Fault, Operation},
};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Instrument as _, info_span, level_filters::LevelFilter};
use tracing_subscriber::{Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let traces = SdkTracerProvider::builder().with_simple_exporter(opentelemetry_stdout::SpanExporter::default()).build();
    // Those below have spans of their own, which tell more than a trace needs. Your own stay on: a call's span hangs below the one that it is made in.
    let below = ["h2", "hyper", "hyper_util", "reqwest", "rustls"].map(|target| (target, LevelFilter::OFF));
    let told = Targets::new().with_default(LevelFilter::INFO).with_targets(below);
    tracing_subscriber::registry().with(tracing_opentelemetry::layer().with_tracer(traces.tracer("login")).with_filter(told)).init();

    let (corbado, authsignal) = (CorbadoDouble::start().await, AuthsignalDouble::start().await);
    let sections = corbado.config_section() + &authsignal.config_section();
    let auth = Config::from_toml_str(&format!("provider = \"corbado\"\nfailover = [\"authsignal\"]\n{sections}"))?.build()?;

    corbado.fail(Operation::CREATE, Fault::refuse_connections());
    let challenge = auth.create(&corbado.person("jane@doe.com").with_action("login")).instrument(info_span!("login")).await?;
    for answer in [authsignal.wrong_answer(&challenge), authsignal.right_answer(&challenge)] {
        let _ = auth.verify(challenge.handle(), &answer).await?;
    }
    traces.shutdown()?;
    Ok(())
}
