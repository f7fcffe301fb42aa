//! Connections: how they come about, what happens on them, and what is told of a call whose connection ends badly.

#[cfg(feature = "rustls")]
#[path = "../support/http2.rs"]
mod http2_server;
#[path = "../support/mod.rs"]
mod support;
#[cfg(feature = "rustls")]
#[path = "../support/tls.rs"]
mod tls_server;

mod connecting;
mod fault_sequences;
#[cfg(feature = "rustls")]
mod fault_sequences_http2;
#[cfg(feature = "rustls")]
mod http2;
mod send_states;
#[cfg(feature = "rustls")]
mod tls;
mod warming;
