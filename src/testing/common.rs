//! What the doubles of all vendors are made of.

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, OnceLock},
};

use serde_json::{Map, Value, json};

use super::{
    Clock, Event,
    journal::{Journal, Listener},
    server::{Running, Vendor},
};
use crate::{ChallengeProvider, Config, Error};

/// What every builder asks for.
#[derive(Clone)]
pub(super) struct Setup {
    pub(super) address: SocketAddr,
    pub(super) clock: Clock,
    pub(super) code: Option<String>,
    pub(super) attempts: u32,
    pub(super) listener: Option<Listener>,
}

impl Default for Setup {
    fn default() -> Self {
        Self { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), clock: Clock::default(), code: None, attempts: 5, listener: None }
    }
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup").field("address", &self.address).field("clock", &self.clock).field("attempts", &self.attempts).finish_non_exhaustive()
    }
}

impl Setup {
    pub(super) fn journal(&self) -> Arc<Journal> {
        Arc::new(Journal::new(self.listener.clone()))
    }

    pub(super) fn listener(&mut self, listener: impl Fn(&Event) + Send + Sync + 'static) {
        self.listener = Some(Arc::new(listener));
    }
}

/// A running double of one vendor, and how it is configured.
pub(super) struct Common<V> {
    pub(super) vendor: Arc<V>,
    pub(super) running: Running,
    pub(super) name: &'static str,
    pub(super) base_url: String,
    section: Map<String, Value>,
    provider: OnceLock<Arc<dyn ChallengeProvider>>,
}

impl<V: Vendor> Common<V> {
    /// Starts a vendor; `members` are what its section of a config holds beside the URL.
    pub(super) async fn start(setup: Setup, journal: Arc<Journal>, vendor: V, identity: Identity) -> io::Result<Self> {
        let vendor = Arc::new(vendor);
        let running = Running::start(setup.address, setup.clock, journal, Arc::clone(&vendor) as Arc<dyn Vendor>).await?;
        let base_url = format!("http://{}{}", running.address, identity.version);
        let mut section = Map::new();
        for (key, value) in identity.members {
            section.insert(key.into(), value.into());
        }
        section.insert("base_url".into(), base_url.as_str().into());
        Ok(Self { vendor, running, name: identity.name, base_url, section, provider: OnceLock::new() })
    }

    pub(super) fn config_section(&self) -> String {
        let lines: String = self.section.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
        format!("[{}]\n{lines}", self.name)
    }

    pub(super) fn config(&self) -> Config {
        // An object is a config.
        serde_json::from_value(json!({ "provider": self.name, self.name: self.section })).unwrap_or_default()
    }

    pub(super) fn provider(&self) -> Result<Arc<dyn ChallengeProvider>, Error> {
        if let Some(provider) = self.provider.get() {
            return Ok(Arc::clone(provider));
        }
        let built = self.config().build()?;
        Ok(Arc::clone(self.provider.get_or_init(|| built)))
    }
}

/// Shows where it listens, and no secret.
impl<V> fmt::Debug for Common<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Common").field("name", &self.name).field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// What a config says of a vendor.
pub(super) struct Identity {
    pub(super) name: &'static str,
    /// The path that the vendor's own URL ends in.
    pub(super) version: &'static str,
    pub(super) members: Vec<(&'static str, String)>,
}
