//! What the program is told when it is started.

use std::{net::SocketAddr, path::PathBuf};

use axum::http::HeaderName;
use clap::Parser;
use url::Url;

/// A login by e-mail code, text message or passkey. Without a config it runs on the vendors' test doubles.
#[derive(Clone, Debug, Parser)]
#[command(version)]
pub struct Settings {
    /// Where it listens; port 0 is any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// What people's browsers call it, say https://login.example.org; http://localhost and the port unless told otherwise
    #[arg(long, value_name = "URL")]
    pub origin: Option<Url>,

    /// The domain that passkeys are for, the origin's or one above it; the origin's unless told otherwise
    #[arg(long, value_name = "DOMAIN")]
    pub passkey_domain: Option<String>,

    /// The vendors: a config of auth-challenge, in TOML
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Where people and their passkeys are kept; in memory unless told otherwise
    #[arg(long, value_name = "FILE")]
    pub database: Option<PathBuf>,

    /// A file of at least 64 random bytes, by which cookies are encrypted; a key that ends with the program unless told otherwise
    #[arg(long, value_name = "FILE")]
    pub cookie_key_file: Option<PathBuf>,

    /// The header in which your own proxy says whom it speaks for, say x-forwarded-for; without it the peer counts
    #[arg(long, value_name = "NAME")]
    pub client_ip_header: Option<HeaderName>,

    /// Who may switch the vendor, by e-mail address or phone number; may be given several times. On the test doubles everybody may
    #[arg(long, value_name = "RECIPIENT")]
    pub operator: Vec<String>,

    /// How many seconds people wait before a code can be sent once more
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub resend_after: u64,

    /// Where numbers are served for Prometheus, at /metrics, which is nobody's business outside; nowhere unless told
    #[arg(long, value_name = "ADDR")]
    pub numbers: Option<SocketAddr>,

    /// Where the test doubles' page listens; port 0 is any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9000")]
    pub doubles: SocketAddr,
}
