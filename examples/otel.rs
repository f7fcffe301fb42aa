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
use tracing_subscriber::{Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let traces = SdkTracerProvider::builder().with_simple_exporter(opentelemetry_stdout::SpanExporter::default()).build();
    // The layers below have spans of their own, which tell more than a trace needs.
    let of_the_crate = Targets::new().with_target("auth_challenge", tracing::Level::INFO);
    tracing_subscriber::registry().with(tracing_opentelemetry::layer().with_tracer(traces.tracer("login")).with_filter(of_the_crate)).init();

    let (corbado, authsignal) = (CorbadoDouble::start().await, AuthsignalDouble::start().await);
    let sections = corbado.config_section() + &authsignal.config_section();
    let auth = Config::from_toml_str(&format!("provider = \"corbado\"\nfailover = [\"authsignal\"]\n{sections}"))?.build()?;

    corbado.fail(Operation::CREATE, Fault::refuse_connections());
    let challenge = auth.create(&corbado.person("jane@doe.com").with_action("login")).await?;
    for answer in [authsignal.wrong_answer(&challenge), authsignal.right_answer(&challenge)] {
        let _ = auth.verify(challenge.handle(), &answer).await?;
    }
    traces.shutdown()?;
    Ok(())
}
